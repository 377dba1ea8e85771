//! `didOpen`, `didChange`, `didSave` and `didClose`, applied to the world.
//!
//! The texts live in the world. What is kept here is what the protocol needs of an open document:
//! the client's spelling of its URI, its version, and whether our text is still the client's.
//!
//! Invariant: runs on `msc-main`; no parsing, no disk.

use std::collections::HashMap;
use std::sync::Arc;

use tower_lsp::ls_types::*;

use crate::base::FilePath;
use crate::project::Change;
use crate::text::Encoding;

use super::analysis::Analysis;
use super::from_proto;

/// One open document.
#[derive(Clone, Debug)]
pub struct Document {
    pub version: i32,
    /// An edit was lost or could not be applied: every position is a guess until the client sends a
    /// whole text.
    pub out_of_step: bool,
}

#[derive(Default)]
pub struct OpenFiles {
    documents: HashMap<FilePath, Document>,
    uris: Arc<HashMap<FilePath, Uri>>,
}

impl OpenFiles {
    pub fn get(&self, file: &FilePath) -> Option<&Document> {
        self.documents.get(file)
    }

    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    pub fn contains(&self, file: &FilePath) -> bool {
        self.documents.contains_key(file)
    }

    /// The client's URIs, for [`super::to_proto::Edge`].
    pub fn uris(&self) -> Arc<HashMap<FilePath, Uri>> {
        self.uris.clone()
    }

    /// Marks a document whose text is no longer the client's; whether it is open and was in step.
    pub fn lost_step(&mut self, file: &FilePath) -> bool {
        let document = self.documents.get_mut(file);
        document.is_some_and(|document| !std::mem::replace(&mut document.out_of_step, true))
    }

    pub fn opened<A: Analysis>(&mut self, world: &mut A, file: FilePath, document: TextDocumentItem) {
        let TextDocumentItem { uri, version, text, .. } = document;
        let applied = world.apply(Change::Open { file: file.clone(), version, text });
        if let Err(why) = &applied {
            tracing::error!("cannot open {file}: {why}");
        }
        Arc::make_mut(&mut self.uris).insert(file.clone(), uri);
        self.documents.insert(file, Document { version, out_of_step: applied.is_err() });
    }

    /// `Err`: the edit was not applied, and the document has been marked.
    pub fn changed<A: Analysis>(
        &mut self,
        world: &mut A,
        file: &FilePath,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) -> Result<(), String> {
        let Some(document) = self.documents.get_mut(file) else {
            return Err(format!("{file} is not open"));
        };
        // Only a whole text mends a document that is out of step; ranges refer to a text that we
        // do not have.
        let whole = changes.iter().rposition(|change| change.range.is_none());
        if document.out_of_step && whole.is_none() {
            return Err(format!("{file} waits for its whole text"));
        }
        let edits = from_proto::edits(changes);
        match world.apply(Change::Edit { file: file.clone(), version, edits, encoding }) {
            Ok(()) => {
                *document = Document { version, out_of_step: false };
                Ok(())
            }
            Err(why) => {
                document.out_of_step = true;
                Err(why)
            }
        }
    }

    pub fn saved<A: Analysis>(&mut self, world: &mut A, file: FilePath, text: Option<String>) {
        if let Err(why) = world.apply(Change::Save { file: file.clone(), text }) {
            tracing::warn!("cannot take the save of {file}: {why}");
        }
    }

    /// Whether the document was open.
    pub fn closed<A: Analysis>(&mut self, world: &mut A, file: &FilePath) -> bool {
        if self.documents.remove(file).is_none() {
            return false;
        }
        Arc::make_mut(&mut self.uris).remove(file);
        if let Err(why) = world.apply(Change::Close { file: file.clone() }) {
            tracing::error!("cannot close {file}: {why}");
        }
        true
    }
}
