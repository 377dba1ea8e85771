//! Ways out of a finding that its code, its words and the tree tell, beyond what the engine knows.
//!
//! Invariant: edits are of the live text that the finding was shown on.

use crate::base::{Cancel, FilePath, TextRange};
use crate::project::locate::locate;
use crate::project::{Loaded, Snapshot};
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::TextEdit;

use super::code_action::Finding;
use super::generated::{Goal, definitions};
use super::rename::FileEdits;
use super::{IdeResult, auto_import};

/// Methods that a derive writes, and its name.
const DERIVED: &[(&str, &str)] = &[
    ("equals", "Eq"),
    ("hashCode", "Hash"),
    ("clone", "Clone"),
    ("compareTo", "Ord"),
    ("default", "Default"),
    ("toJSON", "Serialize"),
    ("fromJSON", "Deserialize"),
    ("builder", "Builder"),
    ("validate", "Validate"),
];

type Titled = (String, Vec<FileEdits>);

pub fn fixes(loaded: &Loaded, file: &FilePath, finding: &Finding, cancel: &Cancel) -> IdeResult<Vec<Titled>> {
    let snap = &loaded.snap;
    let Some(syntax) = snap.syntax(file) else { return Ok(Vec::new()) };
    let text = syntax.text().as_str();
    if finding.range.end as usize > text.len() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    let mut add = |title: String, edits: Vec<TextEdit>| {
        if !edits.is_empty() {
            out.push((title, vec![FileEdits { file: file.clone(), edits }]));
        }
    };
    let here = |range: TextRange, text: &str| vec![TextEdit { range, text: text.to_owned() }];
    let at = finding.range;
    let word = at.of(text);
    if let Some(meant) = meant(&finding.message) {
        let shown = if word.starts_with(['"', '\'']) { format!("{0}{meant}{0}", &word[..1]) } else { meant.clone() };
        add(format!("Change spelling to '{meant}'"), here(at, &shown));
    }
    let node = syntax.root().covering(at);
    match finding.code.as_str() {
        "TS1005" => {
            if let Some(token) = quoted(&finding.message).filter(|token| !token.chars().any(char::is_alphanumeric)) {
                add(format!("Insert '{token}'"), here(TextRange::empty(at.start), &token));
            }
        }
        "TS1155" | "TS2588" => {
            if let Some(keyword) = const_of(loaded, file, &syntax, at, cancel)? {
                add("Change 'const' to 'let'".to_owned(), here(keyword, "let"));
            }
        }
        "TS1308" | "TS1103" | "TS2311" => {
            if let Some(function) = node.and_then(function_around) {
                let start = function_start(function);
                add("Make the function 'async'".to_owned(), here(TextRange::empty(start), "async "));
            }
        }
        "TS2531" | "TS2532" | "TS2533" | "TS18047" | "TS18048" | "TS18049" => {
            let after = &text[at.end as usize..];
            if after.starts_with('.') {
                add("Use '?.'".to_owned(), here(TextRange::empty(at.end), "?"));
            } else if after.starts_with(['[', '(']) {
                add("Use '?.'".to_owned(), here(TextRange::empty(at.end), "?."));
            }
            add("Assert that it is there: '!'".to_owned(), here(TextRange::empty(at.end), "!"));
        }
        "TS2722" => add("Use '?.'".to_owned(), here(TextRange::empty(at.end), "?.")),
        "TS2564" => {
            add("Assert that it is assigned: '!'".to_owned(), here(TextRange::empty(at.end), "!"));
            let field = node.and_then(|node| node.ancestors().find(|one| one.is(Kind::PublicFieldDefinition)));
            if let Some(annotation) = field.and_then(|field| field.field(Field::Type)) {
                let place = TextRange::empty(annotation.end());
                add("Let it be 'undefined'".to_owned(), here(place, " | undefined"));
            }
        }
        "TS2578" => add("Remove the comment".to_owned(), here(whole_lines(text, at), "")),
        "TS2774" => add("Call it".to_owned(), here(TextRange::empty(at.end), "()")),
        "TS2801" => add("Add 'await'".to_owned(), here(TextRange::empty(at.start), "await ")),
        "TS4114" => add("Add 'override'".to_owned(), here(TextRange::empty(member_start(node, at)), "override ")),
        "TS1484" => add("Import it as a type".to_owned(), here(TextRange::empty(at.start), "type ")),
        "TS7006" | "TS7005" | "TS7034" => {
            add("Give it the type 'unknown'".to_owned(), here(TextRange::empty(at.end), ": unknown"));
        }
        "TS7027" | "TS6133" | "TS6192" | "TS6196" | "TS6138" | "TS6198" | "TS6199" => {
            for (title, edit) in unused(node, at, text, finding.code == "TS7027") {
                add(title, vec![edit]);
            }
        }
        "TS2339" | "TS2551" if finding.message.contains("'Promise<") => {
            if let Some(object) = node.and_then(object_of) {
                let edits = vec![
                    TextEdit { range: TextRange::empty(object.start()), text: "(await ".to_owned() },
                    TextEdit { range: TextRange::empty(object.end()), text: ")".to_owned() },
                ];
                add("Add 'await'".to_owned(), edits);
            }
        }
        "TS2322" | "TS2345"
            if finding.message.contains("Type 'Promise<") || finding.message.contains("type 'Promise<") =>
        {
            add("Add 'await'".to_owned(), here(TextRange::empty(at.start), "await "));
        }
        "TS2366" | "TS2355" => {
            if let Some(body) = node.and_then(function_around).and_then(|function| function.field(Field::Body)) {
                let end = body.end().saturating_sub(1);
                let line_start = text[..end as usize].rfind('\n').map_or(0, |at| at + 1);
                let alone = text[line_start..end as usize].trim().is_empty();
                let (place, written) = if alone {
                    (
                        line_start as u32,
                        format!("{}  throw new Error(\"not implemented\");\n", &text[line_start..end as usize]),
                    )
                } else {
                    (end, " throw new Error(\"not implemented\"); ".to_owned())
                };
                add("Throw where nothing is returned".to_owned(), here(TextRange::empty(place), &written));
            }
        }
        "MS2001" => {
            let name = word.trim_start_matches('@').split(['(', '<', '{', ' ']).next().unwrap_or_default();
            for (found, specifier) in auto_import::importable_macros(loaded, file, cancel)? {
                if found == name {
                    add(
                        format!("Import the macro `{name}` from \"{specifier}\""),
                        auto_import::edits(snap, file, name, &specifier),
                    );
                }
            }
        }
        _ => {}
    }
    if matches!(finding.code.as_str(), "TS2339" | "TS2551" | "TS2741" | "TS2420") {
        out.extend(missing_member(loaded, file, &syntax, finding, cancel)?);
    }
    Ok(out)
}

/// The name that a finding thinks was meant.
fn meant(message: &str) -> Option<String> {
    let rest = message.split_once("Did you mean")?.1;
    quoted(rest).filter(|name| name.chars().all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '$' | '#' | '.')))
}

fn quoted(text: &str) -> Option<String> {
    let rest = text.split_once('\'')?.1;
    rest.split_once('\'').map(|(name, _)| name.to_owned())
}

/// The `const` that declares what stands at `at`.
fn const_of(
    loaded: &Loaded,
    file: &FilePath,
    syntax: &SyntaxFile,
    at: TextRange,
    cancel: &Cancel,
) -> IdeResult<Option<TextRange>> {
    let (_, targets) = definitions(loaded, file, at.start, Goal::Definition, cancel)?;
    let target = targets.iter().find_map(|place| {
        let located = locate(&loaded.snap, &place.file, place.range);
        let range = super::generated::source_range(&loaded.snap, &place.file, place.range)?;
        (located.file == *file).then_some(range)
    });
    let declared = syntax
        .root()
        .covering(target.unwrap_or(at))
        .and_then(|node| std::iter::once(node).chain(node.ancestors()).find(|node| node.is(Kind::LexicalDeclaration)));
    let keyword = declared.and_then(|declared| declared.children().find(|child| child.is_token("const")));
    Ok(keyword.map(Node::range))
}

fn function_around(node: Node<'_>) -> Option<Node<'_>> {
    std::iter::once(node).chain(node.ancestors()).find(|node| {
        matches!(
            node.kind(),
            Kind::FunctionDeclaration | Kind::FunctionExpression | Kind::ArrowFunction | Kind::MethodDefinition
        )
    })
}

/// Where `async` goes: of a method, behind its modifiers.
fn function_start(function: Node<'_>) -> u32 {
    if !function.is(Kind::MethodDefinition) {
        return function.start();
    }
    function.field(Field::Name).map_or(function.start(), Node::start)
}

/// Where a modifier goes that a member's name is told to lack.
fn member_start(node: Option<Node<'_>>, at: TextRange) -> u32 {
    let member = node.and_then(|node| {
        std::iter::once(node)
            .chain(node.ancestors())
            .find(|node| matches!(node.kind(), Kind::MethodDefinition | Kind::PublicFieldDefinition))
    });
    let Some(member) = member else { return at.start };
    // Before `async`, `readonly`, `get`, behind decorators and an accessibility.
    let first = member.children().find(|child| {
        !child.is(Kind::Decorator) && !matches!(child.text(), "public" | "protected" | "private" | "static")
    });
    first.map_or(at.start, Node::start)
}

/// The object of the member expression whose property this is.
fn object_of(property: Node<'_>) -> Option<Node<'_>> {
    property.parent().filter(|parent| parent.is(Kind::MemberExpression))?.field(Field::Object)
}

/// Ways to get rid of what is not used.
fn unused(node: Option<Node<'_>>, at: TextRange, text: &str, unreachable: bool) -> Vec<(String, TextEdit)> {
    let Some(node) = node else { return Vec::new() };
    let removed = |range: TextRange| TextEdit { range: whole_lines(text, range), text: String::new() };
    if unreachable {
        return vec![("Remove what is never reached".to_owned(), removed(at))];
    }
    let name = at.of(text);
    let mut up = std::iter::once(node).chain(node.ancestors());
    let Some(owner) = up.find(|node| {
        matches!(
            node.kind(),
            Kind::ImportSpecifier
                | Kind::ImportStatement
                | Kind::VariableDeclarator
                | Kind::RequiredParameter
                | Kind::OptionalParameter
                | Kind::FunctionDeclaration
                | Kind::ClassDeclaration
                | Kind::InterfaceDeclaration
                | Kind::TypeAliasDeclaration
                | Kind::EnumDeclaration
                | Kind::MethodDefinition
                | Kind::PublicFieldDefinition
        )
    }) else {
        return Vec::new();
    };
    match owner.kind() {
        Kind::ImportSpecifier => {
            let Some(list) = owner.parent() else { return Vec::new() };
            let others = list.named_children().filter(|one| one.is(Kind::ImportSpecifier)).count() > 1;
            let statement = owner.ancestors().find(|node| node.is(Kind::ImportStatement));
            let range = match (others, statement) {
                (false, Some(statement)) => whole_lines(text, statement.range()),
                _ => with_comma(owner),
            };
            vec![(format!("Remove the unused import '{name}'"), TextEdit { range, text: String::new() })]
        }
        Kind::ImportStatement => vec![("Remove the unused import".to_owned(), removed(owner.range()))],
        Kind::RequiredParameter | Kind::OptionalParameter if node.is(Kind::Identifier) => {
            let edit = TextEdit { range: TextRange::empty(at.start), text: "_".to_owned() };
            vec![(format!("Mark '{name}' as unused: '_{name}'"), edit)]
        }
        Kind::VariableDeclarator => {
            let Some(statement) = owner.parent() else { return Vec::new() };
            let alone = statement.named_children().filter(|one| one.is(Kind::VariableDeclarator)).count() == 1;
            let is_name = owner.field(Field::Name).is_some_and(|pattern| pattern.is(Kind::Identifier));
            if !is_name {
                return Vec::new();
            }
            let range = if alone { whole_lines(text, statement.range()) } else { with_comma(owner) };
            vec![(format!("Remove the unused '{name}'"), TextEdit { range, text: String::new() })]
        }
        Kind::RequiredParameter | Kind::OptionalParameter => Vec::new(),
        _ => vec![(format!("Remove the unused '{name}'"), removed(owner.range()))],
    }
}

/// An element of a list with the comma that belongs to it.
fn with_comma(node: Node<'_>) -> TextRange {
    let comma = |sibling: Option<Node<'_>>| sibling.filter(|sibling| sibling.is_token(",")).map(Node::range);
    if let Some(after) = comma(node.next_sibling()) {
        let rest = &node.file_text()[after.end as usize..];
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        return TextRange::new(node.start(), after.end + spaces as u32);
    }
    match comma(node.prev_sibling()) {
        Some(before) => TextRange::new(before.start, node.end()),
        None => node.range(),
    }
}

/// A range with its line, where nothing else stands on it.
fn whole_lines(text: &str, range: TextRange) -> TextRange {
    let start = text[..range.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end as usize..].find('\n').map_or(text.len(), |at| range.end as usize + at + 1);
    let is_alone =
        text[start..range.start as usize].trim().is_empty() && text[range.end as usize..end].trim().is_empty();
    if is_alone { TextRange::from(start..end) } else { range }
}

/// A member that its class does not have: declared there, or derived.
fn missing_member(
    loaded: &Loaded,
    file: &FilePath,
    syntax: &SyntaxFile,
    finding: &Finding,
    cancel: &Cancel,
) -> IdeResult<Vec<Titled>> {
    let snap = &loaded.snap;
    let name = finding.range.of(syntax.text().as_str());
    let Some(property) = syntax.root().covering(finding.range) else { return Ok(Vec::new()) };
    let Some(object) = object_of(property) else { return Ok(Vec::new()) };
    let is_static = is_class_name(loaded, file, object, cancel)?;
    let goal = if is_static { Goal::Definition } else { Goal::Type };
    let asked = match object.kind() {
        Kind::MemberExpression => object.field(Field::Property).map_or(object.start(), Node::start),
        Kind::CallExpression | Kind::NewExpression | Kind::ParenthesizedExpression => return Ok(Vec::new()),
        _ => object.start(),
    };
    let own_class = object.is(Kind::This).then(|| object.ancestors().find(|node| is_class(*node))).flatten();
    let (class_file, class_range) = match own_class {
        Some(class) => (file.clone(), class.range()),
        None => {
            let (_, targets) = definitions(loaded, file, asked, goal, cancel)?;
            let found = targets.iter().find_map(|place| {
                let located = locate(snap, &place.file, place.range);
                let range = super::generated::source_range(snap, &place.file, place.range)?;
                Some((located.file, range))
            });
            match found {
                Some(found) if !crate::std_lib::contains(&found.0) && !found.0.as_str().contains("/node_modules/") => {
                    found
                }
                _ => return Ok(Vec::new()),
            }
        }
    };
    let Some(syntax) = snap.syntax(&class_file) else { return Ok(Vec::new()) };
    let class = syntax.root().covering(class_range).and_then(|node| {
        std::iter::once(node)
            .chain(node.ancestors())
            .find(|node| is_class(*node) || node.is(Kind::InterfaceDeclaration))
    });
    let Some(class) = class else { return Ok(Vec::new()) };
    let Some(body) = class.field(Field::Body) else { return Ok(Vec::new()) };
    let shown = class.field(Field::Name).map_or("the class", Node::text);
    let mut out = Vec::new();
    let derive = DERIVED.iter().find(|(method, _)| *method == name).filter(|_| class_file.is_metascript());
    if let Some((_, derive)) = derive.filter(|_| is_class(class))
        && offers(snap, &class_file, derive)
        && let Some(edit) = add_derive(class, derive)
    {
        let title = format!("Add `@derive({derive})` to `{shown}`");
        out.push((title, vec![FileEdits { file: class_file.clone(), edits: vec![edit] }]));
    }
    let is_call = property
        .parent()
        .and_then(Node::parent)
        .is_some_and(|call| call.is(Kind::CallExpression) && call.field(Field::Function) == property.parent());
    let modifier = if is_static { "static " } else { "" };
    let (kind, member) = match (is_call, is_class(class)) {
        (true, true) => (
            "method",
            format!(
                "{modifier}{name}(...args: unknown[]): unknown {{\n    throw new Error(\"not implemented\");\n  }}"
            ),
        ),
        (true, false) => ("method", format!("{name}(...args: unknown[]): unknown;")),
        (false, _) => ("property", format!("{modifier}{name}: unknown;")),
    };
    let edit = TextEdit { range: TextRange::empty(body.start() + 1), text: format!("\n  {member}") };
    let after = &body.text()[1..];
    let edit =
        if after.starts_with(['\n', '\r']) { edit } else { TextEdit { text: format!("{} ", edit.text), ..edit } };
    out.push((
        format!("Declare the {kind} '{name}' in `{shown}`"),
        vec![FileEdits { file: class_file, edits: vec![edit] }],
    ));
    Ok(out)
}

fn is_class(node: Node<'_>) -> bool {
    matches!(node.kind(), Kind::ClassDeclaration | Kind::AbstractClassDeclaration)
}

/// Whether an expression names a class itself and not an instance of it.
fn is_class_name(loaded: &Loaded, file: &FilePath, object: Node<'_>, cancel: &Cancel) -> IdeResult<bool> {
    if !object.is(Kind::Identifier) {
        return Ok(false);
    }
    let (_, targets) = definitions(loaded, file, object.start(), Goal::Definition, cancel)?;
    Ok(targets.iter().any(|place| {
        let located = locate(&loaded.snap, &place.file, place.range);
        let range = super::generated::source_range(&loaded.snap, &place.file, place.range);
        let (Some(range), Some(syntax)) = (range, loaded.snap.syntax(&located.file)) else { return false };
        syntax.root().covering(range).and_then(Node::parent).is_some_and(is_class)
    }))
}

/// Whether `derive` says that it can write this one.
fn offers(snap: &Snapshot, file: &FilePath, name: &str) -> bool {
    let Some(found) = snap.macro_named(file, "derive") else { return false };
    let Some(syntax) = snap.syntax(&found.module) else { return false };
    let declaration = super::signature::declaration(syntax.root(), &found.name);
    declaration.is_some_and(|found| {
        super::signature::documentation(found).lines().any(|line| line.starts_with(&format!("- `{name}`")))
    })
}

/// A derive added to those of a class, or the first one above it.
fn add_derive(class: Node<'_>, name: &str) -> Option<TextEdit> {
    let statement = class.parent().filter(|parent| parent.is(Kind::ExportStatement)).unwrap_or(class);
    let decorators = statement.children().chain(class.children()).filter(|child| child.is(Kind::Decorator));
    for decorator in decorators {
        let Some(parts) = ast::decorator_parts(decorator) else { continue };
        if ast::dotted_name(parts.name).as_deref() != Some("derive") {
            continue;
        }
        let arguments = parts.arguments?;
        let text = match arguments.named_children().last() {
            Some(_) => format!(", {name}"),
            None => name.to_owned(),
        };
        return Some(TextEdit { range: TextRange::empty(arguments.end() - 1), text });
    }
    let start = statement.start();
    let text = statement.file_text();
    let line_start = text[..start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = &text[line_start..start as usize];
    let indent = if indent.trim().is_empty() { indent } else { "" };
    Some(TextEdit { range: TextRange::empty(start), text: format!("@derive({name})\n{indent}") })
}
