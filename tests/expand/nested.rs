//! Output that uses macros, names across files, places other than a class's body.

use insta::assert_snapshot;
use msc::macros::Place;

use crate::support::{Made, World, computed, copied, diagnostics, drawn, quoted};

#[test]
fn output_expands_in_turn() {
    let world = World::new(&[
        ("/m.ms", "import { inner } from \"./n\";\nexport macro outer(ctx: MacroContext) {}\n"),
        ("/n.ms", "export macro inner(ctx: MacroContext) {}\n"),
        ("/a.ms", "import { outer } from \"./m\";\n@outer class A { x = 1; }\n"),
    ])
    .play("outer", |_, input| {
        let name = input.target.as_ref().unwrap().name.as_ref().unwrap();
        let pieces = vec![
            quoted("/m.ms", 5, "@inner\nexport class "),
            copied(name),
            quoted("/m.ms", 30, "Dto {\n    name = \"\";\n}"),
        ];
        Made::new().emit(Place::After, pieces).done()
    })
    .play("inner", |_, input| {
        let target = input.target.as_ref().unwrap();
        assert_eq!(target.name.as_ref().unwrap().text, "ADto");
        assert!(target.is_exported);
        let pieces = vec![quoted("/n.ms", 2, "get"), copied(&target.fields[0].name), quoted("/n.ms", 9, "() {}")];
        Made::new().emit(Place::Members, pieces).done()
    });
    let expanded = world.expand("/a.ms");
    assert_eq!(world.take_ran(), ["A@outer", "A@outer/ADto@inner"]);
    assert_eq!(diagnostics(&world, "/a.ms", &expanded), "");
    assert_snapshot!(expanded.text.as_str(), @r#"
    import { inner } from "./n";
    import { outer } from "./m";
     class A { x = 1; }

    export class ADto {
      name = "";
      getname() {}
    }
    ;void (() => [
    null! as typeof outer,
    ]);
    "#);
    assert_snapshot!(drawn(&expanded), @r#"
    ~      "import { inner } from \"./n\";\n"
    = 0    "import { outer } from \"./m\";\n"
    = 35   " class A { x = 1; }"
    ~      "\n"
    q0 11  "\nexport class "
    c0 42  "A"
    q0 30  "Dto {\n"
    ~      "  "
    q0 40  "name = \"\";\n"
    ~      "  "
    q1 2   "get"
    q0 40  "name"
    q1 9   "() {}"
    ~      "\n"
    q0 51  "}"
    = 54   "\n"
    ~      ";void (() => [\n"
    ~      "null! as typeof "
    = 30   "outer"
    ~      ",\n]);\n"
    "#);
    let sites: Vec<_> = expanded.calls.iter().map(|site| (site.parent, site.generated.len())).collect();
    assert_eq!(sites, [(None, 1), (Some(0), 1)]);
}

#[test]
fn a_macro_that_uses_itself_for_ever_is_an_error() {
    let world = World::new(&[("/a.ms", "macro again(ctx: MacroContext) {}\n@again class A {}\n")])
        .play("again", |_, _| Made::new().quote(Place::After, "/a.ms", 0, "@again class A {}").done());
    let expanded = world.expand("/a.ms");
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS2011 `again`: `again` expands into uses of macros more than 128 deep: `again` uses `again` (A macro whose output uses the macro itself needs a case in which it does not)
      /a.ms 1: `@again` is used here
    "#);
}

#[test]
fn two_macros_that_use_each_other_twice_do_not_double_for_ever() {
    let world = World::new(&[("/a.ms", "macro again(ctx: MacroContext) {}\n@again class A {}\n")])
        .play("again", |_, _| {
            Made::new().quote(Place::After, "/a.ms", 0, "@again class A {}\n@again class A {}").done()
        });
    let expanded = world.expand("/a.ms");
    assert!(diagnostics(&world, "/a.ms", &expanded).starts_with("MS2011"));
}

#[test]
fn names_of_a_quote_mean_what_they_mean_in_its_module() {
    let module = "import { far as near } from \"./lib/far\";
export function help() {}
function hidden() {}
export macro m(ctx: MacroContext) { ctx.addAfter(quote { hidden(${1}); }); }
";
    let world = World::new(&[
        ("/lib/m.ms", module),
        ("/a.ms", "import { m } from \"./lib/m\";\nconst help = 1;\n@m class A { x = 1; }\n"),
    ])
    .play("m", |_, input| {
        let field = &input.target.as_ref().unwrap().fields[0];
        let pieces = vec![
            quoted("/lib/m.ms", 0, "run(value: number) {\n  help(near(value), "),
            computed("/lib/m.ms", "clone$1abc"),
            quoted("/lib/m.ms", 60, ", { help }, this."),
            copied(&field.name),
            quoted("/lib/m.ms", 70, ");\n}"),
        ];
        Made::new()
            .import("std/runtime", "/lib/m.ms", "clone", "clone$1abc")
            .import("../other", "/lib/m.ms", "thing", "thing$2")
            .emit(Place::Members, pieces)
            .quote(Place::After, "/lib/m.ms", 0, "hidden(thing$2);")
            .done()
    });
    let expanded = world.expand("/a.ms");
    assert_eq!(diagnostics(&world, "/a.ms", &expanded), "");
    assert_snapshot!(expanded.text.as_str(), @r#"
    import { help as help_1, __ms_hidden as hidden } from "./lib/m";
    import { far } from "./lib/lib/far";
    import { clone } from "std/runtime";
    import { thing } from "./other";
    import { m } from "./lib/m";
    const help = 1;
     class A { x = 1; 
      run(value: number) {
        help_1(far(value), clone, { help: help_1 }, this.x);
      }
    }
    hidden(thing);
    ;void (() => [
    null! as typeof m,
    ]);
    "#);
}

#[test]
fn a_local_of_a_quote_does_not_capture_what_is_spliced() {
    let world = World::new(&[(
        "/a.ms",
        "macro twice(ctx: MacroContext, x: Expr) {}\nfunction f(it: number) { return @twice(it + 1); }\n",
    )])
    .play("twice", |_, input| {
        let msc::macros::shape::Arg::Syntax { syntax, .. } = &input.args[0] else { panic!() };
        let pieces = vec![
            quoted("/a.ms", 0, "((it) => ({ it, a: it }))("),
            copied(syntax),
            quoted("/a.ms", 30, ") + [1].map((it) => it + "),
            copied(syntax),
            quoted("/a.ms", 60, ")"),
        ];
        Made::new().emit(Place::Value, pieces).done()
    });
    assert_snapshot!(world.expand("/a.ms").text.as_str(), @r#"
    import type { Expr, MacroContext } from "std/meta";
    function twice(ctx: MacroContext, x: Expr) { void ctx;}
    function f(it: number) { return (((it_1) => ({ it: it_1, a: it_1 }))(it + 1) + [1].map((it_1) => it_1 + it + 1)); }
    ;void (() => [
    null! as typeof twice,
    ]);
    "#);
}

#[test]
fn code_goes_before_after_and_in_place() {
    let world = World::new(&[(
        "/a.ms",
        "macro all(ctx: MacroContext) {}
macro more(ctx: MacroContext) {}
namespace N {
  /** The doc stays with the class. */
  @all @more
  export class A { x = 1 }
  class B {
    @all y = 1;
    @all m() {}
  }
}
@more enum E { A, B }
@more interface I { a: string }
@all function f() {}
",
    )])
    .play("all", |_, input| {
        let target = input.target.as_ref().unwrap();
        let mut made = Made::new();
        made = made.quote(Place::Before, "/a.ms", 0, "before: 1;").quote(Place::After, "/a.ms", 0, "after() {}");
        if target.kind == msc::macros::shape::TargetKind::Class {
            made = made.emit(
                Place::Replace,
                vec![quoted("/a.ms", 0, "class New {\n  // "), computed("/a.ms", "kept"), quoted("/a.ms", 9, "\n}")],
            );
        } else if target.kind == msc::macros::shape::TargetKind::Function {
            made = Made::new().quote(Place::After, "/a.ms", 0, "f();").quote(Place::Before, "/a.ms", 0, "let g = 1;");
        }
        made.done()
    })
    .play("more", |_, input| {
        let text = match input.target.as_ref().unwrap().kind {
            msc::macros::shape::TargetKind::Enum => "C, D",
            msc::macros::shape::TargetKind::Interface => "b: number; c(): void",
            _ => "more = [\n1,\n];",
        };
        Made::new().quote(Place::Members, "/a.ms", 0, text).done()
    });
    let expanded = world.expand("/a.ms");
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS2010 `all`: `all` generated text that does not parse: `after()` does not parse here
      /a.ms 0: generated here
      by all: after() {}
    "#);
    assert_snapshot!(expanded.text.as_str(), @r#"
    import type { MacroContext } from "std/meta";
    function all(ctx: MacroContext) { void ctx;}
    function more(ctx: MacroContext) { void ctx;}
    namespace N {
      before: 1;
      /** The doc stays with the class. */
       
      export class New {
        // kept
        more = [
          1,
        ];
      }
      class B {
        before: 1;
         y = 1;
        after() {}
        before: 1;
         m() {}
        after() {}
      }
    }
     enum E { A, B, 
      C, D,
    }
     interface I { a: string; 
      b: number; c(): void
    }
    let g = 1;
     function f() {}
    f();
    ;void (() => [
    null! as typeof all,
    null! as typeof more,
    null! as typeof all,
    null! as typeof all,
    null! as typeof more,
    null! as typeof more,
    null! as typeof all,
    ]);
    "#);
}

#[test]
fn templates_keep_their_white_space() {
    let world = World::new(&[("/a.ms", "macro t(ctx: MacroContext) {}\nclass Z {\n  @t m() {}\n}\n@t class A {\n}\n")])
        .play("t", |_, _| {
            let text = "\n        text = `\n  a\n    ${x}\n`;\n        /**\n           * Doc.\n           */\n        b() {\n            switch (1) {\n            case 1:\n              return a\n                .b(() => {\n                  c();\n                });\n            }\n        }\n";
            Made::new().quote(Place::Members, "/a.ms", 0, text).done()
        });
    assert_snapshot!(world.expand("/a.ms").text.as_str(), @r#"
    import type { MacroContext } from "std/meta";
    function t(ctx: MacroContext) { void ctx;}
    class Z {
       m() {}
      text = `
      a
        ${x}
    `;
      /**
       * Doc.
       */
      b() {
        switch (1) {
          case 1:
            return a
              .b(() => {
                c();
              });
        }
      }
    }
     class A {
      text = `
      a
        ${x}
    `;
      /**
       * Doc.
       */
      b() {
        switch (1) {
          case 1:
            return a
              .b(() => {
                c();
              });
        }
      }
    }
    ;void (() => [
    null! as typeof t,
    null! as typeof t,
    ]);
    "#);
}

#[test]
fn what_a_statement_declares_inside_a_function_is_its_own() {
    let world = World::new(&[(
        "/a.ms",
        "macro swap(ctx: MacroContext, a: Expr, b: Expr) {}
@swap(x, y);
function f(tmp: number, y: number) {
  @swap(tmp, y)
  return tmp;
}
",
    )])
    .play("swap", |_, input| {
        let part = |index: usize| match &input.args[index] {
            msc::macros::shape::Arg::Syntax { syntax, .. } => copied(syntax),
            msc::macros::shape::Arg::Value { .. } => panic!("no syntax"),
        };
        let pieces = vec![
            quoted("/a.ms", 0, "const tmp = "),
            part(0),
            quoted("/a.ms", 20, ";\n"),
            part(0),
            quoted("/a.ms", 30, " = "),
            part(1),
            quoted("/a.ms", 40, ";\n"),
            part(1),
            quoted("/a.ms", 50, " = tmp;"),
        ];
        Made::new().emit(Place::Value, pieces).done()
    });
    assert_snapshot!(world.expand("/a.ms").text.as_str(), @r#"
    import type { Expr, MacroContext } from "std/meta";
    function swap(ctx: MacroContext, a: Expr, b: Expr) { void ctx;}
    const tmp = x;
    x = y;
    y = tmp;
    function f(tmp: number, y: number) {
      {
        const tmp_1 = tmp;
        tmp = y;
        y = tmp_1;
      }
      return tmp;
    }
    ;void (() => [
    null! as typeof swap,
    null! as typeof swap,
    ]);
    "#);
}
