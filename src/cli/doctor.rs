//! `msc doctor`: what msc finds around itself, and what to do about it.
//!
//! Owns the list of questions and the report. Nothing is changed but for a folder of its own among the
//! system's temporary files, which it removes.

use std::process::ExitCode;

use crate::base::{Cancel, FilePath};
use crate::cache::Store;
use crate::cli::args::DoctorArgs;
use crate::cli::console::Console;
use crate::cli::render::plural;
use crate::cli::{CLEAN, CommandResult, ERRORS};
use crate::diagnostic::{Diagnostic, Severity};
use crate::project::check::expand_file;
use crate::project::{Grants, ProjectId, World, WorldOptions, config, expansion};
use crate::vfs::slow::{self, SlowTick};
use crate::vfs::{self, Disk, Watcher};

/// How one question was answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It works, with less than there could be.
    Poor,
    Bad,
}

struct Report {
    text: String,
    worst: u8,
    colors: bool,
}

impl Report {
    fn title(&mut self, title: &str) {
        self.text += &format!("{}{title}\n", if self.text.is_empty() { "" } else { "\n" });
    }

    fn line(&mut self, verdict: Verdict, text: impl AsRef<str>) {
        let (mark, color) = match verdict {
            Verdict::Good => ("ok  ", "32"),
            Verdict::Poor => ("poor", "33"),
            Verdict::Bad => ("BAD ", "31"),
        };
        if verdict == Verdict::Bad {
            self.worst = ERRORS;
        }
        let mark = if self.colors { format!("\x1b[{color}m{mark}\x1b[0m") } else { mark.to_owned() };
        self.text += &format!("  {mark}  {}\n", text.as_ref());
    }

    /// What to do about the line before.
    fn advice(&mut self, text: &str) {
        self.text += &format!("        {text}\n");
    }
}

pub(super) fn run(args: &DoctorArgs, console: &Console) -> CommandResult {
    let folder = args.folder.as_deref().map_or_else(|| console.cwd.clone(), |folder| console.resolve(folder));
    if !folder.to_os().is_dir() {
        return Err(format!("{} is no folder", folder.relative_to(&console.cwd)).into());
    }
    let mut report = Report { text: String::new(), worst: CLEAN, colors: console.colors() };
    program(&mut report);
    let project = project(&folder, console, &mut report);
    cache(&project, &mut report);
    macros(&mut report);
    watching(&project.root, &mut report);
    servers(&mut report);
    user(&mut report);
    console.print(&report.text)?;
    Ok(ExitCode::from(report.worst))
}

fn program(report: &mut Report) {
    report.title("Program");
    let build = if cfg!(debug_assertions) { ", a debug build: slow" } else { "" };
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    report.line(Verdict::Good, format!("msc {} for {arch} {os}{build}", env!("CARGO_PKG_VERSION")));
    match std::env::current_exe() {
        Ok(path) => report.line(Verdict::Good, path.display().to_string()),
        Err(error) => {
            report.line(Verdict::Bad, format!("msc does not find itself: {error}"));
            report.advice("macros run in processes that msc starts from its own file");
        }
    }
    if cfg!(feature = "fetch") {
        report.line(Verdict::Good, "macros can be permitted to use the network");
    } else {
        report.line(Verdict::Poor, "built without the network: `fetch` in macros always fails");
        report.advice("the feature `fetch` adds it");
    }
}

fn project(folder: &FilePath, console: &Console, report: &mut Report) -> ProjectId {
    report.title("Project");
    let world = World::new(WorldOptions::new(vec![folder.clone()]));
    let project = ProjectId::of_dir(&world.shared().disk, folder, folder);
    let Some(file) = &project.config else {
        report.line(Verdict::Good, format!("{folder} has no project file: defaults apply (strict)"));
        report.advice("`msc init` writes a metascript.json");
        return project;
    };
    let shown = file.relative_to(&console.cwd);
    let text = match world.shared().disk.read(file) {
        Ok(text) => text,
        Err(error) => {
            report.line(Verdict::Bad, format!("{shown}: {error}"));
            return project;
        }
    };
    let (_, problems) = config::source(&project, Some(text));
    match problems.iter().find(|problem| problem.severity == Severity::Error) {
        Some(Diagnostic { message, .. }) => {
            report.line(Verdict::Bad, format!("{shown}: {message}"));
            report.advice("`msc check` shows where");
        }
        None => report.line(Verdict::Good, shown),
    }
    project
}

fn cache(project: &ProjectId, report: &mut Report) {
    report.title("Cache");
    let file = Store::file_of(&project.root);
    if !file.exists() {
        report.line(Verdict::Good, format!("{}: none yet", file.display()));
        return;
    }
    let store = Store::open(&project.root);
    let size = std::fs::metadata(&file).map_or(0, |meta| meta.len());
    let health = store.health();
    match store.path() {
        Some(path) if health.is_empty() => {
            report.line(Verdict::Good, format!("{} ({} KB)", path.display(), size.div_ceil(1024)));
        }
        _ => {
            for line in &health {
                report.line(Verdict::Poor, line);
            }
            report.advice("everything works without a cache, and takes longer; `msc cache clear` starts it anew");
        }
    }
}

/// A use of a macro whose answer is known.
const PROBE: &str = "export const answer = @comptime { return 6 * 7; };\n";

fn macros(report: &mut Report) {
    report.title("Macros");
    let folder = std::env::temp_dir().join(format!("msc-doctor-{}", std::process::id()));
    let made = std::fs::create_dir_all(&folder);
    if let Err(error) = made.and_then(|()| std::fs::write(folder.join("probe.ms"), PROBE)) {
        report.line(Verdict::Bad, format!("{}: {error}", folder.display()));
        report.advice("a folder for temporary files is needed; TMPDIR names another one");
        return;
    }
    run_probe(&FilePath::new(&folder.to_string_lossy()), report);
    // Left behind at worst, among temporary files.
    let _ = std::fs::remove_dir_all(&folder);
}

fn run_probe(folder: &FilePath, report: &mut Report) {
    let file = folder.join("probe.ms");
    let mut world = World::new(WorldOptions::new(vec![folder.clone()]));
    let found = expand_file(&mut world, &file, &Cancel::new()).unwrap_or_default();
    let text = expansion::emit_text(&world.snapshot(), &file).map(|expanded| expanded.text.as_str().to_owned());
    if text.as_deref().is_some_and(|text| text.contains("42")) {
        report.line(Verdict::Good, "a macro runs, in a process of its own");
        confinement(report);
    } else {
        let why = found.first().map_or("it generates nothing", |problem| problem.message.as_str());
        report.line(Verdict::Bad, format!("a macro that only computes does not run: {why}"));
        report.advice("msc starts itself for that; `msc -vv check` tells what happens");
    }
}

/// What the workers that ran a macro just now really gave up.
#[cfg(target_os = "linux")]
fn confinement(report: &mut Report) {
    let workers: Vec<String> = worker_states();
    let filtered = |state: &&String| state.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"]));
    if workers.is_empty() {
        report.line(Verdict::Poor, "whether the process is confined cannot be seen: /proc does not tell of it");
    } else if workers.iter().filter(filtered).count() == workers.len() {
        report.line(Verdict::Good, "that process can make no system calls but those of computing (seccomp)");
    } else {
        report.line(Verdict::Poor, "that process is not confined by the system (seccomp)");
        report.advice("the JavaScript engine itself still gives macros no file, network or program");
    }
}

/// `/proc/PID/status` of every process that this one started.
#[cfg(target_os = "linux")]
fn worker_states() -> Vec<String> {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let children: Vec<String> = threads
        .flatten()
        .map(|thread| read(format!("{}/children", thread.path().display())))
        .flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    children.iter().map(|pid| read(format!("/proc/{pid}/status"))).filter(|status| !status.is_empty()).collect()
}

#[cfg(not(target_os = "linux"))]
fn confinement(report: &mut Report) {
    report.line(Verdict::Poor, "system calls of that process are filtered on Linux only");
    report.advice("the JavaScript engine itself gives macros no file, network or program");
}

fn watching(root: &FilePath, report: &mut Report) {
    report.title("Watching files (for editors that do not)");
    match Watcher::new(std::slice::from_ref(root), |_| {}) {
        Ok((_, failures)) if failures.is_empty() => report.line(Verdict::Good, format!("{root} can be watched")),
        Ok((_, failures)) => {
            report.line(Verdict::Poor, format!("{} cannot be watched", plural(failures.len(), "folder")));
            report.advice(&failures[0]);
        }
        Err(error) => report.line(Verdict::Poor, format!("the system cannot watch: {error}")),
    }
    for (name, least) in [("max_user_watches", 65_536), ("max_user_instances", 128)] {
        let path = format!("/proc/sys/fs/inotify/{name}");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(limit) = text.trim().parse::<u64>() else { continue };
        if limit >= least {
            report.line(Verdict::Good, format!("fs.inotify.{name} = {limit}"));
        } else {
            report.line(Verdict::Poor, format!("fs.inotify.{name} = {limit}: large projects need more"));
            report.advice(&format!("sudo sysctl fs.inotify.{name}={least}"));
        }
    }
}

/// How far back slow ticks are told of, in seconds.
const RECENT: u64 = 7 * 86_400;

/// What servers of this user's editors noted of themselves.
fn servers(report: &mut Report) {
    report.title("Servers of the last seven days");
    let Some(list) = slow::list_of_user() else {
        report.line(Verdict::Poor, "the system names no cache directory: slow moments are not noted");
        return;
    };
    let now = SlowTick::now(0, "").at;
    let ticks: Vec<SlowTick> = slow::read(&list).into_iter().filter(|tick| tick.at + RECENT >= now).collect();
    match ticks.iter().max_by_key(|tick| tick.millis) {
        None => report.line(Verdict::Good, "no event kept a server's main loop for more than 10 ms"),
        Some(longest) => {
            let count = plural(ticks.len(), "event");
            let text = format!(
                "{count} kept a server's main loop for more than 10 ms; the longest was {} for {} ms",
                longest.what, longest.millis
            );
            report.line(Verdict::Poor, text);
            report.advice("what the machine was busy with counts, too; `msc -v lsp` logs each as it happens");
        }
    }
}

fn user(report: &mut Report) {
    report.title("Settings of yours");
    match vfs::user::config_dir() {
        Some(folder) if Disk::new().is_dir(&FilePath::new(&folder.to_string_lossy())) => {
            report.line(Verdict::Good, folder.display().to_string());
        }
        Some(folder) => report.line(Verdict::Good, format!("{}: none yet", folder.display())),
        None => {
            report.line(Verdict::Poor, "the system names no home: the cache is not sealed, and grants are not kept");
            report.advice("HOME or XDG_CONFIG_HOME names one");
        }
    }
    match Grants::of_user().list() {
        Ok(grants) => report.line(Verdict::Good, format!("grants: {} (`msc trust --list`)", grants.len())),
        Err(error) => report.line(Verdict::Poor, format!("grants cannot be read: {error}")),
    }
}
