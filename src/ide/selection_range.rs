//! Selections that grow: a word, its string, its expression, its statement, and so on to the file.
//!
//! Between two steps of the tree stands what a person would select there: what is between the
//! brackets, a comment's neighbours, the whole lines.

use crate::base::TextRange;
use crate::syntax::{Kind, Node, SyntaxFile};

/// The ranges around `offset`, the smallest first, each truly larger than the one before. The last
/// one is the whole text.
pub fn selections(syntax: &SyntaxFile, offset: u32) -> Vec<TextRange> {
    let text = syntax.text().as_str();
    let offset = floor(text, offset);
    let mut out = vec![TextRange::empty(offset)];
    // Between two nodes, the one that is a word is meant.
    let at = node_at(syntax, offset);
    if at.is_none_or(|node| !node.is_named() || node.start() < offset || is_text(node)) {
        push(&mut out, word(text, offset));
    }
    for node in at.into_iter().flat_map(|node| std::iter::once(node).chain(node.ancestors())) {
        if let Some(inner) = between_brackets(node) {
            push(&mut out, trimmed(text, inner));
        }
        if node.is(Kind::Comment) {
            push(&mut out, node.range());
            push(&mut out, comments_around(node));
            continue;
        }
        push(&mut out, node.range());
        if let Some(declaration) = with_comment(node) {
            push(&mut out, declaration);
        }
    }
    push(&mut out, TextRange::new(0, text.len() as u32));
    if out.len() > 1 {
        out.remove(0);
    }
    out
}

fn push(out: &mut Vec<TextRange>, range: TextRange) {
    if out.last().is_some_and(|last| range.contains_range(*last) && range != *last) {
        out.push(range);
    }
}

fn floor(text: &str, offset: u32) -> u32 {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset as u32
}

/// The smallest node at a cursor: a word on either side of it wins over everything else.
fn node_at(syntax: &SyntaxFile, offset: u32) -> Option<Node<'_>> {
    let root = syntax.root();
    let right = root.covering(TextRange::empty(offset));
    let left = offset.checked_sub(1).and_then(|before| root.covering(TextRange::new(before, offset)));
    let is_word = |node: &Node<'_>| node.child_count() == 0 && node.text().starts_with(is_word_char);
    match (left, right) {
        (_, Some(right)) if is_word(&right) && right.start() <= offset && offset < right.end() => Some(right),
        (Some(left), _) if is_word(&left) && left.end() == offset => Some(left),
        (_, right) => right,
    }
}

fn is_word_char(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '_' | '$')
}

fn is_text(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::Comment | Kind::StringFragment | Kind::HtmlComment | Kind::RegexPattern)
}

/// The word around `offset`; empty where there is none.
fn word(text: &str, offset: u32) -> TextRange {
    let (before, after) = text.split_at(offset as usize);
    let start = before.trim_end_matches(is_word_char).len();
    let end = text.len() - after.trim_start_matches(is_word_char).len();
    TextRange::from(start..end)
}

/// What a bracketed node holds.
fn between_brackets(node: Node<'_>) -> Option<TextRange> {
    let (open, close) = (node.first_child()?, node.last_child()?);
    let is_pair = matches!(
        (open.name(), close.name()),
        ("{" | "${", "}") | ("(", ")") | ("[", "]") | ("<", ">") | ("\"", "\"") | ("'", "'") | ("`", "`")
    );
    (is_pair && open.end() <= close.start()).then(|| TextRange::new(open.end(), close.start()))
}

fn trimmed(text: &str, range: TextRange) -> TextRange {
    let inner = range.of(text);
    let start = range.start as usize + (inner.len() - inner.trim_start().len());
    let end = start + inner.trim().len();
    TextRange::from(start..end)
}

/// A comment and those next to it, as long as nothing else and no blank line is between.
fn comments_around(comment: Node<'_>) -> TextRange {
    let text = comment.file_text();
    let joins = |one: Node<'_>, other: Node<'_>| {
        other.is(Kind::Comment)
            && text[one.end() as usize..other.start() as usize].bytes().filter(|&byte| byte == b'\n').count() == 1
    };
    let (mut first, mut last) = (comment, comment);
    while let Some(before) = first
        .prev_sibling()
        .filter(|&before| before.is(Kind::Comment) && before.end() <= first.start() && joins(before, first))
    {
        first = before;
    }
    while let Some(after) = last.next_sibling().filter(|&after| joins(last, after)) {
        last = after;
    }
    TextRange::new(first.start(), last.end())
}

/// A declaration with the comment right above it.
fn with_comment(node: Node<'_>) -> Option<TextRange> {
    let comment = node.prev_sibling().filter(|before| before.is(Kind::Comment))?;
    let is_item = node.parent().is_some_and(|parent| {
        matches!(
            parent.kind(),
            Kind::Program | Kind::StatementBlock | Kind::ClassBody | Kind::InterfaceBody | Kind::EnumBody
        )
    });
    let between = &node.file_text()[comment.end() as usize..node.start() as usize];
    let is_close = between.trim().is_empty() && between.bytes().filter(|&byte| byte == b'\n').count() == 1;
    (is_item && is_close && node.is_named()).then(|| TextRange::new(comments_around(comment).start, node.end()))
}
