//! The table of levels that are kept as rows: one line each.

use serde::{Deserialize, Serialize};

/// The levels that are kept as rows. L1 and L4 live in memory with their users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Level {
    /// L2: one expansion.
    Expansion,
    /// L3: one file's expanded text and facts.
    File,
    /// L3: what a whole check found, with everything it looked at.
    Program,
    /// L5: what hosts answered to macros.
    Response,
}

/// Where a level's rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// In the project's database, shared by all processes.
    Disk,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelSpec {
    pub level: Level,
    /// Which of the five levels it belongs to.
    pub number: &'static str,
    /// For people: `msc cache stats`.
    pub name: &'static str,
    pub tier: Tier,
    /// Bytes of values beyond which the least recently used rows go.
    pub cap: u64,
}

/// Every level, in the order of [`Level`]. The caps add up to the 512 MB that a project may use.
pub const LEVELS: [LevelSpec; 4] = [
    LevelSpec { level: Level::Expansion, number: "L2", name: "expansions", tier: Tier::Disk, cap: 160 << 20 },
    LevelSpec { level: Level::File, number: "L3", name: "files", tier: Tier::Disk, cap: 256 << 20 },
    LevelSpec { level: Level::Program, number: "L3", name: "programs", tier: Tier::Disk, cap: 64 << 20 },
    LevelSpec { level: Level::Response, number: "L5", name: "responses", tier: Tier::Disk, cap: 32 << 20 },
];

impl Level {
    pub fn spec(self) -> &'static LevelSpec {
        &LEVELS[self.index()]
    }

    /// Its place in [`LEVELS`], and its number in the database.
    pub(super) fn index(self) -> usize {
        self as usize
    }
}
