//! Stands in for `project` and `ide`: real texts, and answers that a test scripts.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use msc::base::{Cancel, Cancelled, FilePath, TextRange};
use msc::diagnostic::Diagnostic;
use msc::ide::complete::{CompletionDetail, Completions};
use msc::ide::goto::Targets;
use msc::ide::hover::HoverAnswer;
use msc::ide::{self, IdeResult};
use msc::lsp::{Analysis, View};
use msc::project::{Change, PassEnd, PassEvent, PassRequest, Revision};
use msc::syntax::SyntaxFile;
use msc::text::{SourceText, TextEdit};

use super::client::HANG;

/// A door that a scripted handler waits at.
#[derive(Clone, Default)]
pub struct Latch(Arc<(Mutex<bool>, Condvar)>);

impl Latch {
    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Blocks until the door is open, whatever else happens.
    pub fn wait(&self) {
        let guard = self.0.0.lock().unwrap();
        let (_guard, hung) = self.0.1.wait_timeout_while(guard, HANG, |open| !*open).unwrap();
        assert!(!hung.timed_out(), "nobody opened the latch");
    }

    /// The same, but work that is cancelled goes home.
    pub fn wait_or_cancelled(&self, cancel: &Cancel) -> Result<(), Cancelled> {
        let mut guard = self.0.0.lock().unwrap();
        while !*guard {
            cancel.check()?;
            // Nothing notifies of a cancellation, so that is looked at now and then.
            guard = self.0.1.wait_timeout(guard, Duration::from_millis(2)).unwrap().0;
        }
        Ok(())
    }
}

type At<T> = Box<dyn Fn(&DoubleView, &FilePath, u32, &Cancel) -> IdeResult<T> + Send + Sync>;
type Resolve = Box<dyn Fn(&FilePath, u32, &str, &str) -> IdeResult<CompletionDetail> + Send + Sync>;
type Pass =
    Box<dyn Fn(&DoubleView, &PassRequest, &Cancel, &(dyn Fn(PassEvent) + Sync)) -> Result<(), Cancelled> + Send + Sync>;

/// What the double answers.
pub struct Script {
    pub hover: At<Option<HoverAnswer>>,
    pub complete: At<Completions>,
    pub resolve: Resolve,
    pub definition: At<Targets>,
    pub pass: Pass,
    /// Whether macros ran in a pass, so that another must follow.
    pub again: Box<dyn Fn(&DoubleView) -> bool + Send + Sync>,
    /// Trees take longer to make than an edit may.
    pub parses_aside: bool,
}

impl Script {
    /// Hovers tell version and text; nothing else is known.
    pub fn plain() -> Script {
        Script {
            hover: Box::new(|view, file, offset, _| {
                let document = view.document(file);
                let range = TextRange::empty(offset);
                let markdown = format!("{}:{}:{}", document.version, offset, document.text.as_str());
                Ok(Some(HoverAnswer { range, markdown }))
            }),
            complete: Box::new(|_, _, _, _| Ok(Completions::default())),
            resolve: Box::new(|_, _, _, _| Ok(CompletionDetail::default())),
            definition: Box::new(|_, _, _, _| Ok(Targets::default())),
            pass: Box::new(|_, _, _, _| Ok(())),
            again: Box::new(|_| false),
            parses_aside: false,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Document {
    pub version: i32,
    pub text: SourceText,
}

pub struct Double {
    view: DoubleView,
}

#[derive(Clone)]
pub struct DoubleView {
    script: Arc<Script>,
    pub revision: Revision,
    documents: Arc<HashMap<FilePath, Document>>,
    /// Everything applied that is no edit, as text.
    pub log: Arc<Vec<String>>,
}

impl Double {
    pub fn new(script: Script) -> Double {
        let view = DoubleView {
            script: Arc::new(script),
            revision: Revision(0),
            documents: Arc::default(),
            log: Arc::default(),
        };
        Double { view }
    }

    fn note(&mut self, what: String) {
        Arc::make_mut(&mut self.view.log).push(what);
    }
}

impl Analysis for Double {
    type View = DoubleView;

    fn apply(&mut self, change: Change) -> Result<(), String> {
        let documents = Arc::make_mut(&mut self.view.documents);
        match change {
            Change::Open { file, version, text } => {
                documents.insert(file, Document { version, text: SourceText::new(text) });
            }
            Change::Edit { file, version, edits, encoding } => {
                let document = documents.get_mut(&file).ok_or("not open")?;
                if version <= document.version {
                    return Err(format!("version {version} after {}", document.version));
                }
                let mut text = document.text.clone();
                for edit in edits {
                    let mut whole = text.as_str().to_owned();
                    match edit.range {
                        None => whole = edit.text,
                        Some((start, end)) => {
                            let start = text.lines().offset(text.as_str(), start, encoding) as usize;
                            let end = text.lines().offset(text.as_str(), end, encoding) as usize;
                            whole.replace_range(start..end, &edit.text);
                        }
                    }
                    text = SourceText::new(whole);
                }
                *document = Document { version, text };
            }
            Change::Close { file } => {
                documents.remove(&file);
            }
            Change::Save { file, .. } => self.note(format!("save {file}")),
            Change::Disk { files } => {
                let names: Vec<&str> = files.iter().map(FilePath::as_str).collect();
                self.note(format!("disk {}", names.join(" ")));
            }
            Change::Permitted | Change::Restricted => self.note("permitted".to_owned()),
            Change::Reload => self.note("reload".to_owned()),
            Change::Expanded(_) => self.note("expanded".to_owned()),
        }
        self.view.revision.0 += 1;
        Ok(())
    }

    fn view(&self) -> DoubleView {
        self.view.clone()
    }
}

impl DoubleView {
    pub fn document(&self, file: &FilePath) -> &Document {
        self.documents.get(file).unwrap_or_else(|| panic!("{file} is not open"))
    }

    /// The diagnostics of one open file, as a pass tells them.
    pub fn found(&self, file: &str, diagnostics: Vec<Diagnostic>) -> PassEvent {
        let file = FilePath::new(file);
        let version = self.documents.get(&file).map(|document| document.version);
        PassEvent::File { file, version, revision: self.revision, diagnostics }
    }
}

impl View for DoubleView {
    fn text(&self, file: &FilePath) -> Option<SourceText> {
        self.documents.get(file).map(|document| document.text.clone())
    }

    fn document(&self, file: &FilePath) -> Option<ide::Document> {
        let text = self.documents.get(file)?.text.clone();
        Some(ide::Document { file: file.clone(), syntax: SyntaxFile::parse(text), made: Arc::default() })
    }

    fn nearest_document(&self, file: &FilePath) -> Option<ide::Document> {
        let document = View::document(self, file)?;
        if !self.script.parses_aside {
            return Some(document);
        }
        // The tree of the first line alone, moved to the whole text.
        let text = document.syntax.text().clone();
        let first = text.as_str().find('\n').map_or(text.as_str(), |end| &text.as_str()[..=end]);
        let rest =
            TextEdit { range: TextRange::empty(first.len() as u32), text: text.as_str()[first.len()..].to_owned() };
        let older = SyntaxFile::parse(SourceText::new(first));
        let syntax = older.reparse_within(text.clone(), &[rest], Duration::ZERO);
        Some(ide::Document { syntax, ..document })
    }

    fn complete(
        &self,
        file: &FilePath,
        offset: u32,
        _trigger: Option<char>,
        cancel: &Cancel,
    ) -> IdeResult<Completions> {
        (self.script.complete)(self, file, offset, cancel)
    }

    fn resolve(
        &self,
        file: &FilePath,
        offset: u32,
        label: &str,
        token: &str,
        _cancel: &Cancel,
    ) -> IdeResult<CompletionDetail> {
        (self.script.resolve)(file, offset, label, token)
    }

    fn hover(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Option<HoverAnswer>> {
        (self.script.hover)(self, file, offset, cancel)
    }

    fn definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
        (self.script.definition)(self, file, offset, cancel)
    }

    fn type_definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
        (self.script.definition)(self, file, offset, cancel)
    }

    fn pass(
        &self,
        request: &PassRequest,
        cancel: &Cancel,
        send: &(dyn Fn(PassEvent) + Sync),
    ) -> Result<PassEnd, Cancelled> {
        (self.script.pass)(self, request, cancel, send)?;
        Ok(PassEnd { again: (self.script.again)(self), ..PassEnd::default() })
    }
}
