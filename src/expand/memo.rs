//! L2: key to expansion, in memory and in the store.
//!
//! Invariant: a row is only answered when every input that its run read is still the same; who can
//! tell is said by the caller.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use crate::base::{Digest, FilePath};
use crate::cache::{Level, Store};
use crate::macros::{Effect, Outcome};

use super::Expansion;

/// Expansions that stay in memory.
const MOST: NonZeroUsize = NonZeroUsize::new(2_000).expect("2,000 is not zero");

/// Expansions by key: the most recently used ones in memory, all in the store. Shared by threads.
pub struct Memo {
    store: Arc<Store>,
    recent: Mutex<LruCache<Digest, Arc<Expansion>>>,
}

impl Memo {
    pub fn new(store: Arc<Store>) -> Memo {
        Memo { store, recent: Mutex::new(LruCache::new(MOST)) }
    }

    /// What is stored under `key`, if `holds` says of each input it read that it is still the same.
    pub fn get(&self, key: Digest, holds: &dyn Fn(&Effect) -> bool) -> Option<Arc<Expansion>> {
        let all_hold = |expansion: &Expansion| expansion.outcome().effects.iter().all(holds);
        // Another process may have stored a newer row than the one in memory.
        if let Some(expansion) = self.peek(key).filter(|expansion| all_hold(expansion)) {
            return Some(expansion);
        }
        let bytes = self.store.get(Level::Expansion, key)?;
        let outcome: Outcome = postcard::from_bytes(&bytes).ok()?;
        let expansion = Arc::new(Expansion::stored(outcome));
        if !all_hold(&expansion) {
            return None;
        }
        self.keep(key, &expansion);
        Some(expansion)
    }

    /// What lies in memory, unverified: for answers that may be stale. Never touches the disk.
    pub fn peek(&self, key: Digest) -> Option<Arc<Expansion>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    /// Keeps an expansion; those that another run may answer differently (time-outs, refusals) are
    /// not kept. `owner` is the file of the use.
    pub fn put(&self, key: Digest, owner: &FilePath, expansion: Arc<Expansion>) {
        if !expansion.is_repeatable() {
            return;
        }
        match postcard::to_allocvec(expansion.outcome()) {
            Ok(bytes) => self.store.put(Level::Expansion, key, Some(owner), bytes),
            Err(error) => crate::bug!("an expansion has no stored form: {error}"),
        }
        self.keep(key, &expansion);
    }

    fn keep(&self, key: Digest, expansion: &Arc<Expansion>) {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).put(key, Arc::clone(expansion));
    }
}
