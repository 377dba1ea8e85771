//! Completion: the engine's list over the live text with the last known expansions, and what only
//! macros need (names after `@`).

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{CompletionItem, CompletionKind};
use crate::expand::CallState;
use crate::project::Snapshot;
use crate::project::locate::{Side, engine_places};
use crate::syntax::{Context, SyntaxFile, context};
use crate::text::TextEdit;

use super::IdeResult;
use super::generated::source_range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub label: String,
    pub kind: CompletionKind,
    pub insert: String,
    pub is_snippet: bool,
    pub filter: Option<String>,
    pub sort: String,
    /// Shown after the label: the module of an auto-import, a signature.
    pub label_detail: Option<String>,
    /// What the insertion replaces in the live text.
    pub replace: TextRange,
    pub deprecated: bool,
    /// Goes back to [`resolve`]; opaque.
    pub token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    pub items: Vec<Completion>,
    /// Ask again after the next character: something was stale or cut off.
    pub is_incomplete: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompletionDetail {
    pub detail: Option<String>,
    /// Markdown.
    pub documentation: Option<String>,
    /// Edits elsewhere in the same file.
    pub edits: Vec<TextEdit>,
}

pub fn complete(
    snap: &Snapshot,
    file: &FilePath,
    offset: u32,
    trigger: Option<char>,
    cancel: &Cancel,
) -> IdeResult<Completions> {
    let Some(text) = snap.text(file) else { return Ok(Completions::default()) };
    let word = word_at(text.as_str(), offset);
    let is_after_at = text.as_str()[..word.start as usize].ends_with('@');
    if is_after_at && file.is_metascript() && snap.syntax(file).is_none_or(|syntax| is_macro_name(&syntax, offset)) {
        return Ok(macro_names(snap, file, word));
    }
    if trigger == Some('@') {
        return Ok(Completions::default());
    }
    let loaded = snap.program_for(file, cancel)?;
    let snap = &loaded.snap;
    let (path, places) = engine_places(snap, file, offset, Side::Before);
    let Some(&at) = places.first() else { return Ok(Completions::default()) };
    if !loaded.program.contains(&path) {
        return Ok(Completions::default());
    }
    let list = loaded.program.completion(&path, at, trigger, cancel)?;
    let is_stale = snap.expanded(file).filter(|_| file.is_metascript()).is_some_and(|expanded| {
        expanded.calls.iter().any(|call| matches!(call.state, CallState::Missing | CallState::Stale))
    });
    let items = list
        .items
        .into_iter()
        .filter(|item| !item.label.starts_with("__ms_"))
        .map(|item| {
            let label = item.label.clone();
            let replace = item.replace.and_then(|range| source_range(snap, &path, range)).unwrap_or(word);
            Completion {
                insert: item.insert.unwrap_or_else(|| item.label.clone()),
                label: item.label.clone(),
                kind: item.kind,
                is_snippet: item.is_snippet,
                // Clients that sort by this alone (Neovim) would show equals in any order.
                sort: format!("{} {label}", item.sort),
                // Clients that are given an edit filter by nothing unless they are told.
                filter: item.filter.or(Some(label)),
                label_detail: item.label_detail,
                replace,
                deprecated: item.deprecated,
                token: item.token,
            }
        })
        .collect();
    Ok(Completions { items, is_incomplete: list.is_incomplete || is_stale })
}

/// More about one item of a list that `complete` gave for `file` and `offset`.
pub fn resolve(
    snap: &Snapshot,
    file: &FilePath,
    offset: u32,
    label: &str,
    token: &str,
    cancel: &Cancel,
) -> IdeResult<CompletionDetail> {
    let loaded = snap.program_for(file, cancel)?;
    let snap = &loaded.snap;
    let (path, places) = engine_places(snap, file, offset, Side::Before);
    let (Some(&at), true) = (places.first(), loaded.program.contains(&path)) else {
        return Ok(CompletionDetail::default());
    };
    let item = CompletionItem {
        label: label.to_owned(),
        kind: CompletionKind::Text,
        insert: None,
        is_snippet: false,
        filter: None,
        sort: String::new(),
        label_detail: None,
        replace: None,
        optional: false,
        deprecated: false,
        token: Some(token.to_owned()),
    };
    let detail = loaded.program.resolve_completion(&path, at, &item, cancel)?;
    // An edit that has no place in the source would land in generated text: dropped whole, since
    // half of an import helps nobody.
    let edits: Option<Vec<TextEdit>> = detail
        .edits
        .into_iter()
        .map(|(range, text)| Some(TextEdit { range: source_range(snap, &path, range)?, text }))
        .collect();
    Ok(CompletionDetail {
        detail: detail.detail,
        documentation: detail.documentation,
        edits: edits.unwrap_or_default(),
    })
}

/// The identifier around or before the cursor, up to the cursor.
fn word_at(text: &str, offset: u32) -> TextRange {
    let before = &text[..offset as usize];
    let word = before.rfind(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == '$'));
    let start = word.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    TextRange::new(start as u32, offset)
}

/// The macros in scope, after `@`.
/// Not in a comment or a string.
fn is_macro_name(syntax: &SyntaxFile, offset: u32) -> bool {
    matches!(context::at(syntax, offset), Context::MacroName { .. })
}

fn macro_names(snap: &Snapshot, file: &FilePath, word: TextRange) -> Completions {
    let items = snap
        .macros_in_scope(file)
        .into_iter()
        .map(|(name, module)| Completion {
            insert: name.clone(),
            sort: name.clone(),
            label: name,
            kind: CompletionKind::Function,
            is_snippet: false,
            filter: None,
            label_detail: Some(module),
            replace: word,
            deprecated: false,
            token: None,
        })
        .collect();
    Completions { items, is_incomplete: false }
}
