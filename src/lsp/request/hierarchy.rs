//! Call hierarchy and type hierarchy.

use serde_json::Value;
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath};
use crate::ide::IdeResult;
use crate::ide::hierarchy::{self, CallsOf, Handle, Item};
use crate::lsp::to_proto::{self, Edge};
use crate::project::Snapshot;

use super::Place;

fn handle(data: Option<&Value>) -> Option<Handle> {
    serde_json::from_value(data?.clone()).ok()
}

pub fn prepare_calls(
    snap: &Snapshot,
    edge: &Edge,
    params: CallHierarchyPrepareParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<CallHierarchyItem>>> {
    let Some(place) = Place::find(snap, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let items = hierarchy::prepare_calls(snap, &place.file, place.offset, cancel)?;
    Ok(Some(items.into_iter().filter_map(|item| call_item(snap, edge, item)).collect()))
}

pub fn incoming_calls(
    snap: &Snapshot,
    edge: &Edge,
    params: CallHierarchyIncomingCallsParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<CallHierarchyIncomingCall>>> {
    let Some(of) = handle(params.item.data.as_ref()) else { return Ok(None) };
    let calls = hierarchy::incoming_calls(snap, &of, cancel)?.into_iter().filter_map(|calls| {
        let from_ranges = ranges(snap, edge, &calls.item.handle.file, &calls)?;
        Some(CallHierarchyIncomingCall { from: call_item(snap, edge, calls.item)?, from_ranges })
    });
    Ok(Some(calls.collect()))
}

pub fn outgoing_calls(
    snap: &Snapshot,
    edge: &Edge,
    params: CallHierarchyOutgoingCallsParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<CallHierarchyOutgoingCall>>> {
    let Some(of) = handle(params.item.data.as_ref()) else { return Ok(None) };
    let calls = hierarchy::outgoing_calls(snap, &of, cancel)?.into_iter().filter_map(|calls| {
        let from_ranges = ranges(snap, edge, &of.file, &calls)?;
        Some(CallHierarchyOutgoingCall { to: call_item(snap, edge, calls.item)?, from_ranges })
    });
    Ok(Some(calls.collect()))
}

fn ranges(snap: &Snapshot, edge: &Edge, file: &FilePath, calls: &CallsOf) -> Option<Vec<Range>> {
    let text = snap.text(file)?;
    Some(calls.ranges.iter().map(|&range| edge.range(&text, range)).collect())
}

fn call_item(snap: &Snapshot, edge: &Edge, item: Item) -> Option<CallHierarchyItem> {
    let text = snap.text(&item.handle.file)?;
    Some(CallHierarchyItem {
        name: item.name,
        kind: to_proto::declared_kind(item.kind),
        tags: None,
        detail: (!item.detail.is_empty()).then_some(item.detail),
        uri: edge.uri(&item.handle.file)?,
        range: edge.range(&text, item.full),
        selection_range: edge.range(&text, item.range),
        data: serde_json::to_value(&item.handle).ok(),
    })
}

pub fn prepare_types(
    snap: &Snapshot,
    edge: &Edge,
    params: TypeHierarchyPrepareParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<TypeHierarchyItem>>> {
    let Some(place) = Place::find(snap, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let items = hierarchy::prepare_types(snap, &place.file, place.offset, cancel)?;
    Ok(Some(items.into_iter().filter_map(|item| type_item(snap, edge, item)).collect()))
}

pub fn supertypes(
    snap: &Snapshot,
    edge: &Edge,
    params: TypeHierarchySupertypesParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<TypeHierarchyItem>>> {
    let Some(of) = handle(params.item.data.as_ref()) else { return Ok(None) };
    let items = hierarchy::supertypes(snap, &of, cancel)?;
    Ok(Some(items.into_iter().filter_map(|item| type_item(snap, edge, item)).collect()))
}

pub fn subtypes(
    snap: &Snapshot,
    edge: &Edge,
    params: TypeHierarchySubtypesParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<TypeHierarchyItem>>> {
    let Some(of) = handle(params.item.data.as_ref()) else { return Ok(None) };
    let items = hierarchy::subtypes(snap, &of, cancel)?;
    Ok(Some(items.into_iter().filter_map(|item| type_item(snap, edge, item)).collect()))
}

fn type_item(snap: &Snapshot, edge: &Edge, item: Item) -> Option<TypeHierarchyItem> {
    let text = snap.text(&item.handle.file)?;
    Some(TypeHierarchyItem {
        name: item.name,
        kind: to_proto::declared_kind(item.kind),
        tags: None,
        detail: (!item.detail.is_empty()).then_some(item.detail),
        uri: edge.uri(&item.handle.file)?,
        range: edge.range(&text, item.full),
        selection_range: edge.range(&text, item.range),
        data: serde_json::to_value(&item.handle).ok(),
    })
}
