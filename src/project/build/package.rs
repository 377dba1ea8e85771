//! What other projects need of a module's macros: declarations under which they can be imported.

use std::fmt::Write;

use crate::base::{FilePath, TextRange};
use crate::expand::FileFacts;
use crate::expand::names::{Export, resolve};
use crate::syntax::{Field, Kind, Node, SyntaxFile};

use super::super::Snapshot;
use super::super::scope::Scope;

/// Types of `std/meta` that a macro's parameters may name without an import, as in any macro's file.
const META: [&str; 4] = ["MacroContext", "Name", "Expr", "TypeNode"];

/// A module that declares or hands on macros.
pub(super) struct MacroModule<'a> {
    pub snap: &'a Snapshot,
    pub file: &'a FilePath,
    /// As it is written.
    pub syntax: &'a SyntaxFile,
    pub facts: &'a FileFacts,
    /// Of the text that is emitted.
    pub emitted: &'a FileFacts,
}

impl MacroModule<'_> {
    /// What is added to the emitted text: one `declare function` for each exported macro, a type
    /// export for each that is handed on. Nothing at run time; in the declaration file a name with
    /// the macro's parameters. `specifier` leads specifiers to outputs.
    pub fn declarations(&self, specifier: &dyn Fn(&str) -> Option<String>) -> String {
        let linked = |written: &str| specifier(written).unwrap_or_else(|| written.to_owned());
        let mut own = String::new();
        self.each_macro(|node, doc| {
            if let (Some(name), Some(parameters)) = (node.field(Field::Name), node.field(Field::Parameters))
                && self.facts.macros.iter().any(|known| known.name == name.text() && known.is_exported)
            {
                if let Some(doc) = doc {
                    own.push_str(doc.text());
                    own.push('\n');
                }
                // Writing to a string cannot fail.
                let _ = writeln!(own, "export declare function {}{}: void;", name.text(), parameters.text());
            }
        });
        let mut out = String::new();
        for (name, from) in self.names_to_import(&own) {
            let _ = write!(out, "\nimport type {{ {name} }} from \"{}\";", linked(&from));
        }
        for export in &self.facts.exports {
            let (name, exported, from) = match export {
                Export::From { specifier, name, exported } if self.hands_on(specifier, name) => {
                    (name.as_str(), exported.as_str(), specifier.as_str())
                }
                Export::Local { name: exported, local } => match self.facts.import_of(local) {
                    Some((import, Some(name))) if self.hands_on(&import.specifier, name) => {
                        (name, exported.as_str(), import.specifier.as_str())
                    }
                    _ => continue,
                },
                _ => continue,
            };
            let name = if name == exported { name.to_owned() } else { format!("{name} as {exported}") };
            let _ = write!(out, "\nexport type {{ {name} }} from \"{}\";", linked(from));
        }
        if !own.is_empty() || !out.is_empty() {
            out.push('\n');
        }
        out + own.as_str()
    }

    /// The comments that document macros: those go with the declarations.
    pub fn documentation(&self) -> Vec<TextRange> {
        let mut ranges = Vec::new();
        self.each_macro(|_, doc| ranges.extend(doc.map(Node::range)));
        ranges
    }

    fn each_macro<'t>(&'t self, mut found: impl FnMut(Node<'t>, Option<Node<'t>>)) {
        self.syntax.root().walk(|node| {
            if node.is(Kind::MacroDeclaration) {
                let statement = node.parent().filter(|parent| parent.is(Kind::ExportStatement)).unwrap_or(node);
                let before = statement.prev_sibling();
                found(node, before.filter(|node| node.is(Kind::Comment) && node.text().starts_with("/**")));
            }
            matches!(node.kind(), Kind::Program | Kind::ExportStatement)
        });
    }

    /// Names in parameters of macros whose imports were left out as compile-time ones, with the module
    /// that each comes from.
    fn names_to_import(&self, declarations: &str) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = Vec::new();
        for word in declarations.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$') {
            if self.emitted.import_of(word).is_some() || out.iter().any(|(name, _)| name.ends_with(word)) {
                continue;
            }
            match self.facts.import_of(word) {
                Some((import, Some(name))) if name == word => out.push((word.to_owned(), import.specifier.clone())),
                Some((import, Some(name))) => out.push((format!("{name} as {word}"), import.specifier.clone())),
                Some(_) => {}
                None if META.contains(&word) && !self.facts.declared.iter().any(|declared| declared == word) => {
                    out.push((word.to_owned(), "std/meta".to_owned()));
                }
                None => {}
            }
        }
        out
    }

    fn hands_on(&self, specifier: &str, name: &str) -> bool {
        let scope = Scope::new(self.snap);
        let Some(module) = super::super::scope::resolve(self.snap, self.file, specifier) else { return false };
        let Some(text) = self.snap.text(&module).filter(|_| module.is_metascript()) else { return false };
        let facts = super::super::scope::facts_of(self.snap, &module, &text, None);
        // A macro under the name that its own module gives it.
        let local = facts.exports.iter().find_map(|export| match export {
            Export::Local { name: exported, local } if exported == name => Some(local.as_str()),
            _ => None,
        });
        resolve(&scope, &module, &facts, local.unwrap_or(name)).is_some()
    }
}
