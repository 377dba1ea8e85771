//! Completion: the engine's list over the live text with the last known expansions, and what only
//! macros need (names after `@`).

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::{Cancel, Digest, FilePath, Recipe, TextRange};
use crate::engine::{CompletionItem, CompletionKind};
use crate::expand::CallState;
use crate::project::answers::{AnswerKind, Recheck};
use crate::project::locate::{Side, engine_places};
use crate::project::{Loaded, Snapshot};
use crate::syntax::{Context, Field, SyntaxFile, context};
use crate::text::{SourceText, TextEdit};

use super::generated::source_range;
use super::{IdeResult, auto_import, keywords, postfix, rank, receiver, signature};

/// What a token begins with that names an import: a module's specifier and a name follow.
const IMPORT: &str = "\u{1}import\n";

/// Names of other modules in one list; the list says that it is incomplete where there are more.
const MOST_IMPORTS: usize = 100;

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
    /// Edits elsewhere in the file that belong to it: an import, what a postfix takes away.
    pub edits: Vec<TextEdit>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    pub items: Vec<Completion>,
    /// Ask again after the next character: something was stale or cut off.
    pub is_incomplete: bool,
    /// Rows answered since the engine had not loaded yet.
    pub is_from_rows: bool,
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
    let key = key_of_question(snap, file, offset, trigger);
    if let Some(known) = snap.shared().answers.get::<Completions>(AnswerKind::List, key) {
        return Ok(Completions::clone(&known));
    }
    let list = find(snap, file, offset, trigger, cancel)?;
    // What rows said holds until the engine is there, which changes no revision.
    if !list.is_from_rows {
        snap.shared().answers.put(AnswerKind::List, key, Arc::new(list.clone()), size(&list));
    }
    Ok(list)
}

/// Members of an imported type, from rows, while the engine is not there yet.
fn stored_members(snap: &Snapshot, file: &FilePath, text: &str, word: TextRange) -> Option<Completions> {
    let receiver = receiver::expression(text, word).filter(|_| !snap.has_program(file))?;
    let syntax = snap.syntax(file)?;
    let (specifier, name, of) = receiver::imported_type(&syntax, receiver)?;
    let module = snap.module(file, &specifier)?;
    let items = snap.members(&module, &name, of)?;
    let items = items.into_iter().map(|item| completion(item, word)).collect();
    Some(Completions { items, is_incomplete: true, is_from_rows: true })
}

/// The same question at the same revision has the same answer.
fn key_of_question(snap: &Snapshot, file: &FilePath, offset: u32, trigger: Option<char>) -> Digest {
    let mut key = Recipe::new("completion");
    key.text("file", file.as_str()).bytes("revision", &snap.revision().0.to_le_bytes());
    key.bytes("offset", &offset.to_le_bytes()).bytes("trigger", &trigger.map_or(0, u32::from).to_le_bytes());
    key.finish()
}

/// A list of members depends on less than on the whole revision; see [`receiver`].
fn key_of_members(snap: &Snapshot, file: &FilePath, word: TextRange) -> Option<Digest> {
    let receiver = receiver::digest(&snap.syntax(file)?, word)?;
    let mut key = Recipe::new("members");
    key.text("file", file.as_str()).digest("receiver", receiver);
    key.bytes("around", &snap.revision_around(file).0.to_le_bytes());
    Some(key.finish())
}

/// About what a list takes in memory.
fn size(list: &Completions) -> usize {
    let texts = |item: &Completion| {
        item.label.len() + item.insert.len() + item.sort.len() + item.token.as_ref().map_or(0, String::len)
    };
    list.items.iter().map(|item| size_of::<Completion>() + texts(item)).sum()
}

/// Asks the engine again what was answered from memory since the last edit, so that an answer that is
/// no longer right (its key leaves something out) lives until the next pause and not longer. How many
/// were not right.
pub fn revalidate(snap: &Snapshot, cancel: &Cancel) -> IdeResult<usize> {
    let mut wrong = 0;
    for Recheck { file, offset, key } in snap.shared().answers.rechecks(snap.revision()) {
        let Some(text) = snap.text(&file) else { continue };
        let word = word_at(text.as_str(), offset);
        let loaded = snap.program_for(&file, cancel)?;
        let Some(known) = snap.shared().answers.peek::<Completions>(AnswerKind::List, key) else { continue };
        let found = ask(&loaded, &file, offset, None, word, cancel)?;
        let now = found.filter(|found| found.is_member).map(|found| found.list);
        let is_same = now.as_ref().is_some_and(|now| same_members(now, &known));
        if !is_same {
            wrong += 1;
            let now = now.unwrap_or_default();
            let bytes = size(&now);
            snap.shared().answers.put(AnswerKind::List, key, Arc::new(now), bytes);
        }
    }
    Ok(wrong)
}

/// Where they are inserted differs from place to place.
fn same_members(a: &Completions, b: &Completions) -> bool {
    let same = |(a, b): (&Completion, &Completion)| {
        (&a.label, a.kind, &a.insert, &a.sort) == (&b.label, b.kind, &b.insert, &b.sort)
    };
    a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(same)
}

fn find(
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
        return macro_names(snap, file, word, cancel);
    }
    if trigger == Some('@') {
        return Ok(Completions::default());
    }
    if file.is_metascript()
        && let Some(items) = macro_argument(snap, file, offset, word)
    {
        return Ok(Completions { items, ..Completions::default() });
    }
    let key = key_of_members(snap, file, word);
    if let Some(key) = key
        && let Some(known) = snap.shared().answers.get::<Completions>(AnswerKind::List, key)
    {
        let recheck = Recheck { file: file.clone(), offset, key };
        snap.shared().answers.recheck(snap.revision(), recheck);
        let mut list = Completions::clone(&known);
        for item in &mut list.items {
            item.replace = word;
        }
        return Ok(members_at(list, &text, &HashSet::new(), word));
    }
    if let Some(list) = stored_members(snap, file, text.as_str(), word) {
        return Ok(members_at(list, &text, &HashSet::new(), word));
    }
    let loaded = snap.program_for(file, cancel)?;
    let Some(found) = ask(&loaded, file, offset, trigger, word, cancel)? else { return Ok(Completions::default()) };
    let mut list = found.list;
    if found.is_member {
        let is_plain = list.items.iter().all(|item| item.replace == word);
        if let Some(key) = key.filter(|_| is_plain) {
            snap.shared().answers.put(AnswerKind::List, key, Arc::new(list.clone()), size(&list));
        }
        return Ok(members_at(list, &text, &found.fitting, word));
    }
    let syntax = snap.syntax(file);
    rank::order(&mut list.items, &found.fitting, text.as_str(), syntax.as_ref(), word);
    if !list.items.is_empty() && trigger.is_none() && is_code(snap, file, offset) {
        if let Some(syntax) = syntax.as_ref().filter(|_| file.is_metascript()) {
            list.items.extend(keywords::at(syntax, word));
        }
        // Without a letter there are too many to send at once; the first letter asks for them.
        let is_cut =
            word.is_empty() || add_imports(&loaded, file, word.of(text.as_str()), word, &mut list.items, cancel)?;
        list.is_incomplete |= is_cut;
    }
    Ok(list)
}

/// A list of members as it is at a place: in the order that is of use there, with what can be done to the receiver.
fn members_at(mut list: Completions, text: &SourceText, fitting: &HashSet<String>, word: TextRange) -> Completions {
    rank::order(&mut list.items, fitting, text.as_str(), None, word);
    list.items.extend(postfix::snippets(text.as_str(), word));
    list
}

/// What the engine knows.
struct Found {
    /// In the engine's order, which is that of the receiver's type and not of the place.
    list: Completions,
    is_member: bool,
    /// Labels of what is of the type that the place asks for.
    fitting: HashSet<String>,
}

/// `None` where the engine does not know the place.
fn ask(
    loaded: &Loaded,
    file: &FilePath,
    offset: u32,
    trigger: Option<char>,
    word: TextRange,
    cancel: &Cancel,
) -> IdeResult<Option<Found>> {
    let snap = &loaded.snap;
    let (path, places) = engine_places(snap, file, offset, Side::Before);
    let Some(&at) = places.first() else { return Ok(None) };
    if !loaded.program.contains(&path) {
        return Ok(None);
    }
    let list = loaded.program.completion(&path, at, trigger, cancel)?;
    let is_stale = snap.expanded(file).filter(|_| file.is_metascript()).is_some_and(|expanded| {
        expanded.calls.iter().any(|call| matches!(call.state, CallState::Missing | CallState::Stale))
    });
    let fitting = list.items.iter().filter(|item| item.fits).map(|item| item.label.clone()).collect();
    let items: Vec<Completion> = list
        .items
        .into_iter()
        .filter(|item| !item.label.starts_with("__ms_"))
        .map(|item| {
            let replace = item.replace.and_then(|range| source_range(snap, &path, range)).unwrap_or(word);
            completion(item, replace)
        })
        .collect();
    let is_incomplete = list.is_incomplete || is_stale;
    let found = Completions { items, is_incomplete, is_from_rows: false };
    Ok(Some(Found { list: found, is_member: list.is_member, fitting }))
}

/// The engine's item for the live text.
fn completion(item: CompletionItem, replace: TextRange) -> Completion {
    let label = item.label;
    Completion {
        insert: item.insert.unwrap_or_else(|| label.clone()),
        kind: item.kind,
        is_snippet: item.is_snippet,
        // The engine's group: `rank` puts the place's own order behind it.
        sort: format!("{} {label}", item.sort),
        // Clients that are given an edit filter by nothing unless they are told.
        filter: item.filter.or_else(|| Some(label.clone())),
        label_detail: item.label_detail,
        replace,
        deprecated: item.deprecated,
        token: item.token,
        edits: Vec::new(),
        label,
    }
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
    if let Some((specifier, name)) = token.strip_prefix(IMPORT).and_then(|rest| rest.split_once('\n')) {
        let detail = format!("import {{ {name} }} from \"{specifier}\"");
        let edits = auto_import::edits(snap, file, name, specifier);
        return Ok(CompletionDetail { detail: Some(detail), documentation: None, edits });
    }
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
        fits: false,
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

/// Not in a comment or a string.
fn is_macro_name(syntax: &SyntaxFile, offset: u32) -> bool {
    matches!(context::at(syntax, offset), Context::MacroName { .. })
}

fn macro_names(snap: &Snapshot, file: &FilePath, word: TextRange, cancel: &Cancel) -> IdeResult<Completions> {
    let item = |name: String, module: String, is_imported: bool| Completion {
        insert: name.clone(),
        sort: format!("{} {name}", if is_imported { "11" } else { "16" }),
        filter: None,
        kind: CompletionKind::Function,
        is_snippet: false,
        replace: word,
        deprecated: false,
        token: (!is_imported).then(|| format!("{IMPORT}{module}\n{name}")),
        edits: if is_imported { Vec::new() } else { auto_import::edits(snap, file, &name, &module) },
        label_detail: Some(module),
        label: name,
    };
    let known = snap.macros_in_scope(file);
    let mut items: Vec<Completion> =
        known.iter().map(|(name, module)| item(name.clone(), module.clone(), true)).collect();
    // Only a program that is there already: names in scope do not wait for one.
    let loaded = snap.program_for(file, cancel)?;
    for (name, module) in auto_import::importable_macros(&loaded, file, cancel)? {
        if !known.iter().any(|(other, _)| *other == name) {
            items.push(item(name, module, false));
        }
    }
    Ok(Completions { items, ..Completions::default() })
}

/// What a macro takes at the cursor, where it takes a name and its documentation lists them as
/// "- `Name`: …".
fn macro_argument(snap: &Snapshot, file: &FilePath, offset: u32, word: TextRange) -> Option<Vec<Completion>> {
    let (name, index) = signature::macro_call(snap, file, offset)?;
    let found = snap.macro_named(file, &name)?;
    let syntax = snap.syntax(&found.module)?;
    let declaration = signature::declaration(syntax.root(), &found.name)?;
    let parameters: Vec<_> = declaration.field(Field::Parameters)?.named_children().skip(1).collect();
    let parameter = parameters.get(index as usize).or(parameters.last())?;
    let takes_a_name = parameter.text().contains("Name");
    if !takes_a_name || (index as usize >= parameters.len() && !parameter.text().starts_with("...")) {
        return None;
    }
    let documentation = signature::documentation(declaration);
    let listed = documentation.lines().filter_map(|line| line.strip_prefix("- `")?.split_once('`'));
    let items: Vec<Completion> = listed
        .map(|(name, rest)| Completion {
            label: name.to_owned(),
            kind: CompletionKind::Constant,
            insert: name.to_owned(),
            is_snippet: false,
            filter: None,
            sort: format!("11 {name}"),
            label_detail: Some(rest.trim_start_matches(':').trim().to_owned()),
            replace: word,
            deprecated: false,
            token: None,
            edits: Vec::new(),
        })
        .collect();
    (!items.is_empty()).then_some(items)
}

/// Whether names can be written at the cursor.
fn is_code(snap: &Snapshot, file: &FilePath, offset: u32) -> bool {
    snap.syntax(file).is_none_or(|syntax| !matches!(context::at(&syntax, offset), Context::Text))
}

/// Adds what could be imported; whether there is more than a list takes.
fn add_imports(
    loaded: &Loaded,
    file: &FilePath,
    typed: &str,
    word: TextRange,
    items: &mut Vec<Completion>,
    cancel: &Cancel,
) -> IdeResult<bool> {
    let known: HashSet<String> = items.iter().map(|item| item.label.clone()).collect();
    let wanted = |name: &str| auto_import::matches(name, typed) && !known.contains(name) && !name.starts_with("__ms_");
    let found = auto_import::importable(loaded, file, &wanted, cancel)?;
    let is_cut = found.len() > MOST_IMPORTS;
    let syntax = loaded.snap.syntax(file);
    items.extend(found.into_iter().take(MOST_IMPORTS).map(|one| {
        Completion {
            insert: one.name.clone(),
            kind: one.kind,
            is_snippet: false,
            filter: Some(one.name.clone()),
            sort: format!("16 {} {}", one.name, one.specifier),
            edits: syntax
                .as_ref()
                .and_then(|syntax| auto_import::import_edit(syntax, &one.name, &one.specifier))
                .into_iter()
                .collect(),
            token: Some(format!("{IMPORT}{}\n{}", one.specifier, one.name)),
            label_detail: Some(one.specifier),
            replace: word,
            deprecated: false,
            label: one.name,
        }
    }));
    Ok(is_cut)
}
