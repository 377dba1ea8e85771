//! `msc check` over projects that change: what runs again, what comes from the cache, and which
//! options rule.
//!
//! The counters of `--stats` say what was done; a second process stands for a second day.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A project on disk and the program that checks it.
struct Project {
    dir: TempDir,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Checked {
    code: i32,
    /// `file:line: code`, lines from 1.
    errors: Vec<String>,
    unchanged: u32,
    files: u32,
    uses: u32,
    parsed: u32,
    run: u32,
    checked: u32,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { dir: tempfile::tempdir().expect("a temporary directory") };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("project").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_msc"));
        command.args(args).current_dir(self.path("")).stdin(Stdio::null());
        command.env("XDG_CONFIG_HOME", self.dir.path().join("config"));
        command.env("XDG_CACHE_HOME", self.dir.path().join("cache"));
        command
    }

    fn check(&self, paths: &[&str]) -> Checked {
        let mut args = vec!["check", "--format", "json", "--stats"];
        args.extend(paths);
        let output = self.command(&args).output().expect("msc starts");
        let out = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let err = String::from_utf8(output.stderr).expect("statistics are UTF-8");
        let json: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON in {out:?}; {err}"));
        let errors = json["diagnostics"].as_array().expect("a list").iter().map(|one| {
            let line = one["range"]["start"]["line"].as_u64().expect("a line") + 1;
            format!("{}:{line}: {}", one["file"].as_str().expect("a file"), one["code"].as_str().expect("a code"))
        });
        let number = |label: &str, nth: usize| {
            let line =
                err.lines().find(|line| line.starts_with(label)).unwrap_or_else(|| panic!("no {label} in {err}"));
            let mut numbers =
                line[label.len()..].split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
            numbers.nth(nth).expect("a number").parse().expect("a number")
        };
        Checked {
            code: output.status.code().expect("msc ends by itself"),
            errors: errors.collect(),
            unchanged: number("projects", 1),
            files: number("files  ", 0),
            uses: number("macro uses", 0),
            parsed: number("files parsed", 0),
            run: number("macros run", 0),
            checked: number("files checked", 0),
        }
    }
}

const POINT: &str = "@derive(Eq, Debug)\nexport class Point {\n  x = 0;\n  y = 0;\n}\n";
const MAIN: &str = "import { Point } from \"./point\";\nexport const same = new Point().equals(new Point());\n";

#[test]
fn nothing_changed_does_nothing() {
    let project = Project::new(&[("point.ms", POINT), ("main.ms", MAIN), ("metascript.json", "{}")]);
    let first = project.check(&[]);
    assert_eq!((first.code, first.unchanged, first.uses, first.run), (0, 0, 1, 1));
    assert_eq!((first.files, first.checked), (2, 2));
    let again = project.check(&[]);
    let expected = Checked { unchanged: 1, files: 2, uses: 1, ..Checked::default() };
    assert_eq!(again, expected);
}

#[test]
fn errors_come_from_the_cache_as_they_were() {
    let wrong = "import { Point } from \"./point\";\nnew Point().equals(1);\nnew Point().nothing();\n";
    let project = Project::new(&[("point.ms", POINT), ("main.ms", wrong)]);
    let first = project.check(&[]);
    assert_eq!(first.errors, ["main.ms:2: TS2345", "main.ms:3: TS2339"]);
    let again = project.check(&[]);
    assert_eq!((again.code, again.unchanged, &again.errors), (1, 1, &first.errors));
}

#[test]
fn an_edit_beside_a_use_runs_no_macro() {
    let project = Project::new(&[("point.ms", POINT), ("main.ms", MAIN)]);
    assert_eq!(project.check(&[]).run, 1);
    project.write(
        "point.ms",
        &format!("// a comment\n\n{}\nexport const origin = new Point();\n", POINT.replace("x = 0", "x  =  0")),
    );
    let after = project.check(&[]);
    assert_eq!((after.code, after.unchanged, after.uses, after.run), (0, 0, 1, 0));
    project.write("point.ms", &POINT.replace("y = 0;", "y = 0;\n  z = 0;"));
    assert_eq!(project.check(&[]).run, 1);
}

#[test]
fn a_changed_macro_runs_again_where_it_is_used() {
    let tag = |name: &str| {
        format!("export macro tag(ctx: MacroContext) {{\n  quote {{ {name}(): number {{ return 1; }} }}\n}}\n")
    };
    let main = "import { tag } from \"./tag\";\n@tag\nclass A {}\nnew A().one();\n";
    let project = Project::new(&[("tag.ms", &tag("one")), ("main.ms", main), ("point.ms", POINT)]);
    let first = project.check(&[]);
    assert_eq!((first.errors.as_slice(), first.run), ([].as_slice(), 2));
    project.write("tag.ms", &tag("two"));
    let after = project.check(&[]);
    assert_eq!((after.errors, after.run), (vec!["main.ms:4: TS2339".to_owned()], 1));
}

#[test]
fn an_input_that_a_macro_read_is_watched() {
    let main =
        "const data = @comptime { return readJson(\"./data.json\"); };\nconst n: number = data.n;\nexport { n };\n";
    let project = Project::new(&[("main.ms", main), ("data.json", "{ \"n\": 1 }")]);
    let first = project.check(&[]);
    assert_eq!((first.errors.as_slice(), first.run), ([].as_slice(), 1));
    assert_eq!(project.check(&[]).unchanged, 1);
    project.write("data.json", "{ \"n\": \"one\" }");
    let after = project.check(&[]);
    assert_eq!((after.errors, after.run, after.unchanged), (vec!["main.ms:2: TS2322".to_owned()], 1, 0));
    fs::remove_file(project.path("data.json")).expect("a file can be removed");
    let gone = project.check(&[]);
    assert!(gone.errors.iter().any(|error| error.starts_with("main.ms:1: MS3001")), "{gone:?}");
    project.write("data.json", "{ \"n\": 2 }");
    assert_eq!(project.check(&[]).errors, Vec::<String>::new());
}

#[test]
fn a_new_file_that_resolves_an_import_is_seen() {
    let project = Project::new(&[("main.ms", "import { a } from \"./a\";\nexport const b = a;\n")]);
    assert_eq!(project.check(&[]).errors, ["main.ms:1: TS2307"]);
    project.write("a.ms", "export const a = 1;\n");
    assert_eq!(project.check(&[]).errors, Vec::<String>::new());
    fs::remove_file(project.path("a.ms")).expect("a file can be removed");
    assert_eq!(project.check(&[]).errors, ["main.ms:1: TS2307"]);
}

#[test]
fn metascript_wins_over_typescript_of_one_stem() {
    let project = Project::new(&[
        ("a.ms", "export const from = \"ms\";\n"),
        ("a.ts", "export const from = 1;\n"),
        (
            "main.ms",
            "import { from } from \"./a\";\nimport { from as again } from \"./a.ms\";\nexport const t: \"ms\" = from, u: \"ms\" = again;\n",
        ),
    ]);
    assert_eq!(project.check(&[]).errors, Vec::<String>::new());
}

#[test]
fn the_project_file_rules() {
    let project = Project::new(&[
        (
            "metascript.json",
            "{\n  // comments are allowed\n  \"strict\": false, \"noUnusedLocals\": true,\n  \"include\": [\"src/**/*.ms\"],\n}\n",
        ),
        ("src/a.ms", "export function f(x) { return x; }\nconst unused = 1;\n"),
        ("elsewhere/b.ms", "const wrong: number = \"\";\n"),
    ]);
    assert_eq!(project.check(&[]).errors, ["src/a.ms:2: TS6133"]);
}

#[test]
fn a_broken_project_file_is_an_error_in_it() {
    let project =
        Project::new(&[("metascript.json", "{\n  \"strict\": ,\n}\n"), ("a.ms", "export const a: number = \"\";\n")]);
    let errors = project.check(&[]).errors;
    assert!(errors.contains(&"metascript.json:2: MS9002".to_owned()), "{errors:?}");
    assert!(errors.contains(&"a.ms:1: TS2322".to_owned()), "{errors:?}");
}

#[test]
fn a_tsconfig_may_name_metascript_files() {
    let config = "{ \"compilerOptions\": { \"strict\": true, \"noEmit\": true }, \"files\": [\"main.ms\"] }";
    let project = Project::new(&[
        ("tsconfig.json", config),
        ("main.ms", "export const a: number = \"\";\n"),
        ("other.ms", "x;\n"),
    ]);
    assert_eq!(project.check(&[]).errors, ["main.ms:1: TS2322"]);
}

#[test]
fn a_named_file_is_checked_alone() {
    let project = Project::new(&[
        ("metascript.json", "{ \"include\": [\"src\"] }"),
        ("src/a.ms", "export const a: number = \"\";\n"),
        ("src/b.ms", "export const b: number = \"\";\n"),
        ("scripts/c.ms", "export const c: number = \"\";\n"),
    ]);
    assert_eq!(project.check(&["src/a.ms"]).errors, ["src/a.ms:1: TS2322"]);
    assert_eq!(project.check(&["scripts/c.ms"]).errors, ["scripts/c.ms:1: TS2322"]);
    assert_eq!(project.check(&["."]).errors, ["src/a.ms:1: TS2322", "src/b.ms:1: TS2322"]);
}

#[test]
fn several_projects_at_once() {
    let project = Project::new(&[
        ("one/tsconfig.json", "{ \"compilerOptions\": { \"strict\": true }, \"files\": [\"a.ts\"] }"),
        ("one/a.ts", "export const a: number = null;\n"),
        ("two/tsconfig.json", "{ \"compilerOptions\": { \"strict\": false }, \"files\": [\"a.ts\"] }"),
        ("two/a.ts", "export const a: number = null;\n"),
    ]);
    assert_eq!(project.check(&["one", "two"]).errors, ["one/a.ts:1: TS2322"]);
}

#[test]
fn what_is_not_there_is_wrong_usage() {
    let project = Project::new(&[("a.ms", "")]);
    let output = project.command(&["check", "nowhere"]).output().expect("msc starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no file or folder nowhere"));
}

#[test]
fn a_read_only_project_is_checked_all_the_same() {
    let project = Project::new(&[("a.ms", POINT)]);
    // A file where the cache's directory would be serves on every system, and for every user.
    fs::write(project.path(".metascript-cache"), "").expect("a file can be written");
    assert_eq!(project.check(&[]).errors, Vec::<String>::new());
    assert_eq!(project.check(&[]).unchanged, 0);
    assert!(Path::new(&project.path(".metascript-cache")).is_file());
}

#[test]
fn a_file_that_is_no_text_is_named_as_people_know_it() {
    let project = Project::new(&[("main.ms", "import \"./a\";\n")]);
    fs::write(project.path("a.ms"), b"export const a = \"\xff\";\n").expect("a file can be written");
    let checked = project.check(&[]);
    assert_eq!((checked.code, checked.errors), (1, vec!["a.ms:1: MS9003".to_owned()]));
}

#[test]
fn a_project_without_files_says_so_once() {
    let empty = Project::new(&[("readme.txt", "")]);
    assert_eq!(empty.check(&[]).errors.len(), 1);
    let project = Project::new(&[("metascript.json", "{ \"include\": [\"nowhere\"] }")]);
    assert_eq!(project.check(&[]).errors, ["metascript.json:1: TS18003"]);
}

#[test]
fn an_unknown_option_is_marked_at_its_key() {
    let project = Project::new(&[("metascript.json", "{\n  \"strict\": true,\n  \"strct\": true\n}\n"), ("a.ms", "")]);
    assert_eq!(project.check(&[]).errors, ["metascript.json:3: TS5025"]);
}

#[test]
fn an_input_that_is_no_text_is_an_error_and_no_endless_check() {
    let project = Project::new(&[
        ("a.ms", "export const x = @comptime { return readFile(\"./sub\"); };\n"),
        ("sub/b.ms", "export const y = @comptime { return readFile(\"../bin\"); };\n"),
    ]);
    fs::write(project.path("bin"), b"\xff\xfe").expect("a file can be written");
    let first = project.check(&[]);
    assert_eq!(first.errors, ["a.ms:1: MS3001", "sub/b.ms:1: MS3001"]);
    assert_eq!(project.check(&[]).errors, first.errors);
}

#[test]
fn unfinished_code_at_the_end_of_a_file_is_an_error() {
    for end in
        ["const q = new Q();\nq.\n", "export const x = 1 +", "new Q().equals(", "function f() {\n", "const t = `"]
    {
        let project = Project::new(&[("a.ms", &format!("@derive(Eq)\nclass Q {{ a = 1 }}\n{end}"))]);
        let checked = project.check(&[]);
        assert_eq!(checked.code, 1, "{end}");
        assert!(checked.errors.iter().any(|error| error.contains(": TS1")), "{end}: {checked:?}");
    }
    let project =
        Project::new(&[("a.ms", "@derive(Eq)\nclass Q { a = 1;\nexport const z = new Q().equals(new Q());\n")]);
    assert_eq!(project.check(&[]).code, 1);
}

#[test]
fn places_in_a_macro_s_module_move_with_its_text() {
    let tag = "export macro bad(ctx: MacroContext) {\n  throw new Error(\"no\");\n}\n";
    let main = "import { bad } from \"./tag\";\n@bad class A {}\nexport const x = @comptime { throw new Error(\"never\"); };\n";
    let project = Project::new(&[("tag.ms", tag), ("main.ms", main)]);
    let places = || {
        let output = project.command(&["check", "--format", "json"]).output().expect("msc starts");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let all = json["diagnostics"].as_array().expect("a list").clone();
        let related = all.iter().flat_map(|one| one["related"].as_array().cloned().unwrap_or_default());
        let line = |one: &Value| one["range"]["start"]["line"].as_u64().expect("a line");
        related.map(|one| (one["file"].as_str().expect("a file").to_owned(), line(&one))).collect::<Vec<_>>()
    };
    let before = places();
    assert!(before.contains(&("tag.ms".to_owned(), 1)) && before.contains(&("main.ms".to_owned(), 2)), "{before:?}");
    project.write("tag.ms", &format!("// one\n// two\n{tag}"));
    project.write("main.ms", &format!("// one\n{main}"));
    let after = places();
    assert!(after.contains(&("tag.ms".to_owned(), 3)) && after.contains(&("main.ms".to_owned(), 3)), "{after:?}");
}

#[test]
fn a_run_time_variable_in_a_block_is_an_error_there() {
    let project = Project::new(&[("a.ms", "let n = 5;\nn++;\nexport const a = @comptime { return n; };\n")]);
    let checked = project.check(&[]);
    assert_eq!((checked.code, checked.errors.len()), (1, 1), "{checked:?}");
    assert!(checked.errors[0].starts_with("a.ms:3: MS2"), "{checked:?}");
}

#[test]
fn a_decorator_that_is_a_value_is_typescript_s_to_judge() {
    let text = "declare function dec(t: any): any;\n@dec function f() {}\n@nothing function g() {}\nf;\ng;\n";
    assert_eq!(Project::new(&[("a.ms", text)]).check(&[]).errors, ["a.ms:2: TS1206", "a.ms:3: MS2001"]);
}

#[test]
fn statistics_name_each_macro_with_its_cost() {
    let project = Project::new(&[
        (
            "m.ms",
            "export macro one(ctx: MacroContext) { return 1; }\nexport macro two(ctx: MacroContext) { return 2; }\n",
        ),
        ("main.ms", "import { one, two } from \"./m\";\nconsole.log(@one(), @one(), @two());\n"),
    ]);
    let table = |project: &Project| {
        let output = project.command(&["check", "--stats"]).output().expect("msc starts");
        let err = String::from_utf8(output.stderr).expect("statistics are UTF-8");
        let cells = |line: &str| line.split_whitespace().take(6).map(str::to_owned).collect::<Vec<_>>();
        let mut rows: Vec<Vec<String>> = err.lines().filter(|line| line.starts_with('@')).map(cells).collect();
        rows.sort();
        rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(table(&project), ["@one (m.ms) 2 2 0 0", "@two (m.ms) 1 1 0 0"]);
    assert_eq!(table(&project), ["@one (m.ms) 2 0 2 0", "@two (m.ms) 1 0 1 0"]);
    project.write("main.ms", "import { one, two } from \"./m\";\nconsole.log(@one(), @one(), @two(), 3);\n");
    assert_eq!(table(&project), ["@one (m.ms) 2 0 2 0", "@two (m.ms) 1 0 1 0"]);
}

const LIB: &str = "// a\nexport function twice(n: number): number {\n  return n * 2;\n}\nexport function guess(n: number) {\n  return n;\n}\n";
const USER: &str = "import { guess, twice } from \"./lib\";\nexport const four: number = twice(2);\nexport const two: number = guess(2);\n";

#[test]
fn an_edit_in_a_body_checks_one_file() {
    let project = Project::new(&[
        ("lib.ms", LIB),
        ("user.ms", USER),
        ("user_of_user.ms", "import { four } from \"./user\";\nexport const f: number = four;\n"),
        ("alone.ms", "export const a = 1;\n"),
    ]);
    assert_eq!(project.check(&[]).checked, 4);
    project.write("lib.ms", &LIB.replace("n * 2", "n + n + wrong"));
    let body = project.check(&[]);
    assert_eq!((body.errors.as_slice(), body.checked), (["lib.ms:3: TS2304".to_owned()].as_slice(), 1));
    project.write("lib.ms", &LIB.replace("twice(n: number)", "twice(n: string)"));
    let shape = project.check(&[]);
    assert_eq!((shape.errors, shape.checked), (vec!["lib.ms:3: TS2362".to_owned(), "user.ms:2: TS2345".to_owned()], 3));
    project.write("lib.ms", &LIB.replace("  return n;", "  return String(n);"));
    let inferred = project.check(&[]);
    assert_eq!((inferred.errors, inferred.checked), (vec!["user.ms:3: TS2322".to_owned()], 3));
    project.write("lib.ms", LIB);
    assert_eq!(project.check(&[]).errors, Vec::<String>::new());
}

#[test]
fn what_is_declared_for_all_files_concerns_them() {
    let project = Project::new(&[
        ("declared.d.ts", "declare const VERSION: string;\n"),
        ("extends.ts", "export {};\ndeclare global {\n  interface Window2 { size: number }\n}\n"),
        ("augments.ts", "import \"./base\";\ndeclare module \"./base\" {\n  interface Base { more: number }\n}\n"),
        ("base.ts", "export interface Base { one: number }\n"),
        ("a.ms", "export const v: string = VERSION;\n"),
        ("b.ms", "declare const w: Window2;\nexport const n: number = w.size;\n"),
        ("c.ms", "import type { Base } from \"./base\";\nexport const more = (base: Base): number => base.more;\n"),
    ]);
    assert_eq!(project.check(&[]).errors, Vec::<String>::new());
    project.write("declared.d.ts", "declare const VERSION: number;\n");
    assert_eq!(project.check(&[]).errors, ["a.ms:1: TS2322"]);
    project.write("extends.ts", "export {};\ndeclare global {\n  interface Window2 { width: number }\n}\n");
    assert_eq!(project.check(&[]).errors, ["a.ms:1: TS2322", "b.ms:2: TS2339"]);
    project.write("augments.ts", "export {};\n");
    assert_eq!(project.check(&[]).errors, ["a.ms:1: TS2322", "b.ms:2: TS2339", "c.ms:2: TS2339"]);
}

#[test]
fn bodies_that_types_are_read_from_belong_to_the_interface() {
    let cases = [
        // A property whose type comes from the constructor.
        ("export class C { x; constructor() { this.x = 1; } }", "this.x = 1", "this.x = \"\"", "new C().x"),
        // A narrowing that an assignment in another body ends.
        (
            "let v: string | number = 1;\nfunction f(): void { v; }\nf();\nexport const g = () => v;",
            "{ v; }",
            "{ v = \"\"; }",
            "g()",
        ),
        ("export const o = { f() { return 1; } };", "return 1", "return \"\"", "o.f()"),
        ("export class C { get x() { return 1; } }", "return 1", "return \"\"", "new C().x"),
        ("function hidden() { return 1; }\nexport const x = hidden();", "return 1", "return \"\"", "x"),
        ("export const enum E { A = 1 }\nexport const x = { [E.A]: 1 };", "A = 1", "A = 2", "x[1]"),
    ];
    for (lib, from, to, read) in cases {
        let user = format!("import {{ {} }} from \"./lib\";\nexport const n: number = {read};\n", name_of(read));
        let project = Project::new(&[("lib.ms", lib), ("user.ms", &user), ("metascript.json", "{}")]);
        assert_eq!(project.check(&[]).errors, Vec::<String>::new(), "{lib}");
        project.write("lib.ms", &lib.replace(from, to));
        let errors = project.check(&[]).errors;
        assert!(errors.iter().any(|error| error.starts_with("user.ms:2: ")), "{lib}: {errors:?}");
    }
}

/// The name that an expression begins with.
fn name_of(expression: &str) -> &str {
    let rest = expression.strip_prefix("new ").unwrap_or(expression);
    rest.split(|ch: char| !ch.is_alphanumeric()).next().unwrap_or(rest)
}

#[test]
fn places_in_other_files_move_with_their_text() {
    let lib = "export function far(): void {\n  1;\n}\nexport function two(a: number, b: number): void {}\n";
    let project = Project::new(&[("lib.ms", lib), ("user.ms", "import { two } from \"./lib\";\ntwo(1);\n")]);
    let related = || {
        let output = project.command(&["check", "--format", "json"]).output().expect("msc starts");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        json["diagnostics"][0]["related"][0]["range"]["start"]["line"].as_u64()
    };
    assert_eq!(related(), Some(3));
    project.write("lib.ms", &lib.replace("  1;\n", "  1;\n  2;\n"));
    assert_eq!(related(), Some(4));
}
