//! Where output goes and how it is laid out: members at the end of a body, declarations before and
//! after, values in place of a use.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::base::TextRange;
use crate::diagnostic::{Code, Diagnostic, Related};
use crate::macros::shape::TargetKind;
use crate::macros::{Emission, JobOutput, Piece, PieceOrigin, Place};
use crate::syntax::{Field, Kind, Node};

use super::call::{attribute_tokens, use_tokens};
use super::check::CallState;
use super::edits::Edits;
use super::fragment::{Prepared, Wrap, members_of};
use super::key::TokenTable;
use super::rope::Rope;
use super::shape::{declaration_range, doc_before};
use super::splice::{Doc, Expander, Known, Within};
use super::walk::{AttributeUse, ExpressionUse, Position, is_type_position};
use super::{CallKind, Expansion, Origin};

/// What the attributes of one declaration made.
#[derive(Default)]
struct Made {
    members: Vec<Rope>,
    before: Vec<Rope>,
    after: Vec<Rope>,
    replace: Option<Rope>,
}

/// The emission that takes the declaration's place, rendered once all members are known.
struct Replacement<'k> {
    known: &'k Known,
    emission: &'k Emission,
    output: &'k JobOutput,
    prepared: Arc<Prepared>,
    wrap: Wrap,
}

impl Expander<'_> {
    /// All attributes of one declaration, in source order.
    pub(super) fn attributes(
        &mut self,
        doc: &Doc<'_>,
        uses: &[(&AttributeUse<'_>, Option<&Known>)],
        order: u32,
        edits: &mut Edits,
    ) {
        let Some((first, _)) = uses.first() else {
            return;
        };
        for (attribute, _) in uses {
            edits.remove(attribute.decorator.range());
        }
        let target = first.target;
        let declaration = target.declaration;
        let body = declaration.field(Field::Body).filter(|body| members_of(*body).is_some());
        let mut made = Made::default();
        let mut replacement: Option<Replacement<'_>> = None;
        for (attribute, known) in uses {
            let Some(known) = known else {
                continue;
            };
            let Some((expansion, output)) = output_of(known) else {
                continue;
            };
            let tokens = has_target_pieces(output).then(|| attribute_tokens(&target));
            for (index, emission) in output.emissions.iter().enumerate() {
                let wrap = match (emission.place, target.kind) {
                    (Place::Members, _) if body.is_some() => body.and_then(members_of),
                    (_, Some(TargetKind::Parameter)) => {
                        Some(Wrap::Parameter).filter(|_| emission.place == Place::Replace)
                    }
                    (_, Some(TargetKind::Member)) => Some(member_wrap(declaration)),
                    _ => Some(Wrap::Statements),
                };
                let Some(wrap) = wrap else {
                    self.misplaced(doc, known, attribute);
                    continue;
                };
                let prepared = expansion.prepared(index, wrap);
                if emission.place == Place::Replace {
                    if replacement.is_some() {
                        let first = replacement.as_ref().map(|first| first.known.index);
                        self.two_replace(doc, known, attribute, first);
                    } else {
                        replacement = Some(Replacement { known, emission, output, prepared, wrap });
                    }
                    continue;
                }
                let Some(rope) = self.emission(doc, known, &prepared, emission, output, tokens.as_ref(), wrap, None)
                else {
                    continue;
                };
                match emission.place {
                    Place::Members if body.is_some() => made.members.push(rope),
                    Place::Members | Place::After | Place::Value => made.after.push(rope),
                    Place::Before | Place::Replace => made.before.push(rope),
                }
            }
        }
        if let Some(Replacement { known, emission, output, prepared, wrap }) = replacement {
            let tokens = has_target_pieces(output).then(|| attribute_tokens(&target));
            let members = prepared.body.filter(|_| !made.members.is_empty()).map(|body| {
                let glue = self.calls[known.index as usize].range;
                let mut rope = Rope::default();
                if !prepared.text[..body.offset as usize].ends_with('\n') {
                    rope.glue("\n", glue);
                }
                rope.append(&lines(&made.members, "  ", body.wrap, glue));
                (body.offset, rope)
            });
            made.replace = self.emission(doc, known, &prepared, emission, output, tokens.as_ref(), wrap, members);
        }
        self.place(doc, first, body, made, order, edits);
    }

    fn place(
        &mut self,
        doc: &Doc<'_>,
        attribute: &AttributeUse<'_>,
        body: Option<Node<'_>>,
        made: Made,
        order: u32,
        edits: &mut Edits,
    ) {
        let target = attribute.target;
        let text = doc.base.text.as_str();
        let glue = doc.source(attribute.decorator.range());
        let whole = target.whole.range();
        let start = whole.start.min(target.anchor);
        let indent = indent_at(text, start);
        if let Some(rope) = &made.replace {
            edits.put(declaration_range(target.declaration), order, rope.indented(indent, glue));
        } else if let (Some(body), false) = (body, made.members.is_empty()) {
            insert_members(text, body, &made.members, glue, order, edits);
        }
        if !made.before.is_empty() {
            let at = doc_before(text, start).map_or(start, |doc| doc.as_ptr() as u32 - text.as_ptr() as u32);
            let mut rope = Rope::default();
            for part in &made.before {
                rope.append(&part.indented(indent, glue));
                rope.glue(&format!("\n{indent}"), glue);
            }
            edits.put(TextRange::empty(at), order, rope);
        }
        if !made.after.is_empty() {
            let mut at = whole.end;
            let mut rope = Rope::default();
            if target.kind == Some(TargetKind::Member) {
                match target.whole.next_sibling() {
                    Some(next) if next.is_token(";") || next.is_token(",") => at = next.end(),
                    _ if !target.whole.is(Kind::MethodDefinition) => rope.glue(";", glue),
                    _ => {}
                }
            }
            for part in &made.after {
                rope.glue(&format!("\n{indent}"), glue);
                rope.append(&part.indented(indent, glue));
            }
            edits.put(TextRange::empty(at), order, rope);
        }
    }

    /// A use in an expression, as a statement or as a type.
    pub(super) fn expression(
        &mut self,
        doc: &Doc<'_>,
        found: &ExpressionUse<'_>,
        known: Option<&Known>,
        order: u32,
        edits: &mut Edits,
    ) {
        let glue = doc.source(found.node.range());
        let text = doc.base.text.as_str();
        let indent = indent_at(text, found.whole.start());
        let value = known.and_then(|known| self.value(doc, found, known));
        let rope = match (value, found.position) {
            (Some(rope), Position::Statement) => statement(found, rope, text, indent, glue),
            (Some(rope), _) => rope.indented(indent, glue),
            (None, Position::Type) => Rope::of("any", Origin::Glue { source: glue }),
            (None, position) => {
                // The arguments are still code that somebody writes.
                let args: Vec<TextRange> = match known {
                    Some(known) => known.code_args.clone(),
                    None => {
                        let list = found.node.field(Field::Arguments);
                        list.map(|list| list.named_children().map(Node::range).collect()).unwrap_or_default()
                    }
                };
                placeholder(doc, &args, position, glue, edits)
            }
        };
        edits.put(found.whole.range(), order, rope);
    }

    /// What a use stands for; `None` where that is not known or no good.
    fn value(&mut self, doc: &Doc<'_>, found: &ExpressionUse<'_>, known: &Known) -> Option<Rope> {
        let (expansion, output) = output_of(known)?;
        let tokens = has_target_pieces(output).then(|| use_tokens(found.node));
        let tokens = tokens.as_ref();
        let glue = doc.source(found.node.range());
        let values: Vec<(usize, &Emission)> =
            output.emissions.iter().enumerate().filter(|(_, emission)| emission.place == Place::Value).collect();
        if values.len() < output.emissions.len() {
            let message =
                format!("`@{}` is used as an expression: it can add nothing elsewhere", known.call.callee.name);
            let at = self.calls[known.index as usize].name;
            self.diagnostics.push(Diagnostic::new(Code::BAD_SPLICE, self.request.file, at, message));
        }
        if found.position == Position::Statement {
            let mut out = Rope::default();
            // At the top of a module, what a macro declares is there for the module. Inside a function it
            // is the macro's own.
            let is_inside = found.whole.parent().is_some_and(|parent| !parent.is(Kind::Program));
            let own = if is_inside && known.call.kind == CallKind::Expression { Wrap::Block } else { Wrap::Statements };
            for (index, emission) in values {
                let mut wrap = own;
                if expansion.prepared(index, wrap).fault.is_some()
                    && expansion.prepared(index, Wrap::Expression).fault.is_none()
                {
                    wrap = Wrap::Expression;
                }
                let prepared = expansion.prepared(index, wrap);
                // A plain value as a statement does nothing.
                if prepared.is_plain_value || prepared.text.is_empty() {
                    continue;
                }
                let rope = self.emission(doc, known, &prepared, emission, output, tokens, wrap, None)?;
                if !out.is_empty() {
                    out.glue("\n", glue);
                }
                if prepared.is_closed {
                    out.glue("{\n  ", glue);
                    out.append(&rope.indented("  ", glue));
                    out.glue("\n}", glue);
                } else {
                    out.append(&rope);
                }
                if !matches!(out.text.trim_end().chars().next_back(), Some(';' | '}')) {
                    out.glue(";", glue);
                }
            }
            return Some(out);
        }
        let Some((index, emission)) = values.first().copied() else {
            return Some(Rope::of("undefined", Origin::Glue { source: glue }));
        };
        if values.len() > 1 {
            let message = format!("`@{}` gave {} values where one is used", known.call.callee.name, values.len());
            let at = self.calls[known.index as usize].name;
            self.diagnostics.push(Diagnostic::new(Code::BAD_SPLICE, self.request.file, at, message));
        }
        let wrap = if found.position == Position::Type { Wrap::Type } else { Wrap::Expression };
        let prepared = expansion.prepared(index, wrap);
        let rope = self.emission(doc, known, &prepared, emission, output, tokens, wrap, None)?;
        let mut out = Rope::default();
        if known.call.kind == CallKind::Comptime && prepared.is_plain_value {
            out.glue("(", glue);
            out.append(&rope);
            out.glue(" as const)", glue);
        } else if prepared.needs_parentheses {
            out.glue("(", glue);
            out.append(&rope);
            out.glue(")", glue);
        } else {
            out.append(&rope);
        }
        Some(out)
    }

    /// One emission as text with origins; says so and gives `None` where it does not parse.
    #[expect(clippy::too_many_arguments)]
    fn emission(
        &mut self,
        doc: &Doc<'_>,
        known: &Known,
        prepared: &Arc<Prepared>,
        emission: &Emission,
        output: &JobOutput,
        tokens: Option<&TokenTable>,
        wrap: Wrap,
        insertion: Option<(u32, Rope)>,
    ) -> Option<Rope> {
        let mut rope = self.unmarked(doc, known, prepared, emission, output, tokens, wrap, insertion)?;
        rope.mark(known.index);
        Some(rope)
    }

    #[expect(clippy::too_many_arguments)]
    fn unmarked(
        &mut self,
        doc: &Doc<'_>,
        known: &Known,
        prepared: &Arc<Prepared>,
        emission: &Emission,
        output: &JobOutput,
        tokens: Option<&TokenTable>,
        wrap: Wrap,
        insertion: Option<(u32, Rope)>,
    ) -> Option<Rope> {
        let call = known.index;
        let at = self.calls[call as usize].name;
        let base = self.assemble(doc, known, prepared, emission, tokens);
        if let Some(fault) = &prepared.fault {
            let origin = base.segment_at(fault.range.start).and_then(|segment| match &segment.origin {
                Origin::Quoted { module, range, .. } | Origin::Computed { module, range, .. } => {
                    Some((module.clone(), *range))
                }
                _ => None,
            });
            let diagnostic =
                self.reporter.generated_syntax(&known.call, at, &prepared.text, fault.range, &fault.message, origin);
            let diagnostic = match wrap.expected() {
                Some(expected) => diagnostic.with_help(format!("Only {expected} can stand there")),
                None => diagnostic,
            };
            self.diagnostics.push(diagnostic);
            self.calls[call as usize].state = CallState::Failed;
            return None;
        }
        let mut renames: Vec<(TextRange, String)> = prepared.renames.clone();
        let hidden = OnceCell::new();
        for outer in &prepared.outer {
            let local = match &outer.module {
                Some(module) => {
                    let hidden = hidden.get_or_init(|| doc.hidden_at(known.call.node()));
                    self.imports.meant_by(module, &outer.name, &prepared.bound, hidden)
                }
                None => output
                    .imports
                    .iter()
                    .find(|import| import.local == outer.name)
                    .map(|import| self.imports.requested(import, &prepared.bound)),
            };
            if let Some(local) = local.filter(|local| *local != outer.name) {
                let text = if outer.is_shorthand { format!("{}: {local}", outer.name) } else { local };
                renames.push((outer.range, text));
            }
        }
        let is_followed = self.request.steps.is_none_or(|steps| doc.level + 1 < steps);
        let nested = prepared.nested.as_ref().filter(|_| is_followed);
        if renames.is_empty() && nested.is_none() && insertion.is_none() {
            return Some(base);
        }
        let mut edits = Edits::default();
        let (before, after) = wrap.around();
        let shift = if nested.is_some() { before.len() as u32 } else { 0 };
        rename(&base, &renames, shift, &mut edits);
        if let Some((at, rope)) = insertion {
            edits.put(TextRange::empty(at + shift), 0, rope);
        }
        let Some(nested) = nested else {
            return Some(edits.render_all(&base));
        };
        let glue = self.calls[call as usize].range;
        let mut wrapped = Rope::of(before, Origin::Glue { source: glue });
        wrapped.append(&base);
        wrapped.glue(after, glue);
        let site = &self.calls[call as usize];
        let (range, name) = (site.range, site.name);
        let mut around = doc.hidden_at(known.call.node());
        around.extend(prepared.bound.iter().cloned());
        let inner = Doc {
            syntax: nested,
            base: &wrapped,
            facts: doc.facts,
            within: Some(Within { call, id: &known.call.id, range, name, hidden: &around }),
            depth: known.call.depth + 1,
            level: doc.level + 1,
        };
        self.document(&inner, &mut edits);
        let whole = edits.render_all(&wrapped);
        let end = whole.len() - after.len() as u32;
        Some(whole.slice(TextRange::new(before.len() as u32, end)))
    }

    /// The pieces of an emission, trimmed and without their common indentation.
    fn assemble(
        &self,
        doc: &Doc<'_>,
        known: &Known,
        prepared: &Prepared,
        emission: &Emission,
        tokens: Option<&TokenTable>,
    ) -> Rope {
        let call = known.index;
        let glue = self.calls[call as usize].range;
        let mut raw = Rope::default();
        for piece in &emission.pieces {
            match (&piece.origin, tokens) {
                (PieceOrigin::Quote { module, range }, _) => {
                    raw.push(&piece.text, Origin::Quoted { call, module: module.clone(), range: *range });
                }
                (PieceOrigin::Computed { module, range }, _) => {
                    raw.push(&piece.text, Origin::Computed { call, module: module.clone(), range: *range });
                }
                (PieceOrigin::Target { range }, Some(tokens)) => {
                    copy(doc, known, piece, *range, tokens, glue, &mut raw)
                }
                _ => raw.push(&piece.text, Origin::Glue { source: glue }),
            }
        }
        let mut out = Rope::default();
        prepared.lay_out(
            raw.len(),
            &mut out,
            |out, part| out.append_range(&raw, part),
            |out, space| out.glue(space, glue),
        );
        for line in prepared.fixed() {
            out.fix_line(*line);
        }
        out
    }

    fn misplaced(&mut self, doc: &Doc<'_>, known: &Known, attribute: &AttributeUse<'_>) {
        let message = format!("`@{}` cannot add code here: it stands on a parameter", known.call.callee.name);
        let at = doc.source(attribute.parts.name.range());
        self.diagnostics.push(Diagnostic::new(Code::BAD_SPLICE, self.request.file, at, message));
    }

    fn two_replace(&mut self, doc: &Doc<'_>, known: &Known, attribute: &AttributeUse<'_>, first: Option<u32>) {
        let message =
            format!("`@{}` replaces a declaration that another macro replaces already", known.call.callee.name);
        let at = doc.source(attribute.parts.name.range());
        let mut diagnostic = Diagnostic::new(Code::TWO_REPLACE, self.request.file, at, message)
            .with_help("Only one macro of a declaration can replace it; take one of them away");
        if let Some(first) = first.and_then(|first| self.calls.get(first as usize)) {
            let message = format!("`@{}` replaces it", first.callee.name);
            diagnostic.related.push(Related { file: self.request.file.clone(), range: first.name, message });
        }
        self.diagnostics.push(diagnostic);
    }
}

fn output_of(known: &Known) -> Option<(&Expansion, &JobOutput)> {
    let expansion = known.expansion.as_deref()?;
    Some((expansion, expansion.outcome().result.as_ref().ok()?))
}

fn has_target_pieces(output: &JobOutput) -> bool {
    output
        .emissions
        .iter()
        .flat_map(|emission| &emission.pieces)
        .any(|piece| matches!(piece.origin, PieceOrigin::Target { .. }))
}

/// Appends a piece that was copied from the use. In another layout of the same tokens, or where the
/// output is stale, what is still the same is found token by token.
fn copy(
    doc: &Doc<'_>,
    known: &Known,
    piece: &Piece,
    range: TextRange,
    tokens: &TokenTable,
    glue: TextRange,
    out: &mut Rope,
) {
    let call = known.index;
    let range = tokens.stretch(range);
    let shift = known.call.anchor;
    let in_text = |range: TextRange| TextRange::new(range.start + shift, range.end + shift);
    let source = in_text(range);
    let text = doc.base.text.as_str();
    if text.get(source.start as usize..source.end as usize) == Some(piece.text.as_str()) {
        out.append(&doc.base.slice(source).copied(call));
        return;
    }
    let glued = Origin::Glue { source: glue };
    let mut rest = piece.text.as_str();
    for token in tokens.tokens_in(range).map(in_text) {
        let Some(word) = text.get(token.start as usize..token.end as usize) else {
            break;
        };
        // Brackets and quotation marks are everywhere: a place among them says nothing.
        if !word.contains(char::is_alphanumeric) {
            continue;
        }
        let Some(at) = rest.find(word).filter(|&at| !rest[..at].contains(char::is_alphanumeric)) else {
            continue;
        };
        out.push(&rest[..at], glued.clone());
        out.append(&doc.base.slice(token).copied(call));
        rest = &rest[at + word.len()..];
    }
    out.push(rest, glued);
}

/// New names, with the origins of the old ones.
fn rename(base: &Rope, renames: &[(TextRange, String)], shift: u32, edits: &mut Edits) {
    for (range, name) in renames {
        let old = base.slice(*range);
        let Some(segment) = old.segment_at(0) else {
            continue;
        };
        let range = TextRange::new(range.start + shift, range.end + shift);
        edits.put(range, 0, Rope::of(name, segment.origin.clone()));
    }
}

/// Stands for a use whose output is not known, with its arguments as code.
fn placeholder(doc: &Doc<'_>, args: &[TextRange], position: Position, glue: TextRange, edits: &Edits) -> Rope {
    let mut out = Rope::default();
    out.glue(
        match (position, args.is_empty()) {
            (Position::Statement, true) => "void 0;",
            (Position::Statement, false) => "void [",
            (_, true) => "(undefined as any)",
            (_, false) => "([",
        },
        glue,
    );
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            out.glue(", ", glue);
        }
        argument(doc, *arg, edits, &mut out);
    }
    if !args.is_empty() {
        out.glue(if position == Position::Statement { "];" } else { "] as any)" }, glue);
    }
    out
}

/// An argument as code of its own. Uses of macros in it were not looked at: what they stand for is
/// said by a macro that did not answer.
fn argument(doc: &Doc<'_>, range: TextRange, edits: &Edits, out: &mut Rope) {
    let mut uses = Vec::new();
    if let Some(node) = doc.syntax.root().covering(range) {
        let mut parents: Vec<Node<'_>> = Vec::new();
        node.traverse(
            &mut parents,
            |parents, node| {
                if node.is(Kind::MacroInvocation) && range.contains_range(node.range()) {
                    let is_type = parents.last().is_some_and(|parent| is_type_position(*parent, node));
                    uses.push((node.range(), is_type));
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
    let mut at = range.start;
    for (inner, is_type) in uses {
        edits.render_into(out, doc.base, TextRange::new(at, inner.start));
        out.glue(if is_type { "any" } else { "(undefined as any)" }, doc.source(inner));
        at = inner.end;
    }
    edits.render_into(out, doc.base, TextRange::new(at, range.end));
}

/// A value in place of a whole statement.
fn statement(found: &ExpressionUse<'_>, rope: Rope, text: &str, indent: &str, glue: TextRange) -> Rope {
    let is_in_list = found.whole.parent().is_none_or(|parent| {
        matches!(parent.kind(), Kind::Program | Kind::StatementBlock | Kind::SwitchCase | Kind::SwitchDefault)
    });
    if !is_in_list {
        let mut out = Rope::of("{ ", Origin::Glue { source: glue });
        out.append(&rope.indented(indent, glue));
        out.glue(" }", glue);
        return out;
    }
    let before = text[..found.whole.start() as usize].trim_end().chars().next_back();
    let continues = matches!(rope.text.chars().next(), Some('(' | '[' | '`' | '+' | '-' | '/'));
    let mut out = Rope::default();
    if continues && !matches!(before, None | Some(';' | '{' | '}')) {
        out.glue(";", glue);
    }
    out.append(&rope.indented(indent, glue));
    out
}

fn member_wrap(member: Node<'_>) -> Wrap {
    match member.parent().map(Node::kind) {
        Some(Kind::InterfaceBody | Kind::ObjectType) => Wrap::InterfaceMembers,
        _ => Wrap::ClassMembers,
    }
}

/// The white space at the start of the line that holds `offset`.
fn indent_at(text: &str, offset: u32) -> &str {
    let start = text[..offset as usize].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Members, each on lines of their own.
fn lines(members: &[Rope], indent: &str, wrap: Wrap, glue: TextRange) -> Rope {
    let mut out = Rope::default();
    for member in members {
        out.glue(indent, glue);
        out.append(&member.indented(indent, glue));
        if wrap == Wrap::EnumMembers && !member.text.trim_end().ends_with(',') {
            out.glue(",", glue);
        }
        out.glue("\n", glue);
    }
    out
}

/// Puts members before a body's closing brace.
fn insert_members(text: &str, body: Node<'_>, members: &[Rope], glue: TextRange, order: u32, edits: &mut Edits) {
    let Some(wrap) = members_of(body) else {
        return;
    };
    let brace = match body.last_child() {
        Some(last) if last.is_token("}") && !last.is_missing() => last.start(),
        _ => return,
    };
    let outer = indent_at(text, brace);
    let first = body.named_children().next();
    let indent = match first {
        Some(member) if text[..member.start() as usize].trim_end_matches([' ', '\t']).ends_with('\n') => {
            indent_at(text, member.start()).to_owned()
        }
        _ => format!("{outer}  "),
    };
    if let Some((last, separator)) = open_end(body, wrap) {
        edits.put(TextRange::empty(last), 0, Rope::of(separator, Origin::Glue { source: glue }));
    }
    let line = text[..brace as usize].rfind('\n').map_or(0, |at| at as u32 + 1);
    let is_own_line = line > 0 && TextRange::new(line, brace).of(text).trim().is_empty();
    let block = lines(members, &indent, wrap, glue);
    if is_own_line && line > body.start() {
        edits.put(TextRange::empty(line), order, block);
    } else {
        let mut rope = Rope::of("\n", Origin::Glue { source: glue });
        rope.append(&block);
        rope.glue(outer, glue);
        edits.put(TextRange::empty(brace), order, rope);
    }
}

/// The end of a last member that what follows could run into, and what keeps them apart.
fn open_end(body: Node<'_>, wrap: Wrap) -> Option<(u32, &'static str)> {
    let mut last: Option<Node<'_>> = None;
    for child in body.children() {
        if !child.is_extra() && !child.is_token("{") && !child.is_token("}") {
            last = Some(child);
        }
    }
    let last = last?;
    let is_separator = last.is_token(";") || last.is_token(",");
    let is_open = match wrap {
        Wrap::ClassMembers => {
            !is_separator && !matches!(last.kind(), Kind::MethodDefinition | Kind::ClassStaticBlock | Kind::Decorator)
        }
        Wrap::InterfaceMembers => !is_separator,
        Wrap::EnumMembers => !is_separator,
        _ => false,
    };
    let separator = if wrap == Wrap::EnumMembers { "," } else { ";" };
    is_open.then_some((last.end(), separator))
}
