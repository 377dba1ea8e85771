//! What stands at a cursor, as far as syntax alone can say.
//!
//! Invariant: looks at the text before the cursor first, since what is being typed rarely parses.

use crate::base::TextRange;

use super::{Field, Kind, Node, SyntaxFile, ast};

/// What is being written at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Context {
    /// Behind an `@`: the name so far, which may be empty or dotted.
    MacroName {
        name: TextRange,
    },
    /// Among the arguments of `@name(…)`: which one, counted from 0.
    MacroArgument {
        name: String,
        index: u32,
    },
    /// In a comment, a string, a regular expression, or the text of a template.
    Text,
    Code,
}

/// The context of the cursor at `offset`.
pub fn at(syntax: &SyntaxFile, offset: u32) -> Context {
    let text = syntax.text().as_str();
    let offset = (offset as usize).min(text.len());
    let Some(before) = text.get(..offset) else {
        return Context::Code;
    };
    let Some(previous) = before.char_indices().next_back().map(|(at, _)| at) else {
        return Context::Code;
    };
    let node = syntax.root().covering(TextRange::from(previous..offset));
    if let Some(node) = node
        && is_text(node, offset as u32)
    {
        return Context::Text;
    }
    let name = before.trim_end_matches(|ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '.'));
    if name.ends_with('@') {
        return Context::MacroName { name: TextRange::from(name.len()..offset) };
    }
    node.and_then(|node| argument(node, offset as u32)).unwrap_or(Context::Code)
}

/// Whether the cursor stands inside of `node`'s text. Behind a closing quotation mark it does not;
/// behind a line comment it does, as far as the line goes.
fn is_text(node: Node<'_>, offset: u32) -> bool {
    match node.kind() {
        Kind::Comment => offset < node.end() || !node.text().ends_with("*/"),
        Kind::StringFragment | Kind::EscapeSequence | Kind::RegexPattern => true,
        Kind::String | Kind::TemplateString | Kind::Regex => offset < node.end(),
        // A quotation mark: inside, unless it is the closing one.
        Kind::Token => {
            matches!(node.text(), "\"" | "'" | "`")
                && node.parent().is_some_and(|parent| is_text(parent, offset) && offset < parent.end())
        }
        _ => false,
    }
}

fn argument(node: Node<'_>, offset: u32) -> Option<Context> {
    let list = std::iter::once(node).chain(node.ancestors()).find(|node| {
        node.is(Kind::Arguments) && node.start() < offset && (offset < node.end() || !node.text().ends_with(')'))
    })?;
    let owner = list.parent()?;
    let name = match owner.kind() {
        Kind::MacroInvocation => owner.field(Field::Name)?,
        Kind::CallExpression if owner.parent().is_some_and(|parent| parent.is(Kind::Decorator)) => {
            owner.field(Field::Function)?
        }
        _ => return None,
    };
    let commas = list.children().filter(|child| child.is_token(",") && child.end() <= offset).count();
    Some(Context::MacroArgument { name: ast::dotted_name(name)?, index: commas as u32 })
}
