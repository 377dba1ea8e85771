//! What does not parse, as ranges and words.

use crate::base::TextRange;

use super::{Kind, Node};

/// One place that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub range: TextRange,
    /// One sentence without a full stop.
    pub message: String,
}

/// The outermost errors below `root`, in text order, at most `most`.
pub fn errors(root: Node<'_>, most: usize) -> Vec<SyntaxError> {
    let mut out = Vec::new();
    if !root.has_error() {
        return out;
    }
    root.walk(|node| {
        if out.len() >= most || !node.has_error() && !node.is_missing() {
            return false;
        }
        if node.is_missing() {
            let what = if node.is_named() { node.name().replace('_', " ") } else { format!("`{}`", node.name()) };
            out.push(SyntaxError { range: node.range(), message: format!("{what} expected") });
            return false;
        }
        if node.is_error() {
            out.push(describe(node));
            return false;
        }
        true
    });
    out
}

/// An `ERROR` node covers everything the parser gave up on: its first token that is no error is
/// where reading went wrong.
fn describe(error: Node<'_>) -> SyntaxError {
    let text = error.text();
    let first_line = text.lines().next().unwrap_or("");
    let shown: String = first_line.chars().take(30).collect();
    let end = error.start() + first_line.len() as u32;
    let message = match error.children().find(|child| child.is(Kind::Error)) {
        Some(inner) if !inner.text().is_empty() && inner.text().chars().count() < 20 => {
            format!("`{}` does not belong here", inner.text().trim())
        }
        _ if shown.trim().is_empty() => "The code does not parse here".to_owned(),
        _ => format!("`{}` does not parse here", shown.trim()),
    };
    SyntaxError { range: TextRange::new(error.start(), end.max(error.start())), message }
}
