//! Failures of `tsr` as values: its errors, and (through [`caught`]) its panics.
//!
//! Invariant: no panic of the engine leaves the seam. A checker that panicked is dead afterwards;
//! [`super::checker`] replaces it.

use crate::base::{Cancel, Cancelled, Listening};
use crate::engine::EngineError;

pub(super) use crate::engine::caught;

/// A token of `tsr` that follows one of ours as long as the guard lives.
pub(super) fn token(cancel: &Cancel) -> (tsr_core::CancellationToken, Listening) {
    let token = tsr_core::CancellationToken::new();
    let theirs = token.clone();
    let listening = cancel.on_cancel(move || theirs.cancel());
    (token, listening)
}

impl From<Cancelled> for EngineError {
    fn from(_: Cancelled) -> EngineError {
        EngineError::Cancelled
    }
}

impl From<tsr_vfs::Error> for EngineError {
    fn from(error: tsr_vfs::Error) -> EngineError {
        EngineError::Internal(format!("files: {error}"))
    }
}

impl From<tsr_arena::Error> for EngineError {
    fn from(error: tsr_arena::Error) -> EngineError {
        EngineError::Internal(format!("syntax: {error:?}"))
    }
}

impl From<tsr_astnav::Error> for EngineError {
    fn from(error: tsr_astnav::Error) -> EngineError {
        EngineError::Internal(format!("syntax: {error:?}"))
    }
}

impl From<tsr_checker::Error> for EngineError {
    fn from(error: tsr_checker::Error) -> EngineError {
        match error {
            tsr_checker::Error::PreviouslyCanceled => EngineError::Cancelled,
            error => EngineError::Internal(format!("checker: {error:?}")),
        }
    }
}

impl From<tsr_compiler::Error> for EngineError {
    fn from(error: tsr_compiler::Error) -> EngineError {
        match error {
            tsr_compiler::Error::Checker(error) => error.into(),
            error => EngineError::Internal(format!("program: {error}")),
        }
    }
}

impl From<tsr_ls::Error> for EngineError {
    fn from(error: tsr_ls::Error) -> EngineError {
        match error {
            tsr_ls::Error::Canceled => EngineError::Cancelled,
            tsr_ls::Error::Checker(error) => error.into(),
            tsr_ls::Error::Compiler(error) => error.into(),
            error => EngineError::Internal(format!("language service: {error}")),
        }
    }
}
