//! A program as JavaScript: modules in memory for `msc run`, files for `msc build`.
//!
//! The engine emits, so that imports of types vanish as TypeScript has it; it is shown the emit
//! flavour of each expansion, in which nothing compile-time is left.
//!
//! Start reading at [`modules`] (run) and [`outputs::build`] (build).

mod files;
mod link;
pub mod outputs;
mod package;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Cancel, FilePath};
use crate::engine::{EngineError, Files};
use crate::expand::FileFacts;
use crate::macros::Module;
use crate::std_lib;
use crate::text::SourceText;

use super::files::{ProgramFiles, engine_path, source_path};
use super::{Snapshot, config, expansion, scope, source_map};

/// The modules that `entry` reaches, itself among them, under the names of their source files.
/// Outputs of macros must be known.
pub fn modules(snap: &Snapshot, entry: &FilePath, cancel: &Cancel) -> Result<Vec<Module>, EngineError> {
    let id = snap.project_of(entry);
    let files: Arc<dyn Files> = Arc::new(ProgramFiles::for_emit(snap.clone()));
    let text = id.config.as_ref().and_then(|file| snap.text(file));
    let roots = [engine_path(entry)];
    let config = snap.shared.engine.config(&files, &config::for_running(&id, text, &roots[0]))?;
    let program = snap.shared.engine.load(&config, Some(&roots), files)?;
    let (library, own): (Vec<FilePath>, Vec<FilePath>) =
        program.files().into_iter().filter(has_code).partition(std_lib::contains);
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
            let js = format!("export default {};\n", text.as_str().trim());
            modules.push(Module { file: path, js: js.into(), map: "".into(), imports: BTreeMap::new() });
        }
    }
    Ok(modules)
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
        .filter_map(|specifier| Some((specifier.to_owned(), scope::resolve(snap, &file, specifier)?)))
        .collect();
    Module { file, js: js.into(), map: map.unwrap_or_default().into(), imports }
}
