//! Editor features over a `Snapshot`, with plain result types; one feature a file.
//!
//! Invariant: no protocol types, no disk, no macro runs, no cache rows. Positions in and out are
//! offsets in the live text of the file that a person sees.

pub mod complete;
pub mod goto;
pub mod hover;

use crate::base::Cancelled;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdeError {
    Cancelled,
    /// A fault of the engine or of ours; the text is for the log.
    Internal(String),
}

impl From<Cancelled> for IdeError {
    fn from(_: Cancelled) -> IdeError {
        IdeError::Cancelled
    }
}

pub type IdeResult<T> = Result<T, IdeError>;
