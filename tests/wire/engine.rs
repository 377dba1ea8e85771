//! The server over an engine that misbehaves: it lives, says so, and answers again afterwards.

use std::fs;
use std::path::PathBuf;

use msc::project::{World, WorldOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine_double::{Double, Fault};
use crate::support::{Client, at, capabilities, quiet};

const MAIN: &str = "import { Point, area } from './shape';

const point = new Point(1, 2);
const shown = point.norm() + area(point);
export { point, shown };
wrong;
";

const SHAPE: &str = "export class Point {
  constructor(readonly x: number, readonly y: number) {}
  norm(): number { return area(this); }
}
export function area(point: Point): number { return point.x * point.y; }
";

struct Server {
    folder: TempDir,
    engine: Double,
    client: Client,
}

impl Server {
    async fn new() -> Server {
        let folder = tempfile::tempdir().expect("a temporary directory");
        for (file, text) in [("main.ms", MAIN), ("shape.ms", SHAPE)] {
            fs::write(folder.path().join(file), text).expect("a file can be written");
        }
        let engine = Double::default();
        let inside = engine.clone();
        let mut client = Client::over(quiet(), move |roots| {
            let mut options = WorldOptions::new(roots);
            options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
            options.use_cache = false;
            World::over(std::sync::Arc::new(inside), options)
        });
        client.initialize_in(&format!("file://{}", folder.path().display()), capabilities()).await;
        let mut server = Server { folder, engine, client };
        let uri = server.uri("main.ms");
        server.client.open(&uri, MAIN).await;
        server
    }

    fn uri(&self, file: &str) -> String {
        format!("file://{}", self.folder.path().canonicalize().expect("it is there").join(file).display())
    }

    /// An answer without the folder of this server.
    fn nameless(&self, answer: &Value) -> String {
        answer.to_string().replace(&self.uri(""), "").replace(self.folder.path().to_str().expect("text"), "")
    }

    /// The next diagnostics of a file.
    async fn diagnostics(&mut self, file: &str) -> Vec<Value> {
        let uri = self.uri(file);
        let told =
            |message: &Value| message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri;
        let list = self.client.message(told).await;
        list["params"]["diagnostics"].as_array().expect("a list").clone()
    }

    async fn save(&mut self) {
        let uri = self.uri("main.ms");
        self.client.save(&uri).await;
    }
}

/// Each question that the engine answers: what it calls there, and how an editor asks it.
async fn questions(server: &mut Server) -> Vec<(&'static str, &'static str, Value)> {
    let main = server.uri("main.ms");
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 6, "character": 0 } });
    let document = json!({ "uri": main });
    let point = at(&main, 3, 16);
    let with = |mut params: Value, name: &str, value: Value| {
        params[name] = value;
        params
    };
    let unused = json!({
        "range": { "start": { "line": 5, "character": 0 }, "end": { "line": 5, "character": 5 } },
        "severity": 1, "code": 2304, "source": "msc", "message": "Cannot find name 'wrong'.",
    });
    // With what the server wrote into it for itself.
    let item = server.client.ask("textDocument/prepareCallHierarchy", at(&main, 3, 31)).await[0].clone();
    let renamed = json!([{ "oldUri": server.uri("shape.ms"), "newUri": server.uri("form.ms") }]);
    let actions = |only: &str, diagnostics: Value| {
        let context = json!({ "diagnostics": diagnostics, "only": [only] });
        json!({ "textDocument": { "uri": server.uri("main.ms") }, "range": unused["range"], "context": context })
    };
    vec![
        ("hover", "textDocument/hover", point.clone()),
        ("completion", "textDocument/completion", at(&main, 3, 20)),
        ("definition", "textDocument/definition", at(&main, 3, 31)),
        ("type_definition", "textDocument/typeDefinition", point.clone()),
        ("implementations", "textDocument/implementation", point.clone()),
        (
            "references",
            "textDocument/references",
            with(point.clone(), "context", json!({ "includeDeclaration": true })),
        ),
        ("signature_help", "textDocument/signatureHelp", at(&main, 3, 34)),
        ("can_rename", "textDocument/prepareRename", point.clone()),
        ("rename", "textDocument/rename", with(point.clone(), "newName", json!("spot"))),
        ("inlay_hints", "textDocument/inlayHint", json!({ "textDocument": document, "range": whole })),
        ("call_items", "textDocument/prepareCallHierarchy", at(&main, 3, 31)),
        ("incoming_calls", "callHierarchy/incomingCalls", json!({ "item": item })),
        ("outgoing_calls", "callHierarchy/outgoingCalls", json!({ "item": item })),
        ("fixes", "textDocument/codeAction", actions("quickfix", json!([unused]))),
        ("organize_imports", "textDocument/codeAction", actions("source.organizeImports", json!([]))),
        ("file_renamed", "workspace/willRenameFiles", json!({ "files": renamed })),
        ("declarations", "workspace/symbol", json!({ "query": "area" })),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_any_question_is_that_questions_alone() {
    let mut sound = Server::new().await;
    for (index, (call, method, params)) in questions(&mut sound).await.into_iter().enumerate() {
        let right = sound.client.ask(method, params).await;
        let right = sound.nameless(&right);
        assert!(sound.engine.count(call) > 0, "{method} asks the engine for `{call}`");
        for fault in [Fault::Panic, Fault::Escaping] {
            // Another server: this one knows the answer by now.
            let mut server = Server::new().await;
            let (_, _, params) = questions(&mut server).await.swap_remove(index);
            server.engine.fail(call, fault);
            let asked = server.engine.count(call);
            let id = server.client.request(method, params.clone()).await;
            let response = server.client.response(id).await;
            assert!(server.engine.count(call) > asked, "{call}: {fault:?} was met");
            // An internal error, or an answer without what the engine would have said.
            match response["error"]["code"].as_i64() {
                Some(code) => assert_eq!(code, -32603, "{call}: {response}"),
                None => assert_ne!(server.nameless(&response["result"]), right, "{call}: {fault:?}"),
            }
            server.engine.heal();
            let again = server.client.ask(method, params).await;
            assert_eq!(server.nameless(&again), right, "{call} after {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_pass_is_told_and_goes_with_the_next() {
    for call in ["load", "config", "diagnostics"] {
        for fault in [Fault::Panic, Fault::Escaping] {
            let mut server = Server::new().await;
            server.engine.fail(call, fault);
            server.save().await;
            server.engine.wait_for(call, 1);
            let main = server.uri("main.ms");
            // Something is asked behind it: the server lives.
            let id =
                server.client.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": main } })).await;
            server.client.result(id).await;
            server.engine.heal();
            server.save().await;
            loop {
                let found = server.diagnostics("main.ms").await;
                let codes: Vec<&Value> = found.iter().map(|one| &one["code"]).collect();
                if codes.iter().any(|code| **code == json!("TS2304")) {
                    assert_eq!(codes.len(), 1, "{call} {fault:?}: {found:?}");
                    break;
                }
                for one in &found {
                    assert_eq!(one["code"], "MS9001", "{call} {fault:?}: {one}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_request_reaches_the_engine() {
    let mut server = Server::new().await;
    let mut stopped = 0;
    for (call, method, params) in questions(&mut server).await {
        server.engine.fail(call, Fault::Slow);
        let asked = server.engine.count(call);
        let id = server.client.request(method, params).await;
        server.engine.wait_for(call, asked + 1);
        server.client.notify("$/cancelRequest", json!({ "id": id })).await;
        assert_eq!(server.client.error_code(id).await, -32800, "{call}");
        stopped += 1;
        // The answer may be sent before the engine has come home; healed before that it would not be stopped.
        server.engine.wait_until_stopped(stopped);
        server.engine.heal();
    }
    let symbols = json!({ "query": "area" });
    server.client.ask("workspace/symbol", symbols).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_cancels_what_was_asked_of_the_old_text() {
    let mut server = Server::new().await;
    server.engine.fail("hover", Fault::Slow);
    let main = server.uri("main.ms");
    let id = server.client.request("textDocument/hover", at(&main, 3, 16)).await;
    server.engine.wait_for("hover", 1);
    server.client.change(&main, 2, json!([{ "text": MAIN.replace("wrong", "right") }])).await;
    assert_eq!(server.client.error_code(id).await, -32801);
    server.engine.heal();
    assert!(server.client.hover(&main, 3, 16).await["contents"]["value"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancellation_of_the_engines_own_is_not_taken_for_an_answer() {
    let mut server = Server::new().await;
    for (call, method, params) in questions(&mut server).await {
        server.engine.fail(call, Fault::Cancelled);
        let id = server.client.request(method, params).await;
        let response = server.client.response(id).await;
        let code = response["error"]["code"].as_i64();
        assert!(matches!(code, Some(-32800 | -32802 | -32801 | -32603)), "{call}: {response}");
        server.engine.heal();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_outside_of_the_text_end_nothing() {
    let mut server = Server::new().await;
    let lines = MAIN.lines().count() as u64;
    for (call, method, params) in questions(&mut server).await {
        server.engine.fail(call, Fault::Wrong);
        let id = server.client.request(method, params.clone()).await;
        let response = server.client.response(id).await;
        for range in ranges(&response["result"]) {
            let end = range["end"]["line"].as_u64().expect("a line");
            assert!(end <= lines, "{call}: a place behind the end: {range} in {response}");
        }
        server.engine.heal();
        server.client.ask(method, params).await;
    }
    server.engine.fail("diagnostics", Fault::Wrong);
    server.save().await;
    for one in server.diagnostics("main.ms").await {
        assert!(one["range"]["end"]["line"].as_u64().expect("a line") <= lines, "{one}");
    }
}

/// Every range in an answer.
fn ranges(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    match value {
        Value::Array(items) => items.iter().for_each(|item| found.extend(ranges(item))),
        Value::Object(fields) => {
            if fields.contains_key("start") && fields.contains_key("end") {
                found.push(value);
            }
            fields.values().for_each(|field| found.extend(ranges(field)));
        }
        _ => {}
    }
    found
}
