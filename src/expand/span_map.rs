//! `SpanMap`: expanded text to source and back.

use serde::{Deserialize, Serialize};

use crate::base::{FilePath, TextRange};

/// A macro use, named so that edits elsewhere in the file keep it: the path of enclosing
/// declarations, the macro, and its ordinal among equals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(pub String);

/// Where a stretch of expanded text comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The same bytes, in their own place in the source.
    Verbatim { source: TextRange },
    /// The same bytes as a stretch of the source, copied into generated code by call `call` (an
    /// index into the expansion's calls): a field's name, an argument, a type.
    Copied { call: u32, source: TextRange },
    /// Written in a quote of `module` (range in that file's source), by call `call`.
    Quoted { call: u32, module: FilePath, range: TextRange },
    /// Made by a macro's code at the splice `range` of `module`.
    Computed { call: u32, module: FilePath, range: TextRange },
    /// Made by `msc`: stands for `source` as a whole (a macro turned into a function, glue).
    Glue { source: TextRange },
}

/// One stretch. Segments follow each other without gaps and cover the whole expanded text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub expanded: TextRange,
    pub origin: Origin,
}

/// The segments of one expanded text, searchable from both sides in logarithmic time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanMap {
    segments: Vec<Segment>,
    /// Indices of verbatim segments, by source start.
    verbatim: Vec<u32>,
    /// Indices of copied segments, by source start.
    copied: Vec<u32>,
}
