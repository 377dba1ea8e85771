//! Runs `test/corpus` without the tree-sitter command line tool.
//!
//! The files are in that tool's format: a title between two lines of `=`, the text, a line of `-`, the tree.

use std::fmt::Write;
use std::path::Path;

use tree_sitter::{Node, Parser};

struct Case {
    title: String,
    text: String,
    tree: String,
}

fn is_rule(line: &str, of: char) -> bool {
    line.len() >= 3 && line.chars().all(|c| c == of)
}

fn cases(file: &str) -> Vec<Case> {
    let lines: Vec<&str> = file.lines().collect();
    let mut cases = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        assert!(is_rule(lines[at], '='), "a title must stand between lines of `=`: {}", lines[at]);
        let title_end = at + 1 + lines[at + 1..].iter().position(|l| is_rule(l, '=')).expect("title is closed");
        let text_end = title_end + lines[title_end..].iter().position(|l| is_rule(l, '-')).expect("text is closed");
        let end = lines[text_end..].iter().position(|l| is_rule(l, '=')).map_or(lines.len(), |n| text_end + n);
        cases.push(Case {
            title: lines[at + 1..title_end].join(" "),
            text: lines[title_end + 1..text_end].join("\n"),
            tree: lines[text_end + 1..end].join(" ").split_whitespace().collect::<Vec<_>>().join(" "),
        });
        at = end;
    }
    cases
}

fn write_tree(node: Node, out: &mut String) {
    if node.is_missing() {
        write!(out, "(MISSING {})", node.kind()).expect("a string takes everything");
        return;
    }
    write!(out, "({}", node.kind()).expect("a string takes everything");
    let mut cursor = node.walk();
    if cursor.goto_first_child() {
        loop {
            let child = cursor.node();
            if child.is_named() || child.is_missing() {
                out.push(' ');
                if let Some(field) = cursor.field_name() {
                    write!(out, "{field}: ").expect("a string takes everything");
                }
                write_tree(child, out);
            }
            if !cursor.goto_next_sibling() {
                break;
            }
        }
    }
    out.push(')');
}

#[test]
fn every_tree_is_as_written() {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_metascript::LANGUAGE.into()).expect("the versions fit");
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/corpus");
    let mut count = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(directory).expect("the corpus is there") {
        let path = entry.expect("the corpus can be read").path();
        let file = std::fs::read_to_string(&path).expect("the corpus is text");
        for case in cases(&file) {
            let tree = parser.parse(&case.text, None).expect("no time limit was set");
            let mut found = String::new();
            write_tree(tree.root_node(), &mut found);
            if found != case.tree {
                writeln!(
                    wrong,
                    "{} / {}\n{}\n  expected {}\n  found    {found}\n",
                    path.file_name().unwrap_or_default().to_string_lossy(),
                    case.title,
                    case.text,
                    case.tree,
                )
                .expect("a string takes everything");
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 0, "the corpus has cases");
}
