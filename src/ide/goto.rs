//! Definition, type definition and implementation.
//!
//! A generated declaration leads to three places: where the macro's source says it, the part of
//! the person's code that named it (a field), and the use.

use crate::base::{Cancel, FilePath, TextRange};
use crate::project::Snapshot;

use super::IdeResult;
use super::generated::{GeneratedCode, Goal, Meaning, definitions, meaning};
use super::remembered::at_revision;

/// One place to go to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub file: FilePath,
    /// The name.
    pub range: TextRange,
    /// The whole declaration (contains `range`).
    pub full: TextRange,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// What was asked about, in the live text.
    pub asked: Option<TextRange>,
    /// Best first. For a generated member: the quote in the macro, then the use.
    pub targets: Vec<Target>,
}

pub fn definition(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
    find(snap, file, offset, Goal::Definition, cancel)
}

pub fn type_definition(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
    find(snap, file, offset, Goal::Type, cancel)
}

/// Of an interface or a method without a body: the classes and methods that stand for it.
pub fn implementation(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
    find(snap, file, offset, Goal::Implementation, cancel)
}

fn find(snap: &Snapshot, file: &FilePath, offset: u32, goal: Goal, cancel: &Cancel) -> IdeResult<Targets> {
    let question = match goal {
        Goal::Definition => "definition",
        Goal::Type => "type definition",
        Goal::Implementation => "implementation",
    };
    let size = |found: &Targets| found.targets.len() * size_of::<Target>();
    at_revision(snap, question, file, offset, || ask(snap, file, offset, goal, cancel), size)
}

fn ask(snap: &Snapshot, file: &FilePath, offset: u32, goal: Goal, cancel: &Cancel) -> IdeResult<Targets> {
    let loaded = snap.program_for(file, cancel)?;
    let snap = &loaded.snap;
    let (asked, places) = definitions(&loaded, file, offset, goal, cancel)?;
    let mut targets: Vec<Target> = Vec::new();
    for place in &places {
        let found = match meaning(snap, place) {
            Some(Meaning::Source { file, range, full }) => vec![Target { file, range, full }],
            Some(Meaning::Generated(code)) => generated_targets(*code),
            None => Vec::new(),
        };
        for target in found {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(Targets { asked, targets })
}

pub(super) fn generated_targets(code: GeneratedCode) -> Vec<Target> {
    let mut targets = Vec::new();
    if let Some(range) = code.copied {
        targets.push(Target { file: code.file.clone(), range, full: range });
    }
    if let Some((file, range)) = code.written {
        targets.push(Target { file, range, full: range });
    }
    targets.push(Target { file: code.file, range: code.site.name, full: code.site.range });
    targets
}
