//! L3 rows of files: an expansion with everything it rests on.
//!
//! A row is a verifying trace: it names what was asked of other files while the file was expanded
//! (facts by text, specifiers by what they resolved to, modules of macros by text) and what macros
//! read. While all of that is answered as it was, the expansion is what expanding anew would give,
//! and a warm start parses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath, Recipe};
use crate::cache::Level;
use crate::expand::{CallId, CallState, Expanded, FileFacts};
use crate::macros::{Effect, ModuleGraph};
use crate::text::SourceText;

use super::scope::{resolve, target_of};
use super::{Snapshot, expansion};

/// A question put to other files, with its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Asked {
    /// The saved text of a file.
    Text { file: FilePath, digest: Option<Digest> },
    /// What a specifier names.
    Specifier { from: FilePath, specifier: String, found: Option<FilePath> },
    /// What a file is compiled for.
    Target { from: FilePath, target: String },
}

impl Asked {
    pub fn text(snap: &Snapshot, file: &FilePath) -> Asked {
        Asked::Text { file: file.clone(), digest: snap.saved_text(file).map(|text| text.digest()) }
    }

    fn holds(&self, snap: &Snapshot) -> bool {
        match self {
            Asked::Text { file, digest } => snap.saved_text(file).map(|text| text.digest()) == *digest,
            Asked::Target { from, target } => target_of(snap, from) == *target,
            Asked::Specifier { from, specifier, found } => resolve(snap, from, specifier) == *found,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct FileRow {
    pub expanded: Expanded,
    pub facts: FileFacts,
    /// The key of each use: what leads to its output once the use changes.
    pub keys: BTreeMap<CallId, Digest>,
    asked: BTreeSet<Asked>,
    pub effects: Vec<Effect>,
}

fn key(file: &FilePath, text: &SourceText) -> Digest {
    Recipe::new("expanded file").text("file", file.as_str()).digest("text", text.digest()).finish()
}

/// The row of a saved text, if all that it rests on is unchanged.
pub(super) fn read(snap: &Snapshot, file: &FilePath, text: &SourceText) -> Option<FileRow> {
    let root = &snap.project_of(file).root;
    let bytes = snap.shared.store(root).get(Level::File, key(file, text))?;
    let row: FileRow = postcard::from_bytes(&bytes).ok()?;
    let holds = row.asked.iter().all(|asked| asked.holds(snap))
        && row.effects.iter().all(|effect| expansion::holds(snap, root, effect));
    holds.then_some(row)
}

/// What a row is made of.
pub(super) struct Parts<'a> {
    pub file: &'a FilePath,
    pub text: &'a SourceText,
    pub expanded: &'a Expanded,
    pub facts: &'a FileFacts,
    pub keys: BTreeMap<CallId, Digest>,
    pub asked: BTreeSet<Asked>,
    pub graphs: Vec<Arc<ModuleGraph>>,
    pub effects: Vec<Effect>,
}

/// Keeps an expansion that nothing is missing from. One with a failure is not kept: whether it
/// fails again is for the next run to say.
pub(super) fn write(snap: &Snapshot, parts: Parts<'_>) {
    if parts.expanded.calls.iter().any(|call| call.state != CallState::Fresh) {
        return;
    }
    let mut asked = parts.asked;
    for graph in &parts.graphs {
        for module in &graph.modules {
            asked.insert(Asked::text(snap, &module.file));
            asked.extend(module.imports.iter().map(|(specifier, found)| Asked::Specifier {
                from: module.file.clone(),
                specifier: specifier.clone(),
                found: Some(found.clone()),
            }));
        }
    }
    let row = FileRow {
        expanded: parts.expanded.clone(),
        facts: parts.facts.clone(),
        keys: parts.keys,
        asked,
        effects: parts.effects,
    };
    match postcard::to_allocvec(&row) {
        Ok(bytes) => {
            let root = &snap.project_of(parts.file).root;
            snap.shared.store(root).put(Level::File, key(parts.file, parts.text), Some(parts.file), bytes);
        }
        Err(error) => crate::bug!("an expansion has no encoding: {error}"),
    }
}
