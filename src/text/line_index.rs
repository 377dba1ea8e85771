//! `LineIndex`: byte offsets to line and column, and back, in the encodings editors speak.

use serde::{Deserialize, Serialize};

/// How columns are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    Utf8,
    Utf16,
    Utf32,
}

/// A 0-based line and a 0-based column in some encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineCol {
    pub line: u32,
    pub col: u32,
}

/// The line starts of one text. `\n`, `\r\n` and a lone `\r` end a line, as in the protocol.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at as u32 + 1);
            }
        }
        LineIndex { starts }
    }

    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// Where `line` begins; past the last line, the end of the text is for the caller to know.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get(line as usize).copied()
    }

    /// The line that holds `offset`.
    pub fn line_of(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= offset) - 1) as u32
    }

    /// `text` must be the text this index was made from. An offset past the end counts as the end;
    /// one inside a character counts as that character's start.
    pub fn line_col(&self, text: &str, offset: u32, encoding: Encoding) -> LineCol {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset as u32);
        let before = &text[self.starts[line as usize] as usize..offset];
        LineCol { line, col: width(before, encoding) }
    }

    /// The byte offset of a position. A column past the line's end counts as its end, a line past
    /// the last as the end of the text (as the protocol asks).
    pub fn offset(&self, text: &str, at: LineCol, encoding: Encoding) -> u32 {
        let Some(start) = self.line_start(at.line) else {
            return text.len() as u32;
        };
        let end = self.line_start(at.line + 1).unwrap_or(text.len() as u32);
        let line = text[start as usize..end as usize].trim_end_matches(['\n', '\r']);
        let mut col = 0;
        for (byte, ch) in line.char_indices() {
            if col >= at.col {
                return start + byte as u32;
            }
            col += match encoding {
                Encoding::Utf8 => ch.len_utf8() as u32,
                Encoding::Utf16 => ch.len_utf16() as u32,
                Encoding::Utf32 => 1,
            };
        }
        start + line.len() as u32
    }
}

fn width(text: &str, encoding: Encoding) -> u32 {
    match encoding {
        Encoding::Utf8 => text.len() as u32,
        Encoding::Utf16 => text.chars().map(|ch| ch.len_utf16() as u32).sum(),
        Encoding::Utf32 => text.chars().count() as u32,
    }
}
