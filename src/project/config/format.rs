//! `format` of a `metascript.json`: how a project writes its code.
//!
//! Invariant: what is not said, or said wrongly, is as by default; the latter is told at its place.

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::format::{Options, QuoteStyle};
use crate::project::Snapshot;
use crate::text::SourceText;

use super::ProjectId;

/// How code in `file` is written; what its project does not say is as in `default`.
pub fn of_file(snap: &Snapshot, file: &FilePath, default: Options) -> Options {
    let id = ProjectId::of_path(&snap.shared().disk, file);
    let config = id.config.as_ref().filter(|_| !id.uses_tsconfig());
    match config.and_then(|config| Some((config, snap.text(config)?))) {
        Some((config, text)) => options(config, &text, default).0,
        None => default,
    }
}

/// What the project file `config` with this text says. A text that is no JSON is somebody else's finding.
pub fn options(config: &FilePath, text: &SourceText, default: Options) -> (Options, Vec<Diagnostic>) {
    let mut reader = Reader { config, options: default, problems: Vec::new() };
    let parsed = jsonc_parser::parse_to_ast(text.as_str(), &Default::default(), &Default::default());
    if let Some(Value::Object(file)) = parsed.ok().and_then(|parsed| parsed.value)
        && let Some(format) = file.get("format")
    {
        match format.value.as_object() {
            Some(format) => reader.read(format),
            None => reader.fault(&format.value, "`format` holds an object: { \"lineWidth\": 100 }"),
        }
    }
    (reader.options, reader.problems)
}

struct Reader<'a> {
    config: &'a FilePath,
    options: Options,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read(&mut self, format: &Object<'_>) {
        for property in &format.properties {
            let (name, value) = (property.name.as_str(), &property.value);
            let options = &mut self.options;
            let fault = match (name, value) {
                ("lineWidth", value) => match number(value, 20..=400) {
                    Some(width) => {
                        options.line_width = width;
                        continue;
                    }
                    None => "`lineWidth` is a number of columns from 20 to 400",
                },
                ("indentWidth", value) => match number(value, 1..=16) {
                    Some(width) => {
                        options.indent_width = width as u8;
                        continue;
                    }
                    None => "`indentWidth` is a number of columns from 1 to 16",
                },
                ("quoteStyle", Value::StringLit(style)) if style.value == "double" => {
                    options.quote_style = QuoteStyle::Double;
                    continue;
                }
                ("quoteStyle", Value::StringLit(style)) if style.value == "single" => {
                    options.quote_style = QuoteStyle::Single;
                    continue;
                }
                ("quoteStyle", _) => "`quoteStyle` is \"double\" or \"single\"",
                ("useTabs", Value::BooleanLit(is)) => {
                    options.use_tabs = is.value;
                    continue;
                }
                ("semicolons", Value::BooleanLit(is)) => {
                    options.semicolons = is.value;
                    continue;
                }
                ("trailingCommas", Value::BooleanLit(is)) => {
                    options.trailing_commas = is.value;
                    continue;
                }
                ("useTabs" | "semicolons" | "trailingCommas", _) => "this is true or false",
                _ => {
                    let known =
                        "`lineWidth`, `indentWidth`, `useTabs`, `quoteStyle`, `semicolons` and `trailingCommas`";
                    self.fault(&property.name, &format!("`format` has {known}, not `{name}`"));
                    continue;
                }
            };
            self.fault(value, fault);
        }
    }

    fn fault(&mut self, at: &impl Ranged, message: &str) {
        let range = TextRange::from(at.start()..at.end());
        self.problems.push(Diagnostic::new(Code::CONFIG, self.config, range, message.to_owned()));
    }
}

fn number(value: &Value<'_>, allowed: std::ops::RangeInclusive<u32>) -> Option<u32> {
    match value {
        Value::NumberLit(number) => number.value.parse().ok().filter(|number| allowed.contains(number)),
        _ => None,
    }
}
