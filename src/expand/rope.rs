//! `Rope`: text under construction, every stretch with its origin.

use crate::base::TextRange;

use super::span_map::{MapBuilder, Origin, Segment, SpanMap};

/// A text, where each stretch of it comes from, and which lines must keep their indentation because
/// they begin inside a template literal.
#[derive(Clone, Debug, Default)]
pub(super) struct Rope {
    pub text: String,
    segments: Vec<Segment>,
    /// Offsets of line starts, ascending.
    fixed: Vec<u32>,
    /// Stretches that uses made as a whole, glue included, with the use's index.
    marks: Vec<(u32, TextRange)>,
}

impl Rope {
    /// A file's own text.
    pub fn source(text: &str) -> Rope {
        let range = TextRange::new(0, text.len() as u32);
        Rope::of(text, Origin::Verbatim { source: range })
    }

    pub fn of(text: &str, origin: Origin) -> Rope {
        let mut rope = Rope::default();
        rope.push(text, origin);
        rope
    }

    pub fn len(&self) -> u32 {
        self.text.len() as u32
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn push(&mut self, text: &str, origin: Origin) {
        if text.is_empty() {
            return;
        }
        let start = self.len();
        self.text.push_str(text);
        self.segments.push(Segment { expanded: TextRange::new(start, self.len()), origin });
    }

    /// Text of `msc`'s own making that stands for `source`.
    pub fn glue(&mut self, text: &str, source: TextRange) {
        self.push(text, Origin::Glue { source });
    }

    pub fn append(&mut self, other: &Rope) {
        self.append_range(other, TextRange::new(0, other.len()));
    }

    /// Appends a part of another rope.
    pub fn append_range(&mut self, other: &Rope, range: TextRange) {
        let start = self.len();
        self.append_text(other, range);
        self.marks.extend(other.marks.iter().filter_map(|&(call, mark)| {
            let from = mark.start.max(range.start);
            let to = mark.end.min(range.end);
            (from < to).then(|| (call, TextRange::new(from - range.start + start, to - range.start + start)))
        }));
    }

    /// Without marks.
    fn append_text(&mut self, other: &Rope, range: TextRange) {
        if range.is_empty() {
            return;
        }
        let start = self.len();
        self.text.push_str(range.of(&other.text));
        let first = other.segments.partition_point(|segment| segment.expanded.end <= range.start);
        for segment in &other.segments[first..] {
            if segment.expanded.start >= range.end {
                break;
            }
            let from = segment.expanded.start.max(range.start);
            let to = segment.expanded.end.min(range.end);
            let expanded = TextRange::new(from - range.start + start, to - range.start + start);
            self.segments.push(Segment { expanded, origin: part(segment, from, to) });
        }
        let first = other.fixed.partition_point(|&at| at < range.start);
        self.fixed
            .extend(other.fixed[first..].iter().take_while(|&&at| at < range.end).map(|at| at - range.start + start));
    }

    pub fn slice(&self, range: TextRange) -> Rope {
        let mut out = Rope::default();
        out.append_range(self, range);
        out
    }

    /// All of it was made by a use.
    pub fn mark(&mut self, call: u32) {
        self.marks.push((call, TextRange::new(0, self.len())));
    }

    /// The line that begins at `offset` keeps its indentation.
    pub fn fix_line(&mut self, offset: u32) {
        self.fixed.push(offset);
    }

    /// The stretch that holds the byte at `offset`.
    pub fn segment_at(&self, offset: u32) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.expanded.start <= offset);
        self.segments.get(after.checked_sub(1)?)
    }

    /// The range of the file's source that holds the bytes of `range`, unbroken.
    pub fn source_of(&self, range: TextRange) -> Option<TextRange> {
        let segment = self.segment_at(range.start)?;
        if range.end > segment.expanded.end {
            let last = self.segment_at(range.end.checked_sub(1)?)?;
            return match (&segment.origin, &last.origin) {
                (Origin::Verbatim { source: from }, Origin::Verbatim { source: to }) => {
                    let start = from.start + (range.start - segment.expanded.start);
                    let end = to.start + (range.end - last.expanded.start);
                    (start <= end).then(|| TextRange::new(start, end))
                }
                _ => None,
            };
        }
        match part(segment, range.start, range.end) {
            Origin::Verbatim { source } | Origin::Copied { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The same text with verbatim stretches marked as copies by `call`: for text that stands in its
    /// own place elsewhere.
    pub fn copied(mut self, call: u32) -> Rope {
        for segment in &mut self.segments {
            if let Origin::Verbatim { source } = segment.origin {
                segment.origin = Origin::Copied { call, source };
            }
        }
        self
    }

    /// Puts `indent` before every line but the first, the empty ones and those that are fixed.
    pub fn indented(&self, indent: &str, source: TextRange) -> Rope {
        if indent.is_empty() || !self.text.contains('\n') {
            return self.clone();
        }
        let mut out = Rope::default();
        let mut from = 0;
        let mut lines = Vec::new();
        for (at, _) in self.text.match_indices('\n') {
            let line = at as u32 + 1;
            let is_blank = matches!(self.text.as_bytes().get(line as usize), None | Some(b'\n' | b'\r'));
            if is_blank || self.fixed.binary_search(&line).is_ok() {
                continue;
            }
            out.append_text(self, TextRange::new(from, line));
            out.glue(indent, source);
            lines.push(line);
            from = line;
        }
        out.append_text(self, TextRange::new(from, self.len()));
        let moved = |at: u32| at + (lines.partition_point(|&line| line < at) * indent.len()) as u32;
        out.marks =
            self.marks.iter().map(|&(call, mark)| (call, TextRange::new(moved(mark.start), moved(mark.end)))).collect();
        out
    }

    /// What was marked.
    pub fn take_marks(&mut self) -> Vec<(u32, TextRange)> {
        std::mem::take(&mut self.marks)
    }

    pub fn finish(self) -> (String, SpanMap) {
        let mut map = MapBuilder::default();
        for segment in self.segments {
            map.push(segment.expanded.len(), segment.origin);
        }
        (self.text, map.finish())
    }
}

/// The origin of the bytes `from..to` of a segment.
fn part(segment: &Segment, from: u32, to: u32) -> Origin {
    let cut = |whole: &TextRange| {
        if whole.len() != segment.expanded.len() {
            return *whole;
        }
        let start = whole.start + (from - segment.expanded.start);
        TextRange::new(start, start + (to - from))
    };
    match &segment.origin {
        Origin::Verbatim { source } => Origin::Verbatim { source: cut(source) },
        Origin::Copied { call, source } => Origin::Copied { call: *call, source: cut(source) },
        Origin::Quoted { call, module, range } => {
            Origin::Quoted { call: *call, module: module.clone(), range: cut(range) }
        }
        other => other.clone(),
    }
}
