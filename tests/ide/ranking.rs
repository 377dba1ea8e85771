//! How high the name that really stands at a place comes in the list of completions there: one number over
//! places in our own sources, which may not fall.
//!
//! At each place the name is taken away but for its first letter (after a dot, whole), and completion is asked for. The
//! score is the mean of 1 / rank among the items that begin with what is left; a name that is not offered counts 0. Places
//! are chosen by a hash of their line, so that edits elsewhere leave them alone.
//!
//! `UPDATE_EXPECT=1` writes the score of now into `tests/ide/ranking.txt`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use msc::base::{Cancel, TextRange};
use msc::ide::complete::complete;
use msc::syntax::{Field, Kind, Node, SyntaxFile};
use msc::text::SourceText;

use crate::support::Session;

const PLACES: usize = 240;

/// How much edits of the sources themselves may move the score.
const SLACK: f64 = 0.02;

struct Place {
    file: String,
    range: TextRange,
    name: String,
    is_member: bool,
    hash: u64,
}

/// The sources, as a fixture: the example and the standard library.
fn fixture() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = String::new();
    for (folder, shown) in [("examples/shop/src", "/shop"), ("src/std", "/std")] {
        add(&root.join(folder), shown, &mut out);
    }
    out
}

fn add(folder: &Path, shown: &str, out: &mut String) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("it can be listed").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        if path.is_dir() {
            add(&path, &format!("{shown}/{name}"), out);
        } else {
            let text = fs::read_to_string(&path).expect("it is text");
            let open = if name.ends_with(".ms") { " open" } else { "" };
            // Marks of fixtures are no marks here.
            let text = text.replace("$0", "\\$0").replace("$+{", "$ +{").replace("$-{", "$ -{");
            writeln!(out, "//- {shown}/{name}{open}\n{text}").expect("a string can be written");
        }
    }
}

fn hash(parts: [&str; 3]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn places(file: &str, text: &SourceText) -> Vec<Place> {
    let syntax = SyntaxFile::parse(text.clone());
    let mut out = Vec::new();
    syntax.root().walk(|node| {
        if let Some(is_member) = is_use(node).filter(|_| node.text().len() > 1) {
            let line = node.file_text()[..node.start() as usize].rfind('\n').map_or(0, |at| at + 1);
            let line = node.file_text()[line..].lines().next().unwrap_or_default();
            let name = node.text().to_owned();
            out.push(Place {
                hash: hash([file, line, &name]),
                file: file.to_owned(),
                range: node.range(),
                name,
                is_member,
            });
        }
        !node.is(Kind::ImportStatement)
    });
    out
}

/// Whether a name is used here and not declared; if so, whether it follows a dot.
fn is_use(node: Node<'_>) -> Option<bool> {
    let parent = node.parent()?;
    match node.kind() {
        Kind::PropertyIdentifier => (parent.is(Kind::MemberExpression)).then_some(true),
        Kind::Identifier | Kind::TypeIdentifier => {
            let is_declared = parent.field(Field::Name) == Some(node)
                || parent.field(Field::Pattern) == Some(node)
                || parent.field(Field::Parameter) == Some(node)
                || parent.field(Field::Left) == Some(node) && parent.is(Kind::ForInStatement);
            (!is_declared).then_some(false)
        }
        _ => None,
    }
}

#[test]
fn what_was_written_comes_first() {
    let mut session = Session::expanded(&fixture());
    let files: Vec<String> = session.open_names();
    let mut chosen: Vec<Place> = Vec::new();
    for file in files.iter().filter(|file| *file != "/std/meta.ms") {
        chosen.extend(places(file, &session.text(file)));
    }
    chosen.sort_by_key(|place| place.hash);
    chosen.dedup_by_key(|place| place.hash);
    chosen.truncate(PLACES);
    assert_eq!(chosen.len(), PLACES, "there are enough places");

    let (mut sum, mut first, mut five, mut absent) = (0.0, 0, 0, 0);
    for place in &chosen {
        let keep = if place.is_member { 0 } else { place.name.chars().next().map_or(0, char::len_utf8) };
        let prefix = &place.name[..keep];
        session.edit(&place.file, place.range, prefix);
        let offset = place.range.start + keep as u32;
        let file = session.file(&place.file);
        let list = complete(&session.snapshot(), &file, offset, None, &Cancel::new()).expect("there is an answer");
        session.edit(&place.file, TextRange::new(place.range.start, offset), &place.name);

        let mut items: Vec<_> = list.items.iter().filter(|item| item.label.starts_with(prefix)).collect();
        items.sort_by(|a, b| (&a.sort, &a.label).cmp(&(&b.sort, &b.label)));
        let rank = items.iter().position(|item| item.label == place.name).map(|at| at + 1);
        if std::env::var_os("MSC_RANKS").is_some() {
            let ahead: Vec<_> = items.iter().take(4).map(|item| (&item.label, &item.sort)).collect();
            eprintln!("{rank:?} of {}: {} in {}: {ahead:?}", items.len(), place.name, place.file);
        }
        match rank {
            Some(rank) => {
                sum += 1.0 / rank as f64;
                first += usize::from(rank == 1);
                five += usize::from(rank <= 5);
            }
            None => absent += 1,
        }
    }
    let score = sum / PLACES as f64;
    let shown = format!(
        "{score:.3} mean reciprocal rank\n{PLACES} places\n{first} first\n{five} among the first five\n{absent} not offered\n"
    );
    eprintln!("{shown}");
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ide/ranking.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&record, &shown).expect("it can be written");
    }
    let recorded = fs::read_to_string(&record).expect("the score is kept");
    let kept: f64 = recorded.split(' ').next().and_then(|score| score.parse().ok()).expect("it begins with the score");
    assert!(score >= kept - SLACK, "the score fell from {kept} to {shown}; if that is meant: UPDATE_EXPECT=1");
}
