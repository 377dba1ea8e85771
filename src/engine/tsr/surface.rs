//! What files show to others, and numbers for what they declare.
//!
//! A surface is read off the syntax alone and kept for as long as the file is shared, so asking a
//! program for all of them costs a look-up a file.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tsr_ast::{AstView, NodeId, SyntaxKind as K};
use tsr_astnav::Visit;
use tsr_compiler::ProgramFile;

use super::names;
use super::program::TsrProgram;
use crate::base::{Cancel, Digest, FilePath};
use crate::engine::EngineError;
use crate::engine::uses::{Surface, SymbolKey};

/// A file's surface with the numbers of its declarations.
pub(super) struct Surveyed {
    pub surface: Arc<Surface>,
    numbers: Numbers,
}

enum Numbers {
    /// A text that never changes: a declaration's place is its number.
    Places,
    /// The order among declarations that other files see, or among those that they do not.
    Order(HashMap<NodeId, u32>),
    /// No key for what it declares.
    None,
}

/// Surfaces by the file's root node, which no other file ever has.
#[derive(Default)]
pub(super) struct Surfaces {
    known: Mutex<HashMap<NodeId, Arc<Surveyed>>>,
}

impl Surfaces {
    fn of(&self, file: &ProgramFile, kind: FileKind) -> Result<Arc<Surveyed>, EngineError> {
        if let Some(found) = self.lock().get(&file.source()) {
            return Ok(found.clone());
        }
        let surveyed = Arc::new(survey(file, kind)?);
        self.lock().insert(file.source(), surveyed.clone());
        Ok(surveyed)
    }

    /// Forgets files that are not of the program which was asked last.
    fn trim(&self, files: &[Arc<ProgramFile>]) {
        let mut known = self.lock();
        if known.len() > files.len() * 2 {
            let kept: HashSet<NodeId> = files.iter().map(|file| file.source()).collect();
            known.retain(|file, _| kept.contains(file));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Arc<Surveyed>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    /// TypeScript of the project.
    Own,
    /// Of a package, or a declaration file.
    Fixed { is_external: bool },
    /// JavaScript, JSON: shows all that it holds.
    Other,
}

impl TsrProgram {
    pub(super) fn survey(&self, cancel: &Cancel) -> Result<Vec<Arc<Surface>>, EngineError> {
        let files = self.program.files();
        let mut out = Vec::with_capacity(files.len());
        for file in files {
            cancel.check()?;
            if !self.program.is_lib(file.bound().view().source_file()?.parse_options().path.as_bytes()) {
                out.push(self.surveyed(file)?.surface.clone());
            }
        }
        self.surfaces.trim(files);
        Ok(out)
    }

    pub(super) fn surveyed(&self, file: &ProgramFile) -> Result<Arc<Surveyed>, EngineError> {
        let source = file.bound().view().source_file()?;
        let path = source.parse_options().path.as_bytes();
        let name = names::from_tsr(source.file_name());
        let is_external = self.program.is_lib(path) || self.program.is_external_library(path);
        let kind = if is_external || source.is_declaration_file {
            FileKind::Fixed { is_external }
        } else if [".ts", ".tsx", ".mts", ".cts"].iter().any(|end| name.as_str().ends_with(end)) {
            FileKind::Own
        } else {
            FileKind::Other
        };
        self.surfaces.of(file, kind)
    }
}

impl Surveyed {
    /// The key of a declaration of this file.
    pub fn key(&self, view: AstView<'_>, declaration: NodeId) -> Result<Option<SymbolKey>, EngineError> {
        let read = view.node(declaration)?;
        let (number, extent) = match &self.numbers {
            Numbers::None => return Ok(None),
            Numbers::Places => (read.pos() as u32, read.end() as u32),
            Numbers::Order(numbers) => match numbers.get(&declaration) {
                Some(number) => (*number, 0),
                None => return Ok(None),
            },
        };
        let mut hash = blake3::Hasher::new();
        hash.update(self.surface.file.as_str().as_bytes());
        hash.update(&[0]);
        hash.update(&number.to_le_bytes());
        hash.update(&extent.to_le_bytes());
        hash.update(&read.kind().raw().to_le_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hash.finalize().as_bytes()[..8]);
        Ok(Some(SymbolKey::new(u64::from_le_bytes(bytes), self.surface.is_external)))
    }
}

/// The numbers of what stands inside bodies begin here.
const INSIDE: u32 = 1 << 31;

fn survey(file: &ProgramFile, kind: FileKind) -> Result<Surveyed, EngineError> {
    let bound = file.bound().view();
    let view = bound.ast();
    let source = bound.source_file()?;
    let name: FilePath = names::from_tsr(source.file_name());
    let text = source.text().as_bytes();
    let digest = Digest::of(text);
    let mut surface = Surface {
        file: name,
        text: digest,
        interface: digest,
        is_global: source.external_module_indicator.is_none() && source.common_js_module_indicator().is_none(),
        is_external: matches!(kind, FileKind::Fixed { is_external: true }),
    };
    // An augmentation of a module or of the global scope speaks to files that do not import it.
    for node in children(view, file.source())? {
        surface.is_global |= is_augmentation(view, node)?;
    }
    let numbers = match kind {
        FileKind::Fixed { .. } => Numbers::Places,
        FileKind::Other => Numbers::None,
        FileKind::Own => {
            let (numbers, hidden) = walk(view, file.source())?;
            surface.interface = without(text, &hidden);
            Numbers::Order(numbers)
        }
    };
    Ok(Surveyed { surface: Arc::new(surface), numbers })
}

fn is_augmentation(view: AstView<'_>, node: NodeId) -> Result<bool, EngineError> {
    let read = view.node(node)?;
    if read.kind() != K::ModuleDeclaration {
        return Ok(false);
    }
    let is_string = match read.name() {
        Some(name) => view.node(name)?.kind() == K::StringLiteral,
        None => false,
    };
    Ok(is_string || tsr_ast::utilities::is_global_scope_augmentation(&read))
}

/// The numbers of declarations, and the places of what no other file sees.
type Walked = (HashMap<NodeId, u32>, Vec<(i32, i32)>);

fn walk(view: AstView<'_>, source: NodeId) -> Result<Walked, EngineError> {
    let mut numbers = HashMap::new();
    let mut hidden = Vec::new();
    let (mut seen, mut unseen) = (0, INSIDE);
    let mut stack = vec![(source, false)];
    while let Some((node, is_inside)) = stack.pop() {
        let read = view.node(node)?;
        if tsr_ast::is_declaration(&read) {
            let next = if is_inside { &mut unseen } else { &mut seen };
            numbers.insert(node, *next);
            *next += 1;
        }
        let body = read.body().filter(|_| !is_inside && says_what_it_returns(read.kind().known(), read.type_node()));
        if let Some(body) = body {
            let body = view.node(body)?;
            hidden.push((body.pos(), body.end()));
        }
        for child in children(view, node)?.into_iter().rev() {
            stack.push((child, is_inside || body == Some(child)));
        }
    }
    hidden.sort_unstable();
    Ok((numbers, hidden))
}

/// Whether nothing of a function's body shows outside. A constructor's does: it decides the types of
/// properties that have none.
fn says_what_it_returns(kind: Option<K>, returns: Option<NodeId>) -> bool {
    match kind {
        Some(
            K::MethodDeclaration | K::FunctionDeclaration | K::FunctionExpression | K::ArrowFunction | K::GetAccessor,
        ) => returns.is_some(),
        Some(K::SetAccessor) => true,
        _ => false,
    }
}

fn without(text: &[u8], hidden: &[(i32, i32)]) -> Digest {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in hidden {
        let (start, end) = (*start as usize, *end as usize);
        if start >= at && end <= text.len() {
            kept.extend_from_slice(&text[at..start]);
            kept.push(0);
            at = end;
        }
    }
    kept.extend_from_slice(&text[at..]);
    Digest::of(&kept)
}

pub(super) fn children(view: AstView<'_>, node: NodeId) -> Result<Vec<NodeId>, EngineError> {
    let mut out = Vec::new();
    for child in tsr_astnav::visit_each_child(view, node)? {
        match child {
            Visit::Node(node) => out.push(node),
            Visit::List(list) => out.extend(view.node_slice(view.list(list)?.nodes())?.iter().flatten()),
        }
    }
    Ok(out)
}
