//! What the system would let a macro's process do if the JavaScript engine had a hole.
//!
//! Alone in its binary: the worker is found as the only child of this process.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use msc::base::{Cancel, Digest, FilePath};
use msc::macros::effect::{ExecOutput, Request, Response};
use msc::macros::protocol::{CacheOptions, Limits};
use msc::macros::{FailureKind, Host, HostOptions, InputError, Inputs, Invocation, Job, Module, ModuleGraph};

/// Answers every read with what `/proc` says of the worker that asks.
struct Observed(Mutex<Vec<String>>);

impl Inputs for Observed {
    fn read_file(&self, path: &FilePath) -> Result<Arc<str>, InputError> {
        let worker = child();
        if path.name() == "die" {
            // As if the engine had run into a hole.
            // SAFETY: a signal to the test's own child.
            unsafe { libc::kill(i32::try_from(worker).expect("a process id"), libc::SIGABRT) };
            return Ok("".into());
        }
        let mut seen = self.0.lock().expect("no test panics here");
        for file in ["status", "limits", "environ"] {
            seen.push(fs::read_to_string(format!("/proc/{worker}/{file}")).expect("the worker lives"));
        }
        let mut open: Vec<String> = fs::read_dir(format!("/proc/{worker}/fd"))
            .expect("the worker lives")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        open.sort();
        seen.push(open.join(" "));
        Ok(path.as_str().into())
    }

    fn glob(&self, _base: &FilePath, _pattern: &str) -> Result<Vec<FilePath>, InputError> {
        Ok(Vec::new())
    }

    fn env(&self, _name: &str) -> Result<Option<String>, InputError> {
        Ok(None)
    }

    fn exec(&self, _program: &str, _args: &[String]) -> Result<ExecOutput, InputError> {
        unreachable!("the macro runs nothing")
    }

    fn fetch(&self, _: &Request, _: &CacheOptions) -> Result<Response, InputError> {
        unreachable!("the macro fetches nothing")
    }
}

/// The one child of this process.
fn child() -> u32 {
    let own = std::process::id();
    let children = fs::read_dir(format!("/proc/{own}/task"))
        .expect("this process lives")
        .flat_map(|task| {
            let path = task.expect("an entry").path().join("children");
            fs::read_to_string(path)
                .unwrap_or_default()
                .split_whitespace()
                .map(|child| child.parse().expect("a number"))
                .collect::<Vec<u32>>()
        })
        .collect::<Vec<u32>>();
    assert_eq!(children.len(), 1, "{children:?}");
    children[0]
}

#[test]
fn a_worker_has_given_up_what_it_does_not_need() {
    // A descriptor that every child inherits, as a careless library leaves it.
    let leaked = fs::File::open("/dev/null").expect("it exists");
    // SAFETY: the descriptor is owned by `leaked`, which lives on.
    unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&leaked), libc::F_SETFD, 0) };

    let host = Host::new(HostOptions { workers: 1, ..HostOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_msc"))) });
    let observed = Observed(Mutex::default());
    let read = |path: &str| host.run(&reading(path), &observed, &Cancel::new()).expect("nobody cancels");
    let outcome = read("x");
    assert!(outcome.result.is_ok(), "{outcome:?}");
    let seen = observed.0.lock().expect("no test panics here").clone();
    let [status, limits, environment, open] = seen.as_slice() else { panic!("{seen:?}") };

    assert_eq!(environment, "");
    assert_eq!(open, "0 1 2");
    let status = |field: &str| -> &str {
        status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap_or("absent").trim()
    };
    assert_eq!(status("NoNewPrivs"), "1");
    assert_eq!(status("Seccomp"), "2", "a filter");
    let limit = |name: &str| -> Vec<&str> {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().take(2).collect()
    };
    for name in ["Max open files", "Max processes", "Max file size", "Max core file size"] {
        assert_eq!(limit(name), ["0", "0"], "{name}");
    }
    let space: u64 = limit("Max address space")[1].parse().expect("no limit on the address space");
    assert!(space < 4 << 30, "{space}");

    // One that dies takes its macro's expansion with it, and nothing more.
    let failure = read("die").result.expect_err("its process is gone");
    assert_eq!(failure.kind, FailureKind::Crashed);
    assert!(failure.message.contains("signal: 6"), "{}", failure.message);
    assert!(read("x").result.is_ok());
    assert_eq!((host.stats().spawned, host.stats().stopped), (2, 1));
}

fn reading(path: &str) -> Job {
    let file = FilePath::new("/p/m.ms");
    let js = format!("export default function () {{ return readFile({path:?}); }}");
    Job {
        graph: Arc::new(ModuleGraph {
            entry: file.clone(),
            digest: Digest::of(js.as_bytes()),
            deferred: BTreeMap::new(),
            modules: vec![Module { file, js: js.into(), map: "".into(), imports: BTreeMap::new() }],
        }),
        invocation: Invocation::Comptime,
        input: "{}".to_owned(),
        base: FilePath::new("/p"),
        root: FilePath::new("/p"),
        limits: Limits::default(),
        cache: Default::default(),
        blame: "m".to_owned(),
    }
}
