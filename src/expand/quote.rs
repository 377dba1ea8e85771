//! Quotes as calls: what a `quote` turns into, for checking and for running.

use crate::base::{FilePath, TextRange};
use crate::syntax::{Field, Kind, Node};

use super::args::write_json_string;
use super::edits::Edits;
use super::rope::Rope;
use super::walk::{Quote, QuoteForm};

/// How quotes are written.
pub(super) enum Target<'a> {
    /// As typed calls; the literal text is left out.
    Check,
    /// With the literal text, and places in `module`'s source.
    Run { module: &'a FilePath },
}

/// The name under which a checked file sees `std/meta`.
pub const META: &str = "__ms_meta";

/// What stands for the quote; splices are rendered with the edits inside them.
pub(super) fn lower(quote: &Quote<'_>, target: &Target<'_>, base: &Rope, edits: &Edits) -> Rope {
    let whole = quote.node.range();
    let body = body_range(quote);
    let mut splices = Vec::new();
    collect(quote.node, &mut splices);
    let prefix = match target {
        Target::Check => format!("{META}."),
        Target::Run { .. } => String::new(),
    };
    let mut out = Rope::default();
    let head = |out: &mut Rope, text: &str| out.glue(text, whole);
    if quote.statement.is_some() {
        head(&mut out, &format!("{prefix}$emit("));
    }
    let form = match quote.form {
        QuoteForm::Members => "members",
        QuoteForm::Statements => "statements",
        QuoteForm::Expression => "expression",
        QuoteForm::Type => "type",
    };
    let mut opening = format!("{prefix}$quote(\"{form}\", ");
    if let Target::Run { module } = target {
        write_json_string(module.as_str(), &mut opening);
        opening.push_str(", ");
    }
    opening.push('[');
    head(&mut out, &opening);
    let mut at = body.start;
    let text_part = |out: &mut Rope, from: u32, to: u32| {
        if let (Target::Run { .. }, true) = (target, from < to) {
            let range = TextRange::new(from, to);
            let mut part = String::from("[");
            write_json_string(range.of(&base.text), &mut part);
            part.push_str(&format!(", {from}], "));
            out.glue(&part, range);
        }
    };
    for (splice, position) in splices {
        text_part(&mut out, at, splice.start());
        at = splice.end();
        let Some(expression) = splice.field(Field::Expression) else {
            continue;
        };
        let range = expression.range();
        let (before, after) = match target {
            // A call for each splice: what does not fit is said of the splice alone.
            Target::Check => (format!("{META}.$splice.{position}("), "), ".to_owned()),
            Target::Run { .. } => (format!("[\"{position}\", ("), format!("), {}, {}], ", range.start, range.end)),
        };
        out.glue(&before, range);
        edits.render_into(&mut out, base, range);
        out.glue(&after, range);
    }
    text_part(&mut out, at, body.end);
    head(&mut out, "])");
    if let Some(statement) = quote.statement {
        head(&mut out, if statement.text().trim_end().ends_with(';') { ")" } else { ");" });
    }
    out
}

/// The quoted text: between the braces or parentheses.
fn body_range(quote: &Quote<'_>) -> TextRange {
    let holder = match quote.form {
        QuoteForm::Expression => quote.node.field(Field::Arguments),
        _ => quote.node.field(Field::Body),
    };
    let Some(holder) = holder else {
        return TextRange::empty(quote.node.end());
    };
    let open = match quote.form {
        QuoteForm::Type => holder.children().find(|child| child.is_token("{")),
        _ => holder.first_child(),
    };
    let start = open.map_or(holder.start(), |open| open.end());
    let end = holder.last_child().map_or(holder.end(), |last| last.start()).max(start);
    // What stands around the code is white space of the quote, not of the code.
    let inner = TextRange::new(start, end).of(quote.node.file_text());
    let start = start + (inner.len() - inner.trim_start().len()) as u32;
    TextRange::new(start, (start + inner.trim().len() as u32).max(start))
}

/// The splices of this quote, in text order; those of quotes inside its splices are not its own.
fn collect<'t>(root: Node<'t>, out: &mut Vec<(Node<'t>, &'static str)>) {
    let mut parents: Vec<Node<'t>> = Vec::new();
    root.traverse(
        &mut parents,
        |parents, node| {
            if let (Some(parent), true) = (parents.last(), node.is(Kind::Splice)) {
                out.push((node, position(node, *parent, root)));
                return false;
            }
            parents.push(node);
            true
        },
        |parents, _| {
            parents.pop();
        },
    );
}

/// What a splice stands for, by what stands around it.
fn position(splice: Node<'_>, parent: Node<'_>, root: Node<'_>) -> &'static str {
    let is_field = |field: Field| parent.field(field) == Some(splice);
    match parent.kind() {
        Kind::SplicedIdentifier => "name",
        Kind::ClassBody | Kind::InterfaceBody | Kind::ObjectType => "member",
        Kind::ExpressionStatement => "statement",
        Kind::RequiredParameter | Kind::OptionalParameter if is_field(Field::Pattern) => {
            // Alone between commas it may stand for any number of parameters.
            if parent.range() == splice.range() { "parameter" } else { "name" }
        }
        Kind::FormalParameters => "parameter",
        Kind::ArrowFunction if is_field(Field::Parameter) => "name",
        // A list in a list: its items stand side by side.
        Kind::Array => "argument",
        Kind::Arguments => {
            if parent == root.field(Field::Arguments).unwrap_or(root) && root.is(Kind::CallExpression) {
                "expression"
            } else {
                "argument"
            }
        }
        Kind::TypeArguments | Kind::TypeParameters => "type",
        Kind::TypeParameter => {
            if is_field(Field::Name) {
                "name"
            } else {
                "type"
            }
        }
        Kind::MemberExpression if is_field(Field::Property) => "name",
        Kind::AsExpression | Kind::SatisfiesExpression => {
            if parent.first_named() == Some(splice) {
                "expression"
            } else {
                "type"
            }
        }
        Kind::TypeAssertion => {
            if parent.named_children().last() == Some(splice) {
                "expression"
            } else {
                "type"
            }
        }
        Kind::PropertySignature
        | Kind::MethodSignature
        | Kind::AbstractMethodSignature
        | Kind::MethodDefinition
        | Kind::PublicFieldDefinition
        | Kind::ClassDeclaration
        | Kind::AbstractClassDeclaration
        | Kind::Class
        | Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::FunctionExpression
        | Kind::FunctionSignature
        | Kind::InterfaceDeclaration
        | Kind::EnumDeclaration
        | Kind::TypeAliasDeclaration
        | Kind::VariableDeclarator
        | Kind::EnumAssignment
        | Kind::MacroDeclaration
        | Kind::InternalModule
            if is_field(Field::Name) =>
        {
            "name"
        }
        Kind::EnumBody
        | Kind::ImportSpecifier
        | Kind::ExportSpecifier
        | Kind::NamespaceImport
        | Kind::NamespaceExport
        | Kind::ImportClause
        | Kind::ObjectPattern
        | Kind::ArrayPattern
        | Kind::RestPattern
        | Kind::NestedIdentifier
        | Kind::NestedTypeIdentifier
        | Kind::IndexSignature => "name",
        Kind::Pair if is_field(Field::Key) => "name",
        Kind::PairPattern => "name",
        Kind::Object => "name",
        Kind::ForInStatement if is_field(Field::Left) => "name",
        Kind::AssignmentPattern | Kind::ObjectAssignmentPattern if is_field(Field::Left) => "name",
        Kind::GenericType
        | Kind::TypeAnnotation
        | Kind::UnionType
        | Kind::IntersectionType
        | Kind::ArrayType
        | Kind::TupleType
        | Kind::ReadonlyType
        | Kind::ParenthesizedType
        | Kind::OptionalType
        | Kind::RestType
        | Kind::Constraint
        | Kind::DefaultType
        | Kind::IndexTypeQuery
        | Kind::LookupType
        | Kind::ConditionalType
        | Kind::FunctionType
        | Kind::ConstructorType
        | Kind::TypePredicate
        | Kind::TemplateType
        | Kind::ImplementsClause
        | Kind::ExtendsTypeClause
        | Kind::MappedTypeClause
        | Kind::TypeAliasDeclaration
        | Kind::LiteralType
        | Kind::QuoteType => "type",
        _ => "expression",
    }
}
