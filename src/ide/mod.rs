//! Editor features over a `Snapshot`, with plain result types; one feature a file.
//!
//! Invariant: no protocol types, no disk, no macro runs, no cache rows. Positions in and out are
//! offsets in the live text of the file that a person sees; offsets of expanded text stay inside
//! (`project::locate` leads both ways).

pub mod auto_import;
pub mod code_action;
pub mod complete;
pub mod document;
pub mod document_highlight;
pub mod document_link;
pub mod document_symbol;
pub mod expansion;
pub mod expansion_view;
pub mod file_rename;
pub mod folding_range;
pub mod formatting;
pub mod generated;
pub mod goto;
pub mod hierarchy;
pub mod hover;
pub mod inlay;
mod keywords;
pub mod lens;
pub mod locals;
pub mod on_type_formatting;
pub mod postfix;
mod quick_fix;
pub mod rank;
pub mod receiver;
mod refactor;
pub mod references;
mod remembered;
pub mod rename;
mod rename_collision;
pub mod selection_range;
pub mod semantic_tokens;
pub mod signature;
pub mod workspace_symbol;

use crate::base::Cancelled;
use crate::engine::EngineError;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdeError {
    Cancelled,
    /// The question is understood and has no answer; the text says why, to the person who asked.
    Refused(String),
    /// A fault of the engine or of ours; the text is for the log.
    Internal(String),
}

impl From<Cancelled> for IdeError {
    fn from(_: Cancelled) -> IdeError {
        IdeError::Cancelled
    }
}

impl From<EngineError> for IdeError {
    fn from(error: EngineError) -> IdeError {
        match error {
            EngineError::Cancelled => IdeError::Cancelled,
            EngineError::MissingFile(file) => IdeError::Internal(format!("{file} is not part of the program")),
            EngineError::Internal(text) => IdeError::Internal(text),
        }
    }
}

pub use document::Document;

pub type IdeResult<T> = Result<T, IdeError>;
