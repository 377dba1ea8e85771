//! Whose rows these are: a secret of the user that stamps databases and rows.
//!
//! Invariant: nothing that a stranger put into a project directory passes for a row of ours. A
//! database that a clone brought along bears no stamp of this user's key, and a row that was
//! changed (by a stranger or a failing disk) does not match its seal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::base::Digest;
use crate::cache::Level;

const KEY_FILE: &str = "cache-key";

pub(super) const SEAL_LEN: usize = 16;

/// The user's key.
#[derive(Clone)]
pub(super) struct OwnerKey([u8; 32]);

impl OwnerKey {
    /// Reads the key from the user's directory, making both on first use.
    pub(super) fn load(user_dir: &Path) -> io::Result<OwnerKey> {
        let path = user_dir.join(KEY_FILE);
        match read(&path) {
            Ok(key) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(user_dir, &path)?;
                read(&path)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn stamp(&self, id: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"msc cache database\0").update(id);
        *hasher.finalize().as_bytes()
    }

    /// Of one row; covers everything that decides what the row answers to.
    pub(super) fn seal(&self, level: Level, key: Digest, value: &[u8]) -> [u8; SEAL_LEN] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"msc cache row\0").update(&[level.index() as u8]).update(&key.0).update(value);
        let mut seal = [0; SEAL_LEN];
        seal.copy_from_slice(&hasher.finalize().as_bytes()[..SEAL_LEN]);
        seal
    }
}

pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn read(path: &Path) -> io::Result<OwnerKey> {
    let mut key = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut key)?;
    let key: [u8; 32] =
        key.try_into().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the cache key is damaged"))?;
    Ok(OwnerKey(key))
}

/// Two processes may do this at once: the first to give its file the final name wins, and a reader
/// never sees half a key.
fn create(user_dir: &Path, path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(user_dir)?;

    let name: String = random::<8>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    let draft = user_dir.join(format!("{KEY_FILE}.{name}"));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(&random::<32>()?)?;
        file.sync_all()
    });
    let named = written.and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links: the name may be taken over from another process that made
        // its key in the same moment, whose rows are then misses.
        Err(_) => fs::rename(&draft, path),
        Ok(()) => Ok(()),
    });
    // Gone already where it was renamed.
    let _ = fs::remove_file(&draft);
    named
}
