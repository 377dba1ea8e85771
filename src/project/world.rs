//! `World`: the one owner of file texts.
//!
//! Lives on the state thread. `apply` does what an edit needs at once (the text, its tree) and
//! nothing else: no disk, no macro, no types.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::base::{FilePath, TextRange};
use crate::engine::{TsrEngine, TypeEngine};
use crate::syntax::SyntaxFile;
use crate::text::{Encoding, LineCol, SourceText, TextEdit};

use super::Snapshot;
use super::shared::{Logged, Shared, WorldOptions};
use super::snapshot::State;

/// Counts edits: two snapshots of one revision are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u64);

/// One content change of the protocol: `None` replaces the whole text.
#[derive(Clone, Debug)]
pub struct Edit {
    pub range: Option<(LineCol, LineCol)>,
    pub text: String,
}

/// What a pass learned about macros, for the world to keep. Opaque outside `project`.
#[derive(Clone, Debug, Default)]
pub struct Expansions {
    /// Files of which some use has a new output.
    pub(super) files: Vec<FilePath>,
}

/// Everything that can happen to a world.
pub enum Change {
    Open {
        file: FilePath,
        version: i32,
        text: String,
    },
    /// Edits apply one after the other, each to the result of the one before.
    Edit {
        file: FilePath,
        version: i32,
        edits: Vec<Edit>,
        encoding: Encoding,
    },
    Save {
        file: FilePath,
        text: Option<String>,
    },
    Close {
        file: FilePath,
    },
    /// These files (or directories) changed, came or went on disk.
    Disk {
        files: Vec<FilePath>,
    },
    /// Anything may be another: files, options, what a person permits.
    Reload,
    /// A person permits other things to macros.
    Permitted,
    /// The editor does not trust the folder: no macro has a permission, whatever was granted.
    Restricted,
    /// A pass ran macros.
    Expanded(Expansions),
}

/// A file that the editor owns.
#[derive(Clone)]
pub(super) struct OpenFile {
    pub version: i32,
    pub text: SourceText,
    /// Empty where parsing took longer than an edit may: whoever needs it first parses, aside.
    syntax: Arc<OnceLock<SyntaxFile>>,
    /// There for as long as the above is empty: the last good tree, moved by the edits since.
    moved: Option<SyntaxFile>,
}

impl OpenFile {
    fn new(version: i32, text: SourceText, syntax: Option<SyntaxFile>) -> OpenFile {
        let (moved, syntax) = match syntax {
            Some(syntax) if syntax.is_moved() => (Some(syntax), None),
            syntax => (None, syntax),
        };
        OpenFile { version, text, syntax: Arc::new(syntax.map(OnceLock::from).unwrap_or_default()), moved }
    }

    pub fn syntax(&self) -> &SyntaxFile {
        self.syntax.get_or_init(|| SyntaxFile::parse(self.text.clone()))
    }

    /// The tree, or what comes nearest to it while it is being made.
    pub fn nearest_syntax(&self) -> &SyntaxFile {
        self.syntax.get().or(self.moved.as_ref()).unwrap_or_else(|| self.syntax())
    }
}

pub struct World {
    state: State,
    shared: Arc<Shared>,
    parse_budget: Duration,
}

impl World {
    /// Never fails and reads nothing yet: projects are found as files are opened.
    pub fn new(options: WorldOptions) -> World {
        World::over(Arc::new(TsrEngine::new()), options)
    }

    /// The same over another engine (docs/engine.md).
    pub fn over(engine: Arc<dyn TypeEngine>, options: WorldOptions) -> World {
        let shared = Shared::new(&options, engine);
        World { parse_budget: options.parse_budget, state: State::new(options.roots), shared }
    }

    /// Ends the world and frees what its snapshots shared: programs at once, the rest with the last
    /// snapshot. A process that ends now need not.
    pub fn close(self) {
        self.shared.programs.close();
        self.shared.resolvers.clear();
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The live text of an open file.
    pub fn text(&self, file: &FilePath) -> Option<&SourceText> {
        self.state.open.get(file).map(|open| &open.text)
    }

    /// Applies a change; `Err` says why it cannot be (an edit of a file that is not open, a
    /// version that does not grow) and changes nothing.
    pub fn apply(&mut self, change: Change) -> Result<Revision, String> {
        match change {
            Change::Open { file, version, text } => {
                let text = SourceText::new(text);
                if self.state.open.is_empty() {
                    // The host alone: what else is shared ends with the last snapshot.
                    let host = self.shared.host.clone();
                    std::thread::spawn(move || host.warm());
                }
                let known = self.state.open.contains_key(&file) || self.shared.disk.is_file(&file);
                self.insert(file.clone(), OpenFile::new(version, text, None));
                self.log(if known { Logged::File(file) } else { Logged::Structure });
            }
            Change::Edit { file, version, edits, encoding } => {
                let open = self.state.open.get(&file).ok_or_else(|| format!("{file} is not open"))?;
                if version <= open.version {
                    return Err(format!("version {version} of {file} does not follow {}", open.version));
                }
                let (text, syntax) = edited(open, &edits, encoding, self.parse_budget);
                self.insert(file.clone(), OpenFile::new(version, text, syntax));
                self.log(Logged::File(file));
            }
            Change::Save { file, text } => {
                self.shared.disk.invalidate(std::slice::from_ref(&file));
                if let (Some(text), Some(open)) = (text, self.state.open.get(&file))
                    && text != open.text.as_str()
                {
                    let text = SourceText::new(text);
                    let version = open.version;
                    self.insert(file.clone(), OpenFile::new(version, text, None));
                }
                self.saved(Logged::File(file));
            }
            Change::Close { file } => {
                Arc::make_mut(&mut self.state.open).remove(&file);
                self.shared.disk.invalidate(std::slice::from_ref(&file));
                let known = self.shared.disk.is_file(&file);
                self.log(if known { Logged::File(file) } else { Logged::Structure });
            }
            Change::Disk { files } => {
                self.shared.disk.invalidate(&files);
                if files.iter().any(|file| !self.shared.programs.contain(file)) {
                    // What names resolve to may have changed, those of macros among them.
                    self.state.macro_env += 1;
                }
                for file in files {
                    self.saved(Logged::OnDisk(file));
                }
            }
            Change::Reload => {
                self.shared.disk.invalidate_all();
                self.state.macro_env += 1;
                self.log(Logged::Structure);
            }
            Change::Restricted => {
                self.shared.access.restrict();
                self.state.macro_env += 1;
                self.log(Logged::Structure);
            }
            Change::Permitted => {
                self.state.macro_env += 1;
                self.log(Logged::Structure);
            }
            Change::Expanded(expansions) => {
                if expansions.files.is_empty() {
                    return Ok(self.state.revision);
                }
                self.state.expanded(&expansions.files);
                self.state.revision.0 += 1;
                // What was generated counts as something around each of these files.
                self.state.changed(None);
                for file in expansions.files {
                    self.shared.log.push(self.state.revision, Logged::File(file));
                }
            }
        }
        Ok(self.state.revision)
    }

    /// Cheap: shares everything.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.state.clone(), self.shared.clone())
    }

    fn insert(&mut self, file: FilePath, open: OpenFile) {
        Arc::make_mut(&mut self.state.open).insert(file, open);
    }

    fn log(&mut self, what: Logged) {
        self.state.revision.0 += 1;
        let (Logged::File(file) | Logged::OnDisk(file)) = &what else {
            self.state.changed(None);
            return self.shared.log.push(self.state.revision, what);
        };
        self.state.changed(Some(file));
        self.shared.log.push(self.state.revision, what);
    }

    /// The saved text of a file may be another. Macros run from saved text, so a macro's module
    /// counts as changed only here; the project's own options likewise.
    fn saved(&mut self, what: Logged) {
        let (Logged::File(file) | Logged::OnDisk(file)) = &what else { return self.log(what) };
        let is_of_macros = self.shared.graphs.uses(file) || self.shared.files.reads(file);
        self.state.macro_env += u64::from(is_of_macros);
        let is_structure = is_of_macros || file.has_extension("json");
        self.log(if is_structure { Logged::Structure } else { what });
    }
}

/// Applies the edits of one notification, re-parsing after each (every edit's positions are in the
/// text that the one before left) as long as there is time, and moving the last good tree then.
fn edited(open: &OpenFile, edits: &[Edit], encoding: Encoding, budget: Duration) -> (SourceText, Option<SyntaxFile>) {
    let deadline = Instant::now() + budget;
    let mut text = open.text.clone();
    let mut syntax = open.syntax.get().or(open.moved.as_ref()).cloned();
    for edit in edits {
        match edit.range {
            None => {
                text = SourceText::new(edit.text.as_str());
                syntax = None;
            }
            Some((start, end)) => {
                let start = text.lines().offset(text.as_str(), start, encoding);
                let end = text.lines().offset(text.as_str(), end, encoding).max(start);
                let edit = TextEdit { range: TextRange::new(start, end), text: edit.text.clone() };
                text = SourceText::new(TextEdit::apply_in_order(text.as_str(), std::slice::from_ref(&edit)));
                let left = deadline.saturating_duration_since(Instant::now());
                syntax = syntax.map(|old| old.reparse_within(text.clone(), std::slice::from_ref(&edit), left));
            }
        }
    }
    (text, syntax)
}

pub(super) type OpenFiles = HashMap<FilePath, OpenFile>;
