//! Our [`Files`] as the file system that `tsr` reads, with the embedded libraries beside them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tsr_bundled::BundledFs;
use tsr_jsstring::JsString;
use tsr_vfs::{Entries, Error, FileContent, FileInfo, FileSystem, MemoryBuilder, MemorySnapshot, SnapshotId};

use super::names;
use crate::base::FilePath;
use crate::engine::Files;

/// One moment of the files. `tsr` asks every host whether it can change under its hands; ours cannot.
struct Host {
    files: Arc<dyn Files>,
    /// The only way to obtain a snapshot's identity is to make a snapshot; this one is empty.
    identity: MemorySnapshot,
}

/// The file system of a program over `files`.
pub(super) fn file_system(files: Arc<dyn Files>) -> Arc<dyn FileSystem> {
    let host = Host { files, identity: MemoryBuilder::new(b"/", true).finish() };
    Arc::new(BundledFs::new(Arc::new(host)))
}

/// The text of a library below [`crate::engine::LIBRARIES`].
pub fn library(file: &FilePath) -> Option<&'static str> {
    let text = tsr_bundled::library(names::library(file)?.as_bytes())?;
    std::str::from_utf8(text).ok()
}

/// `None` for what no file of ours can be called.
fn path(name: &[u8]) -> Option<FilePath> {
    std::str::from_utf8(name).ok().map(FilePath::new)
}

impl FileSystem for Host {
    fn use_case_sensitive_file_names(&self) -> bool {
        !cfg!(any(windows, target_os = "macos"))
    }

    fn snapshot_id(&self) -> Option<SnapshotId> {
        self.identity.snapshot_id()
    }

    fn read_file(&self, name: &[u8]) -> Result<Option<FileContent>, Error> {
        let text = path(name).and_then(|path| self.files.read(&path));
        // The bytes are taken as they are, a byte order mark included: offsets must be ours.
        Ok(text.map(FileContent::loaded))
    }

    fn stat(&self, name: &[u8]) -> Result<Option<FileInfo>, Error> {
        let Some(path) = path(name) else { return Ok(None) };
        let directory = if self.files.is_file(&path) {
            false
        } else if self.files.is_dir(&path) {
            true
        } else {
            return Ok(None);
        };
        Ok(Some(FileInfo { name: JsString::from_bytes(path.name().as_bytes()), ..FileInfo::basic(directory, 0) }))
    }

    fn file_exists(&self, name: &[u8]) -> Result<bool, Error> {
        Ok(path(name).is_some_and(|path| self.files.is_file(&path)))
    }

    fn directory_exists(&self, name: &[u8]) -> Result<bool, Error> {
        Ok(path(name).is_some_and(|path| self.files.is_dir(&path)))
    }

    fn entries(&self, name: &[u8]) -> Result<Entries, Error> {
        let Some(path) = path(name) else { return Ok(Entries::default()) };
        let (files, directories) = self.files.entries(&path);
        let sorted = |mut names: Vec<String>| {
            names.sort();
            Some(names.iter().map(|name| JsString::from_bytes(name.as_bytes())).collect())
        };
        Ok(Entries { files: sorted(files), directories: sorted(directories), symlinks: Some(BTreeSet::new()) })
    }

    fn realpath(&self, name: &[u8]) -> Result<JsString, Error> {
        Ok(match path(name) {
            Some(path) => JsString::from_bytes(self.files.realpath(&path).as_str().as_bytes()),
            None => JsString::from_bytes(name),
        })
    }
}
