//! The real program with files open whose macros never end, eat memory and kill what runs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::shop::{Project, position};

/// Has the process killed that runs it, and none of the others: it alone is large and waits.
const KILL: &str = r#"export const it = @comptime {
  const large = "x".repeat(40 << 20);
  exec("sh", ["-c", `
    for child in $(for task in /proc/$PPID/task/*/children; do cat $task; done); do
      while read -r key value unit; do
        if [ "$key" = VmRSS: ] && [ "$value" -gt 30000 ] && ! grep -q ') R' /proc/$child/task/*/stat; then
          kill -KILL $child
        fi
      done < /proc/$child/status
    done
    true`]);
  return large.length;
};
"#;

const ENDLESS: &str = "export const it = @comptime { while (true) {} };\n";
const EATER: &str = "export const it = @comptime {
  const all: string[][] = [];
  while (true) all.push(new Array<string>(100000).fill(\"x\"));
};
";
const CASES: [(&str, &str, &str); 3] =
    [("endless.ms", ENDLESS, "MS2005"), ("eater.ms", EATER, "MS2006"), ("kill.ms", KILL, "MS2007")];

const FINE: &str = "const other = { word: 1 };\nother.word;\n";

fn fill(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("it can be written");
    write("metascript.json", r#"{ "macros": { "allow": { "run": ["sh"] } } }"#);
    write("fine.ms", FINE);
    for (name, text, _) in CASES {
        write(name, text);
    }
    // The person said yes to it; a macro that may start nothing has no way to its own process.
    let home = folder.parent().expect("a folder lies in another").join("home");
    let granted = Command::new(env!("CARGO_BIN_EXE_msc"))
        .args(["trust", "--yes"])
        .current_dir(folder)
        .env("HOME", &home)
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .output()
        .expect("the program starts");
    assert!(granted.status.success(), "{granted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_file_is_answered_while_three_macros_misbehave() {
    let mut project = Project::over(fill).await;
    for (name, _, _) in CASES {
        project.open(name).await;
    }
    project.open("fine.ms").await;
    let started = Instant::now();
    let fine = project.uri("fine.ms");
    let at_word = FINE.rfind("word").expect("it is there");
    let place = json!({ "textDocument": { "uri": fine }, "position": position(FINE, at_word) });
    // Each file's last list of errors.
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (mut answers, mut slowest) = (0, Duration::ZERO);
    loop {
        let asked = Instant::now();
        let hover = project.client.ask("textDocument/hover", place.clone()).await;
        assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("word: number")), "{hover}");
        let list = project.client.ask("textDocument/completion", place.clone()).await;
        let items = list["items"].as_array().expect("a list");
        assert!(items.iter().any(|item| item["label"] == "word"), "{list}");
        slowest = slowest.max(asked.elapsed());
        answers += 2;
        while let Some(message) = project.client.taken(|one| one["method"] == "textDocument/publishDiagnostics") {
            let params = &message["params"];
            let uri = params["uri"].as_str().expect("a URI").to_owned();
            let list = params["diagnostics"].as_array().expect("a list").iter();
            found.insert(uri, list.filter(|one| one["severity"] == 1).cloned().collect());
        }
        let is_told = |name: &str| found.get(&project.uri(name)).is_some_and(|list| !list.is_empty());
        if CASES.iter().all(|(name, _, _)| is_told(name)) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "after {answers} answers: {found:?}");
    }
    println!("{answers} answers in {:?}, the slowest two in {slowest:?}", started.elapsed());
    for (name, _, code) in CASES {
        let codes: Vec<&Value> = found[&project.uri(name)].iter().map(|one| &one["code"]).collect();
        assert_eq!(codes, [code], "{name}: {found:?}");
    }
    assert_eq!(found.get(&fine).map_or(0, Vec::len), 0, "{found:?}");
    // The endless one alone takes seconds.
    assert!(answers >= 20, "only {answers} answers");
    project.shut_down().await;
}
