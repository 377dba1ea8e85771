//! Positions in both encodings, edits across wide characters and line ends, and names of files.

use msc::base::{FilePath, TextRange};
use msc::ide::goto::{Target, Targets};
use msc::lsp::{from_proto, to_proto};
use serde_json::{Value, json};

use crate::support::{Client, Script, at, capabilities, quiet};

const A: &str = "file:///p/a.ms";

async fn client(encoding: &str) -> Client {
    let mut able = capabilities();
    able["general"]["positionEncodings"] = match encoding {
        "utf-16" => json!(["utf-16"]),
        _ => json!(["utf-16", "utf-8", "utf-32"]),
    };
    let mut client = Client::new(Script::plain(), quiet());
    let result = client.initialize(able).await;
    assert_eq!(result["capabilities"]["positionEncoding"], encoding);
    client
}

fn replace(from: (u32, u32), to: (u32, u32), text: &str) -> Value {
    json!({ "range": {
        "start": { "line": from.0, "character": from.1 },
        "end": { "line": to.0, "character": to.1 },
    }, "text": text })
}

/// The offset that a hover at a position is asked about.
async fn offset(client: &mut Client, line: u32, character: u32) -> u32 {
    let answer = client.hover(A, line, character).await;
    let text = answer["contents"]["value"].as_str().expect("a hover");
    text.split(':').nth(1).and_then(|offset| offset.parse().ok()).expect("an offset")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_a_say_speaks_utf_16() {
    let mut client = Client::new(Script::plain(), quiet());
    let result = client.initialize(json!({})).await;
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_count_what_was_agreed_on() {
    // x, a 4-byte character of two UTF-16 units, a 2-byte one, y.
    let text = "x😀éy\r\n😀z\n";
    for (encoding, y, end, z) in [("utf-16", 4, 5, 2), ("utf-8", 7, 8, 4)] {
        let mut client = client(encoding).await;
        client.open(A, text).await;
        assert_eq!(offset(&mut client, 0, y).await, 7, "{encoding}");
        // Past the end of a line is its end, before the line break; past the last line, the text's.
        assert_eq!(offset(&mut client, 0, end).await, 8, "{encoding}");
        assert_eq!(offset(&mut client, 0, 99).await, 8, "{encoding}");
        assert_eq!(offset(&mut client, 1, z).await, 14, "{encoding}");
        assert_eq!(offset(&mut client, 99, 0).await, 16, "{encoding}");
        // Answers count the same way.
        let answer = client.hover(A, 0, y).await;
        assert_eq!(answer["range"]["start"], json!({ "line": 0, "character": y }), "{encoding}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_across_wide_characters_and_line_ends() {
    for (encoding, wide, accent) in [("utf-16", 2, 1), ("utf-8", 4, 2)] {
        let mut client = client(encoding).await;
        client.open(A, "a😀b\r\ncéd\r\ne").await;
        let value = |answer: Value| answer["contents"]["value"].as_str().unwrap_or_default().to_owned();

        // In one message each edit refers to the text after the one before.
        let edits =
            json!([replace((0, 1 + wide), (0, 2 + wide), "😀😀"), replace((0, 1 + 2 * wide), (0, 1 + 3 * wide), "!")]);
        client.change(A, 2, edits).await;
        assert_eq!(value(client.hover(A, 0, 0).await), "2:0:a😀😀!\r\ncéd\r\ne", "{encoding}");

        // From behind a wide character over a line break to behind another.
        client.change(A, 3, json!([replace((0, 1 + wide), (1, 1 + accent), "\n")])).await;
        assert_eq!(value(client.hover(A, 0, 0).await), "3:0:a😀\nd\r\ne", "{encoding}");

        // A backward range means the same as a forward one, and the end of a line is before its break.
        client.change(A, 4, json!([replace((1, 99), (1, 0), "D")])).await;
        assert_eq!(value(client.hover(A, 0, 0).await), "4:0:a😀\nD\r\ne", "{encoding}");

        // An end past the text is its end; a whole text replaces all.
        client.change(A, 5, json!([replace((2, 0), (99, 0), ""), replace((99, 9), (99, 9), "f")])).await;
        assert_eq!(value(client.hover(A, 0, 0).await), "5:0:a😀\nD\r\nf", "{encoding}");
        client.change(A, 6, json!([{ "text": "é" }, replace((0, accent), (0, accent), "x")])).await;
        assert_eq!(value(client.hover(A, 0, 0).await), "6:0:éx", "{encoding}");
    }
}

#[test]
fn file_uris_mean_their_path() {
    let cases = [
        ("file:///p/a.ms", "/p/a.ms"),
        ("FILE:///p/a.ms", "/p/a.ms"),
        ("file://localhost/p/a.ms", "/p/a.ms"),
        ("file:/p/a.ms", "/p/a.ms"),
        ("file:///p/a%20b/100%25.ms", "/p/a b/100%.ms"),
        ("file:///p/%E6%96%87%E4%BB%B6/%F0%9F%98%80.ms", "/p/文件/😀.ms"),
        ("file:///p/a%23b%3Fc.ms", "/p/a#b?c.ms"),
        ("file:///p/./x/../a.ms", "/p/a.ms"),
        ("file:///c:/p/a.ms", "C:/p/a.ms"),
        ("file:///C:/p/a.ms", "C:/p/a.ms"),
        ("file:///c%3A/p/a.ms", "C:/p/a.ms"),
        ("file:///p/a.ms#L3", "/p/a.ms"),
    ];
    for (uri, path) in cases {
        let found = from_proto::file(&uri.parse().expect(uri));
        assert_eq!(found, Some(FilePath::new(path)), "{uri}");
    }
    for uri in ["untitled:a.ms", "https://x/a.ms", "file://host/share/a.ms", "file:///p/%00.ms", "file:///%FF.ms"] {
        assert_eq!(from_proto::file(&uri.parse().expect(uri)), None, "{uri}");
    }
}

#[test]
fn paths_survive_the_way_to_a_uri_and_back() {
    for path in ["/p/a.ms", "/p/a b/100%.ms", "/p/文件/😀.ms", "/p/a#b?c&d=e+f;g[h].ms", "C:/p/a:b.ms", "/p/it's.ms"]
    {
        let path = FilePath::new(path);
        let uri = to_proto::uri(&path).expect("a URI");
        assert!(uri.as_str().is_ascii(), "{}", uri.as_str());
        assert_eq!(from_proto::file(&uri), Some(path));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_keeps_the_spelling_of_its_client() {
    let mut script = Script::plain();
    script.definition = Box::new(|_, file, _, _| {
        let range = TextRange::new(0, 1);
        let target = Target { file: file.clone(), range, full: range };
        Ok(Targets { asked: None, targets: vec![target] })
    });
    script.pass = Box::new(|view, _, _, send| {
        send(view.found("/p/a b (1).ms", Vec::new()));
        Ok(())
    });
    let mut client = Client::start(script, quiet()).await;
    // Not how the server would write it, and not even a URI in the second case.
    for uri in ["file:///p/a%20b%20%281%29.ms", "file:///p/a b (1).ms"] {
        client.open(uri, "x").await;
        let sent_back = uri.replace(' ', "%20");
        assert_eq!(client.told("textDocument/publishDiagnostics").await["uri"], sent_back);
        let answer = client.ask("textDocument/definition", at(uri, 0, 0)).await;
        assert_eq!(answer[0]["targetUri"], sent_back);
        client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } })).await;
    }
}
