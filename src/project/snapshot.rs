//! `Snapshot`: a world at one revision, for any thread.
//!
//! Everything is computed on demand and memoised in `Shared` under what it depends on, so that a
//! snapshot costs nothing and two of one revision share all their work.

use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{Cancel, FilePath};
use crate::engine::{self, EngineError, Files};
use crate::expand::names::resolve;
use crate::expand::{Expanded, MacroRef, ShapeTexts};
use crate::std_lib;
use crate::syntax::SyntaxFile;
use crate::text::SourceText;
use crate::vfs::ReadError;

use super::config::ProjectId;
use super::files::{ProgramFiles, engine_path};
use super::made::{self, Made};
use super::program::Loaded;
use super::shared::Shared;
use super::typeinfo::Shapes;
use super::world::{OpenFile, OpenFiles};
use super::{Revision, expansion, program, scope};

/// What differs between revisions.
#[derive(Clone)]
pub(super) struct State {
    pub revision: Revision,
    pub open: Arc<OpenFiles>,
    pub roots: Arc<Vec<FilePath>>,
    /// Raised whenever a macro's module, or an input that some macro read, changed on disk.
    pub macro_env: u64,
    /// How often each file's uses got new outputs.
    outputs: Arc<HashMap<FilePath, u64>>,
    /// The file that changed last, and when; `None` where no file can be named.
    latest: (Option<FilePath>, Revision),
    /// When something else than that file last changed.
    earlier: Revision,
}

impl State {
    pub fn new(roots: Vec<FilePath>) -> State {
        State {
            revision: Revision(0),
            open: Arc::default(),
            roots: Arc::new(roots),
            macro_env: 0,
            outputs: Arc::default(),
            latest: (None, Revision(0)),
            earlier: Revision(0),
        }
    }

    /// Notes what the current revision changed.
    pub fn changed(&mut self, file: Option<&FilePath>) {
        if file.is_none() || self.latest.0.as_ref() != file {
            self.earlier = if file.is_none() { self.revision } else { self.latest.1 };
            self.latest.0 = file.cloned();
        }
        self.latest.1 = self.revision;
    }

    pub fn expanded(&mut self, files: &[FilePath]) {
        let outputs = Arc::make_mut(&mut self.outputs);
        for file in files {
            *outputs.entry(file.clone()).or_default() += 1;
        }
    }

    pub fn outputs_of(&self, file: &FilePath) -> u64 {
        self.outputs.get(file).copied().unwrap_or(0)
    }
}

/// The expansion of every file that a program read.
pub(super) type Shown = HashMap<FilePath, Arc<Expanded>>;

/// Immutable and cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) state: State,
    pub(super) shared: Arc<Shared>,
    /// What a program was shown; see [`Snapshot::of_program`].
    shown: Option<Arc<Shown>>,
    /// What stands for each `@typeinfo` in text to be run; see [`super::typeinfo`].
    shapes: Option<Arc<Shapes>>,
}

impl Snapshot {
    pub(super) fn new(state: State, shared: Arc<Shared>) -> Snapshot {
        Snapshot { state, shared, shown: None, shapes: None }
    }

    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// The last revision that changed anything but the text of this file: other files, outputs of
    /// macros, options.
    pub fn revision_around(&self, file: &FilePath) -> Revision {
        let (latest, at) = &self.state.latest;
        if latest.as_ref() == Some(file) { self.state.earlier } else { *at }
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The live text of an open file, else what the disk or the standard library has.
    pub fn text(&self, file: &FilePath) -> Option<SourceText> {
        match self.state.open.get(file) {
            Some(open) => Some(open.text.clone()),
            None => self.saved_text(file),
        }
    }

    /// What the disk has, whatever an editor holds.
    pub(super) fn saved_text(&self, file: &FilePath) -> Option<SourceText> {
        if let Some(text) = std_lib::read(file).or_else(|| engine::library(file)) {
            return Some(SourceText::new(text));
        }
        self.shared.disk.read(file).ok()
    }

    /// Why a file that is there has no text.
    pub fn unreadable(&self, file: &FilePath) -> Option<ReadError> {
        if self.state.open.contains_key(file) || std_lib::read(file).is_some() || !self.shared.disk.is_file(file) {
            return None;
        }
        self.shared.disk.read(file).err()
    }

    pub fn is_file(&self, file: &FilePath) -> bool {
        self.state.open.contains_key(file) || std_lib::read(file).is_some() || self.shared.disk.is_file(file)
    }

    /// The open files, with the client's version of each.
    pub fn open_files(&self) -> Vec<(FilePath, i32)> {
        let mut files: Vec<_> = self.state.open.iter().map(|(file, open)| (file.clone(), open.version)).collect();
        files.sort();
        files
    }

    pub fn version(&self, file: &FilePath) -> Option<i32> {
        self.state.open.get(file).map(|open| open.version)
    }

    pub(super) fn open_file(&self, file: &FilePath) -> Option<&OpenFile> {
        self.state.open.get(file)
    }

    /// The live tree: kept for open files, parsed for others.
    pub fn syntax(&self, file: &FilePath) -> Option<SyntaxFile> {
        if let Some(open) = self.state.open.get(file) {
            return Some(open.syntax().clone());
        }
        let text = self.text(file)?;
        Some(self.parse(text))
    }

    /// The live tree of an open file or, while it takes longer to make than an edit may, the last
    /// good tree moved to the live text ([`SyntaxFile::is_moved`]).
    pub fn nearest_syntax(&self, file: &FilePath) -> Option<SyntaxFile> {
        self.state.open.get(file).map(|open| open.nearest_syntax().clone())
    }

    pub(super) fn parse(&self, text: SourceText) -> SyntaxFile {
        self.shared.counters.parsed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        SyntaxFile::parse(text)
    }

    /// The expanded text of a `.ms` file with the outputs known now; runs nothing. `None` where
    /// there is no such file.
    pub fn expanded(&self, file: &FilePath) -> Option<Arc<Expanded>> {
        if let Some(expanded) = self.shown.as_ref().and_then(|shown| shown.get(file)) {
            return Some(expanded.clone());
        }
        expansion::known(self, file)
    }

    /// The names that macros are known to have generated for a file, as [`Snapshot::learn_made`] last
    /// found them. A look into memory.
    pub fn made(&self, file: &FilePath) -> Arc<Made> {
        self.shared.made.get(file)
    }

    /// Takes over what the last expansions of open files generated; whether that is news for any of them.
    /// For the end of a pass: parses expansions that are new, and may read the disk.
    pub fn learn_made(&self) -> bool {
        made::learn(self)
    }

    /// The same snapshot with the expansions that a program was shown. What is known of outputs grows
    /// while a snapshot lives, so the program's places belong to these and no others.
    pub(super) fn of_program(&self, shown: Arc<Shown>) -> Snapshot {
        Snapshot { shown: Some(shown), ..self.clone() }
    }

    /// The same snapshot with shapes of types for text to be run.
    pub(super) fn with_shapes(&self, shapes: Arc<Shapes>) -> Snapshot {
        Snapshot { shapes: Some(shapes), ..self.clone() }
    }

    pub(super) fn shapes_of(&self, file: &FilePath) -> Option<&ShapeTexts> {
        self.shapes.as_ref()?.get(file)
    }

    /// The project that rules a file.
    pub fn project_of(&self, file: &FilePath) -> Arc<ProjectId> {
        let directory = file.parent();
        let fallback = self.state.roots.iter().find(|root| directory.is_under(root)).unwrap_or(&directory);
        Arc::new(ProjectId::of_dir(&self.shared.disk, &directory, fallback))
    }

    /// The engine's program that holds `file`, at this revision; built at most once for it.
    pub fn program_for(&self, file: &FilePath, cancel: &Cancel) -> Result<Loaded, EngineError> {
        if is_everywhere(file)
            && let Some(id) = self.shared.programs.any()
        {
            return program::at(self, &id, Some(file), cancel);
        }
        program::at(self, &self.project_of(file), Some(file), cancel)
    }

    /// Whether [`Snapshot::program_for`] would neither load nor wait for a load.
    pub fn has_program(&self, file: &FilePath) -> bool {
        self.shared.programs.is_there(self, &self.project_of(file))
    }

    /// Every program that holds `file` now, the one that rules it first: what is asked of the whole
    /// workspace is asked of each.
    pub fn programs_with(&self, file: &FilePath, cancel: &Cancel) -> Result<Vec<Loaded>, EngineError> {
        let mut programs = vec![self.program_for(file, cancel)?];
        let own = self.project_of(file);
        for id in self.shared.programs.ids_with(file) {
            if id != *own && !is_everywhere(file) {
                let loaded = program::at(self, &id, None, cancel)?;
                if loaded.program.contains(&engine_path(file)) {
                    programs.push(loaded);
                }
            }
        }
        Ok(programs)
    }

    /// The file that a module specifier names in `from`, as macros' imports are found. May read the disk.
    pub fn module(&self, from: &FilePath, specifier: &str) -> Option<FilePath> {
        scope::resolve(self, from, specifier)
    }

    /// The programs of all projects that an editor has opened files of or that were asked about; that of
    /// the first folder where there is none yet.
    pub fn all_programs(&self, cancel: &Cancel) -> Result<Vec<Loaded>, EngineError> {
        let mut ids = self.shared.programs.ids();
        if ids.is_empty() {
            let first = self.state.roots.first();
            ids.extend(first.map(|root| ProjectId::of_dir(&self.shared.disk, root, root)));
        }
        ids.iter().map(|id| program::at(self, id, None, cancel)).collect()
    }

    /// The files as the engine sees them at this revision.
    pub fn files(&self) -> Arc<dyn Files> {
        Arc::new(ProgramFiles::new(self.clone()))
    }

    /// The macro that `@name` means in a file; `name` may be dotted.
    pub fn macro_named(&self, file: &FilePath, name: &str) -> Option<MacroRef> {
        let syntax = self.syntax(file)?;
        let facts = scope::facts_of(self, file, syntax.text(), Some(&syntax));
        resolve(&scope::Scope::new(self), file, &facts, name)
    }

    /// Names of the macros that a module exports.
    pub fn exported_macros(&self, module: &FilePath) -> Vec<String> {
        let Some(text) = self.text(module) else { return Vec::new() };
        let facts = scope::facts_of(self, module, &text, None);
        facts.macros.iter().filter(|one| one.is_exported).map(|one| one.name.clone()).collect()
    }

    /// The macros that `@` may name in a file, each with the module that declares it.
    pub fn macros_in_scope(&self, file: &FilePath) -> Vec<(String, String)> {
        let Some(syntax) = self.syntax(file) else { return Vec::new() };
        let facts = scope::facts_of(self, file, syntax.text(), Some(&syntax));
        let scope = scope::Scope::new(self);
        let imported = facts.imports.iter().flat_map(|import| import.names.iter().map(|name| name.local.as_str()));
        let own = facts.macros.iter().map(|found| found.name.as_str());
        let prelude = std_lib::PRELUDE.iter().map(|(name, _)| *name);
        let mut names: Vec<(String, String)> = own
            .chain(imported)
            .chain(prelude)
            .filter_map(|name| Some((name.to_owned(), resolve(&scope, file, &facts, name)?.module)))
            .map(|(name, module)| (name, std_lib::specifier(&module).unwrap_or_else(|| module.name().to_owned())))
            .chain([("comptime".to_owned(), String::new())])
            .collect();
        names.sort();
        names.dedup_by(|a, b| a.0 == b.0);
        names
    }
}

/// Whether a file belongs to no project: the libraries that every program brings along.
pub(super) fn is_everywhere(file: &FilePath) -> bool {
    std_lib::contains(file) || engine::is_library(file)
}
