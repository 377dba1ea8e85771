//! `Watcher`: tells which paths changed on disk, in small batches.
//!
//! Invariant: a path that is reported is reported after the change can be read, and a change that
//! happens after its report is reported again. A directory in a batch stands for everything below
//! it (it came, went, moved, or events were lost). The content is not looked at: a file that was
//! written with the same bytes is reported.
//!
//! Thread: `msc-watch` collects and calls back; `notify` has a thread of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::base::FilePath;
use crate::vfs::disk::CACHE_DIR;

/// A batch is delivered once nothing happened for this long …
const QUIET: Duration = Duration::from_millis(40);
/// … or this long after its first event.
const AT_MOST: Duration = Duration::from_millis(400);

/// Directories that hold nothing a program is made of, and change a lot.
const IGNORED: [&str; 4] = [".git", CACHE_DIR, "target", ".hg"];

/// inotify watches one directory at a time and has few watches to give; the other systems watch a
/// whole tree at once.
const BY_DIRECTORY: bool = cfg!(any(target_os = "linux", target_os = "android"));

enum Message {
    Event(notify::Result<Event>),
    Stop,
}

/// Watches until dropped.
pub struct Watcher {
    messages: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Watches `roots` and everything below them; `changed` is called on the watcher's thread.
    /// `Err` says why the system cannot watch; a root that cannot be watched is in the second part.
    pub fn new(
        roots: &[FilePath],
        changed: impl Fn(Vec<FilePath>) + Send + 'static,
    ) -> Result<(Watcher, Vec<String>), String> {
        let (messages, inbox) = channel();
        let events = messages.clone();
        let system = notify::recommended_watcher(move |event| {
            // Fails only while the watcher is being dropped.
            let _ = events.send(Message::Event(event));
        })
        .map_err(|error| error.to_string())?;
        let mut tree = Tree { system, roots: roots.to_vec(), failures: Vec::new() };
        for root in roots {
            tree.watch(&root.to_os());
        }
        let failures = std::mem::take(&mut tree.failures);
        let thread = std::thread::Builder::new()
            .name("msc-watch".to_owned())
            .spawn(move || collect(tree, &inbox, changed))
            .map_err(|error| error.to_string())?;
        Ok((Watcher { messages, thread: Some(thread) }, failures))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Fails only where the thread has ended already.
        let _ = self.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the system watches for us.
struct Tree {
    system: RecommendedWatcher,
    roots: Vec<FilePath>,
    failures: Vec<String>,
}

impl Tree {
    /// Watches a directory and those below it; links are not followed.
    fn watch(&mut self, dir: &Path) {
        let mode = if BY_DIRECTORY { RecursiveMode::NonRecursive } else { RecursiveMode::Recursive };
        let mut waiting = vec![dir.to_owned()];
        while let Some(dir) = waiting.pop() {
            if let Err(error) = self.system.watch(&dir, mode) {
                // A directory that is gone again needs no watch.
                if dir.exists() {
                    self.failures.push(format!("{}: {error}", dir.display()));
                }
                continue;
            }
            if BY_DIRECTORY {
                waiting.extend(subdirectories(&dir));
            }
        }
    }

    fn relevant(&self, path: &Path) -> Option<FilePath> {
        let path = FilePath::new(path.to_str()?);
        let root = self.roots.iter().find(|root| path.is_under(root))?;
        let relative = path.relative_to(root);
        let mut before = "";
        for part in relative.split('/') {
            if IGNORED.contains(&part) || (before == "node_modules" && part == ".cache") {
                return None;
            }
            before = part;
        }
        Some(path)
    }
}

/// Whether a directory in a tree gets a watch of its own. Below a package's directory nothing is
/// watched: installing replaces or renames that directory as a whole, and there may be more
/// directories in it than the system has watches.
fn is_watched(dir: &Path) -> bool {
    let parts: Vec<&str> = dir.iter().map(|part| part.to_str().unwrap_or_default()).collect();
    if parts.last().is_some_and(|name| IGNORED.contains(name)) {
        return false;
    }
    match parts.iter().position(|&part| part == "node_modules").map(|at| &parts[at + 1..]) {
        None | Some([]) => true,
        Some([scope]) => scope.starts_with('@'),
        Some(_) => false,
    }
}

fn subdirectories(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| is_watched(path))
        .collect()
}

fn collect(mut tree: Tree, inbox: &Receiver<Message>, changed: impl Fn(Vec<FilePath>)) {
    let mut batch = BTreeSet::new();
    let mut deadline: Option<Instant> = None;
    loop {
        let message = match deadline {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => inbox.recv_timeout(QUIET.min(deadline.saturating_duration_since(Instant::now()))),
        };
        match message {
            Ok(Message::Event(event)) => {
                take(&mut tree, event, &mut batch);
                if batch.is_empty() {
                    continue;
                }
                let now = Instant::now();
                if *deadline.get_or_insert(now + AT_MOST) > now {
                    continue;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        deadline = None;
        changed(std::mem::take(&mut batch).into_iter().collect());
        for failure in tree.failures.drain(..) {
            tracing::warn!("not watched: {failure}");
        }
    }
}

fn take(tree: &mut Tree, event: notify::Result<Event>, batch: &mut BTreeSet<FilePath>) {
    let event = match event {
        Ok(event) => event,
        Err(error) => {
            tracing::warn!("watching files: {error}");
            return;
        }
    };
    if event.need_rescan() {
        // Events were lost: anything may have changed, new directories included.
        for root in tree.roots.clone() {
            tree.watch(&root.to_os());
            batch.insert(root);
        }
        return;
    }
    let moved = matches!(event.kind, EventKind::Modify(ModifyKind::Name(_)));
    let appeared = moved || matches!(event.kind, EventKind::Create(_));
    if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) {
        return;
    }
    for path in &event.paths {
        let Some(file) = tree.relevant(path) else { continue };
        if path.is_dir() {
            if !appeared {
                // Its own attributes changed, or a system tells in this way what it also tells of
                // the file concerned.
                continue;
            }
            if BY_DIRECTORY && is_watched(path) {
                // Watched before it is reported, so that what is created in it from here on is
                // seen, and what was created until now is covered by the report of the directory.
                tree.watch(path);
            }
        }
        batch.insert(file);
    }
}
