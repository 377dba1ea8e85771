//! Questions about the text of an expansion, as a person reads it: what a name in it is, where it is declared, where it
//! is used.
//!
//! Invariant: answers only where the text that is shown is the text that the engine checks. Where the two differ (a step of
//! several, a macro that left something to be expanded) there is no answer, never one about another place.

use crate::base::{Cancel, FilePath, TextRange};
use crate::expand::{CallSite, Expanded};
use crate::project::files::engine_path;
use crate::project::problems::source_names;
use crate::project::{Loaded, Snapshot};

use super::generated::{Meaning, meaning};
use super::goto::{Target, Targets, generated_targets};
use super::hover::HoverAnswer;
use super::references::{Reference, reference};
use super::{IdeResult, expansion};

/// An expansion's text and where each line of it stands in what the engine sees.
struct Shown {
    loaded: Loaded,
    path: FilePath,
    lines: Vec<Line>,
}

/// A line of an expansion, without what was taken off in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    shown: u32,
    expanded: u32,
    len: u32,
}

impl Shown {
    /// The use at `place` of the source; `None` where `text` is not what the engine sees of it.
    fn of(snap: &Snapshot, file: &FilePath, place: u32, text: &str, cancel: &Cancel) -> IdeResult<Option<Shown>> {
        let loaded = snap.program_for(file, cancel)?;
        let Some(expanded) = loaded.snap.expanded(file) else { return Ok(None) };
        let Some(source) = loaded.snap.text(file) else { return Ok(None) };
        let Some(site) = expansion::use_at(&source, place, &expanded.calls) else { return Ok(None) };
        let (written, lines) = laid_out(&expanded, site);
        if written != text {
            return Ok(None);
        }
        Ok(Some(Shown { path: engine_path(file), loaded, lines }))
    }

    fn down(&self, offset: u32) -> Option<u32> {
        let line = self.lines.iter().find(|line| line.shown <= offset && offset <= line.shown + line.len)?;
        Some(line.expanded + (offset - line.shown))
    }

    fn up(&self, range: TextRange) -> Option<TextRange> {
        let place = |offset: u32| {
            let line = self.lines.iter().find(|line| line.expanded <= offset && offset <= line.expanded + line.len)?;
            Some(line.shown + (offset - line.expanded))
        };
        Some(TextRange::new(place(range.start)?, place(range.end)?))
    }
}

/// What [`expansion::expand_use`] writes of a use, with its lines.
fn laid_out(expanded: &Expanded, site: &CallSite) -> (String, Vec<Line>) {
    let text = expanded.text.as_str();
    let (mut written, mut lines) = (String::new(), Vec::new());
    for range in site.generated.iter().filter(|range| !range.of(text).trim().is_empty()) {
        if !written.is_empty() {
            written.push_str("\n\n");
        }
        let line_start = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let before = &text[line_start..range.start as usize];
        let margin = &before[..before.len() - before.trim_start().len()];
        let mut at = range.start as usize;
        for (index, line) in range.of(text).trim_end().split('\n').enumerate() {
            if index > 0 {
                written.push('\n');
            }
            let bare = line.strip_suffix('\r').unwrap_or(line);
            let kept = match index {
                0 => bare.trim_start(),
                _ => bare.strip_prefix(margin).unwrap_or(bare.trim_start()),
            };
            let skipped = bare.len() - kept.len();
            let len = kept.len() as u32;
            lines.push(Line { shown: written.len() as u32, expanded: (at + skipped) as u32, len });
            written.push_str(kept);
            at += line.len() + 1;
        }
    }
    if !written.is_empty() {
        written.push('\n');
    }
    (written, lines)
}

/// What stands at an offset of an expansion's text. `range` of the answer is in that text.
pub fn hover(
    snap: &Snapshot,
    file: &FilePath,
    place: u32,
    text: &str,
    offset: u32,
    cancel: &Cancel,
) -> IdeResult<Option<HoverAnswer>> {
    let Some(shown) = Shown::of(snap, file, place, text, cancel)? else { return Ok(None) };
    let Some(at) = shown.down(offset) else { return Ok(None) };
    let Some(found) = shown.loaded.program.hover(&shown.path, at, cancel)? else { return Ok(None) };
    let Some(range) = shown.up(found.range) else { return Ok(None) };
    let mut markdown = format!("```typescript\n{}\n```", source_names(found.code.trim_end()));
    let documentation = found.documentation.trim();
    if !documentation.is_empty() {
        markdown.push_str(&format!("\n\n{documentation}"));
    }
    Ok(Some(HoverAnswer { range, markdown }))
}

/// Where a name of an expansion's text is declared, and the line of the macro that wrote it.
pub fn definition(
    snap: &Snapshot,
    file: &FilePath,
    place: u32,
    text: &str,
    offset: u32,
    cancel: &Cancel,
) -> IdeResult<Targets> {
    let Some(shown) = Shown::of(snap, file, place, text, cancel)? else { return Ok(Targets::default()) };
    let Some(at) = shown.down(offset) else { return Ok(Targets::default()) };
    let found = shown.loaded.program.definition(&shown.path, at, cancel)?;
    let mut targets: Vec<Target> = Vec::new();
    for place in &found.targets {
        let more = match meaning(&shown.loaded.snap, place) {
            Some(Meaning::Source { file, range, full }) => vec![Target { file, range, full }],
            Some(Meaning::Generated(code)) => generated_targets(*code),
            None => Vec::new(),
        };
        for target in more {
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    Ok(Targets { asked: found.asked.and_then(|range| shown.up(range)), targets })
}

/// Where a name of an expansion's text is used, in people's own files.
pub fn references(
    snap: &Snapshot,
    file: &FilePath,
    place: u32,
    text: &str,
    offset: u32,
    include_declaration: bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Reference>> {
    let Some(shown) = Shown::of(snap, file, place, text, cancel)? else { return Ok(Vec::new()) };
    let Some(at) = shown.down(offset) else { return Ok(Vec::new()) };
    let places = shown.loaded.program.references(&shown.path, at, include_declaration, cancel)?;
    let mut found: Vec<Reference> = places.iter().filter_map(|place| reference(&shown.loaded.snap, place)).collect();
    found.sort();
    found.dedup_by(|next, kept| next.file == kept.file && next.range == kept.range);
    Ok(found)
}
