//! What other projects need of a module's macros: declarations under which they can be imported.

use std::fmt::Write;

use crate::expand::FileFacts;
use crate::syntax::{Field, Kind, SyntaxFile};

/// Types of `std/meta` that a macro's parameters may name without an import, as in any macro's file.
const META: [&str; 4] = ["MacroContext", "Name", "Expr", "TypeNode"];

/// One `declare function` for each exported macro of a file: nothing at run time, and a name with the
/// macro's parameters in the declaration file.
pub(super) fn macro_declarations(
    syntax: &SyntaxFile,
    facts: &FileFacts,
    specifier: &dyn Fn(&str) -> Option<String>,
) -> String {
    let mut out = String::new();
    if !facts.macros.iter().any(|own| own.is_exported && !own.is_extern) {
        return out;
    }
    let mut text = String::new();
    syntax.root().walk(|node| {
        if node.is(Kind::MacroDeclaration)
            && let (Some(name), Some(parameters)) = (node.field(Field::Name), node.field(Field::Parameters))
            && facts.macros.iter().any(|own| own.name == name.text() && own.is_exported && !own.is_extern)
        {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "export declare function {}{}: void;", name.text(), parameters.text());
        }
        matches!(node.kind(), Kind::Program | Kind::ExportStatement)
    });
    let is_word = |name: &&str| {
        let bound = facts.declared.iter().any(|declared| declared == *name) || facts.import_of(name).is_some();
        !bound && text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').any(|word| word == *name)
    };
    let missing: Vec<&str> = META.into_iter().filter(is_word).collect();
    if !missing.is_empty()
        && let Some(meta) = specifier("std/meta")
    {
        let _ = writeln!(out, "\nimport type {{ {} }} from \"{meta}\";", missing.join(", "));
    }
    out.push('\n');
    out + &text
}
