//! What holds for every text: a second run changes nothing, the code says what it said, comments are kept, edits lead where
//! the whole text leads.

use std::fs;
use std::path::{Path, PathBuf};

use msc::format::{Formatted, Options, QuoteStyle, edits, format};
use msc::syntax::{Kind, SyntaxFile};
use msc::text::{SourceText, TextEdit};
use proptest::prelude::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn walk(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("it can be listed").map(|entry| entry.expect("it can be listed").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "node_modules" && name != "target" {
            walk(&path, extension, out);
        } else if path.extension().is_some_and(|it| it == extension) {
            out.push(path);
        }
    }
}

/// Every `.ms` and `.ts` file of the tree, the code of the language reference, the sources of the grammar's corpus.
fn texts() -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut files = Vec::new();
    for (folder, extension) in [
        ("examples", "ms"),
        ("examples", "ts"),
        ("src/std", "ms"),
        ("tests", "ms"),
        ("grammar/test/highlight", "ms"),
        ("grammar/test/highlight", "ts"),
    ] {
        walk(&root().join(folder), extension, &mut files);
    }
    for path in files {
        let text = fs::read_to_string(&path).expect("it is text");
        out.push((path.display().to_string(), text));
    }
    let mut pages = Vec::new();
    walk(&root().join("tests/spec"), "md", &mut pages);
    walk(&root().join("docs"), "md", &mut pages);
    for path in pages {
        let page = fs::read_to_string(&path).expect("it is text");
        for (index, part) in page.split("\n```").enumerate() {
            let Some((info, code)) = part.split_once('\n') else { continue };
            if info.starts_with("ms") || info.starts_with("ts") {
                out.push((format!("{} #{index}", path.display()), format!("{code}\n")));
            }
        }
    }
    let mut corpus = Vec::new();
    walk(&root().join("grammar/test/corpus"), "txt", &mut corpus);
    for path in corpus {
        let page = fs::read_to_string(&path).expect("it is text");
        let lines: Vec<&str> = page.lines().collect();
        let mut at = 0;
        while at < lines.len() {
            // A title between two rules, the source, `---`, the tree.
            let is_title = lines[at].starts_with("===") && lines.get(at + 2).is_some_and(|it| it.starts_with("==="));
            if !is_title {
                at += 1;
                continue;
            }
            let rest = &lines[at + 3..];
            let end = rest.iter().position(|line| *line == "---").expect("every case has a tree");
            out.push((format!("{}: {}", path.display(), lines[at + 1]), rest[..end].join("\n") + "\n"));
            at += 3 + end;
        }
    }
    out
}

/// The comments of a text, without the white space that indents them.
fn comments(text: &str) -> Vec<String> {
    let file = SyntaxFile::parse(SourceText::new(text));
    let mut out = Vec::new();
    file.root().walk(|node| {
        if node.is(Kind::Comment) {
            out.push(node.text().lines().map(str::trim).collect::<Vec<_>>().join("\n"));
        }
        true
    });
    out.sort();
    out
}

/// The text without what formatting may change, comments left out: by letters, not by a tree.
fn letters(text: &str) -> String {
    let file = SyntaxFile::parse(SourceText::new(text));
    let mut out = text.to_owned();
    let mut found = Vec::new();
    file.root().walk(|node| {
        if node.is(Kind::Comment) {
            found.push(node.range());
        }
        true
    });
    for range in found.into_iter().rev() {
        out.replace_range(range.start as usize..range.end as usize, "");
    }
    out.retain(|ch| !ch.is_whitespace() && !";,()\"'|&\\".contains(ch));
    out
}

fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut out = text.to_owned();
    for pair in edits.windows(2) {
        assert!(pair[0].range.end <= pair[1].range.start, "edits are in order and apart: {pair:?}");
    }
    for edit in edits.iter().rev() {
        out.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
    }
    out
}

fn check(name: &str, text: &str, options: &Options) -> Formatted {
    let formatted = format(text, options);
    let after = formatted.text();
    assert_eq!(format(&after, options).text(), after, "{name}: a second run changes it");
    assert_eq!(letters(&after), letters(text), "{name}: the code is another one");
    assert_eq!(comments(&after), comments(text), "{name}: comments are not what they were");
    assert_eq!(apply(text, &edits(text, options)), after, "{name}: the edits lead elsewhere");
    formatted
}

#[test]
fn every_text_of_the_tree_keeps_what_it_says() {
    let texts = texts();
    assert!(texts.len() > 500, "only {} texts are found", texts.len());
    let (mut formatted, mut left) = (0, Vec::new());
    for (name, text) in &texts {
        let done = check(name, text, &Options::default());
        let is_wrong = SyntaxFile::parse(SourceText::new(text.as_str())).has_errors();
        match done.untouched.is_empty() {
            true => formatted += 1,
            false if is_wrong => {}
            false => left.push(name),
        }
    }
    // What the printer cannot read although our grammar can: corners of TypeScript that its checker refuses.
    assert!(left.len() * 10 < texts.len(), "{} of {} are left: {left:#?}", left.len(), texts.len());
    assert!(formatted * 10 > texts.len() * 8, "{formatted} of {} are formatted", texts.len());
}

#[test]
fn so_they_do_with_other_settings() {
    let options = Options {
        line_width: 40,
        indent_width: 4,
        use_tabs: true,
        quote_style: QuoteStyle::Single,
        semicolons: false,
        trailing_commas: false,
    };
    let mut files = Vec::new();
    walk(&root().join("examples"), "ms", &mut files);
    walk(&root().join("src/std/macros"), "ms", &mut files);
    for path in files {
        let text = fs::read_to_string(&path).expect("it is text");
        check(&path.display().to_string(), &text, &options);
    }
}

#[test]
fn line_ends_and_marks_stay() {
    let options = Options::default();
    let before = "\u{feff}const  a = 1\r\n\r\n\r\n\r\nf( `x\r\ny` )\r\n";
    let formatted = check("crlf", before, &options);
    assert_eq!(formatted.text(), "\u{feff}const a = 1;\r\n\r\nf(`x\r\ny`);\r\n");
    assert_eq!(format("", &options).text(), "");
    assert_eq!(format("\n \n", &options).text(), "");
    assert_eq!(format("#!/usr/bin/env msc\nf( )", &options).text(), "#!/usr/bin/env msc\nf();\n");
    assert_eq!(format("'use strict'", &options).text(), "\"use strict\";\n");
}

#[test]
fn depth_and_length_end_nothing() {
    let options = Options::default();
    let deep = format!("x = {}1{};\n", "(".repeat(3_000), ")".repeat(3_000));
    assert_eq!(format(&deep, &options).text(), deep);
    let nested = format!("{}{}\n", "quote { f(() => ".repeat(60), " ) }".repeat(60));
    format(&nested, &options);
    let long = format!("const x = [{}];\n", "1234567890, ".repeat(20_000));
    let once = format(&long, &options).text();
    assert_eq!(letters(&once), letters(&long));
    let sum = format!("const x = {};\n", vec!["a"; 1_000].join(" + "));
    assert_eq!(letters(&format(&sum, &options).text()), letters(&sum));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Half-typed texts: a stretch is cut out of a file of the standard library.
    #[test]
    fn broken_texts_keep_what_they_say(at in 0usize..9_000, length in 1usize..12) {
        let text = fs::read_to_string(root().join("src/std/macros/derive/builder.ms")).expect("it is there");
        let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let end = (at + length..).find(|&end| end >= text.len() || text.is_char_boundary(end)).unwrap_or(0).min(text.len());
        let broken = format!("{}{}", &text[..at], &text[end..]);
        let options = Options::default();
        let after = format(&broken, &options).text();
        prop_assert_eq!(format(&after, &options).text(), after.clone());
        prop_assert_eq!(apply(&broken, &edits(&broken, &options)), after);
    }
}
