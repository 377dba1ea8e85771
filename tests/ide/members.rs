//! L3: members of imported types from rows, before the engine has loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use msc::base::{Cancel, FilePath};
use msc::ide::complete::{Completions, complete};
use msc::project::{Change, PassEvent, PassRequest, Scope, World, WorldOptions, pass};

const SHAPES: &str = "
export class Base { id = 1; protected hidden = 2; }
@derive(Eq)
export class Circle { radius = 1; private secret = 2; static unit = new Circle(); }
export class Ring extends Base { inner = 1; }
export interface Named<T> { name: T; }
export enum Colour { Red, Green }
";

const MAIN: &str = "
import { Circle as Round, Ring, Named, Colour } from './shapes';
export function f(one: Round, two: Ring, three: Named<string>): void {
  one./*a*/;
  two./*b*/;
  three./*c*/;
  Colour./*d*/;
}
";

fn open(root: &Path, main: &str) -> World {
    let mut options = WorldOptions::new(vec![FilePath::from_os(root)]);
    options.exe = PathBuf::from(env!("CARGO_BIN_EXE_msc"));
    let mut world = World::new(options);
    let file = FilePath::from_os(&root.join("main.ms"));
    world.apply(Change::Open { file, version: 1, text: main.to_owned() }).expect("it opens");
    world
}

fn run_macros(world: &mut World) {
    loop {
        let news = Mutex::new(Vec::new());
        let request = PassRequest { scope: Scope::Open, run_macros: true };
        let end = pass::run(&world.snapshot(), &request, &Cancel::new(), &|event| {
            if let PassEvent::Expanded(expansions) = event {
                news.lock().expect("no thread panicked").push(Change::Expanded(expansions));
            }
        });
        for change in news.into_inner().expect("no thread panicked") {
            world.apply(change).expect("the change applies");
        }
        if !end.expect("nobody cancels").again {
            return;
        }
    }
}

fn at(world: &World, root: &Path, marker: &str) -> Completions {
    let file = FilePath::from_os(&root.join("main.ms"));
    let snap = world.snapshot();
    let text = snap.text(&file).expect("it is open");
    let offset = text.as_str().find(marker).expect("the marker is there") as u32;
    complete(&snap, &file, offset, Some('.'), &Cancel::new()).expect("there is an answer")
}

fn labels(list: &Completions) -> Vec<&str> {
    let items = list.items.iter().filter(|item| item.sort.starts_with("11"));
    items.map(|item| item.label.as_str()).collect()
}

/// A project whose first session has ended.
fn left_behind(shapes: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, text) in [("metascript.json", "{}"), ("shapes.ms", shapes), ("main.ms", MAIN)] {
        fs::write(dir.path().join(name), text).expect("a file can be written");
    }
    let mut world = open(dir.path(), MAIN);
    run_macros(&mut world);
    assert_eq!(world.snapshot().learn_members(&Cancel::new()), Ok(1));
    assert_eq!(world.snapshot().learn_members(&Cancel::new()), Ok(0), "nothing changed");
    for (_, store) in world.shared().stores() {
        store.flush();
    }
    dir
}

#[test]
fn a_warm_start_completes_members_of_imported_types_before_the_engine_has_loaded() {
    let dir = left_behind(SHAPES);
    // Typed since the session before: rows are of the module, not of who asks.
    let world = open(dir.path(), &MAIN.replace("void {", "void {\n  const typed = 1;"));
    let loads = || world.shared().counters.loads.load(Ordering::Relaxed);
    let markers = ["/*a*/", "/*b*/", "/*c*/", "/*d*/"];
    let lists: Vec<Completions> = markers.iter().map(|marker| at(&world, dir.path(), marker)).collect();
    for (list, marker) in lists.iter().zip(markers) {
        assert!(list.is_incomplete && list.is_from_rows, "{marker}: {:?}", labels(list));
    }
    assert_eq!(loads(), 0);
    assert_eq!(labels(&lists[0]), ["radius", "equals"]);
    let mut of_ring = labels(&lists[1]);
    of_ring.sort_unstable();
    assert_eq!(of_ring, ["id", "inner"]);
    assert_eq!(labels(&lists[2]), ["name"]);
    let mut of_colour = labels(&lists[3]);
    of_colour.sort_unstable();
    assert_eq!(of_colour, ["Green", "Red"]);

    // The engine says the same, and more completely.
    assert!(world.snapshot().program_for(&FilePath::from_os(&dir.path().join("main.ms")), &Cancel::new()).is_ok());
    for (marker, from_rows) in markers.iter().zip(&lists) {
        let list = at(&world, dir.path(), marker);
        assert!(!list.is_from_rows && !list.is_incomplete);
        let mut sorted = labels(&list);
        sorted.sort_unstable();
        let mut known = labels(from_rows);
        known.sort_unstable();
        assert_eq!(sorted, known, "{marker}");
    }
}

#[test]
fn a_changed_module_or_base_has_no_row() {
    let dir = left_behind(SHAPES);
    fs::write(dir.path().join("shapes.ms"), SHAPES.replace("id = 1", "id = 1; late = 3")).expect("a file is written");
    let world = open(dir.path(), MAIN);
    let list = at(&world, dir.path(), "/*b*/");
    assert!(!list.is_from_rows);
    assert!(labels(&list).contains(&"late"), "{:?}", labels(&list));
}

#[test]
fn inside_a_class_with_bases_and_for_other_expressions_the_engine_is_asked() {
    let dir = left_behind(SHAPES);
    let text = "
import { Ring } from './shapes';
export class Wheel extends Ring {
  touch(other: Wheel, ring: Ring): void {
    ring./*a*/;
    [ring][0]./*b*/;
  }
}
";
    let world = open(dir.path(), text);
    assert!(!at(&world, dir.path(), "/*a*/").is_from_rows);
    let world = open(dir.path(), text);
    assert!(!at(&world, dir.path(), "/*b*/").is_from_rows);
}
