//! All of tree-sitter, no meaning.
//!
//! Invariant: the only user of `tree_sitter*`. Nothing here resolves a name.
