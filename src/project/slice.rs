//! The part of a program that an edit asks for: what changed, what that may concern, and what these
//! files reach.
//!
//! A process that starts after a check has nothing loaded. Where nothing but texts of files changed since
//! and these lead where they led, the findings of most files hold by the outlines that were kept, and only the
//! others are loaded: as roots of a program, in the order that they had in the whole one.
//!
//! Invariant: a slice says what the whole program would say, or there is none. Each of its files must
//! have the edges, the kind of module and the faults of resolution that it had; anything else is for the
//! whole program to find out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::base::{Cancel, Digest, FilePath};
use crate::engine::{EngineError, Outlines};
use crate::std_lib;

use super::checked::Checked;
use super::files::{ProgramFiles, source_path};
use super::program::{Configured, Loaded};
use super::{Snapshot, problems};

/// What is known to be all that changed since a check of the same files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The files with another text. Beside these, macros may give others another expansion.
    pub changed: BTreeSet<FilePath>,
    /// The row of findings that the check left.
    pub kept: Digest,
}

/// A part of a program, and what is known of the whole.
pub(super) struct Slice {
    pub loaded: Loaded,
    pub known: Checked,
}

/// Loads of one slice: what it takes to see which files another interface concerns, and then those.
const LOADS: usize = 3;

/// The slice that holds every file whose findings are open; `None` where the whole program has to be asked.
/// Outputs of macros must be known.
pub(super) fn load(
    snap: &Snapshot,
    configured: &Arc<Configured>,
    old: &Checked,
    since: &Since,
    cancel: &Cancel,
) -> Result<Option<Slice>, EngineError> {
    let Some(changed) = changed(snap, old.outlines(), since) else { return Ok(None) };
    let files = &old.outlines().files;
    let mut seeds = changed.clone();
    // Held until the end, so that the next load finds its files parsed.
    let mut loads = Vec::new();
    for _ in 0..LOADS {
        cancel.check()?;
        let needed = needed(old.outlines(), &seeds);
        if needed.len() * 2 > files.len() {
            return Ok(None);
        }
        let roots: Vec<FilePath> = needed.iter().map(|&at| files[at].file.clone()).collect();
        let shown = Arc::new(ProgramFiles::new(snap.clone()));
        let program = snap.shared().engine.load(&configured.config, Some(&roots), shown.clone())?;
        let Some(outlines) = merged(old.outlines(), &changed, &needed, program.outlines()?) else { return Ok(None) };
        if !program.option_diagnostics()?.is_empty() {
            return Ok(None);
        }
        let mut known = Checked::new(outlines, true);
        known.take_over(old.clone());
        let open: BTreeSet<usize> = known.open().filter(|&at| problems::is_checked(&files[at].file)).collect();
        if open.is_subset(&needed) {
            // Nobody searches in a part of a program.
            let index = Arc::default();
            let snap = snap.of_program(shown.shown());
            let loaded = Loaded { program, configured: configured.clone(), snap, index };
            return Ok(Some(Slice { loaded, known }));
        }
        seeds.extend(open);
        loads.push(program);
    }
    Ok(None)
}

/// The files with another text than the outlines are of; `None` where one is gone.
fn changed(snap: &Snapshot, old: &Outlines, since: &Since) -> Option<BTreeSet<usize>> {
    let mut changed = BTreeSet::new();
    for (at, outline) in old.files.iter().enumerate() {
        if std_lib::contains(&outline.file) {
            continue;
        }
        let file = source_path(snap, &outline.file);
        let now = if file.is_metascript() {
            snap.expanded(&file)?.text.digest()
        } else if since.changed.contains(&file) {
            snap.text(&file)?.digest()
        } else {
            continue;
        };
        if now != outline.text {
            changed.insert(at);
        }
    }
    Some(changed)
}

/// The seeds, what declares something for all files, and whatever these reach.
fn needed(outlines: &Outlines, seeds: &BTreeSet<usize>) -> BTreeSet<usize> {
    let global = outlines.files.iter().enumerate().filter(|(_, outline)| outline.is_global).map(|(at, _)| at);
    let mut queue: Vec<usize> = global.chain(seeds.iter().copied()).collect();
    let mut needed = BTreeSet::new();
    while let Some(at) = queue.pop() {
        if needed.insert(at) {
            queue.extend(outlines.files[at].leads_to.iter().map(|&to| to as usize));
        }
    }
    needed
}

/// The outlines of the whole program as it is now, from those of a slice; `None` where more than texts
/// and interfaces of the changed files differs.
fn merged(old: &Outlines, changed: &BTreeSet<usize>, needed: &BTreeSet<usize>, slice: Outlines) -> Option<Outlines> {
    if slice.environment != old.environment || slice.files.len() != needed.len() {
        return None;
    }
    let place: HashMap<&FilePath, usize> = old.files.iter().enumerate().map(|(at, one)| (&one.file, at)).collect();
    let places: Vec<usize> = slice
        .files
        .iter()
        .map(|one| place.get(&one.file).copied().filter(|at| needed.contains(at)))
        .collect::<Option<_>>()?;
    let mut merged = old.clone();
    for (one, &at) in slice.files.iter().zip(&places) {
        let mut now = one.clone();
        now.leads_to = one.leads_to.iter().map(|&to| places[to as usize] as u32).collect();
        now.leads_to.sort_unstable();
        if changed.contains(&at) {
            merged.files[at].text = now.text;
            merged.files[at].interface = now.interface;
        }
        if merged.files[at] != now {
            return None;
        }
    }
    Some(merged)
}
