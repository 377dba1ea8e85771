//! The names that files declare, for a search over a whole program.
//!
//! A file's list is made once for as long as the file is shared: most searches meet files that
//! did not change since the last one.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tsr_ast::{NodeId, SyntaxKind, source_file_tables};
use tsr_astnav::Navigator;
use tsr_compiler::ProgramFile;
use tsr_parser::ParserJsDocProvider;

use super::names;
use super::program::TsrProgram;
use crate::base::{Cancel, TextRange};
use crate::engine::{CompletionKind, EngineError, Place};

/// An editor shows no more, and asks again as the query grows.
const MOST_FOUND: usize = 256;

/// Lists of declarations by the file's root node, which no other file ever has.
#[derive(Default)]
pub(super) struct Symbols {
    lists: Mutex<HashMap<NodeId, Arc<[Declared]>>>,
}

struct Declared {
    name: Box<str>,
    kind: CompletionKind,
    range: TextRange,
}

impl Symbols {
    fn of(&self, file: &ProgramFile) -> Result<Arc<[Declared]>, EngineError> {
        if let Some(list) = self.lock().get(&file.source()) {
            return Ok(list.clone());
        }
        let list: Arc<[Declared]> = declared(file)?.into();
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

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Arc<[Declared]>>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TsrProgram {
    /// The best matches first; equal ones in the order of their names.
    pub(super) fn search_symbols(
        &self,
        query: &str,
        cancel: &Cancel,
    ) -> Result<Vec<(String, CompletionKind, Place)>, EngineError> {
        let files = self.program.files();
        let mut found = Vec::new();
        for file in files {
            cancel.check()?;
            let source = file.bound().view().source_file()?;
            let path = &source.parse_options().path;
            let path = path.as_bytes();
            if self.program.is_lib(path) || self.program.is_external_library(path) {
                continue;
            }
            let list = self.symbols.of(file)?;
            for (at, declared) in list.iter().enumerate() {
                if let Some(score) = score(&declared.name, query) {
                    found.push((score, list.clone(), at, file));
                }
            }
        }
        self.symbols.trim(files);
        found.sort_by(|a, b| {
            let (a_name, b_name) = (&a.1[a.2].name, &b.1[b.2].name);
            a.0.cmp(&b.0).then_with(|| a_name.len().cmp(&b_name.len())).then_with(|| a_name.cmp(b_name))
        });
        let found = found.into_iter().take(MOST_FOUND).map(|(_, list, at, file)| {
            let declared = &list[at];
            let file = names::from_tsr(file.bound().view().source_file()?.file_name());
            let place = Place { file, range: declared.range, full: None };
            Ok((declared.name.to_string(), declared.kind, place))
        });
        found.collect()
    }
}

/// How badly `name` matches: `None` where the query's characters are not in it in order. A capital
/// in the query stands for itself, another letter for either case.
fn score(name: &str, query: &str) -> Option<usize> {
    let mut rest = name.chars();
    let mut skipped = 0;
    for wanted in query.chars() {
        loop {
            let ch = rest.next()?;
            if ch == wanted || (!wanted.is_uppercase() && ch.to_lowercase().eq(wanted.to_lowercase())) {
                break;
            }
            skipped += 1;
        }
    }
    Some(skipped)
}

fn declared(file: &ProgramFile) -> Result<Vec<Declared>, EngineError> {
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
            list.push(Declared {
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

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn a_query_matches_in_order_and_capitals_stand_for_themselves() {
        assert_eq!(score("debugString", "debug"), Some(0));
        assert_eq!(score("debugString", "dS"), Some(4));
        assert_eq!(score("debugstring", "dS"), None);
        assert_eq!(score("DebugString", "ds"), Some(4));
        assert_eq!(score("abc", "cb"), None);
        assert_eq!(score("anything", ""), Some(0));
    }
}
