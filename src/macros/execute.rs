//! Running a whole program, for `msc run`: ES modules in an engine of their own, with `console`, timers
//! and the little of `process` that programs expect.
//!
//! Invariant: a program is the person's own, started by the person, so it has a clock, random numbers
//! and no limits, unlike a macro; but no more I/O than text to its two streams. Nothing here runs
//! macros.
//!
//! Thread: the program has one of its own (`msc-run`), whose stack is sized for it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::{Declared, Evaluated};
use rquickjs::promise::PromiseState;
use rquickjs::{Array, Context, Ctx, Error, Exception, Function, IntoJs, Module, Object, Persistent, Promise};
use rquickjs::{Runtime, Value};

use super::bridge;
use super::protocol;
use super::source_map::SourceMap;
use crate::base::FilePath;
use crate::std_lib;

/// The name of `console.js` in stacks; no file has it, so its frames are left out.
const CONSOLE: &str = "msc:console";

const THREAD_STACK: usize = 64 << 20;
/// The rest is for the engine's own recursion.
const JS_STACK: usize = 8 << 20;

/// Statuses beside the program's own.
const UNCAUGHT: i32 = 1;
const UNSETTLED: i32 = 13;
/// What a shell reports of a program that SIGPIPE ended.
const OUTPUT_CLOSED: i32 = 141;

/// Everything a program needs to run.
pub struct Program {
    /// The entry and whatever it reaches, `std/…` included.
    pub modules: Vec<protocol::Module>,
    pub entry: FilePath,
    /// `process.argv` from its third element on.
    pub args: Vec<String>,
    /// Files in stacks are named relative to it.
    pub cwd: FilePath,
}

/// Runs a program to its end and returns its status: what it asked for, 1 after an error that
/// nothing caught.
pub fn run_program(
    program: Program,
    stdout: impl Write + Send + 'static,
    stderr: impl Write + Send + 'static,
) -> std::io::Result<i32> {
    let thread = std::thread::Builder::new().name("msc-run".to_owned()).stack_size(THREAD_STACK);
    let running = thread.spawn(move || run(&Rc::new(Shared::new(program, Box::new(stdout), Box::new(stderr)))))?;
    running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(|error| {
        // Only the engine's own set-up ends here; whatever the program throws is told as its error.
        std::io::Error::other(format!("the JavaScript engine failed: {error}"))
    })
}

/// What the engine's callbacks see.
struct Shared {
    entry: FilePath,
    args: Vec<String>,
    cwd: FilePath,
    modules: HashMap<FilePath, (protocol::Module, OnceCell<Option<SourceMap>>)>,
    stdout: RefCell<Box<dyn Write>>,
    stderr: RefCell<Box<dyn Write>>,
    /// Set once the program asked to end, or nobody reads its output: it is stopped at the engine's
    /// next check, and is not heard any more.
    ended: Cell<Option<i32>>,
    /// Promises that were rejected and have no handler yet, with the reason.
    rejected: RefCell<Vec<(Persistent<Value<'static>>, Persistent<Value<'static>>)>>,
}

impl Shared {
    fn new(program: Program, stdout: Box<dyn Write>, stderr: Box<dyn Write>) -> Shared {
        let modules = program.modules.into_iter().map(|module| (module.file.clone(), (module, OnceCell::new())));
        Shared {
            entry: program.entry,
            args: program.args,
            cwd: program.cwd,
            modules: modules.collect(),
            stdout: RefCell::new(stdout),
            stderr: RefCell::new(stderr),
            ended: Cell::new(None),
            rejected: RefCell::default(),
        }
    }

    fn write(&self, stream: i32, text: &str) {
        if self.ended.get().is_some() {
            return;
        }
        let mut stdout = self.stdout.borrow_mut();
        let written = match stream {
            // A stream that waits for the end of a line must not hold back what has none.
            1 if text.ends_with('\n') => stdout.write_all(text.as_bytes()),
            1 => stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()),
            // What was printed before an error stands before it.
            _ => stdout.flush().and_then(|()| {
                let mut stderr = self.stderr.borrow_mut();
                stderr.write_all(text.as_bytes())?;
                stderr.flush()
            }),
        };
        if written.is_err() {
            self.ended.set(Some(OUTPUT_CLOSED));
        }
    }

    fn flush(&self) {
        if self.stdout.borrow_mut().flush().is_err() && self.ended.get().is_none() {
            self.ended.set(Some(OUTPUT_CLOSED));
        }
    }

    /// As the person in `cwd` names it; a file of the standard library as programs name it.
    fn name<'a>(&self, file: &'a FilePath) -> Cow<'a, str> {
        match std_lib::read(file) {
            Some(_) => format!("std/{}", file.relative_to(&FilePath::new(std_lib::ROOT))).into(),
            None => file.relative_to(&self.cwd).into(),
        }
    }

    /// The frames that lie in the program, in coordinates of its sources, as Node.js writes them.
    fn map_stack(&self, stack: &str) -> String {
        let frames = bridge::frames(stack, |file| {
            let (module, map) = self.modules.get(&FilePath::new(file))?;
            Some((module, map.get_or_init(|| SourceMap::parse(&module.map)).as_ref()))
        });
        let lines: Vec<String> = frames
            .iter()
            .map(|frame| {
                let place = format!("{}:{}:{}", self.name(&frame.file), frame.line + 1, frame.col + 1);
                match frame.function.as_str() {
                    "" => format!("    at {place}"),
                    function => format!("    at {function} ({place})"),
                }
            })
            .collect();
        lines.join("\n")
    }
}

fn run(shared: &Rc<Shared>) -> rquickjs::Result<i32> {
    let runtime = Runtime::new()?;
    runtime.set_max_stack_size(JS_STACK);
    let ended = shared.clone();
    runtime.set_interrupt_handler(Some(Box::new(move || ended.ended.get().is_some())));
    let tracked = shared.clone();
    runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, is_handled| {
        let mut rejected = tracked.rejected.borrow_mut();
        if is_handled {
            rejected.retain(|(known, _)| known.clone().restore(&ctx).is_ok_and(|known| known != promise));
        } else {
            rejected.push((Persistent::save(&ctx, promise), Persistent::save(&ctx, reason)));
        }
    })));
    runtime.set_loader(ProgramModules(shared.clone()), ProgramModules(shared.clone()));
    let context = Context::full(&runtime)?;
    let status = context.with(|ctx| {
        let result = Execution::start(&ctx, shared).and_then(|execution| execution.run());
        // Values must not outlive their engine.
        shared.rejected.borrow_mut().clear();
        result
    });
    shared.flush();
    match (shared.ended.get(), status) {
        (Some(code), _) => Ok(code),
        (None, status) => status,
    }
}

/// A program that runs, with the functions of `console.js` that keep it going.
struct Execution<'js> {
    ctx: Ctx<'js>,
    shared: Rc<Shared>,
    console: Module<'js, Evaluated>,
}

impl<'js> Execution<'js> {
    fn start(ctx: &Ctx<'js>, shared: &Rc<Shared>) -> rquickjs::Result<Execution<'js>> {
        ctx.globals().set("$host", host_functions(ctx, shared)?)?;
        let (console, promise) = Module::declare(ctx.clone(), CONSOLE, include_str!("console.js"))?.eval()?;
        promise.finish::<()>()?;
        let execution = Execution { ctx: ctx.clone(), shared: shared.clone(), console };
        let mut argv = vec!["msc".to_owned(), shared.entry.as_str().to_owned()];
        argv.extend(shared.args.iter().cloned());
        execution.function("setArguments")?.call::<_, ()>((argv,))?;
        Ok(execution)
    }

    fn function(&self, name: &str) -> rquickjs::Result<Function<'js>> {
        self.console.get(name)
    }

    /// The event loop: promises' reactions first, then one timer, until neither is left.
    fn run(&self) -> rquickjs::Result<i32> {
        let entry = match self.evaluate() {
            Ok(promise) => promise,
            Err(error) => return self.thrown(error),
        };
        let run_next_timer = self.function("runNextTimer")?;
        let until_next_timer = self.function("untilNextTimer")?;
        loop {
            while self.shared.ended.get().is_none() && self.ctx.execute_pending_job() {}
            if self.shared.ended.get().is_some() {
                return Ok(UNCAUGHT);
            }
            let rejected = self.shared.rejected.borrow_mut().drain(..).next();
            if let Some((_, reason)) = rejected {
                return self.uncaught(reason.restore(&self.ctx)?);
            }
            let Some(wait) = until_next_timer.call::<_, Option<f64>>(())? else { break };
            if wait > 0.0 {
                self.shared.flush();
                std::thread::sleep(Duration::from_secs_f64(wait / 1_000.0));
            }
            if let Err(error) = run_next_timer.call::<_, ()>(()) {
                return self.thrown(error);
            }
        }
        if entry.state() == PromiseState::Pending {
            self.shared.write(2, "error: the program waits at its top level for a promise that nothing settles\n");
            return Ok(UNSETTLED);
        }
        self.function("exitCode")?.call(())
    }

    fn evaluate(&self) -> rquickjs::Result<Promise<'js>> {
        let name = self.shared.entry.as_str();
        let module = ProgramModules(self.shared.clone()).load(&self.ctx, name, None)?;
        module.eval().map(|(_, promise)| promise)
    }

    /// Tells of an error that reached the top, unless it is the engine's way of stopping.
    fn thrown(&self, error: Error) -> rquickjs::Result<i32> {
        match error {
            Error::Exception => self.uncaught(self.ctx.catch()),
            other => Err(other),
        }
    }

    fn uncaught(&self, error: Value<'js>) -> rquickjs::Result<i32> {
        let text = match self.function("uncaught")?.call::<_, String>((error,)) {
            Ok(text) => text,
            // An error whose own getters throw.
            Err(Error::Exception) => {
                self.ctx.catch();
                "Uncaught error that cannot be printed\n".to_owned()
            }
            Err(other) => return Err(other),
        };
        self.shared.write(2, &text);
        Ok(UNCAUGHT)
    }
}

/// What `console.js` takes from the host.
fn host_functions<'js>(ctx: &Ctx<'js>, shared: &Rc<Shared>) -> rquickjs::Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    let to = shared.clone();
    let write = move |stream: i32, text: String| to.write(stream, &text);
    host.set("write", Function::new(ctx.clone(), write)?)?;
    let end = shared.clone();
    let exit = move |code: i32| {
        if end.ended.get().is_none() {
            // Only the low byte of a status reaches whoever started the program.
            end.ended.set(Some(code & 0xFF));
        }
    };
    host.set("exit", Function::new(ctx.clone(), exit)?)?;
    let of = shared.clone();
    host.set("mapStack", Function::new(ctx.clone(), move |stack: String| of.map_stack(&stack))?)?;
    host.set("promiseState", Function::new(ctx.clone(), promise_state)?)?;
    Ok(host)
}

/// `["pending"]`, `["resolved", value]`, `["rejected", reason]`; `undefined` for what is no promise.
fn promise_state<'js>(ctx: Ctx<'js>, value: Value<'js>) -> rquickjs::Result<Value<'js>> {
    let Some(promise) = value.as_promise() else { return Ok(Value::new_undefined(ctx)) };
    let state = Array::new(ctx.clone())?;
    match promise.state() {
        PromiseState::Pending => state.set(0, "pending")?,
        PromiseState::Resolved => {
            state.set(0, "resolved")?;
            if let Some(Ok(result)) = promise.result::<Value>() {
                state.set(1, result)?;
            }
        }
        PromiseState::Rejected => {
            state.set(0, "rejected")?;
            if let Some(Err(Error::Exception)) = promise.result::<Value>() {
                state.set(1, ctx.catch())?;
            }
        }
    }
    state.into_js(&ctx)
}

/// Finds modules among the program's.
struct ProgramModules(Rc<Shared>);

impl Resolver for ProgramModules {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<String> {
        let from = self.0.modules.get(&FilePath::new(base));
        match from.and_then(|(module, _)| module.imports.get(name)) {
            Some(file) => Ok(file.as_str().to_owned()),
            None => Err(Exception::throw_reference(ctx, &format!("cannot find module '{name}', imported by {base}"))),
        }
    }
}

impl Loader for ProgramModules {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> rquickjs::Result<Module<'js, Declared>> {
        let Some((source, _)) = self.0.modules.get(&FilePath::new(name)) else {
            return Err(Exception::throw_reference(ctx, &format!("cannot load module '{name}'")));
        };
        let module = Module::declare(ctx.clone(), name, &*source.js)?;
        module.meta()?.set("url", format!("file://{name}"))?;
        Ok(module)
    }
}
