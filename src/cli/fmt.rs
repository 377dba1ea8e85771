//! `msc fmt`: files in one form.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use rayon::prelude::*;

use crate::base::FilePath;
use crate::cli::args::FmtArgs;
use crate::cli::console::Console;
use crate::cli::render::plural;
use crate::cli::{CLEAN, CommandResult, ERRORS, FAILURE};
use crate::format::{Formatted, Options, Reason, format};
use crate::project::config::format::of_file;
use crate::project::files::source_path;
use crate::project::program::configured;
use crate::project::{ProjectId, Snapshot, World, WorldOptions};
use crate::text::{Encoding, SourceText};

/// What is formatted where a folder is named. Declaration files end like these too.
const EXTENSIONS: [&str; 4] = ["ms", "ts", "mts", "cts"];

pub(super) fn run(args: &FmtArgs, console: &Console) -> CommandResult {
    if args.stdin {
        return stdin(args, console);
    }
    let mut paths: Vec<FilePath> = args.paths.iter().map(|path| console.resolve(path)).collect();
    if paths.is_empty() {
        paths.push(console.cwd.clone());
    }
    let world = World::new(WorldOptions::new(paths.clone()));
    let snap = world.snapshot();
    let mut named = BTreeSet::new();
    for path in &paths {
        let shown = path.relative_to(&console.cwd);
        if snap.is_file(path) {
            if !EXTENSIONS.iter().any(|extension| path.has_extension(extension)) {
                return Err(
                    format!("{shown} is neither Metascript nor TypeScript: fmt takes .ms, .ts, .mts and .cts").into()
                );
            }
            named.insert(path.clone());
        } else if snap.shared().disk.is_dir(path) {
            named.extend(of_folder(&snap, path)?);
        } else {
            return Err(format!("there is no file or folder {shown}").into());
        }
    }
    let files: Vec<FilePath> = named.into_iter().collect();
    let mut totals = Totals::default();
    // Chunks, so that what is written appears while the rest is still under way.
    for chunk in files.chunks(64) {
        let done: Vec<Result<File, String>> = chunk.par_iter().map(|file| File::read(&snap, file)).collect();
        for (path, file) in chunk.iter().zip(done) {
            let shown = path.relative_to(&console.cwd);
            match file {
                Ok(file) => file.finish(args.check, path, shown, console, &mut totals)?,
                Err(reason) => {
                    console.note(&format!("error: {shown}: {reason}"));
                    totals.failed += 1;
                }
            }
        }
    }
    console.note(&totals.summary(args.check));
    Ok(ExitCode::from(totals.code(args.check)))
}

#[derive(Default)]
struct Totals {
    files: usize,
    changed: usize,
    with_errors: usize,
    failed: usize,
}

impl Totals {
    fn summary(&self, is_check: bool) -> String {
        let of = plural(self.files, "file");
        let mut parts = vec![match (is_check, self.changed) {
            (_, 0) => format!("{of}, nothing to change"),
            (true, changed) => format!("{changed} of {of} would change"),
            (false, changed) => format!("{changed} of {of} changed"),
        }];
        if self.with_errors > 0 {
            parts.push(format!("{} with syntax errors", plural(self.with_errors, "file")));
        }
        if self.failed > 0 {
            parts.push(format!("{} could not be read or written", plural(self.failed, "file")));
        }
        parts.join(", ")
    }

    fn code(&self, is_check: bool) -> u8 {
        match self {
            _ if self.failed > 0 => FAILURE,
            _ if self.with_errors > 0 || is_check && self.changed > 0 => ERRORS,
            _ => CLEAN,
        }
    }
}

/// One file, read and formatted.
struct File {
    before: SourceText,
    formatted: Formatted,
    /// The formatted text, where it is another one.
    after: Option<String>,
}

impl File {
    fn read(snap: &Snapshot, path: &FilePath) -> Result<File, String> {
        let bytes = fs::read(path.as_str()).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|_| "not UTF-8 text".to_owned())?;
        Ok(File::new(text, &of_file(snap, path, Options::default())))
    }

    fn new(text: String, options: &Options) -> File {
        let formatted = format(&text, options);
        let after = Some(formatted.text()).filter(|after| *after != text);
        File { before: SourceText::new(text), formatted, after }
    }

    fn finish(
        &self,
        is_check: bool,
        path: &FilePath,
        shown: &str,
        console: &Console,
        totals: &mut Totals,
    ) -> Result<(), std::io::Error> {
        totals.files += 1;
        totals.with_errors += usize::from(self.tell_untouched(shown, console));
        let Some(after) = &self.after else { return Ok(()) };
        totals.changed += 1;
        if is_check {
            let diff = similar::TextDiff::from_lines(self.before.as_str(), after);
            let diff = diff.unified_diff().header(&format!("a/{shown}"), &format!("b/{shown}")).to_string();
            return console.print(&diff);
        }
        match write(Path::new(path.as_str()), after) {
            Ok(()) => console.print(&format!("{shown}\n")),
            Err(error) => {
                console.note(&format!("error: {shown}: {error}"));
                totals.failed += 1;
                Ok(())
            }
        }
    }

    /// Tells what stays as it is; whether there are syntax errors.
    fn tell_untouched(&self, shown: &str, console: &Console) -> bool {
        let mut has_errors = false;
        for one in &self.formatted.untouched {
            has_errors |= one.reason == Reason::Syntax;
            let at = self.before.lines().line_col(self.before.as_str(), one.range.start, Encoding::Utf16);
            let why = match one.reason {
                Reason::Syntax => "error: this does not parse, and stays as it is",
                Reason::Unsafe => "note: this cannot be formatted safely, and stays as it is",
            };
            console.note(&format!("{shown}:{}:{}: {why}", at.line + 1, at.col + 1));
        }
        has_errors
    }
}

/// The files of the project that rules a folder, those in the folder.
fn of_folder(snap: &Snapshot, folder: &FilePath) -> Result<Vec<FilePath>, String> {
    let id = ProjectId::of_path(&snap.shared().disk, folder);
    let found = configured(snap, &id).map_err(|error| format!("the project cannot be read: {error:?}"))?.config.roots;
    let found = found.iter().map(|path| source_path(snap, path));
    let is_meant =
        |file: &FilePath| file.is_under(folder) && EXTENSIONS.iter().any(|extension| file.has_extension(extension));
    Ok(found.filter(is_meant).collect())
}

/// Replaces a file in one step: whoever reads it sees the old text or the new one. Links are followed,
/// permissions stay.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, "the file is read-only"));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fs::File::create(&aside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        fs::set_permissions(&aside, permissions)?;
        fs::rename(&aside, &path)
    });
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed changes nothing about the answer.
        let _ = fs::remove_file(&aside);
    }
    written
}

fn stdin(args: &FmtArgs, console: &Console) -> CommandResult {
    let path = args.stdin_filepath.as_deref().unwrap_or(Path::new("stdin.ms"));
    let name = console.resolve(path);
    let world = World::new(WorldOptions::new(vec![name.parent()]));
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| "standard input is not UTF-8 text".to_owned())?;
    let file = File::new(text, &of_file(&world.snapshot(), &name, Options::default()));
    let shown = path.display().to_string();
    let has_errors = file.tell_untouched(&shown, console);
    if args.check {
        if let Some(after) = &file.after {
            let diff = similar::TextDiff::from_lines(file.before.as_str(), after);
            console.print(&diff.unified_diff().header(&format!("a/{shown}"), &format!("b/{shown}")).to_string())?;
        }
        let code = if has_errors || file.after.is_some() { ERRORS } else { CLEAN };
        return Ok(ExitCode::from(code));
    }
    console.print(file.after.as_deref().unwrap_or(file.before.as_str()))?;
    Ok(ExitCode::from(if has_errors { ERRORS } else { CLEAN }))
}
