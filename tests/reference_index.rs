//! The reference index against the type engine: for any name in a program both say the same, also
//! after edits, and an edit has the index read few files again.
//!
//! `MSC_EDITS` sets how many random edits a project gets.

use std::fs;
use std::sync::atomic::Ordering;

use msc::base::{Cancel, FilePath, TextRange};
use msc::engine::Place;
use msc::ide::workspace_symbol::{Symbol, search};
use msc::project::{Change, Edit, Loaded, World, WorldOptions, check, index};
use msc::text::{Encoding, LineIndex};

/// Members in every relation that a search follows.
const MODEL: &str = r#"
export interface Named { name: string; rename(to: string): void; }
export interface Sized { size?: number; }
export abstract class Base implements Named {
  name = "base";
  static name2 = 1;
  protected seen = 0;
  private secret = 1;
  #hidden = 2;
  constructor(readonly id: number, public title: string) { this.seen = id + title.length; }
  rename(to: string): void { this.name = to; this.secret += this.#hidden; }
  get area(): number { return this.seen; }
  set area(value: number) { this.seen = value; }
  abstract draw(on: Canvas): void;
  /** Like {@link Base.rename}, but not. */
  other(): void { this.rename("x"); }
}
export class Canvas { width = 1; height = 2; at(x: number) { return { x, width: this.width }; } }
export class Shape extends Base implements Sized {
  size = 3;
  draw(on: Canvas): void { on.width += this.size; this.rename("shape"); }
}
export class Circle extends Shape {
  override rename(to: string): void { super.rename(to); }
  draw(on: Canvas): void { super.draw(on); }
  toString() { return this.name; }
}
export class Box<T> { constructor(public value: T) {} map<U>(f: (value: T) => U): Box<U> { return new Box(f(this.value)); } }
export type Part = { kind: "a"; first: number } | { kind: "b"; second: string };
export enum Color { Red, Green = Red }
export type Options = { color?: Color; size: number; nested: { deep: string } };
"#;

const USER: &str = r#"
import { Base, Box, Canvas, Circle, Color, type Named, type Options, type Part, Shape } from "./model.js";
import * as model from "./model.js";
export function use(a: Shape, b: Circle, c: Named, p: Part, o: Options): number {
  a.rename("a"); b.rename("b"); c.rename("c"); a.name; b.name; c.name = "";
  const { name, size: long } = a;
  const { nested: { deep } } = o;
  let width = 0, name2 = "";
  ({ width } = new Canvas());
  ({ name: name2 } = b);
  const both: Shape | Circle = a.size > 1 ? a : b;
  both.draw(new Canvas());
  both.rename(name + name2 + deep + width);
  const made: Options = { color: Color.Red, size: 1, nested: { deep: "x" } };
  const short = { name, size: long };
  short.name; short.size; made.nested.deep;
  if (p.kind === "a") { p.first; } else { p.second; }
  const box = new Box(a).map(value => value.size);
  box.value.toFixed(); o["size"]; a.area = a.area + 1; a.id; a.title;
  const partial: Partial<Options> = { size: 2 };
  partial.size; partial.nested?.deep;
  const picked: Pick<Shape, "name" | "size"> = a;
  picked.name; picked.size;
  const fn: (on: Named) => string = on => on.name;
  const m: model.Canvas = new model.Canvas();
  m.at(1).x; m.at(2).width; m.height;
  Base.name2;
  return long + fn(a).length;
}
export function generic<T extends Named & { size: number }>(it: T): number { it.rename(it.name); return it.size; }
export const table: Record<string, Named> = { one: { name: "one", rename() {} } };
export const listed = [{ name: "a", size: 1 }, { name: "b", size: 2 }];
export const sizes = listed.map(({ size, name }) => size + name.length);
export const inferred = () => ({ size: 1, inner: { name: "n" } });
inferred().inner.name; inferred().size; table["one"].name; listed[0].name.length;
"#;

struct Project {
    folder: tempfile::TempDir,
    world: World,
}

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("it can be made");
            fs::write(path, text).expect("it can be written");
        }
        Project::at(folder)
    }

    fn at(folder: tempfile::TempDir) -> Project {
        let options = WorldOptions {
            roots: vec![FilePath::from_os(folder.path())],
            exe: env!("CARGO_BIN_EXE_msc").into(),
            workers: 2,
            ..WorldOptions::new(Vec::new())
        };
        let mut project = Project { world: World::new(options), folder };
        let root = FilePath::from_os(project.folder.path());
        let (found, _) = check::check(&mut project.world, &[root], &Cancel::new()).expect("nobody cancels");
        assert!(found.iter().all(|one| !one.code.to_string().starts_with("MS")), "{found:#?}");
        project
    }

    fn path(&self, name: &str) -> FilePath {
        FilePath::from_os(&self.folder.path().join(name))
    }

    fn open(&mut self, name: &str) {
        let file = self.path(name);
        let text = fs::read_to_string(self.folder.path().join(name)).expect("the file is there");
        self.world.apply(Change::Open { file, version: 1, text }).expect("an open is applied");
    }

    fn edit(&mut self, name: &str, version: i32, range: TextRange, text: &str) {
        let file = self.path(name);
        let old = self.world.text(&file).expect("it is open").as_str().to_owned();
        let lines = LineIndex::new(&old);
        let at = |offset| lines.line_col(&old, offset, Encoding::Utf8);
        let edit = Edit { range: Some((at(range.start), at(range.end))), text: text.to_owned() };
        let change = Change::Edit { file, version, edits: vec![edit], encoding: Encoding::Utf8 };
        self.world.apply(change).expect("an edit is applied");
    }

    fn loaded(&self, name: &str) -> Loaded {
        self.world.snapshot().program_for(&self.path(name), &Cancel::new()).expect("there is a program")
    }

    fn complete(&self) {
        index::complete(&self.world.snapshot(), &Cancel::new()).expect("the index is filled");
    }
}

fn symbols(project: &Project) -> Vec<Symbol> {
    let snap = project.world.snapshot();
    ["equals", "use", "C1"].iter().flat_map(|query| search(&snap, query, &Cancel::new()).expect("it works")).collect()
}

fn names(text: &str) -> Vec<(u32, &str)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '#';
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(is_name).map(|start| at + start) {
        let end = text[start..].find(|c| !is_name(c)).map_or(text.len(), |end| start + end);
        out.push((start as u32, &text[start..end]));
        at = end;
    }
    out
}

fn sorted(mut places: Vec<Place>) -> Vec<(String, TextRange)> {
    places.sort_by(|a, b| (&a.file, a.range).cmp(&(&b.file, b.range)));
    places.into_iter().map(|place| (place.file.name().to_owned(), place.range)).collect()
}

/// Compares both at every name that `pick` takes; the number of questions that the index answered.
fn compare(loaded: &Loaded, mut pick: impl FnMut() -> bool) -> usize {
    let cancel = Cancel::new();
    let files = loaded.snap.files();
    let mut answered = 0;
    for surface in loaded.program.surfaces(&cancel).expect("there are surfaces") {
        if surface.is_external {
            continue;
        }
        let text = files.read(&surface.file).expect("a file of the program has a text");
        for (offset, name) in names(&text) {
            if !pick() {
                continue;
            }
            for declarations in [true, false] {
                let index = loaded.index.references(loaded, &surface.file, offset, declarations, &cancel);
                let Some(found) = index.expect("the index works") else { continue };
                let engine = loaded.program.references(&surface.file, offset, declarations, &cancel);
                let line = text[..offset as usize].matches('\n').count() + 1;
                assert_eq!(
                    sorted(found),
                    sorted(engine.expect("the engine works")),
                    "{name} in {}:{line}, declarations: {declarations}",
                    surface.file.name()
                );
                answered += 1;
            }
        }
    }
    answered
}

const CONFIG: (&str, &str) = ("tsconfig.json", r#"{"compilerOptions": {"strict": true, "module": "nodenext"}}"#);

#[test]
fn members_in_every_relation_are_found_as_the_engine_finds_them() {
    let project = Project::new(&[CONFIG, ("model.ts", MODEL), ("user.ts", USER)]);
    project.complete();
    let answered = compare(&project.loaded("user.ts"), || true);
    assert!(answered > 130, "the index answered {answered} questions only");
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

const CLASSES: usize = 4;

/// A project whose classes have generated members, and a file that uses them all.
fn derived() -> Vec<(String, String)> {
    let mut files = vec![("metascript.json".to_owned(), r#"{"compilerOptions": {"strict": true}}"#.to_owned())];
    let mut user = String::new();
    let mut body = String::new();
    for number in 0..CLASSES {
        let base = if number % 2 == 1 { format!(" extends C{}", number - 1) } else { String::new() };
        let import = match number % 2 {
            1 => format!("import {{ C{0} }} from './c{0}';\n", number - 1),
            _ => String::new(),
        };
        let text = format!(
            "{import}@derive(Eq, Hash, Clone, Debug)\nexport class C{number}{base} {{\n  constructor(public id{number}: number = {number}) {{ {} }}\n  name = \"c{number}\";\n  size(): number {{\n    return this.name.length;\n  }}\n}}\n",
            if number % 2 == 1 { "super();" } else { "" }
        );
        files.push((format!("c{number}.ms"), text));
        user += &format!("import {{ C{number} }} from './c{number}';\n");
        body += &format!(
            "export function use{number}(a: C{number}, b: C{number}): number {{\n  if (a.equals(b)) {{ return a.hashCode() + a.size(); }}\n  const c = a.clone();\n  c.name = a.toString() + c.name;\n  return c.id{number};\n}}\n"
        );
    }
    files.push(("main.ms".to_owned(), user + body.as_str()));
    files
}

#[test]
fn generated_members_are_found_as_the_engine_finds_them_also_after_edits_and_from_rows() {
    let files = derived();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut project = Project::new(&files);
    project.complete();
    let counts = |loaded: &Loaded| {
        let counts = loaded.index.counts();
        (counts.made.load(Ordering::Relaxed), counts.from_rows.load(Ordering::Relaxed))
    };
    let loaded = project.loaded("main.ms");
    let answered = compare(&loaded, || true);
    assert!(answered > 120, "the index answered {answered} questions only");
    let all = counts(&loaded).0;
    let declared = symbols(&project);
    assert!(declared.iter().any(|one| one.name == "equals" && one.generated_by.is_some()), "{declared:?}");
    assert_eq!(all as usize, CLASSES + 1);

    // Inside a body: one file is read again. What a class shows: those that import it, too.
    project.open("c0.ms");
    project.open("main.ms");
    let text = project.world.text(&project.path("c0.ms")).expect("it is open").as_str().to_owned();
    let at = text.find("return this").expect("there is a body") as u32;
    project.edit("c0.ms", 2, TextRange::empty(at), "this.size(); ");
    project.complete();
    let loaded = project.loaded("main.ms");
    assert_eq!(counts(&loaded).0 - all, 1);
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    compare(&loaded, || random.below(8) == 0);
    let at = text.find("  name =").expect("there is a field") as u32;
    project.edit("c0.ms", 3, TextRange::empty(at), "  more = this.name; ");
    project.complete();
    let loaded = project.loaded("main.ms");
    // c0, its subclass in c1, and main.
    assert_eq!(counts(&loaded).0 - all, 4);
    compare(&loaded, || random.below(8) == 0);

    // Random edits, of which some leave the text broken for a while.
    let edits: usize = std::env::var("MSC_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    let typed = ["size", "this.name; ", ".equals(b)", "}", "{", "other: number = 1; ", "(", " ", "x", "\n"];
    for (version, _) in (4..).zip(0..edits) {
        let name = ["c0.ms", "main.ms"][random.below(2)];
        let text = project.world.text(&project.path(name)).expect("it is open").as_str().to_owned();
        let start = random.below(text.len());
        let end = (start + random.below(3) * random.below(4)).min(text.len());
        let range = TextRange::new(start as u32, end as u32);
        project.edit(name, version, range, typed[random.below(typed.len())]);
        if random.below(3) == 0 {
            project.complete();
        }
        compare(&project.loaded("main.ms"), || random.below(16) == 0);
    }

    // Another process reads rows, not files.
    let Project { folder, world } = project;
    drop(world);
    let project = Project::at(folder);
    assert_eq!(symbols(&project), declared);
    assert_eq!(
        project.world.shared().counters.loads.load(Ordering::Relaxed),
        0,
        "rows answer before the engine has loaded"
    );
    project.loaded("main.ms");
    project.complete();
    let loaded = project.loaded("main.ms");
    assert_eq!(counts(&loaded), (0, all));
    assert!(compare(&loaded, || random.below(4) == 0) > 20);
}
