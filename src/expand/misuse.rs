//! Macros that are written or used in ways the language does not have, told apart from what merely
//! looks so in a comment or a string.
//!
//! Invariant: looks only where a word of the text says that there may be something.

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

use super::hygiene::{is_quote, quoted_names};
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

/// `MS2018`: macros that are default exports; compile-time code that quotes name, and quotes that
/// nothing takes (`MS2017`).
pub(super) fn of_macros(file: &FilePath, syntax: &SyntaxFile, facts: &FileFacts) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for statement in syntax.root().named_children() {
        if let Some(at) = default_macro(statement, facts) {
            out.push(
                Diagnostic::new(Code::DEFAULT_MACRO, file, at, "A macro cannot be a default export")
                    .with_help("Export it by its name: a macro is used by a name, and a default export has none"),
            );
        }
        if statement.is(Kind::ExpressionStatement)
            && let Some(quote) = statement.first_named().filter(|inner| inner.is(Kind::QuoteExpression))
        {
            let at = quote.first_child().map_or(quote.range(), Node::range);
            out.push(
                Diagnostic::new(Code::MACRO_AT_RUN_TIME, file, at, "Nothing takes the code of this quote")
                    .with_help("A quote that stands as a statement emits its code from a macro"),
            );
        }
    }
    if facts.macros.is_empty() && facts.comptime_functions.is_empty() {
        return out;
    }
    syntax.root().walk(|node| {
        if is_quote(node) {
            let own = bound_names(node);
            quoted_names(node, &mut |name| {
                let text = name.text();
                let is_use = name
                    .ancestors()
                    .find(|around| !matches!(around.kind(), Kind::MemberExpression | Kind::CallExpression))
                    .is_some_and(|around| {
                        around.is(Kind::Decorator)
                            || around.is(Kind::MacroInvocation)
                                && around
                                    .field(Field::Name)
                                    .is_some_and(|used| used.range().contains_range(name.range()))
                    });
                let what = if is_use || own.contains(text) {
                    return;
                } else if facts.macro_named(text).is_some() {
                    "is a macro"
                } else if facts.comptime_functions.iter().any(|known| known == text) {
                    "is a compile-time function"
                } else {
                    return;
                };
                let message = format!("`{text}` {what}: where the quote ends up, nothing has its name");
                out.push(
                    Diagnostic::new(Code::MACRO_AT_RUN_TIME, file, name.range(), message)
                        .with_help(format!("Splice what it gives: `${{{text}(…)}}`")),
                );
            });
        }
        true
    });
    out
}

/// Where a statement makes a macro the default export.
fn default_macro(statement: Node<'_>, facts: &FileFacts) -> Option<TextRange> {
    if !statement.is(Kind::ExportStatement) || statement.field(Field::Source).is_some() {
        return None;
    }
    if let Some(clause) = statement.child_of_kind(Kind::ExportClause) {
        return clause
            .named_children()
            .find(|part| {
                part.field(Field::Alias).is_some_and(|alias| alias.text() == "default")
                    && part.field(Field::Name).is_some_and(|name| facts.macro_named(name.text()).is_some())
            })
            .map(Node::range);
    }
    let default = statement.children().find(|child| child.is_token("default"))?;
    let declaration = ast::declaration_of(statement);
    let is_macro = declaration.is(Kind::MacroDeclaration)
        || declaration.is(Kind::Identifier) && facts.macro_named(declaration.text()).is_some();
    is_macro.then(|| default.range())
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
