//! The options of `@comptime`: `{ cache: { ttl: "24h", key: "v2" } }`.
//!
//! Invariant: what the type of the options says (`ComptimeOptions` of `std/meta`) is the engine's to
//! check; here is what only reading the values can tell.

use std::time::Duration;

use crate::base::TextRange;
use crate::macros::protocol::CacheOptions;
use crate::syntax::{Field, Kind, Node, ast};

use super::args::file_constant;

/// Adds what `node` says to `into`: the shorter time to live, all keys together. Faults come with
/// their places.
pub(super) fn read(node: Node<'_>, into: &mut CacheOptions) -> Vec<(TextRange, String)> {
    let mut faults = Vec::new();
    let node = constant(node);
    if !node.is(Kind::Object) {
        faults.push((node.range(), "The options of `@comptime` must be an object literal".to_owned()));
        return faults;
    }
    let Some(cache) = property(node, "cache").map(constant) else { return faults };
    if let Some(ttl) = property(cache, "ttl").map(constant) {
        match duration(ttl) {
            Some(ttl) => into.ttl = Some(into.ttl.map_or(ttl, |known| known.min(ttl))),
            None => faults.push((
                ttl.range(),
                "`ttl` is a time like \"30s\", \"10m\", \"24h\" or \"7d\", known at compile time".to_owned(),
            )),
        }
    }
    if let Some(key) = property(cache, "key").map(constant) {
        match text(key) {
            Some(key) => {
                let all = into.key.get_or_insert_default();
                if !all.is_empty() {
                    all.push('\n');
                }
                all.push_str(&key);
            }
            None => faults.push((key.range(), "`key` is a text that is known at compile time".to_owned())),
        }
    }
    faults
}

/// What a name of a constant of the file stands for; anything else is itself.
fn constant(node: Node<'_>) -> Node<'_> {
    let node = ast::bare(node);
    if node.is(Kind::Identifier) { file_constant(node).map_or(node, ast::bare) } else { node }
}

fn property<'t>(object: Node<'t>, name: &str) -> Option<Node<'t>> {
    object.named_children().filter(|child| child.is(Kind::Pair)).find_map(|pair| {
        let key = pair.field(Field::Key)?;
        let is_meant = match key.kind() {
            Kind::String => ast::string_value(key) == name,
            _ => key.text() == name,
        };
        is_meant.then(|| pair.field(Field::Value)).flatten()
    })
}

fn text(node: Node<'_>) -> Option<String> {
    let is_text = node.is(Kind::String)
        || node.is(Kind::TemplateString) && !node.named_children().any(|part| part.is(Kind::TemplateSubstitution));
    is_text.then(|| ast::string_value(node))
}

fn duration(node: Node<'_>) -> Option<Duration> {
    parse(&text(node)?)
}

fn parse(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|ch: char| ch.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        assert_eq!(parse("24h").map(|time| time.as_secs()), Some(86_400));
        assert_eq!(parse("0s").map(|time| time.as_secs()), Some(0));
        for wrong in ["", "h", "24", "1.5h", "-1h", "1 h", "1y", "99999999999999999999w"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
