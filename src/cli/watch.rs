//! Doing a command's work again whenever something changes.

use std::collections::HashSet;
use std::sync::mpsc::channel;

use crate::base::FilePath;
use crate::cli::CommandError;
use crate::cli::console::Console;
use crate::project::{Change, World};
use crate::vfs::Watcher;

/// Endings of files that can join a program.
const SOURCES: [&str; 4] = ["ms", "ts", "mts", "json"];

/// Calls `work` once, and after every change below `roots`, until the process is ended. `work` answers
/// with the directories that it wrote to: changes there are its own.
pub(super) fn watch(
    console: &Console,
    world: &mut World,
    roots: &[FilePath],
    mut work: impl FnMut(&mut World) -> Result<Vec<FilePath>, CommandError>,
) -> Result<(), CommandError> {
    let (changed, changes) = channel();
    let (_watcher, failures) = Watcher::new(roots, move |files| {
        // Fails only while the command ends.
        let _ = changed.send(files);
    })?;
    failures.iter().for_each(|failure| console.note(&format!("warning: {failure}")));
    let mut own = work(world)?;
    console.note("Watching for changes.");
    while let Ok(mut files) = changes.recv() {
        files.extend(changes.try_iter().flatten());
        let observed: HashSet<FilePath> = world.shared().disk.observed().into_iter().map(|(file, _)| file).collect();
        // Logs and the like come and go without a say in the program, whatever macros read excepted.
        let matters = |file: &FilePath| {
            observed.contains(file)
                || SOURCES.iter().any(|extension| file.has_extension(extension))
                || !world.shared().disk.is_file(file)
        };
        files.retain(|file| !own.iter().any(|directory| file.is_under(directory)) && matters(file));
        if files.is_empty() {
            continue;
        }
        world.apply(Change::Disk { files })?;
        own = work(world)?;
        console.note("Watching for changes.");
    }
    Ok(())
}
