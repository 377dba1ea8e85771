//! The command line: arguments, subcommands, rendering.
//!
//! Invariant: no analysis here; a subcommand asks `project` (or a lower layer) and prints. Answers go
//! to standard output, everything about the run itself to standard error.
//!
//! Thread: subcommands run on a thread `msc` with room for deep recursion; the first thread waits
//! for it. Start reading at [`args`], then at the subcommand's own file.

pub mod args;
mod build;
mod cache;
mod check;
pub mod console;
mod content_mapper;
mod doctor;
mod expand;
mod explain;
mod fmt;
pub mod formats;
mod highlight;
mod parse;
pub mod render;
mod run;
mod second_opinion;
mod setup;
pub mod theme;
mod trust;
mod watch;

use std::io;
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;
use std::sync::Mutex;

use args::{Args, Command};
use console::Console;
use tracing_subscriber::filter::LevelFilter;

/// Nothing to report.
pub const CLEAN: u8 = 0;
/// Errors in the program.
pub const ERRORS: u8 = 1;
/// Wrong usage, or a failure of `msc` itself.
pub const FAILURE: u8 = 2;
/// Whoever read the output went away: what a shell reports of a program that SIGPIPE ended.
const OUTPUT_CLOSED: u8 = 141;

/// Recursion over deeply nested code must not end the process.
const STACK_BYTES: usize = 256 << 20;

/// Why a subcommand did not come to its own end.
#[derive(Debug)]
pub enum CommandError {
    /// One sentence for the person, without a full stop.
    Message(String),
    /// Nobody reads the output any more.
    OutputClosed,
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> CommandError {
        match error.kind() {
            io::ErrorKind::BrokenPipe => CommandError::OutputClosed,
            _ => CommandError::Message(error.to_string()),
        }
    }
}

impl From<String> for CommandError {
    fn from(message: String) -> CommandError {
        CommandError::Message(message)
    }
}

pub type CommandResult = Result<ExitCode, CommandError>;

/// Runs a subcommand to its end.
pub fn run(args: Args) -> ExitCode {
    log_to_stderr(args.verbose);
    let console = Console::new(args.color);
    guarded(move || dispatch(args.command, &console))
}

/// Runs `work` with room on its stack, and tells in one paragraph how it ended where that was not
/// by itself.
pub fn guarded(work: impl FnOnce() -> CommandResult + Send + 'static) -> ExitCode {
    panic::set_hook(Box::new(remember_panic));
    let thread = std::thread::Builder::new().name("msc".to_owned()).stack_size(STACK_BYTES);
    let result = match thread.spawn(work) {
        Ok(thread) => thread.join(),
        Err(error) => Ok(Err(CommandError::Message(format!("no thread can be started: {error}")))),
    };
    match result {
        Ok(Ok(code)) => code,
        Ok(Err(CommandError::OutputClosed)) => ExitCode::from(OUTPUT_CLOSED),
        Ok(Err(CommandError::Message(message))) => {
            console::complain(&format!("error: {message}"));
            ExitCode::from(FAILURE)
        }
        Err(_) => {
            let panic = LAST_PANIC.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
            console::complain(&format!(
                "error: internal error in msc {}: {}\n\
                 This is a mistake in msc, not in your program. Please report it, with the command you ran and, \
                 if you can, the files it ran on. RUST_BACKTRACE=1 adds where it happened.",
                env!("CARGO_PKG_VERSION"),
                panic.as_deref().unwrap_or("no message")
            ));
            ExitCode::from(FAILURE)
        }
    }
}

fn dispatch(command: Command, console: &Console) -> CommandResult {
    match command {
        Command::Check(args) => check::run(&args, console),
        Command::Expand(args) => expand::run(&args, console),
        Command::Run(args) => run::run(&args, console),
        Command::Build(args) => build::run(&args, console),
        Command::Parse(args) => parse::run(&args, console),
        Command::Fmt(args) => fmt::run(&args, console),
        Command::Highlight(args) => highlight::run(&args, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Cache(args) => cache::run(&args, console),
        Command::Init(args) => setup::init(&args, console),
        Command::Doctor(args) => doctor::run(&args, console),
        Command::Completions(args) => setup::completions(&args, console),
        Command::Man(args) => setup::man(&args, console),
        Command::Trust(args) => trust::run(&args, console),
        Command::ContentMapper => content_mapper::run(),
        Command::Lsp(_) | Command::MacroWorker => {
            Err(CommandError::Message("this subcommand is started by the program itself".to_owned()))
        }
    }
}

static LAST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// A panic that is caught where it can be answered (the type engine's) must print nothing; one that
/// is not is told by [`guarded`].
fn remember_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
    let mut text = format!("{message}{place}");
    let backtrace = std::backtrace::Backtrace::capture();
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        text += &format!("\n{backtrace}");
    }
    tracing::debug!("panic: {text}");
    *LAST_PANIC.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(text);
}

fn log_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    // Fails only where a log was set up already, which then serves.
    let _ = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(level).try_init();
}
