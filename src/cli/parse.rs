//! `msc parse`: trees and syntax errors.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::cli::args::ParseArgs;
use crate::cli::console::Console;
use crate::cli::{CLEAN, CommandResult, ERRORS, FAILURE};
use crate::syntax::SyntaxFile;
use crate::syntax::checks::checks;
use crate::syntax::errors::{SyntaxError, errors};
use crate::text::Encoding;
use crate::vfs::Disk;

/// Sums over all files, for `--stats`.
#[derive(Default)]
struct Totals {
    files: usize,
    bytes: usize,
    lines: usize,
    nodes: usize,
    wrong_files: usize,
    errors: usize,
    parsing: Duration,
}

pub(super) fn run(args: &ParseArgs, console: &Console) -> CommandResult {
    let disk = Disk::new();
    let mut code = CLEAN;
    let mut totals = Totals::default();
    for path in &args.files {
        let name = path.display().to_string();
        let text = match console.read(&disk, path) {
            Ok(text) => text,
            Err(reason) => {
                console.note(&format!("error: {name}: {reason}"));
                code = FAILURE;
                continue;
            }
        };
        let started = Instant::now();
        let file = SyntaxFile::parse(text);
        totals.parsing += started.elapsed();
        let faults = faults(&file);
        if args.stats {
            totals.count(&file, faults.len());
        }
        if !faults.is_empty() {
            code = code.max(ERRORS);
        }
        if args.quiet {
            console.print(&faults.iter().map(|fault| line(&file, &name, fault)).collect::<String>())?;
        } else {
            let heading = if args.files.len() > 1 { format!("{name}\n") } else { String::new() };
            console.print(&(heading + file.sexp().as_str()))?;
        }
    }
    if args.stats {
        console.note(&totals.to_string());
    }
    Ok(ExitCode::from(code))
}

/// What does not parse, and what parses but is refused, in text order.
fn faults(file: &SyntaxFile) -> Vec<SyntaxError> {
    let mut faults = errors(file.root(), usize::MAX);
    faults.extend(checks(file.root(), usize::MAX));
    faults.sort_by_key(|fault| fault.range.start);
    faults
}

/// One line: where it is, counted from 0 with columns in bytes, and what.
fn line(file: &SyntaxFile, name: &str, fault: &SyntaxError) -> String {
    let source = file.text();
    let at = source.lines().line_col(source.as_str(), fault.range.start, Encoding::Utf8);
    format!("{name}:{}:{}: {}\n", at.line, at.col, fault.message)
}

impl Totals {
    fn count(&mut self, file: &SyntaxFile, errors: usize) {
        self.files += 1;
        self.bytes += file.text().as_str().len();
        self.lines += file.text().as_str().lines().count();
        file.root().walk(|_| {
            self.nodes += 1;
            true
        });
        self.errors += errors;
        self.wrong_files += usize::from(errors > 0);
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.parsing.as_secs_f64();
        let speed = self.bytes as f64 / 1e6 / seconds.max(1e-9);
        let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        writeln!(
            f,
            "{}, {}, {}, {}",
            plural(self.files, "file"),
            plural(self.bytes, "byte"),
            plural(self.lines, "line"),
            plural(self.nodes, "node")
        )?;
        writeln!(f, "syntax errors: {} in {}", plural(self.errors, "place"), plural(self.wrong_files, "file"))?;
        write!(f, "parsed in {:.1} ms ({speed:.1} MB/s)", seconds * 1e3)
    }
}
