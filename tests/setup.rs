//! `msc init`, `msc doctor`, `msc completions`, `msc man`: what a person meets first.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn msc(cwd: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msc"));
    command.args(args).current_dir(cwd).env("XDG_CONFIG_HOME", cwd.join(".config")).env_remove("NO_COLOR");
    command.output().expect("msc starts")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn a_new_project_checks_and_runs() {
    let dir = folder();
    let made = msc(dir.path(), &["init", "demo"]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    assert_eq!(out(&made), "demo/metascript.json\ndemo/src/main.ms\ndemo/src/macros.ms\ndemo/.gitignore\n");
    assert!(err(&made).contains("`msc run demo/src/main.ms`"), "{}", err(&made));
    let checked = msc(dir.path(), &["check", "demo"]);
    assert_eq!((checked.status.code(), out(&checked).as_str()), (Some(0), ""), "{}", err(&checked));
    let ran = msc(dir.path(), &["run", "demo/src/main.ms"]);
    assert_eq!(out(&ran), "x = 1, y = 2\ntrue\n6 * 7 was computed when this was compiled: 42\n", "{}", err(&ran));
    let ignored = fs::read_to_string(dir.path().join("demo/.gitignore")).expect("it is written");
    assert!(ignored.lines().any(|line| line == ".metascript-cache/"));
}

#[test]
fn nothing_is_overwritten() {
    let dir = folder();
    fs::create_dir(dir.path().join("src")).expect("it can be made");
    fs::write(dir.path().join("src/main.ms"), "mine").expect("it can be written");
    let refused = msc(dir.path(), &["init"]);
    assert_eq!((refused.status.code(), out(&refused).as_str()), (Some(2), ""));
    assert_eq!(err(&refused), "error: . has src/main.ms already: nothing was written; --bare writes no sources\n");
    assert!(!dir.path().join("metascript.json").exists() && !dir.path().join("src/macros.ms").exists());
    let bare = msc(dir.path(), &["init", "--bare"]);
    assert_eq!((bare.status.code(), out(&bare).as_str()), (Some(0), "metascript.json\n"), "{}", err(&bare));
    assert_eq!(fs::read_to_string(dir.path().join("src/main.ms")).expect("it is there"), "mine");

    let other = folder();
    fs::write(other.path().join(".gitignore"), "mine\n").expect("it can be written");
    let made = msc(other.path(), &["init"]);
    assert_eq!(made.status.code(), Some(0));
    assert!(err(&made).contains("add .metascript-cache/ to your .gitignore"), "{}", err(&made));
    assert_eq!(fs::read_to_string(other.path().join(".gitignore")).expect("it is there"), "mine\n");
}

#[test]
fn the_doctor_runs_a_macro_and_looks_at_the_project() {
    let dir = folder();
    fs::write(dir.path().join("metascript.json"), "{}").expect("it can be written");
    let well = msc(dir.path(), &["doctor"]);
    let text = out(&well);
    assert_eq!((well.status.code(), err(&well).as_str()), (Some(0), ""), "{text}");
    for part in [concat!("msc ", env!("CARGO_PKG_VERSION")), "ok    metascript.json", "ok    a macro runs", "grants: 0"]
    {
        assert!(text.contains(part), "{part} in:\n{text}");
    }
    assert!(!text.contains("BAD"), "{text}");
    assert!(!dir.path().join(".metascript-cache").exists(), "looking makes no cache");

    fs::write(dir.path().join("metascript.json"), "{ strict: }").expect("it can be written");
    let ill = msc(dir.path(), &["doctor"]);
    assert_eq!(ill.status.code(), Some(1), "{}", out(&ill));
    assert!(out(&ill).contains("BAD   metascript.json: not valid JSON"), "{}", out(&ill));

    let nowhere = msc(dir.path(), &["doctor", "nowhere"]);
    assert_eq!((nowhere.status.code(), err(&nowhere).as_str()), (Some(2), "error: nowhere is no folder\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_doctor_sees_that_workers_are_confined() {
    let dir = folder();
    let text = out(&msc(dir.path(), &["doctor"]));
    assert!(text.contains("(seccomp)") || text.contains("/proc does not tell"), "{text}");
}

#[test]
fn completions_know_subcommands_and_flags() {
    let dir = folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = msc(dir.path(), &["completions", shell]);
        let text = out(&script);
        assert_eq!(script.status.code(), Some(0), "{}", err(&script));
        for word in ["highlight", "doctor", "html", "color"] {
            assert!(text.contains(word), "{word} for {shell}");
        }
    }
    assert_eq!(msc(dir.path(), &["completions", "dos"]).status.code(), Some(2));
}

#[test]
fn manual_pages() {
    let dir = folder();
    let page = out(&msc(dir.path(), &["man"]));
    assert!(page.contains(".TH msc 1") && page.contains("highlight"), "{page}");
    let written = msc(dir.path(), &["man", "--out", "man"]);
    assert_eq!(written.status.code(), Some(0), "{}", err(&written));
    for name in ["msc", "msc-check", "msc-highlight", "msc-doctor"] {
        let page = fs::read_to_string(dir.path().join(format!("man/{name}.1"))).expect("the page is written");
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
    assert!(!dir.path().join("man/msc-macro-worker.1").exists());
}
