//! `macros.allow` of a `metascript.json`: what a project asks for.
//!
//! Invariant: reading it grants nothing. An entry that is none is left out of what is asked, and told
//! at its place.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::macros::{Allow, Permission};
use crate::text::SourceText;

/// What the project file `config` with this text asks for. A text that is no JSON asks for nothing, and
/// is somebody else's finding.
pub fn asked(config: &FilePath, text: &SourceText) -> (Allow, Vec<Diagnostic>) {
    let mut reader = Reader { config, allow: Allow::default(), problems: Vec::new() };
    let parsed = jsonc_parser::parse_to_ast(text.as_str(), &Default::default(), &Default::default());
    if let Some(Value::Object(file)) = parsed.ok().and_then(|parsed| parsed.value)
        && let Some(macros) = file.get("macros")
    {
        match macros.value.as_object() {
            Some(macros) => reader.macros(macros),
            None => reader.fault(&macros.value, "`macros` holds an object: { \"allow\": { … } }"),
        }
    }
    (reader.allow, reader.problems)
}

/// What the project file says that its program is compiled for: `macros.target`.
pub fn target(text: &SourceText) -> Option<String> {
    let parsed = jsonc_parser::parse_to_ast(text.as_str(), &Default::default(), &Default::default()).ok()?;
    let Value::Object(file) = parsed.value? else { return None };
    let macros = file.get("macros")?.value.as_object()?;
    match &macros.get("target")?.value {
        Value::StringLit(target) => Some(target.value.to_string()),
        _ => None,
    }
}

struct Reader<'a> {
    config: &'a FilePath,
    allow: Allow,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn macros(&mut self, macros: &Object<'_>) {
        for property in &macros.properties {
            match (property.name.as_str(), &property.value) {
                ("allow", Value::Object(allow)) => self.lists(allow),
                ("allow", other) => {
                    self.fault(other, "`allow` holds an object of lists: { \"net\": [\"api.example.com\"] }");
                }
                ("target", Value::StringLit(_)) => {}
                ("target", other) => self.fault(other, "`target` is a string: what `@target` chooses by"),
                (other, _) => self.fault(&property.name, &format!("`macros` has `allow` and `target`, not `{other}`")),
            }
        }
    }

    fn lists(&mut self, allow: &Object<'_>) {
        for property in &allow.properties {
            let name = property.name.as_str();
            let Some(permission) = Permission::ALL.into_iter().find(|permission| permission.name() == name) else {
                self.fault(
                    &property.name,
                    &format!("`{name}` is no permission: there are `net`, `read`, `env` and `run`"),
                );
                continue;
            };
            let Value::Array(list) = &property.value else {
                self.fault(&property.value, &format!("`{name}` holds a list of strings"));
                continue;
            };
            for entry in &list.elements {
                let Value::StringLit(text) = entry else {
                    self.fault(entry, &format!("`{name}` holds a list of strings"));
                    continue;
                };
                if let Err(why) = self.allow.add(permission, &text.value, &self.config.parent()) {
                    self.fault(entry, &format!("\"{}\" is nothing that `{name}` can permit: {why}", text.value));
                }
            }
        }
    }

    fn fault(&mut self, at: &impl Ranged, message: &str) {
        let range = at.range();
        let problem = Diagnostic::new(Code::ALLOW_ENTRY, self.config, TextRange::from(range.start..range.end), message);
        self.problems.push(problem.with_help("see `msc explain MS3009`; until this is mended it asks for nothing"));
    }
}
