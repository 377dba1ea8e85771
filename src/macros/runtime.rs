//! The JavaScript engine of a worker: one runtime, a fresh context for every expansion.
//!
//! Invariant: what an expansion does to its context (globals, prototypes) dies with it. A context
//! whose modules are all of the standard library, which keeps nothing between calls, serves several. The engine
//! has no clock and no random numbers of its own, no weak references and no I/O, so that equal inputs give equal
//! outputs; everything else comes through the asker. Runs on the worker's JavaScript thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rquickjs::context::intrinsic;
use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Array, Context, Ctx, Error, Exception, Function, IntoJs, Module, Object, Persistent, Runtime, Value};

use super::bridge;
use super::bytecode::{self, Bytecode, CompiledGraph, Graphs};
use super::effect::{InputError, Request};
use super::protocol::{Failure, FailureKind, Invocation, JobOutput, ModuleGraph};
use super::wire::{Answer, Question, RunRequest};
use crate::base::{Digest, FilePath};

/// The name of the prelude in stacks; no file has it.
const PRELUDE: &str = "msc:prelude";
const PRELUDE_SOURCE: &str = concat!(include_str!("prelude.js"), include_str!("parentheses.js"));
const META: &str = "std/meta";

/// `std/meta` as a module: the prelude's globals, importable.
const META_SOURCE: &str = "export const { readFile, readJson, glob, env, exec, fetch, identifier, documented, root, compiler, console, \
    Fragment, Syntax, Name, Expr, TypeNode, Block, TypeRef, Attribute, Field, Method, Param, TypeParam, EnumMember, \
    MacroContext } \
    = globalThis;";

/// Half of what [`super::worker`] gives its JavaScript thread, and less.
pub(super) const JS_STACK: usize = 2 << 20;
/// Contexts leave cycles behind. They are collected between expansions, a few at a time: garbage of
/// earlier expansions must not count against the memory of a later one.
const RUNS_BETWEEN_COLLECTIONS: u32 = 16;
/// Expansions that one context of the standard library's serves: what they leave behind must not add up.
const RUNS_OF_A_CONTEXT: u32 = 64;
/// Above this an expansion's own garbage is collected while it runs.
const GC_THRESHOLD: usize = 16 << 20;
/// Walking the heap to measure it costs more than a short expansion.
const MEASURED_FROM: Duration = Duration::from_millis(50);

/// Everything but `performance`, `WeakRef` and what needs them. The prelude puts a `Date` without a
/// clock in the place of the engine's.
type Intrinsics = (
    intrinsic::Date,
    intrinsic::Eval,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::TypedArrays,
    intrinsic::Promise,
);

/// Performs a macro's request for an input.
pub(super) type Asker = dyn Fn(Question) -> Result<Answer, InputError>;

/// What the engine's callbacks see of the expansion that runs.
struct Shared {
    graph: RefCell<Option<Rc<CompiledGraph>>>,
    /// While modules are compiled each stands alone: what it imports is an empty module.
    compiling: Cell<bool>,
    asker: Box<Asker>,
    meta: Bytecode,
}

/// A context with the prelude evaluated, waiting for its expansion.
struct Prepared {
    start: Persistent<Function<'static>>,
    run: Persistent<Function<'static>>,
    failed: Persistent<Function<'static>>,
    /// The modules of expansions that it served.
    loaded: Option<Loaded>,
    context: Context,
}

struct Loaded {
    graph: Digest,
    /// What the entry module exports.
    namespace: Persistent<Object<'static>>,
    runs: u32,
}

pub(super) struct Engine {
    // Declared before the runtime: contexts and their values are dropped first.
    ready: Option<Prepared>,
    /// Has modules of the standard library loaded, and serves their next expansion.
    reusable: Option<Prepared>,
    graphs: Graphs,
    uncollected: u32,
    prelude: Bytecode,
    shared: Rc<Shared>,
    /// The number of the run; an interrupt names the run it is meant for.
    current: Rc<Cell<u64>>,
    interrupted: Arc<AtomicU64>,
    runtime: Runtime,
}

impl Engine {
    /// `interrupted` holds the number of the last run to stop.
    pub fn new(asker: Box<Asker>, interrupted: Arc<AtomicU64>) -> rquickjs::Result<Engine> {
        let runtime = Runtime::new()?;
        runtime.set_max_stack_size(JS_STACK);
        let current = Rc::new(Cell::new(0));
        let (asked, running) = (interrupted.clone(), current.clone());
        runtime.set_interrupt_handler(Some(Box::new(move || asked.load(Ordering::Relaxed) >= running.get())));
        // Until the first run nothing is to be stopped.
        current.set(u64::MAX);
        let scratch = Context::custom::<Intrinsics>(&runtime)?;
        let (prelude, meta) = scratch.with(|ctx| -> rquickjs::Result<_> {
            let prelude = Bytecode::compile(&ctx, PRELUDE, PRELUDE_SOURCE)?;
            Ok((prelude, Bytecode::compile(&ctx, META, META_SOURCE)?))
        })?;
        drop(scratch);
        let shared = Rc::new(Shared { graph: RefCell::new(None), compiling: Cell::new(false), asker, meta });
        runtime.set_loader(GraphModules(shared.clone()), GraphModules(shared.clone()));
        Ok(Engine {
            ready: None,
            reusable: None,
            graphs: Graphs::new(),
            uncollected: 0,
            prelude,
            shared,
            current,
            interrupted,
            runtime,
        })
    }

    pub fn graph(&mut self, digest: Digest) -> Option<Rc<CompiledGraph>> {
        self.graphs.get(digest)
    }

    pub fn compile(&mut self, graph: &ModuleGraph) -> Result<Rc<CompiledGraph>, Failure> {
        self.runtime.set_memory_limit(0);
        let scratch = Context::custom::<Intrinsics>(&self.runtime).map_err(|_| out_of_memory(0))?;
        self.shared.compiling.set(true);
        let compiled = scratch.with(|ctx| CompiledGraph::compile(&ctx, graph));
        self.shared.compiling.set(false);
        let compiled = compiled?;
        Ok(self.graphs.keep(graph.digest, compiled))
    }

    /// Makes the next context while nobody waits.
    pub fn prepare(&mut self) {
        self.current.set(u64::MAX);
        self.runtime.set_memory_limit(0);
        if self.uncollected >= RUNS_BETWEEN_COLLECTIONS {
            self.uncollected = 0;
            self.runtime.run_gc();
        }
        if self.ready.is_none() {
            self.ready = self.fresh().ok();
        }
    }

    fn fresh(&self) -> rquickjs::Result<Prepared> {
        let context = Context::custom::<Intrinsics>(&self.runtime)?;
        let (start, run, failed) = context.with(|ctx| -> rquickjs::Result<_> {
            let globals = ctx.globals();
            globals.set("$ask", ask_function(&ctx, self.shared.clone())?)?;
            // Needs a clock or other threads to be of use, and lets code see them.
            for absent in ["Atomics", "SharedArrayBuffer", "WeakRef", "FinalizationRegistry", "performance"] {
                globals.remove(absent)?;
            }
            let (module, promise) = self.prelude.load(&ctx)?.eval()?;
            promise.finish::<()>()?;
            let export =
                |name: &str| -> rquickjs::Result<_> { Ok(Persistent::save(&ctx, module.get::<_, Function>(name)?)) };
            Ok((export("start")?, export("run")?, export("failed")?))
        })?;
        Ok(Prepared { start, run, failed, loaded: None, context })
    }

    /// One expansion. The second value is the heap's size at its end, where measured.
    pub fn run(&mut self, request: &RunRequest, graph: &Rc<CompiledGraph>) -> (Result<JobOutput, Failure>, u64) {
        let serves =
            |prepared: &mut Prepared| prepared.loaded.as_ref().is_some_and(|loaded| loaded.graph == request.graph);
        let prepared = self.reusable.take_if(serves).or_else(|| self.ready.take());
        let prepared = match prepared.map_or_else(|| self.fresh(), Ok) {
            Ok(prepared) => prepared,
            Err(_) => return (Err(out_of_memory(request.limits.memory_bytes)), 0),
        };
        let started = Instant::now();
        *self.shared.graph.borrow_mut() = Some(graph.clone());
        self.runtime.set_memory_limit(usize::try_from(request.limits.memory_bytes).unwrap_or(usize::MAX));
        self.runtime.set_gc_threshold(GC_THRESHOLD);
        self.current.set(request.run);
        let Prepared { start, run, failed, mut loaded, context } = prepared;
        let result = context.with(|ctx| {
            let find = |file: &str| graph.module(file).map(|module| (&module.module, module.map()));
            let returned = evaluate(&ctx, request, graph, &start, &run, &mut loaded);
            if self.interrupted.load(Ordering::Relaxed) >= request.run {
                return Err(timed_out(request.limits.deadline));
            }
            let (phase, error) = match returned {
                Ok(json) => return bridge::read_returned(&json, &find),
                Err(failed) => failed,
            };
            let Error::Exception = error else {
                return Err(engine_failure(phase, &error));
            };
            // What was thrown outside the prelude's own `try`: in a module's top level, or because
            // the heap or the stack had no room left even for that.
            let caught = ctx.catch();
            let told = failed.clone().restore(&ctx).and_then(|failed| failed.call::<_, String>((caught,)));
            match told {
                Ok(json) => Err(match bridge::read_returned(&json, &find) {
                    Err(failure) => as_module_failure(phase, failure),
                    Ok(_) => Failure::new(FailureKind::Threw, "the macro failed without an error"),
                }),
                Err(_) if self.interrupted.load(Ordering::Relaxed) >= request.run => {
                    Err(timed_out(request.limits.deadline))
                }
                Err(_) => Err(untold(&ctx, request.limits.memory_bytes)),
            }
        });
        let result = result.map_err(|failure| match failure.kind {
            FailureKind::OutOfMemory => out_of_memory(request.limits.memory_bytes),
            _ => failure,
        });
        self.current.set(u64::MAX);
        *self.shared.graph.borrow_mut() = None;
        match loaded {
            Some(loaded) if graph.is_std && result.is_ok() && loaded.runs < RUNS_OF_A_CONTEXT => {
                self.reusable = Some(Prepared { start, run, failed, loaded: Some(loaded), context });
            }
            _ => self.uncollected += 1,
        }
        let measured = started.elapsed() >= MEASURED_FROM;
        if measured {
            self.uncollected = RUNS_BETWEEN_COLLECTIONS;
        }
        let memory = if measured { self.runtime.memory_usage().malloc_size.max(0) as u64 } else { 0 };
        (result, memory)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Linking and evaluating the macro's modules.
    Load,
    Call,
}

/// Loads the entry module and calls it; the prelude's answer.
fn evaluate<'js>(
    ctx: &Ctx<'js>,
    request: &RunRequest,
    graph: &CompiledGraph,
    start: &Persistent<Function<'static>>,
    run: &Persistent<Function<'static>>,
    loaded: &mut Option<Loaded>,
) -> Result<String, (Phase, Error)> {
    let load = |error| (Phase::Load, error);
    let name = match &request.invocation {
        Invocation::Macro { name } => name.as_str(),
        Invocation::Comptime => "default",
    };
    let start = start.clone().restore(ctx).map_err(load)?;
    start
        .call::<_, ()>((graph.entry.as_str(), request.root.as_str(), name, env!("CARGO_PKG_VERSION")))
        .map_err(load)?;
    let namespace: Object = match loaded {
        Some(loaded) => {
            loaded.runs += 1;
            loaded.namespace.clone().restore(ctx).map_err(load)?
        }
        None => {
            let entry = graph.module(graph.entry.as_str()).ok_or((Phase::Load, Error::Unknown))?;
            let (module, promise) = entry.load(ctx).and_then(Module::eval).map_err(load)?;
            promise.finish::<Value>().map_err(load)?;
            let namespace: Object = module.namespace().map_err(load)?;
            let saved = Persistent::save(ctx, namespace.clone());
            *loaded = Some(Loaded { graph: request.graph, namespace: saved, runs: 1 });
            namespace
        }
    };
    let is_comptime = request.invocation == Invocation::Comptime;
    let run = run.clone().restore(ctx).map_err(load)?;
    run.call::<_, String>((namespace, is_comptime, request.input.as_str())).map_err(|error| (Phase::Call, error))
}

/// A module that does not link is not a macro that threw.
fn as_module_failure(phase: Phase, mut failure: Failure) -> Failure {
    if phase == Phase::Load && failure.kind == FailureKind::Threw && failure.message.starts_with("SyntaxError: ") {
        failure.kind = FailureKind::Module;
        failure.message = failure.message.trim_start_matches("SyntaxError: ").to_owned();
    }
    failure
}

fn engine_failure(phase: Phase, error: &Error) -> Failure {
    match (phase, error) {
        (Phase::Load, Error::WouldBlock) => {
            Failure::new(FailureKind::Module, "a module waits for a promise that nothing resolves")
        }
        // The output could not be copied out of the heap.
        (Phase::Call, Error::Unknown | Error::Allocation) => out_of_memory(0),
        (Phase::Call, Error::Utf8(_)) => {
            Failure::new(FailureKind::Threw, "the macro's output holds text that is not Unicode")
        }
        _ => Failure::new(FailureKind::Module, format!("the macro could not be started: {error}")),
    }
}

/// What kept the prelude from telling what went wrong.
fn untold(ctx: &Ctx<'_>, memory: u64) -> Failure {
    match ctx.catch().as_exception().and_then(|exception| exception.message()) {
        Some(message) if message != "out of memory" => {
            Failure::new(FailureKind::Threw, format!("the macro failed, and its context with it: {message}"))
        }
        _ => out_of_memory(memory),
    }
}

pub(super) fn timed_out(deadline: Duration) -> Failure {
    Failure::new(FailureKind::TimedOut, format!("the macro ran longer than {deadline:?} and was stopped"))
        .with_help("look for a loop that does not end")
}

pub(super) fn out_of_memory(limit: u64) -> Failure {
    Failure::new(FailureKind::OutOfMemory, format!("the macro used more than {} MB of memory", limit >> 20))
}

/// Finds modules in the graph of the expansion that runs.
struct GraphModules(Rc<Shared>);

impl Resolver for GraphModules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        if self.0.compiling.get() {
            return Ok(format!("empty:{name}"));
        }
        if name.trim_end_matches(".ms") == META {
            return Ok(META.to_owned());
        }
        let graph = self.0.graph.borrow();
        let imported =
            graph.as_ref().and_then(|graph| graph.module(base)).and_then(|from| from.module.imports.get(name));
        match imported {
            Some(file) if crate::std_lib::resolve(META).as_ref() == Some(file) => Ok(META.to_owned()),
            Some(file) if graph.as_ref().is_some_and(|graph| graph.stub(file).is_some()) => {
                Ok(bytecode::stub_name(file))
            }
            Some(file) => Ok(file.as_str().to_owned()),
            None => Err(Exception::throw_syntax(ctx, &format!("cannot find module `{name}`, imported by {base}"))),
        }
    }
}

impl Loader for GraphModules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        if self.0.compiling.get() {
            return Module::declare(ctx.clone(), name, "");
        }
        if name == META {
            return self.0.meta.load(ctx);
        }
        let graph = self.0.graph.borrow();
        if let Some(file) = name.strip_prefix(bytecode::STUB)
            && let Some(graph) = graph.as_ref()
            && let Some(stub) = graph.stub(&FilePath::new(file))
        {
            let module = stub.load(ctx)?;
            module.meta()?.set("load", load_function(ctx, graph.clone(), FilePath::new(file))?)?;
            return Ok(module);
        }
        match graph.as_ref().and_then(|graph| graph.module(name)) {
            Some(module) => module.load(ctx),
            None => Err(Exception::throw_syntax(ctx, &format!("cannot load module {name}"))),
        }
    }
}

/// `import.meta.load()` of a stub: the namespace of the module it stands for.
fn load_function<'js>(ctx: &Ctx<'js>, graph: Rc<CompiledGraph>, file: FilePath) -> rquickjs::Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>| -> rquickjs::Result<Object<'js>> {
        let module = graph.module(file.as_str()).ok_or(Error::Unknown)?;
        let (module, promise) = module.load(&ctx)?.eval()?;
        promise.finish::<Value>()?;
        module.namespace()
    })
}

/// `$ask(kind, parameters)`: `["ok", value]`, or `["error", kind, message, help]`.
fn ask_function<'js>(ctx: &Ctx<'js>, shared: Rc<Shared>) -> rquickjs::Result<Function<'js>> {
    Function::new(ctx.clone(), move |ctx: Ctx<'js>, kind: String, parameters: Array<'js>| {
        let question = match kind.as_str() {
            "readFile" => Question::ReadFile { path: parameters.get(0)? },
            "glob" => Question::Glob { pattern: parameters.get(0)? },
            "env" => Question::Env { name: parameters.get(0)? },
            "exec" => Question::Exec { program: parameters.get(0)?, args: parameters.get(1)? },
            "fetch" => {
                let headers: Vec<Vec<String>> = parameters.get(2)?;
                let headers = headers.into_iter().filter_map(|pair| <[String; 2]>::try_from(pair).ok());
                Question::Fetch(Request {
                    url: parameters.get(0)?,
                    method: parameters.get(1)?,
                    headers: headers.map(|[name, value]| (name, value)).collect(),
                    body: parameters.get(3)?,
                })
            }
            "clock" => Question::Clock,
            "chance" => Question::Chance,
            _ => return Err(Exception::throw_type(&ctx, "unknown kind of input")),
        };
        let reply = Array::new(ctx.clone())?;
        match (shared.asker)(question) {
            Ok(answer) => {
                reply.set(0, "ok")?;
                reply.set(1, answer_value(&ctx, answer)?)?;
            }
            Err(error) => {
                reply.set(0, "error")?;
                reply.set(1, error.kind.name())?;
                reply.set(2, error.message)?;
                reply.set(3, error.help)?;
            }
        }
        Ok(reply)
    })
}

fn answer_value<'js>(ctx: &Ctx<'js>, answer: Answer) -> rquickjs::Result<Value<'js>> {
    match answer {
        Answer::Text(text) => (*text).into_js(ctx),
        Answer::Number(number) => Ok(Value::new_number(ctx.clone(), number as f64)),
        Answer::Nothing => Ok(Value::new_undefined(ctx.clone())),
        Answer::List(list) => list.into_js(ctx),
        Answer::Exec(output) => {
            let object = Object::new(ctx.clone())?;
            object.set("code", output.code)?;
            object.set("stdout", output.stdout)?;
            object.set("stderr", output.stderr)?;
            Ok(object.into_value())
        }
        Answer::Response(response) => {
            let object = Object::new(ctx.clone())?;
            object.set("status", response.status)?;
            let headers = response.headers.into_iter().map(|(name, value)| vec![name, value]).collect::<Vec<_>>();
            object.set("headers", headers)?;
            object.set("body", response.body)?;
            Ok(object.into_value())
        }
    }
}
