//! The standard library's files where an editor can open them.
//!
//! In programs they live in a directory that no disk has ([`std_lib::ROOT`]); an editor that is
//! sent there shows an empty buffer. So the first answer that names one writes them, read-only,
//! into the user's cache directory, under a name that holds their digest; on the way in, such a
//! path means the embedded file again.
//!
//! Invariant: what is written is never read back as source. `shown` touches the disk and belongs
//! on a read or pass thread; `meant` does not.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs, io};

use crate::base::{Digest, FilePath, Recipe};
use crate::std_lib;

pub struct StdFiles {
    /// Where they go; `None` where the user has no cache directory.
    directory: Option<FilePath>,
    written: OnceLock<bool>,
}

impl StdFiles {
    pub fn in_user_cache() -> StdFiles {
        StdFiles::under(user_cache().as_deref())
    }

    pub fn under(cache: Option<&Path>) -> StdFiles {
        let directory = cache.map(|cache| FilePath::from_os(cache).join(&format!("msc/std-{}", digest())));
        StdFiles { directory, written: OnceLock::new() }
    }

    /// The path to show for a file of a program: the file itself, unless it is one of the standard
    /// library; `None` where that cannot be shown.
    pub fn shown(&self, file: &FilePath) -> Option<FilePath> {
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

    /// The file of a program that a path from the editor means.
    pub fn meant(&self, path: FilePath) -> FilePath {
        match self.directory.as_ref().and_then(|directory| below(&path, directory.as_str())) {
            Some(name) => FilePath::new(&format!("{}/{name}", std_lib::ROOT)),
            None => path,
        }
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
    for (name, text) in std_lib::FILES {
        let path = directory.join(name).to_os();
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
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
        fs::rename(&aside, &path)?;
    }
    Ok(())
}

/// The user's cache directory, where the system names one.
pub(super) fn user_cache() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        absolute("HOME").map(|home| home.join("Library/Caches"))
    } else {
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
    }
}
