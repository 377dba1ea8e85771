//! Properties of span maps, over random expansions.

use msc::base::{FilePath, TextRange};
use msc::expand::span_map::MapBuilder;
use msc::expand::{Mapped, Origin, SpanMap};
use proptest::prelude::*;

/// One stretch of expanded text, before it has a place.
#[derive(Clone, Debug)]
enum Part {
    /// So many bytes of the source, after so many that are left out.
    Verbatim {
        skipped: u32,
        len: u32,
    },
    Copied {
        from: u32,
        len: u32,
    },
    Quoted {
        at: u32,
        len: u32,
    },
    Glue {
        len: u32,
    },
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        (0..20u32, 1..30u32).prop_map(|(skipped, len)| Part::Verbatim { skipped, len }),
        (0..200u32, 1..10u32).prop_map(|(from, len)| Part::Copied { from, len }),
        (0..200u32, 1..10u32).prop_map(|(at, len)| Part::Quoted { at, len }),
        (1..10u32).prop_map(|len| Part::Glue { len }),
    ];
    proptest::collection::vec(part, 0..60)
}

/// The map, its length, and the verbatim stretches: source and expanded.
fn build(parts: &[Part]) -> (SpanMap, u32, Vec<(TextRange, TextRange)>) {
    let mut map = MapBuilder::default();
    let mut source = 0;
    let mut verbatim = Vec::new();
    for part in parts {
        let start = map.len();
        match *part {
            Part::Verbatim { skipped, len } => {
                source += skipped;
                let range = TextRange::new(source, source + len);
                verbatim.push((range, TextRange::new(start, start + len)));
                map.push(len, Origin::Verbatim { source: range });
                source += len;
            }
            Part::Copied { from, len } => {
                map.push(len, Origin::Copied { call: 0, source: TextRange::new(from, from + len) });
            }
            Part::Quoted { at, len } => {
                let module = FilePath::new("/m.ms");
                map.push(len, Origin::Quoted { call: 0, module, range: TextRange::new(at, at + len) });
            }
            Part::Glue { len } => map.push(len, Origin::Glue { source: TextRange::empty(source) }),
        }
    }
    let len = map.len();
    (map.finish(), len, verbatim)
}

proptest! {
    #[test]
    fn segments_cover_the_text_without_gaps(parts in parts()) {
        let (map, len, _) = build(&parts);
        let mut at = 0;
        for segment in map.segments() {
            prop_assert_eq!(segment.expanded.start, at);
            prop_assert!(!segment.expanded.is_empty());
            at = segment.expanded.end;
        }
        prop_assert_eq!(at, len);
    }

    #[test]
    fn verbatim_text_maps_forth_and_back_to_itself(parts in parts()) {
        let (map, _, verbatim) = build(&parts);
        for (source, expanded) in verbatim {
            prop_assert_eq!(map.up_range(expanded), Some(Mapped::Source { range: source, call: None }));
            prop_assert_eq!(map.down_range(source).next(), Some(expanded));
            for step in 0..source.len() {
                let (from, to) = (source.start + step, expanded.start + step);
                prop_assert_eq!(map.up(to), Some(Mapped::Source { range: TextRange::empty(from), call: None }));
                prop_assert_eq!(map.down(from).next(), Some(to));
                prop_assert_eq!(map.down_before(from + 1).next(), Some(to + 1));
            }
        }
    }

    #[test]
    fn every_place_that_is_answered_holds_the_byte_that_was_asked_for(parts in parts(), offset in 0..400u32) {
        let (map, _, _) = build(&parts);
        let holds = |place: u32, back: u32| map.segments().iter().any(|segment| {
            let source = match &segment.origin {
                Origin::Verbatim { source } | Origin::Copied { source, .. } => *source,
                _ => return false,
            };
            segment.expanded.touches(place) && source.touches(back)
                && place - segment.expanded.start == back - source.start
        });
        for place in map.down(offset) {
            prop_assert!(holds(place, offset), "{place}");
        }
        // Nothing is left out: every segment that holds the byte is answered.
        let all: Vec<u32> = map.down(offset).collect();
        for segment in map.segments() {
            if let Origin::Verbatim { source } | Origin::Copied { source, .. } = &segment.origin
                && source.contains(offset)
            {
                prop_assert!(all.contains(&(segment.expanded.start + offset - source.start)));
            }
        }
    }

    #[test]
    fn any_range_leads_somewhere(parts in parts(), start in 0..600u32, len in 0..100u32) {
        let (map, total, _) = build(&parts);
        prop_assume!(start + len <= total && total > 0);
        prop_assert!(map.up_range(TextRange::new(start, start + len)).is_some());
    }
}
