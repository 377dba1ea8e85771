//! The command `msc`: parses the arguments and picks a subcommand, nothing else.

use std::process::ExitCode;

use msc::cli::args::{Args, Command};

fn main() -> ExitCode {
    // Before anything is set up: workers are many, and start in the time of a keystroke.
    if std::env::args_os().nth(1).is_some_and(|arg| arg == "macro-worker") {
        msc::macros::worker::worker_main()
    }
    let args = Args::from_command_line();
    match args.command {
        Command::Lsp(_) => msc::lsp::run_stdio(args.verbose),
        _ => msc::cli::run(args),
    }
}
