//! `Cursor`: a walk over a tree that knows its way up.
//!
//! Perf: moving a cursor costs a fraction of what `Node::parent` and `Node::field` cost, and it
//! knows under which field each child hangs; walks that see many nodes use it.

use super::kinds::{self, Field};
use super::{Kind, Node};

/// Stands on one node of a tree. It does not leave the node that it was made for.
pub struct Cursor<'t> {
    raw: tree_sitter::TreeCursor<'t>,
    at: Node<'t>,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(raw: tree_sitter::TreeCursor<'t>, at: Node<'t>) -> Cursor<'t> {
        Cursor { raw, at }
    }

    pub fn node(&self) -> Node<'t> {
        self.at
    }

    pub fn kind(&self) -> Kind {
        self.at.kind()
    }

    /// Under which name the node hangs below its parent.
    pub fn field(&self) -> Option<Field> {
        self.raw.field_id().and_then(|id| kinds::field(id.get()))
    }

    pub fn goto_first_child(&mut self) -> bool {
        let moved = self.raw.goto_first_child();
        self.moved(moved)
    }

    /// To the first child that ends behind `offset`.
    pub fn goto_first_child_behind(&mut self, offset: u32) -> bool {
        let moved = self.raw.goto_first_child_for_byte(offset as usize).is_some();
        self.moved(moved)
    }

    pub fn goto_next_sibling(&mut self) -> bool {
        let moved = self.raw.goto_next_sibling();
        self.moved(moved)
    }

    pub fn goto_parent(&mut self) -> bool {
        let moved = self.raw.goto_parent();
        self.moved(moved)
    }

    fn moved(&mut self, moved: bool) -> bool {
        if moved {
            self.at = self.at.with(self.raw.node());
        }
        moved
    }
}
