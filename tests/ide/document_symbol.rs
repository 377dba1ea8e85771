//! The outline of a file.

use msc::base::TextRange;
use msc::ide::Document;
use msc::ide::document_symbol::{Outlined, Symbol, SymbolKind, symbols, symbols_after, with_made};
use msc::syntax::SyntaxFile;
use msc::text::SourceText;

use crate::support::Session;

/// One line a symbol: name, detail, kind, the text that its range begins and ends with.
fn outline(fixture: &str) -> String {
    let session = Session::new(fixture);
    let document = Document::of(&session.snapshot(), &session.main()).expect("the file is open");
    let mut out = String::new();
    for symbol in symbols(&document.syntax) {
        show(&symbol, 0, document.text().as_str(), &mut out);
    }
    out
}

fn show(symbol: &Symbol, depth: usize, text: &str, out: &mut String) {
    assert!(symbol.range.contains_range(symbol.selection), "{symbol:?}");
    let detail = symbol.detail.as_deref().map(|detail| format!(" {detail}")).unwrap_or_default();
    let deprecated = if symbol.is_deprecated { " deprecated" } else { "" };
    let first = symbol.range.of(text).lines().next().unwrap_or_default();
    out.push_str(&format!("{}{:?} {}{detail}{deprecated} <{first}>\n", "  ".repeat(depth), symbol.kind, symbol.name));
    for child in &symbol.children {
        assert!(symbol.range.contains_range(child.range), "{child:?} lies in {symbol:?}");
        show(child, depth + 1, text, out);
    }
}

#[test]
fn classes_interfaces_and_enums() {
    insta::assert_snapshot!(outline(
        r##"
/** @deprecated use B */
@derive(Eq)
export class A<T> extends B {
  static #count = 0;
  constructor(private x: number, y = 1) { super(); }
  @logged get v(): number { return 1; }
  async *gen(a: X,
    b: Y) {}
  /** @deprecated */
  handler = (e: Event) => {};
  static { let z = 1; }
  [key: string]: unknown;
}
interface I<K> { new (x: K): void; (y: number): string; m?(): void; readonly p: K }
declare const enum Color { Red = 1, "Dark Green", Blue }
type Shape = { width: number; area(): number };
"##
    ), @r#"
    Class A <T> deprecated <@derive(Eq)>
      Property #count <static #count = 0>
      Property x : number <private x: number>
      Constructor constructor (private x: number, y = 1) <constructor(private x: number, y = 1) { super(); }>
      Accessor v (): number <@logged get v(): number { return 1; }>
      Method gen (a: X, b: Y) <async *gen(a: X,>
      Method handler (e: Event) deprecated <handler = (e: Event) => {}>
      Constructor static <static { let z = 1; }>
      Property [key] : unknown <[key: string]: unknown>
    Interface I <K> <interface I<K> { new (x: K): void; (y: number): string; m?(): void; readonly p: K }>
      Constructor new() (x: K) <new (x: K): void>
      Method () (y: number): string <(y: number): string>
      Method m (): void <m?(): void>
      Property p : K <readonly p: K>
    Enum Color <declare const enum Color { Red = 1, "Dark Green", Blue }>
      EnumMember Red = 1 <Red = 1>
      EnumMember Dark Green <"Dark Green">
      EnumMember Blue <Blue>
    TypeAlias Shape <type Shape = { width: number; area(): number };>
      Property width : number <width: number>
      Method area (): number <area(): number>
"#);
}

/// What stands below classes of the main file, as `class.member kind detail <range>`.
fn below_classes(session: &Session) -> Vec<String> {
    fn tell(symbols: &[Symbol], text: &str, out: &mut Vec<String>) {
        for symbol in symbols {
            for member in symbol.children.iter().filter(|_| symbol.kind == SymbolKind::Class) {
                assert!(symbol.range.contains_range(member.range), "{member:?}");
                let detail = member.detail.as_deref().unwrap_or("-");
                let (name, range) = (&member.name, member.selection.of(text));
                out.push(format!("{}.{name} {:?} {detail} <{range}>", symbol.name, member.kind));
            }
            tell(&symbol.children, text, out);
        }
    }
    let document = Document::of(&session.snapshot(), &session.main()).expect("the file is open");
    let mut out = Vec::new();
    tell(&with_made(symbols(&document.syntax), &document.syntax, &document.made), document.text().as_str(), &mut out);
    out
}

#[test]
fn generated_members_stand_below_their_class_at_the_use() {
    let session = Session::expanded(
        r#"
//- /macros.ms
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get get_${field.name}() { return this.${field.name}; } static made = 1; }
  }
}
//- /main.ms open
import { getters } from "./macros";
@derive(Eq, Clone)
export class User {
  name = "a";
  clone(): User { return this; }
}
class Plain { x = 1; }
function inner() {
  @derive(Hash) class Local { y = 1; }
  return new Local();
}
@derive(Eq) @getters
class Two { z = 1; }
"#,
    );
    assert_eq!(below_classes(&session).len(), 5, "only what is written, before a pass has ended");
    assert!(session.snapshot().learn_made(), "it is news");
    assert!(!session.snapshot().learn_made(), "it is no news any more");
    insta::assert_snapshot!(below_classes(&session).join("\n"), @r"
    User.name Property - <name>
    User.clone Method (): User <clone>
    User.equals Method generated by @derive(Eq, Clone) <@derive(Eq, Clone)>
    Plain.x Property - <x>
    Local.y Property - <y>
    Local.hashCode Method generated by @derive(Hash) <@derive(Hash)>
    Two.z Property - <z>
    Two.equals Method generated by @derive(Eq) <@derive(Eq)>
    Two.get_z Accessor generated by @getters <@getters>
    Two.made Property generated by @getters <@getters>
    ");
}

#[test]
fn generated_members_follow_what_is_typed_and_go_with_their_use() {
    let mut session = Session::expanded("@derive(Eq) class User { name = 1; }\nclass Other {}\n");
    assert!(session.snapshot().learn_made(), "it is news");
    session.edit("/main.ms", TextRange::empty(0), "const before = 1;\n\n");
    insta::assert_snapshot!(below_classes(&session).join("\n"), @r"
    User.name Property - <name>
    User.equals Method generated by @derive(Eq) <@derive(Eq)>
    ");
    let start = session.text("/main.ms").as_str().find("@derive").expect("it is there") as u32;
    session.edit("/main.ms", TextRange::new(start, start + 11), "");
    assert_eq!(below_classes(&session), ["User.name Property - <name>"], "the use is gone");
    session.run_macros();
    assert!(session.snapshot().learn_made(), "they are gone for good");
}

#[test]
fn variables_and_objects() {
    insta::assert_snapshot!(outline(
        r#"
const one = 1, two = () => { function inner() {} };
let { p, q: { r } = {}, ...s } = load();
export const config = defineConfig({ plugins: [], build: { minify: true, run() {} }, "a b": 1, [key]: 2 });
export default { name: "x", setup() {} };
function outer(this: Foo, ...args: string[]): void {
  const local = 1;
  const helper = () => 1;
  if (args) { class Deep { m() {} } }
}
"#
    ), @r#"
    Constant one <one = 1>
    Function two () <two = () => { function inner() {} }>
      Function inner () <function inner() {}>
    Variable p <p>
    Variable r <r>
    Variable s <s>
    Constant config <export const config = defineConfig({ plugins: [], build: { minify: true, run() {} }, "a b": 1, [key]: 2 });>
      Property plugins <plugins: []>
      Property build <build: { minify: true, run() {} }>
        Property minify <minify: true>
        Method run () <run() {}>
      Property a b <"a b": 1>
      Property [key] <[key]: 2>
    Constant default <export default { name: "x", setup() {} };>
      Property name <name: "x">
      Method setup () <setup() {}>
    Function outer (this: Foo, ...args: string[]): void <function outer(this: Foo, ...args: string[]): void {>
      Function helper () <const helper = () => 1;>
      Class Deep <class Deep { m() {} }>
        Method m () <m() {}>
"#);
}

#[test]
fn namespaces_macros_and_tests() {
    insta::assert_snapshot!(outline(
        r#"
namespace A.B { export const x = 1; }
declare module "foo" { function g(): void; }
declare global { interface Window { a: 1 } }
export macro getters(ctx: MacroContext, n: Name) { const t = quote { ${n}() { class No {} } }; }
extern macro @foo<T>(x: number): T;
@comptime function table() { return 1; }
describe("a thing", () => {
  it(`does`, async () => { const x = () => 1; });
});
export default function () {}
"#
    ), @r#"
    Namespace A.B <namespace A.B { export const x = 1; }>
      Constant x <export const x = 1;>
    Module foo <declare module "foo" { function g(): void; }>
      Function g (): void <function g(): void;>
    Macro getters (ctx: MacroContext, n: Name) <export macro getters(ctx: MacroContext, n: Name) { const t = quote { ${n}() { class No {} } }; }>
    Macro foo (x: number): T <extern macro @foo<T>(x: number): T;>
    Function table () <@comptime function table() { return 1; }>
    Event describe("a thing") <describe("a thing", () => {>
      Event it(`does`) <it(`does`, async () => { const x = () => 1; });>
        Function x () <const x = () => 1;>
    Function default () <export default function () {}>
"#);
}

#[test]
fn what_parses_of_a_half_written_file() {
    insta::assert_snapshot!(outline(
        "
class A {
  ready() {}
  half(
}
function after() {}
class B { m() {} }
"
    ), @r#"
    Class A <class A {>
      Method ready () <ready() {}>
    Function after () <function after() {}>
    Class B <class B { m() {} }>
      Method m () <m() {}>
"#);
}

#[test]
fn deep_nesting_ends() {
    let deep = "function f() { ".repeat(3000) + "}".repeat(3000).as_str();
    assert!(outline(&deep).lines().count() < 100);
}

/// An outline that takes over from the last one is that of the text alone.
#[test]
fn an_outline_follows_its_text() {
    let mut last = Outlined::default();
    let whole = "namespace N { export class A { m() { class In {} } n = { o() {} } } }\n@deprecated class B {}\nfunction f() {}\n";
    let texts = [
        whole.to_owned(),
        format!("// a line above\n\n{whole}"),
        whole.replace("class In {}", "class In { p = 1 }"),
        whole.replace("n = { o() {} }", ""),
        whole.replace("function f() {}", "function f() {"),
        format!("{whole}{whole}"),
        whole.replace("@deprecated", "/** @deprecated */"),
        whole.to_owned(),
    ];
    for text in texts {
        let syntax = SyntaxFile::parse(SourceText::new(text.as_str()));
        assert_eq!(symbols_after(&syntax, &mut last), symbols(&syntax), "{text}");
    }
}
