//! The tree-sitter queries: each compiles against the grammar, those of the editors are those of
//! `queries/` in the editor's own words, and text gets the colours that `grammar/test/highlight` says.
//!
//! `UPDATE_EXPECT=1` writes the editors' files anew.

mod dialect;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use dialect::{Dialect, generate};
use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator};
use tree_sitter_highlight::{HighlightConfiguration, HighlightEvent, Highlighter};

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

/// What `queries/` says for `dialect`, file by file, with its path.
fn generated(dialect: Dialect) -> impl Iterator<Item = (String, String)> {
    dialect.files().iter().map(move |(file, source)| {
        let text = generate(dialect, source, &read(format!("queries/{source}.scm")));
        (format!("{}/{file}.scm", dialect.folder()), text)
    })
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
fn every_editor_has_what_follows_from_the_one_set() {
    for &dialect in dialect::ALL {
        let mut expected: Vec<PathBuf> = Vec::new();
        for (path, text) in generated(dialect) {
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                fs::create_dir_all(root().join(dialect.folder())).expect("the tree is writable");
                fs::write(root().join(&path), &text).expect("the tree is writable");
            }
            assert_eq!(read(&path), text, "{path} is not what follows from queries/: set UPDATE_EXPECT=1");
            expected.push(root().join(path));
        }
        let mut found = Vec::new();
        files_below(&root().join(dialect.folder()), &mut found);
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{} has queries that nothing generates", dialect.folder());
    }
}

/// What highlighting with the files of `dialect` says of every stretch of the text: its names, outermost first.
fn highlighted(dialect: Dialect, text: &str) -> Vec<(Range<usize>, Vec<String>)> {
    let file = |name: &str| read(format!("{}/{name}.scm", dialect.folder()));
    let mut configuration = HighlightConfiguration::new(
        language(),
        "metascript",
        &file("highlights"),
        "",
        // Names of definitions are one only in the files that tree-sitter-highlight itself reads.
        if dialect == Dialect::Treesitter { file("locals") } else { String::new() }.as_str(),
    )
    .expect("the queries fit");
    let names: Vec<String> =
        configuration.names().iter().filter(|name| **name != "spell").map(ToString::to_string).collect();
    configuration.configure(&names);
    let mut highlighter = Highlighter::new();
    let mut active = Vec::new();
    let mut found = Vec::new();
    let inner = |_: &str| None;
    for event in highlighter.highlight(&configuration, text.as_bytes(), None, None, inner).expect("it parses") {
        match event.expect("it is not cancelled") {
            HighlightEvent::HighlightStart(highlight) => active.push(names[highlight.0].clone()),
            HighlightEvent::HighlightEnd => {
                active.pop();
            }
            HighlightEvent::Source { start, end } => found.push((start..end, active.clone())),
        }
    }
    found
}

/// One line of an assertion file: `name` is expected from column `range.start` to `range.end` of `line`.
struct Assertion {
    line: usize,
    range: Range<usize>,
    name: String,
}

/// Comments of the form `// ^^^ name` (below what they speak of) and `// <- name` (of the column in which the
/// comment begins).
fn assertions(text: &str) -> Vec<Assertion> {
    let mut found = Vec::new();
    let mut subject = 0;
    for (number, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(comment) = line.trim_start().strip_prefix("//") else {
            subject = number;
            continue;
        };
        let trimmed = comment.trim_start();
        if let Some(name) = trimmed.strip_prefix("<- ") {
            found.push(Assertion { line: subject, range: indent..indent + 1, name: name.to_owned() });
        } else if trimmed.starts_with('^') {
            let start = line.len() - trimmed.len();
            let length = trimmed.bytes().take_while(|&byte| byte == b'^').count();
            let name = trimmed[length..].trim().to_owned();
            found.push(Assertion { line: subject, range: start..start + length, name });
        } else {
            subject = number;
        }
    }
    found
}

#[test]
fn colours_are_as_the_assertion_files_say_in_every_dialect() {
    let folder = root().join("grammar/test/highlight");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("it is there").map(|entry| entry.expect("it can be listed").path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in &files {
        let text = fs::read_to_string(path).expect("it is text");
        let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        for &dialect in dialect::ALL {
            let found = highlighted(dialect, &text);
            for Assertion { line, range, name } in assertions(&text) {
                let expected = dialect.capture("highlights", &name).expect("a colour that every editor has");
                checked += 1;
                for column in range {
                    let at = starts[line] + column;
                    let names = found.iter().find(|(range, _)| range.contains(&at)).map(|(_, names)| names);
                    let last = names.and_then(|names| names.last());
                    if last != Some(&expected) {
                        let file = path.file_name().expect("a file has a name").to_string_lossy();
                        let (line, dialect) = (line + 1, dialect.name());
                        wrong.push(format!("{file}:{line}:{column}, {dialect}: {expected} expected, {last:?} found"));
                        break;
                    }
                }
            }
        }
    }
    assert!(checked > 400, "only {checked} assertions are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The innermost region of macros around `needle`.
#[track_caller]
fn region<'n>(found: &'n [(Range<usize>, Vec<String>)], text: &str, needle: &str) -> Option<&'n str> {
    let at = text.find(needle).unwrap_or_else(|| panic!("{needle} is in the text"));
    let (_, names) = found.iter().find(|(range, _)| range.contains(&at)).expect("every byte is in a stretch");
    names.iter().rev().find(|name| name.starts_with("macro.")).map(String::as_str)
}

#[test]
fn regions_say_when_code_runs() {
    let text = "f(0);\nmacro m(ctx: C) { a(); quote { b(${c(quote(d(${e})))}); } }\n\
                const x = @comptime { g(); }; h();\n@comptime function i() { j(); }\n@dec function k() { l(); }\n\
                @comptime({ cache: 1 }) function n() { o(); }\n@run { p(); }";
    for dialect in [Dialect::Treesitter, Dialect::Neovim, Dialect::Helix] {
        let found = highlighted(dialect, text);
        for (needle, expected) in [
            ("f(", None),
            ("a(", Some("macro.body")),
            ("b(", Some("macro.quote")),
            ("c(", Some("macro.splice")),
            ("d(", Some("macro.quote")),
            ("e}", Some("macro.splice")),
            ("g(", Some("macro.body")),
            ("h(", None),
            ("j(", Some("macro.body")),
            ("l(", None),
            ("o(", Some("macro.body")),
            // What a macro does with its block is the macro's affair.
            ("p(", None),
        ] {
            assert_eq!(region(&found, text, needle), expected, "{needle} in {}", dialect.name());
        }
    }
}

/// A token that is a word or a sign is coloured in some way, wherever the grammar uses it.
#[test]
fn every_token_of_the_grammar_has_a_colour() {
    // Coloured with the string, type or property that they are part of; the last are not TypeScript's.
    let part_of_others = [
        "\"", "'", "meta", "any", "boolean", "never", "number", "object", "string", "symbol", "unknown", "/", "{|",
        "|}",
    ];
    let query = read("queries/highlights.scm");
    let language = language();
    let mut missing = Vec::new();
    for id in 0..language.node_kind_count() as u16 {
        let Some(kind) = language.node_kind_for_id(id) else { continue };
        if language.node_kind_is_named(id) || !language.node_kind_is_visible(id) || part_of_others.contains(&kind) {
            continue;
        }
        let quoted = format!("\"{}\"", kind.replace('\\', "\\\\").replace('"', "\\\""));
        if !query.contains(&quoted) {
            missing.push(quoted);
        }
    }
    missing.sort();
    missing.dedup();
    assert!(missing.is_empty(), "queries/highlights.scm does not know {}", missing.join(" "));
}

/// The languages inside `text` and their texts, by the injections of `dialect`.
fn injected(dialect: Dialect, text: &str) -> Vec<(String, String)> {
    let query = Query::new(&language(), &read(format!("{}/injections.scm", dialect.folder()))).expect("it fits");
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the grammar is of this version");
    let tree = parser.parse(text, None).expect("it is not cancelled");
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    let mut found = Vec::new();
    while let Some(hit) = matches.next() {
        let captured = |name: &str| {
            let index = query.capture_index_for_name(name)?;
            let texts: Vec<&str> = hit.nodes_for_capture_index(index).map(|node| &text[node.byte_range()]).collect();
            Some(texts)
        };
        let set = query.property_settings(hit.pattern_index).iter().find(|it| &*it.key == "injection.language");
        let language = match set.and_then(|property| property.value.as_deref()) {
            Some(language) => language.to_owned(),
            None => captured("injection.language").expect("a pattern names its language").concat(),
        };
        found.push((language, captured("injection.content").expect("a pattern has its content").concat()));
    }
    found
}

#[test]
fn other_languages_inside() {
    let text = r#"
        /** @param x */
        const a = /[a-z]+/g, b = new RegExp("x|y"), c = new Other("z");
        sql`SELECT ${a} FROM t`; html<Node>`<b>`; gql`query`; css`a {}`; json`[]`; other`no`;
        @sql("SELECT 1"); @graphql(`{ a }`); @json<T>('{}'); html("<i>"); @embed("no");
        @sql("SELECT 2") class Q {}
        JSON.parse(`[1]`); JSON.stringify(`no`);
        const d = /* sql */ `SELECT 3`, e = /*html*/ `<u>`, f = /* note */ `no`;
    "#;
    let expected = [
        ("jsdoc", "/** @param x */"),
        ("regex", "[a-z]+"),
        ("regex", "x|y"),
        ("sql", "SELECT "),
        ("sql", " FROM t"),
        ("html", "<b>"),
        ("graphql", "query"),
        ("css", "a {}"),
        ("json", "[]"),
        ("sql", "SELECT 1"),
        ("graphql", "{ a }"),
        ("json", "{}"),
        ("html", "<i>"),
        ("sql", "SELECT 2"),
        ("json", "[1]"),
        ("sql", "SELECT 3"),
        ("html", "<u>"),
    ];
    for &dialect in dialect::ALL {
        let found = injected(dialect, text);
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let mut sorted = (found.clone(), expected.to_vec());
        sorted.0.sort();
        sorted.1.sort();
        assert_eq!(sorted.0, sorted.1, "{}", dialect.name());
    }
}

/// What `query` captures in `text`, as `capture: first line`, without what is only for its predicates.
fn captured(path: &str, text: &str) -> Vec<String> {
    let query = Query::new(&language(), &read(path)).expect("it fits");
    let mut parser = Parser::new();
    parser.set_language(&language()).expect("the grammar is of this version");
    let tree = parser.parse(text, None).expect("it is not cancelled");
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut found = Vec::new();
    while let Some((hit, index)) = captures.next() {
        let capture = hit.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        if !name.starts_with('_') {
            let line = text[capture.node.byte_range()].lines().next().unwrap_or("");
            found.push(format!("{name}: {line}"));
        }
    }
    found
}

const PROGRAM: &str = "\
export macro twice(ctx: MacroContext, code: Expr) {
  quote { ${code}; }
}
@derive(Eq)
class Point {
  x = 1;
  add(other: Point, by = 2) { return @sum(this.x, other.x); }
}
test(\"adds\", () => { run(); });
";

#[test]
fn tags_and_outline_name_what_is_declared_and_used() {
    let tags = captured("grammar/queries/tags.scm", PROGRAM);
    for expected in [
        "definition.macro: macro twice(ctx: MacroContext, code: Expr) {",
        "name: twice",
        "definition.class: @derive(Eq)",
        "definition.field: x = 1",
        "definition.method: add(other: Point, by = 2) { return @sum(this.x, other.x); }",
        "reference.macro: @derive(Eq)",
        "reference.macro: @sum(this.x, other.x)",
        "reference.call: run()",
    ] {
        assert!(tags.iter().any(|tag| tag == expected), "{expected} in {tags:#?}");
    }
    let outline = captured("editors/zed/languages/metascript/outline.scm", PROGRAM);
    let shown: Vec<&String> =
        outline.iter().filter(|it| it.starts_with("name: ") || it.starts_with("context: ")).collect();
    assert_eq!(shown, ["context: macro", "name: twice", "context: class", "name: Point", "name: x", "name: add"]);
    let runnables = captured("editors/zed/languages/metascript/runnables.scm", PROGRAM);
    assert_eq!(runnables[1..], ["run: derive".to_owned(), "run: sum".to_owned()]);
    assert!(runnables[0].starts_with("run: export macro twice"), "{runnables:?}");
    // Every tag that a query gives has a task.
    let tasks = read("editors/zed/languages/metascript/tasks.json");
    for tag in read("queries/runnables.scm").split("#set! tag ").skip(1) {
        let tag = &tag[..tag.find(')').expect("a predicate ends")];
        assert!(tasks.contains(&format!("\"{tag}\"")), "{tag}");
    }
}

#[test]
fn text_objects_have_the_names_of_their_editors() {
    let helix = captured("editors/helix/queries/metascript/textobjects.scm", PROGRAM);
    for expected in
        ["function.inside: {", "class.around: @derive(Eq)", "parameter.inside: by = 2", "test.inside: { run(); }"]
    {
        assert!(helix.iter().any(|it| it == expected), "{expected} in {helix:#?}");
    }
    assert!(helix.iter().all(|it| !it.starts_with("quote.") && !it.contains(".outer")), "{helix:#?}");
    let neovim = captured("editors/nvim/queries/metascript/textobjects.scm", PROGRAM);
    for expected in ["macro.outer: @sum(this.x, other.x)", "quote.inner: { ${code}; }", "attribute.outer: @derive(Eq)"]
    {
        assert!(neovim.iter().any(|it| it == expected), "{expected} in {neovim:#?}");
    }
}

#[test]
fn brackets_are_pairs_in_every_editor() {
    let text = "f<A>([1], `${2}`); macro m() { quote { ${3} } }";
    let pairs = text.bytes().filter(|byte| b"([{<".contains(byte)).count();
    for (path, open, close) in [
        ("editors/nvim/queries/metascript/rainbow-delimiters.scm", "delimiter: ", "delimiter: "),
        ("editors/helix/queries/metascript/rainbows.scm", "rainbow.bracket: ", "rainbow.bracket: "),
        ("editors/zed/languages/metascript/brackets.scm", "open: ", "close: "),
    ] {
        let found = captured(path, text);
        let count = |capture: &str, signs: &[&str]| {
            signs.iter().map(|sign| found.iter().filter(|it| **it == format!("{capture}{sign}")).count()).sum::<usize>()
        };
        assert_eq!(count(open, &["(", "[", "{", "<", "${"]), pairs, "{path}: {found:?}");
        assert_eq!(count(close, &[")", "]", "}", ">"]), pairs, "{path}: {found:?}");
    }
}
