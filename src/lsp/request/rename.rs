//! `textDocument/prepareRename` and `textDocument/rename`.

use tower_lsp::ls_types::*;

use crate::base::Cancel;
use crate::ide::{IdeResult, rename};
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

use super::Place;
use super::edits::workspace_edit;

pub fn prepare(
    snap: &Snapshot,
    edge: &Edge,
    params: TextDocumentPositionParams,
    cancel: &Cancel,
) -> IdeResult<Option<PrepareRenameResponse>> {
    let Some(place) = Place::find(snap, edge, &params) else {
        return Ok(None);
    };
    let prepared = rename::prepare(snap, &place.file, place.offset, cancel)?;
    let range = edge.range(&place.text, prepared.range);
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder: prepared.name }))
}

pub fn rename(snap: &Snapshot, edge: &Edge, params: RenameParams, cancel: &Cancel) -> IdeResult<Option<WorkspaceEdit>> {
    let Some(place) = Place::find(snap, edge, &params.text_document_position) else {
        return Ok(None);
    };
    let files = rename::rename(snap, &place.file, place.offset, &params.new_name, cancel)?;
    Ok(Some(workspace_edit(snap, edge, files)))
}
