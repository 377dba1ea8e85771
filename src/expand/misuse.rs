//! Macros that are written or used in ways the language does not have, told apart from what merely
//! looks so in a comment or a string.
//!
//! Invariant: looks only where a word of the text says that there may be something.

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Field, Kind, Node, SyntaxFile};

use super::lower::comptime_decorator;
use super::names::{CompileTime, resolve_as};
use super::scope::bound_names;
use super::{FileFacts, MacroScope};

/// `MS1002`: macros that are declared `async`.
pub(super) fn async_diagnostics(file: &FilePath, syntax: &SyntaxFile) -> Vec<Diagnostic> {
    let words = syntax.recovered().map(|recovered| recovered.async_words.as_slice()).unwrap_or_default();
    words
        .iter()
        .map(|range| {
            Diagnostic::new(Code::MACRO_ASYNC, file, *range, "A macro cannot be `async`")
                .with_help("Leave `async` and `await` out: the functions that a macro may call answer at once")
        })
        .collect()
}

/// `MS2017`: macros and compile-time functions that are used as values of the program.
pub(super) fn diagnostics(
    file: &FilePath,
    syntax: &SyntaxFile,
    facts: &FileFacts,
    scope: &dyn MacroScope,
) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    let text = syntax.text().as_str();
    let root = syntax.root();
    let imported = facts
        .imports
        .iter()
        .filter(|import| !import.is_type_only)
        .flat_map(|import| import.names.iter().filter(|name| !name.is_type_only).map(|name| name.local.as_str()));
    let declared = facts.macros.iter().filter(|known| !known.is_extern).map(|known| known.name.as_str());
    let functions = facts.comptime_functions.iter().map(String::as_str);
    for name in imported.chain(declared).chain(functions) {
        let (what, help) = if resolve_as(scope, file, facts, name, CompileTime::Macro).is_some() {
            ("is a macro: at run time nothing has its name", format!("Use it as `@{name}`"))
        } else if resolve_as(scope, file, facts, name, CompileTime::Function).is_some() {
            let help = "Use it in a `@comptime { ... }` block or in a macro, or leave its `@comptime` out";
            ("is a compile-time function: at run time there is none of its name", help.to_owned())
        } else {
            continue;
        };
        for at in words(text, name) {
            let range = TextRange::from(at..at + name.len());
            if root.covering(range).is_some_and(|node| node.range() == range && is_run_time_value(node)) {
                out.push(
                    Diagnostic::new(Code::MACRO_AT_RUN_TIME, file, range, format!("`{name}` {what}"))
                        .with_help(help.clone()),
                );
            }
        }
    }
    out
}

/// Whether an identifier stands for a value in code that runs.
fn is_run_time_value(node: Node<'_>) -> bool {
    if !matches!(node.kind(), Kind::Identifier | Kind::ShorthandPropertyIdentifier) {
        return false;
    }
    let mut inner = node;
    for ancestor in node.ancestors() {
        match ancestor.kind() {
            // Names of declarations, imports and exports, and what only the compiler sees.
            Kind::Decorator
            | Kind::MacroInvocation
            | Kind::MacroDeclaration
            | Kind::ExternMacroDeclaration
            | Kind::ImportStatement
            | Kind::ExportClause
            | Kind::ExportSpecifier
            | Kind::QuoteExpression
            | Kind::TypeQuery
            | Kind::Error => return false,
            Kind::FunctionDeclaration
            | Kind::VariableDeclarator
            | Kind::RequiredParameter
            | Kind::OptionalParameter
            | Kind::NamespaceImport
                if ancestor.field(Field::Name) == Some(inner) || ancestor.field(Field::Pattern) == Some(inner) =>
            {
                return false;
            }
            Kind::DecoratedDeclaration | Kind::ExportStatement if comptime_decorator(ancestor).is_some() => {
                return false;
            }
            // A local of the same name hides the one that is there at compile time only.
            Kind::FunctionDeclaration
            | Kind::GeneratorFunctionDeclaration
            | Kind::FunctionExpression
            | Kind::GeneratorFunction
            | Kind::ArrowFunction
            | Kind::MethodDefinition
            | Kind::StatementBlock
                if bound_names(ancestor).contains(node.text()) =>
            {
                return false;
            }
            _ => {}
        }
        inner = ancestor;
    }
    true
}

/// Offsets at which `word` stands alone, other than behind a dot or an `@`.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        !text[..at].ends_with(|ch: char| is_word(ch) || ch == '.' || ch == '@')
            && !text[at + word.len()..].starts_with(is_word)
    })
}

fn is_word(ch: char) -> bool {
    ch.is_alphanumeric() || ch == '_' || ch == '$'
}
