//! Watches `msc-main` for ticks that take too long, and the client's process for its end.
//!
//! Invariant: only observes and reports; it has a thread of its own (`msc-watchdog`), since what it
//! looks for is a loop that no longer runs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::vfs::slow::{self, SlowTick};

use super::load::Load;

/// How long one event may keep the loop.
const TICK_BUDGET: Duration = Duration::from_millis(10);
/// When a tick counts as stuck.
const STUCK: Duration = Duration::from_secs(2);

/// The loop's side. Dropping it ends the thread.
pub struct Watchdog {
    shared: Arc<Shared>,
    client: Sender<u32>,
}

struct Shared {
    start: Instant,
    /// Milliseconds since `start`, plus one, at which the running tick began; 0 between ticks.
    tick: AtomicU64,
    load: Arc<Load>,
    /// Slow ticks that the list of the user's does not have yet.
    unnoted: Mutex<Vec<SlowTick>>,
}

impl Watchdog {
    /// `client_gone` is called once, when the process given to [`Watchdog::follow`] has ended.
    /// `list` is where slow ticks are noted.
    pub fn start(look_every: Duration, list: Option<PathBuf>, client_gone: impl FnOnce() + Send + 'static) -> Watchdog {
        let shared = Arc::new(Shared {
            start: Instant::now(),
            tick: AtomicU64::new(0),
            load: Arc::default(),
            unnoted: Mutex::default(),
        });
        let (client, news) = channel();
        let watched = shared.clone();
        let spawned = thread::Builder::new().name("msc-watchdog".to_owned()).spawn(move || {
            let mut client = None;
            let mut client_gone = Some(client_gone);
            let mut reported = 0;
            loop {
                match news.recv_timeout(look_every) {
                    Ok(process) => client = Client::alive(process),
                    Err(RecvTimeoutError::Disconnected) => return watched.note(list.as_deref()),
                    Err(RecvTimeoutError::Timeout) => {}
                }
                watched.look(&mut reported);
                watched.note(list.as_deref());
                if client.as_ref().is_some_and(Client::is_gone)
                    && let Some(tell) = client_gone.take()
                {
                    tracing::warn!("the client's process has ended");
                    tell();
                }
            }
        });
        if let Err(error) = spawned {
            tracing::error!("cannot start the watchdog: {error}");
        }
        Watchdog { shared, client }
    }

    pub fn load(&self) -> Arc<Load> {
        self.shared.load.clone()
    }

    /// The client said which process it is.
    pub fn follow(&self, process: u32) {
        // Without the thread there is nobody to tell.
        let _ = self.client.send(process);
    }

    /// Runs one tick under watch; `what` names it in the log.
    pub fn tick<T>(&self, what: &str, tick: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let since = began.duration_since(self.shared.start).as_millis() as u64;
        self.shared.tick.store(since + 1, Ordering::Relaxed);
        let result = tick();
        self.shared.tick.store(0, Ordering::Relaxed);
        let took = began.elapsed();
        self.shared.load.longest_tick.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
        if took > TICK_BUDGET {
            let load = &self.shared.load;
            let slow = load.slow_ticks.fetch_add(1, Ordering::Relaxed) + 1;
            self.shared.unnoted().push(SlowTick::now(took.as_millis() as u64, what));
            tracing::warn!("{what} kept the main loop for {} ms ({slow} slow ticks so far)", took.as_millis());
        }
        result
    }
}

impl Shared {
    fn unnoted(&self) -> std::sync::MutexGuard<'_, Vec<SlowTick>> {
        self.unnoted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the watchdog's own thread: the loop touches no disk.
    fn note(&self, list: Option<&std::path::Path>) {
        let ticks = std::mem::take(&mut *self.unnoted());
        let Some(list) = list.filter(|_| !ticks.is_empty()) else { return };
        if let Err(error) = slow::add(list, &ticks) {
            tracing::info!("cannot note slow ticks in {}: {error}", list.display());
        }
    }

    fn look(&self, reported: &mut u64) {
        let tick = self.tick.load(Ordering::Relaxed);
        let now = self.start.elapsed().as_millis() as u64;
        if tick != 0 && tick != *reported && now.saturating_sub(tick) > STUCK.as_millis() as u64 {
            *reported = tick;
            tracing::error!("the main loop is stuck in one event for {} ms", now - tick);
        }
    }
}

/// The client's process, where the system lets us see it.
struct Client {
    process: u32,
    /// It started us itself, so its end gives us another parent.
    is_parent: bool,
}

impl Client {
    /// `None` where there is no such process to see: a client in another container names one that
    /// never was here, and its end is seen as the end of the input.
    fn alive(process: u32) -> Option<Client> {
        let client = Client { process, is_parent: parent() == Some(process) };
        (client.is_parent || client.is_listed() == Some(true)).then_some(client)
    }

    fn is_gone(&self) -> bool {
        (self.is_parent && parent() != Some(self.process)) || self.is_listed() == Some(false)
    }

    /// `None` where the system keeps no such list.
    fn is_listed(&self) -> Option<bool> {
        let list = std::path::Path::new("/proc");
        list.join("self").exists().then(|| list.join(self.process.to_string()).exists())
    }
}

#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}
