//! Requests over the network: each step of the way checked, then sent to exactly the address that was
//! checked.
//!
//! Invariant: a name is resolved once for each step, here, and what connects is handed the addresses that
//! passed; no redirect is followed by anybody else, no proxy and no cookie is used. Only user of `ureq`.
//! Runs on the thread of whoever asks, for [`DEADLINE`] a step at most.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::effect::{InputError, Request, Response};
use super::permit::{Host, Permissions};
use super::url::Url;

/// How long one step may take, from the name's look-up to the last byte.
const DEADLINE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);
/// Redirects that are followed.
const MAX_HOPS: usize = 5;
/// The largest body that is taken.
const MAX_BODY: u64 = 16 << 20;

/// What lets an answer be asked for again without its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Fetched {
    /// `None`: what the validators stand for is still right.
    pub response: Option<Response>,
    pub validators: Validators,
    /// Hosts and ports of the way, without the first.
    pub hops: Vec<(String, u16)>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Refused, or nothing that can be asked.
    Input(InputError),
    /// Nobody answered: no network, no such host, no connection, no end.
    Unreachable { host: String, why: String },
}

impl From<InputError> for Trouble {
    fn from(error: InputError) -> Trouble {
        Trouble::Input(error)
    }
}

/// The URL of a request, where its host may be asked.
pub(super) fn permitted(permissions: &Permissions, request: &Request) -> Result<Url, InputError> {
    let url = Url::parse(&request.url)
        .map_err(|why| InputError::invalid(format!("`{}` cannot be fetched: {why}", request.url)))?;
    permissions.host(&url.host, url.port)?;
    Ok(url)
}

/// Sends a request and follows where it leads.
pub(super) fn send(permissions: &Permissions, request: &Request, validators: &Validators) -> Result<Fetched, Trouble> {
    let mut url = permitted(permissions, request)?;
    let mut request = checked(request)?;
    if matches!(request.method.as_str(), "GET" | "HEAD") {
        let conditions = [("if-none-match", &validators.etag), ("if-modified-since", &validators.last_modified)];
        let conditions = conditions.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let is_set = |name: &str| request.headers.iter().any(|(own, _)| own == name);
        let conditions: Vec<_> = conditions.filter(|(name, _)| !is_set(name)).collect();
        request.headers.extend(conditions.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    let mut hops = Vec::new();
    loop {
        let addresses = addresses(permissions, &url)?;
        let answer = transport::exchange(&url, &request, addresses)?;
        let header = |name: &str| answer.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let location = header("location").filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
        let Some(location) = location else {
            let validators = Validators {
                etag: header("etag").map(str::to_owned),
                last_modified: header("last-modified").map(str::to_owned),
            };
            if answer.status == 304 && request.headers.iter().any(|(name, _)| name.starts_with("if-")) {
                return Ok(Fetched { response: None, validators, hops });
            }
            let headers = answer.headers.into_iter().filter(|(name, _)| !is_of_the_moment(name)).collect();
            let response = Response { status: answer.status, headers, body: answer.body };
            return Ok(Fetched { response: Some(response), validators, hops });
        };
        let bad =
            |why: String| InputError::invalid(format!("{url} cannot be fetched: it leads to `{location}`: {why}"));
        let next = url.join(location).map_err(bad)?;
        if hops.len() == MAX_HOPS {
            return Err(bad(format!("more than {MAX_HOPS} redirects")).into());
        }
        if url.is_https && !next.is_https {
            return Err(bad("from `https:` to `http:`".to_owned()).into());
        }
        permissions.host(&next.host, next.port).map_err(|error| InputError {
            message: format!("{}: {} leads there", error.message, url.origin()),
            ..error
        })?;
        if next.origin() != url.origin() {
            // Secrets are for the host that they were sent to.
            request.headers.retain(|(name, _)| !is_secret(name));
        }
        let turns_to_get = answer.status == 303 || (matches!(answer.status, 301 | 302) && request.method == "POST");
        if turns_to_get && request.method != "HEAD" {
            request.method = "GET".to_owned();
            request.body.clear();
            request.headers.retain(|(name, _)| !name.starts_with("content-"));
        }
        hops.push((next.host.to_string(), next.port));
        url = next;
    }
}

/// A request with its names in one spelling, and nothing in it that is the connection's business.
fn checked(request: &Request) -> Result<Request, InputError> {
    let mut out = request.clone();
    let upper = request.method.to_ascii_uppercase();
    match upper.as_str() {
        "GET" | "HEAD" | "OPTIONS" if !request.body.is_empty() => {
            return Err(InputError::invalid(format!("a {upper} request has no body")));
        }
        "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE" => out.method = upper,
        other => return Err(InputError::invalid(format!("`{}` is no method of `fetch`", other.escape_debug()))),
    }
    for (name, value) in &mut out.headers {
        *name = name.to_ascii_lowercase();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(InputError::invalid(format!("`{}` is no header's name", name.escape_debug())));
        }
        if !value.bytes().all(|byte| byte == b'\t' || (b' '..127).contains(&byte)) {
            return Err(InputError::invalid(format!("the header `{name}` has a value that is no plain ASCII text")));
        }
        const OWN: &[&str] = &[
            "host",
            "connection",
            "content-length",
            "transfer-encoding",
            "upgrade",
            "te",
            "trailer",
            "expect",
            "keep-alive",
        ];
        if OWN.contains(&name.as_str()) || name.starts_with("proxy-") {
            return Err(InputError::invalid(format!("the header `{name}` cannot be set")));
        }
    }
    Ok(out)
}

/// Headers that are no part of what is asked for: they differ from one answer to the next.
fn is_of_the_moment(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "date",
        "age",
        "expires",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-encoding",
        "content-length",
        "via",
        "server-timing",
        "alt-svc",
        "nel",
        "report-to",
        "set-cookie",
        "set-cookie2",
        "x-runtime",
        "x-served-by",
        "x-timer",
        "x-cache",
        "x-cache-hits",
        "x-trace-id",
        "traceparent",
        "x-amz-cf-id",
        "x-amz-id-2",
    ];
    NAMES.contains(&name)
        || name.ends_with("request-id")
        || name.ends_with("correlation-id")
        || name.starts_with("cf-")
        || name.starts_with("x-ratelimit-")
        || name.starts_with("ratelimit-")
}

/// Headers that every request may carry; of all others the value may be a secret.
pub(super) fn is_secret(name: &str) -> bool {
    const PLAIN: &[&str] =
        &["accept", "accept-language", "content-type", "user-agent", "if-none-match", "if-modified-since"];
    !PLAIN.contains(&name.to_ascii_lowercase().as_str())
}

/// The addresses of a host that may be connected to; at least one.
fn addresses(permissions: &Permissions, url: &Url) -> Result<Vec<SocketAddr>, Trouble> {
    let port = url.port;
    let all: Vec<IpAddr> = match &url.host {
        Host::Address(address) => vec![*address],
        Host::Name(name) => look_up(name, port).map_err(|why| Trouble::Unreachable { host: name.clone(), why })?,
    };
    let may = |address: &IpAddr| permissions.address(&url.host, *address, port);
    let kept: Vec<SocketAddr> =
        all.iter().filter(|address| may(address)).map(|it| SocketAddr::new(*it, port)).collect();
    match all.first() {
        Some(refused) if kept.is_empty() => Err(permissions.private_address(&url.host, *refused, port).into()),
        None => Err(Trouble::Unreachable { host: url.host.to_string(), why: "it has no address".to_owned() }),
        _ => Ok(kept),
    }
}

/// The system's answer, if it comes in time.
fn look_up(name: &str, port: u16) -> Result<Vec<IpAddr>, String> {
    let (send, receive) = channel();
    let question = (name.to_owned(), port);
    let spawned = std::thread::Builder::new().name("msc-resolve".to_owned()).spawn(move || {
        let found = question.to_socket_addrs().map(|all| all.map(|one| one.ip()).collect::<Vec<_>>());
        // Nobody listens any more where it took too long.
        let _ = send.send(found);
    });
    spawned.map_err(|error| error.to_string())?;
    match receive.recv_timeout(CONNECT) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(_)) => Err("its name leads to no address".to_owned()),
        Err(_) => Err("nobody says which address it has".to_owned()),
    }
}

/// One answer, as it came.
struct Answer {
    status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: String,
}

#[cfg(feature = "fetch")]
mod transport {
    use std::io::Read;

    use ureq::config::Config;
    use ureq::http;
    use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
    use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

    use super::*;

    /// Answers with the addresses that passed, whatever the name.
    #[derive(Debug)]
    struct Checked(Vec<SocketAddr>);

    impl Resolver for Checked {
        fn resolve(&self, _: &http::Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut out = self.empty();
            // It takes sixteen at most.
            for address in self.0.iter().take(16) {
                out.push(*address);
            }
            Ok(out)
        }
    }

    /// Asks one of the addresses; follows nothing.
    pub(super) fn exchange(url: &Url, request: &Request, addresses: Vec<SocketAddr>) -> Result<Answer, Trouble> {
        let started = Instant::now();
        let config = Config::builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(DEADLINE))
            .user_agent(concat!("msc/", env!("CARGO_PKG_VERSION")))
            .max_idle_connections(0)
            .build();
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), Checked(addresses));
        let mut builder = http::Request::builder().method(request.method.as_str()).uri(url.to_string());
        for (name, value) in &request.headers {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let unreachable = |why: String| Trouble::Unreachable { host: url.host.to_string(), why };
        let sent = match request.body.is_empty() && !matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
            true => builder.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request)),
            false => {
                builder.body(request.body.clone()).map_err(ureq::Error::from).and_then(|request| agent.run(request))
            }
        };
        let response = sent.map_err(|error| unreachable(plain(&error)))?;
        let (parts, body) = response.into_parts();
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            match headers.iter_mut().find(|(own, _)| own == name.as_str()) {
                Some((_, known)) => *known = format!("{known}, {value}"),
                None => headers.push((name.as_str().to_owned(), value)),
            }
        }
        headers.sort();
        let mut bytes = Vec::new();
        let mut reader = body.into_reader().take(MAX_BODY + 1);
        reader.read_to_end(&mut bytes).map_err(|error| {
            // The server stopped in the middle.
            unreachable(match started.elapsed() >= DEADLINE {
                true => format!("it did not end within {DEADLINE:?}"),
                false => format!("its answer broke off ({error})"),
            })
        })?;
        if bytes.len() as u64 > MAX_BODY {
            return Err(InputError::invalid(format!("the answer of {url} is larger than {} MB", MAX_BODY >> 20)).into());
        }
        let body = String::from_utf8(bytes)
            .map_err(|_| InputError::invalid(format!("the answer of {url} is no UTF-8 text")))?;
        Ok(Answer { status: parts.status.as_u16(), headers, body })
    }

    /// What keeps an answer away, without what differs from one time to the next.
    fn plain(error: &ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect) => format!("no connection within {CONNECT:?}"),
            ureq::Error::Timeout(_) => format!("no answer within {DEADLINE:?}"),
            ureq::Error::Io(error) => match error.kind() {
                std::io::ErrorKind::ConnectionRefused => "it refuses the connection".to_owned(),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof => {
                    "it closed the connection".to_owned()
                }
                kind => format!("no connection ({kind})"),
            },
            other => other.to_string(),
        }
    }
}

#[cfg(not(feature = "fetch"))]
mod transport {
    use super::*;

    pub(super) fn exchange(url: &Url, _: &Request, _: Vec<SocketAddr>) -> Result<Answer, Trouble> {
        let _ = (Instant::now(), DEADLINE, MAX_BODY);
        Err(InputError::invalid(format!("{url} cannot be fetched: this msc was built without the network")).into())
    }
}
