//! Trees.

use msc::base::TextRange;
use msc::syntax::{SyntaxFile, kinds};
use msc::text::{SourceText, TextEdit};

#[test]
fn every_kind_and_field_is_one_of_the_grammar() {
    assert_eq!(kinds::unknown_rows(), Vec::<&str>::new());
}

#[test]
fn an_edited_tree_is_the_tree_of_the_edited_text() {
    let before = "@derive(Eq)\nclass A {\n  x = 1;\n}\nconst s = `a${b}c`;\n";
    let file = SyntaxFile::parse(SourceText::new(before));
    let edits = [
        TextEdit { range: TextRange::new(22, 22), text: "  // ünï\n".into() },
        TextEdit { range: TextRange::new(0, 7), text: "@ns.other".into() },
        TextEdit { range: TextRange::new(40, 42), text: String::new() },
    ];
    let after = TextEdit::apply_in_order(before, &edits);
    let reparsed = file.reparse(SourceText::new(after.clone()), &edits);
    assert_eq!(reparsed.sexp(), SyntaxFile::parse(SourceText::new(after)).sexp());
}
