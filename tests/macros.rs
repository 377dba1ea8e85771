//! Running macros: what code in a worker can do, what it cannot, and what it costs the parent.
//!
//! The macros here are JavaScript as the lowering would make it; workers are real processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use msc::base::{Cancel, Digest, FilePath, TextRange};
use msc::macros::effect::{ExecOutput, Request, Response};
use msc::macros::protocol::{CacheOptions, ImportRequest, Limits};
use msc::macros::shape::Input;
use msc::macros::{
    Effect, Failure, FailureKind, Host, HostOptions, InputError, Inputs, Invocation, Job, JobOutput, Module,
    ModuleGraph, Outcome, Permission, PieceOrigin, Place, ProjectInputs, Refusal,
};
use serde_json::{Value, json};

fn host(workers: usize) -> Host {
    Host::new(HostOptions { workers, ..HostOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_msc"))) })
}

/// A graph of one module per `(file, source)`, the entry first; imports by stems: `./b` names `/p/b.ms`.
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
    let (entry, deferred) = (FilePath::new(modules[0].0), BTreeMap::new());
    let modules = modules.iter().map(module).collect();
    Arc::new(ModuleGraph { entry, modules, digest, deferred })
}

fn job(graph: Arc<ModuleGraph>, invocation: Invocation, input: Value) -> Job {
    Job {
        graph,
        invocation,
        input: shape(input),
        base: FilePath::new("/p/src"),
        root: FilePath::new("/p"),
        limits: Limits::default(),
        cache: Default::default(),
        blame: "/p/m.ms m".to_owned(),
    }
}

/// The message for an input, written as `expand` writes it.
fn shape(input: Value) -> String {
    serde_json::from_value::<Input>(input).expect("a macro's input").to_json()
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

#[test]
fn names_that_are_no_identifiers_are_reached_by_brackets() {
    let host = host(1);
    let js = r#"export function m(ctx) {
        const [field] = ctx.target.fields;
        console.log(field.name.text);
        $emit($quote("members", "/p/m.ms", [["a() { return this.", 0], ["name", field.name, 20, 30], ["; }", 31]]));
        $emit($quote("members", "/p/m.ms", [["", 0], ["name", field.name, 20, 30], [": 1", 31]]));
    }"#;
    for (written, text_of_name, expected) in [
        ("plain", "plain", "a() { return this.plain; }plain: 1"),
        ("#secret", "#secret", "a() { return this.#secret; }#secret: 1"),
        ("\"first name\"", "first name", "a() { return this[\"first name\"]; }\"first name\": 1"),
        ("'it\\'s\\u0021'", "it's!", "a() { return this['it\\'s\\u0021']; }'it\\'s\\u0021': 1"),
        ("0", "0", "a() { return this[0]; }0: 1"),
        ("[Symbol.iterator]", "[Symbol.iterator]", "a() { return this[Symbol.iterator]; }[Symbol.iterator]: 1"),
    ] {
        let output = ok(run(&host, &on_class(js, vec![field(written, Value::Null)])));
        assert_eq!(text(&output), expected, "{written}");
        assert_eq!(output.logs[0].text, text_of_name, "{written}");
    }
}

/// What `expression`, a JavaScript value, becomes at a position of `before ⟨here⟩ after`.
fn spliced(host: &Host, position: &str, before: &str, expression: &str, after: &str) -> Result<String, Failure> {
    let parts = format!("[[{before:?}, 0], [{position:?}, {expression}, 70, 75], [{after:?}, 80]]");
    value(host, &format!("return $quote('statements', '/p/m.ms', {parts});"))
}

#[test]
fn values_become_literals_where_an_expression_stands() {
    let host = host(1);
    for (expression, expected) in [
        ("1", "1"),
        ("-1.5", "-1.5"),
        ("-0", "-0"),
        ("1e400", "Infinity"),
        ("0/0", "NaN"),
        ("12n", "12n"),
        ("'a\"b\\n'", r#""a\"b\n""#),
        ("'\\ud800'", r#""\ud800""#),
        ("true", "true"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("[]", "[]"),
        ("[1, 'a', [null]]", r#"[1, "a", [null]]"#),
        ("[1, , 3]", "[1, undefined, 3]"),
        ("({})", "{}"),
        ("({ a: 1, 'b-c': { d: [] }, ['__proto__']: 2 })", r#"{ a: 1, "b-c": { d: [] }, ["__proto__"]: 2 }"#),
        ("JSON.parse('{\"x\": {\"y\": 2}}')", "{ x: { y: 2 } }"),
        ("[$quote('expression', '/p/m.ms', [['a + b', 0]]), 2]", "[a + b, 2]"),
        ("identifier('Foo.bar')", "Foo.bar"),
    ] {
        assert_eq!(
            spliced(&host, "expression", "const x = ", expression, ";").unwrap(),
            format!("const x = {expected};")
        );
    }
}

#[test]
fn an_inserted_expression_stays_one_operand() {
    let host = host(1);
    let quote = |code: &str| format!("$quote('expression', '/p/m.ms', [[{code:?}, 0]])");
    for (before, code, after, expected) in [
        ("const x = ", "a + b", " * 2;", "const x = (a + b) * 2;"),
        ("const x = ", "a + b", ";", "const x = a + b;"),
        ("f(", "a, b", ")", "f(a, b)"),
        ("if (x === ", "a || b", ") {}", "if (x === (a || b)) {}"),
        ("const x = ", "a.b?.c(1, 'x)')[0]!", ".d;", "const x = a.b?.c(1, 'x)')[0]!.d;"),
        ("const x = ", "new Foo()", ".d;", "const x = (new Foo()).d;"),
        ("const x = ", "(a) => b", " || c;", "const x = ((a) => b) || c;"),
        ("const x = () => ", "{ a: 1 }", ";", "const x = () => ({ a: 1 });"),
        ("const x = await ", "a ?? b", ";", "const x = await (a ?? b);"),
        ("return ", "a ? b : c", ";", "return a ? b : c;"),
    ] {
        assert_eq!(spliced(&host, "expression", before, &quote(code), after).unwrap(), expected);
    }
    assert_eq!(spliced(&host, "expression", "const x = ", "1", ".toFixed();").unwrap(), "const x = (1).toFixed();");
    assert_eq!(spliced(&host, "expression", "const x = a -", "-1", ";").unwrap(), "const x = a -(-1);");
    assert_eq!(
        spliced(&host, "expression", "const x = () => ", "({ a: 1 })", ";").unwrap(),
        "const x = () => ({ a: 1 });"
    );
}

#[test]
fn names_types_lists_and_code_where_they_belong() {
    let host = host(1);
    let statement = |code: &str| format!("$quote('statements', '/p/m.ms', [[{code:?}, 0]])");
    let expression = |code: &str| format!("$quote('expression', '/p/m.ms', [[{code:?}, 0]])");
    let ty = |code: &str| format!("$quote('type', '/p/m.ms', [[{code:?}, 0]])");
    let list = |items: &[String]| format!("[{}]", items.join(", "));
    for (position, before, expression, after, expected) in [
        ("name", "let get", "'Age'", " = 1", "let getAge = 1"),
        ("name", "let x", "1", "y = 1", "let x1y = 1"),
        ("name", "let ", "'π'", " = 1", "let π = 1"),
        ("name", "x.", "'class'", "", "x.class"),
        ("type", "let x: ", "'Map'", ";", "let x: Map;"),
        ("type", "let x: ", "'ns.Map'", ";", "let x: ns.Map;"),
        ("type", "let x: ", &ty("a | b"), "[];", "let x: (a | b)[];"),
        ("type", "let x: ", &ty("a | b"), ";", "let x: a | b;"),
        ("type", "let x: Set<", &ty("() => void"), ">;", "let x: Set<() => void>;"),
        ("type", "let x: Set<", &list(&[ty("a"), "'b'".to_owned()]), ">;", "let x: Set<a, b>;"),
        ("type", "let x: ", &ty("{ a: 1 }"), "[];", "let x: { a: 1 }[];"),
        ("argument", "f(", &list(&[expression("a"), expression("b + 1")]), ")", "f(a, b + 1)"),
        ("argument", "f(", "[]", ")", "f()"),
        ("argument", "f(", "[1, 2]", ")", "f(1, 2)"),
        ("argument", "f([", "[1, 2]", "])", "f([1, 2])"),
        ("argument", "f(", "[1, ['a']]", ")", "f(1, [\"a\"])"),
        ("statement", "", &list(&[statement("a();"), statement("b();")]), "", "a();\nb();"),
        ("member", "{ ", &statement("a = 1;"), " }", "{ a = 1; }"),
        ("parameter", "(", "['a', 'b']", ")", "(a, b)"),
    ] {
        let made = spliced(&host, position, before, expression, after);
        assert_eq!(made.as_deref().unwrap_or("refused"), expected, "{expression} as {position}");
    }
    // A parameter of the target is written with its type.
    let js = "export function m(ctx) { $emit($quote('members', '/p/m.ms', [['f(', 0], \
              ['parameter', ctx.target.constructors[0].params, 5, 9], [') {}', 10]])); }";
    assert_eq!(text(&ok(run(&host, &on_class(js, vec![])))), "f(id: number) {}");
}

#[test]
fn what_has_no_form_at_a_splice_is_refused_there() {
    let host = host(1);
    for (position, expression, message) in [
        ("name", "'a b'", "the string \"a b\" cannot be inserted as a name"),
        ("name", "'1a'", "the string \"1a\" cannot be inserted as a name"),
        ("name", "''", "the string \"\" cannot be inserted as a name"),
        ("name", "undefined", "undefined cannot be inserted as a name"),
        ("name", "['a']", "an array cannot be inserted as a name"),
        ("type", "1", "the number 1 cannot be inserted as a type"),
        ("type", "'a | b'", "the string \"a | b\" cannot be inserted as a type"),
        ("expression", "() => 1", "a function has no literal form"),
        ("expression", "Symbol()", "a symbol has no literal form"),
        ("expression", "new Map()", "a Map has no literal form"),
        (
            "expression",
            "(() => { const a = []; a.push(a); return a; })()",
            "a value that contains itself has no literal form",
        ),
        ("statement", "'x'", "the string \"x\" cannot be inserted as a statement"),
        ("member", "{}", "an object cannot be inserted as a class member"),
        ("parameter", "1", "the number 1 cannot be inserted as a parameter"),
        (
            "expression",
            "$quote('type', '/p/m.ms', [['a | b', 0]])",
            "a type fragment cannot be inserted as an expression",
        ),
        (
            "type",
            "$quote('expression', '/p/m.ms', [['a + b', 0]])",
            "an expression fragment cannot be inserted as a type",
        ),
        (
            "argument",
            "[$quote('members', '/p/m.ms', [['a = 1;', 0]])]",
            "a members fragment cannot be inserted as an argument",
        ),
    ] {
        let failure = spliced(&host, position, "x ", expression, " y").expect_err(expression);
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::BadSplice, message), "{expression}");
        assert_eq!(failure.site, Some((FilePath::new("/p/m.ms"), TextRange::new(70, 75))), "{expression}");
    }
}

#[test]
fn a_compile_time_value_becomes_a_literal_or_code() {
    let host = host(1);
    for (body, expected) in [
        ("return 42;", "42"),
        ("return { a: [1, 'x'], b: undefined };", r#"{ a: [1, "x"], b: undefined }"#),
        ("", "undefined"),
        ("return $quote('expression', '/p/m.ms', [['a + b', 0]]);", "a + b"),
        ("return { f: $quote('expression', '/p/m.ms', [['() => 1', 0]]) };", "{ f: () => 1 }"),
        ("$emit($quote('statements', '/p/m.ms', [['a();', 0]]));", "a();"),
    ] {
        let output = ok(run(&host, &comptime(body)));
        assert_eq!(text(&output), expected, "{body}");
        assert!(output.emissions.iter().all(|emission| emission.place == Place::Value));
    }
    for (body, message) in [
        ("return () => 1;", "a function has no literal form"),
        ("return { a: Symbol('x') };", "a symbol has no literal form: the value's a"),
        ("return new Set();", "a Set has no literal form"),
        ("const a = {}; a.a = a; return a;", "a value that contains itself has no literal form: the value's a"),
    ] {
        let failure = failure(run(&host, &comptime(body)));
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::NoLiteral, message), "{body}");
    }
}

#[test]
fn emissions_go_where_the_target_takes_them() {
    let host = host(1);
    let emit = "export function m(ctx) { $emit($quote('members', '/p/m.ms', [['x = 1;', 0]])); }";
    let place = |kind: &str| {
        let mut job = on_class(emit, vec![]);
        job.input = job.input.replace("\"kind\":\"class\"", &format!("\"kind\":\"{kind}\""));
        ok(run(&host, &job)).emissions[0].place
    };
    assert_eq!(place("class"), Place::Members);
    assert_eq!(place("interface"), Place::Members);
    assert_eq!(place("enum"), Place::Members);
    assert_eq!(place("function"), Place::After);
    assert_eq!(place("variable"), Place::After);
    assert_eq!(ok(run(&host, &call(emit))).emissions[0].place, Place::Value);
    let all = "export function m(ctx) {
        const q = $quote('statements', '/p/m.ms', [['x;', 0]]);
        ctx.addBefore(q); ctx.addAfter(q); ctx.replace(q); ctx.addMembers([q, q]); ctx.emit(q);
        return $quote('members', '/p/m.ms', [['y', 0]]);
    }";
    let output = ok(run(&host, &on_class(all, vec![])));
    let places: Vec<Place> = output.emissions.iter().map(|emission| emission.place).collect();
    assert_eq!(places, [Place::Before, Place::After, Place::Replace, Place::Members, Place::After, Place::Members]);
}

#[test]
fn arguments_arrive_as_syntax_or_as_values() {
    let host = host(1);
    let js = "export function m(ctx, name, expr, type, value, missing = 'default') {
        console.log(name instanceof Name, expr instanceof Expr, type instanceof TypeNode, value.a[0], missing, ctx.block.text);
        return expr;
    }";
    let mut job = call(js);
    job.input = shape(json!({
        "target": null,
        "args": [
            { "kind": "syntax", "form": "name", "syntax": at("Eq") },
            { "kind": "syntax", "form": "expr", "syntax": at("a + b") },
            { "kind": "syntax", "form": "typeNode", "syntax": at("string[]") },
            { "kind": "value", "json": "{\"a\": [1]}" },
        ],
        "block": at("{ run(); }"),
    }));
    let output = ok(run(&host, &job));
    assert_eq!(output.logs[0].text, "true true true 1 default { run(); }");
    assert_eq!(text(&output), "a + b");
    assert_eq!(output.emissions[0].pieces[0].origin, PieceOrigin::Target { range: TextRange::new(100, 105) });
}

#[test]
fn imports_and_unique_names() {
    let host = host(1);
    let js = "import { helper } from './helper';
    export function m(ctx) {
        const hash = ctx.import('std/runtime', 'hash');
        console.log(String(hash) === String(ctx.import('std/runtime', 'hash')));
        helper(ctx);
        const [a, b] = [ctx.unique('tmp'), ctx.unique('tmp')];
        return $quote('expression', '/p/m.ms', [['', 0], ['name', hash, 1, 2], ['(', 3], ['name', a, 4, 5], [', ', 6], ['name', b, 7, 8], [')', 9]]);
    }";
    let helper = "export function helper(ctx) { ctx.import('./data', 'default'); }";
    let job = job(
        graph(&[("/p/m.ms", js), ("/p/lib/helper.ms", helper)]),
        Invocation::Macro { name: "m".to_owned() },
        no_target(),
    );
    let output = ok(run(&host, &job));
    assert_eq!(output.logs[0].text, "true");
    let [hash, data] = output.imports.as_slice() else { panic!("{:?}", output.imports) };
    let ImportRequest { module, name, local, .. } = hash;
    assert_eq!((module.as_str(), name.as_str()), ("std/runtime", "hash"));
    assert!(local.starts_with("hash$"), "{local}");
    assert_eq!((data.module.as_str(), data.from.as_str()), ("./data", "/p/lib/helper.ms"));
    let made = text(&output);
    let (called, names) = made.strip_suffix(')').and_then(|made| made.split_once('(')).expect("a call");
    let (a, b) = names.split_once(", ").expect("two arguments");
    assert_eq!(called, local);
    assert!(a.starts_with("tmp$") && b.starts_with("tmp$") && a != b, "{made}");
    assert_eq!(text(&ok(run(&host, &job))), made, "the same inputs give the same names");
}

#[test]
fn reports_point_at_what_the_macro_saw() {
    let host = host(1);
    let js = "export function m(ctx) {
        ctx.error(ctx.target.fields[0], 'no such field', 'remove it');
        ctx.warn(undefined, 'slow');
        ctx.error(ctx.target, 'bad class');
    }";
    let output = ok(run(&host, &on_class(js, vec![field("age", Value::Null)])));
    let [first, second, third] = output.reports.as_slice() else { panic!("{:?}", output.reports) };
    assert!(first.is_error && !second.is_error);
    assert_eq!((first.message.as_str(), first.help.as_deref()), ("no such field", Some("remove it")));
    assert_eq!(first.at, Some(TextRange::new(10, 30)));
    assert_eq!(second.at, None);
    assert_eq!(third.at, Some(TextRange::new(6, 10)), "a target stands for its name");
    let frame = first.frame.as_ref().expect("a report knows where it was made");
    assert_eq!((frame.function.as_str(), frame.file.as_str(), frame.line), ("m", "/p/m.ms", 1));
}

#[test]
fn an_error_has_the_macros_own_stack() {
    let host = host(1);
    let inner = "export function check(x) {\n  throw new TypeError('no ' + x);\n}";
    let outer = "import { check } from './inner';\nexport function m(ctx) {\n    check('luck');\n}";
    let mut job = job(
        graph(&[("/p/m.ms", outer), ("/p/inner.ms", inner)]),
        Invocation::Macro { name: "m".to_owned() },
        no_target(),
    );
    // The entry's third line lies at 40:6 of its source, the second of the other is unmapped.
    let mut mapped = (*job.graph).clone();
    mapped.modules[0].map = r#"{"version":3,"sources":["m.ms"],"names":[],"mappings":";;AAwCM"}"#.into();
    mapped.digest = Digest::of(b"mapped");
    job.graph = Arc::new(mapped);
    let failure = failure(run(&host, &job));
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Threw, "TypeError: no luck"));
    let frames: Vec<(&str, &str, u32, u32)> = failure
        .stack
        .iter()
        .map(|frame| (frame.function.as_str(), frame.file.as_str(), frame.line, frame.col))
        .collect();
    // The engine takes a constructor call to be where its arguments end.
    assert_eq!(frames, [("check", "/p/inner.ms", 1, 30), ("m", "/p/m.ms", 40, 6)]);
}

#[test]
fn modules_that_do_not_load_are_said_so() {
    let host = host(1);
    let of = |js: &str| failure(run(&host, &call(js)));
    let syntax = of("export function m(ctx) {\n  let = ;\n}");
    assert_eq!(syntax.kind, FailureKind::Module);
    assert_eq!(syntax.stack.first().map(|frame| frame.line), Some(1), "{syntax:?}");
    let absent = of("export function other() {}");
    assert_eq!((absent.kind, absent.message.as_str()), (FailureKind::Module, "`m` is not exported by /p/m.ms"));
    let unresolved = of("import './gone'; export function m() {}");
    assert_eq!(unresolved.kind, FailureKind::Module);
    assert_eq!(unresolved.message, "cannot find module `./gone`, imported by /p/m.ms");
    let unlinked = of("import { nothing } from './m'; export function m() { nothing; }");
    assert_eq!(unlinked.kind, FailureKind::Module, "{unlinked:?}");
    let threw = of("null.x; export function m() {}");
    assert_eq!(threw.kind, FailureKind::Threw);
    let waiting = of("await new Promise(() => {}); export function m() {}");
    assert_eq!(waiting.kind, FailureKind::Module);
    let promise = of("export async function m() {}");
    assert_eq!(promise.kind, FailureKind::Threw);
    assert!(promise.message.contains("cannot be async"), "{}", promise.message);
    assert_eq!(of("export function m() { throw 'words'; }").message, "threw the string \"words\", which is no Error");
}

#[test]
fn std_meta_can_be_imported() {
    let js = "import { readFile, Name, root } from 'std/meta'; export function m() { return [typeof readFile, typeof Name, root]; }";
    assert_eq!(text(&ok(run(&host(1), &call(js)))), r#"["function", "function", "/p"]"#);
}

#[test]
fn nothing_of_one_expansion_reaches_the_next() {
    let host = host(1);
    let js = "let count = 0;
    export function m() {
        count++;
        const seen = [count, globalThis.leak, [].leak, typeof $ask];
        globalThis.leak = 1; Array.prototype.leak = 2; JSON.stringify = null; Object.prototype.kind = 'x';
        return $quote('expression', '/p/m.ms', [['', 0], ['expression', seen, 1, 2]]);
    }";
    let job = call(js);
    for _ in 0..5 {
        assert_eq!(text(&ok(run(&host, &job))), r#"[1, undefined, undefined, "undefined"]"#);
    }
    assert_eq!(host.stats().spawned, 1);
}

#[test]
fn there_is_no_clock_and_no_chance() {
    let host = host(1);
    for global in ["performance", "WeakRef", "FinalizationRegistry", "Atomics", "SharedArrayBuffer", "setTimeout"] {
        assert_eq!(value(&host, &format!("return typeof {global};")).unwrap(), "\"undefined\"", "{global}");
    }
    for body in ["Math.random()", "Date.now()", "new Date()", "Date()", "new (class extends Date {})()"] {
        let refused = value(&host, &format!("try {{ {body}; }} catch {{}} return 1;")).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Refused(Refusal::NotInMacros), "{body}");
    }
    let known = "new Date(2026, 0, 1).toISOString() + new Date(0).constructor.parse('1970-01-02') + Date.UTC(1970)";
    assert_eq!(value(&host, &format!("return {known};")).unwrap(), "\"2026-01-01T00:00:00.000Z864000000\"");
    let block = "return [Date.now() === +new Date(), new Date() instanceof Date, Date().length > 20, Math.random() < 1,
        Math.random() !== Math.random(), new Date().getFullYear() > 2024];";
    let outcome = run(&host, &comptime(block));
    assert!(
        matches!(outcome.effects.as_slice(), [Effect::Clock { .. }, Effect::Chance { .. }]),
        "{:?}",
        outcome.effects
    );
    assert_eq!(text(&ok(outcome)), "[true, true, true, true, true, true]");
}

#[test]
fn console_output_comes_back() {
    let host = host(1);
    let js = "export function m() {
        console.log('a', 1, { b: [2, 'x'], c: new Map([[1, 2]]) }, null);
        console.error(new Error('e'));
        const loop = {}; loop.self = loop; console.info(loop);
        for (let i = 0; i < 2000; i++) console.debug(i);
    }";
    let output = ok(run(&host, &call(js)));
    assert_eq!(output.logs[0].text, "a 1 { b: [2, \"x\"], c: Map {1 => 2} } null");
    assert_eq!(output.logs[1].text, "Error: e");
    assert_eq!(output.logs[2].text, "{ self: [Circular] }");
    assert_eq!(output.logs.len(), 1001);
    let failed = failure(run(&host, &call("export function m() { console.log('before'); throw new Error('x'); }")));
    assert_eq!(failed.logs[0].text, "before");
    let failed =
        failure(run(&host, &call("export function m(ctx) { ctx.error(undefined, 'why'); throw new Error('x'); }")));
    assert_eq!(failed.reports[0].message, "why");
}

/// Runs a macro that must be stopped and asserts that it was, and how soon.
fn stopped(host: &Host, body: &str, limits: Limits) -> Failure {
    let mut job = call(&format!("export function m(ctx) {{ {body} }}"));
    job.limits = limits;
    job.blame = format!("/p/m.ms {body}");
    let started = Instant::now();
    let outcome = run(host, &job);
    // The deadline, the grace, and room for a busy machine; far from what the macro would take.
    assert!(started.elapsed() < limits.deadline + Duration::from_secs(2), "{body}: {:?}", started.elapsed());
    assert!(outcome.micros > 0);
    failure(outcome)
}

fn short() -> Limits {
    Limits { deadline: Duration::from_millis(100), ..Limits::default() }
}

#[test]
fn loops_end_at_the_deadline() {
    let host = host(2);
    for body in [
        "while (true) {}",
        "for (;;) { try { for (;;) {} } catch {} finally { for (;;) {} } }",
        "[1].forEach(function again() { while (true) [1].map(() => 1); });",
        "new Proxy({}, { get() { for (;;) {} } }).x;",
        "/(a+)+$/.test('a'.repeat(40) + 'b');",
        "JSON.stringify({ toJSON() { for (;;) {} } });",
        "Promise.resolve().then(() => { for (;;) {} }); for (;;) {}",
    ] {
        let failure = stopped(&host, body, short());
        assert_eq!(failure.kind, FailureKind::TimedOut, "{body}: {failure:?}");
    }
    // A native function that does not look at the clock: only killing the process helps. A power much
    // larger is refused at once, for its size.
    let failure = stopped(&host, "(10n ** 300000n).toString();", short());
    assert_eq!(failure.kind, FailureKind::TimedOut);
    assert_eq!(value(&host, "return 1;").unwrap(), "1", "the pool serves on");
}

#[test]
fn a_loop_in_a_modules_top_level_ends_too() {
    let host = host(1);
    let mut job = call("for (;;) {} export function m() {}");
    job.limits = short();
    assert_eq!(failure(run(&host, &job)).kind, FailureKind::TimedOut);
}

#[test]
fn memory_bombs_and_deep_recursion_are_contained() {
    let host = host(1);
    for body in [
        "const all = []; for (;;) all.push(new Array(1000).fill(all.length));",
        "let text = 'x'; for (;;) text += text;",
        "const all = []; for (;;) all.push(new Uint8Array(1 << 20));",
        "const all = new Map(); for (let i = 0; ; i++) all.set(i, { i });",
    ] {
        let failure = stopped(&host, body, Limits::default());
        // A string has a longest length too, which is reached first.
        let kinds = [FailureKind::OutOfMemory, FailureKind::Threw];
        assert!(kinds.contains(&failure.kind), "{body}: {failure:?}");
    }
    for body in [
        "(function f() { f(); })();",
        "const f = { toString() { return `${f}`; } }; `${f}`;",
        "let deep = []; for (let i = 0; i < 100000; i++) deep = [deep]; return deep;",
        "JSON.parse('['.repeat(1e6));",
        "new RegExp('('.repeat(1e5));",
    ] {
        let failure = stopped(&host, body, Limits::default());
        assert_ne!(failure.kind, FailureKind::Crashed, "{body}: {failure:?}");
    }
    assert_eq!(value(&host, "return 1;").unwrap(), "1");
}

#[test]
fn a_huge_output_is_no_danger() {
    let host = host(1);
    let outcome = value(&host, "return $quote('expression', '/p/m.ms', [['x'.repeat(8e6), 0]]);").unwrap();
    assert_eq!(outcome.len(), 8_000_000);
    let failure = stopped(&host, "return Array.from({ length: 60 }, () => 'x'.repeat(1e6));", Limits::default());
    assert_eq!(failure.kind, FailureKind::OutOfMemory, "{failure:?}");
}

#[test]
fn a_macro_that_is_stopped_twice_is_not_run_until_it_changes() {
    let host = host(1);
    let bad = "export function m(ctx) { for (;;) {} }";
    let mut job = call(bad);
    job.limits = short();
    assert_eq!(failure(run(&host, &job)).kind, FailureKind::TimedOut);
    assert_eq!(failure(run(&host, &job)).kind, FailureKind::TimedOut);
    let before = host.stats();
    let banned = failure(run(&host, &job));
    assert_eq!(banned.kind, FailureKind::Banned);
    assert_eq!(banned.message, "`m` was stopped 2 times in a row and is not run until its source changes");
    assert_eq!(host.stats(), before, "it was not run");
    job.graph = graph(&[("/p/m.ms", "export function m(ctx) { return 1; }")]);
    assert_eq!(text(&ok(run(&host, &job))), "1", "changed, it runs again");
}

#[test]
fn a_success_between_two_stops_keeps_a_macro_running() {
    let host = host(1);
    let js = "export function m(ctx, loops) { while (loops) {} return 1; }";
    let with = |loops: bool| {
        let mut job = call(js);
        job.input =
            shape(json!({ "target": null, "args": [{ "kind": "value", "json": loops.to_string() }], "block": null }));
        job.limits = short();
        run(&host, &job).result
    };
    for _ in 0..2 {
        assert_eq!(with(true).unwrap_err().kind, FailureKind::TimedOut);
        assert!(with(false).is_ok());
    }
    assert_eq!(host.stats().stopped, 2);
    assert!(host.stats().spawned <= 3);
}

/// Calls the hook at every input, and gives an empty one.
struct Hooked(Box<dyn Fn() + Sync>);

impl Inputs for Hooked {
    fn read_file(&self, _path: &FilePath) -> Result<Arc<str>, InputError> {
        (self.0)();
        Ok("".into())
    }
    fn glob(&self, _base: &FilePath, _pattern: &str) -> Result<Vec<FilePath>, InputError> {
        (self.0)();
        Ok(Vec::new())
    }
    fn env(&self, _name: &str) -> Result<Option<String>, InputError> {
        (self.0)();
        Ok(None)
    }
    fn exec(&self, _program: &str, _args: &[String]) -> Result<ExecOutput, InputError> {
        (self.0)();
        Ok(ExecOutput { code: 0, stdout: "out".to_owned(), stderr: String::new() })
    }
    fn fetch(&self, request: &Request, _: &CacheOptions) -> Result<Response, InputError> {
        (self.0)();
        let headers = vec![("type".to_owned(), request.method.clone())];
        Ok(Response { status: 200, headers, body: r#"{"a":1}"#.to_owned() })
    }
}

#[test]
fn inputs_that_are_granted_arrive() {
    let host = host(1);
    let body = "const response = fetch('https://x/', { method: 'POST', headers: { a: 1 }, body: 'b' });
        return [env('X'), exec('ls', ['-l']), response.ok, response.headers, response.json(), readFile('a'), glob('*')];";
    let outcome = host.run(&comptime(body), &Hooked(Box::new(|| {})), &Cancel::new()).expect("nobody cancels");
    let expected = r#"[undefined, { code: 0, stdout: "out", stderr: "" }, true, { type: "POST" }, { a: 1 }, "", []]"#;
    assert_eq!(text(&ok(outcome)), expected);
}

#[test]
fn the_time_of_inputs_is_not_the_macros_own_up_to_a_bound() {
    let spin = || {
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
    };
    let host = Host::new(HostOptions {
        workers: 1,
        input_time: Duration::from_secs(3),
        ..HostOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_msc")))
    });
    let run = |body: &str| {
        let mut job = comptime(body);
        job.limits.deadline = Duration::from_secs(1);
        job.blame = body.to_owned();
        let started = Instant::now();
        let outcome = host.run(&job, &Hooked(Box::new(spin)), &Cancel::new()).expect("nobody cancels");
        (outcome.result, started.elapsed())
    };
    let (result, elapsed) = run("for (let i = 0; i < 60; i++) readFile('x'); return 1;");
    assert!(result.is_ok(), "{result:?}");
    assert!(elapsed > Duration::from_secs(1), "longer than its deadline: {elapsed:?}");
    let (result, elapsed) = run("for (;;) readFile('x');");
    assert_eq!(result.expect_err("it never ends").kind, FailureKind::TimedOut);
    assert!(elapsed < Duration::from_secs(30), "{elapsed:?}");
}

#[test]
fn reports_without_end_are_cut() {
    let js = "export function m(ctx) { for (let i = 0; i < 5000; i++) ctx.error(undefined, `${i}`); }";
    assert_eq!(ok(run(&host(1), &call(js))).reports.len(), 200);
}

#[test]
fn cancelling_ends_a_run() {
    let host = host(1);
    let cancel = Cancel::new();
    let mut job = call("export function m() { readFile('go'); for (;;) {} }");
    job.limits.deadline = Duration::from_secs(60);
    // Cancels as soon as the macro runs.
    let trip = cancel.clone();
    let inputs = Hooked(Box::new(move || trip.cancel()));
    let started = Instant::now();
    assert!(host.run(&job, &inputs, &cancel).is_err());
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(value(&host, "return 1;").unwrap(), "1", "a cancelled macro is not to blame");
}

#[test]
fn without_its_program_the_host_fails_and_says_so() {
    let host = Host::new(HostOptions::new(PathBuf::from("/nowhere/msc")));
    let failure = failure(run(&host, &call("export function m() {}")));
    assert_eq!(failure.kind, FailureKind::Crashed);
    // A program that is no worker.
    let host = Host::new(HostOptions::new(PathBuf::from(if cfg!(windows) { "cmd" } else { "/bin/true" })));
    let failure = self::failure(run(&host, &call("export function m() {}")));
    assert_eq!(failure.kind, FailureKind::Crashed);
}

#[test]
fn many_threads_share_the_workers() {
    let host = host(2);
    let js = "export function m(ctx, number) { return number * 2; }";
    let shared = graph(&[("/p/m.ms", js)]);
    let done = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let (host, shared, done) = (&host, &shared, &done);
            scope.spawn(move || {
                for step in 0..25 {
                    let number = thread * 100 + step;
                    let mut job = job(shared.clone(), Invocation::Macro { name: "m".to_owned() }, no_target());
                    let args = json!([{ "kind": "value", "json": number.to_string() }]);
                    job.input = shape(json!({ "target": null, "args": args, "block": null }));
                    assert_eq!(text(&ok(run(host, &job))), (number * 2).to_string());
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(done.load(Ordering::Relaxed), 200);
    assert_eq!((host.stats().runs, host.stats().stopped), (200, 0));
    assert!(host.stats().spawned <= 2);
}

/// A project on disk and a job in its folder `src`.
struct Project {
    dir: tempfile::TempDir,
    host: Host,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let dir = tempfile::tempdir().expect("a directory");
        let project = Project { dir, host: host(1) };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("project").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    fn root(&self) -> FilePath {
        FilePath::from_os(&self.path("").canonicalize().expect("the root"))
    }

    fn run(&self, body: &str) -> Outcome {
        let mut job = comptime(body);
        job.root = self.root();
        job.base = self.root().join("src");
        run(&self.host, &job)
    }

    fn value(&self, body: &str) -> String {
        text(&ok(self.run(body)))
    }

    fn holds(&self, effects: &[Effect]) -> bool {
        let inputs = ProjectInputs::new(self.root());
        effects.iter().all(|effect| effect.still_holds(&inputs))
    }
}

#[test]
fn what_a_macro_reads_is_recorded() {
    let project = Project::new(&[("src/a.json", "{\"x\": [1]}"), ("data/b.txt", "b")]);
    assert_eq!(project.value("return readJson('a.json').x;"), "[1]");
    assert_eq!(project.value("return readFile('../data/b.txt');"), "\"b\"");
    assert_eq!(project.value("return readFile(root + '/data/b.txt');"), "\"b\"");
    let outcome = project.run("return [readFile('./a.json'), readFile('../data/b.txt'), readFile('a.json')].length;");
    assert_eq!(outcome.effects.len(), 2, "each file once: {:?}", outcome.effects);
    assert!(project.holds(&outcome.effects));
    project.write("src/c.json", "");
    assert!(project.holds(&outcome.effects), "another file is no matter");
    project.write("data/b.txt", "changed");
    assert!(!project.holds(&outcome.effects));
    project.write("data/b.txt", "b");
    assert!(project.holds(&outcome.effects), "the content counts, not the time");
    std::fs::remove_file(project.path("data/b.txt")).expect("it exists");
    assert!(!project.holds(&outcome.effects));
}

#[test]
fn a_missing_file_is_an_effect_too() {
    let project = Project::new(&[("src/a.txt", "")]);
    let outcome = project.run("try { readFile('b.txt'); } catch (error) { return error.kind; }");
    assert!(matches!(outcome.effects.as_slice(), [Effect::File { digest: None, .. }]), "{:?}", outcome.effects);
    assert!(project.holds(&outcome.effects));
    project.write("src/b.txt", "");
    assert!(!project.holds(&outcome.effects));
    assert_eq!(text(&ok(outcome)), "\"Missing\"");
    let failure = failure(project.run("return readFile('c.txt');"));
    assert_eq!(failure.kind, FailureKind::Input);
    assert!(failure.message.contains("src/c.txt"), "{}", failure.message);
    let invalid = self::failure(project.run("return readJson('a.txt');"));
    assert_eq!(invalid.kind, FailureKind::Input);
    assert!(invalid.message.contains("a.txt is not valid JSON"), "{}", invalid.message);
}

#[test]
fn globs_are_sorted_and_recorded() {
    let files = [("src/r/b.ms", ""), ("src/r/a.ms", ""), ("src/r/x/c.ms", ""), ("src/r/d.ts", ""), ("src/.h/e.ms", "")];
    let project = Project::new(&files);
    project.write("src/node_modules/p/f.ms", "");
    assert_eq!(project.value("return glob('r/*.ms');"), r#"["r/a.ms", "r/b.ms"]"#);
    assert_eq!(project.value("return glob('./**/*.ms');"), r#"["r/a.ms", "r/b.ms", "r/x/c.ms"]"#);
    assert_eq!(project.value("return glob('r/*.{ts,js}');"), r#"["r/d.ts"]"#);
    assert_eq!(project.value("return glob('../src/r/x/*');"), r#"["r/x/c.ms"]"#);
    assert_eq!(project.value("return glob('none/*');"), "[]");
    assert_eq!(
        project.value("return glob(root + '/src/r/x/*').map((path) => path.slice(root.length));"),
        r#"["/src/r/x/c.ms"]"#
    );
    assert_eq!(project.value("return glob('r/*.ms').map(readFile).length;"), "2");
    let outcome = project.run("return glob('r/*.ms');");
    assert!(project.holds(&outcome.effects));
    project.write("src/r/a.ms", "changed");
    project.write("src/r/e.ts", "");
    assert!(project.holds(&outcome.effects), "the list is the same");
    project.write("src/r/c.ms", "");
    assert!(!project.holds(&outcome.effects));
    assert_eq!(
        failure(project.run("glob('../../*');")).kind,
        FailureKind::Refused(Refusal::NotAsked(Permission::Read))
    );
    assert_eq!(failure(project.run("glob('[');")).kind, FailureKind::Input);
}

#[test]
fn what_is_private_stays_so() {
    let project =
        Project::new(&[("src/a.txt", "a"), (".env", "KEY=1"), ("src/.env.local", "KEY=2"), (".git/config", "url")]);
    std::fs::write(project.dir.path().join("secret.txt"), "secret").expect("a file");
    for path in [
        "../../secret.txt",
        "/etc/passwd",
        "../.env",
        ".env.local",
        "../.ENV",
        "../.git/config",
        "../.git/gone",
        "../../gone.txt",
        "../x/../../secret.txt",
    ] {
        let failure = failure(project.run(&format!("return readFile({path:?});")));
        assert_eq!(failure.kind, FailureKind::Refused(Refusal::NotAsked(Permission::Read)), "{path}: {failure:?}");
        assert!(failure.help.as_deref().is_some_and(|help| help.contains("\"read\"")), "{failure:?}");
        assert!(!failure.message.contains("KEY"));
    }
    for (body, permission, flag) in [
        ("env('HOME')", Permission::Env, "--allow-env=HOME"),
        ("exec('ls', ['-l'])", Permission::Run, "--allow-run=ls"),
        ("fetch('https://example.com:8080/x?y')", Permission::Net, "--allow-net=example.com:8080"),
    ] {
        let failure = failure(project.run(&format!("return {body};")));
        assert_eq!(failure.kind, FailureKind::Refused(Refusal::NotAsked(permission)), "{body}");
        assert!(failure.help.as_deref().is_some_and(|help| help.contains(flag)), "{failure:?}");
    }
    // Whether something was refused must not be able to steer an output that is kept.
    let caught = project.run("try { env('HOME'); } catch { return 1; }");
    assert_eq!(failure(caught).kind, FailureKind::Refused(Refusal::NotAsked(Permission::Env)));
    let outcome = project.run("env('HOME');");
    assert_eq!(outcome.effects.len(), 1, "a refusal is an answer that holds: {:?}", outcome.effects);
    assert!(project.holds(&outcome.effects));
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let project = Project::new(&[("src/a.txt", "a"), (".git/config", "url")]);
    let outside = project.dir.path().join("outside");
    std::fs::create_dir(&outside).expect("a directory");
    std::fs::write(outside.join("secret.txt"), "secret").expect("a file");
    symlink(&outside, project.path("src/out")).expect("a link");
    symlink(outside.join("secret.txt"), project.path("src/secret")).expect("a link");
    symlink(outside.join("gone"), project.path("src/dangling")).expect("a link");
    symlink(project.path(".git"), project.path("src/history")).expect("a link");
    symlink(project.path("src/a.txt"), project.path("src/inside")).expect("a link");
    for path in ["out/secret.txt", "out/gone.txt", "secret", "dangling", "history/config"] {
        let failure = failure(project.run(&format!("return readFile({path:?});")));
        assert_eq!(failure.kind, FailureKind::Refused(Refusal::NotAsked(Permission::Read)), "{path}: {failure:?}");
    }
    assert_eq!(project.value("return readFile('inside');"), "\"a\"");
    assert_eq!(
        failure(project.run("return glob('out/*');")).kind,
        FailureKind::Refused(Refusal::NotAsked(Permission::Read))
    );
    assert_eq!(project.value("return glob('**/*.txt');"), "[\"a.txt\"]");
    // A pipe that nobody writes to would block for ever.
    let fifo = std::process::Command::new("mkfifo").arg(project.path("src/pipe")).status().expect("mkfifo runs");
    assert!(fifo.success());
    assert_eq!(failure(project.run("return readFile('pipe');")).kind, FailureKind::Input);
}
