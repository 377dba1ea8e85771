//! `EditMap` against texts in which every character knows where it came from.

use msc::base::TextRange;
use msc::text::{EditMap, TextEdit};
use proptest::prelude::*;

/// A text as a list of its bytes, each with its offset in the analysed text; `None` was typed since.
type Marked = Vec<Option<u32>>;

/// An edit as two places and a length, fitted to whatever the text has become by then.
#[derive(Clone, Debug)]
struct Raw {
    from: u32,
    to: u32,
    typed: u32,
}

fn edits() -> impl Strategy<Value = (u32, Vec<Raw>)> {
    let edit = (0..200u32, 0..200u32, 0..12u32).prop_map(|(from, to, typed)| Raw { from, to, typed });
    (0..120u32, prop::collection::vec(edit, 0..12))
}

/// The map of these edits, and the live text they lead to.
fn apply(len: u32, raw: &[Raw]) -> (EditMap, Marked) {
    let mut map = EditMap::default();
    let mut live: Marked = (0..len).map(Some).collect();
    for raw in raw {
        let fit = |at: u32| at % (live.len() as u32 + 1);
        let (from, to) = (fit(raw.from).min(fit(raw.to)), fit(raw.from).max(fit(raw.to)));
        map.push(&TextEdit { range: TextRange::new(from, to), text: "x".repeat(raw.typed as usize) });
        live.splice(from as usize..to as usize, (0..raw.typed).map(|_| None));
    }
    (map, live)
}

proptest! {
    /// A character that is still there is found where it now is, and leads back to where it was.
    #[test]
    fn what_is_still_there_is_found_both_ways((len, raw) in edits()) {
        let (map, live) = apply(len, &raw);
        for (at, origin) in live.iter().enumerate() {
            let Some(origin) = origin else { continue };
            let character = TextRange::new(*origin, origin + 1);
            prop_assert_eq!(map.range_to_live(character), Some(TextRange::new(at as u32, at as u32 + 1)));
            // A mere place stays before what was typed at it, and goes where that was replaced
            // together with what stood before.
            if let Some(place) = map.to_live(*origin) {
                let between = live.get(place as usize..at).expect("a place lies before its character");
                prop_assert!(between.iter().all(Option::is_none), "{}: {} for {}", origin, place, at);
            }
            prop_assert_eq!(map.to_analysed(at as u32 + 1).map(|back| back > *origin), Some(true));
        }
    }

    /// What leads to the live text and what leads back agree: no offset moves by going both ways,
    /// but over text that was typed beside it.
    #[test]
    fn there_and_back((len, raw) in edits()) {
        let (map, live) = apply(len, &raw);
        for origin in 0..=len {
            let Some(there) = map.to_live(origin) else { continue };
            prop_assert!(there as usize <= live.len());
            if let Some(back) = map.to_analysed(there) {
                let (low, high) = (back.min(origin), back.max(origin));
                let lost = (low..high).all(|at| !live.contains(&Some(at)));
                prop_assert!(lost, "{origin} -> {there} -> {back}, and something between is still there");
            }
        }
        for at in 0..=live.len() as u32 {
            if let Some(back) = map.to_analysed(at) {
                prop_assert!(back <= len);
            }
        }
    }

    /// Order is kept, so that a range never turns around.
    #[test]
    fn order_is_kept((len, raw) in edits()) {
        let (map, live) = apply(len, &raw);
        let there: Vec<u32> = (0..=len).filter_map(|at| map.to_live(at)).collect();
        prop_assert!(there.is_sorted());
        let back: Vec<u32> = (0..=live.len() as u32).filter_map(|at| map.to_analysed(at)).collect();
        prop_assert!(back.is_sorted());
    }

    /// Nothing typed since leads anywhere: a stale answer has no place in new text.
    #[test]
    fn typed_text_leads_nowhere((len, raw) in edits()) {
        let (map, live) = apply(len, &raw);
        for at in 1..live.len() {
            // Inside typed text, not at its edge.
            let window = &live[at - 1..=at];
            if window.iter().all(Option::is_none)
                && let Some(back) = map.to_analysed(at as u32)
            {
                // Two stretches typed one after the other meet here; that place has an origin
                // between characters that are gone or stand on its two sides.
                let before = live[..at].iter().rev().find_map(|it| *it);
                let after = live[at..].iter().find_map(|it| *it);
                prop_assert!(before.is_none_or(|it| it < back) && after.is_none_or(|it| it >= back));
            }
        }
    }
}

#[test]
fn without_edits_everything_stays() {
    let map = EditMap::default();
    assert!(map.is_empty());
    assert_eq!((map.to_live(7), map.to_analysed(7)), (Some(7), Some(7)));
    assert_eq!(map.range_to_live(TextRange::new(2, 5)), Some(TextRange::new(2, 5)));
}

#[test]
fn typing_at_the_edges_of_a_range_is_not_part_of_it() {
    let mut map = EditMap::default();
    let insert = |at, text: &str| TextEdit { range: TextRange::empty(at), text: text.to_owned() };
    map.push(&insert(4, "before "));
    map.push(&insert(14, "after"));
    assert_eq!(map.range_to_live(TextRange::new(4, 7)), Some(TextRange::new(11, 14)));
    assert_eq!(map.range_to_live(TextRange::empty(4)), Some(TextRange::empty(4)));
}

#[test]
fn one_replacement() {
    let mut map = EditMap::default();
    map.push(&TextEdit { range: TextRange::new(4, 8), text: "ab".to_owned() });
    let there: Vec<Option<u32>> = (2..11).map(|at| map.to_live(at)).collect();
    assert_eq!(there, [Some(2), Some(3), Some(4), None, None, None, Some(6), Some(7), Some(8)]);
    let back: Vec<Option<u32>> = (3..9).map(|at| map.to_analysed(at)).collect();
    assert_eq!(back, [Some(3), Some(4), None, Some(8), Some(9), Some(10)]);
    assert_eq!(map.range_to_live(TextRange::new(2, 9)), Some(TextRange::new(2, 7)), "around it");
    assert_eq!(map.range_to_live(TextRange::new(2, 6)), None, "an end was replaced");
}
