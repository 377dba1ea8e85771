//! All of tree-sitter, no meaning.
//!
//! Invariant: the only user of `tree_sitter*`. Nothing here resolves a name, and nothing here knows
//! what a macro does: trees in, plain data and typed views out.
//!
//! Start reading at [`SyntaxFile`].

pub mod file;

pub use file::SyntaxFile;
