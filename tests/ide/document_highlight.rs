//! The other places of what stands at the cursor.

use msc::ide::document_highlight::{HighlightKind, highlights, label_ranges};

use crate::support::{Session, draw};

fn check(fixture: &str) -> String {
    let session = Session::new(fixture);
    let (file, at) = session.cursor();
    let syntax = session.snapshot().syntax(&file).expect("the file is there");
    let found: Vec<_> = highlights(&syntax, at)
        .into_iter()
        .map(|one| {
            let kind = match one.kind {
                HighlightKind::Read => "r",
                HighlightKind::Write => "w",
                HighlightKind::Text => "",
            };
            (one.range, kind)
        })
        .collect();
    draw(syntax.text().as_str(), &found)
}

#[test]
fn names_by_their_scopes() {
    insta::assert_snapshot!(check(
        "
const $0x = 1;
function f(x: number) { return x; }
{ let x = 2; x++; }
const o = { x, y: x, z: o.x };
// x
log(`x ${x}`, 'x');
export { x as y };
"
    ), @r#"
    const x = 1;
          ^ w
    const o = { x, y: x, z: o.x };
                ^ r
                      ^ r
    log(`x ${x}`, 'x');
             ^ r
    export { x as y };
             ^ r
"#);
    insta::assert_snapshot!(check("function f(a: number, b = a$0) {\n  a = 1; a += 2; [a] = [3];\n  var a;\n}\na;\n"), @r#"
    function f(a: number, b = a) {
               ^ w
                              ^ r
      a = 1; a += 2; [a] = [3];
      ^ w
             ^ w
                      ^ w
      var a;
          ^ w
"#);
}

#[test]
fn types_and_values_are_apart() {
    insta::assert_snapshot!(check("function f<T$0>(T: T): T { return T; }\n"), @r#"
    function f<T>(T: T): T { return T; }
               ^ w
                     ^ r
                         ^ r
"#);
    insta::assert_snapshot!(check("class A$0 {}\nlet a: A = new A();\ntype B = A[];\nfunction g(A: number) { return A; }\n"), @r#"
    class A {}
          ^ w
    let a: A = new A();
           ^ r
                   ^ r
    type B = A[];
             ^ r
"#);
}

#[test]
fn members_of_what_is_declared_here() {
    insta::assert_snapshot!(check(
        "
class A {
  na$0me = 1;
  static name = 2;
  m() { return () => this.name; }
  static s() { return this.name; }
  n(other: A, o: B) { function f() { this.name; } return other.name + o.name; }
}
new A().name = 3; A.name;
class B { name = 1; }
"
    ), @r#"
      name = 1;
      ^^^^ w
      m() { return () => this.name; }
                              ^^^^ r
      n(other: A, o: B) { function f() { this.name; } return other.name + o.name; }
                                                                   ^^^^ r
    new A().name = 3; A.name;
            ^^^^ w
"#);
    insta::assert_snapshot!(check("enum E { A$0, B }\nE.A; F.A; let A = E.B;\n"), @r#"
    enum E { A, B }
             ^ w
    E.A; F.A; let A = E.B;
      ^ r
"#);
    insta::assert_snapshot!(check("class A { #p$0 = 1; m(o: A) { return o.#p + this.#p; } }\nclass B { #p = 1; }\n"), @r#"
    class A { #p = 1; m(o: A) { return o.#p + this.#p; } }
              ^^ w
                                         ^^ r
                                                   ^^ r
"#);
}

#[test]
fn members_along_one_path() {
    insta::assert_snapshot!(check(
        "const o = { a: { b: 1 }, b: 2 };\no.a.b$0; o.b; p.a.b;\nfunction f(o) { o.a.b; }\no.a.b = 2;\n"
    ), @r#"
    o.a.b; o.b; p.a.b;
        ^ r
    o.a.b = 2;
        ^ w
"#);
    insta::assert_snapshot!(check("console.log$0(1); other.log(2); console.log(3);\n"), @r#"
    console.log(1); other.log(2); console.log(3);
            ^^^ r
                                          ^^^ r
"#);
}

#[test]
fn imports_and_macros() {
    insta::assert_snapshot!(check("import { a as b$0, c } from 'x';\nb(); c.b; export { b };\n"), @r#"
    import { a as b, c } from 'x';
                  ^ w
    b(); c.b; export { b };
    ^ r
                       ^ r
"#);
    insta::assert_snapshot!(check("@der$0ive(Eq) class A {}\n@derive(Hash) class B { derive = 1; }\n"), @r#"
    @derive(Eq) class A {}
     ^^^^^^ r
    @derive(Hash) class B { derive = 1; }
     ^^^^^^ r
"#);
    insta::assert_snapshot!(check(
        "macro m(ctx: C, name$0: Name) {\n  quote { get${name}() { const name = 1; return name; } }\n}\n"
    ), @r#"
    macro m(ctx: C, name: Name) {
                    ^^^^ w
      quote { get${name}() { const name = 1; return name; } }
                   ^^^^ r
"#);
}

#[test]
fn labels() {
    let fixture = "out$0er: for (;;) { outer2: for (;;) { break outer; } continue outer; }\n";
    insta::assert_snapshot!(check(fixture), @r#"
    outer: for (;;) { outer2: for (;;) { break outer; } continue outer; }
    ^^^^^ w
                                               ^^^^^ r
                                                                 ^^^^^ r
"#);
    let session = Session::new(fixture);
    let (file, at) = session.cursor();
    let syntax = session.snapshot().syntax(&file).expect("the file is there");
    assert_eq!(label_ranges(&syntax, at).len(), 3);
    assert_eq!(label_ranges(&syntax, 10).len(), 0);
}

#[test]
fn keywords_that_belong_together() {
    insta::assert_snapshot!(check(
        "function f() {\n  if (a) { ret$0urn 1; }\n  g(() => { return 2; });\n  throw b;\n}\n"
    ), @r#"
    function f() {
    ^^^^^^^^
      if (a) { return 1; }
               ^^^^^^
      throw b;
      ^^^^^
"#);
    insta::assert_snapshot!(check(
        "wh$0ile (a) {\n  for (;;) { break; }\n  switch (b) { case 1: break; }\n  if (c) continue;\n  break;\n}\n"
    ), @r#"
    while (a) {
    ^^^^^
      if (c) continue;
             ^^^^^^^^
      break;
      ^^^^^
"#);
    insta::assert_snapshot!(check("switch (a) {\n  case 1: bre$0ak;\n  default: for (;;) { break; }\n}\n"), @r#"
    switch (a) {
    ^^^^^^
      case 1: break;
      ^^^^
              ^^^^^
      default: for (;;) { break; }
      ^^^^^^^
"#);
    insta::assert_snapshot!(check("if (a) {} else if (b) {} el$0se {}\n"), @r#"
    if (a) {} else if (b) {} else {}
    ^^
              ^^^^
                   ^^
                             ^^^^
"#);
    insta::assert_snapshot!(check("try {} ca$0tch {} finally {}\n"), @r#"
    try {} catch {} finally {}
    ^^^
           ^^^^^
                    ^^^^^^^
"#);
    insta::assert_snapshot!(check("async () => { aw$0ait a; async () => { await b; }; await c; };\n"), @r#"
    async () => { await a; async () => { await b; }; await c; };
    ^^^^^
                  ^^^^^
                                                     ^^^^^
"#);
}

#[test]
fn text_has_none() {
    for fixture in ["// wo$0rd\nlet word;", "let word = 'wo$0rd';", "let a = /wo$0rd/;", "$0", "let a = 1$02;"] {
        assert_eq!(check(fixture), "", "{fixture}");
    }
}
