//! What one use of a macro generates, as code to read.
//!
//! Invariant: runs no macro. A use that has no output yet is an error that says so.

use crate::base::{Cancel, FilePath};
use crate::expand::{CallSite, CallState};
use crate::project::{Snapshot, expansion};
use crate::text::SourceText;

use super::generated::dedent;
use super::{IdeError, IdeResult};

/// The output of one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseExpansion {
    /// `@derive(Eq, Hash)`.
    pub name: String,
    /// Where the use stands: an offset in the source.
    pub offset: u32,
    /// Indentation removed; outputs in several places have an empty line between them.
    pub text: String,
    /// Another step would expand macros that this text uses.
    pub has_more: bool,
}

/// How far uses of macros in what a macro generates are expanded in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// So many steps: one is the use itself.
    Steps(u32),
    /// Until no macro is left.
    Full,
}

/// What the use at an offset of the source generates, or else the first one on the offset's line.
pub fn expand_use(
    snap: &Snapshot,
    file: &FilePath,
    offset: u32,
    depth: Depth,
    cancel: &Cancel,
) -> IdeResult<UseExpansion> {
    let source = snap.text(file).filter(|_| file.is_metascript());
    let source = source.ok_or_else(|| IdeError::Refused(format!("{file} is no Metascript file that can be read")))?;
    let steps = match depth {
        Depth::Steps(steps) => Some(steps),
        Depth::Full => None,
    };
    let expanded = expansion::emit_steps(snap, file, steps);
    cancel.check()?;
    let calls = expanded.as_ref().map_or(&[][..], |expanded| &expanded.calls);
    let (Some(site), Some(expanded)) = (use_at(&source, offset, calls), expanded.as_ref()) else {
        return Err(IdeError::Refused(format!("no macro is used on line {}", source.lines().line_of(offset) + 1)));
    };
    let name = format!("@{}", site.shown);
    let text = output(expanded.text.as_str(), site);
    if text.is_empty() {
        return Err(IdeError::Refused(match site.state {
            CallState::Failed => format!("{name} failed: its diagnostics say why"),
            CallState::Missing => format!("{name} has not run yet: ask again in a moment"),
            CallState::Fresh | CallState::Stale => format!("{name} generates nothing"),
        }));
    }
    let has_more = steps.is_some_and(|steps| {
        let further = expansion::emit_steps(snap, file, Some(steps.saturating_add(1)));
        let same = |other: &&CallSite| other.parent.is_none() && other.name == site.name;
        further.is_some_and(|further| {
            further.calls.iter().find(same).is_some_and(|other| output(further.text.as_str(), other) != text)
        })
    });
    Ok(UseExpansion { name, offset: site.name.start, text, has_more })
}

/// The use at an offset of the source, or else the first one on its line.
pub(super) fn use_at<'c>(source: &SourceText, offset: u32, calls: &'c [CallSite]) -> Option<&'c CallSite> {
    let line_of = |offset: u32| source.lines().line_of(offset);
    let own = || calls.iter().filter(|site| site.parent.is_none());
    // A use may stand in the argument of another: the innermost is meant.
    let at = own().filter(|site| site.range.contains(offset)).min_by_key(|site| site.range.end - site.range.start);
    at.or_else(|| own().find(|site| line_of(site.name.start) == line_of(offset)))
}

fn output(expanded: &str, site: &CallSite) -> String {
    let parts = site.generated.iter().map(|range| dedent(expanded, *range));
    let parts: Vec<String> = parts.filter(|part| !part.trim().is_empty()).collect();
    match parts.is_empty() {
        true => String::new(),
        false => parts.join("\n\n") + "\n",
    }
}
