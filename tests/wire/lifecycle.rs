//! The ways in which a session ends.

use msc::lsp::transport::{Ended, How};
use serde_json::json;

use crate::support::{Client, Latch, Script, at, quiet};

const A: &str = "file:///p/a.ms";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_then_exit() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    assert_eq!(client.ask("shutdown", json!(null)).await, json!(null));
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    assert_eq!(client.error_code(id).await, -32600);
    client.notify("exit", json!(null)).await;
    // The input is still open: `exit` alone ends it.
    assert_eq!(client.end().await.1, Ended { after_shutdown: true, how: How::Exit });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_without_shutdown_is_a_failure() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.notify("exit", json!(null)).await;
    assert_eq!(client.end().await.1, Ended { after_shutdown: false, how: How::Exit });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_before_initialize_ends_too() {
    let mut client = Client::new(Script::plain(), quiet());
    client.notify("exit", json!(null)).await;
    assert_eq!(client.end().await.1, Ended { after_shutdown: false, how: How::Exit });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_input_ends_the_server() {
    let client = Client::start(Script::plain(), quiet()).await;
    assert_eq!(client.close().await.1, Ended { after_shutdown: false, how: How::InputClosed });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_before_the_input_ended_is_answered() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "x").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    let (rest, ended) = client.close().await;
    assert!(rest.iter().any(|message| message["id"] == id && message["result"].is_object()), "{rest:?}");
    assert_eq!(ended.how, How::InputClosed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_under_way_does_not_hold_up_the_end() {
    let latch = Latch::default();
    let (held, stuck) = (latch.clone(), latch.clone());
    let mut script = Script::plain();
    script.hover = Box::new(move |_, _, _, _| {
        held.wait();
        Ok(None)
    });
    script.pass = Box::new(move |_, _, _, _| {
        stuck.wait();
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    client.open(A, "x").await;
    let id = client.request("textDocument/hover", at(A, 0, 0)).await;
    client.ask("shutdown", json!(null)).await;
    client.notify("exit", json!(null)).await;
    let (rest, ended) = client.end().await;
    latch.open();
    assert_eq!(ended, Ended { after_shutdown: true, how: How::Exit });
    assert!(rest.iter().any(|message| message["id"] == id && message.get("error").is_some()), "{rest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_in_the_middle_of_a_message() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.send_raw(b"Content-Length: 1000\r\n\r\n{\"jsonrpc\":").await;
    assert_eq!(client.close().await.1.how, How::InputClosed);
}

/// A process that waits, standing for an editor.
#[cfg(target_os = "linux")]
fn editor() -> std::process::Child {
    std::process::Command::new("sleep").arg("1000").spawn().expect("a process that waits")
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_clients_process_ends_the_server() {
    let mut editor = editor();
    let mut client = Client::new(Script::plain(), quiet());
    let id = client.request("initialize", json!({ "processId": editor.id(), "capabilities": {} })).await;
    client.result(id).await;
    // Served as long as it lives, and not a moment longer, though the pipe stays open.
    client.hover(A, 0, 0).await;
    editor.kill().expect("it can be killed");
    editor.wait().expect("it can be waited for");
    assert_eq!(client.end().await.1, Ended { after_shutdown: false, how: How::ClientGone });
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_process_cannot_be_seen_is_served() {
    let mut editor = editor();
    let process = editor.id();
    editor.kill().expect("it can be killed");
    editor.wait().expect("it can be waited for");
    // As from another container: the number means nothing here.
    let mut client = Client::new(Script::plain(), quiet());
    let id = client.request("initialize", json!({ "processId": process, "capabilities": {} })).await;
    client.result(id).await;
    // Many looks of the watchdog later there is still nobody who hung up.
    let hung_up = tokio::time::timeout(std::time::Duration::from_millis(100), client.read()).await;
    assert!(hung_up.is_err(), "{hung_up:?}");
    client.hover(A, 0, 0).await;
    assert_eq!(client.close().await.1.how, How::InputClosed);
}
