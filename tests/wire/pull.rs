//! Diagnostics that the client asks for, texts that it asks for by their URI, and what it may be told of them.

use std::fs;

use serde_json::{Value, json};

use crate::shop::{Project, position};
use crate::support::capabilities;

const LIB: &str = "export const one: number = 1;\n";
const MAIN: &str = "import { one } from './lib';\nexport const two: string = one;\n";

fn pulling() -> Value {
    let mut abilities = capabilities();
    abilities["textDocument"]["diagnostic"] = json!({ "relatedDocumentSupport": true });
    abilities["workspace"]["diagnostics"] = json!({ "refreshSupport": true });
    abilities["textDocument"]["publishDiagnostics"]["codeDescriptionSupport"] = json!(true);
    abilities
}

async fn project(abilities: Value) -> (Project, Value) {
    let fill = |folder: &std::path::Path| {
        fs::write(folder.join("metascript.json"), "{}").expect("it can be written");
        fs::write(folder.join("lib.ms"), LIB).expect("it can be written");
        fs::write(folder.join("main.ms"), MAIN).expect("it can be written");
    };
    Project::with(fill, abilities).await
}

async fn pull(project: &mut Project, file: &str, previous: Option<&str>) -> Value {
    let params = json!({ "textDocument": { "uri": project.uri(file) }, "previousResultId": previous });
    project.client.ask("textDocument/diagnostic", params).await
}

fn codes(report: &Value) -> Vec<&str> {
    let items = report["items"].as_array().expect("a full report");
    items.iter().filter_map(|item| item["code"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_not_pushed() {
    let (mut project, answer) = project(pulling()).await;
    assert_eq!(answer["capabilities"]["diagnosticProvider"]["workspaceDiagnostics"], true);
    project.open("main.ms").await;
    let first = pull(&mut project, "main.ms", None).await;
    assert_eq!((first["kind"].as_str(), codes(&first)), (Some("full"), vec!["TS2322"]));
    let id = first["resultId"].as_str().expect("a result has an id").to_owned();
    let again = pull(&mut project, "main.ms", Some(&id)).await;
    assert_eq!(again, json!({ "kind": "unchanged", "resultId": id }));

    // A question that comes with an edit waits for what is found in the new text.
    let uri = project.uri("main.ms");
    let end = position(MAIN, MAIN.len());
    let edit = json!([{ "range": { "start": end, "end": end }, "text": "export const three: string = 3;\n" }]);
    project.client.change(&uri, 2, edit).await;
    let more = pull(&mut project, "main.ms", Some(&id)).await;
    assert_eq!(codes(&more), ["TS2322", "TS2322"]);

    // One that is overtaken by an edit is asked again.
    let slow = json!({ "textDocument": { "uri": uri } });
    project.client.change(&uri, 3, json!([{ "text": MAIN }])).await;
    let id = project.client.request("textDocument/diagnostic", slow).await;
    project.client.change(&uri, 4, json!([{ "text": "export {};\n" }])).await;
    let response = project.client.response(id).await;
    if let Some(error) = response.get("error") {
        assert_eq!((&error["code"], &error["data"]["retriggerRequest"]), (&json!(-32802), &json!(true)), "{error}");
    }
    let last = pull(&mut project, "main.ms", None).await;
    assert_eq!(codes(&last), Vec::<&str>::new());
    project.client.ask("shutdown", json!(null)).await;
    assert_eq!(project.client.taken(|one| one["method"] == "textDocument/publishDiagnostics"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_documents_that_changed_are_told_or_asked_for_again() {
    let (mut project, _) = project(pulling()).await;
    project.open("main.ms").await;
    project.open("lib.ms").await;
    assert_eq!(codes(&pull(&mut project, "main.ms", None).await), ["TS2322"]);
    assert_eq!(codes(&pull(&mut project, "lib.ms", None).await), Vec::<&str>::new());
    let lib = project.uri("lib.ms");
    project.client.change(&lib, 2, json!([{ "text": "export const one: string = '1';\n" }])).await;
    let report = pull(&mut project, "lib.ms", None).await;
    assert_eq!(codes(&report), Vec::<&str>::new());
    let main = project.uri("main.ms");
    // It comes along, or the client is told to ask again: which of them depends on what was found first.
    let related = report["relatedDocuments"][&main].clone();
    if related.is_null() {
        let refresh = project.client.message(|one| one["method"] == "workspace/diagnostic/refresh").await;
        project.client.send(json!({ "jsonrpc": "2.0", "id": refresh["id"], "result": null })).await;
        assert_eq!(codes(&pull(&mut project, "main.ms", None).await), Vec::<&str>::new());
    } else {
        assert_eq!(codes(&related), Vec::<&str>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_workspace_is_told_with_what_is_known_of_it() {
    let (mut project, _) = project(pulling()).await;
    project.open("main.ms").await;
    let report = pull(&mut project, "main.ms", None).await;
    let id = report["resultId"].clone();
    let all = project.client.ask("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let main = project.uri("main.ms");
    let of_main = |all: &Value| {
        let items = all["items"].as_array().expect("a list").clone();
        items.into_iter().find(|item| item["uri"] == main).expect("the open document is told")
    };
    assert_eq!((codes(&of_main(&all)), &of_main(&all)["version"]), (vec!["TS2322"], &json!(1)));
    let known =
        json!({ "previousResultIds": [{ "uri": main, "value": id }, { "uri": "file:///gone.ms", "value": "0" }] });
    let all = project.client.ask("workspace/diagnostic", known).await;
    assert_eq!(of_main(&all)["kind"], "unchanged");
    let gone = all["items"].as_array().and_then(|items| items.iter().find(|item| item["uri"] == "file:///gone.ms"));
    assert_eq!(gone.map(|gone| &gone["items"]), Some(&json!([])), "what is shown of it goes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_cannot_be_told_to_ask_again_is_pushed_to() {
    let mut abilities = pulling();
    abilities["workspace"]["diagnostics"]["refreshSupport"] = json!(false);
    let (mut project, answer) = project(abilities).await;
    assert!(answer["capabilities"]["diagnosticProvider"].is_null());
    project.open("main.ms").await;
    let list = project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    assert_eq!(list[0]["code"], "TS2322");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_of_ours_lead_to_their_pages() {
    let (mut project, _) = project(pulling()).await;
    fs::write(project.path("wrong.ms"), "@derive(None)\nexport class A {}\n").expect("it can be written");
    project.open("wrong.ms").await;
    let report = pull(&mut project, "wrong.ms", None).await;
    let item = &report["items"][0];
    let code = item["code"].as_str().expect("a code");
    assert!(code.starts_with("MS"), "{report}");
    let href = item["codeDescription"]["href"].as_str().expect("a link");
    let page = fs::read_to_string(href.strip_prefix("file://").expect("a file")).expect("it can be read");
    assert!(page.contains(code), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expansion_is_a_document_that_is_asked_for_by_its_uri() {
    let mut abilities = capabilities();
    abilities["workspace"]["textDocumentContent"] = json!({ "dynamicRegistration": false });
    let macros = "
export macro inner(ctx: MacroContext) { quote { made = 1; } }
export macro outer(ctx: MacroContext) { ctx.addAfter(quote { @inner export class Inner {} }); }
";
    let fill = |folder: &std::path::Path| {
        fs::write(folder.join("metascript.json"), "{}").expect("it can be written");
        fs::write(folder.join("m.ms"), macros).expect("it can be written");
        let main = "import { inner, outer } from './m';\n@outer\nexport class A {}\n@inner export class B {}\n";
        fs::write(folder.join("main.ms"), main).expect("it can be written");
    };
    let (mut project, answer) = Project::with(fill, abilities).await;
    assert_eq!(answer["capabilities"]["workspace"]["textDocumentContent"]["schemes"], json!(["metascript-expansion"]));
    project.open("main.ms").await;
    project.diagnostics("main.ms", 1, <[Value]>::is_empty).await;
    let place = json!({ "line": 1, "character": 2 });
    let mut texts = Vec::new();
    for steps in [1, 2] {
        let arguments = json!([project.uri("main.ms"), place, steps]);
        let params = json!({ "command": "metascript.expandMacro", "arguments": arguments });
        let result = project.client.ask("workspace/executeCommand", params).await;
        let uri = result["uri"].as_str().expect("it has a name").to_owned();
        assert!(uri.starts_with("metascript-expansion:/") && uri.contains("/main.ms.line-2.ts?"), "{uri}");
        let shown = project.client.message(|message| message["method"] == "window/showDocument").await;
        assert_eq!(shown["params"]["uri"], uri);
        let content = project.client.ask("workspace/textDocumentContent", json!({ "uri": uri })).await;
        texts.push((content["text"].as_str().expect("a text").to_owned(), result["hasMore"] == true));
    }
    let (first, second) = (&texts[0], &texts[1]);
    assert!(first.0.contains("@inner") && !first.0.contains("made") && first.1, "{first:?}");
    assert!(second.0.contains("made") && !second.1, "{second:?}");

    let id = project.client.request("workspace/textDocumentContent", json!({ "uri": "metascript-expansion:/x" })).await;
    assert_eq!(project.client.error_code(id).await, -32803);

    // Where the source changes, the client is told that the text did.
    let uri = project.uri("main.ms");
    let edit = json!([{ "text": "import { inner, outer } from './m';\n@outer\nexport class Other {}\n@inner export class B { b = 1; }\n" }]);
    project.client.change(&uri, 2, edit).await;
    let told = project.client.told("workspace/textDocumentContent/refresh").await;
    assert!(told["uri"].as_str().is_some_and(|uri| uri.starts_with("metascript-expansion:")), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_in_an_expansion_are_known_where_they_are_read() {
    let mut abilities = capabilities();
    abilities["workspace"]["textDocumentContent"] = json!({});
    let macros = "
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return this.${field.name}; } }
  }
}
";
    let fill = |folder: &std::path::Path| {
        fs::write(folder.join("metascript.json"), "{}").expect("it can be written");
        fs::write(folder.join("m.ms"), macros).expect("it can be written");
        let main = "import { getters } from './m';\n@getters\nclass Point { x = 1; }\nnew Point().get_x();\n";
        fs::write(folder.join("main.ms"), main).expect("it can be written");
    };
    let (mut project, _) = Project::with(fill, abilities).await;
    project.open("main.ms").await;
    project.diagnostics("main.ms", 1, <[Value]>::is_empty).await;
    let arguments = json!([project.uri("main.ms"), { "line": 1, "character": 2 }]);
    let params = json!({ "command": "metascript.expandMacro", "arguments": arguments });
    let uri = project.client.ask("workspace/executeCommand", params).await["uri"].clone();
    let text = project.client.ask("workspace/textDocumentContent", json!({ "uri": uri })).await["text"].clone();
    let text = text.as_str().expect("a text");
    let ask = |name: &str| {
        let place = position(text, text.rfind(name).expect("it is generated"));
        json!({ "textDocument": { "uri": uri }, "position": place, "context": { "includeDeclaration": false } })
    };
    let hover = project.client.ask("textDocument/hover", ask("x; }")).await;
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("Point.x: number")), "{hover}");
    assert_eq!(hover["range"]["start"], position(text, text.rfind("x; }").expect("it is there")));
    let definition = project.client.ask("textDocument/definition", ask("x; }")).await;
    assert_eq!(definition[0]["targetUri"], project.uri("main.ms"));
    assert_eq!(definition[0]["targetSelectionRange"]["start"], json!({ "line": 2, "character": 14 }));
    let uses = project.client.ask("textDocument/references", ask("get_x")).await;
    assert_eq!(uses[0]["uri"], project.uri("main.ms"));
    assert_eq!(uses[0]["range"]["start"]["line"], 3);
    // The heading is nobody's code.
    let heading = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 4 } });
    assert_eq!(project.client.ask("textDocument/hover", heading).await, Value::Null);
}
