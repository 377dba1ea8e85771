//! A `.ms` file as another TypeScript reads it through its content-mapper protocol: the expanded
//! text, where each stretch of it comes from, and what is wrong with its macros.
//!
//! A mapped file is imported with its extension, and knows no standard library: specifiers are led to
//! `./user.ms` and to a copy of the library on disk ([`library`]).
//!
//! Invariant: nothing is written here, and macros' outputs must be known.

use std::collections::BTreeMap;

use crate::base::{Cancel, FilePath, TextRange};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{EngineError, Files};
use crate::expand::{Expanded, Origin};
use crate::std_lib;
use crate::text::SourceText;

use super::super::files::{ProgramFiles, engine_path};
use super::super::{Snapshot, resolution, scope};
use super::files::relative;
use super::link::{Linked, link};
use super::shaped;

/// A file for another TypeScript.
#[derive(Clone, Debug)]
pub struct Mapped {
    pub source: SourceText,
    pub text: SourceText,
    /// In the order of the text, without overlaps. What lies between stands for nothing.
    pub stretches: Vec<Stretch>,
    /// Parts of the text in which nothing that is found says anything, in text order, without overlaps.
    pub silent: Vec<TextRange>,
    /// Errors of the file's macros and of its syntax, at places of the source.
    pub errors: Vec<Diagnostic>,
}

/// Where a part of the text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub text: TextRange,
    pub source: TextRange,
    pub kind: StretchKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StretchKind {
    /// The source's own bytes in their own place.
    Verbatim,
    /// The same bytes as in the source, in generated code.
    Copied,
    /// Another text that means what the source says there: a specifier.
    Renamed,
    /// Generated for what stands at the source's range.
    Generated,
}

/// `library` is where [`library`] was written. `None` for a file that is not there.
pub fn mapped(
    snap: &Snapshot,
    file: &FilePath,
    library: &FilePath,
    cancel: &Cancel,
) -> Result<Option<Mapped>, EngineError> {
    let shaped = shaped(snap, file, cancel)?;
    let snap = shaped.as_ref().unwrap_or(snap);
    let (Some(source), Some(expanded)) = (snap.text(file), snap.expanded(file)) else { return Ok(None) };
    let path = engine_path(file);
    let specifier = |specifier: &str| {
        let found = scope::resolve(snap, file, specifier)?;
        let target = if std_lib::contains(&found) {
            let below = found.relative_to(&FilePath::new(std_lib::ROOT)).trim_end_matches(".ms").to_owned();
            library.join("node_modules/std").join(&below).as_str().to_owned()
        } else if found.is_metascript() && resolution::package_of(&found).is_none() {
            relative(&path.parent(), &found)
        } else {
            return None;
        };
        (target != specifier).then_some(target)
    };
    let linked = link(&snap.parse(expanded.text.clone()), &[], &specifier);
    let stretches = stretches(&expanded, &linked);
    let silent = expanded.quotes.iter().map(|quote| linked.linked(*quote)).collect();
    let errors = expanded.diagnostics.iter().filter(|one| one.severity == Severity::Error && one.file == *file);
    let errors = errors.cloned().collect();
    Ok(Some(Mapped { source, text: SourceText::new(linked.text), stretches, silent, errors }))
}

fn stretches(expanded: &Expanded, linked: &Linked) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    let mut edits = linked.edits().peekable();
    let mut linked_to = 0;
    for segment in expanded.map.segments() {
        let (source, kind) = match &segment.origin {
            Origin::Verbatim { source } => (*source, StretchKind::Verbatim),
            Origin::Copied { source, .. } => (*source, StretchKind::Copied),
            Origin::Quoted { call, .. } | Origin::Computed { call, .. } => {
                let name = expanded.calls.get(*call as usize).map(|site| site.name).unwrap_or_default();
                (name, StretchKind::Generated)
            }
            Origin::Glue { source } => (*source, StretchKind::Generated),
        };
        let mut push = |from: u32, to: u32, text: TextRange, kind: StretchKind| {
            let source = match kind {
                StretchKind::Generated => source,
                _ => TextRange::new(
                    source.start + (from - segment.expanded.start),
                    source.start + (to - segment.expanded.start),
                ),
            };
            match out.last_mut() {
                // One use, one stretch: what follows of the same says nothing more.
                Some(last)
                    if last.kind == StretchKind::Generated
                        && kind == StretchKind::Generated
                        && last.source == source
                        && last.text.end == text.start =>
                {
                    last.text.end = text.end;
                }
                _ => out.push(Stretch { text, source, kind }),
            }
        };
        // A specifier can lie in two segments: where its extension was taken away.
        let mut at = segment.expanded.start.max(linked_to);
        while let Some(edit) = edits.next_if(|edit| edit.start < segment.expanded.end) {
            if at < edit.start {
                push(at, edit.start, linked.linked(TextRange::new(at, edit.start)), kind);
            }
            let renamed = if kind == StretchKind::Generated { kind } else { StretchKind::Renamed };
            push(edit.start.max(at), edit.end.min(segment.expanded.end), linked.linked(edit), renamed);
            at = edit.end;
            linked_to = edit.end;
        }
        if at < segment.expanded.end {
            push(at, segment.expanded.end, linked.linked(TextRange::new(at, segment.expanded.end)), kind);
        }
    }
    out
}

/// The standard library as plain TypeScript, by names below the directory that [`mapped`] is given.
pub fn library(snap: &Snapshot) -> BTreeMap<String, String> {
    let shown = ProgramFiles::new(snap.clone());
    let texts = std_lib::FILES.iter().filter_map(|(name, _)| {
        let below = format!("{}.ts", name.trim_end_matches(".ms"));
        let text = shown.read(&FilePath::new(std_lib::ROOT).join(&below))?;
        // The options of a project are not what the library was written under.
        Some((format!("node_modules/std/{below}"), format!("// @ts-nocheck\n{text}")))
    });
    texts.collect()
}

/// The modules of a project that hold macros: what other files' texts depend on.
pub fn macro_modules(snap: &Snapshot, roots: &[FilePath]) -> Vec<(FilePath, SourceText)> {
    let files = super::super::check::reached_files(snap, roots);
    let modules = files.into_iter().filter(FilePath::is_metascript).filter_map(|file| {
        let text = snap.text(&file)?;
        let facts = scope::facts_of(snap, &file, &text, None);
        (!facts.macros.is_empty() || facts.has_comptime).then_some((file, text))
    });
    modules.collect()
}
