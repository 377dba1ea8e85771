//! Selections that grow.

use msc::ide::selection_range::selections;

use crate::support::Session;

/// One line a selection, white space made visible.
fn check(fixture: &str) -> String {
    let session = Session::new(fixture);
    let (file, at) = session.cursor();
    let syntax = session.snapshot().syntax(&file).expect("the file is there");
    let text = syntax.text().as_str();
    let all = selections(&syntax, at);
    assert!(all.windows(2).all(|pair| pair[1].contains_range(pair[0]) && pair[0] != pair[1]), "{all:?}");
    all.iter().map(|range| format!("<{}>\n", range.of(text).replace('\n', "⏎"))).collect()
}

#[test]
fn expressions() {
    insta::assert_snapshot!(check("function f() { return foo(a, b.c$0d + 1); }"), @r#"
    <cd>
    <b.cd>
    <b.cd + 1>
    <a, b.cd + 1>
    <(a, b.cd + 1)>
    <foo(a, b.cd + 1)>
    <return foo(a, b.cd + 1);>
    <{ return foo(a, b.cd + 1); }>
    <function f() { return foo(a, b.cd + 1); }>
"#);
}

#[test]
fn words_of_text() {
    insta::assert_snapshot!(check("const s = 'one tw$0o three';"), @r#"
    <two>
    <one two three>
    <'one two three'>
    <s = 'one two three'>
    <const s = 'one two three';>
"#);
    insta::assert_snapshot!(check("// one\n// tw$0o three\nlet x = 1;\n\nlet y;"), @r#"
    <two>
    <// two three>
    <// one⏎// two three>
    <// one⏎// two three⏎let x = 1;⏎⏎let y;>
"#);
}

#[test]
fn members_and_their_comments() {
    insta::assert_snapshot!(check("class A {\n  /** doc */\n  m() { $0 }\n\n  n() {}\n}\n"), @r#"
    <{  }>
    <m() {  }>
    </** doc */⏎  m() {  }>
    </** doc */⏎  m() {  }⏎⏎  n() {}>
    <{⏎  /** doc */⏎  m() {  }⏎⏎  n() {}⏎}>
    <class A {⏎  /** doc */⏎  m() {  }⏎⏎  n() {}⏎}>
    <class A {⏎  /** doc */⏎  m() {  }⏎⏎  n() {}⏎}⏎>
"#);
}

#[test]
fn quotes_and_splices() {
    insta::assert_snapshot!(check("macro m(ctx: C) { quote { get${fie$0ld}() {} } }"), @r#"
    <field>
    <${field}>
    <get${field}>
    <get${field}() {}>
    <{ get${field}() {} }>
    <quote { get${field}() {} }>
    <{ quote { get${field}() {} } }>
    <macro m(ctx: C) { quote { get${field}() {} } }>
"#);
}

#[test]
fn ends_of_words_and_of_the_text() {
    insta::assert_snapshot!(check("foo$0(bar)"), @r#"
    <foo>
    <foo(bar)>
"#);
    insta::assert_snapshot!(check("é$0"), @"<é>");
    insta::assert_snapshot!(check("$0"), @"<>");
}
