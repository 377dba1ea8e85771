//! Files on disk: reads, fingerprints, watching. Only user of `notify`.
//!
//! Invariant: knows nothing of open files, of projects or of what a file means. A [`Disk`] answers
//! from memory until told that something changed; nothing here polls.
//!
//! Start reading at [`disk`] (what is there) and [`watch`] (what changed).

pub mod disk;
pub mod slow;
pub mod user;
pub mod watch;

pub use disk::{Disk, Entries, Fingerprint, Fingerprints, ReadError, Seen, decode};
pub use watch::Watcher;
