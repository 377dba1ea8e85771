//! The arguments, as data. The first paragraph of a comment is `-h`, all of it `--help`.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Language server, type checker and compiler for Metascript.
///
/// Metascript is TypeScript with macros that run at compile time. A project is a folder with a
/// metascript.json or a tsconfig.json; with neither, defaults apply (strict).
///
/// Exit status: 0 nothing to report, 1 errors in the program, 2 wrong usage or a failure of msc itself.
#[derive(Debug, Parser)]
#[command(name = "msc", version, propagate_version = true, disable_help_subcommand = true, max_term_width = 100)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours
    ///
    /// `auto` uses them on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Log to standard error what msc does
    ///
    /// Twice for more. Meant for finding out why something is slow or wrong in msc itself.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Check(CheckArgs),
    Expand(ExpandArgs),
    Run(RunArgs),
    Build(BuildArgs),
    Parse(ParseArgs),
    Fmt(FmtArgs),
    Highlight(HighlightArgs),
    Explain(ExplainArgs),
    Cache(CacheArgs),
    Trust(TrustArgs),
    Init(InitArgs),
    Doctor(DoctorArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    Lsp(LspArgs),
    /// Read .ms files for TypeScript itself
    ///
    /// Speaks TypeScript's content-mapper protocol on standard input and output; tsc and editors start it for a
    /// tsconfig.json that names it (docs/content-mapper.md says how).
    ContentMapper,
    /// Runs macros for another msc process, which speaks to it through pipes.
    #[command(hide = true)]
    MacroWorker,
}

/// Expand macros and check types
///
/// Checks files and project folders, the working directory when none is named. What a macro
/// generates is checked like code that stands in the file; a mistake in it is reported where the macro is used,
/// with the generated line.
///
/// Errors go to standard output, the summary to standard error.
#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Files and project folders
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to print what was found
    ///
    /// `json` prints one line: {"version":1,"diagnostics":[{"file","range","code","severity",
    /// "message","help","related","generated"}]}. Lines count from 0, characters are UTF-16 units,
    /// paths are relative to the working directory where they lie below it. `github` prints annotations for a
    /// workflow, `sarif` a log for code scanning.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print what was done and what the cache answered
    ///
    /// Files, macros run, files checked, and the cache's hits and misses; on standard error.
    #[arg(long)]
    pub stats: bool,
    /// Check again whenever a file changes
    #[arg(long, short)]
    pub watch: bool,
    /// Neither read nor write the project's cache
    #[arg(long)]
    pub no_cache: bool,
    /// Hash every file instead of trusting its size, time and inode
    ///
    /// For file systems and tools that change a file without changing these. What is found is the same.
    #[arg(long)]
    pub no_mtime: bool,
    /// Let another TypeScript check the expanded program too
    ///
    /// CMD is `tsc`, `npx tsc`, `tsgo` or what takes the same arguments. Its findings are led back to the
    /// sources; what only one of the two reports is marked. It runs with your rights, as any command you start.
    #[arg(long, value_name = "CMD")]
    pub second_opinion: Option<String>,
    /// Choose the branches of `@target` for NAME, whatever the project file says
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    #[command(flatten)]
    pub allow: AllowArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Github,
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Print what the macros in a file generate
///
/// With a line, only what the macro uses on that line generate.
#[derive(Debug, ClapArgs)]
pub struct ExpandArgs {
    /// The file, and where wanted a line (counted from 1)
    #[arg(value_name = "FILE[:LINE]")]
    pub place: FileLine,
    /// Follow uses in generated code for N steps only
    ///
    /// One step expands what the file itself uses; macros that the output uses stand as they are.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub step: Option<u32>,
    /// The first step alone: the same as --step 1
    #[arg(long, conflicts_with = "step")]
    pub once: bool,
    /// Mark each line with where it comes from
    ///
    /// A line of the macro's quote, the use's own text, or the source.
    #[arg(long)]
    pub origins: bool,
    /// Print what expansion changes, as a unified diff against the source
    #[arg(long, conflicts_with_all = ["origins", "trace"])]
    pub diff: bool,
    /// Print each step: which uses were expanded, into what, and what that cost
    #[arg(long, conflicts_with = "origins")]
    pub trace: bool,
    /// How to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, conflicts_with_all = ["origins", "diff", "trace"])]
    pub format: ExpandFormat,
    /// Choose the branches of `@target` for NAME, whatever the project file says
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    #[command(flatten)]
    pub allow: AllowArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExpandFormat {
    #[default]
    Text,
    /// One JSON object: the text, its lines' origins, the uses
    Json,
}

/// Run a program
///
/// Expands and compiles the program in memory and runs it in the embedded JavaScript engine, which
/// has `console` and timers, and no access to files or the network. The program's status is its own: an
/// error that nothing catches ends it with 1.
#[derive(Debug, ClapArgs)]
pub struct RunArgs {
    /// The program's first file
    pub file: PathBuf,
    /// What the program sees as `process.argv` from its third element on
    #[arg(last = true, value_name = "ARG")]
    pub args: Vec<String>,
    /// Choose the branches of `@target` for NAME, whatever the project file says
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    #[command(flatten)]
    pub allow: AllowArgs,
}

/// Compile to JavaScript
///
/// Checks projects and writes what they become: JavaScript modules (ES2022 unless the project names a
/// `target`), declaration files and source maps that lead to the .ms files. Imports name the files that were
/// written, so that Node and browsers load them as they are. Where there are errors nothing is written.
///
/// Modules with macros are written along (.ms), so that a package can offer them to other projects.
#[derive(Debug, ClapArgs)]
pub struct BuildArgs {
    /// Project folders, or a program's first files; the working directory when none is named
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Where to write; the project's `outDir`, else `dist`, when not given
    #[arg(long, short, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What to write
    ///
    /// `ts` is the expanded program as plain TypeScript, each file with a line that names its source.
    #[arg(long, value_enum, value_name = "KIND", default_value_t = EmitKind::Js)]
    pub emit: EmitKind,
    /// Build again whenever a file changes
    #[arg(long, short)]
    pub watch: bool,
    /// Do not check types; macros that fail are errors all the same
    #[arg(long)]
    pub no_check: bool,
    /// Choose the branches of `@target` for NAME, whatever the project file says
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    #[command(flatten)]
    pub allow: AllowArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmitKind {
    Js,
    Ts,
}

/// Print syntax trees and syntax errors
///
/// Prints each file's tree with the names of fields and 0-based LINE:COLUMN ranges (columns in
/// bytes).
///
/// Exit status: 0 every file parses, 1 a file has syntax errors, 2 a file cannot be read. A file that
/// cannot be read does not keep the others from being parsed.
#[derive(Debug, ClapArgs)]
pub struct ParseArgs {
    /// Files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print only errors, as PATH:LINE:COLUMN
    ///
    /// One line for each place, counted from 0, columns in bytes.
    #[arg(long, short)]
    pub quiet: bool,
    /// Print what parsing took
    ///
    /// Files, bytes, lines, nodes, files with errors and places of errors, and the time in the parser; on
    /// standard error.
    #[arg(long)]
    pub stats: bool,
}

/// Print source text in colours
///
/// Colours are for a terminal (see --color); a pipe gets the text as it is. What runs at compile
/// time, what a quote generates and what is spliced into it have backgrounds of their own.
///
/// Exit status: 0 printed, 2 a file or the theme cannot be read. Code that does not parse is printed all the
/// same.
#[derive(Debug, ClapArgs)]
pub struct HighlightArgs {
    /// Files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print a page of HTML with its stylesheet
    ///
    /// All files on one page. Without a theme it follows the reader's choice of light or dark.
    #[arg(long)]
    pub html: bool,
    /// light, dark, ansi, mono, or the path of a theme file
    ///
    /// Without one, a terminal that tells its background gets `light` or `dark`, and any other
    /// `ansi`, the terminal's own colours. A theme file is JSON: {"keyword": "#7b2fb5", "function.macro":
    /// {"color": 13, "bold": true}, "macro.quote": {"background": "#fff3d6"}}, or two such objects under
    /// "light" and "dark". The names are those of the highlighting queries; `foreground` and `background`
    /// are for the page.
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
}

/// Format files
///
/// Writes Metascript and TypeScript in one form, close to Prettier's defaults, macro syntax included. The section
/// `format` of metascript.json chooses widths and quotes. Names files and folders; in a folder the files of its project.
///
/// What does not parse stays as it is, and is told on standard error; the rest of the file is formatted. A
/// comment // msc-fmt-ignore (or // prettier-ignore) keeps the statement or member below it as it is.
#[derive(Debug, ClapArgs)]
pub struct FmtArgs {
    /// Files and folders; the project of the working directory when none is named
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write nothing: print what would change as a diff, and exit with 1 if anything would
    #[arg(long)]
    pub check: bool,
    /// Format standard input to standard output
    #[arg(long, conflicts_with = "paths")]
    pub stdin: bool,
    /// The name that standard input would have as a file
    ///
    /// It decides which project's settings hold, and stands in messages.
    #[arg(long, value_name = "FILE", requires = "stdin")]
    pub stdin_filepath: Option<PathBuf>,
}

/// Explain a diagnostic
///
/// Prints when a diagnostic appears, an example and the way out. Without a code, lists msc's own
/// codes.
#[derive(Debug, ClapArgs)]
pub struct ExplainArgs {
    /// Its code, such as MS2005
    pub code: Option<String>,
}

/// Show or clear a project's cache
///
/// A project's cache lies in the folder .metascript-cache at its root. It is never needed: without it, work is
/// done again.
#[derive(Debug, ClapArgs)]
pub struct CacheArgs {
    #[command(subcommand)]
    pub action: CacheAction,
}

#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// Print how much of what the cache holds
    Stats(ProjectArg),
    /// Delete what the cache holds
    Clear(ClearArgs),
    /// Print the cache's file
    Path(ProjectArg),
    /// Delete what nothing will ask for again
    ///
    /// Rows of deleted files, the least recently used rows of what is larger than its limit, and what other
    /// versions of msc left behind. msc does the same by itself once the cache is full.
    Gc(ProjectArg),
}

/// Without an option, everything goes.
#[derive(Debug, ClapArgs)]
pub struct ClearArgs {
    #[command(flatten)]
    pub project: ProjectArg,
    /// Delete what hosts answered to macros: it is asked for again
    #[arg(long)]
    pub network: bool,
    /// Delete what macros generated and what checks found
    #[arg(long)]
    pub macros: bool,
    /// Delete everything
    #[arg(long, conflicts_with_all = ["network", "macros"])]
    pub all: bool,
}

#[derive(Debug, ClapArgs)]
pub struct ProjectArg {
    /// A folder of the project; the working directory where none is named
    pub folder: Option<PathBuf>,
}

/// Show and grant what a project's macros ask for
///
/// Macros compute and read the project's files. What goes beyond that a project asks for in the
/// section macros.allow of its metascript.json, and it holds once you have granted it here. A grant is kept in
/// your own settings, for this folder and for exactly what is asked: when that changes, you are asked again.
#[derive(Debug, ClapArgs)]
pub struct TrustArgs {
    /// A folder of the project; the working directory where none is named
    pub folder: Option<PathBuf>,
    /// Print everything that is granted, to any project
    #[arg(long, conflicts_with_all = ["revoke", "yes", "folder"])]
    pub list: bool,
    /// Take back what was granted to the project
    #[arg(long, conflicts_with = "yes")]
    pub revoke: bool,
    /// Grant without asking
    #[arg(long, short)]
    pub yes: bool,
}

/// What macros may do in this run, besides what is granted. Each may be given several times, or list
/// several with commas.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Permissions of macros, for this run")]
pub struct AllowArgs {
    /// Let macros reach a host
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub allow_net: Vec<String>,
    /// Let macros read a file or what is below a directory
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    pub allow_read: Vec<String>,
    /// Let macros read an environment variable
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub allow_env: Vec<String>,
    /// Let macros run a program
    #[arg(long, value_name = "PROGRAM", value_delimiter = ',')]
    pub allow_run: Vec<String>,
}

/// Begin a project
///
/// Writes a metascript.json, a program that uses macros of its own and of the standard library, and a .gitignore.
/// Nothing that is there already is overwritten.
#[derive(Debug, ClapArgs)]
pub struct InitArgs {
    /// The folder, made if it is not there; the working directory where none is named
    pub folder: Option<PathBuf>,
    /// Write the metascript.json alone
    #[arg(long)]
    pub bare: bool,
}

/// Tell whether all is well around msc
///
/// Looks at the program itself, the project file, the cache, whether macros run and are confined, whether files
/// can be watched, and your own settings. Every line that is not `ok` says what to do.
///
/// Exit status: 0 all works, 1 something does not.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {
    /// A folder of the project; the working directory where none is named
    pub folder: Option<PathBuf>,
}

/// Print a shell's completion script
///
/// bash: msc completions bash > ~/.local/share/bash-completion/completions/msc
///
/// zsh: msc completions zsh > a folder of $fpath, as _msc
///
/// fish: msc completions fish > ~/.config/fish/completions/msc.fish
#[derive(Debug, ClapArgs)]
pub struct CompletionsArgs {
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Print the manual page
///
/// In the form that `man` reads: msc man | man -l -
#[derive(Debug, ClapArgs)]
pub struct ManArgs {
    /// Write a page for msc and one for each subcommand into a folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Serve an editor over the Language Server Protocol
///
/// Speaks on standard input and output, and is meant to be started by an editor.
#[derive(Debug, ClapArgs)]
pub struct LspArgs {
    /// Accepted because some editors add it; standard input and output are used in any case
    #[arg(long, hide = true)]
    pub stdio: bool,
}

/// `FILE` or `FILE:LINE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: Option<u32>,
}

impl FromStr for FileLine {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<FileLine, Infallible> {
        let split = text.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?)));
        Ok(match split {
            Some((file, line)) if line > 0 && !file.is_empty() => FileLine { file: file.into(), line: Some(line) },
            _ => FileLine { file: text.into(), line: None },
        })
    }
}

impl Args {
    /// Wrong usage, `--help` and `--version` print and end the process.
    pub fn from_command_line() -> Args {
        Args::parse()
    }
}
