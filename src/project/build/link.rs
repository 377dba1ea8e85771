//! Specifiers of a module's text, led to where the modules they name will be after a build.
//!
//! `./user` and `./user.ms` become `./user.js`, which Node and browsers take as it is; the standard
//! library is named by a relative path. The engine is shown the linked text, so that scripts and
//! declarations come out linked, and their maps lead back through [`Linked::unlinked`].
//!
//! Invariant: nothing but the specifiers changes (and what imports of JSON need), and lines stay.

use crate::base::TextRange;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

/// A text with its specifiers led on.
#[derive(Clone, Debug, Default)]
pub(super) struct Linked {
    pub text: String,
    /// What was replaced in the text before, in order, with the new length.
    edits: Vec<(TextRange, u32)>,
}

impl Linked {
    pub fn untouched(text: &str) -> Linked {
        Linked { text: text.to_owned(), edits: Vec::new() }
    }

    /// What was replaced, as ranges of the text before, in order.
    pub fn edits(&self) -> impl Iterator<Item = TextRange> + '_ {
        self.edits.iter().map(|(range, _)| *range)
    }

    /// Where a range of the text before stands now; one that ends within a replaced part takes all of it.
    pub fn linked(&self, range: TextRange) -> TextRange {
        let mut shift = 0i64;
        let mut shifts = (0, 0);
        for (edit, new_len) in &self.edits {
            shift += i64::from(*new_len) - i64::from(edit.len());
            if edit.end <= range.start {
                shifts.0 = shift;
            }
            if edit.end <= range.end {
                shifts.1 = shift;
            }
        }
        TextRange::new((i64::from(range.start) + shifts.0) as u32, (i64::from(range.end) + shifts.1) as u32)
    }

    /// The offset before linking.
    pub fn unlinked(&self, offset: u32) -> u32 {
        let mut shift = 0i64;
        for (range, new_len) in &self.edits {
            let start = (i64::from(range.start) + shift) as u32;
            if offset < start {
                break;
            }
            if offset < start + new_len {
                return (range.start + (offset - start)).min(range.end);
            }
            shift += i64::from(*new_len) - i64::from(range.len());
        }
        (i64::from(offset) - shift) as u32
    }
}

/// `target` answers with the new specifier; `None` leaves one as it is. Of `left_out` nothing but line
/// ends stays.
pub(super) fn link(syntax: &SyntaxFile, left_out: &[TextRange], target: &dyn Fn(&str) -> Option<String>) -> Linked {
    let text = syntax.text().as_str();
    let lines = |range: &TextRange| text[range.start as usize..range.end as usize].matches('\n').count();
    let mut edits: Vec<(TextRange, String)> =
        left_out.iter().map(|range| (*range, "\n".repeat(lines(range)))).collect();
    syntax.root().walk(|node| {
        let specifier = match node.kind() {
            Kind::ImportStatement | Kind::ExportStatement => node.field(Field::Source),
            Kind::String => ast::is_dynamic_import(node).then_some(node),
            _ => None,
        };
        let Some(specifier) = specifier else { return true };
        let written = ast::string_value(specifier);
        if let Some(new) = target(&written) {
            let is_json = new.ends_with(".json");
            let mut new = format!("\"{}\"", new.replace('\\', "\\\\").replace('"', "\\\""));
            if is_json {
                new += json_attribute(node);
            }
            edits.push((specifier.range(), new));
        }
        node.is(Kind::ExportStatement)
    });
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Linked::default();
    let mut at = 0;
    for (range, new) in edits {
        out.text += &text[at as usize..range.start as usize];
        out.text += &new;
        at = range.end;
        out.edits.push((range, new.len() as u32));
    }
    out.text += &text[at as usize..];
    out
}

/// What Node wants to read after the specifier of a JSON module.
fn json_attribute(node: Node<'_>) -> &'static str {
    let text = node.text();
    match node.kind() {
        Kind::String => match node.next_sibling() {
            // A type, or one that says it already.
            Some(next) if next.is_token(",") => "",
            _ if node.ancestors().any(|parent| parent.is(Kind::CallExpression)) => ", { with: { type: \"json\" } }",
            _ => "",
        },
        _ if ast::is_type_only(node) || text.contains("type: \"json\"") || text.contains("type: 'json'") => "",
        _ => " with { type: \"json\" }",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceText;

    #[test]
    fn specifiers_lead_to_outputs_and_offsets_back() {
        let source = "import a from './a';\nimport { type T } from \"./long.ms\";\nexport * from './b'; await import('./c');\n\
                      let t: import('./d').T; // './a'\nimport j from './j.json';\nimport k from 'k';\n";
        let syntax = SyntaxFile::parse(SourceText::new(source));
        let linked = link(&syntax, &[], &|specifier| {
            let stem = specifier.strip_prefix("./")?;
            Some(if stem.ends_with(".json") {
                specifier.to_owned()
            } else {
                format!("./{}.js", stem.trim_end_matches(".ms"))
            })
        });
        assert_eq!(
            linked.text,
            "import a from \"./a.js\";\nimport { type T } from \"./long.js\";\nexport * from \"./b.js\"; await import(\"./c.js\");\n\
             let t: import(\"./d.js\").T; // './a'\nimport j from \"./j.json\" with { type: \"json\" };\nimport k from 'k';\n"
        );
        for needle in ["import a", "type T", "export *", "await", "let t", "// './a'", "import k"] {
            let after = linked.text.find(needle).expect("it is there") as u32;
            assert_eq!(linked.unlinked(after), source.find(needle).expect("it is there") as u32, "{needle}");
        }
    }
}
