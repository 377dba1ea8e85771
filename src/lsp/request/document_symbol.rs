//! `textDocument/documentSymbol`: a tree, or a flat list for clients that cannot show trees.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tower_lsp::ls_types::*;

use crate::base::FilePath;
use crate::ide::Document;
use crate::ide::document_symbol::{self, Outlined, Symbol};
use crate::lsp::live::Live;
use crate::lsp::to_proto;

/// The last outline of each document, which most of the next one is taken from.
#[derive(Default)]
pub struct OutlineMemory {
    documents: Mutex<HashMap<FilePath, Outlined>>,
}

impl OutlineMemory {
    pub fn forget(&self, file: &FilePath) {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
    }

    fn of<T>(&self, file: &FilePath, work: impl FnOnce(&mut Outlined) -> T) -> T {
        // One thread answers these, so nobody else takes the last outline meanwhile.
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        work(documents.entry(file.clone()).or_default())
    }
}

pub fn document_symbol(live: &Live<'_>) -> DocumentSymbolResponse {
    let Document { file, syntax, made } = live.document;
    let symbols = live.edge.outlines.of(file, |last| document_symbol::symbols_after(syntax, last));
    let symbols = document_symbol::with_made(symbols, syntax, made);
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
