//! What the members of the expression before a dot can depend on, within its own file, as one digest.
//!
//! A list of members is remembered under it (`project::answers`): as long as it is the same, so is
//! the list, whatever is typed between. Text that cannot matter is left out: in `let t = 1; u.` the
//! one may become an eleven, since neither the declaration of `u`, nor an assignment, nor a condition
//! that narrows it speaks of `t`.
//!
//! Invariant: errs on the side of leaving in. Names are compared as words, without their scopes; what
//! did not parse counts whole; what macros may read is not decided here at all (`None`).

use std::collections::HashSet;

use crate::base::{Digest, Recipe, TextRange};
use crate::project::members::Of;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

use super::locals;
use super::postfix::expression_start;

/// Longer statements are not taken apart: to walk them would cost what asking the engine does.
const LONGEST_ITEM: u32 = 64 << 10;

/// The expression before the dot before `word`; `None` where there is none that text alone tells.
pub fn expression(text: &str, word: TextRange) -> Option<TextRange> {
    let head = text[..word.start as usize].strip_suffix('.')?;
    let head = head.strip_suffix('?').unwrap_or(head);
    let start = expression_start(head);
    let before = head[..start].chars().next_back();
    let goes_on = before.is_some_and(|ch| ch.is_alphanumeric() || ">}])`'\"_$".contains(ch));
    let begins = |ch: char| ch.is_alphabetic() || "_$(!['\"`".contains(ch);
    let is_whole = head[start..].starts_with(begins) && !goes_on && !head.ends_with('.');
    is_whole.then(|| TextRange::new(start as u32, head.len() as u32))
}

/// The imported type that a plain name before a dot is known to be of, or names itself, by the scopes
/// around and their annotations alone: the module's specifier, the name that it exports. `None` inside
/// classes with bases, which may see more of it.
pub fn imported_type(syntax: &SyntaxFile, receiver: TextRange) -> Option<(String, String, Of)> {
    let text = receiver.of(syntax.text().as_str());
    let mut bindings = Vec::new();
    let start = syntax.root().covering(receiver)?;
    for scope in std::iter::successors(Some(start), |node| node.parent()) {
        let is_class = matches!(scope.kind(), Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class);
        if is_class && scope.child_of_kind(Kind::ClassHeritage).is_some() {
            return None;
        }
        if locals::opens_scope(scope.kind()) {
            locals::bindings(scope, &mut bindings);
        }
    }
    // The innermost scope's come first.
    let named = |name: &str| bindings.iter().find(|binding| binding.name == name);
    let binding = named(text)?;
    let (name, of) = match binding.class {
        Some(class) => (named(class)?, Of::Instance),
        None => (binding, Of::Statics),
    };
    let specifier = name.node.parent().filter(|parent| parent.is(Kind::ImportSpecifier))?;
    let statement = specifier.ancestors().find(|node| node.is(Kind::ImportStatement))?;
    let exported = specifier.field(Field::Name)?.text().to_owned();
    Some((ast::string_value(statement.field(Field::Source)?), exported, of))
}

/// What the list of members after the dot before `word` depends on in this file. `None`: no less than
/// everything.
pub fn digest(syntax: &SyntaxFile, word: TextRange) -> Option<Digest> {
    let text = syntax.text().as_str();
    let receiver = expression(text, word)?;
    // A block takes the functions that it calls from its file: any of them may be its input.
    if text.contains("comptime") || syntax.root().is_error() {
        return None;
    }
    let item = syntax.root().children().find(|item| item.range().touches(word.start) && !item.is_extra())?;
    if item.range().len() > LONGEST_ITEM {
        return None;
    }
    let mut collector = Collector { word, pieces: Vec::new(), within: Vec::new(), passed: false, is_open: false };
    item.traverse(&mut collector, Collector::enter, Collector::leave);
    collector.pass(u32::MAX);
    if collector.is_open {
        return None;
    }

    let mut recipe = Recipe::new("receiver");
    recipe.text("before the item", &text[..item.start() as usize]);
    recipe.text("behind the item", &text[item.end() as usize..]);
    let line = text[..receiver.start as usize].rfind('\n').map_or(0, |at| at + 1);
    recipe.text("before on the line", &text[line..receiver.start as usize]);
    recipe.text("receiver", &text[receiver.start as usize..word.start as usize]);
    for piece in relevant(text, receiver, &collector.pieces) {
        recipe.bytes("piece", &[piece.tag as u8]);
        for range in &piece.texts {
            let [before, after] = without(*range, word);
            recipe.text("text", before.of(text)).text("text", after.of(text));
        }
    }
    Some(recipe.finish())
}

/// The pieces that the receiver's type can depend on, in text order.
fn relevant<'a>(text: &'a str, receiver: TextRange, pieces: &'a [Piece<'a>]) -> Vec<&'a Piece<'a>> {
    let mut names: HashSet<&str> = words(receiver.of(text)).collect();
    let mut is_in: Vec<bool> = vec![false; pieces.len()];
    loop {
        let mut grew = false;
        for (piece, is_in) in pieces.iter().zip(&mut is_in) {
            let matters = match &piece.names {
                None => true,
                Some(about) => about.iter().any(|name| names.contains(name)),
            };
            if matters && !*is_in {
                *is_in = true;
                grew = true;
                if piece.names.is_some() || !matches!(piece.tag, Tag::Broken) {
                    names.extend(piece.texts.iter().flat_map(|range| words(range.of(text))));
                }
            }
        }
        if !grew {
            return pieces.iter().zip(is_in).filter(|(_, is_in)| *is_in).map(|(piece, _)| piece).collect();
        }
    }
}

/// Everything that looks like a name.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == '$'))
        .filter(|word| !word.is_empty() && !word.starts_with(|ch: char| ch.is_ascii_digit()))
}

/// The parts of a range before and after the word that is being typed.
fn without(range: TextRange, word: TextRange) -> [TextRange; 2] {
    if !range.contains_range(word) {
        return [range, TextRange::empty(range.end)];
    }
    [TextRange::new(range.start, word.start), TextRange::new(word.end, range.end)]
}

#[derive(Clone, Copy)]
enum Tag {
    Cursor,
    /// A statement or function that code runs through or round begins, or ends.
    Enter,
    Leave,
    /// Leaves the normal way through the code.
    Jump,
    Broken,
    Declaration,
    Assignment,
    Condition,
    Call,
}

/// A part of the code that may matter.
struct Piece<'t> {
    tag: Tag,
    texts: Vec<TextRange>,
    /// It matters to whoever depends on one of these; `None`: to everybody.
    names: Option<Vec<&'t str>>,
}

struct Collector<'t> {
    word: TextRange,
    pieces: Vec<Piece<'t>>,
    /// The nodes around.
    within: Vec<Node<'t>>,
    /// The cursor lies behind.
    passed: bool,
    /// Something here is a macro's matter.
    is_open: bool,
}

impl<'t> Collector<'t> {
    fn enter(&mut self, node: Node<'t>) -> bool {
        self.pass(node.start());
        self.is_open |= is_of_macros(node.kind());
        if node.is_error() || node.is_missing() {
            // It counts in any case; what it names matters only beside what matters.
            self.always(Tag::Broken, vec![node.range()]);
            self.of_words(Tag::Broken, node, vec![node.range()]);
            return false;
        }
        self.piece_of(node);
        if is_structure(node.kind()) {
            self.always(Tag::Enter, Vec::new());
        }
        self.within.push(node);
        !self.is_open
    }

    fn leave(&mut self, node: Node<'t>) {
        self.within.pop();
        if is_structure(node.kind()) {
            self.always(Tag::Leave, Vec::new());
        }
    }

    fn pass(&mut self, start: u32) {
        if !self.passed && start >= self.word.start {
            self.passed = true;
            self.always(Tag::Cursor, Vec::new());
        }
    }

    fn always(&mut self, tag: Tag, texts: Vec<TextRange>) {
        self.pieces.push(Piece { tag, texts, names: None });
    }

    fn about(&mut self, tag: Tag, names: Vec<&'t str>, texts: Vec<TextRange>) {
        if !names.is_empty() {
            self.pieces.push(Piece { tag, texts, names: Some(names) });
        }
    }

    /// A condition, a left side: it matters to every name in it.
    fn of_words(&mut self, tag: Tag, of: Node<'t>, texts: Vec<TextRange>) {
        self.about(tag, words(of.text()).collect(), texts);
    }

    fn piece_of(&mut self, node: Node<'t>) {
        match node.kind() {
            Kind::VariableDeclarator | Kind::TypeParameter => {
                let names = node.field(Field::Name).map(bound).unwrap_or_default();
                self.about(Tag::Declaration, names, vec![node.range()]);
            }
            Kind::RequiredParameter | Kind::OptionalParameter | Kind::RestPattern => {
                let pattern = node.field(Field::Pattern).unwrap_or(node);
                let text = self.of_parameter(node);
                self.about(Tag::Declaration, bound(pattern), vec![text]);
            }
            Kind::ArrowFunction => {
                if let Some(parameter) = node.field(Field::Parameter) {
                    let text = self.statement();
                    self.about(Tag::Declaration, vec![parameter.text()], vec![text]);
                }
            }
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration => {
                let names = node.field(Field::Name).map(Node::text).into_iter().collect();
                self.about(Tag::Declaration, names, vec![signature(node)]);
            }
            Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => {
                let mut names = vec!["this", "super"];
                names.extend(node.field(Field::Name).map(Node::text));
                self.about(Tag::Declaration, names, class_texts(node));
            }
            Kind::Object if node.range().contains_range(self.word) => {
                self.about(Tag::Declaration, vec!["this", "super"], vec![node.range()]);
            }
            Kind::InterfaceDeclaration
            | Kind::TypeAliasDeclaration
            | Kind::EnumDeclaration
            | Kind::InternalModule
            | Kind::Module => {
                let names = node.field(Field::Name).map(|name| words(name.text()).collect()).unwrap_or_default();
                self.about(Tag::Declaration, names, vec![node.range()]);
            }
            Kind::ForInStatement => {
                if let (Some(left), Some(right)) = (node.field(Field::Left), node.field(Field::Right)) {
                    self.of_words(Tag::Assignment, left, vec![left.range(), right.range()]);
                }
            }
            Kind::CatchClause => {
                if let Some(parameter) = node.field(Field::Parameter) {
                    self.about(Tag::Declaration, bound(parameter), vec![parameter.range()]);
                }
            }
            Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression => {
                // What is assigned to a member of the receiver changes nothing of what it has.
                let left = node.field(Field::Left).filter(|left| !left.range().contains_range(self.word));
                if let Some(left) = left {
                    self.of_words(Tag::Assignment, left, vec![node.range()]);
                }
            }
            Kind::UpdateExpression => self.of_words(Tag::Assignment, node, vec![node.range()]),
            Kind::IfStatement
            | Kind::WhileStatement
            | Kind::DoStatement
            | Kind::ForStatement
            | Kind::TernaryExpression => {
                if let Some(condition) = node.field(Field::Condition) {
                    self.of_words(Tag::Condition, condition, vec![condition.range()]);
                }
            }
            Kind::BinaryExpression => {
                let is_logical = ["&&", "||", "??"].iter().any(|operator| node.has_token(operator));
                if let Some(left) = node.field(Field::Left).filter(|_| is_logical) {
                    self.of_words(Tag::Condition, left, vec![left.range()]);
                }
            }
            Kind::SwitchStatement => self.of_switch(node),
            Kind::ExpressionStatement => self.of_call(node),
            Kind::ReturnStatement | Kind::ThrowStatement => self.always(Tag::Jump, Vec::new()),
            Kind::BreakStatement | Kind::ContinueStatement => self.always(Tag::Jump, vec![node.range()]),
            _ => {}
        }
    }

    /// What says the type of a parameter: its annotation, or whatever takes the function.
    fn of_parameter(&self, parameter: Node<'t>) -> TextRange {
        let mut around = self.within.iter().rev().filter(|node| !node.is(Kind::FormalParameters));
        let function = around.next();
        let is_declared = function.is_some_and(|function| match function.kind() {
            Kind::FunctionDeclaration | Kind::GeneratorFunctionDeclaration => true,
            Kind::MethodDefinition => around.next().is_some_and(|parent| parent.is(Kind::ClassBody)),
            _ => false,
        });
        let is_typed = is_declared || parameter.field(Field::Type).is_some();
        if is_typed { parameter.range() } else { self.statement() }
    }

    /// The smallest statement around.
    fn statement(&self) -> TextRange {
        let is_statement = |kind| {
            matches!(
                kind,
                Kind::ExpressionStatement
                    | Kind::LexicalDeclaration
                    | Kind::VariableDeclaration
                    | Kind::ReturnStatement
                    | Kind::PublicFieldDefinition
            )
        };
        let found = self.within.iter().rev().find(|node| is_statement(node.kind())).or(self.within.first());
        found.map_or(TextRange::new(0, u32::MAX), |node| node.range())
    }

    fn of_switch(&mut self, node: Node<'t>) {
        let Some(value) = node.field(Field::Value) else { return };
        let cases = node.field(Field::Body).into_iter().flat_map(Node::named_children);
        let mut texts = vec![value.range()];
        let mut names: Vec<&str> = words(value.text()).collect();
        for value in cases.filter_map(|case| case.field(Field::Value)) {
            texts.push(value.range());
            names.extend(words(value.text()));
        }
        self.about(Tag::Condition, names, texts);
    }

    /// A call that stands alone may never return, or assert something of what it is given.
    fn of_call(&mut self, statement: Node<'t>) {
        let Some(mut call) = statement.first_named() else { return };
        while matches!(call.kind(), Kind::AwaitExpression | Kind::ParenthesizedExpression) {
            let Some(inner) = call.first_named() else { return };
            call = inner;
        }
        if !call.is(Kind::CallExpression) {
            return;
        }
        if let Some(callee) = call.field(Field::Function) {
            self.always(Tag::Call, vec![callee.range()]);
        }
        if let Some(arguments) = call.field(Field::Arguments) {
            self.of_words(Tag::Call, arguments, vec![arguments.range()]);
        }
    }
}

fn bound<'t>(pattern: Node<'t>) -> Vec<&'t str> {
    // Defaults inside a pattern may name more than it binds: too many names do no harm.
    words(pattern.text()).collect()
}

/// A function without the body that its annotated type makes a matter of its own.
fn signature(function: Node<'_>) -> TextRange {
    match (function.field(Field::ReturnType), function.field(Field::Body)) {
        (Some(_), Some(body)) => TextRange::new(function.start(), body.start()),
        _ => function.range(),
    }
}

/// A class without the bodies of methods whose types are annotated.
fn class_texts(class: Node<'_>) -> Vec<TextRange> {
    let mut texts = Vec::new();
    let mut start = class.start();
    for member in class.field(Field::Body).into_iter().flat_map(Node::named_children) {
        let is_method = member.is(Kind::MethodDefinition) && member.field(Field::ReturnType).is_some();
        let is_constructor = member.field(Field::Name).is_some_and(|name| name.text() == "constructor");
        if let Some(body) = member.field(Field::Body).filter(|_| is_method && !is_constructor) {
            texts.push(TextRange::new(start, body.start()));
            start = body.end();
        }
    }
    texts.push(TextRange::new(start, class.end()));
    texts
}

fn is_of_macros(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Decorator
            | Kind::MacroInvocation
            | Kind::MacroDeclaration
            | Kind::ExternMacroDeclaration
            | Kind::QuoteExpression
            | Kind::Splice
            | Kind::SplicedIdentifier
    )
}

fn is_structure(kind: Kind) -> bool {
    super::locals::has_body(kind)
        || matches!(
            kind,
            Kind::IfStatement
                | Kind::ElseClause
                | Kind::ForStatement
                | Kind::ForInStatement
                | Kind::WhileStatement
                | Kind::DoStatement
                | Kind::TryStatement
                | Kind::CatchClause
                | Kind::FinallyClause
                | Kind::SwitchStatement
                | Kind::SwitchCase
                | Kind::SwitchDefault
                | Kind::LabeledStatement
                | Kind::StatementBlock
                | Kind::ClassBody
        )
}
