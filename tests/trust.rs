//! What a project asks for holds once a person granted it, for that project and for exactly that.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use msc::base::FilePath;
use msc::macros::{Allow, Permission};
use msc::project::Grants;

/// A project beside a user's own settings.
struct Project {
    dir: tempfile::TempDir,
}

const STAGE: &str = "export const stage = @comptime { return env(\"STAGE\") ?? \"none\"; };\nconsole.log(stage);\n";
const ASKS: &str = r#"{ "macros": { "allow": { "env": ["STAGE"] } } }"#;

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { dir: tempfile::tempdir().expect("a directory") };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn msc(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(args)
            .current_dir(self.root())
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .env("HOME", self.dir.path())
            .env("APPDATA", self.dir.path().join("config"))
            .env("NO_COLOR", "1")
            .env("STAGE", "test")
            .output()
            .expect("msc starts")
    }

    /// What goes to standard output, and how it ended.
    fn run(&self, args: &[&str]) -> (String, Option<i32>) {
        let output = self.msc(args);
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
    }

    /// The codes that a check finds.
    fn check(&self, args: &[&str]) -> Vec<String> {
        let (out, _) = self.run(&[&["check", "--format=json"], args].concat());
        let json: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
        let rows = json["diagnostics"].as_array().expect("a list");
        rows.iter().map(|row| row["code"].as_str().expect("a code").to_owned()).collect()
    }
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_grant_is_for_what_was_asked() {
    let project = Project::new(&[("metascript.json", ASKS), ("main.ms", STAGE)]);
    assert_eq!(project.check(&[]), ["MS3007"]);
    // Warm, too.
    assert_eq!(project.check(&[]), ["MS3007"]);
    let (out, status) = project.run(&["trust", "--yes"]);
    assert_eq!(status, Some(0));
    assert!(out.contains("read the environment variable STAGE"), "{out}");
    assert_eq!(project.check(&[]), none());
    assert_eq!(project.check(&[]), none());
    assert_eq!(project.run(&["run", "main.ms"]).0, "test\n");

    project.write("metascript.json", r#"{ "macros": { "allow": { "env": ["STAGE", "OTHER"] } } }"#);
    assert_eq!(project.check(&[]), ["MS3007"], "another list is another question");
    project.write("metascript.json", "{ \"macros\": { \"allow\": { \"env\": [\n \"STAGE\" /* the same */ ] } } }");
    assert_eq!(project.check(&[]), none(), "the same list, written another way");

    assert_eq!(project.run(&["trust", "--revoke"]).1, Some(0));
    assert_eq!(project.check(&[]), ["MS3007"], "what was read before does not come from the cache");
    assert_eq!(project.run(&["run", "main.ms"]).1, Some(1));
}

#[test]
fn a_grant_is_for_its_project() {
    let project = Project::new(&[("metascript.json", ASKS), ("main.ms", STAGE)]);
    assert_eq!(project.run(&["trust", "--yes"]).1, Some(0));
    assert_eq!(project.check(&[]), none());
    // The same files elsewhere, with the cache and whatever else lies in the folder.
    let copy = Project::new(&[("metascript.json", ASKS), ("main.ms", STAGE)]);
    assert_eq!(copy.check(&[]), ["MS3007"]);
    project.write("inner/metascript.json", ASKS);
    project.write("inner/main.ms", STAGE);
    assert_eq!(project.check(&["inner"]), ["MS3007"]);
    let (list, _) = project.run(&["trust", "--list"]);
    let root = project.root().canonicalize().expect("it exists");
    assert_eq!(list, format!("{}\n  env STAGE\n", root.display()));
}

#[cfg(unix)]
#[test]
fn a_grant_follows_links_to_its_project() {
    let project = Project::new(&[("metascript.json", ASKS), ("main.ms", STAGE)]);
    let link = project.dir.path().join("link");
    std::os::unix::fs::symlink(project.root(), &link).expect("a link");
    assert_eq!(project.run(&["trust", "--yes", link.to_str().expect("UTF-8")]).1, Some(0));
    assert_eq!(project.check(&[]), none());
    assert_eq!(project.run(&["trust", "--revoke"]).1, Some(0));
    assert_eq!(project.check(&[link.to_str().expect("UTF-8")]), ["MS3007"]);
}

#[test]
fn flags_permit_one_run() {
    let project = Project::new(&[("main.ms", STAGE)]);
    assert_eq!(project.check(&[]), ["MS3005"]);
    assert_eq!(project.check(&["--allow-env=STAGE"]), none());
    assert_eq!(project.check(&[]), ["MS3005"], "the next run asks again, whatever the cache holds");
    assert_eq!(project.check(&["--allow-env=A,STAGE"]), none());
    assert_eq!(project.run(&["run", "--allow-env", "STAGE", "main.ms"]).0, "test\n");
    let output = project.msc(&["check", "--allow-net=https://x.com/"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("--allow-net=https://x.com/: a host stands here"), "{told}");
}

#[test]
fn files_beyond_the_project_need_a_grant() {
    let project = Project::new(&[
        ("main.ms", "export const text = @comptime { return readFile(\"../outside/a.txt\"); };\nconsole.log(text);\n"),
        ("git.ms", "export const text = @comptime { return readFile(\"../outside/.git/config\"); };\n"),
        ("env.ms", "export const text = @comptime { return readFile(\"./.env\"); };\n"),
        (".env", "KEY=1"),
        ("../outside/a.txt", "out"),
        ("../outside/.git/config", "url"),
    ]);
    assert_eq!(project.check(&[]), ["MS3002", "MS3002", "MS3002"]);
    assert_eq!(project.check(&["main.ms", "--allow-read=../outside"]), none());
    assert_eq!(project.check(&["main.ms"]), ["MS3002"], "what it read is not answered from the cache");
    assert_eq!(project.check(&["--allow-read=../outside"]), ["MS3002", "MS3002"], "private parts stay private");
    assert_eq!(project.check(&["--allow-read=../outside,../outside/.git,.env"]), none());
    assert_eq!(project.run(&["run", "--allow-read=../outside", "main.ms"]).0, "out\n");
    project.write("../outside/a.txt", "changed");
    assert_eq!(project.run(&["run", "--allow-read=../outside", "main.ms"]).0, "changed\n");
}

#[cfg(unix)]
#[test]
fn programs_run_and_are_run_again() {
    let project = Project::new(&[
        ("metascript.json", r#"{ "macros": { "allow": { "run": ["cat"], "env": ["STAGE"] } } }"#),
        ("main.ms", "console.log(@comptime { return exec(\"cat\", [\"a.txt\"]).stdout; });\n"),
        ("a.txt", "one"),
    ]);
    assert_eq!(project.check(&[]), ["MS3007"]);
    assert_eq!(project.run(&["trust", "--yes"]).1, Some(0));
    assert_eq!(project.run(&["run", "main.ms"]).0, "one\n");
    assert_eq!(project.check(&[]), none());
    // Nobody knows that this program reads this file: it is asked again.
    project.write("a.txt", "two");
    assert_eq!(project.run(&["run", "main.ms"]).0, "two\n");
    let stats = project.msc(&["check", "--stats"]);
    let stats = String::from_utf8_lossy(&stats.stderr).into_owned();
    assert!(stats.contains("macros run    0"), "what it prints is the same, so no macro runs: {stats}");
}

#[test]
fn trust_says_what_is_wrong_with_the_file() {
    let project = Project::new(&[("metascript.json", r#"{ "macros": { "allow": { "run": ["./x.sh"] } } }"#)]);
    let output = project.msc(&["trust", "--yes"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("MS3009"), "{output:?}");
    project.write("metascript.json", "{}");
    let output = project.msc(&["trust"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("asks for nothing"), "{output:?}");
    project.write("metascript.json", ASKS);
    let output = project.msc(&["trust"]);
    assert_eq!(output.status.code(), Some(2), "nobody is there to say yes");
    assert_eq!(project.msc(&["trust", "--revoke"]).status.code(), Some(0));
}

#[test]
fn a_grant_that_says_something_else_grants_nothing() {
    let project = Project::new(&[("metascript.json", ASKS), ("main.ms", STAGE)]);
    let grants = Grants::in_directory(project.dir.path().join("grants"));
    let root = FilePath::from_os(&project.root());
    let mut asked = Allow::default();
    asked.add(Permission::Env, "STAGE", &root).expect("a name");
    assert!(!grants.has(&root, &asked) && !grants.has(&root, &Allow::default()));
    grants.grant(&root, &asked).expect("it can be kept");
    assert!(grants.has(&root, &asked));
    let file = fs::read_dir(project.dir.path().join("grants")).expect("it is there").next().expect("one file");
    let file = file.expect("one file").path();
    let text = fs::read_to_string(&file).expect("it can be read");
    for other in
        ["", "x", &text.replace("STAGE", "HOME"), &text.replace("project", "other"), &format!("{text}run sh\n")]
    {
        fs::write(&file, other).expect("a file");
        assert!(!grants.has(&root, &asked), "{other}");
    }
    fs::write(&file, &text).expect("a file");
    assert_eq!(grants.revoke(&root).expect("it can be taken back"), 1);
    assert!(!grants.has(&root, &asked));
}
