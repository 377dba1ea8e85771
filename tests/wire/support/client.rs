//! An editor at the other end of an in-process pipe.
//!
//! Nothing here sleeps: a test waits for a message, and fails when none comes within [`HANG`].

use std::collections::VecDeque;
use std::time::Duration;

use msc::lsp::{Ended, Options, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::double::{Double, Script};

/// Far longer than anything takes, so that only a hang meets it.
pub const HANG: Duration = Duration::from_secs(60);

/// Options under which nothing happens by itself: a test asks for the passes that it wants.
pub fn quiet() -> Options {
    let never = Duration::from_secs(86_400);
    Options {
        live_delay: never,
        full_delay: never,
        disk_delay: Duration::ZERO,
        disk_delay_most: Duration::ZERO,
        progress_delay: Duration::ZERO,
        look_every: Duration::from_millis(5),
        readers: 4,
        slow_ticks: None,
    }
}

/// `T` is what the server leaves behind.
pub struct Client<T = Ended> {
    input: Option<WriteHalf<DuplexStream>>,
    output: BufReader<ReadHalf<DuplexStream>>,
    /// Messages read while another was waited for.
    kept: VecDeque<Value>,
    last_id: i64,
    server: JoinHandle<T>,
}

impl Client {
    /// A server over a double, not initialised yet.
    pub fn new(script: Script, options: Options) -> Client {
        Client::over(options, move |_roots| Double::new(script))
    }

    pub fn over<A: msc::lsp::Analysis>(
        options: Options,
        world: impl FnOnce(Vec<msc::base::FilePath>) -> A + Send + 'static,
    ) -> Client {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let (input, output) = tokio::io::split(theirs);
        let server = tokio::spawn(serve(input, output, options, world));
        let (output, input) = tokio::io::split(ours);
        Client { input: Some(input), output: BufReader::new(output), kept: VecDeque::new(), last_id: 0, server }
    }

    /// A server over a double, initialised by a client with everything the protocol has.
    pub async fn start(script: Script, options: Options) -> Client {
        Client::start_as(script, options, capabilities()).await
    }

    pub async fn start_as(script: Script, options: Options, capabilities: Value) -> Client {
        let mut client = Client::new(script, options);
        client.initialize(capabilities).await;
        client
    }
}

impl<T> Client<T> {
    /// A client of whatever `start` puts at the other end.
    pub fn to(start: impl FnOnce(ReadHalf<DuplexStream>, WriteHalf<DuplexStream>) -> JoinHandle<T>) -> Client<T> {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let (input, output) = tokio::io::split(theirs);
        let server = start(input, output);
        let (output, input) = tokio::io::split(ours);
        Client { input: Some(input), output: BufReader::new(output), kept: VecDeque::new(), last_id: 0, server }
    }

    pub async fn initialize(&mut self, capabilities: Value) -> Value {
        self.initialize_in("file:///p", capabilities).await
    }

    pub async fn initialize_in(&mut self, root: &str, capabilities: Value) -> Value {
        self.initialize_with(root, capabilities, Value::Null).await
    }

    pub async fn initialize_with(&mut self, root: &str, capabilities: Value, options: Value) -> Value {
        let params = json!({
            "processId": null, "rootUri": root, "capabilities": capabilities, "initializationOptions": options,
        });
        let id = self.request("initialize", params).await;
        let result = self.result(id).await;
        self.notify("initialized", json!({})).await;
        result
    }

    pub async fn send(&mut self, message: Value) {
        self.send_body(message.to_string().as_bytes()).await;
    }

    pub async fn send_body(&mut self, body: &[u8]) {
        let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend(body);
        self.send_raw(&bytes).await;
    }

    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("the input is open");
        timeout(HANG, input.write_all(bytes)).await.expect("the server reads").expect("the pipe is open");
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Sends a request; its id.
    pub async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        id
    }

    /// The next message that `wanted` takes; others are kept for later.
    pub async fn message(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at).expect("the position was just found");
        }
        loop {
            let message = self.read().await.expect("the server has not hung up");
            if wanted(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// A message that has come already, while another was waited for.
    pub fn taken(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let at = self.kept.iter().position(wanted)?;
        self.kept.remove(at)
    }

    /// The next message; `None` when the server has hung up.
    pub async fn read(&mut self) -> Option<Value> {
        let mut length = None;
        loop {
            let mut line = String::new();
            let read = timeout(HANG, self.output.read_line(&mut line)).await.expect("the server answers");
            if read.expect("the pipe is open") == 0 {
                return None;
            }
            match line.trim().split_once(':') {
                Some((_, value)) => length = Some(value.trim().parse().expect("a length")),
                None => break,
            }
        }
        let mut body = vec![0; length.expect("a length before the body")];
        let read = timeout(HANG, self.output.read_exact(&mut body)).await.expect("the server sends it all");
        read.expect("the pipe is open");
        Some(serde_json::from_slice(&body).expect("the server writes JSON"))
    }

    /// The response to a request.
    pub async fn response(&mut self, id: i64) -> Value {
        self.message(|message| message["id"] == id && message.get("method").is_none()).await
    }

    pub async fn result(&mut self, id: i64) -> Value {
        let response = self.response(id).await;
        assert!(response.get("error").is_none(), "an error: {response}");
        response["result"].clone()
    }

    pub async fn error_code(&mut self, id: i64) -> i64 {
        let response = self.response(id).await;
        response["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {response}"))
    }

    /// The params of the next notification or request of the server with this method.
    pub async fn told(&mut self, method: &str) -> Value {
        self.message(|message| message["method"] == method).await["params"].clone()
    }

    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        self.result(id).await
    }

    pub async fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "metascript", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    pub async fn change(&mut self, uri: &str, version: i32, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes })).await;
    }

    pub async fn save(&mut self, uri: &str) {
        self.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri } })).await;
    }

    pub async fn hover(&mut self, uri: &str, line: u32, character: u32) -> Value {
        self.ask("textDocument/hover", at(uri, line, character)).await
    }

    /// Everything the server still sends until it hangs up, and how it ended.
    pub async fn close(mut self) -> (Vec<Value>, T) {
        if let Some(mut input) = self.input.take() {
            // The server may have hung up already.
            let _ = input.shutdown().await;
        }
        self.end().await
    }

    /// The same with the input left open.
    pub async fn end(mut self) -> (Vec<Value>, T) {
        let mut rest: Vec<Value> = self.kept.drain(..).collect();
        while let Some(message) = self.read().await {
            rest.push(message);
        }
        let ended = timeout(HANG, self.server).await.expect("the server ends").expect("the server does not panic");
        (rest, ended)
    }
}

/// Parameters of a position request.
pub fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

/// A client that can do everything, and speaks UTF-8.
pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16", "utf-8"] },
        "window": { "workDoneProgress": true, "showDocument": { "support": true } },
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } },
        "textDocument": {
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "definition": { "linkSupport": true },
            "typeDefinition": { "linkSupport": true },
            "publishDiagnostics": { "relatedInformation": true, "tagSupport": { "valueSet": [1, 2] } },
            "completion": {
                "completionItem": {
                    "snippetSupport": true,
                    "labelDetailsSupport": true,
                    "insertReplaceSupport": true,
                    "tagSupport": { "valueSet": [1] },
                    "documentationFormat": ["markdown"],
                },
                "completionItemKind": { "valueSet": (1..=25).collect::<Vec<u32>>() },
            },
        },
    })
}
