//! `textDocument/documentLink` and `documentLink/resolve`.
//!
//! The links come from the live tree at once; where one leads is asked of the project when it is
//! followed, or looked at.

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath};
use crate::ide::IdeResult;
use crate::ide::document_link::{self, Target, links};
use crate::lsp::live::Live;
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

/// What a link carries to its resolution.
#[derive(Serialize, Deserialize)]
struct Data {
    from: FilePath,
    module: bool,
    path: String,
}

pub fn document_link(live: &Live<'_>) -> Vec<DocumentLink> {
    let from = &live.document.file;
    let link = |link: document_link::Link| {
        let data = match link.target {
            Target::Module(path) => Data { from: from.clone(), module: true, path },
            Target::File(path) => Data { from: from.clone(), module: false, path },
        };
        DocumentLink {
            range: live.edge.range(live.document.text(), link.range),
            target: None,
            tooltip: None,
            data: serde_json::to_value(data).ok(),
        }
    };
    links(&live.document.syntax).into_iter().map(link).collect()
}

/// A link that leads nowhere comes back as it was.
pub fn resolve(snap: &Snapshot, edge: &Edge, mut link: DocumentLink, _: &Cancel) -> IdeResult<DocumentLink> {
    let data = link.data.take().and_then(|data| serde_json::from_value::<Data>(data).ok());
    if let Some(Data { from, module, path }) = data {
        let target = if module { Target::Module(path) } else { Target::File(path) };
        link.target = document_link::target(snap, &from, &target).and_then(|file| edge.uri(&file));
    }
    Ok(link)
}
