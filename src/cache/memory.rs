//! Rows in memory, for a process that has no usable database.

use std::sync::Mutex;

use lru::LruCache;

use crate::base::Digest;
use crate::cache::Level;

/// Bytes of values beyond which the least recently used rows go.
const CAP: usize = 64 << 20;

pub(super) struct Memory(Mutex<Rows>);

struct Rows {
    rows: LruCache<(Level, Digest), Vec<u8>>,
    bytes: usize,
}

impl Memory {
    pub(super) fn new() -> Memory {
        Memory(Mutex::new(Rows { rows: LruCache::unbounded(), bytes: 0 }))
    }

    pub(super) fn get(&self, level: Level, key: Digest) -> Option<Vec<u8>> {
        self.lock().rows.get(&(level, key)).cloned()
    }

    /// Returns how many rows had to go.
    pub(super) fn put(&self, level: Level, key: Digest, value: Vec<u8>) -> u64 {
        let mut rows = self.lock();
        rows.bytes += value.len();
        if let Some(old) = rows.rows.put((level, key), value) {
            rows.bytes -= old.len();
        }
        let mut evicted = 0;
        while rows.bytes > CAP
            && let Some((_, old)) = rows.rows.pop_lru()
        {
            rows.bytes -= old.len();
            evicted += 1;
        }
        evicted
    }

    pub(super) fn clear(&self, levels: &[Level]) -> u64 {
        let mut rows = self.lock();
        let gone: Vec<_> = rows.rows.iter().map(|(key, _)| *key).filter(|(level, _)| levels.contains(level)).collect();
        for key in &gone {
            if let Some(old) = rows.rows.pop(key) {
                rows.bytes -= old.len();
            }
        }
        gone.len() as u64
    }

    /// Rows and bytes of one level.
    pub(super) fn contents(&self, level: Level) -> (u64, u64) {
        let rows = self.lock();
        let of_level = rows.rows.iter().filter(|((of, _), _)| *of == level);
        of_level.fold((0, 0), |(rows, bytes), (_, value)| (rows + 1, bytes + value.len() as u64))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
