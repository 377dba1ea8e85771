//! Keywords of Metascript that TypeScript does not have, where they can stand.
//!
//! Invariant: looks at one live tree.

use crate::base::TextRange;
use crate::engine::CompletionKind;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

use super::complete::Completion;
use super::locals;

/// The keywords that can be written in place of `word`.
pub fn at(syntax: &SyntaxFile, word: TextRange) -> Vec<Completion> {
    let Some(node) = syntax.root().covering(word) else { return Vec::new() };
    let around = || std::iter::once(node).chain(node.ancestors());
    let mut out = Vec::new();
    let mut add = |keyword: &str, insert: &str, is_snippet: bool| {
        out.push(Completion {
            label: keyword.to_owned(),
            kind: CompletionKind::Keyword,
            insert: insert.to_owned(),
            is_snippet,
            filter: None,
            sort: format!("15930 {keyword}"),
            label_detail: None,
            replace: word,
            deprecated: false,
            token: None,
            edits: Vec::new(),
        });
    };
    let in_function = around().any(|one| locals::has_body(one.kind()));
    // Functions that macros call write quotes too; who takes a context is one of them.
    let helps_macros = in_function && syntax.text().as_str().contains("MacroContext");
    if helps_macros || around().any(is_compile_time) {
        add("quote", "quote", false);
    }
    if in_function {
        add("defer", "defer", false);
    } else {
        add("macro", "macro ${1:name}(ctx: MacroContext) {\n  $0\n}", true);
    }
    out
}

/// A macro, a compile-time block.
fn is_compile_time(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::MacroDeclaration => true,
        Kind::MacroInvocation => node.field(Field::Name).and_then(ast::dotted_name).as_deref() == Some("comptime"),
        _ => false,
    }
}
