//! Everything that can happen to a cache and to the files it is about: a check still says what it says
//! without a cache, word for word, and puts right what can be put right.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use msc::base::{Digest, FilePath};
use msc::cache::{Input, Level, Store, StoreOptions, Trace};
use msc::vfs::{Fingerprint, Fingerprints};
use rusqlite::Connection;
use tempfile::TempDir;

const DATABASE: &str = "cache-v2.db";

/// A project whose files use macros, read a file through one, and hold mistakes in written and in
/// generated code.
struct Project {
    dir: TempDir,
}

const NAMES: &str = "export macro names(ctx: MacroContext) {\n  const list = readFile('./names.txt').trim().split('\\n');\n  return quote(${list.length});\n}\n";
const POINT: &str = "@derive(Eq, Debug)\nexport class Point {\n  x = 0;\n  y = 0;\n}\n";
const PATH: &str = "import { Point } from './point';\n@derive(Eq, Clone)\nexport class Path {\n  points: Point[] = [];\n  closed = false;\n}\n";
const MAIN: &str = "import { names } from './names';\nimport { Path } from './path';\nimport { Point } from './point';\nexport const count: number = @names();\nexport const same: string = new Point().equals(new Point());\nexport const copy: Path = new Path().clone();\nnew Path().nothing();\n";

impl Project {
    fn new() -> Project {
        let project = Project { dir: tempfile::tempdir().expect("a temporary directory") };
        fs::create_dir(project.root()).expect("a directory can be made");
        let files = [
            ("metascript.json", "{}"),
            ("names.txt", "a\nb\n"),
            ("names.ms", NAMES),
            ("point.ms", POINT),
            ("path.ms", PATH),
            ("main.ms", MAIN),
        ];
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).expect("a file can be written");
    }

    fn cache(&self) -> PathBuf {
        self.path(".metascript-cache")
    }

    fn database(&self) -> PathBuf {
        self.cache().join(DATABASE)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_msc"));
        command.args(["check", "--format", "json"]).args(args).current_dir(self.root());
        command.env("XDG_CONFIG_HOME", self.dir.path().join("config"));
        command.env("XDG_CACHE_HOME", self.dir.path().join("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What is found without a cache.
    fn truth(&self) -> String {
        let truth = found(&self.command(&["--no-cache"]).output().expect("msc starts"));
        assert!(truth.contains("TS2339"), "the project has a mistake that is found: {truth}");
        truth
    }

    /// What is found with the cache as it is, and what `--stats` tells.
    fn check(&self) -> (String, String) {
        let output = self.command(&["--stats"]).output().expect("msc starts");
        (found(&output), String::from_utf8(output.stderr).expect("statistics are UTF-8"))
    }

    /// A check says the truth, and one after it does nothing at all.
    fn heals(&self, truth: &str, what: &str) {
        let (first, stats) = self.check();
        assert_eq!(first, truth, "{what}: {stats}");
        let (second, stats) = self.check();
        assert_eq!(second, truth, "{what}, the second time: {stats}");
        assert!(stats.contains("(1 unchanged)"), "{what}: the cache is not used again: {stats}");
    }

    /// The database with what SQLite keeps beside it.
    fn files(&self) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|suffix| self.cache().join(format!("{DATABASE}{suffix}")))
    }

    fn saved_cache(&self) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        self.files().map(|path| (path.clone(), fs::read(path).ok())).into()
    }

    fn restore(&self, saved: &[(PathBuf, Option<Vec<u8>>)]) {
        let _ = fs::remove_dir_all(self.cache());
        fs::create_dir(self.cache()).expect("a directory can be made");
        for (path, bytes) in saved {
            if let Some(bytes) = bytes {
                fs::write(path, bytes).expect("a file can be written");
            }
        }
    }
}

fn found(output: &Output) -> String {
    let out = String::from_utf8(output.stdout.clone()).expect("JSON is UTF-8");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && out.starts_with('{'), "{:?}: {out}{err}", output.status);
    out
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

// Processes that are killed.

const ROLE: &str = "MSC_TEST_FAULTS_HOME";

fn key(number: u32) -> Digest {
    Digest::of(&number.to_le_bytes())
}

fn value(number: u32) -> Vec<u8> {
    let len = 200 + (number as usize * 37) % 6_000;
    (0..len).map(|at| (at as u32).wrapping_mul(number + 7) as u8).collect()
}

fn open(home: &Path) -> Arc<Store> {
    let options = StoreOptions { user_dir: Some(home.join("user")), ..StoreOptions::default() };
    Store::open_with(&FilePath::from_os(home), &options)
}

/// Writes without end from the number that it is given, and tells what it did.
#[test]
fn writing_process() {
    let Ok(home) = std::env::var(ROLE) else { return };
    let (home, first) = home.split_once('|').expect("a folder and a number");
    let store = open(Path::new(home));
    assert!(store.path().is_some(), "{:?}", store.health());
    for number in first.parse::<u32>().expect("a number").. {
        store.put(Level::File, key(number), None, value(number));
        println!("\nput {number}");
        if number % 7 == 6 {
            store.flush();
            println!("\nflushed {number}");
        }
    }
}

#[test]
fn two_hundred_kills_while_writing_lose_nothing_that_was_written() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut numbers = Numbers(1);
    for round in 0..200 {
        let first = round * 10_000;
        let mut child = Command::new(std::env::current_exe().expect("a test has a file"))
            .args(["--exact", "writing_process", "--nocapture", "--test-threads=1"])
            .env(ROLE, format!("{}|{first}", home.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("a test starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe was asked for")).lines();
        // The moment is that of a line: between two rows, within a transaction, within a checkpoint.
        let moment = 1 + numbers.below(120) as usize;
        let (mut flushed, mut last) = (None, first);
        for line in lines
            .map_while(Result::ok)
            .filter(|line| line.starts_with("put ") || line.starts_with("flushed "))
            .take(moment)
        {
            let (what, number) = line.split_once(' ').expect("a word and a number");
            let number: u32 = number.parse().expect("a number");
            last = last.max(number);
            if what == "flushed" {
                flushed = Some(number);
            }
        }
        child.kill().expect("a child can be killed");
        child.wait().expect("a child can be waited for");

        let store = open(home.path());
        assert_eq!(store.health(), Vec::<String>::new(), "round {round}");
        for number in first..=last + 50 {
            let found = store.get(Level::File, key(number));
            let is_due = flushed.is_some_and(|flushed| number <= flushed);
            assert!(found.as_ref().is_none_or(|found| *found == value(number)), "round {round}: row {number} differs");
            assert!(found.is_some() || !is_due, "round {round}: row {number} is lost");
        }
        assert_eq!(store.stats(Level::File).errors, 0, "round {round}");
    }
    // Of the first round, after all the others.
    assert_eq!(open(home.path()).get(Level::File, key(0)), Some(value(0)));
}

#[test]
fn checks_that_are_killed_leave_nothing_wrong() {
    let project = Project::new();
    let mut numbers = Numbers(2);
    for round in 0..12 {
        project.write("point.ms", &POINT.replace("y = 0", &format!("y{round} = 0")));
        let mut child = project.command(&[]).stderr(Stdio::null()).spawn().expect("msc starts");
        // Nobody sends: what ends the wait is the moment, or the end of the process.
        let (ended, end) = channel::<()>();
        let mut out = child.stdout.take().expect("a pipe was asked for");
        let reader = std::thread::spawn(move || {
            let _ = std::io::copy(&mut out, &mut std::io::sink());
            drop(ended);
        });
        let moment = Duration::from_millis(numbers.below(400));
        if end.recv_timeout(moment) == Err(RecvTimeoutError::Timeout) {
            child.kill().expect("a child can be killed");
        }
        child.wait().expect("a child can be waited for");
        reader.join().expect("the reader ends with the process");
        let (found, stats) = project.check();
        assert_eq!(found, project.truth(), "round {round}: {stats}");
    }
}

// Files that are damaged.

#[test]
fn a_damaged_cache_is_made_anew() {
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    let saved = project.saved_cache();
    let size = fs::metadata(project.database()).expect("there is a database").len();
    let truncate = |path: &Path, len: u64| {
        File::options().write(true).open(path).and_then(|file| file.set_len(len)).expect("a file can be cut");
    };
    for len in [0, 1, 100, 4_096, size / 2, size - 1] {
        project.restore(&saved);
        truncate(&project.database(), len);
        project.heals(&truth, &format!("cut to {len} bytes"));
    }
    for suffix in ["", "-wal", "-shm"] {
        project.restore(&saved);
        fs::write(project.cache().join(format!("{DATABASE}{suffix}")), vec![0x5a; 20_000]).expect("can be written");
        project.heals(&truth, &format!("{DATABASE}{suffix} is something else"));
    }
    project.restore(&saved);
    fs::remove_file(project.database()).expect("the database can be removed");
    project.heals(&truth, "a log without its database");
}

#[test]
fn flipped_bits_never_show() {
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    let saved = project.saved_cache();
    let bytes = fs::read(project.database()).expect("there is a database");
    let mut numbers = Numbers(3);
    for round in 0..25 {
        project.restore(&saved);
        let mut flipped = bytes.clone();
        for _ in 0..=round {
            let at = numbers.below(flipped.len() as u64) as usize;
            flipped[at] ^= 1 << numbers.below(8);
        }
        fs::write(project.database(), flipped).expect("a file can be written");
        let (found, stats) = project.check();
        assert_eq!(found, truth, "round {round}: {stats}");
        let (found, stats) = project.check();
        assert_eq!(found, truth, "round {round}, the second time: {stats}");
    }
}

#[test]
fn somebody_elses_cache_is_not_read() {
    let project = Project::new();
    let other = Project::new();
    // What another person's macros found, in a cache that a clone brought along.
    other.write("main.ms", &MAIN.replace("new Path().nothing();", ""));
    other.command(&[]).output().expect("msc starts");
    let truth = project.truth();
    project.restore(&[]);
    for (theirs, ours) in other.files().iter().zip(project.files()) {
        if theirs.exists() {
            fs::copy(theirs, ours).expect("a file can be copied");
        }
    }
    project.heals(&truth, "another user's cache");
    assert!(project.cache().join(format!("{DATABASE}.foreign")).exists());
}

#[test]
fn caches_of_other_versions_are_left_alone() {
    let project = Project::new();
    let truth = project.truth();
    project.restore(&[]);
    let later = project.cache().join("cache-v999.db");
    fs::write(&later, b"of a version to come").expect("a file can be written");
    project.heals(&truth, "a later version's cache");
    assert_eq!(fs::read(&later).expect("it is still there"), b"of a version to come");

    // A table that a later version changed without another name of the file.
    let connection = Connection::open(project.database()).expect("a database");
    connection.execute_batch("ALTER TABLE rows RENAME COLUMN value TO content;").expect("a column can be renamed");
    drop(connection);
    let (found, stats) = project.check();
    assert_eq!(found, truth, "{stats}");
}

#[test]
fn a_locked_cache_is_done_without() {
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    project.write("point.ms", &POINT.replace("y = 0", "z = 0"));
    let truth = project.truth();
    let connection = Connection::open(project.database()).expect("a database");
    connection.execute_batch("BEGIN EXCLUSIVE").expect("nobody else writes");
    let (found, stats) = project.check();
    assert_eq!(found, truth, "{stats}");
    connection.execute_batch("ROLLBACK").expect("it ends");
    drop(connection);
    project.heals(&truth, "a cache that was locked");
}

#[cfg(target_os = "linux")]
#[test]
fn a_cache_that_cannot_be_written_is_done_without() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    project.write("point.ms", &POINT.replace("y = 0", "z = 0"));
    let truth = project.truth();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    for entry in fs::read_dir(project.cache()).expect("there is a cache").flatten() {
        mode(&entry.path(), 0o444).expect("a mode can be set");
    }
    mode(&project.cache(), 0o555).expect("a mode can be set");
    let mut command = project.command(&["--stats"]);
    // SAFETY: between fork and exec only `prctl` is called, which is safe there.
    unsafe {
        command.pre_exec(|| {
            // Without the right to pass over permissions (1 to 3: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
            // CAP_FOWNER) a test that runs as root sees what everybody sees. Fails for everybody else.
            for capability in 1..=3 {
                libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0);
            }
            Ok(())
        });
    }
    let output = command.output().expect("msc starts");
    assert_eq!(found(&output), truth, "{}", String::from_utf8_lossy(&output.stderr));
    mode(&project.cache(), 0o755).expect("a mode can be set");
    for entry in fs::read_dir(project.cache()).expect("there is a cache").flatten() {
        mode(&entry.path(), 0o644).expect("a mode can be set");
    }
    project.heals(&truth, "a cache that could not be written");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_the_cache_and_nothing_else() {
    use std::os::unix::process::CommandExt;
    let project = Project::new();
    let mut round = 0;
    for limits in [[0_u64, 1], [20_000, 40_000], [60_000, 100_000]] {
        for (limit, had_cache) in limits.into_iter().zip([false, true]) {
            round += 1;
            project.write("point.ms", &POINT.replace("y = 0", &format!("y{round} = 0")));
            let truth = project.truth();
            if !had_cache {
                let _ = fs::remove_dir_all(project.cache());
            }
            let mut command = project.command(&["--stats"]);
            // SAFETY: between fork and exec only `signal` and `setrlimit` are called, which are safe there.
            unsafe {
                command.pre_exec(move || {
                    // A write beyond the limit fails, as on a full disk, instead of ending the process.
                    libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
                    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
                    match libc::setrlimit(libc::RLIMIT_FSIZE, &limit) {
                        0 => Ok(()),
                        _ => Err(std::io::Error::last_os_error()),
                    }
                });
            }
            let output = command.output().expect("msc starts");
            let stats = String::from_utf8_lossy(&output.stderr);
            assert_eq!(found(&output), truth, "a disk with {limit} bytes left: {stats}");
            project.heals(&truth, &format!("after a disk with {limit} bytes left"));
        }
    }
}

// Files that hide that they changed.

#[test]
fn times_that_lie_hide_nothing() {
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    let set = |time: SystemTime| {
        let file = File::options().write(true).open(project.path("main.ms")).expect("the file is there");
        file.set_modified(time).expect("a time can be set");
    };
    let time = fs::metadata(project.path("main.ms")).and_then(|meta| meta.modified()).expect("files have times");
    let year = Duration::from_secs(365 * 86_400);
    let variants = ["copy", "same", "many", "last", "form"].map(|name| {
        // One name for another of the same length, so that the size is the same too.
        (MAIN.replace("nothing()", &format!("nothing{name}()")), name)
    });
    let times = [time, time + 80 * year, time - 30 * year, SystemTime::UNIX_EPOCH, time];
    for ((text, name), time) in variants.iter().zip(times) {
        project.write("main.ms", text);
        set(time);
        let truth = project.truth();
        assert!(truth.contains(&format!("nothing{name}")), "{truth}");
        let (found, stats) = project.check();
        assert_eq!(found, truth, "modified at {time:?}: {stats}");
        let (found, stats) = project.check();
        assert_eq!(found, truth, "modified at {time:?}, the second time: {stats}");
    }
    // Another file in its place, of the same size and time.
    fs::write(project.path("other"), MAIN.replace("nothing()", "nothingelse()")).expect("can be written");
    File::options().write(true).open(project.path("other")).and_then(|file| file.set_modified(time)).expect("set");
    fs::rename(project.path("other"), project.path("main.ms")).expect("a file can be renamed");
    let (found, stats) = project.check();
    assert_eq!(found, project.truth(), "{stats}");
    // What a macro reads is no other case.
    project.write("names.txt", "a\nc\n");
    let (found, stats) = project.check();
    assert_eq!(found, project.truth(), "{stats}");
}

#[test]
fn without_times_every_file_is_hashed() {
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    let output = project.command(&["--stats", "--no-mtime"]).output().expect("msc starts");
    let stats = String::from_utf8_lossy(&output.stderr);
    assert_eq!(found(&output), truth);
    assert!(stats.contains("(1 unchanged)"), "{stats}");
    let read = stats.lines().find_map(|line| line.strip_prefix("disk ")?.split_once("asked, "));
    let read: u32 = read.and_then(|(_, read)| read.split(' ').next()?.parse().ok()).expect("a number");
    assert!(read >= 6, "all six files are hashed: {stats}");
}

/// A disk of one file.
struct OneFile {
    fingerprint: Fingerprint,
    text: &'static str,
    trusts_times: bool,
}

impl Fingerprints for OneFile {
    fn fingerprint(&self, _: &FilePath) -> Option<Fingerprint> {
        Some(self.fingerprint)
    }

    fn digest(&self, _: &FilePath) -> Option<Digest> {
        Some(Digest::of(self.text.as_bytes()))
    }

    fn dir_digest(&self, _: &FilePath) -> Option<Digest> {
        None
    }

    fn trusts_times(&self) -> bool {
        self.trusts_times
    }
}

#[test]
fn the_limit_of_times_is_where_it_is_said_to_be() {
    let disk = |text, changed_ns, inode, trusts_times| {
        let fingerprint = Fingerprint { size: 3, changed_ns, inode };
        OneFile { fingerprint, text, trusts_times }
    };
    let trace = Trace::new(vec![Input::file(&disk("abc", 5, 1, true), &FilePath::new("/a.ms"))]);
    assert!(trace.verify(&disk("abc", 5, 1, true)));
    // The clock went back: another time of change, be it an earlier one, has the file hashed.
    assert!(!trace.verify(&disk("xyz", 4, 1, true)));
    assert!(!trace.verify(&disk("xyz", 5, 2, true)), "another file in its place");
    // The limit: everything the same but the bytes.
    assert!(trace.verify(&disk("xyz", 5, 1, true)));
    assert!(!trace.verify(&disk("xyz", 5, 1, false)), "times are not trusted");
    assert!(trace.verify(&disk("abc", 9, 2, false)));
}

#[test]
fn rows_from_the_future_are_rows() {
    let project = Project::new();
    let truth = project.truth();
    project.heals(&truth, "an empty cache");
    for used_at in [i64::MAX, -1, i64::MIN, 0] {
        // The clock was ahead when they were written, or is behind now.
        let connection = Connection::open(project.database()).expect("a database");
        connection.execute("UPDATE rows SET used_at = ?1", [used_at]).expect("rows can be changed");
        drop(connection);
        project.heals(&truth, &format!("rows used at {used_at}"));
        let gc = Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(["cache", "gc"])
            .current_dir(project.root())
            .env("XDG_CONFIG_HOME", project.dir.path().join("config"))
            .output()
            .expect("msc starts");
        assert!(gc.status.success(), "{}", String::from_utf8_lossy(&gc.stderr));
        project.heals(&truth, &format!("collected at {used_at}"));
    }
}

#[test]
fn a_cache_that_goes_while_it_is_used_is_made_anew() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let store = open(home.path());
    store.put(Level::File, key(1), None, value(1));
    store.flush();
    fs::remove_dir_all(home.path().join(".metascript-cache")).expect("a directory can be removed");
    assert!(store.get(Level::File, key(1)).is_none_or(|found| found == value(1)));
    store.put(Level::File, key(2), None, value(2));
    store.flush();
    assert_eq!(store.get(Level::File, key(2)), Some(value(2)));
    let other = open(home.path());
    assert_eq!(other.get(Level::File, key(2)), Some(value(2)), "another process finds what was written since");
    assert!(store.health().iter().any(|line| line.contains("made anew")), "{:?}", store.health());
    // And once more, with the other one at work.
    fs::remove_dir_all(home.path().join(".metascript-cache")).expect("a directory can be removed");
    for (writer, number) in [(&store, 3), (&other, 4)] {
        writer.put(Level::File, key(number), None, value(number));
        writer.flush();
    }
    for reader in [&store, &other] {
        assert_eq!(reader.get(Level::File, key(3)), Some(value(3)));
        assert_eq!(reader.get(Level::File, key(4)), Some(value(4)));
    }
}
