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
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath, Recipe};
use crate::cache::Level;
use crate::engine::{EngineDiagnostic, EngineError, LIBRARIES, Outlines, Program};

use super::shared::lock;
use super::{ProjectId, Snapshot, interface};

/// The findings of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checked {
    outlines: Outlines,
    /// Nothing is wrong with the options and the program as a whole.
    is_clean: bool,
    /// One for each outline; `None` where nothing is known.
    found: Vec<Option<Vec<EngineDiagnostic>>>,
}

/// What the last check left, and its digest.
pub(super) struct Kept {
    pub checked: Checked,
    pub digest: Digest,
}

impl Checked {
    /// What is to be found in a program, nothing of which is known.
    pub fn new(outlines: Outlines, is_clean: bool) -> Checked {
        let found = vec![None; outlines.files.len()];
        Checked { outlines, is_clean, found }
    }

    pub fn outlines(&self) -> &Outlines {
        &self.outlines
    }

    pub fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// Places of the files of which nothing is known.
    pub fn open(&self) -> impl Iterator<Item = usize> {
        self.found.iter().enumerate().filter(|(_, found)| found.is_none()).map(|(at, _)| at)
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
pub(super) fn read(snap: &Snapshot, id: &ProjectId) -> Option<Kept> {
    let bytes = snap.shared().store(&id.root).get(Level::Program, key(snap, id))?;
    let checked: Checked = postcard::from_bytes(&bytes).ok()?;
    let is_whole = checked.found.len() == checked.outlines.files.len();
    is_whole.then(|| Kept { checked, digest: Digest::of(&bytes) })
}

/// Keeps what was found, where that differs from what is kept; gives its digest.
pub(super) fn write(snap: &Snapshot, id: &ProjectId, checked: &Checked, kept: Option<Digest>) -> Option<Digest> {
    match postcard::to_allocvec(checked) {
        Ok(bytes) => {
            let digest = Digest::of(&bytes);
            if kept != Some(digest) {
                snap.shared().store(&id.root).put(Level::Program, key(snap, id), None, bytes);
            }
            Some(digest)
        }
        Err(error) => {
            crate::bug!("findings have no encoding: {error}");
            None
        }
    }
}

/// What the engine found in open files, suggestions included, for the life of the process: an edit in one
/// of them asks the engine about those only that it concerns.
#[derive(Default)]
pub(super) struct OpenFindings(Mutex<HashMap<FilePath, Open>>);

struct Open {
    key: Digest,
    /// The texts that related places lie in.
    elsewhere: Vec<(FilePath, Option<Digest>)>,
    found: Vec<EngineDiagnostic>,
}

/// Key and text of each file of a program.
pub(super) struct Keys(HashMap<FilePath, (Digest, Digest)>);

impl Keys {
    pub fn of(program: &dyn Program) -> Result<Keys, EngineError> {
        let outlines = program.outlines()?;
        let keys = interface::keys(&outlines);
        let files = outlines.files.into_iter().zip(keys);
        Ok(Keys(files.map(|(outline, key)| (outline.file, (key, outline.text))).collect()))
    }

    /// `None` for libraries, which are part of every key.
    fn text(&self, file: &FilePath) -> Option<Digest> {
        self.0.get(file).map(|(_, text)| *text)
    }
}

impl OpenFindings {
    /// What was found in a file, if it holds.
    pub fn get(&self, keys: &Keys, file: &FilePath) -> Option<Vec<EngineDiagnostic>> {
        let (key, _) = keys.0.get(file)?;
        let known = lock(&self.0);
        let open = known.get(file).filter(|open| open.key == *key)?;
        let holds = open.elsewhere.iter().all(|(file, text)| keys.text(file) == *text);
        holds.then(|| open.found.clone())
    }

    pub fn put(&self, keys: &Keys, file: &FilePath, found: &[EngineDiagnostic]) {
        let Some((key, _)) = keys.0.get(file) else { return };
        let named = found.iter().flat_map(|one| &one.related).map(|related| &related.file);
        let elsewhere = named.map(|file| (file.clone(), keys.text(file))).collect();
        lock(&self.0).insert(file.clone(), Open { key: *key, elsewhere, found: found.to_vec() });
    }

    /// Forgets all but these.
    pub fn keep(&self, files: &[FilePath]) {
        lock(&self.0).retain(|file, _| files.contains(file));
    }
}
