//! The engine over `tsr`, TypeScript 7's compiler ported to Rust.
//!
//! Owns what programs share for the life of the process: parsed files ([`sources`]) and the
//! embedded libraries. One file for each concern: [`host`] shows our files to `tsr`, [`config`]
//! reads options, [`program`] loads and reuses, [`checker`] keeps a checker alive, [`diagnostics`],
//! [`service`], [`hints`], [`calls`], [`edits`], [`shapes`], [`uses`] and [`emit`] ask; [`outline`] says what
//! a check rests on, [`surface`] what the meanings of names do.
//!
//! Invariant: whatever `tsr` does, panics included, comes out as a value ([`fault`]). Everything
//! here runs on the caller's thread but for what `tsr` itself spawns.

mod calls;
mod checker;
mod completion;
mod config;
mod diagnostics;
mod edits;
mod emit;
mod expected;
mod fault;
mod hints;
mod host;
mod names;
mod outline;
mod place;
mod program;
mod resolver;
mod service;
mod shapes;
mod sources;
mod surface;
mod symbols;
mod transpile;
mod uses;

use std::sync::Arc;

use tsr_arena::Counters;

use super::{
    Config, ConfigSource, EmitSettings, EngineError, Files, ModuleResolver, Program, Transpiled, TypeEngine, Wanted,
};
use crate::base::FilePath;

pub use host::library;
use outline::Interfaces;
use program::TsrProgram;
use sources::Sources;
use surface::Surfaces;
use symbols::Symbols;

/// Makes programs; see [`TypeEngine`].
#[derive(Default)]
pub struct TsrEngine {
    shared: Arc<Shared>,
}

/// What all programs of one engine share.
#[derive(Default)]
struct Shared {
    sources: Arc<Sources>,
    symbols: Arc<Symbols>,
    interfaces: Arc<Interfaces>,
    surfaces: Arc<Surfaces>,
    counters: Counters,
}

impl TsrEngine {
    pub fn new() -> TsrEngine {
        TsrEngine::default()
    }
}

impl TypeEngine for TsrEngine {
    fn name(&self) -> &str {
        "tsr 0.4.0"
    }

    fn library(&self, file: &FilePath) -> Option<&'static str> {
        host::library(file)
    }

    fn config(&self, files: &Arc<dyn Files>, source: &ConfigSource) -> Result<Config, EngineError> {
        fault::caught("reading options", || config::read(files, source))
    }

    fn config_to_emit(&self, config: &Config, settings: EmitSettings) -> Result<Config, EngineError> {
        emit::config(config, settings)
    }

    fn resolver(
        &self,
        config: &Config,
        files: Arc<dyn Files>,
        wanted: Wanted,
    ) -> Result<Arc<dyn ModuleResolver>, EngineError> {
        fault::caught("preparing module resolution", || resolver::make(config, files, wanted))
    }

    fn load(
        &self,
        config: &Config,
        roots: Option<&[FilePath]>,
        files: Arc<dyn Files>,
    ) -> Result<Arc<dyn Program>, EngineError> {
        let program = fault::caught("loading a program", || TsrProgram::load(&self.shared, config, roots, files))?;
        Ok(Arc::new(program))
    }

    fn update(
        &self,
        old: &Arc<dyn Program>,
        changed: &[FilePath],
        files: Arc<dyn Files>,
    ) -> Result<Arc<dyn Program>, EngineError> {
        let any: &dyn std::any::Any = &**old;
        let old = any
            .downcast_ref::<TsrProgram>()
            .ok_or_else(|| EngineError::Internal("a program of another engine cannot be updated".into()))?;
        let program = fault::caught("updating a program", || old.update(&self.shared, changed, files))?;
        Ok(Arc::new(program))
    }

    fn transpile(&self, file: &FilePath, text: &str) -> Result<Transpiled, EngineError> {
        fault::caught("transpiling a module", || transpile::transpile(file, text))
    }
}
