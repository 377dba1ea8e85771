//! Signature help and inlay hints.

use tsr_ls::{InlayHintsOptions, ParameterNameHints, QuotePreference, SignatureHelpOptions};
use tsr_lsproto as lsp;

use super::place::Lines;
use super::program::TsrProgram;
use super::service::without_file_links;
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{
    EngineError, InlayHint, InlayKind, InlayOptions, Signature, SignatureHelp, SignatureParameter, SignatureTrigger,
};

impl TsrProgram {
    pub(super) fn help_call(
        &self,
        file: &FilePath,
        offset: u32,
        trigger: SignatureTrigger,
        cancel: &Cancel,
    ) -> Result<Option<SignatureHelp>, EngineError> {
        self.ask("helping with a call", file, offset, cancel, |service, checker, asked| {
            let (trigger_kind, typed, is_retrigger) = match trigger {
                SignatureTrigger::Invoked => (lsp::SignatureHelpTriggerKind::INVOKED, None, false),
                SignatureTrigger::Typed(typed) => {
                    (lsp::SignatureHelpTriggerKind::TRIGGER_CHARACTER, Some(typed), false)
                }
                SignatureTrigger::Again(Some(typed)) => {
                    (lsp::SignatureHelpTriggerKind::TRIGGER_CHARACTER, Some(typed), true)
                }
                SignatureTrigger::Again(None) => (lsp::SignatureHelpTriggerKind::CONTENT_CHANGE, None, true),
            };
            let context = lsp::SignatureHelpContext {
                trigger_kind,
                trigger_character: typed.map(|typed| Box::new(typed.to_string())),
                is_retrigger,
                ..Default::default()
            };
            let params = lsp::SignatureHelpParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                context: Some(Box::new(context)),
                ..Default::default()
            };
            let options = SignatureHelpOptions {
                format: lsp::MarkupKind(lsp::MarkupKind::MARKDOWN.into()),
                per_signature_active_parameter: true,
                ..SignatureHelpOptions::default()
            };
            let Some(found) = service.signature_help(checker, &params, &options)?.signature_help else {
                return Ok(None);
            };
            Ok(Some(SignatureHelp {
                signatures: found.signatures.into_iter().flatten().map(|one| signature(*one)).collect(),
                active_signature: found.active_signature.map_or(0, |active| *active),
                active_parameter: number(found.active_parameter),
            }))
        })
    }

    pub(super) fn hint(
        &self,
        file: &FilePath,
        range: TextRange,
        options: InlayOptions,
        cancel: &Cancel,
    ) -> Result<Vec<InlayHint>, EngineError> {
        self.ask("making hints", file, range.start, cancel, |service, checker, asked| {
            let params = lsp::InlayHintParams {
                text_document: asked.document(),
                range: lsp::Range { start: asked.position.clone(), end: asked.lines.position(range.end) },
                ..Default::default()
            };
            let options = InlayHintsOptions {
                parameter_names: match options.parameter_names {
                    true => ParameterNameHints::Literals,
                    false => ParameterNameHints::None,
                },
                parameter_names_when_matching: false,
                parameter_types: options.parameter_types,
                variable_types: options.variable_types,
                variable_types_when_matching: false,
                property_types: options.property_types,
                return_types: options.return_types,
                enum_values: options.enum_values,
                quote: QuotePreference::Auto,
            };
            let found = service.inlay_hints(checker, &params, options)?.inlay_hints;
            let found = found.into_iter().flat_map(|hints| *hints).flatten();
            let mut hints: Vec<InlayHint> = found.map(|found| hint(*found, asked.lines)).collect();
            hints.sort_by_key(|hint| hint.offset);
            Ok(hints)
        })
    }
}

fn number(number: Option<Box<lsp::UintegerOrNull>>) -> Option<u32> {
    number.and_then(|number| number.uinteger).map(|number| *number)
}

fn markdown(text: Option<Box<lsp::StringOrMarkupContent>>) -> String {
    let Some(text) = text else { return String::new() };
    let text = match (text.markup_content, text.string) {
        (Some(content), _) => content.value,
        (None, Some(string)) => *string,
        (None, None) => String::new(),
    };
    without_file_links(text.trim())
}

fn signature(found: lsp::SignatureInformation) -> Signature {
    let mut from = 0;
    let parameters = found.parameters.into_iter().flat_map(|parameters| *parameters).flatten();
    let parameters = parameters.map(|parameter| {
        // Parameters follow each other, so each is looked for behind the one before.
        let label = match parameter.label.string {
            Some(text) => match found.label[from..].find(text.as_str()) {
                Some(at) => TextRange::from(from + at..from + at + text.len()),
                None => TextRange::empty(from as u32),
            },
            None => TextRange::empty(from as u32),
        };
        from = label.end as usize;
        SignatureParameter { label, documentation: markdown(parameter.documentation) }
    });
    let parameters = parameters.collect();
    Signature {
        parameters,
        active_parameter: number(found.active_parameter),
        documentation: markdown(found.documentation),
        label: found.label,
    }
}

fn hint(found: lsp::InlayHint, lines: &Lines) -> InlayHint {
    let label = match (found.label.string, found.label.inlay_hint_label_parts) {
        (Some(text), _) => *text,
        (None, parts) => {
            let parts = parts.into_iter().flat_map(|parts| *parts).flatten();
            parts.map(|part| part.value).collect()
        }
    };
    let kind = match found.kind {
        Some(kind) if *kind == lsp::InlayHintKind::PARAMETER => InlayKind::Parameter,
        _ => InlayKind::Type,
    };
    InlayHint {
        offset: lines.offset(&found.position),
        label,
        kind,
        padding_left: found.padding_left.is_some_and(|padding| *padding),
        padding_right: found.padding_right.is_some_and(|padding| *padding),
    }
}
