//! What macros read: the questions ([`Inputs`]), the default rule of what may be answered
//! ([`ProjectInputs`]), and the record ([`Effect`]) that says when an answer still holds.
//!
//! Invariant: a macro reaches nothing but through these functions, which run in the parent.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use serde::{Deserialize, Serialize};

use super::protocol::Effect;
use crate::base::{Digest, FilePath, Recipe};

/// The largest file that a macro may read.
const MAX_FILE: u64 = 32 << 20;
/// How much text is kept of what was read.
const MAX_KEPT: usize = 64 << 20;
/// The most entries that a glob looks at.
const MAX_GLOB: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputErrorKind {
    Missing,
    NotPermitted,
    /// Not text, too large, a malformed pattern, no file.
    Invalid,
}

/// Why an input was not read, in the words of a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputError {
    pub kind: InputErrorKind,
    pub message: String,
    pub help: Option<String>,
}

impl InputError {
    fn missing(path: &FilePath) -> InputError {
        InputError { kind: InputErrorKind::Missing, message: format!("there is no file {path}"), help: None }
    }

    fn invalid(message: String) -> InputError {
        InputError { kind: InputErrorKind::Invalid, message, help: None }
    }

    fn not_permitted(message: String, permission: &str, what: &str) -> InputError {
        InputError {
            kind: InputErrorKind::NotPermitted,
            message,
            help: Some(format!("this needs the permission `{permission}` for `{what}`")),
        }
    }
}

/// A request over the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub url: String,
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOutput {
    /// The exit code; negative where a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// What a macro can ask its host for. Paths are absolute: the caller has resolved them.
pub trait Inputs: Sync {
    fn read_file(&self, path: &FilePath) -> Result<Arc<str>, InputError>;
    /// Sorted paths of files; `pattern` is relative to `base`.
    fn glob(&self, base: &FilePath, pattern: &str) -> Result<Vec<FilePath>, InputError>;
    fn env(&self, name: &str) -> Result<Option<String>, InputError>;
    fn exec(&self, program: &str, args: &[String]) -> Result<ExecOutput, InputError>;
    fn fetch(&self, request: &Request) -> Result<Response, InputError>;
}

impl Effect {
    /// The effect of a read that gave `answer`; `None` where it depends on the permission alone.
    pub fn of_file(path: &FilePath, answer: &Result<Arc<str>, InputError>) -> Option<Effect> {
        let digest = match answer {
            Ok(text) => Some(Digest::of(text.as_bytes())),
            Err(error) if error.kind == InputErrorKind::NotPermitted => return None,
            Err(error) if error.kind == InputErrorKind::Missing => None,
            Err(error) => Some(Recipe::new("unreadable input").text("why", &error.message).finish()),
        };
        Some(Effect::File { path: path.clone(), digest })
    }

    pub fn of_glob(base: &FilePath, pattern: &str, answer: &Result<Vec<FilePath>, InputError>) -> Option<Effect> {
        let mut recipe = Recipe::new("glob");
        match answer {
            Ok(paths) => paths.iter().for_each(|path| {
                recipe.text("path", path.as_str());
            }),
            Err(error) if error.kind == InputErrorKind::NotPermitted => return None,
            Err(error) => {
                recipe.text("error", &error.message);
            }
        }
        Some(Effect::Glob { base: base.clone(), pattern: pattern.to_owned(), digest: recipe.finish() })
    }

    pub fn of_env(name: &str, answer: &Result<Option<String>, InputError>) -> Option<Effect> {
        let value = answer.as_ref().ok()?;
        let digest = value.as_ref().map(|value| Digest::of(value.as_bytes()));
        Some(Effect::Env { name: name.to_owned(), digest })
    }

    /// Whether reading the same again would give the same.
    pub fn still_holds(&self, inputs: &dyn Inputs) -> bool {
        let now = match self {
            Effect::File { path, .. } => Effect::of_file(path, &inputs.read_file(path)),
            Effect::Glob { base, pattern, .. } => Effect::of_glob(base, pattern, &inputs.glob(base, pattern)),
            Effect::Env { name, .. } => Effect::of_env(name, &inputs.env(name)),
        };
        now.as_ref() == Some(self)
    }
}

/// The rule that holds where nobody granted anything: files inside the project, and nothing else.
///
/// One value stands for one state of the disk: what was read once is answered from memory, up to a
/// bound, so that all expansions of a pass agree, and a thousand effects on one file cost one read.
pub struct ProjectInputs {
    root: FilePath,
    /// With links resolved, once something is read; `None` where the root does not exist.
    real_root: OnceLock<Option<PathBuf>>,
    files: Memo<FilePath, Arc<str>>,
    /// Bytes of the texts in `files`.
    kept: AtomicUsize,
    globs: Memo<(FilePath, String), Vec<FilePath>>,
}

type Memo<Question, Answer> = Mutex<HashMap<Question, Result<Answer, InputError>>>;

impl ProjectInputs {
    pub fn new(root: FilePath) -> ProjectInputs {
        ProjectInputs {
            root,
            real_root: OnceLock::new(),
            files: Mutex::default(),
            kept: AtomicUsize::new(0),
            globs: Mutex::default(),
        }
    }

    fn real_root(&self) -> Option<&Path> {
        self.real_root.get_or_init(|| fs::canonicalize(self.root.to_os()).ok()).as_deref()
    }

    /// The real path behind `path` where the rule permits to read it.
    fn permitted(&self, path: &FilePath) -> Result<PathBuf, InputError> {
        let refused = |why: &str| {
            Err(InputError::not_permitted(format!("a macro may not read {path}: {why}"), "read", path.as_str()))
        };
        let Some(real_root) = self.real_root().filter(|_| path.is_under(&self.root)) else {
            return refused("it lies outside the project");
        };
        if let Some(why) = private_part(Path::new(path.relative_to(&self.root))) {
            return refused(why);
        }
        let real = match fs::canonicalize(path.to_os()) {
            Ok(real) => real,
            // Whether a file exists behind a link that leads out is not told either.
            Err(_) if !leads_to(path, real_root) => {
                return refused("it lies behind a link that leads out of the project");
            }
            Err(_) => return Err(InputError::missing(path)),
        };
        let Ok(inside) = real.strip_prefix(real_root) else {
            return refused("it is a link that leads out of the project");
        };
        match private_part(inside) {
            Some(why) => refused(why),
            None => Ok(real),
        }
    }

    fn read(&self, path: &FilePath) -> Result<Arc<str>, InputError> {
        let real = self.permitted(path)?;
        let metadata = fs::metadata(&real).map_err(|_| InputError::missing(path))?;
        // A pipe or a device would block or never end.
        if !metadata.is_file() {
            return Err(InputError::invalid(format!("{path} is no file")));
        }
        let file = fs::File::open(&real).map_err(|_| InputError::missing(path))?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|_| InputError::missing(path))?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(InputError::invalid(format!("{path} is larger than {} MB", MAX_FILE >> 20)));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(InputError::invalid(format!("{path} is not UTF-8 text"))),
        }
    }

    fn walk(&self, base: &FilePath, pattern: &str) -> Result<Vec<FilePath>, InputError> {
        // The part before the first wildcard says where to look.
        let wildcard = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
        let fixed = pattern[..wildcard].rfind('/').map_or("", |slash| &pattern[..=slash]);
        let start = FilePath::resolve(base.as_str(), if fixed.is_empty() { "." } else { fixed });
        let rest = &pattern[fixed.len()..];
        let invalid = |why: String| InputError::invalid(format!("`{pattern}` is no pattern: {why}"));
        let matcher = globset::GlobBuilder::new(rest)
            .literal_separator(true)
            .build()
            .map_err(|error| invalid(error.kind().to_string()))?
            .compile_matcher();
        if rest.split('/').any(|part| part == "..") {
            return Err(invalid("`..` can stand only before the first wildcard".to_owned()));
        }
        let real = match self.permitted(&start) {
            Ok(real) => real,
            Err(error) if error.kind == InputErrorKind::Missing => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names_dotted = rest.split('/').any(|part| part.starts_with('.'));
        let names_packages = pattern.split('/').any(|part| part == "node_modules");
        let entries = ignore::WalkBuilder::new(&real)
            .standard_filters(false)
            .hidden(!names_dotted)
            .follow_links(false)
            .max_depth((!rest.contains("**")).then(|| rest.matches('/').count() + 1))
            .filter_entry(move |entry| {
                let name = entry.file_name();
                entry.depth() == 0
                    || (private_part(Path::new(name)).is_none() && (names_packages || name != "node_modules"))
            })
            .build();
        let mut found = Vec::new();
        for (seen, entry) in entries.flatten().enumerate() {
            if seen > MAX_GLOB {
                return Err(InputError::invalid(format!("`{pattern}` looks at more than {MAX_GLOB} files")));
            }
            if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                continue;
            }
            let Some(relative) = entry.path().strip_prefix(&real).ok().and_then(Path::to_str) else { continue };
            let relative = relative.replace('\\', "/");
            if matcher.is_match(&relative) {
                found.push(start.join(&relative));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Why the rule keeps a path inside the project private, from its parts.
fn private_part(relative: &Path) -> Option<&'static str> {
    relative.components().find_map(|part| {
        let Component::Normal(name) = part else { return None };
        let name = name.to_string_lossy().to_lowercase();
        // Behind a colon Windows has other ways to the same directory.
        if name.split(':').next() == Some(".git") {
            Some("`.git` is private")
        } else if name.starts_with(".env") {
            Some("files named `.env` hold secrets")
        } else if name == ".metascript-cache" {
            Some("the cache is no input")
        } else {
            None
        }
    })
}

/// Whether the nearest existing directory above `path` lies below `real_root`.
fn leads_to(path: &FilePath, real_root: &Path) -> bool {
    // A link to a missing file exists itself, and points somewhere unknown.
    if fs::symlink_metadata(path.to_os()).is_ok() {
        return false;
    }
    let mut above = path.parent();
    loop {
        match fs::canonicalize(above.to_os()) {
            Ok(real) => return real.starts_with(real_root),
            Err(_) if fs::symlink_metadata(above.to_os()).is_ok() => return false,
            Err(_) if above.as_str() == "/" => return false,
            Err(_) => above = above.parent(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Inputs for ProjectInputs {
    fn read_file(&self, path: &FilePath) -> Result<Arc<str>, InputError> {
        if let Some(text) = lock(&self.files).get(path) {
            return text.clone();
        }
        let text = self.read(path);
        let size = text.as_ref().map_or(0, |text| text.len());
        if self.kept.fetch_add(size, Ordering::Relaxed) + size > MAX_KEPT {
            return text;
        }
        // Of two that read it at once, the first counts: everybody sees one state.
        lock(&self.files).entry(path.clone()).or_insert(text).clone()
    }

    fn glob(&self, base: &FilePath, pattern: &str) -> Result<Vec<FilePath>, InputError> {
        let key = (base.clone(), pattern.to_owned());
        if let Some(paths) = lock(&self.globs).get(&key) {
            return paths.clone();
        }
        let paths = self.walk(base, pattern);
        lock(&self.globs).entry(key).or_insert(paths).clone()
    }

    fn env(&self, name: &str) -> Result<Option<String>, InputError> {
        Err(InputError::not_permitted(format!("a macro may not read the environment variable {name}"), "env", name))
    }

    fn exec(&self, program: &str, _args: &[String]) -> Result<ExecOutput, InputError> {
        Err(InputError::not_permitted(format!("a macro may not run {program}"), "run", program))
    }

    fn fetch(&self, request: &Request) -> Result<Response, InputError> {
        let rest = request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = host.rsplit('@').next().unwrap_or(host);
        Err(InputError::not_permitted(format!("a macro may not reach {host} over the network"), "net", host))
    }
}
