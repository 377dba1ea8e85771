//! `SourceText`: the only owner of a file's text.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::base::{Digest, TextRange};
use crate::text::LineIndex;

/// Immutable text with its digest and line index, both computed on first use. Cheap to clone.
#[derive(Clone)]
pub struct SourceText(Arc<Inner>);

struct Inner {
    text: Box<str>,
    digest: OnceLock<Digest>,
    lines: OnceLock<LineIndex>,
}

impl SourceText {
    pub fn new(text: impl Into<Box<str>>) -> SourceText {
        SourceText(Arc::new(Inner { text: text.into(), digest: OnceLock::new(), lines: OnceLock::new() }))
    }

    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    pub fn len(&self) -> u32 {
        self.0.text.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.0.text.is_empty()
    }

    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| Digest::of(self.0.text.as_bytes()))
    }

    pub fn lines(&self) -> &LineIndex {
        self.0.lines.get_or_init(|| LineIndex::new(&self.0.text))
    }

    pub fn slice(&self, range: TextRange) -> &str {
        range.of(&self.0.text)
    }

    /// Whether both are the same allocation: equal without comparing.
    pub fn same(&self, other: &SourceText) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl PartialEq for SourceText {
    fn eq(&self, other: &SourceText) -> bool {
        self.same(other) || self.as_str() == other.as_str()
    }
}

impl Eq for SourceText {}

impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
