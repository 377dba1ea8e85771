//! Formatting: a text in the one form that `msc fmt` and editors write it in.
//!
//! dprint formats what is TypeScript. It knows no macro syntax, so [`lower`] says every macro form as
//! TypeScript of the same shape and nearly the same width, and [`restore`] puts the form back into what came out.
//! Nothing is trusted: [`tokens`] compares the trees of both texts, and a statement whose tokens would not stay
//! what they are, or that a second run would change, stays as it was written.
//!
//! Invariant: knows neither what a macro means nor files nor projects. Only this module names dprint.
//! Runs on any thread; dprint itself runs on threads of its own, which have room for deep recursion.
//!
//! Start reading at [`format()`].

mod edits;
mod lower;
mod options;
mod pieces;
mod printer;
mod restore;
mod tokens;

pub use edits::{edits, edits_within};
pub use options::{Options, QuoteStyle};
pub use pieces::{Reason, Untouched};

use std::panic::resume_unwind;

use crate::base::TextRange;
use crate::text::{SourceText, TextEdit};

use pieces::Piece;

/// A text, formatted.
#[derive(Clone, Debug)]
pub struct Formatted {
    source: SourceText,
    pieces: Vec<Piece>,
    /// Stretches that were left as they are because they could not be formatted; in text order.
    pub untouched: Vec<Untouched>,
    endings: Endings,
}

impl Formatted {
    /// The whole text. Line ends are those of the first line of the source, a byte order mark stays.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.source.len() as usize);
        let mut at = 0;
        for piece in &self.pieces {
            out.push_str(&self.source.as_str()[at..piece.range.start as usize]);
            out.push_str(&piece.text);
            at = piece.range.end as usize;
        }
        out.push_str(&self.source.as_str()[at..]);
        self.endings.put_back(out)
    }

    /// The smallest edits that lead from the text as it was given to the formatted one: white space between
    /// tokens, and tokens that are written otherwise. Line ends are left alone. In text order, none touches another.
    pub fn edits(&self) -> Vec<TextEdit> {
        edits::of(self)
    }
}

/// What a text ends its lines with, and whether it begins with a byte order mark: both are put aside while it is
/// formatted.
#[derive(Clone, Debug, Default)]
struct Endings {
    has_mark: bool,
    is_crlf: bool,
    /// Where `\r` was taken out, as offsets in the text without them.
    removed: Vec<u32>,
}

const MARK: &str = "\u{feff}";

impl Endings {
    fn take_out(text: &str) -> (Endings, SourceText) {
        let (has_mark, text) = match text.strip_prefix(MARK) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if !text.contains("\r\n") {
            return (Endings { has_mark, ..Endings::default() }, SourceText::new(text));
        }
        let is_crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
        let mut removed = Vec::new();
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            match line.strip_suffix("\r\n") {
                Some(line) => {
                    out.push_str(line);
                    removed.push(out.len() as u32);
                    out.push('\n');
                }
                None => out.push_str(line),
            }
        }
        (Endings { has_mark, is_crlf, removed }, SourceText::new(out))
    }

    fn put_back(&self, text: String) -> String {
        let text = if self.is_crlf { text.replace('\n', "\r\n") } else { text };
        if self.has_mark { format!("{MARK}{text}") } else { text }
    }

    /// Where an offset of the text without them lies in the text with them.
    fn original(&self, offset: u32) -> u32 {
        let mark = if self.has_mark { MARK.len() as u32 } else { 0 };
        offset + mark + self.removed.partition_point(|&at| at < offset) as u32
    }

    /// The other way; an offset inside of a line end counts as its start.
    fn inner(&self, offset: u32) -> u32 {
        let offset = offset.saturating_sub(if self.has_mark { MARK.len() as u32 } else { 0 });
        // The `\r` number i (from 0) stood at `removed[i] + i`.
        let (mut low, mut high) = (0, self.removed.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.removed[middle] + (middle as u32) < offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        offset - low as u32
    }
}

/// Deep nesting costs the formatter's parser and printer stack.
const STACK: usize = 512 << 20;

/// Formats a whole text. Never fails: what does not parse, or cannot be formatted, stays as it is and is named in
/// [`Formatted::untouched`].
pub fn format(text: &str, options: &Options) -> Formatted {
    let (endings, source) = Endings::take_out(text);
    let work = || {
        let (pieces, mut untouched) = pieces::pieces(&source, options);
        for one in &mut untouched {
            one.range = TextRange::new(endings.original(one.range.start), endings.original(one.range.end));
        }
        Formatted { source: source.clone(), pieces, untouched, endings: endings.clone() }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("msc-format".to_owned()).stack_size(STACK);
        match thread.spawn_scoped(scope, work) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // Without a thread of its own, shallow code can still be formatted here.
            Err(_) => work(),
        }
    })
}
