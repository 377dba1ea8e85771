//! What is wrong with a file, with the options, with the program: as `tsc` reports it, but that
//! semantic findings come beside syntactic ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tsr_ast::{Diagnostic, NodeId};
use tsr_checker::Operation;
use tsr_compiler::diagnostic_writer::{DiagnosticSources, flattened};
use tsr_compiler::{Program, ProgramFile};
use tsr_core::CancellationToken;

use super::checker::Checker;
use super::program::TsrProgram;
use super::{fault, names, place};
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{EngineDiagnostic, EngineError, EngineRelated, EngineSeverity};

/// Files that one checker takes at a time from a batch: neighbours share types.
const RUN: usize = 4;

/// Makes plain data of `tsr`'s diagnostics.
pub(super) struct Converter<'a> {
    sources: &'a dyn DiagnosticSources,
    /// The file that stands for options which are no file.
    nameless: Option<&'a FilePath>,
    files: HashMap<NodeId, (Option<FilePath>, u32)>,
}

impl<'a> Converter<'a> {
    pub fn new(sources: &'a dyn DiagnosticSources, nameless: Option<&'a FilePath>) -> Converter<'a> {
        Converter { sources, nameless, files: HashMap::new() }
    }

    pub fn all(&mut self, diagnostics: &[Diagnostic]) -> Result<Vec<EngineDiagnostic>, EngineError> {
        diagnostics.iter().map(|diagnostic| self.one(diagnostic)).collect()
    }

    fn one(&mut self, diagnostic: &Diagnostic) -> Result<EngineDiagnostic, EngineError> {
        let (file, range) = self.location(diagnostic)?;
        let mut related = Vec::new();
        for note in &diagnostic.related_information {
            if let (Some(file), range) = self.location(note)? {
                related.push(EngineRelated { file, range, message: message(note)? });
            }
        }
        Ok(EngineDiagnostic {
            file,
            range,
            code: u32::try_from(diagnostic.code).unwrap_or(0),
            severity: match diagnostic.category {
                0 => EngineSeverity::Warning,
                1 => EngineSeverity::Error,
                _ => EngineSeverity::Suggestion,
            },
            message: message(diagnostic)?,
            related,
            unnecessary: diagnostic.reports_unnecessary,
            deprecated: diagnostic.reports_deprecated,
        })
    }

    fn location(&mut self, diagnostic: &Diagnostic) -> Result<(Option<FilePath>, TextRange), EngineError> {
        let Some(id) = diagnostic.file else {
            return Ok((None, TextRange::default()));
        };
        if !self.files.contains_key(&id) {
            let source = self.sources.diagnostic_source(id)?;
            let path = names::from_tsr(source.file_name());
            let path = (Some(&path) != self.nameless).then_some(path);
            self.files.insert(id, (path, u32::try_from(source.text().len()).unwrap_or(u32::MAX)));
        }
        let (path, len) = &self.files[&id];
        let bound = |offset: i64| u32::try_from(offset.max(0)).unwrap_or(*len).min(*len);
        let start = bound(diagnostic.loc.pos());
        Ok((path.clone(), TextRange::new(start, bound(diagnostic.loc.end()).max(start))))
    }
}

fn message(diagnostic: &Diagnostic) -> Result<String, EngineError> {
    Ok(String::from_utf8_lossy(&flattened(diagnostic, b"\n")?).into_owned())
}

impl TsrProgram {
    pub(super) fn check_options(&self) -> Result<Vec<EngineDiagnostic>, EngineError> {
        let program = &self.program;
        let found = program.sort_and_deduplicate_diagnostics(&self.of_options()?)?;
        Converter::new(&**program, self.nameless()).all(&found)
    }

    fn of_options(&self) -> Result<Vec<Diagnostic>, EngineError> {
        let mut found = self.program.config_file_parsing_diagnostics();
        let direct = self.program.program_diagnostics()?;
        found.extend(direct.iter().filter(|one| !self.lies_in_a_source(one)).cloned());
        Ok(found)
    }

    pub(super) fn check_globally(&self) -> Result<Vec<EngineDiagnostic>, EngineError> {
        let program = &self.program;
        let mut found = self.of_options()?;
        let doing = "asking for global diagnostics";
        let own = self.checks.with(program, &self.counters, doing, |checker| Ok(checker.global_diagnostics()?))?;
        found.extend(own);
        found.extend(self.batch_findings().iter().cloned());
        let found = program.sort_and_deduplicate_diagnostics(&found)?;
        Converter::new(&**program, self.nameless()).all(&found)
    }

    pub(super) fn check(
        &self,
        file: &FilePath,
        suggestions: bool,
        cancel: &Cancel,
    ) -> Result<Vec<EngineDiagnostic>, EngineError> {
        cancel.check()?;
        let source = place::file_of(&self.program, file)?;
        let (token, _listening) = fault::token(cancel);
        let doing = format!("checking {file}");
        self.checks.with(&self.program, &self.counters, &doing, |checker| {
            cancel.check()?;
            self.findings(checker, source, suggestions, &token)
        })
    }

    pub(super) fn check_all(
        &self,
        files: &[FilePath],
        threads: usize,
        cancel: &Cancel,
        done: &(dyn Fn(&FilePath, Vec<EngineDiagnostic>) + Sync),
    ) -> Result<(), EngineError> {
        cancel.check()?;
        let (token, _listening) = fault::token(cancel);
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<EngineError>> = Mutex::new(None);
        let work = |checker: &Checker| {
            loop {
                let start = next.fetch_add(RUN, Ordering::Relaxed);
                let Some(rest) = files.get(start..).filter(|rest| !rest.is_empty()) else { break };
                for file in &rest[..rest.len().min(RUN)] {
                    let doing = format!("checking {file}");
                    let found = place::file_of(&self.program, file).and_then(|source| {
                        cancel.check()?;
                        self.checks_with(checker, &doing, |operation| self.findings(operation, source, false, &token))
                    });
                    match found {
                        Ok(found) => done(file, found),
                        Err(error) => {
                            let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                            // To be stopped is no failure of the file that was at work.
                            let error = if cancel.is_cancelled() { EngineError::Cancelled } else { error };
                            let stop = error == EngineError::Cancelled;
                            failure.get_or_insert(error);
                            if stop {
                                return;
                            }
                        }
                    }
                }
            }
        };
        let threads = threads.clamp(1, files.len().div_ceil(RUN).max(1));
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| {
                    let checker = Checker::default();
                    work(&checker);
                    self.keep_global_findings(&checker);
                });
            }
            work(&self.checks);
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn checks_with<T>(
        &self,
        checker: &Checker,
        doing: &str,
        task: impl FnOnce(&mut Operation<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        checker.with(&self.program, &self.counters, doing, task)
    }

    /// A batch's own checkers go with the batch; what they know of the program as a whole stays.
    fn keep_global_findings(&self, checker: &Checker) {
        let found =
            self.checks_with(checker, "asking for global diagnostics", |operation| Ok(operation.global_diagnostics()?));
        if let Ok(found) = found {
            self.batch_findings().extend(found);
        }
    }

    fn findings(
        &self,
        checker: &mut Operation<'_>,
        file: &ProgramFile,
        suggestions: bool,
        token: &CancellationToken,
    ) -> Result<Vec<EngineDiagnostic>, EngineError> {
        let program = &*self.program;
        let mut found = program.syntactic_diagnostics(Some(file))?;
        found.extend(program.semantic_diagnostics_in(checker, file, Some(token))?);
        let direct = program.program_diagnostics()?;
        found.extend(direct.iter().filter(|one| one.file == Some(file.source())).cloned());
        // With `noEmit`, TypeScript looks at declarations only where nothing else is wrong.
        let options = program.options();
        if options.emit_declarations() && (found.is_empty() || !options.no_emit.is_true()) && emits(program, file)? {
            found.extend(program.declaration_diagnostics_with_checker(checker, file)?);
        }
        if suggestions {
            found.extend(program.suggestion_diagnostics_in(checker, file, Some(token))?);
        }
        if token.is_canceled() {
            return Err(EngineError::Cancelled);
        }
        let found = program.filter_and_sort_diagnostics(&found)?;
        Converter::new(program, self.nameless()).all(&found)
    }

    /// Whether a finding about the program lies in one of its source files, not in its options.
    fn lies_in_a_source(&self, diagnostic: &Diagnostic) -> bool {
        diagnostic.file.is_some_and(|id| self.program.file_of_node(id).is_some())
    }
}

fn emits(program: &Program, file: &ProgramFile) -> Result<bool, EngineError> {
    Ok(program.source_file_may_be_emitted(file, false)?)
}
