//! `msc/cacheStats` and `msc/memoryUsage`: requests of our own, without parameters, for people and tests
//! that want to know what the caches did and what the server's memory is taken for.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::base::Cancel;
use crate::ide::IdeResult;
use crate::project::Snapshot;
use crate::project::caches::{self, Place, Tier};

use super::super::to_proto::Edge;

/// `{ levels, work, databases, health }`. `levels` has one object for each tier: `level`, `name`, `place`,
/// the counters since start, `entries` and `bytes` (null where nobody here can tell), `maxEntries` and
/// `maxBytes` (null where there is no such limit). `work` is what was computed since start. `health` has a
/// line for each thing that is not as it should be.
pub fn stats(snap: &Snapshot, _: &Edge, (): (), _: &Cancel) -> IdeResult<Value> {
    let shared = snap.shared();
    let levels: Vec<Value> = caches::levels(shared).iter().map(tier).collect();
    let counters = &shared.counters;
    let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    let stores = shared.stores();
    let databases: Vec<String> =
        stores.iter().filter_map(|(_, store)| store.path()).map(|path| path.display().to_string()).collect();
    let health: Vec<String> = stores.iter().flat_map(|(_, store)| store.health()).collect();
    Ok(json!({
        "levels": levels,
        "work": {
            "parsed": count(&counters.parsed),
            "macrosRun": count(&counters.macros_run),
            "checked": count(&counters.checked),
            "loads": count(&counters.loads),
            "updates": count(&counters.updates),
            "systemCalls": shared.disk.system_calls(),
        },
        "databases": databases,
        "health": health,
    }))
}

fn tier(tier: &Tier) -> Value {
    let Tier { level, name, place, stats, contents, most, cap } = tier;
    json!({
        "level": level,
        "name": name,
        "place": match place {
            Place::Workers => "workers",
            Place::Memory => "memory",
            Place::Disk => "disk",
        },
        "hits": stats.hits,
        "misses": stats.misses,
        "stale": stats.stale,
        "writes": stats.writes,
        "errors": stats.errors,
        "evictions": stats.evictions,
        "entries": contents.map(|contents| contents.rows),
        "bytes": contents.map(|contents| contents.bytes),
        "maxEntries": most,
        "maxBytes": cap,
    })
}

/// `{ resident, kinds }`: bytes of the process as the system counts them (null where it does not tell), and
/// what is known of them: `[{ name, entries, bytes }]`, estimates. The rest is the type engine's.
pub fn memory(snap: &Snapshot, _: &Edge, (): (), _: &Cancel) -> IdeResult<Value> {
    let usage = caches::memory(snap.shared());
    let kinds: Vec<Value> = usage
        .kinds
        .iter()
        .map(|(name, contents)| json!({ "name": name, "entries": contents.rows, "bytes": contents.bytes }))
        .collect();
    Ok(json!({ "resident": usage.resident, "kinds": kinds }))
}
