//! `Recent`: what of a level stays in memory, the least recently used out first, with its counters.
//!
//! Invariant: never more entries than its limit, and an entry may vanish at any time. What an entry
//! means, and whether it still holds, is for the caller to say.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::cache::Contents;
use crate::cache::counters::{Counters, LevelStats};

/// Expansions in memory, a project (L2).
pub const EXPANSIONS: usize = 2_000;
/// Models of files that use macros in memory (L3).
pub const MODELS: usize = 2_000;
/// Models of files that use none: they are little more than the text, which others hold too, and a large
/// project asks for each of them several times in a row.
pub const PLAIN_MODELS: usize = 50_000;
/// Trees of closed files in memory (L3).
pub const TREES: usize = 128;
/// Completion lists in memory (L4).
pub const COMPLETION_LISTS: usize = 500;

/// Values by key for any thread. Values are handed out as clones, so they should be cheap to clone.
pub struct Recent<K: Hash + Eq, V> {
    entries: Mutex<Entries<K, V>>,
    counters: Counters,
    most: usize,
}

struct Entries<K: Hash + Eq, V> {
    /// Each with the bytes that it takes.
    values: LruCache<K, (V, usize)>,
    bytes: usize,
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    /// Keeps `most` values at most, at least one.
    pub fn new(most: usize) -> Recent<K, V> {
        let size = NonZeroUsize::new(most.max(1)).expect("at least one");
        let entries = Entries { values: LruCache::new(size), bytes: 0 };
        Recent { entries: Mutex::new(entries), counters: Counters::default(), most: size.get() }
    }

    /// Counts a hit or a miss.
    pub fn get(&self, key: &K) -> Option<V> {
        self.get_if(key, |_| true)
    }

    /// The same, where a value that `holds` denies counts as a miss. It stays, for whoever may answer
    /// with what is out of date ([`Recent::peek`], [`Recent::served_stale`]). `holds` runs without a
    /// lock.
    pub fn get_if(&self, key: &K, holds: impl FnOnce(&V) -> bool) -> Option<V> {
        let found = self.peek(key).filter(holds);
        Counters::add(if found.is_some() { &self.counters.hits } else { &self.counters.misses }, 1);
        found
    }

    /// Counts nothing; the value counts as used.
    pub fn peek(&self, key: &K) -> Option<V> {
        self.lock().values.get(key).map(|(value, _)| value.clone())
    }

    /// The same as [`Recent::get_if`], where a miss is not counted: somebody will ask again before it is made.
    pub fn find(&self, key: &K, holds: impl FnOnce(&V) -> bool) -> Option<V> {
        let found = self.peek(key).filter(holds)?;
        Counters::add(&self.counters.hits, 1);
        Some(found)
    }

    /// Notes that a value went out as an answer although it was known to be out of date.
    pub fn served_stale(&self) {
        Counters::add(&self.counters.stale, 1);
    }

    /// Keeps a value in place of an earlier one of its key. `bytes` is about what it takes in memory.
    pub fn put(&self, key: K, value: V, bytes: usize) {
        // What goes is dropped after the lock is free: it may be large.
        let _gone = {
            let mut entries = self.lock();
            let is_new = !entries.values.contains(&key);
            let gone = entries.values.push(key, (value, bytes));
            entries.bytes += bytes;
            if let Some((_, (_, bytes))) = &gone {
                entries.bytes -= bytes;
                Counters::add(&self.counters.evictions, u64::from(is_new));
            }
            gone
        };
        Counters::add(&self.counters.writes, 1);
    }

    pub fn remove(&self, key: &K) -> Option<V> {
        let mut entries = self.lock();
        let (value, bytes) = entries.values.pop(key)?;
        entries.bytes -= bytes;
        Some(value)
    }

    /// Forgets every value that `keep` denies; returns how many went.
    pub fn retain(&self, keep: impl Fn(&K, &V) -> bool) -> usize
    where
        K: Clone,
    {
        let mut entries = self.lock();
        let gone: Vec<K> =
            entries.values.iter().filter(|(key, (value, _))| !keep(key, value)).map(|(key, _)| key.clone()).collect();
        for key in &gone {
            if let Some((_, bytes)) = entries.values.pop(key) {
                entries.bytes -= bytes;
            }
        }
        gone.len()
    }

    pub fn clear(&self) {
        let mut entries = self.lock();
        entries.values.clear();
        entries.bytes = 0;
    }

    pub fn stats(&self) -> LevelStats {
        self.counters.load()
    }

    pub fn contents(&self) -> Contents {
        let entries = self.lock();
        Contents { rows: entries.values.len() as u64, bytes: entries.bytes as u64 }
    }

    /// How many values it keeps at most.
    pub fn most(&self) -> usize {
        self.most
    }

    fn lock(&self) -> MutexGuard<'_, Entries<K, V>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_and_everything_is_counted() {
        let recent: Recent<u32, &str> = Recent::new(2);
        recent.put(1, "one", 10);
        recent.put(2, "two", 20);
        assert_eq!(recent.get(&1), Some("one"));
        recent.put(3, "three", 30);
        assert_eq!(recent.get(&2), None, "1 was used after it");
        assert_eq!(recent.contents(), Contents { rows: 2, bytes: 40 });
        recent.put(3, "drei", 5);
        assert_eq!(recent.contents(), Contents { rows: 2, bytes: 15 });
        assert_eq!(recent.get_if(&3, |value| *value == "three"), None);
        assert_eq!(recent.peek(&3), Some("drei"));
        recent.served_stale();
        assert_eq!(recent.retain(|key, _| *key == 3), 1);
        assert_eq!(recent.contents(), Contents { rows: 1, bytes: 5 });
        assert_eq!(recent.remove(&3), Some("drei"));
        recent.put(4, "four", 1);
        recent.clear();
        assert_eq!(recent.contents(), Contents::default());
        let stats = LevelStats { hits: 1, misses: 2, stale: 1, writes: 5, errors: 0, evictions: 1 };
        assert_eq!(recent.stats(), stats);
    }
}
