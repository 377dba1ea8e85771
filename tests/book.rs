//! The book: pages that follow from the program, and the table of contents.
//!
//! `UPDATE_EXPECT=1` writes the pages. That their links lead somewhere is tested with all other documents, in `tests/tidy.rs`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use msc::cli::args::Args;
use msc::diagnostic::Severity;
use msc::diagnostic::code::REGISTRY;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Compares a page with what it must be, or writes it.
fn expect(page: &str, text: &str) {
    let path = docs().join(page);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, text).expect("the tree is writable");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/{page} does not follow from the program: set UPDATE_EXPECT=1");
}

/// Help as prose: a `<PATH>` or `|` would be markup.
fn prose(text: &str) -> String {
    text.trim().replace('<', "\\<").replace('|', "\\|").replace('*', "\\*")
}

fn arguments(command: &clap::Command, out: &mut String) {
    let shown = command.get_arguments().filter(|argument| {
        !argument.is_hide_set()
            && !argument.is_global_set()
            && !["help", "version"].contains(&argument.get_id().as_str())
    });
    let mut rows = String::new();
    for argument in shown {
        let values = argument
            .get_value_names()
            .map(|names| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>().join(" "));
        let takes_value = argument.get_action().takes_values();
        let mut name = match (argument.get_long(), argument.get_short()) {
            (Some(long), Some(short)) => format!("--{long}, -{short}"),
            (Some(long), None) => format!("--{long}"),
            (None, Some(short)) => format!("-{short}"),
            (None, None) => String::new(),
        };
        if takes_value {
            let value = values.unwrap_or_else(|| argument.get_id().as_str().to_uppercase());
            name = format!("{name} {value}").trim().to_owned();
        }
        let mut help = argument
            .get_long_help()
            .or(argument.get_help())
            .map(|help| prose(&help.to_string()).split_whitespace().collect::<Vec<_>>().join(" "))
            .unwrap_or_default();
        let choices: Vec<String> = argument
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set() && takes_value)
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !choices.is_empty() {
            let _ = write!(help, " One of {}.", choices.join(", "));
        }
        let _ = writeln!(rows, "| `{name}` | {help} |");
    }
    if !rows.is_empty() {
        let _ = writeln!(out, "| | |\n|---|---|\n{rows}");
    }
}

fn command(path: &str, command: &clap::Command, out: &mut String) {
    let _ = writeln!(out, "## {path}\n");
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(out, "{}\n", prose(&about));
    arguments(command, out);
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
        self::command(&format!("{path} {}", inner.get_name()), inner, out);
    }
}

#[test]
fn the_command_line() {
    let mut root = Args::command();
    root.build();
    let mut out =
        String::from("# The command line\n\nWritten from the program itself: `msc COMMAND --help` says the same.\n\n");
    let about = root.get_long_about().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(out, "{}\n", prose(&about));
    let globals = root.get_arguments().filter(|argument| argument.is_global_set() && argument.get_long().is_some());
    let names: Vec<String> = globals
        .filter_map(clap::Arg::get_long)
        .filter(|name| !["help", "version"].contains(name))
        .map(|name| format!("`--{name}`"))
        .collect();
    let _ = writeln!(out, "Every command takes {}.\n", names.join(" and "));
    let commands: Vec<&clap::Command> = root.get_subcommands().filter(|inner| !inner.is_hide_set()).collect();
    assert!(commands.len() > 10, "the commands are found");
    for inner in commands {
        command(&format!("msc {}", inner.get_name()), inner, &mut out);
    }
    expect("book/cli.md", &(out.trim_end().to_owned() + "\n"));
}

#[test]
fn the_index_of_diagnostics() {
    let mut out = String::from(
        "# Diagnostics\n\nCodes of TypeScript (`TS2322`) mean what they mean there. These are our own; `msc explain CODE` prints the page.\n",
    );
    let mut kind = 0;
    for entry in REGISTRY {
        let thousand = entry.code / 1000;
        if thousand != kind {
            kind = thousand;
            let title = match kind {
                1 => "Syntax",
                2 => "Expansion",
                3 => "Permissions and inputs",
                4 => "Performance",
                _ => "The program itself",
            };
            let _ = write!(out, "\n## {title}\n\n| code | | |\n|---|---|---|\n");
        }
        let severity = match entry.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            _ => "hint",
        };
        let _ = writeln!(out, "| [MS{0:04}](MS{0:04}.md) | {1} | {severity} |", entry.code, entry.title);
    }
    expect("diagnostics/README.md", &out);
}

/// What is in the table of contents exists, and every page that was written for the book is in it.
#[test]
fn the_table_of_contents() {
    let summary = fs::read_to_string(docs().join("SUMMARY.md")).expect("it is there");
    let listed: Vec<&str> = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    for page in &listed {
        assert!(docs().join(page).is_file(), "{page} is listed, and not there");
    }
    for entry in fs::read_dir(docs().join("book")).expect("it can be listed") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        let page = format!("book/{name}");
        assert!(listed.contains(&page.as_str()), "{page} is in no table of contents: docs/SUMMARY.md");
    }
}
