//! Hover, definitions, references: an editor's questions, through `tsr`'s language service.

use tsr_checker::Operation;
use tsr_jsstring::PositionEncoding;
use tsr_ls::{HoverOptions, LanguageService};
use tsr_lsproto as lsp;

use super::place::{self, Lines, Places};
use super::program::TsrProgram;
use super::{fault, names};
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{Definition, EngineError, Hover, Place};

/// How long a type may be printed in a hover before it is cut: TypeScript's own measure.
const HOVER_LENGTH: usize = 500;

/// One question at one position.
pub(super) struct Asked<'a> {
    pub uri: lsp::DocumentUri,
    pub position: lsp::Position,
    pub offset: u32,
    pub lines: &'a Lines,
}

impl Asked<'_> {
    pub fn document(&self) -> lsp::TextDocumentIdentifier {
        lsp::TextDocumentIdentifier { uri: self.uri.clone() }
    }
}

impl TsrProgram {
    /// Runs `query` with the checker of the editor's questions.
    pub(super) fn ask<T>(
        &self,
        doing: &str,
        file: &FilePath,
        offset: u32,
        cancel: &Cancel,
        query: impl FnOnce(&mut LanguageService<'_>, &mut Operation<'_>, &Asked<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        cancel.check()?;
        let lines = Lines::new(place::text_of(place::file_of(&self.program, file)?)?);
        let asked = Asked { uri: names::to_uri(file), position: lines.position(offset), offset, lines: &lines };
        let (token, _listening) = fault::token(cancel);
        let doing = format!("{doing} at {file}:{}:{}", asked.position.line + 1, asked.position.character + 1);
        self.queries.with(&self.program, &self.counters, &doing, |checker| {
            cancel.check()?;
            let mut service = LanguageService::new(&self.program, PositionEncoding::Utf8, token);
            query(&mut service, checker, &asked)
        })
    }

    pub(super) fn describe(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Option<Hover>, EngineError> {
        self.ask("describing the name", file, offset, cancel, |service, checker, asked| {
            let params = lsp::HoverParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                ..Default::default()
            };
            let options = HoverOptions { markdown: true, maximum_length: HOVER_LENGTH, ..HoverOptions::default() };
            let Some(hover) = service.hover(checker, &params, options)?.hover else { return Ok(None) };
            let Some(content) = hover.contents.markup_content else { return Ok(None) };
            let (code, documentation) = split_fence(&content.value);
            let range = hover.range.map_or(TextRange::empty(asked.offset), |range| asked.lines.range(&range));
            Ok(Some(Hover { code: code.to_owned(), documentation: without_file_links(documentation), range }))
        })
    }

    pub(super) fn go_to(
        &self,
        file: &FilePath,
        offset: u32,
        to_type: bool,
        cancel: &Cancel,
    ) -> Result<Definition, EngineError> {
        self.ask("finding the definition", file, offset, cancel, |service, checker, asked| {
            let found = service.definition(checker, &asked.uri, &asked.position, to_type, true)?;
            let mut places = Places::new(&self.program);
            let mut definition = Definition::default();
            for link in found.definition_links.into_iter().flat_map(|links| *links).flatten() {
                if let Some(origin) = &link.origin_selection_range {
                    definition.asked.get_or_insert(asked.lines.range(origin));
                }
                definition.targets.extend(places.place(
                    &link.target_uri,
                    &link.target_selection_range,
                    Some(&link.target_range),
                ));
            }
            Ok(definition)
        })
    }

    pub(super) fn find_implementations(
        &self,
        file: &FilePath,
        offset: u32,
        cancel: &Cancel,
    ) -> Result<Definition, EngineError> {
        self.ask("finding implementations", file, offset, cancel, |service, checker, asked| {
            let params = lsp::ImplementationParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                ..Default::default()
            };
            let found = service.implementations(checker, &params, true)?;
            let mut places = Places::new(&self.program);
            let links = found.definition_links.into_iter().flat_map(|links| *links).flatten();
            let targets = links.filter_map(|link| {
                places.place(&link.target_uri, &link.target_selection_range, Some(&link.target_range))
            });
            Ok(Definition { asked: None, targets: targets.collect() })
        })
    }

    pub(super) fn find_references(
        &self,
        file: &FilePath,
        offset: u32,
        include_declaration: bool,
        cancel: &Cancel,
    ) -> Result<Vec<Place>, EngineError> {
        self.ask("finding references", file, offset, cancel, |service, checker, asked| {
            let params = lsp::ReferenceParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                context: Some(Box::new(lsp::ReferenceContext { include_declaration })),
                ..Default::default()
            };
            let found = service.references(checker, &params)?.locations.unwrap_or_default();
            let mut places = Places::new(&self.program);
            Ok(found.iter().filter_map(|found| places.place(&found.uri, &found.range, None)).collect())
        })
    }
}

/// A hover's Markdown, taken apart: the code of its leading fence, and what follows it.
fn split_fence(markdown: &str) -> (&str, &str) {
    let ticks = markdown.len() - markdown.trim_start_matches('`').len();
    let Some((_, body)) = markdown.split_once('\n').filter(|_| ticks >= 3) else {
        return ("", markdown.trim());
    };
    let fence = format!("\n{}", &markdown[..ticks]);
    match body.split_once(&fence) {
        Some((code, rest)) => (code, rest.trim()),
        None => (body.trim_end(), ""),
    }
}

/// Links into files lose their address: it counts lines of expanded text.
pub(super) fn without_file_links(markdown: &str) -> String {
    let mut kept = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once("](file:") {
        let (Some(open), Some(close)) = (before.rfind('['), after.find(')')) else { break };
        kept.push_str(&before[..open]);
        kept.push_str(&before[open + 1..]);
        rest = &after[close + 1..];
    }
    kept.push_str(rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hover_is_its_code_and_its_documentation() {
        let markdown = "```typescript\nconst a: {\n    b: 1;\n}\n```\nThe *first*.\n\n```ts\na\n```\n";
        assert_eq!(split_fence(markdown), ("const a: {\n    b: 1;\n}", "The *first*.\n\n```ts\na\n```"));
        assert_eq!(split_fence("````typescript\ntype T = \"```\"\n````\n"), ("type T = \"```\"", ""));
        assert_eq!(split_fence("no code"), ("", "no code"));
    }

    #[test]
    fn links_into_files_lose_their_address_and_others_keep_it() {
        let markdown = "See [`User`](file:///p/a.ts#L1,1-3,2) and [here](https://example.org).";
        assert_eq!(without_file_links(markdown), "See `User` and [here](https://example.org).");
    }
}
