//! The cache's storage: rows survive, trouble is a miss, strangers' rows are never used.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use msc::base::{Digest, FilePath};
use msc::cache::{Contents, Input, LEVELS, Level, Store, StoreOptions, Trace};
use msc::vfs::{Disk, Fingerprint, Fingerprints};
use rusqlite::Connection;
use tempfile::TempDir;

/// A project and a user of their own.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Home {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join("project")).expect("a project");
        Home { dir }
    }

    fn root(&self) -> FilePath {
        FilePath::from_os(&self.dir.path().join("project"))
    }

    fn options(&self) -> StoreOptions {
        StoreOptions { user_dir: Some(self.dir.path().join("user")), ..StoreOptions::default() }
    }

    fn open(&self) -> Arc<Store> {
        Store::open_with(&self.root(), &self.options())
    }

    fn cache_dir(&self) -> PathBuf {
        self.dir.path().join("project/.metascript-cache")
    }

    fn database(&self) -> PathBuf {
        self.cache_dir().join("cache-v2.db")
    }
}

fn key(number: u32) -> Digest {
    Digest::of(&number.to_le_bytes())
}

fn value(number: u32, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at as u32).wrapping_mul(number + 7) as u8).collect()
}

#[test]
fn rows_outlive_the_process_that_wrote_them() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.health(), Vec::<String>::new());
    for number in 0..1_000 {
        store.put(Level::Expansion, key(number), None, value(number, 100));
    }
    // Found at once, written or not.
    assert_eq!(store.get(Level::Expansion, key(999)), Some(value(999, 100)));
    assert_eq!(store.get(Level::File, key(999)), None);
    drop(store);

    let store = home.open();
    for number in 0..1_000 {
        assert_eq!(store.get(Level::Expansion, key(number)), Some(value(number, 100)));
    }
    let stats = store.stats(Level::Expansion);
    assert_eq!((stats.hits, stats.misses, stats.writes, stats.errors), (1_000, 0, 0, 0));
    assert_eq!(store.contents(Level::Expansion), Contents { rows: 1_000, bytes: 100_000 });
    assert_eq!(store.path(), Some(fs::canonicalize(home.database()).unwrap().as_path()));
    assert_eq!(fs::read_to_string(home.cache_dir().join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn a_second_value_replaces_the_first() {
    let home = Home::new();
    let store = home.open();
    store.put(Level::Program, key(1), None, b"old".to_vec());
    store.flush();
    store.put(Level::Program, key(1), None, b"new".to_vec());
    store.flush();
    assert_eq!(store.get(Level::Program, key(1)), Some(b"new".to_vec()));
    assert_eq!(store.contents(Level::Program).rows, 1);
    assert_eq!(store.stats(Level::Program).writes, 2);
}

#[test]
fn clear_deletes_every_row() {
    let home = Home::new();
    let store = home.open();
    store.put(Level::Program, key(1), None, b"one".to_vec());
    store.put(Level::File, key(2), None, b"two".to_vec());
    assert_eq!(store.clear(), Some(2));
    assert_eq!(store.get(Level::Program, key(1)), None);
    assert_eq!(store.contents(Level::File), Contents::default());
}

#[test]
fn memory_serves_where_no_database_can_be() {
    let home = Home::new();
    // A file stands where the directory should be: true for every user, root included.
    fs::write(home.cache_dir(), "").unwrap();
    let store = home.open();
    assert_eq!(store.path(), None);
    assert_eq!(store.health().len(), 1, "{:?}", store.health());
    store.put(Level::File, key(1), None, b"row".to_vec());
    store.flush();
    assert_eq!(store.get(Level::File, key(1)), Some(b"row".to_vec()));

    let without_home = Store::open_with(&home.root(), &StoreOptions { user_dir: None, ..home.options() });
    assert_eq!(without_home.path(), None);
    assert_eq!(without_home.health().len(), 1);
    assert!(Store::in_memory().health().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_directory_is_no_error() {
    let home = Home::new();
    // Nobody can create anything here.
    let store = Store::open_with(&FilePath::new("/proc/self"), &home.options());
    store.put(Level::File, key(1), None, b"row".to_vec());
    assert_eq!(store.get(Level::File, key(1)), Some(b"row".to_vec()));
    assert_eq!(store.path(), None);
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_the_cache_out_of_the_project() {
    let home = Home::new();
    let elsewhere = home.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, home.cache_dir()).unwrap();
    assert_eq!(home.open().path(), None);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn the_users_key_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    drop(home.open());
    let user = home.dir.path().join("user");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&user.join("cache-key")), 0o600);
    assert_eq!(mode(&user), 0o700);
    assert_eq!(fs::read_dir(&user).unwrap().count(), 1, "no draft of the key stays behind");
}

#[test]
fn a_damaged_file_is_renamed_away() {
    let home = Home::new();
    let store = home.open();
    store.put(Level::File, key(1), None, b"row".to_vec());
    drop(store);
    fs::write(home.database(), "this is no database, whatever its name says".repeat(100)).unwrap();

    let store = home.open();
    assert_eq!(store.get(Level::File, key(1)), None);
    assert_eq!(store.health().len(), 1);
    assert!(store.health()[0].contains("damaged"), "{:?}", store.health());
    assert!(home.cache_dir().join("cache-v2.db.damaged").exists());
    store.put(Level::File, key(1), None, b"again".to_vec());
    drop(store);
    assert_eq!(home.open().get(Level::File, key(1)), Some(b"again".to_vec()));
}

#[test]
fn damage_found_later_is_a_miss_and_the_next_process_starts_afresh() {
    let home = Home::new();
    let store = home.open();
    for number in 0..500 {
        store.put(Level::File, key(number), None, value(number, 3_000));
    }
    drop(store);
    // The first page (what makes it a database) stays whole.
    let mut bytes = fs::read(home.database()).unwrap();
    let len = bytes.len();
    bytes[8_192..len].fill(0xA5);
    fs::write(home.database(), bytes).unwrap();

    let store = home.open();
    for number in 0..500 {
        let found = store.get(Level::File, key(number));
        assert!(found.is_none() || found == Some(value(number, 3_000)));
    }
    store.put(Level::File, key(1), None, b"new".to_vec());
    store.flush();
    drop(store);
    let store = home.open();
    store.put(Level::File, key(2), None, b"two".to_vec());
    drop(store);
    let store = home.open();
    assert_eq!(store.get(Level::File, key(2)), Some(b"two".to_vec()));
    assert_eq!(store.health(), Vec::<String>::new());
}

#[test]
fn a_flipped_bit_is_a_miss_and_is_healed_by_the_next_write() {
    let home = Home::new();
    let text = b"the value that will be flipped".to_vec();
    let store = home.open();
    store.put(Level::Expansion, key(1), None, text.clone());
    drop(store);
    let mut bytes = fs::read(home.database()).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text).expect("the value lies in the file");
    bytes[at + 3] ^= 0x10;
    fs::write(home.database(), bytes).unwrap();

    let store = home.open();
    assert_eq!(store.get(Level::Expansion, key(1)), None);
    let stats = store.stats(Level::Expansion);
    assert_eq!((stats.hits, stats.misses, stats.errors), (0, 1, 1));
    store.put(Level::Expansion, key(1), None, text.clone());
    store.flush();
    assert_eq!(store.get(Level::Expansion, key(1)), Some(text));
}

#[test]
fn another_users_database_is_not_used() {
    let home = Home::new();
    let store = home.open();
    store.put(Level::Expansion, key(1), None, b"from a stranger".to_vec());
    drop(store);

    let other = StoreOptions { user_dir: Some(home.dir.path().join("other")), ..home.options() };
    let store = Store::open_with(&home.root(), &other);
    assert_eq!(store.get(Level::Expansion, key(1)), None);
    assert!(store.health()[0].contains("another user"), "{:?}", store.health());
    assert!(home.cache_dir().join("cache-v2.db.foreign").exists());
    store.put(Level::Expansion, key(1), None, b"mine".to_vec());
    drop(store);
    assert_eq!(Store::open_with(&home.root(), &other).get(Level::Expansion, key(1)), Some(b"mine".to_vec()));
}

#[test]
fn some_other_programs_database_is_not_used() {
    let home = Home::new();
    fs::create_dir(home.cache_dir()).unwrap();
    let stranger = Connection::open(home.database()).unwrap();
    stranger.execute_batch("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x');").unwrap();
    drop(stranger);
    let store = home.open();
    store.put(Level::File, key(1), None, b"row".to_vec());
    store.flush();
    assert_eq!(store.get(Level::File, key(1)), Some(b"row".to_vec()));
    assert!(home.cache_dir().join("cache-v2.db.foreign").exists());
}

#[test]
fn a_row_that_somebody_else_wrote_is_a_miss() {
    let home = Home::new();
    let store = home.open();
    store.put(Level::Expansion, key(1), None, b"mine".to_vec());
    drop(store);
    let stranger = Connection::open(home.database()).unwrap();
    // Another row's value under this key, and this row's value changed.
    stranger
        .execute(
            "INSERT INTO rows (level, key, used_at, size, seal, value)
             SELECT level, ?1, used_at, size, seal, value FROM rows",
            [&key(2).0[..]],
        )
        .unwrap();
    stranger.execute("UPDATE rows SET value = x'00' WHERE key = ?1", [&key(1).0[..]]).unwrap();
    drop(stranger);
    let store = home.open();
    assert_eq!(store.get(Level::Expansion, key(1)), None);
    assert_eq!(store.get(Level::Expansion, key(2)), None);
    assert_eq!(store.stats(Level::Expansion).errors, 2);
}

#[test]
fn a_locked_database_costs_rows_and_nothing_else() {
    let home = Home::new();
    let store = home.open();
    store.put(Level::File, key(1), None, b"before".to_vec());
    store.flush();

    let other = Connection::open(home.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Readers do not notice.
    assert_eq!(store.get(Level::File, key(1)), Some(b"before".to_vec()));
    store.put(Level::File, key(2), None, b"lost".to_vec());
    store.flush();
    assert_eq!(store.get(Level::File, key(2)), None);
    assert_eq!(store.stats(Level::File).errors, 1);
    // Neither does who opens it meanwhile, but for having to do without.
    let late = home.open();
    late.put(Level::File, key(4), None, b"in memory".to_vec());
    assert_eq!(late.get(Level::File, key(4)), Some(b"in memory".to_vec()));
    other.execute_batch("COMMIT").unwrap();

    store.put(Level::File, key(3), None, b"after".to_vec());
    store.flush();
    assert_eq!(home.open().get(Level::File, key(3)), Some(b"after".to_vec()));
}

#[test]
fn rows_of_deleted_files_go_first_then_the_oldest() {
    let home = Home::new();
    let kept = home.root().join("kept.ms");
    let deleted = home.root().join("src/deleted.ms");
    fs::write(kept.to_os(), "").unwrap();
    let store = home.open();
    for number in 0..100 {
        store.put(Level::File, key(number), Some(if number < 50 { &kept } else { &deleted }), value(number, 10_000));
    }
    store.put(Level::Expansion, key(7), None, value(7, 10_000));
    drop(store);

    let cap = 300_000;
    let options = StoreOptions { caps: [cap; LEVELS.len()], ..home.options() };
    let store = Store::open_with(&home.root(), &options);
    store.flush();
    let left: Vec<u32> = (0..100).filter(|&number| store.get(Level::File, key(number)).is_some()).collect();
    // 24 rows of 10,000 bytes are 80 percent of the cap: the last written of the file that exists.
    assert_eq!(left, (26..50).collect::<Vec<u32>>());
    assert_eq!(store.stats(Level::File).evictions, 76);
    assert_eq!(store.get(Level::Expansion, key(7)), Some(value(7, 10_000)), "a small level is left alone");
    drop(store);
    assert!(fs::metadata(home.database()).unwrap().len() < 500_000, "the file itself became smaller");
}

// Other processes: this test binary again, told by its environment what to do.

const ROLE: &str = "MSC_TEST_CACHE_ROLE";

fn spawn(home: &Home, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "other_process", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env("MSC_TEST_CACHE_HOME", home.dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn other_process() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let home = PathBuf::from(std::env::var_os("MSC_TEST_CACHE_HOME").unwrap());
    let options = StoreOptions { user_dir: Some(home.join("user")), ..StoreOptions::default() };
    let store = Store::open_with(&FilePath::from_os(&home.join("project")), &options);
    assert!(store.path().is_some(), "{:?}", store.health());
    if role == "endless" {
        for round in 0.. {
            for number in 0..200 {
                store.put(Level::File, key(round * 200 + number), None, value(number, 2_000));
            }
            store.flush();
            println!("\nflushed {}", (round + 1) * 200);
        }
    }
    let first: u32 = role.parse().unwrap();
    for number in first..first + 500 {
        store.put(Level::File, key(number), None, value(number, 1_000));
        if number % 50 == 0 {
            store.flush();
        }
    }
    store.flush();
    assert_eq!(store.stats(Level::File).errors, 0, "{:?}", store.health());
}

#[test]
fn processes_write_at_once_into_one_new_database() {
    let home = Home::new();
    let children: Vec<Child> = [0, 500, 1_000].map(|first: u32| spawn(&home, &first.to_string())).into();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let store = home.open();
    for number in 0..1_500 {
        assert_eq!(store.get(Level::File, key(number)), Some(value(number, 1_000)), "row {number}");
    }
}

#[test]
fn a_killed_writer_leaves_whole_rows() {
    let home = Home::new();
    let mut child = spawn(&home, "endless");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let flushed = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("flushed ")?.parse::<u32>().ok());
    let flushed = flushed.take(3).last().expect("the child writes");
    child.kill().unwrap();
    child.wait().unwrap();

    let store = home.open();
    assert_eq!(store.health(), Vec::<String>::new());
    for number in 0..flushed {
        assert_eq!(store.get(Level::File, key(number)), Some(value(number % 200, 2_000)), "row {number}");
    }
    // What was under way is there as a whole or not at all.
    for number in flushed..flushed + 2_000 {
        let found = store.get(Level::File, key(number));
        assert!(found.is_none() || found == Some(value(number % 200, 2_000)), "row {number}");
    }
    assert_eq!(store.stats(Level::File).errors, 0);
}

#[test]
fn threads_read_while_rows_are_written() {
    let home = Home::new();
    let store = home.open();
    std::thread::scope(|scope| {
        for part in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for number in part * 200..(part + 1) * 200 {
                    store.put(Level::Expansion, key(number), None, value(number, 500));
                    assert_eq!(store.get(Level::Expansion, key(number)), Some(value(number, 500)));
                    if number % 20 == 0 {
                        store.flush();
                    }
                }
            });
        }
    });
    assert_eq!(store.stats(Level::Expansion).hits, 800);
    assert_eq!(store.stats(Level::Expansion).errors, 0);
}

// Traces.

/// A disk of one file, which counts how often it is hashed.
struct OneFile {
    fingerprint: Fingerprint,
    text: &'static str,
    hashed: AtomicU32,
}

impl Fingerprints for OneFile {
    fn fingerprint(&self, path: &FilePath) -> Option<Fingerprint> {
        (path.as_str() == "/a.ms").then_some(self.fingerprint)
    }

    fn digest(&self, path: &FilePath) -> Option<Digest> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        (path.as_str() == "/a.ms").then(|| Digest::of(self.text.as_bytes()))
    }

    fn dir_digest(&self, _: &FilePath) -> Option<Digest> {
        None
    }
}

#[test]
fn size_and_time_decide_whether_to_hash_and_the_hash_decides_the_rest() {
    let disk = |text: &'static str, changed_ns| OneFile {
        fingerprint: Fingerprint { size: text.len() as u64, changed_ns, inode: 1 },
        text,
        hashed: AtomicU32::new(0),
    };
    let check = |trace: &Trace, disk: OneFile| (trace.verify(&disk), disk.hashed.load(Ordering::Relaxed));
    let trace = Trace::new(vec![Input::file(&disk("abc", 5), &FilePath::new("/a.ms"))]);
    assert_eq!(check(&trace, disk("abc", 5)), (true, 0), "nothing changed: not hashed");
    assert_eq!(check(&trace, disk("abcd", 6)), (false, 0), "another size: not hashed");
    assert_eq!(check(&trace, disk("abc", 6)), (true, 1), "touched: hashed");
    assert_eq!(check(&trace, disk("xyz", 6)), (false, 1), "written: hashed");
    assert_eq!(check(&trace, disk("xyz", 0)), (false, 1), "too young to trust: hashed");

    let young = Trace::new(vec![Input::file(&disk("abc", 0), &FilePath::new("/a.ms"))]);
    assert_eq!(check(&young, disk("abc", 0)), (true, 1), "two unknown times are not equal times");
    assert_eq!(young.refreshed(&disk("abc", 5)), Some(trace.clone()));
    assert_eq!(trace.refreshed(&disk("abc", 5)), None);

    let absent = Trace::new(vec![Input::file(&disk("abc", 5), &FilePath::new("/b.ms"))]);
    assert_eq!(absent.inputs, [Input::Absent { path: FilePath::new("/b.ms") }]);
    assert!(absent.verify(&disk("abc", 5)));
}

#[test]
fn a_trace_holds_until_something_it_saw_changes() {
    let home = Home::new();
    let (root, a, b) = (home.root(), home.root().join("a.ms"), home.root().join("b.ms"));
    fs::write(a.to_os(), "let a = 1;").unwrap();
    let disk = Disk::new();
    let trace = Trace::new(vec![
        Input::file(&disk, &a),
        Input::file(&disk, &b),
        Input::dir(&disk, &root),
        Input::dir(&disk, &root.join("src")),
    ]);
    let bytes = postcard::to_stdvec(&trace).unwrap();
    assert_eq!(postcard::from_bytes::<Trace>(&bytes).unwrap(), trace);
    assert!(trace.verify(&Disk::new()));

    // The cache's own directory is not part of what was seen.
    drop(home.open());
    assert!(trace.verify(&Disk::new()));

    // The same size, within the same tick of a coarse clock.
    fs::write(a.to_os(), "let a = 2;").unwrap();
    assert_eq!(trace.changed(&Disk::new()).map(Input::path), Some(&a));
    fs::write(a.to_os(), "let a = 1;").unwrap();
    assert!(trace.verify(&Disk::new()));

    fs::create_dir(root.join("src").to_os()).unwrap();
    assert!(!trace.verify(&Disk::new()), "a directory came");
    fs::remove_dir(root.join("src").to_os()).unwrap();
    fs::write(b.to_os(), "").unwrap();
    assert!(!trace.verify(&Disk::new()), "a file came");
    fs::remove_file(b.to_os()).unwrap();
    assert!(trace.verify(&Disk::new()));
    fs::remove_file(a.to_os()).unwrap();
    assert!(!trace.verify(&Disk::new()), "a file went");
}
