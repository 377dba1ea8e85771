//! Running a program for a macro: no shell, a clean environment, an end in time.
//!
//! Invariant: the program was granted by name; which file that is does not depend on the project. A
//! program that is granted can do what the person can: the limits here keep accidents away, not it.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::effect::{ExecOutput, InputError};
use super::permit::Permissions;

/// How long a program may run.
const DEADLINE: Duration = Duration::from_secs(10);
/// How much of each stream is taken.
const MAX_OUTPUT: u64 = 16 << 20;
/// What a program needs of the environment to be itself. Everything else has to be granted.
const ENVIRONMENT: &[&str] =
    &["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP", "SystemRoot", "PATHEXT", "USERPROFILE"];

/// Runs a program in the project's root and waits for its end.
pub(super) fn run(permissions: &Permissions, program: &str, args: &[String]) -> Result<ExecOutput, InputError> {
    run_within(permissions, program, args, DEADLINE)
}

fn run_within(
    permissions: &Permissions,
    program: &str,
    args: &[String],
    deadline: Duration,
) -> Result<ExecOutput, InputError> {
    let invalid = |why: String| InputError::invalid(format!("{program} cannot be run: {why}"));
    if args.iter().any(|arg| arg.contains('\0')) {
        return Err(invalid("an argument holds a zero character".to_owned()));
    }
    let root = permissions.root.to_os();
    let Some(file) = find(program, &root, std::env::var_os("PATH")) else {
        return Err(invalid("there is no such program in the directories of PATH".to_owned())
            .with_help("directories inside the project and relative ones are not searched"));
    };
    let mut command = Command::new(file);
    command.args(args).current_dir(&root).env_clear();
    for name in ENVIRONMENT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| permissions.env(name).is_ok()) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that what it starts ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| invalid(error.to_string()))?;
    let ended = wait(&mut child, deadline);
    if !matches!(ended, Ok(Some(_))) {
        end(&mut child);
    }
    match ended {
        Ok(Some((stdout, stderr, code))) => {
            let text = |bytes: Vec<u8>| {
                String::from_utf8(bytes).map_err(|_| invalid("its output is no UTF-8 text".to_owned()))
            };
            Ok(ExecOutput { code, stdout: text(stdout)?, stderr: text(stderr)? })
        }
        Ok(None) => Err(invalid(format!("it ran longer than {deadline:?} and was stopped"))),
        Err(error) => Err(invalid(error.to_string())),
    }
}

/// The file that a name stands for: absolute, and not of the project's own.
fn find(program: &str, root: &Path, search: Option<OsString>) -> Option<PathBuf> {
    let named = Path::new(program);
    if named.is_absolute() {
        return named.is_file().then(|| named.to_owned());
    }
    if program.contains(['/', '\\']) {
        return None;
    }
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".com"] } else { &[""] };
    std::env::split_paths(&search?)
        .filter(|directory| directory.is_absolute() && !directory.starts_with(root))
        .flat_map(|directory| endings.iter().map(move |ending| directory.join(format!("{program}{ending}"))))
        .find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

type Ended = (Vec<u8>, Vec<u8>, i32);

/// Both streams and the exit code; `None` where it did not end in time.
fn wait(child: &mut Child, patience: Duration) -> io::Result<Option<Ended>> {
    let until = Instant::now() + patience;
    let (send, receive) = channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
        child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
    ];
    for (index, stream) in streams.into_iter().enumerate() {
        let Some(stream) = stream else { continue };
        let send = send.clone();
        // Reads at the same time, or a full pipe would hold the program up. Ends with the program's group.
        std::thread::Builder::new().name("msc-exec".to_owned()).spawn(move || {
            let mut bytes = Vec::new();
            let read = stream.take(MAX_OUTPUT + 1).read_to_end(&mut bytes).map(|_| bytes);
            let _ = send.send((index, read));
        })?;
    }
    drop(send);
    let mut texts = [Vec::new(), Vec::new()];
    for _ in 0..2 {
        let (index, read) = match receive.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(read) => read,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => break,
        };
        texts[index] = read?;
        if texts[index].len() as u64 > MAX_OUTPUT {
            return Err(io::Error::other(format!("it wrote more than {} MB", MAX_OUTPUT >> 20)));
        }
    }
    loop {
        if let Some(status) = child.try_wait()? {
            let [stdout, stderr] = texts;
            return Ok(Some((stdout, stderr, code(status))));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(unix)]
fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(-1)
}

#[cfg(not(unix))]
fn code(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

/// Ends a program and what it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: a signal to the group that this process made for its child and has not waited for yet.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    // Fails only where it has ended; waiting removes it from the system's table.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::base::FilePath;

    fn permissions(root: &Path) -> Permissions {
        Permissions::none(FilePath::from_os(root))
    }

    fn sh(script: &str, deadline: Duration) -> Result<ExecOutput, InputError> {
        let args = ["-c".to_owned(), script.to_owned()];
        run_within(&permissions(&std::env::temp_dir()), "/bin/sh", &args, deadline)
    }

    #[test]
    fn both_streams_and_the_code_come_back() {
        let output = sh("echo out; echo err >&2; exit 3", Duration::from_secs(60)).expect("it runs");
        assert_eq!(output, ExecOutput { code: 3, stdout: "out\n".into(), stderr: "err\n".into() });
        let output = sh("kill -9 $$", Duration::from_secs(60)).expect("it runs");
        assert_eq!(output.code, -9);
        // More than a pipe holds, on both at once.
        let output = sh("yes | head -c 1000000; yes | head -c 1000000 >&2", Duration::from_secs(60)).expect("it runs");
        assert_eq!((output.stdout.len(), output.stderr.len()), (1_000_000, 1_000_000));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended_with_what_it_started() {
        let error = sh("sleep 1000 & sleep 1000", Duration::from_millis(100)).expect_err("it is stopped");
        assert!(error.message.contains("and was stopped"), "{}", error.message);
        let error = sh("yes", Duration::from_secs(60)).expect_err("it writes for ever");
        assert!(error.message.contains("wrote more than 16 MB"), "{}", error.message);
    }

    #[test]
    fn the_environment_is_clean() {
        let output = sh("env | cut -d= -f1 | sort", Duration::from_secs(60)).expect("it runs");
        let known = |name: &str| ENVIRONMENT.contains(&name) || ["PWD", "SHLVL", "_", "OLDPWD"].contains(&name);
        assert!(output.stdout.lines().all(known), "{}", output.stdout);
    }

    #[test]
    fn programs_are_found_outside_of_the_project_only() {
        let root = tempfile::tempdir().expect("a directory");
        let bin = root.path().join("bin");
        std::fs::create_dir(&bin).expect("a directory");
        let file = bin.join("sh");
        std::fs::write(&file, "#!/bin/sh\necho caught\n").expect("a file");
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
        let search = std::env::join_paths([bin.as_path(), Path::new("bin"), Path::new("."), Path::new("/bin")]);
        let search = search.expect("no colons");
        assert_eq!(find("sh", root.path(), Some(search.clone())), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("sh", Path::new("/nowhere"), Some(search)), Some(file));
        assert_eq!(find("../bin/sh", root.path(), Some("/bin".into())), None);
    }
}
