//! The language server's edge. Only user of `tower_lsp`, `tokio` and the protocol's types.
//!
//! Messages travel one way: [`transport`] reads them, [`gate`] hands each to `msc-main` in arrival
//! order, [`main_loop`] owns the world and passes long work to [`schedule`]'s threads, and answers
//! go straight back. Everything that analyses lies below this layer, behind [`analysis`].
//!
//! Invariant: no analysis here, no text is kept here, and nothing on `msc-main` waits for anything
//! but its channel. Start reading at [`transport::serve`], then [`main_loop`].

pub mod analysis;
pub mod backend;
pub mod capabilities;
pub mod event;
pub mod from_proto;
pub mod gate;
pub mod live;
pub mod load;
pub mod main_loop;
pub mod outbox;
pub mod permissions;
pub mod progress;
pub mod publish;
pub mod pull;
pub mod request;
pub mod schedule;
pub mod settings;
pub mod shown;
pub mod std_files;
pub mod sync;
pub mod to_proto;
pub mod transport;
pub mod watch;
pub mod watchdog;

use std::backtrace::Backtrace;
use std::io;
use std::panic::{self, PanicHookInfo};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use tracing::Level;

use crate::project::{World, WorldOptions};
use crate::vfs::slow;

pub use analysis::{Analysis, View};
pub use transport::{Ended, serve};

/// When the server does what nobody asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Quiet time after an edit before diagnostics without macros.
    pub live_delay: Duration,
    /// Quiet time after an edit before a pass with macros.
    pub full_delay: Duration,
    /// Quiet time after a change on disk before a pass with macros, and the longest such wait.
    pub disk_delay: Duration,
    pub disk_delay_most: Duration,
    /// How long a pass runs before the editor shows its progress.
    pub progress_delay: Duration,
    /// How often the watchdog looks at the loop and at the client's process.
    pub look_every: Duration,
    /// Threads that answer requests.
    pub readers: usize,
    /// Where slow ticks are noted, for `msc doctor`.
    pub slow_ticks: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
        Options {
            live_delay: Duration::from_millis(50),
            full_delay: Duration::from_millis(500),
            disk_delay: Duration::from_millis(250),
            disk_delay_most: Duration::from_secs(1),
            progress_delay: Duration::from_secs(1),
            look_every: Duration::from_secs(1),
            // More threads than cores: a request that computes for long must not be what a hover
            // waits for.
            readers: cores.max(4),
            slow_ticks: slow::list_of_user(),
        }
    }
}

/// `msc lsp`: serves one client on standard input and output until it leaves.
///
/// The exit code is the protocol's: 0 after `shutdown`, else 1.
pub fn run_stdio(verbose: u8) -> ExitCode {
    log_to_stderr(verbose);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("msc-pipe")
        .enable_time()
        .enable_io()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no thread can be started: {error}");
            return ExitCode::from(2);
        }
    };
    let world = |roots| World::new(WorldOptions::new(roots));
    let ended = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout(), Options::default(), world));
    // A read of standard input cannot be interrupted: waiting for its thread would keep a server
    // alive whose client has gone.
    runtime.shutdown_background();
    if ended.after_shutdown { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Standard output is the protocol's, so the log goes to standard error, where editors keep it.
/// `MSC_LOG` names the level where an editor's settings have no place for `-v`.
fn log_to_stderr(verbose: u8) {
    let wanted = std::env::var("MSC_LOG").ok().and_then(|text| text.parse().ok());
    let level = wanted.unwrap_or(match verbose {
        0 => Level::WARN,
        1 => Level::INFO,
        _ => Level::DEBUG,
    });
    // Fails only where a log was set up already, which then serves.
    let _ = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).with_max_level(level).try_init();
    panic::set_hook(Box::new(log_panic));
}

/// Whoever catches a panic answers for it; here is where it came from.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!("panic at {place}: {message}\n{}", Backtrace::capture());
}
