//! What expansion costs on the state thread and in the live lane: parsing, reading facts and expanding
//! a file of ten derived classes with all outputs known, and the same after one typed character.
//!
//! Then what macros cost: all of derive(1000) by workers, from the cache on disk, and one macro by a warm worker.
//!
//! Each figure is the median of its runs, in microseconds where nothing else is said. Run it with `cargo bench --bench expand`;
//! in the dev profile the figures say nothing.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use msc::base::{Digest, FilePath, TextRange};
use msc::cache::Store;
use msc::expand::{Call, Expansion, FileFacts, Flavour, Known, MacroScope, Memo, Request, expand};
use msc::macros::{Emission, JobOutput, Outcome, Piece, PieceOrigin, Place};
use msc::std_lib;
use msc::syntax::SyntaxFile;
use msc::text::{SourceText, TextEdit};

mod workload;

struct Std;

impl MacroScope for Std {
    fn facts(&self, file: &FilePath) -> Option<Arc<FileFacts>> {
        static DERIVE: std::sync::LazyLock<Arc<FileFacts>> = std::sync::LazyLock::new(|| {
            let file = std_lib::resolve("std/macros/derive").expect("derive is part of the standard library");
            let text = std_lib::read(&file).expect("its text is embedded");
            Arc::new(FileFacts::of(&SyntaxFile::parse(SourceText::new(text))))
        });
        file.as_str().ends_with("derive.ms").then(|| DERIVE.clone())
    }

    fn module(&self, _from: &FilePath, specifier: &str) -> Option<FilePath> {
        std_lib::resolve(specifier)
    }

    fn text(&self, file: &FilePath) -> Option<SourceText> {
        std_lib::read(file).map(SourceText::new)
    }
}

fn source(classes: usize) -> String {
    (0..classes)
        .map(|index| {
            format!(
                "/** Class {index}. */\n@derive(Eq, Hash, Clone, Debug)\nexport class User{index} {{\n  nick?: string;\n  tags: string[] = [];\n  constructor(readonly name: string, public age: number) {{}}\n  greet(other: User{index}): string {{\n    return `Hello ${{other.name}}`;\n  }}\n}}\n\n"
            )
        })
        .collect()
}

/// Four members with the fields' names copied, as `derive` makes them.
fn output(call: &Call) -> Expansion {
    let input = call.input();
    let target = input.target.expect("a derive stands on a class");
    let module = std_lib::resolve("std/macros/derive").expect("derive is part of the standard library");
    let quoted = |text: &str| {
        let range = TextRange::new(1000, 1000 + text.len() as u32);
        Piece { text: text.into(), origin: PieceOrigin::Quote { module: module.clone(), range } }
    };
    let emission = |name: &str| {
        let mut pieces = vec![quoted(&format!("/** Generated. */\n    {name}(other: unknown): boolean {{\n      "))];
        for field in &target.fields {
            pieces.push(quoted("if (!equals(this."));
            let origin = PieceOrigin::Target { range: field.name.range };
            pieces.push(Piece { text: field.name.text.clone(), origin });
            pieces.push(quoted(", other)) return false;\n      "));
        }
        pieces.push(quoted("return true;\n    }"));
        Emission { place: Place::Members, pieces }
    };
    let emissions = ["equals", "hashCode", "clone", "toString"].into_iter().map(emission).collect();
    let result = Ok(JobOutput { emissions, ..JobOutput::default() });
    Expansion::new(call, Outcome { result, effects: Vec::new(), micros: 100, memory_bytes: 0 })
}

fn median(runs: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn main() {
    for classes in [10, 1_000] {
        let runs = if classes > 100 { 11 } else { 301 };
        let text = SourceText::new(source(classes));
        let file = FilePath::new("/p/users.ms");
        let kept: Mutex<HashMap<Digest, Arc<Expansion>>> = Mutex::default();
        let outputs = |call: &Call| {
            let key = call.key(Digest::default());
            let mut kept = kept.lock().expect("one thread");
            let expansion = kept.entry(key).or_insert_with(|| Arc::new(output(call))).clone();
            Some(Known { expansion, is_stale: false })
        };
        let expanded = |syntax: &SyntaxFile| {
            let facts = FileFacts::of(syntax);
            let flavour = Flavour::Check;
            expand(&Request {
                file: &file,
                syntax,
                facts: &facts,
                scope: &Std,
                outputs: &outputs,
                flavour,
                steps: None,
                shapes: None,
            })
        };
        let syntax = SyntaxFile::parse(text.clone());
        let facts = FileFacts::of(&syntax);
        let flavour = Flavour::Check;
        let nothing = |_: &Call| None;
        let missing = expand(&Request {
            file: &file,
            syntax: &syntax,
            facts: &facts,
            scope: &Std,
            outputs: &nothing,
            flavour,
            steps: None,
            shapes: None,
        });
        for call in &missing.pending {
            outputs(call);
        }
        let cold = Instant::now();
        let first = expanded(&syntax);
        let cold = cold.elapsed().as_secs_f64() * 1e6;
        println!("{classes} classes, {} bytes, expanded {} bytes", text.len(), first.text.len());
        let parse = median(runs, || drop(black_box(SyntaxFile::parse(text.clone()))));
        let facts = median(runs, || drop(black_box(FileFacts::of(&syntax))));
        let expand = median(runs, || drop(black_box(expanded(&syntax))));
        let at = text.as_str().find("Hello").expect("the sample says hello") as u32;
        let edits = [TextEdit { range: TextRange::empty(at), text: "x".into() }];
        let typed = SourceText::new(TextEdit::apply_in_order(text.as_str(), &edits));
        let reparse = median(runs, || drop(black_box(syntax.reparse(typed.clone(), &edits))));
        let again = syntax.reparse(typed.clone(), &edits);
        expanded(&again);
        let keystroke = median(runs, || drop(black_box(expanded(&again))));
        println!("  parse {parse:.0}, facts {facts:.0}, facts and expand {expand:.0}, with new outputs {cold:.0}");
        println!("  after a character: reparse {reparse:.0}, facts and expand {keystroke:.0}");
        if classes == 1_000 {
            from_disk(&file, &missing.pending);
        }
    }
    one_by_a_warm_worker();
    all_by_workers();
}

/// A thousand outputs that an earlier process left in the cache.
fn from_disk(file: &FilePath, calls: &[Call]) {
    let root = tempfile::tempdir().expect("a temporary directory can be made");
    let root = FilePath::new(root.path().to_str().expect("its name is Unicode"));
    let key = |call: &Call| call.key(Digest::default());
    let store = Store::open(&root);
    let memo = Memo::new(store.clone());
    for call in calls {
        memo.put(key(call), file, Arc::new(output(call)));
    }
    store.flush();
    drop((memo, store));
    let time = median(11, || {
        let memo = Memo::new(Store::open(&root));
        let found = calls.iter().filter(|call| memo.get(key(call), &|_| true).is_some()).count();
        assert_eq!(found, calls.len(), "every row is there");
    });
    println!("{} expansions from the cache on disk: {:.1} ms (at most 50)", calls.len(), time / 1e3);
}

fn one_by_a_warm_worker() {
    let (host, graph) = (workload::host(1), workload::graph());
    let inputs = msc::macros::ProjectInputs::new(FilePath::new("/p"));
    workload::expand(&host, &graph, &inputs, 0);
    let mut times: Vec<Duration> =
        (1..=1_000).map(|number| workload::timed(|| workload::expand(&host, &graph, &inputs, number))).collect();
    times.sort();
    println!("one expansion by a warm worker: median {:?} (at most 500 µs)", times[500]);
}

/// Processor time of a thousand derived classes in the workers of a cold check, and of the check itself, beside one
/// that finds all outputs.
fn all_by_workers() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    for module in 0..100 {
        std::fs::write(dir.path().join(format!("mod{module}.ms")), derived(module)).expect("a file can be written");
    }
    let check = |options: &str| {
        std::fs::write(dir.path().join("metascript.json"), options).expect("a file can be written");
        let before = children_time();
        let told = std::process::Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(["check", "--stats"])
            .current_dir(dir.path())
            .output()
            .expect("msc starts");
        assert!(told.status.success(), "{told:?}");
        let text = String::from_utf8_lossy(&told.stdout).into_owned() + &*String::from_utf8_lossy(&told.stderr);
        let line = text.lines().find(|line| line.starts_with("macros run")).unwrap_or_default().to_owned();
        (children_time().saturating_sub(before), line)
    };
    for _ in 0..3 {
        let _ = std::fs::remove_dir_all(dir.path().join(".metascript-cache"));
        let (cold, ran) = check("{}");
        // Another option: every file is checked again, no macro is run.
        let (known, not_ran) = check("{ \"noUnusedLocals\": true }");
        println!("derive(1000), all expansions cold: {ran} (at most 500)");
        println!("  the check around them: {cold:?} of processor time, {known:?} with all outputs known ({not_ran})");
    }
}

/// Ten classes of derive(1000).
fn derived(module: usize) -> String {
    (0..10)
        .map(|class| {
            let index = module * 10 + class;
            format!(
                "@derive(Eq, Hash, Clone, Debug)\nexport class C{index} {{\n  name: string;\n  count: number;\n  active: boolean;\n  peer: C{index} | null;\n  values: number[];\n  constructor(name: string, count: number) {{\n    this.name = name;\n    this.count = count;\n    this.active = count > 0;\n    this.peer = null;\n    this.values = [];\n  }}\n}}\n\n"
            )
        })
        .collect()
}

#[cfg(unix)]
fn children_time() -> Duration {
    // SAFETY: plain numbers, for which zero is a value; the call fills them.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    let of = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(time.tv_usec.unsigned_abs())
    };
    of(usage.ru_utime) + of(usage.ru_stime)
}

#[cfg(not(unix))]
fn children_time() -> Duration {
    Duration::ZERO
}
