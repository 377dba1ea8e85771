//! The one loop, on the thread `msc-main`: owns the world, handles one event after the other.
//!
//! Invariant: it waits for nothing but its channel. Whatever computes goes to the read pool or a
//! pass lane, whatever is sent goes to a queue without bound, and nothing here reads a disk.
//! A tick that panics is logged and dropped; the loop goes on.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Instant;

use serde_json::Value;
use tower_lsp::jsonrpc::Error;
use tower_lsp::ls_types::notification::{LogMessage, PublishDiagnostics, ShowMessage};
use tower_lsp::ls_types::request::{
    CodeLensRefresh, InlayHintRefreshRequest, RegisterCapability, SemanticTokensRefresh, ShowDocument,
    WorkspaceDiagnosticRefresh,
};
use tower_lsp::ls_types::*;

use crate::base::{Cancel, Cancelled, FilePath};
use crate::engine::EngineError;
use crate::ide::{IdeError, IdeResult};
use crate::project::{Change, PassEvent, PassRequest, Scope, Snapshot};

use super::analysis::{Analysis, View};
use super::capabilities::{self, Abilities};
use super::event::{
    Asked, Event, Outstanding, PassNews, Question, Reply, Waiting, content_modified, request_failed, settle,
};
use super::live::{LiveRequest, Tree};
use super::outbox::{Outbox, Purpose};
use super::permissions::{self, Requests};
use super::progress::Progress;
use super::publish::{self, Found, Published};
use super::pull::Pull;
use super::request::command::{self, Effect};
use super::request::{completion, content, definition, hover};
use super::schedule::{Lane, Passes, Quiet, ReadPool};
use super::settings::Settings;
use super::shown::Shown;
use super::std_files::StdFiles;
use super::sync::OpenFiles;
use super::to_proto::Edge;
use super::watch::{self, Watching};
use super::watchdog::Watchdog;
use super::{Options, from_proto};

/// The loop before and after `initialize`.
pub struct MainLoop<A: Analysis> {
    watchdog: Watchdog,
    /// What a session is made of, until `initialize` makes it.
    parts: Option<Parts<A>>,
    session: Option<Session<A>>,
}

struct Parts<A> {
    options: Options,
    world: Box<dyn FnOnce(Vec<FilePath>) -> A + Send>,
    sender: Sender<Event>,
    outbox: Outbox,
}

impl<A: Analysis> MainLoop<A> {
    pub fn new(
        options: Options,
        world: impl FnOnce(Vec<FilePath>) -> A + Send + 'static,
        sender: Sender<Event>,
        outbox: Outbox,
        watchdog: Watchdog,
    ) -> MainLoop<A> {
        let parts = Parts { options, world: Box::new(world), sender, outbox };
        MainLoop { watchdog, parts: Some(parts), session: None }
    }

    /// Returns at [`Event::End`].
    pub fn run(mut self, events: &Receiver<Event>) {
        loop {
            let event = match self.session.as_ref().and_then(Session::deadline) {
                Some(deadline) => events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let event = match event {
                Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
            };
            let what = event.as_ref().map_or("a timer", Event::name);
            // The tick borrows the rest of the loop while the watchdog looks on.
            let (watchdog, parts, session) = (&self.watchdog, &mut self.parts, &mut self.session);
            let ticked = watchdog.tick(what, || {
                catch_unwind(AssertUnwindSafe(|| match event {
                    Some(Event::Initialize(params, reply)) => {
                        if let Some(process) = params.process_id {
                            watchdog.follow(process);
                        }
                        begin(session, parts, &params, &reply);
                    }
                    event => {
                        if let Some(session) = session {
                            if let Some(event) = event {
                                session.handle(event);
                            }
                            session.on_time(Instant::now());
                        }
                    }
                }))
            });
            if ticked.is_err() {
                tracing::error!("{what} panicked on the main loop");
            }
        }
        if let Some(session) = &mut self.session {
            session.stop();
        }
    }
}

fn begin<A: Analysis>(
    session: &mut Option<Session<A>>,
    parts: &mut Option<Parts<A>>,
    params: &InitializeParams,
    reply: &Reply<InitializeResult>,
) {
    // tower-lsp lets only the first `initialize` through, unless it failed.
    let Some(parts) = parts.take() else {
        return reply.send(Err(Error::invalid_request()));
    };
    let abilities = Abilities::of(&params.capabilities);
    let answer = capabilities::server(&abilities);
    let settings = params.initialization_options.as_ref().map(Settings::of).unwrap_or_default();
    let mut new = Session::new(parts, abilities, settings, capabilities::roots(params));
    if capabilities::is_restricted(params)
        && let Err(why) = new.world.apply(Change::Restricted)
    {
        tracing::error!("cannot hold macros back: {why}");
    }
    *session = Some(new);
    reply.send(Ok(answer));
}

/// Everything between `initialize` and the end.
struct Session<A: Analysis> {
    world: A,
    edge: Edge,
    open: OpenFiles,
    published: Published,
    roots: Vec<FilePath>,
    /// Our own watcher, for a client without one.
    watching: Option<Watching>,
    /// Position requests under way, by the file they ask about.
    in_flight: HashMap<FilePath, Vec<Box<dyn Outstanding>>>,
    reads: ReadPool,
    /// One thread for what live trees answer.
    live_reads: ReadPool,
    passes: Passes,
    /// Macros gave new outputs since the editor was last told to ask again.
    outputs_changed: bool,
    progress: Progress,
    live_due: Quiet,
    full_due: Quiet,
    disk_due: Quiet,
    disk_changes: Vec<FilePath>,
    /// Files whose colours were told from an older tree.
    parse_due: Quiet,
    to_parse: HashSet<FilePath>,
    options: Options,
    sender: Sender<Event>,
    outbox: Outbox,
    requests: Requests,
    pull: Pull,
}

impl<A: Analysis> Session<A> {
    fn new(parts: Parts<A>, abilities: Abilities, settings: Settings, roots: Vec<FilePath>) -> Session<A> {
        let Parts { options, world, sender, outbox } = parts;
        let pull = Pull::new(abilities.pulls_diagnostics, abilities.related_documents);
        let progress = Progress::new(abilities.progress.then_some(options.progress_delay));
        let edge = Edge {
            abilities: Arc::new(abilities),
            open: Arc::default(),
            std_files: Arc::new(StdFiles::in_user_cache()),
            shown: Arc::new(Shown::in_user_cache()),
            settings: Arc::new(settings),
            tokens: Arc::default(),
            outlines: Arc::default(),
        };
        Session {
            world: world(roots.clone()),
            roots,
            watching: None,
            edge,
            open: OpenFiles::default(),
            published: Published::default(),
            in_flight: HashMap::new(),
            reads: ReadPool::new("msc-read", options.readers),
            live_reads: ReadPool::new("msc-syntax", 1),
            passes: Passes::default(),
            outputs_changed: false,
            progress,
            live_due: Quiet::default(),
            full_due: Quiet::default(),
            disk_due: Quiet::default(),
            disk_changes: Vec::new(),
            parse_due: Quiet::default(),
            to_parse: HashSet::new(),
            options,
            sender,
            outbox,
            requests: Requests::default(),
            pull,
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Initialize(_, reply) => reply.send(Err(Error::invalid_request())),
            Event::Initialized => self.initialized(),
            Event::Opened(params) => self.opened(params.text_document),
            Event::Changed(params) => self.changed(params),
            Event::Saved(params) => self.saved(params),
            Event::Closed(params) => self.closed(&params.text_document.uri),
            Event::EditLost(uri) => {
                if let Some(file) = uri.parse().ok().and_then(|uri| self.edge.file(&uri)) {
                    self.lost_step(&file, "an edit could not be read");
                }
            }
            Event::Configuration(settings) => {
                self.edge.settings = Arc::new(Settings::of(&settings));
                self.refresh();
            }
            Event::WatchedFiles(params) => {
                let files = params.changes.iter().filter_map(|change| from_proto::file(&change.uri)).collect();
                self.disk_changed(files);
            }
            Event::Disk(files) => self.disk_changed(files),
            Event::Completion(params, asked) => {
                let uri = params.text_document_position.text_document.uri.clone();
                self.read(self.edge.file(&uri), asked, |view, edge, cancel| {
                    completion::completion(view, edge, params, cancel)
                });
            }
            Event::CompletionResolve(item, asked) => {
                let file = completion::data(&item).map(|data| data.file);
                self.read(file, asked, |view, edge, cancel| completion::resolve(view, edge, *item, cancel));
            }
            Event::Hover(params, asked) => {
                let uri = params.text_document_position_params.text_document.uri.clone();
                self.read(self.edge.file(&uri), asked, |view, edge, cancel| hover::hover(view, edge, params, cancel));
            }
            Event::Definition(params, asked) => {
                let uri = params.text_document_position_params.text_document.uri.clone();
                self.read(self.edge.file(&uri), asked, |view, edge, cancel| {
                    definition::definition(view, edge, params, cancel)
                });
            }
            Event::TypeDefinition(params, asked) => {
                let uri = params.text_document_position_params.text_document.uri.clone();
                self.read(self.edge.file(&uri), asked, |view, edge, cancel| {
                    definition::type_definition(view, edge, params, cancel)
                });
            }
            Event::Diagnostic(params, asked) => self.diagnostic(params, asked),
            Event::WorkspaceDiagnostic(params, asked) => {
                self.clear_pushed();
                asked.reply.send(Ok(self.pull.workspace(&params, &self.published)));
            }
            Event::Question(question) => self.question(question),
            Event::Command(params, asked) => self.command(params, asked),
            Event::Effect(effect) => self.effect(effect),
            Event::Live(request) => self.read_live(request),
            Event::AnsweredEarly(file, version) => {
                if self.is_live(&file, version) {
                    self.parse_due.heard(Instant::now(), self.options.live_delay, None);
                    self.to_parse.insert(file);
                }
            }
            Event::Parsed(file, version) => {
                if self.is_live(&file, version) {
                    self.outbox.request::<SemanticTokensRefresh>((), Purpose::Refresh);
                }
            }
            Event::ClientAnswered(id, answer) => self.client_answered(id, answer),
            Event::Pass(lane, pass, news) => self.pass_news(lane, pass, news),
            Event::Shutdown(reply) => {
                self.stop();
                reply.send(Ok(()));
            }
            Event::End => {}
        }
    }

    fn initialized(&mut self) {
        if self.edge.abilities.register_watchers {
            let registration = capabilities::watcher_registration();
            self.outbox.request::<RegisterCapability>(registration, Purpose::RegisterWatchers);
        } else {
            self.watching = Some(watch::start(self.roots.clone(), self.sender.clone()));
        }
    }

    // Documents.

    fn opened(&mut self, document: TextDocumentItem) {
        let Some(file) = self.edge.file(&document.uri) else {
            tracing::info!("{} is no file: it gets no answers", document.uri.as_str());
            return;
        };
        self.outdate(&file);
        // From here on it is asked about.
        if self.pull.tells(true)
            && let Some(uri) = self.published.forget(&file)
        {
            self.clear(uri);
        }
        self.open.opened(&mut self.world, file, document);
        self.edge.open = self.open.uris();
        // Macros may be at work for long on behalf of another file.
        if self.passes.is_running(Lane::Full) {
            self.start_pass(Lane::Live, true);
        }
        self.start_pass(Lane::Full, false);
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let Some(file) = self.edge.file(&params.text_document.uri) else { return };
        self.outdate(&file);
        let version = params.text_document.version;
        let encoding = self.edge.encoding();
        if let Err(why) = self.open.changed(&mut self.world, &file, version, params.content_changes, encoding) {
            self.tell_lost_step(&file, &why);
        }
        // What it finds is about the text before this edit, and it keeps a core from the completion
        // that is asked for next.
        self.passes.drop_running(Lane::Live);
        let now = Instant::now();
        self.live_due.heard(now, self.options.live_delay, None);
        self.full_due.heard(now, self.options.full_delay, None);
    }

    fn saved(&mut self, params: DidSaveTextDocumentParams) {
        let Some(file) = self.edge.file(&params.text_document.uri) else { return };
        self.open.saved(&mut self.world, file, params.text);
        self.full_due.clear();
        self.start_pass(Lane::Full, true);
    }

    fn closed(&mut self, uri: &Uri) {
        let Some(file) = self.edge.file(uri) else { return };
        self.outdate(&file);
        if !self.open.closed(&mut self.world, &file) {
            return;
        }
        self.edge.open = self.open.uris();
        self.edge.tokens.forget(&file);
        self.edge.outlines.forget(&file);
        self.pull.closed(&file);
        if self.published.forget(&file).is_some() {
            self.clear(uri.clone());
        }
        // The others may see another text of it now.
        self.start_pass(Lane::Full, false);
    }

    /// Position requests on a file whose text changes: their answer would be about a text that the
    /// client no longer has.
    fn outdate(&mut self, file: &FilePath) {
        for waiting in self.in_flight.remove(file).unwrap_or_default() {
            waiting.stop(content_modified());
        }
        self.pull.outdated(file);
    }

    fn lost_step(&mut self, file: &FilePath, why: &str) {
        if self.open.lost_step(file) {
            self.outdate(file);
            self.tell_lost_step(file, why);
        }
    }

    fn tell_lost_step(&mut self, file: &FilePath, why: &str) {
        tracing::error!("lost step with the client on {file}: {why}");
        let message = format!("msc cannot follow the edits of {file} ({why}); close and reopen it");
        self.outbox.notify::<LogMessage>(LogMessageParams { typ: MessageType::WARNING, message });
    }

    fn disk_changed(&mut self, files: Vec<FilePath>) {
        let before = self.disk_changes.len();
        let relevant = |file: &FilePath| {
            // The editor tells of open files itself.
            !self.open.contains(file) && !is_by_product(file)
        };
        let files: Vec<FilePath> = files.into_iter().filter(relevant).collect();
        self.disk_changes.extend(files);
        if self.disk_changes.len() > before {
            self.disk_due.heard(Instant::now(), self.options.disk_delay, Some(self.options.disk_delay_most));
        }
    }

    // Requests.

    fn read<T: Send + 'static>(
        &mut self,
        file: Option<FilePath>,
        asked: Asked<T>,
        work: impl FnOnce(&A::View, &Edge, &Cancel) -> IdeResult<T> + Send + 'static,
    ) {
        if let Some(file) = file {
            if self.open.get(&file).is_some_and(|document| document.out_of_step) {
                return asked.reply.send(Err(request_failed("the text of this document is not known; reopen it")));
            }
            let waiting = self.in_flight.entry(file).or_default();
            waiting.retain(|one| one.is_open());
            waiting.push(Box::new(Waiting { cancel: asked.cancel.clone(), reply: asked.reply.clone() }));
        }
        let view = self.world.view();
        let edge = self.edge.clone();
        self.reads.run(move || {
            if asked.cancel.is_cancelled() || !asked.reply.is_open() {
                return asked.reply.send(Err(Error::request_cancelled()));
            }
            let answer = catch_unwind(AssertUnwindSafe(|| work(&view, &edge, &asked.cancel)));
            asked.reply.send(settle(answer));
        });
    }

    fn diagnostic(&mut self, params: DocumentDiagnosticParams, asked: Asked<DocumentDiagnosticReportResult>) {
        let Some(file) = self.edge.file(&params.text_document.uri) else {
            return asked.reply.send(Err(request_failed("this document is no file: nothing is known of it")));
        };
        let document = self.open.get(&file);
        if document.is_some_and(|document| document.out_of_step) {
            return asked.reply.send(Err(request_failed("the text of this document is not known; reopen it")));
        }
        let version = document.map(|document| document.version);
        let is_quiet = !self.passes.is_running(Lane::Live)
            && !self.passes.is_running(Lane::Full)
            && [&self.live_due, &self.full_due, &self.disk_due].iter().all(|due| due.deadline().is_none());
        self.pull.document(file, version, params.previous_result_id, asked, is_quiet, &self.published);
    }

    /// Takes back what was pushed: the client asks for everything from now on.
    fn clear_pushed(&mut self) {
        let is_pushed = |file: &FilePath| !self.pull.tells(self.open.contains(file));
        let pushed: Vec<Uri> = self
            .published
            .all()
            .filter(|(file, shown)| is_pushed(file) && !shown.diagnostics.is_empty())
            .map(|(_, shown)| shown.uri.clone())
            .collect();
        for uri in pushed {
            self.clear(uri);
        }
    }

    fn question(&mut self, question: Box<dyn Question>) {
        if let Some(file) = question.document().and_then(|uri| self.edge.file(uri)) {
            if self.open.get(&file).is_some_and(|document| document.out_of_step) {
                return question.refuse(request_failed("the text of this document is not known; reopen it"));
            }
            let waiting = self.in_flight.entry(file).or_default();
            waiting.retain(|one| one.is_open());
            waiting.push(question.outstanding());
        }
        let (view, edge) = (self.world.view(), self.edge.clone());
        self.reads.run(move || question.answer(view.snapshot(), &edge));
    }

    fn command(&mut self, params: ExecuteCommandParams, asked: Asked<Option<Value>>) {
        let sender = self.sender.clone();
        self.read(None, asked, move |view, edge, cancel| {
            // The loop is gone only when the server ends.
            let tell = |effect| drop(sender.send(Event::Effect(effect)));
            let snap = view.snapshot().ok_or_else(|| IdeError::Refused("there is nothing to work on".to_owned()))?;
            command::run(snap, edge, &params, cancel, &tell)
        });
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Show(uri) => {
                let params = ShowDocumentParams { uri, external: None, take_focus: Some(false), selection: None };
                self.outbox.request::<ShowDocument>(params, Purpose::Show);
            }
            Effect::Reload => self.reload(),
            Effect::Ask { open, wanted } => self.requests.ask(open, wanted, &mut self.outbox),
            Effect::Permitted => {
                if let Err(why) = self.world.apply(Change::Permitted) {
                    tracing::error!("cannot take a grant: {why}");
                }
                self.start_pass(Lane::Full, true);
            }
            Effect::Say(typ, message) => self.outbox.notify::<ShowMessage>(ShowMessageParams { typ, message }),
        }
    }

    /// Finds out, aside, whether some project waits for a person's answer.
    fn find_requests(&mut self) {
        let (view, sender) = (self.world.view(), self.sender.clone());
        self.reads.run(move || {
            let open = view.snapshot().map(Snapshot::open_requests).unwrap_or_default();
            if !open.is_empty() {
                // The loop is gone only when the server ends.
                let _ = sender.send(Event::Effect(Effect::Ask { open, wanted: false }));
            }
        });
    }

    fn grant(&mut self, question: permissions::Question) {
        let (view, sender) = (self.world.view(), self.sender.clone());
        self.reads.run(move || {
            let Some(snap) = view.snapshot() else { return };
            let effect = match snap.grant(&question.root, &question.asked) {
                Ok(()) => Effect::Permitted,
                Err(error) => Effect::Say(MessageType::ERROR, format!("The grant cannot be kept: {error}")),
            };
            let _ = sender.send(Event::Effect(effect));
        });
    }

    /// Looks at everything anew.
    fn reload(&mut self) {
        if let Err(why) = self.world.apply(Change::Reload) {
            tracing::error!("cannot look at everything anew: {why}");
        }
        self.start_pass(Lane::Full, true);
    }

    fn read_live(&mut self, request: LiveRequest) {
        let file = self.edge.file(&request.uri);
        if let Some(file) = &file {
            if self.open.get(file).is_some_and(|document| document.out_of_step) {
                return request.refuse(request_failed("the text of this document is not known; reopen it"));
            }
            let waiting = self.in_flight.entry(file.clone()).or_default();
            waiting.retain(|one| one.is_open());
            waiting.push(request.waiting());
        }
        let view = self.world.view();
        let edge = self.edge.clone();
        // A client that cannot be told to ask again waits for the tree.
        let is_told_again = request.tree == Tree::Nearest && edge.abilities.refresh.semantic_tokens;
        let version = file.as_ref().and_then(|file| self.open.get(file)).map(|document| document.version);
        let sender = self.sender.clone();
        self.live_reads.run(move || {
            let document = file.filter(|_| request.is_open()).and_then(|file| match is_told_again {
                true => view.nearest_document(&file),
                false => view.document(&file),
            });
            request.run(document.as_ref(), &edge);
            if let Some(document) = document.filter(|document| document.syntax.is_moved()) {
                let _ = sender.send(Event::AnsweredEarly(document.file, version));
            }
        });
    }

    /// Makes the trees that answers did not wait for.
    fn parse_aside(&mut self) {
        for file in std::mem::take(&mut self.to_parse) {
            let version = self.open.get(&file).map(|document| document.version);
            let (view, sender) = (self.world.view(), self.sender.clone());
            self.reads.run(move || {
                view.document(&file);
                let _ = sender.send(Event::Parsed(file, version));
            });
        }
    }

    fn client_answered(&mut self, id: i64, answer: Result<Value, String>) {
        let agreed = answer.is_ok();
        match self.outbox.answered(id) {
            Some(Purpose::RegisterWatchers) if !agreed => {
                tracing::warn!("the client refused to watch files");
            }
            Some(Purpose::Progress(pass)) => self.progress.answered(pass, agreed, &self.outbox),
            Some(Purpose::Permissions(question)) => {
                if answer.is_ok_and(|answer| question.is_allowed(&answer)) {
                    self.grant(question);
                }
            }
            Some(Purpose::RegisterWatchers | Purpose::Refresh | Purpose::Show) | None => {}
        }
    }

    // Passes.

    fn deadline(&self) -> Option<Instant> {
        let waits =
            [&self.live_due, &self.full_due, &self.disk_due, &self.parse_due].into_iter().filter_map(Quiet::deadline);
        waits.chain(self.progress.deadline()).min()
    }

    fn on_time(&mut self, now: Instant) {
        if self.disk_due.take(now) {
            let mut files = std::mem::take(&mut self.disk_changes);
            files.sort();
            files.dedup();
            if let Err(why) = self.world.apply(Change::Disk { files }) {
                tracing::error!("cannot take changes on disk: {why}");
            }
            self.start_pass(Lane::Full, true);
        }
        if self.parse_due.take(now) {
            self.parse_aside();
        }
        if self.live_due.take(now) {
            self.start_pass(Lane::Live, true);
        }
        if self.full_due.take(now) {
            self.start_pass(Lane::Full, false);
        }
        self.progress.due(now, &mut self.outbox);
    }

    fn start_pass(&mut self, lane: Lane, supersede: bool) {
        if self.open.is_empty() {
            return;
        }
        let Some(ticket) = self.passes.ask(lane, supersede) else { return };
        if lane == Lane::Full {
            self.progress.started(ticket.pass, Instant::now());
        }
        let view = self.world.view();
        let edge = self.edge.clone();
        let sender = self.sender.clone();
        let request = PassRequest { scope: Scope::Open, run_macros: lane == Lane::Full };
        self.passes.run(lane, move || {
            let tell = |news| {
                // The loop is gone only when the server ends.
                let _ = sender.send(Event::Pass(lane, ticket.pass, news));
            };
            let send = |event| {
                if let Some(news) = news(&view, &edge, event) {
                    tell(news);
                }
            };
            let result = catch_unwind(AssertUnwindSafe(|| {
                let end = view.pass(&request, &ticket.cancel, &send)?;
                if lane == Lane::Live {
                    revalidate(&view, &ticket.cancel);
                }
                // Typing makes nothing new of macros, so the live lane has nothing to learn.
                let is_whole = lane == Lane::Full && !end.again;
                if is_whole && view.snapshot().is_some_and(Snapshot::learn_made) {
                    tell(PassNews::Made);
                }
                if is_whole {
                    learn_members(&view, &ticket.cancel);
                }
                Ok::<_, Cancelled>(end)
            }));
            let end = match result {
                Ok(Ok(end)) => Some(end),
                Ok(Err(_cancelled)) => None,
                Err(_) => {
                    tracing::error!("a pass panicked");
                    None
                }
            };
            tell(PassNews::Ended(end));
        });
    }

    fn pass_news(&mut self, lane: Lane, pass: u64, news: PassNews) {
        match news {
            PassNews::Expanded(expansions) => {
                self.outputs_changed = true;
                if let Err(why) = self.world.apply(Change::Expanded(expansions)) {
                    tracing::error!("cannot take expansions: {why}");
                }
            }
            PassNews::File(file, found) => {
                if self.is_live(&file, found.version) {
                    let params = self.published.admit(&file, found, pass);
                    if self.pull.tells(self.open.contains(&file)) {
                        self.pull.found(&file, &self.published);
                    } else if let Some(params) = params {
                        self.outbox.notify::<PublishDiagnostics>(params);
                    }
                }
            }
            PassNews::Progress { done } => self.progress.reported(pass, done, &self.outbox),
            PassNews::Made => {
                if self.edge.abilities.refresh.semantic_tokens {
                    self.outbox.request::<SemanticTokensRefresh>((), Purpose::Refresh);
                }
            }
            PassNews::Ended(end) => {
                self.progress.ended(pass, &self.outbox);
                if std::mem::take(&mut self.outputs_changed) {
                    self.refresh();
                }
                // Its macros' outputs are in the world now, and nothing was checked yet.
                let again = end.as_ref().is_some_and(|end| end.again);
                if lane == Lane::Full && end.is_some() && !again {
                    self.clear_left(pass);
                    self.pull.ended(|file| self.open.contains(file), &self.published);
                    self.find_requests();
                }
                if self.pull.take_changed() {
                    self.outbox.request::<WorkspaceDiagnosticRefresh>((), Purpose::Refresh);
                }
                if self.passes.ended(lane, pass) || again {
                    self.start_pass(lane, false);
                }
            }
        }
    }

    /// Answers that the editor keeps may have been made from older outputs of macros.
    fn refresh(&mut self) {
        let refresh = self.edge.abilities.refresh;
        if refresh.code_lens {
            self.outbox.request::<CodeLensRefresh>((), Purpose::Refresh);
        }
        if refresh.inlay_hint {
            self.outbox.request::<InlayHintRefreshRequest>((), Purpose::Refresh);
        }
        for uri in self.edge.shown.take_contents() {
            self.outbox.request::<content::Refresh>(content::RefreshParams { uri }, Purpose::Refresh);
        }
    }

    /// Whether the text that was analysed is the one the client has now.
    fn is_live(&self, file: &FilePath, version: Option<i32>) -> bool {
        match self.open.get(file) {
            Some(document) => version == Some(document.version) && !document.out_of_step,
            None => version.is_none(),
        }
    }

    /// Closed files that a whole pass no longer speaks of have nothing to show.
    fn clear_left(&mut self, pass: u64) {
        for file in self.published.left_by(pass) {
            if !self.open.contains(&file)
                && let Some(uri) = self.published.forget(&file)
            {
                self.clear(uri);
            }
        }
    }

    fn clear(&self, uri: Uri) {
        let params = PublishDiagnosticsParams { uri, diagnostics: Vec::new(), version: None };
        self.outbox.notify::<PublishDiagnostics>(params);
    }

    fn stop(&mut self) {
        self.passes.stop();
        self.live_due.clear();
        self.full_due.clear();
        self.disk_due.clear();
    }
}

/// The live lane comes when typing pauses, and has the engine's program of this moment.
fn revalidate<V: View>(view: &V, cancel: &Cancel) {
    match view.revalidate(cancel) {
        Ok(0) | Err(IdeError::Cancelled) => {}
        Ok(wrong) => tracing::warn!("{wrong} answers from memory were not the engine's"),
        Err(error) => tracing::warn!("answers from memory could not be compared: {error:?}"),
    }
}

/// What the next start answers from before its engine has loaded.
fn learn_members<V: View>(view: &V, cancel: &Cancel) {
    match view.snapshot().map(|snap| snap.learn_members(cancel)) {
        None | Some(Ok(_) | Err(EngineError::Cancelled)) => {}
        Some(Err(error)) => tracing::warn!("members could not be listed: {error:?}"),
    }
}

/// What git, editors and we leave behind: no program is made of it, and it comes with every save.
fn is_by_product(file: &FilePath) -> bool {
    let name = file.name();
    let own = |part: &str| matches!(part, ".git" | ".metascript-cache");
    let swapped = [".swp", ".swo", ".swx", "~"].iter().any(|end| name.ends_with(end));
    let locked = name.starts_with(".#") || (name.starts_with('#') && name.ends_with('#'));
    // Vim asks whether it may create a file in a directory by creating this one.
    swapped || locked || name == "4913" || file.as_str().split('/').any(own)
}

/// What a pass says, ready for the loop; `None` for a file that no editor can show. Runs on the
/// pass's threads.
fn news<V: View>(view: &V, edge: &Edge, event: PassEvent) -> Option<PassNews> {
    Some(match event {
        PassEvent::Expanded(expansions) => PassNews::Expanded(expansions),
        PassEvent::Progress { done } => PassNews::Progress { done },
        PassEvent::File { file, version, revision, diagnostics } => {
            let uri = edge.uri(&file)?;
            let diagnostics = publish::convert(view, edge, &file, diagnostics);
            PassNews::File(file, Found { uri, version, revision, diagnostics })
        }
    })
}
