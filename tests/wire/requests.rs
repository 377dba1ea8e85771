//! Cancellation, outdated requests, panics, and requests of the server that nobody answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use msc::project::PassEvent;
use serde_json::json;

use crate::support::{Client, Latch, Script, at, capabilities, quiet};

const A: &str = "file:///p/a.ms";
const B: &str = "file:///p/b.ms";

/// A hover that runs until its token is tripped, and reports that it was.
fn endless() -> (Script, mpsc::Receiver<&'static str>) {
    let (tell, told) = mpsc::channel();
    let mut script = Script::plain();
    script.hover = Box::new(move |_, _, _, cancel| {
        tell.send("began").unwrap();
        let stopped = Latch::default().wait_or_cancelled(cancel);
        tell.send("stopped").unwrap();
        stopped?;
        Ok(None)
    });
    (script, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_request_is_answered_at_once_and_its_work_stops() {
    let (script, told) = endless();
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    assert_eq!(told.recv(), Ok("began"));
    client.notify("$/cancelRequest", json!({ "id": id })).await;
    assert_eq!(client.error_code(id).await, -32800);
    assert_eq!(told.recv(), Ok("stopped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_cancelled_before_its_turn_never_runs() {
    let latch = Latch::default();
    let (held, runs) = (latch.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = runs.clone();
    let mut script = Script::plain();
    script.hover = Box::new(move |_, _, _, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        held.wait();
        Ok(None)
    });
    let mut options = quiet();
    options.readers = 1;
    let mut client = Client::start(script, options).await;
    client.open(A, "").await;
    let first = client.request("textDocument/hover", at(A, 0, 0)).await;
    let second = client.request("textDocument/hover", at(A, 0, 0)).await;
    client.notify("$/cancelRequest", json!({ "id": second })).await;
    assert_eq!(client.error_code(second).await, -32800);
    latch.open();
    client.result(first).await;
    // The reader takes jobs in order, so the second one's turn is over when this one is answered.
    client.ask("textDocument/hover", at(A, 0, 0)).await;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_what_is_unknown_or_answered_does_no_harm() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "x").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    client.result(id).await;
    for id in [json!(id), json!(987), json!("text"), json!(null), json!({})] {
        client.notify("$/cancelRequest", json!({ "id": id })).await;
    }
    assert_eq!(client.hover(A, 0, 0).await["contents"]["value"], "1:0:x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_outdates_the_requests_of_its_own_file_only() {
    let (script, told) = endless();
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "").await;
    client.open(B, "").await;
    let on_a = client.request("textDocument/hover", at(A, 0, 0)).await;
    let on_b = client.request("textDocument/hover", at(B, 0, 0)).await;
    assert_eq!((told.recv(), told.recv()), (Ok("began"), Ok("began")));
    client.change(A, 2, json!([{ "text": "x" }])).await;
    assert_eq!(client.error_code(on_a).await, -32801);
    assert_eq!(told.recv(), Ok("stopped"));
    assert!(told.try_recv().is_err(), "the request on the other file goes on");
    client.notify("$/cancelRequest", json!({ "id": on_b })).await;
    assert_eq!(client.error_code(on_b).await, -32800);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_and_opening_again_outdate_as_an_edit_does() {
    let (script, told) = endless();
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    assert_eq!(told.recv(), Ok("began"));
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": A } })).await;
    assert_eq!(client.error_code(id).await, -32801);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_twice_is_refused_and_the_first_goes_on() {
    let latch = Latch::default();
    let held = latch.clone();
    let mut script = Script::plain();
    script.hover = Box::new(move |_, _, _, cancel| {
        held.wait_or_cancelled(cancel)?;
        Ok(None)
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "").await;
    for _ in 0..2 {
        client.send(json!({ "jsonrpc": "2.0", "id": 77, "method": "textDocument/hover", "params": at(A, 0, 0) })).await;
    }
    assert_eq!(client.error_code(77).await, -32600);
    latch.open();
    assert_eq!(client.result(77).await, json!(null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_handler_is_an_error_and_the_server_lives() {
    let mut script = Script::plain();
    script.complete = Box::new(|_, _, _, _| panic!("scripted"));
    let mut options = quiet();
    options.readers = 1;
    let mut client = Client::start(script, options).await;
    client.open(A, "x").await;
    for _ in 0..3 {
        let id = client.request("textDocument/completion", at(A, 0, 0)).await;
        assert_eq!(client.error_code(id).await, -32603);
    }
    assert_eq!(client.hover(A, 0, 0).await["contents"]["value"], "1:0:x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_analysis_is_an_internal_error() {
    let mut script = Script::plain();
    script.hover = Box::new(|_, _, _, _| Err(msc::ide::IdeError::Internal("scripted".to_owned())));
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "x").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    let response = client.response(id).await;
    assert_eq!(response["error"]["code"], -32603);
    assert!(!response.to_string().contains("scripted"), "what failed is for the log: {response}");
}

/// A pass that has macros to run until the latch opens.
fn long_pass(latch: &Latch) -> Script {
    let held = latch.clone();
    let mut script = Script::plain();
    script.pass = Box::new(move |_, request, cancel, send| {
        if request.run_macros {
            send(PassEvent::Progress { done: 1 });
            held.wait_or_cancelled(cancel)?;
            send(PassEvent::Progress { done: 3 });
        }
        Ok(())
    });
    script
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_answers_is_served() {
    let latch = Latch::default();
    let mut client = Client::start(long_pass(&latch), quiet()).await;
    client.open(A, "x").await;
    let registration = client.told("client/registerCapability").await;
    assert_eq!(registration["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    client.told("window/workDoneProgress/create").await;
    // Neither is answered. Every save asks for progress once more.
    for version in 2..12 {
        client.change(A, version, json!([{ "text": "y" }])).await;
        client.save(A).await;
        client.told("window/workDoneProgress/create").await;
        assert_eq!(client.hover(A, 0, 0).await["contents"]["value"], format!("{version}:0:y"));
    }
    latch.open();
    let (rest, _) = client.close().await;
    assert!(rest.iter().all(|message| message["method"] != "$/progress"), "nothing was agreed on: {rest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_of_macros_is_shown_to_a_client_that_agrees() {
    let latch = Latch::default();
    let mut client = Client::start(long_pass(&latch), quiet()).await;
    client.open(A, "x").await;
    let request = client.message(|message| message["method"] == "window/workDoneProgress/create").await;
    client.send(json!({ "jsonrpc": "2.0", "id": request["id"], "result": null })).await;
    let begin = client.told("$/progress").await;
    assert_eq!(begin["token"], request["params"]["token"]);
    assert_eq!(begin["value"]["kind"], "begin");
    latch.open();
    let mut last = begin["value"]["message"].clone();
    loop {
        let next = client.told("$/progress").await;
        assert_eq!(next["token"], request["params"]["token"]);
        if next["value"]["kind"] == "end" {
            break;
        }
        assert_eq!(next["value"]["kind"], "report");
        last = next["value"]["message"].clone();
    }
    assert_eq!(last, "3 macros have run");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_asked_of_a_client_that_said_it_cannot() {
    let latch = Latch::default();
    let mut able = capabilities();
    able["window"] = json!({});
    able["workspace"] = json!({});
    let mut client = Client::start_as(long_pass(&latch), quiet(), able).await;
    client.open(A, "x").await;
    latch.open();
    client.hover(A, 0, 0).await;
    let (rest, _) = client.close().await;
    let asked: Vec<_> =
        rest.iter().filter(|message| message.get("method").is_some() && message.get("id").is_some()).collect();
    assert!(asked.is_empty(), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watched_files_reach_the_world_without_open_ones_and_our_own() {
    let (tell, told) = mpsc::channel();
    let mut script = Script::plain();
    script.pass = Box::new(move |view, _, _, _| {
        tell.send(view.log.join("; ")).unwrap();
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "x").await;
    assert_eq!(told.recv().unwrap(), "");
    let changed = [
        "/p/a.ms",
        "/p/.a.ms.swp",
        "/p/4913",
        "/p/c.ms~",
        "/p/data%20b.json",
        "/p/.metascript-cache/x.db",
        "/p/.git/index",
        "/p/c.ms",
    ];
    let changes: Vec<_> = changed.map(|path| json!({ "uri": format!("file://{path}"), "type": 2 })).into();
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes })).await;
    assert_eq!(told.recv().unwrap(), "disk /p/c.ms /p/data b.json");
    client.save(A).await;
    assert_eq!(told.recv().unwrap(), "disk /p/c.ms /p/data b.json; save /p/a.ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_watches_nothing_has_us_watch() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let (tell, told) = mpsc::channel();
    let mut script = Script::plain();
    script.pass = Box::new(move |view, _, _, _| {
        tell.send(view.log.join("; ")).unwrap();
        Ok(())
    });
    let mut client = Client::new(script, quiet());
    let params = json!({ "rootUri": format!("file://{}", root.display()), "capabilities": {} });
    let id = client.request("initialize", params).await;
    client.result(id).await;
    client.notify("initialized", json!({})).await;
    client.open(A, "x").await;
    assert_eq!(told.recv().unwrap(), "");
    // The watch is set on its own thread, at its own time: files are written until one is seen.
    for number in 0.. {
        std::fs::write(root.join(format!("{number}.json")), "{}").unwrap();
        if let Ok(log) = told.recv_timeout(std::time::Duration::from_millis(500)) {
            assert!(log.starts_with("disk ") && log.contains(".json"), "{log}");
            break;
        }
        assert!(number < 100, "no change was seen");
    }
}
