//! Completion.

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::CompletionKind;
use crate::project::Snapshot;
use crate::text::TextEdit;

use super::IdeResult;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    pub insert: String,
    pub is_snippet: bool,
    pub filter: Option<String>,
    pub sort: String,
    /// Shown after the label: `derive(Eq)` for generated members, the module of an auto-import.
    pub label_detail: Option<String>,
    /// What the insertion replaces in the live text.
    pub replace: TextRange,
    pub deprecated: bool,
    /// Goes back to [`resolve`]; opaque.
    pub token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    pub items: Vec<Completion>,
    /// Ask again after the next character: something was stale or cut off.
    pub is_incomplete: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompletionDetail {
    pub detail: Option<String>,
    /// Markdown.
    pub documentation: Option<String>,
    /// Edits elsewhere in the same file.
    pub edits: Vec<TextEdit>,
}

pub fn complete(
    _snap: &Snapshot,
    _file: &FilePath,
    _offset: u32,
    _trigger: Option<char>,
    _cancel: &Cancel,
) -> IdeResult<Completions> {
    todo!()
}

/// More about one item of a list that `complete` gave for `file` and `offset`.
pub fn resolve(
    _snap: &Snapshot,
    _file: &FilePath,
    _offset: u32,
    _label: &str,
    _token: &str,
    _cancel: &Cancel,
) -> IdeResult<CompletionDetail> {
    todo!()
}
