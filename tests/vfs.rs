//! Reading the disk, remembering it, and hearing of its changes.

use std::collections::BTreeSet;
use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use msc::base::FilePath;
use msc::vfs::{Disk, Fingerprints, ReadError, Watcher};
use tempfile::TempDir;

struct Folder {
    _dir: TempDir,
    root: FilePath,
}

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Folder {
        let dir = tempfile::tempdir().unwrap();
        let root = FilePath::from_os(&fs::canonicalize(dir.path()).unwrap());
        let folder = Folder { _dir: dir, root };
        for (path, bytes) in files {
            folder.write(path, bytes);
        }
        folder
    }

    fn at(&self, path: &str) -> FilePath {
        self.root.join(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.at(path).to_os();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn texts_are_utf8_without_a_mark() {
    let folder = Folder::new(&[
        ("plain.ms", b"let x = 1;\r\n"),
        ("mark.ms", b"\xEF\xBB\xBFlet x = 1;"),
        ("little.ms", b"\xFF\xFEl\0e\0t\0"),
        ("big.ms", b"\xFE\xFF\0l\0e\0t"),
        ("latin.ms", b"let caf\xE9 = 1;"),
        ("empty.ms", b""),
    ]);
    let disk = Disk::new();
    let read = |path: &str| disk.read(&folder.at(path)).map(|text| text.as_str().to_owned());
    assert_eq!(read("plain.ms"), Ok("let x = 1;\r\n".to_owned()));
    assert_eq!(read("mark.ms"), Ok("let x = 1;".to_owned()));
    assert_eq!(read("little.ms"), Err(ReadError::Utf16));
    assert_eq!(read("big.ms"), Err(ReadError::Utf16));
    assert_eq!(read("latin.ms"), Err(ReadError::NotUtf8 { offset: 7 }));
    assert_eq!(read("empty.ms"), Ok(String::new()));
    assert_eq!(read("missing.ms"), Err(ReadError::Missing));
    assert_eq!(read("plain.ms/below"), Err(ReadError::Missing));
    assert_eq!(read("."), Err(ReadError::Directory));
    assert_ne!(disk.digest(&folder.at("mark.ms")), None);
    assert_ne!(disk.digest(&folder.at("mark.ms")), disk.read(&folder.at("mark.ms")).ok().map(|it| it.digest()));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_file_and_does_not_block() {
    let folder = Folder::new(&[]);
    let pipe = folder.at("pipe.ms");
    let made = std::process::Command::new("mkfifo").arg(pipe.as_str()).status().unwrap();
    assert!(made.success());
    let disk = Disk::new();
    assert!(!disk.is_file(&pipe));
    assert_eq!(disk.read(&pipe), Err(ReadError::Missing));
}

#[test]
fn the_same_question_is_asked_once() {
    let folder = Folder::new(&[("src/a.ms", b"a"), ("src/b.ms", b"b")]);
    let disk = Disk::new();
    let ask = || {
        assert_eq!(disk.read(&folder.at("src/a.ms")).unwrap().as_str(), "a");
        assert!(disk.is_file(&folder.at("src/a.ms")) && !disk.is_dir(&folder.at("src/a.ms")));
        assert!(disk.is_dir(&folder.at("src")) && !disk.is_file(&folder.at("src")));
        assert_eq!(disk.entries(&folder.at("src")).unwrap().files, ["a.ms", "b.ms"]);
        assert_eq!(disk.realpath(&folder.at("src/a.ms")), folder.at("src/a.ms"));
        assert_eq!(disk.fingerprint(&folder.at("src/a.ms")).unwrap().size, 1);
        assert!(!disk.exists(&folder.at("src/c.ms")));
    };
    ask();
    let asked = disk.system_calls();
    assert!(asked <= 5, "{asked}");
    ask();
    assert_eq!(disk.system_calls(), asked);
}

#[test]
fn absence_is_cheap() {
    let folder = Folder::new(&[("src/a.ms", b"")]);
    let disk = Disk::new();
    // Nothing below a missing directory is asked for.
    for number in 0..200 {
        assert!(!disk.is_file(&folder.at(&format!("node_modules/pkg/{number}.d.ts"))));
        assert!(!disk.is_dir(&folder.at(&format!("node_modules/@types/{number}"))));
    }
    // A directory that is asked a lot is listed.
    for number in 0..200 {
        assert!(!disk.is_file(&folder.at(&format!("src/{number}.ts"))));
    }
    assert!(disk.is_file(&folder.at("src/a.ms")));
    assert!(disk.system_calls() < 30, "{}", disk.system_calls());
}

#[test]
fn what_was_invalidated_is_asked_again() {
    let folder = Folder::new(&[("src/a.ms", b"one")]);
    let disk = Disk::new();
    let (a, b, deep) = (folder.at("src/a.ms"), folder.at("src/b.ms"), folder.at("lib/x/y/deep.ms"));
    let listing = |path: &str| disk.entries(&folder.at(path)).map(|it| (it.files.clone(), it.dirs.clone()));
    assert_eq!(disk.read(&a).unwrap().as_str(), "one");
    assert!(!disk.exists(&b) && !disk.exists(&deep));
    assert_eq!(listing("src").unwrap().0, ["a.ms"]);
    assert_eq!(listing(".").unwrap().1, ["src"]);
    let generation = disk.generation();

    folder.write("src/a.ms", b"two");
    folder.write("src/b.ms", b"new");
    folder.write("lib/x/y/deep.ms", b"deep");
    assert_eq!(disk.read(&a).unwrap().as_str(), "one", "not told, not asked");

    disk.invalidate(&[a.clone(), b.clone(), deep.clone()]);
    assert!(disk.generation() > generation);
    assert_eq!(disk.read(&a).unwrap().as_str(), "two");
    assert_eq!(disk.read(&b).unwrap().as_str(), "new");
    assert_eq!(disk.read(&deep).unwrap().as_str(), "deep");
    assert_eq!(listing("src").unwrap().0, ["a.ms", "b.ms"]);
    assert_eq!(listing(".").unwrap().1, ["lib", "src"]);

    // A directory stands for what is below it.
    fs::rename(folder.at("lib").to_os(), folder.at("moved").to_os()).unwrap();
    disk.invalidate(&[folder.at("lib"), folder.at("moved")]);
    assert!(!disk.exists(&deep));
    assert!(disk.exists(&folder.at("moved/x/y/deep.ms")));
    disk.invalidate_all();
    assert!(disk.exists(&a));
}

#[cfg(unix)]
#[test]
fn a_change_is_seen_through_a_link() {
    let folder = Folder::new(&[("packages/p/index.ts", b"one")]);
    fs::create_dir(folder.at("node_modules").to_os()).unwrap();
    std::os::unix::fs::symlink(folder.at("packages/p").to_os(), folder.at("node_modules/p").to_os()).unwrap();
    let disk = Disk::new();
    let linked = folder.at("node_modules/p/index.ts");
    assert_eq!(disk.read(&linked).unwrap().as_str(), "one");
    assert_eq!(disk.realpath(&linked), folder.at("packages/p/index.ts"));
    assert_eq!(disk.entries(&folder.at("node_modules")).unwrap().dirs, ["p"]);
    folder.write("packages/p/index.ts", b"two");
    disk.invalidate(&[folder.at("packages/p/index.ts")]);
    assert_eq!(disk.read(&linked).unwrap().as_str(), "two");
}

#[test]
fn a_young_file_has_no_time_to_trust() {
    let folder = Folder::new(&[("a.ms", b"a")]);
    let a = folder.at("a.ms");
    assert_eq!(Disk::new().fingerprint(&a).unwrap().changed_ns, 0);
    // A time that somebody chose proves nothing either.
    let file = fs::File::options().write(true).open(a.to_os()).unwrap();
    file.set_modified(std::time::SystemTime::now() + Duration::from_secs(60)).unwrap();
    assert_eq!(Disk::new().fingerprint(&a).unwrap().changed_ns, 0);
}

#[cfg(unix)]
#[test]
fn a_time_of_modification_that_was_set_back_hides_nothing() {
    let folder = Folder::new(&[("a.ms", b"a")]);
    let a = folder.at("a.ms");
    let file = fs::File::options().write(true).open(a.to_os()).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    // Younger than the clock's tick in truth, so the hash decides.
    assert_eq!(Disk::new().fingerprint(&a).unwrap().changed_ns, 0);
}

#[test]
fn threads_get_one_answer() {
    let folder = Folder::new(&[("a.ms", b"text")]);
    let disk = Disk::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..500 {
                    assert_eq!(disk.read(&folder.at("a.ms")).unwrap().as_str(), "text");
                    assert!(!disk.exists(&folder.at(&format!("x{number}/y"))));
                    if number % 50 == 0 {
                        disk.invalidate(&[folder.at("a.ms")]);
                    }
                }
            });
        }
    });
}

// Watching: every wait ends with an event.

struct Changes {
    inbox: Receiver<Vec<FilePath>>,
    _watcher: Watcher,
}

fn watch(folder: &Folder) -> Changes {
    let (send, inbox) = channel();
    let (watcher, failures) = Watcher::new(std::slice::from_ref(&folder.root), move |files| {
        let _ = send.send(files);
    })
    .unwrap();
    assert!(failures.is_empty(), "{failures:?}");
    Changes { inbox, _watcher: watcher }
}

impl Changes {
    /// Waits until all of these were reported, and returns everything that was.
    fn wait_for(&self, wanted: &[FilePath]) -> BTreeSet<FilePath> {
        let mut seen = BTreeSet::new();
        let until = Instant::now() + Duration::from_secs(20);
        while !wanted.iter().all(|file| seen.contains(file)) {
            match self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(files) => seen.extend(files),
                Err(_) => panic!("waited for {wanted:?}, saw {seen:?}"),
            }
        }
        seen
    }
}

#[test]
fn writes_creations_and_deletions_are_reported() {
    let folder = Folder::new(&[("a.ms", b"a"), ("src/b.ms", b"b")]);
    let changes = watch(&folder);
    folder.write("a.ms", b"changed");
    changes.wait_for(&[folder.at("a.ms")]);
    folder.write("src/new.ms", b"new");
    changes.wait_for(&[folder.at("src/new.ms")]);
    fs::remove_file(folder.at("src/b.ms").to_os()).unwrap();
    changes.wait_for(&[folder.at("src/b.ms")]);
}

#[test]
fn saving_by_rename_is_reported_under_the_final_name() {
    let folder = Folder::new(&[("a.ms", b"a")]);
    let changes = watch(&folder);
    folder.write("a.ms~", b"saved");
    fs::rename(folder.at("a.ms~").to_os(), folder.at("a.ms").to_os()).unwrap();
    changes.wait_for(&[folder.at("a.ms")]);
    assert_eq!(Disk::new().read(&folder.at("a.ms")).unwrap().as_str(), "saved");
    // And once more: the file that is there now is another one.
    folder.write("a.ms~", b"again");
    fs::rename(folder.at("a.ms~").to_os(), folder.at("a.ms").to_os()).unwrap();
    changes.wait_for(&[folder.at("a.ms")]);
}

#[test]
fn folders_that_come_and_move_are_watched_too() {
    let folder = Folder::new(&[("src/deep/a.ms", b"a")]);
    let changes = watch(&folder);
    // The report of a new directory covers what was created in it before it was watched.
    folder.write("new/below/b.ms", b"b");
    changes.wait_for(&[folder.at("new")]);
    folder.write("new/below/b.ms", b"changed");
    changes.wait_for(&[folder.at("new/below/b.ms")]);

    fs::rename(folder.at("src").to_os(), folder.at("lib").to_os()).unwrap();
    changes.wait_for(&[folder.at("src"), folder.at("lib")]);
    folder.write("lib/deep/a.ms", b"changed");
    changes.wait_for(&[folder.at("lib/deep/a.ms")]);

    fs::remove_dir_all(folder.at("lib").to_os()).unwrap();
    changes.wait_for(&[folder.at("lib")]);
}

#[test]
fn what_no_program_is_made_of_is_left_out() {
    let folder = Folder::new(&[
        (".git/index", b""),
        ("target/debug/x", b""),
        ("node_modules/.cache/x", b""),
        ("node_modules/p/index.d.ts", b""),
        (".metascript-cache/x", b""),
    ]);
    let changes = watch(&folder);
    for path in [".git/index", "target/debug/x", "node_modules/.cache/x", ".metascript-cache/x"] {
        folder.write(path, b"changed");
    }
    // A package is replaced as a whole.
    fs::rename(folder.at("node_modules/p").to_os(), folder.at("node_modules/q").to_os()).unwrap();
    folder.write("last.ms", b"");
    let seen = changes.wait_for(&[folder.at("last.ms"), folder.at("node_modules/p"), folder.at("node_modules/q")]);
    let wanted = [folder.at("last.ms"), folder.at("node_modules/p"), folder.at("node_modules/q")];
    assert_eq!(seen, BTreeSet::from(wanted));
}
