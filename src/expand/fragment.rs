//! `Prepared`: one emission as text, read once: does it parse, how is it indented, which names in it
//! want care, does it hold uses of macros itself.
//!
//! Invariant: depends on the emission alone, never on where it goes, so it is kept with the
//! expansion and serves every keystroke.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{FilePath, TextRange};
use crate::macros::protocol::ImportRequest;
use crate::macros::{Piece, PieceOrigin};
use crate::syntax::errors::errors;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::SourceText;

use super::scope::each_binding;
use super::walk::Marks;

/// What a text is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wrap {
    ClassMembers,
    InterfaceMembers,
    EnumMembers,
    Statements,
    /// Statements in a function's body, whose declarations are their own affair.
    Block,
    Expression,
    Type,
    Parameter,
}

impl Wrap {
    /// What stands around the text for the parser.
    pub fn around(self) -> (&'static str, &'static str) {
        match self {
            Wrap::ClassMembers => ("class __ms_ {\n", "\n}\n"),
            Wrap::InterfaceMembers => ("interface __ms_ {\n", "\n}\n"),
            Wrap::EnumMembers => ("enum __ms_ {\n", "\n}\n"),
            Wrap::Statements => ("", "\n"),
            Wrap::Block => ("{\n", "\n}\n"),
            Wrap::Expression => ("(", "\n);\n"),
            Wrap::Type => ("type __ms_ =\n", "\n;\n"),
            Wrap::Parameter => ("(", "\n) => {};\n"),
        }
    }

    /// What can stand in the place, in words; `None` where nearly everything can.
    pub fn expected(self) -> Option<&'static str> {
        Some(match self {
            Wrap::ClassMembers => "members of a class",
            Wrap::InterfaceMembers => "members of an interface",
            Wrap::EnumMembers => "members of an enum",
            Wrap::Expression => "one expression",
            Wrap::Type => "one type",
            Wrap::Parameter => "one parameter",
            Wrap::Statements | Wrap::Block => return None,
        })
    }
}

/// Where and why a text does not parse.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// In the prepared text.
    pub range: TextRange,
    pub message: String,
}

/// A name that stands for something outside of the generated code.
#[derive(Clone, Debug)]
pub(super) struct OuterName {
    /// In the prepared text.
    pub range: TextRange,
    pub name: String,
    /// The module whose quote wrote it; `None` for a name that `ctx.import` gave.
    pub module: Option<FilePath>,
    /// `{ name }` of an object: another name needs `{ name: other }`.
    pub is_shorthand: bool,
}

/// A class, interface or enum body in the text, for members that other macros add.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyEnd {
    /// Of the closing brace, in the prepared text.
    pub offset: u32,
    pub wrap: Wrap,
}

#[derive(Debug)]
pub(super) struct Prepared {
    /// Trimmed, and every line indented by what it stands in.
    pub text: String,
    /// Changes to the pieces' joined text, which make it this one.
    layout: Layout,
    /// Starts of lines (in the prepared text) that begin inside a template.
    fixed: Vec<u32>,
    pub fault: Option<Fault>,
    /// The prepared text parsed with its surroundings, where it holds something to expand.
    pub nested: Option<SyntaxFile>,
    /// Locals of quotes that would capture a name that was spliced in: their new names.
    pub renames: Vec<(TextRange, String)>,
    pub outer: Vec<OuterName>,
    /// Every name that something in the text binds.
    pub bound: Vec<String>,
    /// Of an expression or type: it cannot stand beside operators as it is.
    pub needs_parentheses: bool,
    /// Of an expression: a literal, array or object made by code, which `as const` can follow.
    pub is_plain_value: bool,
    pub body: Option<BodyEnd>,
    /// Of a block: it declares names, all of them written in quotes, so that nobody outside means them.
    pub is_closed: bool,
}

impl Prepared {
    pub fn new(pieces: &[Piece], imports: &[ImportRequest], wrap: Wrap) -> Prepared {
        let raw: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let (before, after) = wrap.around();
        let syntax = SyntaxFile::parse(SourceText::new(format!("{before}{raw}{after}")));
        let shift = before.len() as u32;
        let end = shift + raw.len() as u32;
        let root = syntax.root();

        let fixed_raw = template_lines(root, shift, end);
        let layout = Layout::of(root, &raw, shift, &fixed_raw);
        let text = layout.apply(&raw);
        let fixed: Vec<u32> = fixed_raw.iter().map(|&line| layout.place(line)).collect();
        let within = |range: TextRange| -> TextRange {
            let clamp = |at: u32| layout.place(at.clamp(shift, end) - shift);
            TextRange::new(clamp(range.start), clamp(range.end))
        };

        let fault = find_fault(root, wrap, shift, end).map(|(range, message)| Fault { range: within(range), message });
        let names = Names::of(root, pieces, imports, shift, end);
        let nested = (fault.is_none() && has_macro_syntax(root, &raw, shift))
            .then(|| SyntaxFile::parse(SourceText::new(format!("{before}{text}{after}"))));
        let value = value_node(root, wrap);
        Prepared {
            fault,
            nested,
            renames: names.renames.into_iter().map(|(range, name)| (within(range), name)).collect(),
            outer: names.outer.into_iter().map(|name| OuterName { range: within(name.range), ..name }).collect(),
            bound: names.bound,
            needs_parentheses: value.is_some_and(|value| !stands_alone(value.kind())),
            is_plain_value: value.is_some_and(is_plain_value)
                && !pieces.iter().any(|piece| matches!(piece.origin, PieceOrigin::Quote { .. })),
            body: body_end(root).map(|(offset, wrap)| BodyEnd { offset: within(TextRange::empty(offset)).start, wrap }),
            is_closed: wrap == Wrap::Block && is_closed(root, pieces, shift),
            text,
            fixed,
            layout,
        }
    }

    /// The pieces' joined text, laid out: calls `keep` with what stays and `space` with what is added.
    pub fn lay_out<T>(&self, len: u32, to: &mut T, keep: impl Fn(&mut T, TextRange), space: impl Fn(&mut T, &str)) {
        let mut at = 0;
        for change in &self.layout.0 {
            if change.cut.start > at {
                keep(to, TextRange::new(at, change.cut.start));
            }
            space(to, &SPACES[..(change.spaces as usize).min(SPACES.len())]);
            at = change.cut.end;
        }
        if at < len {
            keep(to, TextRange::new(at, len));
        }
    }

    pub fn fixed(&self) -> &[u32] {
        &self.fixed
    }
}

/// Indentation is cut from here.
const SPACES: &str = "                                                                                ";

/// White space that is replaced by so many spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    cut: TextRange,
    spaces: u32,
}

/// Changes of white space, in text order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Layout(Vec<Change>);

impl Layout {
    /// Trims the text and its lines, and indents each line by the brackets it stands in. `root` is
    /// the tree of the text behind `shift` bytes of other text. Lines in `fixed` stay as they are.
    fn of(root: Node<'_>, raw: &str, shift: u32, fixed: &[u32]) -> Layout {
        let start = raw.len() - raw.trim_start().len();
        let end = raw.trim_end().len();
        let mut changes = Vec::new();
        let mut cut = |from: usize, to: usize, spaces: u32| {
            if from < to || spaces > 0 {
                changes.push(Change { cut: TextRange::new(from as u32, to as u32), spaces });
            }
        };
        if start >= end {
            cut(0, raw.len(), 0);
            return Layout(changes);
        }
        let depths = line_depths(root, raw, shift);
        cut(0, start, 0);
        let mut line_start = start;
        // Where the cut at the start of the line ended: all of a line of white space.
        let mut cut_end = start;
        while let Some(length) = raw[line_start..end].find('\n') {
            let line_end = line_start + length;
            let next = line_end + 1;
            let is_fixed = fixed.binary_search(&(next as u32)).is_ok();
            if !is_fixed {
                let trimmed = raw[line_start..line_end].trim_end_matches([' ', '\t', '\r']).len();
                cut((line_start + trimmed).max(cut_end), line_end, 0);
                let rest = &raw[next..];
                let content = next + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
                let is_blank = raw[content..].starts_with(['\n', '\r']);
                let spaces = if is_blank { 0 } else { depths.get(&(content as u32)).copied().unwrap_or(0) };
                cut(next, content, spaces);
                cut_end = content;
            }
            line_start = next;
        }
        cut(end, raw.len(), 0);
        Layout(changes)
    }

    /// Where an offset of the text lies after the changes.
    fn place(&self, offset: u32) -> u32 {
        let mut at = offset;
        for change in &self.0 {
            if change.cut.start > offset || change.cut.start == offset && change.cut.is_empty() {
                break;
            }
            at -= change.cut.end.min(offset) - change.cut.start;
            if change.cut.end <= offset {
                at += change.spaces;
            }
        }
        at
    }

    fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for change in &self.0 {
            out.push_str(&text[at as usize..change.cut.start as usize]);
            out.push_str(&SPACES[..(change.spaces as usize).min(SPACES.len())]);
            at = change.cut.end;
        }
        out.push_str(&text[at as usize..]);
        out
    }
}

/// For the first token of each line, the spaces it stands behind: two for every line on which
/// something around it was opened, or begun and not ended.
fn line_depths(root: Node<'_>, raw: &str, shift: u32) -> FxHashMap<u32, u32> {
    let mut walk = Depths { shift, raw, open: Vec::new(), depths: FxHashMap::default() };
    root.traverse(
        &mut walk,
        |walk, node| {
            walk.enter(node);
            true
        },
        |walk, node| {
            if walk.open.last().is_some_and(|open| open.id == node.id()) {
                walk.open.pop();
            }
        },
    );
    walk.depths
}

struct Depths<'a> {
    shift: u32,
    raw: &'a str,
    open: Vec<Open>,
    depths: FxHashMap<u32, u32>,
}

struct Open {
    id: usize,
    /// Offset in the raw text of the line that it begins on.
    line: usize,
    /// In the wrapped text.
    end: u32,
}

impl Depths<'_> {
    fn enter(&mut self, node: Node<'_>) {
        let (start, end) = (node.start(), node.end());
        if start < self.shift || (start - self.shift) as usize >= self.raw.len() {
            return;
        }
        let start = start - self.shift;
        let line_start = self.raw[..start as usize].rfind('\n').map_or(0, |at| at + 1);
        let is_first = self.raw[line_start..start as usize].trim().is_empty();
        if is_first && line_start > 0 && !self.depths.contains_key(&start) {
            // A closing bracket stands under the line that its partner is on.
            let closed = self.open.last().filter(|open| is_closer(node) && open.end == end).map(|open| open.line);
            let limit = closed.unwrap_or(line_start);
            let mut lines: Vec<usize> = self.open.iter().map(|open| open.line).filter(|&line| line < limit).collect();
            lines.dedup();
            let spaces = 2 * lines.len() as u32;
            // The lines of a comment stand under its first star.
            if node.is(Kind::Comment) {
                self.comment(node.text(), start, spaces);
            }
            self.depths.insert(start, spaces);
        } else if node.is(Kind::Comment) {
            self.comment(node.text(), start, 0);
        }
        if is_indenting(node.kind()) {
            self.open.push(Open { id: node.id(), line: line_start, end });
        }
    }

    fn comment(&mut self, text: &str, start: u32, spaces: u32) {
        for (at, _) in text.match_indices('\n') {
            let rest = &text[at + 1..];
            let content = at + 1 + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
            let extra = u32::from(text[content..].starts_with('*'));
            self.depths.insert(start + content as u32, spaces + extra);
        }
    }
}

fn is_closer(node: Node<'_>) -> bool {
    ["}", ")", "]", ">"].into_iter().any(|closer| node.is_token(closer))
}

/// Nodes whose lines after the first stand further in.
fn is_indenting(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::StatementBlock
            | Kind::ClassBody
            | Kind::InterfaceBody
            | Kind::EnumBody
            | Kind::ObjectType
            | Kind::Object
            | Kind::ObjectPattern
            | Kind::Array
            | Kind::ArrayPattern
            | Kind::Arguments
            | Kind::FormalParameters
            | Kind::TypeArguments
            | Kind::TypeParameters
            | Kind::ParenthesizedExpression
            | Kind::ParenthesizedType
            | Kind::NamedImports
            | Kind::ExportClause
            | Kind::SwitchBody
            | Kind::SwitchCase
            | Kind::SwitchDefault
            | Kind::TupleType
            | Kind::VariableDeclarator
            | Kind::ReturnStatement
            | Kind::ThrowStatement
            | Kind::ExpressionStatement
            | Kind::PublicFieldDefinition
            | Kind::TypeAliasDeclaration
            | Kind::TemplateSubstitution
    )
}

/// Line starts that lie inside a template literal: their white space is the program's, not ours.
fn template_lines(root: Node<'_>, shift: u32, end: u32) -> Vec<u32> {
    let mut out = Vec::new();
    let text = root.file_text();
    if !text.contains('`') {
        return out;
    }
    root.walk(|node| {
        if !matches!(node.kind(), Kind::TemplateString | Kind::TemplateLiteralType) {
            return true;
        }
        let range = node.range();
        for (at, _) in range.of(text).match_indices('\n') {
            let line = range.start + at as u32 + 1;
            if (shift..end).contains(&line) {
                out.push(line - shift);
            }
        }
        false
    });
    out
}

/// In the wrapped text.
fn find_fault(root: Node<'_>, wrap: Wrap, shift: u32, end: u32) -> Option<(TextRange, String)> {
    if let Some(error) = errors(root, 1).into_iter().next() {
        return Some((error.range, error.message));
    }
    // A text may parse by closing what stands around it.
    let statements = root.named_children().filter(|node| !node.is(Kind::EmptyStatement)).count();
    let is_alone = match wrap {
        Wrap::Statements => true,
        _ => statements <= 1,
    };
    if !is_alone {
        return Some((TextRange::new(shift, end), "The braces do not match".to_owned()));
    }
    None
}

/// The expression or type that the whole text is.
fn value_node(root: Node<'_>, wrap: Wrap) -> Option<Node<'_>> {
    let statement = root.first_named()?;
    match wrap {
        Wrap::Expression => statement.first_named()?.first_named(),
        Wrap::Type => statement.field(Field::Value),
        _ => None,
    }
}

/// Whether it can take members, operators and arguments after it.
fn stands_alone(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Identifier
            | Kind::Undefined
            | Kind::This
            | Kind::Null
            | Kind::True
            | Kind::False
            | Kind::String
            | Kind::TemplateString
            | Kind::Number
            | Kind::Regex
            | Kind::Array
            | Kind::CallExpression
            | Kind::MemberExpression
            | Kind::SubscriptExpression
            | Kind::NonNullExpression
            | Kind::ParenthesizedExpression
            | Kind::PredefinedType
            | Kind::TypeIdentifier
            | Kind::NestedTypeIdentifier
            | Kind::GenericType
            | Kind::ArrayType
            | Kind::TupleType
            | Kind::ObjectType
            | Kind::LiteralType
            | Kind::ParenthesizedType
            | Kind::TemplateLiteralType
    )
}

fn is_plain_value(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::String | Kind::Number | Kind::True | Kind::False | Kind::Array | Kind::Object => true,
        Kind::TemplateString => !node.named_children().any(|part| part.is(Kind::TemplateSubstitution)),
        _ => ast::is_negative_number(node),
    }
}

/// Whether the statements of the block declare names, and none that was spliced in.
fn is_closed(root: Node<'_>, pieces: &[Piece], shift: u32) -> bool {
    let Some(block) = root.first_named() else {
        return false;
    };
    let mut names = Vec::new();
    for statement in block.named_children() {
        if matches!(statement.kind(), Kind::ImportStatement | Kind::ExportStatement) {
            return false;
        }
        ast::declared_names(statement, &mut names);
    }
    let origins = Origins::of(pieces);
    let is_quoted = |name: &Node<'_>| origins.quote_at(name.start() - shift, name.end() - shift).is_some();
    !names.is_empty() && names.iter().all(is_quoted)
}

/// The closing brace of the first class, interface or enum, in the wrapped text.
fn body_end(root: Node<'_>) -> Option<(u32, Wrap)> {
    root.named_children().find_map(|statement| {
        let declaration = ast::declaration_of(statement);
        let body = declaration.field(Field::Body)?;
        let wrap = members_of(body)?;
        Some((body.end().saturating_sub(1), wrap))
    })
}

/// How members of a body read.
pub(super) fn members_of(body: Node<'_>) -> Option<Wrap> {
    match body.kind() {
        Kind::ClassBody => Some(Wrap::ClassMembers),
        Kind::InterfaceBody => Some(Wrap::InterfaceMembers),
        Kind::EnumBody => Some(Wrap::EnumMembers),
        _ => None,
    }
}

fn has_macro_syntax(root: Node<'_>, raw: &str, shift: u32) -> bool {
    let marks = Marks::of(raw);
    if marks.is_empty() {
        return false;
    }
    let mut found = false;
    root.walk(|node| {
        let range = TextRange::new(node.start().saturating_sub(shift), node.end().saturating_sub(shift));
        if found || !marks.any_in(range) {
            return false;
        }
        found = matches!(
            node.kind(),
            Kind::Decorator
                | Kind::MacroInvocation
                | Kind::MacroDeclaration
                | Kind::QuoteExpression
                | Kind::DeferStatement
        );
        true
    });
    found
}

/// Names in a fragment that need a look; ranges in the wrapped text.
#[derive(Default)]
struct Names {
    renames: Vec<(TextRange, String)>,
    outer: Vec<OuterName>,
    bound: Vec<String>,
}

impl Names {
    fn of(root: Node<'_>, pieces: &[Piece], imports: &[ImportRequest], shift: u32, end: u32) -> Names {
        let origins = Origins::of(pieces);
        let imported: FxHashSet<&str> = imports.iter().map(|import| import.local.as_str()).collect();

        // What the fragment declares at its top is for others to see.
        let mut visible = Vec::new();
        for statement in root.named_children() {
            ast::declared_names(statement, &mut visible);
        }
        let visible: FxHashSet<&str> = visible.into_iter().map(Node::text).collect();
        let mut bound: FxHashSet<&str> = FxHashSet::default();
        let mut locals: FxHashSet<&str> = FxHashSet::default();
        each_binding(root, |name, _| {
            bound.insert(name.text());
            if name.start() >= shift
                && !visible.contains(name.text())
                && origins.quote_at(name.start() - shift, name.end() - shift).is_some()
            {
                locals.insert(name.text());
            }
        });

        let mut out = Names::default();
        let mut quoted_locals: FxHashMap<&str, Vec<(TextRange, bool)>> = FxHashMap::default();
        let mut spliced: FxHashSet<&str> = FxHashSet::default();
        let mut all: FxHashSet<&str> = FxHashSet::default();
        root.walk(|node| {
            let is_shorthand =
                matches!(node.kind(), Kind::ShorthandPropertyIdentifier | Kind::ShorthandPropertyIdentifierPattern);
            if !is_shorthand && !matches!(node.kind(), Kind::Identifier | Kind::TypeIdentifier) {
                return true;
            }
            let range = node.range();
            if range.start < shift || range.end > end {
                return true;
            }
            let name = node.text();
            all.insert(name);
            let quote = origins.quote_at(range.start - shift, range.end - shift);
            if imported.contains(name) {
                out.outer.push(OuterName { range, name: name.to_owned(), module: None, is_shorthand });
            } else if let Some(module) = quote {
                if locals.contains(name) {
                    quoted_locals.entry(name).or_default().push((range, is_shorthand));
                } else if !bound.contains(name) {
                    let module = Some(module.clone());
                    out.outer.push(OuterName { range, name: name.to_owned(), module, is_shorthand });
                }
            } else if origins.is_spliced(range.start - shift, range.end - shift) {
                spliced.insert(name);
            }
            true
        });
        out.bound = bound.into_iter().map(str::to_owned).collect();
        for (name, uses) in quoted_locals {
            if !spliced.contains(name) {
                continue;
            }
            let fresh = (1..).map(|number| format!("{name}_{number}")).find(|fresh| !all.contains(fresh.as_str()));
            let Some(fresh) = fresh else {
                continue;
            };
            out.renames.extend(uses.into_iter().map(|(range, is_shorthand)| {
                (range, if is_shorthand { format!("{name}: {fresh}") } else { fresh.clone() })
            }));
        }
        out
    }
}

/// The pieces by offset in their joined text.
struct Origins<'a> {
    pieces: &'a [Piece],
    ends: Vec<u32>,
}

impl<'a> Origins<'a> {
    fn of(pieces: &'a [Piece]) -> Origins<'a> {
        let ends = pieces
            .iter()
            .scan(0, |end, piece| {
                *end += piece.text.len() as u32;
                Some(*end)
            })
            .collect();
        Origins { pieces, ends }
    }

    fn at(&self, offset: u32) -> Option<usize> {
        let index = self.ends.partition_point(|&end| end <= offset);
        (index < self.pieces.len()).then_some(index)
    }

    /// The module whose quote wrote all of `start..end`.
    fn quote_at(&self, start: u32, end: u32) -> Option<&'a FilePath> {
        let index = self.at(start)?;
        match &self.pieces[index].origin {
            PieceOrigin::Quote { module, .. } if end <= self.ends[index] => Some(module),
            _ => None,
        }
    }

    /// Whether `start..end` came from the program or from a macro's code, whole.
    fn is_spliced(&self, start: u32, end: u32) -> bool {
        self.at(start).is_some_and(|index| {
            end <= self.ends[index]
                && matches!(self.pieces[index].origin, PieceOrigin::Target { .. } | PieceOrigin::Computed { .. })
        })
    }
}
