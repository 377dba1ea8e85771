//! What macros cost, one by one: for `msc check --stats`.
//!
//! Invariant: runs nothing and checks nothing; what is told is what the runs themselves told, in this
//! process or, for outputs that a row had, in the one that made them.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::FilePath;
use crate::expand::MacroRef;

use super::expansion::{self, Source};
use super::files::source_path;
use super::{ProjectId, Snapshot, program};

/// All uses of one macro. A compile-time block counts as a macro of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroCost {
    pub callee: MacroRef,
    pub uses: u32,
    pub ran: u32,
    pub cached: u32,
    pub stale: u32,
    /// Processor time of all uses, when they last ran.
    pub micros: u64,
    /// Of the slowest use, with its file and its line (from 0).
    pub slowest: Option<(u64, FilePath, u32)>,
    /// The most memory of one use; 0 where none ran long enough to be measured.
    pub memory_bytes: u64,
}

/// The macros that the files of `paths` (files, or folders of projects) use, the dearest first.
pub fn of_macros(snap: &Snapshot, paths: &[FilePath]) -> Vec<MacroCost> {
    let mut by_macro: BTreeMap<MacroRef, MacroCost> = BTreeMap::new();
    for file in files(snap, paths) {
        let text = snap.text(&file);
        for (site, cost) in expansion::costs(snap, &file) {
            let entry = by_macro.entry(site.callee.clone()).or_insert_with(|| MacroCost {
                callee: site.callee.clone(),
                uses: 0,
                ran: 0,
                cached: 0,
                stale: 0,
                micros: 0,
                slowest: None,
                memory_bytes: 0,
            });
            entry.uses += 1;
            let Some(cost) = cost else { continue };
            match cost.source {
                Source::Ran => entry.ran += 1,
                Source::Cache => entry.cached += 1,
                Source::Stale => entry.stale += 1,
            }
            entry.micros += cost.micros;
            entry.memory_bytes = entry.memory_bytes.max(cost.memory_bytes);
            if entry.slowest.as_ref().is_none_or(|(micros, ..)| *micros < cost.micros) {
                let line = text.as_ref().map_or(0, |text| text.lines().line_of(site.name.start));
                entry.slowest = Some((cost.micros, file.clone(), line));
            }
        }
    }
    let mut costs: Vec<MacroCost> = by_macro.into_values().collect();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.micros));
    costs
}

fn files(snap: &Snapshot, paths: &[FilePath]) -> BTreeSet<FilePath> {
    let mut roots = Vec::new();
    for path in paths {
        if snap.is_file(path) {
            roots.push(path.clone());
        } else {
            let id = ProjectId::of_dir(&snap.shared.disk, path, path);
            if let Ok(configured) = program::configured(snap, &id) {
                roots.extend(configured.config.roots.iter().map(|file| source_path(snap, file)));
            }
        }
    }
    expansion::reached(snap, &roots)
}
