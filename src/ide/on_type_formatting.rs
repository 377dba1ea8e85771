//! Indentation while typing: of a new line, and of a line that a bracket closes.
//!
//! Changes white space at the start of the cursor's line and nothing else. What is in a string, a
//! template or a comment stays as it was typed.

use crate::base::TextRange;
use crate::syntax::{Kind, Node, SyntaxFile};
use crate::text::TextEdit;

/// What the editor indents with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indentation {
    pub size: u32,
    pub with_spaces: bool,
}

/// What to change after `typed` was typed, with the cursor at `offset` behind it.
pub fn on_type(syntax: &SyntaxFile, offset: u32, typed: char, with: Indentation) -> Option<TextEdit> {
    let text = syntax.text().as_str();
    let before = text.get(..offset as usize)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = &text[line_start..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
    // A bracket moves its line only where it is the first thing in it.
    let is_first = before[line_start..].trim_start_matches([' ', '\t']).len() == typed.len_utf8();
    if matches!(typed, '}' | ')' | ']') && !is_first {
        return None;
    }
    if is_in_text(syntax, line_start as u32) {
        return None;
    }
    let rest = &line[blank..];
    let wanted = indent(syntax, text, line_start, rest, with)?;
    let range = TextRange::from(line_start..line_start + blank);
    (wanted != range.of(text)).then_some(TextEdit { range, text: wanted })
}

/// Whether a line begins inside of a template or a comment: its white space is content.
fn is_in_text(syntax: &SyntaxFile, line_start: u32) -> bool {
    let Some(before) = line_start.checked_sub(1) else { return false };
    let node = syntax.root().covering(TextRange::new(before, line_start));
    let inside = |node: &Node<'_>| {
        matches!(
            node.kind(),
            Kind::Comment | Kind::String | Kind::TemplateString | Kind::StringFragment | Kind::EscapeSequence
        ) && node.start() < line_start
            && (line_start <= node.end() && !(node.is(Kind::Comment) && node.text().starts_with("//")))
    };
    // Code in a template's substitution is code.
    node.into_iter()
        .flat_map(|node| std::iter::once(node).chain(node.ancestors()))
        .take_while(|node| !matches!(node.kind(), Kind::TemplateSubstitution | Kind::Splice))
        .any(|node| inside(&node))
}

/// The white space that a line beginning with `rest` should begin with.
fn indent(syntax: &SyntaxFile, text: &str, line_start: usize, rest: &str, with: Indentation) -> Option<String> {
    let closes = rest.starts_with(['}', ')', ']']);
    let Some(open) = open_bracket(syntax, text, line_start) else {
        return if continues(text, line_start, rest) { None } else { Some(String::new()) };
    };
    let base = line_indent(text, open);
    if closes {
        return Some(base.to_owned());
    }
    let unit = if with.with_spaces { " ".repeat(with.size as usize) } else { "\t".to_owned() };
    let is_switch = syntax
        .root()
        .covering(TextRange::new(open as u32, open as u32 + 1))
        .and_then(|node| node.parent())
        .is_some_and(|body| body.is(Kind::SwitchBody));
    let is_case = rest.starts_with("case ") || rest.starts_with("default:");
    if is_switch && !is_case {
        // Under a case, if one is above.
        let between = &text[open + 1..line_start];
        let case = between.rmatch_indices('\n').map(|(at, _)| &between[at + 1..]).find(|line| {
            let line = line.trim_start();
            line.starts_with("case ") || line.starts_with("default:")
        });
        if case.is_some() {
            return Some(format!("{base}{unit}{unit}"));
        }
    }
    if continues(text, line_start, rest) {
        return Some(format!("{base}{unit}{unit}"));
    }
    Some(format!("{base}{unit}"))
}

/// Whether the line goes on with what the line above began: an operator at either's edge.
fn continues(text: &str, line_start: usize, rest: &str) -> bool {
    let above = text[..line_start].trim_end();
    let is_operator = above.ends_with(['=', '+', '-', '*', '/', '%', '|', '&', '?', '<'])
        && !above.ends_with("++")
        && !above.ends_with("--")
        && !above.ends_with("*/")
        || above.ends_with("=>");
    is_operator || (rest.starts_with(['.', '?', '|', '&']) && !above.is_empty())
}

fn line_indent(text: &str, offset: usize) -> &str {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The last bracket before a line that is still open there. Brackets in text do not count.
///
/// Looks at the text from the line upwards, since what is being typed has no tree yet.
fn open_bracket(syntax: &SyntaxFile, text: &str, line_start: usize) -> Option<usize> {
    let root = syntax.root();
    let mut closed = 0u32;
    let mut at = line_start;
    while let Some(found) = text[..at].rfind(['{', '}', '(', ')', '[', ']']) {
        at = found;
        let node = root.covering(TextRange::from(found..found + 1));
        if let Some(node) = node
            && matches!(
                node.kind(),
                Kind::Comment
                    | Kind::String
                    | Kind::StringFragment
                    | Kind::TemplateString
                    | Kind::Regex
                    | Kind::RegexPattern
                    | Kind::HtmlComment
                    | Kind::HashBangLine
            )
        {
            // Past the whole of it.
            at = at.min(node.start() as usize);
            continue;
        }
        if text[found..].starts_with(['}', ')', ']']) {
            closed += 1;
        } else if closed == 0 {
            return Some(found);
        } else {
            closed -= 1;
        }
    }
    None
}
