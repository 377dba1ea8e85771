//! Arrival order is the order of effects, whatever is asked meanwhile.

use serde_json::json;

use crate::support::{Client, Latch, Script, at, quiet};

const A: &str = "file:///p/a.ms";
const B: &str = "file:///p/b.ms";

/// A hover whose answer is the live version and length of a file, whichever file was asked about.
fn telling(file: &'static str) -> Script {
    let mut script = Script::plain();
    script.hover = Box::new(move |view, _, offset, _| {
        let document = view.document(&msc::base::FilePath::new(file));
        let range = msc::base::TextRange::empty(offset);
        let markdown = format!("{} {}", document.version, document.text.len());
        Ok(Some(msc::ide::hover::HoverAnswer { range, markdown }))
    });
    script
}

/// 2,000 edits, each one character longer, with a hover after every tenth, all sent at once.
async fn flood(hovered: &'static str) -> (Vec<(i64, i32)>, Client) {
    let mut client = Client::start(telling("/p/a.ms"), quiet()).await;
    client.open(A, "").await;
    client.open(B, "").await;
    let mut asked = Vec::new();
    let mut bytes = Vec::new();
    let mut frame = |message: serde_json::Value| {
        let body = message.to_string();
        bytes.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes());
    };
    for version in 2..2002 {
        let insert = json!([{ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": "x" }]);
        frame(json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
            "textDocument": { "uri": A, "version": version }, "contentChanges": insert } }));
        if version % 10 == 1 {
            let id = i64::from(version) + 100_000;
            frame(json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/hover", "params": at(hovered, 0, 0) }));
            asked.push((id, version));
        }
    }
    client.send_raw(&bytes).await;
    assert_eq!(asked.len(), 200);
    (asked, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hovers_between_2000_edits_see_exactly_the_text_at_their_place() {
    // The hovers ask about another file, so that no edit outdates them: each must be answered.
    let (asked, mut client) = flood(B).await;
    for (id, version) in asked {
        let answer = client.result(id).await;
        let expected = format!("{version} {}", version - 1);
        assert_eq!(answer["contents"]["value"], expected, "hover after edit {version}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hovers_on_the_edited_file_are_right_or_refused() {
    let (asked, mut client) = flood(A).await;
    let last = asked.last().map(|&(id, _)| id).expect("hovers were asked");
    for (id, version) in asked {
        let response = client.response(id).await;
        if id != last && response.get("error").is_some() {
            assert_eq!(response["error"]["code"], -32801, "{response}");
        } else {
            let expected = format!("{version} {}", version - 1);
            assert_eq!(response["result"]["contents"]["value"], expected, "hover after edit {version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_requests_block_neither_edits_nor_cancellation_nor_shutdown() {
    let latch = Latch::default();
    let held = latch.clone();
    let mut script = telling("/p/a.ms");
    script.complete = Box::new(move |_, _, _, cancel| {
        held.wait_or_cancelled(cancel)?;
        Ok(Default::default())
    });
    let mut options = quiet();
    options.readers = 5;
    let mut client = Client::start(script, options).await;
    client.open(A, "").await;
    client.open(B, "").await;

    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(client.request("textDocument/completion", at(B, 0, 0)).await);
    }
    for version in 2..6 {
        client.change(A, version, json!([{ "text": "x".repeat(version as usize) }])).await;
    }
    // The edits are seen while all four are still at work.
    assert_eq!(client.hover(B, 0, 0).await["contents"]["value"], "5 5");

    client.notify("$/cancelRequest", json!({ "id": slow[0] })).await;
    assert_eq!(client.error_code(slow[0]).await, -32800);
    assert_eq!(client.hover(B, 0, 0).await["contents"]["value"], "5 5");

    latch.open();
    for id in &slow[1..] {
        client.result(*id).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_slow_requests_than_readers_do_not_stop_the_edits() {
    let latch = Latch::default();
    let held = latch.clone();
    let mut script = Script::plain();
    script.complete = Box::new(move |_, _, _, _| {
        held.wait();
        Ok(Default::default())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "").await;
    client.open(B, "").await;
    let mut slow = Vec::new();
    for _ in 0..40 {
        slow.push(client.request("textDocument/completion", at(B, 0, 0)).await);
    }
    // All readers are taken; the loop is not: it refuses what the edit outdates.
    let hover = client.request("textDocument/hover", at(A, 0, 0)).await;
    client.change(A, 2, json!([{ "text": "x" }])).await;
    assert_eq!(client.error_code(hover).await, -32801);
    latch.open();
    for id in slow {
        client.result(id).await;
    }
    assert_eq!(client.hover(A, 0, 0).await["contents"]["value"], "2:0:x");
}
