//! Uses of macros: what they are, in source order, and what identifies them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath, TextRange};
use crate::macros::Outcome;
use crate::macros::shape::Input;
use crate::syntax::SyntaxFile;

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
    digest: Digest,
    syntax: SyntaxFile,
}

impl Call {
    /// The identity of the expansion in caches: no positions, no trivia. `modules` is the digest of
    /// the macro's module graph; of a block, of the modules that it imports.
    pub fn key(&self, _modules: Digest) -> Digest {
        todo!()
    }

    /// What the macro sees. Built anew at each call: ask only to run the macro.
    pub fn input(&self) -> Input {
        todo!()
    }

    /// Who is to blame for time-outs: module and macro.
    pub fn blame(&self) -> String {
        format!("{}#{}", self.callee.module, self.callee.name)
    }
}

/// What one expansion made, kept under its key. Positions inside are counted in tokens of the use,
/// so it serves every layout of the same tokens.
#[derive(Debug)]
pub struct Expansion {
    outcome: Outcome,
}

impl Expansion {
    /// `outcome` of running `call`, its ranges relative to the anchor of `call.input()`.
    pub fn new(_call: &Call, outcome: Outcome) -> Expansion {
        Expansion { outcome }
    }

    /// Result, effects, time; ranges of the target are opaque here.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}
