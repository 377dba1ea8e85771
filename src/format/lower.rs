//! Macro forms as TypeScript of the same shape.
//!
//! Each form is replaced by one whose lines break where those of the form should: a macro is a function, a use a
//! call, a quote of statements a function expression, of members a class, a splice a call or a name. In it stands a
//! placeholder, a name of letters that the file does not use, as wide as what it stands for; [`Form`] says what
//! it was. Placeholders are told apart by their order alone, which formatting does not change.
//!
//! Invariant: one pass over the tree; the text outside of macro forms is copied byte for byte.

use crate::base::TextRange;
use crate::syntax::{Field, Kind, Node};

use super::pieces::Context;
use super::printer::ENDLESS;

/// The first letter of every placeholder: of the Lisu script, which nobody's names are written in.
pub(super) const MARK: char = '\u{a4e0}';

/// The comment that has dprint leave the next node alone.
pub(super) const IGNORE: &str = "\u{a4e0}ignore";

/// Longer splices are no names to the printer but calls, which it can break.
const LONGEST_NAME: usize = 40;

/// What a placeholder stands for.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Exactly this text.
    Text(String),
    /// This text as a statement, with the semicolon that it had or had not.
    Statement(String),
    /// This comment.
    Comment(String),
    /// `${expression}`, said as a call.
    Splice,
    /// `quote type { T }`, said with type arguments.
    QuoteType,
    /// `@name(arguments) { block }` as a statement, said as `if`. Whether a semicolon follows.
    Branch { name: String, semicolon: bool },
    /// What stands before a block, said as a function's or a class's head. Whether a semicolon follows.
    Block { head: String, semicolon: bool },
    /// What stands before a block that is an arrow function's body. The placeholder is a first statement of the block.
    Body(String),
    /// What stands in the only statement of a block, formatted on its own.
    Inside(Inside),
    /// What stands before the parameters.
    Function(String),
    /// What stands before the parameters of an ambient function.
    Ambient(String),
    /// A decorator on a declaration that TypeScript allows none on, said as a statement before it.
    Decorator { name: String, same_line: bool },
}

/// A block that the printer would lay out otherwise in its place.
#[derive(Clone, Debug)]
pub(super) enum Inside {
    /// A whole `quote { members }`: its lines without the first and the last.
    Members(String),
    /// Statements that only modules have.
    Module(String),
}

/// TypeScript, with what its placeholders stand for.
pub(super) struct Lowered {
    pub text: String,
    pub forms: Vec<Form>,
    /// For every `throw`, in order, whether it is a `defer`.
    pub throws: Vec<bool>,
}

struct Edit {
    range: TextRange,
    text: String,
    forms: Vec<Form>,
}

/// `None` where the text has the placeholders' letters already.
pub(super) fn lower(root: Node<'_>, text: &str, context: &Context<'_>) -> Option<Lowered> {
    if text.contains(MARK) {
        return None;
    }
    let mut lowering = Lowering {
        text,
        context,
        edits: Vec::new(),
        throws: Vec::new(),
        ignored: Vec::new(),
        taken: TextRange::default(),
    };
    root.walk(|node| lowering.enter(node));
    let mut edits = lowering.edits;
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut forms = Vec::new();
    let mut at = 0;
    for edit in edits {
        // Two forms in one place: nothing that the grammar has.
        out.push_str(text.get(at..edit.range.start as usize)?);
        out.push_str(&edit.text);
        forms.extend(edit.forms);
        at = edit.range.end as usize;
    }
    out.push_str(&text[at..]);
    Some(Lowered { text: out, forms, throws: lowering.throws })
}

struct Lowering<'a> {
    text: &'a str,
    context: &'a Context<'a>,
    edits: Vec<Edit>,
    throws: Vec<bool>,
    /// Nodes that a comment says to leave alone.
    ignored: Vec<usize>,
    /// What became part of the head of the form around it.
    taken: TextRange,
}

/// A placeholder of a width.
fn placeholder(width: usize) -> String {
    let mut out = String::from(MARK);
    out.extend(std::iter::repeat_n('x', width.saturating_sub(1)));
    out
}

fn width(text: &str) -> usize {
    text.chars().count()
}

impl Lowering<'_> {
    fn edit(&mut self, range: TextRange, text: String, form: impl Into<Option<Form>>) {
        self.edits.push(Edit { range, text, forms: form.into().into_iter().collect() });
    }

    fn text_of(&self, start: u32, end: u32) -> &str {
        TextRange::new(start, end).of(self.text)
    }

    /// Whether to look below.
    fn enter(&mut self, node: Node<'_>) -> bool {
        if !self.taken.is_empty() && self.taken.contains_range(node.range()) {
            return false;
        }
        if self.ignored.contains(&node.id()) {
            let text = placeholder(width(node.text()));
            self.edit(node.range(), text + ";", Form::Statement(node.text().to_owned()));
            return false;
        }
        match node.kind() {
            Kind::Comment => self.comment(node),
            Kind::ThrowStatement => self.throws.push(false),
            Kind::DeferStatement => {
                self.throws.push(true);
                let word = TextRange::new(node.start(), node.start() + "defer".len() as u32);
                self.edit(word, "throw".to_owned(), None);
            }
            Kind::MacroDeclaration => self.macro_declaration(node),
            Kind::ExternMacroDeclaration => self.extern_macro(node),
            Kind::Decorator => return self.decorator(node),
            Kind::MacroInvocation => return self.invocation(node),
            Kind::QuoteExpression => return self.quote(node),
            Kind::Splice | Kind::SplicedIdentifier => return self.splice(node),
            Kind::TemplateSubstitution => return self.substitution(node),
            Kind::StatementBlock => self.statement_block(node),
            _ => {}
        }
        true
    }

    fn comment(&mut self, comment: Node<'_>) {
        if !says_ignore(comment.text()) {
            return;
        }
        let parent = comment.parent();
        let is_list = parent.is_some_and(|parent| {
            matches!(
                parent.kind(),
                Kind::Program | Kind::StatementBlock | Kind::ClassBody | Kind::InterfaceBody | Kind::ObjectType
            )
        });
        if is_list {
            let mut next = comment.next_sibling();
            while next.is_some_and(|node| node.is_extra()) {
                next = next.and_then(Node::next_sibling);
            }
            // What stands on the comment's own line before it is not meant.
            self.ignored.extend(next.filter(|node| node.is_named()).map(Node::id));
            return;
        }
        let (open, close) = if comment.text().starts_with("//") { ("// ", "") } else { ("/* ", " */") };
        self.edit(comment.range(), format!("{open}{IGNORE}{close}"), Form::Comment(comment.text().to_owned()));
    }

    fn macro_declaration(&mut self, node: Node<'_>) {
        let Some(name) = node.field(Field::Name) else { return };
        let head = if node.has_token("function") { "macro function" } else { "macro" };
        let name_text = self.name(name);
        let wide = (width(head) + width(&name_text)).saturating_sub("function".len());
        let range = TextRange::new(node.start(), name.end());
        let text = format!("function {}", placeholder(wide));
        self.edit(range, text, Form::Function(format!("{head} {name_text}")));
        self.taken = range;
    }

    fn extern_macro(&mut self, node: Node<'_>) {
        let Some(name) = node.field(Field::Name) else { return };
        let wide = width(name.text()).saturating_sub("declare function ".len() - "extern macro @".len());
        let range = TextRange::new(node.start(), name.end());
        let text = format!("declare function {}", placeholder(wide));
        self.edit(range, text, Form::Ambient(format!("extern macro @{}", name.text())));
    }

    fn decorator(&mut self, node: Node<'_>) -> bool {
        let Some(parent) = node.parent() else { return true };
        match parent.kind() {
            // Where TypeScript has them too.
            Kind::ClassDeclaration
            | Kind::AbstractClassDeclaration
            | Kind::Class
            | Kind::ClassBody
            | Kind::MethodDefinition
            | Kind::PublicFieldDefinition
            | Kind::AbstractMethodSignature => true,
            Kind::MethodSignature if parent.parent().is_some_and(|body| body.is(Kind::ClassBody)) => true,
            Kind::ExportStatement if is_class(parent) => true,
            Kind::RequiredParameter | Kind::OptionalParameter if takes_decorators(parent) => true,
            Kind::DecoratedDeclaration | Kind::ExportStatement if is_statement(parent) => {
                self.decorator_as_statement(node);
                true
            }
            _ => {
                let text = self.inline(node.text(), Place::Statement).unwrap_or_else(|| node.text().to_owned());
                let filler = placeholder(width(&text).saturating_sub("/**/".len()));
                self.edit(node.range(), format!("/*{filler}*/"), Form::Comment(text));
                false
            }
        }
    }

    fn decorator_as_statement(&mut self, node: Node<'_>) {
        let inner = node.named_children().next();
        let path = inner.and_then(|inner| match inner.kind() {
            Kind::CallExpression => inner.field(Field::Function),
            Kind::ParenthesizedExpression => None,
            _ => Some(inner),
        });
        let end = path.map_or(node.start() + 1, Node::end);
        let name = self.text_of(node.start(), end).to_owned();
        let same_line = node
            .next_sibling()
            .is_some_and(|next| !next.is(Kind::Comment) && !self.text_of(node.end(), next.start()).contains('\n'));
        let text = placeholder(width(&name));
        self.edit(TextRange::new(node.start(), end), text, Form::Decorator { name, same_line });
        self.edit(TextRange::empty(node.end()), ";".to_owned(), None);
    }

    fn invocation(&mut self, node: Node<'_>) -> bool {
        let Some(name) = node.field(Field::Name) else { return true };
        let named = TextRange::new(node.start(), name.end());
        let name_text = named.of(self.text).to_owned();
        let is_type = is_type_position(node);
        let Some(body) = node.field(Field::Body) else {
            if is_type {
                let place = Place::Expression;
                let text = self.inline(node.text(), place).unwrap_or_else(|| node.text().to_owned());
                self.edit(node.range(), placeholder(width(&text)), Form::Text(text));
                return false;
            }
            self.edit(named, placeholder(width(&name_text)), Form::Text(name_text));
            return true;
        };
        let head_end = [Field::TypeArguments, Field::Arguments]
            .into_iter()
            .filter_map(|field| node.field(field))
            .map(Node::end)
            .fold(name.end(), u32::max);
        if let Some((_, semicolon)) = statement_of(node) {
            let wide = width(&name_text).saturating_sub("if () ".len() - 1);
            let form = Form::Branch { name: name_text, semicolon: semicolon.is_some() };
            self.edit(named, format!("if ({}", placeholder(wide)), form);
            self.edit(TextRange::empty(head_end), ")".to_owned(), None);
            if let Some(semicolon) = semicolon {
                self.edit(semicolon.range(), String::new(), None);
            }
            return true;
        }
        if let Some(text) = self.on_one_line(node, body) {
            self.edit(node.range(), placeholder(width(&text)), Form::Text(text));
            return false;
        }
        let head = self.text_of(node.start(), head_end).to_owned();
        let head = match head_end == name.end() {
            true => head,
            false => self.inline(&head, Place::Expression).unwrap_or(head),
        };
        self.block(TextRange::new(node.start(), body.start()), head, body, None);
        self.taken = TextRange::new(node.start(), head_end);
        true
    }

    /// What stands before a block of statements becomes the head of a function.
    fn block(&mut self, range: TextRange, head: String, body: Node<'_>, semicolon: Option<Node<'_>>) {
        let (mut is_async, mut is_generator) = (false, false);
        body.walk(|node| {
            is_async |= node.is(Kind::AwaitExpression);
            is_generator |= node.is(Kind::YieldExpression);
            true
        });
        let is_arrow = body.parent().and_then(Node::parent).is_some_and(|parent| parent.is(Kind::ArrowFunction));
        let is_empty = body.named_children().next().is_none();
        if is_arrow && !is_async && !is_generator && !is_empty {
            // As the body of the function itself, which the printer keeps on the arrow's line.
            self.edit(range, String::new(), None);
            self.edit(TextRange::new(body.start(), body.start() + 1), format!("{{ {MARK}; "), Form::Body(head));
            return;
        }
        let word = match (is_async, is_generator) {
            (false, false) => "function",
            (true, false) => "async function",
            (false, true) => "function*",
            (true, true) => "async function*",
        };
        let wide = width(&head).saturating_sub(width(word) + " ()".len());
        let form = Form::Block { head, semicolon: semicolon.is_some() };
        self.edit(range, format!("{word} {}() ", placeholder(wide)), form);
        if let Some(semicolon) = semicolon {
            self.edit(semicolon.range(), String::new(), None);
        }
    }

    fn quote(&mut self, node: Node<'_>) -> bool {
        let Some(body) = node.field(Field::Body) else { return true };
        if body.is(Kind::QuoteType) {
            let (Some(open), Some(close)) = (body.children().find(|it| it.is_token("{")), body.last_child()) else {
                return true;
            };
            // As wide as both ends of `quote type { T }`.
            let text = placeholder("quote type {  }".len() - "<>".len()) + "<";
            self.edit(TextRange::new(node.start(), open.end()), text, Form::QuoteType);
            self.edit(close.range(), ">".to_owned(), None);
            return true;
        }
        let statement = statement_of(node);
        if let Some(text) = self.on_one_line(node, body) {
            match statement {
                Some((statement, semicolon)) => {
                    let text = if semicolon.is_some() { text + ";" } else { text };
                    let form = Form::Statement(text.clone());
                    self.edit(statement.range(), placeholder(width(&text)) + ";", form);
                }
                None => self.edit(node.range(), placeholder(width(&text)), Form::Text(text)),
            }
            return false;
        }
        let head = TextRange::new(node.start(), body.start());
        let semicolon = statement.and_then(|(_, semicolon)| semicolon);
        let inside = TextRange::new(body.start() + 1, body.end().saturating_sub(1).max(body.start() + 1));
        if body.is(Kind::ClassBody) && statement.is_some() {
            let form = Form::Block { head: "quote".to_owned(), semicolon: semicolon.is_some() };
            self.edit(head, format!("class {} ", placeholder(1)), form);
            if let Some(semicolon) = semicolon {
                self.edit(semicolon.range(), String::new(), None);
            }
            return true;
        }
        let alone = match body.kind() {
            Kind::ClassBody => Some(Inside::Members(node.text().to_owned())),
            _ if has_module_statements(body) => Some(Inside::Module(inside.of(self.text).to_owned())),
            _ => None,
        };
        self.block(head, "quote".to_owned(), body, semicolon);
        match alone {
            None => true,
            Some(alone) => {
                self.edit(inside, format!(" {}; ", placeholder(2)), Form::Inside(alone));
                false
            }
        }
    }

    /// A block that is written on one line stays there if it holds one thing and fits, as object literals do.
    fn on_one_line(&mut self, node: Node<'_>, body: Node<'_>) -> Option<String> {
        let mut children = body.children().filter(|child| child.is_named());
        let only = children.next()?;
        let is_alone = children.next().is_none() && !only.is_extra();
        let is_outermost = self.context.is_open && node.start() == 0;
        if !is_alone || is_outermost || !node.is_on_one_line() || self.context.depth >= MOST_NESTED {
            return None;
        }
        let text = self.context.open_block(node.text(), Some(ENDLESS), 0)?;
        let lines: Vec<&str> = text.lines().collect();
        let &[first, inner, last] = lines.as_slice() else { return None };
        let line = format!("{first} {} {last}", inner.trim_start());
        let levels = node.ancestors().filter(|node| indents(*node)).count() as u32;
        let room =
            self.context.options.line_width.saturating_sub(levels * u32::from(self.context.options.indent_width));
        (width(&line) as u32 <= room).then_some(line)
    }

    fn splice(&mut self, node: Node<'_>) -> bool {
        let name = self.name(node);
        let as_statement = match node.parent() {
            // Without a semicolon what follows could go on with it.
            Some(parent) if matches!(parent.kind(), Kind::ClassBody | Kind::ObjectType | Kind::InterfaceBody) => {
                !self.text[node.end() as usize..].trim_start().starts_with([';', ','])
            }
            Some(parent) if parent.is(Kind::ExpressionStatement) => {
                parent.last_child().is_some_and(|last| !last.is_token(";"))
            }
            _ => false,
        };
        let end = if as_statement { ";" } else { "" };
        let is_short = width(&name) <= LONGEST_NAME && !name.contains('\n');
        if !is_short && node.is(Kind::Splice) && is_expression_position(node) {
            let open = TextRange::new(node.start(), node.start() + "${".len() as u32);
            self.edit(open, format!("{MARK}("), Form::Splice);
            self.edit(TextRange::new(node.end() - 1, node.end()), format!("){end}"), None);
            return true;
        }
        self.edit(node.range(), placeholder(width(&name)) + end, Form::Text(name));
        false
    }

    /// Blocks with something in them stand over several lines, which the printer sees by their first line end.
    fn statement_block(&mut self, block: Node<'_>) {
        let is_empty = block.children().all(|child| !child.is_named() || child.is_extra());
        if !is_empty && block.is_on_one_line() {
            self.edit(TextRange::empty(block.start() + 1), "\n".to_owned(), None);
        }
    }

    /// What stands on one line in a template stays there, however long the template is.
    fn substitution(&mut self, node: Node<'_>) -> bool {
        let mut children = node.named_children();
        let (Some(only), None) = (children.next(), children.next()) else { return true };
        if !node.is_on_one_line() || node.children().any(Node::is_extra) || only.is(Kind::Identifier) {
            return true;
        }
        let Some(text) = self.inline(only.text(), Place::Expression) else { return true };
        self.edit(only.range(), placeholder(width(&text)), Form::Text(text));
        false
    }

    /// An identifier, or splices in its place, on one line where that can be.
    fn name(&self, node: Node<'_>) -> String {
        match node.kind() {
            Kind::Splice => {
                let inner =
                    node.field(Field::Expression).and_then(|inner| self.inline(inner.text(), Place::Expression));
                let has_comment = node.children().any(Node::is_extra);
                match inner {
                    Some(inner) if !has_comment => format!("${{{inner}}}"),
                    _ => node.text().to_owned(),
                }
            }
            Kind::SplicedIdentifier => node.children().map(|part| self.name(part)).collect(),
            _ => node.text().to_owned(),
        }
    }

    /// Code formatted on one line; `None` where it cannot be.
    fn inline(&self, code: &str, place: Place) -> Option<String> {
        let is_path = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '.' | '@');
        if code.chars().all(is_path) {
            return Some(code.to_owned());
        }
        if self.context.depth >= MOST_NESTED {
            return None;
        }
        let (before, after) = match place {
            Place::Expression => ("x = ", ";"),
            Place::Statement => ("", ";"),
        };
        let formatted = self.context.inline(&format!("{before}{code}{after}"))?;
        let line = formatted.trim_end();
        if line.contains('\n') {
            return None;
        }
        let line = line.strip_prefix(before)?;
        Some(line.strip_suffix(after).unwrap_or(line).to_owned())
    }
}

#[derive(Clone, Copy)]
enum Place {
    Expression,
    Statement,
}

/// Each level is formatted within the one around it.
const MOST_NESTED: u32 = 12;

/// Whether a comment tells formatters to leave the next node alone: ours, and the words that people know.
fn says_ignore(comment: &str) -> bool {
    let text = comment.trim_start_matches(['/', '*']).trim();
    ["msc-fmt-ignore", "prettier-ignore", "dprint-ignore", "deno-fmt-ignore"].iter().any(|word| {
        text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|ch: char| ch == '-' || ch.is_alphanumeric()))
    })
}

/// Whether a comment at the start of a text asks to leave all of it alone.
pub(super) fn ignores_file(root: Node<'_>) -> bool {
    root.children().take_while(|node| node.is_extra() || node.is(Kind::HashBangLine)).any(|comment| {
        let text = comment.text().trim_start_matches(['/', '*']).trim();
        ["msc-fmt-ignore-file", "dprint-ignore-file", "deno-fmt-ignore-file"].iter().any(|word| text.starts_with(word))
    })
}

fn is_class(export: Node<'_>) -> bool {
    export
        .children()
        .any(|child| matches!(child.kind(), Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class))
}

/// Whether a declaration stands in a list of statements.
fn is_statement(declaration: Node<'_>) -> bool {
    declaration.parent().is_some_and(|parent| {
        matches!(parent.kind(), Kind::Program | Kind::StatementBlock | Kind::SwitchCase | Kind::SwitchDefault)
    })
}

/// Whether dprint reads decorators on a parameter.
fn takes_decorators(parameter: Node<'_>) -> bool {
    parameter.parent().and_then(Node::parent).is_some_and(|function| match function.kind() {
        Kind::FunctionDeclaration | Kind::FunctionExpression => true,
        Kind::MethodDefinition => function.parent().is_some_and(|body| body.is(Kind::ClassBody)),
        _ => false,
    })
}

/// The statement that is nothing but this expression, and its semicolon.
fn statement_of(node: Node<'_>) -> Option<(Node<'_>, Option<Node<'_>>)> {
    let statement = node.parent().filter(|parent| parent.is(Kind::ExpressionStatement))?;
    Some((statement, statement.last_child().filter(|last| last.is_token(";"))))
}

/// Whether a block has statements that only modules have.
fn has_module_statements(body: Node<'_>) -> bool {
    body.children().any(|child| match child.kind() {
        Kind::ExportStatement | Kind::ImportStatement => true,
        Kind::DecoratedDeclaration => {
            child.field(Field::Declaration).is_some_and(|declaration| declaration.is(Kind::ExportStatement))
        }
        _ => false,
    })
}

/// Whether what is inside is indented by one more level.
fn indents(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        Kind::StatementBlock
            | Kind::ClassBody
            | Kind::InterfaceBody
            | Kind::ObjectType
            | Kind::SwitchBody
            | Kind::SwitchCase
            | Kind::SwitchDefault
    )
}

fn is_type_position(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind() {
        Kind::TypeAnnotation
        | Kind::AddingTypeAnnotation
        | Kind::OmittingTypeAnnotation
        | Kind::OptingTypeAnnotation
        | Kind::UnionType
        | Kind::IntersectionType
        | Kind::TypeArguments
        | Kind::ArrayType
        | Kind::TupleType
        | Kind::OptionalType
        | Kind::RestType
        | Kind::ParenthesizedType
        | Kind::ConditionalType
        | Kind::LookupType
        | Kind::IndexTypeQuery
        | Kind::ReadonlyType
        | Kind::GenericType
        | Kind::TypeAliasDeclaration
        | Kind::Constraint
        | Kind::DefaultType
        | Kind::FunctionType
        | Kind::ConstructorType
        | Kind::MappedTypeClause
        | Kind::TypePredicate
        | Kind::QuoteType
        | Kind::TemplateType
        | Kind::ImplementsClause
        | Kind::ExtendsTypeClause => true,
        Kind::AsExpression | Kind::SatisfiesExpression => parent.first_named() != Some(node),
        Kind::TypeAssertion => parent.first_named() == Some(node),
        _ => false,
    }
}

/// Whether a call could stand in place of a splice.
fn is_expression_position(splice: Node<'_>) -> bool {
    let Some(parent) = splice.parent() else { return false };
    let is = |field| parent.field(field) == Some(splice);
    match parent.kind() {
        Kind::Arguments
        | Kind::Array
        | Kind::AwaitExpression
        | Kind::BinaryExpression
        | Kind::ComputedPropertyName
        | Kind::ExpressionStatement
        | Kind::NonNullExpression
        | Kind::ParenthesizedExpression
        | Kind::ReturnStatement
        | Kind::SequenceExpression
        | Kind::SpreadElement
        | Kind::SubscriptExpression
        | Kind::TemplateSubstitution
        | Kind::TernaryExpression
        | Kind::ThrowStatement
        | Kind::UnaryExpression
        | Kind::YieldExpression => true,
        Kind::VariableDeclarator | Kind::Pair | Kind::PublicFieldDefinition | Kind::RequiredParameter => {
            is(Field::Value)
        }
        Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression => is(Field::Right),
        Kind::CallExpression => is(Field::Function),
        Kind::MemberExpression => is(Field::Object),
        Kind::ArrowFunction => is(Field::Body),
        Kind::AsExpression | Kind::SatisfiesExpression => parent.first_named() == Some(splice),
        _ => false,
    }
}
