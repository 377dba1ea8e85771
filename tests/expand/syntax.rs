//! Trees.

use msc::base::TextRange;
use msc::syntax::{Context, SyntaxFile, context, kinds};
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

/// The context at `|`.
fn context_at(text: &str) -> Context {
    let offset = text.find('|').unwrap();
    let file = SyntaxFile::parse(SourceText::new(text.replacen('|', "", 1)));
    context::at(&file, offset as u32)
}

#[test]
fn a_cursor_has_a_context() {
    let name = |from: u32, to: u32| Context::MacroName { name: TextRange::new(from, to) };
    assert_eq!(context_at("@|"), name(1, 1));
    assert_eq!(context_at("@der|\nclass A {}"), name(1, 4));
    assert_eq!(context_at("const x = @ns.f|;"), name(11, 15));
    assert_eq!(context_at("const s = \"a@b|\";"), Context::Text);
    assert_eq!(context_at("const s = `a@b|${c}`;"), Context::Text);
    assert_eq!(context_at("const s = `a${@b|}`;"), name(15, 16));
    assert_eq!(context_at("// @param|"), Context::Text);
    assert_eq!(context_at("/** @param| */ x"), Context::Text);
    assert_eq!(context_at("const s = \"a\"|;"), Context::Code);
    assert_eq!(context_at("const s = \"|a\";"), Context::Text);
    let argument = |name: &str, index| Context::MacroArgument { name: name.into(), index };
    assert_eq!(context_at("@derive(|) class A {}"), argument("derive", 0));
    assert_eq!(context_at("@derive(Eq, H|) class A {}"), argument("derive", 1));
    assert_eq!(context_at("const x = @f(1, g(2, |));"), Context::Code);
    assert_eq!(context_at("f(|)"), Context::Code);
    assert_eq!(context_at("|"), Context::Code);
}

#[test]
fn a_deep_tree_prints() {
    let sum = format!("x = {};", vec!["a"; 40_000].join(" + "));
    let printed = SyntaxFile::parse(SourceText::new(sum)).sexp();
    assert_eq!(printed.matches('(').count(), printed.matches(')').count());
    assert!(printed.lines().count() > 80_000);
}
