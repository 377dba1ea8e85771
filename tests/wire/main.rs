//! The server's edge, over a pipe in this process: order, cancellation, freshness, positions,
//! broken input, the way out. What it answers is scripted; `shop` and `hostile` drive the real binary.

mod answers;
mod caches;
mod commands;
mod diagnostics;
mod engine;
#[path = "../engine_double/mod.rs"]
mod engine_double;
#[cfg(target_os = "linux")]
mod formatting;
mod hostile;
mod lifecycle;
mod live;
mod navigation;
mod order;
mod positions;
mod pull;
mod requests;
mod robust;
mod shop;
mod support;
mod tokens;
