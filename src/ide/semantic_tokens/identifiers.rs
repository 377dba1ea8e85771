//! What a name is where it stands: by its declaration in this file, else by what is around it.

use std::sync::Arc;

use crate::ide::locals::{BindingKind, Space};
use crate::std_lib;
use crate::syntax::{Field, Kind, Node, ast};

use super::names;
use super::units::About;
use super::walk::{Known, Walk};
use super::{Modifiers, TokenKind};

/// Macros of the language itself, which nobody imports.
const BUILT_IN: &[&str] = &["comptime", "emit", "extern", "target", "typeinfo"];

impl<'t> Walk<'t, '_> {
    pub(super) fn identifier(&mut self, node: Node<'t>, kind: Kind, field: Option<Field>) {
        match kind {
            Kind::TypeIdentifier => self.type_name(node, field),
            Kind::PropertyIdentifier | Kind::PrivatePropertyIdentifier => self.member(node, field),
            Kind::StatementIdentifier => self.push(node.range(), TokenKind::Label, Modifiers::default()),
            Kind::IdentifierFragment => self.fragment(node),
            Kind::Identifier => self.plain(node, field),
            _ => self.value(node, field),
        }
    }

    fn parent_kind(&self) -> Option<Kind> {
        self.parent().map(|frame| frame.kind)
    }

    fn plain(&mut self, node: Node<'t>, field: Option<Field>) {
        match (self.parent_kind(), field) {
            (Some(Kind::MacroInvocation), Some(Field::Name)) => {
                self.push(node.range(), TokenKind::Macro, Modifiers::default());
            }
            (Some(Kind::Decorator), _) => self.decorator_name(node),
            (Some(Kind::CallExpression), Some(Field::Function)) if self.is_below_decorator(1) => {
                self.decorator_name(node);
            }
            // What another file calls it.
            (Some(Kind::ImportSpecifier), Some(Field::Name)) => {
                let has_alias = self.parent().is_some_and(|frame| frame.node.field(Field::Alias).is_some());
                if has_alias { self.foreign(node) } else { self.named(node, Space::Any, field) }
            }
            (Some(Kind::ExportSpecifier), Some(Field::Name)) => {
                let is_from = self.above(2).is_some_and(|export| export.node.field(Field::Source).is_some());
                if is_from { self.foreign(node) } else { self.named(node, Space::Any, field) }
            }
            (Some(Kind::ExportSpecifier), Some(Field::Alias)) => self.foreign(node),
            (Some(Kind::NamespaceExport), _) => {
                self.push(node.range(), TokenKind::Namespace, Modifiers::DECLARATION);
            }
            (Some(Kind::NestedIdentifier | Kind::NestedTypeIdentifier), _) => {
                let known = self.lookup(node, Space::Any);
                let kind = match known.map(|known| known.binding.kind) {
                    Some(BindingKind::Enum) => TokenKind::Enum,
                    Some(BindingKind::Class) => TokenKind::Class,
                    _ => TokenKind::Namespace,
                };
                let declares = known.is_some_and(|known| known.is_declaration);
                self.push(node.range(), kind, Modifiers::DECLARATION.when(declares));
            }
            (Some(Kind::EnumDeclaration | Kind::InternalModule | Kind::Module), _) => {
                self.named(node, Space::Any, field);
            }
            _ => self.value(node, field),
        }
    }

    /// Whether the `up`th frame hangs below a decorator.
    fn is_below_decorator(&self, up: usize) -> bool {
        self.above(up).is_some_and(|frame| frame.kind == Kind::Decorator)
    }

    /// The kind that a name after `@` has, and what may change it.
    fn decorator(&mut self, name: Node<'t>) -> (TokenKind, Option<About>) {
        let text = name.text();
        let known = name.is(Kind::Identifier).then(|| self.lookup(name, Space::Value)).flatten();
        match known.map(|known| known.binding.kind) {
            Some(BindingKind::Macro) => (TokenKind::Macro, None),
            Some(BindingKind::Import | BindingKind::NamespaceImport) => {
                (TokenKind::Decorator, Some(About::Decorator { name: text.into() }))
            }
            Some(_) => (TokenKind::Decorator, None),
            None if std_lib::PRELUDE.iter().any(|(macro_, _)| *macro_ == text) || BUILT_IN.contains(&text) => {
                (TokenKind::Macro, None)
            }
            None => (TokenKind::Decorator, Some(About::Decorator { name: text.into() })),
        }
    }

    fn decorator_name(&mut self, name: Node<'t>) {
        let (kind, about) = self.decorator(name);
        self.push(name.range(), kind, Modifiers::default());
        if let Some(about) = about {
            self.hint(name, about);
        }
    }

    /// The `@` of a decorator has the colour of the name behind it.
    pub(super) fn at_sign(&mut self, at: Node<'t>) {
        let decorator = self.parent().map(|frame| frame.node);
        let name = decorator.and_then(ast::decorator_parts).map(|parts| parts.name);
        let (kind, about) = match name {
            Some(name) if name.is(Kind::Identifier) => self.decorator(name),
            // Of `@lib.name` the last part, as the name itself has it.
            Some(name) if name.is(Kind::MemberExpression) => match name.field(Field::Property) {
                Some(last) => self.decorator(last),
                None => (TokenKind::Decorator, None),
            },
            _ => (TokenKind::Decorator, None),
        };
        self.push(at.range(), kind, Modifiers::default());
        if let Some(about) = about {
            self.hint(at, about);
        }
    }

    /// A name of another file, as it looks.
    fn foreign(&mut self, node: Node<'t>) {
        self.push(node.range(), looks(node.text()), Modifiers::default());
        self.hint(node, About::Name);
    }

    fn type_name(&mut self, node: Node<'t>, field: Option<Field>) {
        if self.parent_kind() == Some(Kind::NestedTypeIdentifier) && field == Some(Field::Name) {
            return self.push(node.range(), TokenKind::Type, Modifiers::default());
        }
        self.named(node, Space::Type, field);
    }

    fn value(&mut self, node: Node<'t>, field: Option<Field>) {
        self.named(node, Space::Value, field);
    }

    fn named(&mut self, node: Node<'t>, space: Space, field: Option<Field>) {
        let Some(known) = self.lookup(node, space) else { return self.unknown(node, space, field) };
        let (kind, modifiers) = self.of_binding(&known, field, space);
        let mut modifiers = modifiers.with(Modifiers::DECLARATION.when(known.is_declaration));
        let is_variable = matches!(
            known.binding.kind,
            BindingKind::Const | BindingKind::ConstFunction | BindingKind::Variable | BindingKind::Function
        );
        modifiers = modifiers.with(Modifiers::LOCAL.when(known.is_local && is_variable));
        if !known.is_declaration && self.is_written(field) {
            modifiers = modifiers.with(Modifiers::MODIFICATION);
        }
        self.push(node.range(), kind, modifiers);
        if known.binding.kind == BindingKind::Import {
            self.hint(node, About::Name);
        }
    }

    fn of_binding(&self, known: &Known<'t>, field: Option<Field>, space: Space) -> (TokenKind, Modifiers) {
        let none = Modifiers::default();
        match known.binding.kind {
            BindingKind::Const => (TokenKind::Variable, Modifiers::READONLY),
            BindingKind::ConstFunction => (TokenKind::Function, Modifiers::READONLY),
            BindingKind::Variable => (TokenKind::Variable, none),
            BindingKind::Parameter => (TokenKind::Parameter, none),
            BindingKind::Function => (TokenKind::Function, none),
            BindingKind::Class => (TokenKind::Class, none),
            BindingKind::Interface => (TokenKind::Interface, none),
            BindingKind::Enum => (TokenKind::Enum, none),
            BindingKind::TypeAlias => (TokenKind::Type, none),
            BindingKind::TypeParameter => (TokenKind::TypeParameter, none),
            BindingKind::Namespace | BindingKind::NamespaceImport => (TokenKind::Namespace, none),
            BindingKind::Macro => (TokenKind::Macro, none),
            BindingKind::TypeImport => (TokenKind::Type, none),
            BindingKind::Import if space == Space::Type => (TokenKind::Type, none),
            BindingKind::Import => (self.looks_used(known.binding.name, field), none),
        }
    }

    /// The kind that a name of unknown declaration has by its use.
    fn looks_used(&self, name: &str, field: Option<Field>) -> TokenKind {
        match (self.parent_kind(), field) {
            (Some(Kind::NewExpression), Some(Field::Constructor)) | (Some(Kind::ExtendsClause), _) => TokenKind::Class,
            (Some(Kind::CallExpression), Some(Field::Function)) => TokenKind::Function,
            _ => looks(name),
        }
    }

    /// A name that nothing in the file declares.
    fn unknown(&mut self, node: Node<'t>, space: Space, field: Option<Field>) {
        let text = node.text();
        if text == "quote" && self.context.modifiers.contains(Modifiers::COMPILE_TIME) {
            return self.push(node.range(), TokenKind::Keyword, Modifiers::default());
        }
        if text == "undefined" {
            return self.push(node.range(), TokenKind::Keyword, Modifiers::default());
        }
        let global = if space == Space::Type { names::global_type(text) } else { names::global_value(text) };
        if let Some(kind) = global {
            return self.push(node.range(), kind, Modifiers::DEFAULT_LIBRARY);
        }
        let kind = if space == Space::Type { TokenKind::Type } else { self.looks_used(text, field) };
        let modifiers = Modifiers::MODIFICATION.when(self.is_written(field));
        self.push(node.range(), kind, modifiers);
        self.hint(node, About::Name);
    }

    /// Whether what stands here is assigned to.
    fn is_written(&self, field: Option<Field>) -> bool {
        matches!(
            (self.parent_kind(), field),
            (
                Some(Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression | Kind::ForInStatement),
                Some(Field::Left)
            ) | (Some(Kind::UpdateExpression), _)
        )
    }

    /// Names of members, where they are declared and where they are used.
    fn member(&mut self, node: Node<'t>, field: Option<Field>) {
        let Some(parent) = self.parent() else { return };
        let (parent, kind) = (parent.node, parent.kind);
        let none = Modifiers::default();
        let (token, modifiers) = match kind {
            Kind::MethodDefinition | Kind::MethodSignature | Kind::AbstractMethodSignature => {
                let is_accessor = parent.children().any(|child| child.is_token("get") || child.is_token("set"));
                let token = if is_accessor { TokenKind::Property } else { TokenKind::Method };
                (token, declared(parent))
            }
            Kind::PublicFieldDefinition | Kind::PropertySignature => (of_value(parent), declared(parent)),
            Kind::Pair => (of_value(parent), Modifiers::DECLARATION),
            Kind::EnumBody | Kind::EnumAssignment => {
                (TokenKind::EnumMember, Modifiers::DECLARATION.with(Modifiers::READONLY))
            }
            Kind::NestedIdentifier => (TokenKind::Namespace, none),
            Kind::MemberExpression => return self.member_of(node, parent),
            _ => (TokenKind::Property, none),
        };
        let _ = field;
        self.push(node.range(), token, modifiers);
    }

    /// `object.name`.
    fn member_of(&mut self, name: Node<'t>, parent: Node<'t>) {
        let own_field = self.parent().and_then(|frame| frame.field);
        let around = self.above(1).map(|frame| frame.kind);
        let is_decorator = match around {
            Some(Kind::Decorator) => true,
            Some(Kind::CallExpression) => own_field == Some(Field::Function) && self.is_below_decorator(2),
            _ => false,
        };
        if is_decorator {
            return self.decorator_name(name);
        }
        if around == Some(Kind::MacroInvocation) && own_field == Some(Field::Name) {
            return self.push(name.range(), TokenKind::Macro, Modifiers::default());
        }
        let is_called = around == Some(Kind::CallExpression) && own_field == Some(Field::Function);
        let is_made = around == Some(Kind::NewExpression) && own_field == Some(Field::Constructor);
        let is_written = match around {
            Some(Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression) => own_field == Some(Field::Left),
            Some(Kind::UpdateExpression) => true,
            _ => false,
        };
        let (mut kind, mut modifiers) = match (is_called, is_made) {
            (true, _) => (TokenKind::Method, Modifiers::default()),
            (_, true) => (TokenKind::Class, Modifiers::default()),
            _ => (TokenKind::Property, Modifiers::MODIFICATION.when(is_written)),
        };
        let mut about = None;
        let object = parent.field(Field::Object).map(ast::bare);
        match object.map(|object| (object, object.kind())) {
            Some((_, Kind::This)) => {
                let is_static = self.context.is_static;
                about = self.context.class.clone().map(|class| About::Member { class, is_static });
            }
            Some((object, Kind::Identifier)) => match self.lookup(object, Space::Value) {
                Some(known) if known.binding.kind == BindingKind::Enum && kind == TokenKind::Property => {
                    (kind, modifiers) = (TokenKind::EnumMember, Modifiers::READONLY);
                }
                Some(known) if matches!(known.binding.kind, BindingKind::Class | BindingKind::Import) => {
                    about = Some(About::Member { class: known.binding.name.into(), is_static: true });
                }
                Some(known) => {
                    about = known.binding.class.map(|class| About::Member { class: class.into(), is_static: false });
                }
                None if names::global_value(object.text()).is_some() => {
                    modifiers = modifiers.with(Modifiers::DEFAULT_LIBRARY);
                }
                None => {}
            },
            Some((object, Kind::NewExpression)) => {
                let class = object.field(Field::Constructor).filter(|class| class.is(Kind::Identifier));
                about = class.map(|class| About::Member { class: Arc::from(class.text()), is_static: false });
            }
            _ => {}
        }
        self.push(name.range(), kind, modifiers);
        if let Some(about) = about {
            self.hint(name, about);
        }
    }

    /// The written part of a name that is spliced together: `get` of `get${Name}`.
    fn fragment(&mut self, node: Node<'t>) {
        let field = self.parent().and_then(|frame| frame.field);
        let (kind, modifiers) = match self.above(1).map(|frame| frame.kind) {
            Some(Kind::MethodDefinition | Kind::MethodSignature) if field == Some(Field::Name) => {
                (TokenKind::Method, Modifiers::DECLARATION)
            }
            Some(Kind::PublicFieldDefinition | Kind::PropertySignature) if field == Some(Field::Name) => {
                (TokenKind::Property, Modifiers::DECLARATION)
            }
            Some(Kind::ClassDeclaration | Kind::AbstractClassDeclaration) => (TokenKind::Class, Modifiers::DECLARATION),
            Some(Kind::InterfaceDeclaration) => (TokenKind::Interface, Modifiers::DECLARATION),
            Some(Kind::FunctionDeclaration) => (TokenKind::Function, Modifiers::DECLARATION),
            Some(Kind::TypeAnnotation | Kind::GenericType | Kind::TypeArguments) => {
                (TokenKind::Type, Modifiers::default())
            }
            Some(Kind::CallExpression) if field == Some(Field::Function) => (TokenKind::Function, Modifiers::default()),
            Some(Kind::MemberExpression) => (TokenKind::Property, Modifiers::default()),
            _ => (TokenKind::Variable, Modifiers::default()),
        };
        self.push(node.range(), kind, modifiers);
    }
}

/// The modifiers that stand before a member's name.
fn declared(member: Node<'_>) -> Modifiers {
    let mut out = Modifiers::DECLARATION;
    for child in member.children() {
        if child.is_named() && !matches!(child.kind(), Kind::AccessibilityModifier | Kind::OverrideModifier) {
            break;
        }
        out = out.with(match child.name() {
            "static" => Modifiers::STATIC,
            "readonly" => Modifiers::READONLY,
            "abstract" => Modifiers::ABSTRACT,
            "async" => Modifiers::ASYNC,
            _ => Modifiers::default(),
        });
    }
    out
}

/// A member that holds a function is called like a method.
fn of_value(member: Node<'_>) -> TokenKind {
    match member.field(Field::Value).map(|value| ast::bare(value).kind()) {
        Some(Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction) => TokenKind::Method,
        _ => TokenKind::Property,
    }
}

/// By the customs of names: classes begin with a capital, and constants are capitals all through.
fn looks(name: &str) -> TokenKind {
    let mut letters = name.chars();
    let is_capital = letters.next().is_some_and(char::is_uppercase);
    if is_capital && letters.any(char::is_lowercase) { TokenKind::Class } else { TokenKind::Variable }
}
