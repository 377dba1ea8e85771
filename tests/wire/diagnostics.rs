//! Diagnostics: pushed when due, never stale, cleared when gone.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use msc::base::{FilePath, TextRange};
use msc::diagnostic::{Code, Diagnostic, GeneratedLine};
use msc::project::{Expansions, PassEvent, Revision};
use serde_json::{Value, json};

use crate::support::{Client, Latch, Script, capabilities, quiet};

const A: &str = "file:///p/a.ms";
const B: &str = "file:///p/b.ms";

fn fault(message: &str) -> Diagnostic {
    Diagnostic::new(Code::Ts(2322), &FilePath::new("/p/a.ms"), TextRange::new(0, 1), message)
}

async fn published(client: &mut Client) -> Value {
    client.told("textDocument/publishDiagnostics").await
}

/// A pass that reports on `/p/a.ms`, and waits in the middle when it is told to.
fn reporting(held: Arc<Mutex<Option<Latch>>>, tell: mpsc::Sender<bool>) -> Script {
    let mut script = Script::plain();
    script.pass = Box::new(move |view, request, cancel, send| {
        tell.send(request.run_macros).unwrap();
        let latch = held.lock().unwrap().clone();
        if let Some(latch) = latch {
            latch.wait_or_cancelled(cancel)?;
        }
        let text = view.document(&FilePath::new("/p/a.ms")).text.clone();
        send(view.found("/p/a.ms", vec![fault(text.as_str())]));
        Ok(())
    });
    script
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_during_a_pass_suppresses_what_the_pass_found() {
    let (latch, (tell, told)) = (Latch::default(), mpsc::channel());
    let held = Arc::new(Mutex::new(Some(latch.clone())));
    let mut client = Client::start(reporting(held.clone(), tell), quiet()).await;
    client.open(A, "old").await;
    assert_eq!(told.recv(), Ok(true));
    client.change(A, 2, json!([{ "text": "new" }])).await;
    // Answered by the loop after the edit, so the edit is in.
    client.hover(A, 0, 0).await;
    *held.lock().unwrap() = None;
    latch.open();
    client.save(A).await;
    // The first that is published is the second that was found.
    let first = published(&mut client).await;
    assert_eq!((&first["version"], &first["diagnostics"][0]["message"]), (&json!(2), &json!("new")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_an_older_revision_never_follows_a_newer_one() {
    let mut script = Script::plain();
    script.pass = Box::new(|view, _, _, send| {
        let file = FilePath::new("/p/a.ms");
        let version = Some(view.document(&file).version);
        for (revision, message) in [(7, "seven"), (6, "six"), (7, "seven"), (7, "seven again"), (8, "eight")] {
            let diagnostics = vec![fault(message)];
            send(PassEvent::File { file: file.clone(), version, revision: Revision(revision), diagnostics });
        }
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "x").await;
    // The sixth comes late, and the second "seven" says nothing new.
    for expected in ["seven", "seven again", "eight"] {
        assert_eq!(published(&mut client).await["diagnostics"][0]["message"], expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_are_followed_by_a_pass_without_macros_and_then_by_one_with() {
    let (tell, told) = mpsc::channel();
    let mut options = quiet();
    options.live_delay = Duration::from_millis(1);
    options.full_delay = Duration::from_millis(60);
    let mut client = Client::start(reporting(Arc::default(), tell), options).await;
    client.open(A, "a").await;
    assert_eq!(told.recv(), Ok(true));
    published(&mut client).await;
    client.change(A, 2, json!([{ "text": "b" }])).await;
    assert_eq!(told.recv(), Ok(false));
    assert_eq!(published(&mut client).await["diagnostics"][0]["message"], "b");
    // The client has what the second pass finds; the next that it gets is of another version.
    assert_eq!(told.recv(), Ok(true));
    client.save(A).await;
    assert_eq!(told.recv(), Ok(true));
    client.change(A, 3, json!([{ "text": "b" }])).await;
    assert_eq!(published(&mut client).await["version"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_diagnostics_come_while_macros_run() {
    let latch = Latch::default();
    let held = latch.clone();
    let mut script = Script::plain();
    script.pass = Box::new(move |view, request, cancel, send| {
        if request.run_macros {
            held.wait_or_cancelled(cancel)?;
        }
        send(view.found("/p/a.ms", vec![fault("live")]));
        Ok(())
    });
    let mut options = quiet();
    options.live_delay = Duration::ZERO;
    let mut client = Client::start(script, options).await;
    client.open(A, "a").await;
    client.change(A, 2, json!([{ "text": "b" }])).await;
    let live = published(&mut client).await;
    assert_eq!((&live["version"], &live["diagnostics"][0]["message"]), (&json!(2), &json!("live")));
    latch.open();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_supersedes_a_pass_and_an_edit_does_not() {
    let (tell, told) = mpsc::channel();
    let latch = Latch::default();
    let held = latch.clone();
    let mut script = Script::plain();
    script.pass = Box::new(move |view, request, cancel, _| {
        if request.run_macros {
            let version = view.document(&FilePath::new("/p/a.ms")).version;
            tell.send((version, "began")).unwrap();
            if let Err(cancelled) = held.wait_or_cancelled(cancel) {
                tell.send((version, "stopped")).unwrap();
                return Err(cancelled);
            }
            tell.send((version, "done")).unwrap();
        }
        Ok(())
    });
    let mut options = quiet();
    options.full_delay = Duration::ZERO;
    let mut client = Client::start(script, options).await;
    client.open(A, "a").await;
    assert_eq!(told.recv(), Ok((1, "began")));
    client.save(A).await;
    assert_eq!(told.recv(), Ok((1, "stopped")));
    assert_eq!(told.recv(), Ok((1, "began")));
    client.change(A, 2, json!([{ "text": "b" }])).await;
    client.hover(A, 0, 0).await;
    assert!(told.try_recv().is_err(), "the edit lets the pass go on");
    latch.open();
    assert_eq!(told.recv(), Ok((1, "done")));
    assert_eq!(told.recv(), Ok((2, "began")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_stops_a_live_pass() {
    let (tell, told) = mpsc::channel();
    let mut script = Script::plain();
    script.pass = Box::new(move |view, request, cancel, _| {
        let version = view.document(&FilePath::new("/p/a.ms")).version;
        if !request.run_macros && version == 2 {
            tell.send("began").unwrap();
            let stopped = Latch::default().wait_or_cancelled(cancel);
            tell.send("stopped").unwrap();
            stopped?;
        }
        Ok(())
    });
    let mut options = quiet();
    options.live_delay = Duration::ZERO;
    let mut client = Client::start(script, options).await;
    client.open(A, "a").await;
    client.change(A, 2, json!([{ "text": "b" }])).await;
    assert_eq!(told.recv(), Ok("began"));
    client.change(A, 3, json!([{ "text": "c" }])).await;
    assert_eq!(told.recv(), Ok("stopped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_ran_macros_is_followed_by_one_over_their_output() {
    let mut script = Script::plain();
    script.again = Box::new(|view| view.log.is_empty());
    script.pass = Box::new(|view, _, _, send| {
        if view.log.is_empty() {
            send(PassEvent::Expanded(Expansions::default()));
        } else {
            send(view.found("/p/a.ms", vec![fault(&view.log.join("; "))]));
        }
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "a").await;
    assert_eq!(published(&mut client).await["diagnostics"][0]["message"], "expanded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_panics_is_not_the_last() {
    let mut script = Script::plain();
    script.pass = Box::new(|view, _, _, send| {
        if view.document(&FilePath::new("/p/a.ms")).version == 1 {
            panic!("scripted");
        }
        send(view.found("/p/a.ms", vec![fault("second")]));
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "a").await;
    client.change(A, 2, json!([{ "text": "b" }])).await;
    client.save(A).await;
    assert_eq!(published(&mut client).await["diagnostics"][0]["message"], "second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_clears_and_closed_files_are_cleared_by_the_next_pass() {
    let mut script = Script::plain();
    script.pass = Box::new(|view, _, _, send| {
        for file in ["/p/a.ms", "/p/b.ms"] {
            let path = FilePath::new(file);
            if msc::lsp::View::text(view, &path).is_some() {
                let clean = view.document(&path).text.as_str() == "clean";
                send(view.found(file, if clean { vec![] } else { vec![fault("x")] }));
            }
        }
        if view.document(&FilePath::new("/p/b.ms")).text.as_str() != "clean" {
            let file = FilePath::new("/p/metascript.json");
            send(PassEvent::File { file, version: None, revision: view.revision, diagnostics: vec![fault("config")] });
        }
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(B, "b").await;
    assert_eq!(published(&mut client).await["uri"], B);
    assert_eq!(published(&mut client).await["uri"], "file:///p/metascript.json");
    client.open(A, "a").await;
    // Of the other two nothing changed.
    let list = published(&mut client).await;
    assert_eq!((list["uri"].as_str(), list["diagnostics"].as_array().map(Vec::len)), (Some(A), Some(1)));
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": A } })).await;
    let cleared = published(&mut client).await;
    assert_eq!((&cleared["uri"], &cleared["diagnostics"]), (&json!(A), &json!([])));
    // A pass that says nothing of the closed file any more: it has nothing to show.
    client.change(B, 2, json!([{ "text": "clean" }])).await;
    client.save(B).await;
    let b = published(&mut client).await;
    assert_eq!((&b["uri"], &b["diagnostics"]), (&json!(B), &json!([])));
    let config = published(&mut client).await;
    assert_eq!((&config["uri"], &config["diagnostics"]), (&json!("file:///p/metascript.json"), &json!([])));
}

fn telling() -> Script {
    let mut script = Script::plain();
    script.pass = Box::new(|view, _, _, send| {
        let (a, b) = (FilePath::new("/p/a.ms"), FilePath::new("/p/b.ms"));
        let mut generated = Diagnostic::new(Code::MACRO_REPORTED, &a, TextRange::new(5, 6), "second")
            .with_help("do this")
            .with_related(&b, TextRange::new(1, 2), "because");
        generated.generated =
            Some(GeneratedLine { by: "derive(Eq)".into(), text: "  x == y;".into(), range: TextRange::new(2, 3) });
        let mut unused = Diagnostic::new(Code::Ts(6133), &a, TextRange::new(0, 4), "first");
        unused.unnecessary = true;
        unused.severity = msc::diagnostic::Severity::Hint;
        if msc::lsp::View::text(view, &a).is_some() {
            send(view.found("/p/a.ms", vec![generated, unused]));
        }
        Ok(())
    });
    script
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_diagnostic_says_all_that_the_client_can_show() {
    let mut client = Client::start(telling(), quiet()).await;
    client.open(B, "\nb").await;
    client.open(A, "😀\nab").await;
    let list = client.message(|message| message["params"]["uri"] == A).await["params"]["diagnostics"].clone();
    assert_eq!(
        list,
        json!([
            {
                "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 4 } },
                "severity": 4, "code": "TS6133", "source": "msc", "message": "first", "tags": [1],
            },
            {
                "range": { "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 1 } },
                "severity": 1, "code": "MS2003", "source": "msc",
                "message": "second\ngenerated by derive(Eq): x == y;\nhelp: do this",
                "relatedInformation": [{
                    "location": { "uri": B, "range": {
                        "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 1 } } },
                    "message": "because",
                }],
            },
        ])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_client_gets_the_related_places_in_the_message() {
    let mut able = capabilities();
    able["textDocument"]["publishDiagnostics"] = json!({});
    let mut client = Client::start_as(telling(), quiet(), able).await;
    client.open(A, "😀\nab").await;
    let list = published(&mut client).await["diagnostics"].clone();
    assert_eq!(list[0].get("tags"), None);
    assert_eq!(list[1].get("relatedInformation"), None);
    assert_eq!(list[1]["message"], "second\ngenerated by derive(Eq): x == y;\nhelp: do this\nb.ms: because");
}
