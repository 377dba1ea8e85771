//! `textDocument/formatting` and `textDocument/rangeFormatting`.

use tower_lsp::ls_types::*;

use crate::base::{Cancel, TextRange};
use crate::ide::on_type_formatting::Indentation;
use crate::ide::{IdeResult, formatting};
use crate::lsp::from_proto;
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

pub fn whole(
    snap: &Snapshot,
    edge: &Edge,
    params: DocumentFormattingParams,
    _: &Cancel,
) -> IdeResult<Option<Vec<TextEdit>>> {
    Ok(format(snap, edge, &params.text_document.uri, None, &params.options))
}

pub fn range(
    snap: &Snapshot,
    edge: &Edge,
    params: DocumentRangeFormattingParams,
    _: &Cancel,
) -> IdeResult<Option<Vec<TextEdit>>> {
    Ok(format(snap, edge, &params.text_document.uri, Some(&[params.range]), &params.options))
}

fn format(
    snap: &Snapshot,
    edge: &Edge,
    uri: &Uri,
    ranges: Option<&[Range]>,
    options: &FormattingOptions,
) -> Option<Vec<TextEdit>> {
    let file = edge.file(uri)?;
    let text = snap.text(&file)?;
    let ranges: Option<Vec<TextRange>> = ranges.map(|ranges| {
        let offset = |position| from_proto::offset(&text, position, edge.encoding());
        ranges
            .iter()
            .map(|range| (offset(range.start), offset(range.end)))
            .map(|(start, end)| TextRange::new(start, end.max(start)))
            .collect()
    });
    let editor = Indentation { size: options.tab_size, with_spaces: options.insert_spaces };
    let edits = formatting::formatting(snap, &file, ranges.as_deref(), editor);
    Some(edits.into_iter().map(|edit| TextEdit::new(edge.range(&text, edit.range), edit.text)).collect())
}
