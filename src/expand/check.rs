//! The expanded text: source, with what macros made spliced in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{FilePath, TextRange};
use crate::diagnostic::Diagnostic;
use crate::syntax::SyntaxFile;
use crate::text::SourceText;

use super::names::{CompileTime, resolve_as};
use super::{Call, CallId, CallKind, Expansion, FileFacts, MacroRef, MacroScope, SpanMap};

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Flavour {
    /// To be type-checked: macros stand as functions, compile-time blocks are checked.
    Check,
    /// To be run or built: nothing compile-time is left.
    Emit,
}

/// What is known of one use.
#[derive(Clone, Debug)]
pub struct Known {
    pub expansion: Arc<Expansion>,
    /// It was made for an older form of the use.
    pub is_stale: bool,
}

/// What to expand, and with what.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub file: &'a FilePath,
    pub syntax: &'a SyntaxFile,
    /// Of this very syntax.
    pub facts: &'a FileFacts,
    pub scope: &'a dyn MacroScope,
    /// Answers from memory; `None` where nothing is known.
    pub outputs: &'a dyn Fn(&Call) -> Option<Known>,
    pub flavour: Flavour,
    /// Uses in outputs are followed so many steps (one: those of the source alone) and shown as they
    /// are beyond; all of them where nothing is said.
    pub steps: Option<u32>,
    /// What stands for each `@typeinfo` of the file, by number, where the types were asked for already.
    pub shapes: Option<&'a ShapeTexts>,
}

/// Values of the uses of `@typeinfo` in a file as code, by the number that their hole has.
pub type ShapeTexts = std::collections::HashMap<u32, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CallState {
    Missing,
    Stale,
    Fresh,
    /// It ran and failed; the diagnostics say how.
    Failed,
}

/// One use and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    pub id: CallId,
    pub kind: CallKind,
    pub callee: MacroRef,
    /// `derive(Eq, Hash)`: as a person would name it.
    pub shown: String,
    /// The use in the source; of a nested one, the outermost use.
    pub range: TextRange,
    /// The macro's name in the source.
    pub name: TextRange,
    /// The name of the declaration that an attribute stands on.
    pub target: Option<TextRange>,
    /// Where its output lies in the expanded text, in text order.
    pub generated: Vec<TextRange>,
    /// The use whose output holds this one: an index into `Expanded::calls`.
    pub parent: Option<u32>,
    /// Of one in a macro's output, where that macro's source says it.
    pub written: Option<(FilePath, TextRange)>,
    pub state: CallState,
}

/// A file, expanded. Serialisable: the value of an L3 row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Expanded {
    #[serde(with = "source_text")]
    pub text: SourceText,
    pub map: SpanMap,
    /// In order of appearance; [`super::Origin`] names them by index.
    pub calls: Vec<CallSite>,
    pub diagnostics: Vec<Diagnostic>,
    /// Where quotes stand once more as code, for names in them to be looked up; in text order. What is
    /// wrong there otherwise may be right where the quote ends up.
    pub quotes: Vec<TextRange>,
    /// Modules of the macros that were used: what the text depends on besides the source.
    pub modules: Vec<FilePath>,
    /// Uses whose output was missing or stale. Empty: the text is as it should be.
    #[serde(skip)]
    pub pending: Vec<Call>,
}

/// Expands one file with what is known.
pub fn expand(request: &Request) -> Expanded {
    // What is run must not import a macro, and a file can do so without using one.
    let may_link = request.flavour == Flavour::Emit && !request.facts.specifiers().is_empty();
    let is_broken = request.syntax.recovered().is_some();
    if !request.facts.has_macro_syntax && !may_link && !is_broken && !imports_compile_time(request) {
        return Expanded::plain(request.syntax.text().clone());
    }
    super::splice::expand(request)
}

/// Whether a file without macro syntax imports what is there at compile time only, which it can do
/// nothing good with. Only files of the project are looked at: a package says what it exports in
/// declaration files.
fn imports_compile_time(request: &Request) -> bool {
    let Request { file, facts, scope, .. } = *request;
    facts.imports.iter().any(|import| {
        let may_be = !import.is_type_only && !import.names.is_empty() && import.specifier.starts_with('.');
        may_be
            && scope.module(file, &import.specifier).is_some_and(|module| module.is_metascript())
            && import.names.iter().any(|name| {
                let is = |kind| resolve_as(scope, file, facts, &name.local, kind).is_some();
                is(CompileTime::Macro) || is(CompileTime::Function)
            })
    })
}

impl Expanded {
    /// A text that holds no macros, as it is.
    pub fn plain(text: SourceText) -> Expanded {
        let map = SpanMap::identity(text.len());
        Expanded {
            text,
            map,
            calls: Vec::new(),
            diagnostics: Vec::new(),
            quotes: Vec::new(),
            modules: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Whether a place of the text is a quote as code.
    pub fn is_quote(&self, offset: u32) -> bool {
        let after = self.quotes.partition_point(|quote| quote.start <= offset);
        after.checked_sub(1).is_some_and(|index| self.quotes[index].contains(offset))
    }

    /// Whether anything in the text is older than the source.
    pub fn is_stale(&self) -> bool {
        self.calls.iter().any(|call| matches!(call.state, CallState::Stale | CallState::Missing))
    }
}

mod source_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::text::SourceText;

    pub fn serialize<S: Serializer>(text: &SourceText, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text.as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SourceText, D::Error> {
        String::deserialize(from).map(SourceText::new)
    }
}
