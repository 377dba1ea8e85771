//! Programs run to their end: what they print, in which order, and their status.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use msc::base::FilePath;
use msc::macros::Module;
use msc::macros::execute::{Program, run_program};

#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Vec<u8>>>);

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("streams carry UTF-8")
    }
}

#[derive(Debug, PartialEq)]
struct Ended {
    code: i32,
    out: String,
    err: String,
}

fn ended(code: i32, out: &str, err: &str) -> Ended {
    Ended { code, out: out.to_owned(), err: err.to_owned() }
}

/// Runs modules below `/p`, the first of which is the entry; each is imported as `./name`.
fn run(modules: &[(&str, &str)]) -> Ended {
    run_with(modules, &[])
}

fn run_with(modules: &[(&str, &str)], args: &[&str]) -> Ended {
    let imports: BTreeMap<String, FilePath> =
        modules.iter().map(|(name, _)| (format!("./{name}"), file(name))).collect();
    let modules: Vec<Module> = modules
        .iter()
        .map(|(name, js)| Module { file: file(name), js: (*js).into(), map: "".into(), imports: imports.clone() })
        .collect();
    let entry = modules[0].file.clone();
    run_modules(Program { modules, entry, args: args.iter().map(|&arg| arg.to_owned()).collect(), cwd: file("") })
}

fn run_modules(program: Program) -> Ended {
    let (out, err) = (Stream::default(), Stream::default());
    let code = run_program(program, out.clone(), err.clone()).expect("the engine starts");
    Ended { code, out: out.text(), err: err.text() }
}

fn file(name: &str) -> FilePath {
    FilePath::new("/p").join(name)
}

/// `values.txt` is what Node.js 20 prints for `values.js`.
#[test]
fn values_are_printed_as_node_prints_them() {
    let ended = run(&[("values.js", include_str!("run_program/values.js"))]);
    let expected = include_str!("run_program/values.txt");
    for (number, (ours, theirs)) in ended.out.lines().zip(expected.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", number + 1);
    }
    assert_eq!(ended, self::ended(0, expected, ""));
}

#[test]
fn modules_import_each_other() {
    let ended = run(&[
        ("main.ms", "import { even } from './even.ms'; import * as all from './even.ms'; console.log(even(10), all);"),
        ("even.ms", "import { odd } from './odd.ms'; export const even = n => n === 0 || odd(n - 1);"),
        ("odd.ms", "import { even } from './even.ms'; export function odd(n) { return n !== 0 && even(n - 1); }"),
    ]);
    assert_eq!(ended, self::ended(0, "true [Module: null prototype] { even: [Function: even] }\n", ""));
    let ended = run(&[
        ("main.ms", "const { value } = await import('./lazy.ms'); console.log(value, import.meta.url);"),
        ("lazy.ms", "console.log('loaded'); export const value = await Promise.resolve(7);"),
    ]);
    assert_eq!(ended, self::ended(0, "loaded\n7 file:///p/main.ms\n", ""));
}

#[test]
fn promises_go_before_timers_and_timers_by_time() {
    let ended = run(&[(
        "main.ms",
        "setTimeout((...args) => console.log('late', ...args), 20, 'with', 'arguments');
         setTimeout(() => { console.log('soon'); queueMicrotask(() => console.log('between')); }, 0);
         setImmediate(() => console.log('immediate'));
         const stopped = setTimeout(() => console.log('never'), 5);
         clearTimeout(stopped);
         let ticks = 0;
         const interval = setInterval(() => { console.log('tick', ++ticks); if (ticks === 2) clearInterval(interval); }, 2);
         process.nextTick(() => console.log('job'));
         Promise.resolve().then(() => console.log('then'));
         console.log('sync');
         await null;
         console.log('after await');",
    )]);
    let expected = "sync\njob\nthen\nafter await\nsoon\nbetween\nimmediate\ntick 1\ntick 2\nlate with arguments\n";
    assert_eq!(ended, self::ended(0, expected, ""));
}

#[test]
fn the_language_is_whole() {
    let ended = run(&[(
        "main.ms",
        "console.log(typeof Date.now(), Math.random() < 1, typeof performance.now(), new WeakRef({}) instanceof WeakRef);
         console.log([3, 1, 2].toSorted(), Object.groupBy([1, 2, 3], n => n % 2 ? 'odd' : 'even'), 2n ** 70n);
         console.log('aXb'.replaceAll(/x/gi, '-'), [...'né'], structured());
         function structured() { try { return JSON.parse('{\"a\":[1]}'); } finally { console.log('finally'); } }",
    )]);
    let out = "number true number true\nfinally\n\
               [ 1, 2, 3 ] [Object: null prototype] { odd: [ 1, 3 ], even: [ 2 ] } 1180591620717411303424n\n\
               a-b [ 'n', 'é' ] { a: [ 1 ] }\n";
    // `structured` runs when the third line's arguments are evaluated.
    let lines: Vec<&str> = out.lines().collect();
    let expected = [lines[0], lines[2], lines[1], lines[3]].join("\n") + "\n";
    assert_eq!(ended, self::ended(0, &expected, ""));
}

#[test]
fn an_uncaught_error_is_told_with_its_stack() {
    let ended = run(&[
        ("main.ms", "import { fail } from './lib.ms';\nconsole.log('before');\nfail(3);\nconsole.log('after');"),
        (
            "lib.ms",
            "export function fail(n) {\n  if (n > 0) return [n].map(() => fail(n - 1));\n  throw new TypeError('no more');\n}",
        ),
    ]);
    assert_eq!((ended.code, ended.out.as_str()), (1, "before\n"));
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines[0], "Uncaught TypeError: no more");
    assert_eq!(lines[1], "    at fail (lib.ms:3:13)");
    assert!(lines.last().unwrap().starts_with("    at main.ms:3:"), "{}", ended.err);
    assert!(!ended.err.contains("msc:console") && !ended.err.contains("native"), "{}", ended.err);
}

#[test]
fn every_way_of_failing_ends_with_1() {
    for (js, told) in [
        ("throw 'a text'", "Uncaught 'a text'\n"),
        ("throw { code: 7 }", "Uncaught { code: 7 }\n"),
        ("throw null", "Uncaught null\n"),
        ("await Promise.reject('at the top')", "Uncaught 'at the top'\n"),
        ("Promise.reject('in passing'); setTimeout(() => console.log('never'), 1)", "Uncaught 'in passing'\n"),
        ("setTimeout(() => { throw 'from a timer' }, 0)", "Uncaught 'from a timer'\n"),
        ("queueMicrotask(() => { throw 'from a job' })", "Uncaught 'from a job'\n"),
        (
            "throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })",
            "Uncaught error that cannot be printed\n",
        ),
    ] {
        assert_eq!(run(&[("main.ms", js)]), ended(1, "", told), "{js}");
    }
    // A handler that comes before the next timer is in time.
    let handled = "const late = Promise.reject('x'); await null; late.catch(() => console.log('handled'));";
    assert_eq!(run(&[("main.ms", handled)]), ended(0, "handled\n", ""));
}

#[test]
fn modules_that_do_not_load_are_told() {
    let syntax = run(&[("main.ms", "let x = ;")]);
    assert_eq!(syntax.code, 1);
    assert!(syntax.err.starts_with("Uncaught SyntaxError: ") && syntax.err.contains("main.ms:1:"), "{}", syntax.err);
    let export = run(&[("main.ms", "import { nothing } from './lib.ms'; nothing();"), ("lib.ms", "export {}")]);
    assert_eq!(export.code, 1);
    assert!(export.err.contains("nothing") && export.err.contains("lib.ms"), "{}", export.err);
    let missing = run(&[("main.ms", "import './none.ms';")]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("cannot find module './none.ms', imported by /p/main.ms"), "{}", missing.err);
}

#[test]
fn stacks_lead_to_the_source() {
    // One mapping for each generated line: to source lines 10 and 20, columns 5 and 1.
    let map = r#"{"version":3,"sources":["main.ms"],"names":[],"mappings":"AASI;AAUJ"}"#;
    let module = Module {
        file: file("main.ms"),
        js: "function f() { throw new Error('mapped'); }\nf();".into(),
        map: map.into(),
        imports: BTreeMap::new(),
    };
    let ended = run_modules(Program { modules: vec![module], entry: file("main.ms"), args: vec![], cwd: file("") });
    assert_eq!(ended, self::ended(1, "", "Uncaught Error: mapped\n    at f (main.ms:10:5)\n    at main.ms:20:1\n"));
}

#[test]
fn the_standard_library_has_its_own_name_in_stacks() {
    let std = msc::std_lib::resolve("std/runtime").expect("a module of the standard library");
    let module =
        |file: &FilePath, js: &str, imports| Module { file: file.clone(), js: js.into(), map: "".into(), imports };
    let modules = vec![
        module(
            &file("main.ms"),
            "import { f } from 'std/runtime'; f();",
            [("std/runtime".to_owned(), std.clone())].into(),
        ),
        module(&std, "export function f() { throw 'x', new Error('e'); }", BTreeMap::new()),
    ];
    let ended = run_modules(Program { modules, entry: file("main.ms"), args: vec![], cwd: file("") });
    assert_eq!(ended.err.lines().nth(1), Some("    at f (std/runtime.ms:1:38)"), "{}", ended.err);
}

#[test]
fn errors_print_with_properties_and_causes() {
    let ended = run(&[(
        "main.ms",
        "class NotFound extends Error { constructor(what) { super(`no ${what}`); this.what = what; } }
         class ValidationError extends Error {}
         const inner = new RangeError('inner');
         console.log(new NotFound('x'));
         console.log({ error: new ValidationError('bad', { cause: inner }) });
         const bare = new Error('bare'); bare.stack = '';
         console.log([bare], `${bare}`);",
    )]);
    let without_frames: Vec<&str> = ended.out.lines().filter(|line| !line.trim().starts_with("at ")).collect();
    assert_eq!(
        without_frames,
        [
            "NotFound [Error]: no x",
            "  what: 'x'",
            "}",
            "{",
            "  error: ValidationError: bad",
            "    [cause]: RangeError: inner",
            "  }",
            "}",
            "[ [Error: bare] ] Error: bare",
        ],
        "{}",
        ended.out
    );
    assert!(ended.out.contains("\n      at main.ms:5:"), "{}", ended.out);
    assert!(ended.out.contains(" {\n  what"), "{}", ended.out);
}

#[test]
fn programs_choose_their_status() {
    let exit = "console.log('a'); try { process.exit(3); } catch {} finally { console.log('b'); } for (;;) {}";
    assert_eq!(run(&[("main.ms", exit)]), ended(3, "a\n", ""));
    assert_eq!(run(&[("main.ms", "process.exitCode = 4; console.error('e');")]), ended(4, "", "e\n"));
    assert_eq!(
        run(&[("main.ms", "setTimeout(() => process.exit(), 1); setInterval(() => {}, 1000);")]),
        ended(0, "", "")
    );
    assert_eq!(run(&[("main.ms", "process.exit(-1)")]).code, 255);
    let stuck = run(&[("main.ms", "console.log('waiting'); await new Promise(() => {}); console.log('never');")]);
    assert_eq!((stuck.code, stuck.out.as_str()), (13, "waiting\n"));
    assert!(stuck.err.contains("nothing settles"), "{}", stuck.err);
}

#[test]
fn arguments_and_streams() {
    let js = "console.log(process.argv.slice(2)); process.stdout.write('no line end'); console.warn('w'); \
              console.log('\\ud800!');";
    let ended = run_with(&[("main.ms", js)], &["--flag", "a b"]);
    assert_eq!(ended, self::ended(0, "[ '--flag', 'a b' ]\nno line end\u{fffd}!\n", "w\n"));
}

#[test]
fn deep_recursion_is_an_error_of_the_program() {
    for down in [
        "function down() { depth++; down(); } down();",
        "const down = () => { depth++; [1].map(down); }; down();",
        "const down = () => { depth++; [2, 1].sort(() => down()); }; down();",
        "const down = { get next() { depth++; return this.next; } }; down.next;",
        "class Down { constructor() { depth++; new Down(); } } new Down();",
        "const down = { toJSON() { depth++; return JSON.stringify(down); } }; JSON.stringify(down);",
        "const down = new Proxy({}, { get() { depth++; return down.x; } }); down.x;",
        "function* down() { depth++; yield* down(); } [...down()];",
        "const down = { toString() { depth++; return `${down}`; } }; `${down}`;",
        "const down = (...all) => { depth++; Reflect.apply(down, null, all); }; down(1, 2, 3);",
        "let deep = []; for (let at = 0; at < 1e6; at++) { deep = [deep]; depth++; } JSON.stringify(deep);",
        "depth = 5000; JSON.parse('['.repeat(1e6));",
        "depth = 5000; eval('('.repeat(1e6));",
    ] {
        let js =
            format!("let depth = 0; try {{ {down} }} catch (e) {{ console.log(e instanceof Error, depth > 500); }}");
        assert_eq!(run(&[("main.ms", &js)]), ended(0, "true true\n", ""), "{down}");
    }
}

/// A stream whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_program_that_nobody_listens_to_ends() {
    let module = Module {
        file: file("main.ms"),
        js: "for (;;) console.log('x'.repeat(10000));".into(),
        map: "".into(),
        imports: BTreeMap::new(),
    };
    let program = Program { modules: vec![module], entry: file("main.ms"), args: vec![], cwd: file("") };
    assert_eq!(run_program(program, Closed, Stream::default()).unwrap(), 141);
}

#[test]
fn what_a_program_does_to_prototypes_does_not_change_what_things_are() {
    let js = "const time = new Date(0);
              for (const { prototype } of [Object, Function, RegExp]) prototype.toString = () => { throw 1; };
              Map.prototype.entries = Set.prototype.values = Date.prototype.toISOString = null;
              delete globalThis.performance;
              console.log({ a: [1] }, new Map([[1, 2]]), new Set([1]), time, /x/, () => 1);
              class Odd extends Map { get size() { return 99; } }
              setTimeout(() => console.log(new Odd([['a', 1]])), 1);";
    let out = "{ a: [ 1 ] } Map(1) { 1 => 2 } Set(1) { 1 } 1970-01-01T00:00:00.000Z /x/ [Function (anonymous)]\n\
               Odd(1) [Map] { 'a' => 1 }\n";
    assert_eq!(run(&[("main.ms", js)]), ended(0, out, ""));
}
