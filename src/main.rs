//! The command `msc`: parses the arguments and picks a subcommand, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything is set up: workers are many, and start in the time of a keystroke.
    if std::env::args_os().nth(1).is_some_and(|arg| arg == "macro-worker") {
        msc::macros::worker::worker_main()
    }
    msc::cli::run(msc::cli::args::Args::from_command_line())
}
