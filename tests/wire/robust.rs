//! Broken input: answered where an answer has an address, and survived in any case.

use serde_json::{Value, json};

use crate::support::{Client, Script, at, capabilities, quiet};

const A: &str = "file:///p/a.ms";

async fn lives(client: &mut Client, expected: &str) {
    assert_eq!(client.hover(A, 0, 0).await["contents"]["value"], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_messages_are_refused_and_the_next_one_is_read() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "x").await;
    let bodies: [&[u8]; 6] = [b"{", b"nonsense", b"\"text\"", b"[]", b"{\"jsonrpc\":\"2.0\"}", b"\xff\xfe{}"];
    for body in bodies {
        client.send_body(body).await;
        let refusal = client.message(|message| message["id"].is_null() && message.get("error").is_some()).await;
        let code = refusal["error"]["code"].as_i64();
        assert!(matches!(code, Some(-32700 | -32600)), "{refusal}");
        lives(&mut client, "1:0:x").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_frames_are_skipped() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "x").await;
    for raw in [
        "garbage\r\n",
        "Content-Length: many\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "\r\n\r\n",
        "Content-Length: 0\r\n\r\n",
    ] {
        client.send_raw(raw.as_bytes()).await;
        lives(&mut client, "1:0:x").await;
    }
    // Other headers, other spellings and bare line feeds are fine.
    let body =
        json!({ "jsonrpc": "2.0", "id": "t", "method": "textDocument/hover", "params": at(A, 0, 0) }).to_string();
    let raw = format!(
        "Content-Type: application/vscode-jsonrpc; charset=utf-8\ncontent-length:{}\nX-Other: y\n\n{body}",
        body.len()
    );
    client.send_raw(raw.as_bytes()).await;
    let response = client.message(|message| message["id"] == "t").await;
    assert_eq!(response["result"]["contents"]["value"], "1:0:x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_methods_and_wrong_parameters_have_their_codes() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "x").await;
    let cases: [(&str, Value, i64); 7] = [
        ("textDocument/unheardOf", json!({}), -32601),
        ("textDocument/hover", json!({}), -32602),
        ("textDocument/hover", json!("text"), -32602),
        (
            "textDocument/hover",
            json!({ "textDocument": { "uri": A }, "position": { "line": -1, "character": 0 } }),
            -32602,
        ),
        (
            "textDocument/hover",
            json!({ "textDocument": { "uri": "no uri" }, "position": { "line": 0, "character": 0 } }),
            -32602,
        ),
        ("textDocument/didOpen", json!({}), -32600),
        ("initialize", json!({ "capabilities": {} }), -32600),
    ];
    for (method, params, code) in cases {
        let id = client.request(method, params.clone()).await;
        assert_eq!(client.error_code(id).await, code, "{method} {params}");
    }
    // A method that is known to the protocol and not offered.
    let id = client
        .request(
            "textDocument/rename",
            json!({ "textDocument": { "uri": A }, "position": { "line": 0, "character": 0 }, "newName": "y" }),
        )
        .await;
    assert_eq!(client.error_code(id).await, -32601);
    // Nothing answers notifications, whatever is in them.
    for method in
        ["$/unheardOf", "unheardOf", "textDocument/hover", "textDocument/didSave", "workspace/didChangeConfiguration"]
    {
        client.notify(method, json!({})).await;
    }
    lives(&mut client, "1:0:x").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_served_before_initialize() {
    let mut client = Client::new(Script::plain(), quiet());
    client.open(A, "x").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    assert_eq!(client.error_code(id).await, -32002);
    let id = client.request("shutdown", json!(null)).await;
    assert_eq!(client.error_code(id).await, -32002);
    // A refused `initialize` may be repeated.
    let id = client.request("initialize", json!({ "capabilities": 5 })).await;
    assert_eq!(client.error_code(id).await, -32602);
    let result = client.initialize(capabilities()).await;
    assert_eq!(result["serverInfo"]["name"], "msc");
    client.open(A, "x").await;
    lives(&mut client, "1:0:x").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_may_send_on_without_waiting_for_initialize() {
    let mut client = Client::new(Script::plain(), quiet());
    let params = json!({ "processId": null, "rootUri": null, "capabilities": capabilities() });
    let first = client.request("initialize", params).await;
    client.notify("initialized", json!({})).await;
    client.open(A, "x").await;
    let second = client.request("textDocument/hover", at(A, 0, 0)).await;
    client.result(first).await;
    assert_eq!(client.result(second).await["contents"]["value"], "1:0:x");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_whose_edits_were_lost_answers_nothing_until_its_whole_text_comes() {
    let unreadable = json!([{ "range": { "start": 5 }, "text": "y" }]);
    let insert = json!([{ "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } }, "text": "y" }]);
    // A broken edit, and one whose version does not grow.
    for (version, lost) in [(2, unreadable), (1, insert.clone())] {
        let mut client = Client::start(Script::plain(), quiet()).await;
        client.open(A, "x").await;
        client.change(A, version, lost).await;
        let notice = client.told("window/logMessage").await;
        assert!(notice["message"].as_str().is_some_and(|text| text.contains("/p/a.ms")), "{notice}");
        let id = client.request("textDocument/hover", at(A, 0, 0)).await;
        assert_eq!(client.error_code(id).await, -32803);
        // Ranges refer to a text that the server does not have.
        client.change(A, 3, insert.clone()).await;
        let id = client.request("textDocument/hover", at(A, 0, 0)).await;
        assert_eq!(client.error_code(id).await, -32803);
        client.change(A, 4, json!([{ "text": "whole" }])).await;
        lives(&mut client, "4:0:whole").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_surrogate_pair_does_not_lose_the_edit() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "").await;
    let body = r#"{"jsonrpc":"2.0","method":"textDocument/didChange","params":{"textDocument":{"uri":"file:///p/a.ms","version":2},"contentChanges":[{"text":"a\ud83db\\ud83d\ud83d\ude00"}]}}"#;
    client.send_body(body.as_bytes()).await;
    lives(&mut client, "2:0:a\u{fffd}b\\ud83d\u{1f600}").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_no_files_get_empty_answers() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    for uri in ["untitled:Untitled-1", "git:/p/a.ms?ref", "file://host/share/a.ms", "vscode-notebook-cell:/x#1"] {
        client.open(uri, "x").await;
        client.change(uri, 2, json!([{ "text": "y" }])).await;
        assert_eq!(client.hover(uri, 0, 0).await, json!(null), "{uri}");
        assert_eq!(client.ask("textDocument/completion", at(uri, 0, 0)).await, json!(null), "{uri}");
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    }
    client.open(A, "x").await;
    lives(&mut client, "1:0:x").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_were_never_opened_or_are_closed_get_empty_answers() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.change(A, 2, json!([{ "text": "y" }])).await;
    client.save(A).await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": A } })).await;
    assert_eq!(client.hover(A, 0, 0).await, json!(null));
    client.open(A, "x").await;
    lives(&mut client, "1:0:x").await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": A } })).await;
    assert_eq!(client.hover(A, 0, 0).await, json!(null));
}
