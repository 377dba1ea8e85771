//! What a file declares and imports, as far as macros are concerned, and how a macro's name is
//! resolved over files.

use serde::{Deserialize, Serialize};

use crate::base::FilePath;
use crate::syntax::SyntaxFile;
use crate::text::SourceText;

/// What other files need to know of one file. No positions: an edit inside a body leaves it equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub macros: Vec<MacroFacts>,
    /// Names declared at module level, macros included, imports not.
    pub declared: Vec<String>,
    /// The file has something that expansion changes: a use, a macro, a `quote`, an `.ms` specifier.
    /// Without it the expanded text is the source, byte for byte.
    pub has_macro_syntax: bool,
    /// The file holds a `@comptime` block or function.
    pub has_comptime: bool,
}

/// One `import` statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// As written, without the quotes.
    pub specifier: String,
    pub default: Option<String>,
    pub namespace: Option<String>,
    pub names: Vec<ImportName>,
    pub is_type_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportName {
    pub name: String,
    pub local: String,
    pub is_type_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Export {
    /// `export function f`, `export { local as name }`; `name` is `default` for a default export.
    Local { name: String, local: String },
    /// `export { name as exported } from "specifier"`.
    From { specifier: String, name: String, exported: String },
    /// `export * from "specifier"`.
    All { specifier: String },
    /// `export * as name from "specifier"`.
    Namespace { specifier: String, name: String },
}

/// A macro as its callers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroFacts {
    pub name: String,
    /// Without the context.
    pub params: Vec<MacroParam>,
    pub is_exported: bool,
    /// `extern macro`: declared here, provided by `msc`.
    pub is_extern: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroParam {
    pub name: String,
    pub kind: ParamKind,
    pub is_optional: bool,
    pub is_rest: bool,
}

/// What a parameter takes from its argument, by its declared type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    Name,
    Expr,
    TypeNode,
    /// The argument's constant value.
    Value,
}

impl FileFacts {
    pub fn of(_syntax: &SyntaxFile) -> FileFacts {
        todo!()
    }

    /// Every module specifier of the file, in source order, without repetition.
    pub fn specifiers(&self) -> Vec<&str> {
        todo!()
    }
}

/// A macro, found: the module that declares it and its name there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MacroRef {
    pub module: FilePath,
    pub name: String,
}

/// The other files, as `project` knows them. Called often: answers come from memory.
pub trait MacroScope {
    /// Facts of a Metascript module; `None` for what is no `.ms` file or does not exist.
    fn facts(&self, file: &FilePath) -> Option<std::sync::Arc<FileFacts>>;
    /// The file that a specifier names, seen from `from` (`.ms` first, `std/…` included).
    fn module(&self, from: &FilePath, specifier: &str) -> Option<FilePath>;
    /// The text of a macro's module, to turn stack positions into ranges.
    fn text(&self, file: &FilePath) -> Option<SourceText>;
}

/// The macro that `name` (or `namespace.name`) stands for in `file`: its own, an imported one,
/// through re-exports and namespaces, or one of the prelude.
pub fn resolve(_scope: &dyn MacroScope, _file: &FilePath, _facts: &FileFacts, _name: &str) -> Option<MacroRef> {
    todo!()
}
