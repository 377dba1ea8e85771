//! What does not parse, as ranges and words.

use crate::base::TextRange;

use super::Node;

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

/// An `ERROR` node covers everything the parser gave up on, which can be all that follows. What is told is
/// the one place that explains it best: what does not fit, a bracket that is never closed, the first line.
fn describe(error: Node<'_>) -> SyntaxError {
    let mut open = Vec::new();
    for child in error.children() {
        if child.is_error() && child.first_child().is_none() {
            let text = child.text().trim();
            if !text.is_empty() && text.len() < 20 && !text.contains('\n') {
                return SyntaxError { range: child.range(), message: format!("`{text}` does not belong here") };
            }
        }
        match child.text() {
            "(" | "[" | "{" | "${" if !child.is_named() => open.push(child),
            ")" | "]" | "}" if !child.is_named() => drop(open.pop()),
            _ => {}
        }
    }
    if let Some(bracket) = open.last() {
        return SyntaxError { range: bracket.range(), message: format!("`{}` is not closed", bracket.text()) };
    }
    let text = error.text();
    let blank = text.len() - text.trim_start().len();
    let first_line = text[blank..].lines().next().unwrap_or("").trim_end();
    let shown: String = first_line.chars().take(30).collect();
    let start = error.start() + blank as u32;
    let message = if shown.is_empty() {
        "The code does not parse here".to_owned()
    } else {
        format!("`{shown}` does not parse here")
    };
    SyntaxError { range: TextRange::new(start, start + first_line.len() as u32), message }
}
