//! From source to expanded TypeScript: calls found, macros run (through `macros`), their output
//! spliced in, and a map that leads every byte back.
//!
//! Invariant: knows nothing of types or of the engine; keys have no positions and no trivia.
//!
//! Start reading at `call` (what is a macro use), then `splice` (how text comes about) and
//! [`span_map`] (how it leads back).

pub mod span_map;

pub use span_map::{CallId, Origin, Segment, SpanMap};
