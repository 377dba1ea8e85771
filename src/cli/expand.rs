//! `msc expand`: what the macros of a file generate, as code.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::base::{Cancel, FilePath, TextRange};
use crate::cli::args::{ExpandArgs, ExpandFormat};
use crate::cli::console::Console;
use crate::cli::trust::for_run;
use crate::cli::{CLEAN, CommandError, CommandResult, ERRORS};
use crate::expand::{CallSite, CallState, Expanded, Origin, Segment};
use crate::ide::generated::dedent;
use crate::project::check::expand_file;
use crate::project::{Snapshot, World, WorldOptions, build, expansion};
use crate::std_lib;
use crate::text::SourceText;

pub(super) fn run(args: &ExpandArgs, console: &Console) -> CommandResult {
    let file = console.resolve(&args.place.file);
    let mut world = World::new(WorldOptions {
        allow: for_run(&args.allow, console)?,
        target: args.target.clone(),
        ..WorldOptions::new(vec![file.parent()])
    });
    if !world.shared().disk.is_file(&file) {
        return Err(format!("there is no file {}", file.relative_to(&console.cwd)).into());
    }
    if let Err(error) = world.shared().disk.read(&file) {
        return Err(format!("{}: {error}", file.relative_to(&console.cwd)).into());
    }
    let mut diagnostics = expand_file(&mut world, &file, &Cancel::new())
        .map_err(|_| CommandError::Message("the expansion was stopped".to_owned()))?;
    let snap = world.snapshot();
    if let (Some(source), steps) = (snap.text(&file), if args.once { Some(1) } else { args.step }) {
        // A step shows uses of `@typeinfo` as they are written; the end shows what stands for them.
        let shaped = match steps {
            None => build::shaped(&snap, &file, &Cancel::new()).ok().flatten(),
            Some(_) => None,
        };
        let snap = shaped.unwrap_or_else(|| snap.clone());
        let view = View::new(&snap, &file, source, steps, &console.cwd);
        let part = args.place.line.map(|line| view.uses_on(line)).transpose()?;
        console.print(&view.printed(args, part.as_deref()))?;
    }
    for (_, store) in world.shared().stores() {
        store.flush();
    }
    let mut code = CLEAN;
    if !diagnostics.is_empty() {
        let texts = |file: &FilePath| snap.text(file);
        // What was generated goes to standard output alone, so that it can be piped on.
        if console.report_aside(&mut diagnostics, &texts)? {
            code = ERRORS;
        }
    }
    Ok(ExitCode::from(code))
}

/// One file, expanded so far, for printing.
struct View<'a> {
    snap: &'a Snapshot,
    file: &'a FilePath,
    cwd: &'a FilePath,
    source: SourceText,
    steps: Option<u32>,
    expanded: std::sync::Arc<Expanded>,
}

impl<'a> View<'a> {
    fn new(
        snap: &'a Snapshot,
        file: &'a FilePath,
        source: SourceText,
        steps: Option<u32>,
        cwd: &'a FilePath,
    ) -> View<'a> {
        let expanded = match file.is_metascript() {
            true => expansion::emit_steps(snap, file, steps),
            false => None,
        };
        let expanded = expanded.unwrap_or_else(|| Expanded::plain(source.clone()).into());
        View { snap, file, cwd, source, steps, expanded }
    }

    /// The uses of the source whose name stands on a line (counted from 1): indices of calls.
    fn uses_on(&self, line: u32) -> Result<Vec<u32>, CommandError> {
        let lines = self.source.lines();
        let shown = self.file.relative_to(self.cwd);
        let Some(start) = line.checked_sub(1).and_then(|line| lines.line_start(line)) else {
            return Err(format!("{shown} has {} lines", lines.line_count()).into());
        };
        let end = lines.line_start(line).unwrap_or(self.source.len() + 1);
        let own = || self.expanded.calls.iter().zip(0..).filter(|(site, _)| site.parent.is_none());
        let found: Vec<u32> =
            own().filter(|(site, _)| (start..end).contains(&site.name.start)).map(|(_, index)| index).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let line_of = |site: &CallSite| lines.line_of(site.name.start) + 1;
        let near = own().min_by_key(|(site, _)| line_of(site).abs_diff(line));
        Err(match near {
            Some((site, _)) => {
                format!(
                    "no macro is used on line {line}; the nearest use is `@{}` on line {}",
                    site.shown,
                    line_of(site)
                )
            }
            None => format!("no macro is used on line {line}, nor anywhere else in {shown}"),
        }
        .into())
    }

    fn printed(&self, args: &ExpandArgs, part: Option<&[u32]>) -> String {
        let text = self.expanded.text.as_str();
        match (args.format, part) {
            (ExpandFormat::Json, _) => self.json(part).to_string() + "\n",
            _ if args.trace => self.trace(part),
            _ if args.diff => self.diff(part),
            (_, None) if args.origins => self.origins(&[TextRange::new(0, text.len() as u32)]),
            (_, Some(uses)) if args.origins => self.origins(&self.ranges(uses)),
            (_, None) => text.to_owned(),
            (_, Some(uses)) => self.ranges(uses).into_iter().map(|range| dedent(text, range) + "\n").collect(),
        }
    }

    fn ranges(&self, uses: &[u32]) -> Vec<TextRange> {
        uses.iter().flat_map(|&index| self.expanded.calls[index as usize].generated.iter().copied()).collect()
    }

    /// The whole lines of some ranges, each after what it comes from.
    fn origins(&self, ranges: &[TextRange]) -> String {
        let lines: Vec<(String, &str)> = ranges.iter().flat_map(|range| self.lines(*range)).collect();
        let width = lines.iter().map(|(origin, _)| origin.chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for (origin, line) in lines {
            let pad = width - origin.chars().count();
            let _ = writeln!(out, "{}", format!("{origin}{} | {line}", " ".repeat(pad)).trim_end());
        }
        out
    }

    /// The lines that a range touches, with their origins in words.
    fn lines(&self, range: TextRange) -> Vec<(String, &str)> {
        let text = self.expanded.text.as_str();
        let mut at = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let mut out = Vec::new();
        for line in text[at..].split_inclusive('\n') {
            let end = at + line.len();
            let bare = line.trim_end_matches(['\n', '\r']);
            let code = TextRange::from(at + (bare.len() - bare.trim_start().len())..at + bare.len());
            out.push((self.origin(code).map(|origin| origin.shown(self)).unwrap_or_default(), bare));
            at = end;
            if at >= range.end as usize {
                break;
            }
        }
        out
    }

    /// What a line is, by what says most of it: a quote, else the part of the use that was copied, else
    /// the source. A line of the source with something generated in it is the macro's.
    fn origin(&self, line: TextRange) -> Option<LineOrigin> {
        let segments = self.expanded.map.segments();
        let first = segments.partition_point(|segment| segment.expanded.end <= line.start);
        let parts = segments[first..].iter().take_while(|segment| segment.expanded.start < line.end);
        let rank = |segment: &&Segment| match segment.origin {
            Origin::Quoted { .. } => 0,
            Origin::Computed { .. } => 1,
            Origin::Copied { .. } => 2,
            Origin::Verbatim { .. } => 3,
            Origin::Glue { .. } => 4,
        };
        let is_blank = |segment: &&Segment| {
            let from = segment.expanded.start.max(line.start);
            let to = segment.expanded.end.min(line.end);
            TextRange::new(from, to).of(self.expanded.text.as_str()).trim().is_empty()
        };
        let part = parts.filter(|segment| !is_blank(segment)).min_by_key(rank)?;
        let shift = line.start.saturating_sub(part.expanded.start);
        Some(match &part.origin {
            Origin::Quoted { call, module, range } => {
                LineOrigin::of("quote", module, (range.start + shift).min(range.end), Some(*call))
            }
            Origin::Computed { call, module, range } => LineOrigin::of("splice", module, range.start, Some(*call)),
            Origin::Copied { call, source } => {
                LineOrigin::of("use", self.file, (source.start + shift).min(source.end), Some(*call))
            }
            Origin::Verbatim { source } => LineOrigin::of("source", self.file, source.start + shift, None),
            Origin::Glue { source } => LineOrigin::of("msc", self.file, source.start, None),
        })
    }

    fn diff(&self, part: Option<&[u32]>) -> String {
        let name = self.file.relative_to(self.cwd);
        let text = self.expanded.text.as_str();
        let diff = similar::TextDiff::from_lines(self.source.as_str(), text);
        let mut unified = diff.unified_diff();
        unified.context_radius(3).header(&format!("a/{name}"), &format!("b/{name}"));
        let Some(uses) = part else { return unified.to_string() };
        // The hunks that hold what these uses generated.
        let mut wanted: Vec<(usize, usize)> = Vec::new();
        let line_of = |offset: u32| self.expanded.text.lines().line_of(offset) as usize;
        for range in self.ranges(uses) {
            wanted.push((line_of(range.start), line_of(range.end)));
        }
        let mut out = format!("--- a/{name}\n+++ b/{name}\n");
        for hunk in unified.iter_hunks() {
            let new = hunk.ops().iter().map(|op| op.new_range());
            let (start, end) =
                new.fold((usize::MAX, 0), |(start, end), range| (start.min(range.start), end.max(range.end)));
            if wanted.iter().any(|(from, to)| *from < end && start <= *to) {
                let _ = write!(out, "{hunk}");
            }
        }
        out
    }

    /// Each step: the uses that it expanded, what they cost, what they became.
    fn trace(&self, part: Option<&[u32]>) -> String {
        let roots: Option<Vec<&CallSite>> =
            part.map(|uses| uses.iter().map(|&index| &self.expanded.calls[index as usize]).collect());
        let mut out = String::new();
        for step in 1..=self.steps.unwrap_or(u32::MAX) {
            let view = View::new(self.snap, self.file, self.source.clone(), Some(step), self.cwd);
            let calls = &view.expanded.calls;
            let of_step = calls.iter().filter(|site| {
                let above = std::iter::successors(Some(*site), |site| calls.get(site.parent? as usize));
                let (mut depth, mut outermost) = (0, *site);
                for site in above {
                    depth += 1;
                    outermost = site;
                }
                depth == step && roots.as_ref().is_none_or(|roots| roots.iter().any(|root| root.id == outermost.id))
            });
            let mut is_empty = true;
            for site in of_step {
                if std::mem::take(&mut is_empty) {
                    let _ = writeln!(out, "step {step}");
                }
                let (file, at) = site.written.clone().unwrap_or((self.file.clone(), site.name));
                let _ = writeln!(out, "  @{}  {}  {}", site.shown, self.place(&file, at.start), view.cost(site));
                for range in &site.generated {
                    for line in dedent(view.expanded.text.as_str(), *range).lines() {
                        let _ = writeln!(out, "{}", format!("    {line}").trim_end());
                    }
                }
            }
            if is_empty {
                break;
            }
        }
        out
    }

    fn cost(&self, site: &CallSite) -> String {
        if site.state == CallState::Failed {
            return "failed".to_owned();
        }
        match expansion::cost(self.snap, self.file, site) {
            Some(cost) => cost.shown(),
            None => "not run".to_owned(),
        }
    }

    /// `src/a.ms:3`.
    fn place(&self, file: &FilePath, offset: u32) -> String {
        let line = self.snap.text(file).map(|text| text.lines().line_of(offset) + 1);
        let shown = match std_lib::contains(file) {
            true => format!("std/{}", file.relative_to(&FilePath::new(std_lib::ROOT))),
            false => file.relative_to(self.cwd).to_owned(),
        };
        match line {
            Some(line) => format!("{shown}:{line}"),
            None => shown,
        }
    }

    fn json(&self, part: Option<&[u32]>) -> Value {
        let text = self.expanded.text.as_str();
        let root = |mut index: u32| {
            while let Some(parent) = self.expanded.calls[index as usize].parent {
                index = parent;
            }
            index
        };
        let uses = self
            .expanded
            .calls
            .iter()
            .zip(0..)
            .filter(|(_, index)| part.is_none_or(|part| part.contains(&root(*index))));
        let uses = uses.map(|(site, index)| {
            let cost = expansion::cost(self.snap, self.file, site);
            json!({
                "index": index,
                "macro": site.callee.name,
                "module": self.name(&site.callee.module),
                "use": format!("@{}", site.shown),
                "line": self.source.lines().line_of(site.name.start) + 1,
                "parent": site.parent,
                "state": match site.state {
                    CallState::Fresh => "expanded",
                    CallState::Failed => "failed",
                    CallState::Stale => "stale",
                    CallState::Missing => "missing",
                },
                "micros": cost.map(|cost| cost.micros),
                "memoryBytes": cost.map(|cost| cost.memory_bytes),
                "cached": cost.map(|cost| cost.source == expansion::Source::Cache),
                "generated": site.generated.iter().map(|range| dedent(text, *range)).collect::<Vec<_>>(),
            })
        });
        let whole = [TextRange::new(0, text.len() as u32)];
        let ranges = part.map_or(whole.to_vec(), |uses| self.ranges(uses));
        let lines = ranges.iter().flat_map(|range| {
            let mut at = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
            self.lines(*range).into_iter().map(move |(_, line)| {
                let start = at + (line.len() - line.trim_start().len());
                let origin = self.origin(TextRange::from(start..at + line.len()));
                at += text[at..].find('\n').map_or(line.len(), |len| len + 1);
                json!({ "text": line, "origin": origin.map(|origin| origin.json(self)) })
            })
        });
        json!({
            "version": 1,
            "file": self.name(self.file),
            "text": text,
            "lines": lines.collect::<Vec<_>>(),
            "uses": uses.collect::<Vec<_>>(),
        })
    }

    fn name(&self, file: &FilePath) -> String {
        let place = self.place(file, 0);
        place.rsplit_once(':').map_or(place.clone(), |(name, _)| name.to_owned())
    }
}

/// Where a line comes from.
struct LineOrigin {
    kind: &'static str,
    file: FilePath,
    offset: u32,
    /// The use that generated it.
    by: Option<u32>,
}

impl LineOrigin {
    fn of(kind: &'static str, file: &FilePath, offset: u32, by: Option<u32>) -> LineOrigin {
        LineOrigin { kind, file: file.clone(), offset, by }
    }

    /// `main.ms:3`, `std/macros/derive.ms:90 quote`.
    fn shown(&self, view: &View<'_>) -> String {
        let place = view.place(&self.file, self.offset);
        match self.kind {
            "source" => place,
            "msc" => "msc".to_owned(),
            kind => format!("{place} {kind}"),
        }
    }

    fn json(&self, view: &View<'_>) -> Value {
        let line = view.snap.text(&self.file).map(|text| text.lines().line_of(self.offset) + 1);
        json!({ "kind": self.kind, "file": view.name(&self.file), "line": line, "use": self.by })
    }
}
