//! From source to expanded TypeScript: calls found, macros run (by the caller, through `macros`),
//! their output spliced in, and a map that leads every byte back.
//!
//! Invariant: knows nothing of types or of the engine; keys have no positions and no trivia; reads
//! no file and runs no macro. What other files say comes through [`MacroScope`], what macros made
//! through [`check::Request::outputs`].
//!
//! How a caller uses it, file by file:
//! 1. [`FileFacts::of`]: what the file imports, exports and declares for macros.
//! 2. [`expand`]: the expanded text with what is known so far. `Expanded::pending` lists the uses
//!    whose output was not known (or stale), nested ones included as far as they can be seen.
//! 3. For each pending [`Call`]: its key, `call.key(graph_digest)`; `Memo::get`, else run it and
//!    make an [`Expansion`] of the outcome; then 2 again until nothing is pending.
//!
//! Start reading at [`call`] (what is a macro use), then `walk` (how uses are found), `splice` and
//! `layout` (how text comes about) and [`span_map`] (how it leads back).
//!
//! Hygiene: what `ctx.import` asks for and what a quote names freely (declarations and imports of the
//! macro's module, exported or not) is imported under a name that is free in the file; a global that
//! something at the use hides is named through `globalThis`; locals and parameters that a quote binds are
//! renamed where a spliced name would be captured; what a statement's macro declares inside a function
//! stays in a block of its own.

mod args;
pub mod call;
pub mod check;
mod edits;
mod fragment;
mod hygiene;
mod imports;
mod inert;
mod key;
mod layout;
pub mod lower;
pub mod memo;
mod misuse;
pub mod names;
mod options;
mod quote;
mod report;
mod rope;
mod scope;
mod shape;
pub mod span_map;
mod splice;
mod tail;
mod trail;
mod typeinfo;
mod walk;

pub use args::write_json_string;
pub use call::{Call, CallKind, Expansion};
pub use check::{CallSite, CallState, Expanded, Flavour, Known, Request, ShapeTexts, expand};
pub use hygiene::is_bound_in_quotes;
pub use inert::Surface;
pub use lower::{Lowered, lower_module};
pub use memo::Memo;
pub use names::{FileFacts, MacroRef, MacroScope};
pub use quote::META;
pub use span_map::{CallId, Mapped, Origin, Segment, SpanMap};
pub use typeinfo::{Hole, holes};
