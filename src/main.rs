//! The command `msc`: picks a subcommand, nothing else.

fn main() {
    if std::env::args_os().nth(1).is_some_and(|arg| arg == "macro-worker") {
        msc::macros::worker::worker_main()
    }
}
