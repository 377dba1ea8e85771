//! From places in expanded text to places that a person can edit, and back.

use std::sync::Arc;

use crate::base::{FilePath, TextRange};
use crate::expand::{Expanded, Origin, Segment, SpanMap};

use super::Snapshot;
use super::files::{engine_path, source_path};

/// What stands behind a range of expanded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The same text in the source.
    Source(TextRange),
    /// Text that `msc` made to stand for this part of the source.
    StandsFor(TextRange),
    /// Text that a macro generated.
    Generated {
        /// Index into the expansion's calls.
        call: u32,
        /// The part of the source that was copied here, where it was.
        copied: Option<TextRange>,
        /// Where the macro's own source says it: file and range.
        written: Option<(FilePath, TextRange)>,
    },
}

/// What stands behind `range` of the expanded text.
pub fn behind(map: &SpanMap, range: TextRange) -> Behind {
    let Some(first) = map.segment_at(range.start) else {
        return Behind::Source(range);
    };
    let last = if range.is_empty() { first } else { map.segment_at(range.end - 1).unwrap_or(first) };
    match (&first.origin, &last.origin) {
        (Origin::Verbatim { source }, Origin::Verbatim { source: end }) => {
            let start = source.start + (range.start - first.expanded.start);
            let end = end.start + (range.end - last.expanded.start);
            Behind::Source(TextRange::new(start, end.max(start)))
        }
        (Origin::Verbatim { source }, _) => {
            // Runs on into generated text: the part that is the person's own.
            let start = source.start + (range.start - first.expanded.start);
            Behind::Source(TextRange::new(start, source.end.max(start)))
        }
        (Origin::Glue { source }, _) => Behind::StandsFor(*source),
        (Origin::Copied { call, source }, _) => {
            let whole = first.expanded.contains_range(range);
            let copied = if whole {
                let start = source.start + (range.start - first.expanded.start);
                TextRange::new(start, start + range.len())
            } else {
                *source
            };
            Behind::Generated { call: *call, copied: Some(copied), written: written_near(map, first, *call) }
        }
        (Origin::Quoted { call, module, range: quoted }, _) => {
            let at = quoted.start + (range.start - first.expanded.start).min(quoted.len());
            let end = (at + range.len().min(first.expanded.end - range.start)).min(quoted.end.max(at));
            Behind::Generated {
                call: *call,
                copied: None,
                written: Some((module.clone(), TextRange::new(at, end.max(at)))),
            }
        }
        (Origin::Computed { call, module, range }, _) => {
            Behind::Generated { call: *call, copied: None, written: Some((module.clone(), *range)) }
        }
    }
}

/// The macro's source around a copied stretch: that of the nearest quoted neighbour of its call.
fn written_near(map: &SpanMap, at: &Segment, of: u32) -> Option<(FilePath, TextRange)> {
    let segments = map.segments();
    let index = segments.partition_point(|segment| segment.expanded.start < at.expanded.start);
    let place = |segment: &Segment, at_end: bool| match &segment.origin {
        Origin::Quoted { call, module, range } if *call == of => {
            let point = if at_end { range.end } else { range.start };
            Some((module.clone(), TextRange::empty(point)))
        }
        Origin::Computed { call, module, range } if *call == of => Some((module.clone(), *range)),
        _ => None,
    };
    let before = segments[..index].iter().rev().take(4).find_map(|segment| place(segment, true));
    before.or_else(|| segments.get(index + 1..)?.iter().take(4).find_map(|segment| place(segment, false)))
}

/// A place of the program as the person sees it.
pub struct Located {
    pub file: FilePath,
    /// The expansion, where the file has one.
    pub expanded: Option<Arc<Expanded>>,
    pub behind: Behind,
}

/// Leads a place of the engine's back to its source.
pub fn locate(snap: &Snapshot, path: &FilePath, range: TextRange) -> Located {
    let file = source_path(snap, path);
    if !file.is_metascript() {
        return Located { file, expanded: None, behind: Behind::Source(range) };
    }
    match snap.expanded(&file) {
        Some(expanded) => {
            let behind = behind(&expanded.map, range);
            Located { file, expanded: Some(expanded), behind }
        }
        None => Located { file, expanded: None, behind: Behind::Source(range) },
    }
}

/// Which side of a cursor a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What stands at the cursor: hover, definition.
    At,
    /// What was typed before it: completion.
    Before,
}

/// The engine's file and the offsets in it that stand for an offset of the source, best first: its
/// own place, then its copies in generated code.
pub fn engine_places(snap: &Snapshot, file: &FilePath, offset: u32, side: Side) -> (FilePath, Vec<u32>) {
    let path = engine_path(file);
    if !file.is_metascript() {
        return (path, vec![offset]);
    }
    let Some(expanded) = snap.expanded(file) else { return (path, Vec::new()) };
    let places = match side {
        Side::At => expanded.map.down(offset).collect(),
        Side::Before => expanded.map.down_before(offset).collect(),
    };
    (path, places)
}
