//! A world over files that come and go while an editor has others open.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use msc::base::{Cancel, FilePath};
use msc::project::{Change, Edit, PassEvent, PassRequest, Scope, World, WorldOptions, pass};
use msc::text::{Encoding, LineCol};
use tempfile::TempDir;

struct Editor {
    dir: TempDir,
    world: World,
}

impl Editor {
    fn new(files: &[(&str, &str)]) -> Editor {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut options = WorldOptions::new(vec![FilePath::from_os(dir.path())]);
        options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
        options.use_cache = false;
        let mut editor = Editor { world: World::new(options), dir };
        for (name, text) in files {
            editor.write(name, text);
        }
        editor
    }

    fn file(&self, name: &str) -> FilePath {
        FilePath::from_os(&self.dir.path().join(name))
    }

    fn apply(&mut self, change: Change) {
        self.world.apply(change).expect("the change applies");
    }

    fn open(&mut self, name: &str) {
        let file = self.file(name);
        let text = fs::read_to_string(file.to_os()).expect("the file is there");
        self.apply(Change::Open { file, version: 1, text });
    }

    /// Writes a file and tells of it, as a watcher does.
    fn write(&mut self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).expect("a file can be written");
        let file = self.file(name);
        self.apply(Change::Disk { files: vec![file] });
    }

    fn remove(&mut self, name: &str) {
        fs::remove_file(self.dir.path().join(name)).expect("a file can be removed");
        let file = self.file(name);
        self.apply(Change::Disk { files: vec![file] });
    }

    /// Errors of the open files: `name: code`.
    fn errors(&mut self) -> Vec<String> {
        loop {
            let events: Mutex<Vec<PassEvent>> = Mutex::default();
            let request = PassRequest { scope: Scope::Open, run_macros: true };
            let end = pass::run(&self.world.snapshot(), &request, &Cancel::new(), &|event| {
                events.lock().expect("no thread panicked").push(event);
            });
            let again = end.expect("nobody cancels").again;
            let mut errors = Vec::new();
            for event in events.into_inner().expect("no thread panicked") {
                match event {
                    PassEvent::Expanded(expansions) => self.apply(Change::Expanded(expansions)),
                    PassEvent::File { file, diagnostics, .. } => {
                        let error = |one: &msc::diagnostic::Diagnostic| format!("{}: {}", file.name(), one.code);
                        let is_error =
                            |one: &&msc::diagnostic::Diagnostic| one.severity == msc::diagnostic::Severity::Error;
                        errors.extend(diagnostics.iter().filter(is_error).map(error));
                    }
                    PassEvent::Progress { .. } => {}
                }
            }
            if !again {
                return errors;
            }
        }
    }
}

#[test]
fn a_file_that_goes_and_comes_back_is_found_again() {
    let mut editor = Editor::new(&[
        ("late.ts", "export const z = 1;\n"),
        ("main.ms", "import { z } from \"./late\";\nexport const y = z;\n"),
    ]);
    editor.open("main.ms");
    assert_eq!(editor.errors(), Vec::<String>::new());
    // A project file comes: the program of the time before it still holds the file.
    editor.write("metascript.json", "{ \"strict\": true }");
    assert_eq!(editor.errors(), Vec::<String>::new());
    for _ in 0..2 {
        editor.remove("late.ts");
        assert_eq!(editor.errors(), ["main.ms: TS2307"]);
        editor.write("late.ts", "export const z = 1;\n");
        assert_eq!(editor.errors(), Vec::<String>::new());
    }
}

#[test]
fn a_macro_s_module_counts_as_saved() {
    let tag = |name: &str| format!("export macro tag(ctx: MacroContext) {{ quote {{ {name}(): void {{}} }} }}\n");
    let mut editor = Editor::new(&[
        ("tag.ms", &tag("one")),
        ("main.ms", "import { tag } from \"./tag\";\n@tag\nclass A {}\nnew A().one();\n"),
    ]);
    editor.open("main.ms");
    editor.open("tag.ms");
    assert_eq!(editor.errors(), Vec::<String>::new());
    editor.write("tag.ms", &tag("two"));
    assert_eq!(editor.errors(), ["main.ms: TS2339"]);
}

#[test]
fn an_edit_that_takes_long_to_parse_leaves_the_last_tree_in_its_place() {
    let mut options = WorldOptions::new(Vec::new());
    options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
    options.use_cache = false;
    options.parse_budget = Duration::ZERO;
    let mut world = World::new(options);
    let file = FilePath::new("/nowhere/a.ms");
    let mut apply = |change| {
        world.apply(change).expect("the change applies");
        world.snapshot()
    };
    let opened = apply(Change::Open { file: file.clone(), version: 1, text: "let a = 1;\n".to_owned() });
    assert!(!opened.nearest_syntax(&file).expect("it is open").is_moved(), "nothing serves before the first tree");
    let at = LineCol { line: 0, col: 9 };
    let typed = Edit { range: Some((at, at)), text: "0; {".to_owned() };
    let snap = apply(Change::Edit { file: file.clone(), version: 2, edits: vec![typed], encoding: Encoding::Utf8 });
    let nearest = snap.nearest_syntax(&file).expect("it is open");
    assert!(nearest.is_moved());
    assert_eq!(nearest.text().as_str(), "let a = 10; {;\n");
    assert!(!nearest.has_errors(), "the tree is still that of the text before");
    let whole = snap.syntax(&file).expect("it is open");
    assert!(!whole.is_moved() && whole.has_errors());
    assert!(!snap.nearest_syntax(&file).expect("it is open").is_moved(), "the new tree serves once it is there");
}
