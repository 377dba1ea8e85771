//! Questions about names over the wire: the real program, a project on disk, macros and all.

use std::fs;

use serde_json::{Value, json};

use crate::shop::{Project, position};

const MACROS: &str = "
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return this.${field.name}; } }
  }
}
";

const MAIN: &str = "import { getters } from './m';
@getters
class Point { x = 1; }
const p = new Point();
p.get_x();
p.x;
";

/// A project of two files, `main.ms` open and its macros run.
pub async fn points() -> Project {
    let mut project = Project::over(|folder| {
        fs::write(folder.join("metascript.json"), "{}").expect("it can be written");
        fs::write(folder.join("m.ms"), MACROS).expect("it can be written");
        fs::write(folder.join("main.ms"), MAIN).expect("it can be written");
    })
    .await;
    project.open("main.ms").await;
    project.diagnostics("main.ms", 1, <[Value]>::is_empty).await;
    project
}

/// Asks about the place of `name` in `main.ms` (behind `before`).
pub async fn ask_at(project: &mut Project, method: &str, before: &str, more: Value) -> Value {
    let offset = MAIN.find(before).expect("it is there") + before.len();
    let mut params = json!({
        "textDocument": { "uri": project.uri("main.ms") },
        "position": position(MAIN, offset),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        params[key] = value.clone();
    }
    project.client.ask(method, params).await
}

fn lines(locations: &Value) -> Vec<u64> {
    let list = locations.as_array().expect("a list of locations");
    list.iter().map(|one| one["range"]["start"]["line"].as_u64().expect("a line")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn references_lead_through_generated_code() {
    let mut project = points().await;
    let with = json!({ "context": { "includeDeclaration": true } });
    let found = ask_at(&mut project, "textDocument/references", "class Point { ", with).await;
    // The use of the macro that reads the field, the field, and `p.x`.
    assert_eq!(lines(&found), [1, 2, 5]);
    let without = json!({ "context": { "includeDeclaration": false } });
    let found = ask_at(&mut project, "textDocument/references", "class Point { ", without).await;
    assert_eq!(lines(&found), [1, 5]);
    let found = ask_at(&mut project, "textDocument/implementation", "new ", json!({})).await;
    assert_eq!(lines(&found), [2]);
    let found = ask_at(&mut project, "textDocument/declaration", "const p = new Point();\n", json!({})).await;
    assert_eq!(lines(&found), [3]);
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rename_from_a_generated_name_edits_what_it_is_named_after() {
    let mut project = points().await;
    let answer = ask_at(&mut project, "textDocument/signatureHelp", "p.get_x(", json!({})).await;
    assert_eq!(answer["signatures"][0]["label"], "get_x(): number");
    let prepared = ask_at(&mut project, "textDocument/prepareRename", "p.get", json!({})).await;
    assert_eq!(prepared["placeholder"], "get_x");
    let edit = ask_at(&mut project, "textDocument/rename", "p.get", json!({ "newName": "get_y" })).await;
    let edits = edit["changes"][project.uri("main.ms")].as_array().cloned().unwrap_or_default();
    let told: Vec<_> =
        edits.iter().map(|edit| (edit["range"]["start"]["line"].clone(), edit["newText"].clone())).collect();
    assert_eq!(told, [(json!(2), json!("y")), (json!(4), json!("get_y")), (json!(5), json!("y"))]);
    let params = json!({
        "textDocument": { "uri": project.uri("main.ms") },
        "position": { "line": 4, "character": 4 },
        "newName": "other",
    });
    let id = project.client.request("textDocument/rename", params).await;
    assert_eq!(project.client.error_code(id).await, -32803);
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_lenses_and_hierarchies() {
    let mut project = points().await;
    let document = json!({ "textDocument": { "uri": project.uri("main.ms") } });
    let lenses = project.client.ask("textDocument/codeLens", document.clone()).await;
    assert_eq!(lenses[0]["command"]["title"], "+1 member");
    assert_eq!(lenses[0]["command"]["arguments"], json!([project.uri("main.ms"), { "line": 1, "character": 1 }]));
    let settings = json!({ "settings": { "metascript": { "codeLens": { "expansions": false, "references": true } } } });
    project.client.notify("workspace/didChangeConfiguration", settings).await;
    let lenses = project.client.ask("textDocument/codeLens", document.clone()).await;
    assert_eq!(lenses.as_array().map(Vec::len), Some(1));
    let lens = project.client.ask("codeLens/resolve", lenses[0].clone()).await;
    assert_eq!(lens["command"]["title"], "1 reference");

    let mut params = document;
    params["range"] = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 9, "character": 0 } });
    let hints = project.client.ask("textDocument/inlayHint", params).await;
    assert_eq!(hints, json!([]));

    let items = ask_at(&mut project, "textDocument/prepareCallHierarchy", "p.get", json!({})).await;
    assert_eq!(items[0]["detail"], "generated by @getters");
    let calls = project.client.ask("callHierarchy/incomingCalls", json!({ "item": items[0] })).await;
    assert_eq!(calls[0]["from"]["name"], "main.ms");
    assert_eq!(calls[0]["fromRanges"][0]["start"]["line"], 4);
    let items = ask_at(&mut project, "textDocument/prepareTypeHierarchy", "new Po", json!({})).await;
    assert_eq!(items[0]["name"], "Point");
    assert_eq!(project.client.ask("typeHierarchy/supertypes", json!({ "item": items[0] })).await, json!([]));
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_follow_a_file_that_is_renamed() {
    let mut project = points().await;
    let files = json!([{ "oldUri": project.uri("m.ms"), "newUri": project.uri("macros.ms") }]);
    let edit = project.client.ask("workspace/willRenameFiles", json!({ "files": files })).await;
    let edits = &edit["changes"][project.uri("main.ms")];
    assert!(edits[0]["newText"].as_str().is_some_and(|text| text.contains("./macros")), "{edit}");
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn symbols_actions_and_completions_over_the_wire() {
    let mut project = points().await;
    let found = project.client.ask("workspace/symbol", json!({ "query": "get_" })).await;
    assert_eq!(found[0]["containerName"], "generated by @getters");
    let uri = project.uri("main.ms");
    let at = json!({ "line": 1, "character": 2 });
    let params = json!({
        "textDocument": { "uri": uri },
        "range": { "start": at, "end": at },
        "context": { "diagnostics": [] },
    });
    let actions = project.client.ask("textDocument/codeAction", params.clone()).await;
    assert_eq!(actions[0]["kind"], "refactor.inline");
    assert!(actions[0]["edit"]["changes"][&uri].as_array().is_some_and(|edits| edits.len() == 2), "{actions}");
    // A client that cannot ask later gets the edits at once.
    let mut params = params;
    params["context"]["only"] = json!(["source.organizeImports"]);
    let actions = project.client.ask("textDocument/codeAction", params).await;
    assert_eq!(actions, json!([]), "the imports are in order");
    let list = ask_at(&mut project, "textDocument/completion", "p.get_x();\np.", json!({})).await;
    let items = list["items"].as_array().expect("a list of items");
    let postfix = items.iter().find(|item| item["label"] == "log").expect("a postfix snippet");
    assert_eq!(postfix["additionalTextEdits"][0]["newText"], "");
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_in_a_library_of_typescript_leads_to_a_file_that_can_be_opened() {
    let mut project = Project::over(|folder| {
        fs::write(folder.join("metascript.json"), "{}").expect("it can be written");
        fs::write(folder.join("main.ms"), "[1].indexOf(1);\n").expect("it can be written");
    })
    .await;
    project.open("main.ms").await;
    let uri = project.uri("main.ms");
    let params = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 6 } });
    let found = project.client.ask("textDocument/definition", params).await;
    let place = &found[0];
    let target = place["targetUri"].as_str().or(place["uri"].as_str()).expect("a place").to_owned();
    let start = place.pointer("/targetSelectionRange/start").unwrap_or(&place["range"]["start"]).clone();
    assert!(target.ends_with("/lib.es5.d.ts"), "{found}");
    let path = target.strip_prefix("file://").expect("it is a file").to_owned();
    let text = fs::read_to_string(&path).expect("it can be read");
    let line = start["line"].as_u64().expect("a line") as usize;
    assert!(text.lines().nth(line).is_some_and(|line| line.contains("indexOf")), "{found}");

    // It is opened: its names are known, and nothing is wrong with it.
    project.client.open(&target, &text).await;
    let hover = json!({ "textDocument": { "uri": target }, "position": start });
    let hover = project.client.ask("textDocument/hover", hover).await;
    assert!(hover["contents"].to_string().contains("indexOf"), "{hover}");
}
