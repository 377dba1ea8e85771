//! Running macros: user code in QuickJS, in child processes.
//!
//! Invariant: this module is the only user of `rquickjs`. It knows JavaScript modules and plain
//! data, nothing of syntax trees, spans of files being edited, or types. Whatever a macro may read
//! goes through [`Inputs`] and is recorded as an [`Effect`].
//!
//! Start reading at [`protocol`] (a job and its outcome) and [`host`] (the parent's side); the
//! child's side is [`worker`], over `runtime` and `prelude.js`.

mod bridge;
mod bytecode;
mod confine;
pub mod effect;
pub mod execute;
pub mod host;
mod inputs;
mod net;
mod outside;
pub mod permit;
mod process;
pub mod protocol;
mod runtime;
pub mod shape;
mod source_map;
mod url;
mod wire;
pub mod worker;

pub use effect::{InputError, InputErrorKind, Inputs};
pub use host::{Host, HostOptions, HostStats};
pub use inputs::{Access, ProjectInputs};
pub use outside::{Outside, Remark};
pub use permit::{Allow, Permission, Permissions, Refusal};
pub use protocol::{
    Effect, Emission, Failure, FailureKind, Invocation, Job, JobOutput, Log, Module, ModuleGraph, Outcome, Piece,
    PieceOrigin, Place,
};
