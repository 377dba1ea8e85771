//! Formatting of a part: `«…»` marks what the editor has selected.

use msc::base::TextRange;
use msc::format::{Options, edits_within};

/// The text after formatting what is between the marks.
fn within(marked: &str) -> String {
    let start = marked.find('«').expect("a mark");
    let text = marked.replacen('«', "", 1);
    let end = text.find('»').expect("a mark");
    let text = text.replacen('»', "", 1);
    let edits = edits_within(&text, &[TextRange::from(start..end)], &Options::default());
    let mut out = text;
    for edit in edits.iter().rev() {
        out.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
    }
    out
}

#[test]
fn a_statement() {
    assert_eq!(within("a( 1 )\n«b( 2 )»\nc( 3 )\n"), "a( 1 )\nb(2);\nc( 3 )\n");
}

#[test]
fn the_statements_that_a_range_touches_are_formatted_whole() {
    assert_eq!(within("a( 1 )\nb( 2«, 3 )\nc( »3 )\nd( 4 )\n"), "a( 1 )\nb(2, 3);\nc(3);\nd( 4 )\n");
}

#[test]
fn a_member() {
    assert_eq!(
        within("class A {\n a( ) { }\n   «b( ) { }»\n c( ) { }\n}\n"),
        "class A {\n a( ) { }\n  b() {}\n c( ) { }\n}\n"
    );
}

#[test]
fn a_statement_of_a_quote() {
    assert_eq!(
        within("macro m( ctx ) {\n  quote {\n   const  a = 1\n «const  ${b} = 2»\n  }\n}\n"),
        "macro m( ctx ) {\n  quote {\n   const  a = 1\n    const ${b} = 2;\n  }\n}\n"
    );
}

#[test]
fn white_space_alone_is_nothing() {
    assert_eq!(within("a( 1 )\n«\n\n\n»b( 2 )\n"), "a( 1 )\n\n\n\nb( 2 )\n");
}

#[test]
fn line_ends_stay() {
    assert_eq!(within("a( 1 )\r\n«b( 2,\r\n 3 )»\r\nc( 3 )\r\n"), "a( 1 )\r\nb(2, 3);\r\nc( 3 )\r\n");
}

#[test]
fn beside_a_statement_that_does_not_parse() {
    assert_eq!(within("a( 1 )\n«b( 2 )»\nconst = ;\n"), "a( 1 )\nb(2);\nconst = ;\n");
}
