//! A program as JavaScript: modules in memory for `msc run`, files for `msc build`.
//!
//! The engine emits, so that imports of types vanish as TypeScript has it; it is shown the emit
//! flavour of each expansion, in which nothing compile-time is left.
//!
//! Start reading at [`modules`] (run) and [`outputs::build`] (build).

mod files;
mod link;
pub mod mapped;
pub mod outputs;
mod package;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::base::{Cancel, FilePath};
use crate::engine::{self, EngineError, Files};
use crate::expand::{FileFacts, holes};
use crate::macros::Module;
use crate::std_lib;
use crate::text::SourceText;

use super::files::{ProgramFiles, engine_path, source_path};
use super::{Snapshot, config, expansion, resolution, scope, source_map, typeinfo};

/// The modules that `entry` reaches, itself among them, under the names of their source files.
/// Outputs of macros must be known.
pub fn modules(snap: &Snapshot, entry: &FilePath, cancel: &Cancel) -> Result<Vec<Module>, EngineError> {
    let holes = Program::load(snap, entry)?;
    let shaped = typeinfo::shaped(snap, &holes.program, &*holes.files, cancel)?;
    let (snap, program) = match &shaped {
        Some(shaped) => (shaped, Program::load(shaped, entry)?.program),
        None => (snap, holes.program),
    };
    let (library, own): (Vec<FilePath>, Vec<FilePath>) =
        program.files().into_iter().filter(has_code).partition(std_lib::contains);
    let own: Vec<FilePath> = own.into_iter().filter(|path| resolution::package_of(path).is_none()).collect();
    let (json, own): (Vec<FilePath>, Vec<FilePath>) = own.into_iter().partition(|path| path.has_extension("json"));
    let mut modules = Vec::new();
    for emitted in program.emit(&own, cancel)?.0 {
        let file = source_path(snap, &emitted.source);
        modules.push(module(snap, file, emitted.script.text, emitted.script.map));
    }
    // What lies under `node_modules` is taken as compiled already, so the engine emits nothing for
    // the standard library: its modules are turned into JavaScript one by one.
    for path in library {
        let file = source_path(snap, &path);
        let Some(text) = emit_text(snap, &file) else { continue };
        let transpiled = snap.shared.engine.transpile(&path, text.as_str())?;
        modules.push(module(snap, file, transpiled.js, Some(transpiled.map)));
    }
    for path in json {
        if let Some(text) = snap.text(&path) {
            modules.push(json_module(path, &text));
        }
    }
    add_packages(snap, &mut modules);
    Ok(modules)
}

/// The snapshot with what stands for each `@typeinfo` of a file and of what it reaches; `None` where
/// the file itself has none. Outputs of macros must be known.
pub fn shaped(snap: &Snapshot, file: &FilePath, cancel: &Cancel) -> Result<Option<Snapshot>, EngineError> {
    let Some(text) = emit_text(snap, file).filter(|_| file.is_metascript()) else { return Ok(None) };
    if holes(&snap.parse(text)).is_empty() {
        return Ok(None);
    }
    let loaded = Program::load(snap, file)?;
    typeinfo::shaped(snap, &loaded.program, &*loaded.files, cancel)
}

/// What the engine is shown to run a file.
struct Program {
    program: Arc<dyn engine::Program>,
    files: Arc<dyn Files>,
}

impl Program {
    fn load(snap: &Snapshot, entry: &FilePath) -> Result<Program, EngineError> {
        let id = snap.project_of(entry);
        let files: Arc<dyn Files> = Arc::new(ProgramFiles::for_emit(snap.clone()));
        let text = id.config.as_ref().and_then(|file| snap.text(file));
        let roots = [engine_path(entry)];
        let config = snap.shared.engine.config(&files, &config::for_running(&id, text, &roots[0]))?;
        let program = snap.shared.engine.load(&config, Some(&roots), files.clone())?;
        Ok(Program { program, files })
    }
}

/// The scripts of packages that the modules reach.
fn add_packages(snap: &Snapshot, modules: &mut Vec<Module>) {
    let mut known: HashSet<FilePath> = modules.iter().map(|module| module.file.clone()).collect();
    let mut next = 0;
    while next < modules.len() {
        let wanted: Vec<FilePath> = modules[next].imports.values().cloned().collect();
        next += 1;
        for file in wanted {
            if resolution::package_of(&file).is_none() || !known.insert(file.clone()) {
                continue;
            }
            let Some(text) = snap.text(&file) else { continue };
            if file.has_extension("json") {
                modules.push(json_module(file, &text));
                continue;
            }
            let facts = FileFacts::of(&snap.parse(text.clone()));
            let found = |specifier: &str| Some((specifier.to_owned(), resolution::script(snap, &file, specifier)?));
            let imports = facts.specifiers().into_iter().filter_map(found).collect();
            modules.push(Module { file, js: text.as_str().into(), map: "".into(), imports });
        }
    }
}

fn json_module(file: FilePath, text: &SourceText) -> Module {
    let js = format!("export default {};\n", text.as_str().trim());
    Module { file, js: js.into(), map: "".into(), imports: BTreeMap::new() }
}

/// Whether a program's file holds anything to run.
fn has_code(path: &FilePath) -> bool {
    !path.as_str().starts_with("bundled:")
        && [".d.ts", ".d.mts", ".d.cts"].iter().all(|ending| !path.name().ends_with(ending))
}

fn emit_text(snap: &Snapshot, file: &FilePath) -> Option<SourceText> {
    if file.is_metascript() {
        expansion::emit_text(snap, file).map(|expanded| expanded.text.clone())
    } else {
        snap.text(file)
    }
}

/// Ties a file's JavaScript to its source and to the modules it imports.
fn module(snap: &Snapshot, file: FilePath, js: String, map: Option<String>) -> Module {
    let source = snap.text(&file).unwrap_or_else(|| SourceText::new(""));
    let (text, map) = if file.is_metascript() {
        match expansion::emit_text(snap, &file) {
            Some(expanded) => {
                let composed = map
                    .and_then(|map| source_map::compose(&map, expanded.text.as_str(), &expanded.map, &file, &source));
                (expanded.text.clone(), composed)
            }
            None => (source, map),
        }
    } else {
        (source, map)
    };
    let facts = FileFacts::of(&snap.parse(text));
    let imports = facts
        .specifiers()
        .into_iter()
        .filter_map(|specifier| {
            let found = scope::resolve(snap, &file, specifier)?;
            let is_package = resolution::package_of(&found).is_some() && !std_lib::contains(&found);
            let found = if is_package { resolution::script(snap, &file, specifier)? } else { found };
            Some((specifier.to_owned(), found))
        })
        .collect();
    Module { file, js: js.into(), map: map.unwrap_or_default().into(), imports }
}
