//! Which names a stretch of code binds.
//!
//! Invariant: an over-approximation without nesting: a name that is bound anywhere inside counts as
//! bound everywhere inside. That errs towards leaving names alone.

use rustc_hash::FxHashSet;

use crate::syntax::{Field, Kind, Node, ast};

/// Every name that anything inside `region` declares.
pub(super) fn bound_names<'t>(region: Node<'t>) -> FxHashSet<&'t str> {
    let mut names = FxHashSet::default();
    each_binding(region, |name, _| {
        names.insert(name.text());
    });
    names
}

/// Calls `found` with every binding inside `region`, and whether it is one of a declaration (a
/// function, class, variable …) rather than a parameter or the like.
pub(super) fn each_binding<'t>(region: Node<'t>, mut found: impl FnMut(Node<'t>, bool)) {
    let mut names = Vec::new();
    region.walk(|node| {
        let mut is_declaration = false;
        match node.kind() {
            Kind::RequiredParameter | Kind::OptionalParameter => {
                if let Some(pattern) = node.field(Field::Pattern) {
                    ast::pattern_names(pattern, &mut names);
                }
            }
            Kind::ArrowFunction => names.extend(node.field(Field::Parameter)),
            Kind::CatchClause => {
                if let Some(parameter) = node.field(Field::Parameter) {
                    ast::pattern_names(parameter, &mut names);
                }
            }
            Kind::ForInStatement => {
                if let (Some(left), true) = (node.field(Field::Left), node.field(Field::Kind).is_some()) {
                    ast::pattern_names(left, &mut names);
                }
            }
            Kind::FunctionExpression | Kind::GeneratorFunction | Kind::Class | Kind::TypeParameter => {
                names.extend(node.field(Field::Name));
            }
            Kind::InferType => names.extend(node.first_named()),
            _ => {
                is_declaration = true;
                // What wraps a declaration is visited along with it.
                if !matches!(node.kind(), Kind::ExportStatement | Kind::AmbientDeclaration | Kind::DecoratedDeclaration)
                {
                    ast::declared_names(node, &mut names);
                }
            }
        }
        for name in names.drain(..) {
            found(name, is_declaration);
        }
        true
    });
}
