//! What the scopes of one file bind, by syntax alone: enough to tell a parameter from a field, and
//! one `x` from another.
//!
//! Invariant: looks at one tree. What an import leads to, and what a value's members are, it does
//! not know.

use crate::syntax::{Field, Kind, Node, ast};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingKind {
    Const,
    /// A constant that holds a function.
    ConstFunction,
    /// `let`, `var`, and the variable of a `catch`.
    Variable,
    Parameter,
    Function,
    Class,
    Interface,
    Enum,
    TypeAlias,
    TypeParameter,
    Namespace,
    Macro,
    /// Of any kind: another file knows.
    Import,
    TypeImport,
    NamespaceImport,
}

/// Types and values have names of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    Value,
    Type,
    /// Exports and imports name both.
    Any,
}

impl BindingKind {
    pub fn is_in(self, space: Space) -> bool {
        match self {
            BindingKind::Const
            | BindingKind::ConstFunction
            | BindingKind::Variable
            | BindingKind::Parameter
            | BindingKind::Function
            | BindingKind::Macro => space != Space::Type,
            BindingKind::Interface | BindingKind::TypeAlias | BindingKind::TypeParameter => space != Space::Value,
            BindingKind::Class
            | BindingKind::Enum
            | BindingKind::Namespace
            | BindingKind::Import
            | BindingKind::TypeImport
            | BindingKind::NamespaceImport => true,
        }
    }
}

/// One name that a scope binds.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'t> {
    pub name: &'t str,
    /// The name where it is bound.
    pub node: Node<'t>,
    pub kind: BindingKind,
    /// The name of the class that a variable holds an instance of, as far as its own declaration
    /// says so: `u: User`, `u = new User()`.
    pub class: Option<&'t str>,
}

/// Whether names can be bound in a node of this kind.
pub fn opens_scope(kind: Kind) -> bool {
    is_function(kind)
        || matches!(
            kind,
            Kind::Program
                | Kind::StatementBlock
                | Kind::SwitchBody
                | Kind::ForStatement
                | Kind::ForInStatement
                | Kind::CatchClause
                | Kind::ClassDeclaration
                | Kind::AbstractClassDeclaration
                | Kind::Class
                | Kind::InterfaceDeclaration
                | Kind::TypeAliasDeclaration
                | Kind::IndexSignature
                | Kind::ConditionalType
        )
}

/// Whether parameters stand in a node of this kind.
pub fn is_function(kind: Kind) -> bool {
    has_body(kind)
        || matches!(
            kind,
            Kind::FunctionSignature
                | Kind::MethodSignature
                | Kind::AbstractMethodSignature
                | Kind::CallSignature
                | Kind::ConstructSignature
                | Kind::FunctionType
                | Kind::ConstructorType
                | Kind::ExternMacroDeclaration
        )
}

/// Whether a node of this kind is a function with statements: where a `var` belongs, and a `return`.
pub fn has_body(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::FunctionDeclaration
            | Kind::FunctionExpression
            | Kind::GeneratorFunction
            | Kind::GeneratorFunctionDeclaration
            | Kind::ArrowFunction
            | Kind::MethodDefinition
            | Kind::MacroDeclaration
    )
}

/// The names that `scope` itself binds; what nested scopes bind is theirs.
pub fn bindings<'t>(scope: Node<'t>, out: &mut Vec<Binding<'t>>) {
    match scope.kind() {
        Kind::Program => {
            for statement in scope.children() {
                of_statement(statement, out);
            }
            hoisted(scope, out);
        }
        Kind::StatementBlock | Kind::SwitchBody => {
            for statement in scope.children() {
                match statement.kind() {
                    Kind::SwitchCase | Kind::SwitchDefault => {
                        statement.children().for_each(|inner| of_statement(inner, out));
                    }
                    _ => of_statement(statement, out),
                }
            }
        }
        Kind::ForStatement => {
            if let Some(initializer) = scope.field(Field::Initializer) {
                of_statement(initializer, out);
            }
        }
        Kind::ForInStatement => {
            let declares = scope.field(Field::Kind).is_some();
            if let Some(left) = scope.field(Field::Left).filter(|_| declares) {
                let is_constant = scope.field(Field::Kind).is_some_and(|word| word.text() == "const");
                let kind = if is_constant { BindingKind::Const } else { BindingKind::Variable };
                of_pattern(left, kind, None, out);
            }
        }
        Kind::CatchClause => {
            if let Some(parameter) = scope.field(Field::Parameter) {
                of_pattern(parameter, BindingKind::Variable, None, out);
            }
        }
        Kind::ClassDeclaration
        | Kind::AbstractClassDeclaration
        | Kind::InterfaceDeclaration
        | Kind::TypeAliasDeclaration => type_parameters(scope, out),
        Kind::Class => {
            type_parameters(scope, out);
            named(scope, BindingKind::Class, out);
        }
        Kind::IndexSignature => {
            if let Some(name) = scope.field(Field::Name) {
                push(name, BindingKind::Parameter, None, out);
            }
            if let Some(clause) = scope.child_of_kind(Kind::MappedTypeClause)
                && let Some(name) = clause.field(Field::Name)
            {
                push(name, BindingKind::TypeParameter, None, out);
            }
        }
        Kind::ConditionalType => {
            if let Some(right) = scope.field(Field::Right) {
                inferred(right, out);
            }
        }
        kind if is_function(kind) => of_function(scope, out),
        _ => {}
    }
}

fn push<'t>(name: Node<'t>, kind: BindingKind, class: Option<&'t str>, out: &mut Vec<Binding<'t>>) {
    // A name that is spliced together is not known before its macro ran.
    if !name.is_missing() && !matches!(name.kind(), Kind::Splice | Kind::SplicedIdentifier | Kind::String) {
        out.push(Binding { name: name.text(), node: name, kind, class });
    }
}

fn named<'t>(declaration: Node<'t>, kind: BindingKind, out: &mut Vec<Binding<'t>>) {
    if let Some(name) = declaration.field(Field::Name) {
        push(name, kind, None, out);
    }
}

fn of_pattern<'t>(pattern: Node<'t>, kind: BindingKind, class: Option<&'t str>, out: &mut Vec<Binding<'t>>) {
    if pattern.is(Kind::Identifier) {
        return push(pattern, kind, class, out);
    }
    let mut names = Vec::new();
    ast::pattern_names(pattern, &mut names);
    for name in names {
        push(name, kind, None, out);
    }
}

fn of_function<'t>(function: Node<'t>, out: &mut Vec<Binding<'t>>) {
    type_parameters(function, out);
    if matches!(function.kind(), Kind::FunctionExpression | Kind::GeneratorFunction) {
        named(function, BindingKind::Function, out);
    }
    if let Some(parameter) = function.field(Field::Parameter) {
        push(parameter, BindingKind::Parameter, None, out);
    }
    for parameter in function.field(Field::Parameters).into_iter().flat_map(Node::named_children) {
        let pattern = parameter.field(Field::Pattern).or_else(|| parameter.field(Field::Name));
        if let Some(pattern) = pattern.filter(|pattern| !pattern.is(Kind::This)) {
            of_pattern(pattern, BindingKind::Parameter, annotated(parameter), out);
        }
    }
    if let Some(body) = function.field(Field::Body).filter(|body| body.is(Kind::StatementBlock)) {
        hoisted(body, out);
    }
}

fn type_parameters<'t>(of: Node<'t>, out: &mut Vec<Binding<'t>>) {
    for parameter in of.field(Field::TypeParameters).into_iter().flat_map(Node::named_children) {
        named(parameter, BindingKind::TypeParameter, out);
    }
}

fn inferred<'t>(within: Node<'t>, out: &mut Vec<Binding<'t>>) {
    within.walk(|node| {
        if node.is(Kind::InferType)
            && let Some(name) = node.first_named()
        {
            push(name, BindingKind::TypeParameter, None, out);
        }
        !node.is(Kind::ConditionalType)
    });
}

/// What a statement binds in the block that it stands in.
fn of_statement<'t>(statement: Node<'t>, out: &mut Vec<Binding<'t>>) {
    match statement.kind() {
        Kind::LexicalDeclaration => variables(statement, out),
        Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration | Kind::FunctionSignature => {
            named(statement, BindingKind::Function, out);
        }
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration => named(statement, BindingKind::Class, out),
        Kind::InterfaceDeclaration => named(statement, BindingKind::Interface, out),
        Kind::TypeAliasDeclaration => named(statement, BindingKind::TypeAlias, out),
        Kind::EnumDeclaration => named(statement, BindingKind::Enum, out),
        Kind::MacroDeclaration | Kind::ExternMacroDeclaration => named(statement, BindingKind::Macro, out),
        Kind::InternalModule | Kind::Module => {
            let name = statement.field(Field::Name).map(|name| match name.kind() {
                // `namespace A.B` binds A.
                Kind::NestedIdentifier => first_of(name),
                _ => name,
            });
            if let Some(name) = name {
                push(name, BindingKind::Namespace, None, out);
            }
        }
        Kind::ImportStatement => imports(statement, out),
        Kind::ImportAlias => {
            if let Some(name) = statement.children().find(|child| child.is(Kind::Identifier)) {
                push(name, BindingKind::Import, None, out);
            }
        }
        // An ambient variable stands below `declare`, where nothing is hoisted from.
        Kind::AmbientDeclaration => {
            for child in statement.named_children() {
                if child.is(Kind::VariableDeclaration) { variables(child, out) } else { of_statement(child, out) }
            }
        }
        Kind::ExportStatement | Kind::DecoratedDeclaration | Kind::ExpressionStatement | Kind::Error => {
            for child in statement.named_children().filter(|child| !child.is(Kind::Decorator)) {
                let is_module = child.is(Kind::InternalModule);
                if !statement.is(Kind::ExpressionStatement) || is_module {
                    of_statement(child, out);
                }
            }
        }
        _ => {}
    }
}

fn first_of(name: Node<'_>) -> Node<'_> {
    let mut name = name;
    while let Some(object) = name.field(Field::Object) {
        name = object;
    }
    name
}

fn variables<'t>(declaration: Node<'t>, out: &mut Vec<Binding<'t>>) {
    let is_constant = declaration.first_child().is_some_and(|word| !matches!(word.text(), "let" | "var"));
    for declarator in declaration.named_children().filter(|child| child.is(Kind::VariableDeclarator)) {
        let Some(pattern) = declarator.field(Field::Name) else { continue };
        let value = declarator.field(Field::Value).map(ast::bare);
        let kind = match value.map(Node::kind) {
            Some(Kind::Class) => BindingKind::Class,
            Some(Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction) if is_constant => {
                BindingKind::ConstFunction
            }
            _ if is_constant => BindingKind::Const,
            _ => BindingKind::Variable,
        };
        let kind =
            if pattern.is(Kind::Identifier) || kind == BindingKind::Variable { kind } else { BindingKind::Const };
        let class = annotated(declarator).or_else(|| {
            let made = value.filter(|value| value.is(Kind::NewExpression))?.field(Field::Constructor)?;
            made.is(Kind::Identifier).then(|| made.text())
        });
        of_pattern(pattern, kind, class, out);
    }
}

/// The class that an annotation names.
fn annotated<'t>(declaration: Node<'t>) -> Option<&'t str> {
    let name = declaration.field(Field::Type)?.first_named()?;
    match name.kind() {
        Kind::TypeIdentifier => Some(name.text()),
        Kind::GenericType => name.field(Field::Name).filter(|name| name.is(Kind::TypeIdentifier)).map(Node::text),
        _ => None,
    }
}

fn imports<'t>(statement: Node<'t>, out: &mut Vec<Binding<'t>>) {
    let import = |is_type| if is_type { BindingKind::TypeImport } else { BindingKind::Import };
    let is_type = ast::is_type_only(statement);
    for clause in statement.named_children() {
        match clause.kind() {
            Kind::ImportRequireClause => {
                if let Some(name) = clause.first_named() {
                    push(name, import(is_type), None, out);
                }
            }
            Kind::ImportClause => {
                for part in clause.named_children() {
                    match part.kind() {
                        Kind::Identifier => push(part, import(is_type), None, out),
                        Kind::NamespaceImport => {
                            if let Some(name) = part.first_named() {
                                push(name, BindingKind::NamespaceImport, None, out);
                            }
                        }
                        Kind::NamedImports => {
                            for specifier in part.named_children() {
                                let name = specifier.field(Field::Alias).or_else(|| specifier.field(Field::Name));
                                let kind = import(is_type || ast::is_type_only(specifier));
                                if let Some(name) = name {
                                    push(name, kind, None, out);
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// Every `var` below a function's body, as far as it is that function's own.
fn hoisted<'t>(body: Node<'t>, out: &mut Vec<Binding<'t>>) {
    let mut stack = vec![body];
    while let Some(node) = stack.pop() {
        for child in node.children() {
            match child.kind() {
                Kind::VariableDeclaration => variables(child, out),
                Kind::StatementBlock
                | Kind::IfStatement
                | Kind::ElseClause
                | Kind::ForStatement
                | Kind::ForInStatement
                | Kind::WhileStatement
                | Kind::DoStatement
                | Kind::TryStatement
                | Kind::CatchClause
                | Kind::FinallyClause
                | Kind::SwitchStatement
                | Kind::SwitchBody
                | Kind::SwitchCase
                | Kind::SwitchDefault
                | Kind::LabeledStatement
                | Kind::WithStatement
                | Kind::ExportStatement => stack.push(child),
                _ => {}
            }
        }
    }
}
