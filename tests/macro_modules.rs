//! When the modules that a macro imports are loaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use msc::base::{Cancel, Digest, FilePath};
use msc::macros::protocol::Limits;
use msc::macros::{
    Failure, FailureKind, Host, HostOptions, Invocation, Job, JobOutput, Module, ModuleGraph, Outcome, ProjectInputs,
};

fn run(host: &Host, job: &Job) -> Outcome {
    host.run(job, &ProjectInputs::new(job.root.clone()), &Cancel::new()).expect("nobody cancels")
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

#[test]
fn a_deferred_module_is_loaded_at_the_first_call_of_its_functions() {
    let host = Host::new(HostOptions { workers: 1, ..HostOptions::new(env!("CARGO_BIN_EXE_msc").into()) });
    let with = |body: &str, lib: &str| {
        let entry = format!(
            "import {{ made, of, fail }} from './lib'; const log = []; globalThis.$log = log;
            export function m() {{ {body} return $quote('expression', '/p/m.ms', [['', 0], ['expression', log, 1, 2]]); }}"
        );
        let module = |name: &str, js: &str| Module {
            file: FilePath::new(name),
            js: js.into(),
            map: "".into(),
            imports: BTreeMap::from([("./lib".to_owned(), FilePath::new("/p/lib.ms"))]),
        };
        let names = ["made", "of", "fail"].map(str::to_owned).to_vec();
        let graph = ModuleGraph {
            entry: FilePath::new("/p/m.ms"),
            digest: Digest::of(format!("{entry}{lib}").as_bytes()),
            modules: vec![module("/p/m.ms", &entry), module("/p/lib.ms", lib)],
            deferred: BTreeMap::from([(FilePath::new("/p/lib.ms"), names)]),
        };
        Job {
            graph: Arc::new(graph),
            invocation: Invocation::Macro { name: "m".to_owned() },
            input: "{}".to_owned(),
            base: FilePath::new("/p"),
            root: FilePath::new("/p"),
            limits: Limits::default(),
            cache: Default::default(),
            blame: "m".to_owned(),
        }
    };
    let lib = "globalThis.$log.push('loaded');
        export function made(x) { if (new.target) this.x = x; return this?.x ?? 'plain'; }
        export const of = (...all) => all.length;
        export function fail() { throw new Error('inside'); }";
    let logged = |body: &str| text(&ok(run(&host, &with(body, lib))));
    assert_eq!(logged("log.push(typeof made, made.name);"), r#"["function", "made"]"#);
    assert_eq!(logged("log.push(of(1, 2), of());"), r#"["loaded", 2, 0]"#);
    let calls = "log.push(made(), made.call({ x: 1 }), new made(2).x);";
    assert_eq!(logged(calls), r#"["loaded", "plain", 1, 2]"#);
    let failed = failure(run(&host, &with("fail();", lib)));
    let frames: Vec<String> = failed.stack.iter().map(|frame| format!("{} {}", frame.file, frame.function)).collect();
    assert_eq!(
        (failed.message.as_str(), frames),
        ("inside", vec!["/p/lib.ms fail".to_owned(), "/p/m.ms m".to_owned()])
    );
    // What cannot be evaluated says so when it is needed, and does no harm before.
    let broken = "null.x; export function made() {} export function of() {} export function fail() {}";
    assert_eq!(text(&ok(run(&host, &with("", broken)))), "[]");
    assert_eq!(failure(run(&host, &with("of();", broken))).kind, FailureKind::Threw);
}
