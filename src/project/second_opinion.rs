//! The expanded program laid out where another TypeScript can check it, and that one's answers led
//! back to the sources.
//!
//! The copy keeps the places of files to each other, and lies below the project's root, so that
//! packages are found from it as from the sources; the standard library lies in it as a package.
//!
//! Invariant: nothing is written and no program started here; the caller does both.

use std::collections::BTreeMap;

use crate::base::{Cancel, FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::{ConfigSource, EngineDiagnostic, EngineError, EngineSeverity, Files};
use crate::std_lib;
use crate::text::{Encoding, LineCol, LineIndex};
use crate::vfs::disk::CACHE_DIR;

use super::files::ProgramFiles;
use super::{ProjectId, Snapshot, config, problems, program};

/// The directory below a project's cache that holds the copy.
const DIRECTORY: &str = "second-opinion";

/// A program laid out for another checker.
pub struct Mirror {
    /// Where everything lies; what an earlier run left there has to go first.
    pub root: FilePath,
    /// Every file to write, under its place below `root`.
    pub files: BTreeMap<FilePath, String>,
    /// The options to check it under.
    pub config: FilePath,
    /// The directory that `root` stands for.
    base: FilePath,
    /// Whom findings without a place are told of.
    fallback: FilePath,
    snap: Snapshot,
}

/// Lays out a project; outputs of its macros must be known.
pub fn mirror(snap: &Snapshot, id: &ProjectId, cancel: &Cancel) -> Result<Mirror, EngineError> {
    let loaded = program::at(snap, id, None, cancel)?;
    let snap = loaded.snap.clone();
    let shown = ProgramFiles::new(snap.clone());
    let is_package = |path: &FilePath| path.as_str().contains("/node_modules/");
    let own: Vec<FilePath> = loaded.program.files().into_iter().filter(|path| !is_package(path)).collect();
    let mut base = id.root.clone();
    while !own.iter().all(|path| path.is_under(&base)) {
        base = base.parent();
    }
    let root = id.root.join(CACHE_DIR).join(DIRECTORY);
    let place = |path: &FilePath| root.join(path.relative_to(&base));
    let mut files: BTreeMap<FilePath, String> = BTreeMap::new();
    for path in &own {
        if let Some(text) = shown.read(path) {
            files.insert(place(path), text.to_string());
        }
    }
    for (name, _) in std_lib::FILES {
        let below = format!("{}.ts", name.trim_end_matches(".ms"));
        if let Some(text) = shown.read(&FilePath::new(std_lib::ROOT).join(&below)) {
            files.insert(root.join("node_modules/std").join(&below), text.to_string());
        }
    }
    let text = id.config.as_ref().and_then(|file| snap.text(file));
    let config = match config::source(id, text).0 {
        ConfigSource::File(file) => {
            for input in loaded.configured.config.inputs.iter().filter(|input| input.is_under(&base)) {
                if let Some(text) = snap.text(input).filter(|_| !is_package(input)) {
                    files.insert(place(input), config::tsconfig_text(text.as_str()));
                }
            }
            place(&file)
        }
        ConfigSource::Text { dir, json } => {
            let file = place(&dir).join("tsconfig.json");
            files.insert(file.clone(), json);
            file
        }
    };
    let fallback = id.config.clone().unwrap_or_else(|| id.root.clone());
    Ok(Mirror { root, files, config, base, fallback, snap })
}

impl Mirror {
    /// What another checker printed (`tsc --pretty false`, run in the directory of `config`), at the
    /// places of the sources.
    pub fn read(&self, output: &str) -> Vec<Diagnostic> {
        let directory = self.config.parent();
        let mut found: Vec<EngineDiagnostic> = Vec::new();
        for line in output.lines() {
            match parse(line) {
                Some((place, code, severity, message)) => {
                    let (file, range) = place.map_or((None, TextRange::default()), |(name, at)| {
                        let file = FilePath::resolve(directory.as_str(), name);
                        let range = self.files.get(&file).map_or(TextRange::default(), |text| word_at(text, at));
                        (Some(self.source(&file)), range)
                    });
                    found.push(EngineDiagnostic {
                        file,
                        range,
                        code,
                        severity,
                        message: message.to_owned(),
                        related: Vec::new(),
                        unnecessary: false,
                        deprecated: false,
                    });
                }
                // The chain of reasons goes on in indented lines.
                None if line.starts_with("  ") => {
                    if let Some(last) = found.last_mut() {
                        last.message.push('\n');
                        last.message.push_str(line);
                    }
                }
                None => {}
            }
        }
        problems::map_all(&self.snap, &self.fallback, found)
    }

    /// The engine's name of a file of the copy.
    fn source(&self, file: &FilePath) -> FilePath {
        let std = self.root.join("node_modules/std");
        if file.is_under(&std) {
            return FilePath::new(std_lib::ROOT).join(file.relative_to(&std));
        }
        if file.is_under(&self.root) { self.base.join(file.relative_to(&self.root)) } else { file.clone() }
    }
}

/// Two reports of one program.
pub struct Compared {
    /// Ours, then those that only the other has; one that only one of the two has with a word about it.
    pub diagnostics: Vec<Diagnostic>,
    pub both: usize,
    pub only_ours: usize,
    pub only_theirs: usize,
}

/// `other` is what the second checker is called.
pub fn compare(mut ours: Vec<Diagnostic>, theirs: Vec<Diagnostic>, other: &str) -> Compared {
    let is_same =
        |a: &Diagnostic, b: &Diagnostic| a.file == b.file && a.code == b.code && a.range.start == b.range.start;
    let note = |found: &mut Diagnostic, what: String| {
        found.help = Some(found.help.take().map_or_else(|| what.clone(), |help| format!("{help}; {what}")));
    };
    let (known, mut added): (Vec<_>, Vec<_>) =
        theirs.into_iter().partition(|found| ours.iter().any(|own| is_same(own, found)));
    let mut only_ours = 0;
    for found in &mut ours {
        // What is ours to say the other cannot know.
        if matches!(found.code, Code::Ts(_)) && !known.iter().any(|same| is_same(same, found)) {
            note(found, format!("`{other}` does not report this"));
            only_ours += 1;
        }
    }
    added.iter_mut().for_each(|found| note(found, format!("only `{other}` reports this")));
    let (both, only_theirs) = (known.len(), added.len());
    ours.extend(added);
    Compared { diagnostics: ours, both, only_ours, only_theirs }
}

/// `a.ts(1,2): error TS2322: message`, or `error TS5023: message`.
type Finding<'a> = (Option<(&'a str, LineCol)>, u32, EngineSeverity, &'a str);

fn parse(line: &str) -> Option<Finding<'_>> {
    let (place, rest) = match line.split_once("): ") {
        Some((place, rest)) if severity(rest).is_some() => {
            let (name, at) = place.rsplit_once('(')?;
            let (line, col) = at.split_once(',')?;
            let at = LineCol {
                line: line.parse::<u32>().ok()?.checked_sub(1)?,
                col: col.parse::<u32>().ok()?.checked_sub(1)?,
            };
            (Some((name, at)), rest)
        }
        _ => (None, line),
    };
    let (severity, rest) = severity(rest)?;
    let (code, message) = rest.strip_prefix("TS")?.split_once(": ")?;
    Some((place, code.parse().ok()?, severity, message))
}

fn severity(text: &str) -> Option<(EngineSeverity, &str)> {
    let known = [("error ", EngineSeverity::Error), ("warning ", EngineSeverity::Warning)];
    known.into_iter().find_map(|(word, severity)| Some((severity, text.strip_prefix(word)?)))
}

/// The word at a place: other checkers say only where a finding begins.
fn word_at(text: &str, at: LineCol) -> TextRange {
    let start = LineIndex::new(text).offset(text, at, Encoding::Utf16);
    let rest = &text[start as usize..];
    let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(rest.len());
    TextRange::new(start, start + len as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_findings_are_read() {
        let at = |line, col| LineCol { line, col };
        assert_eq!(
            parse("src/a (1).ts(3,7): error TS2322: Type 'x' is not: y"),
            Some((Some(("src/a (1).ts", at(2, 6))), 2322, EngineSeverity::Error, "Type 'x' is not: y"))
        );
        assert_eq!(
            parse("error TS5023: Unknown compiler option 'x'."),
            Some((None, 5023, EngineSeverity::Error, "Unknown compiler option 'x'."))
        );
        assert_eq!(parse("Found 3 errors."), None);
        assert_eq!(parse("  Types of property 'a' are incompatible."), None);
    }
}
