//! Links: module specifiers, and the files that macros are told to read.
//!
//! Where a link leads is asked for later, of the project: finding the links looks at the tree alone.

use crate::base::{FilePath, TextRange};
use crate::project::Snapshot;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A module specifier.
    Module(String),
    /// A path, relative to the file.
    File(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What is between the quotation marks.
    pub range: TextRange,
    pub target: Target,
}

/// Functions and macros whose first argument is a path.
const READERS: &[&str] = &["readFile", "readJson", "embedFile", "embedJson"];

/// In text order.
pub fn links(syntax: &SyntaxFile) -> Vec<Link> {
    let text = syntax.text().as_str();
    let mut out = Vec::new();
    syntax.root().walk(|node| {
        // Strings of one token hold nothing, and most statements hold no path at all.
        match node.kind() {
            Kind::ImportStatement | Kind::ExportStatement => {
                let clause = node.child_of_kind(Kind::ImportRequireClause);
                let source =
                    node.field(Field::Source).or_else(|| clause.and_then(|clause| clause.field(Field::Source)));
                out.extend(source.and_then(|source| link(source, Target::Module)));
            }
            Kind::CallExpression | Kind::MacroInvocation => out.extend(argument(node)),
            Kind::Module => {
                // `declare module "x"` speaks of a module that is there.
                let name = node.field(Field::Name).filter(|name| name.is(Kind::String));
                out.extend(name.and_then(|name| link(name, Target::Module)));
            }
            _ => {}
        }
        node.range().of(text).contains(['"', '\''])
    });
    out
}

fn argument(call: Node<'_>) -> Option<Link> {
    let callee = call.field(Field::Function).or_else(|| call.field(Field::Name))?;
    let target = match callee.kind() {
        Kind::Import => Target::Module,
        Kind::Identifier if READERS.contains(&callee.text()) => Target::File,
        Kind::Identifier if callee.text() == "require" => Target::Module,
        _ => return None,
    };
    let argument = call.field(Field::Arguments)?.first_named().filter(|argument| argument.is(Kind::String))?;
    link(argument, target)
}

fn link(string: Node<'_>, target: fn(String) -> Target) -> Option<Link> {
    let value = ast::string_value(string);
    // A string that is not closed is still being typed.
    let is_whole = string.range().len() >= 2 && !string.has_error() && !value.is_empty();
    is_whole.then(|| Link { range: TextRange::new(string.start() + 1, string.end() - 1), target: target(value) })
}

/// The file that a link of `from` leads to; `None` where there is none.
pub fn target(snap: &Snapshot, from: &FilePath, target: &Target) -> Option<FilePath> {
    match target {
        Target::Module(specifier) => snap.module(from, specifier),
        Target::File(path) => {
            let file = from.parent().join(path);
            snap.is_file(&file).then_some(file)
        }
    }
}
