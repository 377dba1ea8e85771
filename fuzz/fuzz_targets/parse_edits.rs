//! Parser and scanner under random texts and random edits.
//!
//! An input is a text, a zero byte, and edits of five bytes each: where (two bytes), how much is
//! deleted, which piece is inserted, and how often. Fails where the tree of an edited text is not that
//! of the same text parsed anew, which is only promised for texts without errors: what a broken text
//! reads as depends on what it was before. Crashes, hangs and leaks are libFuzzer's to notice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tree_sitter::{InputEdit, Node, Parser, Point, Tree};

/// What is typed: every token that the scanner decides, and what makes it look far ahead.
const PIECES: &[&str] = &[
    "", "{", "}", "(", ")", "[", "]", "<", ">", "`", "${", "$", "'", "\"", "/", "/*", "*/", "//", "\n", " ", ";", ",",
    "@", "@a", "@a(", "@a {", "@a<T>(", "quote {", "quote type {", "macro m(", "extern macro @", "defer ", "else ",
    "=>", "=", "?", "?.", ":", ".", "...", "<<", ">>=", "<!--", "-->", "await ", "async ", "using ", "global {", "out ",
    "in ", "class A ", "function f", "let ", "type T = ", "as ", "static ", "abstract ", "x", "é", "𝘢", "\u{2028}", "\\",
];

const MOST_EDITS: usize = 32;

fn point(text: &str, offset: usize) -> Point {
    let before = &text[..offset];
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    Point::new(before.bytes().filter(|&byte| byte == b'\n').count(), offset - line)
}

fn boundary(text: &str, mut offset: usize) -> usize {
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn apply(text: &mut String, tree: &mut Tree, edit: &[u8]) {
    let start = boundary(text, u16::from_be_bytes([edit[0], edit[1]]) as usize % (text.len() + 1));
    let end = boundary(text, start + edit[2] as usize % 64).max(start);
    let piece = PIECES[edit[3] as usize % PIECES.len()].repeat(1 + edit[4] as usize % 4);
    let (start_position, old_end_position) = (point(text, start), point(text, end));
    text.replace_range(start..end, &piece);
    let new_end = start + piece.len();
    tree.edit(&InputEdit {
        start_byte: start,
        old_end_byte: end,
        new_end_byte: new_end,
        start_position,
        old_end_position,
        new_end_position: point(text, new_end),
    });
}

fn same(a: Node<'_>, b: Node<'_>) -> bool {
    let (mut left, mut right) = (a.walk(), b.walk());
    loop {
        let (x, y) = (left.node(), right.node());
        if x.kind_id() != y.kind_id() || x.range() != y.range() || left.field_id() != right.field_id() {
            return false;
        }
        let down = left.goto_first_child();
        if down != right.goto_first_child() {
            return false;
        }
        if down {
            continue;
        }
        loop {
            let next = left.goto_next_sibling();
            if next != right.goto_next_sibling() {
                return false;
            }
            if next {
                break;
            }
            let up = left.goto_parent();
            if up != right.goto_parent() {
                return false;
            }
            if !up {
                return true;
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let (text, edits) = data.split_at(data.iter().position(|&byte| byte == 0).unwrap_or(data.len()));
    let mut text = String::from_utf8_lossy(text).into_owned();
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_metascript::LANGUAGE.into()).expect("the versions fit");
    let mut tree = parser.parse(&text, None).expect("no time limit was set");
    for edit in edits.get(1..).unwrap_or_default().chunks_exact(5).take(MOST_EDITS) {
        apply(&mut text, &mut tree, edit);
        tree = parser.parse(&text, Some(&tree)).expect("no time limit was set");
        let anew = parser.parse(&text, None).expect("no time limit was set");
        if !anew.root_node().has_error() {
            assert!(same(tree.root_node(), anew.root_node()), "two trees of one text:\n{text}");
        }
    }
});
