//! `textDocument/definition`, `typeDefinition`, `implementation` and `declaration`.

use tower_lsp::ls_types::*;

use crate::base::Cancel;
use crate::ide::IdeResult;
use crate::ide::goto::{self, Targets};
use crate::lsp::analysis::View;
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

use super::{Place, content};

pub fn definition<V: View>(
    view: &V,
    edge: &Edge,
    params: GotoDefinitionParams,
    cancel: &Cancel,
) -> IdeResult<Option<GotoDefinitionResponse>> {
    let at = &params.text_document_position_params;
    if let Some(snap) = view.snapshot().filter(|_| content::is_ours(&at.text_document.uri)) {
        let found = content::definition(snap, edge, at, cancel)?;
        return Ok(found.map(|(asked, targets)| written(view, edge, asked, targets, edge.abilities.definition_link)));
    }
    let Some(place) = Place::find(view, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let targets = view.definition(&place.file, place.offset, cancel)?;
    Ok(Some(response(view, edge, &place, targets, edge.abilities.definition_link)))
}

pub fn type_definition<V: View>(
    view: &V,
    edge: &Edge,
    params: GotoDefinitionParams,
    cancel: &Cancel,
) -> IdeResult<Option<GotoDefinitionResponse>> {
    let Some(place) = Place::find(view, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let targets = view.type_definition(&place.file, place.offset, cancel)?;
    Ok(Some(response(view, edge, &place, targets, edge.abilities.type_definition_link)))
}

pub fn implementation(
    snap: &Snapshot,
    edge: &Edge,
    params: GotoDefinitionParams,
    cancel: &Cancel,
) -> IdeResult<Option<GotoDefinitionResponse>> {
    let Some(place) = Place::find(snap, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let targets = goto::implementation(snap, &place.file, place.offset, cancel)?;
    Ok(Some(response(snap, edge, &place, targets, edge.abilities.implementation_link)))
}

/// TypeScript declares what it defines; only the client's ability to take links may differ.
pub fn declaration(
    snap: &Snapshot,
    edge: &Edge,
    params: GotoDefinitionParams,
    cancel: &Cancel,
) -> IdeResult<Option<GotoDefinitionResponse>> {
    let Some(place) = Place::find(snap, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let targets = goto::definition(snap, &place.file, place.offset, cancel)?;
    Ok(Some(response(snap, edge, &place, targets, edge.abilities.declaration_link)))
}

/// Links where the client takes them; else plain locations of the names.
fn response<V: View>(view: &V, edge: &Edge, place: &Place, found: Targets, links: bool) -> GotoDefinitionResponse {
    let asked = found.asked.map(|range| edge.range(&place.text, range));
    written(view, edge, asked, found, links)
}

fn written<V: View>(
    view: &V,
    edge: &Edge,
    asked: Option<Range>,
    found: Targets,
    links: bool,
) -> GotoDefinitionResponse {
    let targets = found.targets.into_iter().filter_map(|target| {
        let text = view.text(&target.file)?;
        Some(LocationLink {
            origin_selection_range: asked,
            target_uri: edge.uri(&target.file)?,
            target_range: edge.range(&text, target.full),
            target_selection_range: edge.range(&text, target.range),
        })
    });
    if links {
        GotoDefinitionResponse::Link(targets.collect())
    } else {
        let locations = targets.map(|link| Location { uri: link.target_uri, range: link.target_selection_range });
        GotoDefinitionResponse::Array(locations.collect())
    }
}
