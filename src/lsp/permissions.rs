//! Asks the person what macros may do, for projects that ask for something.
//!
//! Invariant: nothing is granted but what the question showed, entry by entry, and nothing unless the
//! person chose it. Each request is asked once a session unless the person wants to see it. Runs on
//! `msc-main`; the grant itself is written elsewhere.

use std::collections::HashSet;

use serde_json::Value;
use tower_lsp::ls_types::notification::ShowMessage;
use tower_lsp::ls_types::request::ShowMessageRequest;
use tower_lsp::ls_types::{MessageActionItem, MessageType, ShowMessageParams, ShowMessageRequestParams};

use crate::base::{Digest, FilePath};
use crate::macros::{Allow, Permissions};
use crate::project::trust::described;

use super::outbox::{Outbox, Purpose};

const ALLOW: &str = "Allow";
const NOT_NOW: &str = "Not now";

/// Lines that a message can show: what is cut off or scrolled away must not be granted there.
const MOST_LINES: usize = 12;

/// What was asked, and of whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub root: FilePath,
    pub asked: Allow,
}

impl Question {
    /// Whether the client's answer grants it. Whatever is not the button does not.
    pub fn is_allowed(&self, answer: &Value) -> bool {
        answer["title"] == ALLOW
    }
}

/// What was asked in this session.
#[derive(Default)]
pub struct Requests(HashSet<Digest>);

impl Requests {
    pub fn ask(&mut self, open: Vec<Permissions>, wanted: bool, outbox: &mut Outbox) {
        for request in open {
            if !self.0.insert(request.digest()) && !wanted {
                continue;
            }
            let lines = described(&request.asked);
            let asks = format!("The macros of {} ask to", request.root);
            if lines.len() > MOST_LINES {
                let message = format!("{asks} do {} things: read and grant them with `msc trust`", lines.len());
                outbox.notify::<ShowMessage>(ShowMessageParams { typ: MessageType::WARNING, message });
                continue;
            }
            let action = |title: &str| MessageActionItem { title: title.to_owned(), properties: Default::default() };
            let params = ShowMessageRequestParams {
                typ: MessageType::WARNING,
                message: format!("{asks}\n{}", lines.join(",\n")),
                actions: Some(vec![action(ALLOW), action(NOT_NOW)]),
            };
            let question = Question { root: request.root, asked: request.asked };
            outbox.request::<ShowMessageRequest>(params, Purpose::Permissions(question));
        }
    }
}
