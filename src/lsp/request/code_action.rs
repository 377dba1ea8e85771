//! `textDocument/codeAction` and `codeAction/resolve`.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath, TextRange};
use crate::diagnostic::Code;
use crate::ide::IdeResult;
use crate::ide::code_action::{self, ActionKind, Finding};
use crate::lsp::from_proto;
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

use super::command::TRUST;
use super::edits::workspace_edit;

/// Kinds that are offered, as the protocol names them.
pub const KINDS: &[(ActionKind, &str)] = &[
    (ActionKind::QuickFix, "quickfix"),
    (ActionKind::RefactorInline, "refactor.inline"),
    (ActionKind::RefactorExtract, "refactor.extract"),
    (ActionKind::RefactorRewrite, "refactor.rewrite"),
    (ActionKind::OrganizeImports, "source.organizeImports"),
    (ActionKind::RemoveUnusedImports, "source.removeUnusedImports"),
    (ActionKind::SortImports, "source.sortImports"),
];

/// An action whose edits are made when a person takes it.
#[derive(Serialize, Deserialize)]
struct Waiting {
    file: FilePath,
    kind: String,
}

fn named(kind: ActionKind) -> &'static str {
    KINDS.iter().find(|(one, _)| *one == kind).map_or("", |(_, name)| name)
}

pub fn actions(
    snap: &Snapshot,
    edge: &Edge,
    params: CodeActionParams,
    cancel: &Cancel,
) -> IdeResult<Option<CodeActionResponse>> {
    let Some(file) = edge.file(&params.text_document.uri) else { return Ok(None) };
    let Some(text) = snap.text(&file) else { return Ok(None) };
    let to_range = |range: Range| {
        let start = from_proto::offset(&text, range.start, edge.encoding());
        TextRange::new(start, from_proto::offset(&text, range.end, edge.encoding()).max(start))
    };
    let only = params.context.only;
    let wanted = |kind: ActionKind| match &only {
        // Without being asked, what concerns a whole file stays in the menu of the file.
        None => !named(kind).starts_with("source."),
        Some(only) => only.iter().any(|asked| {
            let rest = named(kind).strip_prefix(asked.as_str());
            asked.as_str().is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }),
    };
    let diagnostics = params.context.diagnostics;
    let findings: Vec<Finding> = diagnostics
        .iter()
        .map(|one| Finding {
            range: to_range(one.range),
            code: match &one.code {
                Some(NumberOrString::String(code)) => code.clone(),
                Some(NumberOrString::Number(code)) => format!("TS{code}"),
                None => String::new(),
            },
            message: one.message.clone(),
        })
        .collect();
    let found = code_action::actions(snap, &file, to_range(params.range), &findings, &wanted, cancel)?;
    let mut out = Vec::new();
    for action in found {
        let edits = match action.edits {
            Some(edits) => Some(edits),
            None if edge.abilities.lazy_actions => None,
            None => Some(code_action::resolve(snap, &file, action.kind, cancel)?),
        };
        if edits.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let waiting = Waiting { file: file.clone(), kind: named(action.kind).to_owned() };
        let data = edits.is_none().then(|| serde_json::to_value(waiting).ok()).flatten();
        out.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: action.title,
            kind: Some(CodeActionKind::from(named(action.kind))),
            diagnostics: action.mends.and_then(|index| diagnostics.get(index).cloned()).map(|one| vec![one]),
            edit: edits.map(|edits| workspace_edit(snap, edge, edits)),
            is_preferred: action.is_preferred.then_some(true),
            data,
            ..CodeAction::default()
        }));
    }
    if wanted(ActionKind::QuickFix)
        && let Some(index) = findings.iter().position(|finding| finding.code == Code::NOT_GRANTED.to_string())
    {
        let title = "See what the project asks for, and decide".to_owned();
        let arguments = Some(vec![json!(params.text_document.uri)]);
        out.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: title.clone(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![diagnostics[index].clone()]),
            command: Some(Command { title, command: TRUST.to_owned(), arguments }),
            ..CodeAction::default()
        }));
    }
    Ok(Some(out))
}

/// The file that an action's edits will be in.
pub fn file(action: &CodeAction) -> Option<FilePath> {
    waiting(action).map(|waiting| waiting.file)
}

fn waiting(action: &CodeAction) -> Option<Waiting> {
    serde_json::from_value(action.data.clone()?).ok()
}

pub fn resolve(snap: &Snapshot, edge: &Edge, mut action: CodeAction, cancel: &Cancel) -> IdeResult<CodeAction> {
    let Some(waiting) = waiting(&action) else { return Ok(action) };
    let Some((kind, _)) = KINDS.iter().find(|(_, name)| *name == waiting.kind) else { return Ok(action) };
    let edits = code_action::resolve(snap, &waiting.file, *kind, cancel)?;
    action.edit = Some(workspace_edit(snap, edge, edits));
    Ok(action)
}
