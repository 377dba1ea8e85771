//! The client and the double of the wire tests.

pub mod client;
pub mod double;

pub use client::{Client, at, capabilities, quiet};
pub use double::{Latch, Script};
