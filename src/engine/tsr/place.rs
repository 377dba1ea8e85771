//! Byte ranges for the lines and columns that `tsr`'s language service speaks.

use std::collections::HashMap;
use std::sync::Arc;

use tsr_compiler::{Program, ProgramFile};
use tsr_lsproto as lsp;

use super::names;
use crate::base::{FilePath, TextRange};
use crate::engine::{EngineError, Place};
use crate::text::{Encoding, LineCol, LineIndex};

/// A text with its lines.
pub(super) struct Lines {
    text: Arc<str>,
    index: LineIndex,
}

impl Lines {
    pub fn new(text: Arc<str>) -> Lines {
        let index = LineIndex::new(&text);
        Lines { text, index }
    }

    pub fn position(&self, offset: u32) -> lsp::Position {
        let at = self.index.line_col(&self.text, offset, Encoding::Utf8);
        lsp::Position { line: at.line, character: at.col }
    }

    pub fn range(&self, range: &lsp::Range) -> TextRange {
        let start = self.offset(&range.start);
        TextRange::new(start, self.offset(&range.end).max(start))
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn offset(&self, at: &lsp::Position) -> u32 {
        self.index.offset(&self.text, LineCol { line: at.line, col: at.character }, Encoding::Utf8)
    }
}

/// The lines of a program's files, read on first use; for one query.
pub(super) struct Places<'a> {
    program: &'a Program,
    lines: HashMap<String, Option<Lines>>,
}

impl<'a> Places<'a> {
    pub fn new(program: &'a Program) -> Places<'a> {
        Places { program, lines: HashMap::new() }
    }

    /// The lines of a file of the program, or of one beside it that a declaration map leads to.
    pub fn lines(&mut self, uri: &lsp::DocumentUri) -> Option<&Lines> {
        if !self.lines.contains_key(&uri.0) {
            let name = uri.file_name();
            let lines = match self.program.source_file(name.as_bytes()) {
                Some(file) => text_of(file).ok(),
                None => self.read(name.as_bytes()),
            };
            self.lines.insert(uri.0.clone(), lines.map(Lines::new));
        }
        self.lines.get(&uri.0)?.as_ref()
    }

    /// `None` where the file has gone.
    pub fn place(&mut self, uri: &lsp::DocumentUri, name: &lsp::Range, full: Option<&lsp::Range>) -> Option<Place> {
        let lines = self.lines(uri)?;
        let (range, full) = (lines.range(name), full.map(|full| lines.range(full)));
        Some(Place { file: names::from_uri(uri), range, full })
    }

    fn read(&self, name: &[u8]) -> Option<Arc<str>> {
        let content = self.program.host().read_file(name).ok()??;
        content.text.as_str().map(Arc::from)
    }
}

/// The text a file of the program was parsed from.
pub(super) fn text_of(file: &ProgramFile) -> Result<Arc<str>, EngineError> {
    let source = file.bound().view().source_file()?;
    match source.text().as_str() {
        Some(text) => Ok(Arc::from(text)),
        None => Err(EngineError::Internal(format!("{} is not UTF-8", names::from_tsr(source.file_name())))),
    }
}

/// The program's file of that name.
pub(super) fn file_of<'p>(program: &'p Program, file: &FilePath) -> Result<&'p ProgramFile, EngineError> {
    program.source_file(names::to_tsr(file).as_bytes()).ok_or_else(|| EngineError::MissingFile(file.clone()))
}
