//! `msc fmt` as a person or a script meets it: what is written, streams and exit status.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

struct Output {
    code: i32,
    out: String,
    err: String,
}

fn msc(cwd: &Path, args: &[&str], input: Option<&[u8]>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_msc"))
        .arg("fmt")
        .args(args)
        .current_dir(cwd)
        .env_remove("RUST_BACKTRACE")
        .env("XDG_CONFIG_HOME", cwd.join(".config"))
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("msc starts");
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        stdin.write_all(input).expect("msc reads all of it");
    }
    let output = child.wait_with_output().expect("msc ends");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Output {
        code: output.status.code().expect("msc ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn read(dir: &TempDir, file: &str) -> String {
    fs::read_to_string(dir.path().join(file)).expect("the file is there")
}

#[test]
fn the_projects_files_are_written() {
    let dir = folder(&[
        ("metascript.json", r#"{ "include": ["src"], "format": { "indentWidth": 4 } }"#),
        ("src/a.ms", "macro m( ctx ) { f( ) }\n"),
        ("src/deep/b.ts", "const  b = 1\n"),
        ("src/done.ms", "const c = 1;\n"),
        ("other/d.ms", "const  d = 1\n"),
        ("node_modules/x/e.ts", "const  e = 1\n"),
    ]);
    let done = msc(dir.path(), &[], None);
    assert_eq!((done.code, done.out.as_str()), (0, "src/a.ms\nsrc/deep/b.ts\n"), "{}", done.err);
    assert_eq!(done.err, "2 of 3 files changed\n");
    assert_eq!(read(&dir, "src/a.ms"), "macro m(ctx) {\n    f();\n}\n");
    assert_eq!(read(&dir, "src/deep/b.ts"), "const b = 1;\n");
    assert_eq!(read(&dir, "other/d.ms"), "const  d = 1\n");
    assert_eq!(read(&dir, "node_modules/x/e.ts"), "const  e = 1\n");
    let again = msc(dir.path(), &[], None);
    assert_eq!((again.code, again.out.as_str(), again.err.as_str()), (0, "", "3 files, nothing to change\n"));
    // A folder of the project, and a file outside of what it includes.
    assert_eq!(msc(dir.path(), &["src/deep"], None).err, "1 file, nothing to change\n");
    assert_eq!(msc(dir.path(), &["other/d.ms"], None).out, "other/d.ms\n");
    assert_eq!(fs::read_dir(dir.path().join("src")).unwrap().count(), 3, "nothing is left beside the files");
}

#[test]
fn the_example_is_formatted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = msc(root, &["--check", "examples/shop"], None);
    assert_eq!((found.code, found.out.as_str()), (0, ""), "{}", found.err);
}

#[test]
fn a_check_writes_nothing_and_shows_a_diff() {
    let dir = folder(&[("a.ms", "const  a = 1\n"), ("b.ms", "const b = 1;\n")]);
    let found = msc(dir.path(), &["--check", "a.ms", "b.ms"], None);
    assert_eq!(found.code, 1);
    assert_eq!(found.out, "--- a/a.ms\n+++ b/a.ms\n@@ -1 +1 @@\n-const  a = 1\n+const a = 1;\n");
    assert_eq!(found.err, "1 of 2 files would change\n");
    assert_eq!(read(&dir, "a.ms"), "const  a = 1\n");
    assert_eq!(msc(dir.path(), &["--check", "b.ms"], None).code, 0);
}

#[test]
fn standard_input() {
    let dir = folder(&[("metascript.json", r#"{ "format": { "quoteStyle": "single" } }"#)]);
    let done = msc(dir.path(), &["--stdin"], Some(b"@a( \"x\" ) class A { }"));
    assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "@a('x')\nclass A {}\n", ""));
    let elsewhere = folder(&[]);
    let path = dir.path().join("src/new.ms");
    let named = ["--stdin", "--stdin-filepath", path.to_str().unwrap()];
    assert_eq!(msc(elsewhere.path(), &named, Some(b"f( \"x\" )")).out, "f('x');\n");
    let check = msc(dir.path(), &["--stdin", "--check"], Some(b"f( 1 )\n"));
    assert_eq!((check.code, check.out.contains("+f(1);")), (1, true));
    assert_eq!(msc(dir.path(), &["--stdin", "--check"], Some(b"f(1);\n")).code, 0);
    assert_eq!(msc(dir.path(), &["--stdin"], Some(b"")).out, "");
}

#[test]
fn what_does_not_parse_stays_and_is_told() {
    let dir = folder(&[("a.ms", "const  a = 1\nconst = ;\nconst  b = 2\n")]);
    let done = msc(dir.path(), &["a.ms"], None);
    assert_eq!(done.code, 1);
    assert_eq!(
        done.err,
        "a.ms:2:1: error: this does not parse, and stays as it is\n1 of 1 file changed, 1 file with syntax errors\n"
    );
    assert_eq!(read(&dir, "a.ms"), "const a = 1;\nconst = ;\nconst b = 2;\n");
    assert_eq!(msc(dir.path(), &["--stdin"], Some(b"const = ;\n")).code, 1);
}

#[test]
fn what_is_no_text_or_not_there() {
    let dir = folder(&[("a.js", "x"), ("c.ms", "f( )\n")]);
    fs::write(dir.path().join("b.ms"), [0xff, 0xfe, 0x00]).unwrap();
    let binary = msc(dir.path(), &["b.ms", "c.ms"], None);
    assert_eq!((binary.code, binary.out.as_str()), (2, "c.ms\n"), "the other file is formatted");
    assert!(binary.err.contains("error: b.ms: not UTF-8 text"), "{}", binary.err);
    let missing = msc(dir.path(), &["none.ms"], None);
    assert_eq!((missing.code, missing.err.as_str()), (2, "error: there is no file or folder none.ms\n"));
    let script = msc(dir.path(), &["a.js"], None);
    assert_eq!(script.code, 2);
    assert!(script.err.contains("neither Metascript nor TypeScript"), "{}", script.err);
    assert_eq!(msc(dir.path(), &["--stdin"], Some(&[0xff])).err, "error: standard input is not UTF-8 text\n");
    assert_eq!(msc(dir.path(), &["--stdin", "a.ms"], None).code, 2, "one or the other");
}

#[test]
fn wrong_settings_are_told_where_they_stand() {
    let config = r#"{ "format": { "lineWidth": "wide", "quotes": 1 } }"#;
    let dir = folder(&[("metascript.json", config), ("a.ms", "f( )\n")]);
    assert_eq!(msc(dir.path(), &["a.ms"], None).code, 0, "the rest is as by default");
    let check = Command::new(env!("CARGO_BIN_EXE_msc")).args(["check"]).current_dir(dir.path()).output().unwrap();
    let out = String::from_utf8(check.stdout).unwrap();
    assert!(out.contains("`lineWidth` is a number of columns from 20 to 400"), "{out}");
    assert!(out.contains("not `quotes`"), "{out}");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("a.ms", "f( )\n"), ("kept.ms", "f( )\n")]);
    let path = dir.path().join("a.ms");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("a.ms", dir.path().join("link.ms")).unwrap();
    assert_eq!(msc(dir.path(), &["link.ms"], None).code, 0);
    assert!(fs::symlink_metadata(dir.path().join("link.ms")).unwrap().is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(read(&dir, "a.ms"), "f();\n");
    fs::set_permissions(dir.path().join("kept.ms"), fs::Permissions::from_mode(0o444)).unwrap();
    let refused = msc(dir.path(), &["kept.ms"], None);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("kept.ms: the file is read-only"), "{}", refused.err);
}
