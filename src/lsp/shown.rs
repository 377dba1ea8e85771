//! Texts that no file has, where an editor can open them: read-only files of this process in the
//! user's own cache directory.
//!
//! Invariant: nobody else can read or replace what is written (the directory is the user's alone),
//! and all of it goes when the session ends. Touches the disk: belongs on a read thread.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{fs, io, process};

use tower_lsp::ls_types::Uri;

use crate::base::FilePath;

use super::std_files::user_cache;

const MOST_CONTENTS: usize = 256;

#[derive(Debug)]
pub struct Shown {
    /// `None` where the user has no cache directory.
    directory: Option<PathBuf>,
    /// Documents that the client asked for the content of.
    contents: Mutex<BTreeSet<String>>,
}

impl Shown {
    pub fn in_user_cache() -> Shown {
        let directory = user_cache().map(|cache| cache.join(format!("msc/shown-{}", process::id())));
        Shown { directory, contents: Mutex::default() }
    }

    /// The client shows a document whose content it asked for.
    pub fn asked_for(&self, uri: &Uri) {
        let mut contents = self.contents.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A client that shows very many does not look at them all.
        if contents.len() < MOST_CONTENTS {
            contents.insert(uri.as_str().to_owned());
        }
    }

    /// Those documents; each is told once, since the client asks again for what it still shows.
    pub fn take_contents(&self) -> Vec<Uri> {
        let contents = std::mem::take(&mut *self.contents.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        contents.iter().filter_map(|uri| uri.parse().ok()).collect()
    }

    /// Writes a text under a name, in place of what had the name before. `None`: it cannot be written,
    /// and the log says why.
    pub fn write(&self, name: &str, text: &str) -> Option<FilePath> {
        let directory = self.directory.as_ref()?;
        let path = directory.join(name);
        match write(directory, &path, text) {
            Ok(()) => Some(FilePath::from_os(&path)),
            Err(error) => {
                tracing::warn!("cannot write {}: {error}", path.display());
                None
            }
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(directory) = &self.directory {
            // Nothing was shown where it is not there.
            let _ = fs::remove_dir_all(directory);
        }
    }
}

fn write(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
    // Written aside and renamed: an editor that has the last one open never sees half a text.
    let aside = path.with_extension("draft");
    let _ = fs::remove_file(&aside);
    let mut file = options.open(&aside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&aside, path)
}
