//! A loaded program: how it is loaded, how the next one is made from it, what its files are.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tsr_arena::Counters;
use tsr_ast::Diagnostic;
use tsr_compiler::{FileCache, Program, ProgramOptions};
use tsr_core::Tristate;
use tsr_jsstring::JsString;
use tsr_tsoptions::ParsedCommandLine;

use super::calls::Direction;
use super::checker::Checker;
use super::config::{ParsedConfig, opened};
use super::outline::{Edges, Interfaces};
use super::surface::Surfaces;
use super::symbols::Symbols;
use super::{Shared, host, names};
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::uses::{FileUses, Surface};
use crate::engine::{
    CallItem, Calls, Change, CompletionDetail, CompletionItem, CompletionList, Config, Declarations, Definition,
    Emitted, EngineDiagnostic, EngineError, Files, Fix, Hover, InlayHint, InlayOptions, Organize, Outlines, Place,
    Program as ProgramSeam, Renamable, SignatureHelp, SignatureTrigger, TypeShape,
};

/// More changed files than this are cheaper to load anew than to replace one after the other.
const MOST_REPLACED: usize = 4;

pub(super) struct TsrProgram {
    pub program: Arc<Program>,
    pub counters: Counters,
    /// Answers an editor's questions.
    pub queries: Checker,
    /// Checks whole files. Apart from `queries`, so that no question waits for a check.
    pub checks: Checker,
    pub symbols: Arc<Symbols>,
    pub interfaces: Arc<Interfaces>,
    pub surfaces: Arc<Surfaces>,
    /// What a batch's checkers found of the program as a whole.
    found: Mutex<Vec<Diagnostic>>,
    config: Config,
    roots: Option<Vec<FilePath>>,
    /// Equal in all programs that were made by replacing files.
    graph: Arc<Graphs>,
}

#[derive(Default)]
struct Graphs {
    imports: OnceLock<Graph>,
    edges: OnceLock<Edges>,
}

/// Which file leads to which.
struct Graph {
    imports: HashMap<FilePath, Vec<FilePath>>,
}

impl TsrProgram {
    pub fn load(
        shared: &Shared,
        config: &Config,
        roots: Option<&[FilePath]>,
        files: Arc<dyn Files>,
    ) -> Result<TsrProgram, EngineError> {
        let parsed = opened(config)?;
        let options = ProgramOptions {
            config: command_line(parsed, roots),
            host: host::file_system(files),
            current_directory: names::to_tsr(&parsed.dir),
            default_library_path: JsString::from_bytes(tsr_bundled::LIB_PATH),
            skip_module_resolution: false,
            single_threaded: Tristate::UNKNOWN,
        };
        // Sources of referenced projects, as editors have it: nothing has to be built before a check.
        let mut cache = shared.sources.for_load();
        let program = Program::load_with_source_of_project_reference(options, true, &mut cache, &shared.counters)?;
        let graph = Arc::default();
        Ok(TsrProgram::new(shared, program, config.clone(), roots.map(<[FilePath]>::to_vec), graph))
    }

    fn new(
        shared: &Shared,
        program: Program,
        config: Config,
        roots: Option<Vec<FilePath>>,
        graph: Arc<Graphs>,
    ) -> TsrProgram {
        TsrProgram {
            program: Arc::new(program),
            counters: shared.counters.clone(),
            queries: Checker::default(),
            checks: Checker::default(),
            symbols: shared.symbols.clone(),
            interfaces: shared.interfaces.clone(),
            surfaces: shared.surfaces.clone(),
            found: Mutex::default(),
            config,
            roots,
            graph,
        }
    }

    /// Replaces the changed files one by one; loads everything anew where `tsr` declines, which it
    /// does as soon as a file leads elsewhere than before.
    pub fn update(
        &self,
        shared: &Shared,
        changed: &[FilePath],
        files: Arc<dyn Files>,
    ) -> Result<TsrProgram, EngineError> {
        if changed.len() <= MOST_REPLACED
            && let Some(program) = self.replace(shared, changed, &files)?
        {
            let (config, roots) = (self.config.clone(), self.roots.clone());
            return Ok(TsrProgram::new(shared, program, config, roots, self.graph.clone()));
        }
        TsrProgram::load(shared, &self.config, self.roots.as_deref(), files)
    }

    fn replace(
        &self,
        shared: &Shared,
        changed: &[FilePath],
        files: &Arc<dyn Files>,
    ) -> Result<Option<Program>, EngineError> {
        let host = host::file_system(files.clone());
        let mut newest: Option<Program> = None;
        for path in changed {
            let program = newest.as_ref().unwrap_or(&self.program);
            let name = names::to_tsr(path);
            let Some(file) = program.source_file(name.as_bytes()) else { return Ok(None) };
            let path = file.bound().view().source_file()?.parse_options().path.clone();
            let reuse =
                program.reuse_program(path.as_bytes(), host.clone(), &mut FileCache::new(), &shared.counters)?;
            // A full load that follows must not parse it again, this one's successors neither.
            if let Some(file) = &reuse.file {
                shared.sources.admit(file);
            }
            match reuse.program {
                Some(program) => newest = Some(program),
                None => return Ok(None),
            }
        }
        Ok(newest)
    }

    pub fn batch_findings(&self) -> MutexGuard<'_, Vec<Diagnostic>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See `ParsedConfig::nameless`.
    pub fn nameless(&self) -> Option<&FilePath> {
        opened(&self.config).ok()?.nameless.as_ref()
    }

    fn graph(&self) -> &Graph {
        self.graph.imports.get_or_init(|| Graph::of(&self.program))
    }

    pub fn edges(&self) -> Result<&Edges, EngineError> {
        if let Some(edges) = self.graph.edges.get() {
            return Ok(edges);
        }
        let edges = Edges::of(&self.program)?;
        Ok(self.graph.edges.get_or_init(|| edges))
    }
}

fn command_line(config: &ParsedConfig, roots: Option<&[FilePath]>) -> ParsedCommandLine {
    match roots {
        Some(roots) => config.command_line.with_file_names(Some(roots.iter().map(names::to_tsr).collect())),
        None => config.command_line.clone(),
    }
}

impl Graph {
    fn of(program: &Program) -> Graph {
        let mut imports: HashMap<FilePath, BTreeSet<FilePath>> = HashMap::new();
        let mut lead = |from: &JsString, to: &[u8]| {
            let (Some(from), Some(to)) = (program.file(from.as_bytes()), program.source_file(to)) else { return };
            if let (Some(from), Some(to)) = (name_of(from), name_of(to)) {
                imports.entry(from).or_default().insert(to);
            }
        };
        for resolution in program.resolutions() {
            lead(&resolution.file, resolution.result.resolved_file_name.as_bytes());
        }
        for resolution in program.type_resolutions() {
            lead(&resolution.file, resolution.result.resolved_file_name.as_bytes());
        }
        for file in program.files() {
            let view = file.bound().view();
            let Ok(source) = view.source_file() else { continue };
            let Ok(references) = source.referenced_files() else { continue };
            for reference in references.iter() {
                let base = names::from_tsr(source.file_name()).parent();
                let to = base.join(&String::from_utf8_lossy(reference.file_name.as_bytes()));
                lead(&source.parse_options().path, names::to_tsr(&to).as_bytes());
            }
        }
        Graph { imports: imports.into_iter().map(|(from, to)| (from, to.into_iter().collect())).collect() }
    }
}

fn name_of(file: &tsr_compiler::ProgramFile) -> Option<FilePath> {
    file.bound().view().source_file().ok().map(|source| names::from_tsr(source.file_name()))
}

impl ProgramSeam for TsrProgram {
    fn files(&self) -> Vec<FilePath> {
        let files = self.program.files().iter().filter_map(|file| {
            let source = file.bound().view().source_file().ok()?;
            (!self.program.is_lib(source.parse_options().path.as_bytes())).then(|| names::from_tsr(source.file_name()))
        });
        files.collect()
    }

    fn contains(&self, file: &FilePath) -> bool {
        self.program.source_file(names::to_tsr(file).as_bytes()).is_some()
    }

    fn imports(&self, file: &FilePath) -> Vec<FilePath> {
        self.graph().imports.get(file).cloned().unwrap_or_default()
    }

    fn global_diagnostics(&self) -> Result<Vec<EngineDiagnostic>, EngineError> {
        super::fault::caught("asking for global diagnostics", || self.check_globally())
    }

    fn diagnostics(
        &self,
        file: &FilePath,
        suggestions: bool,
        cancel: &Cancel,
    ) -> Result<Vec<EngineDiagnostic>, EngineError> {
        self.check(file, suggestions, cancel)
    }

    fn diagnostics_of(
        &self,
        files: &[FilePath],
        threads: usize,
        cancel: &Cancel,
        done: &(dyn Fn(&FilePath, Vec<EngineDiagnostic>) + Sync),
    ) -> Result<(), EngineError> {
        self.check_all(files, threads, cancel, done)
    }

    fn outlines(&self) -> Result<Outlines, EngineError> {
        super::fault::caught("reading outlines", || TsrProgram::outlines(self))
    }

    fn option_diagnostics(&self) -> Result<Vec<EngineDiagnostic>, EngineError> {
        super::fault::caught("asking for findings about options", || self.check_options())
    }

    fn completion(
        &self,
        file: &FilePath,
        offset: u32,
        trigger: Option<char>,
        cancel: &Cancel,
    ) -> Result<CompletionList, EngineError> {
        self.complete(file, offset, trigger, cancel)
    }

    fn resolve_completion(
        &self,
        file: &FilePath,
        offset: u32,
        item: &CompletionItem,
        cancel: &Cancel,
    ) -> Result<CompletionDetail, EngineError> {
        self.complete_item(file, offset, item, cancel)
    }

    fn hover(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Option<Hover>, EngineError> {
        self.describe(file, offset, cancel)
    }

    fn definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Definition, EngineError> {
        self.go_to(file, offset, false, cancel)
    }

    fn type_definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Definition, EngineError> {
        self.go_to(file, offset, true, cancel)
    }

    fn references(
        &self,
        file: &FilePath,
        offset: u32,
        include_declaration: bool,
        cancel: &Cancel,
    ) -> Result<Vec<Place>, EngineError> {
        self.find_references(file, offset, include_declaration, cancel)
    }

    fn implementations(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Definition, EngineError> {
        self.find_implementations(file, offset, cancel)
    }

    fn signature_help(
        &self,
        file: &FilePath,
        offset: u32,
        trigger: SignatureTrigger,
        cancel: &Cancel,
    ) -> Result<Option<SignatureHelp>, EngineError> {
        self.help_call(file, offset, trigger, cancel)
    }

    fn can_rename(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Renamable, EngineError> {
        self.renamable(file, offset, cancel)
    }

    fn rename(
        &self,
        file: &FilePath,
        offset: u32,
        new_name: &str,
        cancel: &Cancel,
    ) -> Result<Vec<Change>, EngineError> {
        self.rename_at(file, offset, new_name, cancel)
    }

    fn inlay_hints(
        &self,
        file: &FilePath,
        range: TextRange,
        options: InlayOptions,
        cancel: &Cancel,
    ) -> Result<Vec<InlayHint>, EngineError> {
        self.hint(file, range, options, cancel)
    }

    fn call_items(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Vec<CallItem>, EngineError> {
        self.callables(file, offset, cancel)
    }

    fn incoming_calls(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Vec<Calls>, EngineError> {
        self.calls(file, offset, Direction::Incoming, cancel)
    }

    fn outgoing_calls(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Vec<Calls>, EngineError> {
        self.calls(file, offset, Direction::Outgoing, cancel)
    }

    fn fixes(&self, file: &FilePath, findings: &[(TextRange, u32)], cancel: &Cancel) -> Result<Vec<Fix>, EngineError> {
        self.mend(file, findings, cancel)
    }

    fn organize_imports(&self, file: &FilePath, mode: Organize, cancel: &Cancel) -> Result<Vec<Change>, EngineError> {
        self.organize(file, mode, cancel)
    }

    fn file_renamed(&self, old: &FilePath, new: &FilePath, cancel: &Cancel) -> Result<Vec<Change>, EngineError> {
        self.follow_file(old, new, cancel)
    }

    fn declarations(&self, cancel: &Cancel) -> Result<Vec<Declarations>, EngineError> {
        super::fault::caught("listing declarations", || self.declared(cancel))
    }

    fn surfaces(&self, cancel: &Cancel) -> Result<Vec<Arc<Surface>>, EngineError> {
        super::fault::caught("reading what files show", || self.survey(cancel))
    }

    fn uses(
        &self,
        files: &[FilePath],
        cancel: &Cancel,
        done: &mut dyn FnMut(&FilePath, FileUses),
    ) -> Result<(), EngineError> {
        self.uses_of(files, cancel, done)
    }

    fn type_shapes(
        &self,
        file: &FilePath,
        ranges: &[TextRange],
        cancel: &Cancel,
    ) -> Result<Vec<Option<TypeShape>>, EngineError> {
        super::fault::caught("reading shapes of types", || self.shapes(file, ranges, cancel))
    }

    fn emit(&self, files: &[FilePath], cancel: &Cancel) -> Result<(Vec<Emitted>, Vec<EngineDiagnostic>), EngineError> {
        super::fault::caught("emitting", || self.emit_files(files, cancel))
    }
}
