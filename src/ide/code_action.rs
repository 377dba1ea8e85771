//! Code actions: what mends a finding, what orders imports, what turns a macro's use into code.
//!
//! Invariant: an action edits text that a person wrote, all of it or not at all: one with an edit
//! that would fall into generated text is not offered. A file whose macros have not run since its
//! last change gets none, since their edits could be wrong.
//!
//! Start reading at [`actions`]; quick fixes by the words of a finding are in `quick_fix`.

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{Change, Organize};
use crate::expand::{CallKind, CallSite, CallState, Expanded, Origin};
use crate::project::locate::{Behind, Side, engine_places, locate};
use crate::project::{Loaded, Snapshot};
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::{SourceText, TextEdit};

use super::rename::FileEdits;
use super::{IdeResult, auto_import, quick_fix, refactor};

/// A finding that the editor shows at the asked place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub range: TextRange,
    /// As shown: `TS2304`, `MS2001`.
    pub code: String,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    QuickFix,
    RefactorInline,
    RefactorExtract,
    RefactorRewrite,
    OrganizeImports,
    RemoveUnusedImports,
    SortImports,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    pub kind: ActionKind,
    /// Index of the finding that it mends.
    pub mends: Option<usize>,
    pub is_preferred: bool,
    /// `None`: [`resolve`] makes them.
    pub edits: Option<Vec<FileEdits>>,
}

/// What can be done at `range`. `wanted` says which kinds the editor asks for; what costs more than a
/// glance comes without its edits.
pub fn actions(
    snap: &Snapshot,
    file: &FilePath,
    range: TextRange,
    findings: &[Finding],
    wanted: &dyn Fn(ActionKind) -> bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Action>> {
    let loaded = snap.program_for(file, cancel)?;
    let mut out = Vec::new();
    if is_stale(&loaded, file) {
        return Ok(out);
    }
    if wanted(ActionKind::QuickFix) {
        for (index, finding) in findings.iter().enumerate() {
            cancel.check()?;
            for (title, edits) in fixes(&loaded, file, finding, cancel)? {
                let is_same = |one: &Action| one.title == title && one.edits.as_ref() == Some(&edits);
                if !out.iter().any(is_same) {
                    out.push(Action {
                        title,
                        kind: ActionKind::QuickFix,
                        mends: Some(index),
                        is_preferred: false,
                        edits: Some(edits),
                    });
                }
            }
        }
        // A finding with one way out: the editor may take it without asking.
        for index in 0..findings.len() {
            let mut ways = out.iter_mut().filter(|one| one.mends == Some(index));
            if let (Some(only), None) = (ways.next(), ways.next()) {
                only.is_preferred = true;
            }
        }
    }
    if wanted(ActionKind::RefactorInline)
        && let Some((title, edits)) = inline_expansion(&loaded, file, range)
    {
        out.push(refactoring(title, ActionKind::RefactorInline, file, edits));
    }
    if wanted(ActionKind::RefactorExtract)
        && let Some((title, edits)) = extract_constant(snap, file, range)
    {
        out.push(refactoring(title, ActionKind::RefactorExtract, file, edits));
    }
    for one in refactor::refactorings(snap, file, range, wanted, cancel)? {
        out.push(refactoring(one.title, one.kind, file, one.edits));
    }
    for kind in [ActionKind::OrganizeImports, ActionKind::RemoveUnusedImports, ActionKind::SortImports] {
        if wanted(kind) {
            let title = match kind {
                ActionKind::RemoveUnusedImports => "Remove unused imports",
                ActionKind::SortImports => "Sort imports",
                _ => "Organize imports",
            };
            out.push(Action { title: title.to_owned(), kind, mends: None, is_preferred: false, edits: None });
        }
    }
    Ok(out)
}

/// The edits of an action that came without them.
pub fn resolve(snap: &Snapshot, file: &FilePath, kind: ActionKind, cancel: &Cancel) -> IdeResult<Vec<FileEdits>> {
    let mode = match kind {
        ActionKind::OrganizeImports => Organize::All,
        ActionKind::RemoveUnusedImports => Organize::RemoveUnused,
        ActionKind::SortImports => Organize::Sort,
        _ => return Ok(Vec::new()),
    };
    let loaded = snap.program_for(file, cancel)?;
    if is_stale(&loaded, file) {
        return Err(super::IdeError::Refused(format!(
            "the macros of {} have not run since the last change: try again in a moment",
            file.name()
        )));
    }
    let (path, _) = engine_places(&loaded.snap, file, 0, Side::At);
    let changes = loaded.program.organize_imports(&path, mode, cancel)?;
    organized(&loaded, file, &path, changes).ok_or_else(|| {
        super::IdeError::Refused(format!("the imports of {} stand apart: order them by hand", file.name()))
    })
}

fn refactoring(title: String, kind: ActionKind, file: &FilePath, edits: Vec<TextEdit>) -> Action {
    let edits = vec![FileEdits { file: file.clone(), edits }];
    Action { title, kind, mends: None, is_preferred: false, edits: Some(edits) }
}

fn is_stale(loaded: &Loaded, file: &FilePath) -> bool {
    let expanded = loaded.snap.expanded(file).filter(|_| file.is_metascript());
    expanded.is_some_and(|expanded| {
        expanded.calls.iter().any(|call| matches!(call.state, CallState::Missing | CallState::Stale))
    })
}

type Titled = (String, Vec<FileEdits>);

fn fixes(loaded: &Loaded, file: &FilePath, finding: &Finding, cancel: &Cancel) -> IdeResult<Vec<Titled>> {
    let mut out = quick_fix::fixes(loaded, file, finding, cancel)?;
    let Some(code) = finding.code.strip_prefix("TS").and_then(|code| code.parse::<u32>().ok()) else {
        return Ok(out);
    };
    let snap = &loaded.snap;
    let (path, _) = engine_places(snap, file, finding.range.start, Side::At);
    if !loaded.program.contains(&path) {
        return Ok(out);
    }
    let range = match snap.expanded(file).filter(|_| file.is_metascript()) {
        Some(expanded) => expanded.map.down_range(finding.range).next(),
        None => Some(finding.range),
    };
    let Some(range) = range else { return Ok(out) };
    for fix in loaded.program.fixes(&path, &[(range, code)], cancel)? {
        if let Some(edits) = mapped(loaded, fix.edits).filter(|edits| !edits.is_empty()) {
            out.push((fix.title, edits));
        }
    }
    Ok(out)
}

/// Changes of the engine's in the source; `None` where one has no place there.
pub(super) fn mapped(loaded: &Loaded, changes: Vec<Change>) -> Option<Vec<FileEdits>> {
    let snap = &loaded.snap;
    let mut out: Vec<FileEdits> = Vec::new();
    for change in changes {
        let located = locate(snap, &change.file, change.range);
        let is_import = change.range.is_empty() && change.text.trim_start().starts_with("import ");
        let edit = match located.behind {
            // Imports that were generated stand elsewhere than a person's own.
            _ if is_import && located.expanded.is_some() => {
                auto_import::import_line(&snap.syntax(&located.file)?, change.text.trim())
            }
            Behind::Source(range) if range.len() == change.range.len() => TextEdit { range, text: change.text },
            _ => return own_import(snap, &located.file, &change).map(|edits| vec![edits]),
        };
        match out.iter_mut().find(|file| file.file == located.file) {
            Some(file) => file.edits.push(edit),
            None => out.push(FileEdits { file: located.file, edits: vec![edit] }),
        }
    }
    for file in &mut out {
        // What is as it should be is no change.
        let text = snap.text(&file.file);
        file.edits.retain(|edit| text.as_ref().is_none_or(|text| edit.range.of(text.as_str()) != edit.text));
        file.edits.sort_by_key(|edit| edit.range);
    }
    out.retain(|file| !file.edits.is_empty());
    Some(out)
}

/// A name that the engine would add to a generated import, imported by a line of its own.
fn own_import(snap: &Snapshot, file: &FilePath, change: &Change) -> Option<FileEdits> {
    let name = change.text.trim().trim_matches(',').trim();
    let expanded = snap.expanded(file)?;
    let text = expanded.text.as_str();
    let line = text[change.range.start as usize..].split('\n').next()?;
    let specifier = line.split_once("from ")?.1.trim().trim_end_matches(';').trim_matches(['"', '\'']);
    let is_name = !name.is_empty() && name.chars().all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '$'));
    let edits = is_name.then(|| auto_import::edits(snap, file, name, specifier))?;
    (!edits.is_empty()).then(|| FileEdits { file: file.clone(), edits })
}

/// Organised imports. Where generated ones stand among them, the engine's answer is applied to the
/// expanded text, and what it says of a person's own is taken from there.
fn organized(loaded: &Loaded, file: &FilePath, path: &FilePath, changes: Vec<Change>) -> Option<Vec<FileEdits>> {
    let snap = &loaded.snap;
    let expanded = snap.expanded(file).filter(|_| file.is_metascript());
    let generated = expanded.as_ref().map(|expanded| generated_imports(expanded)).unwrap_or_default();
    let (Some(expanded), false) = (expanded, generated.is_empty()) else {
        return mapped(loaded, changes);
    };
    let mut whole = expanded.text.as_str().to_owned();
    let mut own_changes: Vec<&Change> = changes.iter().filter(|change| change.file == *path).collect();
    own_changes.sort_by_key(|change| change.range);
    for change in own_changes.into_iter().rev() {
        whole.replace_range(change.range.start as usize..change.range.end as usize, &change.text);
    }
    let result = SyntaxFile::parse(SourceText::new(whole));
    let mut lines = Vec::new();
    for import in result.root().named_children().filter(|node| node.is(Kind::ImportStatement)) {
        lines.extend(without_generated(import, &generated));
    }
    let syntax = snap.syntax(file)?;
    let own: Vec<Node<'_>> = syntax.root().named_children().filter(|node| node.is(Kind::ImportStatement)).collect();
    let range = TextRange::new(own.first()?.start(), own.last()?.end());
    // With code or comments between them, imports are not one block that can be written anew.
    let is_block = own
        .windows(2)
        .all(|pair| syntax.text().as_str()[pair[0].end() as usize..pair[1].start() as usize].trim().is_empty());
    if !is_block {
        return None;
    }
    let edit = TextEdit { range, text: lines.join("\n") };
    if range.of(syntax.text().as_str()) == edit.text {
        return Some(Vec::new());
    }
    Some(vec![FileEdits { file: file.clone(), edits: vec![edit] }])
}

/// An import without the names that expansion added; `None` where no other is left.
fn without_generated(import: Node<'_>, generated: &[(String, String)]) -> Option<String> {
    let specifier = import.field(Field::Source).map(ast::string_value)?;
    let is_generated = |name: &str| generated.iter().any(|(one, from)| one == name && *from == specifier);
    let list = import.child_of_kind(Kind::ImportClause).and_then(|clause| clause.child_of_kind(Kind::NamedImports));
    let Some(list) = list else {
        let text = import.text();
        let is_meta = text.contains("* as __ms_");
        return (!is_meta).then(|| text.to_owned());
    };
    let names: Vec<&str> = list.named_children().filter(|one| one.is(Kind::ImportSpecifier)).map(Node::text).collect();
    let kept: Vec<&str> = names.iter().copied().filter(|name| !is_generated(name)).collect();
    if kept.len() == names.len() {
        return Some(import.text().to_owned());
    }
    if kept.is_empty() {
        return None;
    }
    let (start, end) = ((list.start() - import.start()) as usize, (list.end() - import.start()) as usize);
    Some(format!("{}{{ {} }}{}", &import.text()[..start], kept.join(", "), &import.text()[end..]))
}

/// The use of a macro at a place, replaced by what it generates.
fn inline_expansion(loaded: &Loaded, file: &FilePath, range: TextRange) -> Option<(String, Vec<TextEdit>)> {
    let expanded = loaded.snap.expanded(file).filter(|_| file.is_metascript())?;
    let source = loaded.snap.text(file)?;
    let (source, text) = (source.as_str(), expanded.text.as_str());
    let is_here = |site: &&CallSite| {
        site.parent.is_none()
            && site.state == CallState::Fresh
            && site.range.contains_range(range)
            && (site.kind != CallKind::Attribute || site.name.touches(range.start) || site.range.start == range.start)
    };
    let site = expanded.calls.iter().filter(is_here).min_by_key(|site| site.range.len())?;
    if site.generated.is_empty() {
        return None;
    }
    let title = format!("Replace `@{}` by the code that it generates", site.shown);
    let mut edits = Vec::new();
    if site.kind == CallKind::Attribute {
        // A target that its macro rewrote has no place of its own that could stay.
        let target = site.target?;
        expanded.map.down_range(target).find(|range| is_verbatim(&expanded, range.start))?;
        for generated in &site.generated {
            let before = expanded.map.segments().iter().rev().find_map(|segment| match &segment.origin {
                Origin::Verbatim { source } if segment.expanded.end <= generated.start => Some(source.end),
                _ => None,
            })?;
            let code = generated.of(text);
            // Glue around the code is its indentation and line ends.
            let start = text[..generated.start as usize].rfind(|ch: char| !ch.is_whitespace()).map_or(0, |at| at + 1);
            let lead = &text[start..generated.start as usize];
            let lead = if lead.contains('\n') { lead } else { "\n" };
            let starts_line = source[..before as usize].trim_end_matches([' ', '\t']).ends_with('\n');
            let (lead, end) = if starts_line { (&lead[1..], "\n") } else { (lead, "") };
            edits.push(TextEdit { range: TextRange::empty(before), text: format!("{lead}{}{end}", code.trim_end()) });
        }
        // The use goes, and the line that it stood on alone.
        let mut end = site.range.end as usize;
        end += source[end..].len() - source[end..].trim_start_matches([' ', '\t']).len();
        let line_start = source[..site.range.start as usize].rfind('\n').map_or(0, |at| at + 1);
        if source[line_start..site.range.start as usize].trim().is_empty() && source[end..].starts_with('\n') {
            let indent = source[line_start..site.range.start as usize].len();
            end += 1;
            edits.push(TextEdit {
                range: TextRange::new(site.range.start - indent as u32, end as u32),
                text: String::new(),
            });
        } else {
            edits.push(TextEdit { range: TextRange::new(site.range.start, end as u32), text: String::new() });
        }
    } else {
        let [generated] = site.generated[..] else { return None };
        edits.push(TextEdit { range: site.range, text: generated.of(text).to_owned() });
    }
    let code: String = site.generated.iter().map(|range| range.of(text)).collect::<Vec<_>>().join("\n");
    for (name, specifier) in generated_imports(&expanded) {
        if has_word(&code, &name) {
            edits.extend(auto_import::edits(&loaded.snap, file, &name, &specifier));
        }
    }
    merge_imports(&mut edits);
    edits.sort_by_key(|edit| edit.range);
    Some((title, edits))
}

fn is_verbatim(expanded: &Expanded, at: u32) -> bool {
    let origin = expanded.map.segment_at(at).map(|segment| &segment.origin);
    matches!(origin, Some(Origin::Verbatim { .. }))
}

/// Names and modules of the imports that expansion added; a renamed one as `name as local`.
fn generated_imports(expanded: &Expanded) -> Vec<(String, String)> {
    let text = expanded.text.as_str();
    let mut out = Vec::new();
    for segment in expanded.map.segments().iter().filter(|one| matches!(one.origin, Origin::Glue { .. })) {
        for line in segment.expanded.of(text).lines() {
            let Some((names, from)) = line.strip_prefix("import {").and_then(|rest| rest.split_once("} from ")) else {
                continue;
            };
            let specifier = from.trim().trim_end_matches(';').trim_matches(['"', '\'']);
            out.extend(names.split(',').map(|name| (name.trim().to_owned(), specifier.to_owned())));
        }
    }
    out
}

fn has_word(code: &str, import: &str) -> bool {
    let local = import.rsplit_once(" as ").map_or(import, |(_, local)| local);
    let is_word = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '$');
    code.match_indices(local).any(|(at, _)| {
        !code[..at].ends_with(is_word) && !code[at + local.len()..].starts_with(is_word) && !code[..at].ends_with('.')
    })
}

/// Several imports of one module at one place are one line.
fn merge_imports(edits: &mut Vec<TextEdit>) {
    let mut merged: Vec<TextEdit> = Vec::new();
    for edit in edits.drain(..) {
        let twin = merged.iter_mut().find(|one| {
            let parts = |edit: &TextEdit| {
                let text = edit.text.strip_prefix("import { ")?;
                text.split_once(" } from ").map(|(_, from)| from.to_owned())
            };
            one.range == edit.range && parts(one).is_some() && parts(one) == parts(&edit)
        });
        match twin {
            Some(twin) => {
                let name = edit.text["import { ".len()..].split(" }").next().unwrap_or_default().to_owned();
                twin.text = twin.text.replacen(" } from ", &format!(", {name} }} from "), 1);
            }
            None => merged.push(edit),
        }
    }
    *edits = merged;
}

/// A selected expression as a constant above its statement.
fn extract_constant(snap: &Snapshot, file: &FilePath, range: TextRange) -> Option<(String, Vec<TextEdit>)> {
    let syntax = snap.syntax(file)?;
    let text = syntax.text().as_str();
    let selected = range.of(text);
    let trimmed = selected.trim();
    if trimmed.is_empty() {
        return None;
    }
    let start = range.start + (selected.len() - selected.trim_start().len()) as u32;
    let range = TextRange::new(start, start + trimmed.len() as u32);
    let node = syntax.root().covering(range).filter(|node| node.range() == range && is_expression(*node))?;
    let statement = node
        .ancestors()
        .find(|node| node.parent().is_some_and(|parent| parent.is(Kind::StatementBlock) || parent.is(Kind::Program)))?;
    // An expression of a class body or of a parameter is evaluated elsewhere than above the statement.
    let mut between = node.ancestors().take_while(|node| *node != statement);
    if between.any(|node| {
        matches!(node.kind(), Kind::ClassBody | Kind::FormalParameters | Kind::ArrowFunction | Kind::QuoteExpression)
    }) {
        return None;
    }
    let line_start = text[..statement.start() as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent: String = text[line_start..].chars().take_while(|ch| matches!(ch, ' ' | '\t')).collect();
    let name = free_name(text, "extracted");
    let is_whole = statement.is(Kind::ExpressionStatement) && statement.first_named() == Some(node);
    let title = format!("Extract to constant `{name}`");
    if is_whole {
        let edit = TextEdit { range: TextRange::empty(statement.start()), text: format!("const {name} = ") };
        return Some((title, vec![edit]));
    }
    let declared = format!("const {name} = {};\n{indent}", node.text());
    Some((
        title,
        vec![TextEdit { range: TextRange::empty(statement.start()), text: declared }, TextEdit { range, text: name }],
    ))
}

fn is_expression(node: Node<'_>) -> bool {
    let name = node.name();
    let is_literal =
        matches!(node.kind(), Kind::Number | Kind::String | Kind::TemplateString | Kind::Array | Kind::Object);
    name.ends_with("_expression") || is_literal || node.is(Kind::Identifier)
}

fn free_name(text: &str, base: &str) -> String {
    let mut name = base.to_owned();
    let mut count = 1;
    while has_word(text, &name) {
        count += 1;
        name = format!("{base}{count}");
    }
    name
}
