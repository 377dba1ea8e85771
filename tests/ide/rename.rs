//! Rename: what a person wrote is edited, what macros made follows or is refused.

use msc::base::{Cancel, TextRange};
use msc::ide::IdeError;
use msc::ide::rename::{prepare, rename};

use crate::support::{Session, edited};

/// The files that change, as they are then; or why nothing does.
fn renamed(session: &Session, new_name: &str) -> String {
    let (file, offset) = session.cursor();
    let snap = session.snapshot();
    match rename(&snap, &file, offset, new_name, &Cancel::new()) {
        Ok(files) => {
            let show = |file: &msc::ide::rename::FileEdits| {
                let text = snap.text(&file.file).expect("it is there");
                format!("{}\n{}", session.name(&file.file), edited(text.as_str(), &file.edits))
            };
            files.iter().map(show).collect()
        }
        Err(IdeError::Refused(why)) => format!("refused: {why}"),
        Err(error) => panic!("{error:?}"),
    }
}

/// Renames, applies, runs the macros again: what the open files' findings are then.
fn findings_after(session: &mut Session, new_name: &str) -> Vec<String> {
    let (file, offset) = session.cursor();
    let files = rename(&session.snapshot(), &file, offset, new_name, &Cancel::new()).expect("it can be renamed");
    for file in files {
        let name = session.name(&file.file);
        for edit in file.edits.iter().rev() {
            session.edit(&name, edit.range, &edit.text);
        }
        // Macros run from what is saved.
        session.save(&name);
    }
    session.run_macros();
    session.findings()
}

const MACROS: &str = "
//- /m.ms open
export function helper(n: number) { return n; }
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return helper(this.${field.name}); } }
  }
}
export macro camel(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    const name = 'get' + field.name.text[0].toUpperCase() + field.name.text.slice(1);
    quote { ${name}() { return this.${field.name}; } }
  }
}
export macro fixed(ctx: MacroContext) { quote { twice() { return this.size * 2; } } }
export macro log(ctx: MacroContext, value: Expr) { return quote(console.log(${value})); }
";

#[test]
fn a_field_takes_generated_members_named_after_it_along() {
    let fixture = MACROS.to_owned()
        + "
//- /a.ms open
import { getters } from './m';
@getters
export class P { $0size = 1; other = this.size; }
//- /b.ms open
import { P } from './a';
const p = new P();
p.get_size() + p.size;
const { size } = p;
size;
";
    let mut session = Session::expanded(&fixture);
    insta::assert_snapshot!(renamed(&session, "width"), @"
    /a.ms
    import { getters } from './m';
    @getters
    export class P { width = 1; other = this.width; }
    /b.ms
    import { P } from './a';
    const p = new P();
    p.get_width() + p.width;
    const { width: size } = p;
    size;
    ");
    assert_eq!(findings_after(&mut session, "width"), [""; 0]);
}

#[test]
fn a_generated_accessor_leads_to_the_field_that_names_it() {
    let fixture = MACROS.to_owned()
        + "
//- /a.ms open
import { getters } from './m';
@getters
class P { size = 1; }
const p = new P();
p.get$0_size();
";
    let mut session = Session::expanded(&fixture);
    insta::assert_snapshot!(renamed(&session, "get_width"), @"
    /a.ms
    import { getters } from './m';
    @getters
    class P { width = 1; }
    const p = new P();
    p.get_width();
    ");
    insta::assert_snapshot!(renamed(&session, "fetchSize"), @"refused: `get_size` is named by `@getters` after `size`: a new name must have the form `get_…`");
    assert_eq!(findings_after(&mut session, "get_width"), [""; 0]);
}

#[test]
fn a_name_that_a_macro_computes_is_refused_where_it_is_used() {
    let used = MACROS.to_owned()
        + "
//- /a.ms open
import { camel } from './m';
@camel
class P { $0size = 1; }
new P().getSize();
";
    insta::assert_snapshot!(renamed(&Session::expanded(&used), "width"), @"refused: the macro `camel` computes the name `getSize` from `size` (m.ms:10:15), and it is used at a.ms:4:9: rename that use by hand");
    let from_use = used.replace("$0", "").replace("getSize", "get$0Size");
    insta::assert_snapshot!(renamed(&Session::expanded(&from_use), "getWidth"), @"refused: the macro `camel` computes the name `getSize` (m.ms:10:15): it cannot be led back");
    let unused = used.replace("new P().getSize();", "new P().size;");
    insta::assert_snapshot!(renamed(&Session::expanded(&unused), "width"), @"
    /a.ms
    import { camel } from './m';
    @camel
    class P { width = 1; }
    new P().width;
    ");
}

#[test]
fn a_name_that_a_macro_writes_itself_is_refused() {
    let field = MACROS.to_owned()
        + "
//- /a.ms open
import { fixed } from './m';
@fixed
class P { $0size = 1; }
";
    insta::assert_snapshot!(renamed(&Session::expanded(&field), "width"), @"refused: the macro `fixed` writes `size` itself (m.ms:13:71): its output would not follow");
    let member = MACROS.to_owned()
        + "
//- /a.ms open
import { fixed } from './m';
@fixed
class P { size = 1; }
new P().tw$0ice();
";
    insta::assert_snapshot!(renamed(&Session::expanded(&member), "double"), @"refused: `twice` is written in the macro `fixed` (m.ms:13:49): it can be renamed there only");
    let std = "@derive(Eq)\nclass P { size = 1; }\nnew P().equ$0als(new P());\n";
    let why = renamed(&Session::expanded(std), "same");
    assert!(why.starts_with("refused: `equals` is written in the macro `derive(Eq)` (std/macros/"), "{why}");
}

#[test]
fn what_a_quote_names_is_renamed_in_the_quote() {
    let fixture = MACROS.replace("function helper", "function hel$0per")
        + "
//- /a.ms open
import { getters } from './m';
@getters
export class P { size = 1; }
";
    let mut session = Session::expanded(&fixture);
    insta::assert_snapshot!(renamed(&session, "assist").lines().take(6).collect::<Vec<_>>().join("\n"), @"
    /m.ms
    export function assist(n: number) { return n; }
    export macro getters(ctx: MacroContext) {
      for (const field of (ctx.target as ClassTarget).fields) {
        quote { get_${field.name}() { return assist(this.${field.name}); } }
      }
    ");
    assert_eq!(findings_after(&mut session, "assist"), [""; 0]);
}

#[test]
fn macros_imports_and_shorthands() {
    let fixture = MACROS.replace("macro fixed", "macro fi$0xed")
        + "
//- /a.ms open
import { fixed } from './m';
@fixed
class P { size = 1; }
//- /b.ms open
import { fixed as other } from './m';
@other
class Q { size = 2; }
";
    insta::assert_snapshot!(
        renamed(&Session::expanded(&fixture), "doubled").lines().filter(|line| line.contains("doubled")).collect::<Vec<_>>().join("\n"),
        @"
    import { doubled } from './m';
    @doubled
    import { doubled as other } from './m';
    export macro doubled(ctx: MacroContext) { quote { twice() { return this.size * 2; } } }
    "
    );
    let shorthand = "const si$0ze = 1;\nconst o = { size };\no.size;\nconst { size: s } = o;\n";
    insta::assert_snapshot!(renamed(&Session::new(shorthand), "width"), @"
    /main.ms
    const width = 1;
    const o = { size: width };
    o.size;
    const { size: s } = o;
    ");
}

#[test]
fn an_argument_of_a_macro_is_text_like_any_other_and_unsaved_text_too() {
    let fixture = MACROS.to_owned()
        + "
//- /a.ms open
import { log } from './m';
const va$0lue = 1;
@log(value);
$+{value + 1;}
";
    insta::assert_snapshot!(renamed(&Session::expanded(&fixture), "it"), @"
    /a.ms
    import { log } from './m';
    const it = 1;
    @log(it);
    it + 1;
    ");
}

#[test]
fn stale_expansions_libraries_and_words_that_are_no_names_are_refused() {
    let stale = MACROS.to_owned()
        + "
//- /a.ms open
import { getters } from './m';
@getters
class P { $0size = 1; $+{more = 2;} }
";
    insta::assert_snapshot!(renamed(&Session::expanded(&stale), "width"), @"refused: the macros of a.ms have not run since the last change: try again in a moment");
    insta::assert_snapshot!(renamed(&Session::new("[1].ma$0p(x => x);"), "each"), @"refused: You cannot rename elements that are defined in the standard TypeScript library");
    insta::assert_snapshot!(renamed(&Session::new("const a$0 = 1;"), "no name"), @"refused: `no name` is not a name");
    insta::assert_snapshot!(renamed(&Session::new("con$0st a = 1;"), "b"), @"
    /main.ms
    const b = 1;
    ");
}

#[test]
fn the_question_before_the_rename_says_what_would_be_renamed() {
    let fixture = MACROS.to_owned()
        + "
//- /a.ms open
import { getters } from './m';
@getters
class P { size = 1; }
new P().get$0_size();
";
    let session = Session::expanded(&fixture);
    let (file, offset) = session.cursor();
    let prepared = prepare(&session.snapshot(), &file, offset, &Cancel::new()).expect("it can be renamed");
    assert_eq!(prepared.name, "get_size");
    assert_eq!(prepared.range, TextRange::new(offset - 3, offset + 5));
}

#[test]
fn a_taken_name_is_refused_with_its_place() {
    let refusal =
        |text: &str, new_name: &str| renamed(&Session::expanded(&format!("\n//- /main.ms open\n{text}\n")), new_name);
    assert_eq!(
        refusal("function f(a: number) {\n  const b$0 = a;\n  return b;\n}", "a"),
        "refused: `a` is used there and would mean this one (main.ms:2)"
    );
    assert_eq!(
        refusal("const other = 1;\nconst one$0 = 2;\nother + one;", "other"),
        "refused: `other` is bound already in the same scope (main.ms:1)"
    );
    // A use that would be caught by the new name, and one that would be hidden by what lies between.
    assert_eq!(
        refusal("const out = 1;\nfunction f() {\n  const one$0 = 2;\n  return out + one;\n}", "out"),
        "refused: `out` is used there and would mean this one (main.ms:4)"
    );
    assert_eq!(
        refusal("const one$0 = 1;\nfunction f(b: number) {\n  return one + b;\n}", "b"),
        "refused: `b` means something else where the old name is used (main.ms:2)"
    );
    assert_eq!(refusal("class C {\n  a = 1;\n  b$0 = 2;\n}", "a"), "refused: `a` is a member already (main.ms:2)");
    // A type and a value may share a name, a static member and another too.
    assert!(!refusal("type T = number;\nconst one$0: T = 1;\none;", "T").starts_with("refused"));
    assert!(!refusal("class C {\n  static a = 1;\n  b$0 = 2;\n}", "a").starts_with("refused"));
    assert!(!refusal("function f() {\n  const a = 1;\n  return a;\n}\nconst b$0 = f();", "a").starts_with("refused"));
}
