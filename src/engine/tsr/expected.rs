//! Which completions are of the type that their place asks for.
//!
//! Invariant: says nothing where nothing is asked for, or where anything will do; a list is as good without it.

use tsr_ast::{NodeId, SyntaxKind, symbol_flags};
use tsr_astnav::Navigator;
use tsr_checker::{Operation, SignatureKind, SymbolRef, TypeRef, type_flags};
use tsr_compiler::ProgramFile;
use tsr_parser::ParserJsDocProvider;

use crate::base::Cancel;
use crate::engine::{CompletionItem, EngineError};

/// Types are compared for at most so many names of a list.
const MOST_COMPARED: usize = 100;

/// What `tsr` sorts names by that are bound in the file, and members.
const NEAR: &str = "11";

/// The place of a completion.
struct Asked {
    /// The expression that is being written.
    expression: NodeId,
    /// What it takes a member of.
    receiver: Option<NodeId>,
}

/// Marks the items whose value, or whose result when called, can stand at `offset`.
pub(super) fn mark(
    checker: &mut Operation<'_>,
    items: &mut [CompletionItem],
    source: &ProgramFile,
    offset: u32,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let Some(asked) = asked(source, offset)? else { return Ok(()) };
    let Some(expected) = checker.get_contextual_type(asked.expression, 0)? else { return Ok(()) };
    if is_anything(checker, expected)? {
        return Ok(());
    }
    let receiver = match asked.receiver {
        Some(node) => {
            let of = checker.get_type_at_location(node)?;
            Some(checker.get_apparent_type(of)?)
        }
        None => None,
    };
    for item in items.iter_mut().filter(|item| item.sort == NEAR).take(MOST_COMPARED) {
        cancel.check()?;
        let name = item.label.as_bytes();
        let symbol = match receiver {
            Some(of) => checker.get_property_of_type(of, name)?,
            None => checker.resolve_name(name, Some(asked.expression), symbol_flags::VALUE, true)?,
        };
        if let Some(symbol) = symbol {
            item.fits = fits(checker, symbol, asked.expression, expected)?;
        }
    }
    Ok(())
}

fn fits(checker: &mut Operation<'_>, symbol: SymbolRef, at: NodeId, expected: TypeRef) -> Result<bool, EngineError> {
    let ty = checker.get_type_of_symbol_at_location(symbol, Some(at))?;
    if is_anything(checker, ty)? {
        return Ok(false);
    }
    if checker.is_type_assignable_to(ty, expected)? {
        return Ok(true);
    }
    for signature in checker.get_signatures_of_type(ty, SignatureKind::Call)? {
        let result = checker.get_return_type_of_signature(signature)?;
        if !is_anything(checker, result)? && checker.is_type_assignable_to(result, expected)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Types that everything goes with, or nothing.
fn is_anything(checker: &Operation<'_>, ty: TypeRef) -> Result<bool, EngineError> {
    use type_flags as f;
    Ok(checker.type_flags(ty)? & (f::ANY | f::UNKNOWN | f::VOID | f::NEVER | f::TYPE_PARAMETER) != 0)
}

/// `None` where no value is being written.
fn asked(source: &ProgramFile, offset: u32) -> Result<Option<Asked>, EngineError> {
    let view = source.bound().view().ast();
    let mut docs = ParserJsDocProvider::default();
    let mut navigator = Navigator::new(view, source.source(), &mut docs);
    let Some(token) = navigator.find_preceding_token(i64::from(offset))? else { return Ok(None) };
    let read = view.node(token)?;
    let Some(parent) = read.parent() else { return Ok(None) };
    let is_access = |node: NodeId| {
        Ok::<_, EngineError>(view.node(node)?.kind().known() == Some(SyntaxKind::PropertyAccessExpression))
    };
    match read.kind().known() {
        Some(SyntaxKind::DotToken | SyntaxKind::QuestionDotToken) if is_access(parent)? => {
            Ok(Some(Asked { expression: parent, receiver: view.node(parent)?.expression() }))
        }
        Some(SyntaxKind::Identifier) if is_access(parent)? && view.node(parent)?.name() == Some(token) => {
            Ok(Some(Asked { expression: parent, receiver: view.node(parent)?.expression() }))
        }
        // The name of a declaration is nobody's value.
        Some(SyntaxKind::Identifier) if view.node(parent)?.name() != Some(token) => {
            Ok(Some(Asked { expression: token, receiver: None }))
        }
        _ => Ok(None),
    }
}
