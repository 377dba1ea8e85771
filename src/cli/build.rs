//! `msc build`: projects checked, compiled and written.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use crate::base::{Cancel, FilePath};
use crate::cli::args::{BuildArgs, EmitKind, Format};
use crate::cli::console::Console;
use crate::cli::render::plural;
use crate::cli::trust::for_run;
use crate::cli::watch::watch;
use crate::cli::{CLEAN, CommandError, CommandResult, ERRORS};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::EngineError;
use crate::project::build::outputs::{self, Build, BuildOutput, BuildRequest, Emit};
use crate::project::check::{check, expand_program};
use crate::project::{ProjectId, World, WorldOptions};

pub(super) fn run(args: &BuildArgs, console: &Console) -> CommandResult {
    let mut paths: Vec<FilePath> = args.paths.iter().map(|path| console.resolve(path)).collect();
    if paths.is_empty() {
        paths.push(console.cwd.clone());
    }
    let mut world = World::new(WorldOptions {
        allow: for_run(&args.allow, console)?,
        target: args.target.clone(),
        ..WorldOptions::new(paths.clone())
    });
    let disk = world.shared().disk.clone();
    if let Some(missing) = paths.iter().find(|path| !disk.exists(path)) {
        return Err(format!("there is no file or folder {}", missing.relative_to(&console.cwd)).into());
    }
    let requests = requests(args, console, &world, &paths);
    if !args.watch {
        return Ok(ExitCode::from(build(args, console, &mut world, &paths, &requests)?.0));
    }
    let roots: Vec<FilePath> = requests.iter().map(|request| request.project.root.clone()).collect();
    watch(console, &mut world, &roots, |world| Ok(build(args, console, world, &paths, &requests)?.1))?;
    Ok(ExitCode::from(CLEAN))
}

/// One build a project; files of one project are one program.
fn requests(args: &BuildArgs, console: &Console, world: &World, paths: &[FilePath]) -> Vec<BuildRequest> {
    let disk = &world.shared().disk;
    let emit = match args.emit {
        EmitKind::Js => Emit::JavaScript,
        EmitKind::Ts => Emit::TypeScript,
    };
    let out = args.out.as_ref().map(|out| console.resolve(out));
    let mut requests: Vec<BuildRequest> = Vec::new();
    for path in paths {
        let project = ProjectId::of_path(disk, path);
        let entries = if disk.is_file(path) { vec![path.clone()] } else { Vec::new() };
        match requests.iter_mut().find(|known| known.project == project) {
            // A folder named beside its files stands for them.
            Some(known) if entries.is_empty() => known.entries.clear(),
            Some(known) if !known.entries.is_empty() => known.entries.extend(entries),
            Some(_) => {}
            None => {
                // A project without a file of its own has no place of its own either.
                let here = || project.config.is_none().then(|| console.cwd.join("dist"));
                let out = out.clone().or_else(here);
                requests.push(BuildRequest { project, entries, out, emit });
            }
        }
    }
    requests
}

/// The exit status, and the directories that were written to.
fn build(
    args: &BuildArgs,
    console: &Console,
    world: &mut World,
    paths: &[FilePath],
    requests: &[BuildRequest],
) -> Result<(u8, Vec<FilePath>), CommandError> {
    let start = Instant::now();
    let stopped = || CommandError::Message("the build was stopped".to_owned());
    let failed = |error| match error {
        EngineError::Cancelled => stopped(),
        EngineError::MissingFile(file) => CommandError::Message(format!("{file} cannot be compiled")),
        EngineError::Internal(text) => CommandError::Message(format!("internal error in the type engine: {text}")),
    };
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut builds: Vec<Build> = Vec::new();
    if !args.no_check {
        found = check(world, paths, &Cancel::new()).map_err(|_| stopped())?.0;
    }
    for request in requests {
        let entries = outputs::entries(&world.snapshot(), request).map_err(failed)?;
        let expanded = expand_program(world, &entries, &Cancel::new()).map_err(|_| stopped())?;
        if args.no_check {
            found.extend(expanded);
        }
        if has_errors(&found) {
            continue;
        }
        let built = outputs::build(&world.snapshot(), request, &Cancel::new()).map_err(failed)?;
        found.extend(built.diagnostics.iter().cloned());
        builds.push(built);
    }
    for (_, store) in world.shared().stores() {
        store.flush();
    }
    let snap = world.snapshot();
    let texts = |file: &FilePath| snap.text(file);
    if !found.is_empty() {
        console.report(Format::Text, &mut found, &texts, builds.iter().map(|built| built.sources.len()).sum())?;
    }
    let outs = builds.iter().map(|built| built.out.clone()).collect();
    if has_errors(&found) {
        console.note("Nothing was written.");
        return Ok((ERRORS, outs));
    }
    let mut count = 0;
    for built in &builds {
        if let Some(clash) = built.outputs.iter().find(|output| built.sources.contains(&output.path)) {
            return Err(format!(
                "the build would overwrite its own source {}: name another folder with --out",
                clash.path.relative_to(&console.cwd)
            )
            .into());
        }
    }
    for output in builds.iter().flat_map(|built| &built.outputs) {
        write(output)
            .map_err(|error| format!("{} cannot be written: {error}", output.path.relative_to(&console.cwd)))?;
        count += 1;
    }
    let folders: Vec<&str> = builds.iter().map(|built| built.out.relative_to(&console.cwd)).collect();
    console.note(&format!(
        "Built {} in {} in {} ms.",
        plural(count, "file"),
        folders.join(", "),
        start.elapsed().as_millis()
    ));
    for built in builds.iter().filter(|_| args.emit == EmitKind::Js) {
        if let Some(note) = not_a_module(world, built) {
            console.note(&format!("note: {note}"));
        }
    }
    Ok((CLEAN, outs))
}

/// Why Node would not load the scripts as modules.
fn not_a_module(world: &World, built: &Build) -> Option<String> {
    let disk = &world.shared().disk;
    let mut at = built.out.clone();
    loop {
        let file = at.join("package.json");
        if disk.is_file(&file) {
            let text = disk.read(&file).ok()?;
            let package: serde_json::Value = serde_json::from_str(text.as_str()).ok()?;
            let is_module = package.get("type").and_then(serde_json::Value::as_str) == Some("module");
            return (!is_module).then(|| {
                format!("{file} does not say \"type\": \"module\", so Node takes the .js files below it for CommonJS")
            });
        }
        let parent = at.parent();
        if parent == at {
            return None;
        }
        at = parent;
    }
}

fn has_errors(found: &[Diagnostic]) -> bool {
    found.iter().any(|one| one.severity == Severity::Error)
}

/// Whole or not at all: whoever reads the file meanwhile sees the old text or the new. A file that
/// holds the text already keeps its time, which tools that watch it look at.
fn write(output: &BuildOutput) -> std::io::Result<()> {
    let path = output.path.to_os();
    if fs::read(&path).is_ok_and(|old| old == output.text.as_bytes()) {
        return Ok(());
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)?;
    let new = directory.join(format!(".{}.{}.tmp", output.path.name(), std::process::id()));
    let written = fs::File::create(&new).and_then(|mut file| file.write_all(output.text.as_bytes()));
    let moved = written.and_then(|()| fs::rename(&new, &path));
    if moved.is_err() {
        // What is left of it is nobody's.
        let _ = fs::remove_file(&new);
    }
    moved
}
