//! The reference index: what the names of every file of a program mean, kept file by file.
//!
//! A file's part holds as long as its text does and all that its imports lead to shows the same to
//! other files; it is a row of the cache under just that (L3). An edit inside a body makes one file
//! anew, an edit of what a file shows also those that import it, at any remove. What is missing is
//! filled in the background at the end of a pass; a question that meets more than a few files missing, or
//! a name that the index is not sure of, is the engine's to answer.
//!
//! Invariant: an answer from here is the answer of the engine for the same program. Nothing here runs
//! on the state thread. Start reading at [`Index::references`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use crate::base::{Cancel, Digest, FilePath, Recipe, TextRange};
use crate::cache::{Level, Store};
use crate::engine::uses::Asked;
use crate::engine::{EngineError, FileUses, Place, Program, Surface};

use super::files::source_path;
use super::program::{self, Loaded};
use super::shared::lock;
use super::{Snapshot, symbols};

/// A question reads so many missing files itself: those that a person edits.
const MOST_READ_FOR_A_QUESTION: usize = 2;

/// Files that are read with one checker before its types are given back.
const RUN: usize = 24;

/// The index of one project's program, through its revisions.
#[derive(Default)]
pub struct Index {
    parts: Mutex<HashMap<FilePath, Part>>,
    view: Mutex<Option<Arc<View>>>,
    counts: Counts,
    /// Rows of declarations that are written.
    declared: Mutex<BTreeSet<Digest>>,
}

/// How often what happened, for `msc/cacheStats` and tests. Relaxed: they order nothing.
#[derive(Debug, Default)]
pub struct Counts {
    /// Questions answered from the index.
    pub answered: AtomicU64,
    /// Questions left to the engine.
    pub left: AtomicU64,
    /// Files read by the engine.
    pub made: AtomicU64,
    /// Files taken from rows.
    pub from_rows: AtomicU64,
}

#[derive(Clone)]
struct Part {
    key: Digest,
    uses: Arc<FileUses>,
}

/// The parts that hold for one program.
struct View {
    program: Weak<dyn Program>,
    parts: BTreeMap<FilePath, Arc<FileUses>>,
    /// The files without one, each with the key that its part will have.
    missing: Vec<(FilePath, Digest)>,
}

impl Index {
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The references of what stands at an offset of the engine's text; `None` where the engine has to be
    /// asked.
    pub fn references(
        &self,
        loaded: &Loaded,
        path: &FilePath,
        offset: u32,
        declarations: bool,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Place>>, EngineError> {
        let found = self.look_up(loaded, path, offset, declarations, cancel)?;
        let count = if found.is_some() { &self.counts.answered } else { &self.counts.left };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(found)
    }

    fn look_up(
        &self,
        loaded: &Loaded,
        path: &FilePath,
        offset: u32,
        declarations: bool,
        cancel: &Cancel,
    ) -> Result<Option<Vec<Place>>, EngineError> {
        let mut view = self.view(loaded, cancel)?;
        if view.missing.len() > MOST_READ_FOR_A_QUESTION {
            return Ok(None);
        }
        if !view.missing.is_empty() {
            self.read(loaded, &view.missing, None, cancel)?;
            view = self.make_view(loaded, cancel)?;
            if !view.missing.is_empty() {
                return Ok(None);
            }
        }
        let Some(asked) = view.parts.get(path).and_then(|uses| uses.at(offset)) else { return Ok(None) };
        if !asked.is_sure || asked.keys.iter().any(|key| key.is_external()) {
            return Ok(None);
        }
        view.find(&asked, declarations, cancel)
    }

    /// The files whose parts are missing, to be filled: first from rows, then by the engine. Stops with
    /// `Cancelled`; what was read by then is kept.
    fn complete(&self, loaded: &Loaded, store: &Store, cancel: &Cancel) -> Result<(), EngineError> {
        let view = self.view(loaded, cancel)?;
        let mut left = Vec::new();
        for (file, key) in &view.missing {
            cancel.check()?;
            let row = store.get(Level::File, *key).and_then(|bytes| postcard::from_bytes::<FileUses>(&bytes).ok());
            match row {
                Some(uses) => {
                    self.counts.from_rows.fetch_add(1, Ordering::Relaxed);
                    lock(&self.parts).insert(file.clone(), Part { key: *key, uses: Arc::new(uses) });
                }
                None => left.push((file.clone(), *key)),
            }
        }
        for run in left.chunks(RUN) {
            self.read(loaded, run, Some(store), cancel)?;
        }
        if !view.missing.is_empty() {
            self.make_view(loaded, cancel)?;
        }
        Ok(())
    }

    fn read(
        &self,
        loaded: &Loaded,
        files: &[(FilePath, Digest)],
        store: Option<&Store>,
        cancel: &Cancel,
    ) -> Result<(), EngineError> {
        let paths: Vec<FilePath> = files.iter().map(|(file, _)| file.clone()).collect();
        let keys: HashMap<&FilePath, Digest> = files.iter().map(|(file, key)| (file, *key)).collect();
        loaded.program.uses(&paths, cancel, &mut |file, uses| {
            let Some(key) = keys.get(file).copied() else { return };
            self.counts.made.fetch_add(1, Ordering::Relaxed);
            if let Some(store) = store {
                match postcard::to_allocvec(&uses) {
                    Ok(bytes) => store.put(Level::File, key, Some(&source_path(&loaded.snap, file)), bytes),
                    Err(error) => crate::bug!("the names of a file have no encoding: {error}"),
                }
            }
            lock(&self.parts).insert(file.clone(), Part { key, uses: Arc::new(uses) });
        })
    }

    fn view(&self, loaded: &Loaded, cancel: &Cancel) -> Result<Arc<View>, EngineError> {
        let known = lock(&self.view).clone();
        match known {
            Some(view) if view.is_of(&loaded.program) => Ok(view),
            _ => self.make_view(loaded, cancel),
        }
    }

    fn make_view(&self, loaded: &Loaded, cancel: &Cancel) -> Result<Arc<View>, EngineError> {
        let surfaces = loaded.program.surfaces(cancel)?;
        let keys = keys(&surfaces, &*loaded.program, loaded.configured.digest);
        let mut held = lock(&self.parts);
        held.retain(|file, _| keys.contains_key(file));
        let (mut parts, mut missing) = (BTreeMap::new(), Vec::new());
        for (file, key) in keys {
            match held.get(&file) {
                Some(part) if part.key == key => {
                    parts.insert(file, part.uses.clone());
                }
                _ => missing.push((file, key)),
            }
        }
        drop(held);
        missing.sort();
        let view = Arc::new(View { program: Arc::downgrade(&loaded.program), parts, missing });
        *lock(&self.view) = Some(view.clone());
        Ok(view)
    }
}

impl View {
    fn is_of(&self, program: &Arc<dyn Program>) -> bool {
        std::ptr::addr_eq(self.program.as_ptr(), Arc::as_ptr(program))
    }

    fn find(&self, asked: &Asked<'_>, declarations: bool, cancel: &Cancel) -> Result<Option<Vec<Place>>, EngineError> {
        let mut places = Vec::new();
        let mut ranges: Vec<TextRange> = Vec::new();
        for (file, uses) in &self.parts {
            cancel.check()?;
            if uses.find(asked, declarations, &mut ranges).is_err() {
                return Ok(None);
            }
            places.extend(ranges.drain(..).map(|range| Place { file: file.clone(), range, full: None }));
        }
        Ok(Some(places))
    }
}

/// Fills the indexes of the programs there are. For a thread of its own, after a pass.
pub fn complete(snap: &Snapshot, cancel: &Cancel) -> Result<(), EngineError> {
    for id in snap.shared.programs.ids() {
        cancel.check()?;
        let loaded = program::at(snap, &id, None, cancel)?;
        let store = snap.shared.store(&id.root);
        loaded.index.complete(&loaded, &store, cancel)?;
        let mut known = lock(&loaded.index.declared).clone();
        symbols::keep(&loaded, &id, &store, &mut known, cancel)?;
        *lock(&loaded.index.declared) = known;
    }
    Ok(())
}

/// The index of each project that has a program, with its root.
pub fn counts(snap: &Snapshot) -> Vec<(FilePath, Arc<Index>)> {
    snap.shared.programs.indexes()
}

/// What each file of the project's own has its part under: its text, the options, and the surfaces of all
/// that its imports lead to and of what is global.
fn keys(surfaces: &[Arc<Surface>], program: &dyn Program, options: Digest) -> HashMap<FilePath, Digest> {
    let place: HashMap<&FilePath, usize> =
        surfaces.iter().enumerate().map(|(index, surface)| (&surface.file, index)).collect();
    let imports: Vec<Vec<usize>> = surfaces
        .iter()
        .map(|surface| program.imports(&surface.file).iter().filter_map(|file| place.get(file).copied()).collect())
        .collect();
    let deep = deep_digests(surfaces, &imports);
    let mut globals: Vec<(&FilePath, Digest)> = surfaces
        .iter()
        .zip(&deep)
        .filter(|(surface, _)| surface.is_global)
        .map(|(surface, deep)| (&surface.file, *deep))
        .collect();
    globals.sort();
    let mut everywhere = Recipe::new("what all files see");
    everywhere.digest("options", options);
    for (file, deep) in globals {
        everywhere.text("file", file.as_str()).digest("deep", deep);
    }
    let everywhere = everywhere.finish();
    let key = |surface: &Surface, deep: Digest| {
        let mut recipe = Recipe::new("names of a file");
        recipe.text("file", surface.file.as_str()).digest("text", surface.text).digest("deep", deep);
        recipe.digest("everywhere", everywhere).finish()
    };
    let own = surfaces.iter().zip(&deep).filter(|(surface, _)| !surface.is_external);
    own.map(|(surface, deep)| (surface.file.clone(), key(surface, *deep))).collect()
}

/// A digest for each file of what it and all that its imports lead to shows. Files that import each other
/// have one together.
fn deep_digests(surfaces: &[Arc<Surface>], imports: &[Vec<usize>]) -> Vec<Digest> {
    let groups = groups(imports);
    let mut deep = vec![Digest::default(); surfaces.len()];
    // Each group after those that it leads to.
    for group in groups {
        let mut members: Vec<(&FilePath, Digest)> =
            group.iter().map(|&file| (&surfaces[file].file, surfaces[file].interface)).collect();
        members.sort();
        let mut below: Vec<Digest> = group
            .iter()
            .flat_map(|&file| imports[file].iter())
            .filter(|import| !group.contains(import))
            .map(|&import| deep[import])
            .collect();
        below.sort_unstable();
        below.dedup();
        let mut recipe = Recipe::new("surfaces");
        for (file, interface) in members {
            recipe.text("file", file.as_str()).digest("interface", interface);
        }
        for digest in below {
            recipe.digest("below", digest);
        }
        let digest = recipe.finish();
        for file in group {
            deep[file] = digest;
        }
    }
    deep
}

/// The strongly connected components of a graph, each after those that it leads to (Tarjan's algorithm with
/// a stack of its own: chains of imports can be long).
fn groups(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut is_open = vec![false; edges.len()];
    let (mut open, mut out, mut next) = (Vec::new(), Vec::new(), 0);
    for root in 0..edges.len() {
        if order[root] != NEW {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some(&mut (node, ref mut edge)) = path.last_mut() {
            if order[node] == NEW {
                (order[node], low[node]) = (next, next);
                next += 1;
                open.push(node);
                is_open[node] = true;
            }
            if let Some(&to) = edges[node].get(*edge) {
                *edge += 1;
                if order[to] == NEW {
                    path.push((to, 0));
                } else if is_open[to] {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(above, _)) = path.last() {
                low[above] = low[above].min(low[node]);
            }
            if low[node] == order[node] {
                let start = open.iter().rposition(|&one| one == node).unwrap_or_default();
                let group = open.split_off(start);
                group.iter().for_each(|&one| is_open[one] = false);
                out.push(group);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_after_what_they_lead_to() {
        // 0 → 1 ⇄ 2 → 3, 4 alone and leading to itself.
        let mut found = groups(&[vec![1], vec![2], vec![1, 3], vec![], vec![4]]);
        found.iter_mut().for_each(|group| group.sort_unstable());
        assert_eq!(found, [vec![3], vec![1, 2], vec![0], vec![4]]);
    }
}
