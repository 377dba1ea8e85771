//! `textDocument/foldingRange`.

use tower_lsp::ls_types::*;

use crate::ide::folding_range::{Fold, FoldKind, folds};
use crate::lsp::live::Live;

pub fn folding_range(live: &Live<'_>) -> Vec<FoldingRange> {
    let mut out: Vec<FoldingRange> = folds(&live.document.syntax).iter().filter_map(|fold| range(live, fold)).collect();
    // Where whole lines fold, an argument list and the object in it are one fold.
    out.dedup_by(|one, before| {
        (one.start_line, one.end_line, one.start_character, one.end_character)
            == (before.start_line, before.end_line, before.start_character, before.end_character)
    });
    if let Some(limit) = live.edge.abilities.fold_limit {
        out.truncate(limit as usize);
    }
    out
}

fn range(live: &Live<'_>, fold: &Fold) -> Option<FoldingRange> {
    let range = live.edge.range(live.document.text(), fold.range);
    let kind = match fold.kind {
        FoldKind::Code => None,
        FoldKind::Comment => Some(FoldingRangeKind::Comment),
        FoldKind::Imports => Some(FoldingRangeKind::Imports),
        FoldKind::Region => Some(FoldingRangeKind::Region),
    };
    let mut out = FoldingRange {
        start_line: range.start.line,
        start_character: Some(range.start.character),
        end_line: range.end.line,
        end_character: Some(range.end.character),
        kind,
        collapsed_text: fold.name.clone().filter(|_| live.edge.abilities.fold_text),
    };
    if live.edge.abilities.fold_lines_only {
        (out.start_character, out.end_character) = (None, None);
        // The line of the bracket that closes stays in sight.
        out.end_line = out.end_line.saturating_sub(u32::from(fold.is_closed));
    }
    (out.start_line < out.end_line).then_some(out)
}
