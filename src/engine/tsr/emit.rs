//! JavaScript and declarations of a program's files, as its options ask for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tsr_ast::NodeId;
use tsr_checker::CheckerRequest;
use tsr_compiler::{CheckedProgram, EmitOnly, EmitOptions, ProgramFile, WriteFileData};
use tsr_core::{ModuleKind, Tristate};
use tsr_jsstring::JsString;

use super::config::{ParsedConfig, opened};
use super::diagnostics::Converter;
use super::program::TsrProgram;
use super::{fault, names, place};
use crate::base::{Cancel, FilePath};
use crate::engine::{Config, EmitSettings, Emitted, EngineDiagnostic, EngineError, Output, Parsed};

/// Options under which a program is emitted: to memory, one output a file, as ES modules.
pub(super) fn config(config: &Config, settings: EmitSettings) -> Result<Config, EngineError> {
    let ParsedConfig { command_line, dir, nameless } = opened(config)?;
    let mut command_line = command_line.clone();
    let options = &mut command_line.options;
    let wanted = |asked: Tristate, by_default: bool| match by_default && !asked.is_false() {
        true => Tristate::TRUE,
        false => Tristate::FALSE,
    };
    options.declaration = wanted(options.declaration, settings.declarations);
    options.declaration_map = Tristate::FALSE;
    options.source_map = wanted(options.source_map, settings.maps);
    for off in [
        &mut options.inline_source_map,
        &mut options.inline_sources,
        &mut options.emit_declaration_only,
        &mut options.composite,
        &mut options.incremental,
        &mut options.no_emit_on_error,
        // Specifiers are led to outputs before the engine sees them.
        &mut options.rewrite_relative_import_extensions,
    ] {
        *off = Tristate::FALSE;
    }
    for none in [
        &mut options.out_file,
        &mut options.out_dir,
        &mut options.declaration_dir,
        &mut options.root_dir,
        &mut options.source_root,
        &mut options.map_root,
        &mut options.ts_build_info_file,
    ] {
        *none = JsString::default();
    }
    // The newer kinds decide by package.json; CommonJS and older ones are not what we emit.
    if options.module < ModuleKind::ES2015 {
        options.module = ModuleKind::ESNEXT;
    }
    let parsed = ParsedConfig { command_line, dir: dir.clone(), nameless: nameless.clone() };
    Ok(Config { parsed: Parsed::new(parsed), ..config.clone() })
}

/// What was written for one file.
#[derive(Default)]
struct Written {
    script: Option<Output>,
    declarations: Option<Output>,
    map: Option<String>,
}

impl TsrProgram {
    /// Emits whatever `noEmit` says, since the caller asks for it; type errors do not stop it.
    pub(super) fn emit_files(
        &self,
        files: &[FilePath],
        cancel: &Cancel,
    ) -> Result<(Vec<Emitted>, Vec<EngineDiagnostic>), EngineError> {
        cancel.check()?;
        let mut targets: Vec<Arc<ProgramFile>> = Vec::with_capacity(files.len());
        for file in files {
            let source = place::file_of(&self.program, file)?.source();
            targets.extend(self.program.file_of_node(source).cloned());
        }
        let (token, _listening) = fault::token(cancel);
        let written: Mutex<HashMap<NodeId, Written>> = Mutex::default();
        let write = |name: &[u8], text: &[u8], data: &mut WriteFileData| {
            let Some(source) = data.source_file else { return Ok(()) };
            let text = String::from_utf8_lossy(text).into_owned();
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            let written = written.entry(source).or_default();
            if name.ends_with(b".map") {
                written.map = Some(text);
                return Ok(());
            }
            let output = Output { path: names::from_tsr(name), text: without_map_comment(text), map: None };
            if [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| output.path.name().ends_with(ending)) {
                written.declarations = Some(output);
            } else {
                written.script = Some(output);
            }
            Ok(())
        };
        let request = CheckerRequest { cancellation: Some(token), ..CheckerRequest::default() };
        // Scripts are wanted of whatever files were named; declarations come along where the options say so.
        let emit_only = if self.program.options().declaration.is_true() { EmitOnly::All } else { EmitOnly::Js };
        let result = CheckedProgram::new(self.program.clone(), &self.counters, None).emit(
            &request,
            &EmitOptions { target_source_files: Some(&targets), emit_only, force_emit: true, write_file: Some(&write) },
        )?;
        cancel.check()?;
        let findings = result.map(|result| result.diagnostics).unwrap_or_default();
        let findings = Converter::new(&*self.program, None).all(&findings)?;
        let mut written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let emitted = files.iter().zip(&targets).filter_map(|(file, target)| {
            let Written { script, declarations, map } = written.remove(&target.source())?;
            Some(Emitted { source: file.clone(), script: Output { map, ..script? }, declarations })
        });
        Ok((emitted.collect(), findings))
    }
}

/// Whoever writes the file names its map.
fn without_map_comment(mut text: String) -> String {
    if let Some(at) = text.rfind("//# sourceMappingURL=") {
        text.truncate(at);
    }
    text
}
