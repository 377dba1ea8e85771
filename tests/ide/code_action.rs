//! Code actions: what mends a finding, what orders imports, what turns a use into code.

use msc::base::{Cancel, TextRange};
use msc::ide::code_action::{self, Action, ActionKind, Finding};

use crate::support::{Session, edited};

/// The file with the cursor after the one action whose title holds `title`; all titles where there
/// is none.
fn applied(session: &Session, actions: &[Action], title: &str) -> String {
    let Some(action) = actions.iter().find(|action| action.title.contains(title)) else {
        let titles: Vec<&str> = actions.iter().map(|action| action.title.as_str()).collect();
        return format!("no such action among {titles:?}");
    };
    let snap = session.snapshot();
    let edits = match &action.edits {
        Some(edits) => edits.clone(),
        None => code_action::resolve(&snap, &session.main(), action.kind, &Cancel::new()).expect("an answer"),
    };
    let mut out = String::new();
    for file in &edits {
        let text = snap.text(&file.file).expect("it is there");
        if file.file != session.main() {
            out += &format!("{}\n", session.name(&file.file));
        }
        out += &edited(text.as_str(), &file.edits);
    }
    out
}

/// Actions for the findings of the cursor's file.
fn fixes(session: &Session) -> Vec<Action> {
    let file = session.main();
    let found = session.diagnostics();
    let findings: Vec<Finding> = found
        .into_iter()
        .filter(|one| one.file == file)
        .map(|one| Finding { range: one.range, code: one.code.to_string(), message: one.message })
        .collect();
    let wanted = |kind| kind == ActionKind::QuickFix;
    let range = TextRange::empty(0);
    code_action::actions(&session.snapshot(), &file, range, &findings, &wanted, &Cancel::new()).expect("an answer")
}

fn at_cursor(session: &Session, kind: ActionKind) -> Vec<Action> {
    let (file, range) = session.range();
    let wanted = |other| other == kind;
    code_action::actions(&session.snapshot(), &file, range, &[], &wanted, &Cancel::new()).expect("an answer")
}

/// One fix of a file of its own: text, title, text after.
fn fix(text: &str, title: &str, after: &str) {
    let session = Session::expanded(&format!("//- /main.ms open\n{text}"));
    let actions = fixes(&session);
    assert_eq!(applied(&session, &actions, title), after, "{title}");
}

#[test]
fn findings_that_tell_their_own_way_out() {
    fix("const value = 1;\nvalu;\n", "Change spelling to 'value'", "const value = 1;\nvalue;\n");
    fix("const o = { name: 1 };\no.nme;\n", "Change spelling to 'name'", "const o = { name: 1 };\no.name;\n");
    fix("const a = 1;\na = 2;\n", "Change 'const' to 'let'", "let a = 1;\na = 2;\n");
    fix("function f() { await 1; }\n", "Make the function 'async'", "async function f() { await 1; }\n");
    fix(
        "let a: { b: 1 } | undefined;\nlet f = () => a.b;\n",
        "Use '?.'",
        "let a: { b: 1 } | undefined;\nlet f = () => a?.b;\n",
    );
    fix(
        "let a: { b: 1 } | undefined;\nlet f = () => a.b;\n",
        "Assert",
        "let a: { b: 1 } | undefined;\nlet f = () => a!.b;\n",
    );
    fix("function f(a) { return a; }\n", "type 'unknown'", "function f(a: unknown) { return a; }\n");
    fix(
        "const f = async () => ({ a: 1 });\nf().a;\n",
        "Add 'await'",
        "const f = async () => ({ a: 1 });\n(await f()).a;\n",
    );
    fix("function f(): number { }\n", "Throw", "function f(): number {  throw new Error(\"not implemented\"); }\n");
    fix(
        "class A { a() { return this.b; } }\n",
        "Declare the property 'b'",
        "class A {\n  b: unknown;  a() { return this.b; } }\n",
    );
}

#[test]
fn what_is_missing_is_implemented_and_imported() {
    let session = Session::expanded(
        "
//- /shape.ms
export interface Shape { area(): number }
export function unit(): number { return 1; }
//- /main.ms open
import { Shape } from './shape';
class A implements Shape {}
unit();
",
    );
    let actions = fixes(&session);
    insta::assert_snapshot!(applied(&session, &actions, "Implement interface"), @"
    import { Shape } from './shape';
    class A implements Shape {
        area(): number {
            throw new Error('Method not implemented.');
        }
    }
    unit();
    ");
    insta::assert_snapshot!(applied(&session, &actions, "import from"), @"
    import { Shape, unit } from './shape';
    class A implements Shape {}
    unit();
    ");
}

#[test]
fn an_import_is_added_beside_generated_ones() {
    let session = Session::expanded(
        "
//- /unit.ms
export function unit(): number { return 1; }
//- /main.ms open
@derive(Eq)
class A { x = unit(); }
",
    );
    insta::assert_snapshot!(applied(&session, &fixes(&session), "Add import"), @r#"
    import { unit } from "./unit";
    @derive(Eq)
    class A { x = unit(); }
    "#);
}

#[test]
fn a_missing_method_that_a_derive_writes_is_derived() {
    let session = Session::expanded(
        "
//- /model.ms
export class A { x = 1; }
@derive(Eq)
export class B { y = 1; }
//- /main.ms open
import { A, B } from './model';
new A();
const a = new A();
const b = new B();
a.equals(a);
b.hashCode();
",
    );
    let actions = fixes(&session);
    insta::assert_snapshot!(applied(&session, &actions, "@derive(Eq)"), @"
    /model.ms
    @derive(Eq)
    export class A { x = 1; }
    @derive(Eq)
    export class B { y = 1; }
    ");
    insta::assert_snapshot!(applied(&session, &actions, "@derive(Hash)"), @"
    /model.ms
    export class A { x = 1; }
    @derive(Eq, Hash)
    export class B { y = 1; }
    ");
    insta::assert_snapshot!(applied(&session, &actions, "Declare the method 'equals'"), @r#"
    /model.ms
    export class A {
      equals(...args: unknown[]): unknown {
        throw new Error("not implemented");
      }  x = 1; }
    @derive(Eq)
    export class B { y = 1; }
    "#);
}

#[test]
fn a_macro_of_another_module_is_imported() {
    let session = Session::expanded(
        "
//- /m.ms
export macro mark(ctx: MacroContext) { quote { marked = true; } }
//- /user.ms
import { mark } from './m';
@mark class U {}
//- /main.ms open
@mark class A {}
import './user';
",
    );
    insta::assert_snapshot!(applied(&session, &fixes(&session), "Add import"), @"
    @mark class A {}
    import './user';
    import { mark } from './m';
    ");
}

#[test]
fn what_is_not_used_goes() {
    let session = Session::expanded(
        "
//- /metascript.json
{ \"noUnusedLocals\": true, \"noUnusedParameters\": true }
//- /m.ms
export const a = 1; export const b = 2;
//- /main.ms open
import { a, b } from './m';
const unused = a;
export function f(first: number, second: number) { return second; }
",
    );
    let actions = fixes(&session);
    insta::assert_snapshot!(applied(&session, &actions, "unused import 'b'"), @"
    import { a } from './m';
    const unused = a;
    export function f(first: number, second: number) { return second; }
    ");
    insta::assert_snapshot!(applied(&session, &actions, "'unused'"), @"
    import { a, b } from './m';
    export function f(first: number, second: number) { return second; }
    ");
    insta::assert_snapshot!(applied(&session, &actions, "'_first'"), @"
    import { a, b } from './m';
    const unused = a;
    export function f(_first: number, second: number) { return second; }
    ");
}

#[test]
fn a_use_is_replaced_by_what_it_generates() {
    let session = Session::expanded("@de$0rive(Eq)\nclass A {\n  x = 1;\n}\n");
    let actions = at_cursor(&session, ActionKind::RefactorInline);
    insta::assert_snapshot!(applied(&session, &actions, "Replace"), @r#"
    import { sameClass, equals } from "std/runtime";
    class A {
      x = 1;
      /** Whether `other` is of the same class and all its fields are structurally equal. Generated by `@derive(Eq)`. */
      equals(other: A): boolean {
        if (this === other) return true;
        if (!sameClass(this, other)) return false;
        if (!equals(this.x, other.x)) return false;
        return true;
      }
    }
    "#);
    let after = applied(&session, &actions, "Replace");
    let session = Session::expanded(&format!("//- /main.ms open\n{after}new A().equals(new A());\n"));
    assert_eq!(session.findings(), [""; 0]);

    let session = Session::expanded(
        "
//- /m.ms
export macro twice(ctx: MacroContext, value: Expr) { return quote(${value} + ${value}); }
//- /main.ms open
import { twice } from './m';
const a = @tw$0ice(1);
",
    );
    let actions = at_cursor(&session, ActionKind::RefactorInline);
    insta::assert_snapshot!(applied(&session, &actions, "Replace"), @"
    import { twice } from './m';
    const a = 1 + 1;
    ");
}

#[test]
fn imports_are_ordered_and_generated_ones_left_out() {
    let session = Session::expanded(
        "
//- /m.ms
export const a = 1; export const b = 2; export const c = 3;
//- /main.ms open
import { c, a } from './m';
import { b } from './m';
@derive(Eq)
class A { x = a + b; }$0
",
    );
    let actions = at_cursor(&session, ActionKind::OrganizeImports);
    insta::assert_snapshot!(applied(&session, &actions, "Organize"), @"
    import { a, b } from './m';
    @derive(Eq)
    class A { x = a + b; }
    ");
}

#[test]
fn an_expression_is_extracted() {
    let session = Session::new("function f(a: number) {\n  return $0a * 2$0 + 1;\n}\n");
    let actions = at_cursor(&session, ActionKind::RefactorExtract);
    insta::assert_snapshot!(applied(&session, &actions, "Extract"), @"
    function f(a: number) {
      const extracted = a * 2;
      return extracted + 1;
    }
    ");
}

#[test]
fn a_file_whose_macros_have_not_run_gets_no_edits() {
    let session = Session::expanded("@de$0rive(Eq)\nclass A { x = 1; $+{y = 2;} }\n");
    assert_eq!(at_cursor(&session, ActionKind::RefactorInline), []);
}

/// One refactoring of a file of its own: what is selected or where the cursor stands, title, text after.
#[track_caller]
fn refactored(kind: ActionKind, text: &str, title: &str, after: &str) {
    let session = Session::expanded(&format!("//- /main.ms open\n{text}"));
    assert_eq!(applied(&session, &at_cursor(&session, kind), title), after);
}

#[test]
fn types_and_functions_are_extracted() {
    refactored(
        ActionKind::RefactorExtract,
        "function f<T, U>(a: $0{ b: T }$0, c: U) {}\n",
        "Extract to type",
        "type Extracted<T> = { b: T };\n\nfunction f<T, U>(a: Extracted<T>, c: U) {}\n",
    );
    refactored(
        ActionKind::RefactorExtract,
        "const rate = 2;\nfunction f(a: number) {\n  const b = a + 1;\n  return $0a * b * rate$0;\n}\nf(1);\n",
        "Extract to function",
        "const rate = 2;\nfunction f(a: number) {\n  const b = a + 1;\n  return extracted(a, b);\n}\n\n\
         function extracted(a: number, b: number) {\n  return a * b * rate;\n}\nf(1);\n",
    );
    // What a function of its own would not see.
    let session = Session::expanded("//- /main.ms open\nclass C { a = 1; f() { return $0this.a + 1$0; } }\n");
    let titles: Vec<String> =
        at_cursor(&session, ActionKind::RefactorExtract).into_iter().map(|action| action.title).collect();
    assert!(!titles.iter().any(|title| title.contains("function")), "{titles:?}");
}

#[test]
fn a_constant_is_inlined_where_it_means_the_same() {
    refactored(
        ActionKind::RefactorInline,
        "function f(a: number) {\n  const b$0 = 1 + 2;\n  return b * a;\n}\nf(1);\n",
        "Inline `b`",
        "function f(a: number) {\n  return (1 + 2) * a;\n}\nf(1);\n",
    );
    for kept in [
        "let n = 1;\nconst b$0 = n;\nn = 2;\nb;\n",
        "const b$0 = Math.random();\nb + b;\n",
        "export const b$0 = 1;\nb;\n",
    ] {
        let session = Session::expanded(&format!("//- /main.ms open\n{kept}"));
        let actions = at_cursor(&session, ActionKind::RefactorInline);
        assert!(actions.is_empty(), "{kept}: {:?}", actions[0].title);
    }
}

#[test]
fn forms_are_converted() {
    let rewrite = |text, title, after| refactored(ActionKind::RefactorRewrite, text, title, after);
    rewrite("const f = (a: number) =$0> a + 1;\n", "Add braces", "const f = (a: number) => { return a + 1; };\n");
    rewrite("const f = () =$0> { return { a: 1 }; };\n", "Remove braces", "const f = () => ({ a: 1 });\n");
    rewrite("let a = 1;\nlet b = $0'it: ' + a + '`';\n", "template", "let a = 1;\nlet b = `it: ${a}\\``;\n");
    rewrite(
        "function f(a: boolean) {\n  $0if (a) {\n    return 1;\n  } else return 2;\n}\n",
        "conditional",
        "function f(a: boolean) {\n  return a ? 1 : 2;\n}\n",
    );
}

#[test]
fn fields_calls_and_comments_are_mended() {
    fix("class C { a: string; }\n", "Assert that it is assigned", "class C { a!: string; }\n");
    fix("class C { a: string; }\n", "Let it be 'undefined'", "class C { a: string | undefined; }\n");
    fix(
        "let f: (() => void) | undefined;\nlet g = () => f();\n",
        "Use '?.'",
        "let f: (() => void) | undefined;\nlet g = () => f?.();\n",
    );
    fix("// @ts-expect-error\nlet a = 1;\na;\n", "Remove the comment", "let a = 1;\na;\n");
}
