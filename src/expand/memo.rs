//! L2: key to expansion, in memory and in the store.

use std::sync::Arc;

use crate::base::{Digest, FilePath};
use crate::cache::Store;
use crate::macros::Effect;

use super::Expansion;

/// Expansions by key: the most recently used ones in memory, all in the store. Shared by threads.
pub struct Memo {
    _store: Arc<Store>,
}

impl Memo {
    pub fn new(store: Arc<Store>) -> Memo {
        Memo { _store: store }
    }

    /// What is stored under `key`, if `holds` says of each input it read that it is still the same.
    pub fn get(&self, _key: Digest, _holds: &dyn Fn(&Effect) -> bool) -> Option<Arc<Expansion>> {
        todo!()
    }

    /// What lies in memory, unverified: for answers that may be stale. Never touches the disk.
    pub fn peek(&self, _key: Digest) -> Option<Arc<Expansion>> {
        todo!()
    }

    /// Keeps an expansion; those that another run may answer differently (time-outs, refusals) are
    /// not kept. `owner` is the file of the use.
    pub fn put(&self, _key: Digest, _owner: &FilePath, _expansion: Arc<Expansion>) {
        todo!()
    }
}
