//! Vocabulary without behaviour: paths, ranges, digests, cancellation, broken invariants.
//!
//! Invariant: nothing here does I/O, and nothing here knows of syntax, macros or types.

pub mod bug;
pub mod cancel;
pub mod digest;
pub mod path;
pub mod range;

pub use cancel::{Cancel, Cancelled, Listening};
pub use digest::{Digest, Recipe};
pub use path::FilePath;
pub use range::TextRange;
