//! Panics of an engine as values. Every implementation of the seam answers through [`caught`], whatever
//! it is made of.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::EngineError;

/// Runs `work`; a panic becomes an [`EngineError::Internal`] that names what was being done.
pub fn caught<T>(doing: &str, work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(payload) => {
            let message = format!("{doing}: {}", panic_text(payload.as_ref()));
            tracing::error!("the type engine panicked while {message}");
            Err(EngineError::Internal(message))
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&'static str>().copied())
        .unwrap_or("a panic without a message")
}
