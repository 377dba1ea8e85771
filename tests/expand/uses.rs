//! Uses as expressions, statements and types; compile-time blocks.

use insta::assert_snapshot;
use msc::expand::Flavour;
use msc::macros::Place;
use msc::macros::shape::{Arg, Input};

use crate::support::{Made, World, computed, copied, diagnostics, quoted};

const MACROS: &str = "export macro check(ctx: MacroContext, x: Expr) {}
export macro shape(ctx: MacroContext, x?: Name) {}
export macro late(ctx: MacroContext, x: Expr, options: { n: number }) {}
";

fn argument(input: &Input) -> &msc::macros::shape::Syntax {
    match &input.args[0] {
        Arg::Syntax { syntax, .. } => syntax,
        Arg::Value { .. } => panic!("no syntax"),
    }
}

fn world(text: &str) -> World {
    World::new(&[("/m.ms", MACROS), ("/a.ms", text)])
        .play("check", |_, input| {
            let pieces = vec![
                copied(argument(input)),
                quoted("/m.ms", 1, " || fail("),
                computed("/m.ms", "\"no\""),
                quoted("/m.ms", 9, ")"),
            ];
            Made::new().emit(Place::Value, pieces).done()
        })
        .play("shape", |_, _| Made::new().quote(Place::Value, "/m.ms", 0, "string | number").done())
        .play("comptime", |call, _| {
            let value = if call.shown.contains("object") { "{ a: [1, 2] }" } else { "\"text\"" };
            Made::new().emit(Place::Value, vec![computed("/a.ms", value)]).done()
        })
}

#[test]
fn values_stand_in_place_of_their_uses() {
    let world = world(
        "import { check, shape } from \"./m\";
declare const user: { age: number };
const a = @check(user.age > 1) as boolean
@check(user.age > 2)
if (a) @check(user.age > 3);
let b: @shape[] = [];
",
    );
    let expanded = world.expand("/a.ms");
    assert_eq!(diagnostics(&world, "/a.ms", &expanded), "");
    assert_snapshot!(expanded.text.as_str(), @r#"
    import { check, shape } from "./m";
    declare const user: { age: number };
    const a = (user.age > 1 || fail("no")) as boolean
    user.age > 2 || fail("no");
    if (a) { user.age > 3 || fail("no"); }
    let b: (string | number)[] = [];
    ;void (() => [
    null! as typeof check,
    null! as typeof check,
    null! as typeof check,
    null! as typeof shape,
    ]);
    "#);
    assert_snapshot!(world.known("/a.ms", Flavour::Emit).text.as_str(), @r#"
    declare const user: { age: number };
    const a = (user.age > 1 || fail("no")) as boolean
    user.age > 2 || fail("no");
    if (a) { user.age > 3 || fail("no"); }
    let b: (string | number)[] = [];
    "#);
}

#[test]
fn unknown_outputs_keep_their_arguments_as_code() {
    let world = world(
        "import { late } from \"./m\";
const a = @late(user.name, { n: 1 });
@late(user.age, { n: 2 });
",
    );
    let expanded = world.known("/a.ms", Flavour::Check);
    assert_eq!(expanded.pending.len(), 2);
    assert_snapshot!(expanded.text.as_str(), @r#"
    import { late } from "./m";
    const a = ([user.name] as any);
    void [user.age];
    ;void (() => [
    (null! as typeof late)(null!, null!, { n: 1 }),
    (null! as typeof late)(null!, null!, { n: 2 }),
    ]);
    "#);
}

#[test]
fn blocks_are_replaced_by_their_value_and_checked_aside() {
    let world = world(
        "import { load } from \"./other\";
const size = 3;
const object = @comptime { /* object */
  const found = readFile(\"x\" + size);
  return { a: load(found) };
};
let text = @comptime { return \"text\"; };
@comptime function help(x: number) { return x; }
",
    );
    let expanded = world.expand("/a.ms");
    assert_eq!(diagnostics(&world, "/a.ms", &expanded), "");
    assert_snapshot!(expanded.text.as_str(), @r#"
    import * as __ms_meta from "std/meta";
    import { load } from "./other";
    const size = 3;
    const object = ({ a: [1, 2] } as const);
    let text = ("text" as const);
     function help(x: number) { return x; }
    ;void (() => { /* object */
      const found = __ms_meta.readFile("x" + size);
      return { a: load(found) };
    });
    void (() => { return "text"; });
    "#);
    assert_snapshot!(world.known("/a.ms", Flavour::Emit).text.as_str(), @r#"
    import { load } from "./other";
    const size = 3;
    const object = ({ a: [1, 2] } as const);
    let text = ("text" as const);
    "#);
}

#[test]
fn what_a_block_runs_is_its_own_module() {
    let world = world(
        "import { load } from \"./other\";
import { unused } from \"./unused\";
export const size: number = 3, other = size;
let count = 0;
function start() { count += 1; }
start();
@comptime function help(x: number) { return x + size; }
const object = @comptime { return help(load(1)); };
const bad = @comptime { return count; };
function f(local: number) { return @comptime { return local; }; }
",
    );
    let expanded = world.known("/a.ms", Flavour::Check);
    let blocks: Vec<_> = expanded.pending.iter().map(|call| call.block.as_ref().unwrap()).collect();
    assert_snapshot!(blocks[0].text, @r#"
    import { load } from "./other";
    const size: number = 3, other = size;
    function help(x: number) { return x + size; }
    export default function () { return help(load(1)); }
    "#);
    assert_eq!(blocks[0].imports, ["./other"]);
    // The other two are told, and not run.
    assert_eq!(blocks.len(), 1);
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS2008 `count`: `count` can change at run time: a compile-time block can use constants only
    MS2008 `local`: `local` is known at run time only: a compile-time block cannot use it
    "#);
}

#[test]
fn conditional_compilation_and_defer() {
    let world = world(
        "function f() {
  defer close(1);
  defer close(2);
  @target(\"c\") { native(); } else @target(\"js\") { script(); } else { none(); }
  return 1;
}
",
    );
    assert_snapshot!(world.expand("/a.ms").text.as_str(), @r#"
    function f() {
      try {
      try {
      { script(); }
      return 1;
    } finally { close(2); } } finally { close(1); } }
    "#);
}

#[test]
fn half_typed_code_takes_no_use_away() {
    let source = "macro size(ctx: MacroContext) {}
@size
class A {
  x = 1;
}
const a = new A();
@size
export class B {
  y = 2;
}
function f() {
  return 1;
}
";
    let world = |text: &str| World::new(&[("/a.ms", text)]);
    let mut known = world(source).play("size", |_, input| {
        assert_eq!(input.target.as_ref().unwrap().fields.len(), 1, "ran on half a class");
        Made::new().quote(Place::Members, "/a.ms", 0, "size() {}").done()
    });
    known.expand("/a.ms");
    known.take_ran();
    for (at, typed) in [
        ("a = new A();\n", "a = new A();\na.\n"),
        ("a = new A();\n", "a = new A();\nif (a.\n"),
        ("a = new A();\n", "a = new A();\nfoo(a, {\n"),
        ("  x = 1;\n", "  x = 1;\n  foo() { if (\n"),
        ("  x = 1;\n", "  x = 1;\n  foo() {\n"),
        ("  return 1;\n", "  return `${a.\n"),
    ] {
        let text = source.replacen(at, typed, 1);
        known.set("/a.ms", &text);
        let expanded = known.expand("/a.ms");
        assert_eq!(expanded.calls.len(), 2, "{typed}");
        assert_eq!(expanded.text.as_str().matches("size() {}").count(), 2, "{typed}\n{}", expanded.text.as_str());
        assert!(expanded.text.as_str().contains(typed.lines().last().unwrap()), "{typed}");
        assert_eq!(known.take_ran(), Vec::<String>::new(), "{typed}");
    }
}
