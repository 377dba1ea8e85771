//! Indentation while typing. The cursor stands behind what was typed.

use msc::ide::on_type_formatting::{Indentation, on_type};

use crate::support::{Session, edited};

fn typed(fixture: &str, ch: char, with: Indentation) -> String {
    let session = Session::new(fixture);
    let (file, at) = session.cursor();
    let syntax = session.snapshot().syntax(&file).expect("the file is there");
    let edit = on_type(&syntax, at, ch, with);
    edited(syntax.text().as_str(), edit.as_slice())
}

const TWO: Indentation = Indentation { size: 2, with_spaces: true };

fn check(fixture: &str, ch: char, expected: &str) {
    assert_eq!(typed(fixture, ch, TWO), expected, "{fixture}");
}

#[test]
fn a_new_line_goes_into_the_block() {
    check("function f() {\n$0\n}\n", '\n', "function f() {\n  \n}\n");
    check("class A {\n  m() {\n$0  }\n}\n", '\n', "class A {\n  m() {\n  }\n}\n");
    check("class A {\n  m() {\n$0x\n  }\n}\n", '\n', "class A {\n  m() {\n    x\n  }\n}\n");
    check("f(a,\n$0b);\n", '\n', "f(a,\n  b);\n");
    check("f();\n  $0g();\n", '\n', "f();\ng();\n");
}

#[test]
fn a_new_line_of_a_half_written_file() {
    check("function f() {\n  if (a) {\n$0", '\n', "function f() {\n  if (a) {\n    ");
    check("const s = '{';\n$0", '\n', "const s = '{';\n");
    check("// {\n$0x", '\n', "// {\nx");
}

#[test]
fn what_goes_on_is_indented_once_more() {
    check("function f() {\n  const a =\n$01;\n}\n", '\n', "function f() {\n  const a =\n    1;\n}\n");
    check("switch (a) {\n  case 1:\n$0b();\n}\n", '\n', "switch (a) {\n  case 1:\n    b();\n}\n");
    check(
        "switch (a) {\n  case 1:\n    b();\n    $0case 2:\n}\n",
        '\n',
        "switch (a) {\n  case 1:\n    b();\n  case 2:\n}\n",
    );
}

#[test]
fn a_bracket_that_closes_goes_below_its_opener() {
    check("function f() {\n  if (a) {\n    b();\n    }$0\n}\n", '}', "function f() {\n  if (a) {\n    b();\n  }\n}\n");
    check("  const a = [\n      1,\n      ]$0;\n", ']', "  const a = [\n      1,\n  ];\n");
    check("if (a) { b(); }$0\n", '}', "if (a) { b(); }\n");
}

#[test]
fn macros_and_quotes() {
    check(
        "macro m(ctx: C) {\n  quote {\n$0a() {}\n  }\n}\n",
        '\n',
        "macro m(ctx: C) {\n  quote {\n    a() {}\n  }\n}\n",
    );
    check("const v = @comptime {\n$0return 1;\n};\n", '\n', "const v = @comptime {\n  return 1;\n};\n");
}

#[test]
fn content_of_templates_and_comments_stays() {
    for fixture in ["f(`\n$0text`);\n", "{\n/*\n$0 text */\n}\n"] {
        check(fixture, '\n', &fixture.replace("$0", ""));
    }
    check("f(`${g(\n$0x)}`);\n", '\n', "f(`${g(\n  x)}`);\n");
}

#[test]
fn tabs_where_the_editor_uses_them() {
    let tabs = Indentation { size: 4, with_spaces: false };
    assert_eq!(typed("{\n\t{\n$0x\n\t}\n}\n", '\n', tabs), "{\n\t{\n\t\tx\n\t}\n}\n");
}
