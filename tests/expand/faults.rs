//! Diagnostics of expansion.

use insta::assert_snapshot;
use msc::base::{FilePath, TextRange};
use msc::expand::Flavour;
use msc::macros::protocol::{Frame, Report};
use msc::macros::{Failure, FailureKind, JobOutput, Log, Permission, Place, Refusal};

use crate::support::{Made, World, diagnostics, quoted};

const MACROS: &str = "export macro m(ctx: MacroContext, a: Name, b?: number, ...rest: string[]) {
  throw new Error(\"no\");
}
export macro e(ctx: MacroContext) {}
";

fn found(text: &str) -> String {
    let world = World::new(&[("/m.ms", MACROS), ("/a.ms", text)])
        .play("m", |_, _| Ok(JobOutput::default()))
        .play("e", |_, _| Ok(JobOutput::default()));
    let expanded = world.expand("/a.ms");
    diagnostics(&world, "/a.ms", &expanded)
}

#[test]
fn arguments_fit_the_parameters() {
    assert_snapshot!(found("import { m, e } from \"./m\";
const n = 1;
@m class A {}
@m(X, n) class B {}
@m(X, Math.random()) class C {}
@m(1 + 1, 2, \"a\", `b`) class D {}
@m(X, -1, `a${n}`) class E {}
@e(1, 2) class F {}
@m(X, { a: [1, 2, n, \"x\"], b: undefined } as const) class G {}
"), @r#"
    MS2004 `m`: `m` needs 1 more argument: `a`
    MS2004 `Math.random()`: An argument of a macro must be known at compile time (Write a literal here, or declare the macro's parameter as `Expr` to receive the code itself)
    MS2004 `1 + 1`: A name is expected here
    MS2004 ``a${n}``: An argument of a macro must be known at compile time (Write a literal here, or declare the macro's parameter as `Expr` to receive the code itself)
    MS2004 `1, 2`: `e` takes no arguments, but 2 are given
    "#);
}

#[test]
fn a_name_must_be_a_macro_where_no_decorator_can_stand() {
    assert_snapshot!(found("import * as m from \"./m\";
@nothing interface I {}
const x = @nothing(1);
@m.e interface J {}
@m.f interface K {}
@nothing class A { @nothing x = 1; }
function derive() {}
@derive enum E {}
"), @r#"
    MS2001 `nothing`: There is no macro `nothing` here (Import it, or check the spelling)
    MS2001 `nothing`: There is no macro `nothing` here (Import it, or check the spelling)
    MS2001 `m.f`: There is no macro `m.f` here (Import it, or check the spelling)
    "#);
}

#[test]
fn failures_carry_the_macros_stack() {
    let world = World::new(&[("/m.ms", MACROS), ("/a.ms", "import { e } from \"./m\";\n@e class A { x = 1; }\n")])
        .play("e", |_, _| {
            let frame = Frame { function: "m".into(), file: FilePath::new("/m.ms"), line: 1, col: 8 };
            Err(Failure { stack: vec![frame], ..Failure::new(FailureKind::Threw, "no").with_help("try") })
        });
    let expanded = world.expand("/a.ms");
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS2002 `e`: `e` threw an error: no (try)
      /m.ms 78: in `m`
    "#);
}

#[test]
fn every_kind_of_failure_has_its_code() {
    let kinds = [
        FailureKind::Threw,
        FailureKind::BadSplice,
        FailureKind::TimedOut,
        FailureKind::OutOfMemory,
        FailureKind::Crashed,
        FailureKind::Module,
        FailureKind::Banned,
        FailureKind::Input,
        FailureKind::Refused(Refusal::NotAsked(Permission::Read)),
        FailureKind::Refused(Refusal::NotAsked(Permission::Net)),
        FailureKind::Refused(Refusal::NotAsked(Permission::Env)),
        FailureKind::Refused(Refusal::NotAsked(Permission::Run)),
        FailureKind::Refused(Refusal::NotGranted),
        FailureKind::Refused(Refusal::PrivateAddress),
        FailureKind::NoLiteral,
    ];
    let codes: Vec<String> = kinds
        .into_iter()
        .map(|kind| {
            let world = World::new(&[("/m.ms", MACROS), ("/a.ms", "import { e } from \"./m\";\n@e class A {}\n")])
                .play("e", move |_, _| Err(Failure::new(kind, "why")));
            world.expand("/a.ms").diagnostics[0].code.to_string()
        })
        .collect();
    let expected = [
        "MS2002", "MS2009", "MS2005", "MS2006", "MS2007", "MS2008", "MS2013", "MS3001", "MS3002", "MS3004", "MS3005",
        "MS3006", "MS3007", "MS3008", "MS2014",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn reports_and_logs_point_into_the_use() {
    let world =
        World::new(&[("/m.ms", MACROS), ("/a.ms", "import { e } from \"./m\";\n\n@e\nclass A {\n  name = 1;\n}\n")])
            .play("e", |_, input| {
                let field = &input.target.as_ref().unwrap().fields[0];
                let mut made = Made::new();
                let report = |is_error, at: Option<TextRange>| Report {
                    is_error,
                    at,
                    message: "bad".into(),
                    help: None,
                    frame: Some(Frame { function: "f".into(), file: FilePath::new("/m.ms"), line: 1, col: 2 }),
                };
                made.0.reports = vec![report(true, Some(field.name.range)), report(false, None)];
                made.0.logs = vec![Log { text: "hello".into() }];
                made.done()
            });
    let expanded = world.expand("/a.ms");
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS3003 `e`: hello
    MS2003 `name`: bad
      /m.ms 78: reported here
    MS2015 `e`: bad
      /m.ms 78: reported here
    "#);
}

#[test]
fn text_that_does_not_parse_is_left_out() {
    let world =
        World::new(&[("/m.ms", MACROS), ("/a.ms", "import { e } from \"./m\";\n@e class A {}\n")]).play("e", |_, _| {
            Made::new()
                .emit(Place::Members, vec![quoted("/m.ms", 10, "\n  ok() {}\n  f( { ) }\n")])
                .quote(Place::Members, "/m.ms", 0, "} class B {")
                .quote(Place::Members, "/m.ms", 0, "fine() {}")
                .done()
        });
    let expanded = world.expand("/a.ms");
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS2010 `e`: `e` generated text that does not parse: `}` expected (Only members of a class can stand there)
      /m.ms 23: generated here
      by e: f( { ) }
    MS2010 `e`: `e` generated text that does not parse: The braces do not match (Only members of a class can stand there)
      /m.ms 0: generated here
      by e: } class B {
    "#);
    assert!(expanded.text.as_str().contains("fine() {}"));
    assert!(!expanded.text.as_str().contains("ok()"));
}

#[test]
fn only_one_macro_replaces() {
    let world =
        World::new(&[("/a.ms", "macro r(ctx: MacroContext) {}\nmacro s(ctx: MacroContext) {}\n@r @s class A {}\n")])
            .play("r", |_, _| Made::new().quote(Place::Replace, "/a.ms", 0, "class R {}").done())
            .play("s", |_, _| Made::new().quote(Place::Replace, "/a.ms", 0, "class S {}").done());
    let expanded = world.expand("/a.ms");
    assert_snapshot!(diagnostics(&world, "/a.ms", &expanded), @r#"
    MS2012 `s`: `@s` replaces a declaration that another macro replaces already (Only one macro of a declaration can replace it; take one of them away)
      /a.ms 61: `@r` replaces it
    "#);
    assert!(expanded.text.as_str().contains("class R {}"));
}

#[test]
fn quotes_with_errors_are_told_since_the_engine_does_not_see_them() {
    let world = World::new(&[("/a.ms", "export macro m(ctx: MacroContext) {\n  quote { a( { return 1; } }\n}\n")]);
    let expanded = world.known("/a.ms", Flavour::Check);
    assert!(
        diagnostics(&world, "/a.ms", &expanded).starts_with("MS1001"),
        "{}",
        diagnostics(&world, "/a.ms", &expanded)
    );
}

#[test]
fn a_macro_is_no_value_at_run_time() {
    assert_snapshot!(found("import { m, e } from \"./m\";
// m(1); e
const f = m;
@e class A { e = 1; m() { return this.e + o.m; } }
e(1);
const o = { e, m: 1 };
export { m };
type T = typeof e;
macro own(ctx: MacroContext) { e(ctx); const own = \"m\"; }
"), @r#"
    MS2017 `m`: `m` is a macro: at run time nothing has its name (Use it as `@m`)
    MS2017 `e`: `e` is a macro: at run time nothing has its name (Use it as `@e`)
    MS2017 `e`: `e` is a macro: at run time nothing has its name (Use it as `@e`)
    "#);
}

#[test]
fn a_macro_cannot_be_async() {
    assert_snapshot!(found("async macro m(ctx: MacroContext) {}\n// async macro x() {}\nconst s = \"async macro y\";\n"), @r#"MS1002 `async`: A macro cannot be `async` (Leave `async` and `await` out: the functions that a macro may call answer at once)"#);
}
