//! A check that reuses what earlier ones found says what one that starts from nothing says.
//!
//! A macro-heavy project goes through random edits: bodies, exported shapes, inferred types, what is
//! declared for all files, macros' modules and what macros read, options, files that come and go. After each
//! sequence of edits a check without a cache must agree in every diagnostic, related places included, with one of a
//! world that lives on, or with one of a new world over the cache (a second process).
//! `MSC_SEQUENCES` sets how many sequences there are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use msc::base::{Cancel, FilePath};
use msc::diagnostic::Diagnostic;
use msc::project::{Change, World, WorldOptions, check};

const SEQUENCES: usize = 300;

/// Most edits between two checks.
const EDITS: usize = 3;

/// The project: each file with its text, in which `§name§` stands for one of the variants of a slot.
const FILES: &[(&str, &str)] = &[
    ("metascript.json", "{ \"lib\": [\"es5\"], \"types\": []§options§ }\n"),
    (
        "words.ms",
        "// §comment§\nexport const word = \"§word§\";\nexport function shout(text: string) { return text + §shout§; }\n",
    ),
    ("data.json", "{ \"size\": §size§ }\n"),
    (
        "macros.ms",
        "import { shout, word } from \"./words\";\n\
         export macro tag(ctx: MacroContext) {\n  §macrobody§\n  \
           quote { tag(): §tagtype§ { return ${word}; } }\n}\n\
         export macro count(ctx: MacroContext) {\n  const target = ctx.target;\n  \
           if (target?.kind === \"class\") quote { count(): number { return ${target.fields.length}; } }\n}\n\
         export macro loud(ctx: MacroContext, text: string) { return quote(${shout(text)}); }\n",
    ),
    (
        "shapes.ms",
        "// §comment§\nimport { count, tag } from \"./macros\";\n\
         @tag @count\nexport class Shape {\n  name = \"\";\n  §field§\n  \
           area(): number { return §areabody§; }\n  guess() { return §guessbody§; }\n  private hidden: §hidden§ = undefined!;\n}\n\
         export interface Named { name: §nametype§ }\n\
         §mutable§\n",
    ),
    (
        "circle.ms",
        "import { Shape } from \"./shapes\";\nimport { loud } from \"./macros\";\nimport { twice } from \"./maths\";\n\
         export class Circle extends Shape {\n  override area(): number { return twice(§circlebody§); }\n}\n\
         export const label: string = @loud(\"§label§\");\n\
         export const inferred = new Circle().guess();\n",
    ),
    (
        "maths.ts",
        "import type { Circle } from \"./circle\";\n\
         export function twice(n: §mathtype§): number {\n  §mathbody§\n  return 2;\n}\n\
         export const round = (c: Circle) => §round§;\n§augment§\n",
    ),
    (
        "data.ms",
        "export const data = @comptime { return readJson(\"./data.json\"); };\nexport const size: number = data.size;\n",
    ),
    ("globals.d.ts", "declare const VERSION: §version§;\ninterface Shared { one: §shared§ }\n"),
    ("extends.ts", "export {};\ndeclare global {\n  interface Shared { two: §two§ }\n}\n"),
    ("late.ts", "§late§"),
    (
        "main.ms",
        "import { Circle, inferred, label } from \"./circle\";\nimport { size } from \"./data\";\nimport { round } from \"./maths\";\n\
         import { Named } from \"./shapes\";\nimport { late } from \"./late\";\nimport \"./extends\";\n\
         const circle = new Circle();\nconst named: Named = circle;\n\
         export const all: number[] = [circle.area(), circle.count(), inferred, size, label.length, round(circle), VERSION, late];\n\
         export const tagged: string = circle.tag() + named.name;\n\
         declare const shared: Shared;\nexport const both: number = shared.one + shared.two;\n§use§\n",
    ),
    (
        "alone.ms",
        "import { tag } from \"./macros\";\n@tag class Alone {}\nexport const t: string = new Alone().tag();\nexport const n = §alone§;\n",
    ),
    ("script.ts", "var §scriptname§ = §scriptvalue§;\n"),
];

/// A file whose text is empty is not there.
const SLOTS: &[(&str, &[&str])] = &[
    ("options", &["", "", ", \"strict\": false", ", \"noUnusedLocals\": true"]),
    ("comment", &["one", "two lines\n//", ""]),
    ("word", &["w", "x"]),
    ("shout", &["\"!\"", "1", "missing"]),
    ("size", &["1", "\"one\"", "{"]),
    (
        "macrobody",
        &["", "const unused = 1;", "throw new Error(\"no\");", "ctx.error(\"not here\");", "const w: number = word;"],
    ),
    ("tagtype", &["string", "string", "number", "unknown"]),
    ("field", &["", "", "size = 1;", "size;", "size: string = \"\";", "constructor() { this.size = 1; }"]),
    ("areabody", &["1", "2 + 2", "\"wrong\"", "this.name.length", "nowhere"]),
    ("guessbody", &["1", "3", "\"text\"", "this.area()", "this.count()"]),
    ("hidden", &["number", "string"]),
    ("nametype", &["string", "number", "string | undefined"]),
    (
        "mutable",
        &[
            "",
            "export let flag: string | number = 1;\nexport function set(): void { flag; }\nexport const read = () => flag;",
            "export let flag: string | number = 1;\nexport function set(): void { flag = \"\"; }\nexport const read = () => flag;",
        ],
    ),
    ("circlebody", &["1", "this.count()", "\"\"", "super.area()", ""]),
    ("label", &["a", "b"]),
    ("mathtype", &["number", "string", "number | string"]),
    ("mathbody", &["", "n;", "n.toFixed();", "const x: string = 1;", "{"]),
    ("round", &["c.area()", "c.name", "c.nothing", "1"]),
    (
        "augment",
        &["", "declare module \"./shapes\" {\n  interface Named { more: number }\n}", "export as namespace Maths;"],
    ),
    ("version", &["number", "string"]),
    ("shared", &["number", "string"]),
    ("two", &["number", "boolean"]),
    ("late", &["export const late = 1;\n", "export const late = \"\";\n", ""]),
    (
        "use",
        &[
            "",
            "circle.size;",
            "circle.area(1);",
            "twice(1);",
            "new Circle(1, 2, 3);",
            "import(\"./alone\").then;",
            "console.log(@loud());",
        ],
    ),
    ("alone", &["1", "VERSION", "top"]),
    ("scriptname", &["top", "other", "VERSION"]),
    ("scriptvalue", &["1", "\"\""]),
];

#[test]
fn every_way_to_check_says_the_same() {
    let count = std::env::var("MSC_SEQUENCES").ok().and_then(|count| count.parse().ok()).unwrap_or(SEQUENCES);
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let root = folder.path().canonicalize().expect("it has a path").join("project");
    fs::create_dir(&root).expect("a directory can be made");
    let mut project =
        Project { chosen: SLOTS.iter().map(|(name, _)| (*name, 0)).collect(), random: 0x9E37_79B9_7F4A_7C15 };
    project.write(&root);
    let mut living = world(&root, true);
    let (mut reused, mut faulty) = (0, 0);
    // Changes that the living world was not told of.
    let mut unseen = Vec::new();
    for sequence in 0..count {
        let edits: Vec<String> = (0..=project.next(EDITS)).map(|_| project.edit()).collect();
        unseen.extend(project.write(&root));
        let cold = world_check(&mut world(&root, false), &root);
        let told = format!("sequence {sequence}, after {edits:?}; {:?}", project.chosen);
        // In turn, by chance: each finds what the other left in the cache some sequences ago.
        let checked = if project.next(2) == 0 {
            let second = world_check(&mut world(&root, true), &root);
            assert_eq!(second.found, cold.found, "a second process: {told}");
            second.checked
        } else {
            living.apply(Change::Disk { files: std::mem::take(&mut unseen) }).expect("the disk can be looked at");
            let lived = world_check(&mut living, &root);
            assert_eq!(lived.found, cold.found, "a world that lives on: {told}");
            lived.checked
        };
        reused += usize::from(checked < cold.checked);
        faulty += usize::from(!cold.found.is_empty());
    }
    // Else nothing was compared.
    assert!(reused * 5 > count && faulty * 2 > count, "{reused} reused and {faulty} with findings, of {count}");
}

struct Project {
    /// The variant of each slot.
    chosen: BTreeMap<&'static str, usize>,
    random: u64,
}

impl Project {
    /// Below `bound`.
    fn next(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 33) as usize % bound
    }

    /// Another variant in some slot, more often than not the first, with which things are right.
    fn edit(&mut self) -> String {
        let slot = self.next(SLOTS.len());
        let (name, variants) = SLOTS[slot];
        let variant = if self.next(2) == 0 { 0 } else { self.next(variants.len()) };
        self.chosen.insert(name, variant);
        format!("{name} = {:?}", variants[variant])
    }

    /// Brings the disk to what is chosen; the files that differ.
    fn write(&self, root: &Path) -> Vec<FilePath> {
        let mut changed = Vec::new();
        for (name, template) in FILES {
            let mut text = (*template).to_owned();
            for (slot, variants) in SLOTS {
                text = text.replace(&format!("§{slot}§"), variants[self.chosen[slot]]);
            }
            let path = root.join(name);
            let before = fs::read_to_string(&path).unwrap_or_default();
            if before == text {
                continue;
            }
            if text.is_empty() {
                fs::remove_file(&path).expect("a file can be removed");
            } else {
                fs::write(&path, text).expect("a file can be written");
            }
            changed.push(FilePath::from_os(&path));
        }
        changed
    }
}

struct Checked {
    found: Vec<Diagnostic>,
    checked: u32,
}

fn world(root: &Path, use_cache: bool) -> World {
    World::new(WorldOptions {
        exe: env!("CARGO_BIN_EXE_msc").into(),
        workers: 1,
        use_cache,
        ..WorldOptions::new(vec![FilePath::from_os(root)])
    })
}

fn world_check(world: &mut World, root: &Path) -> Checked {
    let (found, stats) = check::check(world, &[FilePath::from_os(root)], &Cancel::new()).expect("nobody cancels");
    Checked { found, checked: stats.checked }
}
