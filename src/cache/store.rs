//! `Store`: rows by level and key, for any thread.
//!
//! Invariant: no call waits for the disk but [`Store::get`] (one point read) and [`Store::flush`].
//! What was put is found at once by this process, and by others once the writer has committed it.
//!
//! Thread: `msc-cache` is the one writer of this process; it ends with the last handle.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use rustc_hash::FxHashMap;

use crate::base::{Digest, FilePath};
use crate::cache::counters::{Counters, LevelStats};
use crate::cache::evict;
use crate::cache::level::{LEVELS, Level};
use crate::cache::memory::Memory;
use crate::cache::sqlite::{self, Database, NewRow, Trouble};
use crate::vfs::user;

/// Rows and bytes that one transaction takes at most.
const BATCH_ROWS: usize = 512;
const BATCH_BYTES: usize = 8 << 20;
/// Bytes waiting for the writer beyond which new rows are dropped: they are only a cache.
const QUEUE_BYTES: u64 = 256 << 20;
/// How long a process waits at its end for the writer.
const FLUSH_PATIENCE: Duration = Duration::from_secs(10);
/// Damaged databases that a process makes anew: a disk that damages each of them is not worth more.
const MOST_REPLACEMENTS: u32 = 3;
/// `used_at` counts hours, and is written again only after this many.
const TOUCH_AFTER_HOURS: i64 = 24;

/// What lies at one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub rows: u64,
    pub bytes: u64,
}

/// Where a store lies and how large it may grow, where that is not the rule.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The directory of the user's key; `None` where there is no place for one.
    pub user_dir: Option<PathBuf>,
    /// Bytes of each level, in the order of [`LEVELS`].
    pub caps: [u64; LEVELS.len()],
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions { user_dir: user::config_dir(), caps: LEVELS.map(|spec| spec.cap) }
    }
}

type Pending = FxHashMap<(Level, Digest), Arc<[u8]>>;

/// What the handle and the writer share.
#[derive(Default)]
struct Shared {
    counters: [Counters; LEVELS.len()],
    /// Rows on their way to the disk.
    pending: RwLock<Pending>,
    pending_bytes: AtomicU64,
    /// Lines for `msc doctor`.
    health: Mutex<Vec<String>>,
    /// The file turned out to be damaged: nothing more is asked of it.
    damaged: AtomicBool,
}

impl Shared {
    fn count(&self, level: Level, which: impl Fn(&Counters) -> &AtomicU64) {
        which(&self.counters[level.index()]).fetch_add(1, Ordering::Relaxed);
    }

    fn health(&self) -> MutexGuard<'_, Vec<String>> {
        self.health.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps a line about trouble, once.
    fn note(&self, line: String) {
        let mut health = self.health();
        if health.len() < 20 && !health.contains(&line) {
            tracing::warn!("cache: {line}");
            health.push(line);
        }
    }

    fn note_error(&self, error: &rusqlite::Error) {
        if sqlite::is_damage(error) {
            self.damaged.store(true, Ordering::Release);
        }
        self.note(error.to_string());
    }
}

enum Message {
    Put(NewRow),
    Touch(Level, Digest),
    Flush(SyncSender<()>),
    Clear(Vec<Level>, SyncSender<Option<u64>>),
    Collect(SyncSender<Option<u64>>),
    Stop,
}

struct OnDisk {
    database: Arc<Database>,
    messages: Sender<Message>,
    writer: Option<JoinHandle<()>>,
}

enum Place {
    Disk(OnDisk),
    Memory(Memory),
}

/// The rows of one project.
pub struct Store {
    root: Option<FilePath>,
    shared: Arc<Shared>,
    place: Place,
}

impl Store {
    /// Opens the cache of the project at `root`; never fails (see the module's invariant).
    pub fn open(root: &FilePath) -> Arc<Store> {
        Store::open_with(root, &StoreOptions::default())
    }

    pub fn open_with(root: &FilePath, options: &StoreOptions) -> Arc<Store> {
        let shared = Arc::new(Shared::default());
        let place = match OnDisk::open(root, options, &shared) {
            Ok(disk) => Place::Disk(disk),
            Err(reason) => {
                shared.note(format!("nothing is kept between runs: {reason}"));
                Place::Memory(Memory::new())
            }
        };
        Arc::new(Store { root: Some(root.clone()), shared, place })
    }

    /// One that forgets everything at the end of the process.
    pub fn in_memory() -> Arc<Store> {
        Arc::new(Store { root: None, shared: Arc::default(), place: Place::Memory(Memory::new()) })
    }

    /// Where the database of the project at `root` lies, whether it exists or not.
    pub fn file_of(root: &FilePath) -> PathBuf {
        sqlite::file_of(&root.to_os())
    }

    /// Deletes what other versions of `msc` and renamed databases left in the cache's directory.
    pub fn remove_leftovers(root: &FilePath) {
        sqlite::remove_leftovers(&root.to_os());
    }

    pub fn get(&self, level: Level, key: Digest) -> Option<Vec<u8>> {
        let found = match &self.place {
            Place::Memory(memory) => memory.get(level, key),
            Place::Disk(disk) => self.get_from(disk, level, key),
        };
        self.shared.count(level, |it| if found.is_some() { &it.hits } else { &it.misses });
        found
    }

    /// Queued for the writer thread; returns at once. Replaces an earlier row of the same key.
    /// `owner` is the file that the row goes with when it is deleted.
    pub fn put(&self, level: Level, key: Digest, owner: Option<&FilePath>, bytes: Vec<u8>) {
        match &self.place {
            Place::Memory(memory) => {
                let evicted = memory.put(level, key, bytes);
                self.shared.count(level, |it| &it.writes);
                self.shared.counters[level.index()].evictions.fetch_add(evicted, Ordering::Relaxed);
            }
            Place::Disk(disk) => {
                let size = bytes.len() as u64;
                if self.shared.pending_bytes.fetch_add(size, Ordering::Relaxed) + size > QUEUE_BYTES {
                    self.shared.pending_bytes.fetch_sub(size, Ordering::Relaxed);
                    self.shared.count(level, |it| &it.errors);
                    return;
                }
                let value: Arc<[u8]> = bytes.into();
                let relative = |path: &FilePath| match &self.root {
                    Some(root) => path.relative_to(root).to_owned(),
                    None => path.as_str().to_owned(),
                };
                let row = NewRow { level, key, owner: owner.map(relative), value: value.clone() };
                write(&self.shared.pending).insert((level, key), value);
                // The writer lives as long as this handle.
                let _ = disk.messages.send(Message::Put(row));
            }
        }
    }

    /// Waits until everything queued so far is on disk.
    pub fn flush(&self) {
        if let Place::Disk(disk) = &self.place {
            let (done, wait) = sync_channel(1);
            if disk.messages.send(Message::Flush(done)).is_ok() && wait.recv_timeout(FLUSH_PATIENCE).is_err() {
                self.shared.note("writing took too long at the end of the process".to_owned());
            }
        }
    }

    /// Deletes every row; returns how many there were, or `None` where that failed.
    pub fn clear(&self) -> Option<u64> {
        self.clear_levels(&LEVELS.map(|spec| spec.level))
    }

    /// Deletes the rows of these levels; otherwise as [`Store::clear`].
    pub fn clear_levels(&self, levels: &[Level]) -> Option<u64> {
        match &self.place {
            Place::Memory(memory) => Some(memory.clear(levels)),
            Place::Disk(disk) => {
                let (done, wait) = sync_channel(1);
                disk.messages.send(Message::Clear(levels.to_vec(), done)).ok()?;
                wait.recv_timeout(FLUSH_PATIENCE).ok()?
            }
        }
    }

    pub fn stats(&self, level: Level) -> LevelStats {
        self.shared.counters[level.index()].load()
    }

    /// Deletes rows of deleted files, and those that a level is too large by; returns how many went, or
    /// `None` where that failed.
    pub fn collect(&self) -> Option<u64> {
        match &self.place {
            Place::Memory(_) => Some(0),
            Place::Disk(disk) => {
                let (done, wait) = sync_channel(1);
                disk.messages.send(Message::Collect(done)).ok()?;
                wait.recv_timeout(FLUSH_PATIENCE).ok()?
            }
        }
    }

    /// What happened at one level since the database was made, in processes that have ended and in this
    /// one.
    pub fn totals(&self, level: Level) -> LevelStats {
        let before = match &self.place {
            Place::Memory(_) => LevelStats::default(),
            Place::Disk(disk) => disk.database.totals(level).unwrap_or_default(),
        };
        before.plus(self.stats(level))
    }

    /// Asks the database, and so takes a moment with many rows.
    pub fn contents(&self, level: Level) -> Contents {
        let (rows, bytes) = match &self.place {
            Place::Memory(memory) => memory.contents(level),
            Place::Disk(disk) => disk.database.contents(level).unwrap_or_default(),
        };
        Contents { rows, bytes }
    }

    /// One line for each thing that is not as it should be.
    pub fn health(&self) -> Vec<String> {
        self.shared.health().clone()
    }

    /// The database file; `None` where rows are in memory only.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Disk(disk) => Some(&disk.database.path),
            Place::Memory(_) => None,
        }
    }

    fn get_from(&self, disk: &OnDisk, level: Level, key: Digest) -> Option<Vec<u8>> {
        let pending = read(&self.shared.pending).get(&(level, key)).cloned();
        if let Some(value) = pending {
            return Some(value.to_vec());
        }
        if self.shared.damaged.load(Ordering::Acquire) {
            return None;
        }
        match disk.database.read(level, key) {
            Ok(Some(found)) => {
                if now_in_hours().saturating_sub(found.used_at) >= TOUCH_AFTER_HOURS {
                    let _ = disk.messages.send(Message::Touch(level, key));
                }
                Some(found.value)
            }
            Ok(None) => None,
            Err(trouble) => {
                self.shared.count(level, |it| &it.errors);
                match trouble {
                    Trouble::Damaged(reason) => {
                        self.shared.damaged.store(true, Ordering::Release);
                        self.shared.note(reason);
                    }
                    Trouble::Unusable(reason) => self.shared.note(reason),
                    Trouble::Foreign => {}
                }
                None
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Place::Disk(disk) = &mut self.place {
            let _ = disk.messages.send(Message::Stop);
            if let Some(writer) = disk.writer.take() {
                let _ = writer.join();
            }
            if self.shared.damaged.load(Ordering::Acquire) {
                // Where this fails, the next process finds the damage itself.
                let _ = disk.database.discard();
            }
        }
    }
}

impl OnDisk {
    fn open(root: &FilePath, options: &StoreOptions, shared: &Arc<Shared>) -> Result<OnDisk, String> {
        let user_dir = options.user_dir.as_deref().ok_or("the system names no directory for the user's key")?;
        let (database, connection, notes) = match Database::open(&root.to_os(), user_dir) {
            Ok(opened) => opened,
            Err(Trouble::Damaged(reason) | Trouble::Unusable(reason)) => return Err(reason),
            Err(Trouble::Foreign) => return Err("another user's database cannot be renamed".to_owned()),
        };
        for note in notes {
            shared.note(note);
        }
        let database = Arc::new(database);
        let (messages, inbox) = channel();
        let writer = Writer {
            root: root.to_os(),
            caps: options.caps,
            database: database.clone(),
            connection,
            shared: shared.clone(),
            has_written: false,
            replacements: 0,
        };
        let thread = std::thread::Builder::new()
            .name("msc-cache".to_owned())
            .spawn(move || writer.run(&inbox))
            .map_err(|error| error.to_string())?;
        Ok(OnDisk { database, messages, writer: Some(thread) })
    }
}

/// The one writer of this process.
struct Writer {
    root: PathBuf,
    caps: [u64; LEVELS.len()],
    database: Arc<Database>,
    connection: Connection,
    shared: Arc<Shared>,
    has_written: bool,
    /// Damaged databases that were given up for a new one.
    replacements: u32,
}

impl Writer {
    fn run(mut self, inbox: &Receiver<Message>) {
        self.evict();
        loop {
            let Ok(mut message) = inbox.recv() else { return };
            let (mut rows, mut used, mut bytes) = (Vec::new(), Vec::new(), 0);
            // Whatever waits is taken along, up to the size of a batch; anything but a row ends it.
            let end = loop {
                match message {
                    Message::Put(row) => {
                        bytes += row.value.len();
                        rows.push(row);
                    }
                    Message::Touch(level, key) => used.push((level, key)),
                    other => break Some(other),
                }
                if rows.len() + used.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
                    break None;
                }
                match inbox.try_recv() {
                    Ok(next) => message = next,
                    Err(TryRecvError::Empty) => break None,
                    Err(TryRecvError::Disconnected) => break Some(Message::Stop),
                }
            };
            self.write(&rows);
            if !used.is_empty()
                && let Err(error) = sqlite::touch(&mut self.connection, &used, now_in_hours())
            {
                self.shared.note_error(&error);
            }
            match end {
                Some(Message::Flush(done)) => {
                    let _ = done.send(());
                }
                Some(Message::Clear(levels, done)) => {
                    let cleared = sqlite::clear(&mut self.connection, &levels);
                    if let Err(error) = &cleared {
                        self.shared.note_error(error);
                    }
                    let _ = done.send(cleared.ok());
                }
                Some(Message::Collect(done)) => {
                    let collected = evict::collect(&mut self.connection, &self.root);
                    let collected = collected.and_then(|gone| Ok(gone + self.evict_all()?));
                    if let Err(error) = &collected {
                        self.shared.note_error(error);
                    }
                    let _ = done.send(collected.ok());
                }
                Some(Message::Stop) => return self.end(),
                _ => {}
            }
        }
    }

    fn write(&mut self, rows: &[NewRow]) {
        if rows.is_empty() {
            return;
        }
        self.follow();
        self.replace();
        self.has_written = true;
        let written = match self.shared.damaged.load(Ordering::Acquire) {
            true => Ok(false),
            false => self.database.write(&mut self.connection, rows, now_in_hours()).map(|()| true),
        };
        if let Err(error) = &written {
            self.shared.note_error(error);
        }
        let ok = matches!(written, Ok(true));
        let mut pending = write(&self.shared.pending);
        for row in rows {
            self.shared.count(row.level, |it| if ok { &it.writes } else { &it.errors });
            self.shared.pending_bytes.fetch_sub(row.value.len() as u64, Ordering::Relaxed);
            // A later row of the same key stays until it is written itself.
            let slot = (row.level, row.key);
            if pending.get(&slot).is_some_and(|value| Arc::ptr_eq(value, &row.value)) {
                pending.remove(&slot);
            }
        }
    }

    /// Somebody may have deleted the database, or the whole directory: what is written from here on
    /// belongs in a new one.
    fn follow(&mut self) {
        if !self.database.is_replaced() {
            return;
        }
        match self.database.reopen(&self.root) {
            Ok(connection) => {
                self.connection = connection;
                self.shared.note("the database was deleted while it was in use, and made anew".to_owned());
            }
            Err(Trouble::Damaged(reason) | Trouble::Unusable(reason)) => self.shared.note(reason),
            Err(Trouble::Foreign) => self.shared.note("another user's database took the place of ours".to_owned()),
        }
    }

    /// A database that turned out to be damaged gives way to a new one.
    fn replace(&mut self) {
        if !self.shared.damaged.load(Ordering::Acquire) || self.replacements >= MOST_REPLACEMENTS {
            return;
        }
        self.replacements += 1;
        let made = self.database.discard().map_err(Trouble::from).and_then(|()| self.database.reopen(&self.root));
        match made {
            Ok(connection) => {
                self.connection = connection;
                self.shared.damaged.store(false, Ordering::Release);
            }
            Err(Trouble::Damaged(reason) | Trouble::Unusable(reason)) => self.shared.note(reason),
            Err(Trouble::Foreign) => self.shared.note("another user's database took the place of ours".to_owned()),
        }
    }

    fn evict(&mut self) {
        if let Err(error) = self.evict_all() {
            self.shared.note_error(&error);
        }
    }

    fn evict_all(&mut self) -> rusqlite::Result<u64> {
        let evicted = evict::evict(&mut self.connection, &self.root, &self.caps)?;
        for (counters, rows) in self.shared.counters.iter().zip(evicted) {
            Counters::add(&counters.evictions, rows);
        }
        Ok(evicted.iter().sum())
    }

    /// The end of a process that only read costs no waiting for the disk.
    fn end(&mut self) {
        if self.shared.damaged.load(Ordering::Acquire) || self.database.is_replaced() {
            return;
        }
        if self.has_written {
            self.evict();
        }
        let stats = LEVELS.map(|spec| self.shared.counters[spec.level.index()].load());
        let told = sqlite::add_totals(&mut self.connection, &stats);
        let kept = told.and_then(|()| if self.has_written { sqlite::checkpoint(&self.connection) } else { Ok(()) });
        if let Err(error) = kept {
            self.shared.note_error(&error);
        }
    }
}

fn now_in_hours() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs() / 3_600) as i64
}

/// A panic while a lock was held leaves no half-made value behind.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}
