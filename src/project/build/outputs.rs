//! What a build writes: scripts, declarations, source maps, expanded TypeScript, and the sources that
//! macros of a package run from.
//!
//! Invariant: nothing is written here; outputs are texts with their paths, all or none of them.

use std::sync::Arc;

use crate::base::{Cancel, FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::{EmitSettings, Emitted, EngineDiagnostic, EngineError, Files, Output};
use crate::std_lib;

use super::super::files::{engine_path, source_path};
use super::super::locate::{Behind, behind};
use super::super::{ProjectId, Snapshot, check, config, problems, program, source_map, typeinfo};
use super::files::{BuildFiles, Built, macro_sources, relative};

/// What is asked of a build.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    pub project: ProjectId,
    /// The program's first files; empty for all that the project includes.
    pub entries: Vec<FilePath>,
    /// The directory that outputs go to; `None` for the options' `outDir`, else `dist`.
    pub out: Option<FilePath>,
    pub emit: Emit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// JavaScript, declarations, source maps.
    JavaScript,
    /// The expanded program as plain TypeScript.
    TypeScript,
}

/// One file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOutput {
    pub path: FilePath,
    pub text: String,
}

/// What came of a build.
#[derive(Clone, Debug)]
pub struct Build {
    /// Where outputs go.
    pub out: FilePath,
    pub outputs: Vec<BuildOutput>,
    /// What kept some from being made.
    pub diagnostics: Vec<Diagnostic>,
    /// What was read to make them.
    pub sources: Vec<FilePath>,
}

/// The project's first files under the names of their sources.
pub fn entries(snap: &Snapshot, request: &BuildRequest) -> Result<Vec<FilePath>, EngineError> {
    if !request.entries.is_empty() {
        return Ok(request.entries.clone());
    }
    let configured = program::configured(snap, &request.project)?;
    Ok(configured.config.roots.iter().map(|root| source_path(snap, root)).collect())
}

/// Outputs of macros must be known (see [`check::expand_program`]).
pub fn build(snap: &Snapshot, request: &BuildRequest, cancel: &Cancel) -> Result<Build, EngineError> {
    let id = &request.project;
    let engine = &snap.shared.engine;
    let text = id.config.as_ref().and_then(|file| snap.text(file));
    let (source, _) = config::for_building(id, text);
    let sources = check::reached_files(snap, &entries(snap, request)?);
    let root = common_directory(&sources).unwrap_or_else(|| id.root.clone());
    let files = Arc::new(BuildFiles::new(snap.clone(), &root));
    let shown: Arc<dyn Files> = files.clone();
    let read = engine.config(&shown, &source)?;
    let out = request.out.clone().or_else(|| read.out_dir.clone()).unwrap_or_else(|| id.root.join("dist"));
    let settings = EmitSettings { declarations: true, maps: true };
    let config = engine.config_to_emit(&read, settings)?;
    // What an earlier build wrote is no source of this one.
    let roots: Vec<FilePath> = match request.entries.is_empty() {
        true => config.roots.iter().filter(|file| !file.is_under(&out) || root.is_under(&out)).cloned().collect(),
        false => request.entries.iter().map(engine_path).collect(),
    };
    let mut program = engine.load(&config, Some(&roots), shown)?;
    let mut files = files;
    if let Some(shaped) = typeinfo::shaped(snap, &program, &*files, cancel)? {
        files = Arc::new(BuildFiles::new(shaped, &root));
        program = engine.load(&config, Some(&roots), files.clone())?;
    }
    let own: Vec<FilePath> = program.files().into_iter().filter(|path| files.is_built(path)).collect();
    let target = |path: &FilePath| out.join(path.relative_to(&root));
    let mut outputs = Vec::new();
    let mut found = Vec::new();
    match request.emit {
        Emit::TypeScript => {
            for path in own {
                let Some(built) = files.built(&path) else { continue };
                let path = target(&path);
                let text = match built.expanded {
                    Some(_) => format!("{}{}", header(&path, &built.source), built.linked.text),
                    None => built.linked.text.clone(),
                };
                outputs.push(BuildOutput { path, text });
            }
        }
        Emit::JavaScript => {
            let (json, code): (Vec<FilePath>, Vec<FilePath>) =
                own.into_iter().partition(|path| path.has_extension("json"));
            let (emitted, findings) = program.emit(&code, cancel)?;
            found.extend(findings.into_iter().filter_map(|finding| diagnostic(&files, finding)));
            for one in emitted {
                let Some(built) = files.built(&one.source) else { continue };
                written(&mut outputs, &target(&one.source), one, &built);
            }
            outputs.extend(json.iter().filter_map(|path| {
                Some(BuildOutput { path: target(path), text: files.built(path)?.linked.text.clone() })
            }));
            for (file, text) in macro_sources(snap, &sources) {
                if file.is_under(&root) {
                    outputs.push(BuildOutput { path: target(&file), text: text.as_str().to_owned() });
                }
            }
        }
    }
    outputs.sort_by(|a, b| a.path.cmp(&b.path));
    outputs.dedup_by(|a, b| a.path == b.path);
    Ok(Build { out, outputs, diagnostics: found, sources })
}

/// What kept a declaration from being written, at its source.
fn diagnostic(files: &BuildFiles, finding: EngineDiagnostic) -> Option<Diagnostic> {
    let built = files.built(&finding.file?)?;
    let range = TextRange::new(trail(&built, finding.range.start), trail(&built, finding.range.end));
    let range = if range.start <= range.end { range } else { TextRange::empty(range.start) };
    Some(Diagnostic::new(Code::Ts(finding.code), &built.source, range, problems::source_names(&finding.message)))
}

/// The script, its map and its declarations. `place` is where the source would lie among the outputs.
fn written(outputs: &mut Vec<BuildOutput>, place: &FilePath, emitted: Emitted, built: &Built) {
    let directory = place.parent();
    let Output { path, mut text, map } = emitted.script;
    let script = directory.join(path.name());
    let trail = |offset: u32| trail(built, offset);
    let name = relative(&directory, &built.source);
    // Nobody has the standard library's sources to step through.
    let map = map
        .filter(|_| !std_lib::contains(&built.source))
        .and_then(|map| source_map::lead_on(&map, &built.linked.text, &trail, &name, &built.written));
    if let Some(map) = map {
        let map_name = format!("{}.map", script.name());
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text += &format!("//# sourceMappingURL={map_name}\n");
        outputs.push(BuildOutput { path: directory.join(&map_name), text: map });
    }
    outputs.push(BuildOutput { path: script, text });
    if let Some(declarations) = emitted.declarations {
        outputs.push(BuildOutput { path: directory.join(declarations.path.name()), text: declarations.text });
    }
}

/// Where in the source a place of the emitted text comes from. What a macro generated belongs to the
/// macro's use, for a debugger and a stack trace.
fn trail(built: &Built, offset: u32) -> u32 {
    let offset = built.linked.unlinked(offset);
    let Some(expanded) = &built.expanded else { return offset };
    match behind(&expanded.map, TextRange::empty(offset)) {
        Behind::Source(range) | Behind::StandsFor(range) | Behind::Generated { copied: Some(range), .. } => range.start,
        Behind::Generated { call, .. } => expanded.calls.get(call as usize).map_or(0, |call| call.range.start),
    }
}

fn header(output: &FilePath, source: &FilePath) -> String {
    format!("// Made by msc from {}: change that file, not this one.\n", relative(&output.parent(), source))
}

/// The deepest directory that holds all files.
fn common_directory(files: &[FilePath]) -> Option<FilePath> {
    let mut common = files.first()?.parent();
    for file in files {
        while !file.is_under(&common) {
            common = common.parent();
        }
    }
    Some(common)
}
