//! The child's side: `msc macro-worker`, one process that runs expansions for its parent.
//!
//! Two threads: the main one reads the pipe, so that an interrupt or the parent's death reaches a
//! macro that never returns; the other owns the JavaScript engine. Invariant: the process opens
//! nothing after it has confined itself; it ends with its parent.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::confine;
use super::effect::{InputError, InputErrorKind};
use super::runtime::{Engine, JS_STACK};
use super::wire::{self, FromWorker, ToWorker};

/// Native code between two checks of the engine's own stack limit needs room too.
const THREAD_STACK: usize = 4 * JS_STACK;

/// Runs expansions until the pipe closes. Entered by the hidden subcommand `macro-worker`.
pub fn worker_main() -> ! {
    confine::close_descriptors();
    confine::forget_place();
    // A panic ends the process, and its parent sees a crashed worker; there is nobody to tell.
    std::panic::set_hook(Box::new(|_| {}));
    let (send, receive) = channel();
    let interrupted = Arc::new(AtomicU64::new(0));
    let (ready, is_ready) = channel();
    let for_engine = interrupted.clone();
    let spawned = std::thread::Builder::new().name("msc-macro".to_owned()).stack_size(THREAD_STACK).spawn(move || {
        let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| serve(receive, &ready, for_engine)));
        std::process::exit(if served.is_ok() { 0 } else { 101 });
    });
    // A thread that is still starting needs system calls that a running one does not.
    if spawned.is_err() || is_ready.recv().is_err() {
        std::process::exit(101);
    }
    confine::limit();
    listen(send, &interrupted);
    std::process::exit(0)
}

/// Hands messages on; interrupts at once.
fn listen(sender: Sender<ToWorker>, interrupted: &AtomicU64) {
    let mut stdin = io::stdin().lock();
    while let Ok(message) = wire::read::<ToWorker>(&mut stdin) {
        match message {
            ToWorker::Interrupt { run } => {
                interrupted.fetch_max(run, Ordering::Relaxed);
            }
            other => {
                if sender.send(other).is_err() {
                    return;
                }
            }
        }
    }
}

fn serve(receive: Receiver<ToWorker>, ready: &Sender<()>, interrupted: Arc<AtomicU64>) {
    let receive = std::rc::Rc::new(receive);
    let replies = receive.clone();
    let asker = move |question| {
        let gone =
            || InputError { kind: InputErrorKind::Invalid, message: "the macro's host is gone".to_owned(), help: None };
        send(&FromWorker::Ask(question)).map_err(|_| gone())?;
        match replies.recv() {
            Ok(ToWorker::Reply(reply)) => reply,
            _ => Err(gone()),
        }
    };
    let Ok(mut engine) = Engine::new(Box::new(asker), interrupted) else { return };
    engine.prepare();
    confine::forbid_files();
    if ready.send(()).is_err() {
        return;
    }
    while let Ok(message) = receive.recv() {
        let ToWorker::Run(request) = message else { return };
        let graph = match engine.graph(request.graph) {
            Some(graph) => Ok(graph),
            None => {
                if send(&FromWorker::NeedGraph).is_err() {
                    return;
                }
                let Ok(ToWorker::Graph(graph)) = receive.recv() else { return };
                engine.compile(&graph)
            }
        };
        let started = processor_time();
        let (result, memory_bytes) = match graph {
            Ok(graph) => engine.run(&request, &graph),
            Err(failure) => (Err(failure), 0),
        };
        let micros = u64::try_from(processor_time().saturating_sub(started).as_micros()).unwrap_or(u64::MAX);
        if send(&FromWorker::Done { result, micros, memory_bytes }).is_err() {
            return;
        }
        engine.prepare();
    }
}

fn send(message: &FromWorker) -> io::Result<()> {
    wire::write(&mut io::stdout().lock(), message)
}

/// What this thread has used of a processor so far.
#[cfg(unix)]
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure lives through the call, which fills it.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Where the thread's time is not to be had, the time on the wall.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}
