//! `impl LanguageServer`: each handler sends one event to `msc-main` and awaits its answer.
//!
//! Invariant: a handler sends before its first `.await` (the gate's order depends on it), holds no
//! state of the program, and never calls the client. Runs on tokio's workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use serde::Serialize;
use tower_lsp::LanguageServer;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::*;

use super::event::{Answer, Asked, Event, Reply, Typed, internal_error};
use super::gate::{self, Arriving};
use super::live::{Live, LiveRequest, Tree};
use super::request::{caches, code_action, content, files, hierarchy, inlay, lens, work, workspace_symbol};
use super::request::{
    definition, document_highlight, document_link, document_symbol, folding_range, formatting, on_type_formatting,
    references, rename, selection_range, semantic_tokens, signature,
};
use super::to_proto;
use crate::base::Cancel;

pub struct Backend {
    events: Sender<Event>,
    shut_down: Arc<AtomicBool>,
}

impl Backend {
    /// `shut_down` is set when the client asked for it: it decides the exit code.
    pub fn new(events: Sender<Event>, shut_down: Arc<AtomicBool>) -> Backend {
        Backend { events, shut_down }
    }

    fn tell(&self, event: Event) {
        gate::arriving();
        // The loop is gone only when the server ends.
        let _ = self.events.send(event);
    }

    /// An answer that tower-lsp writes.
    async fn ask_value<T>(&self, event: impl FnOnce(Asked<T>) -> Event) -> Result<T> {
        self.send(gate::arriving().cancel, event).await
    }

    /// An answer that is written here, into the slot that the gate made for it; what is returned to
    /// tower-lsp is nothing. A type that cannot be nothing takes [`Backend::ask_value`].
    async fn ask<T: Serialize>(&self, event: impl FnOnce(Asked<Option<T>>) -> Event) -> Result<Option<T>> {
        let Arriving { cancel, written } = gate::arriving();
        if let Some(answer) = self.send(cancel, event).await? {
            written.write(&answer).map_err(|error| internal_error(&error.to_string()))?;
        }
        Ok(None)
    }

    async fn send<T>(&self, cancel: Cancel, event: impl FnOnce(Asked<T>) -> Event) -> Result<T> {
        let (reply, answer) = Reply::new();
        let _stop = CancelOnDrop(cancel.clone());
        let _ = self.events.send(event(Asked { cancel, reply }));
        answer.await.unwrap_or_else(|_| Err(internal_error("the server gave no answer")))
    }
}

/// Requests that are ours alone, or newer than the protocol's types here.
impl Backend {
    pub async fn text_document_content(&self, params: content::Params) -> Result<content::Content> {
        self.resolve("workspace/textDocumentContent", None, params, content::content).await
    }

    pub async fn cache_stats(&self) -> Result<serde_json::Value> {
        self.resolve("msc/cacheStats", None, (), caches::stats).await
    }

    pub async fn memory_usage(&self) -> Result<serde_json::Value> {
        self.resolve("msc/memoryUsage", None, (), caches::memory).await
    }

    pub async fn work_stats(&self) -> Result<serde_json::Value> {
        self.resolve("msc/workStats", None, (), work::stats).await
    }
}

impl Backend {
    /// A request that is answered from a snapshot; `document` is what it asks about.
    async fn question<P: Send + 'static, T: Serialize + Send + 'static>(
        &self,
        method: &'static str,
        document: Option<&Uri>,
        params: P,
        answer: Answer<P, Option<T>>,
    ) -> Result<Option<T>> {
        let document = document.cloned();
        self.ask(|asked| Event::Question(Box::new(Typed { method, document, params, asked, answer }))).await
    }

    /// The same for what fills in the rest of an item that the client has.
    async fn resolve<P: Send + 'static, T: Send + 'static>(
        &self,
        method: &'static str,
        document: Option<&Uri>,
        params: P,
        answer: Answer<P, T>,
    ) -> Result<T> {
        let document = document.cloned();
        self.ask_value(|asked| Event::Question(Box::new(Typed { method, document, params, asked, answer }))).await
    }

    /// Asks about the live tree of one document. `None` for documents that are not open.
    async fn ask_live<T: Serialize + Send + 'static>(
        &self,
        what: &'static str,
        document: TextDocumentIdentifier,
        work: impl FnOnce(&Live<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        self.ask(|asked| Event::Live(LiveRequest::new(what, document.uri, Tree::Live, asked, work))).await
    }

    /// Asks for colours: better soon than right in the last detail.
    async fn ask_tokens<T: Serialize + Send + 'static>(
        &self,
        what: &'static str,
        document: TextDocumentIdentifier,
        work: impl FnOnce(&Live<'_>) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        self.ask(|asked| Event::Live(LiveRequest::new(what, document.uri, Tree::Nearest, asked, work))).await
    }
}

/// A request whose future is dropped (cancelled by the client, or the server ends) stops its work.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        self.ask_value(|asked| Event::Initialize(Box::new(params), asked.reply)).await
    }

    async fn initialized(&self, _: InitializedParams) {
        self.tell(Event::Initialized);
    }

    async fn shutdown(&self) -> Result<()> {
        self.shut_down.store(true, Ordering::Release);
        self.ask_value(|asked| Event::Shutdown(asked.reply)).await
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.tell(Event::Opened(params));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.tell(Event::Changed(params));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.tell(Event::Saved(params));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tell(Event::Closed(params));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.tell(Event::WatchedFiles(params));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.tell(Event::Configuration(params.settings));
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        self.ask(|asked| Event::Completion(params, asked)).await
    }

    async fn completion_resolve(&self, params: CompletionItem) -> Result<CompletionItem> {
        self.ask_value(|asked| Event::CompletionResolve(Box::new(params), asked)).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.ask(|asked| Event::Hover(params, asked)).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.ask(|asked| Event::Definition(params, asked)).await
    }

    async fn goto_type_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.ask(|asked| Event::TypeDefinition(params, asked)).await
    }

    async fn goto_declaration(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let uri = params.text_document_position_params.text_document.uri.clone();
        self.question("textDocument/declaration", Some(&uri), params, definition::declaration).await
    }

    async fn goto_implementation(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let uri = params.text_document_position_params.text_document.uri.clone();
        self.question("textDocument/implementation", Some(&uri), params, definition::implementation).await
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        self.ask_value(|asked| Event::Diagnostic(params, asked)).await
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        self.ask_value(|asked| Event::WorkspaceDiagnostic(params, asked)).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let uri = params.text_document_position.text_document.uri.clone();
        self.question("textDocument/references", Some(&uri), params, references::references).await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let uri = params.text_document_position_params.text_document.uri.clone();
        self.question("textDocument/signatureHelp", Some(&uri), params, signature::signature_help).await
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        let uri = params.text_document.uri.clone();
        self.question("textDocument/prepareRename", Some(&uri), params, rename::prepare).await
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let uri = params.text_document_position.text_document.uri.clone();
        self.question("textDocument/rename", Some(&uri), params, rename::rename).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let uri = params.text_document.uri.clone();
        self.question("textDocument/formatting", Some(&uri), params, formatting::whole).await
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let uri = params.text_document.uri.clone();
        self.question("textDocument/rangeFormatting", Some(&uri), params, formatting::range).await
    }

    // Answered from the live tree.

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        self.ask_live("documentSymbol", params.text_document, document_symbol::document_symbol).await
    }

    async fn document_highlight(&self, params: DocumentHighlightParams) -> Result<Option<Vec<DocumentHighlight>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let work = move |live: &Live<'_>| document_highlight::document_highlight(live, position);
        self.ask_live("documentHighlight", text_document, work).await
    }

    async fn linked_editing_range(&self, params: LinkedEditingRangeParams) -> Result<Option<LinkedEditingRanges>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let work = move |live: &Live<'_>| document_highlight::linked_editing_range(live, position);
        self.ask_live("linkedEditingRange", text_document, work).await.map(Option::flatten)
    }

    async fn on_type_formatting(&self, params: DocumentOnTypeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let document = params.text_document_position.text_document.clone();
        let work = move |live: &Live<'_>| on_type_formatting::on_type_formatting(live, params);
        self.ask_live("onTypeFormatting", document, work).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask_live("documentLink", params.text_document, document_link::document_link).await
    }

    async fn document_link_resolve(&self, params: DocumentLink) -> Result<DocumentLink> {
        self.resolve("documentLink/resolve", None, params, document_link::resolve).await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.ask_live("foldingRange", params.text_document, folding_range::folding_range).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        let positions = params.positions;
        self.ask_live("selectionRange", params.text_document, |live| selection_range::selection_range(live, positions))
            .await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let uri = params.text_document.uri.clone();
        self.question("textDocument/inlayHint", Some(&uri), params, inlay::inlay_hints).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        let uri = params.text_document.uri.clone();
        self.question("textDocument/codeLens", Some(&uri), params, lens::lenses).await
    }

    async fn code_lens_resolve(&self, params: CodeLens) -> Result<CodeLens> {
        let uri = lens::file(&params).and_then(|file| to_proto::uri(&file));
        self.resolve("codeLens/resolve", uri.as_ref(), params, lens::resolve).await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        let uri = params.text_document_position_params.text_document.uri.clone();
        self.question("textDocument/prepareCallHierarchy", Some(&uri), params, hierarchy::prepare_calls).await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        let uri = params.item.uri.clone();
        self.question("callHierarchy/incomingCalls", Some(&uri), params, hierarchy::incoming_calls).await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        let uri = params.item.uri.clone();
        self.question("callHierarchy/outgoingCalls", Some(&uri), params, hierarchy::outgoing_calls).await
    }

    async fn prepare_type_hierarchy(
        &self,
        params: TypeHierarchyPrepareParams,
    ) -> Result<Option<Vec<TypeHierarchyItem>>> {
        let uri = params.text_document_position_params.text_document.uri.clone();
        self.question("textDocument/prepareTypeHierarchy", Some(&uri), params, hierarchy::prepare_types).await
    }

    async fn supertypes(&self, params: TypeHierarchySupertypesParams) -> Result<Option<Vec<TypeHierarchyItem>>> {
        let uri = params.item.uri.clone();
        self.question("typeHierarchy/supertypes", Some(&uri), params, hierarchy::supertypes).await
    }

    async fn subtypes(&self, params: TypeHierarchySubtypesParams) -> Result<Option<Vec<TypeHierarchyItem>>> {
        let uri = params.item.uri.clone();
        self.question("typeHierarchy/subtypes", Some(&uri), params, hierarchy::subtypes).await
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        self.question("workspace/symbol", None, params, workspace_symbol::symbols).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let uri = params.text_document.uri.clone();
        self.question("textDocument/codeAction", Some(&uri), params, code_action::actions).await
    }

    async fn code_action_resolve(&self, params: CodeAction) -> Result<CodeAction> {
        let uri = code_action::file(&params).and_then(|file| to_proto::uri(&file));
        self.resolve("codeAction/resolve", uri.as_ref(), params, code_action::resolve).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        self.ask(|asked| Event::Command(params, asked)).await
    }

    async fn will_rename_files(&self, params: RenameFilesParams) -> Result<Option<WorkspaceEdit>> {
        self.question("workspace/willRenameFiles", None, params, files::will_rename).await
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>> {
        self.ask_tokens("semanticTokens/full", params.text_document, semantic_tokens::full).await
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        let previous = params.previous_result_id;
        let work = move |live: &Live<'_>| semantic_tokens::delta(live, &previous);
        self.ask_tokens("semanticTokens/full/delta", params.text_document, work).await
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let range = params.range;
        self.ask_tokens("semanticTokens/range", params.text_document, move |live| semantic_tokens::range(live, range))
            .await
    }
}
