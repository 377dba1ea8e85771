//! What programs and hosts answered, for as long as that counts.
//!
//! Invariant: decides nothing about permissions (its callers asked before), and never answers one
//! question in two ways at the same time: of several that ask at once, one goes out and the others
//! wait for it. Kept by whoever keeps the project; shared by threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::effect::{ExecOutput, InputError};
use super::permit::Permissions;
use crate::base::{Digest, Recipe};

/// How long the output of a program counts within one process. Another process runs it again: a
/// program's output depends on things that nobody can name.
const PROGRAM_FRESH: Duration = Duration::from_secs(60);

/// A question with its last answer; locked while the question is out.
type Slot<T> = Arc<Mutex<Option<(Instant, T)>>>;

#[derive(Default)]
pub struct Outside {
    programs: Mutex<HashMap<Digest, Slot<Result<ExecOutput, InputError>>>>,
}

/// Runs a program: [`super::process::run`], or a stand-in.
type RunProgram = fn(&Permissions, &str, &[String]) -> Result<ExecOutput, InputError>;

impl Outside {
    /// The output of a program, run where the last one is too old.
    pub(super) fn exec(
        &self,
        permissions: &Permissions,
        program: &str,
        args: &[String],
        run: RunProgram,
    ) -> Result<ExecOutput, InputError> {
        let slot = self.program(permissions, program, args);
        let mut slot = lock(&slot);
        if let Some((at, answer)) = &*slot
            && at.elapsed() < PROGRAM_FRESH
        {
            return answer.clone();
        }
        let answer = run(permissions, program, args);
        *slot = Some((Instant::now(), answer.clone()));
        answer
    }

    /// The last output of a program, however old; `None` where there is none yet.
    pub(super) fn known_exec(
        &self,
        permissions: &Permissions,
        program: &str,
        args: &[String],
    ) -> Option<Result<ExecOutput, InputError>> {
        let slot = self.program(permissions, program, args);
        // One that is running now has no answer yet.
        let slot = slot.try_lock().ok()?;
        slot.as_ref().map(|(_, answer)| answer.clone())
    }

    fn program(
        &self,
        permissions: &Permissions,
        program: &str,
        args: &[String],
    ) -> Slot<Result<ExecOutput, InputError>> {
        let mut recipe = Recipe::new("exec");
        recipe.text("root", permissions.root.as_str()).text("program", program);
        for arg in args {
            recipe.text("arg", arg);
        }
        // What it sees of the environment is granted, too.
        recipe.digest("permissions", permissions.digest());
        lock(&self.programs).entry(recipe.finish()).or_default().clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
