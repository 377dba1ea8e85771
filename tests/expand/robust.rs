//! Broken and half-typed sources: never a panic, and a map that tells the truth.

use msc::expand::{Expanded, FileFacts, Flavour, Origin, lower_module};
use msc::macros::Place;
use proptest::prelude::*;

use crate::support::{Made, World, copied, quoted};

const MACROS: &str = "export macro size(ctx: MacroContext, ...names: Name[]) {
  const n = ctx.target.fields.map((f) => quote(this.${f.name}));
  quote { size${\"x\"}() { return [${n}]; } }
}
export macro ok(ctx: MacroContext, x: Expr, y = 1) { return quote(${x} && ${[y]}); }
";

const SOURCE: &str = "import { size, ok } from \"./m.ms\";
/** Doc. */
@size(Eq)
export class A<T> extends B<T> {
  @size private name?: string = `a${1}b`;
  constructor(readonly p: number, @size q: Map<string, T>[]) { super(); }
  @ok(1) get x() { return @ok(this.name) || @ok(2, 3); }
}
@size enum E { A = 1, B }
@size interface I { a: string; m(): void }
const data = @comptime { const x = readJson(\"a\"); return { x }; };
@target(\"js\") { f(); } else { g(); }
function f() { defer g(); return @ok(1) as @size; }
macro local(ctx: MacroContext) { quote { a${ctx}: ${ctx}; } return quote type { A | ${ctx} }; }
extern macro @ext<T>(x: T): number;
@size const v = 1, w = 2;
";

fn play(text: &str) -> World {
    World::new(&[("/m.ms", MACROS), ("/a.ms", text)])
        .play("size", |_, input| {
            let Some(target) = &input.target else {
                return Made::new().quote(Place::Value, "/m.ms", 0, "1 + 1").done();
            };
            let mut pieces = vec![quoted("/m.ms", 0, "\n  size() {\n    ")];
            for field in &target.fields {
                pieces.push(copied(&field.name));
            }
            pieces.push(copied(&target.syntax));
            pieces.push(quoted("/m.ms", 20, "\n  }"));
            Made::new().emit(Place::Members, pieces).emit(Place::After, vec![copied(&target.syntax)]).done()
        })
        .play("ok", |_, _| Made::new().quote(Place::Value, "/m.ms", 0, "ok").done())
        .play("local", |_, _| Made::new().done())
        .play("ext", |_, _| Made::new().done())
        .play("comptime", |_, _| Made::new().quote(Place::Value, "/a.ms", 0, "{ x: 1 }").done())
}

fn tells_the_truth(source: &str, expanded: &Expanded) {
    let text = expanded.text.as_str();
    let mut at = 0;
    let mut verbatim = Vec::new();
    for segment in expanded.map.segments() {
        assert_eq!(segment.expanded.start, at);
        at = segment.expanded.end;
        match &segment.origin {
            Origin::Verbatim { source: from } => {
                assert_eq!(segment.expanded.of(text), from.of(source));
                verbatim.push(*from);
            }
            Origin::Copied { source: from, .. } => assert_eq!(segment.expanded.of(text), from.of(source)),
            _ => {}
        }
    }
    assert_eq!(at as usize, text.len());
    verbatim.sort();
    assert!(verbatim.windows(2).all(|pair| pair[0].end <= pair[1].start), "verbatim twice: {verbatim:?}\n{text}");
    for diagnostic in &expanded.diagnostics {
        let range = diagnostic.range;
        assert!(source.get(range.start as usize..range.end as usize).is_some(), "{diagnostic:?}");
    }
}

fn check(source: &str) {
    let world = play(source);
    let missing = world.known("/a.ms", Flavour::Check);
    tells_the_truth(source, &missing);
    let full = world.expand("/a.ms");
    tells_the_truth(source, &full);
    tells_the_truth(source, &world.known("/a.ms", Flavour::Emit));
    let syntax = world.syntax("/a.ms");
    lower_module(&msc::base::FilePath::new("/a.ms"), &syntax, &FileFacts::of(&syntax));
}

#[test]
fn the_whole_sample() {
    check(SOURCE);
    check("");
    check("@");
    check("@size");
    check("@size class");
    check("macro");
    check("@comptime {");
}

#[test]
fn depth_is_no_danger() {
    let many = 20_000;
    check(&format!("import {{ size }} from \"./m.ms\";\n@size class A {{ x: T{}; }}\n", "[]".repeat(many)));
    check(&format!("import {{ size }} from \"./m.ms\";\n@size class A {{ x: {}a; }}\n", "a | ".repeat(many)));
    check(&format!("const {}a{} = 1;\n@x interface I {{}}\n", "[".repeat(many), "]".repeat(many)));
    check(&format!("@a{} interface I {{}}\n", ".b".repeat(many)));
    check(&format!(
        "macro m(ctx: MacroContext) {{ quote {{ f({}1); }} return quote({}1); }}\n",
        "1 + ".repeat(many),
        "(".repeat(many)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn cut_anywhere(from in 0..SOURCE.len(), len in 0..40usize) {
        let to = (from + len).min(SOURCE.len());
        prop_assume!(SOURCE.is_char_boundary(from) && SOURCE.is_char_boundary(to));
        check(&format!("{}{}", &SOURCE[..from], &SOURCE[to..]));
    }

    #[test]
    fn typed_anywhere(at in 0..SOURCE.len(), what in prop_oneof![
        Just("@size "), Just("{"), Just("}"), Just("("), Just("`"), Just("${"), Just("quote { "), Just("u."), Just("ü"),
        Just("macro m("), Just("@comptime { "), Just("\""), Just("/*"), Just("class C {"), Just("@ok(@ok(1))"),
    ]) {
        prop_assume!(SOURCE.is_char_boundary(at));
        check(&format!("{}{what}{}", &SOURCE[..at], &SOURCE[at..]));
    }
}

/// What does not parse silences nothing but itself: each item's uses still expand, whatever another item has become.
#[test]
fn a_syntax_error_silences_no_expansion_elsewhere() {
    const ITEMS: [&str; 6] = [
        "@size\nexport class First {\n  a = 1;\n  m() {\n    return this.a;\n  }\n}\n",
        "export const second = @ok(2) && [1];\n",
        "function third(x: number) {\n  if (x) {\n    return @ok(3);\n  }\n  return x;\n}\n",
        "@size enum Fourth { A, B }\n",
        "const fifth = {\n  n: @ok(5),\n};\n",
        "@size\nclass Sixth extends First {\n  @size b = 2;\n}\n",
    ];
    const BROKEN: [&str; 12] = [
        "q.\n",
        "const q = \n",
        "f(1, \n",
        "class Q {\n  m(\n}\n",
        "class Q {\n  m() {\n    if (x {\n  }\n}\n",
        "@size(\n",
        "@\n",
        "import { a from \"b\";\n",
        "macro half(ctx {\n}\n",
        "const t = `${;\n`;\n",
        "function g() {\n  const o = { a: , };\n}\n",
        "]);\n",
    ];
    let whole: Vec<usize> = (0..ITEMS.len())
        .map(|item| {
            let world = play(&format!("import {{ size, ok }} from \"./m.ms\";\n{}", ITEMS[item]));
            world.expand("/a.ms");
            world.take_ran().len()
        })
        .collect();
    assert_eq!(whole, [1, 1, 1, 1, 1, 2], "every item has its uses");
    let all: usize = whole.iter().sum();
    for broken in BROKEN {
        for at in 0..=ITEMS.len() {
            let (before, after) = ITEMS.split_at(at);
            let text = format!("import {{ size, ok }} from \"./m.ms\";\n{}{broken}{}", before.concat(), after.concat());
            let world = play(&text);
            let expanded = world.expand("/a.ms");
            tells_the_truth(&text, &expanded);
            let ran = world.take_ran();
            // A decorator, finished or not, is a part of what follows it.
            let taken = if broken.starts_with('@') { whole.get(at).copied().unwrap_or(0) } else { 0 };
            assert!(ran.len() >= all - taken, "{ran:?} of\n{text}");
        }
    }
    // Within an item, what the others have.
    for (item, source) in ITEMS.iter().enumerate() {
        for (at, _) in source.match_indices(['{', '(', '=']) {
            let mut damaged: Vec<String> = ITEMS.iter().map(|item| (*item).to_owned()).collect();
            damaged[item].replace_range(at..at + 1, "");
            let text = format!("import {{ size, ok }} from \"./m.ms\";\n{}", damaged.concat());
            let world = play(&text);
            world.expand("/a.ms");
            let ran = world.take_ran();
            assert!(ran.len() >= all - whole[item], "{ran:?} of\n{text}");
        }
    }
}
