//! The program's files as a build shows them to the engine: nothing compile-time left, specifiers
//! linked, the standard library beside the sources so that it is emitted with them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use crate::base::{FilePath, TextRange};
use crate::engine::Files;
use crate::expand::{Expanded, FileFacts};
use crate::std_lib;
use crate::text::SourceText;

use super::super::files::{ProgramFiles, engine_path, source_path};
use super::super::shared::lock;
use super::super::{Snapshot, expansion, scope};
use super::link::{Linked, link};
use super::package::MacroModule;

/// The directory, below the output's root, that holds the standard library's modules.
pub(super) const STD: &str = "_std";

/// A file on its way from source to output.
#[derive(Clone)]
pub(super) struct Built {
    /// What people call it.
    pub source: FilePath,
    /// Before expansion.
    pub written: SourceText,
    /// `None` for a file that is no Metascript.
    pub expanded: Option<Arc<Expanded>>,
    /// What the engine was shown.
    pub linked: Arc<Linked>,
}

pub(super) struct BuildFiles {
    snap: Snapshot,
    base: ProgramFiles,
    std: FilePath,
    read: Mutex<HashMap<FilePath, Option<Built>>>,
}

impl BuildFiles {
    /// `root` is what all sources lie under; outputs keep their place below it.
    pub fn new(snap: Snapshot, root: &FilePath) -> BuildFiles {
        let base = ProgramFiles::for_emit(snap.clone());
        BuildFiles { snap, base, std: root.join(STD), read: Mutex::default() }
    }

    /// Whether the engine's `path` is a module that the build makes.
    pub fn is_built(&self, path: &FilePath) -> bool {
        let name = path.name();
        let is_code = [".ts", ".mts"].iter().any(|ending| name.ends_with(ending)) || name.ends_with(".json");
        is_code && ![".d.ts", ".d.mts"].iter().any(|ending| name.ends_with(ending)) && !is_package(path)
    }

    /// The file behind an engine's path, with every stage of its text.
    pub fn built(&self, path: &FilePath) -> Option<Built> {
        if let Some(known) = lock(&self.read).get(path) {
            return known.clone();
        }
        let built = self.build(path);
        lock(&self.read).insert(path.clone(), built.clone());
        built
    }

    fn build(&self, path: &FilePath) -> Option<Built> {
        let source = match self.std_file(path) {
            Some(file) => file,
            None => source_path(&self.snap, path),
        };
        let written = self.snap.text(&source)?;
        let expanded = source.is_metascript().then(|| expansion::emit_text(&self.snap, &source)).flatten();
        let text = expanded.as_ref().map_or_else(|| written.clone(), |expanded| expanded.text.clone());
        if path.has_extension("json") {
            let linked = Linked::untouched(text.as_str());
            return Some(Built { source, written, expanded, linked: Arc::new(linked) });
        }
        let syntax = self.snap.parse(text);
        let specifier = |specifier: &str| self.specifier(path, &source, specifier);
        let Some(expanded) = expanded else {
            let linked = Arc::new(link(&syntax, &[], &specifier));
            return Some(Built { source, written, expanded: None, linked });
        };
        let own = self.snap.parse(written.clone());
        let module = MacroModule {
            snap: &self.snap,
            file: &source,
            syntax: &own,
            facts: &scope::facts_of(&self.snap, &source, &written, Some(&own)),
            emitted: &FileFacts::of(&syntax),
        };
        let docs: Vec<TextRange> = module
            .documentation()
            .into_iter()
            .filter_map(|doc| {
                let start = expanded.map.down(doc.start).next()?;
                let range = TextRange::new(start, start + doc.len());
                (syntax.text().as_str().get(range.start as usize..range.end as usize) == Some(written.slice(doc)))
                    .then_some(range)
            })
            .collect();
        let mut linked = link(&syntax, &docs, &specifier);
        linked.text += &module.declarations(&specifier);
        let expanded = Some(expanded);
        Some(Built { source, written, expanded, linked: Arc::new(linked) })
    }

    /// The standard library's own file at a path of [`STD`].
    fn std_file(&self, path: &FilePath) -> Option<FilePath> {
        if !path.is_under(&self.std) || *path == self.std {
            return None;
        }
        let below = FilePath::new(std_lib::ROOT).join(path.relative_to(&self.std)).with_extension("ms");
        std_lib::read(&below).map(|_| below)
    }

    /// Where the engine finds the module that `specifier` names in `source`; `None` where the
    /// specifier stays as it is.
    fn specifier(&self, from: &FilePath, source: &FilePath, specifier: &str) -> Option<String> {
        let is_relative =
            specifier.starts_with("./") || specifier.starts_with("../") || [".", ".."].contains(&specifier);
        let found = scope::resolve(&self.snap, source, specifier)?;
        let target = if std_lib::contains(&found) {
            self.std.join(found.relative_to(&FilePath::new(std_lib::ROOT)))
        } else if is_relative && !is_package(&found) {
            found
        } else {
            return None;
        };
        let target = match engine_path(&target) {
            path if path.has_extension("ts") => path.with_extension("js"),
            path if path.has_extension("mts") => path.with_extension("mjs"),
            path => path,
        };
        Some(relative(&from.parent(), &target))
    }
}

fn is_package(path: &FilePath) -> bool {
    path.as_str().contains("/node_modules/") && !std_lib::contains(path)
}

/// `target` as a specifier of a module in `directory`.
pub(super) fn relative(directory: &FilePath, target: &FilePath) -> String {
    let mut up = String::new();
    let mut at = directory.clone();
    while !target.is_under(&at) {
        up += "../";
        at = at.parent();
    }
    let prefix = if up.is_empty() { "./" } else { up.as_str() };
    format!("{prefix}{}", target.relative_to(&at))
}

impl Files for BuildFiles {
    fn read(&self, path: &FilePath) -> Option<Arc<str>> {
        if self.is_built(path) && !path.has_extension("json") {
            return self.built(path).map(|built| built.linked.text.as_str().into());
        }
        self.base.read(path)
    }

    fn is_file(&self, path: &FilePath) -> bool {
        self.std_file(path).is_some() && path.has_extension("ts") || self.base.is_file(path)
    }

    fn is_dir(&self, path: &FilePath) -> bool {
        path.is_under(&self.std) || self.base.is_dir(path)
    }

    fn entries(&self, path: &FilePath) -> (Vec<String>, Vec<String>) {
        self.base.entries(path)
    }

    fn realpath(&self, path: &FilePath) -> FilePath {
        if path.is_under(&self.std) { path.clone() } else { self.base.realpath(path) }
    }
}

/// The sources of the modules that macros run from, by where they lie: what a package needs beside its
/// outputs so that its macros can be used.
pub(super) fn macro_sources(snap: &Snapshot, files: &[FilePath]) -> BTreeMap<FilePath, SourceText> {
    let mut found = BTreeMap::new();
    let mut queue: Vec<FilePath> = Vec::new();
    for file in files.iter().filter(|file| file.is_metascript()) {
        let Some(text) = snap.text(file) else { continue };
        let facts = scope::facts_of(snap, file, &text, None);
        if facts.macros.iter().any(|own| own.is_exported) || reexports_macros(snap, file, &facts) {
            queue.push(file.clone());
        }
    }
    while let Some(file) = queue.pop() {
        let Some(text) = snap.text(&file) else { continue };
        if std_lib::contains(&file) || is_package(&file) || found.contains_key(&file) {
            continue;
        }
        let facts = scope::facts_of(snap, &file, &text, None);
        found.insert(file.clone(), text);
        queue.extend(facts.specifiers().into_iter().filter_map(|specifier| scope::resolve(snap, &file, specifier)));
    }
    found
}

fn reexports_macros(snap: &Snapshot, file: &FilePath, facts: &FileFacts) -> bool {
    use crate::expand::names::Export;
    facts.exports.iter().any(|export| match export {
        Export::Local { .. } => false,
        Export::From { specifier, .. } | Export::All { specifier } | Export::Namespace { specifier, .. } => {
            scope::resolve(snap, file, specifier).filter(FilePath::is_metascript).is_some_and(|target| {
                snap.text(&target).is_some_and(|text| {
                    scope::facts_of(snap, &target, &text, None).macros.iter().any(|own| own.is_exported)
                })
            })
        }
    })
}
