//! How answers look to clients of different abilities.

use msc::base::{FilePath, TextRange};
use msc::engine::{self, CompletionKind};
use msc::ide::complete::{Completion, CompletionDetail, Completions};
use msc::ide::goto::{Target, Targets};
use msc::ide::hover::HoverAnswer;
use msc::lsp::std_files::StdFiles;
use msc::lsp::to_proto::without_stops;
use msc::std_lib;
use msc::text::TextEdit;
use serde_json::{Value, json};

use crate::support::{Client, Script, at, capabilities, quiet};

const A: &str = "file:///p/a.ms";
/// The cursor of all questions is behind `ab`.
const TEXT: &str = "u.abcd";

fn script() -> Script {
    let mut script = Script::plain();
    script.hover = Box::new(|_, _, _, _| {
        let markdown = "```ts\nconst x: number\n```\n---\ndoc".to_owned();
        Ok(Some(HoverAnswer { range: TextRange::new(0, 1), markdown }))
    });
    script.complete = Box::new(|_, _, offset, _| {
        assert_eq!(offset, 4);
        let plain = Completion {
            label: "abc".into(),
            kind: CompletionKind::EnumMember,
            insert: "abc".into(),
            is_snippet: false,
            filter: None,
            sort: "1".into(),
            label_detail: Some("derive(Eq)".into()),
            replace: TextRange::new(2, 6),
            deprecated: true,
            token: Some("tok".into()),
            edits: Vec::new(),
        };
        let snippet = Completion {
            label: "abf".into(),
            kind: CompletionKind::Method,
            insert: "abf(${1:x}, $2)$0".into(),
            is_snippet: true,
            filter: Some(".abf".into()),
            label_detail: None,
            deprecated: false,
            token: None,
            ..plain.clone()
        };
        Ok(Completions { items: vec![plain, snippet], is_incomplete: true, is_from_rows: false })
    });
    script.resolve = Box::new(|file, offset, label, token| {
        assert_eq!((file.as_str(), offset, label, token), ("/p/a.ms", 4, "abc", "tok"));
        let edits = vec![TextEdit { range: TextRange::empty(0), text: "import x;\n".into() }];
        Ok(CompletionDetail { detail: Some("(method)".into()), documentation: Some("**doc**".into()), edits })
    });
    script.definition = Box::new(|_, file, _, _| {
        let target = Target { file: file.clone(), range: TextRange::new(2, 4), full: TextRange::new(0, 6) };
        let generated = Target { file: FilePath::new("/p/not-there.ms"), ..target.clone() };
        Ok(Targets { asked: Some(TextRange::new(2, 6)), targets: vec![target, generated] })
    });
    script
}

fn range(from: u32, to: u32) -> Value {
    json!({ "start": { "line": 0, "character": from }, "end": { "line": 0, "character": to } })
}

async fn clients() -> (Client, Client) {
    let mut able = Client::start_as(script(), quiet(), capabilities()).await;
    able.open(A, TEXT).await;
    let mut plain = Client::start_as(script(), quiet(), json!({})).await;
    plain.open(A, TEXT).await;
    (able, plain)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hover() {
    let (mut able, mut plain) = clients().await;
    let answer = able.hover(A, 0, 4).await;
    assert_eq!(answer["contents"], json!({ "kind": "markdown", "value": "```ts\nconst x: number\n```\n---\ndoc" }));
    assert_eq!(answer["range"], range(0, 1));
    let answer = plain.hover(A, 0, 4).await;
    assert_eq!(answer["contents"], json!({ "kind": "plaintext", "value": "const x: number\ndoc" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completion() {
    let (mut able, mut plain) = clients().await;
    let list = able.ask("textDocument/completion", at(A, 0, 4)).await;
    assert_eq!(list["isIncomplete"], true);
    assert_eq!(
        list["items"][0],
        json!({
            "label": "abc", "kind": 20, "sortText": "1", "tags": [1],
            "labelDetails": { "description": "derive(Eq)" },
            "textEdit": { "newText": "abc", "insert": range(2, 4), "replace": range(2, 6) },
            "data": { "f": "/p/a.ms", "o": 4, "t": "tok" },
        })
    );
    assert_eq!(
        list["items"][1],
        json!({
            "label": "abf", "kind": 2, "sortText": "1", "filterText": ".abf", "insertTextFormat": 2,
            "textEdit": { "newText": "abf(${1:x}, $2)$0", "insert": range(2, 4), "replace": range(2, 6) },
        })
    );
    let list = plain.ask("textDocument/completion", at(A, 0, 4)).await;
    assert_eq!(
        list["items"][0],
        json!({
            "label": "abc", "kind": 13, "sortText": "1", "detail": "derive(Eq)",
            "textEdit": { "newText": "abc", "range": range(2, 4) },
            "data": { "f": "/p/a.ms", "o": 4, "t": "tok" },
        })
    );
    assert_eq!(list["items"][1]["textEdit"], json!({ "newText": "abf(x, )", "range": range(2, 4) }));
    assert_eq!(list["items"][1].get("insertTextFormat"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completion_resolve() {
    let (mut able, mut plain) = clients().await;
    for (client, kind) in [(&mut able, "markdown"), (&mut plain, "plaintext")] {
        let list = client.ask("textDocument/completion", at(A, 0, 4)).await;
        let item = client.ask("completionItem/resolve", list["items"][0].clone()).await;
        assert_eq!(item["detail"], "(method)");
        assert_eq!(item["documentation"]["kind"], kind);
        assert_eq!(item["additionalTextEdits"], json!([{ "range": range(0, 0), "newText": "import x;\n" }]));
        // An item without more to tell, and one that is not ours, come back as they are.
        for item in [list["items"][1].clone(), json!({ "label": "x", "data": { "theirs": 1 } })] {
            assert_eq!(client.ask("completionItem/resolve", item.clone()).await, item);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definition_and_type_definition() {
    let (mut able, mut plain) = clients().await;
    for method in ["textDocument/definition", "textDocument/typeDefinition"] {
        // A target whose text cannot be had is left out.
        let links = able.ask(method, at(A, 0, 4)).await;
        assert_eq!(
            links,
            json!([{ "originSelectionRange": range(2, 6), "targetUri": A,
                "targetRange": range(0, 6), "targetSelectionRange": range(2, 4) }])
        );
        let locations = plain.ask(method, at(A, 0, 4)).await;
        assert_eq!(locations, json!([{ "uri": A, "range": range(2, 4) }]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_says_what_it_does() {
    let mut client = Client::new(Script::plain(), quiet());
    let result = client.initialize(capabilities()).await;
    let offered = &result["capabilities"];
    assert_eq!(
        offered["textDocumentSync"],
        json!({ "openClose": true, "change": 2, "save": { "includeText": false } })
    );
    assert_eq!(offered["completionProvider"]["triggerCharacters"], json!([".", "@", "\"", "'", "/", "<", "#"]));
    assert_eq!(offered["completionProvider"]["resolveProvider"], true);
    for feature in ["hoverProvider", "definitionProvider", "typeDefinitionProvider"] {
        assert_eq!(offered[feature], true, "{feature}");
    }
    assert_eq!(offered.get("diagnosticProvider"), None, "diagnostics are pushed");
}

#[test]
fn snippets_without_stops() {
    let cases = [
        ("plain", "plain"),
        ("f($1)$0", "f()"),
        ("f(${1:x}, ${2:y})", "f(x, y)"),
        ("${1:a${2:b}c}d", "abcd"),
        ("${1|one,two|}!", "one!"),
        ("cost: \\$5 \\} {}", "cost: $5 } {}"),
        ("`${x}`", "`${x}`"),
        ("$", "$"),
    ];
    for (snippet, text) in cases {
        assert_eq!(without_stops(snippet), text, "{snippet}");
    }
}

#[test]
fn files_of_the_standard_library_are_shown_from_the_users_cache() {
    let cache = tempfile::tempdir().expect("a temporary directory");
    let files = StdFiles::under(Some(cache.path()));
    let (name, text) = std_lib::FILES[0];
    let inside = FilePath::new(&format!("{}/{name}", std_lib::ROOT));
    let shown = files.shown(&inside).expect("the cache can be written");
    assert!(shown.is_under(&FilePath::from_os(cache.path())), "{shown}");
    let written = shown.to_os();
    assert_eq!(std::fs::read_to_string(&written).expect("it was written"), text);
    assert!(std::fs::metadata(&written).expect("it was written").permissions().readonly());
    assert_eq!(files.meant(shown.clone()), inside);

    // Whatever happened to it meanwhile, the next server shows the right text.
    std::fs::remove_file(&written).expect("it was written");
    std::fs::write(&written, "other").expect("the cache can be written");
    StdFiles::under(Some(cache.path())).shown(&inside);
    assert_eq!(std::fs::read_to_string(&written).expect("it was written"), text);

    let own = FilePath::new("/p/a.ms");
    assert_eq!(files.shown(&own), Some(own.clone()));
    assert_eq!(files.meant(own.clone()), own);
    assert_eq!(StdFiles::under(None).shown(&inside), None);
}

#[test]
fn typescripts_libraries_are_shown_from_the_users_cache() {
    let cache = tempfile::tempdir().expect("a temporary directory");
    let files = StdFiles::under(Some(cache.path()));
    let inside = FilePath::new(&format!("{}/lib.es5.d.ts", engine::LIBRARIES));
    let shown = files.shown(&inside).expect("the cache can be written");
    assert!(shown.is_under(&FilePath::from_os(cache.path())), "{shown}");
    let written = std::fs::read_to_string(shown.to_os()).expect("it was written");
    assert_eq!(Some(written.as_str()), engine::library(&inside));
    assert_eq!(files.meant(shown), inside);

    let unknown = FilePath::new(&format!("{}/lib.none.d.ts", engine::LIBRARIES));
    assert_eq!(files.shown(&unknown), None);
    assert_eq!(StdFiles::under(None).shown(&inside), None);
}
