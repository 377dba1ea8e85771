//! `textDocument/documentHighlight` and `textDocument/linkedEditingRange`.

use tower_lsp::ls_types::*;

use crate::ide::document_highlight::{HighlightKind, highlights, label_ranges};
use crate::lsp::from_proto;
use crate::lsp::live::Live;

pub fn document_highlight(live: &Live<'_>, position: Position) -> Vec<DocumentHighlight> {
    let text = live.document.text();
    let offset = from_proto::offset(text, position, live.edge.encoding());
    let highlight = |one: crate::ide::document_highlight::Highlight| DocumentHighlight {
        range: live.edge.range(text, one.range),
        kind: Some(match one.kind {
            HighlightKind::Read => DocumentHighlightKind::READ,
            HighlightKind::Write => DocumentHighlightKind::WRITE,
            HighlightKind::Text => DocumentHighlightKind::TEXT,
        }),
    };
    highlights(&live.document.syntax, offset).into_iter().map(highlight).collect()
}

/// `None` inside: nothing that is edited together stands there.
pub fn linked_editing_range(live: &Live<'_>, position: Position) -> Option<LinkedEditingRanges> {
    let text = live.document.text();
    let offset = from_proto::offset(text, position, live.edge.encoding());
    let ranges: Vec<Range> =
        label_ranges(&live.document.syntax, offset).into_iter().map(|range| live.edge.range(text, range)).collect();
    (!ranges.is_empty()).then_some(LinkedEditingRanges { ranges, word_pattern: None })
}
