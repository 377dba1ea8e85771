//! What evaluating a macro's module does, seen from its text: whether it can wait until the module
//! is needed.
//!
//! Invariant: errs on the side of doing something. A module is inert where every statement of its top
//! level is one whose evaluation nobody can notice but by its time: no call, no access to a
//! property, nothing that converts an object.

use serde::{Deserialize, Serialize};

use crate::syntax::{Field, Kind, Node, ast};

/// What a module offers to those that import it, and at what price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Surface {
    /// Evaluating it may do something.
    #[default]
    Active,
    /// It can be evaluated at any time before its values are needed.
    Inert,
    /// Inert, and all that it exports are functions of these names, which are names inside the module
    /// too: it can be evaluated when the first of them is called.
    Functions(Vec<String>),
}

/// Collects the surface of a module from its statements.
pub(super) struct Survey<'t> {
    is_inert: bool,
    /// Functions of the top level, whether exported or not.
    declared: Vec<&'t str>,
    exported: Vec<&'t str>,
    /// What is exported in a way that hides whether it is a function.
    exports_values: bool,
}

impl<'t> Survey<'t> {
    pub fn new() -> Survey<'t> {
        Survey { is_inert: true, declared: Vec::new(), exported: Vec::new(), exports_values: false }
    }

    pub fn add(&mut self, statement: Node<'t>) {
        if statement.has_error() {
            self.is_inert = false;
        }
        let is_export = statement.is(Kind::ExportStatement);
        if statement.is(Kind::ImportStatement) {
            // An import without names is there for what it does.
            self.is_inert &= ast::is_type_only(statement) || statement.child_of_kind(Kind::ImportClause).is_some();
            return;
        }
        if is_export && ast::is_type_only(statement) {
            return;
        }
        if is_export && statement.field(Field::Source).is_some() {
            self.exports_values = true;
            return;
        }
        if let Some(clause) = statement.child_of_kind(Kind::ExportClause) {
            for part in clause.named_children().filter(|part| !ast::is_type_only(*part)) {
                match part.field(Field::Name) {
                    Some(name) if part.field(Field::Alias).is_none() => self.exported.push(name.text()),
                    _ => self.exports_values = true,
                }
            }
            return;
        }
        self.declaration(statement, is_export);
    }

    fn declaration(&mut self, statement: Node<'t>, is_export: bool) {
        let declaration = ast::declaration_of(statement);
        // What a macro exports by default it exports by its name, too; that of a function is none.
        if is_export && statement.has_token("default") {
            self.exports_values = true;
        }
        match declaration.kind() {
            Kind::InterfaceDeclaration
            | Kind::TypeAliasDeclaration
            | Kind::FunctionSignature
            | Kind::EmptyStatement => {}
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration | Kind::MacroDeclaration => {
                let Some(name) = declaration.field(Field::Name) else {
                    self.is_inert = false;
                    return;
                };
                self.declared.push(name.text());
                // Every macro is exported, so that the worker finds it.
                if is_export || declaration.is(Kind::MacroDeclaration) {
                    self.exported.push(name.text());
                }
            }
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration => {
                self.is_inert &= is_inert_class(declaration);
                self.exports_values |= is_export;
            }
            Kind::LexicalDeclaration => {
                let is_const = declaration.has_token("const");
                for declarator in declaration.named_children().filter(|child| child.is(Kind::VariableDeclarator)) {
                    let value = declarator.field(Field::Value).map(ast::bare);
                    let name = declarator.field(Field::Name).filter(|name| name.is(Kind::Identifier));
                    self.is_inert &= name.is_some() && value.is_none_or(is_inert);
                    match name.zip(value) {
                        Some((name, value)) if is_const && is_function(value) => {
                            self.declared.push(name.text());
                            if is_export {
                                self.exported.push(name.text());
                            }
                        }
                        _ => self.exports_values |= is_export,
                    }
                }
            }
            _ => self.is_inert = false,
        }
    }

    pub fn finish(mut self) -> Surface {
        if !self.is_inert {
            return Surface::Active;
        }
        if self.exports_values || !self.exported.iter().all(|name| self.declared.contains(name)) {
            return Surface::Inert;
        }
        self.exported.sort_unstable();
        self.exported.dedup();
        Surface::Functions(self.exported.into_iter().map(str::to_owned).collect())
    }
}

fn is_function(value: Node<'_>) -> bool {
    matches!(value.kind(), Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction)
}

/// Whether evaluating an expression does nothing but make its value.
fn is_inert(value: Node<'_>) -> bool {
    let value = ast::bare(value);
    let all = |node: Node<'_>| node.named_children().filter(|child| !child.is_extra()).all(is_inert);
    match value.kind() {
        Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => true,
        Kind::String | Kind::Number | Kind::Regex | Kind::Identifier | Kind::ShorthandPropertyIdentifier => true,
        Kind::TemplateString => value.child_of_kind(Kind::TemplateSubstitution).is_none(),
        Kind::Array => all(value),
        Kind::Object => value.named_children().filter(|child| !child.is_extra()).all(|part| match part.kind() {
            Kind::Pair => {
                part.field(Field::Key).is_some_and(|key| !key.is(Kind::ComputedPropertyName))
                    && part.field(Field::Value).is_some_and(is_inert)
            }
            Kind::MethodDefinition => part.field(Field::Name).is_some_and(|name| !name.is(Kind::ComputedPropertyName)),
            Kind::ShorthandPropertyIdentifier => true,
            _ => false,
        }),
        Kind::UnaryExpression => ast::is_negative_number(value),
        // Literals alone: anything else may be converted, which runs code of its own.
        Kind::BinaryExpression => [Field::Left, Field::Right].into_iter().all(|side| {
            value.field(side).map(ast::bare).is_some_and(|side| {
                matches!(side.kind(), Kind::String | Kind::Number) || side.is(Kind::BinaryExpression) && is_inert(side)
            })
        }),
        Kind::NewExpression => {
            let makes = value.field(Field::Constructor).is_some_and(|made| matches!(made.text(), "Set" | "Map"));
            makes
                && value.field(Field::Arguments).is_none_or(|arguments| arguments.named_children().all(is_literal_list))
        }
        _ => matches!(value.text(), "true" | "false" | "null" | "undefined"),
    }
}

/// `[...]` of values that are made here: what iterates over it meets no code of anybody's.
fn is_literal_list(value: Node<'_>) -> bool {
    let value = ast::bare(value);
    value.is(Kind::Array) && is_inert(value)
}

fn is_inert_class(class: Node<'_>) -> bool {
    let mut is_inert = true;
    class.walk(|node| {
        match node.kind() {
            Kind::Decorator | Kind::ComputedPropertyName | Kind::ClassStaticBlock | Kind::ClassHeritage => {
                is_inert = false;
            }
            Kind::PublicFieldDefinition => is_inert &= !node.has_token("static"),
            // What is inside runs when it is called, or when an instance is made.
            Kind::StatementBlock | Kind::FormalParameters => return false,
            _ => {}
        }
        is_inert
    });
    is_inert
}
