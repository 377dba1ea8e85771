//! The same under strace: what the system was asked for, not what the diagnostics say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};

use crate::corpus;
use crate::{Scene, assert_answers};

/// System calls that open, make, reach, start or change something.
const OUT: &[&str] = &[
    "open",
    "openat",
    "openat2",
    "creat",
    "socket",
    "socketpair",
    "connect",
    "bind",
    "sendto",
    "sendmsg",
    "execve",
    "execveat",
    "fork",
    "vfork",
    "clone",
    "clone3",
    "kill",
    "tgkill",
    "tkill",
    "ptrace",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mkdir",
    "mkdirat",
    "chmod",
    "fchmodat",
    "truncate",
    "mknod",
    "mknodat",
    "process_vm_readv",
    "process_vm_writev",
    "io_uring_setup",
    "mount",
    "memfd_create",
    "chdir",
    "chroot",
];

/// One system call of the log.
struct Line {
    thread: u32,
    call: String,
    text: String,
    succeeded: bool,
}

/// `1234  openat(AT_FDCWD, "x", O_RDONLY) = 3`. A call that another thread interrupts stands on two lines:
/// `openat(AT_FDCWD, "x" <unfinished ...>` and `<... openat resumed>, O_RDONLY) = 3`.
fn read(log: &str) -> Vec<Line> {
    let mut unfinished: BTreeMap<u32, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in log.lines() {
        let Some((thread, text)) = line.split_once(' ') else { continue };
        let Ok(thread) = thread.parse() else { continue };
        let mut text = text.trim_start().to_owned();
        if let Some(begun) = text.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, begun.to_owned());
            continue;
        }
        if let Some((_, rest)) = text.strip_prefix("<... ").and_then(|resumed| resumed.split_once(" resumed>")) {
            text = unfinished.remove(&thread).unwrap_or_default() + rest;
        }
        let call = text.split('(').next().unwrap_or_default().to_owned();
        let result = text.rsplit_once(" = ").map(|(_, result)| result);
        let succeeded = result.is_some_and(|result| !result.starts_with('-') && !result.starts_with('?'));
        lines.push(Line { thread, call, text, succeeded });
    }
    // What never came back may have done its work all the same.
    lines.extend(unfinished.into_iter().map(|(thread, text)| {
        let call = text.split('(').next().unwrap_or_default().to_owned();
        Line { thread, call, text, succeeded: true }
    }));
    lines
}

/// The system's allocator looks at a setting when it gives memory back, and can do without.
fn is_of_allocator(line: &Line) -> bool {
    line.text.contains("\"/proc/sys/vm/overcommit_memory\"")
}

fn has_strace() -> bool {
    // Installed, and allowed to look at a process.
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

#[test]
fn no_file_is_opened_and_no_socket_made() {
    if !has_strace() {
        println!("skipped: strace is not installed or may not trace");
        return;
    }
    // Those that never end say nothing here, and take their time.
    let quick: Vec<corpus::Case> = corpus::LIMITS
        .iter()
        .filter(|case| case.code == "MS2002" || case.code == "MS2006")
        .map(|case| corpus::Case { name: case.name, code: case.code, body: case.body })
        .collect();
    // Types of data that is imported are the program's business: the type engine may read it.
    let files: Vec<corpus::Case> = corpus::FILES
        .iter()
        .filter(|case| !case.body.starts_with("import "))
        .map(|case| corpus::Case { name: case.name, code: case.code, body: case.body })
        .collect();
    let cases: &[&[corpus::Case]] = &[&files, corpus::WORLD, &quick];
    let scene = Scene::new(cases);
    let log = scene.outside().join("log");
    let output = scene
        .command("strace")
        .args([
            "-f",
            "-s",
            "400",
            "-e",
            "signal=none",
            "-e",
            "trace=%file,%process,%network,seccomp,landlock_restrict_self",
        ])
        .arg("-o")
        .arg(&log)
        .args([env!("CARGO_BIN_EXE_msc"), "check", "--format=json"])
        .output()
        .expect("strace runs");
    assert_answers(cases, &scene.found(&String::from_utf8_lossy(&output.stdout)));
    scene.assert_untouched();
    let log = fs::read_to_string(&log).expect("a log");
    let lines = read(&log);

    // Who belongs to which worker: what it was started as, and the threads that it made.
    let mut workers: BTreeMap<u32, u32> = BTreeMap::new();
    let mut confined: BTreeSet<u32> = BTreeSet::new();
    let (mut landlocked, mut wrong) = (0, Vec::new());
    for line in &lines {
        let is_worker = line.call == "execve" && line.text.contains("\"macro-worker\"") && line.succeeded;
        if is_worker {
            workers.insert(line.thread, line.thread);
        }
        let Some(&worker) = workers.get(&line.thread) else { continue };
        if line.call.starts_with("clone")
            && let Some(thread) = line.text.rsplit_once(" = ").and_then(|(_, thread)| thread.trim().parse().ok())
        {
            workers.insert(thread, worker);
        }
        landlocked += usize::from(line.call == "landlock_restrict_self" && line.succeeded);
        if line.call == "seccomp" && line.succeeded {
            confined.insert(worker);
        } else if confined.contains(&worker)
            && OUT.contains(&line.call.as_str())
            && (line.succeeded || !is_of_allocator(line))
        {
            wrong.push(line.text.as_str());
        }
    }
    let started = workers.iter().filter(|(thread, worker)| thread == worker).count();
    assert!(started > 0, "no worker was seen");
    if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        assert_eq!(confined.len(), started, "each worker filters its system calls");
    }
    println!("{started} workers, {landlocked} threads without files");
    assert!(wrong.is_empty(), "a worker asked the system for\n{}", wrong.join("\n"));

    // The parent, too, opens no file that is none of the project's business, and reaches nobody.
    let outside = scene.outside().display().to_string();
    for line in lines.iter().filter(|line| line.succeeded) {
        let opens = line.call.starts_with("open");
        let secret =
            ["outside/secret", "/.env", "/.git/", "/etc/passwd", "/proc/self/environ", "/proc/self/mem", "/dev/zero"];
        assert!(!(opens && secret.iter().any(|path| line.text.contains(path))), "{}", line.text);
        assert!(!(line.text.contains(&outside) && opens), "{}", line.text);
        let reaches = matches!(line.call.as_str(), "socket" | "connect") && line.text.contains("AF_INET");
        assert!(!reaches, "{}", line.text);
        let runs = line.call.starts_with("execve") && !line.text.contains("/msc\"");
        assert!(!runs, "{}", line.text);
    }
}
