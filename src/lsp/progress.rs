//! Work-done progress of passes whose macros take long.
//!
//! The editor is asked for room when a pass with macros has run for a while, and shown a count once
//! it agrees. An editor that never answers sees nothing and delays nothing.
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
    total: u32,
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
        self.running = self.delay.map(|delay| Running { pass, due: now + delay, done: 0, total: 0, shown: Shown::No });
    }

    /// When [`Progress::due`] wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        self.running.as_ref().filter(|running| running.is_wanted()).map(|running| running.due)
    }

    pub fn due(&mut self, now: Instant, outbox: &mut Outbox) {
        if let Some(running) = &mut self.running
            && running.is_wanted()
            && running.due <= now
        {
            running.shown = Shown::Asked;
            let params = WorkDoneProgressCreateParams { token: token(running.pass) };
            outbox.request::<WorkDoneProgressCreate>(params, Purpose::Progress(running.pass));
        }
    }

    pub fn reported(&mut self, pass: u64, done: u32, total: u32, outbox: &Outbox) {
        if let Some(running) = self.running.as_mut().filter(|running| running.pass == pass) {
            (running.done, running.total) = (done, total);
            if running.shown == Shown::Begun {
                let report = WorkDoneProgressReport {
                    cancellable: None,
                    message: Some(running.message()),
                    percentage: Some(running.percentage()),
                };
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
                title: "Running macros".to_owned(),
                cancellable: None,
                message: Some(running.message()),
                percentage: Some(running.percentage()),
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
    /// Macros are running and nothing is shown yet.
    fn is_wanted(&self) -> bool {
        self.shown == Shown::No && self.done < self.total
    }

    fn message(&self) -> String {
        format!("{}/{}", self.done, self.total)
    }

    fn percentage(&self) -> u32 {
        (u64::from(self.done) * 100 / u64::from(self.total.max(1))).min(100) as u32
    }
}

fn token(pass: u64) -> ProgressToken {
    NumberOrString::String(format!("msc/pass/{pass}"))
}

fn send(outbox: &Outbox, pass: u64, value: WorkDoneProgress) {
    let value = ProgressParamsValue::WorkDone(value);
    outbox.notify::<ProgressNotification>(ProgressParams { token: token(pass), value });
}
