//! Symbols of the whole workspace by a fuzzy query: what people wrote, and what macros made, marked.
//!
//! Lists of declarations are kept file by file, below the engine's seam and as rows, so a query makes
//! none anew for files that did not change, and waits for no engine to load.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{CompletionKind, Place};
use crate::project::{Snapshot, symbols};

use super::IdeResult;
use super::generated::{Meaning, meaning};

/// An editor shows no more, and asks again as the query grows.
const MOST_FOUND: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: CompletionKind,
    pub file: FilePath,
    pub range: TextRange,
    /// The use that made it, as a person would name it.
    pub generated_by: Option<String>,
}

/// The best matches first; equal ones with the shorter name first.
pub fn search(snap: &Snapshot, query: &str, cancel: &Cancel) -> IdeResult<Vec<Symbol>> {
    let pattern = Pattern::parse(query.trim(), CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut out: Vec<Symbol> = Vec::new();
    for project in symbols::declared(snap, cancel)? {
        let mut found = Vec::new();
        for file in project.files.iter().filter(|file| !file.is_external) {
            cancel.check()?;
            for one in file.list.iter().filter(|one| !one.name.starts_with("__ms_")) {
                if let Some(score) = pattern.score(Utf32Str::new(&one.name, &mut buffer), &mut matcher) {
                    found.push((score, one, &file.file));
                }
            }
        }
        found.sort_by(|a, b| {
            let by_name =
                || (a.1.name.len(), &a.1.name, a.2, a.1.range).cmp(&(b.1.name.len(), &b.1.name, b.2, b.1.range));
            b.0.cmp(&a.0).then_with(by_name)
        });
        for (_, one, file) in found.into_iter().take(MOST_FOUND) {
            let place = Place { file: file.clone(), range: one.range, full: None };
            let symbol = |file, range, generated_by| Symbol {
                name: one.name.to_string(),
                kind: one.kind,
                file,
                range,
                generated_by,
            };
            let symbol = match meaning(&project.snap, &place) {
                Some(Meaning::Source { file, range, .. }) => symbol(file, range, None),
                Some(Meaning::Generated(code)) => symbol(code.file, code.site.name, Some(code.site.shown)),
                None => continue,
            };
            if !out.contains(&symbol) {
                out.push(symbol);
            }
        }
    }
    out.truncate(MOST_FOUND);
    Ok(out)
}
