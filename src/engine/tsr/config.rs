//! Options and root files: a `tsconfig.json` read as `tsc -p` reads it.

use std::sync::Arc;

use tsr_compiler::CompilerConfigHost;
use tsr_compiler::diagnostic_writer::DiagnosticSources;
use tsr_core::{CompilerOptions, Tristate};
use tsr_jsstring::{JsString, SourceText};
use tsr_tsoptions::{ConfigValue, ParsedCommandLine, TsConfigSourceFile};

use super::diagnostics::Converter;
use super::{host, names};
use crate::base::FilePath;
use crate::engine::{Config, ConfigSource, EngineDiagnostic, EngineError, EngineSeverity, Files, Parsed};

/// What [`Config`] hides.
pub struct ParsedConfig {
    pub(super) command_line: ParsedCommandLine,
    /// The directory that relative names are relative to.
    pub(super) dir: FilePath,
    /// The name under which options that are no file were parsed. Nothing lies there.
    pub(super) nameless: Option<FilePath>,
}

pub(super) fn opened(config: &Config) -> Result<&ParsedConfig, EngineError> {
    config.parsed.open()
}

pub(super) fn read(files: &Arc<dyn Files>, source: &ConfigSource) -> Result<Config, EngineError> {
    let file_system = host::file_system(files.clone());
    let (file, dir, nameless) = match source {
        ConfigSource::File(file) => (file.clone(), file.parent(), None),
        ConfigSource::Text { dir, .. } => {
            let file = dir.join("tsconfig.json");
            (file.clone(), dir.clone(), Some(file))
        }
    };
    let name = names::to_tsr(&file);
    let cwd = names::to_tsr(&dir);
    let config_host = CompilerConfigHost::new(file_system.clone(), cwd.clone());
    let mut command_line = match source {
        ConfigSource::File(_) => {
            let read = tsr_tsoptions::get_parsed_command_line_of_config_file(
                name.as_bytes(),
                &CompilerOptions::default(),
                &ConfigValue::Null,
                &config_host,
            )?;
            match read.command_line {
                Some(command_line) => command_line,
                None => return Ok(unreadable(file, dir, &read.read_errors)),
            }
        }
        ConfigSource::Text { json, .. } => tsr_tsoptions::parse_json_source_file_config_file_content(
            TsConfigSourceFile::parse(name.clone(), name.clone(), SourceText::from_loaded_bytes(json.as_bytes())),
            &config_host,
            cwd.as_bytes(),
            &CompilerOptions::default(),
            &ConfigValue::Null,
            name.as_bytes(),
        )?,
    };
    // Nothing is ever written beside the sources: checks are those of `--noEmit`, so rules about
    // where output would go have nothing to say. Emitting to memory does not look at this.
    command_line.options.no_emit = Tristate::TRUE;
    let diagnostics =
        Converter::new(&command_line, nameless.as_ref()).all(&command_line.config_file_parsing_diagnostics())?;
    let own = nameless.is_none().then_some(file);
    let extended = command_line.extended_source_files().iter().map(|name| names::from_tsr(name.as_bytes()));
    Ok(Config {
        roots: command_line.root_file_names.iter().map(|name| names::from_tsr(name.as_bytes())).collect(),
        diagnostics,
        inputs: own.into_iter().chain(extended).collect(),
        references: command_line
            .project_references
            .iter()
            .flatten()
            .map(|reference| names::from_tsr(reference.path.as_bytes()))
            .collect(),
        out_dir: (!command_line.options.out_dir.is_empty())
            .then(|| names::from_tsr(command_line.options.out_dir.as_bytes())),
        parsed: Parsed::new(ParsedConfig { command_line, dir, nameless }),
    })
}

/// A configuration of which nothing is known but that it could not be read.
fn unreadable(file: FilePath, dir: FilePath, errors: &[tsr_ast::Diagnostic]) -> Config {
    struct Nothing;
    impl DiagnosticSources for Nothing {
        fn diagnostic_source(&self, _: tsr_ast::NodeId) -> Result<tsr_ast::SourceFileRead<'_>, tsr_compiler::Error> {
            Err(tsr_arena::Error::WrongOwner.into())
        }
    }
    let diagnostics = Converter::new(&Nothing, None).all(errors).unwrap_or_else(|_| {
        vec![EngineDiagnostic {
            file: None,
            range: Default::default(),
            code: 5083,
            severity: EngineSeverity::Error,
            message: format!("Cannot read file '{file}'."),
            related: Vec::new(),
            unnecessary: false,
            deprecated: false,
        }]
    });
    let mut command_line = ParsedCommandLine::new(CompilerOptions::default(), Vec::new());
    command_line.options.config_file_path = JsString::from_bytes(file.as_str().as_bytes());
    Config {
        roots: Vec::new(),
        diagnostics,
        inputs: vec![file],
        references: Vec::new(),
        out_dir: None,
        parsed: Parsed::new(ParsedConfig { command_line, dir, nameless: None }),
    }
}
