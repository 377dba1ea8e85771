//! Projects as they lie on disks: several kinds of files importing each other, several configurations,
//! packages, links, and what is wrong with options.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

struct Disk(TempDir);

impl Disk {
    fn new(files: &[(&str, &str)]) -> Disk {
        let disk = Disk(tempfile::tempdir().expect("a temporary directory"));
        for (name, text) in files {
            disk.write(name, text.as_bytes());
        }
        disk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    fn msc(&self, directory: &str, args: &[&str]) -> (String, Option<i32>) {
        let output = Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(args)
            .current_dir(self.path(directory))
            .env("XDG_CONFIG_HOME", self.path(".config"))
            .output()
            .expect("msc runs");
        (String::from_utf8(output.stdout).expect("text"), output.status.code())
    }

    /// `file:line:character code the text there`, a line each, counted from 1.
    fn check(&self, directory: &str, paths: &[&str]) -> Vec<String> {
        let mut args = vec!["check", "--format", "json"];
        args.extend(paths);
        let (out, _) = self.msc(directory, &args);
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}"));
        let list = report["diagnostics"].as_array().expect("a list").iter();
        list.map(|one| {
            let file = one["file"].as_str().expect("a file");
            let at = |end: &str, what: &str| one["range"][end][what].as_u64().expect("a number") as usize;
            let text = fs::read(self.path(directory).join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let line = text.lines().nth(at("start", "line")).unwrap_or_default();
            let end = if at("end", "line") == at("start", "line") { at("end", "character") } else { line.len() };
            let there = line.get(at("start", "character")..end).unwrap_or_default();
            let (line, character) = (at("start", "line") + 1, at("start", "character") + 1);
            format!("{file}:{line}:{character} {} {there}", one["code"].as_str().expect("a code"))
        })
        .collect()
    }

    /// What a program prints under Node; `None` where there is none.
    fn node(&self, directory: &str, file: &str) -> Option<String> {
        let output = Command::new("node").arg(file).current_dir(self.path(directory)).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).expect("text"))
    }
}

const CLEAN: [&str; 0] = [];

/// All kinds of modules, imported from `.ms` and from `.ts` in every way of writing them.
const MIXED: &[(&str, &str)] = &[
    ("m.ms", "export const v: 1 = 1;\nexport class C { private own = 1; get() { return this.own; } }\n"),
    ("t.ts", "export const t: 't' = 't';\nexport function take(c: import('./m.ms').C): number { return c.get(); }\n"),
    ("d.d.ts", "export declare const d: boolean;\n"),
    ("j.json", "{ \"j\": 1 }\n"),
    (
        "a.ms",
        "import { v, C } from \"./m.ms\";\nimport { C as C2 } from './m';\nimport { t, take } from \"./t\";\n\
         import type { d } from \"./d\";\nimport j from \"./j.json\";\nimport { all as fromTs } from './b';\n\
         export const all: [1, 't', number] = [v, t, j.j];\nexport type D = typeof d;\nconst same: C = new C2();\n\
         export const got = take(same) + fromTs[0];\nconsole.log(all, got);\n",
    ),
    (
        "b.ts",
        "import { v, C } from \"./m.ms\";\nimport { C as C2 } from './m';\nimport { C as C3 } from './m.js';\n\
         import { t } from \"./t.js\";\nimport type { d } from \"./d\";\nimport j from \"./j.json\";\n\
         export * from './m.ms';\nexport { v as again } from './m.ms';\n\
         export const all: [1, 't', number] = [v, t, j.j];\nexport type D = typeof d;\n\
         export type T = import('./m.ms').C;\nconst same: C = new C2();\nexport const other: T = new C3();\n\
         export const lazy = () => import('./m.ms').then((m) => m.v);\nexport const text = './m.ms';\nvoid same;\n",
    ),
];

#[test]
fn files_of_all_kinds_import_each_other() {
    let disk = Disk::new(MIXED);
    for options in [
        r#"{ "resolveJsonModule": true }"#,
        r#"{ "resolveJsonModule": true, "verbatimModuleSyntax": true, "isolatedModules": true }"#,
    ] {
        disk.write("metascript.json", options.as_bytes());
        assert_eq!(disk.check("", &[]), CLEAN, "{options}");
    }
    // What is wrong is told where it stands in the file.
    disk.write("c.ts", b"import { v } from './m.ms'; export const w: string = v;\nimport { no } from './m.ms';\n");
    disk.write("e.ts", b"import { x } from './gone.ms';\n");
    assert_eq!(disk.check("", &[]), ["c.ts:1:42 TS2322 w", "c.ts:2:10 TS2305 no", "e.ts:1:19 TS2307 './gone.ms'"]);
    fs::remove_file(disk.path("c.ts")).expect("it is there");
    fs::remove_file(disk.path("e.ts")).expect("it is there");
    assert_eq!(disk.msc("", &["build"]).1, Some(0));
    if let Some(printed) = disk.node("dist", "a.js") {
        assert_eq!(printed, "[ 1, 't', 1 ] 2\n");
    }
}

#[test]
fn metascript_wins_over_typescript_of_the_same_stem() {
    let disk = Disk::new(&[
        ("metascript.json", "{}"),
        ("w.ms", "export const which: 'ms' = 'ms';\n"),
        ("w.ts", "export const which: 'ts' = 'ts'; nobody.looks;\n"),
        ("a.ts", "import { which } from './w';\nexport const n: 'ts' = which;\n"),
        ("b.ms", "import { which } from './w';\nexport const n: 'ts' = which;\n"),
    ]);
    assert_eq!(disk.check("", &[]), ["a.ts:2:14 TS2322 n", "b.ms:2:14 TS2322 n"]);
}

#[test]
fn options_errors_stand_at_their_keys() {
    let bad = "{ \"strict\": true,\n  \"stric\": true,\n  \"target\": \"es1999\",\n  \"paths\": { \"a\": 3 } }\n";
    let disk = Disk::new(&[("metascript.json", bad), ("a.ms", "export {};\n")]);
    assert_eq!(
        disk.check("", &[]),
        [
            "metascript.json:2:3 TS5025 \"stric\"",
            "metascript.json:3:3 TS6046 \"target\"",
            "metascript.json:4:14 TS5063 \"a\"",
        ]
    );
    let disk = Disk::new(&[
        ("tsconfig.json", "{ \"compilerOptions\": {\n  \"stric\": true,\n  \"target\": \"es1999\" } }\n"),
        ("a.ts", "export {};\n"),
    ]);
    assert_eq!(disk.check("", &[]), ["tsconfig.json:2:3 TS5025 \"stric\"", "tsconfig.json:3:13 TS6046 \"es1999\""]);
    // Inherited options are told in the file that holds them.
    let disk = Disk::new(&[
        ("base.json", "{ \"compilerOptions\": { \"strict\": true, \"modul\": \"esnext\" } }\n"),
        ("p/tsconfig.json", "{ \"extends\": \"../base.json\" }\n"),
        ("p/a.ms", "export const n: string = null;\n"),
    ]);
    let found = disk.check("p", &[]);
    assert!(found.iter().any(|one| one.contains("base.json:1:40 TS5025")), "{found:?}");
    assert!(found.iter().any(|one| one == "a.ms:1:14 TS2322 n"), "{found:?}");
}

#[test]
fn a_project_without_files_says_so_once() {
    let disk = Disk::new(&[("metascript.json", "{ \"include\": [\"nothing/**/*\"] }\n")]);
    assert_eq!(disk.check("", &[]), ["metascript.json:1:3 TS18003 \"include\""]);
    let disk = Disk::new(&[]);
    disk.write("a.ms", b"let a: number = '\xff';\n");
    let found = disk.check("", &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("a.ms:1:") && found[0].contains(" MS9003 "), "{found:?}");
}

const LIBRARY: &str = "@derive(Eq)\nexport class User { name = 'a'; }\n";
const APP: &str = "import { User } from '../lib/user';\nexport const ok: boolean = new User().equals(new User());\n\
                   export const bad: string = new User().equals(new User());\n";

#[test]
fn references_lead_to_sources_and_a_workspace_is_its_parts() {
    let library = r#"{ "compilerOptions": { "composite": true, "strict": true, "outDir": "out" } }"#;
    let app = r#"{ "compilerOptions": { "composite": true, "strict": true }, "references": [{ "path": "../lib" }] }"#;
    let other = r#"{ "compilerOptions": { "strict": false }, "include": ["other.ms"] }"#;
    let disk = Disk::new(&[
        (
            "tsconfig.json",
            r#"{ "files": [], "references": [{ "path": "lib" }, { "path": "app" }, { "path": "lib/tsconfig.other.json" }] }"#,
        ),
        ("lib/tsconfig.json", library),
        ("lib/tsconfig.other.json", other),
        ("lib/user.ms", LIBRARY),
        ("lib/other.ms", "export const loose: string = null;\n"),
        ("app/tsconfig.json", app),
        ("app/main.ms", APP),
    ]);
    // Nothing was built, and macros of the other project ran.
    assert_eq!(disk.check("", &["app"]), ["app/main.ms:3:14 TS2322 bad"]);
    // The stricter of two projects that hold a file has something to say of it.
    assert_eq!(disk.check("", &[]), ["app/main.ms:3:14 TS2322 bad", "lib/other.ms:1:14 TS2322 loose"]);
    assert_eq!(disk.check("", &[]), ["app/main.ms:3:14 TS2322 bad", "lib/other.ms:1:14 TS2322 loose"], "warm");
}

#[test]
fn projects_side_by_side_have_options_of_their_own() {
    let loose = "export const n: string = null;\n";
    let disk = Disk::new(&[
        ("metascript.json", r#"{ "strict": true }"#),
        ("top.ms", loose),
        ("packages/a/metascript.json", r#"{ "strict": false }"#),
        ("packages/a/a.ms", loose),
        ("packages/b/tsconfig.json", r#"{ "compilerOptions": { "strict": true, "noUnusedLocals": true } }"#),
        ("packages/b/b.ms", "const unused = 1;\nexport const n: string = null;\n"),
    ]);
    assert_eq!(disk.check("", &["packages/a"]), CLEAN);
    assert_eq!(
        disk.check("", &["packages/a", "packages/b"]),
        ["packages/b/b.ms:1:7 TS6133 unused", "packages/b/b.ms:2:14 TS2322 n"]
    );
    assert_eq!(disk.check("packages/a", &["a.ms", "../b/b.ms"]).len(), 2);
}

#[test]
fn packages_say_where_their_modules_are() {
    let disk = Disk::new(&[
        ("metascript.json", "{}"),
        (
            "package.json",
            r##"{ "name": "own", "type": "module", "imports": { "#inner/*": "./src/*.js", "#types": "./types.d.ts" },
            "exports": { "./self": "./src/self.js" } }"##,
        ),
        ("src/self.ms", "export const self: 'self' = 'self';\n"),
        ("src/user.ms", LIBRARY),
        ("types.d.ts", "export type Named = { name: string };\n"),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "type": "module", "exports": {
            ".": { "types": "./index.d.ts", "default": "./index.js" }, "./deep": { "types": "./lib/deep.d.ts" }, "./hidden": null } }"#,
        ),
        ("node_modules/pkg/index.d.ts", "export declare const pkg: 'pkg';\n"),
        ("node_modules/pkg/index.js", "export const pkg = 'pkg';\n"),
        ("node_modules/pkg/lib/deep.d.ts", "export declare const deep: 'deep';\n"),
        ("node_modules/@types/typed/index.d.ts", "declare module 'typed' { export const typed: 'typed'; }\n"),
        (
            "a.ms",
            "import { User } from '#inner/user';\nimport type { Named } from '#types';\nimport { pkg } from 'pkg';\n\
                  import { deep } from 'pkg/deep';\nimport { self } from 'own/self';\nimport { typed } from 'typed';\n\
                  export const named: Named = new User();\nexport const same = new User().equals(new User());\n\
                  export const all: ['pkg', 'deep', 'self', 'typed'] = [pkg, deep, self, typed];\n\
                  import 'pkg/lib/deep';\nimport { gone } from '#inner/gone';\n",
        ),
    ]);
    assert_eq!(disk.check("", &[]), ["a.ms:10:8 TS2882 'pkg/lib/deep'", "a.ms:11:22 TS2307 '#inner/gone'"]);
}

#[cfg(unix)]
#[test]
fn a_linked_package_is_one_module_wherever_it_is_found() {
    use std::os::unix::fs::symlink;
    let disk = Disk::new(&[
        ("packages/core/package.json", r#"{ "name": "core", "type": "module", "exports": { ".": "./index.ms" } }"#),
        ("packages/core/index.ms", "export class Core { private own = 1; get() { return this.own; } }\n"),
        ("packages/app/metascript.json", "{}"),
        (
            "packages/app/a.ms",
            "import { Core } from 'core';\nimport { Core as Same } from '../core/index';\n\
                               export const one: Core = new Same();\nexport const bad: string = new Core().get();\n",
        ),
        ("packages/app/shared/b.ms", "export const b = 1;\n"),
    ]);
    fs::create_dir_all(disk.path("packages/app/node_modules")).expect("a folder can be made");
    symlink(disk.path("packages/core"), disk.path("packages/app/node_modules/core")).expect("a link can be made");
    assert_eq!(disk.check("packages/app", &[]), ["a.ms:4:14 TS2322 bad"]);

    // A link to a folder, and one to a file.
    symlink(disk.path("packages/app/shared"), disk.path("packages/app/linked")).expect("a link can be made");
    symlink(disk.path("packages/app/shared/b.ms"), disk.path("packages/app/c.ms")).expect("a link can be made");
    disk.write(
        "packages/app/a.ms",
        b"import { b } from './linked/b';\nimport { b as c } from './c';\nexport const s: string = b + c;\n",
    );
    assert_eq!(disk.check("packages/app", &[]), ["a.ms:3:14 TS2322 s"]);
}

#[test]
fn names_differ_by_case_where_the_disk_says_so() {
    let disk = Disk::new(&[
        ("metascript.json", "{}"),
        ("user.ms", "export const user = 1;\n"),
        ("a.ms", "import { user } from './User';\nexport { user };\n"),
    ]);
    let sensitive = !Path::new(&disk.path("USER.ms")).exists();
    let expected = if sensitive { "a.ms:1:22 TS2307 './User'" } else { "a.ms:1:22 TS1261 './User'" };
    assert_eq!(disk.check("", &[]), [expected]);
}

#[test]
fn what_another_typescript_needs_is_no_fault() {
    let disk = Disk::new(&[
        (
            "tsconfig.json",
            "{ \"contentMappers\": [{ \"package\": \"metascript-mapper\", \"extensions\": [\".ms\"] }] }\n",
        ),
        ("user.ms", LIBRARY),
        ("a.ts", "import { User } from './user.ms';\nexport const same: string = new User().equals(new User());\n"),
    ]);
    assert_eq!(disk.check("", &[]), ["a.ts:2:14 TS2322 same"]);
}
