//! A macro of an ordinary size and the jobs that run it in a worker: what the benches of expansion share.
//!
//! The macro's module has some 500 lines, its target ten fields, its output ten members, as a derive would.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use msc::base::{Cancel, Digest, FilePath};
use msc::macros::protocol::Limits;
use msc::macros::shape::Input;
use msc::macros::{Host, HostOptions, Invocation, Job, Module, ModuleGraph, ProjectInputs};
use serde_json::json;

/// Workers of the built `msc`: a bench that started itself would start itself without end.
pub fn host(workers: usize) -> Host {
    let exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
    Host::new(HostOptions { workers, ..HostOptions::new(exe) })
}

pub fn graph() -> Arc<ModuleGraph> {
    let module = module();
    let file = FilePath::new("/p/m.ms");
    Arc::new(ModuleGraph {
        entry: file.clone(),
        digest: Digest::of(module.as_bytes()),
        deferred: BTreeMap::new(),
        modules: vec![Module { file, js: module.into(), map: "".into(), imports: BTreeMap::new() }],
    })
}

pub fn timed(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

pub fn expand(host: &Host, graph: &Arc<ModuleGraph>, inputs: &ProjectInputs, number: usize) {
    let job = Job {
        graph: graph.clone(),
        invocation: Invocation::Macro { name: "m".to_owned() },
        input: input(number),
        base: FilePath::new("/p"),
        root: FilePath::new("/p"),
        limits: Limits::default(),
        cache: Default::default(),
        blame: "m".to_owned(),
    };
    let outcome = host.run(&job, inputs, &Cancel::new()).expect("nobody cancels");
    let output = outcome.result.expect("the macro is sound");
    assert_eq!(output.emissions.len(), 11);
}

fn input(number: usize) -> String {
    let at = |text: String| json!({ "range": { "start": 10, "end": 10 + text.len() }, "text": text });
    let field = |index: usize| {
        json!({
            "name": at(format!("field{index}")),
            "type": {
                "kind": "keyword", "text": "string", "range": { "start": 20, "end": 26 }, "name": null, "args": [],
            },
            "initializer": null, "isStatic": false, "isReadonly": true, "isOptional": false, "isPrivate": false,
            "isParameter": false, "attributes": [], "doc": null, "range": { "start": 10, "end": 30 },
        })
    };
    let input = json!({
        "target": {
            "kind": "class", "name": at(format!("Class{number}")), "typeParameters": [], "extends": [], "implements": [],
            "fields": (0..10).map(field).collect::<Vec<_>>(), "methods": [], "constructor": null, "params": [],
            "returnType": null, "members": [], "type": null, "initializer": null, "isAbstract": false,
            "isExported": true, "attributes": [], "doc": null, "syntax": at("class".to_owned()),
        },
        "args": [], "block": null,
    });
    serde_json::from_value::<Input>(input).expect("a macro's input").to_json()
}

/// A macro among helper functions that it does not call: a module of an ordinary size.
fn module() -> String {
    let mut module = String::from(
        r#"export function m(ctx) {
    const checks = [];
    for (const field of ctx.target.fields) {
        checks.push($quote("expression", "/p/m.ms", [["this.", 100], ["name", field.name, 105, 110], [" === other.", 110], ["name", field.name, 120, 130]]));
        $emit($quote("members", "/p/m.ms", [["get", 200], ["name", field.name.text.toUpperCase(), 203, 210],
            ["(): ", 211], ["type", field.type, 215, 220], [" {\n  return this.", 221], ["name", field.name, 230, 240], [";\n}", 241]]));
    }
    $emit($quote("members", "/p/m.ms", [["equals(other: ", 300], ["type", ctx.target.name, 310, 320], [") { return [", 321],
        ["argument", checks, 330, 340], ["].every(Boolean); }", 341]]));
}
"#,
    );
    for index in 0..60 {
        module.push_str(&format!(
            "function helper{index}(value, depth = {index}) {{\n    const seen = new Map();\n    if (depth > {index}) {{\n        \
             return `too deep: ${{value}}`;\n    }}\n    for (const [key, item] of Object.entries(value)) {{\n        \
             seen.set(key, helper{index}(item, depth + 1));\n    }}\n    return seen;\n}}\n"
        ));
    }
    module
}
