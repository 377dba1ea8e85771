//! The outline of a file: its declarations, each below the one that it stands in.
//!
//! Shown are declarations of modules, namespaces, classes, interfaces, enums and object literals,
//! functions and classes inside of functions, and calls like `describe("…", () => …)`. Local
//! variables are not, unless they hold one of those.
//!
//! Invariant: says what the text says, quotes left out, since theirs is code of somewhere else.

use crate::base::TextRange;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    Module,
    Namespace,
    Class,
    Interface,
    TypeAlias,
    Enum,
    EnumMember,
    Function,
    Macro,
    Method,
    Constructor,
    Property,
    Accessor,
    Variable,
    Constant,
    Event,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// Parameters and types, on one line.
    pub detail: Option<String>,
    pub kind: SymbolKind,
    /// The whole declaration, with decorators and modifiers, without the comment above.
    pub range: TextRange,
    /// Its name.
    pub selection: TextRange,
    pub is_deprecated: bool,
    pub children: Vec<Symbol>,
}

/// Declarations in the order of the text.
pub fn symbols(syntax: &SyntaxFile) -> Vec<Symbol> {
    let mut out = Vec::new();
    statements(syntax.root(), Level::Module, 0, &mut out);
    out
}

/// What a block's declarations are to an outline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Module,
    Function,
}

/// Nesting deeper than anybody reads is left out, lest it overflow the stack.
const DEEPEST: u32 = 64;

/// Details longer than this are cut.
const LONGEST_DETAIL: usize = 80;

fn statements(block: Node<'_>, level: Level, depth: u32, out: &mut Vec<Symbol>) {
    if depth > DEEPEST {
        return;
    }
    let mut above = Above::default();
    for node in block.children().filter(|child| child.is_named()) {
        if above.takes(node) {
            continue;
        }
        let before = out.len();
        statement(node, level, depth, out);
        above.belongs_to(node, &mut out[before..]);
    }
}

/// What stands above a declaration as a node of its own.
#[derive(Default)]
struct Above {
    is_deprecated: bool,
    /// Decorators of members.
    start: Option<u32>,
}

impl Above {
    /// Whether `node` is no declaration but belongs to the one that follows.
    fn takes(&mut self, node: Node<'_>) -> bool {
        match node.kind() {
            Kind::Comment => {
                let text = node.text();
                self.is_deprecated = text.starts_with("/**") && text.contains("@deprecated");
                true
            }
            Kind::Decorator => {
                self.start.get_or_insert(node.start());
                true
            }
            _ => false,
        }
    }

    fn belongs_to(&mut self, node: Node<'_>, symbols: &mut [Symbol]) {
        let Above { is_deprecated, start } = std::mem::take(self);
        for symbol in symbols.iter_mut().filter(|symbol| symbol.range.end >= node.end()) {
            symbol.is_deprecated |= is_deprecated;
            symbol.range.start = symbol.range.start.min(start.unwrap_or(u32::MAX));
        }
    }
}

fn statement(node: Node<'_>, level: Level, depth: u32, out: &mut Vec<Symbol>) {
    match node.kind() {
        Kind::ExportStatement | Kind::DecoratedDeclaration | Kind::AmbientDeclaration => {
            wrapped(node, level, depth, out);
        }
        Kind::ExpressionStatement => {
            if let Some(inner) = node.first_named() {
                match inner.kind() {
                    Kind::InternalModule => declaration(inner, node.range(), level, depth, out),
                    Kind::CallExpression => out.extend(called_with_block(inner, node.range(), depth)),
                    _ => {}
                }
            }
        }
        // Blocks of statements hold declarations of their own.
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
        | Kind::LabeledStatement => statements(node, Level::Function, depth + 1, out),
        // What is there of a declaration that does not parse.
        Kind::Error => statements(node, level, depth + 1, out),
        _ => declaration(node, node.range(), level, depth, out),
    }
}

/// `export`, `declare` and decorators around a declaration.
fn wrapped(node: Node<'_>, level: Level, depth: u32, out: &mut Vec<Symbol>) {
    let inner = ast::declaration_of(node);
    if inner == node {
        // `declare global { … }`.
        if let Some(block) = node.child_of_kind(Kind::StatementBlock) {
            let name = node.children().find(|child| child.is_token("global"));
            let mut symbol = symbol("global", SymbolKind::Module, node.range(), name.unwrap_or(node));
            statements(block, Level::Module, depth + 1, &mut symbol.children);
            out.push(symbol);
        }
        return;
    }
    let before = out.len();
    declaration(inner, node.range(), level, depth, out);
    if !node.is(Kind::ExportStatement) || !node.has_token("default") {
        return;
    }
    if let [symbol] = &mut out[before..] {
        if inner.field(Field::Name).is_none() {
            symbol.name = "default".to_owned();
        }
    } else {
        out.extend(value_symbol(
            "default",
            node.children().find(|child| child.is_token("default")),
            inner,
            node,
            depth,
        ));
    }
}

/// `whole`: the declaration with everything around it that is its own.
fn declaration(node: Node<'_>, whole: TextRange, level: Level, depth: u32, out: &mut Vec<Symbol>) {
    let name = node.field(Field::Name);
    let named = |kind, default: &str| match name {
        Some(name) if !name.is_missing() => symbol(&ast_name(name), kind, whole, name),
        _ => symbol(default, kind, whole, node.first_child().unwrap_or(node)),
    };
    match node.kind() {
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => {
            let mut class = named(SymbolKind::Class, "<class>");
            class.detail = node.field(Field::TypeParameters).map(one_line);
            members(node.field(Field::Body), depth, &mut class.children);
            out.push(class);
        }
        Kind::InterfaceDeclaration => {
            let mut interface = named(SymbolKind::Interface, "<interface>");
            interface.detail = node.field(Field::TypeParameters).map(one_line);
            members(node.field(Field::Body), depth, &mut interface.children);
            out.push(interface);
        }
        Kind::TypeAliasDeclaration => {
            let mut alias = named(SymbolKind::TypeAlias, "<type>");
            members(node.field(Field::Value).filter(|value| value.is(Kind::ObjectType)), depth, &mut alias.children);
            out.push(alias);
        }
        Kind::EnumDeclaration => {
            let mut enumeration = named(SymbolKind::Enum, "<enum>");
            for member in node.field(Field::Body).into_iter().flat_map(Node::named_children) {
                let name = if member.is(Kind::EnumAssignment) { member.field(Field::Name) } else { Some(member) };
                let value = member.field(Field::Value).map(|value| format!("= {}", one_line(value)));
                enumeration.children.extend(name.map(|name| Symbol {
                    detail: value,
                    ..symbol(&ast_name(name), SymbolKind::EnumMember, member.range(), name)
                }));
            }
            out.push(enumeration);
        }
        Kind::InternalModule | Kind::Module => {
            let kind = if node.is(Kind::Module) { SymbolKind::Module } else { SymbolKind::Namespace };
            let mut module = named(kind, "<namespace>");
            if let Some(body) = node.field(Field::Body) {
                statements(body, Level::Module, depth + 1, &mut module.children);
            }
            out.push(module);
        }
        Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::FunctionSignature
        | Kind::FunctionExpression
        | Kind::GeneratorFunction => {
            let mut function = named(SymbolKind::Function, "<function>");
            callable(node, depth, &mut function);
            out.push(function);
        }
        Kind::MacroDeclaration | Kind::ExternMacroDeclaration => {
            let mut macro_ = named(SymbolKind::Macro, "<macro>");
            callable(node, depth, &mut macro_);
            out.push(macro_);
        }
        Kind::LexicalDeclaration | Kind::VariableDeclaration => {
            let declarators: Vec<_> =
                node.named_children().filter(|child| child.is(Kind::VariableDeclarator)).collect();
            let is_alone = declarators.len() == 1;
            let is_constant = node.has_token("const");
            for declarator in declarators {
                let whole = if is_alone { whole } else { declarator.range() };
                variable(declarator, whole, is_constant, level, depth, out);
            }
        }
        _ => {}
    }
}

fn variable(
    declarator: Node<'_>,
    whole: TextRange,
    is_constant: bool,
    level: Level,
    depth: u32,
    out: &mut Vec<Symbol>,
) {
    let Some(pattern) = declarator.field(Field::Name) else { return };
    let value = declarator.field(Field::Value);
    let kind = if is_constant { SymbolKind::Constant } else { SymbolKind::Variable };
    if !pattern.is(Kind::Identifier) {
        let mut names = Vec::new();
        ast::pattern_names(pattern, &mut names);
        let names = names.into_iter().filter(|_| level == Level::Module);
        return out.extend(names.map(|name| symbol(name.text(), kind, name.range(), name)));
    }
    let mut variable = symbol(pattern.text(), kind, whole, pattern);
    variable.detail = declarator.field(Field::Type).map(one_line);
    if let Some(value) = value {
        of_value(value, depth, &mut variable);
    }
    // A local is worth a line for what it holds.
    let holds = matches!(variable.kind, SymbolKind::Function | SymbolKind::Class) || !variable.children.is_empty();
    if level == Level::Module || holds {
        out.push(variable);
    }
}

/// A function, a class or an object makes more of the symbol that it is the value of.
fn of_value(value: Node<'_>, depth: u32, symbol: &mut Symbol) {
    if depth > DEEPEST {
        return;
    }
    let value = ast::bare(value);
    match value.kind() {
        Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => {
            let is_property = symbol.kind == SymbolKind::Property;
            symbol.kind = if is_property { SymbolKind::Method } else { SymbolKind::Function };
            callable(value, depth, symbol);
        }
        Kind::Class => {
            symbol.kind = SymbolKind::Class;
            members(value.field(Field::Body), depth, &mut symbol.children);
        }
        Kind::Object => members(Some(value), depth, &mut symbol.children),
        Kind::CallExpression => {
            // `defineConfig({ … })`, `memo(() => …)`.
            let arguments = value.field(Field::Arguments);
            let object = arguments.and_then(|arguments| arguments.named_children().find(|one| one.is(Kind::Object)));
            members(object, depth, &mut symbol.children);
        }
        _ => {}
    }
}

fn value_symbol(name: &str, at: Option<Node<'_>>, value: Node<'_>, whole: Node<'_>, depth: u32) -> Option<Symbol> {
    let mut symbol = symbol(name, SymbolKind::Constant, whole.range(), at?);
    of_value(value, depth, &mut symbol);
    (symbol.kind != SymbolKind::Constant || !symbol.children.is_empty()).then_some(symbol)
}

/// `describe("…", () => { … })`: a call that is given a name and a block.
fn called_with_block(call: Node<'_>, whole: TextRange, depth: u32) -> Option<Symbol> {
    let callee = call.field(Field::Function)?;
    let arguments = call.field(Field::Arguments)?;
    let mut arguments = arguments.named_children();
    let title = arguments.next().filter(|title| matches!(title.kind(), Kind::String | Kind::TemplateString))?;
    let block = arguments.last().filter(|last| {
        matches!(last.kind(), Kind::ArrowFunction | Kind::FunctionExpression)
            && last.field(Field::Body).is_some_and(|body| body.is(Kind::StatementBlock))
    })?;
    if !matches!(callee.kind(), Kind::Identifier | Kind::MemberExpression) {
        return None;
    }
    let name = cut(&format!("{}({})", one_line(callee), one_line(title)));
    let mut symbol = symbol(&name, SymbolKind::Event, whole, title);
    statements(block.field(Field::Body)?, Level::Function, depth + 1, &mut symbol.children);
    Some(symbol)
}

/// Parameters as the detail, functions and classes of the body as children.
fn callable(function: Node<'_>, depth: u32, symbol: &mut Symbol) {
    let parameters = function.field(Field::Parameters).or_else(|| function.field(Field::Parameter));
    let result = function.field(Field::ReturnType);
    let detail: String = parameters.into_iter().chain(result).map(one_line).collect();
    symbol.detail = Some(cut(&detail)).filter(|detail| !detail.is_empty());
    if let Some(body) = function.field(Field::Body).filter(|body| body.is(Kind::StatementBlock)) {
        statements(body, Level::Function, depth + 1, &mut symbol.children);
    }
}

fn members(body: Option<Node<'_>>, depth: u32, out: &mut Vec<Symbol>) {
    if depth > DEEPEST {
        return;
    }
    let mut above = Above::default();
    for member in body.into_iter().flat_map(Node::children).filter(|child| child.is_named()) {
        if above.takes(member) {
            continue;
        }
        let before = out.len();
        one_member(member, depth, out);
        above.belongs_to(member, &mut out[before..]);
    }
}

fn one_member(member: Node<'_>, depth: u32, out: &mut Vec<Symbol>) {
    match member.kind() {
        Kind::MethodDefinition | Kind::MethodSignature | Kind::AbstractMethodSignature => {
            method(member, depth, out);
        }
        Kind::PublicFieldDefinition | Kind::PropertySignature | Kind::Pair => {
            let name = member.field(Field::Name).or_else(|| member.field(Field::Key));
            let Some(name) = name else { return };
            let mut property = symbol(&ast_name(name), SymbolKind::Property, member.range(), name);
            property.detail = member.field(Field::Type).map(one_line);
            if let Some(value) = member.field(Field::Value) {
                of_value(value, depth + 1, &mut property);
            }
            out.push(property);
        }
        Kind::ShorthandPropertyIdentifier => {
            out.push(symbol(member.text(), SymbolKind::Property, member.range(), member));
        }
        Kind::IndexSignature => {
            let detail = member.field(Field::Type).map(one_line);
            let name = match member.field(Field::Name) {
                Some(name) => format!("[{}]", name.text()),
                None => return,
            };
            let mut index = symbol(&name, SymbolKind::Property, member.range(), member);
            index.detail = detail;
            out.push(index);
        }
        Kind::CallSignature | Kind::ConstructSignature => {
            let (name, kind) = match member.kind() {
                Kind::CallSignature => ("()", SymbolKind::Method),
                _ => ("new()", SymbolKind::Constructor),
            };
            let mut signature = symbol(name, kind, member.range(), member);
            callable(member, depth, &mut signature);
            out.push(signature);
        }
        Kind::ClassStaticBlock => {
            let mut block = symbol("static", SymbolKind::Constructor, member.range(), member);
            if let Some(first) = member.first_child() {
                block.selection = first.range();
            }
            if let Some(body) = member.field(Field::Body) {
                statements(body, Level::Function, depth + 1, &mut block.children);
            }
            out.push(block);
        }
        // What is there of a member that does not parse.
        Kind::Error => members(Some(member), depth + 1, out),
        _ => {}
    }
}

fn method(member: Node<'_>, depth: u32, out: &mut Vec<Symbol>) {
    let Some(name) = member.field(Field::Name) else { return };
    let is_accessor = member.has_token("get") || member.has_token("set");
    let kind = match name.text() {
        "constructor" if !is_accessor => SymbolKind::Constructor,
        _ if is_accessor => SymbolKind::Accessor,
        _ => SymbolKind::Method,
    };
    let mut method = symbol(&ast_name(name), kind, member.range(), name);
    callable(member, depth, &mut method);
    if kind == SymbolKind::Constructor {
        // Parameters with a modifier declare fields.
        let parameters = member.field(Field::Parameters);
        for parameter in parameters.into_iter().flat_map(Node::named_children) {
            let declares = parameter.child_of_kind(Kind::AccessibilityModifier).is_some()
                || parameter.child_of_kind(Kind::OverrideModifier).is_some()
                || parameter.has_token("readonly");
            if let Some(name) = parameter.field(Field::Pattern).filter(|name| declares && name.is(Kind::Identifier)) {
                let mut field = symbol(name.text(), SymbolKind::Property, parameter.range(), name);
                field.detail = parameter.field(Field::Type).map(one_line);
                out.push(field);
            }
        }
    }
    out.push(method);
}

fn symbol(name: &str, kind: SymbolKind, range: TextRange, at: Node<'_>) -> Symbol {
    let selection = at.range();
    // The protocol wants the one inside of the other.
    let range = TextRange::new(range.start.min(selection.start), range.end.max(selection.end));
    Symbol { name: name.to_owned(), detail: None, kind, range, selection, is_deprecated: false, children: Vec::new() }
}

/// As it is written, without quotation marks; a name is never empty.
fn ast_name(name: Node<'_>) -> String {
    let text = match name.kind() {
        Kind::String => ast::string_value(name),
        _ => one_line(name),
    };
    if text.is_empty() { "\"\"".to_owned() } else { text }
}

/// The text of a node with its white space folded, cut where it is long.
fn one_line(node: Node<'_>) -> String {
    let text = node.text();
    if text.len() <= LONGEST_DETAIL && !text.contains(['\n', '\t']) && !text.contains("  ") {
        return text.to_owned();
    }
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() > LONGEST_DETAIL {
            break;
        }
    }
    cut(&out)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_DETAIL) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
