//! Each file's expansion: what is known now, and running what is missing.
//!
//! The live lane ([`known`]) runs nothing and reads no row: a use whose tokens changed shows its
//! last output, marked stale. The pass ([`complete`]) runs what is pending, round by round, since
//! a macro's output may use macros in turn.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::base::{Cancel, Cancelled, Digest, FilePath};
use crate::expand::{self, Call, CallId, Expanded, Expansion, FileFacts, Flavour, Known, Memo, Request};
use crate::macros::protocol::Limits;
use crate::macros::{Effect, Failure, FailureKind, Invocation, Job, Outcome, ProjectInputs};
use crate::syntax::SyntaxFile;
use crate::text::SourceText;

use super::graph;
use super::scope::{Scope, facts_of};
use super::shared::lock;
use super::{ProjectId, Snapshot};

/// A use in a file; nested ones are told apart by their `CallId`.
type Use = (FilePath, CallId);

/// The last state of each file, and the last output of each use.
#[derive(Default)]
pub(super) struct FileStates {
    states: Mutex<HashMap<FilePath, Arc<FileState>>>,
    latest: Mutex<HashMap<Use, (Digest, Arc<Expansion>)>>,
    /// Files that some macro read: a change of one of them may change outputs.
    inputs: Mutex<HashSet<FilePath>>,
}

/// One file at one moment.
struct FileState {
    text: SourceText,
    macro_env: u64,
    outputs: u64,
    syntax: SyntaxFile,
    facts: Arc<FileFacts>,
    expanded: Arc<Expanded>,
}

impl FileStates {
    pub fn reads(&self, file: &FilePath) -> bool {
        lock(&self.inputs).contains(file)
    }

    fn latest(&self, call: &Call) -> Option<(Digest, Arc<Expansion>)> {
        lock(&self.latest).get(&(call.file.clone(), call.id.clone())).cloned()
    }

    fn learn(&self, call: &Call, key: Digest, expansion: Arc<Expansion>) {
        let mut inputs = lock(&self.inputs);
        for effect in &expansion.outcome().effects {
            if let Effect::File { path, .. } = effect {
                inputs.insert(path.clone());
            }
        }
        drop(inputs);
        lock(&self.latest).insert((call.file.clone(), call.id.clone()), (key, expansion));
    }
}

/// The expansion of a `.ms` file with what is known at this moment.
pub(super) fn known(snap: &Snapshot, file: &FilePath) -> Option<Arc<Expanded>> {
    state(snap, file).map(|state| state.expanded.clone())
}

fn state(snap: &Snapshot, file: &FilePath) -> Option<Arc<FileState>> {
    let text = snap.text(file)?;
    let files = &snap.shared.files;
    let last = lock(&files.states).get(file).cloned();
    let (macro_env, outputs) = (snap.state.macro_env, snap.state.outputs_of(file));
    if let Some(last) = &last
        && last.text == text
        && last.macro_env == macro_env
        && last.outputs == outputs
    {
        return Some(last.clone());
    }
    let (syntax, facts) = match last.filter(|last| last.text == text) {
        Some(last) => (last.syntax.clone(), last.facts.clone()),
        None => {
            let syntax = match snap.open_file(file) {
                Some(open) => open.syntax.clone(),
                None => snap.parse(text.clone()),
            };
            let facts = facts_of(snap, file, &text, Some(&syntax));
            (syntax, facts)
        }
    };
    let expanded = Arc::new(expand_with(snap, file, &syntax, &facts, Flavour::Check, &|call| lookup(snap, call)));
    let state = Arc::new(FileState { text, macro_env, outputs, syntax, facts, expanded });
    lock(&files.states).insert(file.clone(), state.clone());
    Some(state)
}

fn expand_with(
    snap: &Snapshot,
    file: &FilePath,
    syntax: &SyntaxFile,
    facts: &FileFacts,
    flavour: Flavour,
    outputs: &dyn Fn(&Call) -> Option<Known>,
) -> Expanded {
    if !facts.has_macro_syntax {
        return Expanded::plain(syntax.text().clone());
    }
    let scope = Scope(snap);
    expand::expand(&Request { file, syntax, facts, scope: &scope, outputs, flavour })
}

/// The text to run or build: nothing compile-time left. Outputs must be known.
pub fn emit_text(snap: &Snapshot, file: &FilePath) -> Option<Arc<Expanded>> {
    let state = state(snap, file)?;
    Some(Arc::new(expand_with(snap, file, &state.syntax, &state.facts, Flavour::Emit, &|call| lookup(snap, call))))
}

/// What memory holds for a use.
fn lookup(snap: &Snapshot, call: &Call) -> Option<Known> {
    let (last_key, last) = match snap.shared.files.latest(call) {
        Some((key, expansion)) => (Some(key), Some(expansion)),
        None => (None, None),
    };
    // A macro whose module does not load has the key of none, and its failure is kept under it.
    let key = key(snap, call).unwrap_or_default();
    if let Some(expansion) = &last
        && last_key == Some(key)
    {
        return Some(Known { expansion: expansion.clone(), is_stale: !all_hold(snap, &call.file, expansion) });
    }
    let remembered = memo(snap, &call.file).peek(key).filter(|known| all_hold(snap, &call.file, known));
    match remembered {
        Some(expansion) => Some(Known { expansion, is_stale: false }),
        None => last.map(|expansion| Known { expansion, is_stale: true }),
    }
}

fn key(snap: &Snapshot, call: &Call) -> Result<Digest, Failure> {
    graph::digest(snap, call).map(|modules| call.key(modules))
}

fn memo(snap: &Snapshot, file: &FilePath) -> Arc<Memo> {
    snap.shared.memo(&snap.project_of(file).root)
}

fn all_hold(snap: &Snapshot, file: &FilePath, expansion: &Expansion) -> bool {
    let effects = &expansion.outcome().effects;
    if effects.is_empty() {
        return true;
    }
    let root = &snap.project_of(file).root;
    effects.iter().all(|effect| holds(snap, root, effect))
}

/// Whether an input still is what a macro read. Files are asked of the memory of the disk, which
/// watched changes invalidate.
pub(super) fn holds(snap: &Snapshot, root: &FilePath, effect: &Effect) -> bool {
    match effect {
        Effect::File { path, digest } => crate::vfs::Fingerprints::digest(&*snap.shared.disk, path) == *digest,
        other => other.still_holds(&ProjectInputs::new(root.clone())),
    }
}

/// What [`complete`] did.
#[derive(Clone, Debug, Default)]
pub struct Completed {
    /// Files with new outputs.
    pub files: Vec<FilePath>,
    /// Inputs that the outputs in use depend on, whether they were made now or before.
    pub effects: Vec<Effect>,
}

/// Makes sure that every use in `files` has its output, running macros where needed, files side by
/// side on the threads of the calling pool.
pub fn complete(
    snap: &Snapshot,
    files: &[FilePath],
    cancel: &Cancel,
    progress: &(dyn Fn(u32) + Sync),
) -> Result<Completed, Cancelled> {
    let done: Vec<(bool, Vec<Effect>)> =
        files.par_iter().map(|file| complete_file(snap, file, cancel, progress)).collect::<Result<_, _>>()?;
    let mut out = Completed::default();
    for (file, (changed, effects)) in files.iter().zip(done) {
        if changed {
            out.files.push(file.clone());
        }
        out.effects.extend(effects);
    }
    out.effects.sort();
    out.effects.dedup();
    Ok(out)
}

/// Whether the file got new outputs, and the inputs behind the outputs of its uses.
fn complete_file(
    snap: &Snapshot,
    file: &FilePath,
    cancel: &Cancel,
    progress: &(dyn Fn(u32) + Sync),
) -> Result<(bool, Vec<Effect>), Cancelled> {
    cancel.check()?;
    let Some(state) = state(snap, file) else { return Ok((false, Vec::new())) };
    let mut changed = false;
    let mut pending = state.expanded.pending.clone();
    let mut expanded = state.expanded.clone();
    // A round runs what the round before brought to light; expansion itself limits the depth.
    while !pending.is_empty() {
        cancel.check()?;
        pending.par_iter().try_for_each(|call| {
            run(snap, call, cancel)?;
            progress(1);
            Ok(())
        })?;
        changed = true;
        let again = expand_with(snap, file, &state.syntax, &state.facts, Flavour::Check, &|call| lookup(snap, call));
        // A use that is pending twice under one key would be so for ever (an input that changes
        // while it is read): the next pass looks again.
        let before: HashSet<CallId> = pending.iter().map(|call| call.id.clone()).collect();
        pending = again.pending.iter().filter(|call| !before.contains(&call.id)).cloned().collect();
        expanded = Arc::new(again);
    }
    let mut effects = Vec::new();
    for site in &expanded.calls {
        let latest = lock(&snap.shared.files.latest).get(&(file.clone(), site.id.clone())).cloned();
        if let Some((_, expansion)) = latest {
            effects.extend(expansion.outcome().effects.iter().cloned());
        }
    }
    Ok((changed, effects))
}

/// Runs one use, or takes what an earlier process stored for it.
fn run(snap: &Snapshot, call: &Call, cancel: &Cancel) -> Result<(), Cancelled> {
    let shared = &snap.shared;
    let graph = match graph::of_call(snap, call) {
        Ok(graph) => graph,
        Err(failure) => {
            let outcome = Outcome { result: Err(failure), effects: Vec::new(), micros: 0, memory_bytes: 0 };
            let expansion = Arc::new(Expansion::new(call, outcome));
            shared.files.learn(call, Digest::default(), expansion);
            return Ok(());
        }
    };
    let key = call.key(graph.identity);
    let root = snap.project_of(&call.file).root.clone();
    let memo = shared.memo(&root);
    if let Some(expansion) = memo.get(key, &|effect| holds(snap, &root, effect)) {
        shared.files.learn(call, key, expansion);
        return Ok(());
    }
    let input = call.input();
    let input = match serde_json::to_string(&input) {
        Ok(json) => json,
        Err(error) => {
            crate::bug!("a macro's input has no JSON form: {error}");
            return Ok(());
        }
    };
    let invocation = match call.kind {
        expand::CallKind::Comptime => Invocation::Comptime,
        _ => Invocation::Macro { name: call.callee.name.clone() },
    };
    let job = Job {
        graph: graph.graph.clone(),
        invocation,
        input,
        base: call.file.parent(),
        root: root.clone(),
        limits: Limits::default(),
        blame: call.blame(),
    };
    shared.counters.macros_run.fetch_add(1, Ordering::Relaxed);
    let outcome = shared.host.run(&job, &ProjectInputs::new(root), cancel)?;
    shared.counters.macro_micros.fetch_add(outcome.micros, Ordering::Relaxed);
    let expansion = Arc::new(Expansion::new(call, outcome));
    memo.put(key, &call.file, expansion.clone());
    shared.files.learn(call, key, expansion);
    Ok(())
}

/// A failure that names a module of a macro.
pub(super) fn module_failure(message: String) -> Failure {
    Failure::new(FailureKind::Module, message)
}

/// The uses of one file as they stand: for counters and lenses.
pub fn uses(snap: &Snapshot, file: &FilePath) -> u32 {
    known(snap, file).map_or(0, |expanded| expanded.calls.len() as u32)
}

/// The project that a file's rows belong to.
pub fn project(snap: &Snapshot, file: &FilePath) -> Arc<ProjectId> {
    snap.project_of(file)
}
