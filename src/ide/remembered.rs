//! Answers at an unchanged revision: nothing an answer depends on can have changed, so it is the same.
//!
//! An editor asks for a hover once for each movement of the mouse over a name, for the definition
//! with every press of a modifier key.

use std::sync::Arc;

use crate::base::{Digest, FilePath, Recipe};
use crate::project::Snapshot;
use crate::project::answers::AnswerKind;

use super::IdeResult;

/// What `find` answers, or answered when it was asked for the same at this revision.
pub fn at_revision<T: Clone + Send + Sync + 'static>(
    snap: &Snapshot,
    question: &str,
    file: &FilePath,
    offset: u32,
    find: impl FnOnce() -> IdeResult<T>,
    size: impl FnOnce(&T) -> usize,
) -> IdeResult<T> {
    let key = key(snap, question, file, offset);
    let answers = &snap.shared().answers;
    if let Some(known) = answers.get::<T>(AnswerKind::Name, key) {
        return Ok(T::clone(&known));
    }
    let found = find()?;
    answers.put(AnswerKind::Name, key, Arc::new(found.clone()), size_of::<T>() + size(&found));
    Ok(found)
}

fn key(snap: &Snapshot, question: &str, file: &FilePath, offset: u32) -> Digest {
    let mut key = Recipe::new("answer at a revision");
    key.text("question", question).text("file", file.as_str());
    key.bytes("revision", &snap.revision().0.to_le_bytes()).bytes("offset", &offset.to_le_bytes());
    key.finish()
}
