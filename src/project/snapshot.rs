//! `Snapshot`: a world at one revision, for any thread.

use crate::base::FilePath;
use crate::text::SourceText;

use super::Revision;

/// Immutable and cheap to clone.
#[derive(Clone)]
pub struct Snapshot {}

impl Snapshot {
    pub fn revision(&self) -> Revision {
        todo!()
    }

    /// The live text of an open file, else what the disk has.
    pub fn text(&self, _file: &FilePath) -> Option<SourceText> {
        todo!()
    }

    /// The open files, with the client's version of each.
    pub fn open_files(&self) -> Vec<(FilePath, i32)> {
        todo!()
    }
}
