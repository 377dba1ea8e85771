//! Everything that `msc-main` can be told, and the two ends of an answer.
//!
//! Invariant: events are plain owned data; none holds a lock or a snapshot.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath};
use crate::ide::IdeError;
use crate::project::{Expansions, PassEnd};

use super::publish::Found;
use super::schedule::Lane;

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
    /// The client's watcher saw changes.
    WatchedFiles(DidChangeWatchedFilesParams),
    /// Our own watcher did.
    Disk(Vec<FilePath>),
    Completion(CompletionParams, Asked<Option<CompletionResponse>>),
    CompletionResolve(Box<CompletionItem>, Asked<CompletionItem>),
    Hover(HoverParams, Asked<Option<Hover>>),
    Definition(GotoDefinitionParams, Asked<Option<GotoDefinitionResponse>>),
    TypeDefinition(GotoDefinitionParams, Asked<Option<GotoDefinitionResponse>>),
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
            Event::WatchedFiles(_) | Event::Disk(_) => "a change on disk",
            Event::Completion(..) => "completion",
            Event::CompletionResolve(..) => "completionItem/resolve",
            Event::Hover(..) => "hover",
            Event::Definition(..) => "definition",
            Event::TypeDefinition(..) => "typeDefinition",
            Event::ClientAnswered(..) => "an answer of the client",
            Event::Pass(..) => "news of a pass",
            Event::Shutdown(_) => "shutdown",
            Event::End => "the end",
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
        IdeError::Internal(why) => {
            tracing::error!("a request failed inside: {why}");
            internal_error("internal error, see the server's log")
        }
    }
}
