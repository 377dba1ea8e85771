//! `textDocument/onTypeFormatting`.

use tower_lsp::ls_types::*;

use crate::ide::on_type_formatting::{Indentation, on_type};
use crate::lsp::from_proto;
use crate::lsp::live::Live;

pub fn on_type_formatting(live: &Live<'_>, params: DocumentOnTypeFormattingParams) -> Vec<TextEdit> {
    let text = live.document.text();
    let offset = from_proto::offset(text, params.text_document_position.position, live.edge.encoding());
    let with = Indentation { size: params.options.tab_size.clamp(1, 16), with_spaces: params.options.insert_spaces };
    let Some(typed) = params.ch.chars().next() else { return Vec::new() };
    let edit = on_type(&live.document.syntax, offset, typed, with);
    edit.map(|edit| TextEdit { range: live.edge.range(text, edit.range), new_text: edit.text }).into_iter().collect()
}
