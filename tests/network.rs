//! Requests of macros: what is sent, how long an answer counts, where a redirect may lead.
//!
//! Every host is a server of the test on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use msc::base::FilePath;
use msc::macros::effect::Request;
use msc::macros::protocol::CacheOptions;
use msc::macros::{Access, Allow, Effect, Inputs, Outside, Permission, Permissions, ProjectInputs, Remark};

/// What a client sent.
#[derive(Clone, Debug, Default)]
struct Sent {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// Status, headers, body.
type Answer = (u16, Vec<(&'static str, String)>, String);
type Handler = Box<dyn Fn(&Sent) -> Answer + Send>;

struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Sent>>>,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new(handler: impl Fn(&Sent) -> Answer + Send + 'static) -> Server {
        Server::at(0, Box::new(handler))
    }

    fn at(port: u16, handler: Handler) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (seen, closed) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (for_seen, for_closed) = (seen.clone(), closed.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if for_closed.load(Ordering::Acquire) {
                    return;
                }
                let Some(stream) = stream.ok() else { continue };
                // A client that goes away in the middle is none of the server's business.
                let _ = serve(stream, &*handler, &for_seen);
            }
        });
        Server { port, seen, closed, thread: Some(thread) }
    }

    /// Host and port.
    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn seen(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.seen.lock().expect("no handler panics"))
    }

    fn requests(&self) -> usize {
        self.seen().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the handler does not panic");
        }
    }
}

fn serve(mut stream: TcpStream, handler: &dyn Fn(&Sent) -> Answer, seen: &Mutex<Vec<Sent>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut sent =
        Sent { method: words.next().unwrap_or_default(), path: words.next().unwrap_or_default(), ..Sent::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        sent.headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = sent.headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    sent.body = String::from_utf8_lossy(&body).into_owned();
    let (status, headers, body) = handler(&sent);
    seen.lock().expect("no handler panics").push(sent);
    write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n", body.len())?;
    for (name, value) in headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "\r\n{body}")
}

fn ok(body: &str) -> Answer {
    (200, Vec::new(), body.to_owned())
}

/// A project that may reach some hosts.
struct Project {
    dir: tempfile::TempDir,
    allow: Vec<String>,
}

impl Project {
    fn new(allow: &[String], main: &str) -> Project {
        let project = Project { dir: tempfile::tempdir().expect("a directory"), allow: allow.to_vec() };
        project.write("metascript.json", "{ \"moduleDetection\": \"force\" }");
        project.write("main.ms", main);
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("project").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn msc(&self, args: &[&str]) -> (String, String) {
        let allow: Vec<String> = self.allow.iter().map(|host| format!("--allow-net={host}")).collect();
        let allow = if args[0] == "cache" { Vec::new() } else { allow };
        let output = Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(args)
            .args(allow)
            .current_dir(self.path(""))
            .env("XDG_CONFIG_HOME", self.dir.path().join("config"))
            .env("HOME", self.dir.path())
            .env("NO_COLOR", "1")
            // A proxy would be asked in the place of the host whose address was checked.
            .env("http_proxy", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .output()
            .expect("msc starts");
        (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn run(&self) -> String {
        let (out, err) = self.msc(&["run", "main.ms"]);
        out + err.as_str()
    }

    /// The findings of a check, each with its code, and the number of macros that ran for it.
    fn check(&self) -> (Vec<String>, String) {
        let (out, err) = self.msc(&["check", "--format=json", "--stats"]);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = json["diagnostics"].as_array().expect("a list");
        let found = rows.iter().map(|row| format!("{} {}", text(row, "code"), text(row, "message"))).collect();
        let ran = err.lines().find_map(|line| line.strip_prefix("macros run")).expect("statistics").trim().to_owned();
        (found, ran.split(' ').next().unwrap_or_default().to_owned())
    }

    fn clean(&self) -> String {
        let (found, ran) = self.check();
        assert!(found.is_empty(), "{found:?}");
        ran
    }

    fn found(&self) -> String {
        self.check().0.join("\n")
    }
}

#[test]
fn a_request_is_sent_as_the_macro_says_and_answered_in_full() {
    let server = Server::new(|sent| {
        let headers = vec![("Content-Type", "application/json".to_owned()), ("X-Total", "3".to_owned())];
        match sent.path.as_str() {
            "/missing" => (404, headers, "none".to_owned()),
            _ => (201, headers, r#"{"list": [1, 2]}"#.to_owned()),
        }
    });
    let host = server.host();
    let project = Project::new(
        std::slice::from_ref(&host),
        &format!(
            "const made = @comptime {{
               const response = fetch(\"http://{host}/a b?q=1#part\", {{
                 method: \"post\", headers: {{ \"Content-Type\": \"text/plain\", \"X-Key\": \"k\" }}, body: \"hällo\",
               }});
               const {{ list }} = response.json();
               return [response.status, response.ok, response.headers[\"content-type\"], response.headers[\"x-total\"], list.length];
             }};
             const missing = @comptime {{
               const response = fetch(\"http://{host}/missing\");
               return [response.status, response.ok, response.text()];
             }};
             console.log(made.join(\" \"), missing.join(\" \"));"
        ),
    );
    assert_eq!(project.run(), "201 true application/json 3 2 404 false none\n");
    let mut seen = server.seen();
    seen.sort_by(|a, b| b.method.cmp(&a.method));
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str(), seen[0].body.as_str()),
        ("POST", "/a%20b?q=1", "hällo")
    );
    let header = |name: &str| seen[0].headers.get(name).map(String::as_str);
    assert_eq!((header("content-type"), header("x-key")), (Some("text/plain"), Some("k")));
    assert_eq!(header("host"), Some(host.as_str()));
    assert_eq!((seen[1].method.as_str(), seen[1].path.as_str(), seen.len()), ("GET", "/missing", 2));
}

#[test]
fn a_fresh_answer_is_not_asked_for_again() {
    let text = Arc::new(Mutex::new("one".to_owned()));
    let answer = text.clone();
    let server = Server::new(move |_| ok(&answer.lock().expect("a text")));
    let host = server.host();
    let read = |name: &str| {
        format!(
            "export const {name} = @comptime {{ return fetch(\"http://{host}/\").text() + \"{name}\".slice(9); }};\n"
        )
    };
    let project = Project::new(std::slice::from_ref(&host), &format!("{}{}console.log(a, b);\n", read("a"), read("b")));
    project.write("other.ms", &read("c"));
    project.write("still.ms", "export const d = @comptime { return 1; };\n");
    assert_eq!(project.clean(), "4");
    assert_eq!(server.requests(), 1, "three uses ask once");
    assert_eq!(project.run(), "one one\n");
    // Another use of the same answer, too; and nothing is asked where everything is made anew.
    project.write("more.ms", &read("e"));
    assert_eq!(project.clean(), "1");
    project.msc(&["cache", "clear", "--macros"]);
    assert_eq!(project.clean(), "5");
    assert_eq!(server.requests(), 0);

    *text.lock().expect("a text") = "two".to_owned();
    assert_eq!(project.run(), "one one\n", "it is fresh for an hour");
    let (told, _) = project.msc(&["cache", "clear", "--network"]);
    assert_eq!(told, "Deleted 1 row of the cache.\n");
    assert_eq!(project.clean(), "4", "its readers run, and nothing else");
    assert_eq!(server.requests(), 1);
    assert_eq!(project.run(), "two two\n");
}

const ALWAYS: &str = "{ cache: { ttl: \"0s\" } }";

#[test]
fn an_old_answer_is_asked_for_on_condition() {
    let version = Arc::new(Mutex::new(1));
    let now = version.clone();
    let server = Server::new(move |sent| {
        let version = *now.lock().expect("a number");
        let tag = format!("\"v{version}\"");
        let date = ("Date", "Fri, 20 Nov 2026 15:00:00 GMT".to_owned());
        match sent.headers.get("if-none-match") {
            Some(known) if *known == tag => (304, vec![("ETag", tag)], String::new()),
            _ => (200, vec![("ETag", tag), date], format!("version {version}")),
        }
    });
    let host = server.host();
    let project = Project::new(
        std::slice::from_ref(&host),
        &format!(
            "const a = @comptime({ALWAYS}) {{ return fetch(\"http://{host}/\").text(); }};
             const b = @comptime {{ return 1; }};
             console.log(a, b);"
        ),
    );
    assert_eq!(project.clean(), "2");
    assert_eq!(server.requests(), 1);
    assert_eq!(project.clean(), "0", "nothing changed, so no macro runs");
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].headers.get("if-none-match").map(String::as_str), Some("\"v1\""));
    *version.lock().expect("a number") = 2;
    assert_eq!(project.clean(), "1", "the one that read it");
    assert_eq!(project.run(), "version 2 1\n");
}

#[test]
fn another_key_is_another_answer() {
    let server = Server::new(|_| ok("x"));
    let host = server.host();
    let main = |key: &str| {
        format!("@comptime({{ cache: {{ key: \"{key}\", ttl: \"7d\" }} }}) {{ fetch(\"http://{host}/\"); }};\n")
    };
    let project = Project::new(std::slice::from_ref(&host), &main("v1"));
    project.clean();
    project.clean();
    assert_eq!(server.requests(), 1);
    project.write("main.ms", &main("v2"));
    project.clean();
    assert_eq!(server.requests(), 1);
    project.write("main.ms", &main("v1"));
    project.clean();
    assert_eq!(server.requests(), 0, "the first is known still");
}

#[test]
fn without_a_network_the_last_answer_counts_and_says_so() {
    let server = Server::new(|_| ok("before"));
    let (host, port) = (server.host(), server.port);
    let project = Project::new(
        std::slice::from_ref(&host),
        &format!("console.log(@comptime({ALWAYS}) {{ return fetch(\"http://{host}/\").text(); }});\n"),
    );
    assert_eq!(project.clean(), "1");
    drop(server);
    for _ in 0..2 {
        let (found, ran) = project.check();
        assert_eq!(ran, "0");
        let expected = format!("MS3011 http://{host}/ was not answered (it refuses the connection): the answer of ");
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}");
    }
    assert!(project.run().starts_with("before\n"));
    let server = Server::at(port, Box::new(|_| (503, Vec::new(), "down".to_owned())));
    assert!(project.found().contains("was not answered (the answer is 503)"));
    drop(server);
    let server = Server::at(port, Box::new(|_| ok("after")));
    assert_eq!(project.clean(), "1");
    assert_eq!(project.run(), "after\n");
    drop(server);
}

#[test]
fn without_any_answer_it_is_an_error_until_there_is_one() {
    let server = Server::new(|_| ok(""));
    let (host, port) = (server.host(), server.port);
    drop(server);
    let project = Project::new(
        std::slice::from_ref(&host),
        &format!("console.log(@comptime {{ return fetch(\"http://{host}/\").text(); }});\n"),
    );
    let expected = "MS3001 127.0.0.1 cannot be reached: it refuses the connection";
    assert_eq!(project.found(), expected);
    assert_eq!(project.found(), expected);
    let server = Server::at(port, Box::new(|_| ok("there")));
    assert_eq!(project.run(), "there\n");
    assert_eq!(server.requests(), 1);
}

#[test]
fn each_step_of_a_redirect_is_asked_about() {
    let target = Server::new(|sent| ok(&format!("{} {:?}", sent.path, sent.headers.get("authorization"))));
    let port = target.port;
    let server = Server::new(move |sent| {
        let to = match sent.path.as_str() {
            "/same" => "/there".to_owned(),
            "/there" => return ok("here"),
            "/other" => format!("http://127.0.0.1:{port}/x"),
            "/name" => format!("http://localhost:{port}/x"),
            "/user" => format!("http://u@127.0.0.1:{port}/x"),
            "/file" => "file:///etc/passwd".to_owned(),
            "/metadata" => "http://169.254.169.254/latest/meta-data/".to_owned(),
            "/decimal" => format!("http://2130706433:{port}/x"),
            _ => "/loop".to_owned(),
        };
        (302, vec![("Location", to)], String::new())
    });
    let host = server.host();
    let fetched = |path: &str, allow: &[String]| {
        let main = format!(
            "console.log(@comptime {{ return fetch(\"http://{host}{path}\", {{ headers: {{ Authorization: \"Bearer s3cret\" }} }}).text(); }});\n"
        );
        let project = Project::new(allow, &main);
        let found = project.found();
        if found.is_empty() { project.run() } else { found }
    };
    let own = [host.clone()];
    let both = [host.clone(), target.host()];
    assert_eq!(fetched("/same", &own), "here\n");
    assert_eq!(fetched("/other", &both), "/x undefined\n".replace("undefined", "None"), "the secret stays");
    target.seen();
    for (path, code) in [
        ("/other", "MS3004"),
        ("/name", "MS3004"),
        ("/user", "MS3001"),
        ("/file", "MS3001"),
        ("/metadata", "MS3004"),
        ("/decimal", "MS3001"),
        ("/loop", "MS3001"),
    ] {
        let found = fetched(path, &own);
        assert!(found.starts_with(code), "{path}: {found}");
    }
    assert_eq!(target.requests(), 0, "nobody was asked who may not be");
}

#[test]
fn a_kept_redirect_needs_the_permission_for_its_steps() {
    let target = Server::new(|_| ok("there"));
    let to = format!("http://{}/", target.host());
    let server = Server::new(move |_| (301, vec![("Location", to.clone())], String::new()));
    let main = format!("console.log(@comptime {{ return fetch(\"http://{}/\").text(); }});\n", server.host());
    let mut project = Project::new(&[server.host(), target.host()], &main);
    project.clean();
    assert_eq!(project.run(), "there\n");
    project.allow.pop();
    assert!(project.found().starts_with("MS3004"));
}

#[test]
fn a_name_does_not_lead_to_this_machine() {
    let Some(name) = ["ip6-localhost", "ip6-loopback"].into_iter().find(|name| (*name, 80).to_socket_addrs().is_ok())
    else {
        println!("skipped: no name but `localhost` leads to this machine");
        return;
    };
    let server = Server::new(|_| ok("x"));
    let port = server.port;
    let main = format!("console.log(@comptime {{ return fetch(\"http://{name}:{port}/\").text(); }});\n");
    let project = Project::new(&[format!("{name}:{port}")], &main);
    let found = project.found();
    assert!(found.starts_with("MS3008"), "{found}");
    assert_eq!(server.requests(), 0);
    let named = Project::new(&[format!("localhost:{port}")], &main.replace(name, "localhost"));
    assert_eq!(named.run(), "x\n");
}

#[test]
fn secrets_are_not_kept() {
    let server = Server::new(|sent| ok(if sent.headers.contains_key("authorization") { "yes" } else { "no" }));
    let host = server.host();
    let main = |options: &str| {
        format!(
            "console.log(@comptime{options} {{ return fetch(\"http://{host}/\", {{ headers: {{ Authorization: [\"s3\", \"cret\"].join(\"\") }} }}).text(); }});\n"
        )
    };
    let project = Project::new(std::slice::from_ref(&host), &main(""));
    assert_eq!(project.clean(), "1");
    assert_eq!(project.clean(), "0");
    assert_eq!(project.run(), "yes\n");
    assert_eq!(server.requests(), 1);
    for entry in fs::read_dir(project.path(".metascript-cache")).expect("a cache") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = fs::read(&path).expect("a file");
            assert!(!bytes.windows(6).any(|window| window == b"s3cret"), "{}", path.display());
        }
    }
    // Only the macro can ask again: it runs.
    project.write("main.ms", &main(&format!("({ALWAYS})")));
    assert_eq!(project.clean(), "1");
    assert_eq!(project.clean(), "1");
    assert!(server.requests() >= 2);
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    let server = Server::new(|_| ok("x"));
    let host = server.host();
    for (init, expected) in [
        ("{ method: \"TRACE\" }", "MS3001 `TRACE` is no method of `fetch`"),
        ("{ method: \"GET\", body: \"x\" }", "MS3001 a GET request has no body"),
        ("{ headers: { Host: \"evil.com\" } }", "MS3001 the header `host` cannot be set"),
        ("{ headers: { \"a\\r\\nHost\": \"evil.com\" } }", "MS3001 `a\\r\\nhost` is no header's name"),
        (
            "{ headers: { a: \"b\\r\\nHost: evil.com\" } }",
            "MS3001 the header `a` has a value that is no plain ASCII text",
        ),
        ("{ headers: { \"Transfer-Encoding\": \"chunked\" } }", "MS3001 the header `transfer-encoding` cannot be set"),
    ] {
        let main = format!("@comptime {{ fetch(\"http://{host}/\", {init}); }};\n");
        assert_eq!(Project::new(std::slice::from_ref(&host), &main).found(), expected);
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn answers_have_a_limit_and_are_text() {
    let server = Server::new(|sent| match sent.path.as_str() {
        "/large" => (200, Vec::new(), "x".repeat((16 << 20) + 1)),
        _ => (200, vec![("X-Request-Id", "1".to_owned()), ("X-Kept", "2".to_owned())], "fine".to_owned()),
    });
    let host = server.host();
    let project = |path: &str, read: &str| {
        let main = format!("console.log(@comptime {{ return {read}(fetch(\"http://{host}{path}\")); }});\n");
        Project::new(std::slice::from_ref(&host), &main)
    };
    assert!(project("/large", "((r) => r.text().length)").found().contains("is larger than 16 MB"));
    assert_eq!(project("/", "((r) => Object.keys(r.headers).join())").run(), "x-kept\n");
    assert!(project("/", "((r) => r.json())").found().contains("not valid JSON"));
}

/// Below the command line: what is remarked, and that the time counts.
#[test]
fn a_slow_answer_is_remarked_until_a_quick_one() {
    let server = Server::new(|_| ok("x"));
    let root = FilePath::new("/p");
    let mut allow = Allow::default();
    allow.add(Permission::Net, &server.host(), &root).expect("a host");
    let permissions = Permissions { for_run: allow, ..Permissions::none(root) };
    let request = Request {
        url: format!("http://{}/", server.host()),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: String::new(),
    };
    let options = CacheOptions { ttl: Some(Duration::ZERO), key: None };
    let remark = |slow: Duration| {
        let outside = Arc::new(Outside::new(|| None).with_slow(slow));
        let inputs = ProjectInputs::with(Arc::new(Access::new(permissions.clone())), outside.clone());
        let answer = inputs.fetch(&request, &options);
        assert_eq!(answer.as_ref().map(|response| response.body.as_str()), Ok("x"));
        let effect = Effect::of_fetch(&request, &options, &answer);
        assert!(effect.still_holds(&inputs));
        assert_eq!(outside.has_remarks(), outside.remark(&effect).is_some());
        outside.remark(&effect)
    };
    assert!(matches!(remark(Duration::ZERO), Some(Remark::Slow { url, .. }) if url == request.url));
    assert_eq!(remark(Duration::from_secs(3_600)), None);
}
