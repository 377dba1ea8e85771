//! The pass: runs macros whose recipe changed, checks the files concerned, streams what it finds.
//!
//! Runs on the pass thread of the server and on the main thread of `msc check`; spreads macros
//! and checking over the threads of the pool.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{Cancel, Cancelled, Digest, FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::{EngineDiagnostic, EngineError, Program};
use crate::macros::Effect;
use crate::std_lib;

use super::checked::{self, Checked, Kept, Keys};
use super::expansion::{self, Completed};
use super::files::{engine_path, source_path};
use super::program::{self, Configured, Loaded};
use super::shared::lock;
use super::slice::{self, Since, Slice};
use super::snapshot::is_everywhere;
use super::world::Expansions;
use super::{ProjectId, Revision, Snapshot, problems};

/// Which files' diagnostics are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those open in the editor, at their live text.
    Open,
    /// Every file of one project, and these besides. With `since` only texts changed after an earlier check
    /// of the same.
    Project { id: ProjectId, files: Vec<FilePath>, since: Option<Since> },
}

#[derive(Clone, Debug)]
pub struct PassRequest {
    pub scope: Scope,
    /// Whether macros may run; without it a file with a stale expansion yields no diagnostics.
    pub run_macros: bool,
}

/// What a pass tells while it runs.
pub enum PassEvent {
    /// Macros ran: to be applied to the world before anything else is asked of it.
    Expanded(Expansions),
    /// All diagnostics of one file at one revision; an empty list clears.
    File { file: FilePath, version: Option<i32>, revision: Revision, diagnostics: Vec<Diagnostic> },
    /// So many uses of macros have their output by now.
    Progress { done: u32 },
}

/// How a pass ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassEnd {
    /// Macros ran, so the snapshot is old: apply `Expanded` and run a pass over a new snapshot.
    /// Nothing was checked.
    pub again: bool,
    /// Files that the programs hold, libraries left out.
    pub files: u32,
    /// Uses of macros in them.
    pub uses: u32,
    /// Inputs that their macros read.
    pub effects: Vec<Effect>,
    /// The row of findings a file that holds now; see [`Since`].
    pub kept: Option<Digest>,
    /// Not the whole program was loaded: what it looked at counts beside what the earlier check did.
    pub is_slice: bool,
}

type Send<'a> = &'a (dyn Fn(PassEvent) + Sync);

/// Runs a pass over a snapshot. Stops with `Cancelled` as soon as `cancel` says so; what was sent
/// by then is right and stays.
pub fn run(snap: &Snapshot, request: &PassRequest, cancel: &Cancel, send: Send) -> Result<PassEnd, Cancelled> {
    let mut end = PassEnd::default();
    if request.scope == Scope::Open {
        let open: Vec<FilePath> = snap.open_files().iter().map(|(file, _)| engine_path(file)).collect();
        snap.shared.open_findings.keep(&open);
    }
    for (id, open) in projects(snap, &request.scope) {
        cancel.check()?;
        match run_project(snap, &id, &open, request, cancel, send, &mut end) {
            Ok(()) => {}
            Err(EngineError::Cancelled) => return Err(Cancelled),
            Err(error) => {
                let file = open.first().or(id.config.as_ref()).unwrap_or(&id.root);
                send(file_event(snap, file, vec![engine_fault(file, &error)]));
            }
        }
        if end.again {
            return Ok(end);
        }
    }
    Ok(end)
}

/// The projects concerned, each with the files that were named or are open in it.
fn projects(snap: &Snapshot, scope: &Scope) -> BTreeMap<ProjectId, Vec<FilePath>> {
    let mut projects: BTreeMap<ProjectId, Vec<FilePath>> = BTreeMap::new();
    match scope {
        Scope::Open => {
            for (file, _) in snap.open_files() {
                if is_source(&file) && !is_everywhere(&file) {
                    projects.entry((*snap.project_of(&file)).clone()).or_default().push(file);
                }
            }
        }
        Scope::Project { id, files, .. } => {
            projects.insert(id.clone(), files.clone());
        }
    }
    projects
}

fn run_project(
    snap: &Snapshot,
    id: &ProjectId,
    open: &[FilePath],
    request: &PassRequest,
    cancel: &Cancel,
    send: Send,
    end: &mut PassEnd,
) -> Result<(), EngineError> {
    match &request.scope {
        Scope::Open => run_open(snap, id, open, request, cancel, send, end),
        Scope::Project { since, .. } => run_whole(snap, id, open, since.as_ref(), request, cancel, send, end),
    }
}

/// What a person looks at comes first: uses in the open files and in what they reach, then those
/// files' findings, then the uses of the whole project.
fn run_open(
    snap: &Snapshot,
    id: &ProjectId,
    open: &[FilePath],
    request: &PassRequest,
    cancel: &Cancel,
    send: Send,
    end: &mut PassEnd,
) -> Result<(), EngineError> {
    if request.run_macros && complete(snap, expansion::reached(snap, open), cancel, send, end)? {
        return Ok(());
    }
    // With one open file there is nothing to be spared: it is the one that was edited.
    let mut keys = (open.len() > 1).then(|| None);
    for file in open {
        // Without macros nothing brings up what a file imports: what is not generated yet would be missed.
        if !request.run_macros && is_reached_stale(snap, file) {
            continue;
        }
        check_open(snap, file, keys.as_mut(), cancel, send)?;
    }
    if request.run_macros {
        let configured = program::configured(snap, id)?;
        let roots = configured.config.roots.iter().map(|path| source_path(snap, path)).collect();
        complete(snap, roots, cancel, send, end)?;
    }
    Ok(())
}

/// Every use, then every finding of a project; `named` files count as part of it.
#[expect(clippy::too_many_arguments, reason = "what a pass is asked, once for each project")]
fn run_whole(
    snap: &Snapshot,
    id: &ProjectId,
    named: &[FilePath],
    since: Option<&Since>,
    request: &PassRequest,
    cancel: &Cancel,
    send: Send,
    end: &mut PassEnd,
) -> Result<(), EngineError> {
    let configured = Arc::new(program::configured(snap, id)?);
    let mut files: BTreeSet<FilePath> = configured.config.roots.iter().map(|path| source_path(snap, path)).collect();
    files.extend(named.iter().cloned());
    let kept = checked::read(snap, id);
    // Where a whole program is loaded, leading it on costs less.
    let is_loaded =
        |kept: &Kept| kept.checked.outlines().files.first().is_some_and(|one| snap.shared.programs.contain(&one.file));
    let earlier = kept
        .as_ref()
        .zip(since)
        .filter(|(kept, since)| kept.digest == since.kept && kept.checked.is_clean() && !is_loaded(kept));
    if let Some((kept, _)) = earlier {
        let own = kept.checked.outlines().files.iter().map(|one| &one.file).filter(|file| !std_lib::contains(file));
        files.extend(own.map(|file| source_path(snap, file)));
    }
    if files.is_empty() {
        // Without a single file there is no program to find anything in.
        let fallback = id.config.clone().unwrap_or_else(|| id.root.clone());
        send(file_event(snap, &fallback, no_files(snap, id, &configured)));
        return Ok(());
    }
    if request.run_macros && complete(snap, files, cancel, send, end)? {
        return Ok(());
    }
    if let Some((kept, since)) = earlier
        && let Some(Slice { loaded, known }) = slice::load(snap, &configured, &kept.checked, since, cancel)?
    {
        end.is_slice = true;
        return check_all(id, &loaded, known, Some(kept.digest), cancel, send, end);
    }
    let mut loaded = program::at(snap, id, None, cancel)?;
    for file in named {
        if !loaded.program.contains(&engine_path(file)) {
            loaded = program::at(snap, id, Some(file), cancel)?;
        }
    }
    let paths = loaded.program.files();
    // Files that the program reached through imports, beyond the configured ones.
    let files = paths.iter().map(|path| source_path(snap, path)).collect();
    if request.run_macros && complete(snap, files, cancel, send, end)? {
        return Ok(());
    }
    let mut known = Checked::new(loaded.program.outlines()?, loaded.program.option_diagnostics()?.is_empty());
    let kept = kept.map(|kept| {
        known.take_over(kept.checked);
        kept.digest
    });
    check_all(id, &loaded, known, kept, cancel, send, end)
}

/// What is wrong with a project that has no source file.
fn no_files(snap: &Snapshot, id: &ProjectId, configured: &Configured) -> Vec<Diagnostic> {
    match &id.config {
        Some(config) => {
            let mut all = configured.problems.clone();
            all.extend(problems::map_all(snap, config, configured.config.diagnostics.clone()));
            all
        }
        None => {
            let message = format!("there is no source file in {}", id.root);
            let help = "name a folder or a file with Metascript or TypeScript in it";
            vec![Diagnostic::new(Code::CONFIG, &id.root, TextRange::default(), message).with_help(help)]
        }
    }
}

/// Runs what is missing; `true` where that made the snapshot old.
fn complete(
    snap: &Snapshot,
    files: BTreeSet<FilePath>,
    cancel: &Cancel,
    send: Send,
    end: &mut PassEnd,
) -> Result<bool, EngineError> {
    let files: Vec<FilePath> = files.into_iter().filter(FilePath::is_metascript).collect();
    let done = AtomicU32::new(0);
    let progress = |count: u32| {
        let done = done.fetch_add(count, Ordering::Relaxed) + count;
        send(PassEvent::Progress { done });
    };
    let Completed { files, effects } = snap
        .shared
        .pool
        .install(|| expansion::complete(snap, &files, cancel, &progress))
        .map_err(|Cancelled| EngineError::Cancelled)?;
    end.effects.extend(effects);
    end.effects.sort();
    end.effects.dedup();
    end.again = !files.is_empty();
    if end.again {
        send(PassEvent::Expanded(Expansions { files }));
    }
    Ok(end.again)
}

/// Whether some file that `file` reaches shows an output of macros that is not that of its text.
fn is_reached_stale(snap: &Snapshot, file: &FilePath) -> bool {
    expansion::reached(snap, std::slice::from_ref(file))
        .iter()
        .filter(|file| file.is_metascript())
        .any(|file| snap.expanded(file).is_some_and(|expanded| expanded.is_stale()))
}

/// A program, with the keys of its files.
type Keyed = (Arc<dyn Program>, Keys);

/// Live diagnostics of one open file, unless some expansion in it is stale. `keyed` holds the keys of the
/// program that the file before was found in.
fn check_open(
    snap: &Snapshot,
    file: &FilePath,
    keyed: Option<&mut Option<Keyed>>,
    cancel: &Cancel,
    send: Send,
) -> Result<(), EngineError> {
    let loaded = snap.program_for(file, cancel)?;
    let snap = &loaded.snap;
    if file.is_metascript() && snap.expanded(file).is_none_or(|expanded| expanded.is_stale()) {
        return Ok(());
    }
    let path = engine_path(file);
    if !loaded.program.contains(&path) {
        return Ok(());
    }
    let keys = match keyed {
        Some(keyed) => {
            if !keyed.as_ref().is_some_and(|(program, _)| Arc::ptr_eq(program, &loaded.program)) {
                *keyed = Some((loaded.program.clone(), Keys::of(&*loaded.program)?));
            }
            keyed.as_ref().map(|(_, keys)| keys)
        }
        None => None,
    };
    let open_findings = &snap.shared.open_findings;
    let found = match keys.and_then(|keys| open_findings.get(keys, &path)) {
        Some(found) => found,
        None => {
            let found = loaded.program.diagnostics(&path, true, cancel)?;
            snap.shared.counters.checked.fetch_add(1, Ordering::Relaxed);
            if let Some(keys) = keys {
                open_findings.put(keys, &path, &found);
            }
            found
        }
    };
    send(file_event(snap, file, of_file(snap, file, found)));
    Ok(())
}

/// Every file of a program: findings that are known, then the others on all threads.
fn check_all(
    id: &ProjectId,
    loaded: &Loaded,
    mut known: Checked,
    kept: Option<Digest>,
    cancel: &Cancel,
    send: Send,
    end: &mut PassEnd,
) -> Result<(), EngineError> {
    let snap = &loaded.snap;
    let paths = known.outlines().files.iter().map(|outline| &outline.file);
    let checked: Vec<FilePath> = paths.filter(|path| problems::is_checked(path)).cloned().collect();
    end.files += checked.len() as u32;
    end.uses += checked.iter().map(|path| expansion::uses(snap, &source_path(snap, path))).sum::<u32>();
    let found: HashMap<&FilePath, &Vec<EngineDiagnostic>> =
        known.found().filter_map(|(file, found)| Some((file, found?))).collect();
    let (held, open): (Vec<&FilePath>, Vec<&FilePath>) = checked.iter().partition(|path| found.contains_key(path));
    send_global(id, loaded, open.is_empty(), send)?;
    let tell = |path: &FilePath, found: Vec<EngineDiagnostic>| {
        let file = source_path(snap, path);
        send(file_event(snap, &file, of_file(snap, &file, found)));
    };
    for path in held {
        tell(path, found[path].clone());
    }
    if open.is_empty() {
        end.kept = checked::write(snap, id, &known, kept);
        return Ok(());
    }
    let open: Vec<FilePath> = open.into_iter().cloned().collect();
    // Found on the threads of the checkers, mapped here: mapping may ask for expansions.
    let new: Mutex<HashMap<FilePath, Vec<EngineDiagnostic>>> = Mutex::default();
    let done = |path: &FilePath, found: Vec<EngineDiagnostic>| {
        if lock(&new).insert(path.clone(), found.clone()).is_none() {
            snap.shared.counters.checked.fetch_add(1, Ordering::Relaxed);
            tell(path, found);
        }
    };
    let threads = snap.shared.pool.current_num_threads() / 2;
    loaded.program.diagnostics_of(&open, threads.max(1), cancel, &done)?;
    // What checkers find of the program as a whole belongs to no file, so that no row could tell it again.
    if loaded.program.global_diagnostics()? == loaded.program.option_diagnostics()? {
        known.learn(new.into_inner().unwrap_or_else(PoisonError::into_inner));
        end.kept = checked::write(snap, id, &known, kept);
    }
    Ok(())
}

/// What is wrong with options and with the program as a whole; `all_held` where no file has to be
/// checked, which nothing but checkers of such a program would have found anything in.
fn send_global(id: &ProjectId, loaded: &Loaded, all_held: bool, send: Send) -> Result<(), EngineError> {
    let snap = &loaded.snap;
    let fallback = id.config.clone().unwrap_or_else(|| id.root.clone());
    let mut global = loaded.configured.problems.clone();
    let mut found = loaded.configured.config.diagnostics.clone();
    found.extend(match all_held {
        true => loaded.program.option_diagnostics()?,
        false => loaded.program.global_diagnostics()?,
    });
    global.extend(problems::map_all(snap, &fallback, found));
    let mut by_file: BTreeMap<FilePath, Vec<Diagnostic>> = BTreeMap::new();
    for diagnostic in global {
        let list = by_file.entry(diagnostic.file.clone()).or_default();
        if !list.contains(&diagnostic) {
            list.push(diagnostic);
        }
    }
    for (file, diagnostics) in by_file {
        send(file_event(snap, &file, diagnostics));
    }
    Ok(())
}

/// The expansion's findings and the engine's, in text order.
fn of_file(snap: &Snapshot, file: &FilePath, found: Vec<EngineDiagnostic>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    if let Some(error) = snap.unreadable(file) {
        let message = format!("the file cannot be read: {error}");
        return vec![Diagnostic::new(Code::UNREADABLE, file, TextRange::default(), message)];
    }
    if file.is_metascript()
        && let Some(expanded) = snap.expanded(file)
    {
        diagnostics.extend(expanded.diagnostics.iter().cloned());
        diagnostics.extend(expansion::remarks(snap, file, &expanded));
    }
    diagnostics.extend(problems::map_all(snap, file, found));
    problems::forgive_broken_uses(snap, file, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.range.start, diagnostic.range.end));
    diagnostics
}

fn file_event(snap: &Snapshot, file: &FilePath, diagnostics: Vec<Diagnostic>) -> PassEvent {
    PassEvent::File { file: file.clone(), version: snap.version(file), revision: snap.revision(), diagnostics }
}

fn engine_fault(file: &FilePath, error: &EngineError) -> Diagnostic {
    let message = match error {
        EngineError::Internal(text) => format!("internal error in the type engine: {text}"),
        EngineError::MissingFile(path) => format!("the type engine does not know {path}"),
        EngineError::Cancelled => "the check was cancelled".to_owned(),
    };
    Diagnostic::new(Code::ENGINE_FAULT, file, TextRange::default(), message)
        .with_help("this is a fault of msc: please report it with the file that shows it")
}

/// What the engine can be asked about, by name.
fn is_source(file: &FilePath) -> bool {
    ["ms", "ts", "mts", "cts"].iter().any(|extension| file.has_extension(extension))
}
