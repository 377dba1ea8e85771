//! One walk over a tree, or a part of it: tokens in text order.
//!
//! The walk keeps what stands around its place: scopes, the class of `this`, whether code runs
//! while compiling, is quoted or spliced, and the units that it is in.
//!
//! Start reading at [`Walk::run`], then [`Walk::enter`]; names are in [`super::identifiers`].

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::base::TextRange;
use crate::ide::locals::{self, Binding, Space, bindings, is_function, opens_scope};
use crate::syntax::{Cursor, Field, Kind, Node, SyntaxFile};

use super::names::{self, Word};
use super::units::{About, Child, Found, Free, Hint, Moved, Surroundings, Unit};
use super::{FileTokens, Modifiers, Token, TokenKind};

/// Nodes shorter than this are no units: their tokens are made as quickly as they are moved.
const SMALLEST_UNIT: u32 = 48;
/// Units this long are divided into units again.
const LONG_UNIT: u32 = 4 << 10;

/// The unit of a whole file, and how many units were walked.
pub fn whole(syntax: &SyntaxFile, last: Option<&FileTokens>) -> (Arc<Unit>, usize) {
    let moved = last.map(|last| Moved::new(&last.root, &last.text, syntax.text()));
    let mut walk = Walk::new(None, moved);
    // What is kept has offsets from its unit's start, and the tree's first node may stand behind others.
    walk.open_unit(syntax.root(), 0);
    walk.run(syntax.root().cursor());
    let root = walk.close_unit(0);
    (root, walk.walked)
}

/// The tokens of the smallest nodes that meet `range`.
pub fn part(syntax: &SyntaxFile, range: TextRange) -> (Vec<Token>, Vec<Hint>) {
    let mut walk = Walk::new(Some(range), None);
    walk.run(syntax.root().cursor());
    (walk.tokens, walk.hints)
}

pub(super) struct Walk<'t, 'l> {
    range: Option<TextRange>,
    moved: Option<Moved<'l>>,
    /// The nodes around the place, outermost first.
    pub(super) frames: Vec<Frame<'t>>,
    scopes: Vec<Scope<'t>>,
    units: Vec<OpenUnit<'t>>,
    tokens: Vec<Token>,
    hints: Vec<Hint>,
    pub(super) context: Context,
    walked: usize,
}

/// A node that the walk is in.
pub(super) struct Frame<'t> {
    pub node: Node<'t>,
    pub kind: Kind,
    pub field: Option<Field>,
    /// What to go back to behind it.
    saved: Option<Box<Context>>,
    has_scope: bool,
    is_unit: bool,
}

#[derive(Clone, Default)]
pub(super) struct Context {
    pub modifiers: Modifiers,
    stage: u8,
    pub class: Option<Arc<str>>,
    pub is_static: bool,
    is_local: bool,
}

struct Scope<'t> {
    /// Sorted by name where there are many.
    names: Vec<Binding<'t>>,
    stage: u8,
    is_local: bool,
    /// Of a file or a namespace: visible in quotes, too.
    is_module: bool,
}

struct OpenUnit<'t> {
    start: u32,
    kind: Kind,
    is_broken: bool,
    around: Surroundings,
    first_token: usize,
    first_hint: usize,
    /// Scopes before this one are outside.
    first_scope: usize,
    free: Vec<Free>,
    seen: FxHashSet<(&'t str, Space)>,
    children: Vec<Child>,
}

/// What a name was found to be.
#[derive(Clone, Copy)]
pub(super) struct Known<'t> {
    pub binding: Binding<'t>,
    pub is_local: bool,
    /// It is this very place that binds the name.
    pub is_declaration: bool,
}

impl<'t, 'l> Walk<'t, 'l> {
    fn new(range: Option<TextRange>, moved: Option<Moved<'l>>) -> Walk<'t, 'l> {
        Walk {
            range,
            moved,
            frames: Vec::new(),
            scopes: Vec::new(),
            units: Vec::new(),
            tokens: Vec::new(),
            hints: Vec::new(),
            context: Context::default(),
            walked: 0,
        }
    }

    fn run(&mut self, mut cursor: Cursor<'t>) {
        loop {
            if self.enter(&cursor) {
                let went_down = match self.range {
                    None => cursor.goto_first_child(),
                    Some(range) => cursor.goto_first_child_behind(range.start),
                };
                if went_down && self.meets(cursor.node()) {
                    continue;
                }
                if went_down {
                    cursor.goto_parent();
                }
                self.leave();
            }
            loop {
                if self.frames.is_empty() {
                    return;
                }
                if cursor.goto_next_sibling() && self.meets(cursor.node()) {
                    break;
                }
                cursor.goto_parent();
                self.leave();
            }
        }
    }

    /// Whether a node does not lie behind what was asked for.
    fn meets(&self, node: Node<'t>) -> bool {
        self.range.is_none_or(|range| node.start() < range.end)
    }

    /// Whether to visit the children; if so, a frame was pushed.
    fn enter(&mut self, cursor: &Cursor<'t>) -> bool {
        let (node, kind) = (cursor.node(), cursor.kind());
        if kind == Kind::Token {
            self.word(node);
            return false;
        }
        let field = cursor.field();
        if !self.is_entered(node, kind, field) {
            return false;
        }
        let is_unit = self.is_unit(node, kind);
        if is_unit {
            if self.reuse(node, kind) {
                return false;
            }
            self.open_unit(node, node.start());
        }
        let saved = self.surround(node, kind);
        let has_scope = opens_scope(kind);
        if has_scope {
            self.open_scope(node, kind);
        }
        self.frames.push(Frame { node, kind, field, saved, has_scope, is_unit });
        true
    }

    fn leave(&mut self) {
        let frame = self.frames.pop().expect("every node that is left was entered");
        if frame.has_scope {
            self.scopes.pop();
        }
        if let Some(saved) = frame.saved {
            self.context = *saved;
        }
        if frame.is_unit {
            let unit = self.close_unit(self.units.len() - 1);
            if let Some(parent) = self.units.last_mut() {
                let start = frame.node.start() - parent.start;
                let range = TextRange::new(start, start + frame.node.range().len());
                parent.children.push(Child { range, unit });
            }
        }
    }

    // Units.

    fn is_unit(&self, node: Node<'t>, kind: Kind) -> bool {
        let Some(parent) = self.frames.last().filter(|_| !self.units.is_empty()) else { return false };
        let is_item = matches!(parent.kind, Kind::Program | Kind::ClassBody | Kind::StatementBlock | Kind::Error);
        let is_whole_file = self.units.len() == 1;
        is_item
            && kind != Kind::Decorator
            && node.range().len() >= SMALLEST_UNIT
            && (is_whole_file || self.frames.iter().rev().find(|frame| frame.is_unit).is_some_and(Frame::is_long))
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            modifiers: self.context.modifiers,
            stage: self.context.stage,
            class: self.context.class.as_deref().map(Box::from),
            is_static: self.context.is_static,
            is_local: self.context.is_local,
        }
    }

    fn open_unit(&mut self, node: Node<'t>, start: u32) {
        self.walked += 1;
        self.units.push(OpenUnit {
            start,
            kind: node.kind(),
            is_broken: node.has_error(),
            around: self.surroundings(),
            first_token: self.tokens.len(),
            first_hint: self.hints.len(),
            first_scope: self.scopes.len(),
            free: Vec::new(),
            seen: FxHashSet::default(),
            children: Vec::new(),
        });
    }

    /// Closes the innermost unit, which is the one with this index.
    fn close_unit(&mut self, index: usize) -> Arc<Unit> {
        debug_assert_eq!(index + 1, self.units.len(), "units close from the inside out");
        let open = self.units.pop().expect("a unit that closes was opened");
        let tokens = self.tokens[open.first_token..].iter();
        let hints = self.hints[open.first_hint..].iter();
        Arc::new(Unit {
            kind: open.kind,
            around: open.around,
            tokens: tokens.map(|token| Token { start: token.start - open.start, ..*token }).collect(),
            hints: hints
                .map(|hint| Hint { token: hint.token - open.first_token as u32, about: hint.about.clone() })
                .collect(),
            free: open.free,
            children: open.children,
            is_broken: open.is_broken,
        })
    }

    /// Takes over the tokens of a unit that is as it was.
    fn reuse(&mut self, node: Node<'t>, kind: Kind) -> bool {
        let Some(unit) = self.moved.as_ref().and_then(|moved| moved.unit(node.range())) else { return false };
        let is_same = unit.kind == kind && !unit.is_broken && !node.has_error() && unit.around == self.surroundings();
        if !is_same {
            return false;
        }
        let unit = unit.clone();
        let all_hold = unit.free.iter().all(|free| {
            let known = self.find(&free.name, free.space);
            free.found.as_ref().map(|found| (found.kind, found.class.as_deref(), found.is_local))
                == known.map(|(_, known)| (known.binding.kind, known.binding.class, known.is_local))
        });
        if !all_hold {
            return false;
        }
        for free in &unit.free {
            let depth = self.find(&free.name, free.space).map(|(depth, _)| depth);
            self.record_free(depth, free);
        }
        let first = self.tokens.len() as u32;
        let start = node.start();
        self.tokens.extend(unit.tokens.iter().map(|token| Token { start: token.start + start, ..*token }));
        self.hints.extend(unit.hints.iter().map(|hint| Hint { token: hint.token + first, about: hint.about.clone() }));
        if let Some(parent) = self.units.last_mut() {
            let start = start - parent.start;
            parent.children.push(Child { range: TextRange::new(start, start + node.range().len()), unit });
        }
        true
    }

    fn record_free(&mut self, depth: Option<usize>, free: &Free) {
        for unit in self.units.iter_mut().rev() {
            if depth.is_some_and(|depth| depth >= unit.first_scope) {
                break;
            }
            if !unit.free.iter().any(|known| known.name == free.name && known.space == free.space) {
                unit.free.push(free.clone());
            }
        }
    }

    // Scopes.

    fn open_scope(&mut self, node: Node<'t>, kind: Kind) {
        let is_namespace = kind == Kind::StatementBlock
            && self.frames.last().is_some_and(|parent| {
                matches!(parent.kind, Kind::InternalModule | Kind::Module | Kind::AmbientDeclaration)
            });
        let is_module = kind == Kind::Program || is_namespace;
        let is_local = matches!(
            kind,
            Kind::StatementBlock | Kind::SwitchBody | Kind::ForStatement | Kind::ForInStatement | Kind::CatchClause
        ) || is_function(kind);
        let mut names = Vec::new();
        bindings(node, &mut names);
        if names.len() > MANY {
            names.sort_by_key(|binding| binding.name);
        }
        self.scopes.push(Scope { names, stage: self.context.stage, is_local: is_local && !is_module, is_module });
    }

    /// What a name means here, and in which scope it is bound.
    fn find(&self, name: &str, space: Space) -> Option<(usize, Known<'t>)> {
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            if scope.stage != self.context.stage && !scope.is_module {
                continue;
            }
            let mut same = scope.of(name).filter(|binding| binding.kind.is_in(space));
            if let Some(binding) = same.next() {
                return Some((depth, Known { binding, is_local: scope.is_local, is_declaration: false }));
            }
        }
        None
    }

    /// What the name at a node means.
    pub(super) fn lookup(&mut self, node: Node<'t>, space: Space) -> Option<Known<'t>> {
        let name = node.text();
        let found = self.find(name, space);
        let depth = found.map(|(depth, _)| depth);
        for unit in self.units.iter_mut().rev() {
            if depth.is_some_and(|depth| depth >= unit.first_scope) {
                break;
            }
            if unit.seen.insert((name, space)) {
                unit.free.push(Free {
                    name: name.into(),
                    space,
                    found: found.map(|(_, known)| Found {
                        kind: known.binding.kind,
                        class: known.binding.class.map(Box::from),
                        is_local: known.is_local,
                    }),
                });
            }
        }
        let (depth, known) = found?;
        // Overloads and merged declarations bind one name at several places.
        let is_declaration = self.scopes[depth].of(name).any(|binding| binding.name.as_ptr() == name.as_ptr());
        Some(Known { is_declaration, ..known })
    }

    // What stands around.

    /// Changes the context for what is in a node; what to go back to, where it does.
    fn surround(&mut self, node: Node<'t>, kind: Kind) -> Option<Box<Context>> {
        let before = self.context.clone();
        let context = &mut self.context;
        match kind {
            Kind::MacroDeclaration | Kind::ExternMacroDeclaration => {
                context.modifiers = context.modifiers.with(Modifiers::COMPILE_TIME);
                context.class = None;
            }
            Kind::MacroInvocation => {
                if node.field(Field::Name).is_none_or(|name| name.text() != "comptime") {
                    return None;
                }
                context.modifiers = context.modifiers.with(Modifiers::COMPILE_TIME);
            }
            Kind::DecoratedDeclaration | Kind::ExportStatement => {
                if !node.children().take_while(|child| child.is(Kind::Decorator)).any(is_comptime) {
                    return None;
                }
                context.modifiers = context.modifiers.with(Modifiers::COMPILE_TIME);
            }
            Kind::QuoteExpression => context.quote(),
            Kind::Arguments => {
                let is_quote = self.frames.last().is_some_and(|call| {
                    call.kind == Kind::CallExpression
                        && call.node.field(Field::Function).is_some_and(|name| name.text() == "quote")
                });
                if !is_quote || !context.modifiers.contains(Modifiers::COMPILE_TIME) {
                    return None;
                }
                context.quote();
            }
            Kind::Splice => {
                let kept = context.modifiers.0 & !Modifiers::QUOTED.0;
                context.modifiers = Modifiers(kept).with(Modifiers::COMPILE_TIME).with(Modifiers::SPLICED);
                context.stage = context.stage.saturating_sub(1);
            }
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => {
                context.class = node.field(Field::Name).map(|name| Arc::from(name.text()));
                context.is_static = false;
            }
            Kind::MethodDefinition | Kind::PublicFieldDefinition => {
                let is_member = self.frames.last().is_some_and(|parent| parent.kind == Kind::ClassBody);
                context.is_static = node.has_token("static");
                if !is_member {
                    context.class = None;
                }
                context.is_local |= kind == Kind::MethodDefinition;
            }
            Kind::ClassStaticBlock => {
                context.is_static = true;
                context.is_local = true;
            }
            kind if locals::has_body(kind) => {
                if kind != Kind::ArrowFunction {
                    context.class = None;
                }
                context.is_local = true;
            }
            _ => return None,
        }
        Some(Box::new(before))
    }

    // Tokens.

    pub(super) fn push(&mut self, range: TextRange, kind: TokenKind, modifiers: Modifiers) {
        if !range.is_empty() {
            let modifiers = modifiers.with(self.context.modifiers);
            self.tokens.push(Token { start: range.start, len: range.len(), kind, modifiers });
        }
    }

    /// Says of the token just pushed what its colour depends on. A name that is missing made none.
    pub(super) fn hint(&mut self, node: Node<'t>, about: About) {
        if self.tokens.last().is_some_and(|last| last.range() == node.range()) {
            self.hints.push(Hint { token: self.tokens.len() as u32 - 1, about });
        }
    }

    pub(super) fn parent(&self) -> Option<&Frame<'t>> {
        self.frames.last()
    }

    /// The frame around the `up`th one.
    pub(super) fn above(&self, up: usize) -> Option<&Frame<'t>> {
        self.frames.len().checked_sub(up + 1).and_then(|index| self.frames.get(index))
    }

    /// Punctuation and keywords.
    fn word(&mut self, node: Node<'t>) {
        let parent = self.parent().map(|frame| frame.kind);
        match names::of_symbol(node.symbol()) {
            Word::Is(kind, modifiers) => {
                let is_flow = !matches!(parent, Some(Kind::ExportStatement | Kind::ImportStatement));
                let kept = if is_flow { modifiers } else { Modifiers::default() };
                self.push(node.range(), kind, kept);
            }
            Word::Angle => {
                if !matches!(parent, Some(Kind::TypeArguments | Kind::TypeParameters | Kind::TypeAssertion)) {
                    self.push(node.range(), TokenKind::Operator, Modifiers::default());
                }
            }
            Word::Mark => {
                let is_operator = matches!(
                    parent,
                    Some(
                        Kind::TernaryExpression
                            | Kind::ConditionalType
                            | Kind::UnaryExpression
                            | Kind::NonNullExpression
                    )
                );
                if is_operator {
                    self.push(node.range(), TokenKind::Operator, Modifiers::default());
                }
            }
            Word::Nothing => match (node.name(), parent) {
                ("@", Some(Kind::Decorator)) => self.at_sign(node),
                ("@", Some(Kind::MacroInvocation | Kind::ExternMacroDeclaration)) => {
                    self.push(node.range(), TokenKind::Macro, Modifiers::default());
                }
                ("\"" | "'" | "`", _) => self.push(node.range(), TokenKind::String, Modifiers::default()),
                ("${" | "}", Some(Kind::Splice)) => {
                    self.push(node.range(), TokenKind::Splice, Modifiers::default());
                }
                _ => {}
            },
        }
    }

    /// Tokens of nodes that are one token; whether the node has others below it.
    fn is_entered(&mut self, node: Node<'t>, kind: Kind, field: Option<Field>) -> bool {
        let none = Modifiers::default();
        let token = match kind {
            Kind::Identifier
            | Kind::TypeIdentifier
            | Kind::PropertyIdentifier
            | Kind::PrivatePropertyIdentifier
            | Kind::ShorthandPropertyIdentifier
            | Kind::ShorthandPropertyIdentifierPattern
            | Kind::StatementIdentifier
            | Kind::IdentifierFragment => {
                self.identifier(node, kind, field);
                return false;
            }
            Kind::Comment => {
                let is_documentation = node.text().starts_with("/**") && node.range().len() > 4;
                (TokenKind::Comment, Modifiers::DOCUMENTATION.when(is_documentation))
            }
            Kind::HashBangLine | Kind::HtmlComment => (TokenKind::Comment, none),
            Kind::Number => (TokenKind::Number, none),
            Kind::True | Kind::False => (TokenKind::Boolean, none),
            Kind::Null | Kind::Undefined | Kind::This | Kind::Super | Kind::Import | Kind::MetaProperty => {
                (TokenKind::Keyword, none)
            }
            Kind::ThisType | Kind::PredefinedType | Kind::ExistentialType => {
                (TokenKind::BuiltinType, Modifiers::DEFAULT_LIBRARY)
            }
            Kind::AccessibilityModifier | Kind::OverrideModifier => (TokenKind::Modifier, none),
            Kind::Regex => (TokenKind::Regexp, none),
            Kind::StringFragment => (TokenKind::String, none),
            Kind::EscapeSequence => (TokenKind::EscapeSequence, none),
            Kind::OptionalChain => return false,
            // Without escapes, one token is enough.
            Kind::String if !node.text().contains('\\') => (TokenKind::String, none),
            _ => return true,
        };
        self.push(node.range(), token.0, token.1);
        false
    }
}

impl Context {
    fn quote(&mut self) {
        let kept = self.modifiers.0 & !(Modifiers::SPLICED.0 | Modifiers::COMPILE_TIME.0);
        self.modifiers = Modifiers(kept).with(Modifiers::QUOTED);
        self.stage += 1;
        self.class = None;
    }
}

impl Frame<'_> {
    fn is_long(&self) -> bool {
        self.node.range().len() > LONG_UNIT
    }
}

/// Scopes with more names than this are searched by halves.
const MANY: usize = 8;

impl<'t> Scope<'t> {
    /// Every binding of one name.
    fn of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = Binding<'t>> + 's {
        let first = if self.names.len() > MANY { self.names.partition_point(|binding| binding.name < name) } else { 0 };
        let is_sorted = self.names.len() > MANY;
        self.names[first..]
            .iter()
            .take_while(move |binding| !is_sorted || binding.name == name)
            .filter(move |binding| binding.name == name)
            .copied()
    }
}

fn is_comptime(decorator: Node<'_>) -> bool {
    let mut name = decorator.first_named();
    while let Some(call) = name.filter(|name| name.is(Kind::CallExpression)) {
        name = call.field(Field::Function);
    }
    name.is_some_and(|name| name.text() == "comptime")
}
