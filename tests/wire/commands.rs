//! Commands that the server runs for a person.

use std::fs;

use serde_json::{Value, json};

use crate::navigation::points;
use crate::shop::Project;
use crate::support::capabilities;

async fn run(project: &mut Project, command: &str, arguments: Value) -> Value {
    project.client.ask("workspace/executeCommand", json!({ "command": command, "arguments": arguments })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lens_opens_what_its_macro_generates() {
    let mut project = points().await;
    let document = json!({ "textDocument": { "uri": project.uri("main.ms") } });
    let lenses = project.client.ask("textDocument/codeLens", document).await;
    let command = lenses[0]["command"].clone();
    let result = run(&mut project, command["command"].as_str().expect("a name"), command["arguments"].clone()).await;
    assert_eq!(result["name"], "@getters");
    assert_eq!(result["text"], "get_x() { return this.x; }\n");

    let shown = project.client.message(|message| message["method"] == "window/showDocument").await;
    assert_eq!(shown["params"]["uri"], result["uri"]);
    let path = result["uri"].as_str().and_then(|uri| uri.strip_prefix("file://")).expect("a file").to_owned();
    assert!(path.ends_with("/main.line-2.ts"), "{path}");
    let text = fs::read_to_string(&path).expect("it was written");
    assert!(text.starts_with("// @getters on line 2 of main.ms generates:\n"), "{text}");
    assert!(text.ends_with("get_x() { return this.x; }\n"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(path.as_ref()), 0o400);
        assert_eq!(mode(std::path::Path::new(&path).parent().expect("a directory")), 0o700);
    }

    // The answer may come, or not: nothing waits for it.
    project.client.send(json!({ "jsonrpc": "2.0", "id": shown["id"], "result": { "success": true } })).await;
    let again = run(&mut project, "metascript.expandRecursively", command["arguments"].clone()).await;
    assert_eq!(again, result);
    project.shut_down().await;
    assert!(!std::path::Path::new(&path).exists(), "what was shown goes with the session");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_say_why_they_cannot() {
    let mut project = points().await;
    let uri = project.uri("main.ms");
    for (command, arguments, why) in [
        ("metascript.expandMacro", json!([]), "the first argument must be the URI of a document"),
        ("metascript.expandMacro", json!([uri]), "the second argument must be the position"),
        ("metascript.expandMacro", json!([uri, { "line": 3, "character": 0 }]), "no macro is used on line 4"),
        ("metascript.expandMacro", json!(["file:///none/a.ms", { "line": 0, "character": 0 }]), "cannot be read"),
        ("metascript.unheardOf", json!([]), "there is no command metascript.unheardOf"),
    ] {
        let params = json!({ "command": command, "arguments": arguments });
        let id = project.client.request("workspace/executeCommand", params).await;
        let error = project.client.response(id).await["error"].clone();
        assert_eq!(error["code"], -32803, "{command}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(why)), "{error}");
    }
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_sees_what_no_watcher_told() {
    let mut project = points().await;
    let macros = fs::read_to_string(project.path("m.ms")).expect("it is there");
    fs::write(project.path("m.ms"), macros.replace("get_", "read_")).expect("it can be written");
    assert_eq!(run(&mut project, "metascript.reloadWorkspace", json!([])).await, Value::Null);
    let found = project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    assert!(found[0]["message"].as_str().is_some_and(|message| message.contains("get_x")), "{found:?}");
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_syntax_tree_is_that_of_the_live_text() {
    let mut project = points().await;
    let uri = project.uri("main.ms");
    project.client.change(&uri, 2, json!([{ "text": "let fresh = 1;\n" }])).await;
    let result = run(&mut project, "metascript.showSyntaxTree", json!([uri])).await;
    let tree = result["text"].as_str().expect("a text");
    assert!(tree.starts_with("(program [0:0 - ") && tree.contains("lexical_declaration"), "{tree}");
    project.shut_down().await;
}

const ASKS: &str = r#"{ "macros": { "allow": { "env": ["HOME"] } } }"#;
const READS: &str = "export const home = @comptime { return env(\"HOME\") ?? \"none\"; };\n";

/// A project that asks to read a variable, and a file that does so.
async fn asking() -> Project {
    let mut project = Project::over(|folder| {
        fs::write(folder.join("metascript.json"), ASKS).expect("it can be written");
        fs::write(folder.join("main.ms"), READS).expect("it can be written");
    })
    .await;
    project.open("main.ms").await;
    let found = project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    assert_eq!(found[0]["code"], "MS3007");
    project
}

async fn question(project: &mut Project) -> Value {
    let question = project.client.message(|message| message["method"] == "window/showMessageRequest").await;
    let message = question["params"]["message"].as_str().expect("a message");
    assert!(message.contains("read the environment variable HOME"), "{message}");
    assert_eq!(question["params"]["actions"], json!([{ "title": "Allow" }, { "title": "Not now" }]));
    question["id"].clone()
}

async fn answer(project: &mut Project, id: Value, result: Value) {
    project.client.send(json!({ "jsonrpc": "2.0", "id": id, "result": result })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_allows_holds_at_once() {
    let mut project = asking().await;
    let id = question(&mut project).await;
    answer(&mut project, id, json!({ "title": "Allow" })).await;
    project.diagnostics("main.ms", 1, <[Value]>::is_empty).await;
    let uri = project.uri("main.ms");
    assert_eq!(run(&mut project, "metascript.trust", json!([uri])).await, Value::Null);
    let said = project.client.told("window/showMessage").await;
    assert_eq!(said["message"], "Macros ask for nothing that you have not granted.");
    project.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_is_not_asked_again_until_the_person_wants_it() {
    let mut project = asking().await;
    let uri = project.uri("main.ms");
    for (version, no) in [(2, json!({ "title": "Not now" })), (3, json!(null))] {
        let id = question(&mut project).await;
        answer(&mut project, id, no).await;
        // Nothing was granted: the next pass finds the same.
        let place = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 0 } });
        project.client.change(&uri, version, json!([{ "range": place, "text": "\n" }])).await;
        project.client.save(&uri).await;
        let found = project.diagnostics("main.ms", version, |list| !list.is_empty()).await;
        assert_eq!(found[0]["code"], "MS3007");

        let params = json!({
            "textDocument": { "uri": uri }, "range": found[0]["range"],
            "context": { "diagnostics": [found[0]], "only": ["quickfix"] },
        });
        let actions = project.client.ask("textDocument/codeAction", params).await;
        let list = actions.as_array().expect("a list");
        let action = list.iter().find(|action| action["command"]["command"] == "metascript.trust");
        let action = action.unwrap_or_else(|| panic!("no action: {actions}"));
        assert_eq!(action["diagnostics"], json!([found[0]]));
        let arguments = action["command"]["arguments"].clone();
        run(&mut project, "metascript.trust", arguments).await;
    }
    question(&mut project).await;
    project.client.ask("shutdown", json!(null)).await;
    project.client.notify("exit", json!(null)).await;
    let (rest, _) = project.client.end().await;
    let is_question = |message: &&Value| message["method"] == "window/showMessageRequest";
    assert_eq!(rest.iter().find(is_question), None, "asked once for each time that it was wanted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_folder_that_the_editor_does_not_trust_nothing_is_granted_or_asked() {
    let fill = |folder: &std::path::Path| {
        fs::write(folder.join("metascript.json"), ASKS).expect("it can be written");
        fs::write(folder.join("main.ms"), READS).expect("it can be written");
    };
    let (mut project, _) = Project::with_options(fill, capabilities(), json!({ "trusted": false })).await;
    project.open("main.ms").await;
    let found = project.diagnostics("main.ms", 1, |list| !list.is_empty()).await;
    assert_eq!(found[0]["code"], "MS3007");
    // A person who wants to be asked is told why not.
    assert_eq!(run(&mut project, "metascript.trust", json!([])).await, Value::Null);
    let said = project.client.told("window/showMessage").await;
    assert!(said["message"].as_str().is_some_and(|message| message.contains("does not trust this folder")), "{said}");
    project.client.ask("shutdown", json!(null)).await;
    assert_eq!(project.client.taken(|message| message["method"] == "window/showMessageRequest"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_is_told_of_and_cleared() {
    let mut project = points().await;
    // What macros made: rows of files come back as soon as the server has read them again.
    let rows = |stats: &Value| -> u64 {
        let projects = stats["projects"].as_array().expect("a list");
        let levels = projects.iter().flat_map(|project| project["levels"].as_array().expect("a list"));
        let made = levels.filter(|level| level["name"] == "expansions");
        made.map(|level| level["rows"].as_u64().expect("a count")).sum()
    };
    let stats = run(&mut project, "metascript.showCacheStats", json!([])).await;
    assert!(rows(&stats) > 0, "{stats}");
    let cleared = run(&mut project, "metascript.clearCache", json!([])).await;
    assert!(cleared["rows"].as_u64().is_some_and(|count| count > 0), "{cleared}");
    let stats = run(&mut project, "metascript.showCacheStats", json!([])).await;
    assert_eq!(rows(&stats), 0, "{stats}");
    project.shut_down().await;
}
