//! Inlay hints: the engine's, where a person's own text takes them.

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{InlayHint, InlayKind, InlayOptions};
use crate::expand::{Expanded, Origin};
use crate::project::Snapshot;
use crate::project::locate::Side;
use crate::project::locate::{Behind, engine_places, locate};

use super::IdeResult;

/// Stretches of a person's text with less than this between them are asked about together.
const GAP: u32 = 512;

/// Hints within `range` of the live text, in its order.
pub fn inlay_hints(
    snap: &Snapshot,
    file: &FilePath,
    range: TextRange,
    options: InlayOptions,
    cancel: &Cancel,
) -> IdeResult<Vec<InlayHint>> {
    let loaded = snap.program_for(file, cancel)?;
    let snap = &loaded.snap;
    let (path, _) = engine_places(snap, file, range.start, Side::At);
    if !loaded.program.contains(&path) {
        return Ok(Vec::new());
    }
    let parts = match snap.expanded(file).filter(|_| file.is_metascript()) {
        Some(expanded) => stretches(&expanded, range),
        None => vec![range],
    };
    let mut hints: Vec<InlayHint> = Vec::new();
    for part in parts {
        cancel.check()?;
        for hint in loaded.program.inlay_hints(&path, part, options, cancel)? {
            // A type belongs to what stands before it, a parameter's name to what follows.
            let (beside, is_before) = match hint.kind {
                InlayKind::Type => (TextRange::new(hint.offset.saturating_sub(1), hint.offset), true),
                InlayKind::Parameter => (TextRange::new(hint.offset, hint.offset + 1), false),
            };
            let Behind::Source(source) = locate(snap, &path, beside).behind else { continue };
            let offset = if is_before { source.end } else { source.start };
            if range.touches(offset) {
                hints.push(InlayHint { offset, ..hint });
            }
        }
    }
    hints.sort_by_key(|hint| hint.offset);
    hints.dedup();
    Ok(hints)
}

/// Where a part of the source stands in expanded text, near stretches as one.
fn stretches(expanded: &Expanded, wanted: TextRange) -> Vec<TextRange> {
    let mut out: Vec<TextRange> = Vec::new();
    for segment in expanded.map.segments() {
        let Origin::Verbatim { source } = &segment.origin else { continue };
        let (start, end) = (source.start.max(wanted.start), source.end.min(wanted.end));
        if start > end {
            continue;
        }
        let shift = |offset| segment.expanded.start + (offset - source.start);
        let part = TextRange::new(shift(start), shift(end));
        match out.last_mut().filter(|last| part.start <= last.end + GAP) {
            Some(last) => last.end = part.end,
            None => out.push(part),
        }
    }
    out
}
