//! `msc init`, `msc completions` and `msc man`: a new project, and what a system keeps of a program.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::base::FilePath;
use crate::cli::args::{Args, CompletionsArgs, InitArgs, ManArgs};
use crate::cli::console::Console;
use crate::cli::{CLEAN, CommandError, CommandResult};

const PROJECT: &str = r#"{
  // TypeScript's checking options go by their own names; `strict` is on without being asked.
  "include": ["src"]
}
"#;

const MACROS: &str = r#"/**
 * Adds a method that says what an instance is, field by field.
 *
 * What stands in the quote becomes part of the class; `${...}` is computed when the program is compiled.
 */
export macro described(ctx: MacroContext) {
  const target = ctx.target;
  if (target?.kind !== "class") {
    ctx.error(undefined, "`@described` stands on a class only");
    return;
  }
  const parts = target.fields.map((field) => quote(${`${field.name} = `} + String(this.${field.name})));
  quote {
    describe(): string {
      return [${parts}].join(", ");
    }
  }
}
"#;

const MAIN: &str = r#"import { described } from "./macros";

@described
@derive(Eq, Clone)
class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const point = new Point(1, 2);
console.log(point.describe());
console.log(point.equals(point.clone()));
console.log(@comptime { return "6 * 7 was computed when this was compiled: " + 6 * 7; });
"#;

const IGNORED: &str = ".metascript-cache/\ndist/\nnode_modules/\n";

pub(super) fn init(args: &InitArgs, console: &Console) -> CommandResult {
    let folder = args.folder.as_deref().map_or_else(|| console.cwd.clone(), |folder| console.resolve(folder));
    let mut files = vec![("metascript.json", PROJECT)];
    if !args.bare {
        files.extend([("src/main.ms", MAIN), ("src/macros.ms", MACROS), (".gitignore", IGNORED)]);
    }
    // All or nothing: a half-made project would have to be cleaned up by hand.
    let taken: Vec<&str> =
        files.iter().map(|(name, _)| *name).filter(|name| folder.join(name).to_os().exists()).collect();
    let needed: Vec<&str> = taken.iter().copied().filter(|name| *name != ".gitignore").collect();
    if !needed.is_empty() {
        let place = shown(&folder, console);
        let hint = if args.bare || needed.contains(&"metascript.json") { "" } else { "; --bare writes no sources" };
        return Err(format!("{place} has {} already: nothing was written{hint}", needed.join(", ")).into());
    }
    for (name, text) in files.iter().filter(|(name, _)| !taken.contains(name)) {
        let path = folder.join(name);
        write(&path, text).map_err(|error| CommandError::Message(format!("{}: {error}", shown(&path, console))))?;
        console.print(&format!("{}\n", shown(&path, console)))?;
    }
    if !args.bare {
        let main = folder.join("src/main.ms");
        console.note(&format!("`msc run {}` runs it, `msc check` checks it", shown(&main, console)));
    }
    if taken.contains(&".gitignore") {
        console.note("add .metascript-cache/ to your .gitignore");
    }
    Ok(ExitCode::from(CLEAN))
}

fn shown(path: &FilePath, console: &Console) -> String {
    path.relative_to(&console.cwd).to_owned()
}

fn write(path: &FilePath, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().to_os())?;
    fs::write(path.to_os(), text)
}

pub(super) fn completions(args: &CompletionsArgs, console: &Console) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "msc", &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::from(CLEAN))
}

pub(super) fn man(args: &ManArgs, console: &Console) -> CommandResult {
    let mut command = Args::command();
    // Fills in the usage of subcommands, which pages of their own begin with.
    command.build();
    let Some(folder) = &args.out else {
        console.print(&page(&command)?)?;
        return Ok(ExitCode::from(CLEAN));
    };
    let folder = console.resolve(folder);
    let mut pages = vec![("msc".to_owned(), page(&command)?)];
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let name = format!("msc-{}", sub.get_name());
        pages.push((name, page(sub)?));
    }
    for (name, text) in pages {
        let path = folder.join(&format!("{name}.1"));
        write(&path, &text).map_err(|error| CommandError::Message(format!("{}: {error}", shown(&path, console))))?;
        console.print(&format!("{}\n", Path::new(&shown(&path, console)).display()))?;
    }
    Ok(ExitCode::from(CLEAN))
}

fn page(command: &clap::Command) -> io::Result<String> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
