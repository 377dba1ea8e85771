//! Links, and where they lead.

use msc::ide::document_link::{links, target};

use crate::support::Session;

/// One line a link: its text, and the file that it leads to.
fn check(fixture: &str) -> String {
    let session = Session::new(fixture);
    let (snap, main) = (session.snapshot(), session.main());
    let syntax = snap.syntax(&main).expect("the file is there");
    let lines = links(&syntax).into_iter().map(|link| {
        let to = target(&snap, &main, &link.target).map_or("nothing".to_owned(), |file| session.name(&file));
        format!("{} -> {to}\n", link.range.of(syntax.text().as_str()))
    });
    lines.collect()
}

#[test]
fn modules_and_files() {
    insta::assert_snapshot!(check(
        r#"
//- /lib/a.ms
export const a = 1;
//- /b.ts
export const b = 1;
//- /data/x.json
{}
//- /main.ms open
import { a } from "./lib/a";
import type { MacroContext } from 'std/meta';
import c = require("./b");
export * from "./missing";
const lazy = import("./b.ts");
const data = @embedJson("./data/x.json"), text = @comptime { return readFile("data/x.json"); };
const none = foo("./b"), half = import("");
type T = typeof import("./lib/a.ms");
"#
    ), @r#"
    ./lib/a -> /lib/a.ms
    std/meta -> /node_modules/std/meta.ms
    ./b -> /b.ts
    ./missing -> nothing
    ./b.ts -> /b.ts
    ./data/x.json -> /data/x.json
    data/x.json -> /data/x.json
    ./lib/a.ms -> /lib/a.ms
"#);
}
