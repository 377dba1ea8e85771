//! Everything that `msc check` and the server share: the project's files and options, the live
//! program, the pass.
//!
//! Invariant: `World` is the only mutable value, with one owner; everybody else works on a
//! [`Snapshot`]. There is one semantic pipeline, [`pass`], for the server and the command line.

pub mod answers;
pub mod build;
pub mod caches;
pub mod check;
mod checked;
pub mod config;
pub mod costs;
pub mod expansion;
pub mod files;
mod graph;
mod interface;
pub mod locate;
pub mod made;
pub mod members;
pub mod pass;
mod permissions;
pub mod problems;
pub mod program;
mod resolution;
mod rows;
mod scope;
pub mod second_opinion;
pub mod shared;
mod slice;
pub mod snapshot;
pub mod source_map;
pub mod trust;
mod typeinfo;
pub mod world;

pub use config::ProjectId;
pub use pass::{PassEnd, PassEvent, PassRequest, Scope};
pub use program::Loaded;
pub use shared::{Shared, WorldOptions};
pub use slice::Since;
pub use snapshot::Snapshot;
pub use trust::Grants;
pub use world::{Change, Edit, Expansions, Revision, World};
