//! What a quote's free names need so that they mean what they mean in the macro's module: exports
//! of what that module keeps to itself, and the names that would hide it at a use.
//!
//! Invariant: the names that a module lends to its quotes are said by its text alone, so a file
//! that uses a macro and the module that declares it agree on them without asking each other.
//!
//! Start reading at [`lent`] (the module's side) and [`hidden_at`] (the use's).

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

use super::scope::bound_names;

/// A declaration that a module does not export, and that a quote of the module names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    pub name: String,
    /// An interface or an alias: nothing of it is there at run time.
    pub is_type: bool,
}

/// The name under which a module exports what it lends to its quotes.
pub(super) fn lent_name(name: &str) -> String {
    format!("__ms_{name}")
}

/// The module-level declarations in `root` that its quotes name; `is_kept` says which of them are
/// neither exported nor gone at run time.
pub(super) fn lent(root: Node<'_>, is_kept: impl Fn(&str) -> bool) -> Vec<Lent> {
    if !root.file_text().contains("quote") {
        return Vec::new();
    }
    let mut named: FxHashSet<&str> = FxHashSet::default();
    root.walk(|node| {
        let is_quote = is_quote(node);
        if is_quote {
            quoted_names(node, &mut |name| {
                named.insert(name.text());
            });
        }
        true
    });
    let mut out: Vec<Lent> = Vec::new();
    for statement in root.named_children() {
        // What is declared to exist elsewhere is a global, which every file can name.
        let inner = if statement.is(Kind::ExportStatement) { statement.first_named() } else { Some(statement) };
        if inner.is_some_and(|inner| inner.is(Kind::AmbientDeclaration)) {
            continue;
        }
        let declaration = ast::declaration_of(statement);
        let is_type = matches!(declaration.kind(), Kind::InterfaceDeclaration | Kind::TypeAliasDeclaration);
        let mut names = Vec::new();
        ast::declared_names(statement, &mut names);
        for name in names.into_iter().map(Node::text).filter(|name| named.contains(name) && is_kept(name)) {
            match out.iter_mut().find(|known| known.name == name) {
                Some(known) => known.is_type &= is_type,
                None => out.push(Lent { name: name.to_owned(), is_type }),
            }
        }
    }
    out
}

/// Whether the node is a quote, by its form alone: `quote { … }`, `quote type { … }`, `quote(…)`.
pub(super) fn is_quote(node: Node<'_>) -> bool {
    node.is(Kind::QuoteExpression)
        || node.is(Kind::CallExpression)
            && node
                .field(Field::Function)
                .is_some_and(|function| function.is(Kind::Identifier) && function.text() == "quote")
}

/// Every identifier of the quoted code that may name a value or a type; splices are not part of it.
pub(super) fn quoted_names<'t>(quote: Node<'t>, found: &mut dyn FnMut(Node<'t>)) {
    let inside = if quote.is(Kind::CallExpression) { quote.field(Field::Arguments) } else { quote.field(Field::Body) };
    let Some(inside) = inside else {
        return;
    };
    let has_fields = is_fields(quote);
    inside.walk(|node| {
        let is_field = || {
            has_fields
                && node.parent().is_some_and(|parent| {
                    parent.is(Kind::AssignmentExpression) && parent.field(Field::Left) == Some(node)
                })
        };
        if is_name(node) && !is_field() {
            found(node);
        }
        !node.is(Kind::Splice)
    });
}

/// Whether all that is quoted is `name = value;`: it reads as statements, and as fields of a class, which
/// is what such a quote is for.
pub(super) fn is_fields(quote: Node<'_>) -> bool {
    let is_field = |statement: Node<'_>| {
        statement.is(Kind::ExpressionStatement)
            && statement.first_named().is_some_and(|inner| {
                inner.is(Kind::AssignmentExpression)
                    && inner.field(Field::Left).is_some_and(|left| {
                        matches!(left.kind(), Kind::Identifier | Kind::Splice | Kind::SplicedIdentifier)
                    })
            })
    };
    let body = quote.field(Field::Body).filter(|body| body.is(Kind::StatementBlock));
    body.is_some_and(|body| {
        let mut statements = body.named_children().filter(|statement| !statement.is_extra()).peekable();
        statements.peek().is_some() && statements.all(is_field)
    })
}

fn is_name(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::Identifier | Kind::TypeIdentifier | Kind::ShorthandPropertyIdentifier)
}

/// Whether a quote of the file declares `name`.
pub fn is_bound_in_quotes(syntax: &SyntaxFile, name: &str) -> bool {
    let mut is_bound = false;
    syntax.root().walk(|node| {
        if is_quote(node) {
            is_bound |= bound_names(node).contains(name);
        }
        !is_bound
    });
    is_bound
}

/// Names that something around `node`, below the top level of its text, binds.
pub(super) fn hidden_at<'t>(node: Node<'t>) -> FxHashSet<&'t str> {
    let mut names: Vec<Node<'t>> = Vec::new();
    for ancestor in node.ancestors() {
        match ancestor.kind() {
            Kind::StatementBlock | Kind::SwitchCase | Kind::SwitchDefault | Kind::ClassStaticBlock => {
                for statement in ancestor.named_children() {
                    ast::declared_names(statement, &mut names);
                }
            }
            Kind::FunctionDeclaration
            | Kind::GeneratorFunctionDeclaration
            | Kind::FunctionExpression
            | Kind::GeneratorFunction
            | Kind::ArrowFunction
            | Kind::MethodDefinition => {
                for param in ancestor.field(Field::Parameters).into_iter().flat_map(Node::named_children) {
                    if let Some(pattern) = param.field(Field::Pattern) {
                        ast::pattern_names(pattern, &mut names);
                    }
                }
                names.extend(ancestor.field(Field::Parameter));
                if matches!(ancestor.kind(), Kind::FunctionExpression | Kind::GeneratorFunction) {
                    names.extend(ancestor.field(Field::Name));
                }
            }
            Kind::Class => names.extend(ancestor.field(Field::Name)),
            Kind::CatchClause => {
                if let Some(pattern) = ancestor.field(Field::Parameter) {
                    ast::pattern_names(pattern, &mut names);
                }
            }
            Kind::ForStatement => {
                if let Some(initializer) = ancestor.field(Field::Initializer) {
                    ast::declared_names(initializer, &mut names);
                }
            }
            Kind::ForInStatement => {
                if let (Some(left), true) = (ancestor.field(Field::Left), ancestor.field(Field::Kind).is_some()) {
                    ast::pattern_names(left, &mut names);
                }
            }
            _ => {}
        }
        let type_params = ancestor.field(Field::TypeParameters);
        names.extend(
            type_params.into_iter().flat_map(Node::named_children).filter_map(|param| param.field(Field::Name)),
        );
    }
    names.into_iter().map(Node::text).collect()
}
