//! L3: the members of exported types, so that what comes after a dot is known before the engine has
//! loaded.
//!
//! The engine makes the lists when a whole pass has ended: the text of a module gets lines at its end
//! that ask for the members of each of its classes, interfaces and enumerations, in a program that is
//! dropped after. A row is found again under the module's expanded text, so a macro whose output changed,
//! or is not known yet, makes it a miss.
//!
//! Invariant: a list is of what everybody may see: who asks from inside a class hierarchy asks the
//! engine. A module can be added to from afar (`declare module`), which a row does not see: answers from
//! rows count as incomplete.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use crate::base::{Cancel, Digest, FilePath, Recipe, TextRange};
use crate::cache::Level;
use crate::engine::{CompletionItem, EngineError, Files};
use crate::std_lib;
use crate::syntax::{Field, Kind, Node, SyntaxFile};
use crate::text::SourceText;

use super::files::{engine_path, source_path};
use super::resolution::package_of;
use super::scope::{facts_of, resolve};
use super::shared::lock;
use super::{Loaded, Snapshot};

/// Modules that one pass makes lists of.
const MODULES: usize = 64;
/// Files that a base class may be spread over; types that rest on more have no row.
const BASES: usize = 32;

/// Keys of the rows that this process wrote, or found written.
#[derive(Default)]
pub(super) struct Learned(Mutex<HashSet<Digest>>);

#[derive(Default, Serialize, Deserialize)]
struct Row {
    types: BTreeMap<String, TypeRow>,
    /// The texts that types with bases rest on, as the engine sees them.
    bases: Vec<(FilePath, Digest)>,
}

#[derive(Default, Serialize, Deserialize)]
struct TypeRow {
    instance: Vec<CompletionItem>,
    statics: Vec<CompletionItem>,
    has_bases: bool,
}

/// Whose members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Instance,
    /// Of an enumeration itself.
    Statics,
}

impl Snapshot {
    /// The members of what `module` exports as `name`, from rows; `None` where none is right. Reads
    /// rows, and runs nothing.
    pub fn members(&self, module: &FilePath, name: &str, of: Of) -> Option<Vec<CompletionItem>> {
        let text = self.shown_text(module)?;
        let root = &self.project_of(module).root;
        let bytes = self.shared.store(root).get(Level::File, key(self, module, &text))?;
        let mut row: Row = postcard::from_bytes(&bytes).ok()?;
        let found = row.types.remove(name)?;
        let bases_hold = || {
            row.bases.iter().all(|(file, digest)| self.shown_text(file).is_some_and(|text| text.digest() == *digest))
        };
        if found.has_bases && !bases_hold() {
            return None;
        }
        let list = match of {
            Of::Instance => found.instance,
            Of::Statics => found.statics,
        };
        (!list.is_empty()).then_some(list)
    }

    /// The text of a file as the engine would see it; `None` where an expansion is missing or stale.
    fn shown_text(&self, file: &FilePath) -> Option<SourceText> {
        if !file.is_metascript() {
            return self.text(file);
        }
        let expanded = self.expanded(file)?;
        (!expanded.is_stale()).then(|| expanded.text.clone())
    }

    /// Makes rows of the modules that open files import, where there are none yet. For the end of a
    /// whole pass; how many were made.
    pub fn learn_members(&self, cancel: &Cancel) -> Result<usize, EngineError> {
        let mut modules = BTreeSet::new();
        for (file, _) in self.open_files() {
            let Some(syntax) = self.syntax(&file).filter(|_| is_source(&file)) else { continue };
            let facts = facts_of(self, &file, syntax.text(), Some(&syntax));
            let found = facts.specifiers().into_iter().filter_map(|specifier| resolve(self, &file, specifier));
            modules.extend(found.filter(|module| is_source(module)).map(|module| (module, file.clone())));
        }
        let mut made = 0;
        let mut seen = HashSet::new();
        for (module, importer) in modules {
            cancel.check()?;
            if made < MODULES && seen.insert(module.clone()) {
                made += usize::from(learn(self, &module, &importer, cancel)?);
            }
        }
        Ok(made)
    }
}

fn is_source(file: &FilePath) -> bool {
    (file.is_metascript() || file.has_extension("ts")) && !std_lib::contains(file) && package_of(file).is_none()
}

fn key(snap: &Snapshot, module: &FilePath, text: &SourceText) -> Digest {
    let mut key = Recipe::new("member lists");
    key.text("file", module.as_str()).digest("text", text.digest());
    // Another target has other libraries, and so other members of what extends theirs.
    key.text("target", &super::scope::target_of(snap, module)).finish()
}

fn learn(snap: &Snapshot, module: &FilePath, importer: &FilePath, cancel: &Cancel) -> Result<bool, EngineError> {
    let Some(text) = snap.shown_text(module) else { return Ok(false) };
    let key = key(snap, module, &text);
    let store = snap.shared.store(&snap.project_of(module).root);
    if lock(&snap.shared.learned.0).contains(&key) {
        return Ok(false);
    }
    if store.get(Level::File, key).is_none() {
        let loaded = snap.program_for(importer, cancel)?;
        if !loaded.program.contains(&engine_path(module)) {
            return Ok(false);
        }
        let row = row_of(&loaded, module, &text, cancel)?;
        match postcard::to_allocvec(&row) {
            Ok(bytes) => store.put(Level::File, key, Some(module), bytes),
            Err(error) => crate::bug!("a list of members has no encoding: {error}"),
        }
    }
    lock(&snap.shared.learned.0).insert(key);
    Ok(true)
}

fn row_of(loaded: &Loaded, module: &FilePath, text: &SourceText, cancel: &Cancel) -> Result<Row, EngineError> {
    let syntax = SyntaxFile::parse(text.clone());
    let mut row = Row::default();
    let mut probes = Probes::new(text.as_str());
    for declaration in syntax.root().children().filter_map(exported) {
        let Some(name) = declaration.field(Field::Name).map(Node::text) else { continue };
        let has_bases = has_bases(declaration);
        if has_bases && row.bases.is_empty() {
            match bases(loaded, module) {
                Some(bases) => row.bases = bases,
                None => continue,
            }
        }
        let is_enum = declaration.is(Kind::EnumDeclaration);
        let instance = (!is_enum).then(|| probes.instance(name, declaration));
        let statics = is_enum.then(|| probes.value(name));
        row.types.insert(name.to_owned(), TypeRow { has_bases, ..TypeRow::default() });
        probes.asked.push((name.to_owned(), instance, statics));
    }
    if row.types.is_empty() {
        return Ok(row);
    }
    let path = engine_path(module);
    let files = Arc::new(Probed { files: loaded.snap.files(), path: path.clone(), text: probes.text.as_str().into() });
    let program = loaded.snap.shared.engine.update(&loaded.program, std::slice::from_ref(&path), files)?;
    let list = |at: Option<u32>| -> Result<Vec<CompletionItem>, EngineError> {
        let Some(at) = at else { return Ok(Vec::new()) };
        let found = program.completion(&path, at, Some('.'), cancel)?;
        let is_whole = found.is_member && found.items.iter().all(|item| item.replace.is_none());
        Ok(if is_whole { found.items } else { Vec::new() })
    };
    for (name, instance, statics) in probes.asked {
        let (instance, statics) = (list(instance)?, list(statics)?);
        if let Some(found) = row.types.get_mut(&name) {
            (found.instance, found.statics) = (instance, statics);
        }
    }
    Ok(row)
}

/// What an `export` declares, where it is a type with members.
fn exported(statement: Node<'_>) -> Option<Node<'_>> {
    if !statement.is(Kind::ExportStatement) || statement.has_error() {
        return None;
    }
    let declaration = statement.field(Field::Declaration)?;
    let has_members = matches!(
        declaration.kind(),
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::InterfaceDeclaration | Kind::EnumDeclaration
    );
    has_members.then_some(declaration)
}

fn has_bases(declaration: Node<'_>) -> bool {
    let is_base = |node: Node<'_>| matches!(node.kind(), Kind::ClassHeritage | Kind::ExtendsTypeClause);
    declaration.children().any(is_base)
}

/// The texts of all that a module reaches through imports; `None` where that is too much to look at.
fn bases(loaded: &Loaded, module: &FilePath) -> Option<Vec<(FilePath, Digest)>> {
    let mut found = BTreeMap::new();
    let mut queue = loaded.program.imports(&engine_path(module));
    while let Some(path) = queue.pop() {
        let file = source_path(&loaded.snap, &path);
        if std_lib::contains(&file) || found.contains_key(&file) {
            continue;
        }
        let digest = loaded.snap.shown_text(&file)?.digest();
        found.insert(file, digest);
        if found.len() > BASES {
            return None;
        }
        queue.extend(loaded.program.imports(&path));
    }
    Some(found.into_iter().collect())
}

/// Lines at the end of a module that ask for members.
struct Probes {
    text: String,
    /// A name, and where the dots of its probes end.
    asked: Vec<(String, Option<u32>, Option<u32>)>,
}

impl Probes {
    fn new(text: &str) -> Probes {
        Probes { text: format!("{text}\n;\n"), asked: Vec::new() }
    }

    fn instance(&mut self, name: &str, declaration: Node<'_>) -> u32 {
        let count = declaration.field(Field::TypeParameters).map_or(0, |list| list.named_children().count());
        let arguments = match count {
            0 => String::new(),
            count => format!("<{}>", vec!["any"; count].join(", ")),
        };
        let probe = format!("__ms_probe{}", self.asked.len());
        // Writing to a string cannot fail.
        let _ = write!(self.text, "declare const {probe}: {name}{arguments};\n{probe}.");
        self.end()
    }

    fn value(&mut self, name: &str) -> u32 {
        let _ = write!(self.text, "{name}.");
        self.end()
    }

    fn end(&mut self) -> u32 {
        let at = TextRange::from(self.text.len()..self.text.len()).end;
        self.text.push_str("\n;\n");
        at
    }
}

/// The files with another text for one of them.
struct Probed {
    files: Arc<dyn Files>,
    path: FilePath,
    text: Arc<str>,
}

impl Files for Probed {
    fn read(&self, path: &FilePath) -> Option<Arc<str>> {
        if *path == self.path { Some(self.text.clone()) } else { self.files.read(path) }
    }

    fn is_file(&self, path: &FilePath) -> bool {
        self.files.is_file(path)
    }

    fn is_dir(&self, path: &FilePath) -> bool {
        self.files.is_dir(path)
    }

    fn entries(&self, path: &FilePath) -> (Vec<String>, Vec<String>) {
        self.files.entries(path)
    }

    fn realpath(&self, path: &FilePath) -> FilePath {
        self.files.realpath(path)
    }
}
