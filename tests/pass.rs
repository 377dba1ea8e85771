//! Passes over a world, step by step as the server takes them: what is told about which file when.

use std::fs;
use std::sync::Mutex;

use msc::base::{Cancel, FilePath};
use msc::diagnostic::{Code, Diagnostic};
use msc::project::pass;
use msc::project::{Change, PassEvent, PassRequest, Scope, World, WorldOptions};

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
