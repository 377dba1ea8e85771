//! `Cancel`: the question every long loop asks, and `Cancelled`, its answer.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A token shared by whoever may stop the work and the work itself.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Default)]
struct Inner {
    cancelled: AtomicBool,
    listeners: Mutex<Listeners>,
}

#[derive(Default)]
struct Listeners {
    next: u64,
    list: Vec<(u64, Box<dyn FnOnce() + Send>)>,
}

/// The work was stopped from outside. Not an error: never logged as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

/// Ends a listener's life; see [`Cancel::on_cancel`].
#[must_use = "dropping it takes the listener away at once"]
pub struct Listening {
    cancel: Arc<Inner>,
    id: u64,
}

impl Cancel {
    pub fn new() -> Cancel {
        Cancel::default()
    }

    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut self.0.listeners().list);
        for (_, listener) in waiting {
            listener();
        }
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// Calls `listener` once, on the cancelling thread, for work that has its own kind of token.
    /// Called at once where the work is cancelled already; never after the guard is dropped,
    /// unless it is running at that moment. It must be short and must not panic.
    pub fn on_cancel(&self, listener: impl FnOnce() + Send + 'static) -> Listening {
        let mut listeners = self.0.listeners();
        let id = listeners.next;
        listeners.next += 1;
        if self.is_cancelled() {
            drop(listeners);
            listener();
        } else {
            listeners.list.push((id, Box::new(listener)));
        }
        Listening { cancel: self.0.clone(), id }
    }
}

impl Inner {
    fn listeners(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.cancel.listeners().list.retain(|(id, _)| *id != self.id);
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}
