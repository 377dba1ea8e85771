//! Signature help: the engine's, and that of macros at `@name(`.

use crate::base::{Cancel, FilePath, TextRange};
use crate::engine::{Signature, SignatureHelp, SignatureParameter, SignatureTrigger};
use crate::project::Snapshot;
use crate::project::locate::{Side, engine_places};
use crate::syntax::{Context, Field, Kind, Node, context};

use super::IdeResult;

/// How far before the cursor the parenthesis of a call that does not parse is looked for.
const SEARCHED: usize = 4000;

pub fn signature_help(
    snap: &Snapshot,
    file: &FilePath,
    offset: u32,
    trigger: SignatureTrigger,
    cancel: &Cancel,
) -> IdeResult<Option<SignatureHelp>> {
    if file.is_metascript()
        && let Some((name, index)) = macro_call(snap, file, offset)
        && let Some(help) = of_macro(snap, file, &name, index)
    {
        return Ok(Some(help));
    }
    let loaded = snap.program_for(file, cancel)?;
    let (path, places) = engine_places(&loaded.snap, file, offset, Side::Before);
    if !loaded.program.contains(&path) {
        return Ok(None);
    }
    for at in places {
        cancel.check()?;
        if let Some(help) = loaded.program.signature_help(&path, at, trigger, cancel)? {
            return Ok(Some(help));
        }
    }
    Ok(None)
}

/// The macro among whose arguments the cursor stands, and which argument it is.
pub(super) fn macro_call(snap: &Snapshot, file: &FilePath, offset: u32) -> Option<(String, u32)> {
    let syntax = snap.syntax(file)?;
    let text = syntax.text().as_str();
    match context::at(&syntax, offset) {
        Context::Text => None,
        // The innermost call counts, and the tree knows none that is not closed.
        _ => open_call(text.get(..offset as usize)?),
    }
}

/// The name and argument index of the innermost open parenthesis, where that is `@name(`.
fn open_call(before: &str) -> Option<(String, u32)> {
    let mut depth = 0;
    let mut commas = 0;
    for (at, ch) in before.char_indices().rev().take(SEARCHED) {
        match ch {
            ')' | ']' | '}' => depth += 1,
            '(' if depth == 0 => {
                let head = &before[..at];
                let name_start = head
                    .char_indices()
                    .rev()
                    .take_while(|(_, ch)| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '.'))
                    .last()
                    .map_or(at, |(start, _)| start);
                let name = &head[name_start..];
                let is_macro = head[..name_start].ends_with('@') && !name.is_empty();
                return is_macro.then(|| (name.to_owned(), commas));
            }
            '[' | '{' if depth == 0 => return None,
            '(' | '[' | '{' => depth -= 1,
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
    }
    None
}

fn of_macro(snap: &Snapshot, file: &FilePath, name: &str, index: u32) -> Option<SignatureHelp> {
    let found = snap.macro_named(file, name)?;
    let syntax = snap.syntax(&found.module)?;
    let declaration = declaration(syntax.root(), &found.name)?;
    let list = declaration.field(Field::Parameters)?;
    let is_extern = declaration.is(Kind::ExternMacroDeclaration);
    let mut label = format!("@{name}(");
    let mut parameters = Vec::new();
    let mut has_rest = false;
    // The context is the compiler's to give.
    let written = list.named_children().filter(|child| !child.is(Kind::Comment));
    for parameter in written.skip(usize::from(!is_extern)) {
        if !parameters.is_empty() {
            label.push_str(", ");
        }
        let start = label.len();
        label.push_str(parameter.text());
        has_rest |= parameter.text().starts_with("...");
        let range = TextRange::from(start..label.len());
        parameters.push(SignatureParameter { label: range, documentation: String::new() });
    }
    label.push(')');
    let last = (parameters.len() as u32).saturating_sub(1);
    let active = if has_rest { index.min(last) } else { index };
    let active = (active as usize) < parameters.len();
    let signature = Signature { label, documentation: documentation(declaration), parameters, active_parameter: None };
    Some(SignatureHelp {
        signatures: vec![signature],
        active_signature: 0,
        active_parameter: active.then_some(if has_rest { index.min(last) } else { index }),
    })
}

/// The declaration of a macro at the top of a module.
pub(super) fn declaration<'t>(root: Node<'t>, name: &str) -> Option<Node<'t>> {
    let is_macro = |node: Node<'t>| node.is(Kind::MacroDeclaration) || node.is(Kind::ExternMacroDeclaration);
    root.named_children()
        .map(crate::syntax::ast::declaration_of)
        .find(|node| is_macro(*node) && node.field(Field::Name).is_some_and(|found| found.text() == name))
}

/// The doc comment above a declaration, without its stars.
pub(super) fn documentation(declaration: Node<'_>) -> String {
    let statement = std::iter::once(declaration)
        .chain(declaration.ancestors())
        .take_while(|node| !node.is(Kind::Program))
        .last()
        .unwrap_or(declaration);
    let Some(comment) = statement.prev_sibling().filter(|node| node.is(Kind::Comment)) else {
        return String::new();
    };
    let Some(text) = comment.text().strip_prefix("/**").and_then(|text| text.strip_suffix("*/")) else {
        return String::new();
    };
    let lines = text.lines().map(|line| line.trim().trim_start_matches('*').trim());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::open_call;

    #[test]
    fn the_innermost_open_parenthesis_decides() {
        let found = |text| open_call(text).map(|(name, index)| format!("{name} {index}"));
        assert_eq!(found("x = @mk("), Some("mk 0".into()));
        assert_eq!(found("x = @m.mk(a, f(1, 2), [3, 4],"), Some("m.mk 3".into()));
        assert_eq!(found("@mk(f("), None);
        assert_eq!(found("@mk({ a: "), None);
        assert_eq!(found("mk("), None);
        assert_eq!(found("@mk(1); x"), None);
    }
}
