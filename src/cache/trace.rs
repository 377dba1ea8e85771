//! `Trace`: what an answer looked at on disk, so that it holds while all of that is unchanged.
//!
//! Invariant: a trace that verifies was taken of a disk with the same contents, up to collisions of
//! the hash and files whose size, settled time of change and inode are the same although their bytes
//! differ: on Unix somebody must have set the clock back to the nanosecond, elsewhere a program must have
//! set the time of modification. [`Fingerprints::trusts_times`] decides whether that is worth it.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath};
use crate::vfs::{Fingerprint, Fingerprints};

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Input {
    /// `changed_ns` is 0 where the time proves nothing (see [`Fingerprint`]): the hash decides.
    File { path: FilePath, size: u64, changed_ns: u64, inode: u64, digest: Digest },
    /// Neither a file nor a directory was there, or none that can be read.
    Absent { path: FilePath },
    /// A directory with these entries.
    Dir { path: FilePath, digest: Digest },
}

impl Input {
    /// What is there now.
    pub fn file(disk: &dyn Fingerprints, path: &FilePath) -> Input {
        // The digest first: reading settles the fingerprint that belongs to the bytes.
        match (disk.digest(path), disk.fingerprint(path)) {
            (Some(digest), Some(Fingerprint { size, changed_ns, inode })) => {
                Input::File { path: path.clone(), size, changed_ns, inode, digest }
            }
            _ => Input::Absent { path: path.clone() },
        }
    }

    /// The directory's listing now.
    pub fn dir(disk: &dyn Fingerprints, path: &FilePath) -> Input {
        match disk.dir_digest(path) {
            Some(digest) => Input::Dir { path: path.clone(), digest },
            None => Input::Absent { path: path.clone() },
        }
    }

    pub fn path(&self) -> &FilePath {
        match self {
            Input::File { path, .. } | Input::Absent { path } | Input::Dir { path, .. } => path,
        }
    }

    /// Whether the disk still answers the same.
    pub fn holds(&self, disk: &dyn Fingerprints) -> bool {
        match self {
            Input::File { path, size, changed_ns, inode, digest } => match disk.fingerprint(path) {
                Some(now) if now.size != *size => false,
                Some(now)
                    if now.changed_ns == *changed_ns
                        && now.changed_ns != 0
                        && now.inode == *inode
                        && disk.trusts_times() =>
                {
                    true
                }
                Some(_) => disk.digest(path) == Some(*digest),
                None => false,
            },
            Input::Absent { path } => {
                (disk.fingerprint(path).is_none() || disk.digest(path).is_none()) && disk.dir_digest(path).is_none()
            }
            Input::Dir { path, digest } => disk.dir_digest(path) == Some(*digest),
        }
    }
}

/// Everything an answer looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    pub inputs: Vec<Input>,
}

impl Trace {
    pub fn new(mut inputs: Vec<Input>) -> Trace {
        inputs.sort_unstable();
        inputs.dedup();
        Trace { inputs }
    }

    /// Whether every input is unchanged.
    pub fn verify(&self, disk: &dyn Fingerprints) -> bool {
        self.changed(disk).is_none()
    }

    /// Some input that changed.
    pub fn changed(&self, disk: &dyn Fingerprints) -> Option<&Input> {
        self.inputs.par_iter().with_min_len(64).find_any(|input| !input.holds(disk))
    }

    /// The same trace with the times of now, for storing again after [`Trace::verify`] said yes:
    /// files that were too young to trust, or were touched, need no hashing the next time. `None`
    /// where nothing would differ.
    pub fn refreshed(&self, disk: &dyn Fingerprints) -> Option<Trace> {
        let mut trace = self.clone();
        for input in &mut trace.inputs {
            if let Input::File { path, changed_ns, inode, .. } = input
                && let Some(now) = disk.fingerprint(path)
            {
                (*changed_ns, *inode) = (now.changed_ns, now.inode);
            }
        }
        (trace != *self).then_some(trace)
    }
}
