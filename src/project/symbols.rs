//! What the files of each project declare: from the engine where it has loaded them, else from rows.
//!
//! A row belongs to a text of the engine's, so it needs no other proof; which files a program had is
//! a row of its own. So a search through a project of which nothing changed is answered while the
//! engine still loads.
//!
//! Invariant: rows answer for all files of a project or for none.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::base::{Cancel, Digest, FilePath, Recipe};
use crate::cache::{Level, Store};
use crate::engine::{Declaration, Declarations, EngineError};

use super::files::source_path;
use super::program::{self, Configured, Loaded};
use super::{ProjectId, Snapshot};

/// The declarations of a project's files, with the snapshot that leads their places back.
pub struct Declared {
    pub snap: Snapshot,
    pub files: Vec<Declarations>,
}

/// Of the projects that an editor has opened files of or that were asked about; of that of the first
/// folder where there is none yet.
pub fn declared(snap: &Snapshot, cancel: &Cancel) -> Result<Vec<Declared>, EngineError> {
    let mut out = Vec::new();
    for id in snap.projects() {
        cancel.check()?;
        let from_rows = match snap.shared.programs.is_built(&id) {
            true => None,
            false => from_rows(snap, &id, cancel)?,
        };
        out.push(match from_rows {
            Some(files) => Declared { snap: snap.clone(), files },
            None => {
                let loaded = program::at(snap, &id, None, cancel)?;
                let files = loaded.program.declarations(cancel)?;
                Declared { snap: loaded.snap, files }
            }
        });
    }
    Ok(out)
}

fn row_key(file: &FilePath, text: Digest) -> Digest {
    Recipe::new("declarations of a file").text("file", file.as_str()).digest("text", text).finish()
}

fn list_key(id: &ProjectId, configured: &Configured) -> Digest {
    Recipe::new("files of a program").digest("project", id.digest()).digest("options", configured.digest).finish()
}

fn from_rows(snap: &Snapshot, id: &ProjectId, cancel: &Cancel) -> Result<Option<Vec<Declarations>>, EngineError> {
    let configured = program::configured(snap, id)?;
    let store = snap.shared.store(&id.root);
    let listed = store.get(Level::Program, list_key(id, &configured));
    let Some(listed) = listed.and_then(|bytes| postcard::from_bytes::<Vec<FilePath>>(&bytes).ok()) else {
        return Ok(None);
    };
    let paths: BTreeSet<FilePath> = listed.into_iter().chain(configured.config.roots.iter().cloned()).collect();
    let mut out = Vec::with_capacity(paths.len());
    for path in paths {
        cancel.check()?;
        let source = source_path(snap, &path);
        let text = match source.is_metascript() {
            true => snap.expanded(&source).map(|expanded| expanded.text.clone()),
            false => snap.text(&source),
        };
        // One that is gone is no longer of the program.
        let Some(text) = text else { continue };
        let row = store.get(Level::File, row_key(&path, text.digest()));
        let Some(list) = row.and_then(|bytes| postcard::from_bytes::<Vec<Declaration>>(&bytes).ok()) else {
            return Ok(None);
        };
        out.push(Declarations { file: path, is_external: false, list: list.into() });
    }
    snap.shared.counters.from_rows.fetch_add(1, Ordering::Relaxed);
    Ok(Some(out))
}

/// Keeps what a program's files declare; `known` says which texts' rows are there already.
pub(super) fn keep(
    loaded: &Loaded,
    id: &ProjectId,
    store: &Store,
    known: &mut BTreeSet<Digest>,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let declared = loaded.program.declarations(cancel)?;
    let mut keys = BTreeSet::new();
    let mut files = Vec::new();
    let surfaces = loaded.program.surfaces(cancel)?;
    for (declared, surface) in declared.iter().zip(&surfaces).filter(|(one, _)| !one.is_external) {
        // Both are lists of the program's files, in its order.
        if declared.file != surface.file {
            return Ok(());
        }
        files.push(declared.file.clone());
        let key = row_key(&declared.file, surface.text);
        if !known.contains(&key)
            && let Ok(bytes) = postcard::to_allocvec(&*declared.list)
        {
            store.put(Level::File, key, Some(&source_path(&loaded.snap, &declared.file)), bytes);
        }
        keys.insert(key);
    }
    let mut recipe = Recipe::new("a list of files");
    for file in &files {
        recipe.text("file", file.as_str());
    }
    let list = recipe.finish();
    if !known.contains(&list)
        && let Ok(bytes) = postcard::to_allocvec(&files)
    {
        store.put(Level::Program, list_key(id, &loaded.configured), None, bytes);
    }
    keys.insert(list);
    *known = keys;
    Ok(())
}
