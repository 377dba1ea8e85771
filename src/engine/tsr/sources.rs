//! Parsed and bound files, shared by all programs of an engine.
//!
//! Invariant: a file is shared only where its name, its parse options and every byte of its text
//! are equal. Entries are weak: a file goes with the last program that holds it. Libraries are held
//! for good, since to parse them again costs more than the rest of a project's start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tsr_arena::Counters;
use tsr_ast::SourceFileParseOptions;
use tsr_checker::TraceSink;
use tsr_compiler::{CachedProgramFile, Error, FileCache, ProgramFile, SourceFileCache};
use tsr_core::ScriptKind;
use tsr_jsstring::{JsString, SourceText};

#[derive(Default)]
pub(super) struct Sources {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_path: HashMap<JsString, Vec<Weak<ProgramFile>>>,
    libraries: Vec<Arc<ProgramFile>>,
    /// Admissions until dead entries are looked for again.
    until_sweep: usize,
}

impl Sources {
    /// The cache that a full load fills and reads. It may run beside other loads.
    pub fn for_load(self: &Arc<Sources>) -> FileCache {
        FileCache::for_project(self.clone())
    }

    /// Takes a file that was parsed elsewhere.
    pub fn admit(&self, file: &Arc<ProgramFile>) {
        if let Ok(source) = file.bound().view().source_file() {
            self.known().admit(&source.parse_options().path, file);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn admit(&mut self, path: &JsString, file: &Arc<ProgramFile>) {
        if self.until_sweep == 0 {
            self.by_path.retain(|_, files| {
                files.retain(|file| file.strong_count() != 0);
                !files.is_empty()
            });
            self.until_sweep = self.by_path.len().max(1000);
        }
        self.until_sweep -= 1;
        let files = self.by_path.entry(path.clone()).or_default();
        files.retain(|file| file.strong_count() != 0);
        if !files.iter().any(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(file))) {
            files.push(Arc::downgrade(file));
            if path.as_bytes().starts_with(tsr_bundled::LIB_PATH) {
                self.libraries.push(file.clone());
            }
        }
    }
}

impl SourceFileCache for Sources {
    fn retain(&self, _file: &Arc<ProgramFile>) -> Result<Box<dyn Send + Sync>, Error> {
        Ok(Box::new(()))
    }

    fn acquire(
        &self,
        source: SourceText,
        kind: ScriptKind,
        options: SourceFileParseOptions,
        counters: &Counters,
        tracing: Option<&Arc<dyn TraceSink>>,
    ) -> Result<CachedProgramFile, Error> {
        let candidates: Vec<Arc<ProgramFile>> = self
            .known()
            .by_path
            .get(&options.path)
            .map(|files| files.iter().filter_map(Weak::upgrade).collect())
            .unwrap_or_default();
        for file in candidates {
            let same = {
                let known = file.bound().view().source_file()?;
                known.script_kind == kind
                    && known.parse_options() == &options
                    && known.text().as_bytes() == source.as_bytes()
            };
            if same {
                return Ok(CachedProgramFile { file, retention: Box::new(()) });
            }
        }
        let path = options.path.clone();
        let file = ProgramFile::parse_and_bind(source, kind, options, counters, tracing, None)?;
        self.known().admit(&path, &file);
        Ok(CachedProgramFile { file, retention: Box::new(()) })
    }
}
