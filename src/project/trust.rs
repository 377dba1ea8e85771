//! What a person granted to projects, kept in the user's own directory.
//!
//! A grant is for one project (its real path) and for exactly what it asked then: another list, or the same
//! in another place, asks anew. Each grant is a file of its own, in plain text, so that two processes
//! need no agreement and a person can read and delete it.
//!
//! Invariant: nothing in a project can grant: this looks into the user's directory alone, and compares what
//! lies there word by word with what is asked.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::base::{FilePath, Recipe};
use crate::macros::{Allow, Permission};
use crate::vfs::disk::canonical;
use crate::vfs::user;

/// The user's grants.
#[derive(Clone, Debug)]
pub struct Grants {
    /// `None` where the system names no directory for a user's settings: nothing is granted then.
    directory: Option<PathBuf>,
}

/// One grant, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub workspace: String,
    /// Each list with its entry, as [`Allow::entries`] has them.
    pub entries: Vec<(String, String)>,
    file: PathBuf,
}

const HEADER: &str = "msc grant 1";

impl Grants {
    pub fn of_user() -> Grants {
        Grants { directory: user::config_dir().map(|directory| directory.join("grants")) }
    }

    /// Grants that lie elsewhere.
    pub fn in_directory(directory: PathBuf) -> Grants {
        Grants { directory: Some(directory) }
    }

    /// Whether exactly this was granted to the project at `root`.
    pub fn has(&self, root: &FilePath, asked: &Allow) -> bool {
        if asked.is_empty() {
            return false;
        }
        let Some((workspace, file)) = self.place(root, asked) else { return false };
        // The name of the file is a digest; what it says is what counts.
        read(&file).is_some_and(|grant| grant.workspace == workspace && grant.entries == entries(asked))
    }

    /// Grants what the project at `root` asks.
    pub fn grant(&self, root: &FilePath, asked: &Allow) -> io::Result<()> {
        let (workspace, file) = self.place(root, asked).ok_or_else(|| {
            io::Error::other("the system names no directory for your settings, or the project is gone")
        })?;
        let mut text = format!("{HEADER}\nworkspace {workspace}\n");
        for (list, entry) in entries(asked) {
            text.push_str(&format!("{list} {entry}\n"));
        }
        let directory = file.parent().unwrap_or(Path::new("/"));
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        let draft = file.with_extension(format!("{}.draft", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&draft).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        // A reader never sees half a grant.
        let named = written.and_then(|()| fs::rename(&draft, &file));
        if named.is_err() {
            let _ = fs::remove_file(&draft);
        }
        named
    }

    /// Takes back everything that was granted to the project at `root`; how many grants that were.
    pub fn revoke(&self, root: &FilePath) -> io::Result<usize> {
        let workspace = canonical(root).unwrap_or_else(|| root.clone());
        let mut revoked = 0;
        for grant in self.list()?.into_iter().filter(|grant| grant.workspace == workspace.as_str()) {
            fs::remove_file(&grant.file)?;
            revoked += 1;
        }
        Ok(revoked)
    }

    /// Every grant, in order of workspaces.
    pub fn list(&self) -> io::Result<Vec<Grant>> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let entries = match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut grants: Vec<Grant> = entries.flatten().filter_map(|entry| read(&entry.path())).collect();
        grants.sort_by(|a, b| (&a.workspace, &a.entries).cmp(&(&b.workspace, &b.entries)));
        Ok(grants)
    }

    /// The project's real path, and where a grant for this lies.
    fn place(&self, root: &FilePath, asked: &Allow) -> Option<(String, PathBuf)> {
        let workspace = canonical(root)?;
        // A line break would end the line that names it.
        if workspace.as_str().contains(['\n', '\r']) {
            return None;
        }
        let mut recipe = Recipe::new("grant");
        let name = recipe.text("workspace", workspace.as_str()).digest("asked", asked.digest()).finish();
        Some((workspace.to_string(), self.directory.as_ref()?.join(format!("{name}.grant"))))
    }
}

/// What a project asks for, for a person to read: one line an entry, without control characters or what
/// else would show another text than stands there.
pub fn described(asked: &Allow) -> Vec<String> {
    let line = |(permission, entry): (Permission, String)| {
        let does = match permission {
            Permission::Net => "reach",
            Permission::Read => "read",
            Permission::Env => "read the environment variable",
            Permission::Run => "run, with all that you may do,",
        };
        let mut line = format!("{does} ");
        for ch in entry.chars() {
            match ch.is_ascii() {
                true => line.push(ch),
                false => line.extend(ch.escape_debug()),
            }
        }
        line
    };
    asked.entries().into_iter().map(line).collect()
}

fn entries(asked: &Allow) -> Vec<(String, String)> {
    asked.entries().into_iter().map(|(permission, entry)| (permission.name().to_owned(), entry)).collect()
}

fn read(file: &Path) -> Option<Grant> {
    if file.extension().is_none_or(|extension| extension != "grant") {
        return None;
    }
    let text = fs::read_to_string(file).ok()?;
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return None;
    }
    let workspace = lines.next()?.strip_prefix("workspace ")?.to_owned();
    let entries = lines
        .map(|line| line.split_once(' ').map(|(list, entry)| (list.to_owned(), entry.to_owned())))
        .collect::<Option<Vec<_>>>()?;
    let is_known = |list: &str| Permission::ALL.iter().any(|permission| permission.name() == list);
    entries.iter().all(|(list, _)| is_known(list)).then(|| Grant { workspace, entries, file: file.to_owned() })
}
