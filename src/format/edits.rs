//! Edits that lead to a formatted text: as small as they can be, so that cursors, folds and marks stay.

use crate::base::TextRange;
use crate::syntax::{Kind, Node, SyntaxFile};
use crate::text::{SourceText, TextEdit};

use super::pieces::Piece;
use super::tokens::said;
use super::{Formatted, Options, format};

/// The edits that format a whole text.
pub fn edits(text: &str, options: &Options) -> Vec<TextEdit> {
    format(text, options).edits()
}

/// The edits that format what stands in some ranges: whole statements, members and the like that they touch, and
/// nothing else.
pub fn edits_within(text: &str, ranges: &[TextRange], options: &Options) -> Vec<TextEdit> {
    let formatted = format(text, options);
    let file = SyntaxFile::parse(formatted.source.clone());
    let mut meant: Vec<TextRange> = Vec::new();
    for range in ranges {
        let range = TextRange {
            start: formatted.endings.inner(range.start).min(formatted.source.len()),
            end: formatted.endings.inner(range.end).min(formatted.source.len()),
        };
        meant.extend(items(file.root(), range, formatted.source.as_str()));
    }
    of_pieces(&formatted)
        .into_iter()
        .filter(|edit| meant.iter().any(|item| item.contains_range(edit.range)))
        .map(|edit| original(&formatted, edit))
        .collect()
}

pub(super) fn of(formatted: &Formatted) -> Vec<TextEdit> {
    of_pieces(formatted).into_iter().map(|edit| original(formatted, edit)).collect()
}

/// The edit in the text as it was given.
fn original(formatted: &Formatted, edit: TextEdit) -> TextEdit {
    let endings = &formatted.endings;
    let text = if endings.is_crlf { edit.text.replace('\n', "\r\n") } else { edit.text };
    TextEdit { range: TextRange::new(endings.original(edit.range.start), endings.original(edit.range.end)), text }
}

fn of_pieces(formatted: &Formatted) -> Vec<TextEdit> {
    let source = formatted.source.as_str();
    formatted.pieces.iter().flat_map(|piece| of_piece(source, piece)).collect()
}

fn of_piece(source: &str, piece: &Piece) -> Vec<TextEdit> {
    let before = piece.range.of(source);
    if before == piece.text {
        return Vec::new();
    }
    let mut out = Vec::new();
    let old = SyntaxFile::parse(SourceText::new(before));
    let new = SyntaxFile::parse(SourceText::new(piece.text.as_str()));
    let (old_said, new_said) = (said(old.root()), said(new.root()));
    if !old_said.same(&new_said) {
        // White space alone says nothing, and neither does a text that is all comments.
        change(TextRange::new(0, before.len() as u32), &piece.text, before, &mut out);
    } else {
        let (mut old_at, mut new_at) = (0, 0);
        for (old, new) in old_said.tokens.iter().zip(&new_said.tokens) {
            let gap = TextRange::new(old_at, old.range.start);
            gaps(gap, TextRange::new(new_at, new.range.start).of(&piece.text), before, &mut out);
            change(old.range, new.range.of(&piece.text), before, &mut out);
            (old_at, new_at) = (old.range.end, new.range.end);
        }
        let gap = TextRange::new(old_at, before.len() as u32);
        gaps(gap, &piece.text[new_at as usize..], before, &mut out);
    }
    for edit in &mut out {
        edit.range = edit.range.shifted(piece.range.start);
    }
    out
}

/// What is between two tokens: its first line belongs to the one, the rest to the other.
fn gaps(range: TextRange, new: &str, text: &str, out: &mut Vec<TextEdit>) {
    let old = range.of(text);
    if old == new {
        return;
    }
    match (old.find('\n'), new.find('\n')) {
        (Some(old_break), Some(new_break)) => {
            let middle = range.start + old_break as u32;
            change(TextRange::new(range.start, middle), &new[..new_break], text, out);
            change(TextRange::new(middle, range.end), &new[new_break..], text, out);
        }
        _ => change(range, new, text, out),
    }
}

/// Replaces a range, without what is the same at both its ends.
fn change(range: TextRange, new: &str, text: &str, out: &mut Vec<TextEdit>) {
    let old = range.of(text);
    if old == new {
        return;
    }
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs.take_while(|(a, b)| a == b).map(|(ch, _)| ch.len_utf8()).sum()
    };
    let start = same(&mut old.chars().zip(new.chars()));
    let end = same(&mut old[start..].chars().rev().zip(new[start..].chars().rev()));
    let range = TextRange::new(range.start + start as u32, range.end - end as u32);
    out.push(TextEdit { range, text: new[start..new.len() - end].to_owned() });
}

/// The statements and members that a range touches, with the white space in front of them on their line.
fn items(root: Node<'_>, range: TextRange, text: &str) -> Option<TextRange> {
    let inner = range.of(text);
    let blank = inner.len() - inner.trim_start().len();
    let start = range.start + blank as u32;
    let end = start + inner.trim().len() as u32;
    if inner.trim().is_empty() {
        return None;
    }
    let touched = TextRange::new(start, end);
    let covering = root.covering(touched)?;
    let list = std::iter::once(covering)
        .chain(covering.ancestors())
        .find(|node| is_list(*node) && is_inside(*node, touched))?;
    let mut whole: Option<TextRange> = None;
    for child in list.children() {
        let is_touched = child.start() < touched.end && touched.start < child.end();
        if is_touched {
            let start = whole.map_or(child.start(), |whole| whole.start);
            whole = Some(TextRange::new(start, child.end()));
        }
    }
    let whole = whole?;
    let before = &text[..whole.start as usize];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let start = match before[line_start..].trim().is_empty() {
        true => line_start as u32,
        false => whole.start,
    };
    // A semicolon can follow, which is no part of the tree of a member.
    let after = &text[whole.end as usize..];
    let end = whole.end + u32::from(after.starts_with(';'));
    Some(TextRange::new(start, end))
}

fn is_list(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        Kind::Program
            | Kind::StatementBlock
            | Kind::ClassBody
            | Kind::InterfaceBody
            | Kind::ObjectType
            | Kind::EnumBody
            | Kind::SwitchBody
    )
}

/// Whether a range lies between the brackets of a list.
fn is_inside(list: Node<'_>, range: TextRange) -> bool {
    list.is(Kind::Program) || list.start() < range.start && range.end < list.end()
}
