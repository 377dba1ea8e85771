//! The engine's program of each project, led from revision to revision.
//!
//! A program is built at most once a revision, on the first request that needs it, under its
//! slot's lock and never on the state thread. One changed file costs an update, not a load.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crate::base::{Cancel, Digest, FilePath};
use crate::diagnostic::Diagnostic;
use crate::engine::{Config, EngineError, Program};

use super::config::{self, ProjectId};
use super::files::{ProgramFiles, engine_path, source_path};
use super::shared::{Difference, lock};
use super::snapshot::Shown;
use super::{Revision, Snapshot};

#[derive(Default)]
pub(super) struct Programs(Mutex<HashMap<ProjectId, Arc<Mutex<Slot>>>>);

#[derive(Default)]
struct Slot {
    built: Option<Built>,
    /// Files that an editor opened though the project does not reach them.
    extra: BTreeSet<FilePath>,
}

struct Built {
    revision: Revision,
    program: Arc<dyn Program>,
    config: Arc<Configured>,
    /// The expansions that the program was made from.
    shown: Arc<Shown>,
    /// What the program holds of files that changed since it was loaded.
    texts: HashMap<FilePath, Digest>,
}

/// A project's options, parsed.
pub struct Configured {
    pub config: Config,
    /// Faults of a `metascript.json` that kept it from being used.
    pub problems: Vec<Diagnostic>,
}

impl Programs {
    fn slot(&self, id: &ProjectId) -> Arc<Mutex<Slot>> {
        lock(&self.0).entry(id.clone()).or_default().clone()
    }

    /// Whether some program holds the file: then a change of it is a change of text, else one of
    /// structure. Programs that are being built count as not holding it.
    pub fn contain(&self, file: &FilePath) -> bool {
        let path = engine_path(file);
        lock(&self.0).values().any(|slot| {
            slot.try_lock().is_ok_and(|slot| slot.built.as_ref().is_some_and(|built| built.program.contains(&path)))
        })
    }

    /// Projects that have a program, in a fixed order.
    pub fn ids(&self) -> Vec<ProjectId> {
        let mut ids: Vec<ProjectId> = lock(&self.0).keys().cloned().collect();
        ids.sort_by(|a, b| a.root.cmp(&b.root));
        ids
    }

    /// Projects whose last program held the file, in a fixed order.
    pub fn ids_with(&self, file: &FilePath) -> Vec<ProjectId> {
        let path = engine_path(file);
        let slots: Vec<_> = lock(&self.0).iter().map(|(id, slot)| (id.clone(), slot.clone())).collect();
        let holds =
            |slot: &Arc<Mutex<Slot>>| lock(slot).built.as_ref().is_some_and(|built| built.program.contains(&path));
        let mut ids: Vec<ProjectId> = slots.into_iter().filter(|(_, slot)| holds(slot)).map(|(id, _)| id).collect();
        ids.sort_by(|a, b| a.root.cmp(&b.root));
        ids
    }

    /// Whether a project's program answers without being loaded first. One that is being built counts
    /// as not there.
    pub fn is_there(&self, snap: &Snapshot, id: &ProjectId) -> bool {
        let Some(slot) = lock(&self.0).get(id).cloned() else { return false };
        let Ok(slot) = slot.try_lock() else { return false };
        let Some(built) = &slot.built else { return false };
        snap.shared.log.between(built.revision, snap.revision()) != Difference::Everything
    }

    /// Any project that has a program: what rules files of the standard library.
    pub fn any(&self) -> Option<ProjectId> {
        lock(&self.0).keys().min_by(|a, b| a.root.cmp(&b.root)).cloned()
    }
}

/// The options of a project as they stand at this revision.
pub fn configured(snap: &Snapshot, id: &ProjectId) -> Result<Configured, EngineError> {
    let text = id.config.as_ref().and_then(|file| snap.text(file));
    let (source, problems) = config::source(id, text);
    let config = snap.shared.engine.config(&snap.files(), &source)?;
    Ok(Configured { config, problems })
}

/// A program and the options it was loaded under.
#[derive(Clone)]
pub struct Loaded {
    pub program: Arc<dyn Program>,
    pub configured: Arc<Configured>,
    /// The snapshot with the expansions that the program was shown: what leads its places back.
    pub snap: Snapshot,
}

/// The program at the snapshot's revision, holding `wanted` where it is given.
pub(super) fn at(
    snap: &Snapshot,
    id: &ProjectId,
    wanted: Option<&FilePath>,
    cancel: &Cancel,
) -> Result<Loaded, EngineError> {
    let slot = snap.shared.programs.slot(id);
    let mut guard = lock(&slot);
    let slot = &mut *guard;
    if cancel.is_cancelled() {
        return Err(EngineError::Cancelled);
    }
    let wanted = wanted.map(engine_path);
    let reusable = match &slot.built {
        None => None,
        Some(built) => match snap.shared.log.between(built.revision, snap.revision()) {
            Difference::Everything => None,
            // A file that this program does not hold may be what an import of it was looking for, and
            // one that is gone what an import found: either asks for all of them again.
            Difference::Files { on_disk, .. } if on_disk.iter().any(|file| came_or_went(snap, built, file)) => None,
            Difference::Files { changed, .. } => Some(changed),
        },
    };
    // Which files there are decides what the options name, too.
    let is_structural = reusable.is_none();
    if let (Some(changed), Some(built)) = (reusable, slot.built.as_mut()) {
        bring_to(snap, built, changed)?;
        // One that was loaded with the file and is still without it: the engine does not take it.
        if wanted.as_ref().is_none_or(|file| built.program.contains(file) || slot.extra.contains(file)) {
            return Ok(built.loaded(snap));
        }
    }
    let config = match slot.built.take() {
        Some(built) if !is_structural => built.config,
        _ => Arc::new(configured(snap, id)?),
    };
    slot.extra.retain(|file| snap.is_file(&source_path(snap, file)));
    if let Some(file) = wanted
        && !config.config.roots.contains(&file)
    {
        slot.extra.insert(file);
    }
    let roots: Option<Vec<FilePath>> = (!slot.extra.is_empty()).then(|| {
        let mut roots = config.config.roots.clone();
        roots.extend(slot.extra.iter().filter(|file| !config.config.roots.contains(file)).cloned());
        roots
    });
    snap.shared.counters.loads.fetch_add(1, Ordering::Relaxed);
    let files = Arc::new(ProgramFiles::new(snap.clone()));
    let program = snap.shared.engine.load(&config.config, roots.as_deref(), files.clone())?;
    let built = Built { revision: snap.revision(), program, config, shown: files.shown(), texts: HashMap::new() };
    let loaded = built.loaded(snap);
    slot.built = Some(built);
    Ok(loaded)
}

impl Built {
    fn loaded(&self, snap: &Snapshot) -> Loaded {
        let snap = snap.of_program(self.shown.clone());
        Loaded { program: self.program.clone(), configured: self.config.clone(), snap }
    }
}

/// Whether a file that changed on disk is there where the program lacks it, or gone where it holds it.
fn came_or_went(snap: &Snapshot, built: &Built, file: &FilePath) -> bool {
    !built.program.contains(&engine_path(file)) || !snap.is_file(file)
}

/// Updates a program to the snapshot's texts of `changed` files; how many cost less one by one than
/// together is the engine's to know.
fn bring_to(snap: &Snapshot, built: &mut Built, changed: HashSet<FilePath>) -> Result<(), EngineError> {
    let mut paths: Vec<FilePath> = Vec::new();
    for file in changed {
        let path = engine_path(&file);
        if !built.program.contains(&path) {
            continue;
        }
        let source = source_path(snap, &path);
        let expanded = source.is_metascript().then(|| snap.expanded(&source)).flatten();
        let text = expanded.as_ref().map(|expanded| expanded.text.clone()).or_else(|| snap.text(&source));
        let digest = text.map(|text| text.digest());
        if digest.is_some() && built.texts.get(&path).copied() == digest {
            // One text, known better: a use that failed leaves as little as one that did not run.
            if let Some(expanded) = expanded {
                Arc::make_mut(&mut built.shown).insert(source, expanded);
            }
            continue;
        }
        if let Some(digest) = digest {
            built.texts.insert(path.clone(), digest);
        }
        paths.push(path);
    }
    if !paths.is_empty() {
        paths.sort();
        snap.shared.counters.updates.fetch_add(1, Ordering::Relaxed);
        let files = Arc::new(ProgramFiles::after(snap.clone(), &built.shown));
        built.program = snap.shared.engine.update(&built.program, &paths, files.clone())?;
        built.shown = files.shown();
    }
    built.revision = snap.revision();
    Ok(())
}
