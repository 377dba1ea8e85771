//! Diagnostics for clients that ask for them (`textDocument/diagnostic`, `workspace/diagnostic`).
//!
//! A client that asks is told of its open documents by answers alone, and is asked to ask again (`workspace/diagnostic/refresh`)
//! where they changed meanwhile; of other files it is told as everybody else, unless it asks for those too. So nothing
//! is reported twice.
//!
//! Invariant: runs on `msc-main` and analyses nothing: an answer is what a pass found in the text that the client has, and
//! a question about a text that no pass has seen waits for one.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use tower_lsp::jsonrpc::{Error, ErrorCode};
use tower_lsp::ls_types::*;

use crate::base::FilePath;

use super::event::Asked;
use super::publish::{Published, Shown};

/// A question that waits for a pass.
struct Waiting {
    previous: Option<String>,
    asked: Asked<DocumentDiagnosticReportResult>,
}

pub struct Pull {
    /// The client asks for documents.
    is_on: bool,
    /// It takes reports of other documents with an answer.
    takes_related: bool,
    /// It asks for the whole workspace, so nothing is pushed to it any more.
    asks_for_all: bool,
    waiting: HashMap<FilePath, Vec<Waiting>>,
    /// The last answer that the client has of each file.
    told: HashMap<FilePath, String>,
    /// Files whose diagnostics changed since the client was told of them.
    changed: HashSet<FilePath>,
}

impl Pull {
    pub fn new(is_on: bool, takes_related: bool) -> Pull {
        Pull {
            is_on,
            takes_related,
            asks_for_all: false,
            waiting: HashMap::new(),
            told: HashMap::new(),
            changed: HashSet::new(),
        }
    }

    /// Whether the client is told of a file by answers.
    pub fn tells(&self, is_open: bool) -> bool {
        self.is_on && (is_open || self.asks_for_all)
    }

    /// A question about a document. `version`: of the text that the client has; `None`: it is not open.
    /// `is_quiet`: no pass runs or is due.
    pub fn document(
        &mut self,
        file: FilePath,
        version: Option<i32>,
        previous: Option<String>,
        asked: Asked<DocumentDiagnosticReportResult>,
        is_quiet: bool,
        published: &Published,
    ) {
        let Some(version) = version else {
            // Nothing is known of what no editor shows, unless a pass spoke of it.
            let report = self.report(&file, previous.as_deref(), published);
            return asked.reply.send(Ok(report));
        };
        match published.shown(&file).filter(|shown| shown.version == Some(version)) {
            Some(_) => {
                let report = self.report(&file, previous.as_deref(), published);
                asked.reply.send(Ok(report));
            }
            // No pass will speak of it.
            None if is_quiet => {
                let report = self.report(&file, previous.as_deref(), published);
                asked.reply.send(Ok(report));
            }
            None => self.waiting.entry(file).or_default().push(Waiting { previous, asked }),
        }
    }

    /// A pass spoke of a file; whether that was news to the client.
    pub fn found(&mut self, file: &FilePath, published: &Published) {
        let waiting = self.waiting.remove(file).unwrap_or_default();
        if waiting.is_empty() {
            let now = published.shown(file).map(Shown::result_id);
            if self.told.get(file) != now.as_ref() {
                self.changed.insert(file.clone());
            }
            return;
        }
        for Waiting { previous, asked } in waiting {
            let report = self.report(file, previous.as_deref(), published);
            asked.reply.send(Ok(report));
        }
    }

    /// The text of a file changed: questions about the last one are the client's to ask again.
    pub fn outdated(&mut self, file: &FilePath) {
        for Waiting { asked, .. } in self.waiting.remove(file).unwrap_or_default() {
            asked.reply.send(Err(ask_again()));
        }
    }

    /// A whole pass has ended: what it did not speak of has nothing to tell.
    pub fn ended(&mut self, is_open: impl Fn(&FilePath) -> bool, published: &Published) {
        let left: Vec<FilePath> =
            self.waiting.keys().filter(|file| published.shown(file).is_none() || !is_open(file)).cloned().collect();
        for file in left {
            for Waiting { previous, asked } in self.waiting.remove(&file).unwrap_or_default() {
                let report = self.report(&file, previous.as_deref(), published);
                asked.reply.send(Ok(report));
            }
        }
    }

    /// Whether the client is to ask again; it is told once.
    pub fn take_changed(&mut self) -> bool {
        let any = !self.changed.is_empty();
        self.changed.clear();
        self.is_on && any
    }

    pub fn closed(&mut self, file: &FilePath) {
        self.outdated(file);
        self.told.remove(file);
        self.changed.remove(file);
    }

    /// Everything that is known. From now on nothing is pushed.
    pub fn workspace(
        &mut self,
        params: &WorkspaceDiagnosticParams,
        published: &Published,
    ) -> WorkspaceDiagnosticReportResult {
        self.asks_for_all = true;
        let previous = |uri: &Uri| params.previous_result_ids.iter().find(|one| one.uri == *uri).map(|one| &one.value);
        let mut items = Vec::new();
        for (file, shown) in published.all() {
            let (uri, version) = (shown.uri.clone(), shown.version.map(i64::from));
            let result_id = shown.result_id();
            self.told.insert(file.clone(), result_id.clone());
            items.push(match previous(&uri) == Some(&result_id) {
                true => WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version,
                    unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
                }
                .into(),
                false => {
                    WorkspaceFullDocumentDiagnosticReport { uri, version, full_document_diagnostic_report: full(shown) }
                        .into()
                }
            });
        }
        // What the client still shows of files that nothing is wrong with any more.
        let known: HashSet<&Uri> = published.all().map(|(_, shown)| &shown.uri).collect();
        for gone in params.previous_result_ids.iter().filter(|one| !known.contains(&one.uri)) {
            items.push(
                WorkspaceFullDocumentDiagnosticReport {
                    uri: gone.uri.clone(),
                    version: None,
                    full_document_diagnostic_report: FullDocumentDiagnosticReport {
                        result_id: None,
                        items: Vec::new(),
                    },
                }
                .into(),
            );
        }
        WorkspaceDiagnosticReport { items }.into()
    }

    fn report(
        &mut self,
        file: &FilePath,
        previous: Option<&str>,
        published: &Published,
    ) -> DocumentDiagnosticReportResult {
        let related_documents = self.related(file, published);
        let shown = published.shown(file);
        let result_id = shown.map(Shown::result_id);
        self.changed.remove(file);
        if let Some(id) = &result_id {
            self.told.insert(file.clone(), id.clone());
        }
        let report: DocumentDiagnosticReport = match (result_id, shown) {
            (Some(result_id), _) if previous == Some(result_id.as_str()) => RelatedUnchangedDocumentDiagnosticReport {
                related_documents,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
            }
            .into(),
            (_, shown) => RelatedFullDocumentDiagnosticReport {
                related_documents,
                full_document_diagnostic_report: shown.map(full).unwrap_or_default(),
            }
            .into(),
        };
        report.into()
    }

    /// Other open documents that changed, where the client takes them along.
    fn related(
        &mut self,
        file: &FilePath,
        published: &Published,
    ) -> Option<HashMap<Uri, DocumentDiagnosticReportKind>> {
        if !self.takes_related {
            return None;
        }
        let mut related = HashMap::new();
        let changed = std::mem::take(&mut self.changed);
        for other in changed.into_iter().filter(|other| other != file) {
            let Some(shown) = published.shown(&other) else { continue };
            self.told.insert(other, shown.result_id());
            related.insert(shown.uri.clone(), DocumentDiagnosticReportKind::Full(full(shown)));
        }
        (!related.is_empty()).then_some(related)
    }
}

fn full(shown: &Shown) -> FullDocumentDiagnosticReport {
    FullDocumentDiagnosticReport { result_id: Some(shown.result_id()), items: shown.diagnostics.clone() }
}

/// `ServerCancelled` of the protocol, for a question whose text has changed.
fn ask_again() -> Error {
    let data = Some(json!({ "retriggerRequest": true }));
    Error { code: ErrorCode::ServerError(-32802), message: "the text changed".into(), data }
}
