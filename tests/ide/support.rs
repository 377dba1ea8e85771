//! Fixtures: a world of files in one string, with a cursor, and drawings of what a feature answers.
//!
//! ```text
//! //- /lib/shape.ms              a file: saved, closed
//! export class Shape {}
//! //- /main.ms open              open in the editor; a file that holds a mark is open anyway
//! import { Shape } from "./lib/shape";
//! new Sh$0ape();                 `$0` is the cursor; two of them are a range
//!   //^^^^^ class                a label for the line above, read by `Session::labels`
//! ```
//!
//! Text without a header is `/main.ms`. `$+{…}` is text typed since macros last ran, `$-{…}` text
//! deleted since then: macros see the file without the first and with the second, the editor the
//! other way round. `\$0` stands for the characters `$0`.
//!
//! Start reading at [`Session`].

// Every feature's tests use a part of it.
#![allow(dead_code)]

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use msc::base::{Cancel, FilePath, TextRange};
use msc::diagnostic::{Diagnostic, Severity};
use msc::project::{Change, Edit, PassEvent, PassRequest, Scope, Snapshot, World, WorldOptions, pass};
use msc::text::{Encoding, SourceText, TextEdit};
use tempfile::TempDir;

/// One file of a fixture.
struct FixtureFile {
    /// As its header says, with the slash in front.
    name: String,
    /// What is saved, and what macros see.
    saved: String,
    /// Leads from there to what the editor shows, one after the other.
    typed: Vec<TextEdit>,
    /// Offsets of `$0` in the live text.
    cursors: Vec<u32>,
    is_open: bool,
}

fn parse(fixture: &str) -> Vec<FixtureFile> {
    let mut files: Vec<(String, bool, String)> = Vec::new();
    // Written inside Rust code, a fixture begins on the line below its quotation mark.
    for line in fixture.strip_prefix('\n').unwrap_or(fixture).split_inclusive('\n') {
        if let Some(header) = line.strip_prefix("//- ") {
            let mut words = header.split_whitespace();
            let name = words.next().expect("a header names a file");
            assert!(name.starts_with('/'), "a fixture's paths begin with a slash: {name}");
            let mut is_open = false;
            for flag in words {
                assert_eq!(flag, "open", "an unknown flag of {name}");
                is_open = true;
            }
            files.push((name.to_owned(), is_open, String::new()));
        } else {
            if files.is_empty() {
                files.push(("/main.ms".to_owned(), true, String::new()));
            }
            files.last_mut().expect("one was just pushed").2.push_str(line);
        }
    }
    files.into_iter().map(|(name, is_open, text)| read_marks(name, is_open, &text)).collect()
}

fn read_marks(name: String, is_open: bool, text: &str) -> FixtureFile {
    let mut file = FixtureFile { name, saved: String::new(), typed: Vec::new(), cursors: Vec::new(), is_open };
    // How long the live text is so far.
    let mut live = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.find(['$', '\\']).unwrap_or(rest.len());
        file.saved.push_str(&rest[..plain]);
        live += plain as u32;
        rest = &rest[plain..];
        if let Some(after) = rest.strip_prefix("\\$0") {
            file.saved.push_str("$0");
            live += 2;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("$0") {
            file.cursors.push(live);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("$+{") {
            let (typed, after) = braced(after);
            // A cursor may stand in what is typed.
            let at = typed.find("$0");
            let text = typed.replacen("$0", "", 1);
            file.cursors.extend(at.map(|at| live + at as u32));
            file.typed.push(TextEdit { range: TextRange::empty(live), text: text.clone() });
            live += text.len() as u32;
            rest = after;
        } else if let Some(after) = rest.strip_prefix("$-{") {
            let (deleted, after) = braced(after);
            file.saved.push_str(deleted);
            let range = TextRange::new(live, live + deleted.len() as u32);
            file.typed.push(TextEdit { range, text: String::new() });
            rest = after;
        } else if let Some(one) = rest.chars().next() {
            file.saved.push(one);
            live += one.len_utf8() as u32;
            rest = &rest[one.len_utf8()..];
        }
    }
    file.is_open |= !file.cursors.is_empty() || !file.typed.is_empty();
    file
}

/// Up to the brace that closes, and what follows it.
fn braced(text: &str) -> (&str, &str) {
    let mut depth = 1;
    for (at, one) in text.char_indices() {
        match one {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[..at], &text[at + 1..]);
        }
    }
    panic!("a mark is not closed: {text}");
}

/// An editor with a fixture's files.
pub struct Session {
    dir: TempDir,
    pub world: World,
    files: Vec<FixtureFile>,
}

impl Session {
    /// The live texts; no macro has run.
    pub fn new(fixture: &str) -> Session {
        let mut session = Session::saved(fixture);
        session.type_marked();
        session
    }

    /// The live texts, after the macros of the saved ones ran.
    pub fn expanded(fixture: &str) -> Session {
        let mut session = Session::saved(fixture);
        session.run_macros();
        session.type_marked();
        session
    }

    fn saved(fixture: &str) -> Session {
        let files = parse(fixture);
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut options = WorldOptions::new(vec![FilePath::from_os(dir.path())]);
        options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
        options.use_cache = false;
        let mut session = Session { world: World::new(options), dir, files: Vec::new() };
        if !files.iter().any(|file| file.name == "/metascript.json" || file.name == "/tsconfig.json") {
            session.write("/metascript.json", "{}");
        }
        for file in &files {
            session.write(&file.name, &file.saved);
        }
        for file in files.iter().filter(|file| file.is_open) {
            let change = Change::Open { file: session.file(&file.name), version: 1, text: file.saved.clone() };
            session.apply(change);
        }
        session.files = files;
        session
    }

    fn type_marked(&mut self) {
        for index in 0..self.files.len() {
            let name = self.files[index].name.clone();
            for edit in std::mem::take(&mut self.files[index].typed) {
                self.edit(&name, edit.range, &edit.text);
            }
        }
    }

    /// Writes a file to disk; the world is not told.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }

    pub fn apply(&mut self, change: Change) {
        self.world.apply(change).expect("the change applies");
    }

    /// The path that `name` of the fixture has in the world.
    pub fn file(&self, name: &str) -> FilePath {
        FilePath::from_os(&self.dir.path().join(name.trim_start_matches('/')))
    }

    /// The name that a path has in the fixture; of files elsewhere, the path.
    pub fn name(&self, file: &FilePath) -> String {
        let root = FilePath::from_os(self.dir.path());
        file.as_str().strip_prefix(root.as_str()).unwrap_or(file.as_str()).to_owned()
    }

    pub fn snapshot(&self) -> Snapshot {
        self.world.snapshot()
    }

    /// The open files.
    pub fn open_names(&self) -> Vec<String> {
        self.files.iter().filter(|file| file.is_open).map(|file| file.name.clone()).collect()
    }

    /// The live text.
    pub fn text(&self, name: &str) -> SourceText {
        self.snapshot().text(&self.file(name)).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Replaces a range of an open file, as typing does.
    pub fn edit(&mut self, name: &str, range: TextRange, text: &str) {
        let file = self.file(name);
        let live = self.text(name);
        let place = |offset| live.lines().line_col(live.as_str(), offset, Encoding::Utf8);
        let edit = Edit { range: Some((place(range.start), place(range.end))), text: text.to_owned() };
        let version = self.snapshot().version(&file).unwrap_or_else(|| panic!("{name} is not open")) + 1;
        self.apply(Change::Edit { file, version, edits: vec![edit], encoding: Encoding::Utf8 });
    }

    /// Saves what the editor shows.
    pub fn save(&mut self, name: &str) {
        self.write(name, self.text(name).as_str());
        let file = self.file(name);
        self.apply(Change::Save { file, text: None });
    }

    /// Runs the macros of the open files, and what their outputs use, until nothing is left to run.
    pub fn run_macros(&mut self) {
        // Outputs may use macros in turn, but not for ever.
        for _ in 0..50 {
            let news = Mutex::new(Vec::new());
            let request = PassRequest { scope: Scope::Open, run_macros: true };
            let end = pass::run(&self.world.snapshot(), &request, &Cancel::new(), &|event| {
                if let PassEvent::Expanded(expansions) = event {
                    news.lock().expect("no thread panicked").push(Change::Expanded(expansions));
                }
            });
            for change in news.into_inner().expect("no thread panicked") {
                self.apply(change);
            }
            if !end.expect("nobody cancels").again {
                return;
            }
        }
        panic!("macros run without end");
    }

    /// Errors of the open files, as `file: code text`.
    pub fn findings(&self) -> Vec<String> {
        let is_error = |one: &Diagnostic| one.severity == Severity::Error;
        let found = self.diagnostics().into_iter().filter(is_error);
        found.map(|one| format!("{}: {} {}", self.name(&one.file), one.code, one.message)).collect()
    }

    /// What a pass over the open files finds; their macros have run.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let found = Mutex::new(Vec::new());
        let request = PassRequest { scope: Scope::Open, run_macros: true };
        let end = pass::run(&self.world.snapshot(), &request, &Cancel::new(), &|event| {
            if let PassEvent::File { diagnostics, .. } = event {
                found.lock().expect("no thread panicked").extend(diagnostics);
            }
        });
        assert!(!end.expect("nobody cancels").again, "macros have run");
        let mut found = found.into_inner().expect("no thread panicked");
        found.sort_by(|a, b| (&a.file, a.range).cmp(&(&b.file, b.range)));
        found
    }

    /// The one cursor: the file's path and the offset in its live text.
    pub fn cursor(&self) -> (FilePath, u32) {
        let (file, cursors) = self.marked();
        assert_eq!(cursors.len(), 1, "the fixture has one cursor");
        (file, cursors[0])
    }

    /// What stands between the two cursors; at a single one, nothing.
    pub fn range(&self) -> (FilePath, TextRange) {
        let (file, cursors) = self.marked();
        match cursors[..] {
            [at] => (file, TextRange::empty(at)),
            [start, end] => (file, TextRange::new(start, end)),
            _ => panic!("a range has two marks"),
        }
    }

    fn marked(&self) -> (FilePath, Vec<u32>) {
        let mut marked = self.files.iter().filter(|file| !file.cursors.is_empty());
        let file = marked.next().expect("the fixture has a cursor");
        assert!(marked.next().is_none(), "cursors stand in one file");
        (self.file(&file.name), file.cursors.clone())
    }

    /// The file that the test is about: the one with the cursor, else the last one.
    pub fn main(&self) -> FilePath {
        let marked = self.files.iter().find(|file| !file.cursors.is_empty());
        let file = marked.or(self.files.last()).expect("a fixture has a file");
        self.file(&file.name)
    }

    /// The labels in a file: `// ^^^ text` below a line names what stands above the carets.
    pub fn labels(&self, name: &str) -> Vec<(TextRange, String)> {
        labels(self.text(name).as_str())
    }
}

fn labels(text: &str) -> Vec<(TextRange, String)> {
    let mut out = Vec::new();
    // The line that labels speak of, and where the current one begins.
    let (mut above, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let comment = line.trim_start();
        let carets = comment.strip_prefix("//").map(|rest| (line.len() - rest.len(), rest.trim_start()));
        match carets.filter(|(_, rest)| rest.starts_with('^')) {
            Some((_, rest)) => {
                let first = line.rfind(rest).expect("it is a part of the line");
                let count = rest.len() - rest.trim_start_matches('^').len();
                let range = TextRange::from(above + first..above + first + count);
                out.push((range, rest[count..].trim().to_owned()));
            }
            None => above = at,
        }
        at += line.len();
    }
    out
}

/// The lines that hold one of `ranges`, each with its ranges below it: what a reviewer can judge by
/// eye. A range over several lines is told by its ends.
pub fn draw<L: AsRef<str>>(text: &str, ranges: &[(TextRange, L)]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let here: Vec<_> =
            ranges.iter().filter(|(range, _)| (at..at + line.len()).contains(&(range.start as usize))).collect();
        if !here.is_empty() {
            out.push_str(bare);
            out.push('\n');
        }
        for (range, label) in here {
            let column = text[at..range.start as usize].chars().count();
            let end = (range.end as usize).min(at + bare.len()).max(range.start as usize);
            let width = text[range.start as usize..end].chars().count().max(1);
            let more = if end < range.end as usize { " …" } else { "" };
            let drawn = format!("{}{}{more} {}", " ".repeat(column), "^".repeat(width), label.as_ref());
            out.push_str(drawn.trim_end());
            out.push('\n');
        }
        at += line.len();
    }
    out
}

/// `text` after edits whose ranges all speak of it.
pub fn edited(text: &str, edits: &[TextEdit]) -> String {
    let mut edits: Vec<&TextEdit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.range);
    let mut out = String::new();
    let mut at = 0;
    for edit in edits {
        assert!(at <= edit.range.start as usize, "edits do not overlap: {edit:?}");
        out.push_str(&text[at..edit.range.start as usize]);
        out.push_str(&edit.text);
        at = edit.range.end as usize;
    }
    out + &text[at..]
}
