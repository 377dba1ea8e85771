//! `textDocument/references`.

use tower_lsp::ls_types::*;

use crate::base::Cancel;
use crate::ide::{IdeResult, references};
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

use super::{Place, content};

pub fn references(
    snap: &Snapshot,
    edge: &Edge,
    params: ReferenceParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<Location>>> {
    let at = &params.text_document_position;
    let declarations = params.context.include_declaration;
    let found = match content::is_ours(&at.text_document.uri) {
        true => content::references(snap, edge, at, declarations, cancel)?,
        false => {
            let Some(place) = Place::find(snap, edge, at) else { return Ok(None) };
            references::references(snap, &place.file, place.offset, declarations, cancel)?
        }
    };
    let locations = found.into_iter().filter_map(|found| {
        let text = snap.text(&found.file)?;
        Some(Location { uri: edge.uri(&found.file)?, range: edge.range(&text, found.range) })
    });
    Ok(Some(locations.collect()))
}
