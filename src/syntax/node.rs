//! `Node`: a place in a tree together with its text.

use crate::base::TextRange;

use super::Cursor;
use super::kinds::{self, Field, Kind};

/// A node of a [`super::SyntaxFile`]. Two words and a text; copied freely.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    raw: tree_sitter::Node<'t>,
    text: &'t str,
}

impl<'t> Node<'t> {
    pub(super) fn new(raw: tree_sitter::Node<'t>, text: &'t str) -> Node<'t> {
        Node { raw, text }
    }

    pub(super) fn with(self, raw: tree_sitter::Node<'t>) -> Node<'t> {
        Node { raw, text: self.text }
    }

    /// [`Kind::Token`] for everything without a name in the grammar.
    pub fn kind(self) -> Kind {
        kinds::kind(self.raw)
    }

    pub fn is(self, kind: Kind) -> bool {
        self.kind() == kind
    }

    /// The grammar's word for it: of a token, its text.
    pub fn name(self) -> &'t str {
        self.raw.kind()
    }

    /// Whether it is the token `text`.
    pub fn is_token(self, text: &str) -> bool {
        !self.raw.is_named() && self.raw.kind() == text
    }

    pub fn range(self) -> TextRange {
        TextRange { start: self.start(), end: self.end() }
    }

    pub fn start(self) -> u32 {
        self.raw.start_byte() as u32
    }

    pub fn end(self) -> u32 {
        self.raw.end_byte() as u32
    }

    /// Its text; empty where the tree was moved past the end of the text.
    pub fn text(self) -> &'t str {
        self.text.get(self.raw.byte_range()).unwrap_or("")
    }

    /// The text of the whole file.
    pub fn file_text(self) -> &'t str {
        self.text
    }

    /// Line and byte column of start and end, counted from 0.
    pub(super) fn positions(self) -> ((usize, usize), (usize, usize)) {
        let (start, end) = (self.raw.start_position(), self.raw.end_position());
        ((start.row, start.column), (end.row, end.column))
    }

    pub fn is_on_one_line(self) -> bool {
        self.raw.start_position().row == self.raw.end_position().row
    }

    /// Identity within one tree.
    pub fn id(self) -> usize {
        self.raw.id()
    }

    pub fn is_named(self) -> bool {
        self.raw.is_named()
    }

    pub fn is_missing(self) -> bool {
        self.raw.is_missing()
    }

    pub fn is_error(self) -> bool {
        self.raw.is_error()
    }

    /// Whether it holds an error, or is one.
    pub fn has_error(self) -> bool {
        self.raw.has_error()
    }

    /// A comment: what may stand anywhere.
    pub fn is_extra(self) -> bool {
        self.raw.is_extra()
    }

    pub fn child_count(self) -> usize {
        self.raw.child_count() as usize
    }

    pub fn field(self, field: Field) -> Option<Node<'t>> {
        self.raw.child_by_field_id(kinds::field_id(field)?).map(|raw| self.with(raw))
    }

    /// All children under one field.
    pub fn fields(self, field: Field) -> impl Iterator<Item = Node<'t>> {
        self.children_with_fields().filter(move |(name, _)| *name == Some(field)).map(|(_, node)| node)
    }

    pub fn children(self) -> Children<'t> {
        Children { cursor: self.raw.walk(), of: self, state: State::Before }
    }

    pub fn children_with_fields(self) -> impl Iterator<Item = (Option<Field>, Node<'t>)> {
        let mut children = self.children();
        std::iter::from_fn(move || {
            let node = children.next()?;
            Some((children.cursor.field_id().and_then(|id| kinds::field(id.get())), node))
        })
    }

    /// Named children without comments.
    pub fn named_children(self) -> impl Iterator<Item = Node<'t>> {
        self.children().filter(|node| node.is_named() && !node.is_extra())
    }

    /// The first named child that is no comment.
    pub fn first_named(self) -> Option<Node<'t>> {
        self.named_children().next()
    }

    pub fn first_child(self) -> Option<Node<'t>> {
        self.raw.child(0).map(|raw| self.with(raw))
    }

    pub fn last_child(self) -> Option<Node<'t>> {
        self.raw.child(self.raw.child_count().checked_sub(1)? as _).map(|raw| self.with(raw))
    }

    pub fn child_of_kind(self, kind: Kind) -> Option<Node<'t>> {
        self.children().find(|node| node.kind() == kind)
    }

    pub fn has_token(self, text: &str) -> bool {
        self.children().any(|node| node.is_token(text))
    }

    /// Perf: walks down from the root; walks that need many parents keep them.
    pub fn parent(self) -> Option<Node<'t>> {
        self.raw.parent().map(|raw| self.with(raw))
    }

    pub fn ancestors(self) -> impl Iterator<Item = Node<'t>> {
        std::iter::successors(self.parent(), |node| node.parent())
    }

    pub fn next_sibling(self) -> Option<Node<'t>> {
        self.raw.next_sibling().map(|raw| self.with(raw))
    }

    pub fn prev_sibling(self) -> Option<Node<'t>> {
        self.raw.prev_sibling().map(|raw| self.with(raw))
    }

    /// A cursor that stands here, and walks no further than what hangs below.
    pub fn cursor(self) -> Cursor<'t> {
        Cursor::new(self.raw.walk(), self)
    }

    /// Its kind as a number that is the grammar's own: for tables over all kinds, tokens included.
    pub fn symbol(self) -> u16 {
        self.raw.kind_id()
    }

    /// The smallest node that covers `range`.
    pub fn covering(self, range: TextRange) -> Option<Node<'t>> {
        self.raw.descendant_for_byte_range(range.start as usize, range.end as usize).map(|raw| self.with(raw))
    }

    /// It and everything below, in text order; `enter` says whether to go below a node.
    pub fn walk(self, mut enter: impl FnMut(Node<'t>) -> bool) {
        let mut cursor = self.raw.walk();
        loop {
            if enter(self.with(cursor.node())) && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    /// It and everything below: `enter` before the children (answering whether to visit them),
    /// `leave` behind them, where they were visited.
    pub fn traverse<S>(
        self,
        state: &mut S,
        mut enter: impl FnMut(&mut S, Node<'t>) -> bool,
        mut leave: impl FnMut(&mut S, Node<'t>),
    ) {
        let mut cursor = self.raw.walk();
        let mut depth = 0u32;
        loop {
            let node = self.with(cursor.node());
            if enter(state, node) {
                if cursor.goto_first_child() {
                    depth += 1;
                    continue;
                }
                leave(state, node);
            }
            loop {
                if depth == 0 {
                    return;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                cursor.goto_parent();
                depth -= 1;
                leave(state, self.with(cursor.node()));
            }
        }
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}..{}", self.name(), self.start(), self.end())
    }
}

enum State {
    Before,
    Inside,
    Done,
}

/// The children of a node, from left to right.
pub struct Children<'t> {
    cursor: tree_sitter::TreeCursor<'t>,
    of: Node<'t>,
    state: State,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        let found = match self.state {
            State::Before => self.cursor.goto_first_child(),
            State::Inside => self.cursor.goto_next_sibling(),
            State::Done => false,
        };
        if !found {
            self.state = State::Done;
            return None;
        }
        self.state = State::Inside;
        Some(self.of.with(self.cursor.node()))
    }
}
