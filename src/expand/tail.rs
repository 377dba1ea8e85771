//! What is added around a file: imports at its start, and at its end what makes the engine see
//! names and code that have left their place.
//!
//! Invariant: nothing here changes what the file means at run time; in text to be run there are
//! imports only. Imports stand at the start since unfinished code (`u.`, an open brace) swallows
//! what follows it, and most files are unfinished while somebody types.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::base::TextRange;
use crate::syntax::Node;

use super::check::{Flavour, Request};
use super::hygiene::lent_name;
use super::imports::specifier_between;
use super::names::ParamKind;
use super::quote::META;
use super::rope::Rope;

#[derive(Default)]
pub(super) struct Tail {
    /// `std/meta` is used by its generated name.
    pub meta: bool,
    /// Types of `std/meta` that the file uses without importing them.
    pub types: BTreeSet<String>,
    /// Specifiers of modules whose macros are used without an import of the file's.
    modules: Vec<String>,
    uses: Vec<Rope>,
    /// What is given to `@comptime`.
    pub options: Vec<Rope>,
    /// Quotes as code, the last one first.
    pub quotes: Vec<Rope>,
    /// Compile-time blocks with their braces, the last one first.
    pub blocks: Vec<Rope>,
}

impl Tail {
    /// A macro's name, used at `name` in `base`; `module` where it is not bound in the file.
    /// `types` are the type arguments with their brackets, `values` the arguments, of which constants are checked against their parameters.
    pub fn name_use(
        &mut self,
        base: &Rope,
        name: TextRange,
        types: Option<TextRange>,
        module: Option<String>,
        values: &[(Node<'_>, ParamKind)],
    ) {
        let prefix = module.map(|module| {
            let index = self.modules.iter().position(|known| *known == module).unwrap_or_else(|| {
                self.modules.push(module);
                self.modules.len() - 1
            });
            format!("__ms_m{}.", index + 1)
        });
        let prefix = prefix.unwrap_or_default();
        let mut rope = Rope::default();
        let has_values = values.iter().any(|(_, kind)| *kind == ParamKind::Value);
        rope.glue(&format!("{}typeof {prefix}", if has_values { "(null! as " } else { "null! as " }), name);
        rope.append_range(base, name);
        if has_values {
            rope.glue(")", name);
            if let Some(types) = types {
                rope.append_range(base, types);
            }
            rope.glue("(null!", name);
            for (node, kind) in values {
                rope.glue(", ", node.range());
                if *kind == ParamKind::Value {
                    rope.append_range(base, node.range());
                } else {
                    rope.glue("null!", node.range());
                }
            }
            rope.glue(")", name);
        } else if let Some(types) = types {
            rope.append_range(base, types);
        }
        self.uses.push(rope);
    }

    /// Gives the stretches that hold quotes as code.
    pub fn append_to(self, rope: &mut Rope, imports: &[String], request: &Request<'_>) -> Vec<TextRange> {
        let (flavour, file) = (request.flavour, request.file);
        let end = TextRange::empty(rope.len());
        let end = rope.source_of(TextRange::empty(end.start)).unwrap_or_default();
        let mut lines = String::new();
        for import in imports {
            let _ = writeln!(lines, "{import}");
        }
        if flavour == Flavour::Check {
            // The module itself has its names already.
            if self.meta && file.as_str() != meta_file() {
                let _ = writeln!(lines, "import * as {META} from \"std/meta\";");
            }
            if !self.types.is_empty() {
                let names: Vec<&str> = self.types.iter().map(String::as_str).collect();
                let _ = writeln!(lines, "import type {{ {} }} from \"std/meta\";", names.join(", "));
            }
            for (index, module) in self.modules.iter().enumerate() {
                let _ = writeln!(lines, "import type * as __ms_m{} from \"{module}\";", index + 1);
            }
        }
        // A file that exports nothing has no other file to lend to.
        let own = specifier_between(file, file);
        if !request.facts.exports.is_empty() || imports.iter().any(|line| line.ends_with(&format!(" from \"{own}\";")))
        {
            exports(request, &mut lines);
        }
        if !lines.is_empty() {
            let at = start_of_code(&rope.text);
            let source = rope.source_of(TextRange::empty(at)).unwrap_or_default();
            let mut whole = rope.slice(TextRange::new(0, at));
            whole.glue(&lines, TextRange::empty(source.start));
            whole.append_range(rope, TextRange::new(at, rope.len()));
            *rope = whole;
        }
        let parts = [&self.uses, &self.blocks, &self.options, &self.quotes];
        if flavour == Flavour::Emit || parts.iter().all(|some| some.is_empty()) {
            return Vec::new();
        }
        // On a line of its own, and apart from a last statement without a semicolon.
        rope.glue(if rope.text.ends_with('\n') { ";" } else { "\n;" }, end);
        // Each in a function, so that nothing here counts as unreachable or ends the file's flow.
        if !self.uses.is_empty() {
            rope.glue("void (() => [\n", end);
            for found in &self.uses {
                rope.append(found);
                rope.glue(",\n", end);
            }
            rope.glue("]);\n", end);
        }
        for given in self.options.iter().rev() {
            rope.glue("void (() => (", end);
            rope.append(given);
            rope.glue(&format!(" satisfies {META}.ComptimeOptions));\n"), end);
        }
        for block in self.blocks.iter().rev() {
            rope.glue("void (() => ", end);
            rope.append(block);
            rope.glue(");\n", end);
        }
        let mut quotes = Vec::new();
        for quote in self.quotes.iter().rev() {
            let start = rope.len();
            rope.append(quote);
            quotes.push(TextRange::new(start, rope.len()));
        }
        quotes
    }
}

/// What quotes name and the module keeps to itself, for the files that the quotes end up in.
fn exports(request: &Request<'_>, lines: &mut String) {
    for is_type in [false, true] {
        let parts: Vec<String> = request
            .facts
            .lent
            .iter()
            .filter(|lent| lent.is_type == is_type && (!is_type || request.flavour == Flavour::Check))
            .map(|lent| format!("{} as {}", lent.name, lent_name(&lent.name)))
            .collect();
        if !parts.is_empty() {
            let kind = if is_type { "type " } else { "" };
            let _ = writeln!(lines, "export {kind}{{ {} }};", parts.join(", "));
        }
    }
}

/// Where an import may be put first: at the start of a line, behind a `#!` line and the comments
/// that TypeScript reads only at the very start.
fn start_of_code(text: &str) -> u32 {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let is_shebang = at == 0 && line.starts_with("#!");
        if !(is_shebang || trimmed.starts_with("///") || trimmed.starts_with("// @ts-")) || !line.ends_with('\n') {
            break;
        }
        at += line.len();
    }
    at as u32
}

fn meta_file() -> String {
    format!("{}/meta.ms", crate::std_lib::ROOT)
}
