//! Edits of several files, as the protocol writes them.

use std::collections::HashMap;

use tower_lsp::ls_types::*;

use crate::ide::rename::FileEdits;
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

/// With the versions that the edits were made for, where the client takes them.
pub fn workspace_edit(snap: &Snapshot, edge: &Edge, files: Vec<FileEdits>) -> WorkspaceEdit {
    let mut documents = Vec::new();
    for file in files {
        let (Some(text), Some(uri)) = (snap.text(&file.file), edge.uri(&file.file)) else { continue };
        let edits: Vec<TextEdit> =
            file.edits.into_iter().map(|edit| TextEdit::new(edge.range(&text, edit.range), edit.text)).collect();
        documents.push((uri, snap.version(&file.file), edits));
    }
    if edge.abilities.document_changes {
        let documents = documents.into_iter().map(|(uri, version, edits)| TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier { uri, version },
            edits: edits.into_iter().map(OneOf::Left).collect(),
        });
        return WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(documents.collect())),
            ..WorkspaceEdit::default()
        };
    }
    let changes: HashMap<Uri, Vec<TextEdit>> = documents.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
    WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
}
