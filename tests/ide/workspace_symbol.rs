//! Symbols of the workspace, by a fuzzy query.

use msc::base::Cancel;
use msc::ide::workspace_symbol::search;

use crate::support::Session;

#[test]
fn the_best_matches_come_first_and_generated_ones_are_marked() {
    let session = Session::expanded(
        "
//- /m.ms
export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return this.${field.name}; } }
  }
}
//- /closed.ts
export function sizeOfAll() {}
//- /a.ms open
import { getters } from './m';
@getters
class P { size = 1; }
$+{const summarize = 1;}
",
    );
    let found = search(&session.snapshot(), "size", &Cancel::new()).expect("there is an answer");
    let told: Vec<String> = found
        .iter()
        .map(|one| {
            format!(
                "{} {:?} {} {}",
                session.name(&one.file),
                one.kind,
                one.name,
                one.generated_by.as_deref().unwrap_or("-")
            )
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    /a.ms Field size -
    /closed.ts Function sizeOfAll -
    /a.ms Method get_size getters
    /a.ms Variable summarize -
    ");
}
