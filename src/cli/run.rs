//! `msc run`.

use crate::cli::CommandResult;
use crate::cli::args::RunArgs;
use crate::cli::console::Console;

pub(super) fn run(_args: &RunArgs, _console: &Console) -> CommandResult {
    Err("this build of msc has no `run`".to_owned().into())
}
