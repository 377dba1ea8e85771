//! The child's side: `msc macro-worker`, one process that runs expansions for its parent.
//!
//! Two threads: the main one reads the pipe, so that an interrupt or the parent's death reaches a
//! macro that never returns; the other owns the JavaScript engine. Invariant: the process opens
//! nothing after it has confined itself; it ends with its parent.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use super::effect::{InputError, InputErrorKind};
use super::runtime::{Engine, JS_STACK};
use super::wire::{self, FromWorker, ToWorker};

/// Native code between two checks of the engine's own stack limit needs room too.
const THREAD_STACK: usize = 4 * JS_STACK;

/// Runs expansions until the pipe closes. Entered by the hidden subcommand `macro-worker`.
pub fn worker_main() -> ! {
    confine::close_descriptors();
    // A panic ends the process, and its parent sees a crashed worker; there is nobody to tell.
    std::panic::set_hook(Box::new(|_| {}));
    let (send, receive) = channel();
    let interrupted = Arc::new(AtomicU64::new(0));
    let (sender, for_engine) = (send, interrupted.clone());
    let spawned = std::thread::Builder::new().name("msc-macro".to_owned()).stack_size(THREAD_STACK).spawn(move || {
        let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| serve(receive, for_engine)));
        std::process::exit(if served.is_ok() { 0 } else { 101 });
    });
    if spawned.is_err() {
        std::process::exit(101);
    }
    confine::limit();
    listen(sender, &interrupted);
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

fn serve(receive: Receiver<ToWorker>, interrupted: Arc<AtomicU64>) {
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
        let (result, memory_bytes) = match graph {
            Ok(graph) => engine.run(&request, &graph),
            Err(failure) => (Err(failure), 0),
        };
        if send(&FromWorker::Done { result, memory_bytes }).is_err() {
            return;
        }
        engine.prepare();
    }
}

fn send(message: &FromWorker) -> io::Result<()> {
    wire::write(&mut io::stdout().lock(), message)
}

/// What the process gives up before it sees a macro.
#[cfg(unix)]
mod confine {
    /// Address space beyond what the process holds at its start: the heap's limit is 64 MB, the
    /// rest is for messages on their way and for the allocator's arenas.
    const ADDRESS_SPACE: u64 = 768 << 20;

    /// Closes what the parent's other children or libraries left open, all but the three streams.
    pub fn close_descriptors() {
        #[cfg(target_os = "linux")]
        {
            // SAFETY: no descriptor above 2 is owned by anything in this process yet.
            if unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) } == 0 {
                return;
            }
        }
        for descriptor in 3..1024 {
            // SAFETY: as above; closing a number that is not open only fails.
            unsafe { libc::close(descriptor) };
        }
    }

    /// No new file or socket, no file that grows, no core dump, no thread or process, a bounded
    /// address space. Called when every thread of the worker runs.
    pub fn limit() {
        let held = std::fs::read_to_string("/proc/self/statm")
            .ok()
            .and_then(|statm| statm.split(' ').next()?.parse::<u64>().ok())
            .map_or(1 << 30, |pages| pages * 4096);
        let set = |resource, limit: u64| {
            let limit = libc::rlimit { rlim_cur: limit as libc::rlim_t, rlim_max: limit as libc::rlim_t };
            // SAFETY: the structure lives through the call, which only reads it. A system that
            // refuses a limit runs without it: the heap's own limit and the parent's clock remain.
            unsafe { libc::setrlimit(resource, &limit) };
        };
        set(libc::RLIMIT_AS, held + ADDRESS_SPACE);
        set(libc::RLIMIT_CORE, 0);
        set(libc::RLIMIT_FSIZE, 0);
        set(libc::RLIMIT_NPROC, 0);
        set(libc::RLIMIT_NOFILE, 0);
    }
}

#[cfg(not(unix))]
mod confine {
    /// Handles are not inherited unless they are named.
    pub fn close_descriptors() {}
    pub fn limit() {}
}
