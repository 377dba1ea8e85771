//! What the type engine found in each file of a project, kept for as long as it holds.
//!
//! One row a project: the outlines of the program that was checked, and the findings of each of its files,
//! in the engine's places. A later run compares the keys that both outlines give ([`super::interface`]):
//! where a file's are equal, its findings are. What is made of findings (their places in the source,
//! what lies in generated code) is made anew each time, since it rests on more.
//!
//! Invariant: a finding that names a place in another file holds only while the whole text of that file
//! does: an interface does not say where things stand.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath, Recipe};
use crate::cache::Level;
use crate::engine::{EngineDiagnostic, LIBRARIES, Outlines};

use super::{ProjectId, Snapshot, interface};

/// The findings of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checked {
    outlines: Outlines,
    /// One for each outline; `None` where nothing is known.
    found: Vec<Option<Vec<EngineDiagnostic>>>,
}

impl Checked {
    /// What is to be found in a program, nothing of which is known.
    pub fn new(outlines: Outlines) -> Checked {
        let found = vec![None; outlines.files.len()];
        Checked { outlines, found }
    }

    /// Takes over what holds of an older check.
    pub fn take_over(&mut self, mut old: Checked) {
        let keys = interface::keys(&self.outlines);
        let old_keys = interface::keys(&old.outlines);
        let old_at: HashMap<&FilePath, usize> =
            old.outlines.files.iter().enumerate().map(|(at, outline)| (&outline.file, at)).collect();
        let texts: HashMap<&FilePath, Digest> =
            self.outlines.files.iter().map(|outline| (&outline.file, outline.text)).collect();
        let text_holds = |file: &FilePath| match old_at.get(file) {
            Some(&at) => texts.get(file) == Some(&old.outlines.files[at].text),
            // Libraries are part of every key.
            None => file.is_under(&FilePath::new(LIBRARIES)),
        };
        for (at, outline) in self.outlines.files.iter().enumerate() {
            let Some(&before) = old_at.get(&outline.file) else { continue };
            let Some(found) = old.found.get_mut(before).filter(|_| keys[at] == old_keys[before]) else { continue };
            let named = found.iter().flatten().flat_map(|one| &one.related).map(|related| &related.file);
            if named.into_iter().all(text_holds) {
                self.found[at] = found.take();
            }
        }
    }

    /// Each file with its findings.
    pub fn found(&self) -> impl Iterator<Item = (&FilePath, Option<&Vec<EngineDiagnostic>>)> {
        self.outlines.files.iter().zip(&self.found).map(|(outline, found)| (&outline.file, found.as_ref()))
    }

    /// Adds what was found now. Findings without a place in their file are left out: nothing says how
    /// long they hold.
    pub fn learn(&mut self, mut found: HashMap<FilePath, Vec<EngineDiagnostic>>) {
        for (outline, known) in self.outlines.files.iter().zip(&mut self.found) {
            if let Some(found) = found.remove(&outline.file)
                && found.iter().all(|one| one.file.as_ref() == Some(&outline.file))
            {
                *known = Some(found);
            }
        }
    }
}

fn key(snap: &Snapshot, id: &ProjectId) -> Digest {
    let mut recipe = Recipe::new("checked files");
    recipe.digest("project", id.digest());
    recipe.text("target", snap.shared().target.as_deref().unwrap_or_default()).finish()
}

/// What the last check of a project found.
pub(super) fn read(snap: &Snapshot, id: &ProjectId) -> Option<Checked> {
    let bytes = snap.shared().store(&id.root).get(Level::Program, key(snap, id))?;
    postcard::from_bytes(&bytes).ok().filter(|row: &Checked| row.found.len() == row.outlines.files.len())
}

pub(super) fn write(snap: &Snapshot, id: &ProjectId, checked: &Checked) {
    match postcard::to_allocvec(checked) {
        Ok(bytes) => snap.shared().store(&id.root).put(Level::Program, key(snap, id), None, bytes),
        Err(error) => crate::bug!("findings have no encoding: {error}"),
    }
}
