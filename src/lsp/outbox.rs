//! Messages to the client that no request of its asked for.
//!
//! They go straight to the writer's queue, which has no bound: sending never waits, whatever the
//! client does. A request of ours is sent and forgotten; its answer comes back as an event.
//!
//! Invariant: used by `msc-main` alone, so messages keep its order.

use std::collections::HashMap;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types::notification::Notification;
use tower_lsp::ls_types::request::Request;

use super::permissions::Question;

/// What an answer of the client is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    RegisterWatchers,
    /// The editor was told to ask again for what has changed.
    Refresh,
    /// A person was asked what macros may do.
    Permissions(Question),
    /// The editor was told to show a document.
    Show,
    /// The editor made room for the progress of this pass.
    Progress(u64),
}

pub struct Outbox {
    queue: UnboundedSender<String>,
    last_id: i64,
    waiting: HashMap<i64, Purpose>,
}

impl Outbox {
    pub fn new(queue: UnboundedSender<String>) -> Outbox {
        Outbox { queue, last_id: 0, waiting: HashMap::new() }
    }

    pub fn notify<N: Notification>(&self, params: N::Params) {
        self.send(&json!({ "jsonrpc": "2.0", "method": N::METHOD, "params": params }));
    }

    pub fn request<R: Request>(&mut self, params: R::Params, purpose: Purpose) {
        self.last_id += 1;
        self.waiting.insert(self.last_id, purpose);
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last_id, "method": R::METHOD, "params": params }));
    }

    /// What the answered request was for; `None` for an answer that nobody waits for.
    pub fn answered(&mut self, id: i64) -> Option<Purpose> {
        self.waiting.remove(&id)
    }

    fn send(&self, message: &Value) {
        // The writer is gone only when the server ends.
        let _ = self.queue.send(message.to_string());
    }
}
