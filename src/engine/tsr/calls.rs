//! Who calls what.

use tsr_lsproto as lsp;

use super::place::Places;
use super::program::TsrProgram;
use crate::base::{Cancel, FilePath};
use crate::engine::{CallItem, Calls, CompletionKind, EngineError, Place};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Incoming,
    Outgoing,
}

impl TsrProgram {
    pub(super) fn callables(
        &self,
        file: &FilePath,
        offset: u32,
        cancel: &Cancel,
    ) -> Result<Vec<CallItem>, EngineError> {
        self.ask("looking for what is called", file, offset, cancel, |service, checker, asked| {
            let params = lsp::CallHierarchyPrepareParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                ..Default::default()
            };
            let found = service.prepare_call_hierarchy(checker, &params)?.call_hierarchy_items;
            let mut places = Places::new(&self.program);
            let found = found.into_iter().flat_map(|items| *items).flatten();
            Ok(found.filter_map(|found| item(*found, &mut places)).collect())
        })
    }

    pub(super) fn calls(
        &self,
        file: &FilePath,
        offset: u32,
        direction: Direction,
        cancel: &Cancel,
    ) -> Result<Vec<Calls>, EngineError> {
        self.ask("looking for calls", file, offset, cancel, |service, checker, asked| {
            let at = lsp::Range { start: asked.position.clone(), end: asked.position.clone() };
            let of = lsp::CallHierarchyItem {
                uri: asked.uri.clone(),
                range: at.clone(),
                selection_range: at,
                ..Default::default()
            };
            let mut places = Places::new(&self.program);
            let mut out = Vec::new();
            match direction {
                Direction::Incoming => {
                    let found = service.incoming_calls(checker, &of)?.call_hierarchy_incoming_calls;
                    for call in found.into_iter().flat_map(|calls| *calls).flatten() {
                        let Some(from) = call.from else { continue };
                        let uri = from.uri.clone();
                        out.extend(calls(*from, &call.from_ranges, &uri, &mut places));
                    }
                }
                Direction::Outgoing => {
                    let found = service.outgoing_calls(checker, &of)?.call_hierarchy_outgoing_calls;
                    for call in found.into_iter().flat_map(|calls| *calls).flatten() {
                        let Some(to) = call.to else { continue };
                        out.extend(calls(*to, &call.from_ranges, &asked.uri, &mut places));
                    }
                }
            }
            Ok(out)
        })
    }
}

/// `at` is the file that the ranges speak of.
fn calls(
    found: lsp::CallHierarchyItem,
    ranges: &[lsp::Range],
    at: &lsp::DocumentUri,
    places: &mut Places<'_>,
) -> Option<Calls> {
    let lines = places.lines(at)?;
    let ranges = ranges.iter().map(|range| lines.range(range)).collect();
    Some(Calls { item: item(found, places)?, ranges })
}

fn item(found: lsp::CallHierarchyItem, places: &mut Places<'_>) -> Option<CallItem> {
    let place: Place = places.place(&found.uri, &found.selection_range, Some(&found.range))?;
    Some(CallItem {
        name: found.name,
        kind: kind(found.kind),
        detail: found.detail.map_or_else(String::new, |detail| *detail),
        place,
    })
}

fn kind(kind: lsp::SymbolKind) -> CompletionKind {
    type K = lsp::SymbolKind;
    match kind {
        K::FILE | K::MODULE | K::NAMESPACE => CompletionKind::Module,
        K::CLASS => CompletionKind::Class,
        K::INTERFACE => CompletionKind::Interface,
        K::ENUM => CompletionKind::Enum,
        K::METHOD => CompletionKind::Method,
        K::PROPERTY => CompletionKind::Property,
        K::FIELD => CompletionKind::Field,
        K::CONSTRUCTOR => CompletionKind::Constructor,
        K::VARIABLE => CompletionKind::Variable,
        K::CONSTANT => CompletionKind::Constant,
        _ => CompletionKind::Function,
    }
}
