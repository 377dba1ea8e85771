//! Whether a new name is taken where a rename would put it: by another binding of a scope, by one that it would
//! hide or be hidden by, or by another member of its class.
//!
//! Invariant: looks at one live tree. What it cannot know (members of a base class, of a merged declaration in another
//! file) it does not refuse.

use crate::base::TextRange;
use crate::syntax::{Field, Kind, Node, SyntaxFile};
use crate::text::TextEdit;

use super::locals::{self, Binding, Space};

/// What stands in the way of a rename.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// The name that is there already.
    pub range: TextRange,
    /// The end of a sentence that begins with the new name.
    pub why: &'static str,
}

/// The first collision that `edits`, which write `new` in place of other names, would make.
pub fn find(syntax: &SyntaxFile, edits: &[TextEdit], new: &str) -> Option<Collision> {
    let renamed = |range: TextRange| edits.iter().any(|edit| edit.range == range);
    let names = edits.iter().filter(|edit| edit.text == new).filter_map(|edit| syntax.root().covering(edit.range));
    names.into_iter().find_map(|name| match name.kind() {
        Kind::PropertyIdentifier | Kind::PrivatePropertyIdentifier => member(name, new, &renamed),
        Kind::Identifier | Kind::TypeIdentifier | Kind::ShorthandPropertyIdentifier => bound(name, new, &renamed),
        _ => None,
    })
}

/// Another member of the same class, interface or enumeration.
fn member(name: Node<'_>, new: &str, renamed: &dyn Fn(TextRange) -> bool) -> Option<Collision> {
    let declaration = name.parent().filter(|parent| parent.field(Field::Name) == Some(name))?;
    let body = declaration.parent().filter(|body| {
        matches!(body.kind(), Kind::ClassBody | Kind::InterfaceBody | Kind::ObjectType | Kind::EnumBody)
    })?;
    let is_static = declaration.has_token("static");
    let taken = body.named_children().filter(|other| other.has_token("static") == is_static).find_map(|other| {
        other.field(Field::Name).or(Some(other)).filter(|one| one.text() == new && !renamed(one.range()))
    })?;
    Some(Collision { range: taken.range(), why: "is a member already" })
}

/// A binding that the new name would meet.
fn bound(name: Node<'_>, new: &str, renamed: &dyn Fn(TextRange) -> bool) -> Option<Collision> {
    let mut bindings: Vec<Binding<'_>> = Vec::new();
    let mut between: Option<Binding<'_>> = None;
    for scope in name.ancestors().filter(|node| locals::opens_scope(node.kind())) {
        bindings.clear();
        locals::bindings(scope, &mut bindings);
        let own = bindings.iter().find(|one| renamed(one.node.range())).copied();
        let taken = bindings.iter().find(|one| one.name == new && !renamed(one.node.range())).copied();
        let Some(own) = own else {
            between = between.or(taken);
            continue;
        };
        if let Some(taken) = taken.filter(|taken| is_same_space(&own, taken)) {
            return Some(Collision { range: taken.node.range(), why: "is bound already in the same scope" });
        }
        if let Some(between) = between.filter(|between| is_same_space(&own, between)) {
            return Some(Collision {
                range: between.node.range(),
                why: "means something else where the old name is used",
            });
        }
        return captured(scope, new, renamed);
    }
    None
}

fn is_same_space(one: &Binding<'_>, other: &Binding<'_>) -> bool {
    [Space::Value, Space::Type].into_iter().any(|space| one.kind.is_in(space) && other.kind.is_in(space))
}

/// A use of the new name in the scope of the old one that means something outside of it.
fn captured(scope: Node<'_>, new: &str, renamed: &dyn Fn(TextRange) -> bool) -> Option<Collision> {
    let mut found = None;
    scope.walk(|node| {
        let is_use = node.is(Kind::Identifier) && node.text() == new && !renamed(node.range());
        if is_use && found.is_none() && !is_bound_within(node, scope, new) {
            found = Some(Collision { range: node.range(), why: "is used there and would mean this one" });
        }
        found.is_none()
    });
    found
}

fn is_bound_within(node: Node<'_>, outer: Node<'_>, name: &str) -> bool {
    let mut bindings = Vec::new();
    let scopes = node.ancestors().take_while(|scope| scope.id() != outer.id());
    for scope in scopes.filter(|scope| locals::opens_scope(scope.kind())) {
        locals::bindings(scope, &mut bindings);
    }
    bindings.iter().any(|binding| binding.name == name)
}
