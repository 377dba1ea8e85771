//! `textDocument/signatureHelp`.

use tower_lsp::ls_types::*;

use crate::base::{Cancel, TextRange};
use crate::engine;
use crate::ide::{IdeResult, signature};
use crate::lsp::to_proto::{self, Edge};
use crate::project::Snapshot;
use crate::text::Encoding;

use super::Place;

pub fn signature_help(
    snap: &Snapshot,
    edge: &Edge,
    params: SignatureHelpParams,
    cancel: &Cancel,
) -> IdeResult<Option<SignatureHelp>> {
    let Some(place) = Place::find(snap, edge, &params.text_document_position_params) else {
        return Ok(None);
    };
    let shown = params.context.as_ref().and_then(|context| context.active_signature_help.as_ref());
    let chosen = shown.and_then(|help| help.active_signature);
    let trigger = trigger(params.context.as_ref());
    let help = signature::signature_help(snap, &place.file, place.offset, trigger, cancel)?;
    Ok(help.map(|help| {
        let mut help = to_protocol(edge, help);
        // What a person chose among overloads stays, as long as these are the same.
        let is_same = shown.is_some_and(|shown| {
            let labels = |help: &SignatureHelp| help.signatures.iter().map(|one| one.label.clone()).collect::<Vec<_>>();
            labels(shown) == labels(&help)
        });
        if is_same && chosen.is_some() {
            help.active_signature = chosen;
        }
        help
    }))
}

fn trigger(context: Option<&SignatureHelpContext>) -> engine::SignatureTrigger {
    let Some(context) = context else { return engine::SignatureTrigger::Invoked };
    let typed = context.trigger_character.as_ref().and_then(|text| text.chars().next());
    match (&context.trigger_kind, typed) {
        _ if context.is_retrigger => engine::SignatureTrigger::Again(typed),
        (&SignatureHelpTriggerKind::TRIGGER_CHARACTER, Some(typed)) => engine::SignatureTrigger::Typed(typed),
        _ => engine::SignatureTrigger::Invoked,
    }
}

fn to_protocol(edge: &Edge, help: engine::SignatureHelp) -> SignatureHelp {
    let abilities = &edge.abilities;
    let documentation = |text: String| {
        (!text.is_empty()).then(|| Documentation::MarkupContent(to_proto::markup(text, abilities.signature_markdown)))
    };
    let active_parameter = help.active_parameter;
    let signatures = help.signatures.into_iter().map(|one| {
        let label = one.label;
        let parameters = one.parameters.into_iter().map(|parameter| ParameterInformation {
            label: match abilities.label_offsets {
                true => ParameterLabel::LabelOffsets(utf16(&label, parameter.label)),
                false => ParameterLabel::Simple(parameter.label.of(&label).to_owned()),
            },
            documentation: documentation(parameter.documentation),
        });
        let parameters: Vec<_> = parameters.collect();
        SignatureInformation {
            parameters: Some(parameters),
            documentation: documentation(one.documentation),
            active_parameter: abilities.active_parameter.then_some(one.active_parameter.or(active_parameter)).flatten(),
            label,
        }
    });
    SignatureHelp { signatures: signatures.collect(), active_signature: Some(help.active_signature), active_parameter }
}

/// Label offsets are UTF-16, whatever encoding positions have.
fn utf16(label: &str, range: TextRange) -> [u32; 2] {
    let text = crate::text::SourceText::new(label);
    let column = |offset| text.lines().line_col(label, offset, Encoding::Utf16).col;
    [column(range.start), column(range.end)]
}
