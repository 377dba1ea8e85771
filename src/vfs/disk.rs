//! `Disk`: what the file system holds, asked once and remembered.
//!
//! Invariant: two questions about one path get one answer until [`Disk::invalidate`] names that
//! path or a directory above it. Any thread may ask; no lock is held while the system is asked.
//!
//! Module resolution asks for many files that are not there. Absence costs least: a missing
//! directory answers for all that lies below it, and once a directory was asked in vain a few
//! times its listing is read and answers for the rest.

use std::collections::hash_map::Entry;
use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath};
use crate::text::SourceText;

/// The cache's own directory: what it holds never counts as part of a project.
pub const CACHE_DIR: &str = ".metascript-cache";

/// Offsets are 32 bits wide, and half of that keeps sums of two within them.
const MAX_BYTES: u64 = 1 << 31;

/// Failed questions in one directory after which its listing is read.
const MISSES_BEFORE_LISTING: u32 = 4;

/// Modification times closer to the moment of reading than this may be shared by a later change:
/// the coarsest clock of file systems in use (FAT) ticks every two seconds.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

/// Whether names that differ in case name different files, so that a listing can prove absence.
const CASE_SENSITIVE: bool = !cfg!(any(target_os = "macos", windows));

const SHARDS: usize = 16;

/// What decides whether a file must be hashed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    pub size: u64,
    /// When the file last changed, in nanoseconds since 1970: its status on Unix, which no program can
    /// set, elsewhere its contents. 0 where the time proves nothing: the file changed so recently that
    /// a later change may bear the same time.
    pub changed_ns: u64,
    /// Which file it is (the inode's number), so that one which takes the place of another is told apart
    /// though size and time are the same; 0 where the system does not number files.
    pub inode: u64,
}

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReadError {
    Missing,
    Directory,
    /// It begins with a UTF-16 byte order mark.
    Utf16,
    /// The first byte that is not UTF-8.
    NotUtf8 {
        offset: u64,
    },
    TooLarge,
    Denied,
    Other(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Missing => f.write_str("there is no such file"),
            ReadError::Directory => f.write_str("it is a directory"),
            ReadError::Utf16 => f.write_str("it is encoded in UTF-16; save it as UTF-8"),
            ReadError::NotUtf8 { offset } => write!(f, "it is not UTF-8 (byte {offset})"),
            ReadError::TooLarge => f.write_str("it is larger than 2 GB"),
            ReadError::Denied => f.write_str("permission denied"),
            ReadError::Other(text) => f.write_str(text),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Missing,
            io::ErrorKind::IsADirectory => ReadError::Directory,
            io::ErrorKind::PermissionDenied => ReadError::Denied,
            _ => ReadError::Other(error.to_string()),
        }
    }
}

/// The names in a directory, sorted; links count as what they lead to, dead links as files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    pub files: Vec<String>,
    pub dirs: Vec<String>,
}

impl Entries {
    fn holds(&self, name: &str) -> bool {
        let has = |names: &[String]| names.binary_search_by(|it| it.as_str().cmp(name)).is_ok();
        has(&self.files) || has(&self.dirs)
    }

    /// Of names and kinds: equal as long as nothing comes, goes, or turns into something else.
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for (names, end) in [(&self.files, b"\n"), (&self.dirs, b"/")] {
            for name in names {
                bytes.extend_from_slice(name.as_bytes());
                bytes.extend_from_slice(end);
            }
        }
        Digest::of(&bytes)
    }
}

/// What a recorded observation of the disk is compared with.
pub trait Fingerprints: Sync {
    /// `None` where no file is.
    fn fingerprint(&self, path: &FilePath) -> Option<Fingerprint>;
    /// Of the file's bytes; `None` where they cannot be read.
    fn digest(&self, path: &FilePath) -> Option<Digest>;
    /// Of the directory's listing ([`Entries::digest`]); `None` where no directory is.
    fn dir_digest(&self, path: &FilePath) -> Option<Digest>;
    /// Whether an equal fingerprint proves equal bytes. Otherwise every file is hashed.
    fn trusts_times(&self) -> bool {
        true
    }
}

/// What was found where somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    File,
    /// A directory's entries.
    Listing,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Absent,
    File(Fingerprint),
    Dir,
}

/// What is known of one path. `None` stands for "not asked yet".
#[derive(Default)]
struct Node {
    kind: Option<Kind>,
    text: Option<Result<SourceText, ReadError>>,
    digest: Option<Option<Digest>>,
    entries: Option<Option<Arc<Entries>>>,
    /// Somebody asked for the entries; else they were read to answer for what is absent.
    is_listed: bool,
    realpath: Option<FilePath>,
    /// Children asked for in vain.
    misses: u32,
}

type Shard = FxHashMap<FilePath, Node>;

/// The memory of one process over the file system.
pub struct Disk {
    shards: [RwLock<Shard>; SHARDS],
    generation: AtomicU64,
    system_calls: AtomicU64,
    files_read: AtomicU64,
    trusts_times: bool,
}

impl Default for Disk {
    fn default() -> Disk {
        Disk {
            shards: std::array::from_fn(|_| RwLock::default()),
            generation: AtomicU64::new(0),
            system_calls: AtomicU64::new(0),
            files_read: AtomicU64::new(0),
            trusts_times: true,
        }
    }
}

impl Disk {
    pub fn new() -> Disk {
        Disk::default()
    }

    /// One that takes no file for unchanged because of its time: for file systems and tools that lie
    /// about times.
    pub fn without_times() -> Disk {
        Disk { trusts_times: false, ..Disk::default() }
    }

    /// Counts invalidations: what was asked under one generation fits together as far as the
    /// process was told.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Questions that memory could not answer.
    pub fn system_calls(&self) -> u64 {
        self.system_calls.load(Ordering::Relaxed)
    }

    /// Files whose bytes were read, some more than once.
    pub fn files_read(&self) -> u64 {
        self.files_read.load(Ordering::Relaxed)
    }

    /// Texts in memory, and their bytes.
    pub fn held(&self) -> (u64, u64) {
        let (mut texts, mut bytes) = (0, 0);
        for shard in &self.shards {
            for text in read(shard).values().filter_map(|node| node.text.as_ref()?.as_ref().ok()) {
                texts += 1;
                bytes += u64::from(text.len());
            }
        }
        (texts, bytes)
    }

    /// The text of a file, without its byte order mark.
    pub fn read(&self, path: &FilePath) -> Result<SourceText, ReadError> {
        if let Some(known) = self.known(path, |node| node.text.clone()) {
            return known;
        }
        let generation = self.generation();
        let read = if self.proven_absent(path) { Err(ReadError::Missing) } else { self.read_bytes(path) };
        let (text, kind, digest) = match read {
            Ok((bytes, fingerprint)) => {
                let digest = Digest::of(&bytes);
                (decode(bytes), Some(Kind::File(fingerprint)), Some(digest))
            }
            Err(ReadError::Missing) => (Err(ReadError::Missing), Some(Kind::Absent), None),
            Err(ReadError::Directory) => (Err(ReadError::Directory), Some(Kind::Dir), None),
            Err(error) => (Err(error), None, None),
        };
        self.learn_at(generation, path, |node| {
            node.text = Some(text.clone());
            node.digest = Some(digest);
            if kind.is_some() {
                node.kind = kind;
            }
        });
        text
    }

    pub fn is_file(&self, path: &FilePath) -> bool {
        matches!(self.kind(path), Kind::File(_))
    }

    pub fn is_dir(&self, path: &FilePath) -> bool {
        self.kind(path) == Kind::Dir
    }

    pub fn exists(&self, path: &FilePath) -> bool {
        self.kind(path) != Kind::Absent
    }

    /// `None` where no directory is, or it cannot be listed.
    pub fn entries(&self, path: &FilePath) -> Option<Arc<Entries>> {
        let entries = self.listing(path);
        if !self.known(path, |node| Some(node.is_listed)).unwrap_or(false) {
            self.learn(path, |node| node.is_listed = true);
        }
        entries
    }

    /// Everything that was asked since it was last forgotten: what the answers rest on.
    pub fn observed(&self) -> Vec<(FilePath, Seen)> {
        let mut all = Vec::new();
        for shard in &self.shards {
            for (path, node) in read(shard).iter() {
                if node.is_listed {
                    all.push((path.clone(), Seen::Listing));
                }
                match node.kind {
                    Some(Kind::File(_)) => all.push((path.clone(), Seen::File)),
                    Some(Kind::Absent) => all.push((path.clone(), Seen::Nothing)),
                    Some(Kind::Dir) | None => {}
                }
            }
        }
        all
    }

    fn listing(&self, path: &FilePath) -> Option<Arc<Entries>> {
        if let Some(known) = self.known(path, |node| node.entries.clone()) {
            return known;
        }
        let generation = self.generation();
        let entries = if self.is_dir(path) { self.list(path).map(Arc::new) } else { None };
        self.learn_at(generation, path, |node| node.entries = Some(entries.clone()));
        entries
    }

    /// With links resolved; the path itself where nothing is there.
    pub fn realpath(&self, path: &FilePath) -> FilePath {
        if let Some(known) = self.known(path, |node| node.realpath.clone()) {
            return known;
        }
        let generation = self.generation();
        self.count();
        let real = match fs::canonicalize(path.to_os()) {
            Ok(real) => from_canonical(&real),
            Err(_) => path.clone(),
        };
        self.learn_at(generation, path, |node| node.realpath = Some(real.clone()));
        real
    }

    /// Forgets what was known of these paths, of everything below them, and of the listings of the
    /// directories above them; reached through a link as well.
    pub fn invalidate(&self, paths: &[FilePath]) {
        if paths.is_empty() {
            return;
        }
        // The generation rises first: an answer that was asked for before this moment and arrives
        // after it is not remembered.
        self.generation.fetch_add(1, Ordering::AcqRel);
        let through_links = self.links_to(paths);
        let mut changed: FxHashSet<&str> = FxHashSet::default();
        let mut above: FxHashSet<&str> = FxHashSet::default();
        for path in paths.iter().chain(&through_links) {
            changed.insert(path.as_str());
            above.extend(ancestors(path.as_str()));
        }
        for shard in &self.shards {
            write(shard).retain(|known, node| {
                let known = known.as_str();
                if changed.contains(known) || ancestors(known).any(|path| changed.contains(path)) {
                    return false;
                }
                if above.contains(known) {
                    // Its listing may differ now, and it may have come or gone itself.
                    node.entries = None;
                    node.misses = 0;
                    if node.kind != Some(Kind::Dir) {
                        node.kind = None;
                        node.text = None;
                        node.digest = None;
                    }
                }
                true
            });
        }
    }

    /// The same places under the names by which known links lead to them.
    fn links_to(&self, paths: &[FilePath]) -> Vec<FilePath> {
        let mut found = Vec::new();
        for shard in &self.shards {
            for (link, node) in read(shard).iter() {
                let Some(target) = node.realpath.as_ref().filter(|target| *target != link) else { continue };
                for path in paths {
                    if path.is_under(target) {
                        found.push(link.join(path.relative_to(target)));
                    } else if target.is_under(path) {
                        found.push(link.clone());
                    }
                }
            }
        }
        found
    }

    /// Forgets everything.
    pub fn invalidate_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        for shard in &self.shards {
            write(shard).clear();
        }
    }

    fn kind(&self, path: &FilePath) -> Kind {
        if let Some(kind) = self.known(path, |node| node.kind) {
            return kind;
        }
        let generation = self.generation();
        let absent = self.proven_absent(path);
        let kind = if absent { Kind::Absent } else { self.stat(path) };
        self.learn_at(generation, path, |node| node.kind = Some(kind));
        if kind == Kind::Absent && !absent {
            self.note_miss(path);
        }
        kind
    }

    /// Whether what is known already rules out that anything is at `path`.
    fn proven_absent(&self, path: &FilePath) -> bool {
        let parent = path.parent();
        if parent == *path {
            return false;
        }
        let known = self.known(&parent, |node| match (&node.kind, &node.entries) {
            (Some(Kind::Absent | Kind::File(_)), _) => Some(true),
            (_, Some(Some(entries))) if CASE_SENSITIVE => Some(!entries.holds(path.name())),
            _ => None,
        });
        known.unwrap_or(false)
    }

    /// A question in vain: first the directory itself is looked at, since a missing one answers for
    /// everything below it, then its listing is worth reading.
    fn note_miss(&self, path: &FilePath) {
        let parent = path.parent();
        if parent == *path {
            return;
        }
        let mut misses = 0;
        self.learn(&parent, |node| {
            node.misses += 1;
            misses = node.misses;
        });
        if misses == 1 {
            self.kind(&parent);
        } else if misses == MISSES_BEFORE_LISTING && CASE_SENSITIVE && self.is_dir(&parent) {
            self.listing(&parent);
        }
    }

    fn stat(&self, path: &FilePath) -> Kind {
        self.count();
        match fs::metadata(path.to_os()) {
            Ok(meta) if meta.is_dir() => Kind::Dir,
            Ok(meta) if meta.is_file() => Kind::File(fingerprint(&meta)),
            // Pipes, sockets and devices are no source files, and opening one could block.
            Ok(_) | Err(_) => Kind::Absent,
        }
    }

    fn list(&self, path: &FilePath) -> Option<Entries> {
        self.count();
        let mut entries = Entries::default();
        for entry in fs::read_dir(path.to_os()).ok()? {
            let Ok(entry) = entry else { return None };
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name == CACHE_DIR {
                continue;
            }
            let is_dir = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir()),
                Ok(kind) => kind.is_dir(),
                Err(_) => false,
            };
            if is_dir { &mut entries.dirs } else { &mut entries.files }.push(name);
        }
        entries.files.sort_unstable();
        entries.dirs.sort_unstable();
        Some(entries)
    }

    /// The bytes with the fingerprint that belongs to them: one taken before and one after agree.
    fn read_bytes(&self, path: &FilePath) -> Result<(Vec<u8>, Fingerprint), ReadError> {
        let mut last = None;
        self.files_read.fetch_add(1, Ordering::Relaxed);
        for _ in 0..3 {
            self.count();
            let mut file = open(path)?;
            let before = file.metadata()?;
            if before.is_dir() {
                return Err(ReadError::Directory);
            }
            if !before.is_file() {
                return Err(ReadError::Missing);
            }
            if before.len() > MAX_BYTES {
                return Err(ReadError::TooLarge);
            }
            let mut bytes = Vec::with_capacity(before.len() as usize + 1);
            file.read_to_end(&mut bytes)?;
            let after = file.metadata()?;
            if after.len() == bytes.len() as u64 && after.modified().ok() == before.modified().ok() {
                return Ok((bytes, fingerprint(&after)));
            }
            // Somebody is writing it. What was read is used if it never comes to rest, under a
            // fingerprint that proves nothing.
            let size = bytes.len() as u64;
            last = Some((bytes, Fingerprint { size, changed_ns: 0, inode: 0 }));
        }
        Ok(last.expect("the loop ran"))
    }

    fn count(&self) {
        self.system_calls.fetch_add(1, Ordering::Relaxed);
    }

    fn shard(&self, path: &FilePath) -> &RwLock<Shard> {
        use std::hash::{BuildHasher, BuildHasherDefault};
        let hash = BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one(path);
        // The low bits choose the bucket within the shard.
        &self.shards[(hash >> 48) as usize % SHARDS]
    }

    fn known<T>(&self, path: &FilePath, get: impl FnOnce(&Node) -> Option<T>) -> Option<T> {
        read(self.shard(path)).get(path).and_then(get)
    }

    fn learn(&self, path: &FilePath, set: impl FnOnce(&mut Node)) {
        match write(self.shard(path)).entry(path.clone()) {
            Entry::Occupied(mut entry) => set(entry.get_mut()),
            Entry::Vacant(entry) => set(entry.insert(Node::default())),
        }
    }

    /// Remembers an answer unless something was invalidated since it was asked for.
    fn learn_at(&self, generation: u64, path: &FilePath, set: impl FnOnce(&mut Node)) {
        let mut shard = write(self.shard(path));
        if self.generation() == generation {
            set(shard.entry(path.clone()).or_default());
        }
    }
}

impl Fingerprints for Disk {
    fn fingerprint(&self, path: &FilePath) -> Option<Fingerprint> {
        match self.kind(path) {
            Kind::File(fingerprint) => Some(fingerprint),
            Kind::Absent | Kind::Dir => None,
        }
    }

    fn digest(&self, path: &FilePath) -> Option<Digest> {
        if let Some(known) = self.known(path, |node| node.digest) {
            return known;
        }
        let generation = self.generation();
        let read = if self.proven_absent(path) { Err(ReadError::Missing) } else { self.read_bytes(path) };
        let (digest, fingerprint) = match read {
            Ok((bytes, fingerprint)) => (Some(Digest::of(&bytes)), Some(fingerprint)),
            Err(_) => (None, None),
        };
        self.learn_at(generation, path, |node| {
            node.digest = Some(digest);
            if let Some(fingerprint) = fingerprint {
                node.kind = Some(Kind::File(fingerprint));
            }
        });
        digest
    }

    fn dir_digest(&self, path: &FilePath) -> Option<Digest> {
        self.listing(path).map(|entries| entries.digest())
    }

    fn trusts_times(&self) -> bool {
        self.trusts_times
    }
}

/// Opening a pipe for reading waits for a writer; a file is opened as it always is.
fn open(path: &FilePath) -> Result<File, ReadError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = fs::metadata(path.to_os())?.file_type();
        if kind.is_fifo() || kind.is_socket() || kind.is_char_device() {
            return Err(ReadError::Missing);
        }
    }
    Ok(File::open(path.to_os())?)
}

/// The directories above a path, nearest first.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| match path.rfind('/') {
        Some(0) if path.len() > 1 => Some("/"),
        Some(0) | None => None,
        Some(at) => Some(&path[..at]),
    })
    .skip(1)
}

pub fn decode(mut bytes: Vec<u8>) -> Result<SourceText, ReadError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::Utf16);
    }
    if bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText::new(text)),
        Err(error) => Err(ReadError::NotUtf8 { offset: error.utf8_error().valid_up_to() as u64 }),
    }
}

fn fingerprint(meta: &Metadata) -> Fingerprint {
    let changed = changed_at(meta);
    // A time in the future, or so near that the clock has not ticked since, proves nothing.
    let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age > COARSEST_CLOCK);
    let changed_ns = match changed.duration_since(UNIX_EPOCH) {
        Ok(since) if settled => since.as_nanos() as u64,
        _ => 0,
    };
    Fingerprint { size: meta.len(), changed_ns, inode: inode(meta) }
}

#[cfg(unix)]
fn inode(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// When the file last changed in any way. Unlike the time of modification, which archives, copies and
/// build systems set, no program can choose this one.
#[cfg(unix)]
fn changed_at(meta: &Metadata) -> SystemTime {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(meta.ctime()).unwrap_or(0);
    UNIX_EPOCH + Duration::new(seconds, u32::try_from(meta.ctime_nsec()).unwrap_or(0))
}

#[cfg(not(unix))]
fn changed_at(meta: &Metadata) -> SystemTime {
    meta.modified().unwrap_or(UNIX_EPOCH)
}

/// The real path behind links, asked of the system; `None` where nothing is there.
pub fn canonical(path: &FilePath) -> Option<FilePath> {
    fs::canonicalize(path.to_os()).ok().map(|real| from_canonical(&real))
}

/// Windows answers with `\\?\C:\…`, which nobody writes.
fn from_canonical(path: &std::path::Path) -> FilePath {
    let text = path.to_string_lossy();
    let plain = text.strip_prefix(r"\\?\").unwrap_or(&text);
    FilePath::new(plain)
}

/// A panic while a lock was held leaves at worst an unanswered question behind.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}
