//! One file for each request: the protocol's question to ours, `ide`'s answer to the protocol's.
//!
//! Invariant: no analysis. Runs on the read pool, over the view taken at the request's place in the
//! queue.

pub mod caches;
pub mod code_action;
pub mod command;
pub mod completion;
pub mod content;
pub mod definition;
pub mod document_highlight;
pub mod document_link;
pub mod document_symbol;
pub mod edits;
pub mod files;
pub mod folding_range;
pub mod formatting;
pub mod hierarchy;
pub mod hover;
pub mod inlay;
pub mod lens;
pub mod on_type_formatting;
pub mod references;
pub mod rename;
pub mod selection_range;
pub mod semantic_tokens;
pub mod signature;
pub mod work;
pub mod workspace_symbol;

use tower_lsp::ls_types::TextDocumentPositionParams;

use crate::base::FilePath;
use crate::text::SourceText;

use super::analysis::View;
use super::from_proto;
use super::to_proto::Edge;

/// A question's place in the program.
pub struct Place {
    pub file: FilePath,
    pub text: SourceText,
    pub offset: u32,
}

impl Place {
    /// `None` for a document that is no file, or one that cannot be read: there is nothing to say
    /// about it.
    pub fn find<V: View>(view: &V, edge: &Edge, at: &TextDocumentPositionParams) -> Option<Place> {
        let file = edge.file(&at.text_document.uri)?;
        let text = view.text(&file)?;
        let offset = from_proto::offset(&text, at.position, edge.encoding());
        Some(Place { file, text, offset })
    }
}
