//! A whole check: passes until nothing is left to run, and the row that makes the next one free.
//!
//! The row is a verifying trace: everything that was looked at on disk, everything that macros
//! read, and what was found. While all of it is as it was, the findings are, and a second check
//! parses, expands and checks nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::base::{Cancel, Cancelled, Digest, FilePath, Recipe};
use crate::cache::{Input, Level, Trace};
use crate::diagnostic::{Code, Diagnostic};
use crate::expand::FileFacts;
use crate::macros::Effect;
use crate::std_lib;
use crate::vfs::{Disk, Fingerprints, Seen};

use super::shared::lock;
use super::slice::Since;
use super::{Change, Expansions, PassEvent, PassRequest, ProjectId, Scope, Snapshot, World, expansion, pass, scope};

/// What a check found in one project.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    pub diagnostics: Vec<Diagnostic>,
    /// Files checked, libraries left out.
    pub files: u32,
    /// Uses of macros in them.
    pub uses: u32,
}

/// Counters of one check, over all its projects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckStats {
    pub projects: u32,
    /// Projects of which nothing had changed: answered from their row.
    pub warm: u32,
    pub files: u32,
    pub uses: u32,
    pub parsed: u32,
    pub macros_run: u32,
    pub macro_micros: u64,
    pub checked: u32,
}

#[derive(Serialize, Deserialize)]
struct Row {
    trace: Trace,
    effects: Vec<Effect>,
    found: Found,
    /// The row of findings a file that was left beside this one.
    kept: Option<Digest>,
}

/// What a row of an earlier check is good for.
enum Earlier {
    /// Nothing that it looked at has changed.
    Holds(Found),
    /// Only texts of files have.
    Since(Trace, Since),
    Nothing,
}

/// Checks the projects that rule `paths`. Diagnostics are in order of file, then of place.
pub fn check(
    world: &mut World,
    paths: &[FilePath],
    cancel: &Cancel,
) -> Result<(Vec<Diagnostic>, CheckStats), Cancelled> {
    let mut stats = CheckStats::default();
    let mut diagnostics = Vec::new();
    let shared = world.shared().clone();
    let counters = &shared.counters;
    let count = || {
        let [parsed, run, checked] =
            [&counters.parsed, &counters.macros_run, &counters.checked].map(|it| it.load(Ordering::Relaxed));
        (parsed, run, checked, counters.macro_micros.load(Ordering::Relaxed))
    };
    let before = count();
    let mut projects: BTreeMap<ProjectId, Wanted> = BTreeMap::new();
    for path in paths {
        let id = ProjectId::of_path(&shared.disk, path);
        if shared.disk.is_file(path) {
            projects.entry(id).or_default().files.insert(path.clone());
            continue;
        }
        for id in parts_of(&world.snapshot(), id) {
            projects.entry(id).or_default().whole = true;
        }
    }
    for (id, wanted) in projects {
        let found = match earlier(world, &id, &wanted) {
            Earlier::Holds(found) => {
                stats.warm += 1;
                found
            }
            Earlier::Since(trace, since) => anew(world, &id, &wanted, Some((trace, since)), cancel)?,
            Earlier::Nothing => anew(world, &id, &wanted, None, cancel)?,
        };
        stats.projects += 1;
        stats.files += if wanted.whole { found.files } else { wanted.files.len() as u32 };
        stats.uses += found.uses;
        let named = |diagnostic: &Diagnostic| wanted.whole || wanted.files.contains(&diagnostic.file);
        diagnostics.extend(found.diagnostics.into_iter().filter(named));
    }
    diagnostics.sort_by(|a, b| (&a.file, a.range, a.code).cmp(&(&b.file, b.range, b.code)));
    // Two projects may hold one file.
    diagnostics.dedup();
    let after = count();
    stats.parsed = after.0 - before.0;
    stats.macros_run = after.1 - before.1;
    stats.checked = after.2 - before.2;
    stats.macro_micros = after.3 - before.3;
    Ok((diagnostics, stats))
}

/// The project itself, or those that it refers to where it has no files of its own: a workspace.
fn parts_of(snap: &Snapshot, id: ProjectId) -> BTreeSet<ProjectId> {
    let mut parts = BTreeSet::new();
    let mut queue = vec![id];
    let mut known: BTreeSet<ProjectId> = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !known.insert(id.clone()) {
            continue;
        }
        let text = id.config.as_ref().and_then(|config| snap.text(config));
        // Options are read for this alone, and most projects refer to none.
        let may_refer = text.is_some_and(|text| text.as_str().contains("\"references\""));
        let config = may_refer.then(|| super::program::configured(snap, &id).ok()).flatten();
        match config.map(|configured| configured.config) {
            Some(config) if config.roots.is_empty() && !config.references.is_empty() => {
                let disk = &snap.shared().disk;
                queue.extend(config.references.iter().map(|path| ProjectId::of_reference(disk, path)));
            }
            _ => {
                parts.insert(id);
            }
        }
    }
    parts
}

/// What a caller named of one project.
#[derive(Default)]
struct Wanted {
    whole: bool,
    files: BTreeSet<FilePath>,
}

fn row_key(snap: &Snapshot, id: &ProjectId, wanted: &Wanted) -> Digest {
    let mut recipe = Recipe::new("check");
    recipe.digest("project", id.digest());
    recipe.text("target", snap.shared().target.as_deref().unwrap_or_default());
    // A module that may not be imported is no effect of any macro.
    recipe.digest("permissions", snap.permissions(&id.root).digest());
    for file in &wanted.files {
        recipe.text("file", file.as_str());
    }
    recipe.finish()
}

/// What the last check found, if nothing that it looked at has changed; else what has.
fn earlier(world: &World, id: &ProjectId, wanted: &Wanted) -> Earlier {
    let shared = world.shared();
    let store = shared.store(&id.root);
    let snap = world.snapshot();
    let bytes = store.get(Level::Program, row_key(&snap, id, wanted));
    let Some(row) = bytes.and_then(|bytes| postcard::from_bytes::<Row>(&bytes).ok()) else { return Earlier::Nothing };
    let disk = &*shared.disk;
    let changed: Vec<Input> =
        row.trace.inputs.par_iter().with_min_len(64).filter(|input| !input.holds(disk)).cloned().collect();
    if !changed.is_empty() {
        return since(&shared.disk, row, &changed);
    }
    // Programs and hosts were asked just now: what is to be said of their answers is no part of a row.
    let outside = snap.outside(&id.root);
    let hold = row.effects.iter().all(|effect| expansion::verified(&snap, &id.root, effect));
    if !hold || row.effects.iter().any(|effect| outside.remark(effect).is_some()) {
        return Earlier::Nothing;
    }
    if let Some(trace) = row.trace.refreshed(disk) {
        let row = Row { trace, ..row };
        write(world, id, wanted, &row);
        return Earlier::Holds(row.found);
    }
    Earlier::Holds(row.found)
}

/// Whether `changed` are texts of source files only, which change neither what options say nor where
/// specifiers lead.
fn since(disk: &Disk, row: Row, changed: &[Input]) -> Earlier {
    let is_text = |input: &Input| {
        let (Input::File { path, .. }, true) = (input, disk.is_file(input.path())) else { return false };
        ["ms", "ts", "tsx", "mts", "cts"].iter().any(|extension| path.has_extension(extension))
    };
    match row.kept.filter(|_| changed.iter().all(is_text)) {
        Some(kept) => {
            let changed = changed.iter().map(|input| input.path().clone()).collect();
            Earlier::Since(row.trace, Since { changed, kept })
        }
        None => Earlier::Nothing,
    }
}

/// Checks for real, and keeps what was found.
fn anew(
    world: &mut World,
    id: &ProjectId,
    wanted: &Wanted,
    earlier: Option<(Trace, Since)>,
    cancel: &Cancel,
) -> Result<Found, Cancelled> {
    let files = wanted.files.iter().cloned().collect();
    let (before, since) = earlier.unzip();
    let mut request = PassRequest { scope: Scope::Project { id: id.clone(), files, since }, run_macros: true };
    let mut effects: Vec<Effect> = Vec::new();
    for round in 0.. {
        // Outputs that never settle (an input that changes each time it is read) are taken as they are.
        request.run_macros = round < ROUNDS;
        let events: Mutex<Vec<PassEvent>> = Mutex::default();
        let end = pass::run(&world.snapshot(), &request, cancel, &|event| lock(&events).push(event))?;
        effects.extend(end.effects);
        let mut by_file: BTreeMap<FilePath, Vec<Diagnostic>> = BTreeMap::new();
        for event in events.into_inner().unwrap_or_default() {
            match event {
                PassEvent::Expanded(expansions) => {
                    if let Err(reason) = world.apply(Change::Expanded(expansions)) {
                        crate::bug!("outputs of macros were refused: {reason}");
                    }
                }
                PassEvent::File { file, diagnostics, .. } => by_file.entry(file).or_default().extend(diagnostics),
                PassEvent::Progress { .. } => {}
            }
        }
        if end.again {
            continue;
        }
        let diagnostics: Vec<Diagnostic> = by_file.into_values().flatten().collect();
        let found = Found { diagnostics, files: end.files, uses: end.uses };
        effects.sort();
        effects.dedup();
        // What is true of this moment only is not for the next check.
        let is_of_the_moment = |one: &Diagnostic| matches!(one.code, Code::EXPIRED_RESPONSE | Code::SLOW_REQUEST);
        if found.diagnostics.iter().any(is_of_the_moment) {
            return Ok(found);
        }
        let trace = trace(world, before.filter(|_| end.is_slice));
        let row = Row { trace, effects, found, kept: end.kept };
        write(world, id, wanted, &row);
        return Ok(row.found);
    }
    Ok(Found::default())
}

/// Rounds of running macros before a check goes on with what there is. Each round follows uses in
/// generated code to their end, so few programs need more than three.
const ROUNDS: u32 = 16;

fn write(world: &World, id: &ProjectId, wanted: &Wanted, row: &Row) {
    match postcard::to_allocvec(row) {
        Ok(bytes) => {
            world.shared().store(&id.root).put(Level::Program, row_key(&world.snapshot(), id, wanted), None, bytes)
        }
        Err(error) => crate::bug!("a check's row has no encoding: {error}"),
    }
}

/// Everything that this process looked at on disk, and how it was; and what the check `before` looked at
/// and found as it was.
fn trace(world: &World, before: Option<Trace>) -> Trace {
    let disk = &*world.shared().disk as &dyn Fingerprints;
    let inputs = world.shared().disk.observed().into_iter().map(|(path, seen)| match seen {
        Seen::File => Input::file(disk, &path),
        Seen::Listing => Input::dir(disk, &path),
        Seen::Nothing => Input::Absent { path },
    });
    let mut inputs: Vec<Input> = inputs.collect();
    let seen: HashSet<FilePath> = inputs.iter().map(|input| input.path().clone()).collect();
    inputs.extend(before.into_iter().flat_map(|before| before.inputs).filter(|input| !seen.contains(input.path())));
    Trace::new(inputs)
}

/// Runs what one file's uses still miss, for commands that show or run an expansion. Diagnostics of
/// the expansion alone: the file is not type-checked.
pub fn expand_file(world: &mut World, file: &FilePath, cancel: &Cancel) -> Result<Vec<Diagnostic>, Cancelled> {
    expand_files(world, std::slice::from_ref(file), cancel)
}

/// The same for a whole project.
pub fn expand_project(world: &mut World, id: &ProjectId, cancel: &Cancel) -> Result<Vec<Diagnostic>, Cancelled> {
    let snap = world.snapshot();
    let roots = super::program::configured(&snap, id).map(|configured| configured.config.roots).unwrap_or_default();
    let roots: Vec<FilePath> = roots.iter().map(|root| super::files::source_path(&snap, root)).collect();
    expand_program(world, &roots, cancel)
}

/// The same for everything that a program's first files reach.
pub fn expand_program(world: &mut World, entries: &[FilePath], cancel: &Cancel) -> Result<Vec<Diagnostic>, Cancelled> {
    let mut known: BTreeSet<FilePath> = BTreeSet::new();
    let mut new = entries.to_vec();
    let mut diagnostics = Vec::new();
    // An expansion may import what the source did not.
    while !new.is_empty() {
        diagnostics.extend(expand_files(world, &new, cancel)?);
        known.extend(new.iter().cloned());
        let snap = world.snapshot();
        let reached: BTreeSet<FilePath> = new.iter().flat_map(|file| reached_from(&snap, file)).collect();
        new = reached.into_iter().filter(|file| !known.contains(file)).collect();
    }
    Ok(diagnostics)
}

/// The sources that a program's first files reach, themselves included, packages and the standard
/// library left out. Outputs of macros must be known.
pub fn reached_files(snap: &Snapshot, entries: &[FilePath]) -> Vec<FilePath> {
    let mut known: BTreeSet<FilePath> = entries.iter().cloned().collect();
    let mut new = entries.to_vec();
    while let Some(file) = new.pop() {
        for file in reached_from(snap, &file) {
            if known.insert(file.clone()) {
                new.push(file);
            }
        }
    }
    let is_own = |file: &FilePath| !std_lib::contains(file) && !file.as_str().contains("/node_modules/");
    known.into_iter().filter(is_own).collect()
}

fn reached_from(snap: &Snapshot, file: &FilePath) -> Vec<FilePath> {
    let text = match file.is_metascript() {
        true => expansion::emit_text(snap, file).map(|expanded| expanded.text.clone()),
        false => snap.text(file).filter(|_| !file.has_extension("json")),
    };
    let Some(text) = text else { return Vec::new() };
    let facts = FileFacts::of(&snap.parse(text));
    let specifiers = facts.specifiers().into_iter();
    specifiers.filter_map(|specifier| scope::resolve(snap, file, specifier)).collect()
}

fn expand_files(world: &mut World, files: &[FilePath], cancel: &Cancel) -> Result<Vec<Diagnostic>, Cancelled> {
    let metascript: Vec<FilePath> = files.iter().filter(|file| file.is_metascript()).cloned().collect();
    let snap = world.snapshot();
    let completed = snap.shared().pool.install(|| expansion::complete(&snap, &metascript, cancel, &|_| {}))?;
    let changed = Expansions { files: completed.files };
    if let Err(reason) = world.apply(Change::Expanded(changed)) {
        crate::bug!("outputs of macros were refused: {reason}");
    }
    let snap = world.snapshot();
    let expanded = files.iter().filter(|file| file.is_metascript()).filter_map(|file| snap.expanded(file));
    Ok(expanded.flat_map(|expanded| expanded.diagnostics.clone()).collect())
}
