//! Everything that `msc check` and the server share: the project's files and options, the live
//! program, the pass.
//!
//! Invariant: `World` is the only mutable value, with one owner; everybody else works on a
//! [`Snapshot`]. There is one semantic pipeline, [`pass`], for the server and the command line.

pub mod pass;
pub mod snapshot;
pub mod world;

pub use pass::{PassEvent, PassRequest, PassStats, Scope};
pub use snapshot::Snapshot;
pub use world::{Change, Edit, Expansions, Revision, World};
