//! `msc content-mapper`: a server of TypeScript's content-mapper protocol, for one client on standard
//! input and output. TypeScript starts it for projects that ask for it, hands it every `.ms` file, and
//! takes back what the file becomes, with a map.
//!
//! JSON-RPC 2.0 with `Content-Length`. Requests: `initialize`, `openProject`, `closeProject`,
//! `transform`; each is answered before the next is read. It ends with its input.
//!
//! Invariant: no analysis here; what a file becomes is [`mapped`]'s.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::base::{Cancel, Digest, FilePath, Recipe, TextRange};
use crate::cli::{CLEAN, CommandResult};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::build::mapped::{self, Mapped, Stretch, StretchKind};
use crate::project::check::expand_file;
use crate::project::{Change, ProjectId, World, WorldOptions, program};
use crate::text::{Encoding, SourceText};
use crate::vfs::disk::CACHE_DIR;

pub(super) fn run() -> CommandResult {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut server = Server { encoding: Encoding::Utf16, projects: HashMap::new() };
    while let Some(body) = read(&mut input)? {
        let answer = match serde_json::from_slice::<Value>(&body) {
            Ok(message) => {
                let id = message.get("id").cloned().filter(|id| !id.is_null());
                let method = message["method"].as_str().unwrap_or_default();
                let result = server.answer(method, &message["params"]);
                // A notification has nobody who waits.
                id.map(|id| match result {
                    Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
                    Err(error) => {
                        let error = json!({ "code": error.code, "message": error.message });
                        json!({ "jsonrpc": "2.0", "id": id, "error": error })
                    }
                })
            }
            Err(error) => {
                let error = json!({ "code": PARSE_ERROR, "message": format!("this is no JSON: {error}") });
                Some(json!({ "jsonrpc": "2.0", "id": null, "error": error }))
            }
        };
        if let Some(answer) = answer {
            let body = answer.to_string();
            write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())?;
            output.flush()?;
        }
    }
    server.flush();
    Ok(ExitCode::from(CLEAN))
}

const PARSE_ERROR: i32 = -32700;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;
const INTERNAL_ERROR: i32 = -32603;

struct Refusal {
    code: i32,
    message: String,
}

impl Refusal {
    fn params(message: impl Into<String>) -> Refusal {
        Refusal { code: INVALID_PARAMS, message: message.into() }
    }
}

/// The largest message: a source that is larger is no source.
const MOST: usize = 1 << 30;

/// The body of the next message; `None` at the end of the input.
fn read(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() && length.is_some() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            let value = value.trim().parse().ok().filter(|length: &usize| *length <= MOST);
            let invalid = || io::Error::new(io::ErrorKind::InvalidData, "a message has no valid Content-Length");
            length = Some(value.ok_or_else(invalid)?);
        }
    }
    let mut body = vec![0; length.unwrap_or_default()];
    input.read_exact(&mut body)?;
    Ok(Some(body))
}

struct Server {
    /// What positions of the protocol count.
    encoding: Encoding,
    /// By their handles.
    projects: HashMap<String, Project>,
}

struct Project {
    world: World,
    /// Where the standard library was written for TypeScript.
    library: FilePath,
}

impl Server {
    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, Refusal> {
        let text = |name: &str| {
            params[name].as_str().ok_or_else(|| Refusal::params(format!("`{method}` needs a string `{name}`")))
        };
        match method {
            "initialize" => {
                let offered = params["positionEncodings"].as_array();
                let has_utf8 = offered.is_some_and(|offered| offered.iter().any(|one| one == "utf-8"));
                self.encoding = if has_utf8 { Encoding::Utf8 } else { Encoding::Utf16 };
                let encoding = if has_utf8 { "utf-8" } else { "utf-16" };
                Ok(json!({ "positionEncoding": encoding, "diagnosticSource": "MS" }))
            }
            "openProject" => self.open(text("projectHandle")?, text("configFileName")?),
            "closeProject" => {
                let handle = text("projectHandle")?;
                match self.projects.remove(handle) {
                    Some(project) => {
                        project.flush();
                        project.world.close();
                    }
                    None => return Err(Refusal::params(format!("there is no project {handle}"))),
                }
                Ok(Value::Null)
            }
            "transform" => {
                let handle = text("projectHandle")?;
                let encoding = self.encoding;
                let Some(project) = self.projects.get_mut(handle) else {
                    return Err(Refusal::params(format!("there is no project {handle}")));
                };
                project.transform(text("fileName")?, text("content")?, encoding)
            }
            _ => Err(Refusal { code: METHOD_NOT_FOUND, message: format!("there is no method {method}") }),
        }
    }

    fn open(&mut self, handle: &str, config: &str) -> Result<Value, Refusal> {
        let config = FilePath::new(config);
        // A project without a file is asked for with an empty name: each source then finds its own.
        let root = if config.as_str().len() > 1 { config.parent() } else { current_directory() };
        let world = World::new(WorldOptions::new(vec![root.clone()]));
        let id = ProjectId::of_path(&world.shared().disk, &root);
        let library = id.root.join(CACHE_DIR).join("content-mapper");
        let snap = world.snapshot();
        let failed = |error: io::Error| Refusal {
            code: INTERNAL_ERROR,
            message: format!("the standard library cannot be written to {library}: {error}"),
        };
        for (name, text) in mapped::library(&snap) {
            write_if_new(&library.join(&name), &text).map_err(failed)?;
        }
        let configured = program::configured(&snap, &id);
        let roots = configured.map(|configured| configured.sources(&snap)).unwrap_or_default();
        let mut recipe = Recipe::new("content-mapper");
        recipe.text("msc", env!("CARGO_PKG_VERSION"));
        let mut watched: Vec<FilePath> = id.config.iter().cloned().collect();
        for (file, text) in mapped::macro_modules(&snap, &roots) {
            recipe.text("file", file.as_str());
            recipe.digest("text", text.digest());
            watched.push(file);
        }
        if let Some(text) = id.config.as_ref().and_then(|file| snap.text(file)) {
            recipe.digest("options", text.digest());
        }
        let identity: Digest = recipe.finish();
        self.projects.insert(handle.to_owned(), Project { world, library });
        Ok(json!({
            "configIdentity": identity.to_string(),
            "watchedFiles": watched.iter().map(FilePath::as_str).collect::<Vec<_>>(),
        }))
    }

    fn flush(&self) {
        self.projects.values().for_each(Project::flush);
    }
}

fn current_directory() -> FilePath {
    std::env::current_dir().map_or_else(|_| FilePath::new("/"), |directory| FilePath::from_os(&directory))
}

/// Leaves a file alone that has the text already: another process may be reading it.
fn write_if_new(file: &FilePath, text: &str) -> io::Result<()> {
    let path = file.to_os();
    if fs::read(&path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    fs::create_dir_all(file.parent().to_os())?;
    let mut whole = tempfile_beside(&path);
    fs::write(&whole, text)?;
    fs::rename(&whole, &path).inspect_err(|_| {
        let _ = fs::remove_file(std::mem::take(&mut whole));
    })
}

fn tempfile_beside(path: &std::path::Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    name.into()
}

impl Project {
    fn transform(&mut self, name: &str, content: &str, encoding: Encoding) -> Result<Value, Refusal> {
        let file = FilePath::new(name);
        if !file.is_metascript() {
            return Err(Refusal::params(format!("{name} is not a .ms file")));
        }
        let failed = |message: String| Refusal { code: INTERNAL_ERROR, message };
        self.show(&file, content).map_err(failed)?;
        let cancel = Cancel::new();
        let expanded = expand_file(&mut self.world, &file, &cancel);
        expanded.map_err(|_| failed("the expansion was stopped".to_owned()))?;
        let mapped = mapped::mapped(&self.world.snapshot(), &file, &self.library, &cancel);
        match mapped {
            Ok(Some(mapped)) => Ok(Shown { mapped: &mapped, encoding }.result()),
            Ok(None) => Err(failed(format!("{name} cannot be read"))),
            Err(error) => Err(failed(format!("{name}: {error:?}"))),
        }
    }

    /// Makes `content` the file's text, whatever the disk has.
    fn show(&mut self, file: &FilePath, content: &str) -> Result<(), String> {
        let snap = self.world.snapshot();
        if snap.text(file).is_some_and(|text| text.as_str() == content) {
            return Ok(());
        }
        let change = match snap.version(file) {
            Some(version) => {
                let edit = crate::project::Edit { range: None, text: content.to_owned() };
                Change::Edit { file: file.clone(), version: version + 1, edits: vec![edit], encoding: Encoding::Utf8 }
            }
            None => Change::Open { file: file.clone(), version: 1, text: content.to_owned() },
        };
        self.world.apply(change).map(|_| ())
    }

    fn flush(&self) {
        self.world.shared().stores().iter().for_each(|(_, store)| store.flush());
    }
}

/// What features of an editor a stretch takes part in: bits of the protocol.
const ALL: u32 = (1 << 20) - 1;
const NONE: u32 = 0;
/// Hover, definitions, references: what asks and changes nothing.
const ASKING: u32 = 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6;

const VERBATIM: u32 = 0;
const ATOM: u32 = 1;

struct Shown<'a> {
    mapped: &'a Mapped,
    encoding: Encoding,
}

impl Shown<'_> {
    fn result(&self) -> Value {
        let mapped = self.mapped;
        let text = |range: TextRange| self.measured(&mapped.text, range);
        let source = |range: TextRange| self.measured(&mapped.source, range);
        let mappings = mapped.stretches.iter().map(|Stretch { text: to, source: from, kind }| {
            let (kind, features) = match kind {
                StretchKind::Verbatim => (VERBATIM, ALL),
                // Generated code repeats a name: what is found there is told at the name, and nothing is
                // changed through it.
                StretchKind::Copied => (VERBATIM, NONE),
                StretchKind::Renamed => (ATOM, ASKING),
                StretchKind::Generated => (ATOM, NONE),
            };
            let ((start, len), (from, from_len)) = (text(*to), source(*from));
            json!([start, len, from, from_len, kind, features])
        });
        let silent = mapped.silent.iter().map(|range| {
            let (start, len) = text(*range);
            json!([0, 0, start, start + len, 0])
        });
        let errors = mapped.errors.iter().map(|error| {
            let (start, length) = source(error.range);
            let code = match error.code {
                Code::Ts(code) => code,
                code => code.to_string().trim_start_matches("MS").parse().unwrap_or_default(),
            };
            json!({ "messageText": message(error), "start": start, "length": length, "code": code })
        });
        let mut result = json!({
            "text": mapped.text.as_str(),
            "extension": ".ts",
            "mappings": mappings.collect::<Vec<_>>(),
            "diagnostics": errors.collect::<Vec<_>>(),
        });
        if !mapped.silent.is_empty() {
            result["diagnosticDirectives"] =
                json!({ "unusedExpectDirectiveDiagnostics": [], "directives": silent.collect::<Vec<_>>() });
        }
        result
    }

    /// Start and length in the protocol's units.
    fn measured(&self, text: &SourceText, range: TextRange) -> (u64, u64) {
        match self.encoding {
            Encoding::Utf16 => {
                let units = |range: TextRange| text.slice(range).encode_utf16().count() as u64;
                (units(TextRange::new(0, range.start)), units(range))
            }
            _ => (u64::from(range.start), u64::from(range.len())),
        }
    }
}

/// A finding in one text: the protocol has no place for what belongs to it.
fn message(error: &Diagnostic) -> String {
    let mut out = error.message.clone();
    for related in &error.related {
        out += &format!("\n  {} ({})", related.message, related.file);
    }
    if let Some(help) = &error.help {
        out += &format!("\n  help: {help}");
    }
    out
}
