//! Quotes as calls: what a `quote` turns into, for checking and for running.

use crate::base::{FilePath, TextRange};
use crate::syntax::{Field, Kind, Node};

use super::args::write_json_string;
use super::edits::Edits;
use super::hygiene::is_fields;
use super::rope::Rope;
use super::walk::{Quote, QuoteForm, is_type_position};

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
        // So that a class takes them as what they look like.
        QuoteForm::Statements if is_fields(quote.node) => "members",
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
            Target::Check => {
                // Which words a declared name may be is said of the value, not of its type.
                let position = if position == "binding" { "name" } else { position };
                (format!("{META}.$splice.{position}("), "), ".to_owned())
            }
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

/// The quoted code with something in place of each splice, as code that nobody calls: what it says
/// by itself can be completed, looked up and renamed in it. `None` where splices leave nothing that
/// reads as code, or macro syntax stands in it.
pub(super) fn sketch(quote: &Quote<'_>, base: &Rope) -> Option<Rope> {
    let mut holes = Vec::new();
    if !find_holes(quote.node, &mut holes) || has_bare_names(quote) {
        return None;
    }
    let (before, after) = match quote.form {
        QuoteForm::Statements if is_fields(quote.node) => ("void class {\n", "\n};\n"),
        QuoteForm::Members => ("void class {\n", "\n};\n"),
        QuoteForm::Statements => ("void async function* (this: any) {\n", "\n};\n"),
        QuoteForm::Expression => ("void (async function* (this: any) { return (\n", "\n); });\n"),
        QuoteForm::Type => ("void (null! as\n", "\n);\n"),
    };
    let whole = quote.node.range();
    let body = body_range(quote);
    let mut out = Rope::default();
    out.glue(before, whole);
    let mut at = body.start;
    for (index, (range, position)) in holes.into_iter().enumerate() {
        if range.start < at || range.end > body.end {
            continue;
        }
        out.append_range(base, TextRange::new(at, range.start));
        let text = match position {
            "name" | "binding" => format!("{HOLE}{index}"),
            "type" => "any".to_owned(),
            "parameter" => format!("...{HOLE}{index}: any[]"),
            "statement" => "void 0;".to_owned(),
            "member" | "decorator" => String::new(),
            _ => "(null! as any)".to_owned(),
        };
        out.glue(&text, range);
        at = range.end;
    }
    out.append_range(base, TextRange::new(at, body.end));
    out.glue(after, whole);
    Some(out)
}

/// What stands for a name that a splice makes.
const HOLE: &str = "__ms_hole";

/// What has to be replaced to read a quote as code; `false` where that makes no sense.
fn find_holes<'t>(quote: Node<'t>, out: &mut Vec<(TextRange, &'static str)>) -> bool {
    let mut walk = (Vec::<Node<'t>>::new(), true);
    quote.traverse(
        &mut walk,
        |(parents, is_code), node| {
            let found = match (node.kind(), parents.last()) {
                (Kind::SplicedIdentifier, _) => Some("name"),
                (Kind::Splice, Some(parent)) => Some(position(node, *parent, quote)),
                (Kind::MacroInvocation, Some(parent)) if is_type_position(*parent, node) => Some("type"),
                (Kind::MacroInvocation, _) => Some("expression"),
                (Kind::Decorator, _) => Some("decorator"),
                (Kind::QuoteExpression, Some(_)) | (Kind::MacroDeclaration | Kind::DeferStatement, _) => {
                    *is_code = false;
                    None
                }
                _ => None,
            };
            if let Some(found) = found {
                out.push((node.range(), found));
                return false;
            }
            parents.push(node);
            *is_code
        },
        |(parents, _), _| {
            parents.pop();
        },
    );
    walk.1
}

/// Statements that are nothing but names may be members of an enum.
fn has_bare_names(quote: &Quote<'_>) -> bool {
    quote.form == QuoteForm::Statements
        && quote.node.field(Field::Body).into_iter().flat_map(Node::named_children).any(|statement| {
            statement.is(Kind::ExpressionStatement)
                && statement
                    .first_named()
                    .is_some_and(|inner| matches!(inner.kind(), Kind::Identifier | Kind::SequenceExpression))
        })
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

/// What a splice stands for, by what stands around it. A `binding` is a name that a declaration gives, a
/// `name` one of a member or the like, which may be a reserved word.
fn position(splice: Node<'_>, parent: Node<'_>, root: Node<'_>) -> &'static str {
    let is_field = |field: Field| parent.field(field) == Some(splice);
    match parent.kind() {
        Kind::SplicedIdentifier => "name",
        Kind::ClassBody | Kind::InterfaceBody | Kind::ObjectType => "member",
        Kind::ExpressionStatement => "statement",
        Kind::RequiredParameter | Kind::OptionalParameter if is_field(Field::Pattern) => {
            // Alone between commas it may stand for any number of parameters.
            if parent.range() == splice.range() { "parameter" } else { "binding" }
        }
        Kind::FormalParameters => "parameter",
        Kind::ArrowFunction if is_field(Field::Parameter) => "binding",
        // A list in a list: its items stand side by side.
        Kind::Array => "argument",
        Kind::Arguments => {
            if parent == root.field(Field::Arguments).unwrap_or(root) && root.is(Kind::CallExpression) {
                "expression"
            } else {
                "argument"
            }
        }
        Kind::TypeParameter => {
            if !is_field(Field::Name) {
                "type"
            } else if parent.range() == splice.range() {
                // Alone between commas it may stand for any number of type parameters.
                "typeParameter"
            } else {
                "binding"
            }
        }
        Kind::MemberExpression if is_field(Field::Property) => "name",
        Kind::PropertySignature
        | Kind::MethodSignature
        | Kind::AbstractMethodSignature
        | Kind::MethodDefinition
        | Kind::PublicFieldDefinition
        | Kind::EnumAssignment
            if is_field(Field::Name) =>
        {
            "name"
        }
        Kind::ClassDeclaration
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
        | Kind::MacroDeclaration
        | Kind::InternalModule
            if is_field(Field::Name) =>
        {
            "binding"
        }
        Kind::NamespaceImport | Kind::ImportClause | Kind::ArrayPattern | Kind::RestPattern => "binding",
        Kind::EnumBody
        | Kind::ImportSpecifier
        | Kind::ExportSpecifier
        | Kind::NamespaceExport
        | Kind::ObjectPattern
        | Kind::NestedIdentifier
        | Kind::NestedTypeIdentifier
        | Kind::IndexSignature => "name",
        Kind::Pair if is_field(Field::Key) => "name",
        Kind::PairPattern => "name",
        Kind::Object => "name",
        Kind::ForInStatement if is_field(Field::Left) => "binding",
        Kind::AssignmentPattern | Kind::ObjectAssignmentPattern if is_field(Field::Left) => "binding",
        _ if is_type_position(parent, splice) => "type",
        _ => "expression",
    }
}
