//! Running macros: user code in QuickJS, in child processes.
//!
//! Invariant: this module is the only user of `rquickjs`. It knows JavaScript modules and plain
//! data, nothing of syntax trees, spans of files being edited, or types. Whatever a macro may read
//! goes through [`Inputs`] and is recorded as an [`Effect`].
//!
//! Start reading at [`protocol`] (the messages) and `host` (the parent's side).

pub mod protocol;
pub mod shape;

pub use protocol::{
    Effect, Emission, Failure, FailureKind, Invocation, Job, JobOutput, Log, Module, ModuleGraph, Outcome, Piece,
    PieceOrigin, Place,
};
