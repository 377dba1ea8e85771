//! The order of completions: what the place asks for, how near a name is bound, how lately it was used.
//!
//! Invariant: orders within the engine's own groups (locals before globals before names to import) and looks at
//! one live text and its tree only; whether a type fits, the engine has said before.
//!
//! Start reading at [`order`]. `tests/ide/ranking.rs` keeps the score of it all.

use std::collections::{HashMap, HashSet};

use crate::base::TextRange;
use crate::engine::CompletionKind;
use crate::syntax::SyntaxFile;

use super::complete::Completion;
use super::locals;

/// How far around the cursor uses are looked for, in bytes.
const AROUND: usize = 20_000;

/// Globals that programs use, among the thousand that a browser has.
const COMMON: &[&str] = &[
    "Array",
    "Boolean",
    "Date",
    "Error",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Record",
    "Reflect",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "Uint8Array",
    "WeakMap",
    "console",
    "fetch",
    "globalThis",
    "isNaN",
    "parseFloat",
    "parseInt",
    "process",
    "setTimeout",
    "undefined",
    "const",
    "return",
    "if",
    "for",
    "function",
    "new",
    "await",
    "this",
    "true",
    "false",
    "null",
    "string",
    "number",
    "boolean",
    "unknown",
    "never",
    "void",
    "Partial",
    "Readonly",
    "Pick",
    "Omit",
    "Iterable",
    "TypeError",
    "BigInt",
    "URL",
    "structuredClone",
    "typeof",
    "keyof",
    "readonly",
];

/// Members that every function has, and few people want.
const OF_EVERY_FUNCTION: &[&str] = &["apply", "bind", "call", "toString"];

/// What a text says about the names in it, as seen from a cursor.
#[derive(Debug, Default)]
struct Ranking<'t> {
    /// By name, and whether it follows a dot there.
    uses: HashMap<(&'t str, bool), Uses>,
    /// How many scopes lie between the cursor and the one that binds a name.
    scopes: HashMap<&'t str, u32>,
    /// The expression before the dot that the cursor follows.
    receiver: Option<&'t str>,
    /// Names that were taken of the same expression.
    of_receiver: HashMap<&'t str, u32>,
}

/// Uses of one name.
#[derive(Clone, Copy, Debug)]
struct Uses {
    /// Names between the cursor and the nearest use.
    distance: u32,
    count: u32,
}

impl<'t> Ranking<'t> {
    /// As seen from behind `word`, what is typed of a name so far.
    fn at(text: &'t str, syntax: Option<&'t SyntaxFile>, word: TextRange) -> Ranking<'t> {
        let mut ranking = Ranking::default();
        let (start, end) = (word.start as usize, word.end as usize);
        let after_name = text[end..].find(|ch| !is_part(ch)).map_or(text.len(), |at| end + at);
        ranking.receiver = text[..start].strip_suffix('.').map(|before| name_before(before.trim_end_matches('?')));
        let first = floor(text, start.saturating_sub(AROUND));
        let last = floor(text, (after_name + AROUND).min(text.len()));
        let before: Vec<Name<'t>> = names(&text[first..start]).collect();
        ranking.note(before.iter().rev().copied());
        // What stands behind the cursor was mostly written before, and is read less.
        ranking.note(names(&text[after_name..last]));
        if let Some(syntax) = syntax {
            ranking.note_scopes(syntax, word);
        }
        ranking
    }

    fn note(&mut self, names: impl Iterator<Item = Name<'t>>) {
        for (distance, name) in names.enumerate() {
            let distance = distance as u32;
            let uses = self.uses.entry((name.text, name.receiver.is_some())).or_insert(Uses { distance, count: 0 });
            uses.distance = uses.distance.min(distance);
            uses.count += 1;
            if self.receiver.is_some_and(|receiver| !receiver.is_empty() && name.receiver == Some(receiver)) {
                *self.of_receiver.entry(name.text).or_default() += 1;
            }
        }
    }

    fn note_scopes(&mut self, syntax: &'t SyntaxFile, word: TextRange) {
        let Some(node) = syntax.root().covering(word) else { return };
        let mut bindings = Vec::new();
        let scopes = std::iter::once(node).chain(node.ancestors()).filter(|node| locals::opens_scope(node.kind()));
        for (depth, scope) in scopes.enumerate() {
            locals::bindings(scope, &mut bindings);
            for binding in bindings.drain(..) {
                self.scopes.entry(binding.name).or_insert(depth as u32);
            }
        }
    }

    /// More is better.
    fn merit(&self, item: &Completion, fits: bool) -> u32 {
        let name = item.label.as_str();
        let mut merit = 0;
        if fits {
            merit += 120;
        }
        let of = |is_member| {
            let uses = self.uses.get(&(name, is_member));
            uses.map_or(0, |uses| 240 / (1 + uses.distance / 12) + 15 * uses.count.min(8))
        };
        let is_member = self.receiver.is_some();
        // A field that was just declared is a name that stands alone, and asked for behind a dot.
        merit += of(is_member).max(of(!is_member) / 2);
        if !is_member && COMMON.contains(&name) {
            merit += 60;
        }
        if is_member && item.kind == CompletionKind::Method && OF_EVERY_FUNCTION.contains(&name) {
            merit /= 2;
        }
        if let Some(depth) = self.scopes.get(name).filter(|_| !is_member) {
            merit += 90u32.saturating_sub(20 * depth).max(10);
        }
        if let Some(count) = self.of_receiver.get(name) {
            merit += 150 + 20 * (*count).min(5);
        }
        if item.deprecated { merit / 4 } else { merit }
    }
}

/// Gives each item the text that it is sorted by at a place: the group that it has already, how well it fits there, its name.
/// `fitting`: labels of what is of the type that the place asks for.
pub fn order(
    items: &mut [Completion],
    fitting: &HashSet<String>,
    text: &str,
    syntax: Option<&SyntaxFile>,
    word: TextRange,
) {
    let ranking = Ranking::at(text, syntax, word);
    for item in items {
        let group = item.sort.split(' ').next().unwrap_or_default();
        let rank = 999 - ranking.merit(item, fitting.contains(&item.label)).min(999);
        // Clients that sort by this alone (Neovim) would show equals in any order.
        item.sort = format!("{group}{rank:03} {}", item.label);
    }
}

/// A name in a text, and the name before the dot that it follows.
#[derive(Clone, Copy, Debug)]
struct Name<'t> {
    text: &'t str,
    receiver: Option<&'t str>,
}

fn names(text: &str) -> impl Iterator<Item = Name<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].find(is_part)?;
            let end = text[start..].find(|ch| !is_part(ch)).map_or(text.len(), |length| start + length);
            at = end;
            if !text[start..end].starts_with(|ch: char| ch.is_ascii_digit()) {
                let receiver = text[..start].strip_suffix('.').map(|rest| name_before(rest.trim_end_matches('?')));
                return Some(Name { text: &text[start..end], receiver });
            }
        }
    })
}

/// The name that a text ends with; nothing where it ends with something else.
fn name_before(text: &str) -> &str {
    let start = text.rfind(|ch| !is_part(ch)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    &text[start..]
}

fn is_part(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '_' | '$')
}

/// The boundary of a character at or before an offset.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_with_what_they_are_taken_of() {
        let found: Vec<_> = names("a.b + c?.dé(12, $e)").map(|name| (name.text, name.receiver)).collect();
        assert_eq!(found, [("a", None), ("b", Some("a")), ("c", None), ("dé", Some("c")), ("$e", None)]);
    }
}
