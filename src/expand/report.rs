//! What running a macro told, as diagnostics at its use.
//!
//! Invariant: the primary range of everything here lies in the file's source.

use crate::base::{FilePath, TextRange};
use crate::diagnostic::{Code, Diagnostic, GeneratedLine, Related, Severity};
use crate::macros::protocol::{Frame, Report};
use crate::macros::{Failure, FailureKind, Log, Permission, Refusal};

use super::trail::{Happened, Trail};
use super::{Call, MacroScope};

/// From here on a macro counts as slow.
pub(super) const SLOW_MICROS: u64 = 100_000;

/// Says what went wrong at one use. `at` is the use's name in the source.
pub(super) struct Reporter<'a> {
    pub file: &'a FilePath,
    pub scope: &'a dyn MacroScope,
    pub trail: Trail,
}

impl Reporter<'_> {
    pub fn failure(&self, call: &Call, at: TextRange, failure: &Failure) -> Diagnostic {
        let code = match failure.kind {
            FailureKind::Threw => Code::MACRO_THREW,
            FailureKind::BadSplice => Code::BAD_SPLICE,
            FailureKind::TimedOut => Code::MACRO_STOPPED,
            FailureKind::OutOfMemory => Code::MACRO_MEMORY,
            FailureKind::Crashed => Code::MACRO_CRASHED,
            FailureKind::Module => Code::MACRO_MODULE,
            FailureKind::Banned => Code::MACRO_BANNED,
            FailureKind::Input => Code::INPUT_MISSING,
            FailureKind::Refused(Refusal::NotAsked(Permission::Read)) => Code::NOT_PERMITTED,
            FailureKind::Refused(Refusal::NotAsked(Permission::Net)) => Code::NET_NOT_PERMITTED,
            FailureKind::Refused(Refusal::NotAsked(Permission::Env)) => Code::ENV_NOT_PERMITTED,
            FailureKind::Refused(Refusal::NotAsked(Permission::Run)) => Code::RUN_NOT_PERMITTED,
            FailureKind::Refused(Refusal::NotGranted) => Code::NOT_GRANTED,
            FailureKind::Refused(Refusal::NotInMacros) => Code::NOT_IN_MACROS,
            FailureKind::Refused(Refusal::PrivateAddress) => Code::PRIVATE_ADDRESS,
            FailureKind::NoLiteral => Code::COMPTIME_VALUE,
        };
        let name = &call.callee.name;
        let message = match failure.kind {
            FailureKind::Threw => format!("`{name}` threw an error: {}", failure.message),
            FailureKind::Module => format!("`{name}` cannot run: {}", failure.message),
            _ => failure.message.clone(),
        };
        let mut diagnostic = Diagnostic::new(code, self.file, at, message);
        diagnostic.help = failure.help.clone();
        let mut stack = failure.stack.as_slice();
        if let Some((module, range)) = failure.site.as_ref().filter(|(module, _)| module == self.file) {
            // The splice is the fault, and whoever sees the file can mend it there.
            diagnostic.range = *range;
            let message = format!("`@{}` is used here", call.shown);
            diagnostic.related.push(Related { file: self.file.clone(), range: at, message });
            if stack.first().is_some_and(|quote| quote.file == *module) {
                stack = &stack[1..];
            }
        } else if let Some((module, range)) = &failure.site {
            // The innermost frame is the quote around the splice; its own place says less.
            let function = match stack.split_first() {
                Some((quote, outer)) if quote.file == *module => {
                    stack = outer;
                    in_function(&quote.function)
                }
                _ => None,
            };
            let message = match (function, failure.kind) {
                (_, FailureKind::Module) => "here".to_owned(),
                (Some(function), _) => format!("the splice that takes it, {function}"),
                (None, _) => "the splice that takes it".to_owned(),
            };
            diagnostic.related.push(Related { file: module.clone(), range: *range, message });
        }
        let is_access =
            ["cannot read property", "cannot set property"].iter().any(|text| failure.message.contains(text));
        let mut happened = match is_access {
            _ if stack.len() < failure.stack.len() => Happened::Called(""),
            true => Happened::Accessed,
            false => Happened::Thrown,
        };
        for frame in stack {
            diagnostic.related.extend(self.frame(frame, happened));
            happened = Happened::Called(&frame.function);
        }
        diagnostic
    }

    /// `ctx.error` and `ctx.warn`; `place` is what it points at, in the source.
    pub fn report(&self, place: TextRange, report: &Report) -> Diagnostic {
        let code = if report.is_error { Code::MACRO_REPORTED } else { Code::MACRO_WARNED };
        let mut diagnostic = Diagnostic::new(code, self.file, place, report.message.clone());
        diagnostic.help = report.help.clone();
        diagnostic.related.extend(report.frame.as_ref().and_then(|frame| {
            let mut related = self.frame(frame, Happened::Reported)?;
            related.message = "reported here".to_owned();
            Some(related)
        }));
        diagnostic
    }

    pub fn log(&self, at: TextRange, log: &Log) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(Code::MACRO_LOG, self.file, at, log.text.clone());
        diagnostic.severity = Severity::Hint;
        diagnostic
    }

    pub fn slow(&self, call: &Call, at: TextRange, micros: u64) -> Diagnostic {
        let message = format!("`{}` took {} ms", call.callee.name, micros / 1_000);
        Diagnostic::new(Code::SLOW_MACRO, self.file, at, message).with_help(
            "A macro that takes more than 100 ms is run in the background, and its last output shown until then",
        )
    }

    /// Generated text that does not parse: the line, and who wrote it.
    pub fn generated_syntax(
        &self,
        call: &Call,
        at: TextRange,
        text: &str,
        fault: TextRange,
        message: &str,
        origin: Option<(FilePath, TextRange)>,
    ) -> Diagnostic {
        let message = format!("`{}` generated text that does not parse: {message}", call.callee.name);
        let mut diagnostic = Diagnostic::new(Code::GENERATED_SYNTAX, self.file, at, message);
        diagnostic.generated = Some(generated_line(&call.shown, text, fault));
        if let Some((module, range)) = origin {
            diagnostic.related.push(Related { file: module, range, message: "generated here".to_owned() });
        }
        diagnostic
    }

    fn frame(&self, frame: &Frame, happened: Happened<'_>) -> Option<Related> {
        let range = self.trail.place(self.scope, frame, happened)?;
        let message = in_function(&frame.function).unwrap_or_else(|| "here".to_owned());
        Some(Related { file: frame.file.clone(), range, message })
    }
}

/// `None` for a function without a name, and for a block, which is its module's default export.
fn in_function(name: &str) -> Option<String> {
    (!matches!(name, "" | "<anonymous>" | "default")).then(|| format!("in `{name}`"))
}

/// The line of `text` that holds the start of `fault`.
pub(super) fn generated_line(by: &str, text: &str, fault: TextRange) -> GeneratedLine {
    let start = (fault.start as usize).min(text.len());
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let from = (start - line_start).min(line.len());
    let to = (fault.end as usize).saturating_sub(line_start).clamp(from, line.len());
    GeneratedLine { by: by.to_owned(), text: line.to_owned(), range: TextRange::from(from..to) }
}
