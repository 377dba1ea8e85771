//! `msc build` from the outside: what is written, that it runs, and where its maps lead.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(command: &mut Command) -> Ran {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn msc(cwd: &Path, args: &[&str]) -> Ran {
    run(Command::new(env!("CARGO_BIN_EXE_msc")).args(args).current_dir(cwd).env("NO_COLOR", "1"))
}

/// Node, where the machine has one: the outputs are for it, but nothing else needs it.
fn node(cwd: &Path, args: &[&str]) -> Option<Ran> {
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("node is not installed: what was built is not run");
        return None;
    }
    Some(run(Command::new("node").args(args).current_dir(cwd).env("NO_COLOR", "1")))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    put(dir.path(), files);
    dir
}

fn put(dir: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
}

fn read(dir: &Path, path: &str) -> String {
    fs::read_to_string(dir.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const MODULE: (&str, &str) = ("package.json", r#"{ "type": "module" }"#);

#[test]
fn the_example_runs_as_built_as_it_runs_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop/src/main.ms");
    let out = dir.path().join("dist");
    let built = msc(dir.path(), &["build", example.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(built.code, 0, "{}{}", built.out, built.err);
    put(dir.path(), &[MODULE]);
    if let Some(ran) = node(dir.path(), &["dist/main.js"]) {
        let in_memory = msc(dir.path(), &["run", example.to_str().unwrap()]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert_eq!(ran.out, in_memory.out);
    }
    let declarations = read(&out, "model/user.d.ts");
    assert!(declarations.contains("equals(other: User): boolean;"), "{declarations}");
}

#[test]
fn a_stack_names_lines_of_the_source() {
    let dir = folder(&[
        MODULE,
        (
            "src/main.ms",
            "import { fail } from './fail';\n\n@derive(Clone)\nclass Box {\n  // What comes before is moved by macros.\n  n = 1;\n}\n\n\
             export function go(): void {\n  fail(new Box().clone().n);\n}\ngo();\n",
        ),
        ("src/fail.ms", "export function fail(n: number): never {\n  throw new Error(`n is ${n}`);\n}\n"),
    ]);
    let built = msc(dir.path(), &["build", "src/main.ms"]);
    assert_eq!(built.code, 0, "{}{}", built.out, built.err);
    let map = read(dir.path(), "dist/main.js.map");
    assert!(map.contains("\"../src/main.ms\""), "{map}");
    let Some(ran) = node(dir.path(), &["--enable-source-maps", "dist/main.js"]) else { return };
    assert_ne!(ran.code, 0);
    for place in ["src/fail.ms:2:", "src/main.ms:10:", "src/main.ms:12:"] {
        assert!(ran.err.contains(place), "{place} is not in:\n{}", ran.err);
    }
}

#[test]
fn where_there_are_errors_nothing_is_written() {
    let dir = folder(&[("a.ms", "export const a: number = 'text';\n")]);
    let built = msc(dir.path(), &["build"]);
    assert_eq!(built.code, 1);
    assert!(built.out.contains("TS2322"), "{}", built.out);
    assert!(!dir.path().join("dist").exists());
    let built = msc(dir.path(), &["build", "--no-check"]);
    assert_eq!((built.code, read(dir.path(), "dist/a.js").lines().next()), (0, Some("export const a = 'text';")));
    put(dir.path(), &[("a.ms", "const a = @missing(1);\n")]);
    let built = msc(dir.path(), &["build", "--no-check"]);
    assert_eq!(built.code, 1, "a macro that is not there leaves a hole");
    assert!(read(dir.path(), "dist/a.js").starts_with("export const a"));
}

#[test]
fn a_build_does_not_overwrite_its_sources() {
    let dir = folder(&[("a.ts", "export const a = 1;\n"), ("b.ms", "export { a } from './a';\n")]);
    let built = msc(dir.path(), &["build", "--emit", "ts", "--out", "."]);
    assert_eq!(built.code, 2);
    assert!(built.err.contains("overwrite its own source a.ts"), "{}", built.err);
    assert!(!dir.path().join("b.ts").exists());
}

#[test]
fn expanded_typescript_is_a_program_of_its_own() {
    let dir = folder(&[
        ("src/a.ms", "@derive(Eq)\nexport class P { x = 1; }\n"),
        ("src/b.ts", "import { P } from './a';\nexport const same: boolean = new P().equals(new P());\n"),
        ("src/data.json", "{ \"n\": 1 }\n"),
        ("src/c.ms", "import data from './data.json';\nexport const n: number = data.n;\n"),
    ]);
    let built = msc(dir.path(), &["build", "src", "--emit", "ts", "--out", "out"]);
    assert_eq!(built.code, 0, "{}{}", built.out, built.err);
    assert!(read(dir.path(), "out/a.ts").starts_with("// Made by msc from ../src/a.ms: change that file"));
    put(
        dir.path(),
        &[(
            "out/tsconfig.json",
            r#"{ "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "types": [] } }"#,
        )],
    );
    let checked = msc(dir.path(), &["check", "out"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
}

#[test]
fn json_and_specifiers_are_as_node_reads_them() {
    let dir = folder(&[
        MODULE,
        ("src/deep/index.ms", "export const deep = 'deep';\n"),
        ("src/data.json", "{ \"n\": 41 }\n"),
        (
            "src/main.ms",
            "import data from './data.json';\nimport { deep } from './deep';\nconst later = await import('./later.ms');\n\
             console.log(data.n + later.one, deep);\n",
        ),
        ("src/later.ms", "export const one = 1;\n"),
    ]);
    let built = msc(dir.path(), &["build", "src/main.ms"]);
    assert_eq!(built.code, 0, "{}{}", built.out, built.err);
    if let Some(ran) = node(dir.path(), &["--no-warnings", "dist/main.js"]) {
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("42 deep\n", ""));
    }
}

/// What `npm pack` and `npm install` would leave of a package: its manifest and its outputs.
fn install(package: &Path, into: &Path, name: &str) {
    let target = into.join("node_modules").join(name);
    copy(&package.join("dist"), &target.join("dist"));
    fs::copy(package.join("package.json"), target.join("package.json")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn macros_of_a_package_check_complete_and_build() {
    let package = folder(&[
        (
            "package.json",
            r#"{ "name": "@mini/macros", "version": "1.0.0", "type": "module", "files": ["dist"],
                 "exports": { ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" } } }"#,
        ),
        ("metascript.json", r#"{ "include": ["src"] }"#),
        (
            "src/index.ms",
            "import type { MacroContext } from \"std/meta\";\nimport { shout } from \"./text\";\n\
             export { twice } from \"./twice\";\n\
             export function greet(name: string): string { return shout(\"hello \" + name); }\n\
             /** Adds `hello()`. */\n\
             export macro greets(ctx: MacroContext, times: number = 1) {\n\
               quote { hello(): string { return greet(${String(ctx.target!.name)}) + ${times}; } }\n\
             }\n",
        ),
        ("src/text.ts", "export function shout(text: string): string { return text.toUpperCase() + \"!\"; }\n"),
        ("src/twice.ms", "export macro twice(ctx: MacroContext, e: Expr) { return quote(${e} + ${e}); }\n"),
    ]);
    let built = msc(package.path(), &["build"]);
    assert_eq!(built.code, 0, "{}{}", built.out, built.err);
    let declarations = read(package.path(), "dist/index.d.ts");
    assert!(declarations.contains("/** Adds `hello()`. */\nexport declare function greets("), "{declarations}");
    assert!(!read(package.path(), "dist/index.js").contains("greets"));

    let app = folder(&[
        MODULE,
        ("metascript.json", r#"{ "include": ["src"], "types": [] }"#),
        (
            "src/main.ms",
            "import { greets, twice, greet } from \"@mini/macros\";\n@greets(3)\nclass Ada {}\n\
             console.log(new Ada().hello(), @twice(21), greet(\"you\"));\n",
        ),
    ]);
    install(package.path(), app.path(), "@mini/macros");
    let checked = msc(app.path(), &["check"]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.err);
    let warm = msc(app.path(), &["check", "--stats"]);
    assert!(warm.err.contains("macros run    0 "), "{}", warm.err);
    let expected = "HELLO ADA!3 42 HELLO YOU!\n";
    let ran = msc(app.path(), &["run", "src/main.ms"]);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected, ""));
    let built = msc(app.path(), &["build"]);
    assert_eq!(built.code, 0, "{}{}", built.out, built.err);
    if let Some(ran) = node(app.path(), &["dist/main.js"]) {
        assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected, ""));
    }
}

#[test]
fn watching_builds_again() {
    let dir = folder(&[("src/a.ms", "export const a = 1;\n"), ("metascript.json", r#"{ "include": ["src"] }"#)]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_msc"))
        .args(["build", "--watch"])
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("msc starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map(|line| line.expect("a line"));
    let mut until = |needle: &str| lines.find(|line| line.contains(needle)).expect("msc goes on");
    until("Watching");
    assert!(read(dir.path(), "dist/a.js").starts_with("export const a = 1;"));
    put(dir.path(), &[("src/a.ms", "export const a = 2;\n")]);
    until("Built");
    assert!(read(dir.path(), "dist/a.js").starts_with("export const a = 2;"));
    put(dir.path(), &[("src/a.ms", "export const a: string = 3;\n")]);
    until("Nothing was written");
    assert!(read(dir.path(), "dist/a.js").starts_with("export const a = 2;"));
    put(dir.path(), &[("src/a.ms", "export const a = 4;\n"), ("src/b.ms", "export const b = 5;\n")]);
    until("Built");
    while !dir.path().join("dist/b.js").exists() {
        until("Built");
    }
    child.kill().expect("msc is running");
    child.wait().expect("msc ends");
}
