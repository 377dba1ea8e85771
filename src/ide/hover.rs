//! Hover.

use crate::base::{Cancel, FilePath, TextRange};
use crate::project::Snapshot;

use super::IdeResult;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoverAnswer {
    /// What the hover is about, in the live text.
    pub range: TextRange,
    pub markdown: String,
}

pub fn hover(_snap: &Snapshot, _file: &FilePath, _offset: u32, _cancel: &Cancel) -> IdeResult<Option<HoverAnswer>> {
    todo!()
}
