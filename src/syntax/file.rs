//! `SyntaxFile`: a text and its tree.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tree_sitter::Tree;

use crate::text::{SourceText, TextEdit};

use super::{Node, Recovered, parse, recover};

/// A parsed text. Cheap to clone, and the same on every thread. Never fails: what does not parse
/// stands in the tree as an error.
#[derive(Clone)]
pub struct SyntaxFile(Arc<Inner>);

struct Inner {
    text: SourceText,
    tree: Tree,
    is_moved: bool,
    recovered: OnceLock<Option<Recovered>>,
}

impl SyntaxFile {
    pub fn parse(text: SourceText) -> SyntaxFile {
        let tree = parse::parse(text.as_str(), None, None).expect("parsing without a budget ends with a tree");
        SyntaxFile::new(text, tree)
    }

    /// Parses `new_text`, which is this file's text after `edits` (one after the other), reusing
    /// what the edits left alone.
    pub fn reparse(&self, new_text: SourceText, edits: &[TextEdit]) -> SyntaxFile {
        let old = parse::shift(&self.0.tree, self.0.text.as_str(), edits);
        let tree =
            parse::parse(new_text.as_str(), Some(&old), None).expect("parsing without a budget ends with a tree");
        SyntaxFile::new(new_text, tree)
    }

    /// The same, unless it takes longer than `budget`: then this file's tree, moved by the edits
    /// ([`SyntaxFile::is_moved`]). A moved tree can be parsed on from like any other.
    pub fn reparse_within(&self, new_text: SourceText, edits: &[TextEdit], budget: Duration) -> SyntaxFile {
        let old = parse::shift(&self.0.tree, self.0.text.as_str(), edits);
        let parsed = if budget.is_zero() { None } else { parse::parse(new_text.as_str(), Some(&old), Some(budget)) };
        match parsed {
            Some(tree) => SyntaxFile::new(new_text, tree),
            None => SyntaxFile::made_of(new_text, old, true),
        }
    }

    fn new(text: SourceText, tree: Tree) -> SyntaxFile {
        SyntaxFile::made_of(text, tree, false)
    }

    fn made_of(text: SourceText, tree: Tree, is_moved: bool) -> SyntaxFile {
        SyntaxFile(Arc::new(Inner { text, tree, is_moved, recovered: OnceLock::new() }))
    }

    /// Whether the tree is an older text's, with its nodes where the text of now has them: right
    /// everywhere but in what was edited since.
    pub fn is_moved(&self) -> bool {
        self.0.is_moved
    }

    pub fn text(&self) -> &SourceText {
        &self.0.text
    }

    pub fn has_errors(&self) -> bool {
        self.0.tree.root_node().has_error()
    }

    pub fn root(&self) -> Node<'_> {
        Node::new(self.0.tree.root_node(), self.0.text.as_str())
    }

    /// What the text says apart from what does not parse; `None` where that is no more than the
    /// tree says already. Computed on first use.
    pub fn recovered(&self) -> Option<&Recovered> {
        self.0.recovered.get_or_init(|| recover::recover(self)).as_ref()
    }

    /// The tree as an S-expression with field names, one node a line, as `msc parse` prints it.
    pub fn sexp(&self) -> String {
        super::sexp::print(self.root())
    }
}

impl fmt::Debug for SyntaxFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SyntaxFile({} bytes)", self.0.text.len())
    }
}
