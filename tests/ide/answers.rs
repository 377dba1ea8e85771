//! L4: which edits a list from memory outlives, and that those are the ones that do not matter.

use msc::base::{Cancel, TextRange};
use msc::ide::complete::{complete, revalidate};
use msc::ide::goto::definition;
use msc::ide::hover::hover;
use msc::project::answers::AnswerKind;

use crate::support::Session;

/// The labels at the end of the first `marker`, and whether they came from memory.
fn members(session: &Session, name: &str, marker: &str) -> (Vec<String>, bool) {
    let file = session.file(name);
    let text = session.text(name);
    let at = text.as_str().find(marker).unwrap_or_else(|| panic!("{marker} is not in {name}")) + marker.len();
    let snap = session.snapshot();
    let hits = || snap.shared().answers.stats(AnswerKind::List).hits;
    let before = hits();
    let list = complete(&snap, &file, at as u32, Some('.'), &Cancel::new()).expect("there is an answer");
    let labels = list.items.into_iter().filter(|item| item.sort.starts_with("11")).map(|item| item.label).collect();
    (labels, hits() > before)
}

fn replace(session: &mut Session, name: &str, old: &str, new: &str) {
    let text = session.text(name);
    let at = text.as_str().find(old).unwrap_or_else(|| panic!("{old} is not in {name}")) as u32;
    session.edit(name, TextRange::new(at, at + old.len() as u32), new);
}

const FLOW: &str = "
//- /shapes.ms open
export class Circle { kind = 'circle' as const; radius = 1; }
export class Square { kind = 'square' as const; side = 1; tail = 'x'; }
export type Shape = Circle | Square;
export function isSquare(one: Shape): one is Square { return one.kind === 'square'; }
export function fail(): never { throw new Error(); }
//- /main.ms open
import { Circle, Square, Shape, isSquare, fail } from './shapes';
function other() { return 1; }
export function draw(shape: Shape, more: Shape[]): number {
  let total = 1;
  const word = 'circle';
  let last: Shape = new Circle();
  const first = more[0];
  if (total > 3) {
    total = total * 2;
  }
  console.log('drawing');
  shape.
  total = total + 1;
  last.
  total = total + 2;
  first.
  return total;
}
";

/// Completes after a marker, applies an edit, completes again: whether the second list came from
/// memory. In any case it is the engine's.
fn from_memory(marker: &str, old: &str, new: &str) -> (Vec<String>, bool) {
    let mut session = Session::new(FLOW);
    members(&session, "/main.ms", marker);
    let name = if session.text("/main.ms").as_str().contains(old) { "/main.ms" } else { "/shapes.ms" };
    replace(&mut session, name, old, new);
    let (labels, is_known) = members(&session, "/main.ms", marker);
    let wrong = revalidate(&session.snapshot(), &Cancel::new()).expect("the engine answers");
    assert_eq!(wrong, 0, "after {old:?} became {new:?}, {marker} is answered {labels:?} from memory");
    (labels, is_known)
}

#[test]
fn typing_what_does_not_matter_keeps_a_list() {
    for (old, new) in [
        ("let total = 1", "let total = 12"),
        ("total = total * 2", "total = total * 2 + 5"),
        ("'drawing'", "'drawing it'"),
        ("return total", "return total + 1"),
        ("total > 3", "total > 33"),
        ("let total = 1;", "let total = 1;\n  const another = total;"),
    ] {
        let (labels, is_known) = from_memory("  shape.", old, new);
        assert!(is_known, "{old:?} became {new:?}");
        assert_eq!(labels, ["kind"], "{new:?}");
    }
}

#[test]
fn typing_what_matters_asks_the_engine() {
    for (marker, old, new, expected) in [
        ("  shape.", "shape: Shape", "shape: Square", &["kind", "side", "tail"][..]),
        ("  shape.", "total > 3", "!isSquare(shape)) return 0; if (total > 3", &["kind", "side", "tail"]),
        ("  shape.", "console", "if (shape.kind === word) return 1; console", &["kind", "side", "tail"]),
        ("  shape.", "let total = 1", "shape = new Circle(); let total = 1", &["kind", "radius"]),
        ("  last.", "new Circle()", "new Square()", &["kind", "side", "tail"]),
        ("  last.", "console", "last = new Square(); console", &["kind", "side", "tail"]),
        ("  last.", "console", "if (last.kind === 'circle') fail(); console", &[]),
        ("  first.", "more[0]", "more[0] as Circle", &["kind", "radius"]),
        ("  first.", "more: Shape[]", "more: Circle[]", &["kind", "radius"]),
        ("  shape.", "Circle | Square;", "Square;", &["kind", "side", "tail"]),
        ("  shape.", "return 1; }", "return 2; }", &["kind"]),
    ] {
        let (labels, is_known) = from_memory(marker, old, new);
        assert!(!is_known, "{marker}: {old:?} became {new:?}");
        assert_eq!(labels, expected, "{marker}: {old:?} became {new:?}");
    }
}

#[test]
fn the_type_of_a_callback_s_parameter_comes_from_what_takes_it() {
    let mut session = Session::new("const all = [{ a: 1 }];\nfunction f() {\n  all.map(one => one.a + one.\n  );\n}\n");
    assert_eq!(members(&session, "/main.ms", "+ one.").0, ["a"]);
    replace(&mut session, "/main.ms", "all.map", "all.map(two => ({ b: two.a })).map");
    assert_eq!(members(&session, "/main.ms", "+ one."), (vec!["b".to_owned()], false));
}

#[test]
fn a_list_dies_when_an_expansion_that_it_used_lands() {
    let mut session = Session::expanded(
        "
//- /user.ms open
@derive(Eq)
export class User {
  name = '';
}
//- /main.ms open
import { User } from './user';
export function f(user: User): void {
  let t = 1;
  user.
}
",
    );
    let (labels, _) = members(&session, "/main.ms", "  user.");
    assert!(labels.contains(&"equals".to_owned()) && !labels.contains(&"clone".to_owned()), "{labels:?}");
    replace(&mut session, "/main.ms", "t = 1", "t = 2");
    assert!(members(&session, "/main.ms", "  user.").1, "nothing of the class changed");
    replace(&mut session, "/user.ms", "@derive(Eq)", "@derive(Eq, Clone)");
    let (labels, is_known) = members(&session, "/main.ms", "  user.");
    assert!(!is_known && labels.contains(&"equals".to_owned()), "the last output, and the text as it is: {labels:?}");
    let (file, at) = (session.file("/main.ms"), session.text("/main.ms").as_str().find("user.\n").unwrap_or(0) + 5);
    let list = complete(&session.snapshot(), &file, at as u32, Some('.'), &Cancel::new()).expect("an answer");
    assert_eq!(list.is_incomplete, session.snapshot().expanded(&file).is_some_and(|one| one.is_stale()));
    session.save("/user.ms");
    session.run_macros();
    let (labels, is_known) = members(&session, "/main.ms", "  user.");
    assert!(!is_known && labels.contains(&"clone".to_owned()), "{labels:?}");
}

#[test]
fn an_unchanged_revision_asks_the_engine_once_for_a_name() {
    let session = Session::new("class A { a = 1; }\nconst one = new A();\none$0;\n");
    let (file, offset) = session.cursor();
    let snap = session.snapshot();
    let cancel = Cancel::new();
    let first = hover(&snap, &file, offset, &cancel).expect("an answer");
    assert!(first.is_some());
    let target = definition(&snap, &file, offset, &cancel).expect("an answer");
    assert_eq!(target.targets.len(), 1);
    let before = snap.shared().answers.stats(AnswerKind::Name);
    assert_eq!(hover(&snap, &file, offset, &cancel).expect("an answer"), first);
    assert_eq!(definition(&snap, &file, offset, &cancel).expect("an answer"), target);
    let after = snap.shared().answers.stats(AnswerKind::Name);
    assert_eq!((after.hits - before.hits, after.misses - before.misses), (2, 0));
}

#[test]
fn no_more_than_five_hundred_lists_are_kept() {
    let mut session = Session::new("const a = { b: 1 };\nfunction f() {\n  a.\n}\n");
    let file = session.file("/main.ms");
    for round in 0..300 {
        session.edit("/main.ms", TextRange::empty(0), if round % 2 == 0 { " " } else { "\n" });
        let at = session.text("/main.ms").as_str().find("a.\n").expect("it is there") + 2;
        let list = complete(&session.snapshot(), &file, at as u32, None, &Cancel::new()).expect("an answer");
        assert!(list.items.iter().any(|item| item.label == "b"));
    }
    let snap = session.snapshot();
    let answers = &snap.shared().answers;
    assert_eq!(answers.contents(AnswerKind::List).rows, 500);
    assert!(answers.stats(AnswerKind::List).evictions > 0);
}
