//! What the five levels hold in this process and on disk, and what the process takes in memory: for
//! `msc/cacheStats`, `msc/memoryUsage` and whoever looks for what a cache is worth.
//!
//! Invariant: looking changes nothing, no counter either.
//!
//! Start reading at [`levels`]. A level that is added gets a line there.

use std::sync::atomic::Ordering;

use crate::cache::{Contents, LEVELS, LevelStats, Recent};
use crate::vfs::user::resident_bytes;

use super::Shared;

/// Where a tier of a level lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Memory of the processes that run macros.
    Workers,
    Memory,
    Disk,
}

/// One tier of a level, over all projects of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// `L1` to `L5`.
    pub level: &'static str,
    pub name: &'static str,
    pub place: Place,
    pub stats: LevelStats,
    /// `None` where nobody here can tell: other processes hold it.
    pub contents: Option<Contents>,
    /// How many values it keeps at most, where their number is what counts.
    pub most: Option<u64>,
    /// How many bytes it keeps at most, where those count.
    pub cap: Option<u64>,
}

/// Every tier, in the order of the levels, the nearest first.
pub fn levels(shared: &Shared) -> Vec<Tier> {
    let macros = shared.host.stats();
    let stats = LevelStats { hits: macros.runs - macros.compiled.min(macros.runs), ..LevelStats::default() };
    let stats = LevelStats { misses: macros.compiled, writes: macros.compiled, ..stats };
    let mut tiers = vec![Tier {
        level: "L1",
        name: "macro modules",
        place: Place::Workers,
        stats,
        contents: None,
        most: None,
        cap: None,
    }];
    let mut expansions = in_memory("L2", "expansions", None::<&Recent<(), ()>>);
    for memo in shared.memos() {
        add(&mut expansions, &in_memory("L2", "expansions", Some(memo.recent())));
    }
    tiers.push(expansions);
    tiers.extend(shared.files.tiers());
    tiers.extend(shared.answers.tiers());
    tiers.push(programs(shared));
    tiers.extend(LEVELS.iter().map(|spec| {
        let mut tier = Tier {
            level: spec.number,
            name: spec.name,
            place: Place::Disk,
            stats: LevelStats::default(),
            contents: Some(Contents::default()),
            most: None,
            cap: Some(spec.cap),
        };
        for (_, store) in shared.stores() {
            tier.stats = tier.stats.plus(store.stats(spec.level));
            tier.contents = plus(tier.contents, Some(store.contents(spec.level)));
        }
        tier
    }));
    tiers.sort_by_key(|tier| tier.level);
    tiers
}

/// A tier of this process.
pub(super) fn in_memory<K, V>(level: &'static str, name: &'static str, recent: Option<&Recent<K, V>>) -> Tier
where
    K: std::hash::Hash + Eq,
    V: Clone,
{
    Tier {
        level,
        name,
        place: Place::Memory,
        stats: recent.map(Recent::stats).unwrap_or_default(),
        contents: Some(recent.map(Recent::contents).unwrap_or_default()),
        most: recent.map(|recent| recent.most() as u64),
        cap: None,
    }
}

fn add(tier: &mut Tier, other: &Tier) {
    tier.stats = tier.stats.plus(other.stats);
    tier.contents = plus(tier.contents, other.contents);
    tier.most = tier.most.max(other.most);
}

fn plus(a: Option<Contents>, b: Option<Contents>) -> Option<Contents> {
    let (a, b) = (a?, b?);
    Some(Contents { rows: a.rows + b.rows, bytes: a.bytes + b.bytes })
}

/// One program a project, led from revision to revision.
fn programs(shared: &Shared) -> Tier {
    let count = |counter: &std::sync::atomic::AtomicU32| u64::from(counter.load(Ordering::Relaxed));
    let stats = LevelStats {
        hits: count(&shared.counters.updates),
        misses: count(&shared.counters.loads),
        writes: count(&shared.counters.loads) + count(&shared.counters.updates),
        ..LevelStats::default()
    };
    let contents = Contents { rows: shared.programs.ids().len() as u64, bytes: 0 };
    let (level, name, place) = ("L4", "programs", Place::Memory);
    // What the engine takes, it does not tell.
    Tier { level, name, place, stats, contents: Some(contents), most: None, cap: None }
}

/// What memory is taken for, in bytes; estimates but for the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryUsage {
    /// Of the whole process, as the system counts it; `None` where it does not tell.
    pub resident: Option<u64>,
    /// By kind, with how many there are.
    pub kinds: Vec<(&'static str, Contents)>,
}

/// What the levels and the texts take. What is left of the resident memory is the type engine's, the
/// program's own, and the allocator's reserve.
pub fn memory(shared: &Shared) -> MemoryUsage {
    let texts = shared.disk.held();
    let mut kinds = vec![("texts of files", Contents { rows: texts.0, bytes: texts.1 })];
    kinds.extend(
        levels(shared)
            .into_iter()
            .filter(|tier| tier.place == Place::Memory)
            .filter_map(|tier| Some((tier.name, tier.contents?))),
    );
    MemoryUsage { resident: resident_bytes(), kinds }
}
