//! Macro files as code: completion, hover and definition in the bodies of macros, in splices, and in quoted
//! code.

use msc::base::Cancel;
use msc::ide::{complete, goto, hover, references};

use crate::support::{Session, draw};

fn hovered(fixture: &str) -> String {
    let session = Session::new(fixture);
    let (file, offset) = session.cursor();
    let answer = hover::hover(&session.snapshot(), &file, offset, &Cancel::new()).expect("there is an answer");
    answer.map_or_else(|| "nothing".to_owned(), |answer| answer.markdown)
}

fn labels(fixture: &str) -> Vec<String> {
    let session = Session::new(fixture);
    let (file, offset) = session.cursor();
    let answer = complete::complete(&session.snapshot(), &file, offset, None, &Cancel::new());
    answer.expect("there is an answer").items.into_iter().map(|item| item.label).collect()
}

fn defined(fixture: &str) -> String {
    let session = Session::new(fixture);
    let (file, offset) = session.cursor();
    let snap = session.snapshot();
    let found = goto::definition(&snap, &file, offset, &Cancel::new()).expect("there is an answer");
    let mut out = String::new();
    for target in found.targets {
        out += &format!("{}\n", session.name(&target.file));
        out += &draw(snap.text(&target.file).expect("it is there").as_str(), &[(target.range, "")]);
    }
    out
}

#[test]
fn the_context_and_the_target_complete() {
    let found = labels("export macro m(ctx: MacroContext) { ctx.$0 }\n");
    for name in
        ["target", "block", "typeArguments", "addMembers", "addBefore", "addAfter", "replace", "import", "unique"]
    {
        assert!(found.iter().any(|label| label == name), "{name} in {found:?}");
    }
    let found = labels(
        "export macro m(ctx: MacroContext) {\n  const target = ctx.target;\n  if (target?.kind === \"class\") target.$0\n}\n",
    );
    for name in ["name", "typeParameters", "heritage", "fields", "methods", "constructors", "attributes", "doc"] {
        assert!(found.iter().any(|label| label == name), "{name} in {found:?}");
    }
}

#[test]
fn a_splice_completes() {
    let found = labels(
        "export macro m(ctx: MacroContext, field: Field) {\n  quote { get_${field.na$0}(): number { return 1; } }\n}\n",
    );
    assert!(found.iter().any(|label| label == "name"), "{found:?}");
}

#[test]
fn quoted_code_completes() {
    let module = "interface Options {\n  readonly depth: number;\n  readonly name: string;\n}\n\
                  function helper(options: Options): Options {\n  return options;\n}\n";
    let found = labels(&format!(
        "{module}export macro m(ctx: MacroContext, name: Name) {{\n  return quote(helper(${{name}}).$0);\n}}\n"
    ));
    assert!(found.contains(&"depth".to_owned()) && found.contains(&"name".to_owned()), "{found:?}");
    let found = labels(&format!(
        "{module}export macro m(ctx: MacroContext, name: Name) {{\n  quote {{ get ${{name}}(): unknown {{ return hel$0; }} }}\n}}\n"
    ));
    assert!(found.contains(&"helper".to_owned()), "{found:?}");
}

#[test]
fn quoted_code_is_explained() {
    let text = hovered(
        "/** Writes it down. */\nfunction note(text: string): void {}\n\
         export macro m(ctx: MacroContext, what: string) {\n  quote { run(): void { no$0te(${what}); } }\n}\n",
    );
    assert!(text.contains("function note(text: string): void"), "{text}");
    assert!(text.contains("Writes it down."), "{text}");
}

#[test]
fn what_a_splice_holds_is_explained() {
    let text =
        hovered("export macro m(ctx: MacroContext, field: Field) {\n  return quote(${field.ty$0pe ?? \"x\"});\n}\n");
    assert!(text.contains("TypeRef"), "{text}");
}

#[test]
fn a_name_in_a_quote_leads_to_its_declaration() {
    insta::assert_snapshot!(defined(
        "
//- /lib.ts
export const limit = 3;
//- /main.ms
import { limit } from \"./lib\";
export macro m(ctx: MacroContext) {
  return quote(1 + lim$0it);
}
"
    ), @r"
    /lib.ts
    export const limit = 3;
                 ^^^^^
    ");
}

#[test]
fn references_are_found_in_quotes() {
    let session = Session::new(
        "
function he$0lper(): number { return 1; }
export macro m(ctx: MacroContext) {
  ctx.addAfter(quote { export const x = helper(); });
  return quote(helper() + ${helper()});
}
",
    );
    let (file, offset) = session.cursor();
    let snap = session.snapshot();
    let found = references::references(&snap, &file, offset, true, &Cancel::new()).expect("there is an answer");
    let here: Vec<_> = found.iter().map(|one| (one.range, "")).collect();
    insta::assert_snapshot!(draw(snap.text(&file).expect("it is there").as_str(), &here), @r"
    function helper(): number { return 1; }
             ^^^^^^
      ctx.addAfter(quote { export const x = helper(); });
                                            ^^^^^^
      return quote(helper() + ${helper()});
                   ^^^^^^
                                ^^^^^^
    ");
}
