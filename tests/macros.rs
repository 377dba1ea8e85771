//! Running macros: what code in a worker can do, what it cannot, and what it costs the parent.
//!
//! The macros here are JavaScript as the lowering would make it; workers are real processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use msc::base::{Cancel, Digest, FilePath, TextRange};
use msc::macros::protocol::{ImportRequest, Limits};
use msc::macros::{
    Effect, Failure, FailureKind, Host, HostOptions, Invocation, Job, JobOutput, Module, ModuleGraph, Outcome,
    PieceOrigin, Place, ProjectInputs,
};
use serde_json::{Value, json};

fn host(workers: usize) -> Host {
    Host::new(HostOptions { workers, ..HostOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_msc"))) })
}

/// A graph of one module per `(file, source)`, the first being the entry; imports are found by
/// the files' stems: `./b` names `/p/b.ms`.
fn graph(modules: &[(&str, &str)]) -> Arc<ModuleGraph> {
    let imports: BTreeMap<String, FilePath> = modules
        .iter()
        .map(|(file, _)| {
            let file = FilePath::new(file);
            (format!("./{}", file.name().trim_end_matches(".ms")), file)
        })
        .collect();
    let module = |(file, js): &(&str, &str)| Module {
        file: FilePath::new(file),
        js: (*js).into(),
        map: "".into(),
        imports: imports.clone(),
    };
    let digest = Digest::of(format!("{modules:?}").as_bytes());
    Arc::new(ModuleGraph { entry: FilePath::new(modules[0].0), modules: modules.iter().map(module).collect(), digest })
}

fn job(graph: Arc<ModuleGraph>, invocation: Invocation, input: Value) -> Job {
    Job {
        graph,
        invocation,
        input: input.to_string(),
        base: FilePath::new("/p/src"),
        root: FilePath::new("/p"),
        limits: Limits::default(),
        blame: "/p/m.ms m".to_owned(),
    }
}

fn no_target() -> Value {
    json!({ "target": null, "args": [], "block": null })
}

/// A job that calls the exported macro `m` of a module as an expression.
fn call(js: &str) -> Job {
    job(graph(&[("/p/m.ms", js)]), Invocation::Macro { name: "m".to_owned() }, no_target())
}

fn comptime(body: &str) -> Job {
    let js = format!("export default function () {{ {body} }}");
    job(graph(&[("/p/m.ms", &js)]), Invocation::Comptime, no_target())
}

fn run(host: &Host, job: &Job) -> Outcome {
    let inputs = ProjectInputs::new(job.root.clone());
    host.run(job, &inputs, &Cancel::new()).expect("nobody cancels")
}

fn ok(outcome: Outcome) -> JobOutput {
    outcome.result.unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn failure(outcome: Outcome) -> Failure {
    outcome.result.expect_err("the macro fails")
}

fn text(output: &JobOutput) -> String {
    output.emissions.iter().flat_map(|emission| &emission.pieces).map(|piece| piece.text.as_str()).collect()
}

/// The text that an expression macro with this body makes, or how it fails.
fn value(host: &Host, body: &str) -> Result<String, Failure> {
    let job = call(&format!("export function m(ctx) {{ {body} }}"));
    run(host, &job).result.map(|output| text(&output))
}

fn at(text: &str) -> Value {
    json!({ "text": text, "range": { "start": 100, "end": 100 + text.len() } })
}

fn type_ref(kind: &str, text: &str, name: Option<&str>) -> Value {
    json!({ "kind": kind, "text": text, "range": { "start": 200, "end": 200 + text.len() }, "name": name, "args": [] })
}

fn field(name: &str, ty: Value) -> Value {
    json!({
        "name": { "text": name, "range": { "start": 10, "end": 10 + name.len() } },
        "type": ty, "initializer": null, "isStatic": false, "isReadonly": false, "isOptional": false,
        "isPrivate": false, "isParameter": false, "attributes": [], "doc": null,
        "range": { "start": 10, "end": 30 },
    })
}

fn class(name: &str, fields: Vec<Value>) -> Value {
    json!({
        "target": {
            "kind": "class",
            "name": { "text": name, "range": { "start": 6, "end": 6 + name.len() } },
            "typeParameters": [], "extends": [], "implements": [], "fields": fields, "methods": [],
            "constructor": [{
                "name": at("id"), "type": type_ref("keyword", "number", None), "initializer": null,
                "isOptional": false, "isRest": false, "attributes": [], "range": { "start": 40, "end": 50 },
            }],
            "params": [], "returnType": null, "members": [], "type": null, "initializer": null,
            "isAbstract": false, "isExported": true, "attributes": [], "doc": "What it is.",
            "syntax": { "text": "class …", "range": { "start": 0, "end": 60 } },
        },
        "args": [], "block": null,
    })
}

fn on_class(js: &str, fields: Vec<Value>) -> Job {
    job(graph(&[("/p/m.ms", js)]), Invocation::Macro { name: "m".to_owned() }, class("User", fields))
}

#[test]
fn a_quote_keeps_the_origin_of_every_piece() {
    let js = r#"export function m(ctx) {
        for (const field of ctx.target.fields) {
            $emit($quote("members", "/p/m.ms", [
                ["get", 500], ["name", field.name.text.toUpperCase(), 503, 520], ["(): ", 521],
                ["type", field.type, 525, 535], [" { return this.", 536], ["name", field.name, 551, 560], ["; }", 561],
            ]));
        }
    }"#;
    let job = on_class(js, vec![field("age", type_ref("keyword", "number", None))]);
    let output = ok(run(&host(1), &job));
    assert_eq!(text(&output), "getAGE(): number { return this.age; }");
    assert_eq!(output.emissions[0].place, Place::Members);
    let module = FilePath::new("/p/m.ms");
    let origins: Vec<&PieceOrigin> = output.emissions[0].pieces.iter().map(|piece| &piece.origin).collect();
    assert_eq!(
        origins,
        [
            &PieceOrigin::Quote { module: module.clone(), range: TextRange::new(500, 503) },
            &PieceOrigin::Computed { module: module.clone(), range: TextRange::new(503, 520) },
            &PieceOrigin::Quote { module: module.clone(), range: TextRange::new(521, 525) },
            &PieceOrigin::Target { range: TextRange::new(200, 206) },
            &PieceOrigin::Quote { module: module.clone(), range: TextRange::new(536, 551) },
            &PieceOrigin::Target { range: TextRange::new(10, 13) },
            &PieceOrigin::Quote { module, range: TextRange::new(561, 564) },
        ]
    );
}
