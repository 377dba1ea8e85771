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
