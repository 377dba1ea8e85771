//! `TextEdit`: one replacement, and how a list of them is applied.

use crate::base::TextRange;

/// Replaces `range` of the old text by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    pub range: TextRange,
    pub text: String,
}

impl TextEdit {
    /// Applies edits one after the other, each to the result of the one before (as `didChange`
    /// sends them).
    pub fn apply_in_order(text: &str, edits: &[TextEdit]) -> String {
        let mut out = text.to_owned();
        for edit in edits {
            out.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
        out
    }
}
