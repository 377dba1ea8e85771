//! The names that files declare, for searches over a whole program and imports that are not there yet.
//!
//! A file's list is made once for as long as the file is shared: most searches meet files that
//! did not change since the last one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tsr_ast::{AstView, NodeId, SyntaxKind, source_file_tables};
use tsr_astnav::Navigator;
use tsr_compiler::ProgramFile;
use tsr_parser::ParserJsDocProvider;

use super::names;
use super::program::TsrProgram;
use crate::base::{Cancel, TextRange};
use crate::engine::{CompletionKind, Declaration, Declarations, EngineError};

/// Lists of declarations by the file's root node, which no other file ever has.
#[derive(Default)]
pub(super) struct Symbols {
    lists: Mutex<HashMap<NodeId, Arc<[Declaration]>>>,
}

impl Symbols {
    fn of(&self, file: &ProgramFile) -> Result<Arc<[Declaration]>, EngineError> {
        if let Some(list) = self.lock().get(&file.source()) {
            return Ok(list.clone());
        }
        let list: Arc<[Declaration]> = declared(file)?.into();
        self.lock().insert(file.source(), list.clone());
        Ok(list)
    }

    /// Forgets files that are not of the program which was searched last.
    fn trim(&self, files: &[Arc<ProgramFile>]) {
        let mut lists = self.lock();
        if lists.len() > files.len() * 2 {
            let kept: HashSet<NodeId> = files.iter().map(|file| file.source()).collect();
            lists.retain(|file, _| kept.contains(file));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Arc<[Declaration]>>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TsrProgram {
    pub(super) fn declared(&self, cancel: &Cancel) -> Result<Vec<Declarations>, EngineError> {
        let files = self.program.files();
        let mut out = Vec::new();
        for file in files {
            cancel.check()?;
            let source = file.bound().view().source_file()?;
            let path = &source.parse_options().path;
            if self.program.is_lib(path.as_bytes()) {
                continue;
            }
            out.push(Declarations {
                file: names::from_tsr(source.file_name()),
                is_external: self.program.is_external_library(path.as_bytes()),
                list: self.symbols.of(file)?,
            });
        }
        self.symbols.trim(files);
        Ok(out)
    }
}

fn declared(file: &ProgramFile) -> Result<Vec<Declaration>, EngineError> {
    let bound = file.bound().view();
    let view = bound.ast();
    let mut docs = ParserJsDocProvider::default();
    let mut navigator = Navigator::new(view, file.source(), &mut docs);
    let mut list = Vec::new();
    for (name, nodes) in source_file_tables::get_declaration_map(view, Some(bound), file.source())? {
        for node in nodes {
            let Some(name_node) = tsr_ast::get_name_of_declaration(view, Some(node))? else { continue };
            let start = navigator.get_start_of_node(name_node, false)?;
            let end = i64::from(view.node(name_node)?.end());
            let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else { continue };
            let is_top = is_at_top(view, file.source(), view.node(node)?.parent())?;
            let flags = tsr_ast::utilities::get_combined_modifier_flags(view, node)?;
            let is_exported =
                is_top && flags & tsr_ast::modifier_flags::EXPORT != 0 && flags & tsr_ast::modifier_flags::DEFAULT == 0;
            list.push(Declaration {
                is_exported,
                name: String::from_utf8_lossy(&name).into(),
                kind: kind(view.node(node)?.kind().known()),
                range: TextRange::new(start, end.max(start)),
            });
        }
    }
    list.sort_by_key(|declared| declared.range);
    Ok(list)
}

fn kind(kind: Option<SyntaxKind>) -> CompletionKind {
    use SyntaxKind as K;
    match kind {
        Some(K::ClassDeclaration | K::ClassExpression) => CompletionKind::Class,
        Some(K::InterfaceDeclaration | K::TypeAliasDeclaration) => CompletionKind::Interface,
        Some(K::EnumDeclaration) => CompletionKind::Enum,
        Some(K::EnumMember) => CompletionKind::EnumMember,
        Some(K::ModuleDeclaration) => CompletionKind::Module,
        Some(K::FunctionDeclaration | K::FunctionExpression | K::ArrowFunction) => CompletionKind::Function,
        Some(K::MethodDeclaration | K::MethodSignature | K::CallSignature) => CompletionKind::Method,
        Some(K::Constructor | K::ConstructSignature) => CompletionKind::Constructor,
        Some(K::TypeParameter) => CompletionKind::TypeParameter,
        Some(K::PropertyDeclaration | K::Parameter) => CompletionKind::Field,
        Some(
            K::PropertySignature
            | K::GetAccessor
            | K::SetAccessor
            | K::PropertyAssignment
            | K::ShorthandPropertyAssignment
            | K::IndexSignature,
        ) => CompletionKind::Property,
        _ => CompletionKind::Variable,
    }
}

/// Whether what hangs below `parent` is declared by the module itself.
fn is_at_top(view: AstView<'_>, source: NodeId, parent: Option<NodeId>) -> Result<bool, EngineError> {
    let mut parent = parent;
    while let Some(node) = parent {
        if node == source {
            return Ok(true);
        }
        let read = view.node(node)?;
        // A variable hangs two levels below its statement.
        if !matches!(read.kind().known(), Some(SyntaxKind::VariableDeclarationList | SyntaxKind::VariableStatement)) {
            return Ok(false);
        }
        parent = read.parent();
    }
    Ok(false)
}
