//! What a keystroke costs in a file of 5,000 lines: on the state thread, and the answers that editors ask
//! for after each. Each figure is the median of its runs, in milliseconds, with the limit that it has.
//!
//! Run it with `cargo bench --bench keystroke`; in the dev profile the figures say nothing. Where
//! `UPSTREAM_GRAMMAR` names a shared library with `tree_sitter_typescript` (made of that package's
//! `typescript/src` by `cc -shared -fPIC -O3 -I. parser.c scanner.c -o typescript.so`), its parser's speed is
//! shown beside ours.

use std::hint::black_box;
use std::time::{Duration, Instant};

use msc::base::{FilePath, TextRange};
use msc::ide::document_highlight::highlights;
use msc::ide::document_symbol::symbols;
use msc::ide::folding_range::folds;
use msc::ide::semantic_tokens::{FileTokens, NothingGenerated, tokens, tokens_in};
use msc::project::{Change, Edit, World, WorldOptions};
use msc::syntax::SyntaxFile;
use msc::text::{Encoding, LineCol, SourceText};

const FUNCTIONS: usize = 238;
const RUNS: usize = 101;
const FILE: &str = "/p/big.ms";

fn function(j: usize) -> String {
    format!(
        "export function calc{j}(a: number, b: number): number {{
  let total = {j};
  const limit = a * 2 + b;
  for (let i = 0; i < limit; i++) {{
    if (i % 2 === 0) {{
      total = total + i * b;
    }} else {{
      total = total - i;
    }}
  }}
  // What it is called by.
  const label = \"calc{j}\" + total;
  if (label.length > 4) {{
    total = total + label.length;
  }}
  const c = new C{}(label, total);
  if (c.equals(c.clone())) {{
    total = total + calc{}(a, b);
  }}
  return total;
}}
",
        j % 20,
        j.saturating_sub(1)
    )
}

fn text() -> String {
    (0..FUNCTIONS).map(function).collect()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let out = black_box(work());
    times.push(begin.elapsed());
    out
}

fn report(what: &str, times: Vec<Duration>, limit: Option<f64>) {
    let least = times.iter().min().map_or(0.0, |least| least.as_secs_f64() * 1e3);
    let median = median(times);
    let verdict = match limit {
        Some(limit) if median > limit => format!("  OVER {limit}"),
        Some(limit) => format!("  within {limit}"),
        None => String::new(),
    };
    println!("{what:<44} {median:8.3}   least {least:8.3}{verdict}");
}

/// A world with the file open, as the state thread has it.
struct Editor {
    world: World,
    version: i32,
}

/// Macros run in the command's own workers, not in copies of this bench.
fn options() -> WorldOptions {
    WorldOptions { exe: env!("CARGO_BIN_EXE_msc").into(), ..WorldOptions::new(vec![FilePath::new("/p")]) }
}

impl Editor {
    fn new(text: &str) -> Editor {
        let mut world = World::new(options());
        let file = FilePath::new(FILE);
        world.apply(Change::Open { file, version: 1, text: text.to_owned() }).expect("the file opens");
        // The first reader makes the tree.
        world.snapshot().syntax(&FilePath::new(FILE)).expect("the file is open");
        Editor { world, version: 1 }
    }

    fn edit(&mut self, at: LineCol, to: LineCol, text: &str) {
        self.version += 1;
        let edit = Edit { range: Some((at, to)), text: text.to_owned() };
        let change = Change::Edit {
            file: FilePath::new(FILE),
            version: self.version,
            edits: vec![edit],
            encoding: Encoding::Utf16,
        };
        self.world.apply(change).expect("the edit applies");
    }

    fn syntax(&self) -> SyntaxFile {
        self.world.snapshot().syntax(&FilePath::new(FILE)).expect("the file is open")
    }
}

/// Types `typed` at a place and takes it away again, `RUNS` times; a reader holds a snapshot
/// meanwhile, as one mostly does.
fn keystrokes(what: &str, text: &str, near: &str, typed: &str, limit: f64) {
    let mut editor = Editor::new(text);
    let source = SourceText::new(text);
    let middle = text.len() / 2;
    let offset = middle + text[middle..].find(near).expect("the place is there") + near.len();
    let at = source.lines().line_col(text, offset as u32, Encoding::Utf16);
    let behind = match typed {
        "\n" => LineCol { line: at.line + 1, col: 0 },
        _ => LineCol { col: at.col + typed.len() as u32, ..at },
    };
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let held = editor.world.snapshot();
        timed(&mut times, || {
            editor.edit(at, at, typed);
            editor.world.snapshot()
        });
        // A tree that took longer than an edit may is made by the reader.
        editor.syntax();
        drop(held);
        editor.edit(at, behind, "");
        editor.syntax();
    }
    report(what, times, Some(limit));
}

fn parse_speed(text: &str) {
    let mut times = Vec::new();
    for _ in 0..15 {
        timed(&mut times, || SyntaxFile::parse(SourceText::new(text)));
    }
    let megabytes = text.len() as f64 / 1e6;
    let ours = median(times.clone());
    report("full parse", times, None);
    print!("{:<44} {:8.2}", "  MB/s", megabytes / ours * 1e3);
    match upstream(text) {
        Some(theirs) => {
            println!("   upstream {:8.2} (ours takes {:.3} of its time)", megabytes / theirs * 1e3, ours / theirs)
        }
        None => println!(),
    }
}

/// The milliseconds that TypeScript's own grammar takes.
#[cfg(unix)]
fn upstream(text: &str) -> Option<f64> {
    let library = std::ffi::CString::new(std::env::var("UPSTREAM_GRAMMAR").ok()?).ok()?;
    // SAFETY: the library is one that the person who runs the bench names; it holds a grammar, whose
    // function takes nothing and gives a language that lives as long as the process.
    let language = unsafe {
        let handle = libc::dlopen(library.as_ptr(), libc::RTLD_NOW);
        assert!(!handle.is_null(), "UPSTREAM_GRAMMAR is no library that can be loaded");
        let symbol = libc::dlsym(handle, c"tree_sitter_typescript".as_ptr());
        assert!(!symbol.is_null(), "UPSTREAM_GRAMMAR has no tree_sitter_typescript");
        let make: extern "C" fn() -> *const tree_sitter::ffi::TSLanguage = std::mem::transmute(symbol);
        tree_sitter::Language::from_raw(make())
    };
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&language).expect("the grammar is of a version that the library reads");
    let mut times = Vec::new();
    for _ in 0..15 {
        timed(&mut times, || parser.parse(text, None)).expect("a tree");
    }
    Some(median(times))
}

#[cfg(not(unix))]
fn upstream(_: &str) -> Option<f64> {
    None
}

fn answers(text: &str) {
    let mut editor = Editor::new(text);
    let syntax = editor.syntax();
    let source = syntax.text().clone();
    let lines = source.lines();
    let count = lines.line_count();
    let mut times = Vec::new();
    for run in 0..RUNS as u32 {
        let line = run * 37 % (count - 60);
        let range =
            TextRange::new(lines.line_start(line).expect("a line"), lines.line_start(line + 60).expect("a line"));
        let found = timed(&mut times, || tokens_in(&syntax, range, &NothingGenerated));
        assert!(found.len() > 200, "{}", found.len());
    }
    report("tokens of 60 lines", times, Some(0.6));

    let mut first = Vec::new();
    let mut last: Option<FileTokens> = None;
    for _ in 0..9 {
        last = Some(timed(&mut first, || tokens(&syntax, None, &NothingGenerated)));
    }
    report("tokens of the file, the first time", first, None);

    let at = lines.line_col(source.as_str(), text.find("calc100(a").expect("a name") as u32 + 4, Encoding::Utf16);
    let behind = LineCol { col: at.col + 1, ..at };
    let (mut all, mut outline, mut fold, mut mark) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        if run % 2 == 0 {
            editor.edit(at, at, "1")
        } else {
            editor.edit(at, behind, "")
        }
        let syntax = editor.syntax();
        let next = timed(&mut all, || tokens(&syntax, last.as_ref(), &NothingGenerated));
        assert!(next.tokens().len() > 10_000, "{}", next.tokens().len());
        last = Some(next);
        assert_eq!(timed(&mut outline, || symbols(&syntax)).len(), FUNCTIONS);
        assert!(timed(&mut fold, || folds(&syntax)).len() > FUNCTIONS);
        let name = syntax.text().as_str().find("calc50(").expect("a name") as u32;
        assert!(timed(&mut mark, || highlights(&syntax, name)).len() >= 2);
    }
    report("tokens of the file after a keystroke", all, None);
    report("symbols", outline, None);
    report("folds", fold, None);
    report("highlights of a function's name", mark, None);
}

fn main() {
    let text = text();
    println!("{} lines, {} bytes; medians in ms", text.lines().count(), text.len());
    keystrokes("keystroke in an identifier", &text, "let tot", "x", 0.6);
    keystrokes("keystroke in a string", &text, "\"ca", "x", 0.6);
    keystrokes("keystroke in a comment", &text, "// What", "x", 0.6);
    keystrokes("a new line", &text, "return total;", "\n", 0.6);
    keystrokes("an unbalanced brace", &text, "return total;", "{", 12.0);
    answers(&text);
    parse_speed(&text);
}
