//! A real pre-commit with the hooks that this repository offers, on files that pass and files that fail.
//!
//! Installed from PyPI below the target directory. Where that cannot be done the test is skipped with a line that
//! says so, unless `CI` or `MSC_REQUIRE_PRE_COMMIT` is set.

#![cfg(unix)]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The version that the test was written with.
const PACKAGE: &str = "pre-commit==4.7.0";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}:\n{}", text(&output))) }
}

fn pre_commit() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the directory lies in the target directory");
    let venv = target.join("pre-commit-venv");
    let program = venv.join("bin/pre-commit");
    if run(Command::new(&program).arg("--version")).is_err() {
        eprintln!("installing {PACKAGE} into {}", venv.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE];
        run(Command::new(venv.join("bin/python")).args(pip))?;
    }
    Ok(program)
}

/// A folder for everything, with the hooks and a project as repositories of git.
struct Place {
    folder: tempfile::TempDir,
    pre_commit: PathBuf,
}

impl Place {
    fn new(pre_commit: PathBuf) -> Place {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let place = Place { folder, pre_commit };
        let hooks = place.path("hooks");
        fs::create_dir_all(&hooks).expect("it can be made");
        fs::copy(root().join(".pre-commit-hooks.yaml"), hooks.join(".pre-commit-hooks.yaml")).expect("it is there");
        place.git("hooks", &["init", "-q"]);
        place.git("hooks", &["add", "."]);
        place.git("hooks", &["commit", "-q", "-m", "hooks"]);
        let head = place.git("hooks", &["rev-parse", "HEAD"]);
        fs::create_dir_all(place.path("project")).expect("it can be made");
        place.git("project", &["init", "-q"]);
        place.write(
            ".pre-commit-config.yaml",
            &format!(
                "repos:\n- repo: {}\n  rev: {}\n  hooks:\n  - id: msc-parse\n  - id: msc-check\n",
                hooks.display(),
                head.trim()
            ),
        );
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path("project").join(name), text).expect("it can be written");
    }

    /// A command that sees nothing of this machine's user, and the built `msc` first on its path.
    fn command(&self, program: impl Into<OsString>, folder: &str) -> Command {
        let own = Path::new(env!("CARGO_BIN_EXE_msc")).parent().expect("a program lies in a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(own.to_owned()).chain(std::env::split_paths(&path));
        let mut command = Command::new(program.into());
        command.current_dir(self.path(folder));
        for name in std::env::vars_os().map(|(name, _)| name) {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command.env("PATH", std::env::join_paths(paths).expect("paths without colons"));
        command.env("HOME", self.folder.path()).env("PRE_COMMIT_HOME", self.path("cache"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "a").env(format!("GIT_{role}_EMAIL"), "a@example.org");
        }
        command
    }

    fn git(&self, folder: &str, args: &[&str]) -> String {
        let output = self.command("git", folder).args(args).output().expect("git starts");
        assert!(output.status.success(), "git {args:?}: {}", text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the hooks say of everything that is in the project now.
    fn run(&self) -> (Option<i32>, String) {
        self.git("project", &["add", "."]);
        let output = self
            .command(&self.pre_commit, "project")
            .args(["run", "--all-files", "--color", "never"])
            .output()
            .expect("pre-commit starts");
        (output.status.code(), text(&output))
    }
}

/// The state that pre-commit prints behind a hook's name and dots.
#[track_caller]
fn state<'t>(output: &'t str, hook: &str) -> &'t str {
    let line = output.lines().find(|line| line.starts_with(&format!("{hook}."))).unwrap_or_else(|| panic!("{output}"));
    line.rsplit('.').next().expect("a line has a last part")
}

#[test]
fn hooks_pass_and_fail() {
    let pre_commit = match pre_commit() {
        Ok(pre_commit) => pre_commit,
        Err(why) => {
            let required = ["CI", "MSC_REQUIRE_PRE_COMMIT"].iter().any(|name| std::env::var_os(name).is_some());
            assert!(!required, "pre-commit cannot be installed: {why}");
            eprintln!("SKIPPED: NOT TESTED WITH PRE-COMMIT, which cannot be installed here: {why}");
            return;
        }
    };
    let place = Place::new(pre_commit);
    let manifest = root().join(".pre-commit-hooks.yaml");
    run(place.command(&place.pre_commit, "project").arg("validate-manifest").arg(manifest)).expect("it is valid");

    let class = "@derive(Eq)\nexport class Point {\n  x = 1;\n}\n";
    place.write("point.ms", class);
    let uses = "import { Point } from \"./point\";\nexport const same = new Point().equals(new Point());\n";
    place.write("uses.ms", uses);
    let (code, output) = place.run();
    assert_eq!(
        (code, state(&output, "msc check"), state(&output, "msc parse")),
        (Some(0), "Passed", "Passed"),
        "{output}"
    );

    // A change in one file that breaks the other.
    place.write("point.ms", &class.replace("@derive(Eq)\n", ""));
    let (code, output) = place.run();
    assert_eq!(
        (code, state(&output, "msc check"), state(&output, "msc parse")),
        (Some(1), "Failed", "Passed"),
        "{output}"
    );
    assert!(output.contains("TS2339") && output.contains("uses.ms"), "{output}");

    place.write("point.ms", "export class {{\n");
    let (code, output) = place.run();
    assert_eq!((code, state(&output, "msc parse")), (Some(1), "Failed"), "{output}");
    assert!(output.contains("point.ms:0:"), "{output}");

    place.write("point.ms", class);
    let (code, output) = place.run();
    assert_eq!((code, state(&output, "msc check")), (Some(0), "Passed"), "{output}");
}
