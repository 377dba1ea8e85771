//! Tokens: what each word is.

use std::sync::atomic::Ordering;

use msc::base::TextRange;
use msc::ide::Document;
use msc::ide::semantic_tokens::{FileTokens, Modifiers, NothingGenerated, Token, TokenKind, tokens, tokens_in};
use msc::syntax::SyntaxFile;
use msc::text::{SourceText, TextEdit};

use crate::support::Session;

const MODIFIERS: &[(Modifiers, &str)] = &[
    (Modifiers::DECLARATION, "declaration"),
    (Modifiers::READONLY, "readonly"),
    (Modifiers::STATIC, "static"),
    (Modifiers::ABSTRACT, "abstract"),
    (Modifiers::ASYNC, "async"),
    (Modifiers::MODIFICATION, "modification"),
    (Modifiers::DOCUMENTATION, "documentation"),
    (Modifiers::DEFAULT_LIBRARY, "library"),
    (Modifiers::LOCAL, "local"),
    (Modifiers::CONTROL_FLOW, "flow"),
    (Modifiers::COMPILE_TIME, "compile-time"),
    (Modifiers::QUOTED, "quoted"),
    (Modifiers::SPLICED, "spliced"),
    (Modifiers::GENERATED, "generated"),
];

pub fn show(text: &str, token: &Token) -> String {
    let mut out = format!("{}:{:?}", token.range().of(text), token.kind);
    for (modifier, name) in MODIFIERS {
        if token.modifiers.contains(*modifier) {
            out.push('.');
            out.push_str(name);
        }
    }
    out
}

fn parse(text: &str) -> SyntaxFile {
    SyntaxFile::parse(SourceText::new(text))
}

fn full(syntax: &SyntaxFile) -> FileTokens {
    tokens(syntax, None, &NothingGenerated)
}

/// A line of the text, then its names; keywords and operators only where `all`.
fn draw(text: &str, all: bool) -> String {
    let syntax = parse(text);
    let found = full(&syntax);
    let mut out = String::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let here = found.tokens().iter().filter(|token| (at..at + line.len()).contains(&(token.start as usize)));
        let plain = ["Keyword", "Operator", "Modifier"];
        let shown: Vec<String> = here
            .map(|token| show(text, token))
            .filter(|one| all || !plain.iter().any(|kind| one.contains(&format!(":{kind}"))))
            .collect();
        out.push_str(line.trim_end());
        out.push_str(format!("\n    {}", shown.join(" ")).trim_end_matches(' '));
        out.push('\n');
        at += line.len();
    }
    out
}

#[test]
fn declarations_and_their_uses() {
    insta::assert_snapshot!(draw(
        r#"import a, { b as c, type D, Klass } from "./x";
import * as ns from './y';
const one = 1, arrow = () => one; let two = two + ns.x; one = 2; two++;
function f<T extends D>(p: T, { q, r: s = 1 }: Klass, ...rest: T[]) { var v = p + q + s; if (v) { let v = rest; v; } return arrow(v); }
class A<U> extends Klass implements D { static #n = 1; readonly m: U; async run(p?: A<U>) { return this.m + A.#n + p.m; } get g() { return 1; } h = () => 1; }
interface I { (x: number): void; [key: string]: A<I>; method(): I; readonly p: Color }
enum Color { Red = 1, Green } Color.Red; c(); new c(); a.b.c();
type M<T> = { [K in keyof T]: T[K] extends infer V ? V : never } & Partial<I>;
namespace N.O { export const x = 1; } N.O.x;
console.log(Math.max(1, undefined), Foo, foo, BAR, new Map<string, Promise<I>>());
"#,
        false
    ), @r#"
    import a, { b as c, type D, Klass } from "./x";
        a:Variable.declaration b:Variable c:Variable.declaration D:Type.declaration Klass:Class.declaration "./x":String
    import * as ns from './y';
        ns:Namespace.declaration './y':String
    const one = 1, arrow = () => one; let two = two + ns.x; one = 2; two++;
        one:Variable.declaration.readonly 1:Number arrow:Function.declaration.readonly one:Variable.readonly two:Variable.declaration two:Variable ns:Namespace x:Property one:Variable.readonly.modification 2:Number two:Variable.modification
    function f<T extends D>(p: T, { q, r: s = 1 }: Klass, ...rest: T[]) { var v = p + q + s; if (v) { let v = rest; v; } return arrow(v); }
        f:Function.declaration T:TypeParameter.declaration D:Type p:Parameter.declaration T:TypeParameter q:Parameter.declaration r:Property s:Parameter.declaration 1:Number Klass:Type rest:Parameter.declaration T:TypeParameter v:Variable.declaration.local p:Parameter q:Parameter s:Parameter v:Variable.local v:Variable.declaration.local rest:Parameter v:Variable.local arrow:Function.readonly v:Variable.local
    class A<U> extends Klass implements D { static #n = 1; readonly m: U; async run(p?: A<U>) { return this.m + A.#n + p.m; } get g() { return 1; } h = () => 1; }
        A:Class.declaration U:TypeParameter.declaration Klass:Class D:Type #n:Property.declaration.static 1:Number m:Property.declaration.readonly U:TypeParameter run:Method.declaration.async p:Parameter.declaration A:Class U:TypeParameter m:Property A:Class #n:Property p:Parameter m:Property g:Property.declaration 1:Number h:Method.declaration 1:Number
    interface I { (x: number): void; [key: string]: A<I>; method(): I; readonly p: Color }
        I:Interface.declaration x:Parameter.declaration number:BuiltinType.library void:BuiltinType.library key:Parameter.declaration string:BuiltinType.library A:Class I:Interface method:Method.declaration I:Interface p:Property.declaration.readonly Color:Enum
    enum Color { Red = 1, Green } Color.Red; c(); new c(); a.b.c();
        Color:Enum.declaration Red:EnumMember.declaration.readonly 1:Number Green:EnumMember.declaration.readonly Color:Enum Red:EnumMember.readonly c:Function c:Class a:Variable b:Property c:Method
    type M<T> = { [K in keyof T]: T[K] extends infer V ? V : never } & Partial<I>;
        M:Type.declaration T:TypeParameter.declaration K:TypeParameter.declaration T:TypeParameter T:TypeParameter K:TypeParameter V:TypeParameter.declaration V:TypeParameter never:BuiltinType.library Partial:Type.library I:Interface
    namespace N.O { export const x = 1; } N.O.x;
        N:Namespace.declaration O:Namespace x:Variable.declaration.readonly 1:Number N:Namespace O:Property x:Property
    console.log(Math.max(1, undefined), Foo, foo, BAR, new Map<string, Promise<I>>());
        console:Variable.library log:Method.library Math:Variable.library max:Method.library 1:Number Foo:Class foo:Variable BAR:Variable Map:Class.library string:BuiltinType.library Promise:Class.library I:Interface
"#);
}

#[test]
fn literals_keywords_and_operators() {
    insta::assert_snapshot!(draw(
        r#"#!/usr/bin/env node
/** doc */ // line
export abstract class A { private declare readonly x?: string; }
label: for (const i of [1, 2n]) { if (!i && i < 3) continue label; }
const t = `a${i}\n` + 'it\'s' + "plain" + /re/g, n = x ? null! : true;
async function* g() { yield await import("x"); } export default g;
switch (x) { case 1: break; default: throw new Error(); }
let v: asserts<number> = y as const satisfies T; ({ p, q: 1, m() {}, k: () => 1 });
"#,
        true
    ), @r#"
    #!/usr/bin/env node
        #!/usr/bin/env node:Comment
    /** doc */ // line
        /** doc */:Comment.documentation // line:Comment
    export abstract class A { private declare readonly x?: string; }
        export:Keyword abstract:Modifier class:Keyword A:Class.declaration private:Modifier declare:Modifier readonly:Modifier x:Property.declaration.readonly string:BuiltinType.library
    label: for (const i of [1, 2n]) { if (!i && i < 3) continue label; }
        label:Label for:Keyword.flow const:Keyword i:Variable.declaration.readonly.local of:Keyword 1:Number 2n:Number if:Keyword.flow !:Operator i:Variable.readonly.local &&:Operator i:Variable.readonly.local <:Operator 3:Number continue:Keyword.flow label:Label
    const t = `a${i}\n` + 'it\'s' + "plain" + /re/g, n = x ? null! : true;
        const:Keyword t:Variable.declaration.readonly =:Operator `:String a:String i:Variable \n:EscapeSequence `:String +:Operator ':String it:String \':EscapeSequence s:String ':String +:Operator "plain":String +:Operator /re/g:Regexp n:Variable.declaration.readonly =:Operator x:Variable ?:Operator null:Keyword !:Operator true:Boolean
    async function* g() { yield await import("x"); } export default g;
        async:Modifier.async function:Keyword *:Operator g:Function.declaration yield:Keyword.flow await:Keyword.flow import:Keyword "x":String export:Keyword default:Keyword g:Function
    switch (x) { case 1: break; default: throw new Error(); }
        switch:Keyword.flow x:Variable case:Keyword.flow 1:Number break:Keyword.flow default:Keyword.flow throw:Keyword.flow new:Keyword Error:Class.library
    let v: asserts<number> = y as const satisfies T; ({ p, q: 1, m() {}, k: () => 1 });
        let:Keyword v:Variable.declaration asserts:Type number:BuiltinType.library =:Operator y:Variable as:Keyword const:Keyword satisfies:Keyword T:Type p:Variable q:Property.declaration 1:Number m:Method.declaration k:Method.declaration =>:Operator 1:Number
"#);
}

#[test]
fn macros_quotes_and_splices() {
    insta::assert_snapshot!(draw(
        r#"import { mk, dec } from "./m";
export macro own(ctx: MacroContext, n: Name) {
  const name = n.text;
  quote { get${name}(other) { const name = 1; return name + this.${name} + ctx + top; } }
  return quote(a + ${name});
}
const top = @comptime { const inner = 1; return inner; };
@derive(Eq) @own @mk("x") @dec() class B { @unknown field = 1; }
@comptime function table() { return top; }
@target("js") { run(); } else { stop(); }
const e = @embedFile("a.txt"), w = quote;
"#,
        false
    ), @r#"
    import { mk, dec } from "./m";
        mk:Variable.declaration dec:Variable.declaration "./m":String
    export macro own(ctx: MacroContext, n: Name) {
        own:Macro.declaration.compile-time ctx:Parameter.declaration.compile-time MacroContext:Type.compile-time n:Parameter.declaration.compile-time Name:Type.compile-time
      const name = n.text;
        name:Variable.declaration.readonly.local.compile-time n:Parameter.compile-time text:Property.compile-time
      quote { get${name}(other) { const name = 1; return name + this.${name} + ctx + top; } }
        get:Method.declaration.quoted ${:Splice.compile-time.spliced name:Variable.readonly.local.compile-time.spliced }:Splice.compile-time.spliced other:Parameter.declaration.quoted name:Variable.declaration.readonly.local.quoted 1:Number.quoted name:Variable.readonly.local.quoted ${:Splice.compile-time.spliced name:Variable.readonly.local.compile-time.spliced }:Splice.compile-time.spliced ctx:Variable.quoted top:Variable.readonly.quoted
      return quote(a + ${name});
        a:Variable.quoted ${:Splice.compile-time.spliced name:Variable.readonly.local.compile-time.spliced }:Splice.compile-time.spliced
    }

    const top = @comptime { const inner = 1; return inner; };
        top:Variable.declaration.readonly @:Macro.compile-time comptime:Macro.compile-time inner:Variable.declaration.readonly.local.compile-time 1:Number.compile-time inner:Variable.readonly.local.compile-time
    @derive(Eq) @own @mk("x") @dec() class B { @unknown field = 1; }
        @:Macro derive:Macro Eq:Class @:Macro own:Macro @:Decorator mk:Decorator "x":String @:Decorator dec:Decorator B:Class.declaration @:Decorator unknown:Decorator field:Property.declaration 1:Number
    @comptime function table() { return top; }
        @:Macro.compile-time comptime:Macro.compile-time table:Function.declaration.compile-time top:Variable.readonly.compile-time
    @target("js") { run(); } else { stop(); }
        @:Macro target:Macro "js":String run:Function stop:Function
    const e = @embedFile("a.txt"), w = quote;
        e:Variable.declaration.readonly @:Macro embedFile:Macro "a.txt":String w:Variable.declaration.readonly quote:Variable
"#);
}

#[test]
fn a_type_parameter_is_no_value() {
    let text = "interface x {} function f(x: x) { let y: x = x; }";
    let all: Vec<String> = full(&parse(text)).tokens().iter().map(|token| show(text, token)).collect();
    assert_eq!(all[1], "x:Interface.declaration");
    assert_eq!(all[4..6], ["x:Parameter.declaration", "x:Interface"]);
    assert_eq!(all[8..], ["x:Interface", "=:Operator", "x:Parameter"]);
}

const PIECES: &[&str] = &[
    "x",
    "1",
    "\n",
    " ",
    "{",
    "}",
    "(",
    ")",
    ";",
    "`",
    "'",
    "/*",
    "*/",
    "//",
    "class A {",
    "quote {",
    "${",
    "@derive(Eq)\n",
    "function top() { return one + top; }\n",
    "const one = () => 1;\n",
    "import { one } from 'y';\n",
    "static ",
    "=> ",
    "let u: User = new User(); u.name;\n",
    "macro m(ctx: C) { quote { a() {} } }\n",
    "é",
];

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most.max(1)
    }
}

const START: &str = r#"import { a, b as c } from "./x";
const one = (p: number) => p + c;
function top(u: User) { const local = one(u.name); if (local) { return top(u); } return local + a + User.made; }
export class User { name = "a string"; static made = new User(); run(x: User) { return this.name + x.name + one(1); }
  other() { const quoted = one(1); return () => { return quoted + one(2) + this.run(this); }; } }
macro m(ctx: MacroContext) { const name = ctx.target; quote { get${name}() { return one(this.${name}); } } }
namespace Inner { export const deep = one(2); function use() { return deep + one(deep); } }
"#;

#[test]
fn taking_over_gives_what_a_fresh_walk_gives() {
    let mut chance = Chance(7);
    let long = START.repeat(12);
    let mut text = long.clone();
    let mut syntax = parse(&text);
    let mut last = full(&syntax);
    for round in 0..400 {
        if round % 50 == 0 {
            text = long.clone();
            syntax = parse(&text);
            last = full(&syntax);
        }
        let mut at = chance.below(text.len());
        let mut end = (at + chance.below(12) * chance.below(2)).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let piece = PIECES[chance.below(PIECES.len())];
        let edit = TextEdit { range: TextRange::from(at..end.max(at)), text: piece.to_owned() };
        text = TextEdit::apply_in_order(&text, std::slice::from_ref(&edit));
        syntax = syntax.reparse(SourceText::new(text.as_str()), std::slice::from_ref(&edit));
        let taken = tokens(&syntax, Some(&last), &NothingGenerated);
        let fresh = full(&syntax);
        assert_eq!(taken.tokens(), fresh.tokens(), "round {round}: {edit:?}");
        assert!(
            fresh.tokens().windows(2).all(|pair| pair[0].range().end <= pair[1].start),
            "tokens follow each other, round {round}"
        );
        let start = chance.below(text.len()) as u32;
        let range = TextRange::new(start, (start + 400).min(text.len() as u32));
        let within: Vec<Token> = fresh
            .tokens()
            .iter()
            .copied()
            .filter(|token| token.start < range.end && range.start < token.start + token.len)
            .collect();
        assert_eq!(tokens_in(&syntax, range, &NothingGenerated), within, "round {round}: {range:?}");
        last = taken;
    }
}

#[test]
fn one_keystroke_walks_one_unit() {
    let text = "function f(a: number) { const local = a + 1; return local; }\n".repeat(300);
    let syntax = parse(&text);
    let last = full(&syntax);
    assert!(last.walked > 300, "{}", last.walked);
    let at = text.len() as u32 / 2;
    let at = at + text[at as usize..].find("local;").expect("a use is near") as u32;
    let edit = TextEdit { range: TextRange::empty(at), text: "x".to_owned() };
    let next = TextEdit::apply_in_order(&text, std::slice::from_ref(&edit));
    let syntax = syntax.reparse(SourceText::new(next), &[edit]);
    // The file and the function.
    assert_eq!(tokens(&syntax, Some(&last), &NothingGenerated).walked, 2);
}

#[test]
fn a_name_that_changes_its_meaning_changes_its_uses() {
    let text = "const one = 1;\nfunction f(a: number) { const local = a + one; return local; }\n";
    let syntax = parse(text);
    let last = full(&syntax);
    let edit = TextEdit { range: TextRange::new(0, 5), text: "let".to_owned() };
    let next = TextEdit::apply_in_order(text, std::slice::from_ref(&edit));
    let syntax = syntax.reparse(SourceText::new(next.as_str()), &[edit]);
    let taken = tokens(&syntax, Some(&last), &NothingGenerated);
    let uses: Vec<String> =
        taken.tokens().iter().map(|token| show(&next, token)).filter(|one| one.starts_with("one")).collect();
    assert_eq!(uses, ["one:Variable.declaration", "one:Variable"]);
}

/// The tokens that macros have a say in: names of macros, and what is known to be generated.
fn of_macros(session: &Session) -> Vec<String> {
    let document = Document::of(&session.snapshot(), &session.main()).expect("the file is open");
    let text = document.text().as_str();
    let found = tokens(&document.syntax, None, &*document.made);
    let told = found.tokens().iter().map(|token| (token, show(text, token)));
    told.filter(|(token, _)| token.kind == TokenKind::Macro || token.modifiers.contains(Modifiers::GENERATED))
        .map(|(token, shown)| format!("{} {shown}", text[..token.start as usize].matches('\n').count()))
        .collect()
}

#[test]
fn what_macros_made_is_told_once_a_pass_has_seen_it() {
    let session = Session::expanded(
        r#"
//- /macros.ms
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return this.${field.name}; } }
  }
  quote { static made(): number { return 1; } }
}
export macro twin(ctx: MacroContext) {
  ctx.addAfter(quote { export const both = 2; });
}
export function logged(value: unknown) { return value as any; }
//- /shapes.ms
import { twin } from "./macros";
@derive(Eq) @twin
export class Shape { side = 1; }
//- /index.ms
export * from "./shapes";
//- /main.ms open
import { getters as g, logged } from "./macros";
import * as all from "./macros";
import { Shape, both } from "./index";
@g
class User { name = "a"; written() { return this.get_name() + this.name; } }
@all.getters
class Other { name = "a"; }
@logged class Third {}
const user = new User();
user.get_name(); user.written(); User.made(); User.get_name;
const shape = new Shape();
shape.equals(shape); shape.side; both;
"#,
    );
    // A namespace's member and an imported name look like decorators as long as nobody has seen what they are.
    assert_eq!(of_macros(&session), Vec::<String>::new());
    assert!(session.snapshot().learn_made(), "it is news");
    insta::assert_snapshot!(of_macros(&session).join("\n"), @r"
    0 getters:Macro
    0 g:Macro.declaration
    2 both:Variable.declaration.generated
    3 @:Macro
    3 g:Macro
    4 get_name:Method.generated
    5 @:Macro
    5 getters:Macro
    9 get_name:Method.generated
    9 made:Method.generated
    11 equals:Method.generated
    11 both:Variable.generated
    ");
}

#[test]
fn what_is_known_outlives_an_edit_and_is_never_run_for() {
    let mut session = Session::expanded("@derive(Eq) class A { x = 1; }\nconst a = new A();\na.equals(a);\n");
    assert!(session.snapshot().learn_made(), "it is news");
    let runs = |session: &Session| session.snapshot().shared().counters.macros_run.load(Ordering::Relaxed);
    let before = runs(&session);
    session.edit("/main.ms", TextRange::empty(0), "@derive(Hash) class B {}\n");
    assert_eq!(
        of_macros(&session),
        ["0 @:Macro", "0 derive:Macro", "1 @:Macro", "1 derive:Macro", "3 equals:Method.generated",]
    );
    assert_eq!(runs(&session), before);
}
