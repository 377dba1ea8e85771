//! A text and the maps over it.
//!
//! Invariant: positions in an editor's encoding exist only here and in `lsp`; everywhere else an
//! offset is a byte of UTF-8.

pub mod edit;
pub mod edit_map;
pub mod line_index;
pub mod source;

pub use edit::TextEdit;
pub use edit_map::EditMap;
pub use line_index::{Encoding, LineCol, LineIndex};
pub use source::SourceText;
