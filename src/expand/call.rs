//! Uses of macros: what identifies one, what its macro sees, and what one run of it made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath, Recipe, TextRange};
use crate::macros::protocol::CacheOptions;
use crate::macros::shape::{Arg, Input, TypeRef};
use crate::macros::{FailureKind, Outcome, PieceOrigin};
use crate::syntax::{Kind, Node, SyntaxFile};

use super::fragment::{Prepared, Wrap};
use super::key::{KeyText, TokenTable};
use super::lower::Block;
use super::shape::{Shapes, attributes_of};
use super::walk::{AttributeTarget, AttributeUse, ExpressionUse, attribute_target};
use super::{CallId, Lowered, MacroRef};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallKind {
    /// On a declaration, a member or a parameter.
    Attribute,
    /// In an expression, as a statement or as a type.
    Expression,
    /// `@comptime { … }`.
    Comptime,
}

/// One use of a macro, with all that running it needs but the macro's code. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: CallId,
    pub kind: CallKind,
    /// The file in whose source the use stands, or the use whose output holds this one.
    pub file: FilePath,
    /// Of a block: the file itself, and `comptime`.
    pub callee: MacroRef,
    /// As written, on one line and cut short: `derive(Eq, Hash)`.
    pub shown: String,
    /// The whole use in the file's source; of a nested one, the outermost use.
    pub range: TextRange,
    /// 0 in source, 1 in a macro's output, and so on.
    pub depth: u32,
    /// A block's module: its default export is the block. `None` for other uses.
    pub block: Option<Arc<Lowered>>,
    /// What a block says of the responses that it fetches.
    pub cache: CacheOptions,
    args: Arc<Vec<Arg>>,
    type_args: Arc<Vec<TypeRef>>,
    digest: Digest,
    /// The text that holds the use: the source, or a macro's output.
    syntax: SyntaxFile,
    /// The decorator or the invocation in `syntax`.
    node: TextRange,
    /// Where ranges that the macro sees are counted from, in `syntax`.
    pub(super) anchor: u32,
}

/// What a call is made from besides its node.
pub(super) struct CallParts<'a> {
    pub id: CallId,
    pub file: &'a FilePath,
    pub callee: MacroRef,
    pub range: TextRange,
    pub depth: u32,
    pub args: Vec<Arg>,
    pub type_args: Vec<TypeRef>,
    pub syntax: &'a SyntaxFile,
}

impl Call {
    pub(super) fn attribute(attribute: &AttributeUse<'_>, parts: CallParts<'_>) -> Call {
        let target = &attribute.target;
        let mut key = KeyText::new();
        key.nodes(&group_nodes(target));
        key.doc_before(attribute.decorator.file_text(), target.whole.start().min(target.anchor));
        if target.is_declared {
            key.text("declare");
        }
        // Two uses of one macro on one declaration differ in nothing but their arguments.
        key.nodes(&attribute.parts.type_arguments.into_iter().collect::<Vec<_>>());
        key.nodes(&attribute.parts.arguments.into_iter().collect::<Vec<_>>());
        Call::new(CallKind::Attribute, parts, key, attribute.decorator, target.anchor)
    }

    pub(super) fn expression(found: &ExpressionUse<'_>, parts: CallParts<'_>) -> Call {
        let mut key = KeyText::new();
        key.nodes(&[found.node]);
        Call::new(CallKind::Expression, parts, key, found.node, found.node.start())
    }

    pub(super) fn comptime(found: &ExpressionUse<'_>, block: Block<'_>, parts: CallParts<'_>) -> Call {
        let mut key = KeyText::new();
        key.nodes(&[found.node]);
        key.nodes(&block.taken);
        let mut call = Call::new(CallKind::Comptime, parts, key, found.node, found.node.start());
        call.block = Some(Arc::new(block.lowered));
        call.cache = block.cache;
        call
    }

    fn new(kind: CallKind, parts: CallParts<'_>, mut key: KeyText, node: Node<'_>, anchor: u32) -> Call {
        for arg in &parts.args {
            // Written arguments are among the tokens; a constant may be declared elsewhere.
            if let Arg::Value { json } = arg {
                key.text(json);
            }
        }
        // Paths that a macro names are taken from the directory of the use.
        key.text(parts.file.parent().as_str());
        Call {
            id: parts.id,
            kind,
            file: parts.file.clone(),
            callee: parts.callee,
            shown: shown(node.text().trim_start_matches('@')),
            range: parts.range,
            depth: parts.depth,
            block: None,
            cache: CacheOptions::default(),
            args: Arc::new(parts.args),
            type_args: Arc::new(parts.type_args),
            digest: key.digest("use"),
            syntax: parts.syntax.clone(),
            node: node.range(),
            anchor,
        }
    }

    /// The identity of the expansion in caches: no positions, no trivia. `modules` is the digest of
    /// the macro's module graph; of a block, of the modules that it imports.
    pub fn key(&self, modules: Digest) -> Digest {
        let mut recipe = Recipe::new("expansion");
        recipe
            .digest("modules", modules)
            .text("module", self.callee.module.as_str())
            .text("macro", &self.callee.name)
            .digest("use", self.digest);
        recipe.finish()
    }

    /// Tokens of the use alone: what a block's module is identified by, besides its imports.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the macro sees. Built anew at each call: ask only to run the macro.
    pub fn input(&self) -> Input {
        let shapes = Shapes { anchor: self.anchor };
        let (args, type_args) = (Vec::clone(&self.args), Vec::clone(&self.type_args));
        match self.kind {
            CallKind::Attribute => {
                let target = self.target().and_then(|target| Some(shapes.target(&target, target.kind?)));
                Input { target, args, type_args, block: None }
            }
            CallKind::Expression => {
                let block = self
                    .find_node(Kind::MacroInvocation)
                    .and_then(|node| node.field(crate::syntax::Field::Body).map(|block| shapes.block(block)));
                Input { target: None, args, type_args, block }
            }
            CallKind::Comptime => Input { target: None, args, type_args, block: None },
        }
    }

    /// Whether its block cannot be run as it is written.
    pub(super) fn has_faults(&self) -> bool {
        self.block.as_ref().is_some_and(|block| !block.faults.is_empty())
    }

    /// The decorator or the invocation, in the text that holds the use.
    pub(super) fn node(&self) -> TextRange {
        self.node
    }

    /// Who is to blame for time-outs: module and macro.
    pub fn blame(&self) -> String {
        format!("{}#{}", self.callee.module, self.callee.name)
    }

    /// The tokens that the macro sees, to count places in.
    ///
    /// Perf: finds the use anew; who has its node asks [`attribute_tokens`] or [`use_tokens`].
    pub(super) fn tokens(&self) -> TokenTable {
        match self.kind {
            CallKind::Attribute => self.target().map_or_else(TokenTable::default, |target| attribute_tokens(&target)),
            _ => self.find_node(Kind::MacroInvocation).map_or_else(TokenTable::default, use_tokens),
        }
    }

    fn target(&self) -> Option<AttributeTarget<'_>> {
        let decorator = self.find_node(Kind::Decorator)?;
        let parent = decorator.parent()?;
        let (mut target, _) = attribute_target(decorator, parent, parent.parent())?;
        let mut around = std::iter::successors(Some(parent), |node| node.parent());
        target.is_declared |= around.any(|node| node.is(Kind::AmbientDeclaration));
        Some(target)
    }

    fn find_node(&self, kind: Kind) -> Option<Node<'_>> {
        let inner = self.syntax.root().covering(self.node)?;
        std::iter::successors(Some(inner), |node| node.parent()).find(|node| node.is(kind) && node.range() == self.node)
    }
}

/// The tokens that an attribute's macro sees.
pub(super) fn attribute_tokens(target: &AttributeTarget<'_>) -> TokenTable {
    TokenTable::of(&group_nodes(target), target.anchor)
}

/// The tokens that the macro of an expression sees.
pub(super) fn use_tokens(node: Node<'_>) -> TokenTable {
    TokenTable::of(&[node], node.start())
}

/// The nodes that hold all attributes of a declaration and the declaration.
fn group_nodes<'t>(target: &AttributeTarget<'t>) -> Vec<Node<'t>> {
    if target.whole.start() <= target.anchor {
        return vec![target.whole];
    }
    let mut nodes: Vec<Node<'t>> =
        attributes_of(target).into_iter().filter(|decorator| decorator.start() < target.whole.start()).collect();
    nodes.push(target.whole);
    nodes
}

/// One line of at most this many characters.
const MOST_SHOWN: usize = 60;

fn shown(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.chars().count() > MOST_SHOWN {
            let cut: String = out.chars().take(MOST_SHOWN).collect();
            return format!("{}…", cut.trim_end());
        }
    }
    out
}

/// What one expansion made, kept under its key. Places in the use are counted in tokens, so it
/// serves every layout of the same tokens.
#[derive(Debug)]
pub struct Expansion {
    outcome: Outcome,
    /// What is known of each emission as text, for each reading it was asked for.
    prepared: Mutex<HashMap<(usize, Wrap), Arc<Prepared>>>,
}

impl Expansion {
    /// `outcome` of running `call`, its ranges relative to the anchor of `call.input()`.
    pub fn new(call: &Call, mut outcome: Outcome) -> Expansion {
        let tokens = call.tokens();
        let reports = match &mut outcome.result {
            Ok(output) => &mut output.reports,
            Err(failure) => &mut failure.reports,
        };
        for at in reports.iter_mut().filter_map(|report| report.at.as_mut()) {
            *at = tokens.squeeze(*at);
        }
        if let Ok(output) = &mut outcome.result {
            let pieces = output.emissions.iter_mut().flat_map(|emission| &mut emission.pieces);
            for piece in pieces {
                if let PieceOrigin::Target { range } = &mut piece.origin {
                    *range = tokens.squeeze(*range);
                }
            }
        }
        Expansion::stored(outcome)
    }

    /// From a row that [`Expansion::outcome`] was written to.
    pub(super) fn stored(outcome: Outcome) -> Expansion {
        Expansion { outcome, prepared: Mutex::default() }
    }

    /// Result, effects, time. Ranges in the use's file are counted in tokens.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether another run is sure to give the same.
    pub fn is_repeatable(&self) -> bool {
        match &self.outcome.result {
            Ok(_) => true,
            Err(failure) => matches!(
                failure.kind,
                FailureKind::Threw | FailureKind::BadSplice | FailureKind::NoLiteral | FailureKind::Input
            ),
        }
    }

    pub(super) fn prepared(&self, index: usize, wrap: Wrap) -> Arc<Prepared> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = prepared.entry((index, wrap)).or_insert_with(|| {
            let (pieces, imports) = match &self.outcome.result {
                Ok(output) => (output.emissions[index].pieces.as_slice(), output.imports.as_slice()),
                Err(_) => Default::default(),
            };
            Arc::new(Prepared::new(pieces, imports, wrap))
        });
        Arc::clone(entry)
    }
}
