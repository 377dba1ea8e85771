//! `textDocument/selectionRange`.

use tower_lsp::ls_types::*;

use crate::ide::selection_range::selections;
use crate::lsp::from_proto;
use crate::lsp::live::Live;

pub fn selection_range(live: &Live<'_>, positions: Vec<Position>) -> Vec<SelectionRange> {
    positions.into_iter().map(|position| around(live, position)).collect()
}

fn around(live: &Live<'_>, position: Position) -> SelectionRange {
    let text = live.document.text();
    let offset = from_proto::offset(text, position, live.edge.encoding());
    let mut parent = None;
    for range in selections(&live.document.syntax, offset).into_iter().rev() {
        let range = live.edge.range(text, range);
        parent = Some(Box::new(SelectionRange { range, parent }));
    }
    // An empty text has one selection all the same.
    let nothing = SelectionRange { range: Range::new(position, position), parent: None };
    parent.map_or(nothing, |smallest| *smallest)
}
