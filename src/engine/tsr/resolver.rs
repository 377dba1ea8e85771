//! Module resolution without a program.

use std::sync::{Arc, Mutex, PoisonError};

use tsr_core::{ModuleKind, Tristate};
use tsr_module::Resolver;

use super::config::opened;
use super::{fault, host, names};
use crate::base::FilePath;
use crate::engine::{Config, EngineError, Files, ModuleResolver, Wanted};

struct TsrResolver {
    resolver: Mutex<Resolver>,
    files: Arc<dyn Files>,
    wanted: Wanted,
}

pub(super) fn make(
    config: &Config,
    files: Arc<dyn Files>,
    wanted: Wanted,
) -> Result<Arc<dyn ModuleResolver>, EngineError> {
    let parsed = opened(config)?;
    let mut options = parsed.command_line.options.clone();
    if wanted == Wanted::Scripts {
        // Leaves out the condition `types` of `exports`.
        options.no_dts_resolution = Tristate::TRUE;
    }
    let directory = names::to_tsr(&parsed.dir);
    let resolver = Resolver::new(host::file_system(files.clone()), Arc::new(options), directory.as_bytes())
        .map_err(|error| EngineError::Internal(format!("{error:?}")))?;
    Ok(Arc::new(TsrResolver { resolver: Mutex::new(resolver), files, wanted }))
}

impl ModuleResolver for TsrResolver {
    fn resolve(&self, from: &FilePath, specifier: &str) -> Option<FilePath> {
        let found = fault::caught("resolving a module", || {
            let mut resolver = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
            let from = names::to_tsr(from);
            let found = resolver.resolve(specifier.as_bytes(), from.as_bytes(), ModuleKind::ESNEXT);
            let found = found.map_err(|error| EngineError::Internal(format!("{error:?}")))?;
            Ok(found.is_resolved().then(|| names::from_tsr(found.resolved_file_name.as_bytes())))
        });
        let found = found.ok().flatten()?;
        let script = [(".d.ts", ".js"), (".d.mts", ".mjs"), (".ts", ".js"), (".mts", ".mjs")].iter().find_map(
            |(declarations, script)| {
                Some(FilePath::new(&format!("{}{script}", found.as_str().strip_suffix(declarations)?)))
            },
        );
        // A declaration file, and a source, is found before the script beside it.
        Some(script.filter(|script| self.wanted == Wanted::Scripts && self.files.is_file(script)).unwrap_or(found))
    }
}
