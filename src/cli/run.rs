//! `msc run`: a program expanded, compiled in memory and run.

use std::io;
use std::process::ExitCode;

use crate::base::{Cancel, FilePath};
use crate::cli::args::RunArgs;
use crate::cli::console::Console;
use crate::cli::trust::for_run;
use crate::cli::{CommandError, CommandResult, ERRORS};
use crate::diagnostic::Severity;
use crate::engine::EngineError;
use crate::macros::execute::{Program, run_program};
use crate::project::check::expand_program;
use crate::project::{World, WorldOptions, build};

pub(super) fn run(args: &RunArgs, console: &Console) -> CommandResult {
    let entry = console.resolve(&args.file);
    let mut world = World::new(WorldOptions {
        allow: for_run(&args.allow, console)?,
        target: args.target.clone(),
        ..WorldOptions::new(vec![entry.parent()])
    });
    if let Err(error) = world.shared().disk.read(&entry) {
        return Err(format!("{}: {error}", entry.relative_to(&console.cwd)).into());
    }
    let stopped = || CommandError::Message("the build was stopped".to_owned());
    let mut diagnostics =
        expand_program(&mut world, std::slice::from_ref(&entry), &Cancel::new()).map_err(|_| stopped())?;
    for (_, store) in world.shared().stores() {
        store.flush();
    }
    let snap = world.snapshot();
    // Type errors do not keep a program from running (`msc check` tells them); a macro that failed
    // leaves a hole where code should be.
    if diagnostics.iter().any(|found| found.severity == Severity::Error) {
        let texts = |file: &FilePath| snap.text(file);
        console.report_aside(&mut diagnostics, &texts)?;
        return Ok(ExitCode::from(ERRORS));
    }
    let modules = build::modules(&snap, &entry, &Cancel::new()).map_err(|error| match error {
        EngineError::Cancelled => stopped(),
        EngineError::MissingFile(file) => CommandError::Message(format!("{file} cannot be compiled")),
        EngineError::Internal(text) => CommandError::Message(format!("internal error in the type engine: {text}")),
    })?;
    let program = Program { modules, entry, args: args.args.clone(), cwd: console.cwd.clone() };
    let status = run_program(program, io::stdout(), io::stderr())?;
    // A status is one byte to whoever waits for it, as in Node.
    Ok(ExitCode::from(status as u8))
}
