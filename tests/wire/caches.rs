//! The five levels, seen from an editor: what hits and what misses by the server's own counters, and that
//! every answer is right whichever level gives it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::shop::Project;
use crate::support::process::msc_lsp;
use crate::support::{at, capabilities};

const FILES: usize = 40;
const CLASSES: usize = 30;

const TAG: &str = "export macro tag(ctx: MacroContext) {\n  quote { tagged(): number { return 1; } }\n}\n";

/// Answers every request with its number, and counts them.
fn host() -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Arc::new(AtomicU64::new(0));
    let count = seen.clone();
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines();
            while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
            count.fetch_add(1, Ordering::AcqRel);
            let _ = (&stream).write_all(b"HTTP/1.1 200 x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n42");
        }
    });
    (port, seen)
}

fn msc(home: &Path, project: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msc"));
    command.args(args).current_dir(project).env("HOME", home);
    command.env("XDG_CONFIG_HOME", home.join("config")).env("XDG_CACHE_HOME", home.join("cache"));
    command.output().expect("msc starts")
}

/// What a check finds, with or without the cache.
fn check(home: &Path, project: &Path, args: &[&str]) -> String {
    let output = msc(home, project, &[&["check", "--format", "json"], args].concat());
    String::from_utf8(output.stdout).expect("JSON is UTF-8")
}

/// The counters of one tier.
struct Level(Value);

impl Level {
    fn count(&self, what: &str) -> u64 {
        self.0[what].as_u64().unwrap_or_else(|| panic!("no {what} in {}", self.0))
    }
}

struct Stats(Value);

impl Stats {
    fn level(&self, level: &str, name: &str, place: &str) -> Level {
        let all = self.0["levels"].as_array().expect("a list of levels");
        let is_it = |one: &&Value| one["level"] == level && one["name"] == name && one["place"] == place;
        Level(all.iter().find(is_it).unwrap_or_else(|| panic!("no {level} {name} in {}", self.0)).clone())
    }

    fn work(&self, what: &str) -> u64 {
        self.0["work"][what].as_u64().unwrap_or_else(|| panic!("no {what} in {}", self.0))
    }
}

impl Project {
    async fn stats(&mut self) -> Stats {
        Stats(self.client.ask("msc/cacheStats", json!(null)).await)
    }

    /// Asks until the server says so: each answer is an event, and a hang is the test's end.
    async fn stats_when(&mut self, wanted: impl Fn(&Stats) -> bool) -> Stats {
        loop {
            let stats = self.stats().await;
            if wanted(&stats) {
                return stats;
            }
        }
    }

    async fn labels(&mut self, file: &str, line: u32, character: u32) -> Vec<String> {
        let list = self.client.ask("textDocument/completion", at(&self.uri(file), line, character)).await;
        let items = list["items"].as_array().or_else(|| list.as_array()).cloned().unwrap_or_default();
        // Members alone: methods (2), fields (5), properties (10).
        let members = items.iter().filter(|item| matches!(item["kind"].as_u64(), Some(2 | 5 | 10)));
        let mut labels: Vec<String> = members.map(|item| item["label"].as_str().expect("a label").to_owned()).collect();
        labels.sort();
        labels
    }
}

fn fill(folder: &Path, port: u16) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file can be written");
    write("metascript.json", &format!("{{ \"macros\": {{ \"allow\": {{ \"net\": [\"127.0.0.1:{port}\"] }} }} }}\n"));
    write("tag.ms", TAG);
    write("remote.ms", &remote(port, "a first version"));
    for file in 0..FILES {
        let classes: String =
            (0..CLASSES).map(|class| format!("@tag\nexport class C{file}x{class} {{\n  n = {class};\n}}\n")).collect();
        write(&format!("mod{file}.ms"), &format!("import {{ tag }} from './tag';\n{classes}"));
    }
    write("main.ms", MAIN);
}

fn remote(port: u16, comment: &str) -> String {
    format!(
        "export macro remote(ctx: MacroContext) {{\n  const note = '{comment}';\n  const n = Number(fetch('http://127.0.0.1:{port}/').text());\n  return quote(${{note.length > 0 ? n : 0}});\n}}\n"
    )
}

const MAIN: &str = "import { C0x0 } from './mod0';\nimport { remote } from './remote';\nexport const answer: string = @remote();\nnew C0x0().tagged();\nexport const other = new C0x0();\nother.tagged();\n";

/// The place after `other.` in [`MAIN`].
const AFTER_OTHER: (u32, u32) = (5, 6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_level_misses_once_and_hits_from_then_on() {
    let (port, asked) = host();
    let uses = (FILES * CLASSES) as u64 + 1;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let home = folder.path().join("home");
    let mut project = Project::in_folder(&folder, |project| {
        fill(project, port);
        let granted = msc(&home, project, &["trust", "--yes"]);
        assert!(granted.status.success(), "{}", String::from_utf8_lossy(&granted.stderr));
    })
    .await;
    let (line, character) = AFTER_OTHER;

    // Nothing is known: every level misses, and what comes is right.
    project.open("main.ms").await;
    let found = project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["code"], "TS2322", "a number is no string: {found:?}");
    let first = project.labels("main.ms", line, character).await;
    assert_eq!(first, ["n", "tagged"]);
    let cold = project.stats_when(|stats| stats.level("L2", "expansions", "disk").count("writes") >= uses).await;
    assert_eq!(cold.work("macrosRun"), uses);
    let modules = cold.level("L1", "macro modules", "workers");
    assert!((2..100).contains(&modules.count("misses")), "once a worker and macro: {}", modules.0);
    assert_eq!(modules.count("hits") + modules.count("misses"), uses);
    for place in ["memory", "disk"] {
        assert!(cold.level("L2", "expansions", place).count("misses") >= uses, "{}", cold.0);
    }
    assert!(cold.level("L3", "files", "disk").count("misses") > FILES as u64, "{}", cold.0);
    let responses = cold.level("L5", "responses", "disk");
    assert!(responses.count("misses") >= 1 && asked.load(Ordering::Acquire) == 1, "{}", responses.0);

    // L4: the same question again. The pass may still bring outputs, and with each the list is another's.
    assert!(cold.level("L4", "completion lists", "memory").count("misses") >= 1, "{}", cold.0);
    let mut hits = 0;
    for _ in 0..50 {
        assert_eq!(project.labels("main.ms", line, character).await, first);
        hits = project.stats().await.level("L4", "completion lists", "memory").count("hits");
        if hits > 0 {
            break;
        }
    }
    assert!(hits > 0, "the same list fifty times, and never from memory");

    // L2 in memory: a class that changes and changes back.
    let text = project.open("mod0.ms").await;
    let uri = project.uri("mod0.ms");
    let changed = text.replacen("n = 0;", "n = 0;\n  more = '';", 1);
    project.client.change(&uri, 2, json!([{ "text": changed }])).await;
    project.diagnostics("mod0.ms", 2, |_| true).await;
    let stats = project.stats_when(|stats| stats.work("macrosRun") > uses).await;
    assert_eq!(stats.work("macrosRun"), uses + 1, "one class changed");
    assert_eq!(project.labels("main.ms", line, character).await, ["more", "n", "tagged"], "unsaved, in another file");
    project.client.change(&uri, 3, json!([{ "text": text }])).await;
    project.diagnostics("mod0.ms", 3, |_| true).await;
    assert_eq!(project.labels("main.ms", line, character).await, first);
    let stats = project.stats().await;
    assert_eq!(stats.work("macrosRun"), uses + 1, "its output is known");
    assert!(stats.level("L2", "expansions", "memory").count("hits") >= 1, "{}", stats.0);

    // Saved, with a comment above everything: nothing runs.
    let saved = format!("// moved down\n\n{text}");
    project.client.change(&uri, 4, json!([{ "text": saved }])).await;
    fs::write(project.path("mod0.ms"), &saved).expect("a file can be written");
    project.client.save(&uri).await;
    project.diagnostics("mod0.ms", 4, |_| true).await;
    let files = (FILES + 2) as u64;
    let stats = project.stats_when(|stats| stats.level("L3", "files", "disk").count("writes") >= files).await;
    assert_eq!(stats.work("macrosRun"), uses + 1);
    let memory = project.client.ask("msc/memoryUsage", json!(null)).await;
    assert!(memory["kinds"].as_array().is_some_and(|kinds| kinds.len() > 5), "{memory}");
    let root = project.path("");
    project.shut_down().await;

    // A second session: rows answer, nothing runs, nobody is asked.
    let mut project = Project::in_folder(&folder, |_| {}).await;
    project.open("main.ms").await;
    assert_eq!(project.labels("main.ms", line, character).await, first);
    let again = project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    assert_eq!(again, found);
    project.open("mod0.ms").await;
    project.diagnostics("mod0.ms", 1, |_| true).await;
    let warm = project.stats().await;
    assert_eq!(warm.work("macrosRun"), 0, "{}", warm.0);
    assert!(warm.level("L3", "files", "disk").count("hits") >= 2, "{}", warm.0);
    assert_eq!(asked.load(Ordering::Acquire), 1, "the host was not asked again");

    // L2 on disk: the class as it was for a moment in the session before.
    let uri = project.uri("mod0.ms");
    let changed = saved.replacen("n = 0;", "n = 0;\n  more = '';", 1);
    project.client.change(&uri, 2, json!([{ "text": changed }])).await;
    project.diagnostics("mod0.ms", 2, |_| true).await;
    assert_eq!(project.labels("main.ms", line, character).await, ["more", "n", "tagged"]);
    let stats = project.stats_when(|stats| stats.level("L2", "expansions", "disk").count("hits") >= 1).await;
    assert_eq!(stats.work("macrosRun"), 0, "{}", stats.0);

    // L5: the macro is another, and asks what was answered before.
    let uri = project.uri("remote.ms");
    let text = project.open("remote.ms").await;
    let changed = text.replace("a first version", "a second one");
    project.client.change(&uri, 2, json!([{ "text": changed }])).await;
    fs::write(project.path("remote.ms"), &changed).expect("a file can be written");
    project.client.save(&uri).await;
    let stats = project.stats_when(|stats| stats.work("macrosRun") >= 1).await;
    assert_eq!(stats.work("macrosRun"), 1, "{}", stats.0);
    assert!(stats.level("L5", "responses", "disk").count("hits") >= 1, "{}", stats.0);
    assert_eq!(asked.load(Ordering::Acquire), 1);
    for level in stats.0["levels"].as_array().expect("a list") {
        assert_eq!(level["errors"], 0, "{level}");
    }
    assert_eq!(stats.0["health"], json!([]));
    project.shut_down().await;

    // What is on disk is what a check without a cache finds.
    let cached = check(&home, &root, &[]);
    assert!(cached.contains("TS2322"), "{cached}");
    assert_eq!(cached, check(&home, &root, &["--no-cache"]));
}

const SMALL: [(&str, &str); 3] = [
    ("metascript.json", "{}"),
    ("point.ms", "@derive(Eq)\nexport class Point {\n  x = 0;\n}\n"),
    ("main.ms", "import { Point } from './point';\nnew Point().equals(1);\n"),
];

fn small(folder: &Path) {
    for (name, text) in SMALL {
        fs::write(folder.join(name), text).expect("a file can be written");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_and_a_check_share_one_cache() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let home = folder.path().join("home");
    let mut first = Project::in_folder(&folder, small).await;
    let root = first.path("");
    let mut second = msc_lsp(&home);
    second.initialize_in(&format!("file://{}", root.display()), capabilities()).await;
    let uri = first.uri("main.ms");
    // All three at once.
    let checking = {
        let (home, root) = (home.clone(), root.clone());
        tokio::task::spawn_blocking(move || check(&home, &root, &[]))
    };
    first.open("main.ms").await;
    second.open(&uri, SMALL[2].1).await;
    let ours = first.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    let theirs = second
        .message(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["diagnostics"].as_array().is_some_and(|list| !list.is_empty())
        })
        .await;
    assert_eq!(ours[0]["code"], "TS2345");
    assert_eq!(theirs["params"]["diagnostics"], Value::Array(ours));
    let checked = checking.await.expect("the check ends");
    assert_eq!(checked, check(&home, &root, &["--no-cache"]));
    for stats in [first.stats().await, Stats(second.ask("msc/cacheStats", json!(null)).await)] {
        assert_eq!(stats.0["health"], json!([]));
        for level in stats.0["levels"].as_array().expect("a list") {
            assert_eq!(level["errors"], 0, "{level}");
        }
    }
    second.ask("shutdown", json!(null)).await;
    second.notify("exit", json!(null)).await;
    assert_eq!(second.end().await.1, Some(0));
    first.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_that_is_deleted_under_a_server_is_made_anew() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let home = folder.path().join("home");
    let mut project = Project::in_folder(&folder, small).await;
    let root = project.path("");
    project.open("main.ms").await;
    project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    project.open("point.ms").await;
    project.diagnostics("point.ms", 1, |_| true).await;
    project.stats_when(|stats| stats.level("L3", "files", "disk").count("writes") >= 1).await;
    fs::remove_dir_all(root.join(".metascript-cache")).expect("the cache is there");

    let changed = SMALL[1].1.replace("x = 0;", "x = 0;\n  y = 0;");
    let uri = project.uri("point.ms");
    project.client.change(&uri, 2, json!([{ "text": changed }])).await;
    fs::write(project.path("point.ms"), &changed).expect("a file can be written");
    project.client.save(&uri).await;
    project.diagnostics("point.ms", 2, |_| true).await;
    let main = format!("{}new Point().y.nothing;\n", SMALL[2].1);
    let uri = project.uri("main.ms");
    project.client.change(&uri, 2, json!([{ "text": main }])).await;
    fs::write(project.path("main.ms"), &main).expect("a file can be written");
    project.client.save(&uri).await;
    let found = project.diagnostics("main.ms", 2, |list| list.len() == 2).await;
    assert_eq!((&found[0]["code"], &found[1]["code"]), (&json!("TS2345"), &json!("TS2339")));
    let is_told = |stats: &Stats| stats.0["health"].to_string().contains("made anew");
    project.stats_when(is_told).await;
    project.shut_down().await;
    assert!(root.join(".metascript-cache/cache-v2.db").exists());
    let cached = check(&home, &root, &[]);
    assert_eq!(cached, check(&home, &root, &["--no-cache"]));
}
