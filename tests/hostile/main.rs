//! The hostile corpus: macros that try to escape or to break what runs them. None gets out, none stops the
//! command line or the server, each is answered with its diagnostic.
#![cfg(unix)]

mod corpus;
mod traced;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use corpus::Case;

/// What no macro may learn; each secret of the project has it.
const SECRET: &str = "S3CRET";

/// A project full of hostile macros, beside things that are none of its business.
pub struct Scene {
    dir: tempfile::TempDir,
    /// Nobody may connect to it.
    listener: TcpListener,
}

impl Scene {
    pub fn new(cases: &[&[Case]]) -> Scene {
        let dir = tempfile::tempdir().expect("a directory");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("a mode");
        let scene = Scene { dir, listener };
        let port = scene.listener.local_addr().expect("an address").port().to_string();
        let (project, outside) = (scene.project(), scene.outside());
        for directory in [&project, &outside, &project.join(".git"), &project.join("x")] {
            fs::create_dir_all(directory).expect("a directory");
        }
        let write = |path: PathBuf, text: &str| fs::write(path, text).expect("a file");
        write(outside.join("secret.txt"), SECRET);
        write(outside.join("secret.json"), &format!("{{ \"key\": \"{SECRET}\" }}"));
        write(project.join(".env"), SECRET);
        write(project.join(".env.production"), SECRET);
        write(project.join(".git/config"), SECRET);
        write(project.join("evil.sh"), &format!("#!/bin/sh\ntouch {}/made\n", outside.display()));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(project.join("evil.sh"), mode).expect("a mode");
        fs::File::create(project.join("huge.txt")).and_then(|file| file.set_len(40 << 20)).expect("a sparse file");
        for (to, link) in [
            ("../outside/secret.txt", "link.txt"),
            ("../outside/secret.json", "link.json"),
            ("../outside", "linked"),
            ("link.txt", "chain.txt"),
            ("../outside/nothing", "dangling.txt"),
            (".env", "settings.txt"),
            (".git", "history"),
            ("/dev/zero", "zero"),
        ] {
            symlink(to, project.join(link)).expect("a link");
        }
        assert!(Command::new("mkfifo").arg(project.join("pipe")).status().expect("mkfifo runs").success());
        write(project.join("metascript.json"), "{ \"moduleDetection\": \"force\", \"include\": [\"*.ms\"] }");
        for case in cases.iter().copied().flatten() {
            let body = case.body.replace("{port}", &port).replace("{outside}", &outside.display().to_string());
            let is_file = body.contains("macro ") || body.contains("@comptime");
            let text = if is_file { body } else { format!("export const it = @comptime {{ {body} }};") };
            // The types of an attack are no concern of anybody.
            write(project.join(format!("{}.ms", case.name)), &format!("// @ts-nocheck\n{text}\n"));
        }
        // Whoever comes after them is none the worse.
        write(
            project.join("zz_fine.ms"),
            "export const it: 3 = @comptime { return [1, 2].map((n) => n).length + 1; };\n",
        );
        scene
    }

    pub fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    pub fn outside(&self) -> PathBuf {
        self.dir.path().join("outside")
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.project())
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .env("HOME", self.dir.path())
            .env("NO_COLOR", "1")
            .env("SECRET_VARIABLE", SECRET);
        command
    }

    /// The codes of errors that a check finds, by file, each once.
    pub fn check(&self) -> BTreeMap<String, BTreeSet<String>> {
        let output =
            self.command(env!("CARGO_BIN_EXE_msc")).args(["check", "--format=json"]).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        self.found(&String::from_utf8_lossy(&output.stdout))
    }

    pub fn found(&self, out: &str) -> BTreeMap<String, BTreeSet<String>> {
        assert!(!out.contains(SECRET), "a secret got out");
        let json: serde_json::Value = serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out}"));
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in json["diagnostics"].as_array().expect("a list") {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            if text("severity") == "error" {
                found.entry(text("file").trim_end_matches(".ms").to_owned()).or_default().insert(text("code"));
            }
        }
        found
    }

    /// Nothing was made, reached or told.
    pub fn assert_untouched(&self) {
        assert!(!self.outside().join("made").exists(), "a program ran");
        assert!(self.listener.accept().is_err(), "somebody connected");
        assert_holds_no_secret(&self.project().join(".metascript-cache"));
    }
}

fn assert_holds_no_secret(directory: &Path) {
    for entry in fs::read_dir(directory).expect("a cache") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = fs::read(&path).expect("a file");
            assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "{}", path.display());
        }
    }
}

/// Every case's file has its one code, and nobody else has any.
pub fn assert_answers(cases: &[&[Case]], found: &BTreeMap<String, BTreeSet<String>>) {
    let expected: BTreeMap<&str, &str> = cases.iter().copied().flatten().map(|case| (case.name, case.code)).collect();
    let mut wrong = Vec::new();
    for (name, code) in &expected {
        let codes: Vec<&str> = found.get(*name).into_iter().flatten().map(String::as_str).collect();
        // Whoever fills memory slowly, on a busy machine or under a tracer, is stopped for the time it took.
        let is_too_slow = *code == "MS2006" && codes == ["MS2005"];
        if codes.iter().copied().ne((!code.is_empty()).then_some(*code)) && !is_too_slow {
            wrong.push(format!("{name}: expected `{code}`, found {codes:?}"));
        }
    }
    for name in found.keys().filter(|name| !expected.contains_key(name.as_str())) {
        wrong.push(format!("{name}: found {:?}", found[name]));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn run(cases: &[&[Case]]) {
    let scene = Scene::new(cases);
    assert_answers(cases, &scene.check());
    scene.assert_untouched();
    // The second time rows answer, and tell the same.
    assert_answers(cases, &scene.check());
    scene.assert_untouched();
}

#[test]
fn there_are_enough_of_them() {
    let all = [corpus::FILES, corpus::WORLD, corpus::LIMITS, corpus::TRICKS, corpus::OUTPUT, corpus::ANSWERS];
    let names: BTreeSet<&str> = all.iter().copied().flatten().map(|case| case.name).collect();
    assert_eq!(names.len(), all.iter().map(|cases| cases.len()).sum::<usize>(), "each has its own name");
    assert!(names.len() >= 100, "{}", names.len());
}

#[test]
fn no_file_is_read_that_may_not_be() {
    run(&[corpus::FILES]);
}

#[test]
fn nothing_is_run_reached_or_learnt() {
    run(&[corpus::WORLD]);
}

#[test]
fn time_and_memory_have_an_end() {
    run(&[corpus::LIMITS]);
}

#[test]
fn a_context_can_be_forged_and_nothing_comes_of_it() {
    run(&[corpus::TRICKS]);
}

#[test]
fn no_output_is_too_much() {
    run(&[corpus::OUTPUT]);
}

#[test]
fn no_answer_is_a_trap() {
    run(&[corpus::ANSWERS]);
}

/// A worker that is killed from outside while its macro runs, in the whole of the pipeline.
#[test]
fn a_worker_that_is_killed_costs_one_diagnostic() {
    use msc::base::{Cancel, FilePath};
    use msc::macros::{Allow, Permission};
    use msc::project::{World, WorldOptions, check};

    // The macro has its own process killed: no other way is as sure to come in its middle.
    const KILL: &str = r#"
export const it = @comptime {
  const children = "for task in /proc/$PPID/task/*/children; do cat $task; done";
  const workers = `for child in $(${children}); do grep -q macro-worker /proc/$child/cmdline && kill -KILL $child; done`;
  exec("/bin/sh", ["-c", `${workers}; true`]);
  return 1;
};
"#;
    if !Path::new("/proc/self/task").is_dir() {
        println!("skipped: this system does not tell children by /proc");
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("a file");
    write("metascript.json", "{ \"moduleDetection\": \"force\" }");
    write("a_kill.ms", KILL);
    let root = FilePath::from_os(dir.path());
    let mut allow = Allow::default();
    allow.add(Permission::Run, "/bin/sh", &root).expect("a program");
    let options = WorldOptions {
        exe: env!("CARGO_BIN_EXE_msc").into(),
        workers: 1,
        use_cache: false,
        allow,
        ..WorldOptions::new(vec![root.clone()])
    };
    let mut world = World::new(options);
    let codes = |world: &mut World| -> Vec<String> {
        let (found, _) = check::check(world, std::slice::from_ref(&root), &Cancel::new()).expect("nobody cancels");
        found.iter().map(|one| format!("{} {}", one.file.name(), one.code)).collect()
    };
    assert_eq!(codes(&mut world), ["a_kill.ms MS2007"]);
    assert_eq!(world.shared().host.stats().stopped, 1);
    write("b_fine.ms", "export const it: 2 = @comptime { return 1 + 1; };\n");
    world.shared().disk.invalidate_all();
    let found = codes(&mut world);
    assert_eq!(found, ["a_kill.ms MS2007"], "the next expansion is fine");
    assert!(world.shared().host.stats().spawned >= 2);
}
