//! Refactorings of what is selected: types and functions extracted, variables inlined, forms converted.
//!
//! Invariant: each leaves the program's meaning as it was, or is not offered; edits are of one live text. Nothing is
//! offered in a quote: its code is not checked where it is written.
//!
//! Start reading at [`refactorings`].

use crate::base::{Cancel, FilePath, TextRange};
use crate::project::Snapshot;
use crate::syntax::{Field, Kind, Node, SyntaxFile};
use crate::text::TextEdit;

use super::code_action::ActionKind;
use super::locals::{self, BindingKind};
use super::references::references;
use super::{IdeResult, hover};

pub struct Refactoring {
    pub title: String,
    pub kind: ActionKind,
    pub edits: Vec<TextEdit>,
}

pub fn refactorings(
    snap: &Snapshot,
    file: &FilePath,
    range: TextRange,
    wanted: &dyn Fn(ActionKind) -> bool,
    cancel: &Cancel,
) -> IdeResult<Vec<Refactoring>> {
    let mut out = Vec::new();
    let Some(syntax) = snap.syntax(file) else { return Ok(out) };
    let Some(node) = selected(&syntax, range) else { return Ok(out) };
    if is_in_quote(node) {
        return Ok(out);
    }
    let mut add = |title: String, kind: ActionKind, mut edits: Vec<TextEdit>| {
        edits.sort_by_key(|edit| edit.range);
        out.push(Refactoring { title, kind, edits });
    };
    if wanted(ActionKind::RefactorExtract) && !range.is_empty() {
        if let Some((title, edits)) = extract_type(&syntax, node, range) {
            add(title, ActionKind::RefactorExtract, edits);
        }
        if let Some((title, edits)) = extract_function(snap, file, &syntax, node, range, cancel)? {
            add(title, ActionKind::RefactorExtract, edits);
        }
    }
    if wanted(ActionKind::RefactorInline)
        && let Some((title, edits)) = inline_variable(snap, file, &syntax, node, range, cancel)?
    {
        add(title, ActionKind::RefactorInline, edits);
    }
    if wanted(ActionKind::RefactorRewrite) {
        for (title, edits) in [braces(node), template(node), quick_return(node)].into_iter().flatten() {
            add(title, ActionKind::RefactorRewrite, edits);
        }
    }
    Ok(out)
}

/// The node that is selected but for white space around it, or that the cursor stands in.
fn selected(syntax: &SyntaxFile, range: TextRange) -> Option<Node<'_>> {
    syntax.root().covering(trimmed(syntax, range))
}

fn trimmed(syntax: &SyntaxFile, range: TextRange) -> TextRange {
    let text = range.of(syntax.text().as_str());
    let start = range.start + (text.len() - text.trim_start().len()) as u32;
    TextRange::new(start, (start + text.trim().len() as u32).max(start))
}

fn is_in_quote(node: Node<'_>) -> bool {
    std::iter::once(node).chain(node.ancestors()).any(|around| around.is(Kind::QuoteExpression))
}

/// The statement of the file that a node belongs to.
fn top_statement(node: Node<'_>) -> Option<Node<'_>> {
    std::iter::once(node).chain(node.ancestors()).find(|one| one.parent().is_some_and(|above| above.is(Kind::Program)))
}

fn free_name(text: &str, base: &str) -> String {
    let mut name = base.to_owned();
    let mut count = 1;
    while text.contains(&name) {
        count += 1;
        name = format!("{base}{count}");
    }
    name
}

/// A selected type as an alias above its statement.
fn extract_type(syntax: &SyntaxFile, node: Node<'_>, range: TextRange) -> Option<(String, Vec<TextEdit>)> {
    let is_whole = node.range() == trimmed(syntax, range);
    let is_type = is_whole && node.name().ends_with("_type") && !is_reading_itself(node);
    let statement = top_statement(node).filter(|_| is_type)?;
    let text = syntax.text().as_str();
    let name = free_name(text, "Extracted");
    let parameters = type_parameters(node);
    let list = |parts: Vec<&str>| if parts.is_empty() { String::new() } else { format!("<{}>", parts.join(", ")) };
    let declared = list(parameters.iter().map(|parameter| parameter.text()).collect());
    let used = list(parameters.iter().filter_map(|parameter| Some(parameter.field(Field::Name)?.text())).collect());
    let alias = format!("type {name}{declared} = {};\n\n", node.text());
    Some((
        format!("Extract to type `{name}`"),
        vec![
            TextEdit { range: TextRange::empty(statement.start()), text: alias },
            TextEdit { range: node.range(), text: format!("{name}{used}") },
        ],
    ))
}

/// Types that mean something where they stand only.
fn is_reading_itself(node: Node<'_>) -> bool {
    let mut reads = false;
    node.walk(|inner| {
        reads |= inner.is(Kind::This) || inner.is(Kind::ThisType) || inner.is(Kind::InferType);
        !reads
    });
    reads || node.ancestors().any(|around| around.is(Kind::ConditionalType))
}

/// The type parameters around a node that it names, outermost first.
fn type_parameters(node: Node<'_>) -> Vec<Node<'_>> {
    let mut names = Vec::new();
    node.walk(|inner| {
        if inner.is(Kind::TypeIdentifier) {
            names.push(inner.text());
        }
        true
    });
    let mut found: Vec<Node<'_>> = Vec::new();
    for around in node.ancestors() {
        let Some(list) = around.child_of_kind(Kind::TypeParameters) else { continue };
        for parameter in list.named_children().filter(|one| one.is(Kind::TypeParameter)) {
            let name = parameter.field(Field::Name).map_or("", Node::text);
            let is_known = found.iter().any(|one| one.field(Field::Name).is_some_and(|known| known.text() == name));
            if names.contains(&name) && !is_known {
                found.push(parameter);
            }
        }
    }
    found.sort_by_key(|parameter| parameter.start());
    found
}

/// A selected expression as a function below its statement; what it reads of the functions around it are parameters.
fn extract_function(
    snap: &Snapshot,
    file: &FilePath,
    syntax: &SyntaxFile,
    node: Node<'_>,
    range: TextRange,
    cancel: &Cancel,
) -> IdeResult<Option<(String, Vec<TextEdit>)>> {
    let is_whole = node.range() == trimmed(syntax, range) && node.name().ends_with("_expression");
    let Some(statement) = top_statement(node).filter(|_| is_whole) else { return Ok(None) };
    let mut names: Vec<Node<'_>> = Vec::new();
    let mut is_bound_here = false;
    node.walk(|inner| {
        is_bound_here |= matches!(
            inner.kind(),
            Kind::This
                | Kind::Super
                | Kind::AwaitExpression
                | Kind::YieldExpression
                | Kind::AssignmentExpression
                | Kind::AugmentedAssignmentExpression
                | Kind::UpdateExpression
                | Kind::MacroInvocation
        ) || inner.text() == "arguments";
        if matches!(inner.kind(), Kind::Identifier | Kind::ShorthandPropertyIdentifier) {
            names.push(inner);
        }
        !is_bound_here
    });
    if is_bound_here || !type_parameters(node).is_empty() {
        return Ok(None);
    }
    let mut parameters: Vec<(&str, String)> = Vec::new();
    for name in names {
        let Some(is_outer) = binding_scope(name, node) else { continue };
        if !is_outer || parameters.iter().any(|(known, _)| *known == name.text()) {
            continue;
        }
        let Some(answer) = hover::hover(snap, file, name.start(), cancel)? else { return Ok(None) };
        match declared_type(&answer.markdown, name.text()) {
            Some(ty) => parameters.push((name.text(), ty)),
            None => return Ok(None),
        }
    }
    let function = free_name(syntax.text().as_str(), "extracted");
    let declared: Vec<String> = parameters.iter().map(|(name, ty)| format!("{name}: {ty}")).collect();
    let given: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
    let body = node.text();
    let written = format!("\n\nfunction {function}({}) {{\n  return {body};\n}}", declared.join(", "));
    Ok(Some((
        format!("Extract to function `{function}`"),
        vec![
            TextEdit { range: node.range(), text: format!("{function}({})", given.join(", ")) },
            TextEdit { range: TextRange::empty(statement.end()), text: written },
        ],
    )))
}

/// Whether a name inside `selection` is bound around it and below the module: `None` where it is bound within, by
/// the module, or elsewhere.
fn binding_scope(name: Node<'_>, selection: Node<'_>) -> Option<bool> {
    let mut bindings = Vec::new();
    for scope in name.ancestors().filter(|scope| locals::opens_scope(scope.kind())) {
        bindings.clear();
        locals::bindings(scope, &mut bindings);
        if bindings.iter().any(|binding| binding.name == name.text()) {
            let is_within = selection.range().contains_range(scope.range());
            return (!is_within && !scope.is(Kind::Program)).then_some(true);
        }
    }
    None
}

/// The type in a hover such as `const name: T`; `None` where it is cut or says more.
fn declared_type(markdown: &str, name: &str) -> Option<String> {
    let code = markdown.strip_prefix("```typescript\n")?.split("\n```").next()?;
    let (_, ty) = code.split_once(&format!("{name}: "))?;
    let is_plain =
        ["const ", "let ", "var ", "(parameter) ", "(local var) "].iter().any(|start| code.starts_with(start));
    (is_plain && !ty.contains("...")).then(|| ty.to_owned())
}

/// A constant's value in place of its uses.
fn inline_variable(
    snap: &Snapshot,
    file: &FilePath,
    syntax: &SyntaxFile,
    node: Node<'_>,
    range: TextRange,
    cancel: &Cancel,
) -> IdeResult<Option<(String, Vec<TextEdit>)>> {
    // The cursor may stand behind the name.
    let before = || syntax.root().covering(TextRange::new(range.start.checked_sub(1)?, range.start));
    let is_name = |node: &Node<'_>| node.is(Kind::Identifier);
    let Some(node) = Some(node).filter(is_name).or_else(|| before().filter(is_name)) else { return Ok(None) };
    let Some(declarator) = declarator_of(node) else { return Ok(None) };
    let (Some(name), Some(value)) = (declarator.field(Field::Name), declarator.field(Field::Value)) else {
        return Ok(None);
    };
    let Some(statement) = declarator.parent() else { return Ok(None) };
    let is_alone = statement.named_children().filter(|one| one.is(Kind::VariableDeclarator)).count() == 1;
    let is_exported = statement.parent().is_some_and(|parent| parent.is(Kind::ExportStatement));
    if !is_alone || is_exported || !statement.has_token("const") || !is_same_everywhere(value) {
        return Ok(None);
    }
    let uses = references(snap, file, name.start(), false, cancel)?;
    let is_own = |one: &super::references::Reference| one.file == *file && one.generated_by.is_none();
    if uses.is_empty() || !uses.iter().all(is_own) {
        return Ok(None);
    }
    let text = syntax.text().as_str();
    let mut edits = vec![TextEdit { range: whole_lines(text, statement.range()), text: String::new() }];
    for one in &uses {
        let Some(place) = syntax.root().covering(one.range).filter(|place| place.is(Kind::Identifier)) else {
            return Ok(None);
        };
        let is_simple = !value.name().ends_with("_expression")
            || matches!(value.kind(), Kind::CallExpression | Kind::MemberExpression | Kind::SubscriptExpression);
        let stands_alone = place.parent().is_some_and(|parent| {
            matches!(parent.kind(), Kind::VariableDeclarator | Kind::Arguments | Kind::ReturnStatement | Kind::Array)
        });
        let text = match is_simple || stands_alone {
            true => value.text().to_owned(),
            false => format!("({})", value.text()),
        };
        edits.push(TextEdit { range: one.range, text });
    }
    Ok(Some((format!("Inline `{}`", name.text()), edits)))
}

/// The declarator that a name belongs to, as its name.
fn declarator_of(node: Node<'_>) -> Option<Node<'_>> {
    let mut bindings = Vec::new();
    for scope in node.ancestors().filter(|scope| locals::opens_scope(scope.kind())) {
        bindings.clear();
        locals::bindings(scope, &mut bindings);
        if let Some(binding) = bindings.iter().find(|binding| binding.name == node.text()) {
            let is_constant = matches!(binding.kind, BindingKind::Const | BindingKind::ConstFunction);
            return binding.node.parent().filter(|parent| is_constant && parent.is(Kind::VariableDeclarator));
        }
    }
    None
}

/// Whether an expression gives the same at another place: literals, names that never change, and what is read of
/// them by operators.
fn is_same_everywhere(value: Node<'_>) -> bool {
    let mut same = true;
    value.walk(|inner| {
        same &= !matches!(
            inner.kind(),
            Kind::CallExpression
                | Kind::NewExpression
                | Kind::AwaitExpression
                | Kind::YieldExpression
                | Kind::AssignmentExpression
                | Kind::AugmentedAssignmentExpression
                | Kind::UpdateExpression
                | Kind::MemberExpression
                | Kind::SubscriptExpression
                | Kind::MacroInvocation
                | Kind::QuoteExpression
                | Kind::ArrowFunction
                | Kind::FunctionExpression
                | Kind::Object
                | Kind::Array
                | Kind::This
        );
        if inner.is(Kind::Identifier) {
            same &= declarator_of(inner)
                .is_some_and(|declarator| declarator.parent().is_some_and(|statement| statement.has_token("const")));
        }
        same
    });
    same
}

fn whole_lines(text: &str, range: TextRange) -> TextRange {
    let start = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end as usize..].find('\n').map_or(text.len(), |at| range.end as usize + at + 1);
    let is_alone =
        text[start..range.start as usize].trim().is_empty() && text[range.end as usize..end].trim().is_empty();
    if is_alone { TextRange::from(start..end) } else { range }
}

/// The braces of an arrow function's body, added or taken away.
fn braces(node: Node<'_>) -> Option<(String, Vec<TextEdit>)> {
    let arrow = std::iter::once(node).chain(node.ancestors().take(2)).find(|one| one.is(Kind::ArrowFunction))?;
    let body = arrow.field(Field::Body)?;
    // The cursor stands in the head, or the whole function is selected.
    if node != arrow && body.range().contains(node.start()) {
        return None;
    }
    if !body.is(Kind::StatementBlock) {
        let inner = match body.is(Kind::ParenthesizedExpression) {
            true => body.first_named().filter(|inner| inner.is(Kind::Object)).unwrap_or(body),
            false => body,
        };
        let text = format!("{{ return {}; }}", inner.text());
        return Some(("Add braces to the arrow function".to_owned(), vec![TextEdit { range: body.range(), text }]));
    }
    let mut statements = body.named_children();
    let (only, None) = (statements.next()?, statements.next()) else { return None };
    let value = only.first_named().filter(|_| only.is(Kind::ReturnStatement))?;
    let text = match value.kind() {
        Kind::Object | Kind::SequenceExpression => format!("({})", value.text()),
        _ => value.text().to_owned(),
    };
    Some(("Remove braces from the arrow function".to_owned(), vec![TextEdit { range: body.range(), text }]))
}

/// Strings put together by `+`, as one template.
fn template(node: Node<'_>) -> Option<(String, Vec<TextEdit>)> {
    let is_sum = |one: &Node<'_>| one.is(Kind::BinaryExpression) && one.has_token("+");
    // The cursor stands in a string or a name of it.
    let mut sum = std::iter::once(node).chain(node.ancestors()).take(4).find(is_sum)?;
    while let Some(parent) = sum.parent().filter(is_sum) {
        sum = parent;
    }
    let mut parts = Vec::new();
    flatten(sum, &mut parts);
    let first_string = parts.iter().position(|part| part.is(Kind::String))?;
    // Before the first string, `+` may add numbers.
    if first_string > 1 {
        return None;
    }
    let mut text = String::from("`");
    for part in parts {
        match part.kind() {
            Kind::String => {
                let inner = &part.text()[1..part.text().len() - 1];
                let quote = &part.text()[..1];
                let inner = inner.replace(&format!("\\{quote}"), quote);
                text.push_str(&inner.replace('`', "\\`").replace("${", "\\${"));
            }
            _ => {
                let inner = if part.is(Kind::ParenthesizedExpression) { part.first_named()? } else { part };
                text.push_str(&format!("${{{}}}", inner.text()));
            }
        }
    }
    text.push('`');
    Some(("Convert to a template string".to_owned(), vec![TextEdit { range: sum.range(), text }]))
}

fn flatten<'t>(node: Node<'t>, out: &mut Vec<Node<'t>>) {
    let sides = (node.field(Field::Left), node.field(Field::Right));
    match (node.is(Kind::BinaryExpression) && node.has_token("+"), sides) {
        (true, (Some(left), Some(right))) => {
            flatten(left, out);
            out.push(right);
        }
        _ => out.push(node),
    }
}

/// `if (a) return b; else return c;` as `return a ? b : c;`, and the like for blocks with one statement.
fn quick_return(node: Node<'_>) -> Option<(String, Vec<TextEdit>)> {
    let statement = std::iter::once(node).chain(node.ancestors().take(1)).find(|one| one.is(Kind::IfStatement))?;
    let condition = statement.field(Field::Condition)?;
    let condition = if condition.is(Kind::ParenthesizedExpression) { condition.first_named()? } else { condition };
    let value = |branch: Node<'_>| -> Option<String> {
        let branch = if branch.is(Kind::ElseClause) { branch.first_named()? } else { branch };
        let only = match branch.is(Kind::StatementBlock) {
            true => {
                let mut inner = branch.named_children();
                let (only, None) = (inner.next()?, inner.next()) else { return None };
                only
            }
            false => branch,
        };
        Some(only.first_named().filter(|_| only.is(Kind::ReturnStatement))?.text().to_owned())
    };
    let yes = value(statement.field(Field::Consequence)?)?;
    let no = value(statement.field(Field::Alternative)?)?;
    let text = format!("return {} ? {yes} : {no};", condition.text());
    Some(("Convert to a conditional expression".to_owned(), vec![TextEdit { range: statement.range(), text }]))
}
