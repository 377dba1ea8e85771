//! The client and the double of the wire tests.

pub mod client;
pub mod double;
pub mod process;

pub use client::{Client, at, capabilities, quiet};
pub use double::{Latch, Script};
