//! References, through generated code.
//!
//! What a macro's output says of a symbol is reported at the use of the macro, once: there a
//! person can do something about it. What it says in an argument's own words is the argument's.

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::Place;
use crate::expand::Expanded;
use crate::project::locate::{Behind, Side, engine_places, locate};
use crate::project::{Loaded, Snapshot};

use super::IdeResult;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub file: FilePath,
    pub range: TextRange,
    /// The use of a macro in whose output the reference stands, as a person would name it.
    pub generated_by: Option<String>,
}

/// In the order of files and texts. `include_declaration` as the protocol has it.
pub fn references(
    snap: &Snapshot,
    file: &FilePath,
    offset: u32,
    include_declaration: bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Reference>> {
    let mut found = Vec::new();
    for loaded in snap.programs_with(file, cancel)? {
        let places = engine_references(&loaded, file, offset, include_declaration, cancel)?;
        found.extend(places.iter().filter_map(|place| reference(&loaded.snap, place)));
    }
    found.sort();
    // At one place, a person's own text goes before what a macro made of it.
    found.dedup_by(|next, kept| next.file == kept.file && next.range == kept.range);
    Ok(found)
}

/// References in engine coordinates: of what stands at the offset's own place, or else at the first of its
/// copies that is a name.
pub(super) fn engine_references(
    loaded: &Loaded,
    file: &FilePath,
    offset: u32,
    include_declaration: bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Place>> {
    let (path, places) = engine_places(&loaded.snap, file, offset, Side::At);
    if !loaded.program.contains(&path) {
        return Ok(Vec::new());
    }
    for at in places {
        cancel.check()?;
        let found = match loaded.index.references(loaded, &path, at, include_declaration, cancel)? {
            Some(found) => found,
            None => loaded.program.references(&path, at, include_declaration, cancel)?,
        };
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Where a person sees a place of the engine's; `None` for what `msc` made for the checker's sake.
pub(super) fn reference(snap: &Snapshot, place: &Place) -> Option<Reference> {
    let located = locate(snap, &place.file, place.range);
    let file = located.file;
    match located.behind {
        Behind::Source(range) => Some(Reference { file, range, generated_by: None }),
        Behind::StandsFor(_) => None,
        Behind::Generated { call, copied, .. } => {
            let expanded = located.expanded?;
            let site = expanded.calls.get(call as usize)?;
            if let Some(range) = copied.filter(|copied| site.range.contains_range(*copied)) {
                return Some(Reference { file, range, generated_by: None });
            }
            let shown = outermost(&expanded, call)?;
            Some(Reference { file, range: site.name, generated_by: Some(shown) })
        }
    }
}

/// How the use that a person wrote is called, of a use in generated code.
fn outermost(expanded: &Expanded, call: u32) -> Option<String> {
    let mut site = expanded.calls.get(call as usize)?;
    while let Some(parent) = site.parent.and_then(|parent| expanded.calls.get(parent as usize)) {
        site = parent;
    }
    Some(site.shown.clone())
}
