//! The messages between `msc` and its macro workers: plain owned data.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::effect::Request;
use super::permit::Refusal;
use crate::base::{Digest, FilePath, TextRange};

/// One JavaScript module, made from a macro's Metascript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Its source file; also its name in stack traces.
    pub file: FilePath,
    pub js: Arc<str>,
    /// Source map (version 3 JSON) from `js` back to the module's `.ms` text; empty where none.
    pub map: Arc<str>,
    /// What each import specifier in `js` names: a file of the graph. `std/meta` is absent: the
    /// worker provides it.
    pub imports: BTreeMap<String, FilePath>,
}

/// A macro's module and everything it imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleGraph {
    pub entry: FilePath,
    pub modules: Vec<Module>,
    /// Of all sources in the graph: the macro's identity in cache keys, and what a worker keeps
    /// compiled modules under.
    pub digest: Digest,
    /// Modules that are loaded when one of their functions is first called, with the names of all that
    /// they export, which are these functions. Follows from the sources.
    pub deferred: BTreeMap<FilePath, Vec<String>>,
}

/// How the code is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Invocation {
    /// Call the exported function `name` of the entry module with a context and arguments.
    Macro { name: String },
    /// Call the default export of the entry module without arguments; what it returns is the value.
    Comptime,
}

/// One expansion to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub graph: Arc<ModuleGraph>,
    pub invocation: Invocation,
    /// What the macro sees, as JSON: [`crate::macros::shape::Input`].
    pub input: String,
    /// Paths that the macro names are taken from here (the directory of the use).
    pub base: FilePath,
    /// The project's root: `root` of `std/meta`, and the limit of what may be read.
    pub root: FilePath,
    pub limits: Limits,
    /// How responses from the network that it reads may be kept.
    pub cache: CacheOptions,
    /// Who is to blame for time-outs: module and macro name. Two stops in a row ban it until the
    /// graph's digest changes.
    pub blame: String,
}

/// `@comptime({ cache: … })`: what a block says of the responses that it fetches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CacheOptions {
    /// How long a response counts as fresh; `None`: as long as by default, an hour.
    pub ttl: Option<Duration>,
    /// A version: under another one everything is fetched anew.
    pub key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub deadline: Duration,
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { deadline: Duration::from_secs(5), memory_bytes: 64 << 20 }
    }
}

/// Where a piece of generated text comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PieceOrigin {
    /// Written in a quote: the range in that module's `.ms` source.
    Quote { module: FilePath, range: TextRange },
    /// Copied from the target or an argument: range in the use's file, relative to
    /// `Input.anchor`. The text is the same bytes.
    Target { range: TextRange },
    /// Made by the macro's code: the splice that inserted it.
    Computed { module: FilePath, range: TextRange },
    /// Made by `msc` itself (separators, import lines).
    Glue,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Piece {
    pub text: String,
    pub origin: PieceOrigin,
}

/// Where generated code goes, relative to the use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Place {
    /// At the end of the target's body.
    Members,
    Before,
    After,
    /// In place of the declaration.
    Replace,
    /// The value of an expression use, in place of the use.
    Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Emission {
    pub place: Place,
    pub pieces: Vec<Piece>,
}

/// `import { name as local } from "module"`, asked for by `ctx.import`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ImportRequest {
    /// As the macro wrote it: a `std/…` name, a package, or a path relative to the macro's module.
    pub module: String,
    /// The module that asked; relative paths are taken from it.
    pub from: FilePath,
    pub name: String,
    /// The name that stands for it in the generated text. It depends on nothing but what is
    /// imported, so expansions of one file that import one thing agree on it.
    pub local: String,
}

/// `ctx.error` and `ctx.warn`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub is_error: bool,
    /// Relative to `Input.anchor`; `None` stands for the use itself.
    pub at: Option<TextRange>,
    pub message: String,
    pub help: Option<String>,
    /// Where in the macro it was reported.
    pub frame: Option<Frame>,
}

/// What an expansion made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutput {
    pub emissions: Vec<Emission>,
    pub imports: Vec<ImportRequest>,
    pub reports: Vec<Report>,
    pub logs: Vec<Log>,
}

/// One `console.log` and its like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    pub text: String,
}

/// One frame of a macro's stack, in the coordinates of its `.ms` source: 0-based line, 0-based
/// UTF-16 column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub function: String,
    pub file: FilePath,
    pub line: u32,
    pub col: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    Threw,
    /// A value that has no form at its splice (`MS2009`).
    BadSplice,
    /// Ran past the deadline.
    TimedOut,
    OutOfMemory,
    /// The worker process ended.
    Crashed,
    /// A module of the graph does not load (syntax, a missing export).
    Module,
    Banned,
    /// An input could not be read. The worker says this of a refusal too; why is for the parent to say.
    #[serde(alias = "NotPermitted")]
    Input,
    Refused(Refusal),
    /// A `@comptime` value that is no literal (a function, a symbol, a cycle).
    NoLiteral,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    pub help: Option<String>,
    /// Innermost first; frames outside the macro's modules are left out.
    pub stack: Vec<Frame>,
    /// The splice to blame: its range in that module's `.ms` source.
    pub site: Option<(FilePath, TextRange)>,
    /// What was reported before it failed.
    pub reports: Vec<Report>,
    /// What was logged before it failed.
    pub logs: Vec<Log>,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
            help: None,
            stack: Vec::new(),
            site: None,
            reports: Vec::new(),
            logs: Vec::new(),
        }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }
}

/// An input that a macro read, with what makes it the same again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Effect {
    /// `None`: there was no such file.
    File {
        path: FilePath,
        digest: Option<Digest>,
    },
    /// The sorted list of paths that a pattern matched.
    Glob {
        base: FilePath,
        pattern: String,
        digest: Digest,
    },
    Env {
        name: String,
        digest: Option<Digest>,
    },
    Exec {
        program: String,
        args: Vec<String>,
        digest: Digest,
    },
    Fetch(FetchEffect),
    /// The time, in milliseconds since 1970. A block that read it keeps what it made of it.
    Clock {
        millis: u64,
    },
    /// What random numbers were made from. Likewise.
    Chance {
        seed: u64,
    },
}

/// What a host answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FetchEffect {
    /// Without the values of headers that may be secrets.
    pub request: Request,
    pub options: CacheOptions,
    /// Of all that was sent, secrets included.
    pub question: Digest,
    pub digest: Digest,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub result: Result<JobOutput, Failure>,
    pub effects: Vec<Effect>,
    /// Processor time of the macro itself, without compiling its modules: what a busy machine does
    /// not change. Of one that was stopped, the time until then.
    pub micros: u64,
    /// Size of the JavaScript heap at the end; 0 where the run was too short to measure it.
    pub memory_bytes: u64,
}
