//! Work-done progress of passes that take long, which is the time of their macros or a first load.
//!
//! The editor is asked for room when a pass with macros has run for a while, and shown how many
//! uses of macros are done once it agrees. An editor that never answers sees nothing and delays nothing.
//!
//! Invariant: every `begin` is followed by an `end` with the same token. Runs on `msc-main`.

use std::time::{Duration, Instant};

use tower_lsp::ls_types::notification::Progress as ProgressNotification;
use tower_lsp::ls_types::request::WorkDoneProgressCreate;
use tower_lsp::ls_types::*;

use super::outbox::{Outbox, Purpose};

pub struct Progress {
    /// `None`: the client shows no progress.
    delay: Option<Duration>,
    running: Option<Running>,
}

struct Running {
    pass: u64,
    due: Instant,
    done: u32,
    shown: Shown,
}

#[derive(PartialEq, Eq)]
enum Shown {
    No,
    Asked,
    Begun,
}

impl Progress {
    pub fn new(delay: Option<Duration>) -> Progress {
        Progress { delay, running: None }
    }

    pub fn started(&mut self, pass: u64, now: Instant) {
        self.running = self.delay.map(|delay| Running { pass, due: now + delay, done: 0, shown: Shown::No });
    }

    /// When [`Progress::due`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.running.as_ref().filter(|running| running.shown == Shown::No).map(|running| running.due)
    }

    pub fn due(&mut self, now: Instant, outbox: &mut Outbox) {
        if let Some(running) = &mut self.running
            && running.shown == Shown::No
            && running.due <= now
        {
            running.shown = Shown::Asked;
            let params = WorkDoneProgressCreateParams { token: token(running.pass) };
            outbox.request::<WorkDoneProgressCreate>(params, Purpose::Progress(running.pass));
        }
    }

    pub fn reported(&mut self, pass: u64, done: u32, outbox: &Outbox) {
        if let Some(running) = self.running.as_mut().filter(|running| running.pass == pass) {
            running.done = done;
            if running.shown == Shown::Begun {
                let report =
                    WorkDoneProgressReport { cancellable: None, message: Some(running.message()), percentage: None };
                send(outbox, pass, WorkDoneProgress::Report(report));
            }
        }
    }

    /// The client answered the request for room.
    pub fn answered(&mut self, pass: u64, agreed: bool, outbox: &Outbox) {
        if let Some(running) = self.running.as_mut().filter(|running| running.pass == pass)
            && agreed
        {
            running.shown = Shown::Begun;
            let begin = WorkDoneProgressBegin {
                title: "Metascript".to_owned(),
                cancellable: None,
                message: Some(running.message()),
                percentage: None,
            };
            send(outbox, pass, WorkDoneProgress::Begin(begin));
        }
    }

    pub fn ended(&mut self, pass: u64, outbox: &Outbox) {
        if let Some(running) = self.running.take_if(|running| running.pass == pass)
            && running.shown == Shown::Begun
        {
            send(outbox, pass, WorkDoneProgress::End(WorkDoneProgressEnd { message: None }));
        }
    }
}

impl Running {
    fn message(&self) -> String {
        match self.done {
            0 => "expanding and checking".to_owned(),
            1 => "1 macro has run".to_owned(),
            done => format!("{done} macros have run"),
        }
    }
}

fn token(pass: u64) -> ProgressToken {
    NumberOrString::String(format!("msc/pass/{pass}"))
}

fn send(outbox: &Outbox, pass: u64, value: WorkDoneProgress) {
    let value = ProgressParamsValue::WorkDone(value);
    outbox.notify::<ProgressNotification>(ProgressParams { token: token(pass), value });
}
