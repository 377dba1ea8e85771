//! A small world of files, with macros played by Rust functions.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use msc::base::{Digest, FilePath, TextRange};
use msc::expand::names::MacroScope;
use msc::expand::{Call, CallId, Expanded, Expansion, FileFacts, Flavour, Known, Request, expand};
use msc::macros::protocol::ImportRequest;
use msc::macros::shape::Input;
use msc::macros::{Emission, Failure, JobOutput, Outcome, Piece, PieceOrigin, Place};
use msc::std_lib;
use msc::syntax::SyntaxFile;
use msc::text::SourceText;

type Play = dyn Fn(&Call, &Input) -> Result<JobOutput, Failure> + Send + Sync;

/// Files by path; the text of each is parsed when it is asked for.
#[derive(Default)]
pub struct World {
    files: BTreeMap<FilePath, SourceText>,
    plays: HashMap<String, Arc<Play>>,
    kept: Mutex<HashMap<Digest, Arc<Expansion>>>,
    last: Mutex<HashMap<CallId, Arc<Expansion>>>,
    /// Macros that ran, by call.
    pub ran: Mutex<Vec<String>>,
}

impl World {
    pub fn new(files: &[(&str, &str)]) -> World {
        let mut world = World::default();
        for (path, text) in files {
            world.set(path, text);
        }
        world
    }

    pub fn set(&mut self, path: &str, text: &str) {
        self.files.insert(FilePath::new(path), SourceText::new(text));
    }

    /// What the macro `name` does.
    pub fn play(
        mut self,
        name: &str,
        play: impl Fn(&Call, &Input) -> Result<JobOutput, Failure> + Send + Sync + 'static,
    ) -> World {
        self.plays.insert(name.to_owned(), Arc::new(play));
        self
    }

    pub fn syntax(&self, path: &str) -> SyntaxFile {
        SyntaxFile::parse(self.files[&FilePath::new(path)].clone())
    }

    /// With what is known, running nothing.
    pub fn known(&self, path: &str, flavour: Flavour) -> Expanded {
        let file = FilePath::new(path);
        let syntax = self.syntax(path);
        let facts = FileFacts::of(&syntax);
        let outputs = |call: &Call| {
            let fresh = self.kept.lock().unwrap().get(&call.key(Digest::default())).cloned();
            let last = || self.last.lock().unwrap().get(&call.id).cloned();
            fresh
                .map(|expansion| Known { expansion, is_stale: false })
                .or_else(|| last().map(|expansion| Known { expansion, is_stale: true }))
        };
        let request = Request {
            file: &file,
            syntax: &syntax,
            facts: &facts,
            scope: self,
            outputs: &outputs,
            flavour,
            steps: None,
            shapes: None,
        };
        expand(&request)
    }

    /// Runs what is pending until nothing is.
    pub fn expand(&self, path: &str) -> Expanded {
        for _ in 0..200 {
            let expanded = self.known(path, Flavour::Check);
            if expanded.pending.is_empty() {
                return expanded;
            }
            for call in &expanded.pending {
                self.run(call);
            }
        }
        panic!("expansion does not come to an end");
    }

    fn run(&self, call: &Call) {
        self.ran.lock().unwrap().push(call.id.0.clone());
        let play = self.plays.get(&call.callee.name).unwrap_or_else(|| panic!("no {}", call.callee.name));
        let result = play(call, &call.input());
        let outcome = Outcome { result, effects: Vec::new(), micros: 10, memory_bytes: 0 };
        let expansion = Arc::new(Expansion::new(call, outcome));
        self.kept.lock().unwrap().insert(call.key(Digest::default()), expansion.clone());
        self.last.lock().unwrap().insert(call.id.clone(), expansion);
    }

    /// What ran since the last time this was asked.
    pub fn take_ran(&self) -> Vec<String> {
        std::mem::take(&mut self.ran.lock().unwrap())
    }
}

impl MacroScope for World {
    fn facts(&self, file: &FilePath) -> Option<Arc<FileFacts>> {
        let text = self.text(file)?;
        Some(Arc::new(FileFacts::of(&SyntaxFile::parse(text))))
    }

    fn module(&self, from: &FilePath, specifier: &str) -> Option<FilePath> {
        if let Some(found) = std_lib::resolve(specifier) {
            return Some(found);
        }
        let path = from.parent().join(specifier.trim_end_matches(".ms"));
        Some(FilePath::new(&format!("{path}.ms")))
    }

    fn text(&self, file: &FilePath) -> Option<SourceText> {
        self.files.get(file).cloned().or_else(|| std_lib::read(file).map(SourceText::new))
    }
}

/// Collects what a macro makes.
#[derive(Default)]
pub struct Made(pub JobOutput);

impl Made {
    pub fn new() -> Made {
        Made::default()
    }

    pub fn emit(mut self, place: Place, pieces: Vec<Piece>) -> Made {
        self.0.emissions.push(Emission { place, pieces });
        self
    }

    /// Text as from a quote in `module` at `start`.
    pub fn quote(self, place: Place, module: &str, start: u32, text: &str) -> Made {
        self.emit(place, vec![quoted(module, start, text)])
    }

    pub fn import(mut self, module: &str, from: &str, name: &str, local: &str) -> Made {
        self.0.imports.push(ImportRequest {
            module: module.into(),
            from: FilePath::new(from),
            name: name.into(),
            local: local.into(),
        });
        self
    }

    pub fn done(self) -> Result<JobOutput, Failure> {
        Ok(self.0)
    }
}

pub fn quoted(module: &str, start: u32, text: &str) -> Piece {
    let range = TextRange::new(start, start + text.len() as u32);
    Piece { text: text.into(), origin: PieceOrigin::Quote { module: FilePath::new(module), range } }
}

pub fn copied(syntax: &msc::macros::shape::Syntax) -> Piece {
    Piece { text: syntax.text.clone(), origin: PieceOrigin::Target { range: syntax.range } }
}

pub fn computed(module: &str, text: &str) -> Piece {
    let origin = PieceOrigin::Computed { module: FilePath::new(module), range: TextRange::new(1, 2) };
    Piece { text: text.into(), origin }
}

/// The diagnostics, one a line: code, the text they point at, message, help.
pub fn diagnostics(world: &World, path: &str, expanded: &Expanded) -> String {
    let text = world.syntax(path).text().clone();
    let lines: Vec<String> = expanded
        .diagnostics
        .iter()
        .map(|found| {
            let mut line = format!("{} `{}`: {}", found.code, found.range.of(text.as_str()), found.message);
            if let Some(help) = &found.help {
                line.push_str(&format!(" ({help})"));
            }
            for related in &found.related {
                line.push_str(&format!("\n  {} {}: {}", related.file, related.range.start, related.message));
            }
            if let Some(generated) = &found.generated {
                line.push_str(&format!("\n  by {}: {}", generated.by, generated.text));
            }
            line
        })
        .collect();
    lines.join("\n")
}

/// Every segment on a line: where from, and the text.
pub fn drawn(expanded: &Expanded) -> String {
    use msc::expand::Origin;
    let text = expanded.text.as_str();
    let lines: Vec<String> = expanded
        .map
        .segments()
        .iter()
        .map(|segment| {
            let from = match &segment.origin {
                Origin::Verbatim { source } => format!("= {}", source.start),
                Origin::Copied { call, source } => format!("c{call} {}", source.start),
                Origin::Quoted { call, range, .. } => format!("q{call} {}", range.start),
                Origin::Computed { call, .. } => format!("m{call}"),
                Origin::Glue { .. } => "~".to_owned(),
            };
            format!("{from:<6} {:?}", segment.expanded.of(text))
        })
        .collect();
    lines.join("\n")
}
