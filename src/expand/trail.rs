//! Where in a macro's source something happened, as a person would mark it: the engine knows a line and
//! a column somewhere in a call, a person sees the call.
//!
//! Invariant: looks at the source as it is now; a place that fits nothing there stays a point.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::base::{FilePath, TextRange};
use crate::macros::protocol::Frame;
use crate::syntax::{Field, Kind, Node, SyntaxFile};
use crate::text::{Encoding, LineCol};

use super::MacroScope;

/// What happened at a frame's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened<'a> {
    /// It is where the error arose.
    Thrown,
    /// It is where the error arose, which is about a member of something that has none.
    Accessed,
    /// A call of the function by this name; empty for one without a name.
    Called(&'a str),
    /// `ctx.error` or `ctx.warn`.
    Reported,
}

/// Parsed modules of macros, for as long as one file is expanded.
#[derive(Default)]
pub(super) struct Trail(RefCell<FxHashMap<FilePath, Option<SyntaxFile>>>);

impl Trail {
    /// The range of what happened at a frame's place; `None` where its module has no text.
    pub fn place(&self, scope: &dyn MacroScope, frame: &Frame, happened: Happened<'_>) -> Option<TextRange> {
        let mut parsed = self.0.borrow_mut();
        let syntax = parsed.entry(frame.file.clone()).or_insert_with(|| scope.text(&frame.file).map(SyntaxFile::parse));
        let syntax = syntax.as_ref()?;
        let text = syntax.text();
        let at = LineCol { line: frame.line, col: frame.col };
        let offset = text.lines().offset(text.as_str(), at, Encoding::Utf16);
        Some(range_at(syntax.root(), offset, happened))
    }
}

fn range_at(root: Node<'_>, offset: u32, happened: Happened<'_>) -> TextRange {
    let Some(inner) = root.covering(TextRange::new(offset, (offset + 1).min(root.end()))) else {
        return TextRange::empty(offset);
    };
    let mut nearest = None;
    let mut token = TextRange::empty(offset);
    if inner.child_count() == 0 && inner.start() <= offset {
        token = inner.range();
    }
    for node in std::iter::once(inner).chain(inner.ancestors()) {
        match node.kind() {
            Kind::CallExpression | Kind::NewExpression => {
                let called = node.field(Field::Function).or_else(|| node.field(Field::Constructor));
                let name = called.map(last_name).unwrap_or_default();
                let fits = match happened {
                    Happened::Thrown => !node.ancestors().take(2).any(|outer| outer.is(Kind::ThrowStatement)),
                    Happened::Accessed => true,
                    Happened::Called(by) => !by.is_empty() && by == name,
                    Happened::Reported => matches!(name, "error" | "warn"),
                };
                if fits {
                    return node.range();
                }
                nearest.get_or_insert(node.range());
            }
            Kind::MemberExpression | Kind::SubscriptExpression if happened == Happened::Accessed => {
                // A member that is called is told as the call.
                let is_called = node.parent().is_some_and(|parent| parent.field(Field::Function) == Some(node));
                if !is_called {
                    return node.range();
                }
            }
            Kind::ThrowStatement if matches!(happened, Happened::Thrown | Happened::Accessed) => return node.range(),
            Kind::FunctionDeclaration
            | Kind::GeneratorFunctionDeclaration
            | Kind::FunctionExpression
            | Kind::GeneratorFunction
            | Kind::ArrowFunction
            | Kind::MethodDefinition
            | Kind::MacroDeclaration => break,
            _ => {}
        }
    }
    nearest.unwrap_or(token)
}

/// `c` of `a.b.c`.
fn last_name(called: Node<'_>) -> &str {
    let name = called.field(Field::Property).unwrap_or(called);
    name.text()
}

#[cfg(test)]
mod tests {
    use super::{Happened, range_at};
    use crate::syntax::SyntaxFile;
    use crate::text::SourceText;

    fn at(text: &str, mark: &str, happened: Happened<'_>) -> String {
        let syntax = SyntaxFile::parse(SourceText::new(text));
        let offset = text.find(mark).expect("the mark is there") as u32;
        range_at(syntax.root(), offset, happened).of(text).to_owned()
    }

    #[test]
    fn what_happened_is_marked_as_a_whole() {
        let text = "function f() { ctx.error(a, g(last), `x`); deep(n - one); throw new Error(why); o.p.q; }";
        assert_eq!(at(text, "last", Happened::Reported), "ctx.error(a, g(last), `x`)");
        assert_eq!(at(text, "`x`", Happened::Reported), "ctx.error(a, g(last), `x`)");
        assert_eq!(at(text, "one", Happened::Called("deep")), "deep(n - one)");
        assert_eq!(at(text, "one", Happened::Called("")), "deep(n - one)");
        assert_eq!(at(text, "Error", Happened::Thrown), "throw new Error(why);");
        assert_eq!(at(text, "why", Happened::Thrown), "throw new Error(why);");
        assert_eq!(at(text, "last", Happened::Thrown), "g(last)");
        assert_eq!(at(text, "p.q", Happened::Accessed), "o.p");
        assert_eq!(at(text, "f()", Happened::Thrown), "f");
    }
}
