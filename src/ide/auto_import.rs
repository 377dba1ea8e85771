//! Names that other modules export, and the edit that imports one.
//!
//! Known from the lists of declarations that the engine keeps file by file: nothing is searched on
//! disk, and a file that did not change costs nothing.

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::CompletionKind;
use crate::project::locate::locate;
use crate::project::{Loaded, Snapshot};
use crate::std_lib;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::TextEdit;

use super::IdeResult;

/// A name that can be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Importable {
    pub name: String,
    pub kind: CompletionKind,
    pub specifier: String,
}

/// What `file` could import whose name `wanted` accepts; nearer modules first.
pub fn importable(
    loaded: &Loaded,
    file: &FilePath,
    wanted: &dyn Fn(&str) -> bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Importable>> {
    let mut out: Vec<Importable> = Vec::new();
    for from in loaded.program.declarations(cancel)? {
        cancel.check()?;
        let is_std = std_lib::contains(&from.file);
        if from.is_external && !is_std {
            continue;
        }
        let mut names = from.list.iter().filter(|one| one.is_exported && wanted(&one.name)).peekable();
        if names.peek().is_none() {
            continue;
        }
        let module = locate(&loaded.snap, &from.file, TextRange::default()).file;
        if module == *file {
            continue;
        }
        let Some(specifier) = specifier(file, &module) else { continue };
        for one in names {
            let found = Importable { name: one.name.to_string(), kind: one.kind, specifier: specifier.clone() };
            // Overloads and merged declarations are one name.
            if !out.iter().any(|other| other.name == found.name && other.specifier == found.specifier) {
                out.push(found);
            }
        }
    }
    out.sort_by_cached_key(|one| (one.specifier.matches('/').count(), one.specifier.clone(), one.name.clone()));
    Ok(out)
}

/// How `from` names the module `to`.
pub fn specifier(from: &FilePath, to: &FilePath) -> Option<String> {
    if std_lib::contains(to) {
        return std_lib::specifier(to);
    }
    if to.as_str().contains("/node_modules/") {
        return None;
    }
    let path = [".d.ts", ".ms", ".ts", ".mts", ".js"].iter().find_map(|end| to.as_str().strip_suffix(end))?;
    let path = path.strip_suffix("/index").unwrap_or(path);
    let directory = from.parent();
    let mut base: Vec<&str> = directory.as_str().split('/').collect();
    let mut ups = 0;
    loop {
        let prefix = format!("{}/", base.join("/"));
        if let Some(rest) = path.strip_prefix(&prefix) {
            return Some(match ups {
                0 => format!("./{rest}"),
                _ => format!("{}{rest}", "../".repeat(ups)),
            });
        }
        base.pop()?;
        ups += 1;
    }
}

/// The edit that imports `name` from `specifier`; `None` where it is imported already.
pub fn import_edit(syntax: &SyntaxFile, name: &str, specifier: &str) -> Option<TextEdit> {
    let imports: Vec<Node<'_>> = syntax.root().named_children().filter(|node| node.is(Kind::ImportStatement)).collect();
    let source = |import: &Node<'_>| import.field(Field::Source).map(ast::string_value);
    for import in imports.iter().filter(|import| source(import).as_deref() == Some(specifier)) {
        if ast::is_type_only(*import) {
            continue;
        }
        let clause = import.child_of_kind(Kind::ImportClause)?;
        let Some(list) = clause.child_of_kind(Kind::NamedImports) else { continue };
        let names: Vec<Node<'_>> = list.named_children().filter(|node| node.is(Kind::ImportSpecifier)).collect();
        if names.iter().any(|one| one.text() == name) {
            return None;
        }
        return Some(match names.last() {
            Some(last) => TextEdit { range: TextRange::empty(last.end()), text: format!(", {name}") },
            None => TextEdit { range: list.range(), text: format!("{{ {name} }}") },
        });
    }
    let quote = imports
        .first()
        .and_then(|import| import.field(Field::Source))
        .and_then(|source| source.text().chars().next())
        .unwrap_or('"');
    let ends = if imports.first().is_some_and(|import| !import.text().ends_with(';')) { "" } else { ";" };
    Some(import_line(syntax, &format!("import {{ {name} }} from {quote}{specifier}{quote}{ends}")))
}

/// The edit that puts an import behind those that are there.
pub fn import_line(syntax: &SyntaxFile, line: &str) -> TextEdit {
    let text = syntax.text().as_str();
    let last = syntax.root().named_children().filter(|node| node.is(Kind::ImportStatement)).last();
    let at = match last.map(|last| last.end() as usize) {
        Some(end) => match text[end..].find('\n') {
            Some(line) => end + line + 1,
            None => return TextEdit { range: TextRange::empty(end as u32), text: format!("\n{line}") },
        },
        None => start_of_code(text),
    };
    TextEdit { range: TextRange::empty(at as u32), text: format!("{line}\n") }
}

/// Behind a `#!` line and the comments that TypeScript reads at the very start only.
fn start_of_code(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_head = (at == 0 && line.starts_with("#!")) || line.starts_with("///") || line.starts_with("// @ts-");
        if !is_head || !line.ends_with('\n') {
            break;
        }
        at += line.len();
    }
    at
}

/// Macros that other modules of the program and the standard library declare, for `@name`.
pub fn importable_macros(loaded: &Loaded, file: &FilePath, cancel: &Cancel) -> IdeResult<Vec<(String, String)>> {
    let mut out = Vec::new();
    for path in loaded.program.files() {
        cancel.check()?;
        let module = locate(&loaded.snap, &path, TextRange::default()).file;
        if module == *file || !module.is_metascript() {
            continue;
        }
        let Some(specifier) = specifier(file, &module) else { continue };
        for name in loaded.snap.exported_macros(&module) {
            out.push((name, specifier.clone()));
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

/// Whether `name` holds the letters of `typed` in order, the first one first, case aside.
pub fn matches(name: &str, typed: &str) -> bool {
    let mut rest = name.chars();
    let mut is_first = true;
    typed.chars().all(|wanted| {
        let same = |ch: char| ch.to_lowercase().eq(wanted.to_lowercase());
        let found = if is_first { rest.next().is_some_and(same) } else { rest.any(same) };
        is_first = false;
        found
    })
}

/// The edits of an import as a change of `file`'s live text.
pub fn edits(snap: &Snapshot, file: &FilePath, name: &str, specifier: &str) -> Vec<TextEdit> {
    snap.syntax(file).and_then(|syntax| import_edit(&syntax, name, specifier)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceText;

    #[test]
    fn modules_are_named_by_the_way_that_leads_to_them() {
        let name = |from, to| specifier(&FilePath::new(from), &FilePath::new(to));
        assert_eq!(name("/p/a.ms", "/p/b.ms").as_deref(), Some("./b"));
        assert_eq!(name("/p/a.ms", "/p/x/index.ts").as_deref(), Some("./x"));
        assert_eq!(name("/p/x/y/a.ms", "/p/b.d.ts").as_deref(), Some("../../b"));
        assert_eq!(name("/p/a.ms", "/p/node_modules/k/i.ts"), None);
    }

    #[test]
    fn an_import_joins_those_of_its_module() {
        let after = |text: &str, name: &str, from: &str| {
            let syntax = SyntaxFile::parse(SourceText::new(text));
            let edit = import_edit(&syntax, name, from)?;
            let mut out = text.to_owned();
            out.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
            Some(out)
        };
        assert_eq!(after("let x;\n", "a", "./m").as_deref(), Some("import { a } from \"./m\";\nlet x;\n"));
        let more = after("import { b } from './m';\nlet x;\n", "a", "./m");
        assert_eq!(more.as_deref(), Some("import { b, a } from './m';\nlet x;\n"));
        let other = after("import { b } from './n'\nlet x\n", "a", "./m");
        assert_eq!(other.as_deref(), Some("import { b } from './n'\nimport { a } from './m'\nlet x\n"));
        assert_eq!(after("import { a } from './m';", "a", "./m"), None);
    }

    #[test]
    fn letters_match_in_order() {
        assert!(matches("ClassTarget", "ct") && matches("derive", "DE") && matches("x", ""));
        assert!(!matches("ClassTarget", "target") && !matches("a", "ab"));
    }
}
