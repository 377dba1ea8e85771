//! `msc expand`: what the macros of a file generate, as code.

use std::process::ExitCode;

use crate::base::{Cancel, FilePath, TextRange};
use crate::cli::args::ExpandArgs;
use crate::cli::console::Console;
use crate::cli::trust::for_run;
use crate::cli::{CLEAN, CommandError, CommandResult, ERRORS};
use crate::ide::generated::dedent;
use crate::project::check::expand_file;
use crate::project::{World, WorldOptions, expansion};

pub(super) fn run(args: &ExpandArgs, console: &Console) -> CommandResult {
    let file = console.resolve(&args.place.file);
    let mut world =
        World::new(WorldOptions { allow: for_run(&args.allow, console)?, ..WorldOptions::new(vec![file.parent()]) });
    if !world.shared().disk.is_file(&file) {
        return Err(format!("there is no file {}", file.relative_to(&console.cwd)).into());
    }
    if let Err(error) = world.shared().disk.read(&file) {
        return Err(format!("{}: {error}", file.relative_to(&console.cwd)).into());
    }
    let mut diagnostics = expand_file(&mut world, &file, &Cancel::new())
        .map_err(|_| CommandError::Message("the expansion was stopped".to_owned()))?;
    let snap = world.snapshot();
    match args.place.line {
        None => {
            let expanded = expansion::emit_text(&snap, &file);
            let text = expanded.map(|expanded| expanded.text.clone()).or_else(|| snap.text(&file));
            if let Some(text) = text {
                console.print(text.as_str())?;
            }
        }
        Some(line) => print_line(&world, &file, line, console)?,
    }
    for (_, store) in world.shared().stores() {
        store.flush();
    }
    let mut code = CLEAN;
    if !diagnostics.is_empty() {
        let texts = |file: &FilePath| snap.text(file);
        // What was generated goes to standard output alone, so that it can be piped on.
        if console.report_aside(&mut diagnostics, &texts)? {
            code = ERRORS;
        }
    }
    Ok(ExitCode::from(code))
}

/// What the uses on one line (counted from 1) generate.
fn print_line(world: &World, file: &FilePath, line: u32, console: &Console) -> Result<(), CommandError> {
    let snap = world.snapshot();
    let (Some(source), Some(expanded)) = (snap.text(file), snap.expanded(file)) else { return Ok(()) };
    let lines = source.lines();
    let Some(start) = line.checked_sub(1).and_then(|line| lines.line_start(line)) else {
        let count = lines.line_count();
        return Err(format!("{} has {count} lines", file.relative_to(&console.cwd)).into());
    };
    let end = lines.line_start(line).unwrap_or(source.len());
    let asked = TextRange::new(start, end);
    let mut found = false;
    for site in expanded.calls.iter().filter(|site| site.parent.is_none()) {
        if !asked.touches(site.name.start) {
            continue;
        }
        found = true;
        for &range in &site.generated {
            console.print(&(dedent(expanded.text.as_str(), range) + "\n"))?;
        }
    }
    if found { Ok(()) } else { Err(format!("no macro is used on line {line}").into()) }
}
