//! The other files as expansion sees them: facts, and what a specifier names.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::base::FilePath;
use crate::expand::names::{DEFAULT_TARGET, Import};
use crate::expand::{FileFacts, MacroScope};
use crate::std_lib;
use crate::syntax::SyntaxFile;
use crate::text::SourceText;

use super::rows::Asked;
use super::shared::lock;
use super::{Snapshot, config, resolution};

/// Facts by file, each under the text they were read from.
#[derive(Default)]
pub(super) struct FactsMemo(Mutex<HashMap<FilePath, (SourceText, Arc<FileFacts>)>>);

impl FactsMemo {
    pub fn get(&self, file: &FilePath, text: &SourceText) -> Option<Arc<FileFacts>> {
        let memo = lock(&self.0);
        let (known, facts) = memo.get(file)?;
        (known == text).then(|| facts.clone())
    }

    pub fn put(&self, file: &FilePath, text: SourceText, facts: Arc<FileFacts>) {
        lock(&self.0).insert(file.clone(), (text, facts));
    }
}

/// A snapshot as a scope of macros, which remembers what it was asked. Modules of macros count as
/// saved: what runs is what is on disk, so facts of other files come from there too.
pub(super) struct Scope<'a> {
    snap: &'a Snapshot,
    asked: RefCell<BTreeSet<Asked>>,
}

impl<'a> Scope<'a> {
    pub fn new(snap: &'a Snapshot) -> Scope<'a> {
        Scope { snap, asked: RefCell::default() }
    }

    pub fn into_asked(self) -> BTreeSet<Asked> {
        self.asked.into_inner()
    }
}

impl MacroScope for Scope<'_> {
    fn facts(&self, file: &FilePath) -> Option<Arc<FileFacts>> {
        if !file.is_metascript() && !file.has_extension("ts") {
            return None;
        }
        self.asked.borrow_mut().insert(Asked::text(self.snap, file));
        let text = self.text(file)?;
        Some(facts_of(self.snap, file, &text, None))
    }

    fn target(&self, file: &FilePath) -> String {
        let target = target_of(self.snap, file);
        self.asked.borrow_mut().insert(Asked::Target { from: file.clone(), target: target.clone() });
        if let Some(config) = &self.snap.project_of(file).config {
            // Another target is another program: what changes the file has the uses looked at again.
            self.snap.shared.files.reads_also(config);
        }
        target
    }

    fn module(&self, from: &FilePath, specifier: &str) -> Option<FilePath> {
        let found = resolve(self.snap, from, specifier);
        let specifier = specifier.to_owned();
        self.asked.borrow_mut().insert(Asked::Specifier { from: from.clone(), specifier, found: found.clone() });
        found
    }

    fn package_specifier(&self, from: &FilePath, imports: &[Import], target: &FilePath) -> Option<String> {
        let (package, name) = resolution::package_of(target)?;
        if from.is_under(&package) {
            return None;
        }
        let is_named = |specifier: &&str| {
            specifier.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let used: Vec<&str> = imports.iter().map(|import| import.specifier.as_str()).filter(is_named).collect();
        let below = target.relative_to(&package);
        let stem = below.rsplit_once('.').map_or(below, |(stem, _)| stem);
        let by_path = format!("{name}/{}", stem.strip_suffix("/index").unwrap_or(stem));
        let candidates = used.iter().copied().chain([name, by_path.as_str()]);
        let mut leading = candidates.filter(|specifier| self.module(from, specifier).as_ref() == Some(target));
        // What a package's `exports` keep to it can be reached only through what it does export.
        Some(leading.next().or(used.first().copied()).unwrap_or(name).to_owned())
    }

    fn text(&self, file: &FilePath) -> Option<SourceText> {
        self.snap.saved_text(file).or_else(|| self.snap.text(file))
    }
}

/// What a file is compiled for: what the command line says, else its project file.
pub(super) fn target_of(snap: &Snapshot, file: &FilePath) -> String {
    let of_project = || {
        let config = snap.project_of(file).config.clone()?;
        config::allow::target(&snap.text(&config)?)
    };
    snap.shared.target.clone().or_else(of_project).unwrap_or_else(|| DEFAULT_TARGET.to_owned())
}

/// Facts of a text, from memory where it is known; `syntax` is its tree where there is one.
pub(super) fn facts_of(
    snap: &Snapshot,
    file: &FilePath,
    text: &SourceText,
    syntax: Option<&SyntaxFile>,
) -> Arc<FileFacts> {
    let memo = &snap.shared.facts;
    if let Some(facts) = memo.get(file, text) {
        return facts;
    }
    let facts = match syntax {
        Some(syntax) => FileFacts::of(syntax),
        None => FileFacts::of(&snap.parse(text.clone())),
    };
    let facts = Arc::new(facts);
    memo.put(file, text.clone(), facts.clone());
    facts
}

/// The file that a specifier names, seen from `from`: the standard library, relative paths with
/// `.ms` first, then what the project's options and packages say.
pub(super) fn resolve(snap: &Snapshot, from: &FilePath, specifier: &str) -> Option<FilePath> {
    if let Some(file) = std_lib::resolve(specifier) {
        return Some(file);
    }
    let directory = from.parent();
    if specifier.starts_with('.') || specifier.starts_with('/') {
        return source_file(snap, &directory.join(specifier));
    }
    resolution::resolve(snap, from, specifier)
}

/// A source file by the path that a specifier spells.
fn source_file(snap: &Snapshot, path: &FilePath) -> Option<FilePath> {
    let named = ["ms", "ts", "json", "mts"].iter().any(|extension| path.has_extension(extension));
    if named && snap.is_file(path) {
        return Some(path.clone());
    }
    // What the engine finds as `x.ts` may be an `x.ms`.
    if path.has_extension("ts") && snap.is_file(&path.with_extension("ms")) {
        return Some(path.with_extension("ms"));
    }
    let stem = match [".js", ".mjs"].iter().find_map(|ending| path.name().strip_suffix(ending)) {
        Some(stem) => path.parent().join(stem),
        None => path.clone(),
    };
    for ending in [".ms", ".ts", ".mts", ".d.ts", "/index.ms", "/index.ts", "/index.d.ts"] {
        let candidate = FilePath::new(&format!("{stem}{ending}"));
        if snap.is_file(&candidate) {
            return Some(candidate);
        }
    }
    None
}
