//! Which ticks of servers' main loops took too long, for `msc doctor`: a short list in the user's own
//! cache directory.
//!
//! Invariant: a list that cannot be read or written is an empty one. It holds names of events and times, no
//! text of any file.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io};

use super::user;

/// Older ones go.
const MOST_KEPT: usize = 200;

/// One tick beyond its budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowTick {
    /// Seconds since 1970.
    pub at: u64,
    pub millis: u64,
    /// The event that it handled.
    pub what: String,
}

impl SlowTick {
    pub fn now(millis: u64, what: &str) -> SlowTick {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        SlowTick { at, millis, what: what.to_owned() }
    }

    fn parse(line: &str) -> Option<SlowTick> {
        let (at, rest) = line.split_once(' ')?;
        let (millis, what) = rest.split_once(' ')?;
        Some(SlowTick { at: at.parse().ok()?, millis: millis.parse().ok()?, what: what.to_owned() })
    }
}

/// Where servers of this user keep the list; `None` where the system names no cache directory.
pub fn list_of_user() -> Option<PathBuf> {
    user::cache_dir().map(|cache| cache.join("msc/slow-ticks"))
}

pub fn read(list: &Path) -> Vec<SlowTick> {
    fs::read_to_string(list).unwrap_or_default().lines().filter_map(SlowTick::parse).collect()
}

/// Adds to the list. Two servers that write at once may lose one of the other's lines.
pub fn add(list: &Path, ticks: &[SlowTick]) -> io::Result<()> {
    let mut all = read(list);
    all.extend_from_slice(ticks);
    let kept = &all[all.len().saturating_sub(MOST_KEPT)..];
    let text: String = kept.iter().map(|tick| format!("{} {} {}\n", tick.at, tick.millis, tick.what)).collect();
    if let Some(directory) = list.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(list, text)
}
