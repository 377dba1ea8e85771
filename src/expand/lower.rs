//! A macro's file, or a compile-time block, as TypeScript that can run.
//!
//! Invariant: what is left out is what no macro reaches; what is kept is verbatim but for macro
//! syntax, and the map leads every byte of it back.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::base::{FilePath, TextRange};
use crate::macros::protocol::CacheOptions;
use crate::syntax::ast::DecoratorParts;
use crate::syntax::errors::errors;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

use super::args::write_json_string;
use super::edits::Edits;
use super::inert::{Surface, Survey};
use super::names::DEFAULT_TARGET;
use super::options;
use super::quote::{self, Target};
use super::rope::Rope;
use super::scope::bound_names;
use super::splice::{Doc, defer};
use super::walk::{ExpressionUse, Found, Position, find};
use super::{FileFacts, MacroRef, Origin, SpanMap};

/// TypeScript made for running: no macro syntax left; `map` leads back to the `.ms` text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    pub text: String,
    pub map: SpanMap,
    /// The specifiers that `text` imports from, as they are written there.
    pub imports: Vec<String>,
    /// Where a module cannot be lowered (a syntax error inside a macro): shown as `MS2008`.
    pub faults: Vec<(TextRange, String)>,
    /// Of a module; a block is always run.
    pub surface: Surface,
}

/// The module of a macro, or one that such a module imports.
///
/// A file that declares macros is reduced to them, to what they use, and to what it exports without
/// doing anything (functions, classes, plain constants); other statements would run the program. A
/// file without macros keeps all its declarations.
pub fn lower_module(file: &FilePath, syntax: &SyntaxFile, facts: &FileFacts) -> Lowered {
    let module = Module::new(file, syntax, facts);
    let mut kept: FxHashSet<usize> = FxHashSet::default();
    let mut queue: Vec<usize> = Vec::new();
    for (index, statement) in module.statements.iter().enumerate() {
        if module.is_root(*statement) {
            queue.push(index);
        }
    }
    module.reach(&mut queue, &mut kept);
    let mut needed: FxHashSet<&str> = FxHashSet::default();
    for (index, statement) in module.statements.iter().enumerate() {
        if kept.contains(&index) || statement.is(Kind::ExportStatement) {
            free_identifiers(*statement, &mut |name| {
                needed.insert(name.text());
            });
        }
    }
    let mut out = Output::default();
    let mut survey = Survey::new();
    for (index, statement) in module.statements.iter().enumerate() {
        if statement.is(Kind::ImportStatement) {
            // What an import alone does is the program's affair, unless the file is all there is to run.
            let names = imported_names(*statement);
            let is_needed =
                if names.is_empty() { facts.macros.is_empty() } else { names.iter().any(|name| needed.contains(name)) };
            if !is_needed {
                continue;
            }
        }
        let is_link = matches!(statement.kind(), Kind::ImportStatement)
            || statement.is(Kind::ExportStatement) && statement.field(Field::Source).is_some();
        let is_clause = statement.is(Kind::ExportStatement) && statement.child_of_kind(Kind::ExportClause).is_some();
        if is_link || is_clause || kept.contains(&index) {
            survey.add(*statement);
        }
        if is_link {
            module.link(*statement, &mut out);
        } else if is_clause {
            module.export_clause(*statement, &kept, &mut out);
        } else if kept.contains(&index) || is_type(*statement) {
            module.keep(*statement, &mut out);
        }
    }
    Lowered { surface: survey.finish(), ..out.finish() }
}

/// A compile-time block as a module: its default export is the block; constants, functions and
/// imports of its file come along as far as it uses them.
pub(super) fn block<'t>(module: &Module<'_, 't>, node: Node<'t>) -> Block<'t> {
    let Some(body) = node.field(Field::Body) else {
        return Block { lowered: Lowered::default(), taken: Vec::new(), cache: CacheOptions::default() };
    };
    let mut out = Output::default();
    let own = bound_names(body);
    // Each name with its first occurrence.
    let mut used: FxHashMap<&str, TextRange> = FxHashMap::default();
    free_identifiers(body, &mut |name| {
        if !own.contains(name.text()) {
            used.entry(name.text()).or_insert(name.range());
        }
    });
    for name in module.locals_around(node, &used) {
        out.faults
            .push((used[name], format!("`{name}` is known at run time only: a compile-time block cannot use it")));
    }
    let options = options_of(node);
    let mut cache = CacheOptions::default();
    if let Some(options) = options {
        out.faults.extend(options::read(options, &mut cache));
    }
    let mut queue: Vec<usize> = used.keys().filter_map(|name| module.declaring.get(name)).flatten().copied().collect();
    let mut kept = FxHashSet::default();
    module.reach(&mut queue, &mut kept);
    let mut needed: FxHashSet<&str> = used.keys().copied().collect();
    for &index in &kept {
        free_identifiers(module.statements[index], &mut |name| {
            needed.insert(name.text());
        });
    }
    let mut taken = Vec::new();
    for (index, statement) in module.statements.iter().enumerate() {
        if statement.is(Kind::ImportStatement) {
            if imported_names(*statement).iter().any(|name| needed.contains(name)) {
                module.link(*statement, &mut out);
                taken.push(*statement);
            }
        } else if kept.contains(&index) {
            let declaration = ast::declaration_of(*statement);
            if is_variable(declaration) && !declaration.has_token("const") {
                let mut names = Vec::new();
                ast::declared_names(declaration, &mut names);
                let used_here = names.iter().find_map(|name| Some((name.text(), *used.get(name.text())?)));
                let fault = match used_here {
                    Some((name, range)) => {
                        (range, format!("`{name}` can change at run time: a compile-time block can use constants only"))
                    }
                    None => {
                        let name = names.first().map_or("it", |name| name.text());
                        match module.leads_to(index, &used) {
                            Some((by, range)) => (
                                range,
                                format!(
                                    "`{by}` uses `{name}`, which can change at run time: a compile-time block can use constants only"
                                ),
                            ),
                            None => (
                                node.range(),
                                format!("`{name}` can change at run time: a compile-time block can use constants only"),
                            ),
                        }
                    }
                };
                out.faults.push(fault);
            }
            if let Some(options) = comptime_options(*statement) {
                // What is wrong with them is said where they stand.
                options::read(options, &mut cache);
            }
            module.keep(declaration, &mut out);
            taken.push(*statement);
        }
    }
    out.rope.glue("export default function () ", TextRange::new(node.start(), body.start()));
    module.edits.render_into(&mut out.rope, &module.base, body.range());
    out.rope.glue("\n", TextRange::empty(body.end()));
    out.faults.extend(errors(body, 1).into_iter().map(|error| (error.range, error.message)));
    Block { lowered: out.finish(), taken, cache }
}

/// A compile-time block, ready to run.
pub(super) struct Block<'t> {
    pub lowered: Lowered,
    /// The statements of its file that it takes along.
    pub taken: Vec<Node<'t>>,
    /// Its options and those of the compile-time functions among `taken`, the strictest of each.
    pub cache: CacheOptions,
}

#[derive(Default)]
struct Output {
    rope: Rope,
    imports: Vec<String>,
    faults: Vec<(TextRange, String)>,
}

impl Output {
    fn finish(self) -> Lowered {
        let (text, map) = self.rope.finish();
        Lowered { text, map, imports: self.imports, faults: self.faults, surface: Surface::default() }
    }
}

/// A file with all macro syntax lowered, to take parts of.
pub(super) struct Module<'a, 't> {
    file: &'a FilePath,
    facts: &'a FileFacts,
    base: Rope,
    edits: Edits,
    /// Of the top level.
    statements: Vec<Node<'t>>,
    /// Statements by the names they declare; an overloaded function has several.
    declaring: FxHashMap<&'t str, Vec<usize>>,
}

impl<'a, 't> Module<'a, 't> {
    pub fn new(file: &'a FilePath, syntax: &'t SyntaxFile, facts: &'a FileFacts) -> Module<'a, 't> {
        let root = syntax.root();
        let base = Rope::source(syntax.text().as_str());
        let mut edits = Edits::default();
        // Whatever is used here cannot be expanded: its macro would have to run before this one.
        let any = |_: Node<'_>, name: &str| Some(MacroRef { module: file.clone(), name: name.to_owned() });
        let found = find(root, facts, &any, &|| DEFAULT_TARGET.to_owned());
        {
            let doc = Doc { syntax, base: &base, facts, within: None, depth: 0, level: 0 };
            for (index, thing) in found.iter().enumerate().rev() {
                lower_one(file, &doc, thing, index as u32, &mut edits);
            }
        }
        let statements: Vec<Node<'t>> = root.named_children().collect();
        let mut declaring: FxHashMap<&'t str, Vec<usize>> = FxHashMap::default();
        for (index, statement) in statements.iter().enumerate() {
            if statement.is(Kind::ImportStatement) {
                continue;
            }
            let mut names = Vec::new();
            ast::declared_names(*statement, &mut names);
            for name in names {
                declaring.entry(name.text()).or_default().push(index);
            }
        }
        Module { file, facts, base, edits, statements, declaring }
    }

    /// Whether a statement is kept for its own sake.
    fn is_root(&self, statement: Node<'t>) -> bool {
        let declaration = ast::declaration_of(statement);
        if declaration.is(Kind::ExternMacroDeclaration) {
            return false;
        }
        if declaration.is(Kind::MacroDeclaration) || is_comptime_function(statement) {
            return true;
        }
        let is_harmless = match declaration.kind() {
            Kind::FunctionDeclaration
            | Kind::GeneratorFunctionDeclaration
            | Kind::FunctionSignature
            | Kind::ClassDeclaration
            | Kind::AbstractClassDeclaration
            | Kind::EnumDeclaration => true,
            Kind::LexicalDeclaration => self.facts.macros.is_empty() || is_plain_constant(declaration),
            Kind::VariableDeclaration | Kind::InternalModule => self.facts.macros.is_empty(),
            _ if statement.is(Kind::ExportStatement) && statement.has_token("default") => self.facts.macros.is_empty(),
            _ => false,
        };
        is_harmless && (self.facts.macros.is_empty() || statement.is(Kind::ExportStatement))
    }

    /// Adds everything that `queue` needs to `kept`.
    fn reach(&self, queue: &mut Vec<usize>, kept: &mut FxHashSet<usize>) {
        while let Some(index) = queue.pop() {
            if !kept.insert(index) {
                continue;
            }
            free_identifiers(self.statements[index], &mut |name| {
                queue.extend(self.declaring.get(name.text()).into_iter().flatten());
            });
        }
    }

    /// The name among `used`, with its place, through which the statement at `target` is reached.
    fn leads_to(&self, target: usize, used: &FxHashMap<&'t str, TextRange>) -> Option<(&'t str, TextRange)> {
        let mut names: Vec<(&'t str, TextRange)> = used.iter().map(|(name, range)| (*name, *range)).collect();
        names.sort_by_key(|(_, range)| range.start);
        names.into_iter().find(|(name, _)| {
            let mut queue: Vec<usize> = self.declaring.get(name).into_iter().flatten().copied().collect();
            let mut kept = FxHashSet::default();
            self.reach(&mut queue, &mut kept);
            kept.contains(&target)
        })
    }

    /// Names that the functions around `node` bind and the file does not.
    fn locals_around(&self, node: Node<'t>, used: &FxHashMap<&'t str, TextRange>) -> Vec<&'t str> {
        let outermost = node
            .ancestors()
            .filter(|ancestor| {
                matches!(
                    ancestor.kind(),
                    Kind::FunctionDeclaration
                        | Kind::GeneratorFunctionDeclaration
                        | Kind::FunctionExpression
                        | Kind::GeneratorFunction
                        | Kind::ArrowFunction
                        | Kind::MethodDefinition
                )
            })
            .last();
        let Some(outermost) = outermost else {
            return Vec::new();
        };
        let bound = bound_names(outermost);
        let mut out: Vec<&str> =
            used.keys().copied().filter(|name| bound.contains(name) && !self.facts.binds(name)).collect();
        out.sort_unstable();
        out
    }

    fn keep(&self, statement: Node<'t>, out: &mut Output) {
        let declaration = ast::declaration_of(statement);
        if let Some(error) = errors(statement, 1).into_iter().next() {
            // What else the module declares can do without it.
            let is_called = matches!(declaration.kind(), Kind::MacroDeclaration | Kind::FunctionDeclaration);
            match declaration.field(Field::Name).filter(|_| is_called) {
                Some(name) => return self.broken(statement, name, &error.message, error.range, out),
                None => out.faults.push((error.range, error.message)),
            }
        }
        if declaration.is(Kind::MacroDeclaration)
            && !statement.is(Kind::ExportStatement)
            && let Some(name) = declaration.field(Field::Name)
            && self.facts.exported_as(name.text()) != Some(name.text())
        {
            out.rope.glue("export ", TextRange::empty(statement.start()));
        }
        // The worker calls a macro by its name, whatever the file exports it as.
        if declaration.is(Kind::MacroDeclaration)
            && statement.is(Kind::ExportStatement)
            && statement.has_token("default")
        {
            out.rope.glue("export ", TextRange::empty(statement.start()));
            self.edits.render_into(&mut out.rope, &self.base, declaration.range());
            out.rope.glue("\n", TextRange::empty(statement.end()));
            return;
        }
        self.edits.render_into(&mut out.rope, &self.base, statement.range());
        out.rope.glue("\n", TextRange::empty(statement.end()));
    }

    /// A function that does not parse: it says so when it is called.
    fn broken(&self, statement: Node<'t>, name: Node<'t>, why: &str, range: TextRange, out: &mut Output) {
        let is_macro = ast::declaration_of(statement).is(Kind::MacroDeclaration);
        if statement.is(Kind::ExportStatement) || is_macro {
            out.rope.glue("export ", TextRange::empty(statement.start()));
        }
        if statement.has_token("default") {
            out.rope.glue("default ", TextRange::empty(statement.start()));
        }
        let mut text = format!("function {}(...args: unknown[]): any {{ return $broken(", name.text());
        write_json_string(why, &mut text);
        text.push_str(", ");
        write_json_string(self.file.as_str(), &mut text);
        text.push_str(&format!(", {}, {}); }}\n", range.start, range.end));
        out.rope.glue(&text, statement.range());
    }

    /// An import, or an export from another module.
    fn link(&self, statement: Node<'t>, out: &mut Output) {
        let Some(source) = statement.field(Field::Source) else {
            return;
        };
        if ast::is_type_only(statement) {
            return;
        }
        let specifier = ast::string_value(source);
        let specifier = specifier.strip_suffix(".ms").unwrap_or(&specifier).to_owned();
        if !out.imports.contains(&specifier) {
            out.imports.push(specifier);
        }
        self.edits.render_into(&mut out.rope, &self.base, statement.range());
        out.rope.glue("\n", TextRange::empty(statement.end()));
    }

    /// `export { a, b as c }`, without what is not kept.
    fn export_clause(&self, statement: Node<'t>, kept: &FxHashSet<usize>, out: &mut Output) {
        let Some(clause) = statement.child_of_kind(Kind::ExportClause) else {
            return;
        };
        let mut parts = Vec::new();
        for part in clause.named_children() {
            let Some(name) = part.field(Field::Name) else {
                continue;
            };
            let is_kept = match self.declaring.get(name.text()) {
                Some(statements) => {
                    statements.iter().any(|index| kept.contains(index) || is_type(self.statements[*index]))
                }
                None => self.facts.import_of(name.text()).is_some(),
            };
            if is_kept {
                parts.push(part);
            }
        }
        out.rope.glue(if ast::is_type_only(statement) { "export type { " } else { "export { " }, statement.range());
        for part in parts {
            self.edits.render_into(&mut out.rope, &self.base, part.range());
            out.rope.glue(", ", part.range());
        }
        out.rope.glue("};\n", statement.range());
    }
}

fn lower_one(file: &FilePath, doc: &Doc<'_>, found: &Found<'_>, order: u32, edits: &mut Edits) {
    match found {
        Found::Attribute(attribute) => edits.remove(attribute.decorator.range()),
        Found::ComptimeFunction { decorator, .. } => edits.remove(decorator.range()),
        Found::Comptime(found) | Found::Inline(found) if found.position != Position::Type => {
            let rope = in_place(doc, found, ["$comptime(() => ", ")"], edits);
            edits.put(found.whole.range(), order, rope);
        }
        Found::Use(found) | Found::Comptime(found) | Found::Inline(found) | Found::TypeInfo(found, _) => {
            let name = found.name.text();
            let text = match found.position {
                Position::Type => "any".to_owned(),
                Position::Statement => thrown(name, "throw ", ";"),
                Position::Expression => thrown(name, "(() => { throw ", "; })()"),
            };
            edits.put(found.whole.range(), order, Rope::of(&text, Origin::Glue { source: found.whole.range() }));
        }
        Found::Target(found, chosen) => {
            let rope = match chosen {
                Some(block) => edits.render(doc.base, block.range()),
                None => Rope::of("{}", Origin::Glue { source: found.whole.range() }),
            };
            edits.put(found.whole.range(), order, rope);
        }
        Found::Macro { node, .. } => {
            if let Some(name) = node.field(Field::Name) {
                let range = TextRange::new(node.start(), name.start());
                edits.put(range, order, Rope::of("function ", Origin::Glue { source: range }));
            }
        }
        Found::Quote(quote) => {
            let rope = quote::lower(quote, &Target::Run { module: file }, doc.base, edits);
            edits.put(quote.node.range(), order, rope);
        }
        Found::Defer { node, block } => defer(doc, *node, *block, order, edits),
        Found::Specifier(fragment) => {
            let range = fragment.range();
            edits.remove(TextRange::new(range.end - ".ms".len() as u32, range.end));
        }
        // The worker has them as globals.
        Found::MetaValue(_) | Found::MetaType(_) => {}
    }
}

/// A compile-time block as a part of the code around it: the body of a function between two texts
/// that call it.
pub(super) fn in_place(doc: &Doc<'_>, found: &ExpressionUse<'_>, [before, after]: [&str; 2], edits: &Edits) -> Rope {
    let source = doc.source(found.node.range());
    let mut rope = Rope::of(before, Origin::Glue { source });
    if let Some(body) = found.node.field(Field::Body) {
        edits.render_into(&mut rope, doc.base, body.range());
    }
    rope.glue(after, source);
    if found.position == Position::Statement {
        rope.glue(";", source);
    }
    rope
}

fn thrown(name: &str, before: &str, after: &str) -> String {
    format!("{before}new Error(\"`@{name}` cannot be used in code that runs at compile time\"){after}")
}

/// The `@comptime` before a statement, with or without `export`.
pub(super) fn comptime_decorator(statement: Node<'_>) -> Option<DecoratorParts<'_>> {
    let holders = [Some(statement), statement.field(Field::Declaration)];
    holders
        .into_iter()
        .flatten()
        .flat_map(Node::children)
        .filter(|child| child.is(Kind::Decorator))
        .filter_map(ast::decorator_parts)
        .find(|parts| parts.name.text() == "comptime")
}

fn is_comptime_function(statement: Node<'_>) -> bool {
    comptime_decorator(statement).is_some()
}

/// The options of the compile-time function that a statement declares.
fn comptime_options(statement: Node<'_>) -> Option<Node<'_>> {
    comptime_decorator(statement)?.arguments?.named_children().next()
}

/// The options of a block.
fn options_of(node: Node<'_>) -> Option<Node<'_>> {
    node.field(Field::Arguments)?.named_children().next()
}

fn is_type(statement: Node<'_>) -> bool {
    matches!(ast::declaration_of(statement).kind(), Kind::InterfaceDeclaration | Kind::TypeAliasDeclaration)
}

fn is_variable(declaration: Node<'_>) -> bool {
    matches!(declaration.kind(), Kind::LexicalDeclaration | Kind::VariableDeclaration)
}

/// A constant whose initialiser does nothing: no call, no `new`, no use of a macro.
fn is_plain_constant(declaration: Node<'_>) -> bool {
    if !declaration.has_token("const") {
        return false;
    }
    let mut is_plain = true;
    declaration.walk(|node| {
        match node.kind() {
            Kind::CallExpression | Kind::NewExpression | Kind::AwaitExpression | Kind::MacroInvocation => {
                is_plain = false;
            }
            // What is inside runs when it is called.
            Kind::ArrowFunction | Kind::FunctionExpression | Kind::GeneratorFunction => return false,
            _ => {}
        }
        is_plain
    });
    is_plain
}

/// Names that a statement binds by importing.
fn imported_names<'t>(statement: Node<'t>) -> Vec<&'t str> {
    let mut names = Vec::new();
    if let Some(clause) = statement.child_of_kind(Kind::ImportClause) {
        for part in clause.named_children() {
            match part.kind() {
                Kind::Identifier => names.push(part.text()),
                Kind::NamespaceImport => names.extend(part.first_named().map(Node::text)),
                Kind::NamedImports => {
                    names.extend(part.named_children().filter_map(|part| {
                        part.field(Field::Alias).or_else(|| part.field(Field::Name)).map(Node::text)
                    }))
                }
                _ => {}
            }
        }
    }
    names
}

/// Every identifier that can name a value of the file, outside of quoted code.
fn free_identifiers<'t>(node: Node<'t>, found: &mut dyn FnMut(Node<'t>)) {
    node.walk(|node| {
        match node.kind() {
            Kind::Identifier | Kind::ShorthandPropertyIdentifier => found(node),
            Kind::QuoteExpression => {
                splices(node, found);
                return false;
            }
            _ => {}
        }
        true
    });
}

fn splices<'t>(quote: Node<'t>, found: &mut dyn FnMut(Node<'t>)) {
    quote.walk(|node| {
        let is_splice = node.is(Kind::Splice);
        if is_splice {
            free_identifiers(node, found);
        }
        !is_splice
    });
}
