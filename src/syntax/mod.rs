//! All of tree-sitter, no meaning.
//!
//! Invariant: the only user of `tree_sitter*`. Nothing here resolves a name, and nothing here knows
//! what a macro does: trees in, plain data and typed views out.
//!
//! Start reading at [`SyntaxFile`], then [`Node`].

pub mod ast;
pub mod checks;
pub mod context;
pub mod cursor;
pub mod errors;
pub mod file;
pub mod highlight;
pub mod kinds;
pub mod node;
mod parse;
pub mod recover;
mod sexp;

pub use context::Context;
pub use cursor::Cursor;
pub use file::SyntaxFile;
pub use kinds::{Field, Kind};
pub use node::Node;
pub use recover::Recovered;
