//! Which uses run again after an edit.

use msc::base::Digest;
use msc::expand::Flavour;
use msc::macros::Place;

use crate::support::{Made, World, copied, drawn, quoted};

const MACRO: &str = "export macro size(ctx: MacroContext, ...names: Name[]) {}\nexport macro ok(ctx: MacroContext, x: Expr) {}\nexport macro tag(ctx: MacroContext, x: string) {}\n";

const SOURCE: &str = "import { size, ok, tag } from \"./m\";
const LABEL = \"a\";
@size
class A {
  /** The name. */
  name = \"a\";
  list() { return [1, 2]; }
}
function run(x: number) {
  return @ok(x + 1) && @ok(x + 2);
}
@size @tag(LABEL)
class B { b: A = new A(); }
";

fn world(text: &str) -> World {
    let emit = |_: &msc::expand::Call, input: &msc::macros::shape::Input| {
        let mut made = Made::new();
        if let Some(target) = &input.target {
            let first = &target.fields[0];
            let initializer = first.initializer.as_ref().unwrap();
            made = made.emit(Place::Members, vec![quoted("/m.ms", 0, "size = () => "), copied(initializer)]);
        }
        made.done()
    };
    World::new(&[("/m.ms", MACRO), ("/a.ms", text)]).play("size", emit).play("tag", emit).play("ok", |_, input| {
        let msc::macros::shape::Arg::Syntax { syntax, .. } = &input.args[0] else { panic!() };
        Made::new().emit(Place::Value, vec![copied(syntax), quoted("/m.ms", 3, " > 0")]).done()
    })
}

/// Replaces a part of the source and says what ran because of it.
fn rerun(from: &str, to: &str) -> Vec<String> {
    let mut world = world(SOURCE);
    world.expand("/a.ms");
    world.take_ran();
    assert!(SOURCE.contains(from), "{from}");
    world.set("/a.ms", &SOURCE.replacen(from, to, 1));
    world.expand("/a.ms");
    world.take_ran()
}

#[test]
fn every_use_runs_once() {
    let world = world(SOURCE);
    world.expand("/a.ms");
    assert_eq!(world.take_ran(), ["A@size", "run@ok", "run@ok#2", "B@size", "B@tag"]);
    world.expand("/a.ms");
    assert_eq!(world.take_ran(), Vec::<String>::new());
}

#[test]
fn white_space_and_comments_run_nothing() {
    assert_eq!(rerun("class A {", "class A   {\n\n"), Vec::<String>::new());
    assert_eq!(rerun("  list()", "  // what it holds\n  list ( )"), Vec::<String>::new());
    assert_eq!(rerun("@size\nclass", "@size /* here */ class"), Vec::<String>::new());
    assert_eq!(rerun("@ok(x + 1)", "@ok( x+1 )"), Vec::<String>::new());
    assert_eq!(rerun("const LABEL", "\n\nfunction other() {}\nconst LABEL"), Vec::<String>::new());
}

#[test]
fn a_change_runs_what_it_concerns() {
    assert_eq!(rerun("[1, 2]", "[1, 3]"), ["A@size"]);
    assert_eq!(rerun("The name.", "The full name."), ["A@size"]);
    assert_eq!(rerun("x + 2", "x + 3"), ["run@ok#2"]);
    assert_eq!(rerun("@size @tag", "@size(Eq) @tag"), ["B@size", "B@tag"]);
    // An argument's value counts, wherever it is declared.
    assert_eq!(rerun("LABEL = \"a\"", "LABEL = \"b\""), ["B@tag"]);
}

#[test]
fn a_line_break_that_ends_a_statement_is_no_white_space() {
    assert_eq!(rerun("return [1, 2];", "return\n[1, 2];"), ["A@size"]);
}

#[test]
fn ids_hold_no_positions() {
    let ids = |text: &str| -> Vec<String> {
        world(text).known("/a.ms", Flavour::Check).calls.iter().map(|call| call.id.0.clone()).collect()
    };
    let moved = SOURCE.replace("function run", "class Z {}\n\nfunction run").replace("x + 1", "y.z");
    assert_eq!(ids(SOURCE), ids(&moved));
}

#[test]
fn keys_differ_by_macro_modules() {
    let expanded = world(SOURCE).known("/a.ms", Flavour::Check);
    let call = &expanded.pending[0];
    assert_ne!(call.key(Digest::of(b"1")), call.key(Digest::of(b"2")));
}

#[test]
fn an_output_moves_with_the_tokens_it_came_from() {
    let mut world = world(SOURCE);
    world.expand("/a.ms");
    let moved = SOURCE.replace("  name = \"a\";", "\n\n  name   =   /* the name */ \"a\";");
    world.set("/a.ms", &moved);
    let expanded = world.known("/a.ms", Flavour::Check);
    assert!(expanded.pending.is_empty());
    let at = moved.find("\"a\";\n  list").unwrap();
    let line = format!("c0 {at:<4}\"\\\"a\\\"\"");
    assert!(
        drawn(&expanded).lines().any(|drawn| drawn.replace(' ', "") == line.replace(' ', "")),
        "{}",
        drawn(&expanded)
    );
}

#[test]
fn a_stale_output_is_used_and_pending() {
    let mut world = world(SOURCE);
    world.expand("/a.ms");
    world.set("/a.ms", &SOURCE.replace("name = \"a\"", "name = \"abc\""));
    let expanded = world.known("/a.ms", Flavour::Check);
    assert_eq!(expanded.pending.len(), 1);
    assert!(expanded.is_stale());
    // What was copied is no longer in the source: the old text stands, from nowhere.
    assert!(expanded.text.as_str().contains("size = () => \"a\""));
    assert!(!drawn(&expanded).contains("c0"), "{}", drawn(&expanded));
}
