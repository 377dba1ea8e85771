//! Definition and type definition.

use crate::base::{Cancel, FilePath, TextRange};
use crate::project::Snapshot;

use super::IdeResult;

/// One place to go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub file: FilePath,
    /// The name.
    pub range: TextRange,
    /// The whole declaration (contains `range`).
    pub full: TextRange,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// What was asked about, in the live text.
    pub asked: Option<TextRange>,
    /// Best first. For a generated member: the quote in the macro, then the use.
    pub targets: Vec<Target>,
}

pub fn definition(_snap: &Snapshot, _file: &FilePath, _offset: u32, _cancel: &Cancel) -> IdeResult<Targets> {
    todo!()
}

pub fn type_definition(_snap: &Snapshot, _file: &FilePath, _offset: u32, _cancel: &Cancel) -> IdeResult<Targets> {
    todo!()
}
