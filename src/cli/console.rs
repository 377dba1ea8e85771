//! `Console`: where output goes, and whether it may have colours.
//!
//! Invariant: writing to a closed pipe is an error value, never a panic.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use crate::base::FilePath;
use crate::cli::args::{Color, Format};
use crate::cli::formats;
use crate::cli::render::{self, Renderer, Texts};
use crate::diagnostic::{Diagnostic, Severity};
use crate::text::SourceText;
use crate::vfs::{self, Disk};

#[derive(Clone, Debug)]
pub struct Console {
    /// The working directory.
    pub cwd: FilePath,
    colors: bool,
    columns: Option<usize>,
}

impl Console {
    pub fn new(color: Color) -> Console {
        let colors = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stdout().is_terminal() && env_allows_colors(),
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Console { cwd: FilePath::new(&current_dir()), colors, columns: columns.filter(|&columns| columns >= 40) }
    }

    /// Writes text to standard output as it is.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A line on standard error: progress, summaries, statistics.
    pub fn note(&self, line: &str) {
        complain(line);
    }

    pub fn colors(&self) -> bool {
        self.colors
    }

    /// A path that the person named.
    pub fn resolve(&self, path: &std::path::Path) -> FilePath {
        FilePath::resolve(self.cwd.as_str(), &path.to_string_lossy())
    }

    /// The text of a file that the person named, `-` being standard input; or why there is none.
    pub fn read(&self, disk: &Disk, path: &Path) -> Result<SourceText, String> {
        if path != Path::new("-") {
            return disk.read(&self.resolve(path)).map_err(|error| error.to_string());
        }
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        vfs::decode(bytes).map_err(|error| error.to_string())
    }

    /// Sorts and prints what was found, with a summary; returns whether there are errors.
    pub fn report(
        &self,
        format: Format,
        diagnostics: &mut [Diagnostic],
        texts: &Texts<'_>,
        checked: usize,
    ) -> io::Result<bool> {
        render::sort(diagnostics);
        match format {
            Format::Json => self.print(&(render::json(diagnostics, &self.cwd, texts) + "\n"))?,
            Format::Github => self.print(&formats::github(diagnostics, &self.cwd, texts))?,
            Format::Sarif => self.print(&(formats::sarif(diagnostics, &self.cwd, texts) + "\n"))?,
            Format::Text => {
                let mut renderer = Renderer::new(&self.cwd, texts);
                if self.colors {
                    renderer = renderer.styled(self.columns);
                }
                let mut out = io::BufWriter::new(io::stdout().lock());
                for diagnostic in diagnostics.iter() {
                    out.write_all(renderer.render(diagnostic).as_bytes())?;
                    out.write_all(b"\n")?;
                }
                out.flush()?;
                self.note(&render::summary(diagnostics, checked));
            }
        }
        Ok(diagnostics.iter().any(|it| it.severity == Severity::Error))
    }

    /// Sorts and prints findings to standard error, beside an answer on standard output; returns
    /// whether there are errors.
    pub fn report_aside(&self, diagnostics: &mut [Diagnostic], texts: &Texts<'_>) -> io::Result<bool> {
        render::sort(diagnostics);
        let renderer = Renderer::new(&self.cwd, texts);
        let mut out = io::stderr().lock();
        for diagnostic in diagnostics.iter() {
            writeln!(out, "{}", renderer.render(diagnostic).trim_end_matches('\n'))?;
            writeln!(out)?;
        }
        Ok(diagnostics.iter().any(|it| it.severity == Severity::Error))
    }
}

/// A line on standard error. Where that is closed too, there is nobody left to tell.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// <https://no-color.org>, and terminals that say they cannot.
fn env_allows_colors() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn current_dir() -> String {
    // A working directory that was deleted: relative paths then lead nowhere, and say so.
    std::env::current_dir().map(|dir| dir.to_string_lossy().into_owned()).unwrap_or_else(|_| "/".to_owned())
}
