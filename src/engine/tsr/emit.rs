//! JavaScript of a program's files, as its options ask for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tsr_ast::NodeId;
use tsr_checker::CheckerRequest;
use tsr_compiler::{CheckedProgram, EmitOnly, EmitOptions, ProgramFile, WriteFileData};

use super::program::TsrProgram;
use super::{fault, names, place};
use crate::base::{Cancel, FilePath};
use crate::engine::{Emitted, EngineError};

/// What was written for one file.
#[derive(Default)]
struct Written {
    script: Option<(FilePath, String)>,
    map: Option<String>,
}

impl TsrProgram {
    /// Emits whatever `noEmit` says, since the caller asks for it; type errors do not stop it.
    pub(super) fn emit_files(&self, files: &[FilePath], cancel: &Cancel) -> Result<Vec<Emitted>, EngineError> {
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
            } else {
                written.script = Some((names::from_tsr(name), text));
            }
            Ok(())
        };
        let request = CheckerRequest { cancellation: Some(token), ..CheckerRequest::default() };
        CheckedProgram::new(self.program.clone(), &self.counters, None).emit(
            &request,
            &EmitOptions {
                target_source_files: Some(&targets),
                emit_only: EmitOnly::Js,
                force_emit: true,
                write_file: Some(&write),
            },
        )?;
        cancel.check()?;
        let mut written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let emitted = files.iter().zip(&targets).filter_map(|(file, target)| {
            let Written { script, map } = written.remove(&target.source())?;
            let (path, text) = script?;
            Some(Emitted { source: file.clone(), path, text, map })
        });
        Ok(emitted.collect())
    }
}
