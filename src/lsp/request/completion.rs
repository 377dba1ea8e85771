//! `textDocument/completion` and `completionItem/resolve`.

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath, TextRange};
use crate::ide::IdeResult;
use crate::ide::complete::Completion;
use crate::lsp::analysis::View;
use crate::lsp::to_proto::{self, Edge};

use super::Place;

/// What an item carries so that it can be asked about later. Names are short since a list repeats
/// it for each of its items.
#[derive(Serialize, Deserialize)]
pub struct ItemData {
    #[serde(rename = "f")]
    pub file: FilePath,
    #[serde(rename = "o")]
    pub offset: u32,
    #[serde(rename = "t")]
    pub token: String,
}

pub fn completion<V: View>(
    view: &V,
    edge: &Edge,
    params: CompletionParams,
    cancel: &Cancel,
) -> IdeResult<Option<CompletionResponse>> {
    let Some(place) = Place::find(view, edge, &params.text_document_position) else {
        return Ok(None);
    };
    let typed = params.context.and_then(|context| context.trigger_character);
    let trigger = typed.and_then(|typed| typed.chars().next());
    let list = view.complete(&place.file, place.offset, trigger, cancel)?;
    let items = list.items.into_iter().map(|one| item(edge, &place, one)).collect();
    Ok(Some(CompletionList { is_incomplete: list.is_incomplete, items }.into()))
}

fn item(edge: &Edge, place: &Place, one: Completion) -> CompletionItem {
    let abilities = &edge.abilities;
    let snippet = one.is_snippet && abilities.snippets;
    let new_text = if one.is_snippet && !snippet { to_proto::without_stops(&one.insert) } else { one.insert };
    let replace = one.replace;
    // Up to the cursor: what stands behind it was not typed for this item.
    let insert = TextRange::new(replace.start, place.offset.clamp(replace.start, replace.end));
    let insert = edge.range(&place.text, insert);
    let text_edit = if abilities.insert_replace {
        let replace = edge.range(&place.text, replace);
        CompletionTextEdit::InsertAndReplace(InsertReplaceEdit { new_text, insert, replace })
    } else {
        CompletionTextEdit::Edit(TextEdit { range: insert, new_text })
    };
    let (label_details, detail) = match one.label_detail {
        Some(text) if abilities.label_details => {
            (Some(CompletionItemLabelDetails { detail: None, description: Some(text) }), None)
        }
        text => (None, text),
    };
    // What waits can be asked for with the one item that a person takes.
    let waits = abilities.lazy_edits && one.token.is_some();
    let additional = (!one.edits.is_empty() && !waits).then(|| {
        one.edits.iter().map(|edit| TextEdit::new(edge.range(&place.text, edit.range), edit.text.clone())).collect()
    });
    let data = one.token.and_then(|token| {
        serde_json::to_value(ItemData { file: place.file.clone(), offset: place.offset, token }).ok()
    });
    CompletionItem {
        label: one.label,
        label_details,
        detail,
        kind: Some(to_proto::completion_kind(one.kind, &abilities.kinds)),
        sort_text: Some(one.sort),
        filter_text: one.filter,
        insert_text_format: snippet.then_some(InsertTextFormat::SNIPPET),
        text_edit: Some(text_edit),
        additional_text_edits: additional,
        tags: (one.deprecated && abilities.deprecated_tag).then(|| vec![CompletionItemTag::DEPRECATED]),
        deprecated: (one.deprecated && !abilities.deprecated_tag && abilities.deprecated_flag).then_some(true),
        data,
        ..CompletionItem::default()
    }
}

/// What an item's file is, where it is an item of ours that has more to tell.
pub fn data(item: &CompletionItem) -> Option<ItemData> {
    serde_json::from_value(item.data.clone()?).ok()
}

pub fn resolve<V: View>(view: &V, edge: &Edge, mut item: CompletionItem, cancel: &Cancel) -> IdeResult<CompletionItem> {
    let Some(data) = data(&item) else {
        return Ok(item);
    };
    let Some(text) = view.text(&data.file) else {
        return Ok(item);
    };
    let more = view.resolve(&data.file, data.offset, &item.label, &data.token, cancel)?;
    item.detail = more.detail.or(item.detail);
    if let Some(markdown) = more.documentation {
        let content = to_proto::markup(markdown, edge.abilities.documentation_markdown);
        item.documentation = Some(Documentation::MarkupContent(content));
    }
    if !more.edits.is_empty() {
        let edits = more.edits.into_iter().map(|edit| TextEdit::new(edge.range(&text, edit.range), edit.text));
        item.additional_text_edits = Some(edits.collect());
    }
    Ok(item)
}
