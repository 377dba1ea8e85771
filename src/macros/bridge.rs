//! What crosses between JavaScript and Rust: the prelude's JSON into protocol types, engine stacks
//! into frames of `.ms` sources.
//!
//! Invariant: nothing here trusts what comes from JavaScript; a macro can replace every function
//! of its context, so a shape that does not fit is a failed expansion.

use serde::Deserialize;

use super::protocol::{
    self, Emission, Failure, FailureKind, Frame, ImportRequest, JobOutput, Log, Piece, PieceOrigin, Place, Report,
};
use super::source_map::SourceMap;
use crate::base::{FilePath, TextRange};

/// What `run` of the prelude returns.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Returned {
    output: Option<Output>,
    failure: Option<Failed>,
    /// Of a failure.
    #[serde(default)]
    reports: Vec<WireReport>,
    #[serde(default)]
    logs: Vec<String>,
}

#[derive(Deserialize)]
struct Output {
    modules: Vec<String>,
    emissions: Vec<(Place, Vec<WirePiece>)>,
    imports: Vec<ImportRequest>,
    reports: Vec<WireReport>,
    logs: Vec<String>,
}

/// Text, kind of origin, and three numbers; see `prelude.js`.
#[derive(Deserialize)]
struct WirePiece(String, u8, u32, u32, u32);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReport {
    is_error: bool,
    at: Option<TextRange>,
    message: String,
    help: Option<String>,
    stack: String,
}

#[derive(Deserialize)]
struct Failed {
    kind: FailureKind,
    message: String,
    help: Option<String>,
    site: Option<(u32, u32, u32)>,
    stack: Option<String>,
    /// Names of the modules that `site` indexes.
    #[serde(default)]
    modules: Vec<String>,
}

/// Finds a module by its name in a stack.
pub(super) type FindModule<'a> = &'a dyn Fn(&str) -> Option<(&'a protocol::Module, Option<&'a SourceMap>)>;

/// Reads what the prelude's `run` returned.
pub(super) fn read_returned(json: &str, find: FindModule) -> Result<JobOutput, Failure> {
    let unreadable =
        |why: String| Failure::new(FailureKind::Threw, format!("the macro's output cannot be read: {why}"));
    let returned: Returned = serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?;
    if let Some(failed) = returned.failure {
        let site = failed.site.and_then(|(module, start, end)| {
            Some((FilePath::new(failed.modules.get(module as usize)?), range(start, end)?))
        });
        return Err(Failure {
            kind: failed.kind,
            message: failed.message,
            help: failed.help,
            stack: frames(&failed.stack.unwrap_or_default(), find),
            site,
            reports: reports(returned.reports, find),
            logs: logs(returned.logs),
        });
    }
    let output = returned.output.ok_or_else(|| unreadable("it is empty".to_owned()))?;
    let modules: Vec<FilePath> = output.modules.iter().map(|module| FilePath::new(module)).collect();
    let piece = |WirePiece(text, kind, a, b, c): WirePiece| -> Option<Piece> {
        let origin = match kind {
            0 => {
                let end = b.checked_add(u32::try_from(text.len()).ok()?)?;
                PieceOrigin::Quote { module: modules.get(a as usize)?.clone(), range: range(b, end)? }
            }
            1 => PieceOrigin::Target { range: range(a, b)? },
            2 => PieceOrigin::Computed { module: modules.get(a as usize)?.clone(), range: range(b, c)? },
            3 => PieceOrigin::Glue,
            _ => return None,
        };
        Some(Piece { text, origin })
    };
    let mut emissions = Vec::with_capacity(output.emissions.len());
    for (place, pieces) in output.emissions {
        let pieces: Option<Vec<Piece>> = pieces.into_iter().map(piece).collect();
        let pieces = pieces.ok_or_else(|| unreadable("a piece of text has no origin".to_owned()))?;
        emissions.push(Emission { place, pieces });
    }
    Ok(JobOutput {
        emissions,
        imports: output.imports,
        reports: reports(output.reports, find),
        logs: logs(output.logs),
    })
}

fn reports(reports: Vec<WireReport>, find: FindModule) -> Vec<Report> {
    let read = |report: WireReport| Report {
        is_error: report.is_error,
        at: report.at.filter(|at| at.start <= at.end),
        message: report.message,
        help: report.help,
        frame: frames(&report.stack, find).into_iter().next(),
    };
    reports.into_iter().map(read).collect()
}

fn logs(logs: Vec<String>) -> Vec<Log> {
    logs.into_iter().map(|text| Log { text }).collect()
}

fn range(start: u32, end: u32) -> Option<TextRange> {
    (start <= end).then_some(TextRange { start, end })
}

/// The frames of an engine's stack that lie in modules which `find` knows, in coordinates of
/// their `.ms` sources.
pub(super) fn frames<'a>(
    stack: &str,
    find: impl Fn(&str) -> Option<(&'a protocol::Module, Option<&'a SourceMap>)>,
) -> Vec<Frame> {
    stack.lines().filter_map(|line| frame(line, &find)).collect()
}

/// One line: `    at name (file:line:column)`, both 1-based, the column in bytes.
fn frame<'a>(
    line: &str,
    find: &impl Fn(&str) -> Option<(&'a protocol::Module, Option<&'a SourceMap>)>,
) -> Option<Frame> {
    let place = line.trim().strip_prefix("at ")?;
    let (function, place) = place.strip_suffix(')').and_then(|place| place.split_once(" (")).unwrap_or(("", place));
    let (place, col) = place.rsplit_once(':')?;
    let (file, row) = place.rsplit_once(':')?;
    let (row, col): (u32, u32) = (row.parse().ok()?, col.parse().ok()?);
    let (row, col) = (row.checked_sub(1)?, col.saturating_sub(1));
    let (module, map) = find(file)?;
    let col = utf16_col(&module.js, row, col);
    // A position that the map does not know is glue of the lowering: no place in the source.
    let (line, col) = match map {
        Some(map) => map.lookup(row, col)?,
        None => (row, col),
    };
    let function = if function == "<anonymous>" { "" } else { function };
    Some(Frame { function: function.to_owned(), file: module.file.clone(), line, col })
}

fn utf16_col(text: &str, row: u32, col: u32) -> u32 {
    let Some(line) = text.split('\n').nth(row as usize) else { return col };
    let head = line.char_indices().take_while(|(at, _)| *at < col as usize);
    head.map(|(_, char)| char.len_utf16() as u32).sum()
}
