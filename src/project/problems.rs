//! The engine's findings as diagnostics at places a person can edit.

use std::collections::HashSet;

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic, GeneratedLine, Related, Severity};
use crate::engine::{EngineDiagnostic, EngineSeverity};
use crate::expand::META;
use crate::expand::{CallSite, Expanded};
use crate::syntax::SyntaxFile;

use super::Snapshot;
use super::locate::{Behind, Located, locate};
use crate::std_lib;

/// Findings that say something about code nobody wrote, and nothing that anyone could act on:
/// unused names and unreachable code in generated text, and `override` that is missing there, since a
/// macro sees a class as written and not what its base class declares.
const SILENT_IN_GENERATED: &[u32] =
    &[4114, 4116, 6133, 6138, 6192, 6196, 6198, 6199, 6205, 7027, 7028, 80001, 80004, 80006, 80007];

/// Maps findings of one program; duplicates (two generated faults of one cause at one use) fold
/// into the first.
pub fn map_all(snap: &Snapshot, fallback: &FilePath, mut found: Vec<EngineDiagnostic>) -> Vec<Diagnostic> {
    found.retain(|diagnostic| !is_of_quote_only(snap, diagnostic));
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    // After a syntax error whatever `msc` adds to a text may be read as part of what is unfinished:
    // it then has faults that are nobody's. The first syntax error is told all the same, at what the
    // text stands for: where nothing else is wrong (`u.` as the last line) it is the only one.
    let is_broken = found.iter().any(|diagnostic| is_syntax(diagnostic.code));
    let added: Vec<bool> = found.iter().map(|diagnostic| is_broken && is_in_added(snap, diagnostic)).collect();
    let told = found.iter().zip(&added).position(|(diagnostic, added)| *added && is_syntax(diagnostic.code));
    for (index, diagnostic) in found.into_iter().enumerate() {
        if added[index] && told != Some(index) {
            continue;
        }
        let Some(mapped) = map_one(snap, fallback, diagnostic) else { continue };
        if seen.insert((mapped.file.clone(), mapped.range, mapped.code, mapped.message.clone())) {
            out.push(mapped);
        }
    }
    out
}

/// TypeScript's numbers of syntax errors.
fn is_syntax(code: u32) -> bool {
    (1000..2000).contains(&code)
}

/// Whether a finding lies in text that `msc` added. What is missing at the end of the text (a
/// brace) is missing at the end of the source too, and does not count.
fn is_in_added(snap: &Snapshot, diagnostic: &EngineDiagnostic) -> bool {
    let Some(path) = &diagnostic.file else { return false };
    let located = locate(snap, path, diagnostic.range);
    let at_end = located.expanded.is_some_and(|expanded| diagnostic.range.start >= expanded.text.len());
    matches!(located.behind, Behind::StandsFor(_)) && !at_end
}

fn map_one(snap: &Snapshot, fallback: &FilePath, found: EngineDiagnostic) -> Option<Diagnostic> {
    let severity = match found.severity {
        EngineSeverity::Error => Severity::Error,
        EngineSeverity::Warning => Severity::Warning,
        EngineSeverity::Suggestion => Severity::Hint,
    };
    let message = source_names(&found.message);
    let Some(path) = &found.file else {
        // Options that were said for a `metascript.json`, or for no file, have no place of their own.
        let message = message.replace(&format!("{}/tsconfig.json", fallback.parent()), fallback.as_str());
        let range = snap.text(fallback).and_then(|text| named_key(text.as_str(), &message)).unwrap_or_default();
        let mut diagnostic = Diagnostic::new(Code::Ts(found.code), fallback, range, message);
        diagnostic.severity = severity;
        return Some(diagnostic);
    };
    let located = locate(snap, path, found.range);
    if located.expanded.as_ref().is_some_and(|expanded| expanded.is_quote(found.range.start)) {
        return unknown_in_quote(snap, &located, &found, message);
    }
    let mut diagnostic = Diagnostic::new(Code::Ts(found.code), &located.file, TextRange::default(), message);
    diagnostic.severity = severity;
    diagnostic.unnecessary = found.unnecessary;
    diagnostic.deprecated = found.deprecated;
    match located.behind {
        Behind::Source(range) => diagnostic.range = range,
        Behind::StandsFor(range) => {
            if SILENT_IN_GENERATED.contains(&found.code) || severity == Severity::Hint {
                return None;
            }
            diagnostic.range = range;
        }
        Behind::Generated { call, copied, written } => {
            if SILENT_IN_GENERATED.contains(&found.code) || severity == Severity::Hint {
                return None;
            }
            let expanded = located.expanded?;
            let site = expanded.calls.get(call as usize)?;
            diagnostic.range = copied.unwrap_or(site.range);
            diagnostic.generated = Some(generated_line(&expanded, found.range, &site.shown));
            if let Some((file, range)) = written {
                let range = match copied {
                    Some(_) => splice_at(snap, &file, range),
                    None => range,
                };
                let message = format!("the code that `@{}` generates is written here", site.shown);
                diagnostic.related.push(Related { file, range, message });
            }
            // One that another macro's output uses is not to be seen at the place of the fault.
            let mut inner = site;
            while let Some(outer) = inner.parent.and_then(|parent| expanded.calls.get(parent as usize)) {
                if let Some((file, range)) = inner.written.clone() {
                    let message = format!("`@{}` is used by `@{}` here", inner.shown, outer.shown);
                    diagnostic.related.push(Related { file, range, message });
                }
                inner = outer;
            }
            if copied.is_some() {
                diagnostic.related.push(Related {
                    file: located.file.clone(),
                    range: site.range,
                    message: format!("in code generated by `@{}`", site.shown),
                });
            }
        }
    }
    for related in found.related {
        let located = locate(snap, &related.file, related.range);
        let range = match located.behind {
            Behind::Source(range) | Behind::StandsFor(range) => range,
            Behind::Generated { call, copied, .. } => {
                let site = located.expanded.as_ref().and_then(|expanded| expanded.calls.get(call as usize));
                copied.or(site.map(|site| site.range)).unwrap_or_default()
            }
        };
        diagnostic.related.push(Related { file: located.file, range, message: source_names(&related.message) });
    }
    Some(diagnostic)
}

/// The splice that begins or ends where a quote's text does, at an empty range; else the range.
fn splice_at(snap: &Snapshot, file: &FilePath, range: TextRange) -> TextRange {
    let text = snap.text(file);
    let split = text.as_ref().and_then(|text| text.as_str().split_at_checked(range.end as usize));
    let Some((before, after)) = split.filter(|_| range.is_empty()) else { return range };
    if after.starts_with("${") {
        return closing(after).map_or(range, |len| TextRange::new(range.end, range.end + len));
    }
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let ends_here = |at: &usize| closing(&before[*at..]) == Some((before.len() - at) as u32);
    let starts = before[line..].match_indices("${").map(|(at, _)| line + at);
    starts.into_iter().find(ends_here).map_or(range, |start| TextRange::new(start as u32, range.end))
}

/// The length of the splice that `text` begins with, on one line.
fn closing(text: &str) -> Option<u32> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at as u32 + 1),
            b'}' => depth -= 1,
            b'\n' => break,
            _ => {}
        }
    }
    None
}

/// Whether a finding lies in a quote that is read as code by itself, and may not be one where the
/// quote ends up.
fn is_of_quote_only(snap: &Snapshot, found: &EngineDiagnostic) -> bool {
    let Some(path) = &found.file else { return false };
    let is_unknown_name = UNKNOWN_NAME.contains(&found.code) && found.severity == EngineSeverity::Error;
    !is_unknown_name
        && locate(snap, path, found.range).expanded.is_some_and(|expanded| expanded.is_quote(found.range.start))
}

/// TypeScript's numbers for a name that means nothing.
const UNKNOWN_NAME: &[u32] = &[2304, 2552, 2580, 2581, 2582, 2583, 2584];

/// Of what is found in a quote, read as code by itself: names that mean nothing in the macro's
/// module, unless a quote of the file declares them, so that they meet where both end up. A hint: what is
/// generated beside the quote may declare the name.
fn unknown_in_quote(
    snap: &Snapshot,
    located: &Located,
    found: &EngineDiagnostic,
    message: String,
) -> Option<Diagnostic> {
    let Behind::Source(range) = located.behind else { return None };
    let syntax = snap.syntax(&located.file)?;
    let name = range.of(syntax.text().as_str());
    if crate::expand::is_bound_in_quotes(&syntax, name) {
        return None;
    }
    let message = message.split(" Did you mean").next().filter(|_| message.contains("__ms_")).unwrap_or(&message);
    let help = format!("A name that only the place of the use knows is spliced: `${{identifier(\"{name}\")}}`");
    let mut diagnostic = Diagnostic::new(Code::Ts(found.code), &located.file, range, message).with_help(help);
    diagnostic.severity = Severity::Hint;
    Some(diagnostic)
}

/// Leaves out what generated code, or the use that it stands for, is blamed for where the
/// declaration around it does not parse. The syntax error itself is told; generated members after a
/// half-typed method are read as its body, and would fault on every keystroke until it is closed.
pub fn forgive_broken_uses(snap: &Snapshot, file: &FilePath, diagnostics: &mut Vec<Diagnostic>) {
    let Some(expanded) = snap.expanded(file) else { return };
    let blames = |diagnostic: &Diagnostic, site: &CallSite, declaration: TextRange| {
        let within = if diagnostic.generated.is_some() { declaration } else { site.range };
        matches!(diagnostic.code, Code::Ts(_)) && within.contains_range(diagnostic.range)
    };
    let whole = TextRange::new(0, u32::MAX);
    if !diagnostics.iter().any(|one| expanded.calls.iter().any(|site| blames(one, site, whole))) {
        return;
    }
    let Some(syntax) = snap.syntax(file).filter(SyntaxFile::has_errors) else { return };
    // The smallest node over a use and the name that it stands on is the declaration.
    let root = syntax.root();
    let broken: Vec<(&CallSite, TextRange)> = expanded
        .calls
        .iter()
        .filter_map(|site| {
            let over = site.target.map_or(site.range, |name| cover(site.range, name));
            let declaration = root.covering(over).filter(|node| node.has_error())?;
            Some((site, declaration.range()))
        })
        .collect();
    diagnostics.retain(|one| !broken.iter().any(|(site, declaration)| blames(one, site, *declaration)));
}

fn cover(a: TextRange, b: TextRange) -> TextRange {
    TextRange::new(a.start.min(b.start), a.end.max(b.end))
}

/// The key of a project file that a message names in quotes: `"strct"` for `Unknown compiler option
/// 'strct'.`
fn named_key(text: &str, message: &str) -> Option<TextRange> {
    let names = message.split('\'').skip(1).step_by(2);
    names.into_iter().find_map(|name| {
        // Messages name an option as a command line has it.
        let key = format!("\"{}\"", name.trim_start_matches("--"));
        let start = text.find(&key)?;
        Some(TextRange::from(start..start + key.len()))
    })
}

/// The generated line that holds a fault.
fn generated_line(expanded: &Expanded, range: TextRange, label: &str) -> GeneratedLine {
    let text = expanded.text.as_str();
    let start = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.start as usize..].find('\n').map_or(text.len(), |at| range.start as usize + at);
    let line = &text[start..end];
    let from = range.start - start as u32;
    let to = (range.end.min(end as u32) - start as u32).max(from);
    GeneratedLine { by: label.to_owned(), text: line.to_owned(), range: TextRange::new(from, to) }
}

/// The engine's words with names that people know: modules of the standard library by what one
/// imports, its types without the name that generated imports give it.
pub fn source_names(message: &str) -> String {
    message.replace(&format!("{}/", std_lib::ROOT), "std/").replace(&format!("{META}."), "")
}

/// Whether a check reports on a program's file: every one but those of the standard library. Files
/// of packages count, as they do for `tsc`; `skipLibCheck` is the engine's business.
pub fn is_checked(path: &FilePath) -> bool {
    !std_lib::contains(path)
}
