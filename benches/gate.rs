//! The regression gate: what each path costs in instructions, against the budgets of `budgets.toml`.
//!
//! `cargo test --ignore-rust-version --bench gate` (which builds what the tests have built already; the
//! figures are of the test profile) runs the paths below once under valgrind's callgrind, which counts
//! the same on every machine and under every load. `-- --update` writes the budgets anew, `-- --slow`
//! does a fifth more than is counted, so that every path must fail.
//!
//! Without valgrind, and on processors whose client requests are not written down here, nothing is
//! measured, which is said.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::{env, fs, thread};

use msc::base::{Cancel, FilePath, TextRange};
use msc::ide::complete::{Completions, complete};
use msc::ide::hover::hover;
use msc::ide::references::references;
use msc::ide::workspace_symbol::search;
use msc::project::check::check;
use msc::project::{Change, Edit, PassEvent, PassRequest, Scope, World, WorldOptions, pass};
use msc::syntax::SyntaxFile;
use msc::text::{Encoding, SourceText, TextEdit};

/// Set in the process that runs under valgrind: the directory for its counts.
const INSIDE: &str = "MSC_GATE_INSIDE";
/// Set with it where a fifth more is to be done.
const SLOW: &str = "MSC_GATE_SLOW";
/// The name of counts that are of no path.
const BETWEEN: &str = "between";
/// By how much a count may lie above its budget: threads meet in another order each time.
const TOLERANCE: f64 = 1.10;

const CLASSES: usize = 40;
const PER_FILE: usize = 10;

fn main() -> ExitCode {
    if let Ok(directory) = env::var(INSIDE) {
        // As deep as the engine recurses.
        let run = thread::Builder::new().stack_size(64 << 20).spawn(move || paths(Path::new(&directory)));
        let ended = run.expect("a thread can be started").join();
        return if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has_valgrind = Command::new("valgrind").arg("--version").output().is_ok();
    if !has_valgrind || !cfg!(target_arch = "x86_64") {
        println!("gate: not measured: it takes valgrind on x86_64 (Debian: apt-get install valgrind)");
        return ExitCode::SUCCESS;
    }
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--main-stacksize=8388608"])
        .arg(format!("--callgrind-out-file={}", directory.path().join("counts").display()))
        .arg(env::current_exe().expect("a process has a program"))
        .env(INSIDE, directory.path())
        .envs(arguments.contains(&"--slow".to_owned()).then_some((SLOW, "1")))
        .status();
    if !status.is_ok_and(|status| status.success()) {
        println!("gate: the measured process failed");
        return ExitCode::FAILURE;
    }
    let counts = counts(directory.path());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/budgets.toml");
    if arguments.contains(&"--update".to_owned()) {
        fs::write(file, budgets_text(&counts)).expect("budgets can be written");
    }
    judge(&counts, &budgets())
}

/// Millions of instructions by path, off the files that callgrind wrote.
fn counts(directory: &Path) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the directory is there").flatten() {
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        let name = text.lines().find_map(|line| line.strip_prefix("desc: Trigger: Client Request: "));
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
        let total = total.and_then(|total| total.split_whitespace().next()?.parse::<f64>().ok());
        if let (Some(name), Some(total)) = (name.filter(|name| *name != BETWEEN), total) {
            counts.insert(name.to_owned(), total / 1e6);
        }
    }
    counts
}

fn budgets() -> BTreeMap<String, f64> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/budgets.toml");
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with(['#', '[']));
    let entries = lines.filter_map(|line| line.split_once('='));
    entries
        .filter_map(|(name, value)| Some((name.trim().trim_matches('"').to_owned(), value.trim().parse().ok()?)))
        .collect()
}

fn budgets_text(counts: &BTreeMap<String, f64>) -> String {
    let mut text = String::from(
        "# Millions of instructions that each path may take, in the test profile (benches/gate.rs says how it is\n\
         # measured and writes this file with `--update`). What is 10 % above fails.\n\n[instructions]\n",
    );
    for (name, count) in counts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\"{name}\" = {count:.2}");
    }
    text
}

fn judge(counts: &BTreeMap<String, f64>, budgets: &BTreeMap<String, f64>) -> ExitCode {
    let mut failed = Vec::new();
    println!("{:<34} {:>12} {:>12}", "path", "M instr.", "budget");
    for (name, budget) in budgets {
        let Some(count) = counts.get(name) else {
            failed.push(format!("{name} was not measured"));
            continue;
        };
        let share = (count / budget - 1.0) * 100.0;
        println!("{name:<34} {count:>12.2} {budget:>12.2} {share:>+7.1} %");
        if *count > budget * TOLERANCE {
            failed.push(format!("{name} takes {share:.0} % more than its budget"));
        } else if *count < budget / TOLERANCE {
            println!("{:<34} lower the budget: `-- --update`", "");
        }
    }
    failed
        .extend(counts.keys().filter(|name| !budgets.contains_key(*name)).map(|name| format!("{name} has no budget")));
    for why in &failed {
        println!("gate: {why}");
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Requests to valgrind; nothing happens without it.
mod valgrind {
    const BASE: u64 = (b'C' as u64) << 24 | (b'T' as u64) << 16;

    #[cfg(target_arch = "x86_64")]
    fn request(number: u64, argument: u64) {
        let arguments = [BASE + number, argument, 0, 0, 0, 0];
        // SAFETY: valgrind's magic sequence: rotations that add up to nothing and an exchange of a
        // register with itself. Valgrind reads the six words that rax points to and answers in rdx.
        unsafe {
            std::arch::asm!(
                "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
                in("rax") arguments.as_ptr(), inout("rdx") 0u64 => _, options(nostack),
            );
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn request(_: u64, _: u64) {}

    /// Writes the counts since the last such call under a name.
    pub fn dump(name: &str) {
        let name = std::ffi::CString::new(name).expect("a path's name has no zero byte");
        request(3, name.as_ptr() as u64);
    }
}

/// Counts what `work` takes, `times` over; with [`SLOW`] it is done a fifth more often.
fn measured(name: &str, times: usize, mut work: impl FnMut()) {
    let more = if env::var_os(SLOW).is_some() { times / 5 } else { 0 };
    // What was done since the last path is written too, and belongs to none.
    valgrind::dump(BETWEEN);
    (0..times + more).for_each(|_| work());
    valgrind::dump(name);
}

fn class(at: usize) -> String {
    format!(
        "@derive(Eq, Hash, Clone, Debug)\nexport class C{at} {{\n  name: string;\n  count: number;\n  peer: C{} | null;\n  \
         constructor(name: string, count: number) {{\n    this.name = name;\n    this.count = count;\n    this.peer = null;\n  }}\n}}\n\n",
        at / PER_FILE * PER_FILE + (at + 1) % PER_FILE
    )
}

fn main_text() -> String {
    let modules = CLASSES / PER_FILE;
    let mut text: String =
        (0..modules).map(|at| format!("import {{ C{} }} from './mod{at}';\n", at * PER_FILE)).collect();
    for at in 0..modules {
        let class = at * PER_FILE;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\nexport function use{at}(u{at}: C{class}, v{at}: C{class}): number {{\n  let t = 1;\n  if (u{at}.equals(v{at})) {{\n    \
             t = t + u{at}.hashCode();\n  }}\n  u{at}.\n  return t;\n}}\n"
        );
    }
    text
}

/// An editor with a project of its own.
struct Session {
    world: World,
    root: PathBuf,
    version: i32,
}

impl Session {
    fn open(root: &Path) -> Session {
        let mut options = WorldOptions::new(vec![FilePath::from_os(root)]);
        options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
        options.workers = 2;
        let mut session = Session { world: World::new(options), root: root.to_owned(), version: 1 };
        for name in ["main.ms", "mod0.ms"] {
            let text = fs::read_to_string(root.join(name)).expect("the project is there");
            session.apply(Change::Open { file: session.file(name), version: 1, text });
        }
        session
    }

    fn file(&self, name: &str) -> FilePath {
        FilePath::from_os(&self.root.join(name))
    }

    fn apply(&mut self, change: Change) {
        self.world.apply(change).expect("the change applies");
    }

    fn at(&self, name: &str, what: &str) -> u32 {
        let text = self.world.text(&self.file(name)).expect("it is open").clone();
        text.as_str().find(what).expect("the text is there") as u32
    }

    /// Puts `new` in the place of the first `old`.
    fn edit(&mut self, name: &str, old: &str, new: &str) {
        let start = self.at(name, old);
        let range = TextRange::new(start, start + old.len() as u32);
        let text = self.world.text(&self.file(name)).expect("it is open").clone();
        let place = |offset| text.lines().line_col(text.as_str(), offset, Encoding::Utf8);
        let edit = Edit { range: Some((place(range.start), place(range.end))), text: new.to_owned() };
        self.version += 1;
        let (file, version) = (self.file(name), self.version);
        self.apply(Change::Edit { file, version, edits: vec![edit], encoding: Encoding::Utf8 });
    }

    fn complete(&self) -> Completions {
        let at = self.at("main.ms", "  u0.\n") + 5;
        let cancel = Cancel::new();
        complete(&self.world.snapshot(), &self.file("main.ms"), at, Some('.'), &cancel).expect("there is an answer")
    }

    fn expect(&self, member: &str) {
        let list = self.complete();
        assert!(list.items.iter().any(|item| item.label == member), "{member} is no member");
    }

    /// Passes until macros have nothing left to do.
    fn pass(&mut self) {
        loop {
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
    }
}

/// What a keystroke parses. The world gives a parse some milliseconds, of which there are fewer under
/// valgrind and load; here it has the time that it takes.
fn measure_parse(session: &Session) {
    let file = session.file("main.ms");
    let text = session.world.text(&file).expect("it is open").clone();
    let syntax = SyntaxFile::parse(text.clone());
    let at = session.at("main.ms", "let t = 1;") + 9;
    let edit = TextEdit { range: TextRange::empty(at), text: "2".to_owned() };
    let edited = SourceText::new(TextEdit::apply_in_order(text.as_str(), std::slice::from_ref(&edit)));
    measured("keystroke", 20, || {
        let parsed = syntax.reparse(edited.clone(), std::slice::from_ref(&edit));
        assert!(parsed.text() == &edited);
    });
}

/// Every path, in the order in which one fills what the next finds.
fn paths(directory: &Path) {
    let root = directory.join("project");
    fs::create_dir_all(&root).expect("a directory can be made");
    fs::write(root.join("metascript.json"), "{}").expect("a file can be written");
    fs::write(root.join("main.ms"), main_text()).expect("a file can be written");
    for at in 0..CLASSES / PER_FILE {
        let text: String = (at * PER_FILE..(at + 1) * PER_FILE).map(class).collect();
        fs::write(root.join(format!("mod{at}.ms")), text).expect("a file can be written");
    }
    let cancel = Cancel::new();

    let mut session = None;
    measured("cold start to first completion", 1, || {
        let opened = Session::open(&root);
        opened.expect("count");
        session = Some(opened);
    });
    let mut session = session.expect("it was just opened");
    measured("expand: first pass", 1, || session.pass());
    session.expect("equals");

    let mut count = 0;
    let mut digit = |session: &mut Session| {
        count += 1;
        let (old, new) = if count % 2 == 1 { ("let t = 1;", "let t = 12;") } else { ("let t = 12;", "let t = 1;") };
        session.edit("main.ms", old, new);
    };
    measure_parse(&session);
    measured("keystroke and completion, L4", 20, || {
        digit(&mut session);
        session.expect("equals");
    });
    measured("completion again, L4", 20, || session.expect("equals"));
    let mut other = 0;
    measured("keystroke and completion, L2", 5, || {
        other += 1;
        let (old, new) = if other % 2 == 1 { ("v0: C0", "v0: C10") } else { ("v0: C10", "v0: C0") };
        session.edit("main.ms", old, new);
        session.expect("equals");
    });
    if other % 2 == 1 {
        session.edit("main.ms", "v0: C10", "v0: C0");
    }
    session.expect("equals");
    let name = session.at("main.ms", "equals");
    let found =
        |session: &Session| references(&session.world.snapshot(), &session.file("main.ms"), name, true, &cancel);
    measured("references", 5, || assert!(found(&session).is_ok()));
    measured("symbols", 5, || {
        assert!(search(&session.world.snapshot(), "C1", &cancel).is_ok_and(|list| !list.is_empty()))
    });
    measured("contended reads", 5, || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    session.expect("equals");
                    let shown = hover(&session.world.snapshot(), &session.file("main.ms"), name, &cancel);
                    assert!(shown.is_ok_and(|shown| shown.is_some()));
                });
            }
        });
    });
    let mut saved = 0;
    measured("save pass", 5, || {
        saved += 1;
        let (old, new) =
            (format!("  count{}: number;", "s".repeat(saved - 1)), format!("  count{}: number;", "s".repeat(saved)));
        session.edit("mod0.ms", &old, &new);
        let file = session.file("mod0.ms");
        let text = session.world.text(&file).expect("it is open").as_str().to_owned();
        fs::write(file.to_os(), text).expect("a file can be written");
        session.apply(Change::Save { file, text: None });
        session.pass();
        session.expect("equals");
    });
    session.world.snapshot().learn_members(&cancel).expect("nobody cancels");
    for (_, store) in session.world.shared().stores() {
        store.flush();
    }
    drop(session);

    measured("start to first completion, L3", 5, || Session::open(&root).expect("equals"));

    let run = || {
        let mut world = World::new(WorldOptions {
            exe: env!("CARGO_BIN_EXE_msc").into(),
            ..WorldOptions::new(vec![FilePath::from_os(&root)])
        });
        let (_, stats) = check(&mut world, &[FilePath::from_os(&root)], &Cancel::new()).expect("nobody cancels");
        for (_, store) in world.shared().stores() {
            store.flush();
        }
        stats
    };
    run();
    measured("warm check", 5, || assert_eq!(run().warm, 1, "nothing changed since the check before"));
}
