//! The protocol's documents, positions and edits as ours.
//!
//! Invariant: total. What cannot be understood is `None`, never a guess.

use tower_lsp::ls_types::*;

use crate::base::FilePath;
use crate::project::Edit;
use crate::text::{Encoding, LineCol, SourceText};

/// The file that a URI names; `None` for every scheme but `file` and for files of other hosts.
///
/// Windows drives come as `file:///c:/x`, `file:///C%3A/x` and anything between; all mean `C:/x`.
pub fn file(uri: &Uri) -> Option<FilePath> {
    if !uri.scheme().as_str().eq_ignore_ascii_case("file") {
        return None;
    }
    let host = uri.authority().map(|authority| authority.host()).unwrap_or_default();
    if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
        return None;
    }
    let path = uri.path().decode().to_string().ok()?;
    if path.is_empty() || path.contains('\0') {
        return None;
    }
    let path = match path.as_bytes() {
        [b'/', drive, b':', b'/', ..] if drive.is_ascii_alphabetic() => &path[1..],
        _ => &path,
    };
    Some(FilePath::new(path))
}

pub fn line_col(at: Position) -> LineCol {
    LineCol { line: at.line, col: at.character }
}

/// The byte that a position means in a text; past an end counts as that end.
pub fn offset(text: &SourceText, at: Position, encoding: Encoding) -> u32 {
    text.lines().offset(text.as_str(), line_col(at), encoding)
}

pub fn edits(changes: Vec<TextDocumentContentChangeEvent>) -> Vec<Edit> {
    changes
        .into_iter()
        .map(|change| Edit {
            range: change.range.map(|range| {
                let (start, end) = (line_col(range.start), line_col(range.end));
                // Some clients send a backward selection as it was made.
                (start.min(end), start.max(end))
            }),
            text: change.text,
        })
        .collect()
}

/// A URI with what may not stand in one percent-encoded; `None` where nothing is to do.
pub fn escaped(uri: &str) -> Option<String> {
    let bytes = uri.as_bytes();
    let allowed = |at: usize| match bytes[at] {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit)),
        byte => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
    };
    if (0..bytes.len()).all(allowed) {
        return None;
    }
    let escape = |at: usize| match bytes[at] {
        byte if allowed(at) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    Some((0..bytes.len()).map(escape).collect())
}
