//! Arguments of a use, bound to the macro's parameters; the constant value of an expression.

use std::fmt::Write;

use crate::base::TextRange;
use crate::macros::shape::{Arg, SyntaxForm, TargetKind, TypeRef};
use crate::syntax::{Field, Kind, Node, ast};

use super::names::{MacroFacts, ParamKind};
use super::shape::Shapes;

/// An argument that does not fit, in the text that was parsed.
pub(super) struct BadArgument {
    pub range: TextRange,
    pub message: String,
    pub help: Option<String>,
}

pub(super) struct Bound<'t> {
    pub args: Vec<Arg>,
    pub type_args: Vec<TypeRef>,
    pub faults: Vec<BadArgument>,
    /// The nodes of the arguments, with the kind of the parameter each went to.
    pub nodes: Vec<(Node<'t>, ParamKind)>,
}

/// Why the macro cannot be used where it is, if it says where it can: `found` is what it stands on, `None` for an
/// expression or a statement.
pub(super) fn misplaced(callee: &MacroFacts, found: Option<TargetKind>) -> Option<String> {
    let wanted = callee.stands_on.as_ref()?;
    let fits = match found {
        Some(kind) => wanted.kinds.contains(&kind),
        None => wanted.is_expression,
    };
    let mut words: Vec<&str> = wanted.kinds.iter().map(|kind| kind.words()).collect();
    if fits || words.is_empty() && !wanted.is_expression {
        return None;
    }
    let found = found.map_or("used as an expression", TargetKind::words);
    if words.is_empty() {
        return Some(format!("`{}` is used as an expression, not on {found}", callee.name));
    }
    let last = words.pop().unwrap_or_default();
    let wanted = if words.is_empty() { last.to_owned() } else { format!("{} or {last}", words.join(", ")) };
    let not = if found.starts_with("used") { format!("it is not {found}") } else { format!("not on {found}") };
    Some(format!("`{}` stands on {wanted}, {not}", callee.name))
}

/// Binds the arguments written in `list` (none: used without parentheses) and the types written in
/// `types`. `name` is the node to blame where an argument is missing.
pub(super) fn bind<'t>(
    callee: &MacroFacts,
    types: Option<Node<'t>>,
    list: Option<Node<'t>>,
    name: Node<'t>,
    shapes: &Shapes,
) -> Bound<'t> {
    let given: Vec<Node<'t>> = list.map(|list| list.named_children().collect()).unwrap_or_default();
    let mut bound = Bound { args: Vec::new(), type_args: Vec::new(), faults: Vec::new(), nodes: Vec::new() };
    bind_types(callee, types, name, shapes, &mut bound);
    let rest = callee.params.last().filter(|param| param.is_rest);
    for (index, node) in given.iter().copied().enumerate() {
        let param = callee.params.get(index).or(rest);
        let Some(param) = param else {
            let last = given.last().copied().unwrap_or(node);
            bound.faults.push(BadArgument {
                range: TextRange::new(node.start(), last.end()),
                message: format!(
                    "`{}` takes {}, but {} given",
                    callee.name,
                    count(callee.params.len(), "argument"),
                    are(given.len())
                ),
                help: None,
            });
            break;
        };
        match argument(node, param.kind, shapes) {
            Ok(arg) => {
                bound.args.push(arg);
                bound.nodes.push((node, param.kind));
            }
            Err(fault) => bound.faults.push(fault),
        }
    }
    let required = callee.params.iter().take_while(|param| !param.is_optional).count();
    if given.len() < required {
        let missing: Vec<String> =
            callee.params[given.len()..required].iter().map(|param| format!("`{}`", param.name)).collect();
        bound.faults.push(BadArgument {
            range: list.unwrap_or(name).range(),
            message: format!(
                "`{}` needs {} more {}: {}",
                callee.name,
                missing.len(),
                if missing.len() == 1 { "argument" } else { "arguments" },
                missing.join(", ")
            ),
            help: None,
        });
    }
    bound
}

/// As many types as the macro declares parameters for, those with a default aside.
fn bind_types<'t>(
    callee: &MacroFacts,
    types: Option<Node<'t>>,
    name: Node<'t>,
    shapes: &Shapes,
    bound: &mut Bound<'t>,
) {
    let given: Vec<Node<'t>> = types.map(|types| types.named_children().collect()).unwrap_or_default();
    let params = &callee.type_params;
    if let (Some(first), Some(last)) = (given.get(params.len()), given.last()) {
        bound.faults.push(BadArgument {
            range: TextRange::new(first.start(), last.end()),
            message: format!(
                "`{}` takes {}, but {} given",
                callee.name,
                count(params.len(), "type argument"),
                are(given.len())
            ),
            help: params.is_empty().then(|| "Declare the macro with type parameters: `macro name<T>(…)`".to_owned()),
        });
    }
    let missing: Vec<String> = params
        .iter()
        .skip(given.len())
        .filter(|param| !param.is_optional)
        .map(|param| format!("`{}`", param.name))
        .collect();
    if !missing.is_empty() {
        bound.faults.push(BadArgument {
            range: types.unwrap_or(name).range(),
            message: format!(
                "`{}` needs {} more type {}: {}",
                callee.name,
                missing.len(),
                if missing.len() == 1 { "argument" } else { "arguments" },
                missing.join(", ")
            ),
            help: Some(format!("Write them behind the name: `@{}<T>(…)`", callee.name)),
        });
    }
    bound.type_args = given.into_iter().map(|ty| shapes.type_ref(ty)).collect();
}

fn count(number: usize, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        more => format!("{more} {noun}s"),
    }
}

fn are(number: usize) -> String {
    if number == 1 { "1 is".to_owned() } else { format!("{number} are") }
}

fn argument(node: Node<'_>, kind: ParamKind, shapes: &Shapes) -> Result<Arg, BadArgument> {
    let form = match kind {
        ParamKind::Name => {
            // A dotted name is one name of something elsewhere.
            if ast::dotted_name(node).is_none() {
                return Err(BadArgument {
                    range: node.range(),
                    message: "A name is expected here".to_owned(),
                    help: None,
                });
            }
            SyntaxForm::Name
        }
        ParamKind::Expr => SyntaxForm::Expr,
        ParamKind::TypeNode => SyntaxForm::TypeNode,
        ParamKind::Value => {
            let mut json = String::new();
            return match constant(node, &mut json, MOST_STEPS) {
                Ok(()) => Ok(Arg::Value { json }),
                Err(at) => Err(BadArgument {
                    range: at.range(),
                    message: "An argument of a macro must be known at compile time".to_owned(),
                    help: Some(
                        "Write a literal here, or declare the macro's parameter as `Expr` to receive the code itself"
                            .to_owned(),
                    ),
                }),
            };
        }
    };
    Ok(Arg::Syntax { form, syntax: shapes.syntax(node) })
}

/// Depth to which literals are nested, and constants that name other constants are followed.
const MOST_STEPS: u32 = 64;

/// Appends the value of `node` as JSON; where it has none, the part that is to blame.
///
/// Constant are literals, arrays and objects of constants, templates without substitutions, signed
/// numbers, `as const`, and a `const` of the same file's top level that is constant itself.
fn constant<'t>(node: Node<'t>, out: &mut String, steps: u32) -> Result<(), Node<'t>> {
    let node = ast::bare(node);
    let steps = steps.checked_sub(1).ok_or(node)?;
    match node.kind() {
        Kind::String => write_json_string(&ast::string_value(node), out),
        Kind::TemplateString => {
            if node.named_children().any(|part| part.is(Kind::TemplateSubstitution)) {
                return Err(node);
            }
            write_json_string(&ast::string_value(node), out);
        }
        Kind::Number => out.push_str(&number(node.text()).ok_or(node)?),
        Kind::UnaryExpression if ast::is_negative_number(node) => {
            let digits = node.field(Field::Argument).ok_or(node)?;
            out.push('-');
            out.push_str(&number(digits.text()).ok_or(node)?);
        }
        Kind::True | Kind::False | Kind::Null => out.push_str(node.text()),
        Kind::Undefined => out.push_str("null"),
        Kind::Array => {
            out.push('[');
            for (index, item) in node.named_children().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                constant(item, out, steps)?;
            }
            out.push(']');
        }
        Kind::Object => {
            out.push('{');
            let mut is_first = true;
            for pair in node.named_children() {
                let (Kind::Pair, Some(key), Some(value)) =
                    (pair.kind(), pair.field(Field::Key), pair.field(Field::Value))
                else {
                    return Err(pair);
                };
                if value.is(Kind::Undefined) {
                    continue;
                }
                if !std::mem::take(&mut is_first) {
                    out.push(',');
                }
                match key.kind() {
                    Kind::PropertyIdentifier => write_json_string(key.text(), out),
                    Kind::String => write_json_string(&ast::string_value(key), out),
                    Kind::Number => write_json_string(&number(key.text()).ok_or(key)?, out),
                    _ => return Err(key),
                }
                out.push(':');
                constant(value, out, steps)?;
            }
            out.push('}');
        }
        Kind::Identifier if node.text() == "undefined" => out.push_str("null"),
        Kind::Identifier => {
            let value = file_constant(node).ok_or(node)?;
            // The fault is at the use; where the constant is declared, it is right.
            constant(value, out, steps).map_err(|_| node)?;
        }
        _ => return Err(node),
    }
    Ok(())
}

/// The initialiser of the top-level `const` that `name` names.
pub(super) fn file_constant<'t>(name: Node<'t>) -> Option<Node<'t>> {
    let root = name.ancestors().last()?;
    root.named_children().find_map(|statement| {
        let declaration = ast::declaration_of(statement);
        if !declaration.is(Kind::LexicalDeclaration) || !declaration.has_token("const") {
            return None;
        }
        declaration
            .named_children()
            .filter(|child| child.is(Kind::VariableDeclarator))
            .find(|child| child.field(Field::Name).is_some_and(|own| own.text() == name.text()))?
            .field(Field::Value)
    })
}

/// A numeric literal as JSON; `None` for a bigint.
fn number(literal: &str) -> Option<String> {
    let plain = literal.replace('_', "");
    let lower = plain.to_ascii_lowercase();
    let whole = |digits: &str, radix| u128::from_str_radix(digits, radix).ok().map(|value| value as f64);
    let value = if let Some(digits) = lower.strip_prefix("0x") {
        whole(digits, 16)?
    } else if let Some(digits) = lower.strip_prefix("0o") {
        whole(digits, 8)?
    } else if let Some(digits) = lower.strip_prefix("0b") {
        whole(digits, 2)?
    } else {
        lower.parse::<f64>().ok()?
    };
    value.is_finite().then(|| format!("{value}"))
}

/// `text` as a JSON string, which is also a JavaScript string literal.
pub fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", ch as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
