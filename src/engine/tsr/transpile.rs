//! One module to JavaScript, without looking at any other.

use tsr_checker::CheckerRequest;
use tsr_core::{CompilerOptions, ModuleKind, ScriptTarget, Tristate};
use tsr_transpile::{Options, transpile_module};

use super::diagnostics::Converter;
use super::names;
use crate::base::FilePath;
use crate::engine::{EngineError, Transpiled};

/// The map of a script that holds nothing.
const EMPTY_MAP: &str = r#"{"version":3,"sources":[],"names":[],"mappings":""}"#;

pub(super) fn transpile(file: &FilePath, text: &str) -> Result<Transpiled, EngineError> {
    let options = CompilerOptions {
        // Not newer: what runs this knows no decorators and no `using`.
        target: ScriptTarget::ES2022,
        module: ModuleKind::ESNEXT,
        source_map: Tristate::TRUE,
        ..CompilerOptions::default()
    };
    let name = names::to_tsr(file);
    if is_declarations(file) {
        return Ok(Transpiled { js: String::new(), map: EMPTY_MAP.to_owned(), diagnostics: Vec::new() });
    }
    let options = Options { compiler_options: Some(&options), file_name: name.as_bytes(), report_diagnostics: false };
    let output = transpile_module(&CheckerRequest::default(), text.as_bytes(), &options)?
        .ok_or_else(|| EngineError::Internal("a transpilation that nobody cancelled was".into()))?;
    let found = output.program.syntactic_diagnostics(output.program.source_file(name.as_bytes()))?;
    let found = output.program.filter_and_sort_diagnostics(&found)?;
    let mut js = String::from_utf8_lossy(output.output_text.as_bytes()).into_owned();
    // The comment names a file that nobody writes.
    if let Some(at) = js.rfind("//# sourceMappingURL=") {
        js.truncate(at);
    }
    Ok(Transpiled {
        js,
        map: String::from_utf8_lossy(output.source_map_text.as_bytes()).into_owned(),
        diagnostics: Converter::new(&*output.program, None).all(&found)?,
    })
}

/// Whether nothing of the file exists at run time.
fn is_declarations(file: &FilePath) -> bool {
    let name = file.name();
    [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending))
}
