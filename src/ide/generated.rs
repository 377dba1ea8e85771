//! What stands behind a place that the engine named: a person's code, or a macro's output with
//! the use that made it and the quote that says it.

use std::sync::Arc;

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::Place;
use crate::expand::{CallSite, Expanded};
use crate::project::Loaded;
use crate::project::Snapshot;
use crate::project::locate::{Behind, Side, behind, engine_places, locate};

use super::IdeResult;

/// A declaration that a macro generated.
pub struct GeneratedCode {
    pub file: FilePath,
    pub site: CallSite,
    /// The part of the source that the asked name was copied from (a field's name).
    pub copied: Option<TextRange>,
    /// Where the macro's source says it.
    pub written: Option<(FilePath, TextRange)>,
    /// The declaration as generated, indentation removed, without its doc comment.
    pub code: String,
}

/// What a place of the engine's is to a person.
pub enum Meaning {
    Source { file: FilePath, range: TextRange, full: TextRange },
    Generated(Box<GeneratedCode>),
}

/// `None` for text that `msc` made for the checker's sake and nobody wants to see.
pub fn meaning(snap: &Snapshot, place: &Place) -> Option<Meaning> {
    let located = locate(snap, &place.file, place.range);
    match located.behind {
        Behind::Source(range) | Behind::StandsFor(range) => {
            let full = match (&located.expanded, place.full) {
                (Some(expanded), Some(full)) => match behind(&expanded.map, full) {
                    Behind::Source(full) => Some(full),
                    _ => None,
                },
                (None, full) => full,
                (Some(_), None) => None,
            };
            let full = full.filter(|full| full.contains_range(range)).unwrap_or(range);
            Some(Meaning::Source { file: located.file, range, full })
        }
        Behind::Generated { call, copied, written } => {
            let expanded = located.expanded?;
            let site = expanded.calls.get(call as usize)?.clone();
            let code = declaration(&expanded, &site, place);
            Some(Meaning::Generated(Box::new(GeneratedCode { file: located.file, site, copied, written, code })))
        }
    }
}

/// The whole declaration around a generated name.
fn declaration(expanded: &Arc<Expanded>, site: &CallSite, place: &Place) -> String {
    let text = expanded.text.as_str();
    let generated = site.generated.iter().copied().find(|range| range.contains(place.range.start));
    let full = place.full.filter(|full| full.contains_range(place.range)).or(generated).unwrap_or(place.range);
    // Generated members stand inside a person's class: a declaration that holds more than the
    // output (the class itself) is shown as the output alone.
    let full = match generated {
        Some(generated) if !generated.contains_range(full) => generated,
        _ => full,
    };
    dedent(text, full)
}

/// A range of text as a block of its own: the indentation of its first line taken off every line.
pub fn dedent(text: &str, range: TextRange) -> String {
    let line_start = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line_start..range.start as usize];
    let indent = before.len() - before.trim_start().len();
    let margin = &before[..indent];
    let mut out = String::new();
    for (index, line) in range.of(text).trim_end().lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let line = if index == 0 { line.trim_start() } else { line.strip_prefix(margin).unwrap_or(line.trim_start()) };
        out.push_str(line);
    }
    out
}

/// What is looked for from a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Definition,
    Type,
    Implementation,
}

/// Definitions of what stands at an offset of the source, in engine coordinates. Asks at the
/// offset's own place, then at its copies in generated code, until one answers.
pub fn definitions(
    loaded: &Loaded,
    file: &FilePath,
    offset: u32,
    goal: Goal,
    cancel: &Cancel,
) -> IdeResult<(Option<TextRange>, Vec<Place>)> {
    let (path, places) = engine_places(&loaded.snap, file, offset, Side::At);
    if !loaded.program.contains(&path) {
        return Ok((None, Vec::new()));
    }
    for at in places {
        cancel.check()?;
        let found = match goal {
            Goal::Definition => loaded.program.definition(&path, at, cancel)?,
            Goal::Type => loaded.program.type_definition(&path, at, cancel)?,
            Goal::Implementation => loaded.program.implementations(&path, at, cancel)?,
        };
        if found.targets.is_empty() {
            continue;
        }
        let asked = found.asked.and_then(|range| source_range(&loaded.snap, &path, range));
        return Ok((asked, found.targets));
    }
    Ok((None, Vec::new()))
}

/// A range of the engine's in the source, where it is a person's own text or a copy of it.
pub fn source_range(snap: &Snapshot, path: &FilePath, range: TextRange) -> Option<TextRange> {
    match locate(snap, path, range).behind {
        Behind::Source(range) => Some(range),
        Behind::Generated { copied, .. } => copied,
        Behind::StandsFor(_) => None,
    }
}
