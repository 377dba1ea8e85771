//! `msc trust`: shows what a project's macros ask for, and grants it; `--allow-*` for one run.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use crate::base::FilePath;
use crate::cli::args::{AllowArgs, TrustArgs};
use crate::cli::console::Console;
use crate::cli::render::plural;
use crate::cli::{CLEAN, CommandError, CommandResult, ERRORS};
use crate::macros::{Allow, Permission};
use crate::project::{Grants, ProjectId, World, WorldOptions, config, trust};

pub(super) fn run(args: &TrustArgs, console: &Console) -> CommandResult {
    let grants = Grants::of_user();
    if args.list {
        return list(&grants, console);
    }
    let directory = args.folder.as_ref().map_or_else(|| console.cwd.clone(), |folder| console.resolve(folder));
    let world = World::new(WorldOptions::new(vec![directory.clone()]));
    let disk = &world.shared().disk;
    if !disk.is_dir(&directory) {
        return Err(format!("there is no folder {}", directory.relative_to(&console.cwd)).into());
    }
    let project = ProjectId::of_dir(disk, &directory, &directory);
    if args.revoke {
        let revoked = grants.revoke(&project.root)?;
        console.note(&match revoked {
            0 => format!("nothing was granted to {}", project.root),
            count => format!("took back {} of {}", plural(count, "grant"), project.root),
        });
        return Ok(ExitCode::from(CLEAN));
    }
    let asked = asked(&world, &project, console)?;
    if asked.is_empty() {
        console.note(&format!("{} asks for nothing: its macros compute, and read the project's files", project.root));
        return Ok(ExitCode::from(CLEAN));
    }
    console.print(&format!("The macros of {} ask to\n{}", project.root, described(&asked)))?;
    if grants.has(&project.root, &asked) {
        console.note("you have granted that");
        return Ok(ExitCode::from(CLEAN));
    }
    if !args.yes && !confirmed()? {
        console.note("nothing was granted");
        return Ok(ExitCode::from(ERRORS));
    }
    grants
        .grant(&project.root, &asked)
        .map_err(|error| CommandError::Message(format!("the grant cannot be kept: {error}")))?;
    console.note("granted, until what it asks for changes; `msc trust --revoke` takes it back");
    Ok(ExitCode::from(CLEAN))
}

/// What the project asks for; with a fault in it nothing is granted, since it would not be all.
fn asked(world: &World, project: &ProjectId, console: &Console) -> Result<Allow, CommandError> {
    let snap = world.snapshot();
    let Some(file) = project.config.as_ref().filter(|_| !project.uses_tsconfig()) else { return Ok(Allow::default()) };
    let Some(text) = snap.text(file) else {
        return Err(format!("{} cannot be read", file.relative_to(&console.cwd)).into());
    };
    let (_, mut problems) = config::source(project, Some(text.clone()));
    if !problems.is_empty() {
        let texts = |file: &FilePath| snap.text(file);
        console.report_aside(&mut problems, &texts)?;
        return Err(format!("{} has errors: nothing was granted", file.relative_to(&console.cwd)).into());
    }
    Ok(config::allow::asked(file, &text).0)
}

/// One line an entry.
fn described(asked: &Allow) -> String {
    trust::described(asked).into_iter().map(|line| format!("  {line}\n")).collect()
}

fn confirmed() -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(io::Error::other("nobody is there to be asked: `--yes` grants without a question"));
    }
    let mut err = io::stderr().lock();
    write!(err, "Grant that? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn list(grants: &Grants, console: &Console) -> CommandResult {
    let grants = grants.list()?;
    if grants.is_empty() {
        console.note("nothing is granted to any project");
    }
    for grant in grants {
        let entries: Vec<String> = grant.entries.iter().map(|(list, entry)| format!("  {list} {entry}\n")).collect();
        console.print(&format!("{}\n{}", grant.workspace, entries.concat()))?;
    }
    Ok(ExitCode::from(CLEAN))
}

/// What the flags permit for this run.
pub(super) fn for_run(args: &AllowArgs, console: &Console) -> Result<Allow, CommandError> {
    let mut allow = Allow::default();
    let lists = [
        (Permission::Net, &args.allow_net),
        (Permission::Read, &args.allow_read),
        (Permission::Env, &args.allow_env),
        (Permission::Run, &args.allow_run),
    ];
    for (permission, entries) in lists {
        for entry in entries {
            allow
                .add(permission, entry, &console.cwd)
                .map_err(|why| CommandError::Message(format!("--allow-{}={entry}: {why}", permission.name())))?;
        }
    }
    Ok(allow)
}
