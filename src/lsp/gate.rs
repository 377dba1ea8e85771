//! The ordering gate: a `tower::Service` in front of tower-lsp.
//!
//! tower-lsp runs handlers concurrently, each from its first poll on, and promises no order among
//! them. The gate polls every handler once inside `call()`, before the next message is read, and a
//! handler sends its event to `msc-main` before it awaits anything: so events leave in the order in
//! which messages came, whatever the runtime does later.
//!
//! It also owns the map from request ids to [`Cancel`] tokens, so that `$/cancelRequest` trips the
//! token when it is read, and not when the runtime gets round to dropping the request's future.
//!
//! Invariant: `call()` never blocks and never awaits. Runs on the task that reads the input.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tower::Service;
use tower_lsp::jsonrpc::{Id, Request, Response};
use tower_lsp::{ExitedError, LspService};

use super::backend::Backend;
use super::event::{Event, internal_error};
use crate::base::Cancel;

thread_local! {
    /// What the handler that is being polled for the first time may take.
    static ARRIVING: RefCell<Option<Cancel>> = const { RefCell::new(None) };
}

/// Called by each handler before its first `.await`: the token of the message it handles. Taking it
/// also tells the gate that the message was understood.
pub fn arriving() -> Cancel {
    ARRIVING.take().unwrap_or_default()
}

type Answer = Result<Option<Response>, ExitedError>;
type BoxedAnswer = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Tokens = Arc<Mutex<HashMap<Id, Cancel>>>;

pub struct Gate {
    inner: LspService<Backend>,
    events: Sender<Event>,
    tokens: Tokens,
}

impl Gate {
    pub fn new(inner: LspService<Backend>, events: Sender<Event>) -> Gate {
        Gate { inner, events, tokens: Tokens::default() }
    }
}

impl Service<Request> for Gate {
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = BoxedAnswer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExitedError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> BoxedAnswer {
        if request.method() == "$/cancelRequest" {
            self.trip(&request);
        }
        let id = request.id().cloned();
        let edited = (request.method() == "textDocument/didChange").then(|| document(&request)).flatten();
        let cancel = Cancel::new();
        let registered = id.as_ref().and_then(|id| Registered::new(&self.tokens, id, &cancel));

        ARRIVING.set(Some(cancel));
        let first = catch_unwind(AssertUnwindSafe(|| {
            let mut answer = self.inner.call(request);
            let poll = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            (answer, poll)
        }));
        let understood = ARRIVING.take().is_none();

        if let (Some(uri), false) = (edited, understood) {
            // The loop is gone only when the server ends.
            let _ = self.events.send(Event::EditLost(uri));
        }
        match first {
            Ok((_, Poll::Ready(answer))) => Box::pin(std::future::ready(answer)),
            Ok((answer, Poll::Pending)) => Box::pin(async move {
                let _registered = registered;
                answer.await
            }),
            Err(_) => {
                tracing::error!("a handler panicked");
                let response = id.map(|id| Response::from_error(id, internal_error("the handler panicked")));
                Box::pin(std::future::ready(Ok(response)))
            }
        }
    }
}

impl Gate {
    fn trip(&self, request: &Request) {
        let id = request.params().and_then(|params| params.get("id")).and_then(|id| {
            // The same reading of ids as tower-lsp's, or the two would disagree about which request
            // is meant.
            serde_json::from_value::<Id>(id.clone()).ok()
        });
        let tokens = self.tokens.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(cancel) = id.and_then(|id| tokens.get(&id)) {
            cancel.cancel();
        }
    }
}

fn document(request: &Request) -> Option<String> {
    let uri = request.params()?.get("textDocument")?.get("uri")?.as_str()?;
    Some(uri.to_owned())
}

/// An entry of the token map, for as long as its request is unanswered.
struct Registered {
    tokens: Tokens,
    id: Id,
}

impl Registered {
    /// `None` where a request with this id is under way: tower-lsp refuses the second one.
    fn new(tokens: &Tokens, id: &Id, cancel: &Cancel) -> Option<Registered> {
        let mut map = tokens.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if map.contains_key(id) {
            return None;
        }
        map.insert(id.clone(), cancel.clone());
        Some(Registered { tokens: tokens.clone(), id: id.clone() })
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.tokens.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(&self.id);
    }
}
