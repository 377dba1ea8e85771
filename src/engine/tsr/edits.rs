//! What changes text: rename, fixes of findings, imports in order, imports that follow a file.

use tsr_ls::{CompletionOptions, OrganizeMode, OrganizeOptions, RenameOptions};
use tsr_lsproto as lsp;

use super::place::{self, Places};
use super::program::TsrProgram;
use super::{completion, names};
use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{Change, EngineError, Fix, Organize, Renamable};

/// A finding's code and range as the language service wants them: in its own words.
const SOURCE: &str = "ts";

impl TsrProgram {
    pub(super) fn renamable(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Renamable, EngineError> {
        self.ask("looking for a name to change", file, offset, cancel, |service, checker, asked| {
            let (options, locale) = (rename_options(), Default::default());
            let found = service.rename_info(checker, &asked.uri, &asked.position, "", options, &locale)?;
            if found.can_rename {
                return Ok(Renamable::Yes { range: asked.lines.range(&found.range), name: found.name });
            }
            let why = if found.error.is_empty() { "this cannot be renamed".to_owned() } else { found.error };
            Ok(Renamable::No(why.trim_end_matches('.').to_owned()))
        })
    }

    pub(super) fn rename_at(
        &self,
        file: &FilePath,
        offset: u32,
        new_name: &str,
        cancel: &Cancel,
    ) -> Result<Vec<Change>, EngineError> {
        self.ask("renaming", file, offset, cancel, |service, checker, asked| {
            let params = lsp::RenameParams {
                text_document: asked.document(),
                position: asked.position.clone(),
                new_name: new_name.to_owned(),
                ..Default::default()
            };
            let edit = service.rename(checker, &params, rename_options(), &Default::default())?.workspace_edit;
            Ok(self.changes(edit.map(|edit| *edit)))
        })
    }

    pub(super) fn mend(
        &self,
        file: &FilePath,
        findings: &[(TextRange, u32)],
        cancel: &Cancel,
    ) -> Result<Vec<Fix>, EngineError> {
        let start = findings.first().map_or(0, |(range, _)| range.start);
        self.ask("looking for fixes", file, start, cancel, |service, checker, asked| {
            let diagnostics = findings.iter().map(|(range, code)| {
                Some(Box::new(lsp::Diagnostic {
                    range: lsp::Range {
                        start: asked.lines.position(range.start),
                        end: asked.lines.position(range.end),
                    },
                    code: Some(Box::new(lsp::IntegerOrString {
                        integer: i32::try_from(*code).ok().map(Box::new),
                        string: None,
                    })),
                    source: Some(Box::new(SOURCE.to_owned())),
                    ..Default::default()
                }))
            });
            let context = lsp::CodeActionContext { diagnostics: diagnostics.collect(), ..Default::default() };
            let params = lsp::CodeActionParams {
                text_document: asked.document(),
                context: Some(Box::new(context)),
                ..Default::default()
            };
            let options = CompletionOptions { module_exports: Some(true), ..completion::options() };
            let found =
                service.code_actions(checker, &params, &OrganizeOptions::default(), &options, &Default::default())?;
            let found = found.command_or_code_action_array.into_iter().flat_map(|actions| *actions);
            let fixes = found
                .filter_map(|action| action.code_action)
                .map(|action| Fix { title: action.title, edits: self.changes(action.edit.map(|edit| *edit)) });
            Ok(fixes.filter(|fix| !fix.edits.is_empty()).collect())
        })
    }

    pub(super) fn organize(
        &self,
        file: &FilePath,
        mode: Organize,
        cancel: &Cancel,
    ) -> Result<Vec<Change>, EngineError> {
        let source = place::file_of(&self.program, file)?.source();
        let mode = match mode {
            Organize::All => OrganizeMode::Organize,
            Organize::Sort => OrganizeMode::Sort,
            Organize::RemoveUnused => OrganizeMode::RemoveUnused,
        };
        self.ask("ordering imports", file, 0, cancel, |service, checker, _| {
            let format = tsr_format::FormatCodeSettings::default();
            let edits = service.organize_imports(checker, source, mode, &format, &OrganizeOptions::default())?;
            let mut places = Places::new(&self.program);
            let mut out = Vec::new();
            for (uri, edits) in edits {
                let Some(lines) = places.lines(&uri) else { continue };
                out.extend(edits.into_iter().map(|edit| Change {
                    file: names::from_uri(&uri),
                    range: lines.range(&edit.range),
                    text: edit.new_text,
                }));
            }
            Ok(out)
        })
    }

    pub(super) fn follow_file(
        &self,
        old: &FilePath,
        new: &FilePath,
        cancel: &Cancel,
    ) -> Result<Vec<Change>, EngineError> {
        // A question is asked of some file; this one is about them all.
        let Some(any) = crate::engine::Program::files(self).into_iter().next() else { return Ok(Vec::new()) };
        self.ask("following a file", &any, 0, cancel, |service, checker, _| {
            let edits = service.file_rename(
                checker,
                &names::to_uri(old),
                &names::to_uri(new),
                &Default::default(),
                &tsr_format::FormatCodeSettings::default(),
            )?;
            let edit = lsp::WorkspaceEdit { document_changes: Some(Box::new(edits)), ..Default::default() };
            Ok(self.changes(Some(edit)))
        })
    }

    /// The text edits of an answer, in text order, file by file.
    fn changes(&self, edit: Option<lsp::WorkspaceEdit>) -> Vec<Change> {
        let Some(edit) = edit else { return Vec::new() };
        let mut places = Places::new(&self.program);
        let mut out = Vec::new();
        let mut add = |uri: &lsp::DocumentUri, edit: lsp::TextEdit| {
            if let Some(lines) = places.lines(uri) {
                let range = lines.range(&edit.range);
                out.push(Change { file: names::from_uri(uri), range, text: edit.new_text });
            }
        };
        for (uri, edits) in edit.changes.into_iter().flat_map(|changes| *changes) {
            for edit in edits.into_iter().flatten() {
                add(&uri, *edit);
            }
        }
        for change in edit.document_changes.into_iter().flat_map(|changes| *changes) {
            let Some(document) = change.text_document_edit else { continue };
            for edit in document.edits.into_iter().filter_map(|edit| edit.text_edit) {
                add(&document.text_document.uri, *edit);
            }
        }
        out.sort_by(|a, b| (&a.file, a.range).cmp(&(&b.file, b.range)));
        out
    }
}

fn rename_options() -> RenameOptions {
    RenameOptions { import_paths: false, ..RenameOptions::default() }
}
