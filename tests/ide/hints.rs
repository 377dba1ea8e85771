//! Inlay hints and code lenses.

use msc::base::{Cancel, TextRange};
use msc::engine::InlayOptions;
use msc::ide::{inlay, lens};

use crate::support::Session;

const ALL: InlayOptions = InlayOptions {
    parameter_names: true,
    variable_types: true,
    parameter_types: true,
    return_types: true,
    property_types: true,
    enum_values: true,
};

/// The text with its hints in brackets.
fn hints(session: &Session) -> String {
    let file = session.main();
    let snap = session.snapshot();
    let text = snap.text(&file).expect("it is there");
    let all = TextRange::new(0, text.as_str().len() as u32);
    let hints = inlay::inlay_hints(&snap, &file, all, ALL, &Cancel::new()).expect("there is an answer");
    let mut out = text.as_str().to_owned();
    for hint in hints.iter().rev() {
        out.insert_str(hint.offset as usize, &format!("[{}]", hint.label));
    }
    out
}

fn lenses(session: &Session) -> Vec<String> {
    let file = session.main();
    let snap = session.snapshot();
    let found = lens::lenses(&snap, &file, true, &Cancel::new()).expect("there is an answer");
    let text = snap.text(&file).expect("it is there");
    let told = found.iter().map(|lens| match lens {
        lens::Lens::Expansion { range, title } => format!("{}: {title}", range.of(text.as_str())),
        lens::Lens::References { range } => {
            let count = lens::count(&snap, &file, range.start, &Cancel::new()).expect("there is an answer");
            format!("{}: used {count} times", range.of(text.as_str()))
        }
    });
    told.collect()
}

#[test]
fn types_and_parameter_names_stand_in_a_persons_text_only() {
    let session = Session::expanded(
        "
@derive(Eq)
class P { x = 1; }
const p = new P();
const same = p.equals(p);
function scale(p: P, by: number) { return p.x * by; }
scale(p, 2);
$+{const typed = scale(p, 3);}
[1].map(n => n + 1);
",
    );
    insta::assert_snapshot!(hints(&session), @"
    @derive(Eq)
    class P { x[: number] = 1; }
    const p = new P();
    const same[: boolean] = p.equals(p);
    function scale(p: P, by: number)[: number] { return p.x * by; }
    scale(p, [by:]2);
    const typed[: number] = scale(p, [by:]3);
    [1].map(n[: number] => n + 1);
    ");
}

#[test]
fn a_macros_arguments_are_hinted_with_its_parameters() {
    let session = Session::expanded(
        "
//- /m.ms
export macro repeat(ctx: MacroContext, value: Expr, times: number) { return quote(${value}); }
//- /a.ms open
import { repeat } from './m';
const a = @repeat(1, 2);
",
    );
    insta::assert_snapshot!(hints(&session), @"
    import { repeat } from './m';
    const a = @repeat(1, [times:]2);
    ");
}

#[test]
fn lenses_count_what_a_use_adds_and_how_often_a_declaration_is_used() {
    let session = Session::expanded(
        "
//- /m.ms
export macro beside(ctx: MacroContext) { ctx.addAfter(quote { export const a = 1; export const b = 2; }); }
//- /a.ms open
import { beside } from './m';
@derive(Eq, Hash)
class P { x = 1; }
@beside
class Q { p = new P(); q = new P(); }
",
    );
    assert_eq!(
        lenses(&session),
        ["derive: +2 members", "P: used 3 times", "beside: +2 declarations", "Q: used 0 times"]
    );
}

#[test]
fn a_use_that_has_not_run_has_no_lens() {
    let session = Session::new("@derive(Eq)\nclass P { x = 1; }\n");
    assert_eq!(lenses(&session), ["P: used 0 times"]);
}
