//! `msc expand`.

use crate::cli::CommandResult;
use crate::cli::args::ExpandArgs;
use crate::cli::console::Console;

pub(super) fn run(_args: &ExpandArgs, _console: &Console) -> CommandResult {
    Err("this build of msc has no `expand`".to_owned().into())
}
