//! Where long work runs: the read pool and the two pass lanes, and when a pass is due.
//!
//! A pass of the live lane checks without macros and ends with the next edit. A pass of the
//! full lane runs macros: a save supersedes it, an edit does not (a user who types would starve
//! it) but has it followed by another.
//!
//! Invariant: knows neither texts nor answers; jobs are closures. A panic in a job ends that job,
//! never its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::base::Cancel;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that answer requests.
pub struct ReadPool {
    jobs: Sender<Job>,
}

impl ReadPool {
    pub fn new(name: &str, threads: usize) -> ReadPool {
        ReadPool { jobs: workers(name, threads.max(1)) }
    }

    pub fn run(&self, job: impl FnOnce() + Send + 'static) {
        // The threads live as long as this sender.
        let _ = self.jobs.send(Box::new(job));
    }
}

/// Threads that take jobs from one queue and end when its sender is dropped. They are not joined:
/// a job that will not stop must not keep the server from ending.
fn workers(name: &str, count: usize) -> Sender<Job> {
    let (jobs, queue) = channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    for number in 0..count {
        let queue = queue.clone();
        let name = if count == 1 { name.to_owned() } else { format!("{name}-{number}") };
        let spawned = thread::Builder::new().name(name).stack_size(STACK).spawn(move || work(&queue));
        if let Err(error) = spawned {
            tracing::error!("cannot start a thread: {error}");
        }
    }
    jobs
}

/// The type engine recurses along expressions and types.
const STACK: usize = 64 << 20;

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).recv();
        let Ok(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a job panicked");
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
    jobs: Sender<Job>,
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
        let lane = |name| LaneState { jobs: workers(name, 1), running: None, again: false };
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
        // The thread lives as long as this sender.
        let _ = self.lane(lane).jobs.send(Box::new(job));
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
