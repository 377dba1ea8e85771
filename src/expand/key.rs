//! What identifies the syntax of a use: its tokens and their structure, without positions, white
//! space and comments; and positions counted in tokens, which hold in every layout.

use crate::base::{Digest, Recipe, TextRange};
use crate::syntax::{Kind, Node};

use super::shape::doc_before;

/// Collects what a key is made of.
pub(super) struct KeyText(Vec<u8>);

const ENTER: u8 = 1;
const LEAVE: u8 = 2;
const TOKEN: u8 = 3;
const DOC: u8 = 4;

impl KeyText {
    pub fn new() -> KeyText {
        KeyText(Vec::with_capacity(1024))
    }

    pub fn text(&mut self, text: &str) {
        self.0.push(TOKEN);
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    /// Tokens and tree of everything in `nodes`. The tree counts since line breaks can end a
    /// statement; doc comments count since a macro can read them.
    pub fn nodes(&mut self, nodes: &[Node<'_>]) {
        for node in nodes {
            node.traverse(
                self,
                |key, node| {
                    if node.is_extra() {
                        if node.text().starts_with("/**") {
                            key.0.push(DOC);
                            key.text(node.text());
                        }
                        return false;
                    }
                    if node.is_named() {
                        key.0.push(ENTER);
                        key.0.push(node.kind() as u8);
                    }
                    if node.child_count() == 0 {
                        key.text(node.text());
                    }
                    true
                },
                |key, node| {
                    if node.is_named() {
                        key.0.push(LEAVE);
                    }
                },
            );
        }
    }

    pub fn doc_before(&mut self, text: &str, offset: u32) {
        if let Some(doc) = doc_before(text, offset) {
            self.0.push(DOC);
            self.text(doc);
        }
    }

    pub fn digest(&self, kind: &str) -> Digest {
        Recipe::new(kind).bytes("syntax", &self.0).finish()
    }
}

/// The tokens of a stretch of text. A place in it is counted as the bytes of tokens before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TokenTable {
    /// Start and end of each token, relative to the anchor, with the bytes of tokens before it.
    tokens: Vec<(TextRange, u32)>,
}

impl TokenTable {
    pub fn of(nodes: &[Node<'_>], anchor: u32) -> TokenTable {
        let mut tokens = Vec::new();
        let mut before = 0;
        for node in nodes {
            node.walk(|node| {
                if node.is_extra() {
                    return false;
                }
                if node.child_count() == 0 && !node.range().is_empty() && node.start() >= anchor {
                    let range = TextRange::new(node.start() - anchor, node.end() - anchor);
                    tokens.push((range, before));
                    before += range.len();
                }
                !node.is(Kind::Comment)
            });
        }
        TokenTable { tokens }
    }

    /// From offsets in the text to offsets in its tokens.
    pub fn squeeze(&self, range: TextRange) -> TextRange {
        let start = self.squeeze_offset(range.start);
        TextRange::new(start, self.squeeze_offset(range.end).max(start))
    }

    fn squeeze_offset(&self, offset: u32) -> u32 {
        let after = self.tokens.partition_point(|(token, _)| token.start <= offset);
        match after.checked_sub(1).map(|at| self.tokens[at]) {
            Some((token, before)) => before + (offset.min(token.end) - token.start),
            None => 0,
        }
    }

    /// The opposite. The start is taken at the token that begins there, the end at the one that ends.
    pub fn stretch(&self, range: TextRange) -> TextRange {
        let after = self.tokens.partition_point(|(_, before)| *before <= range.start);
        let start = match after.checked_sub(1).map(|at| self.tokens[at]) {
            Some((token, before)) => (token.start + (range.start - before)).min(token.end),
            None => 0,
        };
        let after = self.tokens.partition_point(|(_, before)| *before < range.end);
        let end = match after.checked_sub(1).map(|at| self.tokens[at]) {
            Some((token, before)) => (token.start + (range.end - before)).min(token.end),
            None => 0,
        };
        TextRange::new(start, end.max(start))
    }

    /// The tokens that lie in `range` (offsets in the text).
    pub fn tokens_in(&self, range: TextRange) -> impl Iterator<Item = TextRange> + '_ {
        let first = self.tokens.partition_point(|(token, _)| token.start < range.start);
        self.tokens[first..].iter().map(|(token, _)| *token).take_while(move |token| token.end <= range.end)
    }
}
