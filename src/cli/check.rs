//! `msc check`: the pass over whole projects, printed.

use std::process::ExitCode;
use std::time::Instant;

use crate::base::{Cancel, FilePath};
use crate::cache::Level;
use crate::cli::args::CheckArgs;
use crate::cli::console::Console;
use crate::cli::render::{grouped, plural};
use crate::cli::second_opinion;
use crate::cli::trust::for_run;
use crate::cli::watch::watch;
use crate::cli::{CLEAN, CommandError, CommandResult, ERRORS};
use crate::project::check::{CheckStats, check};
use crate::project::costs::of_macros;
use crate::project::expansion::{megabytes, milliseconds};
use crate::project::{Snapshot, World, WorldOptions};
use crate::std_lib;

pub(super) fn run(args: &CheckArgs, console: &Console) -> CommandResult {
    let mut paths: Vec<FilePath> = args.paths.iter().map(|path| console.resolve(path)).collect();
    if paths.is_empty() {
        paths.push(console.cwd.clone());
    }
    let mut world = World::new(WorldOptions {
        allow: for_run(&args.allow, console)?,
        target: args.target.clone(),
        use_cache: !args.no_cache,
        trust_times: !args.no_mtime,
        ..WorldOptions::new(paths.clone())
    });
    if let Some(missing) = paths.iter().find(|path| !world.shared().disk.exists(path)) {
        return Err(format!("there is no file or folder {}", missing.relative_to(&console.cwd)).into());
    }
    if !args.watch {
        return once(args, console, &mut world, &paths);
    }
    let roots: Vec<FilePath> =
        paths.iter().map(|path| if world.shared().disk.is_file(path) { path.parent() } else { path.clone() }).collect();
    watch(console, &mut world, &roots, |world| once(args, console, world, &paths).map(|_| Vec::new()))?;
    Ok(ExitCode::from(CLEAN))
}

fn once(args: &CheckArgs, console: &Console, world: &mut World, paths: &[FilePath]) -> CommandResult {
    let start = Instant::now();
    let (mut diagnostics, stats) =
        check(world, paths, &Cancel::new()).map_err(|_| CommandError::Message("the check was stopped".to_owned()))?;
    if let Some(command) = &args.second_opinion {
        diagnostics = second_opinion::ask(command, console, world, paths, diagnostics)?;
    }
    let snap = world.snapshot();
    let texts = |file: &FilePath| snap.text(file);
    let has_errors = console.report(args.format, &mut diagnostics, &texts, stats.files as usize)?;
    for (_, store) in world.shared().stores() {
        store.flush();
    }
    if args.stats {
        print_stats(console, world, &stats, start);
        print_macros(console, &snap, paths);
    }
    Ok(ExitCode::from(if has_errors { ERRORS } else { CLEAN }))
}

/// Macros that are told one by one.
const MOST_MACROS: usize = 20;

/// The time, memory and cache state of each macro.
fn print_macros(console: &Console, snap: &Snapshot, paths: &[FilePath]) {
    let costs = of_macros(snap, paths);
    if costs.is_empty() {
        return;
    }
    let name = |file: &FilePath| match std_lib::specifier(file) {
        Some(specifier) => specifier,
        None => file.relative_to(&console.cwd).to_owned(),
    };
    let mut rows: Vec<[String; 8]> =
        vec![["macro", "uses", "ran", "cached", "stale", "time", "memory", "slowest"].map(str::to_owned)];
    for cost in costs.iter().take(MOST_MACROS) {
        let shown = format!("@{} ({})", cost.callee.name, name(&cost.callee.module));
        let slowest = cost.slowest.as_ref().map_or_else(String::new, |(micros, file, line)| {
            format!("{} at {}:{}", milliseconds(*micros), name(file), line + 1)
        });
        let count = |number: u32| grouped(u64::from(number));
        rows.push([
            shown,
            count(cost.uses),
            count(cost.ran),
            count(cost.cached),
            count(cost.stale),
            milliseconds(cost.micros),
            megabytes(cost.memory_bytes),
            slowest,
        ]);
    }
    let widths: Vec<usize> =
        (0..8).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    console.note("");
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| match at {
                // Names to the left, numbers to the right.
                0 | 7 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        console.note(cells.join("  ").trim_end());
    }
    if costs.len() > MOST_MACROS {
        console.note(&format!("and {} more", plural(costs.len() - MOST_MACROS, "macro")));
    }
}

fn print_stats(console: &Console, world: &World, stats: &CheckStats, start: Instant) {
    let count = |number: u32| grouped(u64::from(number));
    console.note(&format!("projects      {} ({} unchanged)", count(stats.projects), count(stats.warm)));
    console.note(&format!("files         {}", count(stats.files)));
    console.note(&format!("macro uses    {}", count(stats.uses)));
    console.note(&format!("files parsed  {}", count(stats.parsed)));
    console.note(&format!(
        "macros run    {} ({} ms in the workers)",
        count(stats.macros_run),
        grouped(stats.macro_micros.div_ceil(1000))
    ));
    console.note(&format!("files checked {}", count(stats.checked)));
    let disk = &world.shared().disk;
    console.note(&format!(
        "disk          {} asked, {} read",
        plural(disk.system_calls() as usize, "question"),
        plural(disk.files_read() as usize, "file")
    ));
    for (name, level) in [("expansions", Level::Expansion), ("files", Level::File), ("checks", Level::Program)] {
        let (mut hits, mut misses, mut writes) = (0, 0, 0);
        for (_, store) in world.shared().stores() {
            let stats = store.stats(level);
            hits += stats.hits;
            misses += stats.misses;
            writes += stats.writes;
        }
        console.note(&format!(
            "cached {name}: {} of {} found, {} written",
            grouped(hits),
            plural((hits + misses) as usize, "request"),
            grouped(writes)
        ));
    }
    console.note(&format!("time          {} ms", grouped(start.elapsed().as_millis() as u64)));
}
