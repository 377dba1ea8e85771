//! `msc explain CODE`: the registry's pages.

use std::process::ExitCode;

use crate::cli::args::ExplainArgs;
use crate::cli::console::Console;
use crate::cli::{CLEAN, CommandError, CommandResult};
use crate::diagnostic::Code;
use crate::diagnostic::code::REGISTRY;

pub(super) fn run(args: &ExplainArgs, console: &Console) -> CommandResult {
    let text = match &args.code {
        None => list(),
        Some(written) => page(written)?,
    };
    console.print(&text)?;
    Ok(ExitCode::from(CLEAN))
}

fn list() -> String {
    let mut text = String::new();
    for entry in REGISTRY {
        text += &format!("{}  {}\n", Code::Ms(entry.code), entry.title);
    }
    text + "TSnnnn  TypeScript's own diagnostics, under TypeScript's numbers\n"
}

fn page(written: &str) -> Result<String, CommandError> {
    let code = Code::parse(written).ok_or_else(|| {
        format!("`{written}` is no code; codes look like MS2005 or TS2322 (`msc explain` lists ours)")
    })?;
    match (code.entry(), code) {
        (Some(entry), _) => Ok(format!("{}\n", entry.page.trim_end())),
        (None, Code::Ts(number)) => Ok(format!(
            "# {code}: a diagnostic of TypeScript\n\n\
             msc reports what TypeScript reports, with TypeScript's number and text; the message itself says what is \
             wrong. A search for \"TS{number}\" finds discussions and examples, and the handbook \
             (https://www.typescriptlang.org/docs/handbook/) explains the rules behind it.\n\n\
             Where it is reported at the use of a macro, the mistake is in generated code: the generated line is shown \
             with it, and `msc expand FILE` prints all of it.\n"
        )),
        (None, Code::Ms(_)) => {
            Err(format!("there is no diagnostic {code}; `msc explain` lists those there are").into())
        }
    }
}
