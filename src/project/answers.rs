//! L4: answers of the engine in memory, each under a digest of all that it depends on.
//!
//! An entry is never found again once something it depends on has changed, since its key then is
//! another: what an expansion that landed made wrong dies by that. So nothing here is invalidated,
//! only forgotten, the least recently used first.
//!
//! Invariant: knows neither what an answer says nor what its key was made of. For any thread.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::base::{Digest, FilePath};
use crate::cache::recent::COMPLETION_LISTS;
use crate::cache::{Contents, LevelStats, Recent};

use super::Revision;
use super::caches::{Tier, in_memory};
use super::shared::lock;

/// Other answers that are kept: hovers, definitions.
const NAMES: usize = 500;

type Value = Arc<dyn Any + Send + Sync>;

/// Answers that may be given again.
pub struct Answers {
    lists: Recent<Digest, Value>,
    names: Recent<Digest, Value>,
    /// Given from memory at a revision that the engine was not asked about.
    rechecks: Mutex<VecDeque<(Revision, Recheck)>>,
}

/// An answer that was given from memory, to be compared with the engine's when there is time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recheck {
    pub file: FilePath,
    pub offset: u32,
    pub key: Digest,
}

/// Rechecks that wait; older ones are not worth the time.
const RECHECKS: usize = 4;

/// Which of the two memories an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// A completion list.
    List,
    /// What is said of one name.
    Name,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers { lists: Recent::new(COMPLETION_LISTS), names: Recent::new(NAMES), rechecks: Mutex::default() }
    }
}

impl Answers {
    pub fn get<T: Send + Sync + 'static>(&self, kind: AnswerKind, key: Digest) -> Option<Arc<T>> {
        self.of(kind).get(&key)?.downcast().ok()
    }

    /// The same, without a trace in the counters: for whoever looks whether there is something to do.
    pub fn peek<T: Send + Sync + 'static>(&self, kind: AnswerKind, key: Digest) -> Option<Arc<T>> {
        self.of(kind).peek(&key)?.downcast().ok()
    }

    /// `bytes`: about what the answer takes in memory.
    pub fn put<T: Send + Sync + 'static>(&self, kind: AnswerKind, key: Digest, answer: Arc<T>, bytes: usize) {
        self.of(kind).put(key, answer, bytes);
    }

    /// Has an answer compared at the next pause.
    pub fn recheck(&self, revision: Revision, recheck: Recheck) {
        let mut waiting = lock(&self.rechecks);
        waiting.retain(|(at, other)| *at == revision && *other != recheck);
        waiting.push_back((revision, recheck));
        if waiting.len() > RECHECKS {
            waiting.pop_front();
        }
    }

    /// Takes what waits for a comparison at this revision; what waits for an older one is dropped,
    /// since its text is gone.
    pub fn rechecks(&self, revision: Revision) -> Vec<Recheck> {
        let taken = std::mem::take(&mut *lock(&self.rechecks));
        taken.into_iter().filter(|(at, _)| *at == revision).map(|(_, recheck)| recheck).collect()
    }

    /// L4 in memory.
    pub(super) fn tiers(&self) -> [Tier; 2] {
        [in_memory("L4", "completion lists", Some(&self.lists)), in_memory("L4", "hovers", Some(&self.names))]
    }

    pub fn stats(&self, kind: AnswerKind) -> LevelStats {
        self.of(kind).stats()
    }

    pub fn contents(&self, kind: AnswerKind) -> Contents {
        self.of(kind).contents()
    }

    fn of(&self, kind: AnswerKind) -> &Recent<Digest, Value> {
        match kind {
            AnswerKind::List => &self.lists,
            AnswerKind::Name => &self.names,
        }
    }
}
