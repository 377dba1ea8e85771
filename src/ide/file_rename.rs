//! What follows when files get other names: the imports that name them.

use crate::base::{Cancel, FilePath};
use crate::project::Snapshot;
use crate::project::locate::Side;
use crate::project::locate::{Behind, engine_places, locate};
use crate::text::TextEdit;

use super::IdeResult;
use super::rename::FileEdits;

/// Edits of the importers of each renamed file (or directory), for `old` and `new` names.
pub fn follow(snap: &Snapshot, renamed: &[(FilePath, FilePath)], cancel: &Cancel) -> IdeResult<Vec<FileEdits>> {
    let mut out: Vec<FileEdits> = Vec::new();
    for (old, new) in renamed {
        for loaded in snap.programs_with(old, cancel)? {
            cancel.check()?;
            let snap = &loaded.snap;
            let (old_path, _) = engine_places(snap, old, 0, Side::At);
            let new_path = if new.is_metascript() { new.with_extension("ts") } else { new.clone() };
            for change in loaded.program.file_renamed(&old_path, &new_path, cancel)? {
                let located = locate(snap, &change.file, change.range);
                let (Behind::Source(range) | Behind::StandsFor(range)) = located.behind else { continue };
                let Some(text) = snap.text(&located.file) else { continue };
                let written = range.of(text.as_str());
                // An import that names the extension goes on doing so.
                let text = match written.trim_matches(['"', '\'', '`']).ends_with(".ms") {
                    true => with_extension(&change.text),
                    false => change.text.clone(),
                };
                if written == text || (written.is_empty() && !range.is_empty()) {
                    continue;
                }
                let edit = TextEdit { range, text };
                match out.iter_mut().find(|file| file.file == located.file) {
                    Some(file) if file.edits.contains(&edit) => {}
                    Some(file) => file.edits.push(edit),
                    None => out.push(FileEdits { file: located.file, edits: vec![edit] }),
                }
            }
        }
    }
    for file in &mut out {
        file.edits.sort_by_key(|edit| edit.range);
    }
    Ok(out)
}

fn with_extension(specifier: &str) -> String {
    let bare = specifier.trim_end_matches(['"', '\'', '`']);
    let quote = &specifier[bare.len()..];
    let stem = bare.strip_suffix(".ts").or_else(|| bare.strip_suffix(".js")).unwrap_or(bare);
    format!("{stem}.ms{quote}")
}
