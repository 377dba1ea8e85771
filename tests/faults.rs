//! Faults inside generated code, by the hundred: every template of a macro that generates something
//! wrong, used in every position, is told at the right use and leads to the right place in the macro.
//!
//! A template marks the place in the macro that is to blame with `‹…›`; where the fault belongs to an
//! argument, that is the splice which takes it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Where a fault is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// At the whole use.
    Use,
    /// At the macro's name: it did not come to an output.
    Name,
    /// At its first argument.
    Argument,
}

use Told::{Argument, Name, Use};

struct Template {
    /// Statements of the macro, which has a parameter `e: Expr`; the faulty place is marked.
    body: &'static str,
    /// The argument of each use.
    argument: &'static str,
    code: &'static str,
    told: Told,
    /// What the generated line shows as faulty; nothing where no line is shown.
    generated: &'static str,
}

const fn template(
    told: Told,
    code: &'static str,
    body: &'static str,
    argument: &'static str,
    generated: &'static str,
) -> Template {
    Template { body, argument, code, told, generated }
}

/// Macros whose uses are expressions.
const EXPRESSIONS: &[Template] = &[
    // Names that mean nothing.
    template(Use, "TS2304", "return quote(‹missing› + 1);", "1", "missing"),
    template(Use, "TS2304", "return quote([1, 2].map((n) => ‹missing›(n)));", "1", "missing"),
    template(Use, "TS2304", "return quote(1 as unknown as ‹Missing›);", "1", "Missing"),
    template(Use, "TS2304", "return quote(1 + ${‹identifier(\"missing\")›});", "1", "missing"),
    template(Argument, "TS2304", "return quote([1, ‹${e}›]);", "missing", "missing"),
    template(Argument, "TS2304", "const f = quote(String(‹${e}›)); return quote([${f}]);", "missing", "missing"),
    // Wrong types.
    template(Use, "TS2322", "return quote(((): number => ‹\"text\"›)());", "1", "\"text\""),
    template(Use, "TS2345", "return quote(((n: number) => n)(‹\"text\"›));", "1", "\"text\""),
    template(Use, "TS2345", "return quote(((n: number) => n)(${‹\"text\"›}));", "1", "\"text\""),
    template(Argument, "TS2345", "return quote(((n: number) => n)(‹${e}›));", "\"text\"", "\"text\""),
    template(Argument, "TS2322", "return quote(((): number => ‹${e}›)());", "\"text\"", "\"text\""),
    template(Argument, "TS2362", "return quote(‹${e}› * 2);", "\"text\"", "\"text\""),
    template(Argument, "TS2363", "return quote(2 * ‹${e}›);", "\"text\"", "\"text\""),
    template(Use, "TS2339", "return quote(({ a: 1 }).‹b›);", "1", "b"),
    template(Use, "TS2339", "return quote((${e}).‹nothing›);", "\"text\"", "nothing"),
    template(Use, "TS2349", "return quote(‹(1 as number)›());", "1", "(1 as number)"),
    // Wrong returns.
    template(Use, "TS2322", "return quote((function (): string { ‹return› 1; })());", "1", "return"),
    template(Use, "TS2355", "return quote((function (): ‹string› { })());", "1", "string"),
    // No output at all.
    template(Name, "MS2009", "return quote(1 as ${‹1 as unknown as string›});", "1", ""),
    template(Name, "MS2009", "return quote([${‹(() => 1) as unknown as string›}]);", "1", ""),
    template(Name, "MS2002", "‹throw new Error(e.text);›", "1", ""),
    template(Name, "MS2002", "return ‹JSON.parse(e.text)›;", "'text'", ""),
    template(Name, "MS2009", "return quote(${‹identifier(\"class\")›} + 1);", "1", ""),
    template(Name, "MS2003", "‹ctx.error(undefined, `no ${e.text}`)›;", "1", ""),
];

/// Positions of an expression; `§` stands for the use.
const IN_EXPRESSIONS: &[&str] = &[
    "const first = §;",
    "export const exported = [0, §] as unknown[];",
    "function f(): unknown { return §; }",
    "const arrow = () => §;",
    "class Holder { field: unknown = §; }",
    "class Other { method(): unknown { const inner = §; return inner; } }",
    "console.log(`before ${§} after`);",
    "console.log({ key: § });",
    "function g(value: unknown = §): unknown { return value; }",
    "if (Math.random() > 2) { console.log(\"ä\", §); }",
];

/// Macros that stand on a class with the fields `x = 1` and `label = \"p\"`.
const ON_CLASSES: &[Template] = &[
    template(Use, "TS2304", "quote { extra(): ‹Missing› { return 1 as never; } }", "1", "Missing"),
    template(Use, "TS2339", "quote { extra(): unknown { return this.‹nothing›; } }", "1", "nothing"),
    template(Use, "TS2322", "quote { ‹extra›: number = \"text\"; }", "1", "extra"),
    template(Use, "TS2322", "quote { extra(): string { ‹return› this.x; } }", "1", "return"),
    template(Use, "TS2322", "ctx.addAfter(quote { const ‹after›: number = \"text\"; });", "1", "after"),
    template(Use, "TS2304", "quote { extra(): unknown { return ${‹identifier(\"missing\")›}; } }", "1", "missing"),
    template(Argument, "TS2304", "quote { extra(): unknown { return ‹${e}›; } }", "missing", "missing"),
    template(Argument, "TS2345", "quote { extra(): number { return Math.abs(‹${e}›); } }", "\"text\"", "\"text\""),
    template(Name, "MS2002", "‹throw new Error(`${e.text}`);›", "1", ""),
    template(Name, "MS2009", "quote { extra(): void { ${‹identifier(\"class\")›}; } }", "1", ""),
];

/// Positions of a class; `§` stands for the use, `#` for the class's body.
const AS_CLASSES: &[&str] = &[
    "§ class Plain #",
    "§\nexport class Exported #",
    "export § class Inside #",
    "/** Documented. */\n§\nabstract class Abstract #",
    "§ class Generic<T extends object> #",
    "function scope(): unknown { § class Local # return Local; }",
    "namespace space { § export class Member # }",
];

const BODY: &str = "{ x = 1; label = \"p\"; }";

/// One fault that is expected, or found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    file: String,
    code: String,
    /// The text of its range, and the line it begins on.
    at: (usize, String),
    /// Places in the macro's file, by line and text.
    trail: Vec<(usize, String)>,
    generated: String,
}

/// Text with the marks left out, the line that holds the marked part (from 1), and that part.
fn unmark(text: &str) -> (String, usize, String) {
    let (before, rest) = text.split_once('‹').expect("a template marks what is to blame");
    let (marked, after) = rest.split_once('›').expect("a mark ends");
    let line = before.matches('\n').count() + 1;
    (format!("{before}{marked}{after}"), line, marked.to_owned())
}

/// The project's files, and what is to be found in each.
fn project(templates: &[Template], positions: &[&str], prefix: char) -> (Vec<(String, String)>, Vec<Fault>) {
    let mut macros = String::new();
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for (index, template) in templates.iter().enumerate() {
        let name = format!("{prefix}{index}");
        let (body, line, marked) = unmark(template.body);
        let first = macros.matches('\n').count() + 1;
        writeln!(macros, "export macro {name}(ctx: MacroContext, e: Expr) {{\n  {body}\n}}")
            .expect("a string takes text");
        let file = format!("{name}.ms");
        let mut text = format!("import {{ {name} }} from \"./{prefix}_macros\";\n\n");
        let written = format!("@{name}({})", template.argument);
        for (at, position) in positions.iter().enumerate() {
            // What is declared in one position must not meet what is declared in the next.
            let source = format!("export namespace n{at} {{\n{}\n}}\n", position.replace('#', BODY));
            let (before, after) = source.split_once('§').expect("a position has a use");
            text.push_str(before);
            let told = match template.told {
                Use => written.clone(),
                Name => name.clone(),
                Argument => template.argument.to_owned(),
            };
            faults.push(Fault {
                file: file.clone(),
                code: template.code.to_owned(),
                at: (text.matches('\n').count() + 1, told),
                trail: vec![(first + line, marked.clone())],
                generated: template.generated.to_owned(),
            });
            text.push_str(&written);
            text.push_str(after);
        }
        files.push((file, text));
    }
    files.push((format!("{prefix}_macros.ms"), macros));
    (files, faults)
}

/// The text at a range of JSON, with its line from 1. Lines of the files here are ASCII but for one.
fn text_at(root: &Path, file: &str, range: &Value) -> (usize, String) {
    let text = fs::read_to_string(root.join(file)).expect("a file of the project");
    let number = |end: &str, field: &str| range[end][field].as_u64().expect("a number") as usize;
    let offset = |end: &str| {
        let line: usize = text.split_inclusive('\n').take(number(end, "line")).map(str::len).sum();
        let units = text[line..].chars().scan(0, |units, ch| {
            let before = *units;
            *units += ch.len_utf16();
            Some((before, ch))
        });
        let bytes: usize =
            units.take_while(|(before, _)| *before < number(end, "character")).map(|(_, ch)| ch.len_utf8()).sum();
        line + bytes
    };
    (number("start", "line") + 1, text[offset("start")..offset("end")].to_owned())
}

/// Checks a project of these uses, and once more after the macros moved down in their file.
fn check(templates: &[Template], positions: &[&str], prefix: char) -> usize {
    let (files, mut expected) = project(templates, positions, prefix);
    let dir = tempfile::tempdir().expect("a temporary directory");
    for (file, text) in &files {
        fs::write(dir.path().join(file), text).expect("a file can be written");
    }
    compare(dir.path(), prefix, &expected);
    let (file, text) = files.last().expect("the macros are the last file");
    fs::write(dir.path().join(file), format!("// Macros.\n\n{text}")).expect("a file can be written");
    for place in expected.iter_mut().flat_map(|fault| &mut fault.trail) {
        place.0 += 2;
    }
    compare(dir.path(), prefix, &expected);
    expected.len()
}

fn compare(root: &Path, prefix: char, expected: &[Fault]) {
    let output = Command::new(env!("CARGO_BIN_EXE_msc"))
        .args(["check", "--format", "json"])
        .current_dir(root)
        .output()
        .expect("msc starts");
    let json: Value = serde_json::from_slice(&output.stdout).expect("msc check prints JSON");
    let macros = format!("{prefix}_macros.ms");
    let found: Vec<Fault> = json["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["severity"] == "error")
        .map(|one| {
            let file = one["file"].as_str().expect("a file").to_owned();
            let related = one["related"].as_array().map(Vec::as_slice).unwrap_or_default();
            let trail = related.iter().filter(|place| place["file"] == macros.as_str());
            let generated = one["generated"].as_object().map_or_else(String::new, |line| {
                let units: Vec<u16> = line["text"].as_str().expect("a line").encode_utf16().collect();
                let end = |field: &str| line[field].as_u64().expect("a number") as usize;
                String::from_utf16(&units[end("start")..end("end")]).expect("whole letters")
            });
            Fault {
                code: one["code"].as_str().expect("a code").to_owned(),
                at: text_at(root, &file, &one["range"]),
                trail: trail.map(|place| text_at(root, &macros, &place["range"])).collect(),
                generated,
                file,
            }
        })
        .collect();
    let mut wrong = String::new();
    for fault in found.iter().filter(|fault| !expected.contains(fault)) {
        writeln!(wrong, "found    {fault:?}").expect("a string takes text");
    }
    for fault in expected.iter().filter(|fault| !found.contains(fault)) {
        writeln!(wrong, "expected {fault:?}").expect("a string takes text");
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(found.len(), expected.len());
}

#[test]
fn faults_in_expressions_land_at_their_use() {
    assert!(check(EXPRESSIONS, IN_EXPRESSIONS, 'e') >= 230);
}

#[test]
fn faults_in_members_land_at_their_use() {
    assert!(check(ON_CLASSES, AS_CLASSES, 'c') >= 70);
}
