//! `workspace/willRenameFiles`.

use std::str::FromStr;

use tower_lsp::ls_types::*;

use crate::base::Cancel;
use crate::ide::{IdeResult, file_rename};
use crate::lsp::to_proto::Edge;
use crate::project::Snapshot;

use super::edits::workspace_edit;

pub fn will_rename(
    snap: &Snapshot,
    edge: &Edge,
    params: RenameFilesParams,
    cancel: &Cancel,
) -> IdeResult<Option<WorkspaceEdit>> {
    let file = |uri: &str| edge.file(&Uri::from_str(uri).ok()?);
    let renamed: Vec<_> =
        params.files.iter().filter_map(|renamed| Some((file(&renamed.old_uri)?, file(&renamed.new_uri)?))).collect();
    let edits = file_rename::follow(snap, &renamed, cancel)?;
    Ok((!edits.is_empty()).then(|| workspace_edit(snap, edge, edits)))
}
