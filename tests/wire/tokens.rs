//! Semantic tokens as an editor gets them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use msc::lsp::Options;
use serde_json::{Value, json};

use crate::shop::Project;
use crate::support::{Client, Script, capabilities, quiet};

const A: &str = "file:///p/a.ms";

/// A client that lists these kinds and modifiers.
fn listing(kinds: &[&str], modifiers: &[&str]) -> Value {
    let mut out = capabilities();
    out["textDocument"]["semanticTokens"] = json!({
        "requests": { "full": { "delta": true }, "range": true },
        "formats": ["relative"],
        "tokenTypes": kinds,
        "tokenModifiers": modifiers,
    });
    out
}

/// Tokens as `line:column text-length kind`.
fn read(answer: &Value, legend: &Value) -> Vec<String> {
    let data: Vec<u64> =
        answer.as_array().expect("numbers").iter().map(|one| one.as_u64().expect("a number")).collect();
    let (mut line, mut column) = (0, 0);
    let token = |token: &[u64]| {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let modifiers = legend["tokenModifiers"].as_array().expect("a legend").iter().enumerate();
        let modifiers: Vec<&str> = modifiers
            .filter(|(bit, _)| token[4] & (1 << bit) != 0)
            .map(|(_, name)| name.as_str().expect("a name"))
            .collect();
        let kind = legend["tokenTypes"][token[3] as usize].as_str().expect("a kind of the legend");
        format!("{line}:{column}+{} {kind} {}", token[2], modifiers.join(" ")).trim_end().to_owned()
    };
    data.chunks(5).map(token).collect()
}

async fn start(capabilities: Value) -> (Client, Value) {
    let mut client = Client::new(Script::plain(), quiet());
    let result = client.initialize(capabilities).await;
    (client, result["capabilities"]["semanticTokensProvider"]["legend"].clone())
}

async fn full(client: &mut Client) -> Value {
    client.ask("textDocument/semanticTokens/full", json!({ "textDocument": { "uri": A } })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_are_the_clients_and_long_tokens_are_told_line_by_line() {
    let mut capabilities = listing(&[], &[]);
    capabilities["general"] = json!({ "positionEncodings": ["utf-16"] });
    let (mut client, legend) = start(capabilities).await;
    client.open(A, "let é = '😀', b; /* x\r\n  y */ b\n").await;
    assert_eq!(
        read(&full(&mut client).await["data"], &legend),
        [
            "0:0+3 keyword",
            "0:4+1 variable declaration",
            "0:6+1 operator",
            "0:8+4 string",
            "0:14+1 variable declaration",
            "0:17+4 comment",
            "1:0+6 comment",
            "1:7+1 variable",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinds_that_a_client_does_not_know_fall_back() {
    let (mut client, legend) = start(listing(&["function", "variable", "keyword"], &["readonly"])).await;
    client.open(A, "@derive(Eq) class A { m(p: string) { return true; } } const e = /x/;").await;
    assert_eq!(
        read(&full(&mut client).await["data"], &legend),
        [
            "0:0+1 function",
            "0:1+6 function",
            "0:12+5 keyword",
            "0:22+1 function",
            "0:24+1 variable",
            "0:37+6 keyword controlFlow",
            "0:44+4 keyword",
            "0:54+5 keyword",
            "0:60+1 variable readonly",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_colours_by_itself_is_told_what_it_cannot_see() {
    let mut capabilities = listing(&[], &[]);
    capabilities["textDocument"]["semanticTokens"]["augmentsSyntaxTokens"] = json!(true);
    let (mut client, legend) = start(capabilities).await;
    client.open(A, "const a = 1; const b = @comptime { return 1; };").await;
    let tokens = read(&full(&mut client).await["data"], &legend);
    assert_eq!(tokens[..2], ["0:6+1 variable declaration readonly", "0:19+1 variable declaration readonly"]);
    assert!(tokens.contains(&"0:35+6 keyword controlFlow compileTime".to_owned()), "{tokens:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_is_a_part_of_the_whole() {
    let (mut client, legend) = start(listing(&[], &[])).await;
    client.open(A, "let a;\nfunction f(p) {\n  return p + a;\n}\nlet b;\n").await;
    let range = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 3, "character": 0 } });
    let part =
        client.ask("textDocument/semanticTokens/range", json!({ "textDocument": { "uri": A }, "range": range })).await;
    let whole = read(&full(&mut client).await["data"], &legend);
    let part = read(&part["data"], &legend);
    assert_eq!(part, ["2:2+6 keyword controlFlow", "2:9+1 parameter", "2:11+1 operator", "2:13+1 variable"]);
    assert!(part.iter().all(|token| whole.contains(token)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delta_leads_from_the_last_answer_to_the_new_one() {
    let (mut client, _) = start(listing(&[], &[])).await;
    let mut text = "function f(a) {\n  return a;\n}\n".repeat(50);
    client.open(A, &text).await;
    let first = full(&mut client).await;
    let (mut id, mut data) = (first["resultId"].clone(), first["data"].as_array().expect("numbers").clone());
    for (version, (find, replace)) in
        [("return a", "return a + 1"), ("f(a)", "f(é, a)"), ("  return a;\n", ""), ("", ""), ("", "\n\n")]
            .iter()
            .enumerate()
    {
        let at = text.len() / 2 + text[text.len() / 2..].find(find).expect("it is there");
        text.replace_range(at..at + find.len(), replace);
        client.change(A, version as i32 + 2, json!([{ "text": text }])).await;
        let params = json!({ "textDocument": { "uri": A }, "previousResultId": id });
        let delta = client.ask("textDocument/semanticTokens/full/delta", params).await;
        for edit in delta["edits"].as_array().expect("a delta") {
            let start = edit["start"].as_u64().expect("a number") as usize;
            let gone = edit["deleteCount"].as_u64().expect("a number") as usize;
            assert!(gone < 200, "a small change: {edit}");
            let new = edit["data"].as_array().cloned().unwrap_or_default();
            data.splice(start..start + gone, new);
        }
        id = delta["resultId"].clone();
        // Asked anew, in another document, there is nothing to take over.
        let fresh = format!("file:///p/fresh{version}.ms");
        client.open(&fresh, &text).await;
        let params = json!({ "textDocument": { "uri": fresh } });
        let whole = client.ask("textDocument/semanticTokens/full", params).await;
        assert_eq!(whole["data"], Value::from(data.clone()), "after edit {version}");
    }
    let params = json!({ "textDocument": { "uri": A }, "previousResultId": "no such answer" });
    let whole = client.ask("textDocument/semanticTokens/full/delta", params).await;
    assert_eq!(whole["data"], Value::from(data));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_told_to_ask_again_once_macros_have_run() {
    let source = "@derive(Eq) class A { x = 1; }\nconst a = new A();\na.equals(a);\n";
    let mut capabilities = listing(&[], &[]);
    capabilities["workspace"]["semanticTokens"] = json!({ "refreshSupport": true });
    let fill = |folder: &Path| fs::write(folder.join("a.ms"), source).expect("it can be written");
    let (mut project, result) = Project::with(fill, capabilities).await;
    let legend = result["capabilities"]["semanticTokensProvider"]["legend"].clone();
    let uri = project.uri("a.ms");
    project.open("a.ms").await;
    let refresh = project.client.message(|message| message["method"] == "workspace/semanticTokens/refresh").await;
    project.client.send(json!({ "jsonrpc": "2.0", "id": refresh["id"], "result": null })).await;
    let document = json!({ "textDocument": { "uri": uri } });
    let tokens = project.client.ask("textDocument/semanticTokens/full", document.clone()).await;
    let tokens = read(&tokens["data"], &legend);
    assert!(tokens.contains(&"2:2+6 method generated".to_owned()), "{tokens:?}");
    let symbols = project.client.ask("textDocument/documentSymbol", document).await;
    let members: Vec<String> = symbols[0]["children"]
        .as_array()
        .expect("members")
        .iter()
        .map(|member| format!("{} {}", member["name"], member["detail"]))
        .collect();
    assert_eq!(members, ["\"x\" null", "\"equals\" \"generated by @derive(Eq)\""]);
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_tree_takes_long_the_last_one_serves_and_the_client_is_told_to_ask_again() {
    let mut script = Script::plain();
    script.parses_aside = true;
    let mut client = Client::new(script, Options { live_delay: Duration::from_millis(1), ..quiet() });
    let mut capabilities = listing(&["variable", "number", "keyword"], &[]);
    capabilities["workspace"]["semanticTokens"]["refreshSupport"] = json!(true);
    let result = client.initialize(capabilities).await;
    let legend = result["capabilities"]["semanticTokensProvider"]["legend"].clone();
    client.open(A, "let a = 1;\nlet b = 2;\n").await;
    let early = full(&mut client).await;
    assert_eq!(read(&early["data"], &legend), ["0:0+3 keyword", "0:4+1 variable declaration", "0:8+1 number"]);
    client.told("workspace/semanticTokens/refresh").await;
    // What is not asked for again waits for the tree.
    let folds = client.ask("textDocument/foldingRange", json!({ "textDocument": { "uri": A } })).await;
    assert!(folds.is_array(), "{folds}");

    // Nobody could tell this one to ask again.
    let mut script = Script::plain();
    script.parses_aside = true;
    let mut client = Client::new(script, quiet());
    let result = client.initialize(listing(&["variable", "number", "keyword"], &[])).await;
    let legend = result["capabilities"]["semanticTokensProvider"]["legend"].clone();
    client.open(A, "let a = 1;\nlet b = 2;\n").await;
    assert_eq!(read(&full(&mut client).await["data"], &legend).len(), 6);
}
