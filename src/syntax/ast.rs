//! Readings of nodes that several users need: names that a declaration binds, the value of a string,
//! what is exported, the doc comment above.
//!
//! Invariant: looks at the nodes it is given and what hangs below them, resolves nothing.

use super::{Field, Kind, Node};

/// Leaves out parentheses and type annotations around an expression: `(x as const)` is `x`.
pub fn bare(mut node: Node<'_>) -> Node<'_> {
    while matches!(
        node.kind(),
        Kind::ParenthesizedExpression | Kind::AsExpression | Kind::SatisfiesExpression | Kind::NonNullExpression
    ) {
        match node.first_named() {
            Some(inner) => node = inner,
            None => break,
        }
    }
    node
}

/// Whether a string is what `import("…")` loads, as an expression or in a type.
pub fn is_dynamic_import(string: Node<'_>) -> bool {
    let before = &string.file_text()[..string.start() as usize];
    before.trim_end().strip_suffix('(').is_some_and(|before| before.trim_end().ends_with("import"))
}

/// The value of a string literal, escapes resolved.
pub fn string_value(string: Node<'_>) -> String {
    let mut out = String::new();
    for part in string.named_children() {
        match part.kind() {
            Kind::EscapeSequence => unescape(part.text(), &mut out),
            Kind::StringFragment => out.push_str(part.text()),
            _ => {}
        }
    }
    out
}

fn unescape(escape: &str, out: &mut String) {
    let body = &escape[1..];
    let code = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    match body.chars().next() {
        Some('n') => out.push('\n'),
        Some('t') => out.push('\t'),
        Some('r') => out.push('\r'),
        Some('b') => out.push('\u{8}'),
        Some('f') => out.push('\u{c}'),
        Some('v') => out.push('\u{b}'),
        Some('0') if body.len() == 1 => out.push('\0'),
        Some('\n' | '\r' | '\u{2028}' | '\u{2029}') => {}
        Some('x' | 'u') => {
            let digits = body[1..].trim_matches(['{', '}']);
            out.push(code(digits).unwrap_or('\u{fffd}'));
        }
        Some(other) => out.push(other),
        None => {}
    }
}

/// The names that a pattern binds, from left to right.
pub fn pattern_names<'t>(pattern: Node<'t>, out: &mut Vec<Node<'t>>) {
    // A stack of its own: patterns may be nested deeper than the thread's stack is.
    let mut stack = vec![pattern];
    while let Some(pattern) = stack.pop() {
        match pattern.kind() {
            Kind::Identifier | Kind::ShorthandPropertyIdentifierPattern => out.push(pattern),
            Kind::AssignmentPattern | Kind::ObjectAssignmentPattern => stack.extend(pattern.field(Field::Left)),
            Kind::PairPattern => stack.extend(pattern.field(Field::Value)),
            Kind::ObjectPattern | Kind::ArrayPattern | Kind::RestPattern => {
                let first = stack.len();
                stack.extend(pattern.named_children());
                stack[first..].reverse();
            }
            _ => {}
        }
    }
}

/// The names that a declaration statement binds in the scope it stands in. Imports and exports
/// without a declaration bind none here.
pub fn declared_names<'t>(declaration: Node<'t>, out: &mut Vec<Node<'t>>) {
    match declaration.kind() {
        Kind::ClassDeclaration
        | Kind::AbstractClassDeclaration
        | Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::FunctionSignature
        | Kind::EnumDeclaration
        | Kind::InterfaceDeclaration
        | Kind::TypeAliasDeclaration
        | Kind::MacroDeclaration
        | Kind::ExternMacroDeclaration
        | Kind::InternalModule
        | Kind::Module
        | Kind::ImportAlias => out.extend(declaration.field(Field::Name).or_else(|| {
            // An alias, `import a = b.c`, has its name without a field.
            declaration.named_children().find(|child| child.is(Kind::Identifier))
        })),
        Kind::LexicalDeclaration | Kind::VariableDeclaration => {
            for declarator in declaration.named_children().filter(|child| child.is(Kind::VariableDeclarator)) {
                if let Some(name) = declarator.field(Field::Name) {
                    pattern_names(name, out);
                }
            }
        }
        Kind::AmbientDeclaration | Kind::DecoratedDeclaration | Kind::ExpressionStatement => {
            for child in declaration.named_children().filter(|child| !child.is(Kind::Decorator)) {
                if !declaration.is(Kind::ExpressionStatement) || child.is(Kind::InternalModule) {
                    declared_names(child, out);
                }
            }
        }
        Kind::ExportStatement => {
            if let Some(inner) = declaration.field(Field::Declaration) {
                declared_names(inner, out);
            }
        }
        _ => {}
    }
}

/// The declaration inside `export`, `declare` and decorators; the node itself where there are none.
pub fn declaration_of(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    loop {
        let inner = match node.kind() {
            Kind::ExportStatement => node.field(Field::Declaration).or_else(|| node.field(Field::Value)),
            Kind::DecoratedDeclaration => node.field(Field::Declaration),
            Kind::AmbientDeclaration => node.named_children().last(),
            _ => None,
        };
        match inner {
            Some(inner) => node = inner,
            None => return node,
        }
    }
}

/// Of `identifier` and `a.b.c`: the text; `None` for anything else.
pub fn dotted_name(node: Node<'_>) -> Option<String> {
    let mut parts = Vec::new();
    let mut node = node;
    while node.is(Kind::MemberExpression) {
        parts.push(node.field(Field::Property)?.text());
        node = node.field(Field::Object)?;
    }
    if !matches!(node.kind(), Kind::Identifier | Kind::TypeIdentifier) {
        return None;
    }
    parts.push(node.text());
    parts.reverse();
    Some(parts.join("."))
}

/// The parts of a decorator: what is named, and the arguments where it is called.
pub struct DecoratorParts<'t> {
    /// `identifier` or `member_expression`.
    pub name: Node<'t>,
    pub type_arguments: Option<Node<'t>>,
    pub arguments: Option<Node<'t>>,
}

/// `None` for `@(expression)`.
pub fn decorator_parts(decorator: Node<'_>) -> Option<DecoratorParts<'_>> {
    let inner = decorator.named_children().next()?;
    match inner.kind() {
        Kind::Identifier | Kind::MemberExpression => {
            Some(DecoratorParts { name: inner, type_arguments: None, arguments: None })
        }
        Kind::CallExpression => Some(DecoratorParts {
            name: inner.field(Field::Function)?,
            type_arguments: inner.field(Field::TypeArguments),
            arguments: inner.field(Field::Arguments),
        }),
        _ => None,
    }
}

/// Whether a declared or imported name is written without a value: `import type`, `type X`.
pub fn is_type_only(node: Node<'_>) -> bool {
    node.has_token("type")
}

/// The sign before a numeric literal, for `-1`.
pub fn is_negative_number(node: Node<'_>) -> bool {
    node.is(Kind::UnaryExpression)
        && node.field(Field::Operator).is_some_and(|operator| operator.text() == "-")
        && node.field(Field::Argument).is_some_and(|argument| argument.is(Kind::Number))
}
