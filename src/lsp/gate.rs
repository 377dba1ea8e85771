//! The ordering gate: a `tower::Service` in front of tower-lsp.
//!
//! tower-lsp runs handlers concurrently, each from its first poll on, and promises no order among
//! them. The gate polls every handler once inside `call()`, before the next message is read, and a
//! handler sends its event to `msc-main` before it awaits anything: so events leave in the order in
//! which messages came, whatever the runtime does later.
//!
//! It also owns the map from request ids to [`Cancel`] tokens, so that `$/cancelRequest` trips the
//! token when it is read, and not when the runtime gets round to dropping the request's future. And
//! it lets a handler write its answer by itself ([`Written`]).
//!
//! Invariant: `call()` never blocks and never awaits. Runs on the task that reads the input.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use tower::Service;
use tower_lsp::jsonrpc::{Id, Request, Response};
use tower_lsp::{ExitedError, LspService};

use super::backend::Backend;
use super::event::{Event, internal_error};
use crate::base::Cancel;

thread_local! {
    /// What the handler that is being polled for the first time may take.
    static ARRIVING: RefCell<Option<Arriving>> = const { RefCell::new(None) };
}

/// What belongs to one message.
#[derive(Clone, Default)]
pub struct Arriving {
    /// Stops the work on it.
    pub cancel: Cancel,
    /// Where its answer may be left as text.
    pub written: Written,
}

/// Called by each handler before its first `.await`. Taking it also tells the gate that the message
/// was understood.
pub fn arriving() -> Arriving {
    ARRIVING.take().unwrap_or_default()
}

/// An answer's `result` as JSON text, written by its handler. tower-lsp makes a tree of values of
/// every answer, which for the tokens of a long file costs more than the tokens do.
#[derive(Clone, Default)]
pub struct Written(Arc<OnceLock<String>>);

impl Written {
    pub fn write(&self, answer: &impl Serialize) -> serde_json::Result<()> {
        // A request is answered once.
        let _ = self.0.set(serde_json::to_string(answer)?);
        Ok(())
    }

    fn message(&self, id: &Id) -> Option<String> {
        let id = serde_json::to_string(id).ok()?;
        self.0.get().map(|result| format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#))
    }
}

/// The text of a message, where there is one to send.
type Answer = Result<Option<String>, ExitedError>;
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
    type Response = Option<String>;
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
        let arriving = Arriving::default();
        let registered = id.as_ref().and_then(|id| Registered::new(&self.tokens, id, &arriving.cancel));
        let written = arriving.written.clone();

        ARRIVING.set(Some(arriving));
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
            Ok((_, Poll::Ready(answer))) => {
                let message = answer.map(|response| response.and_then(|response| in_json(&response, &written)));
                Box::pin(std::future::ready(message))
            }
            Ok((answer, Poll::Pending)) => Box::pin(async move {
                let _registered = registered;
                Ok(answer.await?.and_then(|response| in_json(&response, &written)))
            }),
            Err(_) => {
                tracing::error!("a handler panicked");
                let response = id.map(|id| Response::from_error(id, internal_error("the handler panicked")));
                let message = response.and_then(|response| in_json(&response, &written));
                Box::pin(std::future::ready(Ok(message)))
            }
        }
    }
}

/// A response as text; where its handler has written the result, that.
fn in_json(response: &Response, written: &Written) -> Option<String> {
    if response.is_ok()
        && let Some(message) = written.message(response.id())
    {
        return Some(message);
    }
    serde_json::to_string(response).inspect_err(|error| tracing::error!("an answer cannot be written: {error}")).ok()
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
