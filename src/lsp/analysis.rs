//! What the edge asks of the layers below it, as two traits: the owned, mutable side and the
//! snapshot side.
//!
//! The server forwards to `project` and `ide`. Wire tests put a double in their place, which is
//! how the edge's own promises (order, cancellation, freshness) are tested with handlers that are
//! as slow or as broken as the test wants.
//!
//! Invariant: no behaviour of its own.

use crate::base::{Cancel, Cancelled, FilePath};
use crate::ide::complete::{CompletionDetail, Completions};
use crate::ide::goto::Targets;
use crate::ide::hover::HoverAnswer;
use crate::ide::{self, Document, IdeResult};
use crate::project::{self, Change, PassEnd, PassEvent, PassRequest, Snapshot, World};
use crate::text::SourceText;

/// The one mutable value, owned by `msc-main`.
pub trait Analysis: Send + 'static {
    type View: View;

    /// `Err` says why the change cannot be applied; nothing changed then.
    fn apply(&mut self, change: Change) -> Result<(), String>;
    fn view(&self) -> Self::View;
}

/// An immutable view of it, for any thread.
pub trait View: Clone + Send + Sync + 'static {
    /// What questions are answered from that have no method here.
    fn snapshot(&self) -> Option<&Snapshot> {
        None
    }

    fn text(&self, file: &FilePath) -> Option<SourceText>;
    /// An open file with its live tree.
    fn document(&self, file: &FilePath) -> Option<Document>;
    /// An open file with the tree that is there already.
    fn nearest_document(&self, file: &FilePath) -> Option<Document>;
    fn complete(&self, file: &FilePath, offset: u32, trigger: Option<char>, cancel: &Cancel) -> IdeResult<Completions>;
    fn resolve(
        &self,
        file: &FilePath,
        offset: u32,
        label: &str,
        token: &str,
        cancel: &Cancel,
    ) -> IdeResult<CompletionDetail>;
    /// Compares what was answered from memory since the last edit with the engine's answers.
    fn revalidate(&self, cancel: &Cancel) -> IdeResult<usize> {
        let _ = cancel;
        Ok(0)
    }
    fn hover(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Option<HoverAnswer>>;
    fn definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets>;
    fn type_definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets>;
    fn pass(
        &self,
        request: &PassRequest,
        cancel: &Cancel,
        send: &(dyn Fn(PassEvent) + Sync),
    ) -> Result<PassEnd, Cancelled>;
}

impl Analysis for World {
    type View = Snapshot;

    fn apply(&mut self, change: Change) -> Result<(), String> {
        World::apply(self, change).map(|_| ())
    }

    fn view(&self) -> Snapshot {
        self.snapshot()
    }
}

impl View for Snapshot {
    fn snapshot(&self) -> Option<&Snapshot> {
        Some(self)
    }

    fn text(&self, file: &FilePath) -> Option<SourceText> {
        Snapshot::text(self, file)
    }

    fn document(&self, file: &FilePath) -> Option<Document> {
        Document::of(self, file)
    }

    fn nearest_document(&self, file: &FilePath) -> Option<Document> {
        Document::nearest(self, file)
    }

    fn complete(&self, file: &FilePath, offset: u32, trigger: Option<char>, cancel: &Cancel) -> IdeResult<Completions> {
        ide::complete::complete(self, file, offset, trigger, cancel)
    }

    fn resolve(
        &self,
        file: &FilePath,
        offset: u32,
        label: &str,
        token: &str,
        cancel: &Cancel,
    ) -> IdeResult<CompletionDetail> {
        ide::complete::resolve(self, file, offset, label, token, cancel)
    }

    fn revalidate(&self, cancel: &Cancel) -> IdeResult<usize> {
        ide::complete::revalidate(self, cancel)
    }

    fn hover(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Option<HoverAnswer>> {
        ide::hover::hover(self, file, offset, cancel)
    }

    fn definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
        ide::goto::definition(self, file, offset, cancel)
    }

    fn type_definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<Targets> {
        ide::goto::type_definition(self, file, offset, cancel)
    }

    fn pass(
        &self,
        request: &PassRequest,
        cancel: &Cancel,
        send: &(dyn Fn(PassEvent) + Sync),
    ) -> Result<PassEnd, Cancelled> {
        project::pass::run(self, request, cancel, send)
    }
}
