//! Call hierarchy and type hierarchy, through generated code.
//!
//! A function or class that a macro made is an item like any other: it stands at the macro's use, and
//! carries where the engine sees it, so that the next question can go on from there.
//!
//! Start reading at [`Item`].

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::base::{Cancel, Digest, FilePath, TextRange};
use crate::engine::{CallItem, Calls, CompletionKind, Place};
use crate::project::locate::{Behind, Side, engine_places, locate};
use crate::project::problems::source_names;
use crate::project::{Loaded, Snapshot};
use crate::syntax::{Field, Kind, Node, SyntaxFile};
use crate::text::SourceText;

use super::IdeResult;
use super::references::engine_references;

/// Where the engine sees an item, as long as the expanded text is the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handle {
    /// The file that a person sees.
    pub file: FilePath,
    path: FilePath,
    at: u32,
    text: Digest,
    /// Its name in the source, where it has one there.
    source: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub name: String,
    pub kind: CompletionKind,
    /// Where it stands, or which macro made it.
    pub detail: String,
    /// The name; of what a macro made, the macro's use.
    pub range: TextRange,
    /// The whole declaration, or use.
    pub full: TextRange,
    pub is_generated: bool,
    pub handle: Handle,
}

/// One end of calls, and where they stand in the caller's file, in live text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallsOf {
    pub item: Item,
    pub ranges: Vec<TextRange>,
}

pub fn prepare_calls(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Vec<Item>> {
    let loaded = snap.program_for(file, cancel)?;
    let (path, places) = engine_places(&loaded.snap, file, offset, Side::At);
    if !loaded.program.contains(&path) {
        return Ok(Vec::new());
    }
    for at in places {
        cancel.check()?;
        let found = loaded.program.call_items(&path, at, cancel)?;
        if !found.is_empty() {
            return Ok(found.into_iter().filter_map(|found| call_item(&loaded.snap, found)).collect());
        }
    }
    Ok(Vec::new())
}

pub fn incoming_calls(snap: &Snapshot, of: &Handle, cancel: &Cancel) -> IdeResult<Vec<CallsOf>> {
    let loaded = snap.program_for(&of.file, cancel)?;
    let Some(at) = current(&loaded.snap, of) else { return Ok(Vec::new()) };
    let calls = loaded.program.incoming_calls(&of.path, at, cancel)?;
    Ok(all_calls(&loaded.snap, calls, None))
}

pub fn outgoing_calls(snap: &Snapshot, of: &Handle, cancel: &Cancel) -> IdeResult<Vec<CallsOf>> {
    let loaded = snap.program_for(&of.file, cancel)?;
    let Some(at) = current(&loaded.snap, of) else { return Ok(Vec::new()) };
    let calls = loaded.program.outgoing_calls(&of.path, at, cancel)?;
    Ok(all_calls(&loaded.snap, calls, Some(&of.path)))
}

/// `caller` is the file that the ranges speak of; `None`: the item's own.
fn all_calls(snap: &Snapshot, calls: Vec<Calls>, caller: Option<&FilePath>) -> Vec<CallsOf> {
    let mut out = Vec::new();
    for calls in calls {
        let path = caller.cloned().unwrap_or_else(|| calls.item.place.file.clone());
        let Some(item) = call_item(snap, calls.item) else { continue };
        let mut ranges: Vec<TextRange> = calls.ranges.iter().filter_map(|&range| shown(snap, &path, range)).collect();
        ranges.sort();
        ranges.dedup();
        if !ranges.is_empty() {
            out.push(CallsOf { item, ranges });
        }
    }
    out
}

/// A range as a person sees it: in generated code, the macro's use.
fn shown(snap: &Snapshot, path: &FilePath, range: TextRange) -> Option<TextRange> {
    let located = locate(snap, path, range);
    match located.behind {
        Behind::Source(range) => Some(range),
        Behind::StandsFor(_) => None,
        Behind::Generated { call, copied, .. } => {
            let expanded = located.expanded?;
            let site = expanded.calls.get(call as usize)?;
            Some(copied.filter(|copied| site.range.contains_range(*copied)).unwrap_or(site.name))
        }
    }
}

fn call_item(snap: &Snapshot, found: CallItem) -> Option<Item> {
    let name = source_names(&found.name);
    item(snap, name, found.kind, found.detail, &found.place)
}

fn item(snap: &Snapshot, name: String, kind: CompletionKind, detail: String, place: &Place) -> Option<Item> {
    let located = locate(snap, &place.file, place.range);
    let file = located.file.clone();
    let text = engine_text(snap, &place.file)?;
    let mut handle = Handle {
        file: file.clone(),
        path: place.file.clone(),
        at: place.range.start,
        text: text.digest(),
        source: None,
    };
    match located.behind {
        Behind::Source(range) | Behind::StandsFor(range) => {
            handle.source = Some(range.start);
            let full = place.full.and_then(|full| match locate(snap, &place.file, full).behind {
                Behind::Source(full) if full.contains_range(range) => Some(full),
                _ => None,
            });
            let name = match kind {
                CompletionKind::Module => file.name().to_owned(),
                // In a quote, a splice has a name for the checker's sake.
                _ if name.contains("__ms_") => range.of(snap.text(&file)?.as_str()).to_owned(),
                _ => name,
            };
            Some(Item { name, kind, detail, range, full: full.unwrap_or(range), is_generated: false, handle })
        }
        Behind::Generated { call, .. } => {
            let expanded = located.expanded?;
            let site = expanded.calls.get(call as usize)?;
            let detail = format!("generated by @{}", site.shown);
            Some(Item { name, kind, detail, range: site.name, full: site.range, is_generated: true, handle })
        }
    }
}

fn engine_text(snap: &Snapshot, path: &FilePath) -> Option<SourceText> {
    let file = locate(snap, path, TextRange::default()).file;
    match snap.expanded(&file).filter(|_| file.is_metascript()) {
        Some(expanded) => Some(expanded.text.clone()),
        None => snap.text(&file),
    }
}

/// Where the engine sees a handle's item now. `None`: the text changed, and a macro made the item; it
/// is to be looked up again.
fn current(snap: &Snapshot, of: &Handle) -> Option<u32> {
    if engine_text(snap, &of.path)?.digest() == of.text {
        return Some(of.at);
    }
    engine_places(snap, &of.file, of.source?, Side::At).1.first().copied()
}

// Types.

pub fn prepare_types(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Vec<Item>> {
    let loaded = snap.program_for(file, cancel)?;
    let (path, places) = engine_places(&loaded.snap, file, offset, Side::At);
    if !loaded.program.contains(&path) {
        return Ok(Vec::new());
    }
    for at in places {
        let found = types_at(&loaded, &path, at, &mut Trees::default(), cancel)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

pub fn supertypes(snap: &Snapshot, of: &Handle, cancel: &Cancel) -> IdeResult<Vec<Item>> {
    let loaded = snap.program_for(&of.file, cancel)?;
    let Some(at) = current(&loaded.snap, of) else { return Ok(Vec::new()) };
    let mut trees = Trees::default();
    let Some(syntax) = trees.of(&loaded.snap, &of.path) else { return Ok(Vec::new()) };
    let Some(declaration) = type_around(syntax.root(), TextRange::empty(at)) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    declaration.walk(|node| {
        if is_clause(node) {
            // The name of each type: `a.b.C<D>` is C.
            for child in node.named_children().filter(|child| !child.is(Kind::TypeArguments)) {
                names.extend(last_name(child));
            }
        }
        !node.is(Kind::ClassBody) && !node.is(Kind::InterfaceBody)
    });
    let mut out = Vec::new();
    for name in names {
        cancel.check()?;
        for found in types_at(&loaded, &of.path, name, &mut trees, cancel)? {
            if !out.contains(&found) {
                out.push(found);
            }
        }
    }
    Ok(out)
}

pub fn subtypes(snap: &Snapshot, of: &Handle, cancel: &Cancel) -> IdeResult<Vec<Item>> {
    let loaded = snap.program_for(&of.file, cancel)?;
    let Some(at) = current(&loaded.snap, of) else { return Ok(Vec::new()) };
    let mut trees = Trees::default();
    let mut found: BTreeMap<(FilePath, u32), Item> = BTreeMap::new();
    let places = match of.source {
        Some(source) => engine_references(&loaded, &of.file, source, false, cancel)?,
        None => loaded.program.references(&of.path, at, false, cancel)?,
    };
    for place in places {
        cancel.check()?;
        let Some(syntax) = trees.of(&loaded.snap, &place.file) else { continue };
        let Some(node) = syntax.root().covering(place.range) else { continue };
        // In type arguments of a clause, another type is meant.
        let mut up = std::iter::once(node).chain(node.ancestors());
        let clause = up.find(|node| is_clause(*node) || node.is(Kind::TypeArguments) || node.is(Kind::ClassBody));
        let Some(clause) = clause.filter(|clause| is_clause(*clause)) else { continue };
        let Some(declaration) = clause.ancestors().find(|node| is_type(*node)) else { continue };
        if let Some(item) = declared(&loaded.snap, &place.file, declaration) {
            found.insert((place.file.clone(), declaration.start()), item);
        }
    }
    Ok(found.into_values().collect())
}

/// Classes and interfaces that a name leads to.
fn types_at(loaded: &Loaded, path: &FilePath, at: u32, trees: &mut Trees, cancel: &Cancel) -> IdeResult<Vec<Item>> {
    let mut out = Vec::new();
    for place in loaded.program.definition(path, at, cancel)?.targets {
        let Some(syntax) = trees.of(&loaded.snap, &place.file) else { continue };
        let declaration = type_around(syntax.root(), place.range);
        let named =
            declaration.filter(|found| found.field(Field::Name).is_some_and(|name| name.range() == place.range));
        out.extend(named.and_then(|declaration| declared(&loaded.snap, &place.file, declaration)));
    }
    Ok(out)
}

fn declared(snap: &Snapshot, path: &FilePath, declaration: Node<'_>) -> Option<Item> {
    let name = declaration.field(Field::Name)?;
    let kind =
        if declaration.is(Kind::InterfaceDeclaration) { CompletionKind::Interface } else { CompletionKind::Class };
    let place = Place { file: path.clone(), range: name.range(), full: Some(declaration.range()) };
    item(snap, name.text().to_owned(), kind, String::new(), &place)
}

fn is_type(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class | Kind::InterfaceDeclaration
    )
}

fn is_clause(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::ExtendsClause | Kind::ImplementsClause | Kind::ExtendsTypeClause)
}

fn type_around(root: Node<'_>, range: TextRange) -> Option<Node<'_>> {
    let node = root.covering(range)?;
    std::iter::once(node).chain(node.ancestors()).find(|node| is_type(*node))
}

/// Where the name of a type begins that a clause names.
fn last_name(node: Node<'_>) -> Option<u32> {
    match node.kind() {
        Kind::Identifier | Kind::TypeIdentifier | Kind::PropertyIdentifier => Some(node.start()),
        Kind::MemberExpression => node.field(Field::Property).map(Node::start),
        _ => node.named_children().filter(|child| !child.is(Kind::TypeArguments)).last().and_then(last_name),
    }
}

/// Trees of what the engine reads, for one question.
#[derive(Default)]
struct Trees(HashMap<FilePath, Option<SyntaxFile>>);

impl Trees {
    fn of(&mut self, snap: &Snapshot, path: &FilePath) -> Option<SyntaxFile> {
        let made = self.0.entry(path.clone());
        made.or_insert_with(|| engine_text(snap, path).map(SyntaxFile::parse)).clone()
    }
}
