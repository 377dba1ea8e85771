//! `textDocument/codeLens` and `codeLens/resolve`.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath};
use crate::ide::IdeResult;
use crate::ide::lens::{self, Lens};
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

use super::command::EXPAND;

/// A declaration whose uses are to be counted.
#[derive(Serialize, Deserialize)]
struct Counted {
    file: FilePath,
    offset: u32,
}

pub fn lenses(
    snap: &Snapshot,
    edge: &Edge,
    params: CodeLensParams,
    cancel: &Cancel,
) -> IdeResult<Option<Vec<CodeLens>>> {
    let Some(file) = edge.file(&params.text_document.uri) else { return Ok(None) };
    let Some(text) = snap.text(&file) else { return Ok(None) };
    let settings = edge.settings.code_lens;
    let found = lens::lenses(snap, &file, settings.references, cancel)?;
    let lenses = found.into_iter().filter_map(|lens| {
        let range = edge.range(&text, lens.range());
        match lens {
            Lens::Expansion { title, .. } if settings.expansions => {
                let arguments = vec![json!(params.text_document.uri), json!(range.start)];
                let command = Command { title, command: EXPAND.to_owned(), arguments: Some(arguments) };
                Some(CodeLens { range, command: Some(command), data: None })
            }
            Lens::Expansion { .. } => None,
            Lens::References { range: name } => {
                let data = serde_json::to_value(Counted { file: file.clone(), offset: name.start }).ok();
                Some(CodeLens { range, command: None, data })
            }
        }
    });
    Ok(Some(lenses.collect()))
}

/// The file that a lens's question is about.
pub fn file(lens: &CodeLens) -> Option<FilePath> {
    counted(lens).map(|counted| counted.file)
}

fn counted(lens: &CodeLens) -> Option<Counted> {
    serde_json::from_value(lens.data.clone()?).ok()
}

pub fn resolve(snap: &Snapshot, _: &Edge, mut lens: CodeLens, cancel: &Cancel) -> IdeResult<CodeLens> {
    let Some(counted) = counted(&lens) else { return Ok(lens) };
    let title = match lens::count(snap, &counted.file, counted.offset, cancel)? {
        1 => "1 reference".to_owned(),
        count => format!("{count} references"),
    };
    // A lens must have a command to be shown; this one has nothing to do.
    lens.command = Some(Command { title, command: String::new(), arguments: None });
    Ok(lens)
}
