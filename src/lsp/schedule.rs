//! Where long work runs: the read pool and the two pass lanes, and when a pass is due.
//!
//! A pass of the live lane checks without macros and ends with the next edit. A pass of the
//! full lane runs macros: a save supersedes it, an edit does not (a user who types would starve
//! it) but has it followed by another.
//!
//! Invariant: knows neither texts nor answers; jobs are closures. A panic in a job ends that job,
//! never its thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::Cancel;

use super::load::Load;

type Run = Box<dyn FnOnce() + Send>;

/// What a thread is to run, and whether anybody still wants it.
struct Job {
    is_wanted: Box<dyn Fn() -> bool + Send>,
    run: Run,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Nothing more comes.
    is_over: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    load: Arc<Load>,
}

/// Threads that take jobs from one queue, in its order. A job that nobody wants any more leaves the
/// queue when the next one comes: however fast a person types, what waits is what is still asked.
pub struct ReadPool {
    queue: Arc<Queue>,
}

impl ReadPool {
    /// The threads end with the pool. They are not joined: a job that will not stop must not keep the
    /// server from ending.
    pub fn new(name: &str, threads: usize, load: Arc<Load>) -> ReadPool {
        let queue = Arc::new(Queue { load, ..Queue::default() });
        let threads = threads.max(1);
        for number in 0..threads {
            let queue = queue.clone();
            let name = if threads == 1 { name.to_owned() } else { format!("{name}-{number}") };
            let spawned = thread::Builder::new().name(name).stack_size(STACK).spawn(move || queue.work());
            if let Err(error) = spawned {
                tracing::error!("cannot start a thread: {error}");
            }
        }
        ReadPool { queue }
    }

    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.answer(|| true, job);
    }

    /// `is_wanted` may become false while the job waits, and stays so. An unwanted job is run at once, on
    /// this thread: it has to see for itself that it has nothing to do but to say so.
    pub fn answer(&self, is_wanted: impl Fn() -> bool + Send + 'static, job: impl FnOnce() + Send + 'static) {
        let load = &self.queue.load;
        let mut waiting = self.queue.lock();
        let (wanted, unwanted): (VecDeque<Job>, VecDeque<Job>) =
            std::mem::take(&mut waiting.jobs).into_iter().partition(|job| (job.is_wanted)());
        waiting.jobs = wanted;
        waiting.jobs.push_back(Job { is_wanted: Box::new(is_wanted), run: Box::new(job) });
        load.most_waiting.fetch_max(waiting.jobs.len() as u64, Ordering::Relaxed);
        Load::add(&load.waiting, 1);
        drop(waiting);
        self.queue.changed.notify_one();
        load.waiting.fetch_sub(unwanted.len() as u64, Ordering::Relaxed);
        Load::add(&load.dropped, unwanted.len() as u64);
        for job in unwanted {
            run(job.run);
        }
    }
}

impl Drop for ReadPool {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.changed.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            run(job.run);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                self.load.waiting.fetch_sub(1, Ordering::Relaxed);
                let count = if (job.is_wanted)() { &self.load.begun } else { &self.load.dropped };
                Load::add(count, 1);
                return Some(job);
            }
            if waiting.is_over {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The type engine recurses along expressions and types.
const STACK: usize = 64 << 20;

fn run(job: Run) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        tracing::error!("a job panicked");
    }
}

/// One thread for what nobody waits for: the next job takes the place of the one before.
pub struct Background {
    pool: ReadPool,
    running: Option<Cancel>,
}

impl Background {
    pub fn new(name: &str) -> Background {
        Background { pool: ReadPool::new(name, 1, Arc::default()), running: None }
    }

    pub fn start(&mut self, job: impl FnOnce(&Cancel) + Send + 'static) {
        self.stop();
        let cancel = Cancel::new();
        self.running = Some(cancel.clone());
        let wanted = cancel.clone();
        self.pool.answer(
            move || !wanted.is_cancelled(),
            move || {
                if !cancel.is_cancelled() {
                    job(&cancel);
                }
            },
        );
    }

    pub fn stop(&mut self) {
        if let Some(cancel) = self.running.take() {
            cancel.cancel();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Diagnostics of the live texts from known expansions.
    Live,
    /// Macros run.
    Full,
}

/// A pass that may start now.
pub struct Ticket {
    pub lane: Lane,
    pub pass: u64,
    pub cancel: Cancel,
}

struct LaneState {
    jobs: ReadPool,
    running: Option<(u64, Cancel)>,
    /// Another pass is wanted when the running one has ended.
    again: bool,
}

/// The pass threads, `msc-live` and `msc-pass`, each with one pass at a time.
pub struct Passes {
    live: LaneState,
    full: LaneState,
    last: u64,
}

impl Default for Passes {
    fn default() -> Passes {
        let lane = |name| LaneState { jobs: ReadPool::new(name, 1, Arc::default()), running: None, again: false };
        Passes { live: lane("msc-live"), full: lane("msc-pass"), last: 0 }
    }
}

impl Passes {
    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Live => &mut self.live,
            Lane::Full => &mut self.full,
        }
    }

    pub fn is_running(&self, lane: Lane) -> bool {
        match lane {
            Lane::Live => self.live.running.is_some(),
            Lane::Full => self.full.running.is_some(),
        }
    }

    /// Asks for a pass. `None`: one is running; it will be followed by another, and `supersede`
    /// stops it.
    pub fn ask(&mut self, lane: Lane, supersede: bool) -> Option<Ticket> {
        let pass = self.last + 1;
        let state = self.lane(lane);
        if let Some((_, cancel)) = &state.running {
            state.again = true;
            if supersede {
                cancel.cancel();
            }
            return None;
        }
        let cancel = Cancel::new();
        state.running = Some((pass, cancel.clone()));
        self.last = pass;
        Some(Ticket { lane, pass, cancel })
    }

    pub fn run(&mut self, lane: Lane, job: impl FnOnce() + Send + 'static) {
        self.lane(lane).jobs.run(job);
    }

    /// Stops the running pass of a lane, whose answer nobody wants any more; the caller sees to the
    /// next one.
    pub fn drop_running(&mut self, lane: Lane) {
        if let Some((_, cancel)) = &self.lane(lane).running {
            cancel.cancel();
        }
    }

    /// The running pass has ended; whether another was asked for meanwhile.
    pub fn ended(&mut self, lane: Lane, pass: u64) -> bool {
        let state = self.lane(lane);
        if state.running.as_ref().is_some_and(|(running, _)| *running == pass) {
            state.running = None;
        }
        std::mem::take(&mut state.again)
    }

    /// Stops everything; nothing follows.
    pub fn stop(&mut self) {
        for state in [&mut self.live, &mut self.full] {
            state.again = false;
            if let Some((_, cancel)) = &state.running {
                cancel.cancel();
            }
        }
    }
}

/// A wait for quiet: due some time after the last event, and no later than a limit after the first.
#[derive(Debug, Default)]
pub struct Quiet {
    due: Option<(Instant, Instant)>,
}

impl Quiet {
    /// An event: the wait starts anew.
    pub fn heard(&mut self, now: Instant, quiet: Duration, most: Option<Duration>) {
        let latest = match (self.due, most) {
            (Some((_, latest)), _) => latest,
            (None, Some(most)) => now + most,
            // Far enough to stand for "never" in a wait for an editor.
            (None, None) => now + Duration::from_secs(86_400 * 365),
        };
        self.due = Some(((now + quiet).min(latest), latest));
    }

    pub fn clear(&mut self) {
        self.due = None;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due.map(|(due, _)| due)
    }

    /// Whether the wait is over; it is then forgotten.
    pub fn take(&mut self, now: Instant) -> bool {
        let over = self.due.is_some_and(|(due, _)| due <= now);
        if over {
            self.due = None;
        }
        over
    }
}
