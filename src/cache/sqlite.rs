//! The database file: how it is opened, trusted, read and written.
//!
//! Invariant: a file that is damaged, or that this user's `msc` did not make, is renamed away and
//! never read from. Writers always begin with `BEGIN IMMEDIATE`: a transaction that read first
//! could not become a writer beside another one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::base::Digest;
use crate::cache::level::LEVELS;
use crate::cache::owner::{self, OwnerKey};
use crate::cache::{Level, LevelStats};
use crate::vfs::disk::CACHE_DIR;

/// Part of the file's name: another schema is another file, so no process ever migrates under
/// another's feet.
pub(super) const SCHEMA: u32 = 2;

/// How long a reader waits for a lock. Readers wait for nobody in WAL mode but during recovery.
const READ_PATIENCE: Duration = Duration::from_millis(50);
/// How long the writer and whoever opens the file wait.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rows (
        id INTEGER PRIMARY KEY,
        level INTEGER NOT NULL,
        key BLOB NOT NULL,
        used_at INTEGER NOT NULL,
        size INTEGER NOT NULL,
        seal BLOB NOT NULL,
        owner TEXT,
        value BLOB NOT NULL
    );
    CREATE UNIQUE INDEX IF NOT EXISTS rows_by_key ON rows (level, key);
    CREATE INDEX IF NOT EXISTS rows_by_use ON rows (level, used_at, size);
    CREATE TABLE IF NOT EXISTS totals (
        level INTEGER PRIMARY KEY,
        hits INTEGER NOT NULL,
        misses INTEGER NOT NULL,
        writes INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        evictions INTEGER NOT NULL
    );
";

/// Why there is no database.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Not a database, or a damaged one.
    Damaged(String),
    /// Made by somebody else.
    Foreign,
    /// Anything else: permissions, locks, a full disk.
    Unusable(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Trouble {
        if is_damage(&error) { Trouble::Damaged(error.to_string()) } else { Trouble::Unusable(error.to_string()) }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Unusable(error.to_string())
    }
}

/// Whether an error means that the file itself is bad.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
        // A column of another type than we wrote.
        None => matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..)),
    }
}

/// One project's database, for readers.
pub(super) struct Database {
    pub(super) path: PathBuf,
    key: OwnerKey,
    idle: Mutex<Idle>,
    /// The file that the writer has open, which somebody may delete or replace.
    file: Mutex<Option<FileId>>,
}

/// Connections that nobody uses at this moment.
#[derive(Default)]
struct Idle {
    connections: Vec<Connection>,
    /// Counts the files that there were: a connection to an earlier one is of no use.
    file: u64,
}

/// A connection for reading, and the file that it reads.
struct Reader {
    connection: Connection,
    file: u64,
}

/// Device and inode; `None` in place of it where the system does not number files.
type FileId = (u64, u64);

/// A row as it was found.
pub(super) struct Found {
    pub(super) value: Vec<u8>,
    pub(super) used_at: i64,
}

/// A row to be written.
pub(super) struct NewRow {
    pub(super) level: Level,
    pub(super) key: Digest,
    pub(super) owner: Option<String>,
    pub(super) value: std::sync::Arc<[u8]>,
}

impl Database {
    /// Opens or makes the database below `root`. Returns it with the connection that writes, and a
    /// line for each thing that had to be put right.
    pub(super) fn open(root: &Path, user_dir: &Path) -> Result<(Database, Connection, Vec<String>), Trouble> {
        let key = OwnerKey::load(user_dir)
            .map_err(|error| Trouble::Unusable(format!("no key in {}: {error}", user_dir.display())))?;
        let dir = directory(root)?;
        let path = dir.join(format!("cache-v{SCHEMA}.db"));
        // One process at a time looks at the file's state and renames or makes it.
        let _lock = lock(&dir)?;
        let mut notes = Vec::new();
        for attempt in 0.. {
            let (reason, ending) = match connect(&path, &key) {
                Ok(writer) => {
                    let file = Mutex::new(file_id(&path));
                    let database = Database { path, key, idle: Mutex::default(), file };
                    return Ok((database, writer, notes));
                }
                Err(Trouble::Damaged(reason)) => (format!("it was damaged ({reason})"), "damaged"),
                Err(Trouble::Foreign) => ("another user or machine made it".to_owned(), "foreign"),
                Err(unusable) => return Err(unusable),
            };
            if attempt > 0 {
                return Err(Trouble::Unusable(reason));
            }
            rename_away(&path, ending)?;
            notes.push(format!("{} was renamed to *.{ending}: {reason}", path.display()));
        }
        unreachable!("the loop returns on its second turn")
    }

    /// Reads one row; a row whose seal is broken is an error.
    pub(super) fn read(&self, level: Level, key: Digest) -> Result<Option<Found>, Trouble> {
        let reader = self.reader()?;
        let row = reader
            .connection
            .prepare_cached("SELECT seal, used_at, value FROM rows WHERE level = ?1 AND key = ?2")?
            .query_row(params![level.index() as i64, key.0], |row| {
                Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        self.give_back(reader);
        let Some((seal, used_at, value)) = row else { return Ok(None) };
        if seal != self.key.seal(level, key, &value) {
            return Err(Trouble::Unusable("a row does not match its seal".to_owned()));
        }
        Ok(Some(Found { value, used_at }))
    }

    /// Whether the file that the writer has open is no longer the one of this name.
    pub(super) fn is_replaced(&self) -> bool {
        let opened = *self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        opened.is_some() && opened != file_id(&self.path)
    }

    /// Makes the database again where it was deleted, or opens what took its place. Readers that are at
    /// work end with the old file.
    pub(super) fn reopen(&self, root: &Path) -> Result<Connection, Trouble> {
        let dir = directory(root)?;
        let _lock = lock(&dir)?;
        let writer = connect(&self.path, &self.key)?;
        *self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = file_id(&self.path);
        self.forget_readers();
        Ok(writer)
    }

    /// What happened at one level since the database was made, as far as processes have told.
    pub(super) fn totals(&self, level: Level) -> Result<LevelStats, Trouble> {
        let reader = self.reader()?;
        let totals = reader
            .connection
            .prepare_cached("SELECT hits, misses, writes, errors, evictions FROM totals WHERE level = ?1")?
            .query_row([level.index() as i64], |row| {
                let count = |at| row.get::<_, i64>(at).map(|count| count as u64);
                let (hits, misses, writes) = (count(0)?, count(1)?, count(2)?);
                Ok(LevelStats { hits, misses, stale: 0, writes, errors: count(3)?, evictions: count(4)? })
            })
            .optional()?;
        self.give_back(reader);
        Ok(totals.unwrap_or_default())
    }

    /// Rows and bytes of one level.
    pub(super) fn contents(&self, level: Level) -> Result<(u64, u64), Trouble> {
        let reader = self.reader()?;
        let (rows, bytes) = reader
            .connection
            .prepare_cached("SELECT count(*), coalesce(sum(size), 0) FROM rows WHERE level = ?1")?
            .query_row([level.index() as i64], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        self.give_back(reader);
        Ok((rows as u64, bytes as u64))
    }

    /// Writes rows in one transaction.
    pub(super) fn write(&self, writer: &mut Connection, rows: &[NewRow], now: i64) -> rusqlite::Result<()> {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO rows (level, key, used_at, size, seal, owner, value)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (level, key) DO UPDATE SET
                     used_at = excluded.used_at, size = excluded.size, seal = excluded.seal,
                     owner = excluded.owner, value = excluded.value",
            )?;
            for row in rows {
                insert.execute(params![
                    row.level.index() as i64,
                    row.key.0,
                    now,
                    row.value.len() as i64,
                    self.key.seal(row.level, row.key, &row.value),
                    row.owner,
                    &row.value[..],
                ])?;
            }
        }
        transaction.commit()
    }

    /// Takes a damaged file out of the way, for the next process to start afresh.
    pub(super) fn discard(&self) -> io::Result<()> {
        self.forget_readers();
        let dir = self.path.parent().expect("the database lies in the cache's directory");
        let _lock = lock(dir)?;
        rename_away(&self.path, "damaged")
    }

    /// A connection that nobody else uses at this moment. There are as many as there were readers
    /// at once; an error drops the connection it happened on.
    fn reader(&self) -> Result<Reader, Trouble> {
        let file = {
            let mut idle = self.idle();
            if let Some(connection) = idle.connections.pop() {
                return Ok(Reader { connection, file: idle.file });
            }
            idle.file
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(READ_PATIENCE)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
        Ok(Reader { connection, file })
    }

    fn give_back(&self, reader: Reader) {
        let mut idle = self.idle();
        if idle.file == reader.file {
            idle.connections.push(reader.connection);
        }
    }

    fn forget_readers(&self) {
        let mut idle = self.idle();
        idle.connections.clear();
        idle.file += 1;
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Marks rows as used.
pub(super) fn touch(writer: &mut Connection, rows: &[(Level, Digest)], now: i64) -> rusqlite::Result<()> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut update = transaction.prepare_cached("UPDATE rows SET used_at = ?3 WHERE level = ?1 AND key = ?2")?;
        for (level, key) in rows {
            update.execute(params![level.index() as i64, key.0, now])?;
        }
    }
    transaction.commit()
}

/// Adds what happened in this process.
pub(super) fn add_totals(writer: &mut Connection, stats: &[LevelStats; LEVELS.len()]) -> rusqlite::Result<()> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut add = transaction.prepare_cached(
            "INSERT INTO totals (level, hits, misses, writes, errors, evictions) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (level) DO UPDATE SET
                 hits = hits + excluded.hits, misses = misses + excluded.misses,
                 writes = writes + excluded.writes, errors = errors + excluded.errors,
                 evictions = evictions + excluded.evictions",
        )?;
        for (level, stats) in stats.iter().enumerate().filter(|(_, stats)| **stats != LevelStats::default()) {
            let LevelStats { hits, misses, stale: _, writes, errors, evictions } = *stats;
            let numbers = [level as u64, hits, misses, writes, errors, evictions].map(|number| number as i64);
            add.execute(numbers)?;
        }
    }
    transaction.commit()
}

/// Moves what was written from the log into the database and empties the log, unless somebody reads it.
pub(super) fn checkpoint(writer: &Connection) -> rusqlite::Result<()> {
    writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Deletes every row and gives the space back.
pub(super) fn clear(writer: &mut Connection, levels: &[Level]) -> rusqlite::Result<u64> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut rows = 0;
    for level in levels {
        rows += transaction.execute("DELETE FROM rows WHERE level = ?1", [level.index() as i64])? as u64;
    }
    transaction.commit()?;
    shrink(writer)?;
    Ok(rows)
}

/// Gives free pages back to the system.
pub(super) fn shrink(writer: &Connection) -> rusqlite::Result<()> {
    // The pragma frees a page a step.
    let mut vacuum = writer.prepare("PRAGMA incremental_vacuum")?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    drop(steps);
    checkpoint(writer)
}

/// Where the database lies, whether it exists or not.
pub(super) fn file_of(root: &Path) -> PathBuf {
    root.join(CACHE_DIR).join(format!("cache-v{SCHEMA}.db"))
}

/// Deletes databases of other schemas and those that were renamed away.
pub(super) fn remove_leftovers(root: &Path) {
    let current = format!("cache-v{SCHEMA}.db");
    for entry in fs::read_dir(root.join(CACHE_DIR)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_current = name.strip_prefix(&current).is_some_and(|rest| matches!(rest, "" | "-wal" | "-shm"));
        if name.starts_with("cache-v") && name.contains(".db") && !is_current {
            // One that another process still uses stays.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The cache's directory, made where it is missing, with links resolved.
fn directory(root: &Path) -> Result<PathBuf, Trouble> {
    let dir = root.join(CACHE_DIR);
    match fs::create_dir(&dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Trouble::Unusable(format!("{}: {error}", dir.display()))),
    }
    // A project that was fetched from somewhere must not lead our writes out of itself.
    if !fs::symlink_metadata(&dir)?.is_dir() {
        return Err(Trouble::Unusable(format!("{} is not a directory", dir.display())));
    }
    let dir = fs::canonicalize(dir)?;
    let ignore = dir.join(".gitignore");
    match OpenOptions::new().write(true).create_new(true).open(&ignore) {
        Ok(mut file) => io::Write::write_all(&mut file, b"*\n")?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Trouble::Unusable(format!("{}: {error}", ignore.display()))),
    }
    Ok(dir)
}

/// Held while a file is judged, made or renamed: milliseconds. A holder that does not let go
/// (stopped in a debugger) costs others their database for the life of the process, not their time.
fn lock(dir: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(dir.join("lock"))?;
    let until = Instant::now() + WRITE_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => return Err(io::Error::other("another process holds the cache's lock")),
            // A file system without locks: the stamp and the seals still tell right from wrong.
            Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Opens the connection that writes, makes the tables, and checks whose database it is.
fn connect(path: &Path, key: &OwnerKey) -> Result<Connection, Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(WRITE_PATIENCE)?;
    // Otherwise the last process to close would wait for the disk, be it that it only read.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection
        .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA auto_vacuum = INCREMENTAL;")?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Trouble::Unusable(format!("the journal mode is {mode}, not WAL")));
    }
    // A lost commit after a power failure is a miss; a torn file cannot come about in this mode.
    connection.execute_batch("PRAGMA synchronous = NORMAL;")?;
    let is_empty = |connection: &Connection| {
        let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        tables.map(|tables| tables == 0)
    };
    // Whoever only reads does not wait for one who writes.
    if is_empty(&connection)? {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !is_empty(&transaction)? {
            return Err(Trouble::Unusable("another process made the database without the lock".to_owned()));
        }
        let id = owner::random::<16>()?;
        transaction.execute_batch(TABLES)?;
        for (name, value) in [("id", &id[..]), ("stamp", &key.stamp(&id)[..])] {
            transaction.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", params![name, value])?;
        }
        transaction.commit()?;
    } else {
        let meta = |name: &str| {
            let value = connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0));
            match value {
                Ok(value) => Ok::<Vec<u8>, Trouble>(value),
                Err(error) if is_damage(&error) => Err(error.into()),
                Err(rusqlite::Error::QueryReturnedNoRows) => Err(Trouble::Foreign),
                // No such table or column: some other program's database.
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => Err(Trouble::Foreign),
                Err(error) => Err(error.into()),
            }
        };
        let (id, stamp) = (meta("id")?, meta("stamp")?);
        // Hashes are compared, so that the time taken tells nothing about the right stamp.
        if blake3::hash(&stamp) != blake3::hash(&key.stamp(&id)) {
            return Err(Trouble::Foreign);
        }
    }
    Ok(connection)
}

fn file_id(path: &Path) -> Option<FileId> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
    }
    // A file that is open cannot be deleted there.
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// The file with what SQLite keeps beside it. One earlier file of the same ending is replaced.
fn rename_away(path: &Path, ending: &str) -> io::Result<()> {
    for suffix in ["-wal", "-shm", ""] {
        let with = |middle: &str| PathBuf::from(format!("{}{middle}{suffix}", path.display()));
        match fs::rename(with(""), with(&format!(".{ending}"))) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
