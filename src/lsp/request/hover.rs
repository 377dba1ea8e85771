//! `textDocument/hover`.

use tower_lsp::ls_types::*;

use crate::base::Cancel;
use crate::ide::IdeResult;
use crate::lsp::analysis::View;
use crate::lsp::to_proto::{self, Edge};

use super::{Place, content};

pub fn hover<V: View>(view: &V, edge: &Edge, params: HoverParams, cancel: &Cancel) -> IdeResult<Option<Hover>> {
    let at = &params.text_document_position_params;
    if let Some(snap) = view.snapshot().filter(|_| content::is_ours(&at.text_document.uri)) {
        return content::hover(snap, edge, at, cancel);
    }
    let Some(place) = Place::find(view, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let answer = view.hover(&place.file, place.offset, cancel)?;
    Ok(answer.map(|answer| Hover {
        contents: HoverContents::Markup(to_proto::markup(answer.markdown, edge.abilities.hover_markdown)),
        range: Some(edge.range(&place.text, answer.range)),
    }))
}
