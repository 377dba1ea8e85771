//! `Edits`: what is put in place of what, and the text that results.

use std::collections::BTreeMap;

use crate::base::TextRange;

use super::rope::Rope;

/// Replacements of ranges of one text, kept in text order. An insertion is a replacement of nothing.
///
/// A replacement hides those that begin inside its range; they can still be asked for by rendering
/// a part of that range.
#[derive(Default)]
pub(super) struct Edits {
    edits: BTreeMap<Key, (u32, Rope)>,
}

/// Start; insertions before replacements; then the order asked for.
type Key = (u32, bool, u32, u32);

impl Edits {
    /// `order` sorts insertions at one place.
    pub fn put(&mut self, range: TextRange, order: u32, rope: Rope) {
        let serial = self.edits.len() as u32;
        self.edits.insert((range.start, !range.is_empty(), order, serial), (range.end, rope));
    }

    pub fn remove(&mut self, range: TextRange) {
        self.put(range, 0, Rope::default());
    }

    /// The text of `range` with the edits inside it applied. Insertions at its end are not part of it.
    pub fn render(&self, base: &Rope, range: TextRange) -> Rope {
        let mut out = Rope::default();
        self.render_into(&mut out, base, range);
        out
    }

    pub fn render_into(&self, out: &mut Rope, base: &Rope, range: TextRange) {
        let mut at = range.start;
        for (key, (end, rope)) in self.edits.range((range.start, false, 0, 0)..(range.end, false, 0, 0)) {
            let start = key.0;
            if start < at || *end > range.end {
                continue;
            }
            out.append_range(base, TextRange::new(at, start));
            out.append(rope);
            at = *end;
        }
        out.append_range(base, TextRange::new(at, range.end));
    }

    /// The whole text, insertions at its very end included.
    pub fn render_all(&self, base: &Rope) -> Rope {
        let mut out = Rope::default();
        self.render_into(&mut out, base, TextRange::new(0, base.len()));
        for (_, rope) in self.edits.range((base.len(), false, 0, 0)..).map(|(_, edit)| edit) {
            out.append(rope);
        }
        out
    }
}
