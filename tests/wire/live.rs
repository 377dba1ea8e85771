//! What live trees answer: without waiting for anything that runs.

use msc::project::PassEvent;
use serde_json::{Value, json};

use crate::support::{Client, Latch, Script, capabilities, quiet};

const A: &str = "file:///p/a.ms";

async fn ask(client: &mut Client, method: &str) -> Value {
    client.ask(method, json!({ "textDocument": { "uri": A } })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_answered_while_every_reader_and_a_pass_are_held_up() {
    let latch = Latch::default();
    let (held, passing) = (latch.clone(), latch.clone());
    let (tell, told) = std::sync::mpsc::channel();
    let begun = tell.clone();
    let mut script = Script::plain();
    script.hover = Box::new(move |_, _, _, cancel| {
        tell.send("hover").unwrap();
        held.wait_or_cancelled(cancel)?;
        Ok(None)
    });
    script.pass = Box::new(move |_, _, cancel, send| {
        send(PassEvent::Progress { done: 1 });
        begun.send("pass").unwrap();
        passing.wait_or_cancelled(cancel)?;
        Ok(())
    });
    let mut options = quiet();
    options.readers = 1;
    let mut client = Client::start(script, options).await;
    client.open(A, "function f() {\n  return 1;\n}\n").await;
    assert_eq!(told.recv(), Ok("pass"));
    let hover = client.request("textDocument/hover", crate::support::at(A, 0, 0)).await;
    assert_eq!(told.recv(), Ok("hover"));
    let symbols = ask(&mut client, "textDocument/documentSymbol").await;
    assert_eq!(symbols[0]["name"], "f");
    let folds = ask(&mut client, "textDocument/foldingRange").await;
    assert_eq!((&folds[0]["startLine"], &folds[0]["endLine"]), (&json!(0), &json!(2)));
    latch.open();
    client.result(hover).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_see_every_edit_before_them() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "").await;
    for version in 2..40 {
        let text = format!("const x{version} = () => 1;");
        client.change(A, version, json!([{ "text": text }])).await;
        let symbols = ask(&mut client, "textDocument/documentSymbol").await;
        assert_eq!(symbols[0]["name"], format!("x{version}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_open_has_no_answer() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    for uri in [A, "untitled:Untitled-1"] {
        let answer = client.ask("textDocument/foldingRange", json!({ "textDocument": { "uri": uri } })).await;
        assert_eq!(answer, Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn symbols_are_flat_for_clients_without_trees() {
    let mut simple = capabilities();
    simple["textDocument"]["documentSymbol"] = json!({});
    let mut client = Client::start_as(Script::plain(), quiet(), simple).await;
    client.open(A, "class A { m() {} }").await;
    let symbols = ask(&mut client, "textDocument/documentSymbol").await;
    assert_eq!(symbols[1]["name"], "m");
    assert_eq!(symbols[1]["containerName"], "A");
    assert_eq!(symbols[1]["location"]["uri"], A);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folds_keep_the_closing_line_where_only_lines_fold() {
    let mut lines = capabilities();
    lines["textDocument"]["foldingRange"] = json!({ "lineFoldingOnly": true });
    let mut client = Client::start_as(Script::plain(), quiet(), lines).await;
    client.open(A, "f(() => {\n  g();\n});\nif (a) {\n}\n").await;
    let folds = ask(&mut client, "textDocument/foldingRange").await;
    assert_eq!(folds, json!([{ "startLine": 0, "endLine": 1 }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_for_each_cursor_in_the_clients_columns() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "let é = b;\n").await;
    let positions = json!([{ "line": 0, "character": 4 }, { "line": 9, "character": 0 }]);
    let params = json!({ "textDocument": { "uri": A }, "positions": positions });
    let answer = client.ask("textDocument/selectionRange", params).await;
    assert_eq!(answer.as_array().map(Vec::len), Some(2));
    let word = &answer[0]["range"];
    assert_eq!((&word["start"]["character"], &word["end"]["line"]), (&json!(4), &json!(0)));
    assert!(answer[0]["parent"].is_object());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_of_a_name_and_of_a_label() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "let a = 1;\nx: for (;;) { a; continue x; }\n").await;
    let places = client.ask("textDocument/documentHighlight", crate::support::at(A, 0, 4)).await;
    let kinds: Vec<&Value> = places.as_array().expect("places").iter().map(|place| &place["kind"]).collect();
    assert_eq!(kinds, [&json!(3), &json!(2)]);
    let label = client.ask("textDocument/linkedEditingRange", crate::support::at(A, 1, 0)).await;
    assert_eq!(label["ranges"].as_array().map(Vec::len), Some(2));
    let name = client.ask("textDocument/linkedEditingRange", crate::support::at(A, 0, 4)).await;
    assert_eq!(name, Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_line_is_indented_as_the_editor_does() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "function f() {\n\n}\n").await;
    let mut params = crate::support::at(A, 1, 0);
    params["ch"] = json!("\n");
    params["options"] = json!({ "tabSize": 4, "insertSpaces": true });
    let edits = client.ask("textDocument/onTypeFormatting", params).await;
    assert_eq!(edits[0]["newText"], "    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_say_what_to_ask_for() {
    let mut client = Client::start(Script::plain(), quiet()).await;
    client.open(A, "import { b } from './b';\n").await;
    let links = ask(&mut client, "textDocument/documentLink").await;
    assert_eq!(links[0]["range"]["start"]["character"], 19);
    assert!(links[0]["data"].is_object(), "{links}");
}
