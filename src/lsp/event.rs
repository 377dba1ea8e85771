//! Everything that `msc-main` can be told, and the two ends of an answer.
//!
//! Invariant: events are plain owned data; none holds a lock or a snapshot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath};
use crate::ide::{IdeError, IdeResult};
use crate::project::{Expansions, PassEnd, Snapshot};

use super::live::LiveRequest;
use super::publish::Found;
use super::request::command::Effect;
use super::schedule::Lane;
use super::to_proto::Edge;

/// What `msc-main` handles, one at a time, in the order of its channel.
pub enum Event {
    Initialize(Box<InitializeParams>, Reply<InitializeResult>),
    Initialized,
    Opened(DidOpenTextDocumentParams),
    Changed(DidChangeTextDocumentParams),
    Saved(DidSaveTextDocumentParams),
    Closed(DidCloseTextDocumentParams),
    /// An edit came that could not be read, so our text of this document is no longer the client's.
    EditLost(String),
    /// A person changed the editor's settings.
    Configuration(Value),
    /// The client's watcher saw changes.
    WatchedFiles(DidChangeWatchedFilesParams),
    /// Our own watcher did.
    Disk(Vec<FilePath>),
    Completion(CompletionParams, Asked<Option<CompletionResponse>>),
    CompletionResolve(Box<CompletionItem>, Asked<CompletionItem>),
    Hover(HoverParams, Asked<Option<Hover>>),
    Definition(GotoDefinitionParams, Asked<Option<GotoDefinitionResponse>>),
    TypeDefinition(GotoDefinitionParams, Asked<Option<GotoDefinitionResponse>>),
    Diagnostic(DocumentDiagnosticParams, Asked<DocumentDiagnosticReportResult>),
    WorkspaceDiagnostic(WorkspaceDiagnosticParams, Asked<WorkspaceDiagnosticReportResult>),
    /// Any other request that reads a snapshot.
    Question(Box<dyn Question>),
    Command(ExecuteCommandParams, Asked<Option<Value>>),
    /// What a command has the loop do.
    Effect(Effect),
    /// A question about a document's live tree.
    Live(LiveRequest),
    /// An answer about this version of a file was given from an older tree of it.
    AnsweredEarly(FilePath, Option<i32>),
    /// The tree of this version of a file is there.
    Parsed(FilePath, Option<i32>),
    /// The client answered a request of ours.
    ClientAnswered(i64, std::result::Result<Value, String>),
    Pass(Lane, u64, PassNews),
    Shutdown(Reply<()>),
    /// The client is gone: the loop ends.
    End,
}

/// What a pass reports to the loop.
pub enum PassNews {
    Expanded(Expansions),
    /// One file's diagnostics, converted already: the text they were found in is at hand only
    /// where they were found.
    File(FilePath, Found),
    Progress {
        done: u32,
    },
    /// Other names are known to be generated than before.
    Made,
    /// Nothing follows. `None`: it was stopped, or it failed and the log says why.
    Ended(Option<PassEnd>),
}

impl Event {
    /// For the log.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Initialize(..) => "initialize",
            Event::Initialized => "initialized",
            Event::Opened(_) => "didOpen",
            Event::Changed(_) | Event::EditLost(_) => "didChange",
            Event::Saved(_) => "didSave",
            Event::Closed(_) => "didClose",
            Event::Configuration(_) => "didChangeConfiguration",
            Event::WatchedFiles(_) | Event::Disk(_) => "a change on disk",
            Event::Completion(..) => "completion",
            Event::CompletionResolve(..) => "completionItem/resolve",
            Event::Hover(..) => "hover",
            Event::Definition(..) => "definition",
            Event::TypeDefinition(..) => "typeDefinition",
            Event::Diagnostic(..) => "diagnostic",
            Event::WorkspaceDiagnostic(..) => "workspace/diagnostic",
            Event::Question(question) => question.method(),
            Event::Command(..) => "executeCommand",
            Event::Effect(_) => "a command's effect",
            Event::Live(request) => request.what(),
            Event::AnsweredEarly(..) | Event::Parsed(..) => "news of a tree",
            Event::ClientAnswered(..) => "an answer of the client",
            Event::Pass(..) => "news of a pass",
            Event::Shutdown(_) => "shutdown",
            Event::End => "the end",
        }
    }
}

/// A request that is answered from a snapshot, whatever its types.
pub trait Question: Send {
    fn method(&self) -> &'static str;
    /// The document whose edits make the answer pointless.
    fn document(&self) -> Option<&Uri>;
    fn outstanding(&self) -> Box<dyn Outstanding>;
    fn refuse(self: Box<Self>, why: Error);
    /// `None`: there is no snapshot to ask (a double of the world).
    fn answer(self: Box<Self>, snap: Option<&Snapshot>, edge: &Edge);
}

/// What answers a question: on the read pool, from the snapshot at its place in the queue.
pub type Answer<P, T> = fn(&Snapshot, &Edge, P, &Cancel) -> IdeResult<T>;

/// A question of the protocol with its parameters, its way back, and what answers it.
pub struct Typed<P, T> {
    pub method: &'static str,
    pub document: Option<Uri>,
    pub params: P,
    pub asked: Asked<T>,
    pub answer: Answer<P, T>,
}

impl<P: Send, T: Send + 'static> Question for Typed<P, T> {
    fn method(&self) -> &'static str {
        self.method
    }

    fn document(&self) -> Option<&Uri> {
        self.document.as_ref()
    }

    fn outstanding(&self) -> Box<dyn Outstanding> {
        Box::new(Waiting { cancel: self.asked.cancel.clone(), reply: self.asked.reply.clone() })
    }

    fn refuse(self: Box<Self>, why: Error) {
        self.asked.reply.send(Err(why));
    }

    fn answer(self: Box<Self>, snap: Option<&Snapshot>, edge: &Edge) {
        let Typed { params, asked, answer, .. } = *self;
        let Some(snap) = snap else {
            return asked.reply.send(Err(Error::method_not_found()));
        };
        if asked.cancel.is_cancelled() || !asked.reply.is_open() {
            return asked.reply.send(Err(Error::request_cancelled()));
        }
        let done = catch_unwind(AssertUnwindSafe(|| answer(snap, edge, params, &asked.cancel)));
        asked.reply.send(settle(done));
    }
}

/// Work that an edit of its file makes pointless.
pub trait Outstanding: Send {
    fn is_open(&self) -> bool;
    fn stop(&self, why: Error);
}

/// A request that a reader works on.
pub struct Waiting<T> {
    pub cancel: Cancel,
    pub reply: Reply<T>,
}

impl<T: Send> Outstanding for Waiting<T> {
    fn is_open(&self) -> bool {
        !self.cancel.is_cancelled() && self.reply.is_open()
    }

    fn stop(&self, why: Error) {
        // In this order: a reader that sees the token first would answer "cancelled".
        self.reply.send(Err(why));
        self.cancel.cancel();
    }
}

/// What a reader came back with, as the protocol says it.
pub fn settle<T>(answer: std::thread::Result<IdeResult<T>>) -> Result<T> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(ide_error(error)),
        Err(_) => {
            tracing::error!("a request panicked");
            Err(internal_error("internal error, see the server's log"))
        }
    }
}

/// One request's way back: what its answer is sent through, and the token that stops its work.
pub struct Asked<T> {
    pub cancel: Cancel,
    pub reply: Reply<T>,
}

/// The sending end of one answer. Clones share it: the first answer is sent, later ones are
/// dropped, so that the loop may answer for a reader that is still at work.
pub struct Reply<T>(Arc<Mutex<Option<oneshot::Sender<Result<T>>>>>);

impl<T> Clone for Reply<T> {
    fn clone(&self) -> Reply<T> {
        Reply(self.0.clone())
    }
}

impl<T> Reply<T> {
    pub fn new() -> (Reply<T>, oneshot::Receiver<Result<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Reply(Arc::new(Mutex::new(Some(sender)))), receiver)
    }

    pub fn send(&self, answer: Result<T>) {
        let sender = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some(sender) = sender {
            // The receiver is gone when the client cancelled: nobody waits for the answer.
            let _ = sender.send(answer);
        }
    }

    /// Whether an answer is still wanted.
    pub fn is_open(&self) -> bool {
        let sender = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        sender.as_ref().is_some_and(|sender| !sender.is_closed())
    }
}

/// The text changed under a position request.
pub fn content_modified() -> Error {
    Error::new(ErrorCode::ContentModified)
}

/// `RequestFailed` of the protocol: well formed, but it cannot be answered.
pub fn request_failed(why: &str) -> Error {
    Error { code: ErrorCode::ServerError(-32803), message: why.to_owned().into(), data: None }
}

pub fn internal_error(why: &str) -> Error {
    Error { code: ErrorCode::InternalError, message: why.to_owned().into(), data: None }
}

/// An analysis that gave no answer, as the protocol says it.
pub fn ide_error(error: IdeError) -> Error {
    match error {
        IdeError::Cancelled => Error::request_cancelled(),
        IdeError::Refused(why) => request_failed(&why),
        IdeError::Internal(why) => {
            tracing::error!("a request failed inside: {why}");
            internal_error("internal error, see the server's log")
        }
    }
}
