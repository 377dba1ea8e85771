//! Code lenses: what a use of a macro adds, and how often a declaration is used.

use crate::base::{Cancel, FilePath, TextRange};
use crate::expand::{CallKind, CallState};
use crate::project::Snapshot;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::SourceText;

use super::IdeResult;
use super::references::references;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lens {
    /// A use of a macro: what it adds, and where it stands.
    Expansion { range: TextRange, title: String },
    /// A declaration; [`count`] says how often it is used.
    References { range: TextRange },
}

impl Lens {
    pub fn range(&self) -> TextRange {
        match self {
            Lens::Expansion { range, .. } | Lens::References { range } => *range,
        }
    }
}

/// In text order.
pub fn lenses(snap: &Snapshot, file: &FilePath, with_references: bool, cancel: &Cancel) -> IdeResult<Vec<Lens>> {
    let mut out = Vec::new();
    if let Some(expanded) = snap.expanded(file).filter(|_| file.is_metascript()) {
        let text = expanded.text.as_str();
        for site in &expanded.calls {
            cancel.check()?;
            let is_told = site.parent.is_none() && site.kind == CallKind::Attribute;
            if !is_told || !matches!(site.state, CallState::Fresh | CallState::Stale) {
                continue;
            }
            let (mut members, mut declarations) = (0, 0);
            for range in &site.generated {
                match declarations_in(range.of(text)) {
                    Some(count) => declarations += count,
                    None => members += members_in(range.of(text)),
                }
            }
            if let Some(title) = title(members, declarations) {
                out.push(Lens::Expansion { range: site.name, title });
            }
        }
    }
    if with_references && let Some(syntax) = snap.syntax(file) {
        for statement in syntax.root().named_children() {
            cancel.check()?;
            let declaration = ast::declaration_of(statement);
            let has_uses = matches!(
                declaration.kind(),
                Kind::ClassDeclaration
                    | Kind::AbstractClassDeclaration
                    | Kind::FunctionDeclaration
                    | Kind::InterfaceDeclaration
                    | Kind::EnumDeclaration
                    | Kind::TypeAliasDeclaration
                    | Kind::MacroDeclaration
            );
            if has_uses && let Some(name) = declaration.field(Field::Name) {
                out.push(Lens::References { range: name.range() });
            }
        }
    }
    out.sort_by_key(Lens::range);
    Ok(out)
}

/// How often what has its name at an offset is used, its declaration not counted.
pub fn count(snap: &Snapshot, file: &FilePath, offset: u32, cancel: &Cancel) -> IdeResult<usize> {
    Ok(references(snap, file, offset, false, cancel)?.len())
}

fn title(members: usize, declarations: usize) -> Option<String> {
    let told = |count: usize, one: &str| match count {
        0 => None,
        1 => Some(format!("+1 {one}")),
        count => Some(format!("+{count} {one}s")),
    };
    let parts: Vec<String> =
        [told(members, "member"), told(declarations, "declaration")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// How many declarations a piece of generated code holds; `None` where it reads as something else.
fn declarations_in(code: &str) -> Option<usize> {
    let syntax = SyntaxFile::parse(SourceText::new(code));
    let statements: Vec<Node<'_>> = syntax.root().named_children().filter(|child| !is_aside(*child)).collect();
    let mut names = Vec::new();
    for statement in &statements {
        let before = names.len();
        ast::declared_names(*statement, &mut names);
        if names.len() == before {
            return None;
        }
    }
    (!syntax.has_errors()).then_some(statements.len())
}

fn members_in(code: &str) -> usize {
    let syntax = SyntaxFile::parse(SourceText::new(format!("class _ {{\n{code}\n}}")));
    let class = syntax.root().named_children().find(|class| class.is(Kind::ClassDeclaration));
    let body = class.and_then(|class| class.field(Field::Body));
    body.map_or(0, |body| body.named_children().filter(|child| !is_aside(*child)).count())
}

fn is_aside(node: Node<'_>) -> bool {
    node.is(Kind::Comment) || node.is(Kind::Decorator)
}
