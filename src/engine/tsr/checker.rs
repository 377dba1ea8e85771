//! A checker that is made when first asked, and made anew when it died.
//!
//! `tsr`'s checker is one thread's at a time: [`Checker::with`] waits for its turn. It dies of a
//! panic (its generation is retired) and of a cancelled check (it refuses to go on); the next
//! question then gets a fresh one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tsr_arena::{CheckerIdentity, Counters, Generation};
use tsr_checker::{CheckerOwner, Operation};
use tsr_compiler::{Program, ProgramCheckerHost};

use super::fault;
use crate::engine::EngineError;

#[derive(Default)]
pub(super) struct Checker {
    current: Mutex<Option<Arc<CheckerOwner>>>,
}

impl Checker {
    /// Runs `task` with the checker to itself.
    pub fn with<T>(
        &self,
        program: &Arc<Program>,
        counters: &Counters,
        doing: &str,
        task: impl FnOnce(&mut Operation<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        loop {
            let owner = fault::caught("making a checker", || self.owner(program, counters))?;
            // The turn can come after whoever had the checker before killed it.
            let Ok(mut operation) = owner.operation() else {
                if is_dead(&owner) {
                    self.discard(&owner);
                    continue;
                }
                return Err(EngineError::Internal(format!("{doing}: the checker was asked from within itself")));
            };
            if is_dead(&owner) {
                drop(operation);
                self.discard(&owner);
                continue;
            }
            let result = fault::caught(doing, move || {
                // Moved in, so that it is dropped while a panic unwinds: that retires the checker.
                task(&mut operation)
            });
            if is_dead(&owner) {
                self.discard(&owner);
            }
            return result;
        }
    }

    fn owner(&self, program: &Arc<Program>, counters: &Counters) -> Result<Arc<CheckerOwner>, EngineError> {
        let mut current = self.lock();
        if let Some(owner) = &*current {
            return Ok(owner.clone());
        }
        let identity = CheckerIdentity::new(Generation::new(counters), counters);
        let host = Arc::new(ProgramCheckerHost::new(program.clone()));
        let owner = Arc::new(CheckerOwner::for_program(identity, counters, host)?);
        *current = Some(owner.clone());
        Ok(owner)
    }

    fn discard(&self, dead: &Arc<CheckerOwner>) {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, dead)) {
            *current = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<CheckerOwner>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_dead(owner: &CheckerOwner) -> bool {
    owner.was_canceled() || owner.identity().generation().validate().is_err()
}
