//! `msc check`.

use crate::cli::CommandResult;
use crate::cli::args::CheckArgs;
use crate::cli::console::Console;

pub(super) fn run(_args: &CheckArgs, _console: &Console) -> CommandResult {
    Err("this build of msc has no `check`".to_owned().into())
}
