//! Passes over a world, step by step as the server takes them: what is told about which file when.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use msc::base::{Cancel, FilePath};
use msc::diagnostic::{Code, Diagnostic};
use msc::project::pass;
use msc::project::{Change, Edit, PassEvent, PassRequest, Scope, World, WorldOptions};
use msc::text::Encoding;

struct Session {
    folder: tempfile::TempDir,
    world: World,
}

impl Session {
    fn new(files: &[(&str, &str)]) -> Session {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("it can be written");
        }
        let options = WorldOptions {
            roots: vec![FilePath::from_os(folder.path())],
            exe: env!("CARGO_BIN_EXE_msc").into(),
            workers: 2,
            use_cache: false,
            ..WorldOptions::new(Vec::new())
        };
        Session { world: World::new(options), folder }
    }

    fn path(&self, name: &str) -> FilePath {
        FilePath::from_os(&self.folder.path().join(name))
    }

    fn open(&mut self, name: &str) {
        let file = self.path(name);
        let text = fs::read_to_string(self.folder.path().join(name)).expect("the file is there");
        self.world.apply(Change::Open { file, version: 1, text }).expect("an open is applied");
    }

    /// One pass over the world as it is: what was told of each file, and the macros' outputs, which
    /// are not applied yet.
    fn pass(&self, run_macros: bool) -> Told {
        let told = Mutex::new(Told::default());
        let request = PassRequest { scope: Scope::Open, run_macros };
        let end = pass::run(&self.world.snapshot(), &request, &Cancel::new(), &|event| {
            let mut told = told.lock().expect("no thread panicked");
            match event {
                PassEvent::File { file, diagnostics, .. } => told.files.push((file, diagnostics)),
                PassEvent::Expanded(expansions) => told.expanded.push(Change::Expanded(expansions)),
                PassEvent::Progress { .. } => {}
            }
        });
        let mut told = told.into_inner().expect("no thread panicked");
        told.again = end.expect("nobody cancels").again;
        told
    }

    fn apply(&mut self, told: Told) {
        for change in told.expanded {
            self.world.apply(change).expect("outputs are applied");
        }
    }
}

#[derive(Default)]
struct Told {
    files: Vec<(FilePath, Vec<Diagnostic>)>,
    expanded: Vec<Change>,
    again: bool,
}

impl Told {
    fn of(&self, file: &FilePath) -> Option<Vec<Code>> {
        let (_, found) = self.files.iter().find(|(one, _)| one == file)?;
        Some(found.iter().map(|one| one.code).collect())
    }
}

#[test]
fn a_file_opened_while_its_macros_run_is_not_forgotten() {
    let mut session = Session::new(&[
        (
            "macros.ms",
            "import type { MacroContext } from \"std/meta\";\n\
             export macro boom(ctx: MacroContext) { throw new Error(String(ctx.target)); }\n",
        ),
        ("main.ms", "export const one = 1;\n"),
        ("late.ms", "import { boom } from \"./macros\";\n@boom\nexport class A {}\n"),
        ("metascript.json", "{}"),
    ]);
    let (main, late) = (session.path("main.ms"), session.path("late.ms"));
    session.open("main.ms");
    // Checks main.ms, then runs the project's other macros: those of late.ms.
    let running = session.pass(true);
    assert_eq!(running.of(&main), Some(vec![]));
    assert!(running.again, "a macro ran");
    // Meanwhile late.ms is opened, and a live pass sees its use without an output.
    session.open("late.ms");
    assert_eq!(session.pass(false).of(&late), None, "nothing is told of a file with a pending use");
    // The outputs land: a failed macro leaves the same text as one that did not run.
    session.apply(running);
    let told = session.pass(true);
    assert_eq!(told.of(&late), Some(vec![Code::MACRO_THREW]));
}

/// Uses of five kinds, and what each of them depends on.
const COUNTED: &[(&str, &str)] = &[
    (
        "macros.ms",
        "import { word } from \"./word\";\n\
         export macro mark(ctx: MacroContext) {\n  const target = ctx.target;\n  \
           if (target?.kind === \"class\") quote { fields(): number { return ${target.fields.length}; } }\n}\n\
         export macro value(ctx: MacroContext, n: number) { return quote(${n} + ${word.length}); }\n",
    ),
    (
        "reads.ms",
        "export macro reads(ctx: MacroContext, path: string) { return quote(${readJson(path).n}); }\n\
         export macro lists(ctx: MacroContext) { return quote(${glob(\"./*.json\").length}); }\n",
    ),
    ("word.ts", "export const word = \"word\";\n"),
    ("one.json", "{ \"n\": 1 }\n"),
    ("two.json", "{ \"n\": 2 }\n"),
    (
        "main.ms",
        "import { mark, value } from \"./macros\";\nimport { lists, reads } from \"./reads\";\n\
         @mark\nexport class A { a = 1; }\n@mark\nexport class B { b = 1; }\n\
         export const one = @value(1);\nexport const two = @value(2);\n\
         export const first = @reads(\"./one.json\");\nexport const second = @reads(\"./two.json\");\n\
         export const files = @lists();\n",
    ),
    ("metascript.json", "{}"),
];

impl Session {
    /// How many macros the workers ran, by their own count, until nothing was left to run.
    fn runs(&mut self) -> u32 {
        let count = |session: &Session| session.world.shared().counters.macros_run.load(Ordering::Relaxed);
        let before = count(self);
        loop {
            let told = self.pass(true);
            let again = told.again;
            self.apply(told);
            if !again {
                return count(self) - before;
            }
        }
    }

    fn live(&self, name: &str) -> String {
        self.world.snapshot().text(&self.path(name)).expect("it is there").as_str().to_owned()
    }

    /// Puts `new` in place of the only `old` of an open file.
    fn replace(&mut self, name: &str, old: &str, new: &str) {
        let text = self.live(name);
        assert_eq!(text.matches(old).count(), 1, "{old:?} in {text}");
        let file = self.path(name);
        let version = self.world.snapshot().version(&file).expect("it is open") + 1;
        let edits = vec![Edit { range: None, text: text.replace(old, new) }];
        self.world.apply(Change::Edit { file, version, edits, encoding: Encoding::Utf8 }).expect("an edit is applied");
    }

    fn save(&mut self, name: &str) {
        fs::write(self.folder.path().join(name), self.live(name)).expect("it can be written");
        let file = self.path(name);
        self.world.apply(Change::Save { file, text: None }).expect("a save is applied");
    }

    fn write(&mut self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("it can be written");
        let files = vec![self.path(name)];
        self.world.apply(Change::Disk { files }).expect("a change on disk is applied");
    }
}

#[test]
fn an_edit_runs_what_it_changes_and_nothing_else() {
    let mut session = Session::new(COUNTED);
    session.open("main.ms");
    session.open("macros.ms");
    assert_eq!(session.runs(), 7);
    assert_eq!(session.runs(), 0);
    let edits = [
        // White space, comments, code outside of every target.
        ("export class A { a = 1; }", "export class A {\n  a   =   1;\n\n}", 0),
        ("export const one = @value(1);", "export const one = @value( /* one */ 1 ); // one", 0),
        ("import { mark", "// At the top: everything moves.\nconst before = 1;\nexport { before };\nimport { mark", 0),
        ("export const files", "export function after(): void {}\nexport const files", 0),
        // A field runs its class's macros, an argument its use.
        ("a   =   1;", "a   =   1; more = 2;", 1),
        ("b = 1;", "b: string = \"\";", 1),
        ("@value(2)", "@value(3)", 1),
        // What was there before is known.
        ("@value(3)", "@value(2)", 0),
        ("more = 2;", "", 0),
        // A use that is new.
        ("export const files", "export const third = @value(33);\nexport const files", 1),
    ];
    for (old, new, runs) in edits {
        session.replace("main.ms", old, new);
        assert_eq!(session.runs(), runs, "after {new:?} in place of {old:?}");
    }
    // A macro's code changes all uses of its module.
    session.replace("macros.ms", "${n} + ${word.length}", "${n} - ${word.length}");
    session.save("macros.ms");
    assert_eq!(session.runs(), 5);
    // So does what it imports.
    session.write("word.ts", "export const word = \"longer\";\n");
    assert_eq!(session.runs(), 5);
    // A file that was read runs its reader, one that comes what looked for it.
    session.write("two.json", "{ \"n\": 22 }\n");
    assert_eq!(session.runs(), 1);
    session.write("three.json", "{ \"n\": 3 }\n");
    assert_eq!(session.runs(), 1);
    session.write("other.txt", "nobody reads this\n");
    assert_eq!(session.runs(), 0);
}

#[test]
fn an_edit_asks_about_those_open_files_that_it_concerns() {
    let mut session = Session::new(&[
        ("lib.ms", "export function f(n: number): number {\n  return n;\n}\n"),
        ("user.ms", "import { f } from \"./lib\";\nexport const n: number = f(1);\nconst unused = 1;\n"),
        ("alone.ms", "export const a = 1;\n"),
        ("metascript.json", "{}"),
    ]);
    let (lib, user) = (session.path("lib.ms"), session.path("user.ms"));
    for name in ["lib.ms", "user.ms", "alone.ms"] {
        session.open(name);
    }
    // How many files were checked, and what was told.
    let checked = |session: &Session| {
        let count = || session.world.shared().counters.checked.load(Ordering::Relaxed);
        let before = count();
        let told = session.pass(true);
        assert_eq!(told.files.len(), 3, "every open file is told of");
        (count() - before, told.of(&lib), told.of(&user))
    };
    let unused = Some(vec![Code::Ts(6133)]);
    assert_eq!(checked(&session), (3, Some(vec![]), unused.clone()));
    assert_eq!(checked(&session), (0, Some(vec![]), unused.clone()));
    session.replace("lib.ms", "return n;", "return n + missing;");
    assert_eq!(checked(&session), (1, Some(vec![Code::Ts(2304)]), unused));
    session.replace("lib.ms", "n: number)", "n: string)");
    assert_eq!(checked(&session).0, 2);
    session.replace("lib.ms", "return n + missing;", "return n.length;");
    assert_eq!(checked(&session), (1, Some(vec![]), Some(vec![Code::Ts(2345), Code::Ts(6133)])));
}

/// A pass without macros says nothing of a file that imports what is not generated yet.
#[test]
fn a_live_pass_waits_for_what_imported_files_generate() {
    let mut session = Session::new(&[
        ("user.ms", "@derive(Eq) export class User { name = \"\"; }\n"),
        ("main.ms", "import { User } from \"./user\";\nexport const same: string = new User().equals(new User());\n"),
    ]);
    session.open("main.ms");
    let main = session.path("main.ms");
    assert_eq!(session.pass(false).of(&main), None, "`equals` is not there yet");
    loop {
        let told = session.pass(true);
        let again = told.again;
        session.apply(told);
        if !again {
            break;
        }
    }
    let codes = session.pass(false).of(&main).expect("all is generated");
    assert_eq!(codes, [Code::Ts(2322)], "a boolean is no string");
}
