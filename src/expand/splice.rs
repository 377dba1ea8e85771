//! The expanded text of one file: everything the walk found is replaced by what stands for it.
//!
//! A macro's output is a text like the source is, with uses of macros in it perhaps; both go
//! through [`Expander::document`], the one within the other.
//!
//! Start reading at [`expand`], then [`Expander::document`].

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic, Related};
use crate::macros::protocol::Report;
use crate::macros::shape::{Arg, TargetKind, TypeRef};
use crate::syntax::errors::errors;
use crate::syntax::{Kind, Node, SyntaxFile};

use super::args::{self, Bound};
use super::call::CallParts;
use super::check::{CallSite, CallState, Expanded, Flavour, Request};
use super::edits::Edits;
use super::hygiene;
use super::imports::Imports;
use super::lower::Module;
use super::misuse;
use super::names::{CompileTime, MacroFacts, nearest_macro, resolve, resolve_as, resolve_export};
use super::quote::{self, META};
use super::report::{Reporter, SLOW_MICROS};
use super::rope::Rope;
use super::shape::Shapes;
use super::tail::Tail;
use super::trail::Trail;
use super::typeinfo::asks_for_types;
use super::walk::{AttributeUse, Found, bad_targets, find};
use super::{Call, CallId, CallKind, Expansion, FileFacts, MacroRef, Origin};

/// Output may use macros in turn to this depth. Uses that the program itself nests do not count.
const MOST_DEPTH: u32 = 128;

/// Uses may stand in the arguments of uses to this depth, whoever wrote them. Each level is a text that
/// is read on its own.
const MOST_LEVELS: u32 = 200;
/// Macros that are named of a chain that went too deep.
const MOST_LINKS: usize = 6;

/// How a use led too deep, outermost first.
pub(super) struct Chain {
    /// The depth that is allowed.
    limit: u32,
    links: Vec<Link>,
}

struct Link {
    name: String,
    written: Option<(FilePath, TextRange)>,
}

/// Uses in the outputs of one file: two macros that use each other twice would double for ever.
const MOST_NESTED: usize = 10_000;

pub(super) fn expand(request: &Request) -> Expanded {
    let source = request.syntax.text().as_str();
    let mut expanded = expand_readable(request, source);
    if request.flavour == Flavour::Check {
        expanded.diagnostics.extend(misuse::async_diagnostics(request.file, request.syntax));
    }
    expanded
}

fn expand_readable(request: &Request, source: &str) -> Expanded {
    let Some(recovered) = request.syntax.recovered() else {
        return expand_source(request, source, &[], &[]);
    };
    // The tree of a half-typed text can lack whole declarations; the text itself stays as it is.
    let facts = FileFacts::of(&recovered.syntax);
    let healthy = Request { syntax: &recovered.syntax, facts: &facts, ..*request };
    let mut expanded = expand_source(&healthy, source, &recovered.blanked, &recovered.async_words);
    expanded.diagnostics.extend(broken_quotes(request, &recovered.blanked));
    expanded
}

/// Errors inside quotes that were left out: quoted code means nothing to the engine.
fn broken_quotes(request: &Request, blanked: &[TextRange]) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    request.syntax.root().walk(|node| {
        let is_left_out = blanked.iter().any(|part| part.start < node.end() && node.start() < part.end);
        if !node.has_error() || !is_left_out {
            return false;
        }
        let is_quote = node.is(Kind::QuoteExpression);
        if is_quote {
            out.extend(
                errors(node, 3)
                    .into_iter()
                    .map(|error| Diagnostic::new(Code::SYNTAX, request.file, error.range, error.message)),
            );
        }
        !is_quote
    });
    out
}

fn expand_source(request: &Request, source: &str, blanked: &[TextRange], async_words: &[TextRange]) -> Expanded {
    match expand_without(request, source, blanked, async_words, &TooDeep::default()) {
        Ok(expanded) => expanded,
        // Uses that led too deep are left out, lest every level of their output be told as an error too.
        Err(too_deep) => expand_without(request, source, blanked, async_words, &too_deep).unwrap_or_else(|_| {
            crate::bug!("a use that is left out led too deep");
            Expanded::plain(crate::text::SourceText::new(source))
        }),
    }
}

/// Outermost uses that led too deep.
type TooDeep = FxHashMap<CallId, Chain>;

/// `Err`: the outermost uses that led too deep.
fn expand_without(
    request: &Request,
    source: &str,
    blanked: &[TextRange],
    async_words: &[TextRange],
    too_deep: &TooDeep,
) -> Result<Expanded, TooDeep> {
    let base = Rope::source(source);
    let mut expander = Expander {
        request,
        reporter: Reporter { file: request.file, scope: request.scope, trail: Trail::default() },
        imports: Imports::new(request.file, request.facts, request.scope, source),
        calls: Vec::new(),
        diagnostics: Vec::new(),
        pending: Vec::new(),
        modules: BTreeSet::new(),
        tail: Tail::default(),
        type_infos: 0,
        blanked,
        left_out: too_deep,
        too_deep: TooDeep::default(),
        resolved: RefCell::default(),
        macros: RefCell::default(),
        bound: request.facts.bound().collect(),
    };
    let doc = Doc { syntax: request.syntax, base: &base, facts: request.facts, within: None, depth: 0, level: 0 };
    let mut edits = Edits::default();
    for word in async_words {
        edits.remove(*word);
    }
    if request.flavour == Flavour::Emit {
        expander.drop_macro_names(&doc, &mut edits);
    }
    expander.document(&doc, &mut edits);
    if request.flavour == Flavour::Check {
        let misuses = misuse::diagnostics(request.file, request.syntax, request.facts, request.scope);
        expander.diagnostics.extend(misuses);
        expander.diagnostics.extend(misuse::of_macros(request.file, request.syntax, request.facts));
    }
    let mut rope = edits.render_all(&base);
    let Expander { imports, calls, diagnostics, pending, modules, tail, too_deep, .. } = expander;
    if !too_deep.is_empty() {
        return Err(too_deep);
    }
    let quotes = tail.append_to(&mut rope, &imports.lines(), request);
    let mut calls = calls;
    for (call, range) in rope.take_marks() {
        calls[call as usize].generated.push(range);
    }
    for site in &mut calls {
        site.generated.sort();
    }
    let (text, map) = rope.finish();
    Ok(Expanded {
        text: crate::text::SourceText::new(text),
        map,
        calls,
        diagnostics,
        quotes,
        modules: modules.into_iter().collect(),
        pending,
    })
}

/// A text to expand: the source, or what a macro made of it.
pub(super) struct Doc<'d> {
    pub syntax: &'d SyntaxFile,
    /// The text with origins.
    pub base: &'d Rope,
    pub facts: &'d FileFacts,
    /// The use whose output this is.
    pub within: Option<Within<'d>>,
    /// How many outputs of macros are around what this text was written by.
    pub depth: u32,
    /// How many texts this one stands in.
    pub level: u32,
}

#[derive(Clone, Copy)]
pub(super) struct Within<'d> {
    pub call: u32,
    pub id: &'d CallId,
    /// The outermost use in the source, and its name.
    pub range: TextRange,
    pub name: TextRange,
    /// Names that something around the text binds, below the top level of the file.
    pub hidden: &'d FxHashSet<String>,
}

impl Doc<'_> {
    /// Names that are bound around `range` and not at the top of the file.
    pub fn hidden_at(&self, range: TextRange) -> FxHashSet<String> {
        let mut names: FxHashSet<String> = self.within.map(|within| within.hidden.clone()).unwrap_or_default();
        if let Some(node) = self.syntax.root().covering(range) {
            names.extend(hygiene::hidden_at(node).into_iter().map(str::to_owned));
        }
        names
    }

    /// The depth of a use that stands at `offset`: one that was copied from the source is the
    /// program's own, wherever a macro put it.
    fn depth_at(&self, offset: u32) -> u32 {
        match self.base.segment_at(offset).map(|segment| &segment.origin) {
            Some(Origin::Verbatim { .. } | Origin::Copied { .. }) => 0,
            _ => self.depth,
        }
    }

    /// Where a macro's source says what stands at `range` of its output.
    fn written(&self, range: TextRange) -> Option<(FilePath, TextRange)> {
        let segment = self.base.segment_at(range.start)?;
        match &segment.origin {
            Origin::Quoted { module, range: quoted, .. } => {
                let start = quoted.start + (range.start - segment.expanded.start).min(quoted.len());
                Some((module.clone(), TextRange::new(start, (start + range.len()).min(quoted.end))))
            }
            Origin::Computed { module, range, .. } => Some((module.clone(), *range)),
            _ => None,
        }
    }

    /// The part of the source that `range` of this text stands for.
    pub fn source(&self, range: TextRange) -> TextRange {
        match self.within {
            None => range,
            Some(within) => self.base.source_of(range).unwrap_or(within.name),
        }
    }
}

pub(super) struct Expander<'a> {
    pub request: &'a Request<'a>,
    pub reporter: Reporter<'a>,
    pub imports: Imports<'a>,
    pub calls: Vec<CallSite>,
    pub diagnostics: Vec<Diagnostic>,
    pub pending: Vec<Call>,
    pub modules: BTreeSet<FilePath>,
    pub tail: Tail,
    /// How many `@typeinfo` there were so far.
    pub type_infos: u32,
    /// Parts of the source that do not parse and are not in the tree.
    blanked: &'a [TextRange],
    /// Uses that are known to lead too deep, and those that were found to.
    left_out: &'a TooDeep,
    too_deep: TooDeep,
    /// What names stand for in the file, as far as they were asked for.
    resolved: RefCell<FxHashMap<String, Option<MacroRef>>>,
    macros: RefCell<FxHashMap<MacroRef, Option<Arc<MacroFacts>>>>,
    /// Names that mean something at the file's top level.
    bound: FxHashSet<&'a str>,
}

/// A use as it is written.
struct Written<'t> {
    /// The decorator or the invocation.
    node: Node<'t>,
    name: Node<'t>,
    /// In angle brackets.
    types: Option<Node<'t>>,
    /// In parentheses.
    list: Option<Node<'t>>,
    /// Of an attribute.
    stands_on: Option<TargetKind>,
}

/// A use with what is known of it.
pub(super) struct Known {
    pub call: Call,
    pub index: u32,
    pub expansion: Option<Arc<Expansion>>,
    /// Arguments that are expressions and have no other place in the text while the output is not known.
    pub code_args: Vec<TextRange>,
}

impl<'a> Expander<'a> {
    pub fn is_check(&self) -> bool {
        self.request.flavour == Flavour::Check
    }

    /// Adds to `edits` what everything in the text turns into. What lies inside is done first, since
    /// what lies around may move it.
    pub fn document(&mut self, doc: &Doc<'_>, edits: &mut Edits) {
        let found = find(doc.syntax.root(), doc.facts, &|node, name| self.resolve(doc, node, name), &|| {
            self.request.scope.target(self.request.file)
        });
        // Made once for all blocks of the text.
        let module = OnceCell::new();
        let sites: Vec<Option<Known>> = found.iter().map(|found| self.site(doc, found, &module)).collect();
        for (index, thing) in found.iter().enumerate().rev() {
            let order = index as u32;
            match thing {
                Found::Attribute(attribute) => {
                    // All attributes of a declaration go together, when the first one is met.
                    let group: Vec<usize> = (index..found.len())
                        .take_while(|&at| at == index || !is_done_with(&found[at], attribute))
                        .filter(|&at| shares_declaration(&found[at], attribute))
                        .collect();
                    if !found[..index].iter().rev().take(8).any(|earlier| shares_declaration(earlier, attribute)) {
                        let uses: Vec<(&AttributeUse<'_>, Option<&Known>)> = group
                            .iter()
                            .filter_map(|&at| match &found[at] {
                                Found::Attribute(attribute) => Some((attribute, sites[at].as_ref())),
                                _ => None,
                            })
                            .collect();
                        self.attributes(doc, &uses, order, edits);
                    }
                }
                Found::Use(found) => self.expression(doc, found, sites[index].as_ref(), order, edits),
                Found::Comptime(found) => {
                    self.expression(doc, found, sites[index].as_ref(), order, edits);
                    // What the engine would say of a variable that is out of reach has been said.
                    let is_at_fault = sites[index].as_ref().is_some_and(|known| known.call.has_faults());
                    if self.is_check()
                        && doc.depth == 0
                        && (!is_at_fault || found.node.has_error())
                        && let Some(body) = found.node.field(crate::syntax::Field::Body)
                    {
                        self.tail.blocks.push(edits.render(doc.base, body.range()));
                        self.options(doc, found.node.field(crate::syntax::Field::Arguments), edits);
                    }
                }
                Found::Inline(found) => {
                    let rope = super::lower::in_place(doc, found, ["(() => ", ")()"], edits);
                    edits.put(found.whole.range(), order, rope);
                }
                Found::TypeInfo(found, runs_early) => self.type_info(doc, found, *runs_early, order, edits),
                Found::Target(found, chosen) => {
                    for at in bad_targets(found.node) {
                        let message = "`@target` takes names of targets as strings: `@target(\"js\")`";
                        let at = doc.source(at.range());
                        self.diagnostics.push(Diagnostic::new(Code::BAD_ARGUMENT, self.request.file, at, message));
                    }
                    let rope = match chosen {
                        Some(block) => edits.render(doc.base, block.range()),
                        None => Rope::of("{}", Origin::Glue { source: doc.source(found.whole.range()) }),
                    };
                    edits.put(found.whole.range(), order, rope);
                }
                Found::Macro { statement, node } => self.declaration(doc, *statement, *node, order, edits),
                Found::ComptimeFunction { statement, decorator } => {
                    if self.is_check() {
                        let parts = crate::syntax::ast::decorator_parts(*decorator);
                        if let Some(list) = parts.and_then(|parts| parts.arguments) {
                            self.options(doc, Some(list), edits);
                            if let Some(given) = list.named_children().next() {
                                self.faults(doc, super::options::read(given, &mut Default::default()));
                            }
                        }
                        edits.remove(decorator.range());
                    } else {
                        edits.remove(statement.range());
                    }
                }
                Found::Quote(quote) => {
                    if doc.depth == 0 {
                        self.syntax_errors(doc, quote.node);
                    }
                    let rope = if self.is_check() {
                        self.tail.meta = true;
                        let is_looked_at = doc.depth == 0 && !crate::std_lib::contains(self.request.file);
                        self.tail.quotes.extend(
                            Some(quote).filter(|_| is_looked_at).and_then(|quote| quote::sketch(quote, doc.base)),
                        );
                        quote::lower(quote, &quote::Target::Check, doc.base, edits)
                    } else {
                        let text = if quote.statement.is_some() { "void 0;" } else { "(undefined as any)" };
                        Rope::of(text, Origin::Glue { source: doc.source(quote.node.range()) })
                    };
                    edits.put(quote.node.range(), order, rope);
                }
                Found::Defer { node, block } => {
                    if !block.is_some_and(|block| block.is(Kind::StatementBlock)) {
                        let at = doc.source(node.first_child().map_or(node.range(), Node::range));
                        self.diagnostics.push(
                            Diagnostic::new(
                                Code::DEFER_WITHOUT_BLOCK,
                                self.request.file,
                                at,
                                "`defer` needs a block around it: it runs when that is left",
                            )
                            .with_help("Put braces around what has to be over before"),
                        );
                    }
                    defer(doc, *node, *block, order, edits);
                }
                Found::Specifier(fragment) => {
                    let range = fragment.range();
                    edits.remove(TextRange::new(range.end - ".ms".len() as u32, range.end));
                }
                Found::MetaValue(node) => {
                    if self.is_check() {
                        self.tail.meta = true;
                        let text = match node.kind() {
                            Kind::ShorthandPropertyIdentifier => format!("{}: {META}.", node.text()),
                            _ => format!("{META}."),
                        };
                        let rope = Rope::of(&text, Origin::Glue { source: doc.source(node.range()) });
                        edits.put(TextRange::empty(node.start()), order, rope);
                    }
                }
                Found::MetaType(node) => {
                    if self.is_check() {
                        self.tail.types.insert(node.text().to_owned());
                    }
                }
            }
        }
    }

    /// The macro that a name in a text means: in a quote, what it means in the macro's module.
    fn resolve(&self, doc: &Doc<'_>, node: Node<'_>, name: &str) -> Option<MacroRef> {
        let scope = self.request.scope;
        if doc.within.is_some()
            && let Some(segment) = doc.base.segment_at(node.start())
            && let Origin::Quoted { module, .. } | Origin::Computed { module, .. } = &segment.origin
            && let Some(facts) = scope.facts(module)
            && let Some(found) = resolve(scope, module, &facts, name)
        {
            return Some(found);
        }
        if let Some(known) = self.resolved.borrow().get(name) {
            return known.clone();
        }
        let found = resolve(scope, self.request.file, self.request.facts, name);
        self.resolved.borrow_mut().insert(name.to_owned(), found.clone());
        found
    }

    /// Enters a use into the table and asks what is known of it.
    fn site<'t>(&mut self, doc: &Doc<'t>, found: &Found<'t>, module: &OnceCell<Module<'t, 't>>) -> Option<Known>
    where
        'a: 't,
    {
        match found {
            Found::Attribute(attribute) => {
                let callee = attribute.callee.clone();
                let name = attribute.parts.name;
                let target = attribute.target.declaration.field(crate::syntax::Field::Name).map(Node::range);
                let Some(callee) = callee else {
                    self.unknown(doc, name);
                    return None;
                };
                if attribute.target.kind.is_none() {
                    let message = format!("`@{}` cannot stand on this declaration", name.text());
                    self.diagnostics.push(Diagnostic::new(
                        Code::BAD_ARGUMENT,
                        self.request.file,
                        doc.source(name.range()),
                        message,
                    ));
                    return None;
                }
                let has_error = attribute.target.whole.has_error() || self.is_blanked(doc, attribute.target.whole);
                let written = Written {
                    node: attribute.decorator,
                    name,
                    types: attribute.parts.type_arguments,
                    list: attribute.parts.arguments,
                    stands_on: attribute.target.kind,
                };
                let (args, type_args, is_bound) = self.bind(doc, &callee, &written, attribute.target.anchor)?;
                let parts = self.parts(doc, &attribute.id, callee, attribute.decorator, args, type_args);
                let call = Call::attribute(attribute, parts);
                self.enter(doc, call, name, target, is_bound && !attribute.decorator.has_error(), has_error)
            }
            Found::Use(found) => {
                let Some(callee) = found.callee.clone() else {
                    self.unknown(doc, found.name);
                    return None;
                };
                let list = found.node.field(crate::syntax::Field::Arguments);
                let types = found.node.field(crate::syntax::Field::TypeArguments);
                let written = Written { node: found.node, name: found.name, types, list, stands_on: None };
                let (args, type_args, is_bound) = self.bind(doc, &callee, &written, found.node.start())?;
                let code_args = self.code_args(&callee, list);
                let parts = self.parts(doc, &found.id, callee, found.node, args, type_args);
                let call = Call::expression(found, parts);
                let known = self.enter(doc, call, found.name, None, is_bound && !found.node.has_error(), false)?;
                Some(Known { code_args, ..known })
            }
            Found::Comptime(found) => {
                let callee = MacroRef { module: self.request.file.clone(), name: "comptime".to_owned() };
                let block = super::lower::block(
                    module.get_or_init(|| Module::new(self.request.file, doc.syntax, doc.facts)),
                    found.node,
                );
                // What does not parse is told by the engine, which checks the block as it is written.
                let has_error = found.node.has_error();
                if !has_error {
                    self.faults(doc, block.lowered.faults.clone());
                }
                let may_run = !has_error && block.lowered.faults.is_empty() && !asks_for_types(found.node, doc.facts);
                let parts = self.parts(doc, &found.id, callee, found.node, Vec::new(), Vec::new());
                let call = Call::comptime(found, block, parts);
                self.enter(doc, call, found.name, None, may_run, false)
            }
            _ => None,
        }
    }

    /// What keeps compile-time code from being run.
    fn faults(&mut self, doc: &Doc<'_>, faults: Vec<(TextRange, String)>) {
        for (range, message) in faults {
            let at = doc.source(range);
            self.diagnostics.push(Diagnostic::new(Code::MACRO_MODULE, self.request.file, at, message));
        }
    }

    /// Shows the engine the options of `@comptime`.
    fn options(&mut self, doc: &Doc<'_>, list: Option<Node<'_>>, edits: &Edits) {
        if let Some(given) = list.and_then(|list| list.named_children().next()) {
            self.tail.meta = true;
            self.tail.options.push(edits.render(doc.base, given.range()));
        }
    }

    fn parts<'p>(
        &'p self,
        doc: &Doc<'p>,
        id: &CallId,
        callee: MacroRef,
        node: Node<'_>,
        args: Vec<Arg>,
        type_args: Vec<TypeRef>,
    ) -> CallParts<'p> {
        let id = match doc.within {
            Some(within) => CallId(format!("{}/{}", within.id.0, id.0)),
            None => id.clone(),
        };
        CallParts {
            id,
            file: self.request.file,
            callee,
            range: doc.within.map_or_else(|| node.range(), |within| within.range),
            depth: doc.depth_at(node.start()),
            args,
            type_args,
            syntax: doc.syntax,
        }
    }

    /// Whether a part of the node was left out of the tree.
    fn is_blanked(&self, doc: &Doc<'_>, node: Node<'_>) -> bool {
        let range = node.range();
        doc.within.is_none() && self.blanked.iter().any(|part| part.start < range.end && range.start < part.end)
    }

    /// Adds a use to the table. `may_run` is false where its own text is wrong; `is_broken` says that
    /// what it stands on does not parse, so that the last output serves until it does.
    fn enter(
        &mut self,
        doc: &Doc<'_>,
        call: Call,
        name: Node<'_>,
        target: Option<TextRange>,
        may_run: bool,
        is_broken: bool,
    ) -> Option<Known> {
        let index = self.calls.len() as u32;
        let mut site = CallSite {
            id: call.id.clone(),
            kind: call.kind,
            callee: call.callee.clone(),
            shown: call.shown.clone(),
            range: call.range,
            name: doc.within.map_or_else(|| name.range(), |within| within.name),
            target: match doc.within {
                None => target,
                Some(_) => target.and_then(|target| doc.base.source_of(target)),
            },
            generated: Vec::new(),
            parent: doc.within.map(|within| within.call),
            written: doc.within.and_then(|_| doc.written(name.range())),
            state: CallState::Failed,
        };
        if call.kind != CallKind::Comptime {
            self.modules.insert(call.callee.module.clone());
        }
        let is_too_many = self.calls.len() >= MOST_NESTED && doc.within.is_some();
        if call.depth >= MOST_DEPTH || doc.level >= MOST_LEVELS || is_too_many {
            let limit = if doc.level >= MOST_LEVELS { MOST_LEVELS } else { MOST_DEPTH };
            if let Some(outermost) = self.outermost(doc) {
                let chain = self.chain(limit, doc, &call, &site);
                self.too_deep.entry(outermost).or_insert(chain);
            }
            self.calls.push(site);
            return Some(Known { call, index, expansion: None, code_args: Vec::new() });
        }
        if let Some(chain) = self.left_out.get(&call.id) {
            self.recursion(&call, site.name, chain);
            self.calls.push(site);
            return Some(Known { call, index, expansion: None, code_args: Vec::new() });
        }
        let known = if may_run { (self.request.outputs)(&call) } else { None };
        let (state, expansion) = match known {
            None if !may_run || is_broken => (CallState::Failed, None),
            None => (CallState::Missing, None),
            // Nothing is run on code that does not parse: the last output stands in.
            Some(known) if known.is_stale && is_broken => (CallState::Failed, Some(known.expansion)),
            Some(known) if known.is_stale => (CallState::Stale, Some(known.expansion)),
            Some(known) => (CallState::Fresh, Some(known.expansion)),
        };
        if matches!(state, CallState::Missing | CallState::Stale) {
            self.pending.push(call.clone());
        }
        site.state = state;
        let at = site.name;
        self.calls.push(site);
        let expansion = expansion.filter(|expansion| self.told(doc, &call, index, at, expansion));
        Some(Known { call, index, expansion, code_args: Vec::new() })
    }

    /// Passes on what a run told; whether it has an output to use.
    fn told(&mut self, doc: &Doc<'_>, call: &Call, index: u32, at: TextRange, expansion: &Expansion) -> bool {
        let outcome = expansion.outcome();
        let logs = match &outcome.result {
            Ok(output) => &output.logs,
            Err(failure) => &failure.logs,
        };
        self.diagnostics.extend(logs.iter().map(|log| self.reporter.log(at, log)));
        // One that failed may well have been stopped for its slowness, which is said then.
        if outcome.micros > SLOW_MICROS && outcome.result.is_ok() {
            self.diagnostics.push(self.reporter.slow(call, at, outcome.micros));
        }
        match &outcome.result {
            Ok(output) => {
                self.reports(doc, call, at, &output.reports);
                true
            }
            Err(failure) => {
                self.reports(doc, call, at, &failure.reports);
                self.diagnostics.push(self.reporter.failure(call, at, failure));
                self.calls[index as usize].state = CallState::Failed;
                false
            }
        }
    }

    fn reports(&mut self, doc: &Doc<'_>, call: &Call, at: TextRange, reports: &[Report]) {
        if reports.is_empty() {
            return;
        }
        let tokens = call.tokens();
        let place = |report: &Report| {
            let range = tokens.stretch(report.at?);
            let in_text = TextRange::new(range.start + call.anchor, range.end + call.anchor);
            (in_text.end <= doc.base.len() && !in_text.is_empty()).then(|| doc.source(in_text))
        };
        for report in reports {
            self.diagnostics.push(self.reporter.report(place(report).unwrap_or(at), report));
        }
    }

    /// The arguments; `None` where the macro itself is not to be found.
    fn bind(
        &mut self,
        doc: &Doc<'_>,
        callee: &MacroRef,
        written: &Written<'_>,
        anchor: u32,
    ) -> Option<(Vec<Arg>, Vec<TypeRef>, bool)> {
        let Written { node, name, types, list, stands_on } = *written;
        let facts = self.macro_facts(callee)?;
        if facts.is_extern {
            let message = format!("`{}` is declared `extern`, but this msc does not provide it", callee.name);
            let at = doc.source(name.range());
            self.diagnostics.push(Diagnostic::new(Code::UNKNOWN_MACRO, self.request.file, at, message));
            return None;
        }
        let bound = args::bind(&facts, types, list, name, &Shapes { anchor });
        for fault in &bound.faults {
            let mut diagnostic =
                Diagnostic::new(Code::BAD_ARGUMENT, self.request.file, doc.source(fault.range), fault.message.clone());
            diagnostic.help = fault.help.clone();
            self.diagnostics.push(diagnostic);
        }
        if doc.depth == 0 {
            self.syntax_errors(doc, list.unwrap_or(node));
            self.name_use(doc, callee, written, &bound);
        }
        let misplaced = args::misplaced(&facts, stands_on);
        let may_run = bound.faults.is_empty() && misplaced.is_none();
        if let Some(message) = misplaced {
            let at = doc.source(name.range());
            self.diagnostics.push(Diagnostic::new(Code::MISPLACED_MACRO, self.request.file, at, message));
        }
        Some((bound.args, bound.type_args, may_run))
    }

    /// The arguments that go to parameters of type `Expr`.
    fn code_args(&self, callee: &MacroRef, list: Option<Node<'_>>) -> Vec<TextRange> {
        let (Some(facts), Some(list)) = (self.macro_facts(callee), list) else {
            return Vec::new();
        };
        let rest = facts.params.last().filter(|param| param.is_rest);
        list.named_children()
            .enumerate()
            .filter(|(index, _)| {
                facts.params.get(*index).or(rest).is_some_and(|param| param.kind == super::names::ParamKind::Expr)
            })
            .map(|(_, node)| node.range())
            .collect()
    }

    /// Shows the engine that the name is used, and what values its parameters get.
    fn name_use(&mut self, doc: &Doc<'_>, callee: &MacroRef, written: &Written<'_>, bound: &Bound<'_>) {
        if !self.is_check() {
            return;
        }
        let name = written.name;
        let head = name.text().split('.').next().unwrap_or("");
        let module = (!self.bound.contains(head)).then(|| self.imports.specifier_of(&callee.module));
        let values = if bound.faults.is_empty() { bound.nodes.as_slice() } else { &[] };
        let types = written.types.filter(|_| bound.faults.is_empty()).map(Node::range);
        self.tail.name_use(doc.base, name.range(), types, module, values);
    }

    fn macro_facts(&self, callee: &MacroRef) -> Option<Arc<MacroFacts>> {
        if let Some(known) = self.macros.borrow().get(callee) {
            return known.clone();
        }
        let facts = if callee.module == *self.request.file {
            self.request.facts.macro_named(&callee.name).cloned()
        } else {
            self.request.scope.facts(&callee.module).and_then(|facts| facts.macro_named(&callee.name).cloned())
        };
        let facts = facts.map(Arc::new);
        self.macros.borrow_mut().insert(callee.clone(), facts.clone());
        facts
    }

    fn unknown(&mut self, doc: &Doc<'_>, name: Node<'_>) {
        let message = format!("There is no macro `{}` here", name.text());
        let near = nearest_macro(self.request.facts, name.text(), &|other| self.resolve(doc, name, other).is_some());
        let help = match near {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Import it, or check the spelling".to_owned(),
        };
        self.diagnostics.push(
            Diagnostic::new(Code::UNKNOWN_MACRO, self.request.file, doc.source(name.range()), message).with_help(help),
        );
    }

    /// The use in the source behind a text.
    fn outermost(&self, doc: &Doc<'_>) -> Option<CallId> {
        let mut site = self.calls.get(doc.within?.call as usize)?;
        while let Some(parent) = site.parent {
            site = self.calls.get(parent as usize)?;
        }
        Some(site.id.clone())
    }

    /// How a use that stands too deep came about: the macros that use each other in turn, or the last
    /// few of those that led to it.
    fn chain(&self, limit: u32, doc: &Doc<'_>, call: &Call, site: &CallSite) -> Chain {
        let mut links = vec![Link { name: call.callee.name.clone(), written: site.written.clone() }];
        let mut at = doc.within.map(|within| within.call);
        while let Some(site) = at.and_then(|at| self.calls.get(at as usize)) {
            links.push(Link { name: site.callee.name.clone(), written: site.written.clone() });
            at = site.parent;
        }
        let same = |period: usize| links.iter().zip(&links[period..]).take(period).all(|(a, b)| a.name == b.name);
        let period = (1..=MOST_LINKS.min(links.len() / 2)).find(|&period| same(period));
        links.truncate(period.map_or(MOST_LINKS, |period| period + 1));
        links.reverse();
        Chain { limit, links }
    }

    fn recursion(&mut self, call: &Call, at: TextRange, chain: &Chain) {
        let names: Vec<String> = chain.links.iter().map(|link| format!("`{}`", link.name)).collect();
        let message = format!(
            "`{}` expands into uses of macros more than {} deep: {}",
            call.callee.name,
            chain.limit,
            names.join(" uses ")
        );
        let mut diagnostic = Diagnostic::new(Code::RECURSION, self.request.file, at, message)
            .with_help("A macro whose output uses the macro itself needs a case in which it does not");
        for link in chain.links.iter().skip(1) {
            if let Some((file, range)) = &link.written {
                let message = format!("`@{}` is used here", link.name);
                diagnostic.related.push(Related { file: file.clone(), range: *range, message });
            }
        }
        self.diagnostics.push(diagnostic);
    }

    /// Errors where the engine does not see the text as it is written.
    pub fn syntax_errors(&mut self, doc: &Doc<'_>, node: Node<'_>) {
        for error in errors(node, 3) {
            self.diagnostics.push(Diagnostic::new(
                Code::SYNTAX,
                self.request.file,
                doc.source(error.range),
                error.message,
            ));
        }
    }

    /// `macro` becomes `function`; in what is run, nothing is left.
    fn declaration(&mut self, doc: &Doc<'_>, statement: Node<'_>, node: Node<'_>, order: u32, edits: &mut Edits) {
        if !self.is_check() {
            edits.remove(statement.range());
            return;
        }
        let Some(name) = node.field(crate::syntax::Field::Name) else {
            return;
        };
        let range = TextRange::new(node.start(), name.start());
        let text = if node.is(Kind::ExternMacroDeclaration) { "declare function " } else { "function " };
        edits.put(range, order, Rope::of(text, Origin::Glue { source: doc.source(range) }));
        // Its context is a parameter that a macro must have, whether or not it uses it.
        let context = node.field(crate::syntax::Field::Parameters).and_then(|params| params.named_children().next());
        let context = context.and_then(|param| param.field(crate::syntax::Field::Pattern));
        if let (Some(context), Some(body)) = (context, node.field(crate::syntax::Field::Body))
            && context.is(Kind::Identifier)
        {
            let start = TextRange::empty(body.start() + 1);
            let text = format!(" void {};", context.text());
            edits.put(start, order, Rope::of(&text, Origin::Glue { source: doc.source(context.range()) }));
        }
    }

    /// Takes macros and compile-time functions out of imports and exports: nothing by their names is
    /// there at run time.
    fn drop_macro_names(&mut self, doc: &Doc<'_>, edits: &mut Edits) {
        for statement in doc.syntax.root().named_children() {
            let (clause, holder) = match statement.kind() {
                Kind::ImportStatement => {
                    let Some(clause) = statement.child_of_kind(Kind::ImportClause) else {
                        continue;
                    };
                    let source = statement.field(crate::syntax::Field::Source).map(crate::syntax::ast::string_value);
                    if matches!(source.as_deref(), Some("std/meta" | "std/meta.ms")) {
                        edits.remove(statement.range());
                        continue;
                    }
                    (clause, clause.child_of_kind(Kind::NamedImports))
                }
                Kind::ExportStatement => {
                    let clause = statement.child_of_kind(Kind::ExportClause);
                    let Some(clause) = clause else {
                        continue;
                    };
                    (clause, Some(clause))
                }
                _ => continue,
            };
            let Some(holder) = holder else {
                continue;
            };
            let names: Vec<Node<'_>> = holder.named_children().collect();
            let is_macro: Vec<bool> = names.iter().map(|name| self.is_compile_time_name(statement, *name)).collect();
            if !is_macro.contains(&true) {
                continue;
            }
            let holds_more = clause.named_children().filter(|part| *part != holder).count() > 0 && clause != holder;
            if is_macro.iter().all(|is_macro| *is_macro) && !holds_more {
                edits.remove(statement.range());
                continue;
            }
            for (name, _) in names.iter().zip(&is_macro).filter(|(_, is_macro)| **is_macro) {
                let end = name.next_sibling().filter(|next| next.is_token(",")).map_or(name.end(), |comma| comma.end());
                edits.remove(TextRange::new(name.start(), end));
            }
        }
    }

    fn is_compile_time_name(&self, statement: Node<'_>, specifier: Node<'_>) -> bool {
        use crate::syntax::Field;
        let Some(name) = specifier.field(Field::Name) else {
            return false;
        };
        let (scope, file, facts) = (self.request.scope, self.request.file, self.request.facts);
        [CompileTime::Macro, CompileTime::Function].into_iter().any(|kind| {
            let outer = specifier.field(Field::Alias).unwrap_or(name);
            match statement.kind() {
                Kind::ExportStatement if statement.field(Field::Source).is_some() => {
                    resolve_export(scope, file, facts, outer.text(), kind).is_some()
                }
                Kind::ExportStatement => resolve_as(scope, file, facts, name.text(), kind).is_some(),
                _ => resolve_as(scope, file, facts, outer.text(), kind).is_some(),
            }
        })
    }
}

/// Whether `found` cannot share its declaration with `attribute`: the walk is past it.
fn is_done_with(found: &Found<'_>, attribute: &AttributeUse<'_>) -> bool {
    match found {
        Found::Attribute(other) => other.decorator.start() > attribute.target.declaration.end(),
        _ => false,
    }
}

fn shares_declaration(found: &Found<'_>, attribute: &AttributeUse<'_>) -> bool {
    matches!(found, Found::Attribute(other)
        if other.target.declaration == attribute.target.declaration && other.target.whole == attribute.target.whole)
}

/// `defer` runs its expression at the end of the block: `try { … } finally { … }` around the rest.
pub(super) fn defer(doc: &Doc<'_>, node: Node<'_>, block: Option<Node<'_>>, order: u32, edits: &mut Edits) {
    let Some(expression) = node.field(crate::syntax::Field::Expression) else {
        return;
    };
    let source = doc.source(node.range());
    let mut closing = Rope::default();
    let closes = block.filter(|block| block.is(Kind::StatementBlock)).and_then(Node::last_child);
    closing.glue(if closes.is_some() { "} finally { " } else { "void (() => { " }, source);
    edits.render_into(&mut closing, doc.base, expression.range());
    match closes {
        Some(brace) => {
            closing.glue("; } ", source);
            // The one that was written last runs first.
            edits.put(TextRange::empty(brace.start()), u32::MAX - order, closing);
            edits.put(node.range(), order, Rope::of("try {", Origin::Glue { source }));
        }
        None => {
            closing.glue("; });", source);
            edits.put(node.range(), order, closing);
        }
    }
}
