//! The files of the standard library and of TypeScript's libraries where an editor can open them.
//!
//! In programs they live in directories that no disk has ([`std_lib::ROOT`], [`engine::LIBRARIES`]); an editor that is
//! sent there shows an empty buffer. So the first answer that names one writes them, read-only,
//! into the user's cache directory, under a name that holds their digest (of TypeScript's, each when it is
//! named, under the version of this program); on the way in, such a path means the embedded file again.
//!
//! Invariant: what is written is never read back as source. `shown` touches the disk and belongs
//! on a read or pass thread; `meant` does not.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::{fs, io};

use crate::base::{Digest, FilePath, Recipe};
use crate::{engine, std_lib, vfs};

pub struct StdFiles {
    /// Where the standard library goes; `None` where the user has no cache directory.
    directory: Option<FilePath>,
    /// Where TypeScript's libraries go.
    libraries: Option<FilePath>,
    /// Where pages about diagnostics go.
    pages: Option<FilePath>,
    written: OnceLock<bool>,
    /// The single files that were written.
    known: Mutex<HashSet<FilePath>>,
}

impl StdFiles {
    pub fn in_user_cache() -> StdFiles {
        StdFiles::under(user_cache().as_deref())
    }

    pub fn under(cache: Option<&Path>) -> StdFiles {
        let below = |name: String| cache.map(|cache| FilePath::from_os(cache).join(&name));
        StdFiles {
            directory: below(format!("msc/std-{}", digest())),
            libraries: below(format!("msc/typescript-{}", env!("CARGO_PKG_VERSION"))),
            pages: below(format!("msc/explain-{}", env!("CARGO_PKG_VERSION"))),
            written: OnceLock::new(),
            known: Mutex::default(),
        }
    }

    /// The path to show for a file of a program: the file itself, unless it is one of a library that
    /// no disk has; `None` where that cannot be shown.
    pub fn shown(&self, file: &FilePath) -> Option<FilePath> {
        if let Some(name) = below(file, engine::LIBRARIES) {
            return self.library(file, self.libraries.as_ref()?.join(name));
        }
        let Some(name) = below(file, std_lib::ROOT) else {
            return Some(file.clone());
        };
        let directory = self.directory.as_ref()?;
        let written = self.written.get_or_init(|| match write_all(directory) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!("cannot write the standard library to {directory}: {error}");
                false
            }
        });
        written.then(|| directory.join(name))
    }

    fn library(&self, file: &FilePath, path: FilePath) -> Option<FilePath> {
        self.once(path, || engine::library(file))
    }

    /// Writes a file, unless this session has written it already.
    fn once<'t>(&self, path: FilePath, text: impl FnOnce() -> Option<&'t str>) -> Option<FilePath> {
        let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !known.contains(&path) {
            if let Err(error) = write_one(&path, text()?) {
                tracing::warn!("cannot write {path}: {error}");
                return None;
            }
            known.insert(path.clone());
        }
        Some(path)
    }

    /// A page about a diagnostic's code, as a file to read.
    pub fn page(&self, code: &str, text: &str) -> Option<FilePath> {
        let path = self.pages.as_ref()?.join(&format!("{code}.md"));
        self.once(path, || Some(text))
    }

    /// The file of a program that a path from the editor means.
    pub fn meant(&self, path: FilePath) -> FilePath {
        let places = [(&self.directory, std_lib::ROOT), (&self.libraries, engine::LIBRARIES)];
        let meant = places.iter().find_map(|(directory, root)| {
            let name = below(&path, directory.as_ref()?.as_str())?;
            Some(FilePath::new(&format!("{root}/{name}")))
        });
        meant.unwrap_or(path)
    }
}

fn below<'a>(file: &'a FilePath, directory: &str) -> Option<&'a str> {
    file.as_str().strip_prefix(directory)?.strip_prefix('/')
}

fn digest() -> Digest {
    let mut recipe = Recipe::new("std files");
    for (name, text) in std_lib::FILES {
        recipe.text(name, text);
    }
    recipe.finish()
}

fn write_all(directory: &FilePath) -> io::Result<()> {
    std_lib::FILES.iter().try_for_each(|(name, text)| write_one(&directory.join(name), text))
}

/// Nothing is done where the text is there already.
fn write_one(path: &FilePath, text: &str) -> io::Result<()> {
    let path = path.to_os();
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Written aside and renamed, so that two servers that start at once cannot show half a file.
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&aside, text)?;
    let mut permissions = fs::metadata(&aside)?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&aside, permissions)?;
    fs::rename(&aside, &path)
}

/// The user's cache directory, where the system names one.
pub(super) fn user_cache() -> Option<PathBuf> {
    vfs::user::cache_dir()
}
