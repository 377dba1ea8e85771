//! Worlds over a second engine: several projects at once, and what lives how long.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use msc::base::{Cancel, Cancelled, FilePath};
use msc::engine::{ConfigSource, Files, TsrEngine, TypeEngine};
use msc::ide;
use msc::project::{Change, PassEvent, PassRequest, Scope, World, WorldOptions, pass};
use tempfile::TempDir;

#[path = "engine_double/mod.rs"]
mod engine_double;

use engine_double::{Double, Fault};

struct Projects {
    dir: TempDir,
    engine: Double,
    world: World,
}

impl Projects {
    fn new(files: &[(&str, &str)]) -> Projects {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            fs::write(path, text).expect("a file can be written");
        }
        let mut options = WorldOptions::new(vec![FilePath::from_os(dir.path())]);
        options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
        options.use_cache = false;
        let engine = Double::default();
        let world = World::over(Arc::new(engine.clone()), options);
        Projects { dir, engine, world }
    }

    fn file(&self, name: &str) -> FilePath {
        FilePath::from_os(&self.dir.path().join(name))
    }

    fn open(&mut self, name: &str) {
        let file = self.file(name);
        let text = fs::read_to_string(file.to_os()).expect("the file is there");
        self.world.apply(Change::Open { file, version: 1, text }).expect("the change applies");
    }

    fn hover(&self, name: &str, offset: u32) -> Option<String> {
        let snap = self.world.snapshot();
        let hover = ide::hover::hover(&snap, &self.file(name), offset, &Cancel::new()).expect("an answer");
        hover.map(|hover| hover.markdown)
    }
}

const STRICT: &str = r#"{ "strict": true }"#;
const LOOSE: &str = r#"{ "strict": false }"#;

#[test]
fn projects_with_options_of_their_own_are_asked_side_by_side() {
    let mut projects = Projects::new(&[
        ("strict/metascript.json", STRICT),
        ("strict/a.ms", "export const a: string = null;\nexport const shown = a;\n"),
        ("loose/metascript.json", LOOSE),
        ("loose/a.ms", "export const a: string = null;\nexport const shown = a;\n"),
        ("third/metascript.json", STRICT),
        ("third/a.ms", "export const a = 3;\nexport const shown = a;\n"),
    ]);
    let names = ["strict/a.ms", "loose/a.ms", "third/a.ms"];
    names.iter().for_each(|name| projects.open(name));

    thread::scope(|scope| {
        for name in names {
            let projects = &projects;
            scope.spawn(move || {
                let text = fs::read_to_string(projects.file(name).to_os()).expect("the file is there");
                let offset = text.find("shown").expect("a name") as u32;
                for _ in 0..10 {
                    let shown = projects.hover(name, offset).expect("a hover");
                    let wanted = if name == "third/a.ms" { "const shown: 3" } else { "const shown: string" };
                    assert!(shown.contains(wanted), "{name}: {shown}");
                }
            });
        }
    });
    assert_eq!(projects.engine.count("load"), 3, "one program a project");

    let found: Mutex<Vec<String>> = Mutex::default();
    let request = PassRequest { scope: Scope::Open, run_macros: true };
    pass::run(&projects.world.snapshot(), &request, &Cancel::new(), &|event| {
        if let PassEvent::File { file, diagnostics, .. } = event {
            let codes = diagnostics.iter().map(|one| format!("{}: {}", file.parent().name(), one.code));
            found.lock().expect("no thread panicked").extend(codes);
        }
    })
    .expect("nobody cancels");
    assert_eq!(found.into_inner().expect("no thread panicked"), ["strict: TS2322"]);
    assert_eq!(projects.engine.alive(), 3);
}

#[test]
fn a_program_lives_as_long_as_what_holds_it() {
    let mut projects = Projects::new(&[("a.ms", "export const a = 1;\n")]);
    projects.open("a.ms");
    let file = projects.file("a.ms");
    let first = projects.world.snapshot();
    let held = first.program_for(&file, &Cancel::new()).expect("a program");
    assert_eq!(projects.engine.alive(), 1);

    let text = "export const a = 2;\n".to_owned();
    let edit = msc::project::Edit { range: None, text };
    let change =
        Change::Edit { file: file.clone(), version: 2, edits: vec![edit], encoding: msc::text::Encoding::Utf8 };
    projects.world.apply(change).expect("the change applies");
    assert!(projects.hover("a.ms", 13).expect("a hover").contains("const a: 2"));
    assert_eq!(projects.engine.alive(), 2, "the first program is still held, the second is the world's");
    assert_eq!(projects.engine.count("update"), 1, "it came from the first");

    drop(held);
    assert_eq!(projects.engine.alive(), 1, "a snapshot alone holds no program");
    let Projects { engine, world, .. } = projects;
    let last = world.snapshot();
    world.close();
    assert_eq!(engine.alive(), 0, "no world, no program to keep");
    let late = last.program_for(&file, &Cancel::new()).expect("a program");
    assert!(late.program.contains(&FilePath::new(&file.as_str().replace(".ms", ".ts"))));
    drop(late);
    assert_eq!(engine.alive(), 0, "nobody keeps what a late question needed");
    assert!(engine.is_shared(), "the snapshots share the engine");
    drop((first, last));
    assert!(!engine.is_shared(), "and all else that they shared went with the last of them");
}

#[test]
fn a_cancelled_pass_stops_the_engine() {
    let mut projects = Projects::new(&[("a.ms", "export const a = 1;\n")]);
    projects.open("a.ms");
    projects.engine.fail("diagnostics", Fault::Slow);
    let cancel = Cancel::new();
    let (snap, engine) = (projects.world.snapshot(), projects.engine.clone());
    thread::scope(|scope| {
        let request = PassRequest { scope: Scope::Open, run_macros: true };
        let cancel = &cancel;
        let pass = scope.spawn(move || pass::run(&snap, &request, cancel, &|_| {}));
        engine.wait_for("diagnostics", 1);
        cancel.cancel();
        assert!(matches!(pass.join().expect("no panic"), Err(Cancelled)));
    });
    assert_eq!(projects.engine.stopped(), 1);
}

#[test]
fn an_engine_does_not_take_what_another_made() {
    struct Nothing;
    impl Files for Nothing {
        fn read(&self, _: &FilePath) -> Option<Arc<str>> {
            None
        }
        fn is_file(&self, _: &FilePath) -> bool {
            false
        }
        fn is_dir(&self, _: &FilePath) -> bool {
            false
        }
        fn entries(&self, _: &FilePath) -> (Vec<String>, Vec<String>) {
            (Vec::new(), Vec::new())
        }
        fn realpath(&self, path: &FilePath) -> FilePath {
            path.clone()
        }
    }
    let files: Arc<dyn Files> = Arc::new(Nothing);
    let source = ConfigSource::Text { dir: FilePath::new("/p"), json: "{}".to_owned() };
    let of_double = Double::default().config(&files, &source).expect("options");
    let refused = TsrEngine::new().load(&of_double, Some(&[]), files.clone()).err().expect("a refusal");
    assert_eq!(format!("{refused:?}"), "Internal(\"options of another engine cannot be used\")");
}
