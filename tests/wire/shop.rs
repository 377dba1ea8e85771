//! The real program on the bundled example and on macros that misbehave.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::msc_lsp;
use crate::support::{Client, at, capabilities};

/// A project on disk with a server over it.
pub struct Project {
    folder: PathBuf,
    /// Deleted with the project.
    _owned: Option<TempDir>,
    pub client: Client<Option<i32>>,
}

impl Project {
    pub async fn over(fill: impl FnOnce(&Path)) -> Project {
        Project::with(fill, capabilities()).await.0
    }

    /// With a client of these abilities; also what `initialize` answered.
    pub async fn with(fill: impl FnOnce(&Path), capabilities: Value) -> (Project, Value) {
        Project::with_options(fill, capabilities, Value::Null).await
    }

    pub async fn with_options(fill: impl FnOnce(&Path), capabilities: Value, options: Value) -> (Project, Value) {
        let owned = tempfile::tempdir().expect("a temporary directory");
        let folder = owned.path().canonicalize().expect("it is there");
        let project = folder.join("project");
        fs::create_dir(&project).expect("it can be written");
        fill(&project);
        let mut client = msc_lsp(&folder.join("home"));
        let result = client.initialize_with(&format!("file://{}", project.display()), capabilities, options).await;
        (Project { folder, _owned: Some(owned), client }, result)
    }

    /// In a folder that outlives the server, for a second session in it.
    pub async fn in_folder(folder: &TempDir, fill: impl FnOnce(&Path)) -> Project {
        let folder = folder.path().canonicalize().expect("it is there");
        let project = folder.join("project");
        if !project.exists() {
            fs::create_dir(&project).expect("it can be written");
        }
        fill(&project);
        let mut client = msc_lsp(&folder.join("home"));
        client.initialize_in(&format!("file://{}", project.display()), capabilities()).await;
        Project { folder, _owned: None, client }
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join("project").join(file)
    }

    pub fn uri(&self, file: &str) -> String {
        format!("file://{}", self.path(file).display())
    }

    /// Opens a file as the disk has it; its text.
    pub async fn open(&mut self, file: &str) -> String {
        let text = fs::read_to_string(self.path(file)).expect("the file is there");
        let uri = self.uri(file);
        self.client.open(&uri, &text).await;
        text
    }

    /// The first list of diagnostics of a file at a version that satisfies `wanted`.
    pub async fn diagnostics(&mut self, file: &str, version: i32, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let uri = self.uri(file);
        let list = self.client.message(|message| {
            let params = &message["params"];
            message["method"] == "textDocument/publishDiagnostics"
                && params["uri"] == uri
                && params["version"] == version
                && params["diagnostics"].as_array().is_some_and(|list| wanted(list))
        });
        list.await["params"]["diagnostics"].as_array().cloned().unwrap_or_default()
    }

    pub async fn shut_down(mut self) {
        self.client.ask("shutdown", json!(null)).await;
        self.client.notify("exit", json!(null)).await;
        assert_eq!(self.client.end().await.1, Some(0));
    }
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the example can be listed") {
        let entry = entry.expect("a directory can be listed to its end");
        let target = to.join(entry.file_name());
        if entry.file_name() == ".metascript-cache" {
            continue;
        }
        if entry.file_type().expect("an entry has a kind").is_dir() {
            fs::create_dir(&target).expect("the copy can be written");
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the example can be copied");
        }
    }
}

pub fn position(text: &str, offset: usize) -> Value {
    let line = text[..offset].matches('\n').count();
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": offset - start })
}

fn errors(list: &[Value]) -> Vec<&Value> {
    list.iter().filter(|one| one["severity"] == 1).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_members_complete_hover_navigate_and_check_before_a_save() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let mut project = Project::over(|folder| copy_tree(&example, folder)).await;
    let file = "src/main.ms";
    let uri = project.uri(file);
    let mut text = project.open(file).await;
    let clean = project.diagnostics(file, 1, |_| true).await;
    assert_eq!(errors(&clean), Vec::<&Value>::new());

    // Typed, never saved.
    let mut version = 1;
    for typed in ["const u = new User(\"a\", 1);\n", "u", "."] {
        version += 1;
        let end = position(&text, text.len());
        project.client.change(&uri, version, json!([{ "range": { "start": end, "end": end }, "text": typed }])).await;
        text.push_str(typed);
    }
    let mut params = json!({ "textDocument": { "uri": uri }, "position": position(&text, text.len()) });
    params["context"] = json!({ "triggerKind": 2, "triggerCharacter": "." });
    let list = project.client.ask("textDocument/completion", params).await;
    let items = list["items"].as_array().expect("a list");
    let labels: Vec<&str> = items.iter().filter_map(|item| item["label"].as_str()).collect();
    for wanted in ["equals", "hashCode", "clone", "toString", "name", "age", "email"] {
        assert!(labels.iter().any(|label| label.trim_end_matches('?') == wanted), "no {wanted} among {labels:?}");
    }
    let equals = items.iter().find(|item| item["label"] == "equals").expect("just found").clone();
    let equals = project.client.ask("completionItem/resolve", equals).await;
    assert!(equals["detail"].as_str().is_some_and(|detail| detail.contains("boolean")), "{equals}");

    // A wrong argument is reported without a save, where it was written.
    version += 1;
    let end = position(&text, text.len());
    project
        .client
        .change(&uri, version, json!([{ "range": { "start": end, "end": end }, "text": "equals(\"a\");\n" }]))
        .await;
    text.push_str("equals(\"a\");\n");
    let list = project.diagnostics(file, version, |list| !errors(list).is_empty()).await;
    let wrong = text.rfind("\"a\");\n").expect("it was just typed");
    let found = errors(&list)[0];
    assert_eq!(found["range"], json!({ "start": position(&text, wrong), "end": position(&text, wrong + 3) }));
    assert_eq!(found["code"], "TS2345");

    let call = text.rfind("equals(").expect("it was just typed");
    let place = json!({ "textDocument": { "uri": uri }, "position": position(&text, call + 1) });
    let hover = project.client.ask("textDocument/hover", place.clone()).await;
    let shown = hover["contents"]["value"].as_str().expect("markdown");
    assert!(shown.contains("derive(Eq)") && shown.contains("equals("), "{shown}");

    // The macro's quote, in a file that an editor can open, and the use.
    let links = project.client.ask("textDocument/definition", place).await;
    let targets: Vec<(String, u64)> = links
        .as_array()
        .expect("links")
        .iter()
        .map(|link| {
            let uri = link["targetUri"].as_str().expect("a URI");
            let path = uri.strip_prefix("file://").expect("a file").replace("%5E", "^");
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let line = link["targetSelectionRange"]["start"]["line"].as_u64().expect("a line");
            (format!("{uri} {}", text.lines().nth(line as usize).unwrap_or_default()), line)
        })
        .collect();
    assert!(targets.iter().any(|(target, _)| target.contains("derive/eq.ms")), "{targets:?}");
    assert!(
        targets.iter().any(|(target, _)| target.contains("user.ms") && target.contains("@derive(Eq")),
        "{targets:?}"
    );

    // Taken back, the mistake is gone.
    version += 1;
    let range = json!({ "start": position(&text, wrong), "end": position(&text, wrong + 3) });
    project.client.change(&uri, version, json!([{ "range": range, "text": "ada" }])).await;
    project.diagnostics(file, version, |list| errors(list).is_empty()).await;
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_marked_mistake_of_the_example_is_shown_on_opening() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let mut project = Project::over(|folder| copy_tree(&example, folder)).await;
    let text = project.open("src/mistake.ms").await;
    let list = project.diagnostics("src/mistake.ms", 1, |_| true).await;
    let wrong = text.find("\"Ada\");").expect("the mistake is marked");
    assert_eq!(errors(&list).len(), 1, "{list:?}");
    assert_eq!(errors(&list)[0]["range"]["start"], position(&text, wrong));
    project.shut_down().await;
}

/// Opens a file with a macro that misbehaves; hovers until its diagnostic comes, which must be
/// `at_least` so many times.
async fn misbehaving(body: &str, code: &str, at_least: u32) {
    let source = format!(
        "macro bad(ctx: MacroContext) {{\n  {body}\n  return quote(1);\n}}\nconst other = 1;\nexport const made = @bad();\nother;\n"
    );
    let mut project =
        Project::over(|folder| fs::write(folder.join("bad.ms"), &source).expect("it can be written")).await;
    let uri = project.uri("bad.ms");
    let opened = Instant::now();
    project.open("bad.ms").await;
    let mut slowest = Duration::ZERO;
    let mut hovers = 0;
    let found = loop {
        let asked = Instant::now();
        let hover = project.client.ask("textDocument/hover", at(&uri, 4, 7)).await;
        slowest = slowest.max(asked.elapsed());
        hovers += 1;
        assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("other")), "{hover}");
        let published = |message: &Value| message["method"] == "textDocument/publishDiagnostics";
        let list = project.client.taken(|message| published(message) && message.to_string().contains(code));
        if let Some(list) = list {
            break list;
        }
        assert!(opened.elapsed() < Duration::from_secs(30), "no {code} after {hovers} hovers");
    };
    let took = opened.elapsed();
    println!("{code} after {took:?}; {hovers} hovers meanwhile, the slowest {slowest:?}");
    assert!(took < Duration::from_secs(10), "{code} took {took:?}");
    assert!(hovers >= at_least, "only {hovers} hovers were answered in {took:?}");
    let diagnostics = found["params"]["diagnostics"].as_array().expect("a list");
    let stopped = diagnostics.iter().find(|one| one["code"] == code).expect("its code was seen");
    assert_eq!(stopped["range"]["start"]["line"], 5, "at the use: {stopped}");
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_macro_that_never_ends_is_a_diagnostic_and_hovers_go_on() {
    misbehaving("while (true) {}", "MS2005", 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_macro_that_eats_memory_is_a_diagnostic_and_hovers_go_on() {
    // Over in a moment, which the first hover may take whole: it waits for the program to load.
    let body = "const all: string[][] = []; while (true) all.push(new Array<string>(100000).fill(\"x\"));";
    misbehaving(body, "MS2006", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_typed_member_is_no_fault_of_generated_code() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let mut project = Project::over(|folder| copy_tree(&example, folder)).await;
    let file = "src/model/user.ms";
    let text = project.open(file).await;
    assert_eq!(project.diagnostics(file, 1, |_| true).await, Vec::<Value>::new());
    let uri = project.uri(file);
    for (version, typed) in (2..).zip(["foo(", "if (", "`"]) {
        let text = text.replace("  email?: string;\n", &format!("  email?: string;\n  {typed}\n"));
        project.client.change(&uri, version, json!([{ "text": text }])).await;
        let list = project.diagnostics(file, version, |_| true).await;
        assert!(!errors(&list).is_empty(), "`{typed}` is an error");
        let blamed: Vec<_> = list.iter().filter(|one| one.to_string().contains("generated by")).collect();
        assert!(blamed.is_empty(), "after `{typed}`: {blamed:?}");
    }
    project.shut_down().await;
}
