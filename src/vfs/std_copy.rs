//! A copy of the standard library on disk, for editors: a definition can only lead to a file that
//! the editor can open.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::base::{FilePath, Recipe};
use crate::std_lib;

use super::user;

/// Where the copy lies, and how its files are named inside `msc`.
#[derive(Clone, Debug)]
pub struct StdCopy {
    dir: FilePath,
}

impl StdCopy {
    /// Writes the copy into the user's cache, unless it is there. `None` where it cannot be
    /// written: definitions into the standard library then lead nowhere.
    pub fn write() -> Option<StdCopy> {
        let mut recipe = Recipe::new("standard library");
        for (name, text) in std_lib::FILES {
            recipe.text("name", name).text("text", text);
        }
        let dir = user::cache_dir()?.join(format!("std-{}", recipe.finish()));
        for (name, text) in std_lib::FILES {
            let path = dir.join(name);
            if fs::read_to_string(&path).is_ok_and(|known| known == *text) {
                continue;
            }
            if let Err(error) = write_read_only(&path, text) {
                tracing::warn!("{}: {error}", path.display());
                return None;
            }
        }
        Some(StdCopy { dir: FilePath::from_os(&dir) })
    }

    /// The file to open for a path of the standard library.
    pub fn on_disk(&self, file: &FilePath) -> Option<FilePath> {
        let relative = file.as_str().strip_prefix(std_lib::ROOT)?.strip_prefix('/')?;
        Some(self.dir.join(relative))
    }

    /// What an opened copy is called inside `msc`.
    pub fn logical(&self, file: &FilePath) -> Option<FilePath> {
        let relative = file.as_str().strip_prefix(self.dir.as_str())?.strip_prefix('/')?;
        Some(FilePath::new(&format!("{}/{relative}", std_lib::ROOT)))
    }
}

/// Through a temporary file, so that another process never sees half of it.
fn write_read_only(path: &Path, text: &str) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = directory.join(format!(".{name}.{}", std::process::id()));
    let mut file = fs::File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions)?;
    drop(file);
    fs::rename(&temporary, path)
}
