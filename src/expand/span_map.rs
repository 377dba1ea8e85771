//! `SpanMap`: expanded text to source and back.

use serde::{Deserialize, Serialize};

use crate::base::{FilePath, TextRange};

/// A macro use, named so that edits elsewhere in the file keep it: the path of enclosing
/// declarations, the macro, and its ordinal among equals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId(pub String);

/// Where a stretch of expanded text comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The same bytes, in their own place in the source.
    Verbatim { source: TextRange },
    /// The same bytes as a stretch of the source, copied into generated code by call `call` (an
    /// index into the expansion's calls): a field's name, an argument, a type.
    Copied { call: u32, source: TextRange },
    /// Written in a quote of `module` (range in that file's source), by call `call`.
    Quoted { call: u32, module: FilePath, range: TextRange },
    /// Made by a macro's code at the splice `range` of `module`.
    Computed { call: u32, module: FilePath, range: TextRange },
    /// Made by `msc`: stands for `source` as a whole (a macro turned into a function, glue).
    Glue { source: TextRange },
}

/// One stretch. Segments follow each other without gaps and cover the whole expanded text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub expanded: TextRange,
    pub origin: Origin,
}

/// The segments of one expanded text, searchable from both sides in logarithmic time.
///
/// Invariant: no two verbatim segments share a byte of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanMap {
    segments: Vec<Segment>,
    /// Indices of verbatim segments, by source start.
    verbatim: Vec<u32>,
    /// Indices of copied segments, by source start.
    copied: Vec<u32>,
    /// For each entry of `copied`, the furthest source end among it and those before it: where a
    /// search to the left may stop.
    copied_reach: Vec<u32>,
}

/// What a place in expanded text leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// The same bytes in the source. `call` is the use that copied them; `None` where they stand in
    /// their own place.
    Source { range: TextRange, call: Option<u32> },
    /// The same bytes (but for indentation) in a quote of `module`.
    Quote { call: u32, module: FilePath, range: TextRange },
    /// Made by a macro's code: `range` is the splice in `module`.
    Computed { call: u32, module: FilePath, range: TextRange },
    /// Made by `msc`, for the stretch `source`.
    Glue { source: TextRange },
}

impl Mapped {
    /// The use that made the text; `None` for text in its own place and for glue.
    pub fn call(&self) -> Option<u32> {
        match self {
            Mapped::Source { call, .. } => *call,
            Mapped::Quote { call, .. } | Mapped::Computed { call, .. } => Some(*call),
            Mapped::Glue { .. } => None,
        }
    }
}

impl SpanMap {
    /// Of a text that is its own expansion.
    pub fn identity(len: u32) -> SpanMap {
        let mut map = MapBuilder::default();
        map.push(len, Origin::Verbatim { source: TextRange::new(0, len) });
        map.finish()
    }

    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment that holds the byte at `offset`; at the end of the text, the last one.
    pub fn segment_at(&self, offset: u32) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.expanded.start <= offset);
        self.segments.get(after.checked_sub(1)?)
    }

    /// Where the byte at `offset` comes from, as an empty range. `None` in an empty text only.
    pub fn up(&self, offset: u32) -> Option<Mapped> {
        self.segment_at(offset).map(|segment| segment.up(TextRange::empty(offset)))
    }

    /// Where a range comes from. One that begins and ends in verbatim text is a range of the source,
    /// whatever lies between; otherwise what the first generated part says counts.
    pub fn up_range(&self, range: TextRange) -> Option<Mapped> {
        let first = self.segment_at(range.start)?;
        if range.is_empty() || range.end <= first.expanded.end {
            return Some(first.up(range));
        }
        let last = self.segment_at(range.end - 1)?;
        let head = first.up(TextRange::new(range.start, first.expanded.end));
        let tail = last.up(TextRange::new(last.expanded.start, range.end));
        match (head, tail) {
            (Mapped::Source { range: from, call: one }, Mapped::Source { range: to, call: other })
                if one == other && from.start <= to.end =>
            {
                Some(Mapped::Source { range: TextRange::new(from.start, to.end), call: one })
            }
            (Mapped::Source { call: None, .. }, tail) if !matches!(tail, Mapped::Source { .. }) => Some(tail),
            (head, _) => Some(head),
        }
    }

    /// Where the byte at a source offset stands in the expanded text: in its own place first, then
    /// wherever it was copied to. The end of a segment counts as its part, after those that hold the byte.
    pub fn down(&self, offset: u32) -> impl Iterator<Item = u32> + '_ {
        self.stretches(TextRange::empty(offset), Side::After)
            .map(move |(source, expanded)| expanded + (offset - source))
    }

    /// The same for the place behind the byte before `offset`: where a cursor stands that has just typed.
    pub fn down_before(&self, offset: u32) -> impl Iterator<Item = u32> + '_ {
        self.stretches(TextRange::empty(offset), Side::Before)
            .map(move |(source, expanded)| expanded + (offset - source))
    }

    /// Where a source range stands unbroken in the expanded text, in its own place first.
    pub fn down_range(&self, range: TextRange) -> impl Iterator<Item = TextRange> + '_ {
        self.stretches(range, Side::After).map(move |(source, expanded)| {
            TextRange::new(range.start - source + expanded, range.end - source + expanded)
        })
    }

    /// Source start and expanded start of every segment that holds `range` of the source.
    fn stretches(&self, range: TextRange, side: Side) -> impl Iterator<Item = (u32, u32)> + '_ {
        let source_of = |&index: &u32| {
            let segment = &self.segments[index as usize];
            (segment.source().unwrap_or_default(), segment.expanded.start)
        };
        // Verbatim stretches do not overlap, so the byte at an offset is in one and the offset is
        // the end of at most one other.
        let after = self.verbatim.partition_point(|index| source_of(index).0.start <= range.start);
        let mut verbatim: Vec<(u32, u32)> = self.verbatim[after.saturating_sub(2)..after]
            .iter()
            .rev()
            .map(source_of)
            .filter(|(source, _)| source.start <= range.start && range.end <= source.end)
            .map(|(source, expanded)| (source.start, expanded))
            .collect();
        if side == Side::Before {
            verbatim.reverse();
        }
        let after = self.copied.partition_point(|index| source_of(index).0.start <= range.start);
        let mut copied: Vec<(bool, u32, u32)> = (0..after)
            .rev()
            .take_while(|&at| self.copied_reach[at] >= range.end)
            .map(|at| source_of(&self.copied[at]))
            .filter(|(source, _)| range.end <= source.end)
            .map(|(source, expanded)| {
                let at_edge = match side {
                    Side::After => source.end == range.start,
                    Side::Before => source.start == range.start,
                };
                (at_edge, source.start, expanded)
            })
            .collect();
        copied.sort_by_key(|&(at_edge, _, expanded)| (at_edge, expanded));
        verbatim.into_iter().chain(copied.into_iter().map(|(_, source, expanded)| (source, expanded)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    After,
    Before,
}

impl Segment {
    /// The stretch of the file's own source that holds the same bytes.
    fn source(&self) -> Option<TextRange> {
        match &self.origin {
            Origin::Verbatim { source } | Origin::Copied { source, .. } => Some(*source),
            _ => None,
        }
    }

    /// `range` lies in this segment.
    fn up(&self, range: TextRange) -> Mapped {
        let part = |whole: &TextRange| {
            let start = range.start - self.expanded.start;
            let end = range.end - self.expanded.start;
            // A quote's text is the quote's bytes, unless its indentation changed.
            if whole.len() == self.expanded.len() {
                TextRange::new(whole.start + start, whole.start + end)
            } else {
                *whole
            }
        };
        match &self.origin {
            Origin::Verbatim { source } => Mapped::Source { range: part(source), call: None },
            Origin::Copied { call, source } => Mapped::Source { range: part(source), call: Some(*call) },
            Origin::Quoted { call, module, range: quote } => {
                Mapped::Quote { call: *call, module: module.clone(), range: part(quote) }
            }
            Origin::Computed { call, module, range: splice } => {
                Mapped::Computed { call: *call, module: module.clone(), range: *splice }
            }
            Origin::Glue { source } => Mapped::Glue { source: *source },
        }
    }
}

/// Builds a [`SpanMap`] from left to right.
#[derive(Clone, Debug, Default)]
pub struct MapBuilder {
    segments: Vec<Segment>,
    len: u32,
}

impl MapBuilder {
    /// The next `len` bytes of expanded text come from `origin`.
    pub fn push(&mut self, len: u32, origin: Origin) {
        if len == 0 {
            return;
        }
        let expanded = TextRange::new(self.len, self.len + len);
        self.len += len;
        if let Some(last) = self.segments.last_mut()
            && last.origin.absorb(&origin)
        {
            last.expanded.end = self.len;
            return;
        }
        self.segments.push(Segment { expanded, origin });
    }

    /// Bytes so far.
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn finish(self) -> SpanMap {
        let segments = self.segments;
        let mut verbatim = Vec::new();
        let mut copied = Vec::new();
        for (index, segment) in segments.iter().enumerate() {
            match segment.origin {
                Origin::Verbatim { .. } => verbatim.push(index as u32),
                Origin::Copied { .. } => copied.push(index as u32),
                _ => {}
            }
        }
        let start = |index: &u32| segments[*index as usize].source().map_or(0, |source| source.start);
        verbatim.sort_by_key(start);
        copied.sort_by_key(start);
        let mut reach = 0;
        let copied_reach = copied
            .iter()
            .map(|&index| {
                reach = reach.max(segments[index as usize].source().map_or(0, |source| source.end));
                reach
            })
            .collect();
        SpanMap { segments, verbatim, copied, copied_reach }
    }
}

impl Origin {
    /// Takes in what follows, where both read as one stretch.
    fn absorb(&mut self, next: &Origin) -> bool {
        match (self, next) {
            (Origin::Verbatim { source }, Origin::Verbatim { source: more }) if source.end == more.start => {
                source.end = more.end;
                true
            }
            (Origin::Glue { source }, Origin::Glue { source: more }) => source == more,
            _ => false,
        }
    }
}
