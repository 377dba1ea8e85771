//! `@typeinfo<T>()`: a hole with a type, until the engine has said what `T` is.
//!
//! Invariant: what is checked does not depend on any shape, since the value's type is `TypeInfo`
//! whatever `T` is. Only text to be run has the shape in it: first with holes that name their type,
//! and once the engine was asked with the shapes in their place. Uses are numbered in the order in
//! which they are expanded, which is the same both times.

use crate::base::TextRange;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Field, Kind, Node, SyntaxFile};

use super::FileFacts;
use super::edits::Edits;
use super::quote::META;
use super::rope::Rope;
use super::splice::{Doc, Expander};
use super::walk::{ExpressionUse, Position};

/// The first element of a hole's tuple type.
const HOLE: &str = "__ms_typeinfo";

/// A `@typeinfo` in text to be run whose shape is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    pub number: u32,
    /// The type, in the expanded text.
    pub of: TextRange,
}

/// The holes of a file's text to be run.
pub fn holes(syntax: &SyntaxFile) -> Vec<Hole> {
    let mut out = Vec::new();
    if !syntax.text().as_str().contains(HOLE) {
        return out;
    }
    syntax.root().walk(|node| {
        if node.is(Kind::TupleType) {
            let parts: Vec<Node<'_>> = node.named_children().filter(|part| !part.is(Kind::Comment)).collect();
            if let [hole, of, number] = parts.as_slice()
                && hole.text() == HOLE
                && let Ok(number) = number.text().parse()
            {
                out.push(Hole { number, of: of.range() });
            }
        }
        true
    });
    out
}

/// Whether a compile-time block asks for a type, which nobody can tell it.
pub(super) fn asks_for_types(block: Node<'_>, facts: &FileFacts) -> bool {
    let mut asks = false;
    block.walk(|node| {
        asks |= node.is(Kind::MacroInvocation)
            && node.field(Field::Name).is_some_and(|name| name.text() == "typeinfo" && !facts.binds("typeinfo"));
        !asks
    });
    asks
}

impl Expander<'_> {
    pub(super) fn type_info(
        &mut self,
        doc: &Doc<'_>,
        found: &ExpressionUse<'_>,
        runs_early: bool,
        order: u32,
        edits: &mut Edits,
    ) {
        let number = self.type_infos;
        self.type_infos += 1;
        let source = doc.source(found.node.range());
        let types = found.node.field(Field::TypeArguments);
        let of: Vec<Node<'_>> = types
            .map(|types| types.named_children().filter(|part| !part.is(Kind::Comment)).collect())
            .unwrap_or_default();
        let fault = if runs_early {
            Some((
                Code::MACRO_MODULE,
                "`@typeinfo` cannot be used in code that runs at compile time: types are known after that",
                "A macro sees types as they are written: `TypeRef`, `TypeNode`",
            ))
        } else if found.position == Position::Type {
            Some((Code::BAD_ARGUMENT, "`@typeinfo` gives a value, not a type", "Write the type itself"))
        } else if of.len() != 1 {
            Some((Code::BAD_ARGUMENT, "`@typeinfo` takes one type", "Write `@typeinfo<T>()`"))
        } else if let Some(list) = found.node.field(Field::Arguments)
            && list.named_children().next().is_some()
        {
            Some((Code::BAD_ARGUMENT, "`@typeinfo` takes a type and no arguments", "Write `@typeinfo<T>()`"))
        } else {
            None
        };
        if let Some((code, message, help)) = fault {
            let at = doc.source(found.name.range());
            self.diagnostics.push(Diagnostic::new(code, self.request.file, at, message).with_help(help));
        }
        if fault.is_none() && self.request.steps.is_some() {
            // Whoever looks at single steps sees the use as it is written.
            return;
        }
        let known = self.request.shapes.and_then(|shapes| shapes.get(&number));
        // A statement that begins with a parenthesis would go on with the one before it.
        let mut rope = Rope::default();
        if found.position == Position::Statement {
            rope.glue("void ", source);
        }
        match (fault, of.as_slice(), known) {
            (Some(_), ..) if found.position == Position::Type => rope.glue("any", source),
            (None, [_], Some(shape)) => rope.glue(&format!("({shape} as const)"), source),
            (None, [of], None) => {
                let (value, end) = match self.is_check() {
                    true => {
                        self.tail.meta = true;
                        (format!("{META}.TypeInfo"), String::new())
                    }
                    false => (HOLE.to_owned(), format!(", {number}")),
                };
                rope.glue(&format!("((null! as [{value}, "), source);
                edits.render_into(&mut rope, doc.base, of.range());
                rope.glue(&format!("{end}])[0])"), source);
            }
            _ => rope.glue("(null! as any)", source),
        }
        if found.position == Position::Statement {
            rope.glue(";", source);
        }
        edits.put(found.whole.range(), order, rope);
    }
}
