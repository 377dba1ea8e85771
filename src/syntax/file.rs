//! `SyntaxFile`: a text and its tree.

use std::time::Duration;

use crate::text::{SourceText, TextEdit};

/// A parsed text. Cheap to clone, and the same on every thread. Never fails: what does not parse
/// stands in the tree as an error.
#[derive(Clone, Debug)]
pub struct SyntaxFile {
    text: SourceText,
}

impl SyntaxFile {
    pub fn parse(text: SourceText) -> SyntaxFile {
        SyntaxFile { text }
    }

    /// `None` where parsing takes longer than `budget`.
    pub fn parse_within(_text: SourceText, _budget: Duration) -> Option<SyntaxFile> {
        todo!()
    }

    /// Parses `new_text`, which is this file's text after `edits` (one after the other), reusing
    /// what the edits left alone.
    pub fn reparse(&self, _new_text: SourceText, _edits: &[TextEdit]) -> SyntaxFile {
        todo!()
    }

    pub fn reparse_within(&self, _new_text: SourceText, _edits: &[TextEdit], _budget: Duration) -> Option<SyntaxFile> {
        todo!()
    }

    /// The tree moved by `edits` without parsing: right outside the edits, good enough to serve
    /// while a full parse runs aside.
    pub fn shifted(&self, _new_text: SourceText, _edits: &[TextEdit]) -> SyntaxFile {
        todo!()
    }

    pub fn text(&self) -> &SourceText {
        &self.text
    }

    pub fn has_errors(&self) -> bool {
        todo!()
    }
}
