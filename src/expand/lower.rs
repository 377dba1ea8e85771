//! A macro's file as TypeScript that can run.

use serde::{Deserialize, Serialize};

use crate::base::{FilePath, TextRange};
use crate::syntax::SyntaxFile;

use super::{FileFacts, SpanMap};

/// TypeScript made for running: no macro syntax left; `map` leads back to the `.ms` text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    pub text: String,
    pub map: SpanMap,
    /// The specifiers that `text` imports from, as they are written there.
    pub imports: Vec<String>,
    /// Where a module cannot be lowered (a syntax error inside a macro): shown as `MS2008`.
    pub faults: Vec<(TextRange, String)>,
}

/// The module of a macro, or one that such a module imports.
pub fn lower_module(_file: &FilePath, _syntax: &SyntaxFile, _facts: &FileFacts) -> Lowered {
    todo!()
}
