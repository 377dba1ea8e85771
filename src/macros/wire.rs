//! The pipe between `msc` and a worker: messages and their framing.
//!
//! A message is its length (4 bytes, little endian) and its postcard encoding. Invariant: whatever
//! bytes arrive, decoding ends in a message or an error; a worker that sends nonsense is a crashed
//! worker, nothing worse.

use std::io::{self, Read, Write};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::effect::InputError;
use super::protocol::{Failure, Invocation, JobOutput, Limits, ModuleGraph};
use crate::base::{Digest, FilePath};

/// The longest message either side accepts.
const MAX_MESSAGE: u32 = 256 << 20;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToWorker {
    Run(RunRequest),
    /// The answer to [`FromWorker::NeedGraph`].
    Graph(Arc<ModuleGraph>),
    /// The answer to [`FromWorker::Ask`].
    Reply(Result<Answer, InputError>),
    /// Stop run number `run`. A later run is not meant: this may cross its start on the pipe.
    Interrupt {
        run: u64,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunRequest {
    pub run: u64,
    pub graph: Digest,
    pub invocation: Invocation,
    pub input: String,
    pub root: FilePath,
    pub limits: Limits,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker {
    /// The worker has no modules of this digest, or no longer.
    NeedGraph,
    Ask(Question),
    Done {
        result: Result<JobOutput, Failure>,
        /// Of the thread's processor time.
        micros: u64,
        memory_bytes: u64,
    },
}

/// A request for an input, as the macro wrote it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Question {
    ReadFile {
        path: String,
    },
    Glob {
        pattern: String,
    },
    Env {
        name: String,
    },
    Exec {
        program: String,
        args: Vec<String>,
    },
    Fetch(super::effect::Request),
    /// Milliseconds since 1970.
    Clock,
    /// A number below 2^53 that nobody can foretell.
    Chance,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Text(Arc<str>),
    /// Below 2^53.
    Number(u64),
    Nothing,
    List(Vec<String>),
    Exec(super::effect::ExecOutput),
    Response(super::effect::Response),
}

pub(super) fn write<T: Serialize>(to: &mut impl Write, message: &T) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(message, bytes).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - 4).ok().filter(|length| *length <= MAX_MESSAGE);
    let Some(length) = length else {
        return Err(io::Error::other("a message to or from a macro worker is too long"));
    };
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    to.write_all(&bytes)?;
    to.flush()
}

pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length);
    if length > MAX_MESSAGE {
        return Err(io::Error::other("a message to or from a macro worker is too long"));
    }
    // Read in steps: the length alone must not make this process allocate.
    let mut bytes = Vec::new();
    let read = from.take(u64::from(length)).read_to_end(&mut bytes)?;
    if read != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
