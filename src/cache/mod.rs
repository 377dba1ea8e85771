//! Storage of the cache's levels, not their meaning. Only user of `rusqlite`.
//!
//! Invariant: any trouble (corrupt, locked, read-only, full disk) is a miss and a counter, never a
//! failure or a wrong answer. Rows are immutable and may vanish at any time.
//!
//! Start reading at [`store`] (what callers see), then `sqlite` (files, connections, the writer).
//! [`trace`] is the other half of an answer that outlives its process: what it looked at.

mod counters;
mod evict;
pub mod level;
mod memory;
mod owner;
pub mod recent;
mod sqlite;
pub mod store;
pub mod trace;

pub use counters::LevelStats;
pub use level::{LEVELS, Level, LevelSpec, Tier};
pub use recent::Recent;
pub use store::{Contents, Store, StoreOptions};
pub use trace::{Input, Trace};
