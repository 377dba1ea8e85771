//! URLs of requests, read strictly: what this module cannot say for certain is an error.
//!
//! Invariant: whoever reads the printed form of a [`Url`] finds the host and the port that were read
//! here. Tricks with users, backslashes, escapes and odd numbers in place of the host all rest on two
//! readers that disagree.

use std::fmt;

use super::permit::{Host, split_port};

/// An `http` or `https` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub is_https: bool,
    pub host: Host,
    pub port: u16,
    /// Path and query, at least `/`, percent-encoded where it must be. A fragment is no part of a request.
    pub path: String,
}

impl Url {
    /// The error is one sentence about the URL.
    pub fn parse(text: &str) -> Result<Url, String> {
        let text = text.trim_matches(' ');
        if text.chars().any(char::is_control) {
            return Err("it holds a control character".to_owned());
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err("it has no scheme: write `https://…`".to_owned());
        };
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            "file" => return Err("a macro fetches `http:` and `https:` alone; `readFile` reads a file".to_owned()),
            other => {
                return Err(format!("a macro fetches `http:` and `https:` alone, not `{}:`", other.escape_debug()));
            }
        };
        let rest = rest.strip_prefix("//").ok_or("after its scheme stands `//`")?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if rest.starts_with('\\') {
            return Err("it holds a backslash".to_owned());
        }
        if authority.contains('@') {
            return Err("it holds a user: send an `Authorization` header instead".to_owned());
        }
        let (host, port) = split_port(authority)?;
        let host = Host::parse(host)?;
        let port = port.unwrap_or(if is_https { 443 } else { 80 });
        let rest = rest.split('#').next().unwrap_or("");
        let path = if rest.starts_with('/') { escaped(rest) } else { format!("/{}", escaped(rest)) };
        Ok(Url { is_https, host, port, path })
    }

    /// What a `Location` header names, from here.
    pub fn join(&self, location: &str) -> Result<Url, String> {
        let location = location.trim_matches(' ');
        let scheme_end = location.find(|char: char| !char.is_ascii_alphanumeric() && !"+-.".contains(char));
        let has_scheme = scheme_end.is_some_and(|end| end > 0 && location[end..].starts_with(':'));
        if has_scheme {
            return Url::parse(location);
        }
        if location.starts_with("//") {
            return Url::parse(&format!("{}:{location}", self.scheme()));
        }
        if location.starts_with('\\') {
            return Err("it holds a backslash".to_owned());
        }
        let path = self.path.split('?').next().unwrap_or("/");
        let whole = match location.chars().next() {
            None | Some('#') => self.path.clone(),
            Some('/') => location.to_owned(),
            Some('?') => format!("{path}{location}"),
            Some(_) => format!("{}{location}", &path[..=path.rfind('/').unwrap_or(0)]),
        };
        Url::parse(&format!("{}{}", self.origin(), if whole.is_empty() { "/" } else { &whole }))
    }

    pub fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        let is_usual = self.port == if self.is_https { 443 } else { 80 };
        match is_usual {
            true => format!("{}://{}", self.scheme(), self.host),
            false => format!("{}://{}:{}", self.scheme(), self.host, self.port),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

/// Escapes what cannot stand in a request line; escapes that are there stay.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0..=b' ' | 127.. => {
                out.push_str(&format!("%{byte:02X}"));
            }
            plain => out.push(char::from(plain)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Url::parse(text).map_or_else(|why| format!("error: {why}"), |url| url.to_string())
    }

    #[test]
    fn plain_urls_are_read() {
        for (written, read) in [
            ("https://example.com", "https://example.com/"),
            ("HTTPS://Example.COM:443/a?b#c", "https://example.com/a?b"),
            ("http://example.com:8080?q=ä b", "http://example.com:8080/?q=%C3%A4%20b"),
            ("http://[::1]:80/", "http://[::1]/"),
            ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"),
            ("https://example.com/a%2fb@c:d", "https://example.com/a%2fb@c:d"),
        ] {
            assert_eq!(parsed(written), read, "{written}");
        }
    }

    #[test]
    fn tricks_are_errors() {
        for bad in [
            "example.com",
            "file:///etc/passwd",
            "data:text/plain,x",
            "ftp://x/",
            "javascript:x",
            "https:example.com",
            "https:/x",
            "https://user@example.com/",
            "https://good.com\\@evil.com/",
            "https://good.com\\.evil.com/",
            "https://",
            "https:///x",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1.:80:80/",
            "http://exa%6dple.com/",
            "http://example.com:0/",
            "http://example.com:99999/",
            "http://example.com:/",
            "http://ex ample.com/",
            "http://example.com\r\nHost: x/",
            "http://[::1/",
            "http://[fe80::1%25eth0]/",
            "http://①②⑦.0.0.1/",
            "http://example。com/",
        ] {
            assert!(parsed(bad).starts_with("error: "), "{bad}: {}", parsed(bad));
        }
    }

    #[test]
    fn redirects_are_joined() {
        let from = Url::parse("https://example.com/a/b?c").expect("a URL");
        let joined = |to: &str| from.join(to).map_or_else(|why| format!("error: {why}"), |url| url.to_string());
        assert_eq!(joined("/x"), "https://example.com/x");
        assert_eq!(joined("x:y/z"), "error: a macro fetches `http:` and `https:` alone, not `x:`");
        assert_eq!(joined("x?u=http://v/"), "https://example.com/a/x?u=http://v/");
        assert_eq!(joined("?d"), "https://example.com/a/b?d");
        assert_eq!(joined("//other.com/y"), "https://other.com/y");
        assert_eq!(joined("http://other.com:81"), "http://other.com:81/");
        assert!(joined("\\\\other.com/").starts_with("error: ") && joined("//u@other.com/").starts_with("error: "));
    }
}
