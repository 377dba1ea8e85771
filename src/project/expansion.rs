//! Each file's expansion: what is known now, and running what is missing.
//!
//! The live lane ([`known`]) runs nothing and reads no row: a use whose tokens changed shows its
//! last output, marked stale. The pass ([`complete`]) runs what is pending, round by round, since
//! a macro's output may use macros in turn.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rayon::prelude::*;

use crate::base::{Cancel, Cancelled, Digest, FilePath, TextRange};
use crate::cache::recent::{MODELS, PLAIN_MODELS, Recent, TREES};
use crate::diagnostic::{Code, Diagnostic};
use crate::expand::{
    self, Call, CallId, CallSite, CallState, Expanded, Expansion, FileFacts, Flavour, Known, Memo, Request,
};
use crate::macros::protocol::Limits;
use crate::macros::{Effect, Failure, FailureKind, Invocation, Job, Outcome, ProjectInputs, Remark};
use crate::syntax::SyntaxFile;
use crate::text::SourceText;
use crate::vfs::Fingerprints;

use super::Snapshot;
use super::caches::{Tier, in_memory};
use super::graph;
use super::rows::{self, Asked, FileRow};
use super::scope::{Scope, facts_of, resolve};
use super::shared::lock;

/// A use in a file; nested ones are told apart by their `CallId`.
type Use = (FilePath, CallId);

/// The last state of each file, and the last output of each use.
pub(super) struct FileStates {
    states: Recent<FilePath, Arc<FileState>>,
    /// Those of files without a use.
    plain: Recent<FilePath, Arc<FileState>>,
    /// Of closed files whose uses all have their output: to be walked again if an output changes.
    trees: Recent<FilePath, SyntaxFile>,
    latest: Mutex<HashMap<Use, Latest>>,
    /// Texts whose rows were written, or read, by this process.
    kept: Mutex<HashSet<(FilePath, Digest)>>,
    /// Files that some macro read: a change of one of them may change outputs.
    inputs: Mutex<HashSet<FilePath>>,
}

/// The last output of a use, and its key.
#[derive(Clone)]
struct Latest {
    key: Digest,
    /// `None` where a row of the file told the key: the output itself is a row of its own, read
    /// once the use changes.
    expansion: Option<Arc<Expansion>>,
    /// The macro environment in which the output counts although an input of it read another way
    /// right after: run again, it would only be the same again, without end.
    accepted: Option<u64>,
    /// The text of the file, where the output holds places in it beyond the use: a block that failed
    /// or reported something names lines of its own file.
    text: Option<Digest>,
    /// The macro ran in this process, rather than that a row had its output.
    ran: bool,
}

/// One file at one moment.
struct FileState {
    text: SourceText,
    macro_env: u64,
    outputs: u64,
    /// Only where uses are pending, which the next rounds of expansion walk again.
    syntax: Option<SyntaxFile>,
    has_errors: bool,
    facts: Arc<FileFacts>,
    expanded: Arc<Expanded>,
    /// What other files were asked for; `None` where a row answered, which knows it.
    asked: Option<BTreeSet<Asked>>,
    /// Inputs behind a row's outputs.
    effects: Vec<Effect>,
}

impl FileState {
    fn syntax(&self, snap: &Snapshot, file: &FilePath) -> SyntaxFile {
        if let Some(syntax) = &self.syntax {
            return syntax.clone();
        }
        if let Some(open) = snap.open_file(file).filter(|open| open.text == self.text) {
            return open.syntax().clone();
        }
        let trees = &snap.shared.files.trees;
        if let Some(known) = trees.get_if(file, |known| *known.text() == self.text) {
            return known;
        }
        let syntax = snap.parse(self.text.clone());
        trees.put(file.clone(), syntax.clone(), tree_bytes(&syntax));
        syntax
    }

    /// About what it takes in memory, its text left out, which others hold too.
    fn bytes(&self) -> usize {
        self.expanded.text.len() as usize + size_of_val(self.expanded.map.segments())
    }
}

/// About what a tree takes: some 12 bytes for each byte of ordinary source.
fn tree_bytes(syntax: &SyntaxFile) -> usize {
    12 * syntax.text().len() as usize
}

impl Default for FileStates {
    fn default() -> FileStates {
        FileStates {
            states: Recent::new(MODELS),
            plain: Recent::new(PLAIN_MODELS),
            trees: Recent::new(TREES),
            latest: Mutex::default(),
            kept: Mutex::default(),
            inputs: Mutex::default(),
        }
    }
}

impl FileStates {
    /// L3 in memory.
    pub fn tiers(&self) -> [Tier; 3] {
        [
            in_memory("L3", "models", Some(&self.states)),
            in_memory("L3", "plain models", Some(&self.plain)),
            in_memory("L3", "trees", Some(&self.trees)),
        ]
    }

    fn last(&self, file: &FilePath) -> Option<Arc<FileState>> {
        self.plain.peek(file).or_else(|| self.states.peek(file))
    }

    /// The state that `is_now`, counted as a hit or a miss.
    fn get_if(&self, file: &FilePath, is_now: impl FnOnce(&Arc<FileState>) -> bool) -> Option<Arc<FileState>> {
        let tier = if self.plain.peek(file).is_some() { &self.plain } else { &self.states };
        tier.get_if(file, is_now)
    }

    fn forget(&self, file: &FilePath) {
        self.states.remove(file);
        self.plain.remove(file);
    }

    fn insert(&self, file: &FilePath, state: FileState) -> Arc<FileState> {
        let bytes = state.bytes();
        let state = Arc::new(state);
        let (tier, other) = match state.expanded.calls.is_empty() {
            true => (&self.plain, &self.states),
            false => (&self.states, &self.plain),
        };
        tier.put(file.clone(), state.clone(), bytes);
        other.remove(file);
        state
    }

    pub fn reads(&self, file: &FilePath) -> bool {
        lock(&self.inputs).contains(file)
    }

    /// A change of the file may change expansions, as that of a macro's input does.
    pub(super) fn reads_also(&self, file: &FilePath) {
        lock(&self.inputs).insert(file.clone());
    }

    /// The last output of a use. Reads a row where only the key is known, so the first change of
    /// a use after a warm start still shows its last output.
    fn latest(&self, snap: &Snapshot, call: &Call) -> Option<Latest> {
        let at = (call.file.clone(), call.id.clone());
        let mut latest = lock(&self.latest).get(&at).cloned()?;
        if latest.expansion.is_none() {
            latest.expansion = memo(snap, &call.file).get(latest.key, &|_| true);
            if latest.expansion.is_some() {
                lock(&self.latest).insert(at, latest.clone());
            }
        }
        Some(latest)
    }

    fn learn(&self, snap: &Snapshot, call: &Call, key: Digest, expansion: Arc<Expansion>, ran: bool) {
        self.learn_inputs(&expansion.outcome().effects);
        let accepted = (!all_hold(snap, &call.file, &expansion)).then_some(snap.state.macro_env);
        let text = holds_places(call, &expansion).then(|| snap.text(&call.file).map(|text| text.digest())).flatten();
        let latest = Latest { key, expansion: Some(expansion), accepted, text, ran };
        lock(&self.latest).insert((call.file.clone(), call.id.clone()), latest);
    }

    fn learn_inputs(&self, effects: &[Effect]) {
        let files = effects.iter().filter_map(|effect| match effect {
            Effect::File { path, .. } => Some(path.clone()),
            _ => None,
        });
        lock(&self.inputs).extend(files);
    }

    /// Takes over what a row knows of a file's uses.
    fn learn_row(&self, file: &FilePath, row: &FileRow) {
        self.learn_inputs(&row.effects);
        let mut latest = lock(&self.latest);
        for (id, &key) in &row.keys {
            latest.entry((file.clone(), id.clone())).or_insert(Latest {
                key,
                expansion: None,
                accepted: None,
                text: None,
                ran: false,
            });
        }
    }
}

/// The expansion of a `.ms` file with what is known at this moment.
pub(super) fn known(snap: &Snapshot, file: &FilePath) -> Option<Arc<Expanded>> {
    state(snap, file).map(|state| state.expanded.clone())
}

/// The last expansion that memory holds, whatever was typed since, with the text that it is of.
pub(super) fn last(snap: &Snapshot, file: &FilePath) -> Option<(SourceText, Arc<Expanded>)> {
    let state = snap.shared.files.last(file)?;
    Some((state.text.clone(), state.expanded.clone()))
}

fn state(snap: &Snapshot, file: &FilePath) -> Option<Arc<FileState>> {
    let text = snap.text(file)?;
    let files = &snap.shared.files;
    let (macro_env, outputs) = (snap.state.macro_env, snap.state.outputs_of(file));
    let is_now = |last: &Arc<FileState>| last.text == text && last.macro_env == macro_env && last.outputs == outputs;
    if let Some(now) = files.get_if(file, is_now) {
        return Some(now);
    }
    let last = files.last(file);
    if last.is_none()
        && snap.saved_text(file).is_some_and(|saved| saved == text)
        && let Some(row) = rows::read(snap, file, &text)
    {
        files.learn_row(file, &row);
        let state = FileState {
            text,
            macro_env,
            outputs,
            syntax: None,
            has_errors: false,
            facts: Arc::new(row.facts),
            expanded: Arc::new(row.expanded),
            asked: None,
            effects: row.effects,
        };
        return Some(files.insert(file, state));
    }
    let (syntax, facts) = match last.filter(|last| last.text == text) {
        Some(last) => (last.syntax(snap, file), last.facts.clone()),
        None => {
            let syntax = match snap.open_file(file) {
                Some(open) => open.syntax().clone(),
                None => snap.parse(text.clone()),
            };
            let facts = facts_of(snap, file, &text, Some(&syntax));
            (syntax, facts)
        }
    };
    let (expanded, asked) = expand_with(snap, file, &syntax, &facts, Flavour::Check, None);
    let is_open = snap.open_file(file).is_some();
    let is_pending = expanded.is_stale() || !expanded.pending.is_empty();
    if !is_pending && !is_open && facts.has_macro_syntax {
        files.trees.put(file.clone(), syntax.clone(), tree_bytes(&syntax));
    }
    let has_errors = syntax.has_errors();
    let state = FileState {
        text,
        macro_env,
        outputs,
        syntax: is_pending.then_some(syntax),
        has_errors,
        facts,
        expanded: Arc::new(expanded),
        asked: Some(asked),
        effects: Vec::new(),
    };
    Some(files.insert(file, state))
}

/// Expands with what memory holds; also says what was asked of other files.
fn expand_with(
    snap: &Snapshot,
    file: &FilePath,
    syntax: &SyntaxFile,
    facts: &FileFacts,
    flavour: Flavour,
    steps: Option<u32>,
) -> (Expanded, BTreeSet<Asked>) {
    if !facts.has_macro_syntax && facts.imports.is_empty() && flavour == Flavour::Check && !syntax.has_errors() {
        return (Expanded::plain(syntax.text().clone()), BTreeSet::new());
    }
    let scope = Scope::new(snap);
    let outputs = |call: &Call| lookup(snap, call);
    let request = Request {
        file,
        syntax,
        facts,
        scope: &scope,
        outputs: &outputs,
        flavour,
        steps,
        shapes: snap.shapes_of(file).filter(|_| steps.is_none()),
    };
    // A fault of ours in one file must not take the program along that holds all files.
    let expanded = catch_unwind(AssertUnwindSafe(|| expand::expand(&request))).unwrap_or_else(|_| {
        let mut plain = Expanded::plain(syntax.text().clone());
        let message = "internal error in macro expansion: the file is taken as it is written";
        let fault = Diagnostic::new(Code::ENGINE_FAULT, file, TextRange::default(), message);
        plain.diagnostics.push(fault.with_help("this is a fault of msc: please report it with the file that shows it"));
        plain
    });
    (expanded, scope.into_asked())
}

/// The text to run or build: nothing compile-time left. Outputs must be known.
pub fn emit_text(snap: &Snapshot, file: &FilePath) -> Option<Arc<Expanded>> {
    emit_steps(snap, file, None)
}

/// The same after so many steps: uses in what the last of them generated stand as they are.
pub fn emit_steps(snap: &Snapshot, file: &FilePath, steps: Option<u32>) -> Option<Arc<Expanded>> {
    let state = state(snap, file)?;
    Some(Arc::new(expand_with(snap, file, &state.syntax(snap, file), &state.facts, Flavour::Emit, steps).0))
}

/// How the output of a use was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The macro ran.
    Ran,
    /// It was in the cache.
    Cache,
    /// It was made for an older form of the use, or of what the macro read.
    Stale,
}

/// What a use costs, or did when it last ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub micros: u64,
    /// Of the JavaScript heap at the end; 0 where the run was too short to be measured.
    pub memory_bytes: u64,
    pub source: Source,
}

impl Cost {
    /// `ran 0.4 ms, 1.2 MB`, `cached (0.4 ms when it ran)`.
    pub fn shown(&self) -> String {
        let time = milliseconds(self.micros);
        let memory = match self.memory_bytes {
            0 => String::new(),
            bytes => format!(", {}", megabytes(bytes)),
        };
        match self.source {
            Source::Ran => format!("ran {time}{memory}"),
            Source::Cache => format!("cached ({time}{memory} when it ran)"),
            Source::Stale => format!("stale ({time}{memory} when it ran)"),
        }
    }
}

/// `0.4 ms`, `120 ms`.
pub fn milliseconds(micros: u64) -> String {
    match micros {
        micros if micros < 10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        micros => format!("{} ms", micros / 1_000),
    }
}

/// `1.2 MB`; `-` for what was not measured.
pub fn megabytes(bytes: u64) -> String {
    match bytes {
        0 => "-".to_owned(),
        bytes => format!("{}.{} MB", bytes >> 20, ((bytes & 0xF_FFFF) * 10) >> 20),
    }
}

/// What is known of the cost of each use of a file; `None` for uses that never had an output.
pub fn costs(snap: &Snapshot, file: &FilePath) -> Vec<(CallSite, Option<Cost>)> {
    let Some(expanded) = known(snap, file) else { return Vec::new() };
    expanded.calls.iter().map(|site| (site.clone(), cost(snap, file, site))).collect()
}

/// What is known of the cost of one use. Reads a row where only its key is known.
pub fn cost(snap: &Snapshot, file: &FilePath, site: &CallSite) -> Option<Cost> {
    let files = &snap.shared.files;
    let at = (file.clone(), site.id.clone());
    let latest = lock(&files.latest).get(&at).cloned()?;
    let expansion = match latest.expansion {
        Some(expansion) => expansion,
        None => memo(snap, file).get(latest.key, &|_| true)?,
    };
    let outcome = expansion.outcome();
    let source = match site.state {
        CallState::Stale | CallState::Missing => Source::Stale,
        _ if latest.ran => Source::Ran,
        _ => Source::Cache,
    };
    Some(Cost { micros: outcome.micros, memory_bytes: outcome.memory_bytes, source })
}

/// What memory holds for a use.
fn lookup(snap: &Snapshot, call: &Call) -> Option<Known> {
    let latest = snap.shared.files.latest(snap, call);
    // A macro whose module does not load has the key of none, and its failure is kept under it.
    let key = key(snap, call).unwrap_or_default();
    let same_text = |text: Digest| snap.text(&call.file).is_some_and(|now| now.digest() == text);
    if let Some(Latest { key: last, expansion: Some(expansion), accepted, text, .. }) = &latest
        && *last == key
        && text.is_none_or(same_text)
    {
        let is_fresh = *accepted == Some(snap.state.macro_env) || all_hold(snap, &call.file, expansion);
        return Some(Known { expansion: expansion.clone(), is_stale: !is_fresh });
    }
    let remembered = memo(snap, &call.file).recent().find(&key, |known| all_hold(snap, &call.file, known));
    match remembered {
        Some(expansion) => Some(Known { expansion, is_stale: false }),
        None => {
            let expansion = latest.and_then(|last| last.expansion)?;
            memo(snap, &call.file).recent().served_stale();
            Some(Known { expansion, is_stale: true })
        }
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

/// Whether an input still is what a macro read, and still may be read. Files are asked of the memory
/// of the disk, which watched changes invalidate; no program and no host is asked, so their last answers
/// count ([`verified`] asks).
pub(super) fn holds(snap: &Snapshot, root: &FilePath, effect: &Effect) -> bool {
    let inputs = snap.inputs(root);
    is_same_file(snap, &inputs, effect) || inputs.known(effect).is_none_or(|now| now == *effect)
}

/// The same, and programs and hosts are asked where their last answers are too old. May take long.
pub(super) fn verified(snap: &Snapshot, root: &FilePath, effect: &Effect) -> bool {
    let inputs = snap.inputs(root);
    is_same_file(snap, &inputs, effect) || effect.still_holds(&inputs)
}

/// What the disk's memory knows. It knows less of what could not be read as text, or not at all.
fn is_same_file(snap: &Snapshot, inputs: &ProjectInputs, effect: &Effect) -> bool {
    let disk = &*snap.shared.disk;
    let Effect::File { path, digest } = effect else { return false };
    // In this order: what may not be read is not read for its digest either.
    inputs.may_read(path, || disk.realpath(path)) && Fingerprints::digest(disk, path) == *digest
}

/// The files and every `.ms` file that they reach through imports, by their source alone.
pub(super) fn reached(snap: &Snapshot, files: &[FilePath]) -> BTreeSet<FilePath> {
    let mut found: BTreeSet<FilePath> = BTreeSet::new();
    let mut queue: Vec<FilePath> = files.to_vec();
    while let Some(file) = queue.pop() {
        if !file.is_metascript() || !found.insert(file.clone()) {
            continue;
        }
        let Some(state) = state(snap, &file) else { continue };
        let specifiers = state.facts.specifiers().into_iter();
        queue.extend(specifiers.filter_map(|specifier| resolve(snap, &file, specifier)));
    }
    found
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
    snap.shared.access.refresh(snap);
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
    let Some(mut state) = state(snap, file) else { return Ok((false, Vec::new())) };
    let root = snap.project_of(file).root.clone();
    if !effects_of(snap, file, &state).iter().all(|effect| verified(snap, &root, effect)) {
        // A program, a host or a permission answers another way now, of which nothing told.
        snap.shared.files.forget(file);
        state = match self::state(snap, file) {
            Some(state) => state,
            None => return Ok((false, Vec::new())),
        };
    }
    if state.asked.is_none() {
        // A row answered, and nothing is pending in a row.
        return Ok((false, state.effects.clone()));
    }
    let mut changed = false;
    let mut pending = state.expanded.pending.clone();
    let mut expanded = state.expanded.clone();
    let mut asked = state.asked.clone().unwrap_or_default();
    // A round runs what the round before brought to light; expansion itself limits the depth.
    while !pending.is_empty() {
        cancel.check()?;
        pending.par_iter().try_for_each(|call| {
            run(snap, call, cancel)?;
            progress(1);
            Ok(())
        })?;
        changed = true;
        let (again, more) = expand_with(snap, file, &state.syntax(snap, file), &state.facts, Flavour::Check, None);
        asked.extend(more);
        // A use that is pending twice under one key would be so for ever (an input that changes
        // while it is read): the next pass looks again.
        let before: HashSet<CallId> = pending.iter().map(|call| call.id.clone()).collect();
        pending = again.pending.iter().filter(|call| !before.contains(&call.id)).cloned().collect();
        expanded = Arc::new(again);
    }
    let effects = keep(snap, file, &state, &expanded, asked, changed);
    Ok((changed, effects))
}

/// The inputs behind the outputs that a file shows.
fn effects_of(snap: &Snapshot, file: &FilePath, state: &FileState) -> Vec<Effect> {
    if state.asked.is_none() {
        return state.effects.clone();
    }
    let latest = lock(&snap.shared.files.latest);
    let known = state.expanded.calls.iter().filter_map(|site| latest.get(&(file.clone(), site.id.clone())));
    let mut effects: Vec<Effect> =
        known.filter_map(|known| known.expansion.as_ref()).flat_map(|one| one.outcome().effects.clone()).collect();
    effects.sort();
    effects.dedup();
    effects
}

/// The inputs behind a file's outputs; writes its row where that is new.
fn keep(
    snap: &Snapshot,
    file: &FilePath,
    state: &FileState,
    expanded: &Expanded,
    asked: BTreeSet<Asked>,
    changed: bool,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut keys = BTreeMap::new();
    {
        let latest = lock(&snap.shared.files.latest);
        for site in &expanded.calls {
            let Some(known) = latest.get(&(file.clone(), site.id.clone())) else { continue };
            keys.insert(site.id.clone(), known.key);
            if let Some(expansion) = &known.expansion {
                effects.extend(expansion.outcome().effects.iter().cloned());
            }
        }
    }
    effects.sort();
    effects.dedup();
    if state.has_errors || expanded.diagnostics.iter().any(|one| one.code == Code::ENGINE_FAULT) {
        // What a broken text parses as depends on the edits that led to it, not on its text alone.
        return effects;
    }
    let is_new = lock(&snap.shared.files.kept).insert((file.clone(), state.text.digest()));
    if (is_new || changed) && snap.saved_text(file).is_some_and(|saved| saved == state.text) {
        let mut modules: BTreeSet<FilePath> =
            expanded.modules.iter().filter(|module| *module != file).cloned().collect();
        if state.facts.has_comptime {
            // A block may use whatever its file imports.
            modules.extend(state.facts.specifiers().into_iter().filter_map(|specifier| resolve(snap, file, specifier)));
        }
        let modules = modules.iter().filter_map(|module| graph::of_module(snap, module).ok());
        rows::write(
            snap,
            rows::Parts {
                file,
                text: &state.text,
                expanded,
                facts: &state.facts,
                keys,
                asked,
                graphs: modules.map(|graph| graph.graph).collect(),
                effects: effects.clone(),
            },
        );
    }
    effects
}

/// Runs one use, or takes what an earlier process stored for it.
fn run(snap: &Snapshot, call: &Call, cancel: &Cancel) -> Result<(), Cancelled> {
    let shared = &snap.shared;
    let graph = match graph::of_call(snap, call) {
        Ok(graph) => graph,
        Err(failure) => {
            let outcome = Outcome { result: Err(failure), effects: Vec::new(), micros: 0, memory_bytes: 0 };
            let expansion = Arc::new(Expansion::new(call, outcome));
            // Where it is looked for: a block may fail to load though what it imports does not.
            shared.files.learn(snap, call, key(snap, call).unwrap_or_default(), expansion, true);
            return Ok(());
        }
    };
    let key = call.key(graph.identity);
    let root = snap.project_of(&call.file).root.clone();
    let memo = shared.memo(&root);
    if let Some(expansion) = memo.get(key, &|effect| verified(snap, &root, effect)) {
        shared.files.learn(snap, call, key, expansion, false);
        return Ok(());
    }
    let invocation = match call.kind {
        expand::CallKind::Comptime => Invocation::Comptime,
        _ => Invocation::Macro { name: call.callee.name.clone() },
    };
    let job = Job {
        graph: graph.graph.clone(),
        invocation,
        input: call.input().to_json(),
        base: call.file.parent(),
        root: root.clone(),
        limits: Limits::default(),
        cache: call.cache.clone(),
        blame: call.blame(),
    };
    shared.counters.macros_run.fetch_add(1, Ordering::Relaxed);
    let outcome = shared.host.run(&job, &snap.inputs(&root), cancel)?;
    shared.counters.macro_micros.fetch_add(outcome.micros, Ordering::Relaxed);
    let expansion = Arc::new(Expansion::new(call, outcome));
    if !holds_places(call, &expansion) {
        memo.put(key, &call.file, expansion.clone());
    }
    shared.files.learn(snap, call, key, expansion, true);
    Ok(())
}

/// What a person should know about the inputs of a file's uses: hosts that did not answer, or took long.
/// True of this moment only, so no part of an expansion.
pub(super) fn remarks(snap: &Snapshot, file: &FilePath, expanded: &Expanded) -> Vec<Diagnostic> {
    let outside = snap.outside(&snap.project_of(file).root);
    if !outside.has_remarks() {
        return Vec::new();
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for site in &expanded.calls {
        let Some(known) = lock(&snap.shared.files.latest).get(&(file.clone(), site.id.clone())).cloned() else {
            continue;
        };
        let expansion = known.expansion.or_else(|| memo(snap, file).get(known.key, &|_| true));
        let effects = expansion.iter().flat_map(|expansion| &expansion.outcome().effects);
        for remark in effects.filter_map(|effect| outside.remark(effect)) {
            let diagnostic = remarked(file, site.name, &remark);
            if !found.contains(&diagnostic) {
                found.push(diagnostic);
            }
        }
    }
    found
}

fn remarked(file: &FilePath, at: TextRange, remark: &Remark) -> Diagnostic {
    match remark {
        Remark::Expired { url, age, why } => {
            let message = format!("{url} was not answered ({why}): the answer of {} ago is used", approximately(*age));
            let help = "it is asked again at the next check; `msc cache clear --network` forgets what hosts answered";
            Diagnostic::new(Code::EXPIRED_RESPONSE, file, at, message).with_help(help)
        }
        Remark::Slow { url, took } => {
            let message = format!("{url} took {:.1} s to answer", took.as_secs_f32());
            let help = "while the answer is fresh nobody waits for it again: `@comptime({ cache: { ttl: \"24h\" } })`";
            Diagnostic::new(Code::SLOW_REQUEST, file, at, message).with_help(help)
        }
    }
}

fn approximately(age: Duration) -> String {
    let seconds = age.as_secs();
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Whether an output names lines of the file that its use stands in. A macro's own module is part of
/// the key, lines and all; a block's is not.
fn holds_places(call: &Call, expansion: &Expansion) -> bool {
    call.block.is_some() && expansion.outcome().result.as_ref().map_or(true, |output| !output.reports.is_empty())
}

/// A failure that names a module of a macro.
pub(super) fn module_failure(message: String) -> Failure {
    Failure::new(FailureKind::Module, message)
}

/// The uses of one file as they stand: for counters and lenses.
pub fn uses(snap: &Snapshot, file: &FilePath) -> u32 {
    if !file.is_metascript() {
        return 0;
    }
    known(snap, file).map_or(0, |expanded| expanded.calls.len() as u32)
}
