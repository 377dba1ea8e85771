//! Questions that a document's live tree answers: tokens, symbols, folds and their like.
//!
//! They have a thread of their own, `msc-syntax`, so that a reader who waits for the type engine
//! holds none of them up: an editor asks for them while it scrolls and after every keystroke.
//!
//! Invariant: no type engine, no macro, no disk. Built on tokio's workers, handed on by `msc-main`,
//! run on `msc-syntax`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tower_lsp::jsonrpc::Error;
use tower_lsp::ls_types::Uri;

use crate::ide::Document;

use super::event::{Asked, Outstanding, Waiting, internal_error};
use super::to_proto::Edge;

/// What such a question is answered from.
pub struct Live<'a> {
    pub document: &'a Document,
    pub edge: &'a Edge,
}

type Work<T> = Box<dyn FnOnce(&Live<'_>) -> T + Send>;

/// One question, whatever its answer's type is.
pub struct LiveRequest {
    what: &'static str,
    pub uri: Uri,
    pub tree: Tree,
    job: Box<dyn Job>,
}

/// Which tree a question may be answered from while that of the live text takes long to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    /// None but that: the answer changes the text, or is not asked for again.
    Live,
    /// The last good one, moved to the live text. The client is told to ask again afterwards.
    Nearest,
}

impl LiveRequest {
    pub fn new<T: Send + 'static>(
        what: &'static str,
        uri: Uri,
        tree: Tree,
        asked: Asked<Option<T>>,
        work: impl FnOnce(&Live<'_>) -> T + Send + 'static,
    ) -> LiveRequest {
        LiveRequest { what, uri, tree, job: Box::new(Question { asked, work: Box::new(work) }) }
    }

    /// For the log.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Whether an answer is still wanted.
    pub fn is_open(&self) -> bool {
        self.job.is_open()
    }

    /// What stops the work when the document changes.
    pub fn waiting(&self) -> Box<dyn Outstanding> {
        self.job.waiting()
    }

    pub fn refuse(self, why: Error) {
        self.job.waiting().stop(why);
    }

    /// Answers; `None` for a document that is not open.
    pub fn run(self, document: Option<&Document>, edge: &Edge) {
        self.job.run(document, edge);
    }
}

trait Job: Send {
    fn is_open(&self) -> bool;
    fn waiting(&self) -> Box<dyn Outstanding>;
    fn run(self: Box<Self>, document: Option<&Document>, edge: &Edge);
}

struct Question<T> {
    asked: Asked<Option<T>>,
    work: Work<T>,
}

impl<T: Send + 'static> Job for Question<T> {
    fn is_open(&self) -> bool {
        !self.asked.cancel.is_cancelled() && self.asked.reply.is_open()
    }

    fn waiting(&self) -> Box<dyn Outstanding> {
        Box::new(Waiting { cancel: self.asked.cancel.clone(), reply: self.asked.reply.clone() })
    }

    fn run(self: Box<Self>, document: Option<&Document>, edge: &Edge) {
        let Question { asked, work } = *self;
        if asked.cancel.is_cancelled() {
            return asked.reply.send(Err(Error::request_cancelled()));
        }
        let answer = catch_unwind(AssertUnwindSafe(|| document.map(|document| work(&Live { document, edge }))));
        asked.reply.send(answer.map_err(|_| {
            tracing::error!("a request panicked");
            internal_error("internal error, see the server's log")
        }));
    }
}
