//! The text to be checked, as a whole.

use insta::assert_snapshot;
use msc::expand::Flavour;
use msc::macros::Place;

use crate::support::{Made, World, copied, diagnostics, drawn, quoted};

/// Adds a getter for every field, with the field's name copied.
fn getters() -> World {
    World::new(&[
        ("/m.ms", "export macro getters(ctx: MacroContext, ...names: Name[]) {\n  quote { }\n}\n"),
        (
            "/a.ms",
            "import { getters } from \"./m.ms\";\n\n@getters\nclass User {\n  name: string = \"x\";\n  age = 1\n}\nconst u = new User();\n",
        ),
    ])
    .play("getters", |_, input| {
        let mut made = Made::new();
        for field in &input.target.as_ref().unwrap().fields {
            made = made.emit(
                Place::Members,
                vec![
                    quoted("/m.ms", 70, "\n    get $"),
                    copied(&field.name),
                    quoted("/m.ms", 80, "() {\n      return this."),
                    copied(&field.name),
                    quoted("/m.ms", 120, ";\n    }\n  "),
                ],
            );
        }
        made.done()
    })
}

#[test]
fn members_are_laid_out_in_the_body() {
    let world = getters();
    let expanded = world.expand("/a.ms");
    assert_eq!(diagnostics(&world, "/a.ms", &expanded), "");
    assert_snapshot!(expanded.text.as_str(), @r#"
    import { getters } from "./m";


    class User {
      name: string = "x";
      age = 1;
      get $name() {
        return this.name;
      }
      get $age() {
        return this.age;
      }
    }
    const u = new User();
    ;void (() => [
    null! as typeof getters,
    ]);
    "#);
    assert_snapshot!(drawn(&expanded), @r#"
    = 0    "import { getters } from \"./m"
    = 31   "\";\n\n"
    = 43   "\nclass User {\n  name: string = \"x\";\n  age = 1"
    ~      ";"
    = 88   "\n"
    ~      "  "
    q0 75  "get $"
    c0 59  "name"
    q0 80  "() {\n"
    ~      "    "
    q0 91  "return this."
    c0 59  "name"
    q0 120 ";\n"
    ~      "  "
    q0 126 "}"
    ~      "\n  "
    q0 75  "get $"
    c0 81  "age"
    q0 80  "() {\n"
    ~      "    "
    q0 91  "return this."
    c0 81  "age"
    q0 120 ";\n"
    ~      "  "
    q0 126 "}"
    ~      "\n"
    = 89   "}\nconst u = new User();\n"
    ~      ";void (() => [\n"
    ~      "null! as typeof "
    = 36   "getters"
    ~      ",\n]);\n"
    "#);
}

#[test]
fn plain_typescript_passes_through() {
    let text = "class A { @dec x = 1; }\nconst quote = 1; // @derive\n";
    let world = World::new(&[("/a.ms", text)]);
    assert_eq!(world.expand("/a.ms").text.as_str(), text);
}

#[test]
fn macros_become_functions_and_quotes_become_calls() {
    let world = World::new(&[(
        "/m.ms",
        "function help(f: Field) { return quote(this.${f.name}); }\nexport macro m(ctx: MacroContext, x: Expr) {\n  const text = readFile(\"a\");\n  quote {\n    get${text}() { return ${help(ctx.target!.fields[0])}; }\n  }\n  return quote(a + ${x});\n}\n",
    )]);
    let expanded = world.expand("/m.ms");
    assert_eq!(diagnostics(&world, "/m.ms", &expanded), "");
    assert_snapshot!(expanded.text.as_str(), @r#"
    import * as __ms_meta from "std/meta";
    import type { Expr, Field, MacroContext } from "std/meta";
    function help(f: Field) { return __ms_meta.$quote("expression", [__ms_meta.$splice.name(f.name), ]); }
    export function m(ctx: MacroContext, x: Expr) { void ctx;
      const text = __ms_meta.readFile("a");
      __ms_meta.$emit(__ms_meta.$quote("members", [__ms_meta.$splice.name(text), __ms_meta.$splice.expression(help(ctx.target!.fields[0])), ]));
      return __ms_meta.$quote("expression", [__ms_meta.$splice.expression(x), ]);
    }
    ;void (async function* (this: any) { return (
    this.__ms_hole0
    ); });
    void class {
    __ms_hole0() { return (null! as any); }
    };
    void (async function* (this: any) { return (
    a + (null! as any)
    ); });
    "#);
    assert_snapshot!(world.known("/m.ms", Flavour::Emit).text.as_str(), @r#"function help(f: Field) { return (undefined as any); }"#);
}

#[test]
fn specifiers_of_metascript_files_lose_their_ending() {
    let world = World::new(&[(
        "/a.ms",
        "import type { A } from './b.ms';\nexport * from \"./c.ms\";\nconst d = await import(\"./d.ms\");\ntype E = import('./e.ms').E;\nconst f = \"./f.ms\";\nimport g from \"./g.ts\";\n",
    )]);
    assert_snapshot!(world.expand("/a.ms").text.as_str(), @r#"
    import type { A } from './b';
    export * from "./c";
    const d = await import("./d");
    type E = import('./e').E;
    const f = "./f.ms";
    import g from "./g.ts";
    "#);
}
