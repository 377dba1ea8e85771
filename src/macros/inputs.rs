//! What answers macros: the files of the project and what is granted beyond them.
//!
//! Invariant: every answer passes [`Permissions`] first, files once by name and once by the real
//! path behind links. Nothing here decides what is granted. Runs in the parent, on any thread.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::effect::{ExecOutput, InputError, InputErrorKind, Inputs, Request, Response};
use super::net;
use super::outside::Outside;
use super::permit::{Permissions, private_part};
use super::process;
use super::protocol::{CacheOptions, Effect, FetchEffect};
use crate::base::FilePath;
use crate::vfs::disk::canonical;

/// The largest file that a macro may read.
const MAX_FILE: u64 = 32 << 20;
/// How much text is kept of what was read.
const MAX_KEPT: usize = 64 << 20;
/// The most entries that a glob looks at.
const MAX_GLOB: usize = 100_000;

/// Which files may be read, links resolved.
pub struct Access {
    permissions: Permissions,
    /// The same with real paths, once something is read; `None` where the root does not exist.
    real: OnceLock<Option<Permissions>>,
}

impl Access {
    pub fn new(permissions: Permissions) -> Access {
        Access { permissions, real: OnceLock::new() }
    }

    pub fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    fn real(&self) -> Option<&Permissions> {
        let resolve = || {
            let mut real = Permissions { root: canonical(&self.permissions.root)?, ..self.permissions.clone() };
            for allow in [&mut real.asked, &mut real.for_run] {
                for path in &mut allow.read {
                    *path = canonical(path).unwrap_or_else(|| path.clone());
                }
            }
            Some(real)
        };
        self.real.get_or_init(resolve).as_ref()
    }

    /// Whether a file may be read that lies at `real` behind links.
    fn may_read(&self, path: &FilePath, real: impl FnOnce() -> FilePath) -> bool {
        self.permissions.path(path).is_ok() && self.real().is_some_and(|rules| rules.path(&real()).is_ok())
    }

    /// The real path behind `path` where the rule permits to read it.
    fn permitted(&self, path: &FilePath) -> Result<PathBuf, InputError> {
        self.permissions.path(path)?;
        let refused = |reason: &str| Err(self.permissions.refuse_path(path, reason));
        let Some(rules) = self.real() else { return Err(InputError::missing(path)) };
        let Some(real) = canonical(path) else {
            // Whether a file exists behind a link that leads out is not told either.
            return match leads_to(path, rules) {
                true => Err(InputError::missing(path)),
                false => refused("it lies behind a link that leads out of the project"),
            };
        };
        match rules.path(&real) {
            Ok(()) => Ok(real.to_os()),
            Err(_) if real.is_under(&rules.root) => {
                refused(private_part(real.relative_to(&rules.root)).unwrap_or("it is private"))
            }
            Err(_) => refused("it is a link that leads out of the project"),
        }
    }
}

/// Answers for one project under its permissions.
///
/// One value stands for one state of the disk: what was read once is answered from memory, up to a
/// bound, so that all expansions of a pass agree, and a thousand effects on one file cost one read.
pub struct ProjectInputs {
    access: Arc<Access>,
    outside: Arc<Outside>,
    files: Memo<FilePath, Arc<str>>,
    /// Bytes of the texts in `files`.
    kept: AtomicUsize,
    globs: Memo<(FilePath, String), Vec<FilePath>>,
}

type Memo<Question, Answer> = Mutex<HashMap<Question, Result<Answer, InputError>>>;

impl ProjectInputs {
    /// What holds where nobody granted anything: files inside the project, and nothing else.
    pub fn new(root: FilePath) -> ProjectInputs {
        ProjectInputs::with(Arc::new(Access::new(Permissions::none(root))), Arc::default())
    }

    /// `outside` remembers what programs and hosts answered.
    pub fn with(access: Arc<Access>, outside: Arc<Outside>) -> ProjectInputs {
        ProjectInputs { access, outside, files: Mutex::default(), kept: AtomicUsize::new(0), globs: Mutex::default() }
    }

    fn permissions(&self) -> &Permissions {
        self.access.permissions()
    }

    /// Whether a file may be read that lies at `real` behind links.
    pub fn may_read(&self, path: &FilePath, real: impl FnOnce() -> FilePath) -> bool {
        self.access.may_read(path, real)
    }

    /// The effect of the same question now, as far as it is known without asking a program or a host;
    /// `None` where it is not. For whoever must not wait.
    pub fn known(&self, effect: &Effect) -> Option<Effect> {
        match effect {
            Effect::Exec { program, args, .. } => {
                let answer = match self.permissions().run(program) {
                    Ok(()) => self.outside.known_exec(self.permissions(), program, args)?,
                    Err(error) => Err(error),
                };
                Some(Effect::of_exec(program, args, &answer))
            }
            Effect::Fetch(fetched) => {
                let answer = match net::permitted(self.permissions(), &fetched.request) {
                    Ok(_) => self.outside.known_response(self.permissions(), fetched.question)?,
                    Err(error) => Err(error),
                };
                Some(fetched.again(&answer))
            }
            other => Some(other.again(self)),
        }
    }

    fn read(&self, path: &FilePath) -> Result<Arc<str>, InputError> {
        let real = self.access.permitted(path)?;
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
        let real = match self.access.permitted(&start) {
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
                    || (private_part(&name.to_string_lossy()).is_none() && (names_packages || name != "node_modules"))
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
            let Some(relative) = entry.path().strip_prefix(&real).ok().and_then(|path| path.to_str()) else { continue };
            let relative = relative.replace('\\', "/");
            if matcher.is_match(&relative) {
                found.push(start.join(&relative));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Whether the nearest existing directory above `path` may be read itself.
fn leads_to(path: &FilePath, rules: &Permissions) -> bool {
    // A link to a missing file exists itself, and points somewhere unknown.
    if fs::symlink_metadata(path.to_os()).is_ok() {
        return false;
    }
    let mut above = path.parent();
    let mut below = path.name().to_owned();
    loop {
        match canonical(&above) {
            Some(real) => return rules.path(&real.join(&below)).is_ok(),
            None if fs::symlink_metadata(above.to_os()).is_ok() => return false,
            None if above.parent() == above => return false,
            None => {
                below = format!("{}/{below}", above.name());
                above = above.parent();
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Inputs for ProjectInputs {
    fn fetched(&self, effect: &FetchEffect) -> Result<Response, InputError> {
        net::permitted(self.permissions(), &effect.request)?;
        self.outside.fresh_response(self.permissions(), effect.question, &effect.options)
    }

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
        self.permissions().env(name)?;
        match std::env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(InputError::invalid(format!("the environment variable {name} is no Unicode text")))
            }
        }
    }

    fn exec(&self, program: &str, args: &[String]) -> Result<ExecOutput, InputError> {
        self.permissions().run(program)?;
        self.outside.exec(self.permissions(), program, args, process::run)
    }

    fn fetch(&self, request: &Request, options: &CacheOptions) -> Result<Response, InputError> {
        net::permitted(self.permissions(), request)?;
        self.outside.fetch(self.permissions(), request, options)
    }
}
