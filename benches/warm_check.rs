//! What a check costs when nothing changed, and how soon a server answers: a project of 10,000 files,
//! 1,000 of them with macros, against walking the same folders and asking for each file's size and time.
//!
//! Both are run in turns; each figure is the median of its runs, with the fastest and the slowest. Run it with
//! `cargo bench --bench warm_check`; in the dev profile the figures say nothing. It fails where a warm check
//! parsed, expanded or checked a single file, or read one besides the project file, which says what macros
//! may do.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The program as it was built, never this bench itself: it starts workers of its own kind.
const MSC: &str = env!("CARGO_BIN_EXE_msc");
const RUNS: usize = 9;

fn main() {
    // `cargo test --benches` passes arguments that mean nothing here; a number makes it smaller.
    let files = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let project = home.path().join("project");
    generate(&project, files);

    let cold = check(home.path(), &project, true);
    println!("{files} files, {} with macros", files / 10);
    println!("cold check          {:>8.1} ms   {}", millis(cold.took), cold.summary());
    // Files younger than two seconds have no time to trust; now they are older.
    let settled = check(home.path(), &project, true);
    println!("second check        {:>8.1} ms   {}", millis(settled.took), settled.summary());

    let (mut warm, mut walk) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // Telling what each macro cost takes longer than the check.
        warm.push(check(home.path(), &project, false).took);
        let start = Instant::now();
        let seen = walk_and_stat(&project);
        walk.push(start.elapsed());
        assert!(seen >= files, "{seen} of {files} files were seen");
    }
    let run = check(home.path(), &project, true);
    assert!(run.did_nothing(), "a warm check worked: {}", run.text);
    println!("warm check: {}", run.summary());
    let empty: Vec<Duration> = (0..RUNS).map(|_| started(home.path())).collect();
    print_times("warm check", &mut warm);
    print_times("walk and stat", &mut walk);
    print_times("a process alone", &mut { empty });
    println!("ratio               {:>8.2}", millis(warm[RUNS / 2]) / millis(walk[RUNS / 2]));

    let mut ready: Vec<Duration> = (0..5).map(|_| first_completion(home.path(), &project)).collect();
    print_times("first completion", &mut ready);
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn print_times(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let (first, last) = (times[0], times[times.len() - 1]);
    println!("{name:<20}{:>8.1} ms   {:.1} to {:.1}", millis(times[times.len() / 2]), millis(first), millis(last));
}

/// A hundred folders; each file imports from its neighbour, each tenth has a derived class.
fn generate(project: &Path, files: usize) {
    fs::create_dir_all(project).expect("the project's folder can be made");
    fs::write(project.join("metascript.json"), "{ \"include\": [\"src\"] }\n").expect("the disk has room");
    for index in 0..files {
        let folder = project.join(format!("src/part{}", index / 100));
        if index % 100 == 0 {
            fs::create_dir_all(&folder).expect("a folder can be made");
        }
        let import = match index % 100 {
            0 => String::new(),
            _ => format!("import {{ twice{} }} from './file{}';\n", index - 1, index - 1),
        };
        let before = if index % 100 == 0 { "n * 2".to_owned() } else { format!("twice{}(n)", index - 1) };
        let class = match index % 10 {
            3 => format!(
                "@derive(Eq, Hash, Clone, Debug)\nexport class User{index} {{\n  constructor(readonly name: string, public age: number) {{}}\n}}\nexport const same{index} = new User{index}('a', 1).equals(new User{index}('b', 2));\n"
            ),
            _ => format!("export interface Shape{index} {{\n  name: string;\n  sides: number;\n}}\n"),
        };
        let imports_derive = if index % 10 == 3 { "import { derive } from 'std/macros';\n" } else { "" };
        let text = format!(
            "{imports_derive}{import}{class}export function twice{index}(n: number): number {{\n  return {before};\n}}\n"
        );
        fs::write(folder.join(format!("file{index}.ms")), text).expect("the disk has room");
    }
}

struct Run {
    took: Duration,
    text: String,
}

impl Run {
    fn count(&self, name: &str) -> u64 {
        let line = self.text.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no line of {name} in {}", self.text));
        let digits: String =
            line[name.len()..].trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        digits.replace(',', "").parse().expect("a number")
    }

    fn read(&self) -> u64 {
        let line = self.text.lines().find(|line| line.starts_with("disk ")).expect("a line of the disk");
        let (_, read) = line.split_once(" asked, ").expect("what was read");
        let digits: String = read.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        digits.replace(',', "").parse().expect("a number")
    }

    fn counts(&self) -> [u64; 4] {
        [self.count("files parsed"), self.count("macros run"), self.count("files checked"), self.read()]
    }

    fn did_nothing(&self) -> bool {
        let [parsed, run, checked, read] = self.counts();
        [parsed, run, checked] == [0; 3] && read <= 1
    }

    fn summary(&self) -> String {
        let [parsed, run, checked, read] = self.counts();
        format!("{parsed} parsed, {run} macros run, {checked} checked, {read} read")
    }
}

fn msc(home: &Path) -> Command {
    let mut command = Command::new(MSC);
    // The key that seals the cache lies in the user's directory.
    command.env("XDG_CONFIG_HOME", home.join("config")).env("XDG_CACHE_HOME", home.join("cache"));
    command
}

fn check(home: &Path, project: &Path, stats: bool) -> Run {
    let start = Instant::now();
    let out = msc(home).arg("check").args(stats.then_some("--stats")).arg(project).output().expect("msc runs");
    let took = start.elapsed();
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{}{text}", String::from_utf8_lossy(&out.stdout));
    Run { took, text }
}

/// What starting the program costs, which a walk in this process does not pay.
fn started(home: &Path) -> Duration {
    let start = Instant::now();
    msc(home).arg("--version").output().expect("msc runs");
    start.elapsed()
}

fn walk_and_stat(folder: &Path) -> usize {
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the folder can be listed").flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            seen += walk_and_stat(&entry.path());
        } else {
            let meta = fs::metadata(entry.path()).expect("the file is there");
            seen += usize::from(std::hint::black_box(meta.modified().is_ok() && meta.len() < u64::MAX));
        }
    }
    seen
}

/// From the start of the server to the first list with a generated member in it.
fn first_completion(home: &Path, project: &Path) -> Duration {
    let start = Instant::now();
    let mut server = msc(home)
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("msc runs");
    let mut input = server.stdin.take().expect("a pipe was asked for");
    let mut output = BufReader::new(server.stdout.take().expect("a pipe was asked for"));
    let file = project.join("src/part5/file503.ms");
    let uri = format!("file://{}", file.display());
    let root = format!("file://{}", project.display());
    let text = format!("{}new User503('', 0).\n", fs::read_to_string(&file).expect("the file is there"));
    let line = text.lines().count() - 1;
    let params = json!({ "processId": null, "rootUri": root, "capabilities": {} });
    send(&mut input, &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }));
    answer(&mut output, 1);
    send(&mut input, &json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let document = json!({ "uri": uri, "languageId": "metascript", "version": 1, "text": text });
    let params = json!({ "textDocument": document });
    send(&mut input, &json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params }));
    let position = json!({ "line": line, "character": "new User503('', 0).".len() });
    let mut id = 1;
    let took = loop {
        id += 1;
        let params = json!({ "textDocument": { "uri": uri }, "position": position });
        let method = "textDocument/completion";
        send(&mut input, &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = answer(&mut output, id);
        let items = answer["result"]["items"].as_array().or_else(|| answer["result"].as_array());
        let labels = items.into_iter().flatten().filter_map(|item| item["label"].as_str());
        if labels.into_iter().any(|label| label.starts_with("equals")) {
            break start.elapsed();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no right list comes: {answer}");
    };
    drop(input);
    // The server ends with its input.
    let _ = server.kill();
    let _ = server.wait();
    took
}

fn send(input: &mut ChildStdin, message: &Value) {
    let body = message.to_string();
    write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
    input.flush().expect("the server reads");
}

fn answer(output: &mut BufReader<ChildStdout>, id: i64) -> Value {
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).expect("the server writes") > 0, "the server hung up");
            match line.trim().split_once(':') {
                Some((_, value)) => length = value.trim().parse().expect("a length"),
                None => break,
            }
        }
        let mut body = vec![0; length];
        output.read_exact(&mut body).expect("the server writes all of it");
        let message: Value = serde_json::from_slice(&body).expect("the server writes JSON");
        if message["id"] == id && message.get("method").is_none() {
            return message;
        }
    }
}
