//! What a file declares and imports, as far as macros are concerned, and how a macro's name is
//! resolved over files.
//!
//! Invariant: facts hold no positions, so an edit inside a body leaves them equal.

use std::sync::{Arc, LazyLock};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::base::FilePath;
use crate::macros::shape::TargetKind;
use crate::std_lib;
use crate::syntax::{Field, Kind, Node, SyntaxFile, ast};
use crate::text::SourceText;

use super::hygiene::{self, Lent};
use super::lower::comptime_decorator;
use super::walk::{Marks, Meta};

/// What other files need to know of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub macros: Vec<MacroFacts>,
    /// Functions that exist at compile time only.
    pub comptime_functions: Vec<String>,
    /// Names declared at module level, macros included, imports not.
    pub declared: Vec<String>,
    /// Declarations that the file does not export and that its quotes name.
    pub lent: Vec<Lent>,
    /// The file has something that expansion may change: a decorator, a use, a macro, a `quote`, an
    /// `.ms` specifier. Without it the expanded text is the source, byte for byte.
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
    /// `macro name<T, U = string>(…)`: what a use gives in angle brackets.
    pub type_params: Vec<MacroTypeParam>,
    /// Without the context.
    pub params: Vec<MacroParam>,
    /// What it may stand on, where its context says so: `MacroContext<ClassTarget>`.
    pub stands_on: Option<StandsOn>,
    pub is_exported: bool,
    /// `extern macro`: declared here, provided by `msc`.
    pub is_extern: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroTypeParam {
    pub name: String,
    /// It has a default.
    pub is_optional: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroParam {
    pub name: String,
    pub kind: ParamKind,
    pub is_optional: bool,
    pub is_rest: bool,
}

/// Where a macro can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandsOn {
    pub kinds: Vec<TargetKind>,
    /// `undefined`: as an expression or a statement.
    pub is_expression: bool,
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
    pub fn of(syntax: &SyntaxFile) -> FileFacts {
        let mut facts = FileFacts::default();
        for statement in syntax.root().named_children() {
            facts.statement(statement);
        }
        facts.scan(syntax);
        facts.lent = hygiene::lent(syntax.root(), |name| {
            facts.exported_as(name).is_none()
                && facts.macro_named(name).is_none()
                && !facts.comptime_functions.iter().any(|function| function == name)
        });
        facts
    }

    /// Every module specifier of the file, in source order, without repetition.
    pub fn specifiers(&self) -> Vec<&str> {
        let exported = self.exports.iter().filter_map(|export| match export {
            Export::Local { .. } => None,
            Export::From { specifier, .. } | Export::All { specifier } | Export::Namespace { specifier, .. } => {
                Some(specifier.as_str())
            }
        });
        let mut out: Vec<&str> = Vec::new();
        for specifier in self.imports.iter().map(|import| import.specifier.as_str()).chain(exported) {
            if !out.contains(&specifier) {
                out.push(specifier);
            }
        }
        out
    }

    fn declares(&self, name: &str, kind: CompileTime) -> bool {
        match kind {
            CompileTime::Macro => self.macro_named(name).is_some(),
            CompileTime::Function => self.comptime_functions.iter().any(|known| known == name),
        }
    }

    pub fn macro_named(&self, name: &str) -> Option<&MacroFacts> {
        self.macros.iter().find(|known| known.name == name)
    }

    /// Whether the file is a module by what it says.
    pub fn is_module(&self) -> bool {
        !self.imports.is_empty() || !self.exports.is_empty()
    }

    /// Whether `name` means something at module level: declared or imported.
    pub fn binds(&self, name: &str) -> bool {
        self.declared.iter().any(|declared| declared == name) || self.import_of(name).is_some()
    }

    /// Every name that means something at module level.
    pub fn bound(&self) -> impl Iterator<Item = &str> {
        let imported = self.imports.iter().flat_map(|import| {
            let names = import.names.iter().map(|name| name.local.as_str());
            names.chain(import.default.as_deref()).chain(import.namespace.as_deref())
        });
        self.declared.iter().map(String::as_str).chain(imported)
    }

    /// The import that binds `local`, with the name it has in the module: `None` for all of it.
    pub fn import_of(&self, local: &str) -> Option<(&Import, Option<&str>)> {
        self.imports.iter().find_map(|import| {
            if import.default.as_deref() == Some(local) {
                return Some((import, Some("default")));
            }
            if import.namespace.as_deref() == Some(local) {
                return Some((import, None));
            }
            let name = import.names.iter().find(|name| name.local == local)?;
            Some((import, Some(name.name.as_str())))
        })
    }

    /// The name under which the module-level `local` is exported.
    pub fn exported_as(&self, local: &str) -> Option<&str> {
        self.exports.iter().find_map(|export| match export {
            Export::Local { name, local: own } if own == local => Some(name.as_str()),
            _ => None,
        })
    }

    fn statement(&mut self, statement: Node<'_>) {
        match statement.kind() {
            Kind::ImportStatement => self.import(statement),
            Kind::ExportStatement => self.export(statement),
            _ => {}
        }
        let declaration = ast::declaration_of(statement);
        if matches!(declaration.kind(), Kind::MacroDeclaration | Kind::ExternMacroDeclaration) {
            let is_exported = statement.is(Kind::ExportStatement);
            self.macros.extend(macro_facts(declaration, is_exported));
        }
        let mut names = Vec::new();
        ast::declared_names(statement, &mut names);
        if comptime_decorator(statement).is_some() {
            self.comptime_functions.extend(names.iter().map(|name| name.text().to_owned()));
        }
        self.declared.extend(names.into_iter().map(|name| name.text().to_owned()));
    }

    fn import(&mut self, statement: Node<'_>) {
        let mut import = Import { is_type_only: ast::is_type_only(statement), ..Import::default() };
        if let Some(required) = statement.child_of_kind(Kind::ImportRequireClause) {
            import.namespace = required.child_of_kind(Kind::Identifier).map(|name| name.text().to_owned());
            import.specifier = required.field(Field::Source).map(ast::string_value).unwrap_or_default();
            self.imports.push(import);
            return;
        }
        let Some(source) = statement.field(Field::Source) else {
            return;
        };
        import.specifier = ast::string_value(source);
        if let Some(clause) = statement.child_of_kind(Kind::ImportClause) {
            for part in clause.named_children() {
                match part.kind() {
                    Kind::Identifier => import.default = Some(part.text().to_owned()),
                    Kind::NamespaceImport => {
                        import.namespace = part.first_named().map(|name| name.text().to_owned());
                    }
                    Kind::NamedImports => {
                        import.names.extend(part.named_children().filter_map(import_name));
                    }
                    _ => {}
                }
            }
        }
        self.imports.push(import);
    }

    fn export(&mut self, statement: Node<'_>) {
        let specifier = statement.field(Field::Source).map(ast::string_value);
        if let Some(clause) = statement.child_of_kind(Kind::ExportClause) {
            for part in clause.named_children().filter(|part| part.is(Kind::ExportSpecifier)) {
                let Some(name) = part.field(Field::Name).map(name_text) else {
                    continue;
                };
                let exported = part.field(Field::Alias).map_or_else(|| name.clone(), name_text);
                self.exports.push(match &specifier {
                    Some(specifier) => Export::From { specifier: specifier.clone(), name, exported },
                    None => Export::Local { name: exported, local: name },
                });
            }
        } else if let Some(specifier) = specifier {
            let namespace = statement.child_of_kind(Kind::NamespaceExport).and_then(|export| export.first_named());
            self.exports.push(match namespace {
                Some(name) => Export::Namespace { specifier, name: name_text(name) },
                None => Export::All { specifier },
            });
        } else if statement.has_token("default") {
            let declaration = ast::declaration_of(statement);
            let local = match declaration.kind() {
                Kind::Identifier => Some(declaration),
                _ => declaration.field(Field::Name),
            };
            let local = local.map_or_else(|| "default".to_owned(), |name| name.text().to_owned());
            self.exports.push(Export::Local { name: "default".to_owned(), local });
        } else {
            let mut names = Vec::new();
            ast::declared_names(statement, &mut names);
            self.exports.extend(names.into_iter().map(|name| {
                let name = name.text().to_owned();
                Export::Local { name: name.clone(), local: name }
            }));
        }
    }

    /// Looks for what only expansion understands.
    fn scan(&mut self, syntax: &SyntaxFile) {
        self.has_macro_syntax = self.specifiers().iter().any(|specifier| is_metascript_specifier(specifier));
        let marks = Marks::of(syntax.text().as_str());
        if marks.is_empty() {
            return;
        }
        syntax.root().walk(|node| {
            if !marks.any_in(node.range()) {
                return false;
            }
            match node.kind() {
                Kind::MacroInvocation => {
                    self.has_macro_syntax = true;
                    let name = node.field(Field::Name);
                    self.has_comptime |= name.is_some_and(|name| name.text() == "comptime");
                }
                Kind::Decorator => {
                    self.has_macro_syntax = true;
                    let name = ast::decorator_parts(node).map(|parts| parts.name);
                    self.has_comptime |= name.is_some_and(|name| name.text() == "comptime");
                }
                Kind::MacroDeclaration
                | Kind::ExternMacroDeclaration
                | Kind::QuoteExpression
                | Kind::DeferStatement => self.has_macro_syntax = true,
                // `quote(...)` reads as a call.
                Kind::CallExpression if node.field(Field::Function).is_some_and(|called| called.text() == "quote") => {
                    self.has_macro_syntax = true;
                }
                Kind::String => {
                    let specifier = node.text().trim_matches(['"', '\'']);
                    self.has_macro_syntax |= is_metascript_specifier(specifier) && ast::is_dynamic_import(node);
                }
                _ => {}
            }
            !(self.has_macro_syntax && self.has_comptime)
        });
    }
}

fn name_text(node: Node<'_>) -> String {
    if node.is(Kind::String) { ast::string_value(node) } else { node.text().to_owned() }
}

fn import_name(part: Node<'_>) -> Option<ImportName> {
    if !part.is(Kind::ImportSpecifier) {
        return None;
    }
    let name = name_text(part.field(Field::Name)?);
    let local = part.field(Field::Alias).map_or_else(|| name.clone(), name_text);
    Some(ImportName { name, local, is_type_only: ast::is_type_only(part) })
}

fn macro_facts(declaration: Node<'_>, is_exported: bool) -> Option<MacroFacts> {
    let is_extern = declaration.is(Kind::ExternMacroDeclaration);
    let params = declaration.field(Field::Parameters)?;
    let context = params.named_children().find(|param| param.is(Kind::RequiredParameter)).filter(|_| !is_extern);
    let stands_on = context.and_then(|context| stands_on(context.field(Field::Type)?.first_named()?));
    // What an `extern` macro does is not written in Metascript, so it declares no context.
    let skip = if is_extern { 0 } else { 1 };
    let params = params
        .named_children()
        .filter(|param| matches!(param.kind(), Kind::RequiredParameter | Kind::OptionalParameter))
        .skip(skip)
        .map(macro_param)
        .collect();
    let type_params = declaration
        .field(Field::TypeParameters)
        .into_iter()
        .flat_map(Node::named_children)
        .filter(|param| param.is(Kind::TypeParameter))
        .map(|param| MacroTypeParam {
            name: param.field(Field::Name).map_or("", Node::text).to_owned(),
            is_optional: param.child_of_kind(Kind::DefaultType).is_some(),
        })
        .collect();
    let name = declaration.field(Field::Name)?.text().to_owned();
    Some(MacroFacts { name, type_params, params, stands_on, is_exported, is_extern })
}

/// Of `MacroContext<ClassTarget | undefined>`; `None` where it names anything but the targets of std/meta.
fn stands_on(context: Node<'_>) -> Option<StandsOn> {
    let name = context.field(Field::Name).filter(|_| context.is(Kind::GenericType))?.text();
    if name.rsplit('.').next() != Some("MacroContext") {
        return None;
    }
    let arguments = context.field(Field::TypeArguments).or_else(|| context.child_of_kind(Kind::TypeArguments))?;
    let mut found = StandsOn::default();
    let mut parts = vec![arguments.named_children().next()?];
    while let Some(part) = parts.pop() {
        if matches!(part.kind(), Kind::UnionType | Kind::ParenthesizedType) {
            parts.extend(part.named_children());
            continue;
        }
        let name = part.text();
        let kind = match name.rsplit('.').next().unwrap_or(name) {
            "undefined" => {
                found.is_expression = true;
                continue;
            }
            "ClassTarget" => TargetKind::Class,
            "InterfaceTarget" => TargetKind::Interface,
            "EnumTarget" => TargetKind::Enum,
            "TypeAliasTarget" => TargetKind::TypeAlias,
            "FunctionTarget" => TargetKind::Function,
            "VariableTarget" => TargetKind::Variable,
            "MemberTarget" => TargetKind::Member,
            "ParameterTarget" => TargetKind::Parameter,
            _ => return None,
        };
        found.kinds.push(kind);
    }
    // Pushed and popped, the parts of a union come last first.
    found.kinds.reverse();
    Some(found)
}

fn macro_param(param: Node<'_>) -> MacroParam {
    let pattern = param.field(Field::Pattern);
    let is_rest = pattern.is_some_and(|pattern| pattern.is(Kind::RestPattern));
    let ty = param.field(Field::Type).and_then(|annotation| annotation.first_named());
    MacroParam {
        name: pattern.map_or("", |pattern| pattern.text()).trim_start_matches("...").to_owned(),
        kind: ty.map_or(ParamKind::Value, |ty| param_kind(ty, is_rest)),
        is_optional: is_rest || param.is(Kind::OptionalParameter) || param.field(Field::Value).is_some(),
        is_rest,
    }
}

/// Of `...names: Name[]` the element counts.
fn param_kind(ty: Node<'_>, is_rest: bool) -> ParamKind {
    let mut ty = ty;
    if is_rest {
        loop {
            let inner = match ty.kind() {
                Kind::ReadonlyType | Kind::ArrayType | Kind::ParenthesizedType => ty.first_named(),
                Kind::GenericType => ty
                    .field(Field::TypeArguments)
                    .or_else(|| ty.child_of_kind(Kind::TypeArguments))
                    .and_then(|args| args.first_named()),
                _ => None,
            };
            match inner {
                Some(inner) => ty = inner,
                None => break,
            }
        }
    }
    let name = ty.text();
    match name.rsplit('.').next().unwrap_or(name) {
        "Name" => ParamKind::Name,
        "Expr" => ParamKind::Expr,
        "TypeNode" => ParamKind::TypeNode,
        _ => ParamKind::Value,
    }
}

/// What `name` is in `std/meta`, by what that module declares; internal names (`$…`) are none.
pub(super) fn resolve_meta(name: &str) -> Option<Meta> {
    META.get(name).copied()
}

static META: LazyLock<FxHashMap<String, Meta>> = LazyLock::new(|| {
    let text = std_lib::FILES.iter().find(|(file, _)| *file == "meta.ms").map_or("", |(_, text)| *text);
    let syntax = SyntaxFile::parse(SourceText::new(text));
    let mut names = FxHashMap::default();
    for statement in syntax.root().named_children().filter(|statement| statement.is(Kind::ExportStatement)) {
        let declaration = ast::declaration_of(statement).kind();
        let is_class = matches!(declaration, Kind::ClassDeclaration | Kind::AbstractClassDeclaration);
        let is_type = is_class || matches!(declaration, Kind::InterfaceDeclaration | Kind::TypeAliasDeclaration);
        let kind = Meta { is_type, is_value: is_class || !is_type };
        let mut declared = Vec::new();
        ast::declared_names(statement, &mut declared);
        for name in declared.into_iter().map(Node::text).filter(|name| !name.starts_with('$')) {
            names.insert(name.to_owned(), kind);
        }
    }
    names
});

/// Whether TypeScript must not see the specifier as it is: `./x.ms`.
pub fn is_metascript_specifier(specifier: &str) -> bool {
    specifier.ends_with(".ms") && specifier.len() > 3
}

/// A macro, found: the module that declares it and its name there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MacroRef {
    pub module: FilePath,
    pub name: String,
}

/// What programs are compiled for where nothing is said; code that runs at compile time always is.
pub const DEFAULT_TARGET: &str = "js";

/// The other files, as `project` knows them. Called often: answers come from memory.
pub trait MacroScope {
    /// Facts of a Metascript module; `None` for what is no `.ms` file or does not exist.
    fn facts(&self, file: &FilePath) -> Option<Arc<FileFacts>>;
    /// The file that a specifier names, seen from `from` (`.ms` first, `std/…` included).
    fn module(&self, from: &FilePath, specifier: &str) -> Option<FilePath>;
    /// How `from`, which imports `imports`, names a module of a package; `None` for what is in no
    /// package, or in the one that `from` is in.
    fn package_specifier(&self, _from: &FilePath, _imports: &[Import], _target: &FilePath) -> Option<String> {
        None
    }
    /// What the program is compiled for: the branch of `@target` that counts in a file.
    fn target(&self, _file: &FilePath) -> String {
        DEFAULT_TARGET.to_owned()
    }
    /// The text of a macro's module, to turn stack positions into ranges.
    fn text(&self, file: &FilePath) -> Option<SourceText>;
}

/// What a name can stand for that is there at compile time only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileTime {
    Macro,
    Function,
}

/// How many re-exports are followed before a name counts as unknown.
const MOST_HOPS: u32 = 32;

/// The macro that `name` (or `namespace.name`) stands for in `file`: its own, an imported one,
/// through re-exports and namespaces, or one of the prelude.
pub fn resolve(scope: &dyn MacroScope, file: &FilePath, facts: &FileFacts, name: &str) -> Option<MacroRef> {
    if let Some(found) = resolve_as(scope, file, facts, name, CompileTime::Macro) {
        return Some(found);
    }
    let head = name.split('.').next().unwrap_or(name);
    if facts.binds(head) {
        return None;
    }
    let (_, module) = std_lib::PRELUDE.iter().find(|(known, _)| *known == name)?;
    Some(MacroRef { module: FilePath::new(&format!("{}/{module}", std_lib::ROOT)), name: name.to_owned() })
}

/// The same for one kind of thing, among what the file declares and imports.
pub fn resolve_as(
    scope: &dyn MacroScope,
    file: &FilePath,
    facts: &FileFacts,
    name: &str,
    kind: CompileTime,
) -> Option<MacroRef> {
    if facts.declares(name, kind) {
        return Some(MacroRef { module: file.clone(), name: name.to_owned() });
    }
    let (head, rest) = match name.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (name, None),
    };
    let (import, imported) = facts.import_of(head)?;
    let module = scope.module(file, &import.specifier)?;
    match (imported, rest) {
        (Some(imported), None) => exported(scope, &module, imported, kind, MOST_HOPS),
        (None, Some(rest)) => exported(scope, &module, rest, kind, MOST_HOPS),
        (Some(imported), Some(rest)) => exported(scope, &module, &format!("{imported}.{rest}"), kind, MOST_HOPS),
        (None, None) => None,
    }
}

/// The macro in scope whose name is nearly `name`: what a person meant who mistyped it.
pub(super) fn nearest_macro(facts: &FileFacts, name: &str, is_macro: &dyn Fn(&str) -> bool) -> Option<String> {
    let own = facts.macros.iter().map(|known| known.name.as_str());
    let imported = facts.imports.iter().filter(|import| !import.is_type_only).flat_map(|import| &import.names);
    let prelude = std_lib::PRELUDE.iter().map(|(known, _)| *known);
    let most = if name.chars().count() < 6 { 1 } else { 2 };
    own.chain(imported.map(|name| name.local.as_str()))
        .chain(prelude)
        .filter(|known| *known != name && distance(known, name) <= most && is_macro(known))
        .min_by_key(|known| distance(known, name))
        .map(str::to_owned)
}

/// How many letters are to be added, left out, replaced or swapped with their neighbour, case aside.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The macro, or compile-time function, that `file` itself exports as `name`.
pub(super) fn resolve_export(
    scope: &dyn MacroScope,
    file: &FilePath,
    facts: &FileFacts,
    name: &str,
    kind: CompileTime,
) -> Option<MacroRef> {
    exported_by(scope, file, facts, name, kind, MOST_HOPS)
}

/// The macro that `module` exports as `name`; dots go through exported namespaces.
fn exported(scope: &dyn MacroScope, module: &FilePath, name: &str, kind: CompileTime, hops: u32) -> Option<MacroRef> {
    let hops = hops.checked_sub(1)?;
    let facts = scope.facts(module)?;
    exported_by(scope, module, &facts, name, kind, hops)
}

fn exported_by(
    scope: &dyn MacroScope,
    module: &FilePath,
    facts: &FileFacts,
    name: &str,
    kind: CompileTime,
    hops: u32,
) -> Option<MacroRef> {
    for export in &facts.exports {
        match export {
            Export::Local { name: exported_name, local } if exported_name == name => {
                if facts.declares(local, kind) {
                    return Some(MacroRef { module: module.clone(), name: local.clone() });
                }
                let (import, imported) = facts.import_of(local)?;
                let target = scope.module(module, &import.specifier)?;
                return exported(scope, &target, imported?, kind, hops);
            }
            Export::Local { name: exported_name, local } => {
                if let Some(rest) = name.strip_prefix(exported_name.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                    let (import, imported) = facts.import_of(local)?;
                    let target = scope.module(module, &import.specifier)?;
                    let name = imported.map_or_else(|| rest.to_owned(), |imported| format!("{imported}.{rest}"));
                    return exported(scope, &target, &name, kind, hops);
                }
            }
            Export::From { specifier, name: inner, exported: outer } if outer == name => {
                let target = scope.module(module, specifier)?;
                return exported(scope, &target, inner, kind, hops);
            }
            Export::Namespace { specifier, name: namespace } => {
                if let Some(rest) = name.strip_prefix(namespace.as_str()).and_then(|rest| rest.strip_prefix('.')) {
                    let target = scope.module(module, specifier)?;
                    return exported(scope, &target, rest, kind, hops);
                }
            }
            _ => {}
        }
    }
    facts.exports.iter().find_map(|export| match export {
        Export::All { specifier } if name != "default" => {
            exported(scope, &scope.module(module, specifier)?, name, kind, hops)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_slip_of_the_finger_is_near() {
        assert_eq!(distance("derive", "deriv"), 1);
        assert_eq!(distance("derive", "dreive"), 1);
        assert_eq!(distance("derive", "Dervie"), 1);
        assert_eq!(distance("derive", "drive"), 1);
        assert!(distance("derive", "memoize") > 2);
        assert!(distance("a", "abcd") > 2);
    }
}
