//! The pass: runs macros whose recipe changed, checks the files concerned, streams what it finds.

use crate::base::{Cancel, Cancelled, FilePath};
use crate::diagnostic::Diagnostic;

use super::world::Expansions;
use super::{Revision, Snapshot};

/// Which files' diagnostics are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those open in the editor, at their live text.
    Open,
    /// Every file of every project that the world knows.
    All,
}

#[derive(Clone, Debug)]
pub struct PassRequest {
    pub scope: Scope,
    /// Whether macros may run; without it a file with a stale expansion yields no diagnostics.
    pub run_macros: bool,
}

/// What a pass tells while it runs.
pub enum PassEvent {
    /// Macros ran: to be applied to the world before anything else is asked of it.
    Expanded(Expansions),
    /// All diagnostics of one file at one revision; an empty list clears.
    File { file: FilePath, version: Option<i32>, revision: Revision, diagnostics: Vec<Diagnostic> },
    /// Macros have run for `done` of `total` uses.
    Progress { done: u32, total: u32 },
}

/// Counters of one pass, as `--stats` prints them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassStats {
    pub files: u32,
    /// Files whose text was parsed by our grammar.
    pub parsed: u32,
    /// Uses of macros found.
    pub uses: u32,
    /// Macros that ran; the rest came from the cache.
    pub macros_run: u32,
    /// Files the type engine checked.
    pub checked: u32,
}

/// Runs a pass over a snapshot on the calling thread (and helpers of its own). Stops with
/// `Cancelled` as soon as `cancel` says so; what was sent by then is right and stays.
pub fn run(
    _snap: &Snapshot,
    _request: &PassRequest,
    _cancel: &Cancel,
    _send: &(dyn Fn(PassEvent) + Sync),
) -> Result<PassStats, Cancelled> {
    todo!()
}
