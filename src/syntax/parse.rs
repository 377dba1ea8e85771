//! Running the parser: whole texts and edited ones, with or without a budget of time.
//!
//! Runs on any thread; each keeps one parser.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{InputEdit, ParseOptions, Parser, Point, Tree};

use crate::text::TextEdit;

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new(new_parser());
}

fn new_parser() -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_metascript::LANGUAGE.into())
        .expect("the grammar is generated for this version of the parser library");
    parser
}

/// Parses `text`, reusing what `old` (already moved by the edits) has. `None` only past the budget.
pub(super) fn parse(text: &str, old: Option<&Tree>, budget: Option<Duration>) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        let deadline = budget.map(|budget| Instant::now() + budget);
        let mut progress = |_: &tree_sitter::ParseState| match deadline {
            Some(deadline) if Instant::now() >= deadline => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let bytes = text.as_bytes();
        let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), old, Some(options));
        if tree.is_none() {
            // A stopped parse would otherwise go on where it was, with the next text.
            parser.reset();
        }
        tree
    })
}

/// Moves a tree of `text` by `edits`, each of which applies to the result of the one before.
pub(super) fn shift(tree: &Tree, text: &str, edits: &[TextEdit]) -> Tree {
    let mut tree = tree.clone();
    let mut owned: Option<String> = None;
    for (index, edit) in edits.iter().enumerate() {
        let current = owned.as_deref().unwrap_or(text);
        let start = clamp(current, edit.range.start as usize);
        let end = clamp(current, edit.range.end as usize).max(start);
        let start_position = point(current, start);
        tree.edit(&InputEdit {
            start_byte: start,
            old_end_byte: end,
            new_end_byte: start + edit.text.len(),
            start_position,
            old_end_position: point(current, end),
            new_end_position: advance(start_position, &edit.text),
        });
        if index + 1 < edits.len() {
            let mut next = current.to_owned();
            next.replace_range(start..end, &edit.text);
            owned = Some(next);
        }
    }
    tree
}

fn clamp(text: &str, mut offset: usize) -> usize {
    offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn point(text: &str, offset: usize) -> Point {
    advance(Point::new(0, 0), &text[..offset])
}

fn advance(from: Point, text: &str) -> Point {
    match text.rfind('\n') {
        Some(last) => {
            let rows = text.bytes().filter(|&byte| byte == b'\n').count();
            Point::new(from.row + rows, text.len() - last - 1)
        }
        None => Point::new(from.row, from.column + text.len()),
    }
}
