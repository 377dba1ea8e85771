//! `msc/workStats`: a request of our own, without parameters, for people and tests that want to know what
//! the server has to do.

use serde_json::{Value, json};

use crate::base::Cancel;
use crate::ide::IdeResult;
use crate::project::{Snapshot, index};

use super::super::load::Load;
use super::super::to_proto::Edge;

/// `{ requests, ticks, references }`: requests that wait, that a thread began and that were dropped before
/// one did; ticks of the main loop; and for each program the questions that the reference index answered
/// and left to the type engine, with the files that it read and took from rows.
pub fn stats(snap: &Snapshot, edge: &Edge, (): (), _: &Cancel) -> IdeResult<Value> {
    let load = &*edge.load;
    let programs: Vec<Value> = index::counts(snap)
        .into_iter()
        .map(|(root, counts)| {
            json!({
                "root": root.as_str(),
                "answered": Load::get(&counts.counts().answered),
                "left": Load::get(&counts.counts().left),
                "filesRead": Load::get(&counts.counts().made),
                "filesFromRows": Load::get(&counts.counts().from_rows),
            })
        })
        .collect();
    Ok(json!({
        "requests": {
            "waiting": Load::get(&load.waiting),
            "mostWaiting": Load::get(&load.most_waiting),
            "begun": Load::get(&load.begun),
            "dropped": Load::get(&load.dropped),
        },
        "ticks": {
            "slow": Load::get(&load.slow_ticks),
            "longestMicros": Load::get(&load.longest_tick),
        },
        "references": programs,
    }))
}
