//! `workspace/textDocumentContent`: what a use of a macro generates, as a document that follows its source.
//!
//! Such a document is named `metascript-expansion:PATH.line-N.ts?LINE,CHARACTER,STEPS`: the source's path, where the use
//! stands there (counted from 0, in the encoding of the session), and how often its output is expanded in turn (`all`: until
//! nothing is left).

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, FilePath, TextRange};
use crate::ide::expansion::{Depth, UseExpansion, expand_use};
use crate::ide::expansion_view;
use crate::ide::goto::Targets;
use crate::ide::references::Reference;
use crate::ide::{IdeError, IdeResult};
use crate::lsp::from_proto;
use crate::lsp::to_proto::{self, Edge};
use crate::project::Snapshot;
use crate::text::SourceText;

/// The scheme of such documents.
pub const SCHEME: &str = "metascript-expansion";

#[derive(Deserialize)]
pub struct Params {
    uri: Uri,
}

#[derive(Serialize)]
pub struct Content {
    text: String,
}

pub enum Refresh {}

#[derive(Serialize, Deserialize)]
pub struct RefreshParams {
    pub uri: Uri,
}

impl request::Request for Refresh {
    type Params = RefreshParams;
    type Result = ();
    const METHOD: &'static str = "workspace/textDocumentContent/refresh";
}

/// The document that shows a use.
pub fn uri(file: &FilePath, place: Position, line_shown: u32, depth: Depth) -> Option<Uri> {
    let file = to_proto::uri(file)?;
    let path = file.as_str().strip_prefix("file://")?;
    let steps = match depth {
        Depth::Steps(steps) => steps.to_string(),
        Depth::Full => "all".to_owned(),
    };
    let Position { line, character } = place;
    format!("{SCHEME}:{path}.line-{line_shown}.ts?{line},{character},{steps}").parse().ok()
}

/// The source, the place and the depth that a document of ours is of.
fn parsed(uri: &str) -> Option<(Uri, Position, Depth)> {
    let rest = uri.strip_prefix(SCHEME)?.strip_prefix(':')?;
    // Clients may write the query as they write paths.
    let (path, query) = rest.split_once('?')?;
    let query = query.replace("%2C", ",").replace("%2c", ",");
    let source = path.rsplit_once(".line-")?.0;
    let mut parts = query.split(',');
    let line = parts.next()?.parse().ok()?;
    let character = parts.next()?.parse().ok()?;
    let depth = match parts.next()? {
        "all" => Depth::Full,
        steps => Depth::Steps(steps.parse().ok()?),
    };
    let source = format!("file://{}", source.trim_start_matches("//"));
    Some((source.parse().ok()?, Position { line, character }, depth))
}

pub fn content(snap: &Snapshot, edge: &Edge, params: Params, cancel: &Cancel) -> IdeResult<Content> {
    let unknown = || IdeError::Refused(format!("{} is no document of ours", params.uri.as_str()));
    let (source, place, depth) = parsed(params.uri.as_str()).ok_or_else(unknown)?;
    let file = edge.file(&source).ok_or_else(unknown)?;
    let text = snap.text(&file).ok_or_else(|| IdeError::Refused(format!("{file} cannot be read")))?;
    let offset = from_proto::offset(&text, place, edge.encoding());
    edge.shown.asked_for(&params.uri);
    let found = expand_use(snap, &file, offset, depth, cancel)?;
    let line = text.lines().line_of(found.offset) + 1;
    Ok(Content { text: written(&found, &file, line) })
}

/// An expansion with a line that says of what.
pub fn written(found: &UseExpansion, file: &FilePath, line: u32) -> String {
    let name = found.name.split_whitespace().collect::<Vec<_>>().join(" ");
    let more = if found.has_more { "; it uses macros in turn" } else { "" };
    format!("// {name} on line {line} of {} generates{more}:\n// @ts-nocheck\n\n{}", file.name(), found.text)
}

/// Lines in front of what a use generates.
const HEADING: u32 = 3;

/// A place in a document of ours.
struct Place {
    file: FilePath,
    /// Where the use stands in the source.
    of: u32,
    text: SourceText,
    offset: u32,
}

impl Place {
    /// `None` for other documents, and for places before the code.
    fn find(
        snap: &Snapshot,
        edge: &Edge,
        at: &TextDocumentPositionParams,
        cancel: &Cancel,
    ) -> IdeResult<Option<Place>> {
        let Some((source, place, depth)) = parsed(at.text_document.uri.as_str()) else { return Ok(None) };
        let Some(file) = edge.file(&source) else { return Ok(None) };
        let Some(text) = snap.text(&file) else { return Ok(None) };
        let of = from_proto::offset(&text, place, edge.encoding());
        let Some(line) = at.position.line.checked_sub(HEADING) else { return Ok(None) };
        let text = SourceText::new(expand_use(snap, &file, of, depth, cancel)?.text);
        let offset = from_proto::offset(&text, Position { line, ..at.position }, edge.encoding());
        Ok(Some(Place { file, of, text, offset }))
    }

    fn range(&self, edge: &Edge, range: TextRange) -> Range {
        let below = |position: Position| Position { line: position.line + HEADING, ..position };
        let Range { start, end } = edge.range(&self.text, range);
        Range { start: below(start), end: below(end) }
    }
}

/// Whether a document is one of ours.
pub fn is_ours(uri: &Uri) -> bool {
    uri.as_str().strip_prefix(SCHEME).is_some_and(|rest| rest.starts_with(':'))
}

pub fn hover(
    snap: &Snapshot,
    edge: &Edge,
    at: &TextDocumentPositionParams,
    cancel: &Cancel,
) -> IdeResult<Option<Hover>> {
    let Some(place) = Place::find(snap, edge, at, cancel)? else { return Ok(None) };
    let found = expansion_view::hover(snap, &place.file, place.of, place.text.as_str(), place.offset, cancel)?;
    Ok(found.map(|found| Hover {
        contents: HoverContents::Markup(to_proto::markup(found.markdown, edge.abilities.hover_markdown)),
        range: Some(place.range(edge, found.range)),
    }))
}

/// What was asked about, in the document, and where it leads.
pub fn definition(
    snap: &Snapshot,
    edge: &Edge,
    at: &TextDocumentPositionParams,
    cancel: &Cancel,
) -> IdeResult<Option<(Option<Range>, Targets)>> {
    let Some(place) = Place::find(snap, edge, at, cancel)? else { return Ok(None) };
    let found = expansion_view::definition(snap, &place.file, place.of, place.text.as_str(), place.offset, cancel)?;
    Ok(Some((found.asked.map(|asked| place.range(edge, asked)), found)))
}

pub fn references(
    snap: &Snapshot,
    edge: &Edge,
    at: &TextDocumentPositionParams,
    with_declaration: bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Reference>> {
    let Some(place) = Place::find(snap, edge, at, cancel)? else { return Ok(Vec::new()) };
    let (text, offset) = (place.text.as_str(), place.offset);
    expansion_view::references(snap, &place.file, place.of, text, offset, with_declaration, cancel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_its_use() {
        let place = Position { line: 3, character: 7 };
        for depth in [Depth::Steps(2), Depth::Full] {
            let file = FilePath::new("/p/a b.ms");
            let uri = uri(&file, place, 4, depth).expect("it has a name");
            let (source, at, steps) = parsed(uri.as_str()).expect("it is ours");
            assert_eq!((source.as_str(), at, steps), ("file:///p/a%20b.ms", place, depth));
        }
        assert!(parsed("file:///p/a.ms").is_none());
    }
}
