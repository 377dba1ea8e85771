//! What the server has to do, counted: jobs that wait, jobs that nobody wants any more, slow ticks.
//!
//! Invariant: counters only; they order nothing and decide nothing.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub struct Load {
    /// Requests that wait for a thread now.
    pub waiting: AtomicU64,
    /// The most that ever waited at once.
    pub most_waiting: AtomicU64,
    /// Requests that a thread began to answer.
    pub begun: AtomicU64,
    /// Requests that were outdated or cancelled while they waited, and so never began.
    pub dropped: AtomicU64,
    /// Ticks of the main loop beyond their budget, and the longest, in microseconds.
    pub slow_ticks: AtomicU64,
    pub longest_tick: AtomicU64,
}

impl Load {
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::Relaxed)
    }

    pub(super) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}
