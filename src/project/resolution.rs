//! What specifiers other than relative ones name: the engine's own resolution, under the options of the
//! project that a file belongs to.
//!
//! Invariant: an answer is the same as the one that the program of that revision would give, but that
//! a Metascript source beside a declaration file or a script is preferred to it: macros run from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::base::FilePath;
use crate::engine::{ModuleResolver, Wanted};

use super::files::{engine_path, source_path};
use super::shared::{Difference, lock};
use super::{ProjectId, Revision, Snapshot, config};

/// The resolver of each project, with the revision it was made at. One that could not be made
/// (options that make no sense) is not asked for again before something changes.
#[derive(Default)]
pub(super) struct Resolvers(Mutex<HashMap<(ProjectId, Wanted), Made>>);

type Made = (Revision, Option<Arc<dyn ModuleResolver>>);

impl Resolvers {
    /// Drops all of them: each reads files through a snapshot, which holds what they are kept in.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    fn get(&self, snap: &Snapshot, id: &ProjectId, wanted: Wanted) -> Option<Arc<dyn ModuleResolver>> {
        let revision = snap.revision();
        if let Some((made, resolver)) = lock(&self.0).get(&(id.clone(), wanted)) {
            // What is typed changes no resolution, what comes to a disk or goes may.
            let holds = match snap.shared.log.between(*made, revision) {
                Difference::Everything => false,
                Difference::Files { changed, on_disk } => {
                    on_disk.is_empty() && !id.config.as_ref().is_some_and(|config| changed.contains(config))
                }
            };
            if holds {
                return resolver.clone();
            }
        }
        let text = id.config.as_ref().and_then(|file| snap.text(file));
        let options = config::options_alone(id, text);
        let engine = &snap.shared.engine;
        let resolver = engine
            .config(&snap.files(), &options)
            .and_then(|config| engine.resolver(&config, snap.files(), wanted))
            .inspect_err(|error| tracing::warn!("no module resolution for {}: {error:?}", id.root))
            .ok();
        if !snap.shared.programs.is_closed() {
            lock(&self.0).insert((id.clone(), wanted), (revision, resolver.clone()));
        }
        resolver
    }
}

/// The file that `specifier` names in `from`.
pub(super) fn resolve(snap: &Snapshot, from: &FilePath, specifier: &str) -> Option<FilePath> {
    let resolver = snap.shared.resolvers.get(snap, &snap.project_of(from), Wanted::Types)?;
    let path = resolver.resolve(&engine_path(from), specifier)?;
    let stem = [".d.ts", ".d.mts", ".js", ".mjs"].iter().find_map(|ending| path.as_str().strip_suffix(ending));
    let twin = stem.map(|stem| FilePath::new(&format!("{stem}.ms")));
    Some(twin.filter(|twin| snap.is_file(twin)).unwrap_or_else(|| source_path(snap, &path)))
}

/// The script of a package that runs where `specifier` is imported.
pub(super) fn script(snap: &Snapshot, from: &FilePath, specifier: &str) -> Option<FilePath> {
    let resolver = snap.shared.resolvers.get(snap, &snap.project_of(from), Wanted::Scripts)?;
    resolver.resolve(&engine_path(from), specifier)
}

/// The directory and the name of the package that holds a file; `None` outside `node_modules`.
pub(super) fn package_of(file: &FilePath) -> Option<(FilePath, &str)> {
    const MARK: &str = "/node_modules/";
    let path = file.as_str();
    let start = path.rfind(MARK)? + MARK.len();
    let mut segments = path[start..].match_indices('/').map(|(at, _)| at);
    let first = segments.next()?;
    let len = if path[start..].starts_with('@') { segments.next()? } else { first };
    Some((FilePath::new(&path[..start + len]), &path[start..start + len]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_by_their_directory() {
        let of =
            |path: &str| package_of(&FilePath::new(path)).map(|(dir, name)| (dir.as_str().to_owned(), name.to_owned()));
        let pair = |dir: &str, name: &str| Some((dir.to_owned(), name.to_owned()));
        assert_eq!(of("/p/src/a.ms"), None);
        assert_eq!(of("/p/node_modules/a/dist/index.ms"), pair("/p/node_modules/a", "a"));
        assert_eq!(of("/p/node_modules/@s/b/index.ms"), pair("/p/node_modules/@s/b", "@s/b"));
        assert_eq!(of("/p/node_modules/a/node_modules/c/i.ms"), pair("/p/node_modules/a/node_modules/c", "c"));
        assert_eq!(of("/p/node_modules/a.ms"), None);
    }
}
