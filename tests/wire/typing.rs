//! A person who types fast leaves nothing behind: what an edit outdates is refused at once and waits
//! nowhere.

use std::fs;

use msc::base::FilePath;
use msc::project::{World, WorldOptions};
use serde_json::{Value, json};

use crate::support::{Client, capabilities, quiet};

const EDITS: i32 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rapid_typing_queues_nothing() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let root = FilePath::from_os(&folder.path().canonicalize().expect("it is there"));
    fs::write(folder.path().join("a.ts"), "").expect("it can be written");
    let mut client = Client::over(quiet(), |roots| {
        let exe = env!("CARGO_BIN_EXE_msc").into();
        World::new(WorldOptions { exe, workers: 1, use_cache: false, ..WorldOptions::new(roots) })
    });
    client.initialize_in(&format!("file://{root}"), capabilities()).await;
    let uri = format!("file://{root}/a.ts");
    client.open(&uri, "const value = 1;\nvalue.\n").await;

    // All sent before any answer is read: an edit, then two questions that it makes new.
    let mut bytes = Vec::new();
    let mut frame = |message: Value| {
        let body = message.to_string();
        bytes.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes());
    };
    let mut asked = Vec::new();
    for version in 2..EDITS + 2 {
        let at = json!({ "line": 0, "character": 0 });
        frame(json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": {
            "textDocument": { "uri": uri, "version": version },
            "contentChanges": [{ "range": { "start": at, "end": at }, "text": " " }],
        } }));
        for (number, method) in [(0, "textDocument/completion"), (1, "textDocument/references")] {
            let id = 100_000 + i64::from(version) * 2 + number;
            let mut params = json!({
                "textDocument": { "uri": uri },
                "position": { "line": 1, "character": 6 - 3 * number },
            });
            params["context"] = json!({ "includeDeclaration": true, "triggerKind": 1 });
            frame(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
            asked.push((id, version));
        }
    }
    client.send_raw(&bytes).await;

    let mut refused = 0;
    for (id, version) in asked {
        let response = client.response(id).await;
        if version == EDITS + 1 {
            // Nothing outdates the last ones.
            assert!(response["result"].is_object() || response["result"].is_array(), "{response}");
        } else if let Some(error) = response.get("error") {
            assert_eq!(error["code"], -32801, "{response}");
            refused += 1;
        }
    }
    let stats = client.ask("msc/workStats", json!(null)).await;
    let requests = &stats["requests"];
    let count = |name: &str| requests[name].as_i64().unwrap_or_else(|| panic!("no {name}: {stats}"));
    // At most the two questions of one edit wait together, and the one about the counters.
    assert!(count("mostWaiting") <= 3, "{stats}");
    assert_eq!(count("waiting"), 0, "{stats}");
    // Each began or was dropped; and what was refused did not keep a thread from the last ones.
    assert!(count("begun") + count("dropped") > i64::from(EDITS) * 2, "{stats}");
    assert!(refused > 0, "{stats}");
}
