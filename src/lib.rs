//! `msc`: Metascript (TypeScript with compile-time macros) in the editor, checked and compiled.
//!
//! The modules below are the house's layers, lowest first; a module imports only from layers
//! above it in this list. `tests/tidy.rs` keeps that, `docs/ARCHITECTURE.md` is the map.

// Tests may unwrap; here an `expect` states why the value is there.
#![warn(clippy::unwrap_used)]
// Standard output is the protocol in `lsp` and the answer in `cli`; nobody else writes there.
#![warn(clippy::print_stdout)]

// 0: vocabulary
pub mod base;
// 1
pub mod text;
// 2
pub mod diagnostic;
// 3
pub mod syntax;
pub mod vfs;
// 4
pub mod cache;
pub mod format;
// 5
pub mod macros;
// 6
pub mod engine;
pub mod expand;
// 7
pub mod project;
// 8
pub mod ide;
// 9
pub mod cli;
pub mod lsp;

pub mod std_lib;

/// This build, as part of every cache key: its version and a hash of its sources (`build.rs`).
pub const BUILD: &str = concat!("msc ", env!("CARGO_PKG_VERSION"), " ", env!("MSC_SOURCES"));
