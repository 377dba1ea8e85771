//! What all snapshots of a world share: the engine, the macro host, the cache's rows, the disk,
//! and memos under content keys.
//!
//! Invariant: everything here is either immutable or a memo that may be dropped at any time
//! without changing an answer. What changes answers lives in `World`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::FilePath;
use crate::cache::Store;
use crate::engine::TypeEngine;
use crate::engine::tsr::TsrEngine;
use crate::expand::Memo;
use crate::macros::{Allow, Host, HostOptions};
use crate::std_lib;
use crate::vfs::Disk;

use super::Revision;
use super::answers::Answers;
use super::checked::OpenFindings;
use super::expansion::FileStates;
use super::graph::Graphs;
use super::made::MadeMemo;
use super::members::Learned;
use super::permissions::ProjectAccess;
use super::program::Programs;
use super::resolution::Resolvers;
use super::scope::FactsMemo;
use super::trust::Grants;

/// Counters since start, for `--stats`. Relaxed: they order nothing.
#[derive(Debug, Default)]
pub struct Counters {
    /// Files that our grammar parsed from nothing.
    pub parsed: AtomicU32,
    /// Uses of macros found.
    pub uses: AtomicU32,
    /// Macros that ran.
    pub macros_run: AtomicU32,
    /// Time that macros took inside the workers.
    pub macro_micros: AtomicU64,
    /// Files that the type engine checked.
    pub checked: AtomicU32,
    /// Full loads and updates of engine programs.
    pub loads: AtomicU32,
    pub updates: AtomicU32,
}

pub struct Shared {
    pub engine: Arc<dyn TypeEngine>,
    pub host: Arc<Host>,
    pub disk: Arc<Disk>,
    pub counters: Counters,
    pub answers: Answers,
    pub(super) files: FileStates,
    pub(super) graphs: Graphs,
    pub(super) made: MadeMemo,
    pub(super) open_findings: OpenFindings,
    pub(super) learned: Learned,
    pub(super) programs: Programs,
    pub(super) log: ChangeLog,
    pub(super) facts: FactsMemo,
    pub(super) resolvers: Resolvers,
    pub(super) access: ProjectAccess,
    /// The threads of the pass.
    pub(super) pool: rayon::ThreadPool,
    memos: Mutex<HashMap<FilePath, Arc<Memo>>>,
    /// One a project root, opened on first use.
    stores: Mutex<HashMap<FilePath, Arc<Store>>>,
    use_cache: bool,
    /// What programs are compiled for, where the command line says it.
    pub(super) target: Option<String>,
}

/// How a world is set up.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Workspace folders, or what the command line named.
    pub roots: Vec<FilePath>,
    /// The program that macro workers run: `msc` itself.
    pub exe: PathBuf,
    /// Processes for macros; also threads for checking.
    pub workers: usize,
    /// Whether rows may be read and written on disk.
    pub use_cache: bool,
    /// Whether a file of the same size, time and inode counts as unchanged without being hashed.
    pub trust_times: bool,
    /// What the person granted to projects.
    pub grants: Grants,
    /// What the command line permits to macros, for this process.
    pub allow: Allow,
    /// What programs are compiled for, whatever their projects say.
    pub target: Option<String>,
    /// How long an edit may parse on the thread that owns the world.
    pub parse_budget: Duration,
}

/// An unbalanced brace in a long file can take a hundred milliseconds.
const PARSE_BUDGET: Duration = Duration::from_millis(10);

impl WorldOptions {
    /// One worker a core, the running program as the worker's.
    pub fn new(roots: Vec<FilePath>) -> WorldOptions {
        WorldOptions {
            roots,
            exe: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("msc")),
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            use_cache: true,
            trust_times: true,
            grants: Grants::of_user(),
            allow: Allow::default(),
            target: None,
            parse_budget: PARSE_BUDGET,
        }
    }
}

impl Shared {
    pub fn new(options: &WorldOptions) -> Arc<Shared> {
        Arc::new(Shared {
            engine: Arc::new(TsrEngine::new()),
            host: Arc::new(Host::new(HostOptions {
                workers: options.workers,
                ..HostOptions::new(options.exe.clone())
            })),
            disk: Arc::new(if options.trust_times { Disk::new() } else { Disk::without_times() }),
            counters: Counters::default(),
            answers: Answers::default(),
            files: FileStates::default(),
            graphs: Graphs::default(),
            made: MadeMemo::default(),
            open_findings: OpenFindings::default(),
            learned: Learned::default(),
            programs: Programs::default(),
            log: ChangeLog::default(),
            facts: FactsMemo::default(),
            resolvers: Resolvers::default(),
            access: ProjectAccess::new(options.grants.clone(), options.allow.clone()),
            pool: pool(options.workers),
            memos: Mutex::default(),
            stores: Mutex::default(),
            use_cache: options.use_cache,
            target: options.target.clone(),
        })
    }

    /// The rows of the project at `root`.
    pub fn store(&self, root: &FilePath) -> Arc<Store> {
        let mut stores = lock(&self.stores);
        stores
            .entry(root.clone())
            .or_insert_with(|| {
                let on_disk = self.use_cache && !std_lib::contains(root);
                if on_disk { Store::open(root) } else { Store::in_memory() }
            })
            .clone()
    }

    /// L2 of the project at `root`.
    pub(super) fn memo(&self, root: &FilePath) -> Arc<Memo> {
        if let Some(memo) = lock(&self.memos).get(root) {
            return memo.clone();
        }
        let memo = Arc::new(Memo::new(self.store(root)));
        lock(&self.memos).entry(root.clone()).or_insert(memo).clone()
    }

    pub(super) fn memos(&self) -> Vec<Arc<Memo>> {
        lock(&self.memos).values().cloned().collect()
    }

    /// Every store opened so far, with its root.
    pub fn stores(&self) -> Vec<(FilePath, Arc<Store>)> {
        let mut all: Vec<_> = lock(&self.stores).iter().map(|(root, store)| (root.clone(), store.clone())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

/// Twice as many threads as workers: half of them wait for a macro's answer at any time.
fn pool(workers: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(workers.max(1) * 2)
        .thread_name(|index| format!("msc-pass-{index}"))
        .stack_size(8 << 20)
        .build()
        .expect("a process can start a few threads at its beginning")
}

/// Locks a memo; one that a panic left behind is still a memo.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What changed between two revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    Files {
        changed: HashSet<FilePath>,
        /// Those of them that changed on disk, where they may have come or gone.
        on_disk: HashSet<FilePath>,
    },
    /// Files came or went, options changed, or it is too long ago to know.
    Everything,
}

/// Which files changed at which revision: how a program of one revision is led to another.
#[derive(Default)]
pub(super) struct ChangeLog(Mutex<VecDeque<(Revision, Logged)>>);

#[derive(Clone, Debug)]
pub(super) enum Logged {
    /// Its text.
    File(FilePath),
    /// Its text, or whether it is there at all.
    OnDisk(FilePath),
    Structure,
}

/// Entries kept: beyond it a program is loaded anew, which such a burst costs anyway.
const LOG_LIMIT: usize = 20_000;

impl ChangeLog {
    pub fn push(&self, revision: Revision, what: Logged) {
        let mut log = lock(&self.0);
        if let (Logged::File(file), Some((last, Logged::File(same)))) = (&what, log.back())
            && *last == revision
            && file == same
        {
            return;
        }
        log.push_back((revision, what));
        if log.len() > LOG_LIMIT {
            log.pop_front();
        }
    }

    pub fn between(&self, a: Revision, b: Revision) -> Difference {
        let (from, to) = (a.min(b), a.max(b));
        let log = lock(&self.0);
        if log.len() >= LOG_LIMIT && log.front().is_some_and(|(first, _)| *first > from) {
            return Difference::Everything;
        }
        let (mut changed, mut on_disk) = (HashSet::new(), HashSet::new());
        let start = log.partition_point(|(revision, _)| *revision <= from);
        for (revision, what) in log.range(start..) {
            if *revision > to {
                break;
            }
            match what {
                Logged::File(file) => {
                    changed.insert(file.clone());
                }
                Logged::OnDisk(file) => {
                    changed.insert(file.clone());
                    on_disk.insert(file.clone());
                }
                Logged::Structure => return Difference::Everything,
            }
        }
        Difference::Files { changed, on_disk }
    }
}
