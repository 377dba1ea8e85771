//! Macros that are written or used in ways the language does not have, told apart from what merely
//! looks so in a comment or a string.
//!
//! Invariant: looks only where a word of the text says that there may be something.

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Field, Kind, Node, SyntaxFile};

use super::names::resolve;
use super::{FileFacts, MacroScope};

/// Ranges of `async macro`.
pub(super) fn async_macros(syntax: &SyntaxFile) -> Vec<TextRange> {
    let text = syntax.text().as_str();
    let root = syntax.root();
    words(text, "macro")
        .filter_map(|at| {
            let before = text[..at].trim_end_matches([' ', '\t']);
            let start = before.strip_suffix("async")?.len();
            let is_apart = before.len() < at && !text[..start].ends_with(is_word);
            let named = text[at + "macro".len()..].trim_start_matches([' ', '\t']);
            let is_declaration = named.starts_with(|ch: char| is_word(ch) && !ch.is_ascii_digit());
            let range = TextRange::from(start..at + "macro".len());
            (is_apart && is_declaration && is_code(root, range)).then_some(range)
        })
        .collect()
}

/// `MS1002`: macros that are declared `async`.
pub(super) fn async_diagnostics(file: &FilePath, syntax: &SyntaxFile) -> Vec<Diagnostic> {
    if !syntax.has_errors() {
        return Vec::new();
    }
    async_macros(syntax)
        .into_iter()
        .map(|range| {
            Diagnostic::new(Code::MACRO_ASYNC, file, range, "A macro cannot be `async`")
                .with_help("Leave `async` and `await` out: the functions that a macro may call answer at once")
        })
        .collect()
}

/// `MS2017`: macros that are used as values.
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
    for name in imported.chain(declared) {
        if resolve(scope, file, facts, name).is_none() {
            continue;
        }
        for at in words(text, name) {
            let range = TextRange::from(at..at + name.len());
            if root.covering(range).is_some_and(|node| node.range() == range && is_run_time_value(node)) {
                let message = format!("`{name}` is a macro: at run time nothing has its name");
                out.push(
                    Diagnostic::new(Code::MACRO_AT_RUN_TIME, file, range, message)
                        .with_help(format!("Use it as `@{name}`")),
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
            Kind::DecoratedDeclaration
                if ancestor.fields(Field::Decorator).any(|decorator| decorator.text().starts_with("@comptime")) =>
            {
                return false;
            }
            _ => {}
        }
        inner = ancestor;
    }
    true
}

fn is_code(root: Node<'_>, range: TextRange) -> bool {
    let covering = root.covering(TextRange::new(range.end - 1, range.end));
    covering.is_none_or(|node| {
        !matches!(
            node.kind(),
            Kind::Comment
                | Kind::String
                | Kind::StringFragment
                | Kind::TemplateString
                | Kind::Regex
                | Kind::RegexPattern
        )
    })
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
