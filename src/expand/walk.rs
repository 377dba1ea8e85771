//! One walk over a tree that finds everything expansion has to touch, in source order.
//!
//! Invariant: what a macro's name stands for is said by the caller; nothing here looks at another
//! file or changes text.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::TextRange;
use crate::macros::shape::TargetKind;
use crate::syntax::ast::DecoratorParts;
use crate::syntax::{Field, Kind, Node, ast};

use super::names::{is_metascript_specifier, nearest_macro, resolve_meta};
use super::scope::bound_names;
use super::shape::first_declarator;
use super::{CallId, FileFacts, MacroRef};

/// Words that begin something that plain TypeScript does not have.
const WORDS: [&str; 4] = ["macro", "quote", "defer", "extern"];

/// Offsets of `@`, of the words of macro syntax and of `.ms` specifiers, ascending. Most of them mean nothing (a tag of a
/// doc comment, a word of prose); a stretch without any holds nothing for expansion.
pub(super) struct Marks(Vec<u32>);

impl Marks {
    pub fn of(text: &str) -> Marks {
        let bytes = text.as_bytes();
        let mut marks = Vec::new();
        for (at, &byte) in bytes.iter().enumerate() {
            let found = match byte {
                b'@' => true,
                b'.' => bytes[at..].starts_with(b".ms\"") || bytes[at..].starts_with(b".ms'"),
                b'm' | b'q' | b'd' | b'e' => {
                    (at == 0 || !is_word(bytes[at - 1]))
                        && WORDS.iter().any(|word| bytes[at..].starts_with(word.as_bytes()))
                }
                _ => false,
            };
            if found {
                marks.push(at as u32);
            }
        }
        Marks(marks)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn any_in(&self, range: TextRange) -> bool {
        let from = self.0.partition_point(|&mark| mark < range.start);
        self.0.get(from).is_some_and(|&mark| mark < range.end)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Where a use stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    Expression,
    /// A statement of its own; the node is the statement.
    Statement,
    Type,
}

/// `@name(args)` on something declared.
pub(super) struct AttributeUse<'t> {
    pub decorator: Node<'t>,
    pub parts: DecoratorParts<'t>,
    /// `None`: nothing by this name, and a decorator may not stand here either.
    pub callee: Option<MacroRef>,
    pub target: AttributeTarget<'t>,
    pub id: CallId,
}

/// What attributes stand on.
#[derive(Clone, Copy)]
pub(super) struct AttributeTarget<'t> {
    pub kind: Option<TargetKind>,
    /// Holds all attributes and the declaration: what is replaced, and where code goes before and
    /// after. A member's is the member, its attributes stand before it.
    pub whole: Node<'t>,
    /// Without `export` and `declare`.
    pub declaration: Node<'t>,
    /// The class body, for a member whose attributes stand beside it.
    pub holder: Option<Node<'t>>,
    /// Start of the first attribute or of the declaration.
    pub anchor: u32,
    pub is_exported: bool,
    /// Ambient: `declare` stands on it or around it.
    pub is_declared: bool,
}

/// `@name(args) { block }` as an expression, statement or type.
pub(super) struct ExpressionUse<'t> {
    pub node: Node<'t>,
    pub name: Node<'t>,
    pub callee: Option<MacroRef>,
    pub position: Position,
    /// What the result replaces: the use, or the whole statement.
    pub whole: Node<'t>,
    pub id: CallId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuoteForm {
    Members,
    Statements,
    Expression,
    Type,
}

pub(super) struct Quote<'t> {
    /// The whole expression.
    pub node: Node<'t>,
    pub form: QuoteForm,
    /// A statement of its own: emits.
    pub statement: Option<Node<'t>>,
}

pub(super) enum Found<'t> {
    Attribute(AttributeUse<'t>),
    Use(ExpressionUse<'t>),
    Comptime(ExpressionUse<'t>),
    /// A compile-time block in code that runs at compile time itself: a part of that code.
    Inline(ExpressionUse<'t>),
    /// `@typeinfo<T>()`, and whether it stands in code that runs at compile time.
    TypeInfo(ExpressionUse<'t>, bool),
    /// `@target("js") { … } else …`; the node to replace, and the block that counts.
    Target(ExpressionUse<'t>, Option<Node<'t>>),
    /// A macro's declaration, and the statement that it is all of (with `export`).
    Macro {
        statement: Node<'t>,
        node: Node<'t>,
    },
    ComptimeFunction {
        statement: Node<'t>,
        decorator: Node<'t>,
    },
    Quote(Quote<'t>),
    Defer {
        node: Node<'t>,
        block: Option<Node<'t>>,
    },
    /// The text of a module specifier that ends in `.ms`.
    Specifier(Node<'t>),
    /// A name of `std/meta` that the file does not bind, in compile-time code.
    MetaValue(Node<'t>),
    MetaType(Node<'t>),
}

/// Says what macro the name at a node stands for.
pub(super) type Resolve<'a> = &'a dyn Fn(Node<'_>, &str) -> Option<MacroRef>;

/// Everything in `root`, in source order. Inside the arguments of a macro nothing is looked for.
pub(super) fn find<'t>(
    root: Node<'t>,
    facts: &FileFacts,
    resolve: Resolve<'_>,
    target: &dyn Fn() -> String,
) -> Vec<Found<'t>> {
    let text = root.file_text();
    let is_macro_file = !facts.macros.is_empty();
    let mut walk = Walk {
        facts,
        resolve,
        target,
        left_out: FxHashSet::default(),
        links: FxHashSet::default(),
        marks: Marks::of(text),
        everywhere: is_macro_file,
        file_bound: if is_macro_file { bound_names(root) } else { FxHashSet::default() },
        regions: Vec::new(),
        modes: vec![Mode::Code],
        ancestors: Vec::new(),
        path: Vec::new(),
        ordinals: FxHashMap::default(),
        found: Vec::new(),
    };
    root.traverse(&mut walk, Walk::enter, Walk::leave);
    walk.found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Code,
    /// Inside the quote with this identity: code of another program, but for its splices.
    Quoted(usize),
}

struct Walk<'a, 't> {
    facts: &'a FileFacts,
    resolve: Resolve<'a>,
    /// What the program is compiled for.
    target: &'a dyn Fn() -> String,
    /// Blocks that are for other targets.
    left_out: FxHashSet<usize>,
    /// `else @target(…)`: parts of the statement before them.
    links: FxHashSet<usize>,
    marks: Marks,
    /// Every node is visited: names without a mark may concern us.
    everywhere: bool,
    file_bound: FxHashSet<&'t str>,
    /// Compile-time code around the current node, with the names bound in it.
    regions: Vec<(usize, FxHashSet<&'t str>)>,
    modes: Vec<Mode>,
    ancestors: Vec<Node<'t>>,
    /// Names of the declarations around the current node, with the node's identity.
    path: Vec<(usize, &'t str)>,
    ordinals: FxHashMap<String, u32>,
    found: Vec<Found<'t>>,
}

impl<'t> Walk<'_, 't> {
    fn enter(&mut self, node: Node<'t>) -> bool {
        let is_searched = self.everywhere || !self.regions.is_empty() || self.marks.any_in(node.range());
        let enters = match node.kind() {
            Kind::ImportStatement | Kind::ExportStatement => {
                if let Some(source) = node.field(Field::Source) {
                    self.specifier(source);
                }
                is_searched && node.is(Kind::ExportStatement)
            }
            _ if !is_searched || self.left_out.contains(&node.id()) => false,
            Kind::MacroInvocation if self.links.contains(&node.id()) => true,
            Kind::String => {
                if ast::is_dynamic_import(node) {
                    self.specifier(node);
                }
                false
            }
            Kind::Comment | Kind::Token => false,
            _ if matches!(self.modes.last(), Some(Mode::Quoted(_))) => {
                if node.is(Kind::Splice) {
                    self.modes.push(Mode::Code);
                }
                true
            }
            Kind::Decorator => self.decorator(node),
            Kind::MacroInvocation => self.invocation(node),
            Kind::MacroDeclaration | Kind::ExternMacroDeclaration => {
                let statement = match self.ancestors.last() {
                    Some(parent) if parent.is(Kind::ExportStatement) => *parent,
                    _ => node,
                };
                self.found.push(Found::Macro { statement, node });
                if node.is(Kind::MacroDeclaration) {
                    self.regions.push((node.id(), bound_names(node)));
                }
                true
            }
            Kind::QuoteExpression => {
                let form = match node.field(Field::Body).map(Node::kind) {
                    Some(Kind::ClassBody) => QuoteForm::Members,
                    Some(Kind::QuoteType) => QuoteForm::Type,
                    _ => QuoteForm::Statements,
                };
                self.quote(node, form);
                true
            }
            Kind::CallExpression if self.is_quote_call(node) => {
                self.quote(node, QuoteForm::Expression);
                true
            }
            Kind::DeferStatement => {
                let block =
                    self.ancestors.last().copied().filter(|parent| {
                        matches!(parent.kind(), Kind::StatementBlock | Kind::Program | Kind::SwitchCase)
                    });
                self.found.push(Found::Defer { node, block });
                true
            }
            Kind::Identifier | Kind::ShorthandPropertyIdentifier => {
                self.value_name(node);
                false
            }
            Kind::TypeIdentifier => {
                self.type_name(node);
                false
            }
            _ => true,
        };
        if enters {
            self.ancestors.push(node);
            if let Some(name) = path_name(node) {
                self.path.push((node.id(), name));
            }
        }
        enters
    }

    fn leave(&mut self, node: Node<'t>) {
        self.ancestors.pop();
        if self.path.last().is_some_and(|(id, _)| *id == node.id()) {
            self.path.pop();
        }
        if self.regions.last().is_some_and(|(id, _)| *id == node.id()) {
            self.regions.pop();
        }
        let ends_mode = match self.modes.last() {
            Some(Mode::Quoted(id)) => *id == node.id(),
            Some(Mode::Code) => self.modes.len() > 1 && node.is(Kind::Splice),
            None => false,
        };
        if ends_mode {
            self.modes.pop();
        }
    }

    fn specifier(&mut self, source: Node<'t>) {
        if let Some(fragment) = source.named_children().next()
            && fragment.is(Kind::StringFragment)
            && is_metascript_specifier(fragment.text())
            && self.modes.len() == 1
        {
            self.found.push(Found::Specifier(fragment));
        }
    }

    fn is_quote_call(&self, node: Node<'t>) -> bool {
        node.field(Field::Function).is_some_and(|function| function.is(Kind::Identifier) && function.text() == "quote")
            && !self.facts.binds("quote")
            && !self.is_region_bound("quote")
            && node.field(Field::Arguments).is_some_and(|args| args.is(Kind::Arguments) && args.first_named().is_some())
    }

    fn is_region_bound(&self, name: &str) -> bool {
        self.regions.iter().any(|(_, bound)| bound.contains(name))
    }

    fn value_name(&mut self, node: Node<'t>) {
        let is_compile_time = !self.regions.is_empty();
        let name = node.text();
        if is_compile_time
            && resolve_meta(name).is_some_and(|meta| meta.is_value)
            && !self.facts.binds(name)
            && !self.is_region_bound(name)
        {
            self.found.push(Found::MetaValue(node));
        }
    }

    fn type_name(&mut self, node: Node<'t>) {
        let name = node.text();
        if resolve_meta(name).is_some_and(|meta| meta.is_type)
            && !self.facts.binds(name)
            && !self.is_region_bound(name)
            && !self.file_bound.contains(name)
            && !self.ancestors.last().is_some_and(|parent| parent.is(Kind::NestedTypeIdentifier))
        {
            self.found.push(Found::MetaType(node));
        }
    }

    /// The identity of a use: where it stands by name, and how many like it came before.
    fn id(&mut self, inner: Option<&str>, name: &str) -> CallId {
        let mut id = String::new();
        for part in self.path.iter().map(|(_, name)| *name).chain(inner) {
            if !id.is_empty() {
                id.push('.');
            }
            id.push_str(part);
        }
        id.push('@');
        id.push_str(name);
        let ordinal = self.ordinals.entry(id.clone()).or_insert(0);
        *ordinal += 1;
        if *ordinal > 1 {
            id.push_str(&format!("#{ordinal}"));
        }
        CallId(id)
    }

    fn decorator(&mut self, decorator: Node<'t>) -> bool {
        let Some(parts) = ast::decorator_parts(decorator) else {
            return true;
        };
        let Some(name) = ast::dotted_name(parts.name) else {
            return true;
        };
        let Some(parent) = self.ancestors.last().copied() else {
            return true;
        };
        let outer = self.ancestors.iter().rev().nth(1).copied();
        if name == "comptime" && !self.facts.binds("comptime") {
            let function = ast::declaration_of(parent);
            if matches!(function.kind(), Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration) {
                self.found.push(Found::ComptimeFunction { statement: parent, decorator });
                self.regions.push((parent.id(), bound_names(function)));
                return false;
            }
        }
        let Some((mut target, may_be_decorator)) = attribute_target(decorator, parent, outer) else {
            return true;
        };
        target.is_declared |= self.ancestors.iter().any(|around| around.is(Kind::AmbientDeclaration));
        let callee = (self.resolve)(parts.name, &name);
        // What is no macro is a decorator. Where TypeScript has none, it says so of a name that means
        // something; of one that means nothing, or nothing in a namespace, we can say more.
        // One that means nothing and is nearly the name of a macro was meant to be that.
        let is_decorator = |name: &str| {
            let is_macro = |other: &str| (self.resolve)(parts.name, other).is_some();
            self.facts.binds(name) || may_be_decorator && nearest_macro(self.facts, name, &is_macro).is_none()
        };
        if callee.is_none() && is_decorator(&name) {
            return true;
        }
        let named = first_declarator(target.declaration).unwrap_or(target.declaration);
        let target_name = named.field(Field::Name).or_else(|| named.field(Field::Pattern));
        // Inside the declaration's own node its name is part of the path already.
        let is_inside = self.path.last().is_some_and(|(id, _)| *id == target.declaration.id());
        let inner = target_name.filter(|_| !is_inside).map(Node::text);
        let id = self.id(inner, &name);
        self.found.push(Found::Attribute(AttributeUse { decorator, parts, callee, target, id }));
        false
    }

    fn invocation(&mut self, node: Node<'t>) -> bool {
        let Some(name_node) = node.field(Field::Name) else {
            return true;
        };
        let Some(name) = ast::dotted_name(name_node) else {
            return true;
        };
        let parent = self.ancestors.last().copied();
        let (position, whole) = match parent {
            Some(parent) if parent.is(Kind::ExpressionStatement) => (Position::Statement, parent),
            Some(parent) if is_type_position(parent, node) => (Position::Type, node),
            _ => (Position::Expression, node),
        };
        let id = self.id(None, &name);
        let mut found = ExpressionUse { node, name: name_node, callee: None, position, whole, id };
        let is_free = !self.facts.binds(&name);
        if name == "comptime" && is_free && node.field(Field::Body).is_some() {
            self.found.push(match self.regions.is_empty() {
                true => Found::Comptime(found),
                false => Found::Inline(found),
            });
            self.regions.push((node.id(), bound_names(node)));
            return true;
        }
        if name == "target" && is_free && node.field(Field::Body).is_some() && position == Position::Statement {
            let branches = branches(node);
            let target = (self.target)();
            let chosen = branches.iter().find(|branch| branch.is_for(&target)).map(|branch| branch.block);
            // Of the other branches nothing is looked at.
            self.left_out
                .extend(branches.iter().map(|branch| branch.block.id()).filter(|id| chosen.map(Node::id) != Some(*id)));
            self.links.extend(branches.iter().filter_map(|branch| branch.link).map(Node::id));
            self.found.push(Found::Target(found, chosen));
            return true;
        }
        found.callee = (self.resolve)(name_node, &name);
        if name == "typeinfo" && is_free && found.callee.is_none() {
            self.found.push(Found::TypeInfo(found, !self.regions.is_empty()));
            return true;
        }
        self.found.push(Found::Use(found));
        false
    }

    fn quote(&mut self, node: Node<'t>, form: QuoteForm) {
        let statement = self.ancestors.last().copied().filter(|parent| parent.is(Kind::ExpressionStatement));
        self.found.push(Found::Quote(Quote { node, form, statement }));
        self.modes.push(Mode::Quoted(node.id()));
    }
}

/// One block of `@target("a") { … } else @target("b") { … } else { … }`.
struct Branch<'t> {
    /// `None` for the last `else`.
    targets: Option<Vec<String>>,
    block: Node<'t>,
    /// The use that follows an `else`.
    link: Option<Node<'t>>,
}

impl Branch<'_> {
    fn is_for(&self, target: &str) -> bool {
        self.targets.as_ref().is_none_or(|targets| targets.iter().any(|known| known == target))
    }
}

fn branches<'t>(node: Node<'t>) -> Vec<Branch<'t>> {
    let mut out = Vec::new();
    let mut at = Some(node);
    while let Some(node) = at {
        let link = Some(node).filter(|_| !out.is_empty());
        if node.is(Kind::StatementBlock) {
            out.push(Branch { targets: None, block: node, link: None });
            break;
        }
        let names = node.field(Field::Arguments).into_iter().flat_map(Node::named_children);
        let targets = names.filter(|name| name.is(Kind::String)).map(ast::string_value).collect();
        if let Some(block) = node.field(Field::Body) {
            out.push(Branch { targets: Some(targets), block, link });
        }
        at = node.field(Field::Alternative).and_then(Node::first_named);
        at = at.and_then(|other| if other.is(Kind::ExpressionStatement) { other.first_named() } else { Some(other) });
    }
    out
}

/// The arguments of a `@target` and of those that follow its `else`s which are no names of targets.
pub(super) fn bad_targets<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let uses = branches(node).into_iter().filter_map(|branch| branch.link);
    std::iter::once(node)
        .chain(uses)
        .flat_map(|node| match node.field(Field::Arguments) {
            Some(list) if list.first_named().is_some() => {
                list.named_children().filter(|name| !name.is(Kind::String)).collect()
            }
            Some(list) => vec![list],
            None => node.field(Field::Name).into_iter().collect(),
        })
        .collect()
}

/// What a name of `std/meta` can stand for; a class is both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub is_value: bool,
    pub is_type: bool,
}

/// The name that a declaration gives to what stands inside it.
fn path_name<'t>(node: Node<'t>) -> Option<&'t str> {
    match node.kind() {
        Kind::ClassDeclaration
        | Kind::AbstractClassDeclaration
        | Kind::Class
        | Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::MethodDefinition
        | Kind::PublicFieldDefinition
        | Kind::InterfaceDeclaration
        | Kind::EnumDeclaration
        | Kind::TypeAliasDeclaration
        | Kind::InternalModule
        | Kind::MacroDeclaration => node.field(Field::Name).map(Node::text),
        Kind::VariableDeclarator => node.field(Field::Name).filter(|name| name.is(Kind::Identifier)).map(Node::text),
        _ => None,
    }
}

/// What a decorator stands on, and whether JavaScript's own decorators may stand there.
pub(super) fn attribute_target<'t>(
    decorator: Node<'t>,
    parent: Node<'t>,
    outer: Option<Node<'t>>,
) -> Option<(AttributeTarget<'t>, bool)> {
    let exported_by = outer.filter(|outer| outer.is(Kind::ExportStatement));
    let simple = |kind, may_be_decorator| {
        let target = AttributeTarget {
            kind: Some(kind),
            whole: parent,
            declaration: parent,
            holder: None,
            anchor: parent.start(),
            is_exported: false,
            is_declared: false,
        };
        Some((target, may_be_decorator))
    };
    match parent.kind() {
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => {
            let target = AttributeTarget {
                kind: Some(TargetKind::Class),
                whole: exported_by.unwrap_or(parent),
                declaration: parent,
                holder: None,
                anchor: parent.start(),
                is_exported: exported_by.is_some(),
                is_declared: false,
            };
            Some((target, true))
        }
        Kind::ExportStatement | Kind::DecoratedDeclaration => {
            let declaration = ast::declaration_of(parent);
            let kind = declaration_kind(declaration);
            // `export` may also stand outside of the decorated declaration.
            let whole = exported_by.unwrap_or(parent);
            let target = AttributeTarget {
                kind,
                whole,
                declaration,
                holder: None,
                anchor: parent.start(),
                is_exported: whole.is(Kind::ExportStatement),
                is_declared: has_declare(parent),
            };
            Some((target, kind == Some(TargetKind::Class)))
        }
        Kind::PublicFieldDefinition => simple(TargetKind::Member, true),
        Kind::PropertySignature | Kind::MethodSignature | Kind::AbstractMethodSignature => {
            simple(TargetKind::Member, false)
        }
        Kind::RequiredParameter | Kind::OptionalParameter => simple(TargetKind::Parameter, true),
        Kind::ClassBody => {
            // Decorators of a method stand beside it, not in it.
            let mut anchor = decorator.start();
            let mut member = None;
            let mut run_start = None;
            for child in parent.children() {
                if child.is_extra() {
                    continue;
                }
                if child.is(Kind::Decorator) {
                    run_start.get_or_insert(child.start());
                } else if run_start.is_some_and(|start| start <= decorator.start()) && child.start() > decorator.start()
                {
                    anchor = run_start.unwrap_or(anchor);
                    member = Some(child);
                    break;
                } else {
                    run_start = None;
                }
            }
            let member = member?;
            let target = AttributeTarget {
                kind: Some(TargetKind::Member),
                whole: member,
                declaration: member,
                holder: Some(parent),
                anchor,
                is_exported: false,
                is_declared: false,
            };
            Some((target, true))
        }
        _ => None,
    }
}

/// Whether `declare` stands between a statement's own words and its declaration.
fn has_declare(statement: Node<'_>) -> bool {
    let inner = statement.field(Field::Declaration);
    statement.is(Kind::AmbientDeclaration) || inner.is_some_and(has_declare)
}

fn declaration_kind(declaration: Node<'_>) -> Option<TargetKind> {
    Some(match declaration.kind() {
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => TargetKind::Class,
        Kind::InterfaceDeclaration => TargetKind::Interface,
        Kind::EnumDeclaration => TargetKind::Enum,
        Kind::TypeAliasDeclaration => TargetKind::TypeAlias,
        Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration | Kind::FunctionSignature => {
            TargetKind::Function
        }
        Kind::LexicalDeclaration | Kind::VariableDeclaration => TargetKind::Variable,
        _ => return None,
    })
}

/// Whether what stands at `node` is a type, by what stands around it: the one table of such places.
pub(super) fn is_type_position(parent: Node<'_>, node: Node<'_>) -> bool {
    match parent.kind() {
        Kind::TypeAnnotation
        | Kind::TypeParameters
        | Kind::LiteralType
        | Kind::QuoteType
        | Kind::UnionType
        | Kind::IntersectionType
        | Kind::TypeArguments
        | Kind::ArrayType
        | Kind::TupleType
        | Kind::GenericType
        | Kind::ReadonlyType
        | Kind::ParenthesizedType
        | Kind::OptionalType
        | Kind::RestType
        | Kind::TypeAliasDeclaration
        | Kind::Constraint
        | Kind::DefaultType
        | Kind::IndexTypeQuery
        | Kind::LookupType
        | Kind::ConditionalType
        | Kind::FunctionType
        | Kind::ConstructorType
        | Kind::TypePredicate
        | Kind::TemplateType
        | Kind::ImplementsClause
        | Kind::ExtendsTypeClause
        | Kind::MappedTypeClause => true,
        Kind::AsExpression | Kind::SatisfiesExpression => parent.first_named() != Some(node),
        Kind::TypeAssertion => parent.named_children().last() != Some(node),
        _ => false,
    }
}
