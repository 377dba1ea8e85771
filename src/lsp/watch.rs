//! Our own file watcher, for clients that do not watch (Neovim on Linux among them).
//!
//! Invariant: setting a watch walks directories, so it happens on a thread of its own,
//! `msc-watch-start`, and never delays the loop.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::base::FilePath;
use crate::vfs::watch::Watcher;

use super::event::Event;

/// Watches until dropped.
pub struct Watching {
    /// Dropping it tells the thread to stop; nothing is sent.
    _stop: Sender<()>,
}

/// Watches the client's folders. Without a folder there is nothing to watch, and a whole disk is
/// not watched on behalf of one file.
pub fn start(roots: Vec<FilePath>, events: Sender<Event>) -> Watching {
    let (stop, stopped) = channel();
    let roots: Vec<FilePath> = roots.into_iter().filter(|root| root.parent() != *root).collect();
    if !roots.is_empty() {
        let spawned =
            thread::Builder::new().name("msc-watch-start".to_owned()).spawn(move || watch(&roots, events, &stopped));
        if let Err(error) = spawned {
            tracing::error!("cannot start a thread: {error}");
        }
    }
    Watching { _stop: stop }
}

fn watch(roots: &[FilePath], events: Sender<Event>, stopped: &Receiver<()>) {
    let told = move |files| {
        // The loop is gone only when the server ends.
        let _ = events.send(Event::Disk(files));
    };
    match Watcher::new(roots, told) {
        Ok((_watcher, failures)) => {
            for failure in failures {
                tracing::warn!("cannot watch {failure}");
            }
            // Held until the other end is dropped.
            let _ = stopped.recv();
        }
        Err(why) => tracing::warn!("changes on disk will not be seen: {why}"),
    }
}
