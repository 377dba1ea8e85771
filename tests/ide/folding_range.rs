//! Folds, each shown by the lines that it hides.

use msc::ide::folding_range::folds;
use msc::syntax::SyntaxFile;
use msc::text::SourceText;

fn check(text: &str) -> String {
    let syntax = SyntaxFile::parse(SourceText::new(text));
    let lines = syntax.text().lines();
    let folds = folds(&syntax);
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        let here = folds.iter().filter(|fold| lines.line_of(fold.range.start) == index as u32);
        let marks: Vec<String> = here
            .map(|fold| {
                let name = fold.name.as_deref().unwrap_or_default();
                format!("{:?}{name} to {}", fold.kind, lines.line_of(fold.range.end))
            })
            .collect();
        out.push_str(format!("{index:2} {line:<40} {}", marks.join(", ")).trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn code() {
    insta::assert_snapshot!(check(
        "class A {
  m(
    a: number,
  ) {
    return {
      x: [
        1,
      ],
    };
  }
}
if (a) {
  b();
} else {
  c(() => {
    d();
  });
}
switch (a) {
  case 1:
    b();
    break;
  default: {
    c();
  }
}
const t = `
  ${a}
`;
type T = {
  a: 1;
};
"
    ), @r#"
     0 class A {                                Code to 10
     1   m(                                     Code to 3
     2     a: number,
     3   ) {                                    Code to 9
     4     return {                             Code to 8
     5       x: [                               Code to 7
     6         1,
     7       ],
     8     };
     9   }
    10 }
    11 if (a) {                                 Code to 13
    12   b();
    13 } else {                                 Code to 17
    14   c(() => {                              Code to 16, Code to 16
    15     d();
    16   });
    17 }
    18 switch (a) {                             Code to 25
    19   case 1:                                Code to 21
    20     b();
    21     break;
    22   default: {                             Code to 24, Code to 24
    23     c();
    24   }
    25 }
    26 const t = `                              Code to 28
    27   ${a}
    28 `;
    29 type T = {                               Code to 31
    30   a: 1;
    31 };
"#);
}

#[test]
fn comments_imports_and_regions() {
    insta::assert_snapshot!(check(
        "// a
// b

// c
/* d
 */
import a from 'a';
// between

import {
  b,
} from 'b';
//#region First part
let x = 1; // trailing
// own line
  // #region
let y = 2;
  // #endregion
//#endregion
//#endregion
//#regional
"
    ), @r#"
     0 // a                                     Comment to 1
     1 // b
     2
     3 // c
     4 /* d                                     Comment to 5
     5  */
     6 import a from 'a';                       Imports to 11
     7 // between
     8
     9 import {                                 Code to 11
    10   b,
    11 } from 'b';
    12 //#region First part                     RegionFirst part to 18
    13 let x = 1; // trailing
    14 // own line
    15   // #region                             Region to 17
    16 let y = 2;
    17   // #endregion
    18 //#endregion
    19 //#endregion
    20 //#regional
"#);
}

#[test]
fn macros_and_quotes() {
    insta::assert_snapshot!(check(
        "export macro m(ctx: MacroContext) {
  const body = quote {
    get${name}() {
      return 1;
    }
  };
  const t = quote type {
    { a: 1 }
  };
  return quote(
    a
  );
}
@derive(
  Eq,
)
class A {}
const v = @comptime {
  return 1;
};
"
    ), @r#"
     0 export macro m(ctx: MacroContext) {      Code to 12
     1   const body = quote {                   Code to 5
     2     get${name}() {                       Code to 4
     3       return 1;
     4     }
     5   };
     6   const t = quote type {                 Code to 8
     7     { a: 1 }
     8   };
     9   return quote(                          Code to 11
    10     a
    11   );
    12 }
    13 @derive(                                 Code to 15
    14   Eq,
    15 )
    16 class A {}
    17 const v = @comptime {                    Code to 19
    18   return 1;
    19 };
"#);
}

#[test]
fn what_is_not_closed_does_not_fold() {
    let out = check("function f() {\n  if (a) {\n    b();\n");
    assert!(!out.contains("Code"), "{out}");
}
