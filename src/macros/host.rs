//! The parent's side: a pool of workers, the clock, and the list of macros that are not run again.
//!
//! [`Host::run`] blocks its caller and may be called from many threads; each call has a worker to
//! itself. Invariant: whatever a macro does, `run` returns within its deadline, the grace, the time
//! allowed for inputs and that of the last of them; a worker that was stopped or misbehaved never
//! serves again.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustc_hash::FxHashMap;

use super::effect::{InputError, InputErrorKind, Inputs};
use super::permit::Refusal;
use super::protocol::{Effect, Failure, FailureKind, Invocation, Job, JobOutput, Outcome};
use super::runtime;
use super::wire::{self, Answer, FromWorker, Question, RunRequest, ToWorker};
use crate::base::{Cancel, Cancelled, Digest, FilePath};

/// How often a wait looks at its `Cancel`.
const POLL: Duration = Duration::from_millis(10);
/// Stops in a row after which a macro is not run until its source changes.
const STOPS_TO_BAN: u32 = 2;

#[derive(Clone, Debug)]
pub struct HostOptions {
    /// `msc` itself: it is started as `msc macro-worker`.
    pub exe: PathBuf,
    /// The most processes at once.
    pub workers: usize,
    /// How long an interrupted macro may take to stop before its process is killed.
    pub grace: Duration,
    /// How much of the time that a macro's inputs take is not counted as the macro's own.
    pub input_time: Duration,
}

impl HostOptions {
    /// One worker a core.
    pub fn new(exe: PathBuf) -> HostOptions {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        HostOptions { exe, workers, grace: Duration::from_millis(100), input_time: Duration::from_secs(30) }
    }
}

/// Counters since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostStats {
    /// Expansions that a worker was given.
    pub runs: u64,
    /// Those for which the worker had to compile the macro's modules first (L1).
    pub compiled: u64,
    /// Processes started.
    pub spawned: u64,
    /// Expansions that ended with their worker: out of time or memory, crashed.
    pub stopped: u64,
}

pub struct Host {
    options: HostOptions,
    pool: Mutex<Pool>,
    /// A worker came back, or there is room for another.
    freed: Condvar,
    /// Stops in a row, by blame and graph.
    stops: Mutex<FxHashMap<(String, Digest), u32>>,
    runs: AtomicU64,
    compiled: AtomicU64,
    spawned: AtomicU64,
    stopped: AtomicU64,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Worker>,
    /// Idle ones and those at work.
    live: usize,
}

struct Worker {
    child: Child,
    stdin: ChildStdin,
    messages: Receiver<FromWorker>,
    /// The number of its last run.
    run: u64,
}

/// How a run ended.
enum End {
    Done { result: Result<JobOutput, Failure>, micros: u64, memory_bytes: u64 },
    TimedOut,
    Crashed,
    Cancelled,
}

impl Host {
    pub fn new(options: HostOptions) -> Host {
        Host {
            options,
            pool: Mutex::default(),
            freed: Condvar::new(),
            stops: Mutex::default(),
            runs: AtomicU64::new(0),
            compiled: AtomicU64::new(0),
            spawned: AtomicU64::new(0),
            stopped: AtomicU64::new(0),
        }
    }

    pub fn stats(&self) -> HostStats {
        HostStats {
            runs: self.runs.load(Ordering::Relaxed),
            compiled: self.compiled.load(Ordering::Relaxed),
            spawned: self.spawned.load(Ordering::Relaxed),
            stopped: self.stopped.load(Ordering::Relaxed),
        }
    }

    /// Starts workers that are missing, for whoever knows that expansions will come.
    pub fn warm(&self) {
        loop {
            let mut pool = lock(&self.pool);
            if pool.live >= self.options.workers.max(1) {
                return;
            }
            pool.live += 1;
            drop(pool);
            let spawned = self.spawn();
            let failed = spawned.is_err();
            self.give_back(spawned.ok());
            if failed {
                return;
            }
        }
    }

    /// Runs one expansion.
    pub fn run(&self, job: &Job, inputs: &dyn Inputs, cancel: &Cancel) -> Result<Outcome, Cancelled> {
        cancel.check()?;
        if let Some(failure) = self.banned(job) {
            return Ok(Outcome { result: Err(failure), effects: Vec::new(), micros: 0, memory_bytes: 0 });
        }
        let mut lease = match self.take(cancel)? {
            Ok(lease) => lease,
            Err(error) => return Ok(self.unstartable(&error)),
        };
        let mut started = Instant::now();
        if !lease.worker().start(job) {
            // It died while idle, which says nothing about this macro.
            drop(lease);
            lease = match self.take(cancel)? {
                Ok(lease) => lease,
                Err(error) => return Ok(self.unstartable(&error)),
            };
            started = Instant::now();
            if !lease.worker().start(job) {
                return Ok(self.unstartable(&io::ErrorKind::BrokenPipe.into()));
            }
        }
        self.runs.fetch_add(1, Ordering::Relaxed);
        let mut asked = Asked::default();
        let end = lease.worker().drive(job, inputs, cancel, &self.options, &mut asked);
        self.compiled.fetch_add(u64::from(asked.graph), Ordering::Relaxed);
        let elapsed = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (result, micros, memory_bytes) = match end {
            End::Cancelled => return Err(Cancelled),
            End::Done { result, micros, memory_bytes } => (asked.judge(result), micros, memory_bytes),
            End::TimedOut => (Err(runtime::timed_out(job.limits.deadline)), elapsed, 0),
            End::Crashed => (Err(Failure::new(FailureKind::Crashed, lease.worker().obituary())), elapsed, 0),
        };
        let stop = matches!(&result, Err(failure) if is_stop(failure.kind));
        self.note(job, stop);
        if !stop {
            lease.keep();
        }
        Ok(Outcome { result, effects: asked.effects.into_iter().collect(), micros, memory_bytes })
    }

    fn banned(&self, job: &Job) -> Option<Failure> {
        let stops = *lock(&self.stops).get(&(job.blame.clone(), job.graph.digest))?;
        (stops >= STOPS_TO_BAN).then(|| {
            let what = match &job.invocation {
                Invocation::Macro { name } => format!("`{name}`"),
                Invocation::Comptime => "this compile-time block".to_owned(),
            };
            let message =
                format!("{what} was stopped {STOPS_TO_BAN} times in a row and is not run until its source changes");
            Failure::new(FailureKind::Banned, message)
        })
    }

    fn note(&self, job: &Job, stop: bool) {
        let key = (job.blame.clone(), job.graph.digest);
        let mut stops = lock(&self.stops);
        if stop {
            self.stopped.fetch_add(1, Ordering::Relaxed);
            *stops.entry(key).or_default() += 1;
        } else {
            stops.remove(&key);
        }
    }

    fn unstartable(&self, error: &io::Error) -> Outcome {
        let message = format!("no process for macros could be started: {error}");
        let failure = Failure::new(FailureKind::Crashed, message);
        Outcome { result: Err(failure), effects: Vec::new(), micros: 0, memory_bytes: 0 }
    }

    /// A worker for one run: an idle one, a new one, or the next that comes back.
    fn take(&self, cancel: &Cancel) -> Result<io::Result<Lease<'_>>, Cancelled> {
        let mut pool = lock(&self.pool);
        loop {
            if let Some(worker) = pool.idle.pop() {
                return Ok(Ok(Lease { host: self, worker: Some(worker), keep: false }));
            }
            if pool.live < self.options.workers.max(1) {
                pool.live += 1;
                drop(pool);
                return Ok(match self.spawn() {
                    Ok(worker) => Ok(Lease { host: self, worker: Some(worker), keep: false }),
                    Err(error) => {
                        self.give_back(None);
                        Err(error)
                    }
                });
            }
            cancel.check()?;
            pool = match self.freed.wait_timeout(pool, POLL) {
                Ok((pool, _)) => pool,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Ends a lease; `None` where its worker is gone.
    fn give_back(&self, worker: Option<Worker>) {
        let mut pool = lock(&self.pool);
        match worker {
            Some(worker) => pool.idle.push(worker),
            None => pool.live -= 1,
        }
        self.freed.notify_one();
    }

    fn spawn(&self) -> io::Result<Worker> {
        // A program that does not answer to `macro-worker` (a test, a bench) starts over as itself: its
        // workers must not have workers, or a second later there are thousands.
        if std::env::args_os().nth(1).is_some_and(|arg| arg == "macro-worker") {
            return Err(io::Error::other("a macro worker starts no workers"));
        }
        let mut command = Command::new(&self.options.exe);
        command.arg("macro-worker").env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        command.current_dir("/");
        #[cfg(windows)]
        {
            use std::os::windows::process::CommandExt;
            const CREATE_NO_WINDOW: u32 = 0x0800_0000;
            command.creation_flags(CREATE_NO_WINDOW);
            // Without it system libraries do not load.
            if let Some(root) = std::env::var_os("SystemRoot") {
                command.env("SystemRoot", root);
            }
        }
        let mut child = command.spawn()?;
        let streams = child.stdin.take().zip(child.stdout.take());
        let Some((stdin, mut stdout)) = streams else {
            end(&mut child);
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let (send, messages) = channel();
        let reader = std::thread::Builder::new().name("msc-macro-pipe".to_owned()).spawn(move || {
            // Ends with the process, or when nobody listens any more.
            let mut stdout = io::BufReader::new(&mut stdout);
            while let Ok(message) = wire::read::<FromWorker>(&mut stdout) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = reader {
            end(&mut child);
            return Err(error);
        }
        self.spawned.fetch_add(1, Ordering::Relaxed);
        Ok(Worker { child, stdin, messages, run: 0 })
    }
}

/// Whether the macro is to blame for the end of its worker.
fn is_stop(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::TimedOut | FailureKind::OutOfMemory | FailureKind::Crashed)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn end(child: &mut Child) {
    // Fails only where the process has ended; waiting removes it from the system's table.
    let _ = child.kill();
    let _ = child.wait();
}

/// A worker at work. Dropped without `keep`, also by a panic, its process ends.
struct Lease<'a> {
    host: &'a Host,
    worker: Option<Worker>,
    keep: bool,
}

impl Lease<'_> {
    fn worker(&mut self) -> &mut Worker {
        self.worker.as_mut().expect("a lease has its worker until it is dropped")
    }

    fn keep(mut self) {
        self.keep = true;
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let worker = self.worker.take().filter(|_| self.keep);
        self.host.give_back(worker);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Worker {
    /// Hands it the job; whether it was there to take it.
    fn start(&mut self, job: &Job) -> bool {
        self.run += 1;
        let request = RunRequest {
            run: self.run,
            graph: job.graph.digest,
            invocation: job.invocation.clone(),
            input: job.input.clone(),
            root: job.root.clone(),
            limits: job.limits,
        };
        wire::write(&mut self.stdin, &ToWorker::Run(request)).is_ok()
    }

    /// Serves the running job until it ends, or ends it.
    fn drive(
        &mut self,
        job: &Job,
        inputs: &dyn Inputs,
        cancel: &Cancel,
        options: &HostOptions,
        asked: &mut Asked,
    ) -> End {
        let mut deadline = Instant::now() + job.limits.deadline;
        let mut interrupted = false;
        let mut input_time = options.input_time;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = match self.messages.recv_timeout(left.min(POLL)) {
                Ok(message) => message,
                Err(RecvTimeoutError::Disconnected) if interrupted => return End::TimedOut,
                Err(RecvTimeoutError::Disconnected) => return End::Crashed,
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return End::Cancelled,
                Err(RecvTimeoutError::Timeout) if left > POLL => continue,
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => continue,
                Err(RecvTimeoutError::Timeout) if interrupted => return End::TimedOut,
                Err(RecvTimeoutError::Timeout) => {
                    interrupted = true;
                    deadline = Instant::now() + options.grace;
                    if wire::write(&mut self.stdin, &ToWorker::Interrupt { run: self.run }).is_err() {
                        return End::TimedOut;
                    }
                    continue;
                }
            };
            let reply = match message {
                FromWorker::Done { result, micros, memory_bytes } => return End::Done { result, micros, memory_bytes },
                FromWorker::NeedGraph => {
                    asked.graph = true;
                    ToWorker::Graph(job.graph.clone())
                }
                FromWorker::Ask(question) => {
                    let started = Instant::now();
                    let answer = asked.answer(job, inputs, question);
                    // What an input takes is not the macro's fault, unless it asks for ever.
                    let taken = started.elapsed().min(input_time);
                    input_time -= taken;
                    deadline += taken;
                    ToWorker::Reply(answer)
                }
            };
            if wire::write(&mut self.stdin, &reply).is_err() {
                return End::Crashed;
            }
        }
    }

    /// How the process ended, for the one who reads the diagnostic.
    fn obituary(&mut self) -> String {
        // The pipe is closed, so the process is ending. Killing it settles the other case, output that
        // is no message; done at once it would hide how the process ended by itself.
        let patience = Instant::now() + Duration::from_millis(50);
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(1)),
                _ => {
                    let _ = self.child.kill();
                    break self.child.wait().ok();
                }
            }
        };
        match status {
            Some(status) => format!("the process that ran the macro ended ({status})"),
            None => "the process that ran the macro ended".to_owned(),
        }
    }
}

/// What a macro asked for in one run.
#[derive(Default)]
struct Asked {
    /// The worker had no compiled form of the modules.
    graph: bool,
    effects: BTreeSet<Effect>,
    /// The first refusal. It decides how the run ends, whatever the macro made of it: whether something
    /// was refused must not be able to steer an output that is kept.
    refusal: Option<InputError>,
}

impl Asked {
    /// Performs what a macro asked for, and records it.
    fn answer(&mut self, job: &Job, inputs: &dyn Inputs, question: Question) -> Result<Answer, InputError> {
        let answer = match question {
            Question::ReadFile { path } => {
                let path = FilePath::resolve(job.base.as_str(), &path);
                let text = inputs.read_file(&path);
                self.effects.insert(Effect::of_file(&path, &text));
                text.map(Answer::Text)
            }
            Question::Glob { pattern } => {
                let paths = inputs.glob(&job.base, &pattern);
                self.effects.insert(Effect::of_glob(&job.base, &pattern, &paths));
                let is_absolute = pattern.starts_with(['/', '\\']) || pattern.as_bytes().get(1) == Some(&b':');
                // As the pattern was written: an output should not hold where a project happens to lie.
                let show = |path: FilePath| if is_absolute { path.to_string() } else { relative(&job.base, &path) };
                paths.map(|paths| Answer::List(paths.into_iter().map(show).collect()))
            }
            Question::Env { name } => {
                let value = inputs.env(&name);
                self.effects.insert(Effect::of_env(&name, &value));
                value.map(|value| value.map_or(Answer::Nothing, |value| Answer::Text(value.into())))
            }
            Question::Exec { program, args } => {
                let output = inputs.exec(&program, &args);
                self.effects.insert(Effect::of_exec(&program, &args, &output));
                output.map(Answer::Exec)
            }
            Question::Fetch(request) => {
                let response = inputs.fetch(&request, &job.cache);
                self.effects.insert(Effect::of_fetch(&request, &job.cache, &response));
                response.map(Answer::Response)
            }
            Question::Clock | Question::Chance if job.invocation != Invocation::Comptime => Err(InputError {
                kind: InputErrorKind::Refused(Refusal::NotInMacros),
                message: "a macro has neither a clock nor random numbers: its output must be the same every time"
                    .to_owned(),
                help: Some("ask in a `@comptime` block and hand the value to the macro".to_owned()),
            }),
            Question::Clock => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let millis = u64::try_from(since.as_millis()).unwrap_or(0);
                self.effects.insert(Effect::Clock { millis });
                Ok(Answer::Number(millis))
            }
            Question::Chance => {
                // Chance, and no secret: what a block makes of it is written into the program.
                let seed = RandomState::new().build_hasher().finish() & ((1 << 53) - 1);
                self.effects.insert(Effect::Chance { seed });
                Ok(Answer::Number(seed))
            }
        };
        if let Err(error) = &answer
            && matches!(error.kind, InputErrorKind::Refused(_))
        {
            self.refusal.get_or_insert_with(|| error.clone());
        }
        answer
    }

    /// How the run ended, seen from here.
    fn judge(&self, result: Result<JobOutput, Failure>) -> Result<JobOutput, Failure> {
        let Some(InputError { kind: InputErrorKind::Refused(refusal), message, help }) = &self.refusal else {
            return result;
        };
        let (stack, reports, logs) = match result {
            Ok(output) => (Vec::new(), output.reports, output.logs),
            Err(failure) => (failure.stack, failure.reports, failure.logs),
        };
        let kind = FailureKind::Refused(*refusal);
        Err(Failure { kind, message: message.clone(), help: help.clone(), stack, site: None, reports, logs })
    }
}

/// The way from directory `from` to `to`.
fn relative(from: &FilePath, to: &FilePath) -> String {
    let (mut above, mut steps) = (from.clone(), String::new());
    while !to.is_under(&above) {
        if above.as_str() == "/" {
            // Another drive.
            return to.to_string();
        }
        above = above.parent();
        steps.push_str("../");
    }
    steps + to.relative_to(&above)
}
