//! References and implementations, through generated code.

use msc::base::{Cancel, TextRange};
use msc::ide::{goto, references};

use crate::support::{Session, draw};

fn found(session: &Session, include_declaration: bool) -> String {
    let (file, offset) = session.cursor();
    let snap = session.snapshot();
    let found = references::references(&snap, &file, offset, include_declaration, &Cancel::new());
    let found = found.expect("there is an answer");
    let mut out = String::new();
    let mut files: Vec<_> = found.iter().map(|one| one.file.clone()).collect();
    files.dedup();
    for file in files {
        let here: Vec<(TextRange, String)> = found
            .iter()
            .filter(|one| one.file == file)
            .map(|one| (one.range, one.generated_by.clone().unwrap_or_default()))
            .collect();
        out += &format!("{}\n", session.name(&file));
        out += &draw(snap.text(&file).expect("it is there").as_str(), &here);
    }
    out
}

fn implementations(session: &Session) -> String {
    let (file, offset) = session.cursor();
    let snap = session.snapshot();
    let found = goto::implementation(&snap, &file, offset, &Cancel::new()).expect("there is an answer");
    let mut out = String::new();
    for target in found.targets {
        out += &format!("{}\n", session.name(&target.file));
        out += &draw(snap.text(&target.file).expect("it is there").as_str(), &[(target.range, "")]);
    }
    out
}

const GETTERS: &str = "
//- /m.ms
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return this.${field.name}; } }
  }
}
export macro twice(ctx: MacroContext, value: Expr) { return quote(${value} + ${value}); }
";

#[test]
fn a_field_is_referenced_across_files_and_once_at_the_macro_that_reads_it() {
    let session = Session::expanded(
        &(GETTERS.to_owned()
            + "
//- /a.ms open
import { getters } from './m';
@getters
export class P {
  $0x = 1;
  sum() { return this.x + this.x; }
}
//- /b.ms open
import { P } from './a';
const { x } = new P();
console.log(x, 'x', new P().get_x());
"),
    );
    insta::assert_snapshot!(found(&session, true), @"
    /a.ms
    @getters
     ^^^^^^^ getters
      x = 1;
      ^
      sum() { return this.x + this.x; }
                          ^
                                   ^
    /b.ms
    const { x } = new P();
            ^
    ");
    insta::assert_snapshot!(found(&session, false), @"
    /a.ms
    @getters
     ^^^^^^^ getters
      sum() { return this.x + this.x; }
                          ^
                                   ^
    /b.ms
    const { x } = new P();
            ^
    ");
}

#[test]
fn a_generated_method_is_referenced_where_it_is_called() {
    let session = Session::expanded(
        &(GETTERS.to_owned()
            + "
//- /a.ms open
import { getters, twice } from './m';
@getters
class P { x = 1; }
const p = new P();
p.get_x();
const q = @twice(p.get$0_x());
$+{p.get_x();}
"),
    );
    insta::assert_snapshot!(found(&session, true), @"
    /a.ms
    @getters
     ^^^^^^^ getters
    p.get_x();
      ^^^^^
    const q = @twice(p.get_x());
                       ^^^^^
    p.get_x();
      ^^^^^
    ");
}

#[test]
fn a_macro_is_referenced_where_it_is_used_and_imported() {
    let session = Session::expanded(
        "
//- /m.ms open
export macro ma$0rk(ctx: MacroContext) { quote { marked = true; } }
//- /a.ms open
import { mark } from './m';
@mark class A {}
//- /b.ms open
import * as m from './m';
@m.mark class B {}
",
    );
    insta::assert_snapshot!(found(&session, true), @"
    /a.ms
    import { mark } from './m';
             ^^^^
    @mark class A {}
     ^^^^
    /b.ms
    @m.mark class B {}
       ^^^^
    /m.ms
    export macro mark(ctx: MacroContext) { quote { marked = true; } }
                 ^^^^
    ");
}

#[test]
fn unsaved_text_counts() {
    let session = Session::new(
        "
//- /a.ms open
export function one() {}
$+{one();}
//- /b.ms open
import { one } from './a';
$+{o$0ne();}
",
    );
    insta::assert_snapshot!(found(&session, true), @"
    /a.ms
    export function one() {}
                    ^^^
    one();
    ^^^
    /b.ms
    import { one } from './a';
             ^^^
    one();
    ^^^
    ");
}

#[test]
fn an_interface_leads_to_the_classes_that_implement_it_and_to_generated_methods() {
    let session = Session::expanded(
        "
//- /m.ms
export macro named(ctx: MacroContext) { quote { name() { return 'n'; } } }
//- /a.ms open
import { named } from './m';
interface Named { na$0me(): string }
class A implements Named { name() { return 'a'; } }
@named
class B implements Named {}
",
    );
    insta::assert_snapshot!(implementations(&session), @"
    /a.ms
    class A implements Named { name() { return 'a'; } }
                               ^^^^
    /m.ms
    export macro named(ctx: MacroContext) { quote { name() { return 'n'; } } }
                                                    ^^^^
    /a.ms
    @named
     ^^^^^
    ");
}
