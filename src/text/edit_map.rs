//! `EditMap`: carries positions of an older text to the live one.

use crate::base::TextRange;
use crate::text::TextEdit;

/// The edits made since a text was analysed, oldest first.
#[derive(Clone, Debug, Default)]
pub struct EditMap {
    edits: Vec<(TextRange, u32)>,
}

impl EditMap {
    pub fn push(&mut self, edit: &TextEdit) {
        self.edits.push((edit.range, edit.text.len() as u32));
    }

    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Where an offset of the analysed text lies in the live text; `None` inside replaced text.
    pub fn to_live(&self, offset: u32) -> Option<u32> {
        self.edits.iter().try_fold(offset, |at, &(range, len)| {
            if at <= range.start {
                Some(at)
            } else if at >= range.end {
                Some(at - range.len() + len)
            } else {
                None
            }
        })
    }

    /// Where an offset of the live text lay in the analysed text; `None` inside typed text.
    pub fn to_analysed(&self, offset: u32) -> Option<u32> {
        self.edits.iter().rev().try_fold(offset, |at, &(range, len)| {
            if at <= range.start {
                Some(at)
            } else if at >= range.start + len {
                Some(at - len + range.len())
            } else {
                None
            }
        })
    }

    /// Like [`EditMap::to_live`], for the character that begins here: it moves when something is
    /// typed before it.
    fn start_to_live(&self, offset: u32) -> Option<u32> {
        self.edits.iter().try_fold(offset, |at, &(range, len)| {
            if at < range.start || (at == range.start && !range.is_empty()) {
                Some(at)
            } else if at >= range.end {
                Some(at - range.len() + len)
            } else {
                None
            }
        })
    }

    /// A whole range to the live text; `None` where either end was edited away. What was typed right
    /// before or after it does not become part of it.
    pub fn range_to_live(&self, range: TextRange) -> Option<TextRange> {
        let start = if range.is_empty() { self.to_live(range.start)? } else { self.start_to_live(range.start)? };
        let end = self.to_live(range.end)?;
        (start <= end).then(|| TextRange::new(start, end))
    }
}
