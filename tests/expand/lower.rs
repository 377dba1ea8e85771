//! Macro files as TypeScript that runs.

use insta::assert_snapshot;
use msc::base::FilePath;
use msc::expand::{FileFacts, lower_module};
use msc::syntax::SyntaxFile;
use msc::text::SourceText;

fn lowered(text: &str) -> msc::expand::Lowered {
    let syntax = SyntaxFile::parse(SourceText::new(text));
    lower_module(&FilePath::new("/m.ms"), &syntax, &FileFacts::of(&syntax))
}

#[test]
fn macros_with_what_they_use() {
    let out = lowered(
        "import { helper } from \"./helper.ms\";
import type { T } from \"./types\";
import \"./effect\";
console.log(\"runs\");
const TABLE = { a: fieldName };
const unused = connect();
export const LIMIT = 3;
export const server = listen();
function fieldName(f: Field): string { return f.name.text; }
function runTime() { return server; }
@derive(Eq) export class Point { x = 1; }
macro inner(ctx: MacroContext) {
  const name = TABLE.a(ctx.target.fields[0]);
  quote {
    get${name}(): string { return `a ${this.x}`; }
  }
  return quote(a + ${helper(quote { ${name}: ${name} }, quote type { ${name} })});
}
export { inner as renamed, runTime };
",
    );
    assert_snapshot!(out.text, @r#"
    import { helper } from "./helper";
    const TABLE = { a: fieldName };
    export const LIMIT = 3;
    function fieldName(f: Field): string { return f.name.text; }
     export class Point { x = 1; }
    export function inner(ctx: MacroContext) {
      const name = TABLE.a(ctx.target.fields[0]);
      $emit($quote("members", "/m.ms", [["get", 460], ["name", (name), 465, 469], ["(): string { return `a ${this.x}`; }", 470], ]));
      return $quote("expression", "/m.ms", [["a + ", 526], ["expression", (helper($quote("members", "/m.ms", [["name", (name), 549, 553], [": ", 554], ["type", (name), 558, 562], ]), $quote("type", "/m.ms", [["type", (name), 582, 586], ]))), 532, 590], ]);
    }
    export { inner as renamed, };
    "#);
    assert_eq!(out.imports, ["./helper"]);
    assert!(out.faults.is_empty());
}

#[test]
fn positions_of_splices() {
    let out = lowered(
        "export macro m(ctx: MacroContext) {
  quote {
    ${members}
    ${name}: ${type} = ${value};
    f(${params}, ${x}: T): Map<${K}, ${V}> { g(${args}, [${items}], ...${more}); ${stmt}; o.${p} = ${q} as ${r}; }
  }
}
",
    );
    let positions: Vec<&str> = ["name", "expression", "type", "argument", "statement", "member", "parameter"]
        .into_iter()
        .filter(|position| out.text.contains(&format!("[\"{position}\", (")))
        .collect();
    assert_eq!(positions.len(), 7, "{}", out.text);
    assert_snapshot!(out.text, @r#"
    export function m(ctx: MacroContext) {
      $emit($quote("members", "/m.ms", [["member", (members), 52, 59], ["\n    ", 60], ["name", (name), 67, 71], [": ", 72], ["type", (type), 76, 80], [" = ", 81], ["expression", (value), 86, 91], [";\n    f(", 92], ["parameter", (params), 102, 108], [", ", 109], ["binding", (x), 113, 114], [": T): Map<", 115], ["type", (K), 127, 128], [", ", 129], ["type", (V), 133, 134], ["> { g(", 135], ["argument", (args), 143, 147], [", [", 148], ["argument", (items), 153, 158], ["], ...", 159], ["expression", (more), 167, 171], ["); ", 172], ["statement", (stmt), 177, 181], ["; o.", 182], ["name", (p), 188, 189], [" = ", 190], ["expression", (q), 195, 196], [" as ", 197], ["type", (r), 203, 204], ["; }", 205], ]));
    }
    "#);
}

#[test]
fn text_of_a_quote_is_found_in_the_source() {
    let source = "macro m(ctx: MacroContext) {\n  quote { ü: ${t}; b(): void {} }\n}\n";
    let out = lowered(source);
    let start = source.find("; b()").unwrap();
    assert!(out.text.contains(&format!("[\"; b(): void {{}}\", {start}]")), "{}", out.text);
}

#[test]
fn the_map_leads_back() {
    let source = "// one\nexport macro m(ctx: MacroContext) {\n  const x = 1;\n}\n";
    let out = lowered(source);
    let at = out.text.find("x = 1").unwrap() as u32;
    let Some(msc::expand::Mapped::Source { range, .. }) = out.map.up(at) else { panic!() };
    assert_eq!(range.start as usize, source.find("x = 1").unwrap());
}

#[test]
fn a_macro_that_does_not_parse_says_so_when_it_is_called() {
    let out = lowered("export macro m(ctx: MacroContext) { const = 1; }\nexport macro n(ctx: MacroContext) {}\n");
    assert!(out.faults.is_empty());
    assert!(out.text.contains("export function m(...args: unknown[]): any { return $broken("), "{}", out.text);
    assert!(out.text.contains("export function n("), "{}", out.text);
}

#[test]
fn modules_that_only_declare_functions_can_wait() {
    use msc::expand::Surface;
    let surface = |text: &str| lowered(text).surface;
    let functions = |names: &[&str]| Surface::Functions(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        surface("export function a() {}\nfunction b() {}\nexport const c = (x: number) => x;\n"),
        functions(&["a", "c"])
    );
    assert_eq!(
        surface(
            "const WORDS = new Set([\"a\", \"b\"]);\nconst T = { a: [1, -2], b: /x/, c() {} };\nexport { f };\nfunction f() {}\n"
        ),
        functions(&["f"])
    );
    assert_eq!(surface("import { x } from \"./x\";\nexport macro m(ctx: MacroContext) { x(); }\n"), functions(&["m"]));
    assert_eq!(surface("export interface A {}\nexport type B = A;\nexport const t = { a: 1 };\n"), Surface::Inert);
    assert_eq!(surface("export class A { x = f(); m() { g(); } }\nexport function f() {}\n"), Surface::Inert);
    assert_eq!(surface("export * from \"./x\";\n"), Surface::Inert);
    assert_eq!(surface("export default function a() {}\n"), Surface::Inert);
    for active in [
        "const a = f();\nexport function f() {}\n",
        "import \"./x\";\nexport function f() {}\n",
        "class A { static x = f(); }\nexport function f() { return A; }\n",
        "class A extends B {}\nexport function f() { return A; }\n",
        "const a = { ...b };\nexport function f() { return a; }\n",
        "const a = b.c;\nexport function f() { return a; }\n",
        "const a = `${b}`;\nexport function f() { return a; }\n",
        "const a = new Set(b);\nexport function f() { return a; }\n",
        "const a = b + 1;\nexport function f() { return a; }\n",
        "enum A { x = f() }\nexport function f() { return A; }\n",
    ] {
        assert_eq!(surface(active), Surface::Active, "{active}");
    }
}
