//! Postfix snippets: `x.if` becomes `if (x) { … }`.
//!
//! Looks at the text before the dot only, since what is being typed rarely parses.

use crate::base::TextRange;
use crate::engine::CompletionKind;
use crate::text::TextEdit;

use super::complete::Completion;

/// Where a snippet makes sense.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Statement,
    Expression,
}

/// Name, form (`{}` is the expression), where, and what a list says beside it.
const SNIPPETS: &[(&str, &str, Place, &str)] = &[
    ("if", "if ({}) {\n\t$0\n}", Place::Statement, "if (…) {}"),
    ("else", "if (!{}) {\n\t$0\n}", Place::Statement, "if (!…) {}"),
    ("null", "if ({} == null) {\n\t$0\n}", Place::Statement, "if (… == null) {}"),
    ("notnull", "if ({} != null) {\n\t$0\n}", Place::Statement, "if (… != null) {}"),
    ("for", "for (const ${1:item} of {}) {\n\t$0\n}", Place::Statement, "for (const item of …) {}"),
    ("forin", "for (const ${1:key} in {}) {\n\t$0\n}", Place::Statement, "for (const key in …) {}"),
    ("while", "while ({}) {\n\t$0\n}", Place::Statement, "while (…) {}"),
    ("match", "switch ({}) {\n\tcase ${1:value}:\n\t\t$0\n\t\tbreak;\n}", Place::Statement, "switch (…) {}"),
    ("const", "const ${1:name} = {};$0", Place::Statement, "const name = …"),
    ("let", "let ${1:name} = {};$0", Place::Statement, "let name = …"),
    ("return", "return {};$0", Place::Statement, "return …"),
    ("throw", "throw {};$0", Place::Statement, "throw …"),
    ("log", "console.log({})$0", Place::Expression, "console.log(…)"),
    ("not", "!{}$0", Place::Expression, "!…"),
    ("await", "await {}$0", Place::Expression, "await …"),
    ("typeof", "typeof {}$0", Place::Expression, "typeof …"),
    ("new", "new {}($0)", Place::Expression, "new …()"),
    ("par", "({})$0", Place::Expression, "(…)"),
];

/// The snippets for the expression before the dot before `word`.
pub fn snippets(text: &str, word: TextRange) -> Vec<Completion> {
    let before = &text[..word.start as usize];
    let Some(head) = before.strip_suffix('.') else { return Vec::new() };
    if head.ends_with(['?', '.']) {
        return Vec::new();
    }
    let start = expression_start(head);
    let expression = &head[start..];
    if expression.is_empty() || expression.starts_with(|ch: char| ch.is_ascii_digit()) || expression.contains('\n') {
        return Vec::new();
    }
    let above = head[..start].trim_end_matches([' ', '\t']);
    let is_statement = above.is_empty() || above.ends_with(['\n', ';', '{', '}']);
    let receiver = TextRange::new(start as u32, word.start);
    let quoted = expression.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}");
    let apt = SNIPPETS.iter().filter(|(_, _, place, _)| is_statement || *place == Place::Expression);
    apt.map(|(name, form, _, shown)| Completion {
        label: (*name).to_owned(),
        kind: CompletionKind::Snippet,
        insert: form.replace("{}", &quoted),
        is_snippet: true,
        filter: Some((*name).to_owned()),
        // Behind the members themselves.
        sort: format!("17 {name}"),
        label_detail: Some((*shown).to_owned()),
        replace: word,
        deprecated: false,
        token: None,
        edits: vec![TextEdit { range: receiver, text: String::new() }],
    })
    .collect()
}

/// Where the chain of members, calls and indices that ends the text begins.
pub(super) fn expression_start(text: &str) -> usize {
    let mut start = text.len();
    let mut depth = 0u32;
    let mut quote: Option<char> = None;
    for (at, ch) in text.char_indices().rev() {
        if let Some(open) = quote {
            if ch == open && !text[..at].ends_with('\\') {
                quote = None;
                start = at;
            }
            continue;
        }
        match ch {
            '"' | '\'' | '`' => quote = Some(ch),
            ')' | ']' => depth += 1,
            '(' | '[' => {
                let Some(less) = depth.checked_sub(1) else { return start };
                depth = less;
            }
            _ if depth > 0 => {}
            '.' | '?' | '!' | '_' | '$' | '#' | '@' => {}
            ch if ch.is_alphanumeric() => {}
            _ => return start,
        }
        start = at;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_before_a_dot_is_a_whole_chain() {
        let of = |text: &str| text[expression_start(text)..].to_owned();
        assert_eq!(of("a = b.c(1, (2))[3]"), "b.c(1, (2))[3]");
        assert_eq!(of("f(x"), "x");
        assert_eq!(of("x + 'a b'"), "'a b'");
        assert_eq!(of("{ a?.b!"), "a?.b!");
    }

    #[test]
    fn statements_are_made_of_statements_only() {
        let names = |text: &str| {
            let word = TextRange::empty(text.len() as u32);
            snippets(text, word).into_iter().map(|one| one.label).collect::<Vec<_>>()
        };
        assert!(names("a;\n  x.").contains(&"if".to_owned()));
        let inner = names("f(x.");
        assert!(inner.contains(&"not".to_owned()) && !inner.contains(&"if".to_owned()));
        assert_eq!(names("1."), [""; 0]);
        assert_eq!(names("..."), [""; 0]);
    }
}
