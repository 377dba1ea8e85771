//! Formatting through the protocol: what an editor gets back, and that it is what `msc fmt` writes.

use std::fs;

use msc::text::{Encoding, LineCol, LineIndex};
use serde_json::{Value, json};

use crate::shop::Project;

/// The text after edits in the protocol's form, which are all said of the text as it was.
fn apply(text: &str, edits: &Value, encoding: Encoding) -> String {
    let lines = LineIndex::new(text);
    let offset = |at: &Value| {
        let number = |value: &Value| u32::try_from(value.as_u64().expect("a number")).expect("it fits");
        let at = LineCol { line: number(&at["line"]), col: number(&at["character"]) };
        lines.offset(text, at, encoding) as usize
    };
    let mut edits: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("a list")
        .iter()
        .map(|edit| (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]), edit["newText"].as_str().unwrap()))
        .collect();
    edits.sort_unstable();
    let mut out = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        out.replace_range(start..end, new);
    }
    out
}

const TEXT: &str = "const  á = 1\nmacro  m( ctx ) { quote { f( ${á} ) ; g( ) } }\nconst b  = 2\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_a_range_and_what_the_project_says() {
    let fill = |root: &std::path::Path| {
        fs::write(root.join("metascript.json"), r#"{ "format": { "quoteStyle": "single" } }"#).unwrap();
        fs::write(root.join("a.ms"), TEXT).unwrap();
        fs::write(root.join("b.ms"), "f( \"x\" )\n").unwrap();
    };
    let (mut project, answer) = Project::with(fill, crate::support::capabilities()).await;
    assert_eq!(answer["capabilities"]["documentFormattingProvider"], json!(true));
    assert_eq!(answer["capabilities"]["documentRangeFormattingProvider"], json!(true));
    let encoding = match answer["capabilities"]["positionEncoding"].as_str() {
        Some("utf-8") => Encoding::Utf8,
        _ => Encoding::Utf16,
    };
    project.open("a.ms").await;
    project.open("b.ms").await;
    let uri = project.uri("a.ms");
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let params = json!({ "textDocument": { "uri": uri }, "options": options });
    let edits = project.client.ask("textDocument/formatting", params.clone()).await;
    let expected =
        "const á = 1;\nmacro m(ctx) {\n    quote {\n        f(${á});\n        g();\n    }\n}\nconst b = 2;\n";
    assert_eq!(apply(TEXT, &edits, encoding), expected);
    // Small edits: nothing is replaced that stays.
    for edit in edits.as_array().unwrap() {
        assert!(!edit["newText"].as_str().unwrap().contains('á'), "{edit}");
    }

    let range = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 5 } });
    let mut ranged = params.clone();
    ranged["range"] = range;
    let edits = project.client.ask("textDocument/rangeFormatting", ranged).await;
    assert_eq!(apply(TEXT, &edits, encoding), TEXT.replace("const b  = 2\n", "const b = 2;\n"));

    // What is formatted stays: no edits. The live text counts, not the disk's.
    project.client.change(&uri, 2, json!([{ "text": expected }])).await;
    assert_eq!(project.client.ask("textDocument/formatting", params).await, json!([]));

    let params = json!({ "textDocument": { "uri": project.uri("b.ms") }, "options": options });
    let edits = project.client.ask("textDocument/formatting", params).await;
    assert_eq!(apply("f( \"x\" )\n", &edits, encoding), "f('x');\n");
    project.shut_down().await;
}
