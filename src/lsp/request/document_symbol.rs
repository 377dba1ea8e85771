//! `textDocument/documentSymbol`: a tree, or a flat list for clients that cannot show trees.

use tower_lsp::ls_types::*;

use crate::ide::document_symbol::{self, Symbol};
use crate::lsp::live::Live;
use crate::lsp::to_proto;

pub fn document_symbol(live: &Live<'_>) -> DocumentSymbolResponse {
    let symbols = document_symbol::symbols_with(&live.document.syntax, &live.document.made);
    if live.edge.abilities.symbol_trees {
        return DocumentSymbolResponse::Nested(symbols.into_iter().map(|symbol| nested(live, symbol)).collect());
    }
    let mut out = Vec::new();
    if let Some(uri) = live.edge.uri(&live.document.file) {
        flat(live, &uri, symbols, None, &mut out);
    }
    DocumentSymbolResponse::Flat(out)
}

#[expect(deprecated, reason = "the field must be given a value")]
fn nested(live: &Live<'_>, symbol: Symbol) -> DocumentSymbol {
    let text = live.document.text();
    let children: Vec<DocumentSymbol> = symbol.children.into_iter().map(|child| nested(live, child)).collect();
    DocumentSymbol {
        name: symbol.name,
        detail: symbol.detail,
        kind: to_proto::symbol_kind(symbol.kind),
        tags: symbol.is_deprecated.then(|| vec![SymbolTag::DEPRECATED]),
        deprecated: None,
        range: live.edge.range(text, symbol.range),
        selection_range: live.edge.range(text, symbol.selection),
        children: (!children.is_empty()).then_some(children),
    }
}

#[expect(deprecated, reason = "clients that cannot show trees know no other form")]
fn flat(live: &Live<'_>, uri: &Uri, symbols: Vec<Symbol>, within: Option<&str>, out: &mut Vec<SymbolInformation>) {
    for symbol in symbols {
        let range = live.edge.range(live.document.text(), symbol.range);
        out.push(SymbolInformation {
            name: symbol.name.clone(),
            kind: to_proto::symbol_kind(symbol.kind),
            tags: symbol.is_deprecated.then(|| vec![SymbolTag::DEPRECATED]),
            deprecated: None,
            location: Location { uri: uri.clone(), range },
            container_name: within.map(str::to_owned),
        });
        flat(live, uri, symbol.children, Some(&symbol.name), out);
    }
}
