//! What macros may do beyond computing and reading the project: what a project asks for, what a
//! person granted, and the rule that decides.
//!
//! Invariant: pure data and comparisons, no I/O. Asking grants nothing: [`Permissions::granted`] is
//! set by whoever knows what the person said, and names exactly what was asked then.
//!
//! Start reading at [`Permissions`]; [`Allow`] is the content of `macros.allow`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::effect::{InputError, InputErrorKind};
use crate::base::{Digest, FilePath, Recipe};

/// A kind of permission: a list of `macros.allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Permission {
    Net,
    Read,
    Env,
    Run,
}

impl Permission {
    pub const ALL: [Permission; 4] = [Permission::Net, Permission::Read, Permission::Env, Permission::Run];

    /// Its name in `macros.allow`; `--allow-NAME` is its flag.
    pub fn name(self) -> &'static str {
        match self {
            Permission::Net => "net",
            Permission::Read => "read",
            Permission::Env => "env",
            Permission::Run => "run",
        }
    }
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Refusal {
    /// Nobody asks for it.
    NotAsked(Permission),
    /// The project asks for it, and no person has granted that.
    NotGranted,
    /// The host may be reached, and its address lies in a private network.
    PrivateAddress,
    /// The clock and chance, outside of compile-time blocks.
    NotInMacros,
}

/// A host of a URL or of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// In lower case, without a dot at its end.
    Name(String),
    /// IPv4 addresses that are written as IPv6 ones are IPv4 addresses.
    Address(IpAddr),
}

impl Host {
    /// A name or an address in its one plain form: other spellings of addresses (decimal, octal, hexadecimal,
    /// with parts left out) mean different things to different programs, and are errors.
    pub fn parse(text: &str) -> Result<Host, String> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or("the bracket of its address is not closed")?;
            let address: Ipv6Addr = inner.parse().map_err(|_| format!("`{inner}` is no IPv6 address"))?;
            return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if name.is_empty() || name.len() > 253 {
            return Err("it names no host".to_owned());
        }
        if let Some(bad) = name.chars().find(|char| !char.is_ascii_alphanumeric() && !"-_.".contains(*char)) {
            return Err(match bad.is_ascii() {
                true => format!("`{}` cannot stand in a host's name", bad.escape_debug()),
                false => "a host's name is written in ASCII (`xn--…`)".to_owned(),
            });
        }
        if name.split('.').any(|label| label.is_empty() || label.len() > 63) {
            return Err(format!("`{name}` is no host's name"));
        }
        let last = name.rsplit('.').next().unwrap_or(&name);
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
            || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if !is_number {
            return Ok(Host::Name(name));
        }
        // Every part is decimal, without zeros in front.
        match name.parse::<Ipv4Addr>() {
            Ok(address) => Ok(Host::Address(IpAddr::V4(address))),
            Err(_) => Err(format!("`{name}` is no plain IPv4 address: write four decimal numbers")),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// One entry of `net`: `example.com`, `example.com:8443`, `*.example.com`, `10.1.2.3:8080`, `[::1]:80`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NetRule {
    host: Host,
    /// Names below `host`, and not `host` itself.
    below: bool,
    /// `None`: 80 and 443.
    port: Option<u16>,
}

impl NetRule {
    pub fn parse(text: &str) -> Result<NetRule, String> {
        if text.contains("://") || text.contains('/') {
            return Err("a host stands here, without a scheme and a path: `api.example.com`".to_owned());
        }
        if text.contains('@') {
            return Err("a host stands here, without a user".to_owned());
        }
        let (host, port) = split_port(text)?;
        let (host, below) = match host.strip_prefix("*.") {
            Some(host) => (host, true),
            None => (host, false),
        };
        if host.contains('*') {
            return Err("`*` can stand only for what is below a host: `*.example.com`".to_owned());
        }
        let host = Host::parse(host)?;
        match &host {
            Host::Address(_) if below => Err("nothing is below an address".to_owned()),
            Host::Name(name) if below && !name.contains('.') => {
                Err(format!("`*.{name}` names half of the internet: name the hosts"))
            }
            _ => Ok(NetRule { host, below, port }),
        }
    }

    fn permits(&self, host: &Host, port: u16) -> bool {
        let names = match (&self.host, host) {
            (Host::Name(above), Host::Name(name)) if self.below => {
                name.strip_suffix(above.as_str()).is_some_and(|rest| rest.ends_with('.'))
            }
            (own, host) => own == host,
        };
        names && self.permits_port(port)
    }

    fn permits_port(&self, port: u16) -> bool {
        match self.port {
            Some(own) => own == port,
            None => port == 80 || port == 443,
        }
    }
}

impl fmt::Display for NetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*." } else { "" }, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// `host`, `host:port`, `[address]:port`.
pub(super) fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match text.rfind(':').filter(|colon| !text[*colon..].contains(']')) {
        Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
        None => (text, None),
    };
    if host.contains(':') && !host.starts_with('[') {
        return Err("an IPv6 address stands in brackets: `[::1]`".to_owned());
    }
    match port {
        None => Ok((host, None)),
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number != 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok((host, Some(number))),
            _ => Err(format!("`{port}` is no port")),
        },
    }
}

/// What `macros.allow` asks for, or the command line permits. Each list sorted, nothing twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    pub net: Vec<NetRule>,
    /// Files and directories, absolute.
    pub read: Vec<FilePath>,
    /// Names of variables, in full.
    pub env: Vec<String>,
    /// Names of programs, or absolute paths.
    pub run: Vec<String>,
}

impl Allow {
    /// Adds what one entry of a list says; `base` is where its relative paths are taken from. The error
    /// is one sentence without its subject, the entry.
    pub fn add(&mut self, permission: Permission, entry: &str, base: &FilePath) -> Result<(), String> {
        if entry.is_empty() {
            return Err("it is empty".to_owned());
        }
        if entry.chars().any(char::is_control) {
            return Err("it holds a control character".to_owned());
        }
        match permission {
            Permission::Net => insert(&mut self.net, NetRule::parse(entry)?),
            Permission::Read => {
                if entry.starts_with('~') {
                    return Err("`~` is not known here: write the path out".to_owned());
                }
                if entry.contains('*') {
                    return Err("a file or a directory stands here, no pattern".to_owned());
                }
                insert(&mut self.read, FilePath::resolve(base.as_str(), entry));
            }
            Permission::Env => {
                if !entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    return Err("the name of one variable stands here".to_owned());
                }
                insert(&mut self.env, entry.to_owned());
            }
            Permission::Run => {
                let is_path = entry.contains(['/', '\\']);
                if is_path && !std::path::Path::new(entry).is_absolute() {
                    return Err("a program's name stands here, or its absolute path: what lies in the project could \
                         be another program tomorrow"
                        .to_owned());
                }
                if entry == "*" {
                    return Err("each program is named".to_owned());
                }
                insert(&mut self.run, entry.to_owned());
            }
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.net.is_empty() && self.read.is_empty() && self.env.is_empty() && self.run.is_empty()
    }

    /// Each entry in its plain form, with its list.
    pub fn entries(&self) -> Vec<(Permission, String)> {
        let net = self.net.iter().map(|rule| (Permission::Net, rule.to_string()));
        let read = self.read.iter().map(|path| (Permission::Read, path.to_string()));
        let env = self.env.iter().map(|name| (Permission::Env, name.clone()));
        let run = self.run.iter().map(|name| (Permission::Run, name.clone()));
        net.chain(read).chain(env).chain(run).collect()
    }

    /// What a grant is for: any change of the lists is another.
    pub fn digest(&self) -> Digest {
        let mut recipe = Recipe::new("macros.allow");
        for (permission, entry) in self.entries() {
            recipe.text(permission.name(), &entry);
        }
        recipe.finish()
    }

    /// Whether `other` has everything that is here.
    fn permits_host(&self, host: &Host, port: u16) -> bool {
        self.net.iter().any(|rule| rule.permits(host, port))
    }

    /// Whether a file may be read, by the parts of its path alone.
    fn permits_path(&self, path: &FilePath) -> bool {
        self.read.iter().any(|rule| path.is_under(rule) && private_part(path.relative_to(rule)).is_none())
    }
}

fn insert<T: Ord>(list: &mut Vec<T>, value: T) {
    if let Err(at) = list.binary_search(&value) {
        list.insert(at, value);
    }
}

/// What holds for the macros of one project.
#[derive(Clone, Debug)]
pub struct Permissions {
    pub root: FilePath,
    /// `macros.allow` of the project file.
    pub asked: Allow,
    /// Whether a person granted exactly what is asked.
    pub granted: bool,
    /// For this run, by the command line.
    pub for_run: Allow,
}

impl Permissions {
    /// Where nobody asks and nobody grants.
    pub fn none(root: FilePath) -> Permissions {
        Permissions { root, asked: Allow::default(), granted: false, for_run: Allow::default() }
    }

    /// Whether the project waits for a person's answer.
    pub fn is_open(&self) -> bool {
        !self.granted && !self.asked.is_empty()
    }

    /// Changes whenever an answer to some question may change.
    pub fn digest(&self) -> Digest {
        let mut recipe = Recipe::new("permissions");
        recipe.text("root", self.root.as_str()).digest("asked", self.asked.digest());
        recipe.text("granted", if self.granted { "yes" } else { "no" }).digest("run", self.for_run.digest());
        recipe.finish()
    }

    fn in_force(&self) -> impl Iterator<Item = &Allow> {
        [Some(&self.for_run), self.granted.then_some(&self.asked)].into_iter().flatten()
    }

    /// `message` says what the macro may not do; `what` is the entry that would permit it.
    fn refuse(&self, permission: Permission, asks: bool, message: String, what: &str) -> InputError {
        let name = permission.name();
        if asks {
            let help = format!(
                "the project asks for it: see what it asks for and grant that with `msc trust`, or permit this for \
                 one run with `--allow-{name}={what}`"
            );
            let kind = InputErrorKind::Refused(Refusal::NotGranted);
            return InputError { kind, message: format!("{message} before you grant it"), help: Some(help) };
        }
        let help = format!(
            "if you trust it with that, add \"{what}\" to the list \"{name}\" of `macros.allow` in metascript.json and run `msc \
             trust`, or permit it for one run with `--allow-{name}={what}`"
        );
        InputError { kind: InputErrorKind::Refused(Refusal::NotAsked(permission)), message, help: Some(help) }
    }

    pub fn env(&self, name: &str) -> Result<(), InputError> {
        let permits = |allow: &Allow| allow.env.iter().any(|one| is_same_variable(one, name));
        if self.in_force().any(permits) {
            return Ok(());
        }
        let message = format!("a macro may not read the environment variable {}", plain(name));
        Err(self.refuse(Permission::Env, permits(&self.asked), message, &plain(name)))
    }

    pub fn run(&self, program: &str) -> Result<(), InputError> {
        let permits = |allow: &Allow| allow.run.iter().any(|one| one == program);
        if self.in_force().any(permits) {
            return Ok(());
        }
        let message = format!("a macro may not run {}", plain(program));
        Err(self.refuse(Permission::Run, permits(&self.asked), message, &plain(program)))
    }

    /// Whether a host may be asked. Its addresses are another question: [`Permissions::address`].
    pub fn host(&self, host: &Host, port: u16) -> Result<(), InputError> {
        if self.in_force().any(|allow| allow.permits_host(host, port)) {
            return Ok(());
        }
        let shown = match port {
            80 | 443 => host.to_string(),
            _ => format!("{host}:{port}"),
        };
        let message = format!("a macro may not reach {shown} over the network");
        Err(self.refuse(Permission::Net, self.asked.permits_host(host, port), message, &shown))
    }

    /// Whether an address that a host has may be connected to: addresses of the internet may, others
    /// where they are named.
    pub fn address(&self, host: &Host, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        if is_public(address) {
            return true;
        }
        let is_local = *host == Host::Name("localhost".to_owned()) && address.is_loopback();
        is_local || self.in_force().any(|allow| allow.permits_host(&Host::Address(address), port))
    }

    /// The refusal of a host all of whose addresses are refused.
    pub fn private_address(&self, host: &Host, address: IpAddr, port: u16) -> InputError {
        let named = Host::Address(address.to_canonical());
        let shown = match port {
            80 | 443 => named.to_string(),
            _ => format!("{named}:{port}"),
        };
        InputError {
            kind: InputErrorKind::Refused(Refusal::PrivateAddress),
            message: format!(
                "a macro may not reach {host}: its address {address} belongs to this machine or to a private network"
            ),
            help: Some(format!(
                "where that is meant, name the address too: \"{shown}\" in the list \"net\" of `macros.allow`, or \
                 `--allow-net={shown}`"
            )),
        }
    }

    /// Whether a file may be read, by the parts of its path alone: nothing is looked up. Has to be asked
    /// of a path as it is written and of the real one behind links.
    pub fn path(&self, path: &FilePath) -> Result<(), InputError> {
        let is_cache = path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(CACHE));
        let reason = if is_cache {
            "the cache is no input"
        } else if !path.is_under(&self.root) {
            "it lies outside the project"
        } else {
            match private_part(path.relative_to(&self.root)) {
                None => return Ok(()),
                Some(why) => why,
            }
        };
        if !is_cache && self.in_force().any(|allow| allow.permits_path(path)) {
            return Ok(());
        }
        Err(self.refuse_path(path, reason))
    }

    pub fn refuse_path(&self, path: &FilePath, reason: &str) -> InputError {
        let message = format!("a macro may not read {path}: {reason}");
        self.refuse(Permission::Read, self.asked.permits_path(path), message, path.as_str())
    }
}

const CACHE: &str = ".metascript-cache";

/// Variables have one name in either case on Windows.
fn is_same_variable(a: &str, b: &str) -> bool {
    if cfg!(windows) { a.eq_ignore_ascii_case(b) } else { a == b }
}

/// Text of a macro in a message: on one line and not too long.
fn plain(text: &str) -> String {
    const MOST: usize = 100;
    let mut out: String =
        text.chars().take(MOST).map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}

/// Why a path inside a directory that may be read is private all the same, from its parts.
pub fn private_part(relative: &str) -> Option<&'static str> {
    relative.split('/').find_map(|name| {
        let name = name.to_lowercase();
        // Behind a colon Windows has other ways to the same directory, and drops dots and spaces at the end.
        let plain = name.split(':').next().unwrap_or("").trim_end_matches(['.', ' ']);
        if plain == ".git" {
            Some("`.git` is private")
        } else if name.starts_with(".env") {
            Some("files named `.env` hold secrets")
        } else if plain == CACHE {
            Some("the cache is no input")
        } else {
            None
        }
    })
}

/// Whether an address is one of the internet: not this machine's, of a private network, or of a range
/// with a meaning of its own.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by a provider's customers, assigned by protocols, benchmarks, the 6to4 relay.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 88 && c == 99);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let octets = address.octets();
    let v4 = |from: usize| Ipv4Addr::new(octets[from], octets[from + 1], octets[from + 2], octets[from + 3]);
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    match parts {
        // NAT64 and 6to4 carry an IPv4 address that the packet ends up at.
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => is_public_v4(v4(12)),
        [0x2002, ..] => is_public_v4(v4(2)),
        // Teredo, documentation, ORCHID and the like: 2001:0::/23.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Everything that is routed on the internet lies in 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allow(permission: Permission, entries: &[&str]) -> Allow {
        let mut allow = Allow::default();
        for entry in entries {
            allow.add(permission, entry, &FilePath::new("/p")).expect("a permission");
        }
        allow
    }

    fn granted(asked: Allow) -> Permissions {
        Permissions { asked, granted: true, ..Permissions::none(FilePath::new("/p")) }
    }

    #[test]
    fn hosts_have_one_spelling() {
        let name = |text: &str| Host::Name(text.to_owned());
        assert_eq!(Host::parse("API.Example.com."), Ok(name("api.example.com")));
        assert_eq!(Host::parse("127.0.0.1"), Ok(Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST))));
        assert_eq!(Host::parse("[::ffff:10.0.0.1]"), Ok(Host::Address("10.0.0.1".parse().expect("an address"))));
        for bad in [
            "",
            ".",
            "a..b",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
            "127.0.0.1.1",
            "1.2.3.256",
            "a b",
            "a%00b",
            "exämple.com",
            "[::1",
            "[fe80::1%eth0]",
            "a\\b",
            "example.0x10",
        ] {
            assert!(Host::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_permitted_with_its_port() {
        let rules = granted(allow(Permission::Net, &["example.com", "*.svc.example.com", "10.1.2.3:8080", "[::1]:80"]));
        let permits = |host: &str, port: u16| rules.host(&Host::parse(host).expect("a host"), port).is_ok();
        assert!(permits("example.com", 443) && permits("EXAMPLE.com.", 80));
        assert!(!permits("example.com", 8443) && !permits("a.example.com", 443) && !permits("notexample.com", 443));
        assert!(permits("a.svc.example.com", 443) && permits("a.b.svc.example.com", 443));
        assert!(!permits("svc.example.com", 443) && !permits("xsvc.example.com", 443));
        assert!(permits("10.1.2.3", 8080) && permits("[::ffff:10.1.2.3]", 8080) && !permits("10.1.2.3", 80));
        assert!(permits("[::1]", 80) && permits("[0:0:0:0:0:0:0:1]", 80));
        let asked = Permissions { granted: false, ..rules.clone() };
        let refused = asked.host(&Host::parse("example.com").expect("a host"), 443).expect_err("nobody granted it");
        assert_eq!(refused.kind, InputErrorKind::Refused(Refusal::NotGranted));
    }

    #[test]
    fn entries_that_are_no_permission_are_errors() {
        let add = |permission, entry: &str| Allow::default().add(permission, entry, &FilePath::new("/p"));
        for entry in ["https://x.com", "x.com/path", "*", "a.*", "*.com", "u@x.com", "::1", "x:99999", "x:0", "x:+1"] {
            assert!(add(Permission::Net, entry).is_err(), "{entry}");
        }
        for entry in ["./tool", "tools/gen", "*", ""] {
            assert!(add(Permission::Run, entry).is_err(), "{entry}");
        }
        for entry in ["A=B", "*", "A B", "A\n"] {
            assert!(add(Permission::Env, entry).is_err(), "{entry}");
        }
        assert!(add(Permission::Read, "~/x").is_err() && add(Permission::Read, "/x/*.json").is_err());
    }

    #[test]
    fn paths_are_permitted_by_their_parts() {
        let rules = granted(allow(Permission::Read, &["../shared", ".env.example", "/etc/hosts"]));
        let permits = |path: &str| rules.path(&FilePath::new(path)).is_ok();
        assert!(permits("/p/a.txt") && permits("/shared/x/y") && permits("/p/.env.example") && permits("/etc/hosts"));
        for path in [
            "/p/.env",
            "/p/a/.GIT/config",
            "/shared/.git/config",
            "/shared/.env",
            "/etc/passwd",
            "/sharedx/a",
            "/p/.metascript-cache/x",
            "/shared/.Metascript-Cache/x",
            "/p/.git./config",
            "/p/.git::$index_allocation/x",
        ] {
            assert!(!permits(path), "{path}");
        }
    }

    #[test]
    fn addresses_of_private_networks_are_known_in_every_form() {
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:1::1",
            "2001:db8::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(private.parse().expect(private)), "{private}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
    }

    #[test]
    fn a_private_address_has_to_be_named() {
        let rules = granted(allow(Permission::Net, &["intern.example.com", "10.1.2.3", "localhost:8080"]));
        let intern = Host::parse("intern.example.com").expect("a host");
        let may = |host: &Host, address: &str, port| rules.address(host, address.parse().expect("an address"), port);
        assert!(may(&intern, "10.1.2.3", 443) && may(&intern, "1.1.1.1", 443));
        assert!(!may(&intern, "10.1.2.4", 443) && !may(&intern, "10.1.2.3", 8443) && !may(&intern, "127.0.0.1", 443));
        let localhost = Host::parse("localhost").expect("a host");
        assert!(may(&localhost, "127.0.0.1", 8080) && may(&localhost, "::1", 8080));
        assert!(!may(&localhost, "10.1.2.4", 8080));
    }
}
