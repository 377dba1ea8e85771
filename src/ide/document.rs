//! `Document`: what the features of every keystroke are answered from.
//!
//! Invariant: a live tree and what memory holds of macros' outputs. Nothing that asks the type
//! engine, a macro or the disk hangs off it, so an answer costs what its tree costs.

use std::sync::Arc;

use crate::base::FilePath;
use crate::project::Snapshot;
use crate::project::made::Made;
use crate::syntax::SyntaxFile;
use crate::text::SourceText;

/// An open file at one revision.
#[derive(Clone, Debug)]
pub struct Document {
    pub file: FilePath,
    pub syntax: SyntaxFile,
    /// What the last whole pass knew of macros' outputs.
    pub made: Arc<Made>,
}

impl Document {
    /// `None` for a file that no editor has open.
    ///
    /// Parses where the last edit left no tree, so it runs on a reader's thread.
    pub fn of(snap: &Snapshot, file: &FilePath) -> Option<Document> {
        snap.version(file)?;
        Some(Document { file: file.clone(), syntax: snap.syntax(file)?, made: snap.made(file) })
    }

    /// The same without waiting for a tree that takes long: the last good one serves meanwhile, and
    /// [`SyntaxFile::is_moved`] says so. Not for what edits the text.
    pub fn nearest(snap: &Snapshot, file: &FilePath) -> Option<Document> {
        Some(Document { file: file.clone(), syntax: snap.nearest_syntax(file)?, made: snap.made(file) })
    }

    pub fn text(&self) -> &SourceText {
        self.syntax.text()
    }
}
