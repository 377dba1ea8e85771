//! The command line as a person or a script meets it: output, streams and exit status.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use insta::assert_snapshot;
use msc::base::{Digest, FilePath};
use msc::cache::{Level, Store, StoreOptions};
use msc::cli::args::FileLine;
use tempfile::TempDir;

struct Output {
    code: i32,
    out: String,
    err: String,
}

fn command(cwd: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msc"));
    command.args(args).current_dir(cwd).env_remove("NO_COLOR").env_remove("COLUMNS").env_remove("RUST_BACKTRACE");
    command.env("XDG_CONFIG_HOME", cwd.join(".config"));
    command
}

fn output(mut command: Command) -> Output {
    let output = command.stdin(Stdio::null()).output().expect("msc starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Output {
        code: output.status.code().expect("msc ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn msc(cwd: &Path, args: &[&str]) -> Output {
    output(command(cwd, args))
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

#[test]
fn help_comes_in_two_lengths() {
    let dir = folder(&[]);
    let short = msc(dir.path(), &["-h"]);
    let long = msc(dir.path(), &["--help"]);
    assert_eq!((short.code, short.err.as_str(), long.code), (0, "", 0));
    assert_snapshot!(short.out, @r#"
    Language server, type checker and compiler for Metascript

    Usage: msc [OPTIONS] <COMMAND>

    Commands:
      check           Expand macros and check types
      expand          Print what the macros in a file generate
      run             Run a program
      build           Compile to JavaScript
      parse           Print syntax trees and syntax errors
      fmt             Format files
      highlight       Print source text in colours
      explain         Explain a diagnostic
      cache           Show or clear a project's cache
      trust           Show and grant what a project's macros ask for
      init            Begin a project
      doctor          Tell whether all is well around msc
      completions     Print a shell's completion script
      man             Print the manual page
      lsp             Serve an editor over the Language Server Protocol
      content-mapper  Read .ms files for TypeScript itself

    Options:
          --color <WHEN>  When to use colours [default: auto] [possible values: auto, always, never]
      -v, --verbose...    Log to standard error what msc does
      -h, --help          Print help (see more with '--help')
      -V, --version       Print version
    "#);
    assert!(long.out.len() > short.out.len() && long.out.contains("Exit status"), "{}", long.out);
    for subcommand in [
        "check",
        "expand",
        "run",
        "build",
        "parse",
        "highlight",
        "explain",
        "init",
        "doctor",
        "completions",
        "man",
        "cache",
        "trust",
        "lsp",
    ] {
        let short = msc(dir.path(), &[subcommand, "-h"]);
        let long = msc(dir.path(), &[subcommand, "--help"]);
        assert_eq!((short.code, long.code), (0, 0));
        assert!(long.out.len() > short.out.len(), "{subcommand}");
    }
    assert_snapshot!(msc(dir.path(), &["check", "-h"]).out, @r#"
    Expand macros and check types

    Usage: msc check [OPTIONS] [PATH]...

    Arguments:
      [PATH]...  Files and project folders

    Options:
          --format <FORMAT>       How to print what was found [default: text] [possible values: text, json, github, sarif]
          --stats                 Print what was done and what the cache answered
      -w, --watch                 Check again whenever a file changes
          --no-cache              Neither read nor write the project's cache
          --no-mtime              Hash every file instead of trusting its size, time and inode
          --second-opinion <CMD>  Let another TypeScript check the expanded program too
          --target <NAME>         Choose the branches of `@target` for NAME, whatever the project file says
          --color <WHEN>          When to use colours [default: auto] [possible values: auto, always, never]
      -v, --verbose...            Log to standard error what msc does
      -h, --help                  Print help (see more with '--help')
      -V, --version               Print version

    Permissions of macros, for this run:
          --allow-net <HOST>     Let macros reach a host
          --allow-read <PATH>    Let macros read a file or what is below a directory
          --allow-env <NAME>     Let macros read an environment variable
          --allow-run <PROGRAM>  Let macros run a program
    "#);
}

#[test]
fn version_names_the_program() {
    let dir = folder(&[]);
    for args in [["--version"], ["-V"]] {
        let output = msc(dir.path(), &args);
        assert_eq!((output.code, output.out.as_str()), (0, concat!("msc ", env!("CARGO_PKG_VERSION"), "\n")));
    }
}

#[test]
fn wrong_usage_is_2_and_goes_to_standard_error() {
    let dir = folder(&[]);
    for args in [&["chek"][..], &["check", "--format", "xml"], &["parse"], &["cache"], &["--frobnicate"], &[]] {
        let output = msc(dir.path(), args);
        assert_eq!((output.code, output.out.as_str()), (2, ""), "{args:?}");
        assert!(output.err.contains("--help") || output.err.contains("Usage: msc"), "{args:?}: {}", output.err);
    }
    // The worker is no part of what people see.
    assert!(!msc(dir.path(), &["--help"]).out.contains("macro-worker"));
}

#[test]
fn places_are_files_with_or_without_a_line() {
    let parse = |text: &str| text.parse::<FileLine>().unwrap();
    let place = |file: &str, line| FileLine { file: file.into(), line };
    assert_eq!(parse("src/a.ms"), place("src/a.ms", None));
    assert_eq!(parse("src/a.ms:12"), place("src/a.ms", Some(12)));
    assert_eq!(parse("a:b.ms"), place("a:b.ms", None));
    assert_eq!(parse("C:/a.ms:3"), place("C:/a.ms", Some(3)));
    assert_eq!(parse("a.ms:0"), place("a.ms:0", None));
    assert_eq!(parse(":7"), place(":7", None));
}

#[test]
fn explain_prints_pages_and_says_where_to_look_for_the_rest() {
    let dir = folder(&[]);
    let own = msc(dir.path(), &["explain", "ms2005"]);
    assert_eq!((own.code, own.err.as_str()), (0, ""));
    assert!(own.out.starts_with("# MS2005: "), "{}", own.out);
    let theirs = msc(dir.path(), &["explain", "TS2322"]);
    assert_eq!(theirs.code, 0);
    assert!(theirs.out.starts_with("# TS2322: a diagnostic of TypeScript\n"), "{}", theirs.out);
    let list = msc(dir.path(), &["explain"]);
    assert!(list.out.contains("MS2005  A macro ran too long and was stopped\n"), "{}", list.out);
    for unknown in ["MS1", "nonsense", "MS99999"] {
        let output = msc(dir.path(), &["explain", unknown]);
        assert_eq!((output.code, output.out.as_str()), (2, ""));
        assert!(output.err.starts_with("error: ") && output.err.lines().count() == 1, "{}", output.err);
    }
}

#[test]
fn parse_prints_trees() {
    let dir = folder(&[("a.ms", "let x = 1;\n")]);
    let output = msc(dir.path(), &["parse", "a.ms"]);
    assert_eq!((output.code, output.err.as_str()), (0, ""));
    assert_snapshot!(output.out, @r#"
    (program [0:0 - 1:0]
      (lexical_declaration [0:0 - 0:10]
        (variable_declarator [0:4 - 0:9]
          name: (identifier [0:4 - 0:5])
          value: (number [0:8 - 0:9]))))
    "#);
    let several = msc(dir.path(), &["parse", "a.ms", "./a.ms"]);
    assert!(several.out.starts_with("a.ms\n(program") && several.out.contains("\n./a.ms\n(program"), "{}", several.out);
}

#[test]
fn parse_reports_syntax_errors() {
    let dir = folder(&[("good.ms", "let x = 1;"), ("bad.ms", "let é = 1;\nlet é = ;\n"), ("open.ms", "f(1")]);
    let quiet = |file: &str| msc(dir.path(), &["parse", "--quiet", file]);
    assert_eq!((quiet("good.ms").code, quiet("good.ms").out.as_str()), (0, ""));
    let bad = quiet("bad.ms");
    assert_eq!(bad.code, 1);
    // Columns are bytes: `é` has two.
    assert_eq!(bad.out.lines().next().map(|line| line.starts_with("bad.ms:1:")), Some(true), "{}", bad.out);
    let open = quiet("open.ms");
    assert_eq!((open.code, open.out.lines().count()), (1, 1), "{}", open.out);
    assert!(open.out.starts_with("open.ms:0:"), "{}", open.out);
    assert_eq!(msc(dir.path(), &["parse", "bad.ms"]).code, 1);

    let missing = quiet("missing.ms");
    assert_eq!((missing.code, missing.out.as_str()), (2, ""));
    assert_eq!(missing.err, "error: missing.ms: there is no such file\n");
    let both = msc(dir.path(), &["parse", "--quiet", "missing.ms", "bad.ms"]);
    assert_eq!((both.code, both.out), (2, bad.out), "the others are still looked at");
}

#[test]
fn parse_counts() {
    let dir = folder(&[("a.ms", "let x = 1;\n"), ("b.ms", "let x = ;\nf(")]);
    let output = msc(dir.path(), &["parse", "--quiet", "--stats", "a.ms", "b.ms", "none.ms"]);
    assert_eq!(output.code, 2);
    let lines: Vec<&str> = output.err.lines().collect();
    assert_eq!(lines[0], "error: none.ms: there is no such file");
    assert!(lines[1].starts_with("2 files, 23 bytes, 3 lines, ") && lines[1].ends_with(" nodes"), "{}", output.err);
    let places = output.out.lines().count();
    assert!(places >= 2, "{}", output.out);
    assert_eq!(lines[2], format!("syntax errors: {places} places in 1 file"));
    assert!(lines[3].starts_with("parsed in "), "{}", output.err);
}

#[test]
fn parse_reads_standard_input() {
    let dir = folder(&[]);
    let mut child =
        command(dir.path(), &["parse", "--quiet", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"let x = 1;\nf(").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.starts_with(b"-:1:"), "{:?}", String::from_utf8_lossy(&output.stdout));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_error() {
    let text = "let x = 1;\n".repeat(20_000);
    let dir = folder(&[("long.ms", &text)]);
    let mut child =
        command(dir.path(), &["parse", "long.ms"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 8];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(&first, b"(program");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(141), &b""[..]));
}

#[test]
fn cache_commands() {
    let dir = folder(&[("project/metascript.json", "{}"), ("project/src/a.ms", "")]);
    let cwd = dir.path().join("project/src");
    let user = cwd.join(".config/metascript");
    let root = FilePath::from_os(&fs::canonicalize(dir.path().join("project")).unwrap());

    let path = msc(&cwd, &["cache", "path"]);
    assert_eq!((path.code, path.out), (0, format!("{root}/.metascript-cache/cache-v2.db\n")));
    assert_eq!(msc(&cwd, &["cache", "stats"]).out, "The cache is empty.\n");
    assert!(!dir.path().join("project/.metascript-cache").exists(), "looking makes nothing");

    let store = Store::open_with(&root, &StoreOptions { user_dir: Some(user), ..StoreOptions::default() });
    for number in 0..1_234u32 {
        store.put(Level::Expansion, Digest::of(&number.to_le_bytes()), None, vec![0; 1_000]);
    }
    drop(store);
    let leftover = dir.path().join("project/.metascript-cache/cache-v0.db");
    fs::write(&leftover, "from an older version").unwrap();

    let stats = msc(&cwd, &["cache", "stats"]);
    assert_eq!((stats.code, stats.err.as_str()), (0, ""));
    // The first line names the file and its size, which SQLite decides.
    assert_snapshot!(stats.out.split_once('\n').unwrap().1, @r#"
                         rows       size      limit       hits     misses    evicted     errors
    L2 expansions       1,234     1.2 MB   160.0 MB          0          0          0          0
    L3 files                0        0 B   256.0 MB          0          0          0          0
    L3 programs             0        0 B    64.0 MB          0          0          0          0
    L5 responses            0        0 B    32.0 MB          0          0          0          0

    Hits and misses are those of all processes that have ended. L1 and L4 live in memory only.
    "#);

    let gc = msc(&cwd, &["cache", "gc"]);
    assert_eq!((gc.code, gc.out.as_str()), (0, "Deleted 0 rows that nothing will ask for.\n"));
    assert!(!leftover.exists());

    let clear = msc(&cwd, &["cache", "clear"]);
    assert_eq!((clear.code, clear.out.as_str()), (0, "Deleted 1,234 rows of the cache.\n"));
    assert_eq!(msc(&cwd, &["cache", "stats", "missing"]).code, 2);
}

const PROGRAM: &[(&str, &str)] = &[
    (
        "main.ms",
        "import { Point } from \"./lib/point\";\n\n\
         const p: Point = new Point(1, 2);\n\
         console.log(p, p.equals(p.clone()), process.argv.slice(2));\n\
         declare const process: { argv: string[]; exitCode: number };\n\
         if (process.argv.length > 3) p.fail(\"on purpose\");\n\
         process.exitCode = 5;\n",
    ),
    (
        "lib/point.ms",
        "@derive(Eq, Clone)\nexport class Point {\n  constructor(readonly x: number, readonly y: number) {}\n\n\
         \u{20} fail(reason: string): never {\n    throw new RangeError(reason);\n  }\n}\n",
    ),
];

#[test]
fn run_prints_what_the_program_prints_and_ends_as_it_ends() {
    let dir = folder(PROGRAM);
    let output = msc(dir.path(), &["run", "main.ms", "--", "--flag"]);
    assert_eq!((output.code, output.err.as_str()), (5, ""));
    assert_eq!(output.out, "Point { x: 1, y: 2 } true [ '--flag' ]\n");
}

#[test]
fn run_tells_of_an_uncaught_error_in_terms_of_the_source() {
    let dir = folder(PROGRAM);
    let output = msc(dir.path(), &["run", "main.ms", "--", "a", "b"]);
    assert_eq!((output.code, output.out.as_str()), (1, "Point { x: 1, y: 2 } true [ 'a', 'b' ]\n"));
    assert_snapshot!(output.err, @r#"
    Uncaught RangeError: on purpose
        at fail (lib/point.ms:6:26)
        at main.ms:6:32
    "#);
}

/// The child of [`an_internal_error_is_one_paragraph`].
#[test]
fn broken_child() {
    if std::env::var_os("MSC_TEST_CLI_PANIC").is_none() {
        return;
    }
    let code = msc::cli::guarded(|| {
        // One that is caught leaves no trace.
        let _ = std::panic::catch_unwind(|| panic!("caught"));
        let numbers: Vec<u32> = Vec::new();
        let index = numbers.len() + 3;
        let _ = numbers[index];
        Ok(ExitCode::SUCCESS)
    });
    std::process::exit(if format!("{code:?}") == format!("{:?}", ExitCode::from(2)) { 2 } else { 3 });
}

#[test]
fn an_internal_error_is_one_paragraph() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "broken_child", "--nocapture"]).env("MSC_TEST_CLI_PANIC", "1").env_remove("RUST_BACKTRACE");
    let output = output(child);
    assert_eq!(output.code, 2);
    let told: Vec<&str> = output.err.lines().filter(|line| !line.is_empty()).collect();
    assert!(told[0].contains("internal error in msc") && told[0].contains("index out of bounds"), "{}", output.err);
    assert!(told[1].contains("not in your program"), "{}", output.err);
    assert_eq!(told.len(), 2, "{}", output.err);
}
