//! Diagnostics: what is wrong, where, and what to do. No rendering here.

pub mod code;

use serde::{Deserialize, Serialize};

pub use code::Code;

use crate::base::{FilePath, TextRange};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    Error,
    Warning,
    Information,
    Hint,
}

/// A place with a sentence that says why it matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    pub file: FilePath,
    pub range: TextRange,
    pub message: String,
}

/// The text a macro generated around a fault: shown beneath it, since no file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedLine {
    /// The macro as it is written at the use: `derive(Eq)`.
    pub by: String,
    /// The generated line, without its line break.
    pub text: String,
    /// Bytes of `text` that the fault covers.
    pub range: TextRange,
}

/// One finding.
///
/// Invariant: `range` lies in the text of `file` that a person can edit, never in generated text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub file: FilePath,
    pub range: TextRange,
    pub severity: Severity,
    pub code: Code,
    /// One sentence in the user's words, no full stop. TypeScript's own text for TypeScript's rules.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    pub related: Vec<Related>,
    pub generated: Option<GeneratedLine>,
    /// The code is unused (drawn faded).
    pub unnecessary: bool,
    /// The code is deprecated (drawn struck through).
    pub deprecated: bool,
}

impl Diagnostic {
    pub fn new(code: Code, file: &FilePath, range: TextRange, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            file: file.clone(),
            range,
            severity: code.severity(),
            code,
            message: message.into(),
            help: None,
            related: Vec::new(),
            generated: None,
            unnecessary: false,
            deprecated: false,
        }
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub fn with_related(mut self, file: &FilePath, range: TextRange, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related { file: file.clone(), range, message: message.into() });
        self
    }
}
