//! L2: key to expansion, in memory and in the store.
//!
//! Invariant: a row is only answered when every input that its run read is still the same; who can
//! tell is said by the caller.

use std::sync::Arc;

use crate::base::{Digest, FilePath};
use crate::cache::recent::{EXPANSIONS, Recent};
use crate::cache::{Level, Store};
use crate::macros::{Effect, Outcome};

use super::Expansion;

/// Expansions by key: the most recently used ones in memory, all in the store. Shared by threads.
pub struct Memo {
    store: Arc<Store>,
    recent: Recent<Digest, Arc<Expansion>>,
}

impl Memo {
    pub fn new(store: Arc<Store>) -> Memo {
        Memo { store, recent: Recent::new(EXPANSIONS) }
    }

    /// What is stored under `key`, if `holds` says of each input it read that it is still the same.
    pub fn get(&self, key: Digest, holds: &dyn Fn(&Effect) -> bool) -> Option<Arc<Expansion>> {
        let all_hold = |expansion: &Expansion| expansion.outcome().effects.iter().all(holds);
        // Another process may have stored a newer row than the one in memory.
        if let Some(expansion) = self.recent.get_if(&key, |expansion| all_hold(expansion)) {
            return Some(expansion);
        }
        let bytes = self.store.get(Level::Expansion, key)?;
        let outcome: Outcome = postcard::from_bytes(&bytes).ok()?;
        let expansion = Arc::new(Expansion::stored(outcome));
        if !all_hold(&expansion) {
            return None;
        }
        self.recent.put(key, Arc::clone(&expansion), bytes.len());
        Some(expansion)
    }

    /// What lies in memory, unverified: for answers that may be stale. Never touches the disk.
    pub fn peek(&self, key: Digest) -> Option<Arc<Expansion>> {
        self.recent.peek(&key)
    }

    /// Keeps an expansion; those that another run may answer differently (time-outs, refusals) are
    /// not kept. `owner` is the file of the use.
    pub fn put(&self, key: Digest, owner: &FilePath, expansion: Arc<Expansion>) {
        if !expansion.is_repeatable() {
            return;
        }
        match postcard::to_allocvec(expansion.outcome()) {
            Ok(bytes) => {
                let size = bytes.len();
                self.store.put(Level::Expansion, key, Some(owner), bytes);
                self.recent.put(key, expansion, size);
            }
            Err(error) => crate::bug!("an expansion has no stored form: {error}"),
        }
    }

    /// The tier in memory, for its counters.
    pub fn recent(&self) -> &Recent<Digest, Arc<Expansion>> {
        &self.recent
    }
}
