//! Imports follow files that get other names.

use msc::base::Cancel;
use msc::ide::file_rename::follow;

use crate::support::{Session, edited};

fn renamed(session: &Session, old: &str, new: &str) -> String {
    let snap = session.snapshot();
    let pair = (session.file(old), session.file(new));
    let files = follow(&snap, &[pair], &Cancel::new()).expect("there is an answer");
    let show = |file: &msc::ide::rename::FileEdits| {
        let text = snap.text(&file.file).expect("it is there");
        format!("{}\n{}", session.name(&file.file), edited(text.as_str(), &file.edits))
    };
    files.iter().map(show).collect()
}

const FILES: &str = "
//- /m.ms
export const one = 1;
export macro mark(ctx: MacroContext) { quote { marked = true; } }
//- /sub/b.ts
export const two = 2;
//- /a.ms open
import { one } from './m';
import { one as again } from './m.ms';
import { mark } from './m';
$+{import { two } from './sub/b';}
@mark class A {}
";

#[test]
fn importers_of_a_renamed_module_follow_in_the_form_they_had() {
    let session = Session::expanded(FILES);
    insta::assert_snapshot!(renamed(&session, "/m.ms", "/lib/macros.ms"), @"
    /a.ms
    import { one } from './lib/macros';
    import { one as again } from './lib/macros.ms';
    import { mark } from './lib/macros';
    import { two } from './sub/b';
    @mark class A {}
    ");
}

#[test]
fn a_directory_takes_its_files_along() {
    let session = Session::expanded(FILES);
    insta::assert_snapshot!(renamed(&session, "/sub", "/other"), @"
    /a.ms
    import { one } from './m';
    import { one as again } from './m.ms';
    import { mark } from './m';
    import { two } from './other/b';
    @mark class A {}
    ");
}
