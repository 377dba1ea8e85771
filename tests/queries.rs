//! The tree-sitter queries: each compiles against the grammar, those of the editors are those of
//! `queries/` in the editor's own words, and some words get the colour they should have.
//!
//! `UPDATE_EXPECT=1` writes the editors' copies anew.

use std::fs;
use std::path::{Path, PathBuf};

use tree_sitter::{Language, Query};
use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

/// What Helix calls the things that `queries/` names as Neovim and tree-sitter-highlight do.
/// Names that are not here are the same.
const HELIX_NAMES: &[(&str, &str)] = &[
    ("boolean", "constant.builtin.boolean"),
    ("comment.documentation", "comment.block.documentation"),
    ("function.call", "function"),
    ("function.method.call", "function.method"),
    ("keyword.conditional", "keyword.control.conditional"),
    ("keyword.coroutine", "keyword.control"),
    ("keyword.exception", "keyword.control.exception"),
    ("keyword.import", "keyword.control.import"),
    ("keyword.modifier", "keyword.storage.modifier"),
    ("keyword.repeat", "keyword.control.repeat"),
    ("keyword.return", "keyword.control.return"),
    ("keyword.type", "keyword.storage.type"),
    ("module", "namespace"),
    ("number", "constant.numeric"),
    ("string.escape", "constant.character.escape"),
    ("variable.member", "variable.other.member"),
];

const NEOVIM: &str = "editors/nvim/queries/metascript";
const HELIX: &str = "editors/helix/queries/metascript";

fn language() -> Language {
    tree_sitter_metascript::LANGUAGE.into()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files_below(directory: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("a directory can be listed to its end").path();
        if path.is_dir() {
            files_below(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "scm") {
            out.push(path);
        }
    }
}

/// The query with every capture renamed.
fn rename_captures(query: &str, name: impl Fn(&str) -> String) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mut out = String::new();
    let mut in_string = false;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        let width = c.len_utf8();
        if c == '"' {
            in_string = !in_string;
        }
        out.push(c);
        rest = &rest[width..];
        if c == '\\' && in_string {
            let escaped = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..escaped]);
            rest = &rest[escaped..];
        }
        if c == '@' && !in_string {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            out.push_str(&name(&rest[..end]));
            rest = &rest[end..];
        }
    }
    out
}

fn helix_name(name: &str) -> String {
    HELIX_NAMES.iter().find(|(ours, _)| *ours == name).map_or(name, |(_, theirs)| theirs).to_string()
}

fn assert_derived(path: &str, expected: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(root().join(path), expected).expect("the tree is writable");
    }
    assert_eq!(read(path), expected, "{path} is not what follows from queries/: set UPDATE_EXPECT=1");
}

#[test]
fn every_query_fits_the_grammar() {
    let mut files = Vec::new();
    files_below(&root().join("queries"), &mut files);
    files_below(&root().join("editors"), &mut files);
    assert!(files.len() > 15, "the queries are found");
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("queries are text");
        if text.contains("inherits:") {
            wrong.push(format!("{}: inherits from a query that another plugin would have to bring", file.display()));
        }
        if let Err(error) = Query::new(&language(), &text) {
            wrong.push(format!("{}: {error}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn neovim_has_the_same_queries() {
    for name in ["highlights", "injections", "folds", "indents"] {
        assert_derived(&format!("{NEOVIM}/{name}.scm"), &read(format!("queries/{name}.scm")));
    }
}

#[test]
fn helix_has_the_same_queries_in_its_words() {
    for name in ["injections", "tags"] {
        assert_derived(&format!("{HELIX}/{name}.scm"), &read(format!("queries/{name}.scm")));
    }
    let highlights = rename_captures(&read("queries/highlights.scm"), helix_name);
    assert_derived(&format!("{HELIX}/highlights.scm"), &highlights);
}

/// The colour of every stretch of the text that has one.
fn colours(text: &str) -> Vec<(String, String)> {
    let mut configuration = HighlightConfiguration::new(
        language(),
        "metascript",
        &read("queries/highlights.scm"),
        &read("queries/injections.scm"),
        &read("queries/locals.scm"),
    )
    .expect("the queries fit");
    let names: Vec<String> = configuration.names().iter().map(ToString::to_string).collect();
    configuration.configure(&names);
    let mut highlighter = Highlighter::new();
    let mut active = Vec::new();
    let mut found = Vec::new();
    for event in highlighter.highlight(&configuration, text.as_bytes(), None, None, |_| None).expect("it parses") {
        match event.expect("it is not cancelled") {
            HighlightEvent::HighlightStart(highlight) => active.push(highlight.0),
            HighlightEvent::HighlightEnd => {
                active.pop();
            }
            HighlightEvent::Source { start, end } => {
                if let Some(&colour) = active.last() {
                    found.push((text[start..end].to_string(), names[colour].clone()));
                }
            }
        }
    }
    found
}

#[track_caller]
fn assert_colours(text: &str, expected: &[(&str, &str)]) {
    let found = colours(text);
    for &(word, colour) in expected {
        assert!(
            found.iter().any(|(found, has)| found == word && has == colour),
            "`{word}` should be {colour}: {found:?}"
        );
    }
}

#[test]
fn colours_of_macros() {
    assert_colours(
        "macro derive(ctx: Context) { quote { get${Name}(): T { return ${value}; } } }",
        &[
            ("macro", "keyword.function"),
            ("derive", "function.macro"),
            ("ctx", "variable.parameter"),
            ("quote", "keyword.directive"),
            ("get", "function.method"),
            ("${", "punctuation.special.splice"),
            ("return", "keyword.return"),
        ],
    );
    assert_colours("extern macro @target(): void;", &[("extern", "keyword.modifier"), ("target", "function.macro")]);
}

#[test]
fn colours_of_uses() {
    assert_colours(
        "@derive(Eq)\nclass A {}\nconst a = @embedJson(\"x\");\nconst b = @comptime { return 1; };\ndefer a.close();",
        &[
            ("derive", "attribute"),
            ("embedJson", "function.macro"),
            ("comptime", "keyword.directive"),
            ("class", "keyword.type"),
            ("defer", "keyword"),
        ],
    );
}

#[test]
fn colours_of_typescript() {
    assert_colours(
        "import { a } from \"b\";\nexport async function f(x: string) { /** d */ for (const y of z) { x.m(`t${1}`); } }",
        &[
            ("import", "keyword.import"),
            ("from", "keyword.import"),
            ("\"b\"", "string"),
            ("async", "keyword.coroutine"),
            ("f", "function"),
            ("x", "variable.parameter"),
            ("string", "type.builtin"),
            ("/** d */", "comment.documentation"),
            ("for", "keyword.repeat"),
            ("of", "keyword.repeat"),
            ("m", "function.method.call"),
            ("t", "string"),
            ("1", "number"),
        ],
    );
}
