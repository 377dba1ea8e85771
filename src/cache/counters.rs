//! What happened at a level since start, counted without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// What happened at one level since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelStats {
    pub hits: u64,
    pub misses: u64,
    /// Answers that were known to be out of date when they were given, to be put right behind.
    pub stale: u64,
    /// New values, and on disk rows that are there now and were not before, or not so.
    pub writes: u64,
    pub errors: u64,
    pub evictions: u64,
}

impl LevelStats {
    /// Both taken together.
    pub fn plus(self, other: LevelStats) -> LevelStats {
        LevelStats {
            hits: self.hits + other.hits,
            misses: self.misses + other.misses,
            stale: self.stale + other.stale,
            writes: self.writes + other.writes,
            errors: self.errors + other.errors,
            evictions: self.evictions + other.evictions,
        }
    }
}

/// Relaxed: they order nothing.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
    pub stale: AtomicU64,
    pub writes: AtomicU64,
    pub errors: AtomicU64,
    pub evictions: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub fn load(&self) -> LevelStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LevelStats {
            hits: load(&self.hits),
            misses: load(&self.misses),
            stale: load(&self.stale),
            writes: load(&self.writes),
            errors: load(&self.errors),
            evictions: load(&self.evictions),
        }
    }
}
