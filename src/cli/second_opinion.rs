//! `msc check --second-opinion CMD`: another TypeScript checks the expanded program.

use std::fs;
use std::process::{Command, Stdio};

use crate::base::{Cancel, FilePath};
use crate::cli::CommandError;
use crate::cli::console::Console;
use crate::diagnostic::Diagnostic;
use crate::engine::EngineError;
use crate::project::check::expand_project;
use crate::project::second_opinion::{Mirror, compare, mirror};
use crate::project::{ProjectId, World};

/// The findings of both; `paths` are what was checked.
pub(super) fn ask(
    command: &str,
    console: &Console,
    world: &mut World,
    paths: &[FilePath],
    ours: Vec<Diagnostic>,
) -> Result<Vec<Diagnostic>, CommandError> {
    let mut words = command.split_whitespace();
    let Some(program) = words.next() else {
        return Err(CommandError::Message("--second-opinion names no command: try --second-opinion tsc".to_owned()));
    };
    let words: Vec<&str> = words.collect();
    let disk = world.shared().disk.clone();
    let mut projects: Vec<ProjectId> = Vec::new();
    for path in paths {
        let id = ProjectId::of_path(&disk, path);
        if !projects.contains(&id) {
            projects.push(id);
        }
    }
    let mut theirs = Vec::new();
    for id in projects {
        expand_project(world, &id, &Cancel::new())
            .map_err(|_| CommandError::Message("the check was stopped".to_owned()))?;
        let copy = mirror(&world.snapshot(), &id, &Cancel::new()).map_err(|error| match error {
            EngineError::Internal(text) => CommandError::Message(format!("internal error in the type engine: {text}")),
            other => CommandError::Message(format!("the program cannot be laid out: {other:?}")),
        })?;
        write(&copy).map_err(|error| format!("{} cannot be written: {error}", copy.root))?;
        let output = Command::new(program)
            .args(&words)
            .args(["-p", copy.config.as_str(), "--noEmit", "--pretty", "false"])
            .current_dir(copy.config.parent().to_os())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .map_err(|error| format!("`{program}` cannot be started: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let found = copy.read(&text);
        if !output.status.success() && found.is_empty() {
            let error = String::from_utf8_lossy(&output.stderr);
            let words = if text.trim().is_empty() { error.trim() } else { text.trim() };
            return Err(format!("`{command}` failed and reported nothing that reads like findings: {words}").into());
        }
        theirs.extend(found);
    }
    let named = |found: &Diagnostic| paths.iter().any(|path| found.file.is_under(path) || found.file == *path);
    theirs.retain(|found| named(found) || !disk.is_file(&found.file));
    let compared = compare(ours, theirs, command);
    console.note(&format!(
        "{command}: {} found by both, {} by msc alone, {} by it alone",
        compared.both, compared.only_ours, compared.only_theirs
    ));
    Ok(compared.diagnostics)
}

/// Anew, so that no file of an earlier program is left.
fn write(copy: &Mirror) -> std::io::Result<()> {
    let root = copy.root.to_os();
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for (path, text) in &copy.files {
        let path = path.to_os();
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
