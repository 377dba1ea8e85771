//! Rename: one name everywhere, and whatever macros named after it.
//!
//! Edits fall into text that a person wrote, never into generated text: that is generated anew. A
//! name that a macro put together from a person's (`get_x` from `x`) follows where the map says
//! so; where a macro's code computed it, the rename is refused and says why.
//!
//! Start reading at [`rename`], then [`Plan::apply`].

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{Change, Place, Renamable};
use crate::expand::{CallState, Expanded, Origin};
use crate::project::locate::{Behind, Side, engine_places, locate};
use crate::project::{Loaded, Snapshot};
use crate::std_lib;
use crate::text::TextEdit;

use super::generated::source_range;
use super::{IdeError, IdeResult, rename_collision};

/// Names that follow one rename: more are no longer what a person means by one name.
const MOST_NAMES: usize = 512;

/// The edits of one file, in text order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEdits {
    pub file: FilePath,
    pub edits: Vec<TextEdit>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub range: TextRange,
    pub name: String,
}

/// What would be renamed; a refusal says why nothing can be.
pub fn prepare(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Prepared> {
    let loaded = snap.program_for(file, cancel)?;
    let asked = ask(&loaded, file, offset, cancel)?;
    named_by(&loaded, &asked, cancel)?;
    Ok(Prepared { range: asked.range, name: asked.name })
}

pub fn rename(
    snap: &Snapshot,
    file: &FilePath,
    offset: u32,
    new_name: &str,
    cancel: &Cancel,
) -> IdeResult<Vec<FileEdits>> {
    let new_name = new_name.trim();
    if !is_name(new_name) {
        return Err(refused(format!("`{new_name}` is not a name")));
    }
    let mut plan = Plan::default();
    for loaded in snap.programs_with(file, cancel)? {
        let asked = match ask(&loaded, file, offset, cancel) {
            Ok(asked) => asked,
            // Another project may hold the file and not understand it; the first one rules it.
            Err(IdeError::Refused(_)) if !plan.edits.is_empty() => continue,
            Err(error) => return Err(error),
        };
        if asked.name == new_name {
            return Ok(Vec::new());
        }
        let start = match named_by(&loaded, &asked, cancel)? {
            None => Rename { path: asked.path.clone(), at: asked.at, new_name: new_name.to_owned() },
            Some(named) => named.rename(&asked.name, new_name)?,
        };
        plan.old_name = asked.name;
        plan.apply(&loaded, start, cancel)?;
        plan.refuse_stale(&loaded)?;
    }
    let edits = plan.finish(snap)?;
    refuse_collisions(snap, &edits, new_name)?;
    Ok(edits)
}

/// A rename that would make two things one, or lead a use to another thing, does nothing and says where.
fn refuse_collisions(snap: &Snapshot, edits: &[FileEdits], new_name: &str) -> IdeResult<()> {
    for FileEdits { file, edits } in edits {
        let (Some(syntax), Some(text)) = (snap.syntax(file), snap.text(file)) else { continue };
        if let Some(taken) = rename_collision::find(&syntax, edits, new_name) {
            let line = text.lines().line_of(taken.range.start) + 1;
            return Err(refused(format!("`{new_name}` {} ({}:{line})", taken.why, file.name())));
        }
    }
    Ok(())
}

fn refused(why: String) -> IdeError {
    IdeError::Refused(why)
}

fn is_name(text: &str) -> bool {
    let mut chars = text.strip_prefix('#').unwrap_or(text).chars();
    let is_start = |ch: char| ch.is_alphabetic() || matches!(ch, '_' | '$');
    chars.next().is_some_and(is_start) && chars.all(|ch| is_start(ch) || ch.is_numeric())
}

/// What stands at the cursor, for the engine.
struct Asked {
    path: FilePath,
    at: u32,
    /// In the source.
    range: TextRange,
    name: String,
}

fn ask(loaded: &Loaded, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Asked> {
    let (path, places) = engine_places(&loaded.snap, file, offset, Side::At);
    let mut why = "there is no name here".to_owned();
    if !loaded.program.contains(&path) {
        return Err(refused(why));
    }
    for at in places {
        cancel.check()?;
        match loaded.program.can_rename(&path, at, cancel)? {
            Renamable::No(reason) => why = reason,
            Renamable::Yes { range, name } => {
                if let Some(range) = source_range(&loaded.snap, &path, range) {
                    return Ok(Asked { path, at, range, name });
                }
            }
        }
    }
    Err(refused(why))
}

/// The name of a generated declaration, put together from a person's own and a quote's words.
struct NamedBy {
    shown: String,
    path: FilePath,
    prefix: String,
    /// The person's part: where the engine sees the declaration of that name.
    at: u32,
    part: String,
    suffix: String,
}

impl NamedBy {
    fn rename(&self, old: &str, new_name: &str) -> IdeResult<Rename> {
        let part = new_name.strip_prefix(&self.prefix).and_then(|rest| rest.strip_suffix(&self.suffix));
        match part.filter(|part| is_name(part)) {
            Some(part) => Ok(Rename { path: self.path.clone(), at: self.at, new_name: part.to_owned() }),
            None => Err(refused(format!(
                "`{old}` is named by `@{}` after `{}`: a new name must have the form `{}…{}`",
                self.shown, self.part, self.prefix, self.suffix
            ))),
        }
    }
}

/// Where the thing at the cursor is declared in generated code only: how its name was made. `None`
/// where a person declared it; a refusal where its name is nobody's to change here.
fn named_by(loaded: &Loaded, asked: &Asked, cancel: &Cancel) -> IdeResult<Option<NamedBy>> {
    let snap = &loaded.snap;
    let targets = loaded.program.definition(&asked.path, asked.at, cancel)?.targets;
    let mut generated = None;
    for place in &targets {
        let located = locate(snap, &place.file, place.range);
        if is_foreign(&located.file) {
            return Err(refused(format!("`{}` is declared in {}", asked.name, shown_file(&located.file))));
        }
        match (located.behind, located.expanded) {
            (Behind::Source(_), _) => return Ok(None),
            (Behind::Generated { call, written, .. }, Some(expanded)) => {
                generated.get_or_insert((place.clone(), call, written, expanded));
            }
            _ => {}
        }
    }
    let Some((place, call, written, expanded)) = generated else { return Ok(None) };
    let Some(site) = expanded.calls.get(call as usize) else { return Ok(None) };
    let shown = site.shown.clone();
    let place_of_macro = written.as_ref().map(|(module, range)| shown_place(snap, module, *range));
    let by = place_of_macro.map_or_else(String::new, |place| format!(" ({place})"));
    match parts(&expanded, place.range) {
        Parts::One { prefix, source, suffix } => {
            let text = snap.text(&located_file(snap, &place));
            let part = text.as_ref().map_or_else(String::new, |text| source.of(text.as_str()).to_owned());
            let own = expanded.map.down_range(source).find(|range| {
                matches!(
                    expanded.map.segment_at(range.start).map(|segment| &segment.origin),
                    Some(Origin::Verbatim { .. })
                )
            });
            match own {
                Some(own) => Ok(Some(NamedBy { shown, path: place.file, prefix, at: own.start, part, suffix })),
                None => Err(refused(format!("`{}` is named by `@{shown}`{by}", asked.name))),
            }
        }
        Parts::Quoted => Err(refused(format!(
            "`{}` is written in the macro `{shown}`{by}: it can be renamed there only",
            asked.name
        ))),
        Parts::Computed => {
            Err(refused(format!("the macro `{shown}` computes the name `{}`{by}: it cannot be led back", asked.name)))
        }
    }
}

fn located_file(snap: &Snapshot, place: &Place) -> FilePath {
    locate(snap, &place.file, place.range).file
}

enum Parts {
    /// Quoted words around one copied name.
    One {
        prefix: String,
        source: TextRange,
        suffix: String,
    },
    Quoted,
    Computed,
}

/// What a generated name is made of.
fn parts(expanded: &Expanded, name: TextRange) -> Parts {
    let text = expanded.text.as_str();
    let mut copied = None;
    let (mut prefix, mut suffix) = (String::new(), String::new());
    let mut at = name.start;
    while at < name.end {
        let Some(segment) = expanded.map.segment_at(at) else { return Parts::Computed };
        let end = segment.expanded.end.min(name.end).max(at + 1);
        let part = TextRange::new(at, end).of(text);
        match &segment.origin {
            Origin::Copied { source, .. } if copied.is_none() => {
                let start = source.start + (at - segment.expanded.start);
                copied = Some(TextRange::new(start, start + (end - at)));
            }
            Origin::Quoted { .. } if copied.is_none() => prefix.push_str(part),
            Origin::Quoted { .. } => suffix.push_str(part),
            _ => return Parts::Computed,
        }
        at = end;
    }
    match copied {
        Some(source) => Parts::One { prefix, source, suffix },
        None => Parts::Quoted,
    }
}

/// One name to change, in engine coordinates.
struct Rename {
    path: FilePath,
    at: u32,
    new_name: String,
}

#[derive(Default)]
struct Plan {
    old_name: String,
    edits: BTreeMap<FilePath, BTreeMap<TextRange, String>>,
    /// Names in the expanded text that are dealt with: file and start.
    done: HashSet<(FilePath, u32)>,
    /// Every name that something in this plan had before.
    old_names: BTreeSet<String>,
}

impl Plan {
    /// Renames one thing, then what macros named after it, and so on.
    fn apply(&mut self, loaded: &Loaded, start: Rename, cancel: &Cancel) -> IdeResult<()> {
        let mut queue = VecDeque::from([start]);
        let mut names = 0;
        while let Some(next) = queue.pop_front() {
            cancel.check()?;
            names += 1;
            if names > MOST_NAMES {
                return Err(refused(format!("macros made more than {MOST_NAMES} names of `{}`", self.old_name)));
            }
            let changes = loaded.program.rename(&next.path, next.at, &next.new_name, cancel)?;
            self.done.insert((next.path.clone(), next.at));
            for change in &changes {
                self.done.insert((change.file.clone(), change.range.start));
            }
            let mut renamed = Vec::new();
            for change in &changes {
                renamed.extend(self.change(loaded, change)?);
            }
            for (file, range) in renamed {
                cancel.check()?;
                self.follow(loaded, &file, range, &next.new_name, &mut queue, cancel)?;
            }
        }
        Ok(())
    }

    /// Takes one change of the engine's; the source range that it renames, where there is one.
    fn change(&mut self, loaded: &Loaded, change: &Change) -> IdeResult<Option<(FilePath, TextRange)>> {
        let snap = &loaded.snap;
        let located = locate(snap, &change.file, change.range);
        let file = located.file;
        match located.behind {
            Behind::Source(range) => {
                if is_foreign(&file) {
                    return Err(refused(format!("`{}` is declared in {}", self.old_name, shown_file(&file))));
                }
                self.edit(&file, range, &change.text);
                Ok(Some((file, range)))
            }
            Behind::StandsFor(_) => Ok(None),
            Behind::Generated { call, copied, written } => {
                let Some(expanded) = located.expanded else { return Ok(None) };
                let Some(site) = expanded.calls.get(call as usize) else { return Ok(None) };
                if let Some(range) = copied {
                    // An argument's own words; a name of the target is generated anew.
                    if site.range.contains_range(range) {
                        self.edit(&file, range, &change.text);
                    }
                    return Ok(None);
                }
                // Named after a person's word, or by the macro's code: from the name as it will be then.
                let (Parts::Quoted, Some((module, range))) = (parts(&expanded, change.range), written) else {
                    return Ok(None);
                };
                let text = expanded.text.as_str();
                let is_member = text[..change.range.start as usize].trim_end().ends_with('.');
                let quoted = snap.text(&module);
                let is_same = quoted.is_some_and(|quoted| {
                    quoted.as_str().get(range.start as usize..range.end as usize) == Some(change.range.of(text))
                });
                if is_member || !is_same || is_foreign(&module) {
                    return Err(refused(format!(
                        "the macro `{}` writes `{}` itself ({}): its output would not follow",
                        site.shown,
                        change.range.of(text),
                        shown_place(snap, &module, range)
                    )));
                }
                self.edit(&module, range, &change.text);
                Ok(None)
            }
        }
    }

    fn edit(&mut self, file: &FilePath, range: TextRange, text: &str) {
        self.edits.entry(file.clone()).or_default().entry(range).or_insert_with(|| text.to_owned());
    }

    /// What macros made of a name that is renamed in the source.
    fn follow(
        &mut self,
        loaded: &Loaded,
        file: &FilePath,
        range: TextRange,
        new_name: &str,
        queue: &mut VecDeque<Rename>,
        cancel: &Cancel,
    ) -> IdeResult<()> {
        if !file.is_metascript() {
            return Ok(());
        }
        let snap = &loaded.snap;
        let (Some(expanded), Some(source)) = (snap.expanded(file), snap.text(file)) else { return Ok(()) };
        let old = range.of(source.as_str());
        self.old_names.insert(old.to_owned());
        let (path, _) = engine_places(snap, file, range.start, Side::At);
        let text = expanded.text.as_str();
        for copy in expanded.map.down_range(range) {
            let is_own = matches!(
                expanded.map.segment_at(copy.start).map(|segment| &segment.origin),
                Some(Origin::Verbatim { .. })
            );
            let word = word_around(text, copy);
            if is_own || self.done.contains(&(path.clone(), word.start)) || is_quoted(text, word) {
                continue;
            }
            self.done.insert((path.clone(), word.start));
            if matches!(loaded.program.can_rename(&path, word.start, cancel)?, Renamable::Yes { .. }) {
                let before = &text[word.start as usize..copy.start as usize];
                let after = &text[copy.end as usize..word.end as usize];
                let new_name = format!("{before}{new_name}{after}");
                queue.push_back(Rename { path: path.clone(), at: word.start, new_name });
            }
        }
        self.refuse_computed(loaded, &path, &expanded, range, old, cancel)
    }

    /// A name that a macro's code computed from the renamed one (`getName` from `name`) changes with it,
    /// in a way that only the macro knows: uses of it in a person's code would be left behind.
    fn refuse_computed(
        &mut self,
        loaded: &Loaded,
        path: &FilePath,
        expanded: &Expanded,
        renamed: TextRange,
        old: &str,
        cancel: &Cancel,
    ) -> IdeResult<()> {
        let text = expanded.text.as_str();
        // The calls that had the name in hand: on whose target it stands.
        let copies: HashSet<u32> = expanded
            .map
            .down_range(renamed)
            .filter_map(|copy| match expanded.map.segment_at(copy.start).map(|segment| &segment.origin) {
                Some(Origin::Copied { call, .. }) => Some(*call),
                _ => None,
            })
            .collect();
        let words = subwords(old);
        let mut looked_at = HashSet::new();
        for segment in expanded.map.segments() {
            let Origin::Computed { call, module, range: splice } = &segment.origin else { continue };
            let computed = segment.expanded.of(text);
            if !copies.contains(call) || computed == old || !holds(&subwords(computed), &words) {
                continue;
            }
            let word = word_around(text, segment.expanded);
            let name = word.of(text);
            if word.is_empty() || is_quoted(text, word) || !looked_at.insert((*call, name.to_owned())) {
                continue;
            }
            cancel.check()?;
            let used = loaded.program.references(path, word.start, true, cancel)?;
            let used = used.iter().find_map(|place| {
                let located = locate(&loaded.snap, &place.file, place.range);
                match located.behind {
                    Behind::Source(range) => Some((located.file, range)),
                    _ => None,
                }
            });
            if let Some((file, range)) = used {
                let shown = expanded.calls.get(*call as usize).map_or("", |site| site.shown.as_str());
                return Err(refused(format!(
                    "the macro `{shown}` computes the name `{name}` from `{old}` ({}), and it is used at {}: rename \
                     that use by hand",
                    shown_place(&loaded.snap, module, *splice),
                    shown_place(&loaded.snap, &file, range)
                )));
            }
        }
        Ok(())
    }

    /// Edits by an old form of generated code would miss uses.
    fn refuse_stale(&self, loaded: &Loaded) -> IdeResult<()> {
        for path in loaded.program.files() {
            let file = locate(&loaded.snap, &path, TextRange::default()).file;
            if !file.is_metascript() {
                continue;
            }
            let Some(expanded) = loaded.snap.expanded(&file) else { continue };
            let is_stale =
                expanded.calls.iter().any(|call| matches!(call.state, CallState::Missing | CallState::Stale));
            if !is_stale {
                continue;
            }
            let text = loaded.snap.text(&file);
            let names_it = |text: &str| {
                self.edits.contains_key(&file)
                    || text.contains(&self.old_name)
                    || self.old_names.iter().any(|name| text.contains(name))
            };
            if text.is_some_and(|text| names_it(text.as_str())) {
                return Err(refused(format!(
                    "the macros of {} have not run since the last change: try again in a moment",
                    file.name()
                )));
            }
        }
        Ok(())
    }

    fn finish(self, snap: &Snapshot) -> IdeResult<Vec<FileEdits>> {
        let mut out = Vec::new();
        for (file, edits) in self.edits {
            let Some(text) = snap.text(&file) else { continue };
            let mut end = 0;
            let mut list = Vec::new();
            for (range, new) in edits {
                // An edit within another one says the same in fewer words (`{ x }` to `{ x: y }`).
                if range.start < end || range.of(text.as_str()) == new {
                    continue;
                }
                end = range.end;
                list.push(TextEdit { range, text: new });
            }
            out.push(FileEdits { file, edits: list });
        }
        Ok(out)
    }
}

fn is_word_char(ch: char) -> bool {
    ch.is_alphanumeric() || matches!(ch, '_' | '$' | '#')
}

/// The identifier that a stretch of it stands in.
fn word_around(text: &str, range: TextRange) -> TextRange {
    let start = text[..range.start as usize].trim_end_matches(is_word_char).len();
    let after = &text[range.end as usize..];
    let end = text.len() - after.trim_start_matches(is_word_char).len();
    TextRange::from(start..end)
}

/// Whether a word is all of a string: text, though it may name something.
fn is_quoted(text: &str, word: TextRange) -> bool {
    let before = text[..word.start as usize].chars().next_back();
    before.is_some_and(|ch| matches!(ch, '"' | '\'' | '`'))
}

/// `getUserName` and `get_user_name` as `get`, `user`, `name`.
fn subwords(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    let mut fresh = true;
    for ch in name.chars() {
        if !ch.is_alphanumeric() {
            fresh = true;
            continue;
        }
        if fresh || (was_lower && ch.is_uppercase()) {
            words.push(String::new());
        }
        fresh = false;
        was_lower = ch.is_lowercase() || ch.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(ch.to_lowercase());
        }
    }
    words
}

fn holds(words: &[String], part: &[String]) -> bool {
    !part.is_empty() && words.windows(part.len()).any(|window| window == part)
}

/// Not a person's to edit: the standard library and packages.
fn is_foreign(file: &FilePath) -> bool {
    std_lib::contains(file) || file.as_str().contains("/node_modules/") || file.as_str().starts_with("/^lib")
}

fn shown_file(file: &FilePath) -> String {
    if std_lib::contains(file) {
        return std_lib::specifier(file).map_or_else(|| file.name().to_owned(), |name| format!("`{name}`"));
    }
    match file.as_str().rsplit_once("/node_modules/") {
        Some((_, package)) => format!("the package file {package}"),
        None => file.name().to_owned(),
    }
}

fn shown_place(snap: &Snapshot, file: &FilePath, range: TextRange) -> String {
    let name = std_lib::specifier(file).map_or_else(|| file.name().to_owned(), |name| format!("{name}.ms"));
    match snap.text(file) {
        Some(text) => {
            let at = text.lines().line_col(text.as_str(), range.start, crate::text::Encoding::Utf8);
            format!("{name}:{}:{}", at.line + 1, at.col + 1)
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{holds, is_name, subwords};

    #[test]
    fn names_of_several_words_are_taken_apart() {
        assert_eq!(subwords("getUserName"), ["get", "user", "name"]);
        assert_eq!(subwords("get_user_name2"), ["get", "user", "name2"]);
        assert!(holds(&subwords("getUserName"), &subwords("userName")));
        assert!(holds(&subwords("USER_NAME"), &["user".into(), "name".into()]));
        assert!(!holds(&subwords("describe"), &subwords("e")));
    }

    #[test]
    fn names_are_told_from_other_words() {
        assert!(is_name("a") && is_name("_1") && is_name("#private") && is_name("größe"));
        assert!(!is_name("") && !is_name("1a") && !is_name("a b") && !is_name("a-b"));
    }
}
