//! Source maps: JavaScript to expanded text, and on to the source.

use crate::base::{FilePath, TextRange};
use crate::expand::SpanMap;
use crate::text::{Encoding, LineCol, LineIndex, SourceText};

use super::locate::{Behind, behind};

/// A map from generated code to `expanded`, led on to `source` through `spans`. What a macro
/// generated is mapped to nothing here: a debugger steps over it. `None` where `map` is no map.
pub fn compose(map: &str, expanded: &str, spans: &SpanMap, file: &FilePath, source: &SourceText) -> Option<String> {
    let map = sourcemap::SourceMap::from_slice(map.as_bytes()).ok()?;
    let lines = LineIndex::new(expanded);
    let mut builder = sourcemap::SourceMapBuilder::new(map.get_file());
    let id = builder.add_source(file.as_str());
    builder.set_source_contents(id, None);
    for token in map.tokens() {
        let at = LineCol { line: token.get_src_line(), col: token.get_src_col() };
        let offset = lines.offset(expanded, at, Encoding::Utf16);
        let Behind::Source(range) = behind(spans, TextRange::empty(offset)) else { continue };
        let place = source.lines().line_col(source.as_str(), range.start, Encoding::Utf16);
        let name = token.get_name().map(|name| builder.add_name(name));
        builder.add_raw(token.get_dst_line(), token.get_dst_col(), place.line, place.col, Some(id), name, false);
    }
    let mut out = Vec::new();
    builder.into_sourcemap().to_writer(&mut out).ok()?;
    String::from_utf8(out).ok()
}

/// A map from an output to `emitted`, led on to `source`, which `name` names in the map.
pub fn lead_on(
    map: &str,
    emitted: &str,
    trail: &dyn Fn(u32) -> u32,
    name: &str,
    source: &SourceText,
) -> Option<String> {
    let map = sourcemap::SourceMap::from_slice(map.as_bytes()).ok()?;
    let lines = LineIndex::new(emitted);
    let mut builder = sourcemap::SourceMapBuilder::new(map.get_file());
    let id = builder.add_source(name);
    for token in map.tokens() {
        let at = LineCol { line: token.get_src_line(), col: token.get_src_col() };
        let offset = trail(lines.offset(emitted, at, Encoding::Utf16));
        let place = source.lines().line_col(source.as_str(), offset, Encoding::Utf16);
        let name = token.get_name().map(|name| builder.add_name(name));
        builder.add_raw(token.get_dst_line(), token.get_dst_col(), place.line, place.col, Some(id), name, false);
    }
    let mut out = Vec::new();
    builder.into_sourcemap().to_writer(&mut out).ok()?;
    String::from_utf8(out).ok()
}
