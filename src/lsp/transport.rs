//! The pipes: frames in, messages out, and when to stop.
//!
//! tower-lsp's own loop over the pipes ends at the first malformed message and polls all handlers
//! in one task; this one answers what it cannot read and goes on, and gives every request a task.
//!
//! Invariant: requests enter the gate one after the other, in arrival order; output has one writer
//! and a queue without bound, so nothing in the server ever waits for the client. Runs on tokio's
//! workers, which do nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tower::Service;
use tower_lsp::LspService;
use tower_lsp::jsonrpc::{Error, Id, Request, Response};

use super::Options;
use super::analysis::Analysis;
use super::backend::Backend;
use super::capabilities;
use super::event::{Event, internal_error};
use super::from_proto;
use super::gate::Gate;
use super::main_loop::MainLoop;
use super::outbox::Outbox;
use super::watchdog::Watchdog;
use crate::base::FilePath;

/// How long unanswered requests and unsent messages may hold up the end.
const FAREWELL: Duration = Duration::from_millis(500);
/// A header is some 25 bytes, a body at most a large file and its escapes.
const LONGEST_HEADER: u64 = 8 << 10;
const LONGEST_BODY: u64 = 1 << 30;

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The client asked for `shutdown` before.
    pub after_shutdown: bool,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `exit` came.
    Exit,
    InputClosed,
    OutputClosed,
    /// The client's process is gone, though the pipe is still open.
    ClientGone,
}

/// Serves one client until it leaves. `world` makes the world of the folders that it opens.
pub async fn serve<A, I, O>(
    input: I,
    output: O,
    options: Options,
    world: impl FnOnce(Vec<FilePath>) -> A + Send + 'static,
) -> Ended
where
    A: Analysis,
    I: AsyncRead + Unpin + Send,
    O: AsyncWrite + Unpin + Send + 'static,
{
    let (events, receiver) = mpsc::channel();
    let (out, queue) = unbounded_channel();
    let client_gone = Arc::new(Notify::new());
    let gone = client_gone.clone();
    let watchdog = Watchdog::start(options.look_every, options.slow_ticks.clone(), move || gone.notify_one());
    let main = MainLoop::new(options, world, events.clone(), Outbox::new(out.clone()), watchdog);
    let main = thread::Builder::new().name("msc-main".to_owned()).spawn(move || main.run(&receiver));
    if let Err(error) = &main {
        tracing::error!("cannot start the main loop: {error}");
    }

    let shut_down = Arc::new(AtomicBool::new(false));
    let (service, _client) = LspService::build(|_| Backend::new(events.clone(), shut_down.clone()))
        .custom_method("msc/cacheStats", Backend::cache_stats)
        .custom_method("msc/memoryUsage", Backend::memory_usage)
        .custom_method("workspace/textDocumentContent", Backend::text_document_content)
        .custom_method("msc/workStats", Backend::work_stats)
        .finish();
    let gate = Gate::new(service, events.clone());
    let mut connection = Connection { gate, events: events.clone(), out, tasks: JoinSet::new() };
    let mut writer = tokio::spawn(write(output, queue));

    let how = tokio::select! {
        how = connection.read(input) => how,
        _ = &mut writer => How::OutputClosed,
        () = client_gone.notified() => How::ClientGone,
    };

    let farewell = async {
        if how == How::InputClosed {
            // What was asked before the input ended is still answered, if it is quick.
            let _ = tokio::time::timeout(FAREWELL, connection.answered()).await;
        }
        connection.tasks.shutdown().await;
        let _ = events.send(Event::End);
        // The writer ends with the last sender; the loop holds one.
        drop(connection);
        if how != How::OutputClosed {
            let _ = writer.await;
        }
    };
    let _ = tokio::time::timeout(FAREWELL * 2, farewell).await;
    let _ = events.send(Event::End);
    Ended { after_shutdown: shut_down.load(Ordering::Acquire), how }
}

struct Connection {
    gate: Gate,
    events: mpsc::Sender<Event>,
    out: UnboundedSender<String>,
    /// One task for each request under way.
    tasks: JoinSet<()>,
}

impl Connection {
    async fn read<I: AsyncRead + Unpin>(&mut self, input: I) -> How {
        let mut frames = Frames { input: BufReader::with_capacity(64 << 10, input) };
        loop {
            match frames.next().await {
                Ok(Some(body)) => {
                    if self.message(&body).await {
                        return How::Exit;
                    }
                }
                Ok(None) => return How::InputClosed,
                Err(why) => self.refuse(Value::Null, Error::parse_error(), &why),
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    async fn answered(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Takes one message; whether it was `exit`.
    async fn message(&mut self, body: &[u8]) -> bool {
        let mut message: Value = match from_slice(body) {
            Ok(message) => message,
            Err(error) => {
                self.refuse(Value::Null, Error::parse_error(), &error.to_string());
                return false;
            }
        };
        if message.get("method").is_some() {
            escape_document_uri(&mut message);
            return self.request(message).await;
        }
        let answer = match (message.get("id").and_then(Value::as_i64), message.get("error")) {
            (Some(id), None | Some(Value::Null)) => Some((id, Ok(message["result"].take()))),
            (Some(id), Some(error)) => Some((id, Err(error.to_string()))),
            (None, _) => None,
        };
        match answer {
            Some((id, answer)) => {
                // The loop is gone only when the server ends.
                let _ = self.events.send(Event::ClientAnswered(id, answer));
            }
            // An answer to an error that had no id is no request of anybody's.
            None if message.get("result").is_some() || message.get("error").is_some() => {}
            None => self.refuse(Value::Null, Error::invalid_request(), "a message without a method"),
        }
        false
    }

    async fn request(&mut self, mut message: Value) -> bool {
        let id = message.get("id").cloned();
        if message["method"] == "initialize" {
            capabilities::note_newer(&mut message);
        }
        let request: Request = match serde_json::from_value(message) {
            Ok(request) => request,
            Err(error) => {
                // A notification is never answered, not even a broken one.
                match id {
                    Some(id) => self.refuse(id, Error::invalid_request(), &error.to_string()),
                    None => tracing::warn!("a notification cannot be read: {error}"),
                }
                return false;
            }
        };
        let is_exit = request.method() == "exit";
        let is_initialize = request.method() == "initialize";
        let id = request.id().cloned();
        if std::future::poll_fn(|cx| self.gate.poll_ready(cx)).await.is_err() {
            return true;
        }
        let answer = self.gate.call(request);
        let out = self.out.clone();
        if is_exit || is_initialize {
            // Nothing that follows `initialize` is looked at before it is answered: clients that do
            // not wait for the answer would be refused.
            let mut answer = answer.await.ok().flatten();
            if is_initialize {
                answer = answer.map(capabilities::with_newer);
            }
            // The writer is gone only when the server ends.
            let _ = answer.map(|answer| out.send(answer));
        } else {
            self.tasks.spawn(async move {
                let mut unanswered = Unanswered { id, out };
                let message = answer.await.ok().flatten();
                // The writer is gone only when the server ends.
                let _ = message.map(|message| unanswered.out.send(message));
                unanswered.id = None;
            });
        }
        is_exit
    }

    fn refuse(&self, id: Value, error: Error, why: &str) {
        tracing::warn!("refused a message: {why}");
        let _ = self.out.send(json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string());
    }
}

/// Answers for a task that panicked, since every request gets an answer.
struct Unanswered {
    id: Option<Id>,
    out: UnboundedSender<String>,
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let answer = Response::from_error(id, internal_error("the request was dropped"));
            let _ = serde_json::to_string(&answer).map(|answer| self.out.send(answer));
        }
    }
}

async fn write<O: AsyncWrite + Unpin>(mut output: O, mut queue: UnboundedReceiver<String>) {
    while let Some(message) = queue.recv().await {
        let mut bytes = frame(&message);
        // Whatever else is ready goes out with the same write.
        while bytes.len() < 64 << 10
            && let Ok(message) = queue.try_recv()
        {
            bytes.extend(frame(&message));
        }
        if output.write_all(&bytes).await.is_err() || output.flush().await.is_err() {
            tracing::warn!("the client no longer reads");
            return;
        }
    }
}

fn frame(message: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{message}", message.len()).into_bytes()
}

/// Message bodies off a pipe.
struct Frames<I> {
    input: BufReader<I>,
}

impl<I: AsyncRead + Unpin> Frames<I> {
    /// `None` at the end of the input. After an `Err` the next call looks for the next header.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, String> {
        let mut length: Option<u64> = None;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut self.input).take(LONGEST_HEADER).read_until(b'\n', &mut line).await;
            // A pipe that fails will not carry anything any more.
            if read.unwrap_or(0) == 0 {
                return Ok(None);
            }
            let header = String::from_utf8_lossy(&line);
            let header = header.trim();
            if header.is_empty() {
                match length {
                    Some(length) => return self.body(length).await,
                    // Empty lines between messages do no harm.
                    None => continue,
                }
            }
            let Some((name, value)) = header.split_once(':') else {
                return Err(format!("no header: {header:.40}"));
            };
            if name.trim().eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse().map_err(|_| format!("no length: {header:.40}"))?);
            }
        }
    }

    async fn body(&mut self, length: u64) -> Result<Option<Vec<u8>>, String> {
        if length > LONGEST_BODY {
            let mut rest = (&mut self.input).take(length);
            let _ = tokio::io::copy(&mut rest, &mut tokio::io::sink()).await;
            return Err(format!("a message of {length} bytes"));
        }
        let mut body = vec![0; length as usize];
        match self.input.read_exact(&mut body).await {
            Ok(_) => Ok(Some(body)),
            Err(_) => Ok(None),
        }
    }
}

/// JSON of a client. Editors that keep text in UTF-16 may cut a character in half and send one
/// surrogate; as U+FFFD it keeps its width, and the edit is not lost.
fn from_slice(body: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(body).or_else(|error| match without_lone_surrogates(body) {
        Some(mended) => serde_json::from_slice(&mended),
        None => Err(error),
    })
}

/// Replaces `\uD800` to `\uDFFF` outside of pairs; `None` where there are none.
fn without_lone_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let unit = |at: usize| -> Option<u16> {
        let escape = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
    };
    let mut out = Vec::with_capacity(body.len());
    let mut mended = false;
    let mut at = 0;
    while at < body.len() {
        let width = match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                out.extend(b"\\uFFFD");
                mended = true;
                at += 6;
                continue;
            }
            Some(_) => 6,
            None if body[at] == b'\\' => 2,
            None => 1,
        };
        let end = (at + width).min(body.len());
        out.extend(&body[at..end]);
        at = end;
    }
    mended.then_some(out)
}

/// Some clients send paths as they are, with spaces and letters that a URI does not have.
fn escape_document_uri(message: &mut Value) {
    if let Some(uri) = message.pointer_mut("/params/textDocument/uri")
        && let Some(text) = uri.as_str()
        && let Some(escaped) = from_proto::escaped(text)
    {
        *uri = Value::String(escaped);
    }
}
