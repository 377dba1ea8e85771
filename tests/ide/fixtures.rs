//! The fixture format itself.

use msc::base::TextRange;
use msc::text::TextEdit;

use crate::support::{Session, draw, edited};

#[test]
fn files_cursors_and_flags() {
    let session = Session::new(
        "
//- /lib/shape.ms
export class Shape {}
//- /main.ms
let é = Sh$0ape; '\\$0'
",
    );
    let (file, at) = session.cursor();
    assert_eq!(session.name(&file), "/main.ms");
    assert_eq!(&session.text("/main.ms").as_str()[at as usize..], "ape; '$0'\n");
    assert_eq!(session.text("/lib/shape.ms").as_str(), "export class Shape {}\n");
    assert_eq!(session.snapshot().open_files().len(), 1);
}

#[test]
fn what_was_typed_since_macros_ran() {
    let session = Session::new("const a$-{bc}$+{x { y } $0z} = 1;\n");
    assert_eq!(session.text("/main.ms").as_str(), "const ax { y } z = 1;\n");
    let (_, at) = session.cursor();
    assert_eq!(&session.text("/main.ms").as_str()[at as usize..], "z = 1;\n");
}

#[test]
fn macros_run_before_the_typing() {
    let session = Session::expanded("@derive(Eq)\nclass A { a = 1 }\n$+{new A().eq$0}\n");
    let (file, _) = session.cursor();
    let expanded = session.snapshot().expanded(&file).expect("the file has an expansion");
    assert!(expanded.text.as_str().contains("equals("), "{}", expanded.text.as_str());
    assert!(expanded.text.as_str().contains("new A().eq"), "{}", expanded.text.as_str());
}

#[test]
fn ranges_and_labels() {
    let session = Session::new("let $0one$0 = 1;\n  //^^^ name\n//        ^ value\n");
    let (file, range) = session.range();
    assert_eq!(session.text(&session.name(&file)).slice(range), "one");
    let labels = session.labels("/main.ms");
    assert_eq!(labels, [(range, "name".to_owned()), (TextRange::new(10, 11), "value".to_owned())]);
    let text = session.text("/main.ms");
    assert_eq!(
        draw(text.as_str().lines().next().expect("a line"), &labels),
        "let one = 1;\n    ^^^ name\n          ^ value\n"
    );
}

#[test]
fn edits_of_one_text() {
    let edit = |start, end, text: &str| TextEdit { range: TextRange::new(start, end), text: text.to_owned() };
    assert_eq!(edited("abc", &[edit(2, 3, ""), edit(0, 0, "x")]), "xab");
}
