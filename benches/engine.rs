//! What the type engine costs on a project of N classes, ten a file (N is the first argument, 1,000
//! unless given): each figure is the median of its runs, in milliseconds.
//!
//! Run it with `cargo bench --bench engine`; in the dev profile the figures say nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msc::base::{Cancel, FilePath};
use msc::engine::{Config, ConfigSource, Files, Program, TsrEngine, TypeEngine};

const PER_FILE: usize = 10;
const IMPORTS: usize = 20;
const OPTIONS: &str = r#"{ "compilerOptions": { "target": "es2022", "module": "esnext", "moduleResolution": "bundler",
    "strict": true, "types": [], "noEmit": true }, "include": ["*.ts"] }"#;

#[derive(Clone)]
struct Memory(BTreeMap<FilePath, Arc<str>>);

impl Files for Memory {
    fn read(&self, path: &FilePath) -> Option<Arc<str>> {
        self.0.get(path).cloned()
    }
    fn is_file(&self, path: &FilePath) -> bool {
        self.0.contains_key(path)
    }
    fn is_dir(&self, path: &FilePath) -> bool {
        path.as_str() == "/p" || path.as_str() == "/"
    }
    fn entries(&self, path: &FilePath) -> (Vec<String>, Vec<String>) {
        match path.as_str() {
            "/p" => (self.0.keys().map(|file| file.name().to_owned()).collect(), Vec::new()),
            "/" => (Vec::new(), vec!["p".to_owned()]),
            _ => Default::default(),
        }
    }
    fn realpath(&self, path: &FilePath) -> FilePath {
        path.clone()
    }
}

/// A class with five fields and the four methods that `@derive(Eq, Hash, Clone, Debug)` writes.
fn class(k: usize, peer: usize) -> String {
    format!(
        "export class C{k} {{
  name: string;
  count: number;
  active: boolean;
  peer: C{peer} | null;
  values: number[];
  constructor(name: string, count: number) {{
    this.name = name;
    this.count = count;
    this.active = count > 0;
    this.peer = null;
    this.values = [];
  }}
  equals(other: C{k}): boolean {{
    if (this.name !== other.name) return false;
    if (this.count !== other.count) return false;
    if (this.active !== other.active) return false;
    if (this.peer === null || other.peer === null) {{
      if (this.peer !== other.peer) return false;
    }} else if (!this.peer.equals(other.peer)) return false;
    if (this.values.length !== other.values.length) return false;
    for (let i = 0; i < this.values.length; i++) {{
      if (this.values[i] !== other.values[i]) return false;
    }}
    return true;
  }}
  hashCode(): number {{
    let h = 17;
    for (let i = 0; i < this.name.length; i++) h = (h * 31 + this.name.charCodeAt(i)) | 0;
    h = (h * 31 + this.count) | 0;
    h = (h * 31 + (this.active ? 1 : 0)) | 0;
    h = (h * 31 + (this.peer === null ? 0 : this.peer.hashCode())) | 0;
    for (const v of this.values) h = (h * 31 + v) | 0;
    return h;
  }}
  clone(): C{k} {{
    const c = new C{k}(this.name, this.count);
    c.active = this.active;
    c.peer = this.peer === null ? null : this.peer.clone();
    c.values = this.values.slice();
    return c;
  }}
  debugString(): string {{
    return \"C{k}(\" + this.name + \", \" + this.count + \", \" + this.active + \", \" +
      (this.peer === null ? \"null\" : this.peer.debugString()) + \", [\" + this.values.join(\", \") + \"])\";
  }}
}}

"
    )
}

fn project(n: usize) -> Memory {
    let mut files = BTreeMap::new();
    for start in (0..n).step_by(PER_FILE) {
        let ids: Vec<usize> = (start..n.min(start + PER_FILE)).collect();
        let text: String = ids.iter().enumerate().map(|(at, &k)| class(k, ids[(at + 1) % ids.len()])).collect();
        files.insert(FilePath::new(&format!("/p/mod{}.ts", start / PER_FILE)), text.into());
    }
    let used: Vec<usize> = (0..IMPORTS.min(n)).map(|at| at * n / IMPORTS.min(n)).collect();
    let mut main: String =
        used.iter().map(|k| format!("import {{ C{k} }} from \"./mod{}\";\n", k / PER_FILE)).collect();
    for (i, k) in used.iter().enumerate() {
        main.push_str(&format!(
            "
export function use{i}(u{i}: C{k}, v{i}: C{k}): number {{
  let t = 1;
  if (u{i}.equals(v{i})) {{
    t = t + u{i}.hashCode();
  }}
  const w = u{i}.clone();
  t = t + w.count + u{i}.values.length;
  const s = v{i}.debugString();
  if (s.length > 3 && w.active) {{
    t = t * 2;
  }}
  return t;
}}
"
        ));
    }
    files.insert(FilePath::new("/p/main.ts"), main.into());
    Memory(files)
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let value = work();
    times.push(start.elapsed());
    value
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    let (middle, last) = (times.len() / 2, times.len() - 1);
    println!("{what:<46} {:>9.2} ms  ({:.2} to {:.2}, {} runs)", ms(middle), ms(0), ms(last), times.len());
}

struct Bench {
    engine: TsrEngine,
    files: Memory,
    config: Config,
    main: FilePath,
}

impl Bench {
    /// The program with `line` at the start of the first function's body.
    fn edited(&self, old: &Arc<dyn Program>, line: &str) -> (Arc<dyn Program>, u32) {
        let text = &self.files.0[&self.main];
        let at = text.find("  let t = 1;\n").expect("main has a function");
        let mut files = self.files.clone();
        files.0.insert(self.main.clone(), format!("{}{line}\n{}", &text[..at], &text[at..]).into());
        let program = self.engine.update(old, std::slice::from_ref(&self.main), Arc::new(files)).expect("an update");
        (program, (at + line.len()) as u32)
    }
}

fn main() {
    let n = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(1000);
    let cancel = Cancel::new();
    let files = project(n);
    let lines: usize = files.0.values().map(|text| text.lines().count()).sum();
    println!("{n} classes, {} files, {lines} lines", files.0.len());

    let seam: Arc<dyn Files> = Arc::new(files.clone());
    let source = ConfigSource::Text { dir: FilePath::new("/p"), json: OPTIONS.to_owned() };
    let (mut cold, mut warm, mut options) = (Vec::new(), Vec::new(), Vec::new());
    let mut bench = None;
    for _ in 0..5 {
        let engine = TsrEngine::new();
        let config = timed(&mut options, || engine.config(&seam, &source)).expect("options");
        let program = timed(&mut cold, || engine.load(&config, None, seam.clone())).expect("a program");
        // While the first program lives, its files are shared.
        timed(&mut warm, || engine.load(&config, None, seam.clone())).expect("a program");
        bench = Some((Bench { engine, files: files.clone(), config, main: FilePath::new("/p/main.ts") }, program));
    }
    let (bench, mut program) = bench.expect("five rounds");
    report("options", options);
    report("load, libraries included", cold);
    report("load again, everything shared", warm);

    let main = &bench.main;
    let (mut update, mut complete, mut again, mut key) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut hover, mut define, mut check, mut suggest) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..40 {
        let line = format!("  const n{round} = {round}; u0.");
        let start = Instant::now();
        let (next, at) = timed(&mut update, || bench.edited(&program, &line));
        let list = timed(&mut complete, || next.completion(main, at, Some('.'), &cancel)).expect("a list");
        key.push(start.elapsed());
        assert!(list.is_member && list.items.iter().any(|item| item.label == "equals"));
        timed(&mut again, || next.completion(main, at, None, &cancel)).expect("a list");
        let name = bench.files.0[main].find("equals").expect("a call") as u32 + line.len() as u32 + 1;
        let shown = timed(&mut hover, || next.hover(main, name, &cancel)).expect("a hover").expect("a name");
        assert!(shown.code.contains("equals"), "{}", shown.code);
        let found = timed(&mut define, || next.definition(main, name, &cancel)).expect("a definition");
        assert_eq!(found.targets.len(), 1);
        let found = timed(&mut check, || next.diagnostics(main, false, &cancel)).expect("a check");
        assert!(!found.is_empty());
        timed(&mut suggest, || next.diagnostics(main, true, &cancel)).expect("a check");
        program = next;
    }
    report("update of one file", update);
    report("completion after it (new checker)", complete);
    report("keystroke to completion", key);
    report("completion again", again);
    report("hover", hover);
    report("definition", define);
    report("diagnostics of the file (new checker)", check);
    report("the same with suggestions", suggest);

    let (program, _) = bench.edited(&program, "");
    let first = FilePath::new("/p/mod0.ts");
    let text = &bench.files.0[&first];
    let (mut class, mut method, mut symbols) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..10 {
        let at = |what: &str| text.find(what).expect("a name") as u32;
        let found = timed(&mut class, || program.references(&first, at("C0"), true, &cancel)).expect("references");
        assert!(found.len() > 3);
        timed(&mut method, || program.references(&first, at("equals"), true, &cancel)).expect("references");
        let found = timed(&mut symbols, || program.declarations(&cancel)).expect("symbols");
        assert!(!found.is_empty());
    }
    report("references of a class", class);
    report("references of a method", method);
    report("symbols of the program", symbols);

    for threads in [1, 2] {
        let mut times = Vec::new();
        for _ in 0..3 {
            let seam: Arc<dyn Files> = Arc::new(files.clone());
            let program = bench.engine.load(&bench.config, None, seam).expect("a program");
            timed(&mut times, || program.diagnostics_of(&program.files(), threads, &cancel, &|_, _| {}))
                .expect("a check");
        }
        report(&format!("check of everything, {threads} thread(s)"), times);
    }
    let mut emit = Vec::new();
    for _ in 0..3 {
        timed(&mut emit, || program.emit(&program.files(), &cancel)).expect("scripts");
    }
    report("emit of everything", emit);

    let (mut small, mut large) = (Vec::new(), Vec::new());
    let hundred = text.lines().take(100).collect::<Vec<_>>().join("\n");
    for _ in 0..40 {
        timed(&mut small, || bench.engine.transpile(&first, &hundred)).expect("a script");
        timed(&mut large, || bench.engine.transpile(&first, text)).expect("a script");
    }
    report("transpile 100 lines", small);
    report(&format!("transpile {} lines", text.lines().count()), large);
}
