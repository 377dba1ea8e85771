//! `msc parse`: trees and syntax errors.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::ParseArgs;
use crate::cli::console::Console;
use crate::cli::{CLEAN, CommandResult, ERRORS, FAILURE};
use crate::syntax::SyntaxFile;
use crate::text::{Encoding, SourceText};
use crate::vfs::Disk;

pub(super) fn run(args: &ParseArgs, console: &Console) -> CommandResult {
    let disk = Disk::new();
    let mut code = CLEAN;
    for path in &args.files {
        let name = path.display().to_string();
        let text = match read(&disk, path, console) {
            Ok(text) => text,
            Err(reason) => {
                console.note(&format!("error: {name}: {reason}"));
                code = FAILURE;
                continue;
            }
        };
        let file = SyntaxFile::parse(text);
        if file.has_errors() {
            code = code.max(ERRORS);
        }
        if args.quiet {
            console.print(&errors(&file, &name))?;
        } else {
            let heading = if args.files.len() > 1 { format!("{name}\n") } else { String::new() };
            console.print(&(heading + &file.sexp()))?;
        }
    }
    Ok(ExitCode::from(code))
}

fn read(disk: &Disk, path: &Path, console: &Console) -> Result<SourceText, String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string())?;
        return Ok(SourceText::new(text));
    }
    disk.read(&console.resolve(path)).map_err(|error| error.to_string())
}

/// One line for each node that is an error or is missing.
fn errors(file: &SyntaxFile, name: &str) -> String {
    let mut text = String::new();
    file.root().walk(|node| {
        if node.is_error() || node.is_missing() {
            let source = file.text();
            let at = source.lines().line_col(source.as_str(), node.start(), Encoding::Utf8);
            text += &format!("{name}:{}:{}\n", at.line, at.col);
        }
        node.has_error() || node.is_missing()
    });
    text
}
