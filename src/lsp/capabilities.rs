//! What the client can do, read once, and what the server says it can do.
//!
//! Invariant: no other module looks at `ClientCapabilities`.

use serde_json::{Value, json};
use tower_lsp::ls_types::*;

use crate::base::FilePath;
use crate::text::Encoding;

use super::from_proto;
use super::request::code_action::KINDS;
use super::request::command::COMMANDS;
use super::request::content::SCHEME;
use super::request::semantic_tokens::TokenLegend;

/// What the client can be told to ask for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    pub code_lens: bool,
    pub semantic_tokens: bool,
    pub inlay_hint: bool,
    pub diagnostics: bool,
}

/// The client's abilities that change an answer of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abilities {
    pub encoding: Encoding,
    pub snippets: bool,
    pub label_details: bool,
    pub insert_replace: bool,
    /// Edits elsewhere may come with the item that a person takes.
    pub lazy_edits: bool,
    /// Edits of a code action may come when a person takes it.
    pub lazy_actions: bool,
    pub deprecated_tag: bool,
    pub deprecated_flag: bool,
    /// Completion kinds up to this number are known to it, where it names no set of its own.
    pub kinds: Vec<CompletionItemKind>,
    pub documentation_markdown: bool,
    pub hover_markdown: bool,
    pub definition_link: bool,
    pub type_definition_link: bool,
    pub implementation_link: bool,
    pub declaration_link: bool,
    pub signature_markdown: bool,
    /// Parameters may be told by their place in the label.
    pub label_offsets: bool,
    /// Each signature may have an active parameter of its own.
    pub active_parameter: bool,
    pub prepare_rename: bool,
    /// The client asks again when it is told that answers changed.
    pub refresh: Refresh,
    /// Edits may say which version of a document they are for.
    pub document_changes: bool,
    pub related_information: bool,
    /// A code may lead to what explains it.
    pub code_description: bool,
    /// The client asks for diagnostics, and asks again when it is told to.
    pub pulls_diagnostics: bool,
    /// Answers about one document may hold those of others.
    pub related_documents: bool,
    /// Texts of our own are asked for by their URI.
    pub content: bool,
    pub diagnostic_tags: Vec<DiagnosticTag>,
    pub progress: bool,
    /// The client shows a document when it is asked to.
    pub show_document: bool,
    pub register_watchers: bool,
    pub symbol_trees: bool,
    pub tokens: TokenLegend,
    /// Folds have no columns there.
    pub fold_lines_only: bool,
    pub fold_text: bool,
    pub fold_limit: Option<u32>,
}

impl Abilities {
    pub fn of(client: &ClientCapabilities) -> Abilities {
        let document = client.text_document.clone().unwrap_or_default();
        let completion = document.completion.unwrap_or_default();
        let item = completion.completion_item.unwrap_or_default();
        let publish = document.publish_diagnostics.unwrap_or_default();
        let hover_format = document.hover.and_then(|hover| hover.content_format);
        let workspace = client.workspace.clone().unwrap_or_default();
        let signature = document.signature_help.and_then(|help| help.signature_information).unwrap_or_default();
        let edits = client.workspace.as_ref().and_then(|workspace| workspace.workspace_edit.as_ref());
        let watched = client.workspace.as_ref().and_then(|workspace| workspace.did_change_watched_files);
        let refresh_diagnostics =
            workspace.diagnostics.as_ref().and_then(|diagnostics| diagnostics.refresh_support).unwrap_or(false);
        let folding = document.folding_range.unwrap_or_default();
        Abilities {
            encoding: encoding(client),
            snippets: item.snippet_support.unwrap_or(false),
            label_details: item.label_details_support.unwrap_or(false),
            lazy_actions: document
                .code_action
                .and_then(|action| action.resolve_support)
                .is_some_and(|support| support.properties.iter().any(|one| one == "edit")),
            lazy_edits: item
                .resolve_support
                .as_ref()
                .is_some_and(|support| support.properties.iter().any(|one| one == "additionalTextEdits")),
            insert_replace: item.insert_replace_support.unwrap_or(false),
            deprecated_tag: item
                .tag_support
                .is_some_and(|tags| tags.value_set.contains(&CompletionItemTag::DEPRECATED)),
            deprecated_flag: item.deprecated_support.unwrap_or(false),
            kinds: completion.completion_item_kind.and_then(|kinds| kinds.value_set).unwrap_or_default(),
            documentation_markdown: item
                .documentation_format
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            hover_markdown: hover_format.is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            definition_link: document.definition.and_then(|goto| goto.link_support).unwrap_or(false),
            type_definition_link: document.type_definition.and_then(|goto| goto.link_support).unwrap_or(false),
            implementation_link: document.implementation.and_then(|goto| goto.link_support).unwrap_or(false),
            declaration_link: document.declaration.and_then(|goto| goto.link_support).unwrap_or(false),
            signature_markdown: signature
                .documentation_format
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            label_offsets: signature
                .parameter_information
                .and_then(|information| information.label_offset_support)
                .unwrap_or(false),
            active_parameter: signature.active_parameter_support.unwrap_or(false),
            refresh: Refresh {
                code_lens: workspace.code_lens.and_then(|lens| lens.refresh_support).unwrap_or(false),
                semantic_tokens: workspace.semantic_tokens.and_then(|tokens| tokens.refresh_support).unwrap_or(false),
                inlay_hint: workspace.inlay_hint.and_then(|hint| hint.refresh_support).unwrap_or(false),
                diagnostics: refresh_diagnostics,
            },
            code_description: publish.code_description_support.unwrap_or(false),
            // Without being told to ask again it would keep what macros have changed since.
            pulls_diagnostics: document.diagnostic.is_some() && refresh_diagnostics,
            related_documents: document
                .diagnostic
                .and_then(|diagnostic| diagnostic.related_document_support)
                .unwrap_or(false),
            content: client.experimental.as_ref().is_some_and(|newer| newer[CONTENT] == true),
            prepare_rename: document.rename.and_then(|rename| rename.prepare_support).unwrap_or(false),
            document_changes: edits.and_then(|edits| edits.document_changes).unwrap_or(false),
            related_information: publish.related_information.unwrap_or(false),
            diagnostic_tags: publish.tag_support.map(|tags| tags.value_set).unwrap_or_default(),
            progress: client.window.as_ref().and_then(|window| window.work_done_progress).unwrap_or(false),
            show_document: client
                .window
                .as_ref()
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|show| show.support),
            register_watchers: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
            tokens: TokenLegend::of(document.semantic_tokens.as_ref()),
            symbol_trees: document
                .document_symbol
                .and_then(|symbols| symbols.hierarchical_document_symbol_support)
                .unwrap_or(false),
            fold_lines_only: folding.line_folding_only.unwrap_or(false),
            fold_text: folding.folding_range.and_then(|range| range.collapsed_text).unwrap_or(false),
            fold_limit: folding.range_limit,
        }
    }
}

/// UTF-8 when offered, since that is what texts are kept in; UTF-16 is every client's default.
fn encoding(client: &ClientCapabilities) -> Encoding {
    let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_deref());
    if offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
        Encoding::Utf8
    } else {
        Encoding::Utf16
    }
}

/// The folders that the client opened; the first is the main one.
pub fn roots(params: &InitializeParams) -> Vec<FilePath> {
    let mut roots: Vec<FilePath> = Vec::new();
    for folder in params.workspace_folders.iter().flatten() {
        roots.extend(from_proto::file(&folder.uri));
    }
    #[expect(deprecated, reason = "clients without workspace folders say it there")]
    if roots.is_empty() {
        let by_uri = params.root_uri.as_ref().and_then(from_proto::file);
        let by_path = || params.root_path.as_deref().filter(|path| !path.is_empty()).map(FilePath::new);
        roots.extend(by_uri.or_else(by_path));
    }
    roots
}

/// Whether the editor said that it does not trust what it opens: `"trusted": false` among its options.
pub fn is_restricted(params: &InitializeParams) -> bool {
    let options = params.initialization_options.as_ref();
    let own = options.map(|options| options.get("metascript").unwrap_or(options));
    own.is_some_and(|own| own["trusted"] == false)
}

pub fn server(abilities: &Abilities) -> InitializeResult {
    let position_encoding = match abilities.encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
        Encoding::Utf32 => PositionEncodingKind::UTF32,
    };
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        will_save: None,
        will_save_wait_until: None,
        save: Some(SaveOptions { include_text: Some(false) }.into()),
    };
    let completion = CompletionOptions {
        resolve_provider: Some(true),
        trigger_characters: Some([".", "@", "\"", "'", "/", "<", "#"].map(str::to_owned).to_vec()),
        completion_item: Some(CompletionOptionsCompletionItem { label_details_support: Some(true) }),
        ..CompletionOptions::default()
    };
    let signature_help = SignatureHelpOptions {
        trigger_characters: Some(["(", ",", "<"].map(str::to_owned).to_vec()),
        retrigger_characters: Some([")"].map(str::to_owned).to_vec()),
        ..SignatureHelpOptions::default()
    };
    let rename = match abilities.prepare_rename {
        true => OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        false => OneOf::Left(true),
    };
    let semantic_tokens = SemanticTokensOptions {
        legend: abilities.tokens.legend.clone(),
        range: Some(true),
        full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
        ..SemanticTokensOptions::default()
    };
    let capabilities = ServerCapabilities {
        position_encoding: Some(position_encoding),
        text_document_sync: Some(sync.into()),
        completion_provider: Some(completion),
        hover_provider: Some(true.into()),
        definition_provider: Some(OneOf::Left(true)),
        type_definition_provider: Some(true.into()),
        declaration_provider: Some(DeclarationCapability::Simple(true)),
        implementation_provider: Some(ImplementationProviderCapability::Simple(true)),
        references_provider: Some(OneOf::Left(true)),
        signature_help_provider: Some(signature_help),
        rename_provider: Some(rename),
        document_highlight_provider: Some(OneOf::Left(true)),
        linked_editing_range_provider: Some(LinkedEditingRangeServerCapabilities::Simple(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "\n".to_owned(),
            more_trigger_character: Some(["}", ")", "]"].map(str::to_owned).to_vec()),
        }),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        document_symbol_provider: Some(OneOf::Left(true)),
        semantic_tokens_provider: Some(semantic_tokens.into()),
        folding_range_provider: Some(true.into()),
        selection_range_provider: Some(true.into()),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(KINDS.iter().map(|(_, name)| CodeActionKind::from(*name)).collect()),
            resolve_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: COMMANDS.iter().map(|command| (*command).to_owned()).collect(),
            ..ExecuteCommandOptions::default()
        }),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(true) }),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        diagnostic_provider: abilities.pulls_diagnostics.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("msc".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: true,
                work_done_progress_options: WorkDoneProgressOptions::default(),
            })
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: None,
            file_operations: Some(WorkspaceFileOperationsServerCapabilities {
                will_rename: Some(renamed_files()),
                ..WorkspaceFileOperationsServerCapabilities::default()
            }),
        }),
        ..ServerCapabilities::default()
    };
    InitializeResult {
        capabilities,
        server_info: Some(ServerInfo { name: "msc".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) }),
        ..InitializeResult::default()
    }
}

/// What [`note_newer`] notes of a client that shows texts by their URI.
const CONTENT: &str = "msc/textDocumentContent";

/// Notes among a client's experimental abilities what the protocol's types here do not know yet.
pub fn note_newer(initialize: &mut Value) {
    let Some(abilities) = initialize.pointer_mut("/params/capabilities").and_then(Value::as_object_mut) else { return };
    let shows = abilities.get("workspace").is_some_and(|workspace| workspace["textDocumentContent"].is_object());
    if shows && let Some(newer) = abilities.entry("experimental").or_insert_with(|| json!({})).as_object_mut() {
        newer.insert(CONTENT.to_owned(), json!(true));
    }
}

/// The answer of `initialize` with what the protocol's types here do not know yet.
pub fn with_newer(answer: String) -> String {
    let Ok(mut message) = serde_json::from_str::<Value>(&answer) else { return answer };
    if let Some(capabilities) = message.pointer_mut("/result/capabilities").and_then(Value::as_object_mut) {
        capabilities.insert("typeHierarchyProvider".to_owned(), json!(true));
        if let Some(workspace) = capabilities.entry("workspace").or_insert_with(|| json!({})).as_object_mut() {
            workspace.insert("textDocumentContent".to_owned(), json!({ "schemes": [SCHEME] }));
        }
    }
    message.to_string()
}

/// The files and directories whose new names other files must follow.
fn renamed_files() -> FileOperationRegistrationOptions {
    let filter = |glob: &str, matches| FileOperationFilter {
        scheme: Some("file".to_owned()),
        pattern: FileOperationPattern { glob: glob.to_owned(), matches: Some(matches), options: None },
    };
    FileOperationRegistrationOptions {
        filters: vec![
            filter("**/*.{ms,ts,mts,cts,tsx,js,mjs,cjs,json}", FileOperationPatternKind::File),
            filter("**", FileOperationPatternKind::Folder),
        ],
    }
}

/// What to watch, for clients that do the watching: everything, since a macro may read any file.
/// What the loop is told of is sorted out there.
pub fn watcher_registration() -> RegistrationParams {
    let watcher = FileSystemWatcher { glob_pattern: "**/*".to_owned().into(), kind: None };
    let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
    RegistrationParams {
        registrations: vec![Registration {
            id: "msc/files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(options).ok(),
        }],
    }
}
