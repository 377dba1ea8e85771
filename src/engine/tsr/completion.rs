//! Completion, and what is known of one completion on request.
//!
//! Names that would first have to be imported are not offered: to know them all costs a pass over
//! the whole program (see [`AUTO_IMPORT`]).

use tsr_ast::SyntaxKind;
use tsr_astnav::Navigator;
use tsr_compiler::ProgramFile;
use tsr_ls::CompletionOptions;
use tsr_lsproto as lsp;
use tsr_parser::ParserJsDocProvider;

use super::expected;
use super::place::{self, Lines};
use super::program::TsrProgram;
use super::service::without_file_links;
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{CompletionDetail, CompletionItem, CompletionKind, CompletionList, EngineError};

/// Whether names of other modules are offered together with the import they need.
const AUTO_IMPORT: bool = false;

/// What `tsr` calls the origin of a member of `this` that is offered without being asked for by a dot.
const THIS: &str = "ThisProperty/";

pub(super) fn options() -> CompletionOptions {
    CompletionOptions {
        snippets: true,
        class_member_snippets: true,
        object_method_snippets: true,
        enable_jsdoc: Some(true),
        insert_replace: true,
        label_details: true,
        markdown: true,
        module_exports: Some(AUTO_IMPORT),
        import_statements: Some(AUTO_IMPORT),
        ..CompletionOptions::default()
    }
}

fn options_without_bodies() -> CompletionOptions {
    CompletionOptions { class_member_snippets: false, object_method_snippets: false, ..options() }
}

impl TsrProgram {
    pub(super) fn complete(
        &self,
        file: &FilePath,
        offset: u32,
        trigger: Option<char>,
        cancel: &Cancel,
    ) -> Result<CompletionList, EngineError> {
        let source = place::file_of(&self.program, file)?;
        self.ask("completing", file, offset, cancel, |service, checker, asked| {
            let context = lsp::CompletionContext {
                trigger_kind: match trigger {
                    Some(_) => lsp::CompletionTriggerKind::TRIGGER_CHARACTER,
                    None => lsp::CompletionTriggerKind::INVOKED,
                },
                trigger_character: trigger.map(|trigger| Box::new(trigger.to_string())),
            };
            let params = lsp::CompletionParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                context: Some(Box::new(context)),
                ..Default::default()
            };
            // Where `tsr` cannot write a method out, its name is still worth having.
            let found = match service.completion(checker, &params, &options()) {
                Ok(found) => found,
                Err(_) => service.completion(checker, &params, &options_without_bodies())?,
            };
            let (items, is_incomplete) = match (found.list, found.items) {
                (Some(list), _) => (list.items, list.is_incomplete),
                (None, Some(items)) => (*items, false),
                (None, None) => return Ok(CompletionList::default()),
            };
            let word = word_at(asked.lines.text(), offset);
            let mut items: Vec<CompletionItem> =
                items.into_iter().flatten().map(|item| plain(*item, asked.lines, word)).collect();
            keep_this_out_of_types(&mut items);
            if is_key_in_function(source, offset)? {
                items.retain(|item| {
                    item.kind != CompletionKind::Keyword || !OF_DECLARATIONS.contains(&item.label.as_str())
                });
            }
            match expected::mark(checker, &mut items, source, offset, cancel) {
                // A list without an order is better than none.
                Err(EngineError::Internal(_)) => {}
                other => other?,
            }
            Ok(CompletionList { items, is_incomplete, is_member: is_member(source, offset)? })
        })
    }

    pub(super) fn complete_item(
        &self,
        file: &FilePath,
        offset: u32,
        item: &CompletionItem,
        cancel: &Cancel,
    ) -> Result<CompletionDetail, EngineError> {
        let Some(token) = &item.token else { return Ok(CompletionDetail::default()) };
        let Some((source, name)) = token.split_once('\n') else {
            return Err(EngineError::Internal(format!("a completion's token is none of ours: {token:?}")));
        };
        self.ask("resolving a completion", file, offset, cancel, |service, checker, asked| {
            let data = lsp::CompletionItemData {
                file_name: String::from_utf8_lossy(asked.uri.file_name().as_bytes()).into_owned(),
                // The token may be older than the text: what counts is where the question stands now.
                position: i32::try_from(offset).unwrap_or(i32::MAX),
                source: source.to_owned(),
                name: name.to_owned(),
                ..Default::default()
            };
            let question =
                lsp::CompletionItem { label: item.label.clone(), data: Some(Box::new(data)), ..Default::default() };
            let answer = service.resolve_completion(checker, question, &options())?;
            let edits = answer.additional_text_edits.into_iter().flat_map(|edits| *edits).flatten();
            Ok(CompletionDetail {
                detail: answer.detail.map(|detail| *detail),
                documentation: answer.documentation.and_then(|documentation| {
                    let text = match (documentation.markup_content, documentation.string) {
                        (Some(content), _) => content.value,
                        (None, string) => *string?,
                    };
                    Some(without_file_links(text.trim())).filter(|text| !text.is_empty())
                }),
                edits: edits.map(|edit| (asked.lines.range(&edit.range), edit.new_text)).collect(),
            })
        })
    }
}

/// One of `tsr`'s items as plain data; `word` is what an insertion replaces unless it says more.
fn plain(item: lsp::CompletionItem, lines: &Lines, word: TextRange) -> CompletionItem {
    let deprecated = item.deprecated.is_some_and(|deprecated| *deprecated)
        || item.tags.is_some_and(|tags| tags.contains(&lsp::CompletionItemTag::DEPRECATED));
    let edit = item.text_edit.and_then(|edit| match (edit.insert_replace_edit, edit.text_edit) {
        (Some(edit), _) => Some((lines.range(&edit.replace), edit.new_text)),
        (None, Some(edit)) => Some((lines.range(&edit.range), edit.new_text)),
        (None, None) => None,
    });
    let (replace, insert) = match edit {
        Some((range, text)) => ((range != word).then_some(range), Some(text)),
        None => (None, item.insert_text.map(|text| *text)),
    };
    // TypeScript marks an optional member by a question mark in its label.
    let name = item.data.as_deref().map(|data| data.name.as_str());
    let optional = item.label.strip_suffix('?').is_some_and(|label| name == Some(label));
    let label = if optional { item.label[..item.label.len() - 1].to_owned() } else { item.label };
    let token = item.data.as_deref().map(|data| format!("{}\n{}", data.source, data.name));
    CompletionItem {
        kind: item.kind.map_or(CompletionKind::Text, |kind| completion_kind(&kind)),
        insert: insert.filter(|text| *text != label),
        is_snippet: item.insert_text_format.is_some_and(|format| *format == lsp::InsertTextFormat::SNIPPET),
        filter: item.filter_text.map(|text| *text).filter(|text| *text != label),
        sort: item.sort_text.map_or_else(String::new, |text| *text),
        label_detail: item.label_details.and_then(|details| details.detail.or(details.description)).map(|text| *text),
        replace,
        optional,
        deprecated,
        fits: false,
        token,
        label,
    }
}

/// `tsr` offers members of `this` where only a type can stand, which TypeScript does not. Such a list is
/// known by its keywords: where an expression can stand, `new` can.
fn keep_this_out_of_types(items: &mut Vec<CompletionItem>) {
    let is_expression = |item: &CompletionItem| item.kind == CompletionKind::Keyword && item.label == "new";
    let is_of_this = |item: &CompletionItem| item.token.as_ref().is_some_and(|token| token.starts_with(THIS));
    if items.iter().any(is_of_this) && !items.iter().any(is_expression) {
        items.retain(|item| !is_of_this(item));
    }
}

/// Keywords of types and declarations, which begin nothing inside a function.
const OF_DECLARATIONS: &[&str] = &[
    "abstract",
    "any",
    "asserts",
    "bigint",
    "boolean",
    "declare",
    "infer",
    "keyof",
    "module",
    "namespace",
    "never",
    "number",
    "object",
    "readonly",
    "string",
    "symbol",
    "unique",
    "unknown",
];

/// Whether the offset ends the name of a property that an object literal in a function gives: `tsr` offers there
/// what it offers outside of functions.
fn is_key_in_function(file: &ProgramFile, offset: u32) -> Result<bool, EngineError> {
    let view = file.bound().view().ast();
    let mut docs = ParserJsDocProvider::default();
    let mut navigator = Navigator::new(view, file.source(), &mut docs);
    let Some(token) = navigator.find_preceding_token(i64::from(offset))? else { return Ok(false) };
    let mut around = view.node(token)?.parent();
    let Some(property) = around else { return Ok(false) };
    let is_property = matches!(
        view.node(property)?.kind().known(),
        Some(SyntaxKind::PropertyAssignment | SyntaxKind::ShorthandPropertyAssignment)
    );
    if !is_property || view.node(property)?.name() != Some(token) {
        return Ok(false);
    }
    while let Some(node) = around {
        let read = view.node(node)?;
        let is_function = matches!(
            read.kind().known(),
            Some(
                SyntaxKind::ArrowFunction
                    | SyntaxKind::FunctionDeclaration
                    | SyntaxKind::FunctionExpression
                    | SyntaxKind::MethodDeclaration
                    | SyntaxKind::Constructor
                    | SyntaxKind::GetAccessor
                    | SyntaxKind::SetAccessor
            )
        );
        if is_function {
            return Ok(true);
        }
        around = read.parent();
    }
    Ok(false)
}

/// The name that the offset lies in or at the end of.
fn word_at(text: &str, offset: u32) -> TextRange {
    let mut offset = (offset as usize).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let in_name = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '#' | '\u{200c}' | '\u{200d}');
    let start = text[..offset].trim_end_matches(in_name).len();
    let end = text.len() - text[offset..].trim_start_matches(in_name).len();
    TextRange::new(start as u32, end as u32)
}

/// Whether the offset stands after a dot that asks for a member, or in the name after it.
fn is_member(file: &ProgramFile, offset: u32) -> Result<bool, EngineError> {
    let view = file.bound().view().ast();
    let mut docs = ParserJsDocProvider::default();
    let mut navigator = Navigator::new(view, file.source(), &mut docs);
    let offset = i64::from(offset);
    let Some(mut token) = navigator.find_preceding_token(offset)? else { return Ok(false) };
    let node = view.node(token)?;
    let is_name = matches!(node.kind().known(), Some(SyntaxKind::Identifier | SyntaxKind::PrivateIdentifier))
        || tsr_ast::is_keyword_kind(node.kind());
    if is_name && offset <= i64::from(node.end()) {
        let start = navigator.get_start_of_node(token, false)?;
        match navigator.find_preceding_token(start)? {
            Some(before) => token = before,
            None => return Ok(false),
        }
    }
    Ok(matches!(view.node(token)?.kind().known(), Some(SyntaxKind::DotToken | SyntaxKind::QuestionDotToken)))
}

fn completion_kind(kind: &lsp::CompletionItemKind) -> CompletionKind {
    use lsp::CompletionItemKind as K;
    match *kind {
        K::METHOD => CompletionKind::Method,
        K::FUNCTION => CompletionKind::Function,
        K::CONSTRUCTOR => CompletionKind::Constructor,
        K::FIELD => CompletionKind::Field,
        K::VARIABLE => CompletionKind::Variable,
        K::CLASS => CompletionKind::Class,
        K::INTERFACE => CompletionKind::Interface,
        K::MODULE => CompletionKind::Module,
        K::PROPERTY => CompletionKind::Property,
        K::UNIT => CompletionKind::Unit,
        K::VALUE => CompletionKind::Value,
        K::ENUM => CompletionKind::Enum,
        K::KEYWORD => CompletionKind::Keyword,
        K::SNIPPET => CompletionKind::Snippet,
        K::FILE => CompletionKind::File,
        K::FOLDER => CompletionKind::Folder,
        K::ENUM_MEMBER => CompletionKind::EnumMember,
        K::CONSTANT => CompletionKind::Constant,
        K::STRUCT => CompletionKind::Struct,
        K::TYPE_PARAMETER => CompletionKind::TypeParameter,
        _ => CompletionKind::Text,
    }
}
