//! `msc cache`: what a project's cache holds.

use std::path::Path;
use std::process::ExitCode;

use crate::base::FilePath;
use crate::cache::{LEVELS, Level, Store};
use crate::cli::args::{CacheAction, CacheArgs, ClearArgs, ProjectArg};
use crate::cli::console::Console;
use crate::cli::render::{grouped, plural};
use crate::cli::{CLEAN, CommandError, CommandResult};

pub(super) fn run(args: &CacheArgs, console: &Console) -> CommandResult {
    match &args.action {
        CacheAction::Path(project) => {
            let file = Store::file_of(&root(project, console)?);
            console.print(&format!("{}\n", file.display()))?;
        }
        CacheAction::Stats(project) => {
            let root = root(project, console)?;
            match existing(&root)? {
                Some(store) => console.print(&stats(&store))?,
                None => console.print("The cache is empty.\n")?,
            }
        }
        CacheAction::Clear(args) => {
            let root = root(&args.project, console)?;
            let levels = levels(args);
            let rows = match existing(&root)? {
                Some(store) => store.clear_levels(&levels).ok_or_else(|| trouble(&store))?,
                None => 0,
            };
            if levels.len() == LEVELS.len() {
                Store::remove_leftovers(&root);
            }
            console.print(&format!("Deleted {} of the cache.\n", plural(rows as usize, "row")))?;
        }
        CacheAction::Gc(project) => {
            let root = root(project, console)?;
            let rows = match existing(&root)? {
                Some(store) => store.collect().ok_or_else(|| trouble(&store))?,
                None => 0,
            };
            Store::remove_leftovers(&root);
            console.print(&format!("Deleted {} that nothing will ask for.\n", plural(rows as usize, "row")))?;
        }
    }
    Ok(ExitCode::from(CLEAN))
}

/// What is to be deleted.
fn levels(args: &ClearArgs) -> Vec<Level> {
    let is_named = |level: Level| match level {
        Level::Response => args.network,
        _ => args.macros,
    };
    let everything = args.all || !(args.network || args.macros);
    LEVELS.iter().map(|spec| spec.level).filter(|level| everything || is_named(*level)).collect()
}

/// The nearest folder upwards that has a cache, else a project file, else the folder itself.
fn root(project: &ProjectArg, console: &Console) -> Result<FilePath, CommandError> {
    let folder = project.folder.as_deref().map_or_else(|| console.cwd.clone(), |folder| console.resolve(folder));
    if !folder.to_os().is_dir() {
        return Err(format!("{} is no folder", folder.relative_to(&console.cwd)).into());
    }
    let above = || std::iter::successors(Some(folder.clone()), |dir| Some(dir.parent()).filter(|up| up != dir));
    let has = |name: &str| above().find(|dir| dir.join(name).to_os().exists());
    let cache = above().find(|dir| Store::file_of(dir).exists());
    Ok(cache.or_else(|| has("metascript.json")).or_else(|| has("tsconfig.json")).unwrap_or(folder))
}

/// Looking must not make a cache where there is none.
fn existing(root: &FilePath) -> Result<Option<std::sync::Arc<Store>>, CommandError> {
    if !Store::file_of(root).exists() {
        return Ok(None);
    }
    let store = Store::open(root);
    if store.path().is_none() { Err(trouble(&store)) } else { Ok(Some(store)) }
}

fn trouble(store: &Store) -> CommandError {
    CommandError::Message(format!("the cache cannot be used: {}", store.health().join("; ")))
}

fn stats(store: &Store) -> String {
    let path = store.path().unwrap_or(Path::new(""));
    let on_disk = std::fs::metadata(path).map_or(0, |meta| meta.len());
    let mut text = format!("{}  {}\n\n", path.display(), bytes(on_disk));
    let titles = ["", "rows", "size", "limit", "hits", "misses", "evicted", "errors"].map(str::to_owned);
    let rows = LEVELS.iter().map(|spec| {
        let (contents, totals) = (store.contents(spec.level), store.totals(spec.level));
        let counts = [totals.hits, totals.misses, totals.evictions, totals.errors].map(grouped);
        let [hits, misses, evicted, errors] = counts;
        let name = format!("{} {}", spec.number, spec.name);
        [name, grouped(contents.rows), bytes(contents.bytes), bytes(spec.cap), hits, misses, evicted, errors]
    });
    for [name, numbers @ ..] in std::iter::once(titles).chain(rows) {
        let numbers: String = numbers.iter().map(|number| format!("{number:>11}")).collect();
        text += &format!("{name:<14}{numbers}\n");
    }
    text += "\nHits and misses are those of all processes that have ended. L1 and L4 live in memory only.\n";
    for line in store.health() {
        text += &format!("\n{line}\n");
    }
    text
}

fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{:.1} KB", count as f64 / 1_024.0),
        _ => format!("{:.1} MB", count as f64 / 1_048_576.0),
    }
}
