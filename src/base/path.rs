//! `FilePath`: the one way a file is named inside `msc`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An absolute, normalised path with forward slashes and no `.` or `..` parts.
///
/// Cheap to clone. Two paths that reach one file through a link are two `FilePath`s; links are
/// resolved where it matters (permissions, the engine's `realpath`), never silently.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FilePath(Arc<str>);

impl FilePath {
    /// Normalises `path`; a relative one is taken from `base`.
    pub fn resolve(base: &str, path: &str) -> FilePath {
        let path = path.replace('\\', "/");
        let whole = if is_absolute(&path) { path } else { format!("{base}/{path}") };
        let (prefix, rest) = match whole.split_once(':') {
            Some((drive, rest)) if drive.len() == 1 => (format!("{}:", drive.to_ascii_uppercase()), rest),
            _ => (String::new(), whole.as_str()),
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                other => parts.push(other),
            }
        }
        FilePath(format!("{prefix}/{}", parts.join("/")).into())
    }

    /// A path that is absolute already.
    pub fn new(path: &str) -> FilePath {
        FilePath::resolve("/", path)
    }

    /// From the operating system's form; a relative one is taken from the working directory.
    /// Bytes that are not UTF-8 are replaced: such a file cannot be opened, and says so then.
    pub fn from_os(path: &Path) -> FilePath {
        let cwd = std::env::current_dir().unwrap_or_default();
        FilePath::resolve(&cwd.to_string_lossy(), &path.to_string_lossy())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn to_os(&self) -> PathBuf {
        PathBuf::from(&*self.0)
    }

    /// The directory that holds it; the root is its own parent.
    pub fn parent(&self) -> FilePath {
        match self.0.rfind('/') {
            Some(0) | None => FilePath("/".into()),
            Some(at) => FilePath(self.0[..at].into()),
        }
    }

    pub fn join(&self, relative: &str) -> FilePath {
        FilePath::resolve(&self.0, relative)
    }

    /// The last part, extension included.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// Whether it is `directory` or lies below it.
    pub fn is_under(&self, directory: &FilePath) -> bool {
        let dir = directory.0.trim_end_matches('/');
        self.0.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Relative to `directory` where it lies below it, else the whole path.
    pub fn relative_to<'a>(&'a self, directory: &FilePath) -> &'a str {
        if self.is_under(directory) {
            let rest = &self.0[directory.0.trim_end_matches('/').len()..];
            let rest = rest.trim_start_matches('/');
            if rest.is_empty() { "." } else { rest }
        } else {
            &self.0
        }
    }

    pub fn has_extension(&self, extension: &str) -> bool {
        self.name().rsplit_once('.').is_some_and(|(stem, ext)| !stem.is_empty() && ext == extension)
    }

    /// The same path with its last extension replaced.
    pub fn with_extension(&self, extension: &str) -> FilePath {
        let name = self.name();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        self.parent().join(&format!("{stem}.{extension}"))
    }

    /// Metascript source, by extension.
    pub fn is_metascript(&self) -> bool {
        self.has_extension("ms")
    }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || (path.len() > 2 && path.as_bytes()[1] == b':' && path.as_bytes()[2] == b'/')
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
