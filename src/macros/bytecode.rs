//! L1: the modules of a graph, compiled once in this process and kept by the graph's digest.
//!
//! Invariant: bytecode is native code in disguise, so it is never read from anywhere: what is
//! loaded here was compiled here, and dies with the process.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use lru::LruCache;
use rquickjs::module::{Declared, WriteOptions};
use rquickjs::{Ctx, Module};

use super::bridge;
use super::protocol::{self, Failure, FailureKind, ModuleGraph};
use super::source_map::SourceMap;
use crate::base::{Digest, FilePath};
use crate::std_lib;

/// Bytes of bytecode and text kept in one worker.
const MAX_BYTES: usize = 32 << 20;

pub(super) struct CompiledModule {
    bytecode: Bytecode,
    pub module: protocol::Module,
    map: OnceCell<Option<SourceMap>>,
}

/// One module's bytecode, made by [`Bytecode::compile`].
pub(super) struct Bytecode(Vec<u8>);

impl Bytecode {
    pub fn compile(ctx: &Ctx<'_>, name: &str, source: &str) -> rquickjs::Result<Bytecode> {
        let declared = Module::declare(ctx.clone(), name, source)?;
        // The text stays out: frames need only line numbers, which are debug information.
        declared.write(WriteOptions { strip_source: true, ..WriteOptions::default() }).map(Bytecode)
    }

    pub fn load<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Module<'js, Declared>> {
        // SAFETY: the bytes come from `JS_WriteObject` of this build of the engine in this process;
        // a `Bytecode` cannot be made in another way.
        unsafe { Module::load(ctx.clone(), &self.0) }
    }
}

impl CompiledModule {
    pub fn load<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Module<'js, Declared>> {
        self.bytecode.load(ctx)
    }

    /// The source map, parsed when a stack first needs it.
    pub fn map(&self) -> Option<&SourceMap> {
        self.map.get_or_init(|| SourceMap::parse(&self.module.map)).as_ref()
    }
}

pub(super) struct CompiledGraph {
    pub entry: FilePath,
    modules: HashMap<FilePath, CompiledModule>,
    /// What stands for a deferred module until it is needed.
    stubs: HashMap<FilePath, Bytecode>,
    /// Whether all modules are of the standard library.
    pub is_std: bool,
    size: usize,
}

impl CompiledGraph {
    /// Compiles every module in `ctx`, a scratch context.
    pub fn compile(ctx: &Ctx<'_>, graph: &ModuleGraph) -> Result<CompiledGraph, Failure> {
        let mut compiled = CompiledGraph {
            entry: graph.entry.clone(),
            modules: HashMap::new(),
            stubs: HashMap::new(),
            is_std: graph.modules.iter().all(|module| std_lib::read(&module.file).is_some()),
            size: 0,
        };
        for module in &graph.modules {
            let bytecode = match Bytecode::compile(ctx, module.file.as_str(), &module.js) {
                Ok(bytecode) => bytecode,
                Err(_) => return Err(syntax_error(ctx, module)),
            };
            compiled.size += bytecode.0.len() + module.js.len() + module.map.len();
            let module = CompiledModule { bytecode, module: module.clone(), map: OnceCell::new() };
            compiled.modules.insert(module.module.file.clone(), module);
        }
        for (file, functions) in &graph.deferred {
            let Ok(stub) = Bytecode::compile(ctx, &stub_name(file), &stub(functions)) else {
                // A name that can be no function's: the module itself will do.
                ctx.catch();
                continue;
            };
            compiled.size += stub.0.len();
            compiled.stubs.insert(file.clone(), stub);
        }
        if !compiled.modules.contains_key(&compiled.entry) {
            return Err(Failure::new(FailureKind::Module, format!("the module {} is missing", compiled.entry)));
        }
        Ok(compiled)
    }

    pub fn module(&self, file: &str) -> Option<&CompiledModule> {
        self.modules.get(&FilePath::new(file))
    }

    pub fn stub(&self, file: &FilePath) -> Option<&Bytecode> {
        self.stubs.get(file)
    }
}

/// The name of a deferred module's stub: like the prelude's, no frame of it is anybody's.
pub(super) fn stub_name(file: &FilePath) -> String {
    format!("{STUB}{file}")
}

pub(super) const STUB: &str = "msc:deferred:";

/// A module that exports what a deferred one does, and loads that one (`import.meta.load`) at the first call.
fn stub(functions: &[String]) -> String {
    let mut text = String::from(
        "const { load: $ms_load } = import.meta, { apply: $ms_apply, construct: $ms_construct } = Reflect;\n\
         let $ms_module;\n\
         const $ms_call = (name, self, args, target) => {\n  \
           const made = ($ms_module ??= $ms_load())[name];\n  \
           return target === undefined ? $ms_apply(made, self, args) : $ms_construct(made, args);\n\
         };\n",
    );
    for name in functions {
        text.push_str(&format!(
            "export function {name}(...args) {{ return $ms_call(\"{name}\", this, args, new.target); }}\n"
        ));
    }
    text
}

fn syntax_error(ctx: &Ctx<'_>, module: &protocol::Module) -> Failure {
    let caught = ctx.catch();
    let message = caught.as_exception().and_then(|exception| exception.message()).unwrap_or_default();
    let stack = caught.as_exception().and_then(|exception| exception.stack()).unwrap_or_default();
    let map = SourceMap::parse(&module.map);
    let mut failure = Failure::new(FailureKind::Module, format!("{} does not compile: {message}", module.file));
    failure.stack = bridge::frames(&stack, |file| (file == module.file.as_str()).then_some((module, map.as_ref())));
    failure
}

/// The graphs of this worker, least recently used first out.
pub(super) struct Graphs {
    kept: LruCache<Digest, Rc<CompiledGraph>>,
    size: usize,
}

impl Graphs {
    pub fn new() -> Graphs {
        Graphs { kept: LruCache::unbounded(), size: 0 }
    }

    pub fn get(&mut self, digest: Digest) -> Option<Rc<CompiledGraph>> {
        self.kept.get(&digest).cloned()
    }

    pub fn keep(&mut self, digest: Digest, graph: CompiledGraph) -> Rc<CompiledGraph> {
        let graph = Rc::new(graph);
        self.size += graph.size;
        if let Some((_, old)) = self.kept.push(digest, graph.clone()) {
            self.size -= old.size;
        }
        while self.size > MAX_BYTES && self.kept.len() > 1 {
            let Some((_, old)) = self.kept.pop_lru() else { break };
            self.size -= old.size;
        }
        graph
    }
}
