//! Formatting of a document, or of what stands in some ranges of it.
//!
//! The project's own settings win over what the editor indents with.

use crate::base::{FilePath, TextRange};
use crate::format::{Options, edits, edits_within};
use crate::project::Snapshot;
use crate::project::config::format::of_file;
use crate::text::TextEdit;

use super::on_type_formatting::Indentation;

/// The edits that format all of a file, or the statements and members that `ranges` touch. In text order; they
/// leave alone whatever is formatted already.
pub fn formatting(
    snap: &Snapshot,
    file: &FilePath,
    ranges: Option<&[TextRange]>,
    editor: Indentation,
) -> Vec<TextEdit> {
    let Some(text) = snap.text(file) else { return Vec::new() };
    let indent_width = u8::try_from(editor.size.clamp(1, 16)).unwrap_or(2);
    let default = Options { indent_width, use_tabs: !editor.with_spaces, ..Options::default() };
    let options = of_file(snap, file, default);
    match ranges {
        None => edits(text.as_str(), &options),
        Some(ranges) => edits_within(text.as_str(), ranges, &options),
    }
}
