//! A long day's work, compressed: edits without pause, questions between them. Memory stays what it was,
//! nothing queues, and what the server says in the end is what a new one says of the same texts.
//!
//! `MSC_SOAK` sets the number of edits, `MSC_PROGRAM` the build that is tested; 100,000 edits with a release
//! build take some minutes.

use std::fs;

use serde_json::{Value, json};

use crate::shop::Project;
use crate::support::process::msc_lsp;
use crate::support::{Client, capabilities};

const EDITS: usize = 2_000;
/// How often the server is compared with a new one.
const POINTS: usize = 4;
const MOST_POINTS: usize = 50;
/// Edits between two questions.
const STRIDE: usize = 5;
/// What memory may grow by from the middle to the end, in bytes.
const GROWTH: u64 = 24 << 20;

/// Lines that stay in a document from one comparison to the next.
const MOST_KEPT: usize = 6;

const CLASSES: usize = 8;

fn fill(project: &std::path::Path) {
    let config = r#"{"compilerOptions": {"strict": true}}"#;
    fs::write(project.join("metascript.json"), config).expect("it can be written");
    let mut main = String::new();
    for number in 0..CLASSES {
        let text = format!(
            "@derive(Eq, Hash, Clone, Debug)\nexport class C{number} {{\n  name = \"c\";\n  count = {number};\n  twice(): number {{\n    return this.count * 2;\n  }}\n}}\n"
        );
        fs::write(project.join(format!("c{number}.ms")), text).expect("it can be written");
        main += &format!("import {{ C{number} }} from \"./c{number}\";\n");
    }
    for number in 0..CLASSES {
        main += &format!(
            "export function use{number}(a: C{number}, b: C{number}): number {{\n  let t = 1;\n  if (a.equals(b)) t += a.hashCode();\n  const c = a.clone();\n  return t + c.twice() + c.toString().length;\n}}\n"
        );
    }
    fs::write(project.join("main.ms"), main).expect("it can be written");
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// An open document as the client has it: one byte a column, so that places are easy to make.
struct Open {
    name: &'static str,
    text: String,
    version: i32,
    /// What was typed and is to be deleted again.
    typed: Option<(usize, &'static str)>,
}

fn position(text: &str, offset: usize) -> Value {
    let before = &text[..offset];
    let line = before.matches('\n').count();
    json!({ "line": line, "character": offset - before.rfind('\n').map_or(0, |at| at + 1) })
}

impl Open {
    /// Types something, or takes it back: half of the time the text is whole.
    fn edit(&mut self, random: &mut Random) -> Value {
        let (start, end, text) = match self.typed.take() {
            Some((at, typed)) => (at, at + typed.len(), ""),
            None => {
                let typed = ["1", " ", "\n", "a.", "x: number;\n", "{", "t += a.twice();\n"][random.below(7)];
                let lines: Vec<usize> = self.text.match_indices('\n').map(|(at, _)| at + 1).collect();
                let at = lines[random.below(lines.len())];
                self.typed = Some((at, typed));
                (at, at, typed)
            }
        };
        let range = json!({ "start": position(&self.text, start), "end": position(&self.text, end) });
        self.text.replace_range(start..end, text);
        self.version += 1;
        json!([{ "range": range, "text": text }])
    }

    /// Makes the text whole again, and another than at the last comparison. In a broken text, what macros made
    /// of the last whole one stays to be seen, which a new server cannot know.
    fn mend(&mut self, edit: usize) {
        if let Some((at, typed)) = self.typed.take() {
            self.text.replace_range(at..at + typed.len(), "");
        }
        let (anchor, line) = match self.name {
            "main.ms" => ("  let t = 1;\n", format!("  t += a.count + {edit}; // kept\n")),
            _ => ("  name = \"c\";\n", format!("  f{edit} = {edit}; // kept\n")),
        };
        let kept = self.text.matches("// kept\n").count();
        if kept >= MOST_KEPT
            && let Some(end) = self.text.rfind("// kept\n")
        {
            let start = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
            self.text.replace_range(start..end + "// kept\n".len(), "");
        }
        let at = self.text.find(anchor).map_or(0, |at| at + anchor.len());
        self.text.insert_str(at, &line);
    }

    /// Some place in a name.
    fn place(&self, random: &mut Random) -> Value {
        let names = ["equals", "twice", "clone", "count", "C1", "C3", "this", "t "];
        let found: Vec<usize> = names.iter().flat_map(|name| self.text.match_indices(name)).map(|(at, _)| at).collect();
        position(&self.text, found[random.below(found.len())] + 1)
    }
}

const METHODS: &[&str] = &[
    "textDocument/completion",
    "textDocument/hover",
    "textDocument/references",
    "textDocument/definition",
    "textDocument/documentSymbol",
    "textDocument/implementation",
    "textDocument/documentHighlight",
    "workspace/symbol",
];

fn question(method: &str, uri: &str, position: &Value) -> Value {
    json!({
        "textDocument": { "uri": uri }, "position": position, "query": "C1",
        "context": { "includeDeclaration": true, "triggerKind": 1 },
    })
    .as_object()
    .map(|all| {
        let keep = |name: &str| match method {
            "workspace/symbol" => name == "query",
            "textDocument/documentSymbol" => name == "textDocument",
            _ => name != "query",
        };
        Value::Object(all.iter().filter(|(name, _)| keep(name)).map(|(a, b)| (a.clone(), b.clone())).collect())
    })
    .expect("an object was just made")
}

/// Waits until the server has said what it finds in a text.
async fn settle(client: &mut Client<Option<i32>>, uri: &str, version: i32) -> Value {
    let wanted = |message: &Value| {
        message["method"] == "textDocument/publishDiagnostics"
            && message["params"]["uri"] == uri
            && message["params"]["version"] == version
    };
    client.message(wanted).await["params"]["diagnostics"].clone()
}

/// Notifications that nobody reads.
fn forget(client: &mut Client<Option<i32>>) {
    while client.taken(|message| message.get("method").is_some()).is_some() {}
}

/// Whole texts at once, and what is answered then: the diagnostics, and each method at some places.
async fn answers(
    client: &mut Client<Option<i32>>,
    documents: &[(String, String, i32)],
    places: &[(usize, Value)],
) -> Vec<Value> {
    let mut out = Vec::new();
    for (uri, text, version) in documents {
        client.change(uri, *version, json!([{ "text": text }])).await;
    }
    // A second time: the answer about one may have been given before the other's came.
    for (uri, text, version) in documents {
        client.change(uri, version + 1, json!([{ "text": text }])).await;
    }
    for (uri, _, version) in documents {
        out.push(settle(client, uri, version + 1).await);
    }
    for (document, position) in places {
        let uri = &documents[*document].0;
        for method in METHODS {
            let mut answer = client.ask(method, question(method, uri, position)).await;
            strip(&mut answer);
            out.push(json!({ "method": method, "answer": answer }));
        }
    }
    out
}

/// What only the server that said it understands.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("data");
            fields.remove("isIncomplete");
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

async fn resident(client: &mut Client<Option<i32>>) -> u64 {
    client.ask("msc/memoryUsage", json!(null)).await["resident"].as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_day_of_edits_leaves_memory_queues_and_answers_as_they_were() {
    let edits = std::env::var("MSC_SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(EDITS);
    let points = if edits > EDITS { MOST_POINTS } else { POINTS };
    let mut project = Project::over(fill).await;
    let mut open = Vec::new();
    for name in ["main.ms", "c1.ms", "c3.ms"] {
        let text = project.open(name).await;
        open.push(Open { name, text, version: 1, typed: None });
        let uri = project.uri(name);
        settle(&mut project.client, &uri, 1).await;
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut memory = vec![(0, resident(&mut project.client).await)];
    for edit in 1..=edits {
        let which = random.below(open.len());
        let document = &mut open[which];
        let uri = project.uri(document.name);
        let change = document.edit(&mut random);
        project.client.change(&uri, document.version, change).await;
        if edit % STRIDE == 0 {
            let method = METHODS[random.below(METHODS.len())];
            let place = document.place(&mut random);
            let id = project.client.request(method, question(method, &uri, &place)).await;
            let response = project.client.response(id).await;
            assert!(response.get("error").is_none(), "{method} after {edit} edits: {response}");
            forget(&mut project.client);
        }
        if edit % (edits / points).max(1) == 0 {
            compare(&mut project, &mut open, &mut random, edit).await;
            memory.push((edit, resident(&mut project.client).await));
        }
    }
    let stats = project.client.ask("msc/workStats", json!(null)).await;
    println!("{edits} edits; {stats}");
    for (edit, bytes) in &memory {
        println!("after {edit:>6} edits: {} KB resident", bytes >> 10);
    }
    assert_eq!(stats["requests"]["waiting"], 0, "{stats}");
    assert!(stats["requests"]["mostWaiting"].as_u64().is_some_and(|most| most <= 8), "{stats}");
    let (middle, end) = (memory[memory.len() / 2].1, memory[memory.len() - 1].1);
    assert!(end <= middle + GROWTH, "memory grows: {memory:?}");
    project.shut_down().await;
}

async fn compare(project: &mut Project, open: &mut [Open], random: &mut Random, edit: usize) {
    open.iter_mut().for_each(|one| one.mend(edit));
    let places: Vec<(usize, Value)> = (0..open.len()).map(|which| (which, open[which].place(random))).collect();
    let documents: Vec<(String, String, i32)> =
        open.iter().map(|one| (project.uri(one.name), one.text.clone(), one.version + 1)).collect();
    for one in open.iter_mut() {
        one.version += 2;
    }
    let ours = answers(&mut project.client, &documents, &places).await;
    let mut fresh = msc_lsp(&project.home());
    let root = project.path("main.ms").parent().expect("a file lies in a folder").display().to_string();
    fresh.initialize_in(&format!("file://{root}"), capabilities()).await;
    for (uri, text, _) in &documents {
        fresh.open(uri, text).await;
    }
    let theirs = answers(&mut fresh, &documents, &places).await;
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs, "after {edit} edits");
    }
    fresh.ask("shutdown", json!(null)).await;
    fresh.notify("exit", json!(null)).await;
    fresh.end().await;
    forget(&mut project.client);
}
