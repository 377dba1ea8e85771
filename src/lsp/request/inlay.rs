//! `textDocument/inlayHint`.

use tower_lsp::ls_types::*;

use crate::base::{Cancel, TextRange};
use crate::engine::InlayKind;
use crate::ide::{IdeResult, inlay};
use crate::lsp::from_proto;
use crate::lsp::to_proto::{self, Edge};
use crate::project::Snapshot;

pub fn inlay_hints(
    snap: &Snapshot,
    edge: &Edge,
    params: InlayHintParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<InlayHint>>> {
    let Some(file) = edge.file(&params.text_document.uri) else { return Ok(None) };
    let Some(text) = snap.text(&file) else { return Ok(None) };
    let start = from_proto::offset(&text, params.range.start, edge.encoding());
    let end = from_proto::offset(&text, params.range.end, edge.encoding());
    let range = TextRange::new(start, end.max(start));
    let options = edge.settings.inlay_hints.options();
    let hints = inlay::inlay_hints(snap, &file, range, options, cancel)?;
    let hints = hints.into_iter().map(|hint| InlayHint {
        position: to_proto::position(&text, hint.offset, edge.encoding()),
        label: InlayHintLabel::String(hint.label),
        kind: Some(match hint.kind {
            InlayKind::Type => InlayHintKind::TYPE,
            InlayKind::Parameter => InlayHintKind::PARAMETER,
        }),
        text_edits: None,
        tooltip: None,
        padding_left: Some(hint.padding_left),
        padding_right: Some(hint.padding_right),
        data: None,
    });
    Ok(Some(hints.collect()))
}
