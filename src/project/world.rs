//! `World`: the one owner of file texts.

use crate::base::FilePath;
use crate::text::{Encoding, LineCol};

use super::Snapshot;

/// Counts edits: two snapshots of one revision are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u64);

/// One content change of the protocol: `None` replaces the whole text.
#[derive(Clone, Debug)]
pub struct Edit {
    pub range: Option<(LineCol, LineCol)>,
    pub text: String,
}

/// What a pass learned about macros, for the world to keep. Opaque outside `project`.
pub struct Expansions {}

/// Everything that can happen to a world.
pub enum Change {
    Open {
        file: FilePath,
        version: i32,
        text: String,
    },
    /// Edits apply one after the other, each to the result of the one before.
    Edit {
        file: FilePath,
        version: i32,
        edits: Vec<Edit>,
        encoding: Encoding,
    },
    Save {
        file: FilePath,
        text: Option<String>,
    },
    Close {
        file: FilePath,
    },
    /// These files (or directories) changed, came or went on disk.
    Disk {
        files: Vec<FilePath>,
    },
    /// A pass ran macros.
    Expanded(Expansions),
}

pub struct World {}

impl World {
    /// Never fails and reads nothing yet: projects are found as files are opened.
    pub fn new(_roots: Vec<FilePath>) -> World {
        todo!()
    }

    /// Applies a change; `Err` says why it cannot be (an edit of a file that is not open, a
    /// version that does not grow) and changes nothing.
    pub fn apply(&mut self, _change: Change) -> Result<Revision, String> {
        todo!()
    }

    /// Cheap: shares everything.
    pub fn snapshot(&self) -> Snapshot {
        todo!()
    }
}
