//! Completion: imports that come along, postfix snippets, what macros take.

use msc::base::Cancel;
use msc::ide::complete::{Completion, complete, resolve};

use crate::support::{Session, edited};

fn list(session: &Session) -> Vec<Completion> {
    let (file, offset) = session.cursor();
    complete(&session.snapshot(), &file, offset, None, &Cancel::new()).expect("there is an answer").items
}

/// The text after an item is taken, its import or other edits with it; stops of snippets stay.
fn taken(session: &Session, label: &str, detail: &str) -> String {
    let (file, offset) = session.cursor();
    let items = list(session);
    let found =
        items.iter().find(|one| one.label == label && one.label_detail.as_deref().unwrap_or_default().contains(detail));
    let Some(item) = found else {
        let labels: Vec<_> = items.iter().take(30).map(|one| (&one.label, &one.label_detail)).collect();
        return format!("no such item among {labels:?}");
    };
    let snap = session.snapshot();
    let mut edits = item.edits.clone();
    if let Some(token) = item.token.as_deref().filter(|_| !edits.is_empty()) {
        let more = resolve(&snap, &file, offset, label, token, &Cancel::new()).expect("there is an answer");
        assert_eq!(more.edits, edits, "what comes later is what would have come at once");
    }
    edits.push(msc::text::TextEdit { range: item.replace, text: item.insert.clone() });
    edited(snap.text(&file).expect("it is there").as_str(), &edits)
}

#[test]
fn a_name_of_another_module_brings_its_import() {
    let session = Session::expanded(
        "
//- /lib/shape.ms
export class Shape {}
export class ShapeList {}
class ShapeHidden {}
//- /main.ms open
import { ShapeList } from './lib/shape';
const s = new Sha$0;
",
    );
    insta::assert_snapshot!(taken(&session, "Shape", "./lib/shape"), @"
    import { ShapeList, Shape } from './lib/shape';
    const s = new Shape;
    ");
    let labels: Vec<String> = list(&session).into_iter().map(|one| one.label).collect();
    assert!(!labels.contains(&"ShapeHidden".to_owned()));
    assert_eq!(labels.iter().filter(|label| *label == "ShapeList").count(), 1);
}

#[test]
fn what_a_macro_generated_can_be_imported() {
    let session = Session::expanded(
        "
//- /m.ms
export macro beside(ctx: MacroContext) { ctx.addAfter(quote { export const generatedName = 1; }); }
//- /a.ms open
import { beside } from './m';
@beside
export class A {}
//- /main.ms open
$+{generatedN$0}
",
    );
    insta::assert_snapshot!(taken(&session, "generatedName", "./a"), @r#"
    import { generatedName } from "./a";
    generatedName
    "#);
}

#[test]
fn postfix_snippets_wrap_what_stands_before_the_dot() {
    let session = Session::new("const list = [1];\nlist.map(x => x).fo$0\n");
    insta::assert_snapshot!(taken(&session, "for", ""), @"
    const list = [1];
    for (const ${1:item} of list.map(x => x)) {
    	$0
    }
    ");
    let session = Session::new("const a = { b: true };\nconst c = a.b.n$0;\n");
    insta::assert_snapshot!(taken(&session, "not", ""), @"
    const a = { b: true };
    const c = !a.b$0;
    ");
}

#[test]
fn a_derive_lists_what_it_can_write() {
    let session = Session::new("@derive(Eq, H$0)\nclass A { x = 1; }\n");
    insta::assert_snapshot!(taken(&session, "Hash", ""), @"
    @derive(Eq, Hash)
    class A { x = 1; }
    ");
}

#[test]
fn a_macro_of_another_module_brings_its_import() {
    let session = Session::expanded(
        "
//- /m.ms
export macro mark(ctx: MacroContext) { quote { marked = true; } }
//- /user.ms
import { mark } from './m';
//- /main.ms open
import './user';
@ma$0
class A {}
",
    );
    insta::assert_snapshot!(taken(&session, "mark", "./m"), @"
    import './user';
    import { mark } from './m';
    @mark
    class A {}
    ");
}

#[test]
fn the_engine_completes_keys_literals_and_paths() {
    let labels = |text: &str| {
        let items = list(&Session::new(text));
        items.into_iter().filter(|one| !one.is_snippet).take(4).map(|one| one.label).collect::<Vec<_>>()
    };
    assert_eq!(labels("const a: { one: 1; two: 2 } = { $0 };\n"), ["one", "two"]);
    assert_eq!(labels("const a: 'left' | 'right' = '$0';\n"), ["left", "right"]);
    let path = "//- /lib.ms\nexport {};\n//- /main.ms open\nimport {} from './$0';\n";
    assert_eq!(labels(path), ["lib", "metascript.json"]);
}

#[test]
fn members_of_this_are_offered_where_a_value_can_stand_only() {
    let labels = |text: &str| -> Vec<String> {
        let session = Session::expanded(&format!("\n//- /main.ms open\n{text}\n"));
        list(&session).into_iter().map(|one| one.label).collect()
    };
    let of_value = labels("class Box { held = 1; put(n: number) { return hel$0; } }");
    assert!(of_value.contains(&"held".to_owned()), "{of_value:?}");
    let of_type = labels("class Box<T> { held = 1; put(n: T$0) {} }");
    assert!(of_type.contains(&"T".to_owned()), "{of_type:?}");
    assert!(!of_type.contains(&"held".to_owned()), "{of_type:?}");
}

/// What an item inserts; all labels where there is none.
fn inserted(text: &str, label: &str) -> String {
    let session = Session::expanded(&format!("\n//- /main.ms open\n{text}\n"));
    let items = list(&session);
    let found = items.iter().filter(|one| one.label == label).max_by_key(|one| one.insert.len());
    found.map_or_else(
        || format!("no such item among {:?}", items.iter().take(30).map(|one| &one.label).collect::<Vec<_>>()),
        |one| one.insert.clone(),
    )
}

#[test]
fn a_method_of_the_base_class_is_written_out() {
    let text = "class Base { greet(name: string): string { return name; } }\nclass Own extends Base { gre$0 }";
    let stub = inserted(text, "greet");
    assert!(stub.contains("greet(name: string): string {"), "{stub}");
}

#[test]
fn an_object_that_must_have_methods_is_helped_to_them() {
    let text = "interface Visitor { visit(node: number): void }\nconst v: Visitor = { vis$0 };";
    let session = Session::expanded(&format!("\n//- /main.ms open\n{text}\n"));
    let items = list(&session);
    assert!(
        items.iter().any(|one| one.label.starts_with("visit") && one.insert.contains("visit(node) {")),
        "{items:#?}"
    );
}

#[test]
fn strings_are_completed_by_what_their_type_allows() {
    let text = "type Side = 'left' | 'right';\nfunction turn(side: Side) {}\nturn('$0');";
    assert_eq!(inserted(text, "left"), "left");
}

#[test]
fn derives_are_offered_by_name() {
    assert_eq!(inserted("@derive(E$0)\nclass A {}", "Eq"), "Eq");
}

#[test]
fn unfinished_code_completes() {
    // After a dot at the end of a block, inside a call that is not closed, in a quote, in a splice.
    let class = "class Box { held = 1; take() { return this.held; } }\nconst box = new Box();\n";
    assert_eq!(inserted(&format!("{class}function f() {{\n  box.$0\n}}\nconst after = 1;"), "take"), "take");
    assert_eq!(inserted(&format!("{class}console.log(box.$0"), "held"), "held");
    assert_eq!(inserted(&format!("{class}const n = Math.max(1, bo$0"), "box"), "box");
    let quote = "export macro m(ctx: MacroContext) {\n  const chosen = 'a';\n  quote { const x = ${cho$0}; }\n}";
    assert_eq!(inserted(quote, "chosen"), "chosen");
}

#[test]
fn keywords_of_the_language_are_offered_where_they_can_stand() {
    let labels = |text: &str| -> Vec<String> {
        let session = Session::expanded(&format!("\n//- /main.ms open\n{text}\n"));
        list(&session).into_iter().map(|one| one.label).collect()
    };
    let has = |text: &str, keyword: &str| labels(text).iter().any(|label| label == keyword);
    assert!(has("export macro m(ctx: MacroContext) { qu$0 }", "quote"));
    assert!(has("const a = @comptime { const b = 1; return qu$0; };", "quote"));
    assert!(has("function f() { de$0 }", "defer"));
    assert!(has("ma$0", "macro"));
    assert!(!has("function f() { qu$0 }", "quote"));
    assert!(!has("const a = { qu: 1 };\na.qu$0;", "quote"));
}
