//! The type engine, seen from outside: expanded TypeScript text in, plain data out.
//!
//! Invariant: this module is the only user of the `tsr*` crates, and none of their types leave it.
//! It knows nothing of macros, of `.ms` files or of editors: callers hand it files that are
//! TypeScript, under TypeScript's names, and map its answers back themselves.
//!
//! Start reading at [`TypeEngine`] and [`Program`]; `tsr` implements both. What another implementation
//! has to keep is in docs/engine.md.

use std::any::Any;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::{Cancel, Digest, FilePath, TextRange};

/// What went wrong in the engine itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    Cancelled,
    /// The file is not part of the program.
    MissingFile(FilePath),
    /// The engine panicked or refused; the text is for the log and for `MS9001`.
    Internal(String),
}

/// The files of one moment, as the engine sees them. Reading the same path twice gives the same
/// answer for the life of the value.
pub trait Files: Send + Sync {
    /// The text; `None` where no such file exists or it cannot be read as text.
    fn read(&self, path: &FilePath) -> Option<Arc<str>>;
    fn is_file(&self, path: &FilePath) -> bool;
    fn is_dir(&self, path: &FilePath) -> bool;
    /// Names (not paths) of the files and of the directories in a directory.
    fn entries(&self, path: &FilePath) -> (Vec<String>, Vec<String>);
    /// With links resolved; the path itself where nothing is there.
    fn realpath(&self, path: &FilePath) -> FilePath;
}

/// Where the options and the root files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// A `tsconfig.json`-shaped file, read through [`Files`] (so `extends` works).
    File(FilePath),
    /// No file: options as the JSON text of a `tsconfig.json`, taken to lie in `dir` (its `extends`
    /// are read through [`Files`]). Findings in it have no `file`, and a range in `json`.
    Text { dir: FilePath, json: String },
}

/// Options as the engine that parsed them keeps them: a value that only that engine can open.
#[derive(Clone)]
pub struct Parsed(Arc<dyn Any + Send + Sync>);

impl Parsed {
    pub fn new(options: impl Any + Send + Sync) -> Parsed {
        Parsed(Arc::new(options))
    }

    /// What [`Parsed::new`] took; an error where another engine made it.
    pub fn open<T: Any>(&self) -> Result<&T, EngineError> {
        let foreign = || EngineError::Internal("options of another engine cannot be used".into());
        self.0.downcast_ref::<T>().ok_or_else(foreign)
    }
}

/// Parsed options: opaque to callers but for what is listed.
#[derive(Clone)]
pub struct Config {
    pub roots: Vec<FilePath>,
    pub diagnostics: Vec<EngineDiagnostic>,
    /// Files read to get here (the config and what it extends).
    pub inputs: Vec<FilePath>,
    /// What `references` names: directories, or configuration files.
    pub references: Vec<FilePath>,
    /// `outDir`, absolute.
    pub out_dir: Option<FilePath>,
    pub parsed: Parsed,
}

/// Where the standard declaration files that an engine brings itself (`lib.es2024.d.ts`) appear to
/// be: a directory that no disk has. [`TypeEngine::library`] gives their text.
pub const LIBRARIES: &str = "/^lib";

/// Whether a path lies below [`LIBRARIES`].
pub fn is_library(file: &FilePath) -> bool {
    file.as_str().strip_prefix(LIBRARIES).is_some_and(|rest| rest.starts_with('/'))
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineRelated {
    pub file: FilePath,
    pub range: TextRange,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EngineSeverity {
    Error,
    Warning,
    Suggestion,
}

/// A finding in engine coordinates (expanded text). `file` is `None` for findings about the
/// options or the program as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineDiagnostic {
    pub file: Option<FilePath>,
    pub range: TextRange,
    pub code: u32,
    pub severity: EngineSeverity,
    /// The whole message chain, one line each, indented by two spaces a level (as `tsc` prints it).
    pub message: String,
    pub related: Vec<EngineRelated>,
    pub unnecessary: bool,
    pub deprecated: bool,
}

/// What kind of thing a completion is; the protocol's vocabulary without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CompletionKind {
    Text,
    Method,
    Function,
    Constructor,
    Field,
    Variable,
    Class,
    Interface,
    Module,
    Property,
    Unit,
    Value,
    Enum,
    Keyword,
    Snippet,
    File,
    Folder,
    EnumMember,
    Constant,
    Struct,
    TypeParameter,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionItem {
    pub label: String,
    pub kind: CompletionKind,
    /// What is inserted where it is not the label.
    pub insert: Option<String>,
    pub is_snippet: bool,
    pub filter: Option<String>,
    /// The engine's own ranking: ascending text.
    pub sort: String,
    /// Shown after the label (`import` source, signature).
    pub label_detail: Option<String>,
    /// Range in the asked file that the insertion replaces, where it is not the word at the cursor.
    pub replace: Option<TextRange>,
    pub optional: bool,
    pub deprecated: bool,
    /// Its value, or its result when it is called, is of the type that the place asks for.
    pub fits: bool,
    /// Hand back to [`Program::resolve_completion`].
    pub token: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionList {
    pub items: Vec<CompletionItem>,
    pub is_incomplete: bool,
    /// The list is of the members of an expression (after `.`).
    pub is_member: bool,
}

/// What is known of one completion on request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionDetail {
    /// The signature or type, one line of code.
    pub detail: Option<String>,
    /// Markdown.
    pub documentation: Option<String>,
    /// Edits elsewhere in the asked file (an import to add).
    pub edits: Vec<(TextRange, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hover {
    /// The symbol's declaration as code, without fences.
    pub code: String,
    /// JSDoc as Markdown; empty where there is none.
    pub documentation: String,
    /// The name that was asked about, in the asked file.
    pub range: TextRange,
}

/// A place in the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub file: FilePath,
    /// The name.
    pub range: TextRange,
    /// The whole declaration, where the engine says it.
    pub full: Option<TextRange>,
}

/// Definition: what was asked about, and where it leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    pub asked: Option<TextRange>,
    pub targets: Vec<Place>,
}

/// One way to call what stands before a parenthesis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pub label: String,
    /// Markdown; empty where there is none.
    pub documentation: String,
    pub parameters: Vec<SignatureParameter>,
    /// Index into `parameters`, where it differs from the whole answer's.
    pub active_parameter: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureParameter {
    /// Its bytes in the signature's label.
    pub label: TextRange,
    pub documentation: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureHelp {
    pub signatures: Vec<Signature>,
    pub active_signature: u32,
    pub active_parameter: Option<u32>,
}

/// Why signature help is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureTrigger {
    /// The person asked.
    Invoked,
    /// A character was typed that begins or separates arguments.
    Typed(char),
    /// The help is shown already, and text or cursor changed.
    Again(Option<char>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub file: FilePath,
    pub range: TextRange,
    pub text: String,
}

/// Whether the thing at a place has a name that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renamable {
    Yes { range: TextRange, name: String },
    No(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlayKind {
    Type,
    Parameter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlayHint {
    pub offset: u32,
    pub label: String,
    pub kind: InlayKind,
    pub padding_left: bool,
    pub padding_right: bool,
}

/// Which hints are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InlayOptions {
    pub parameter_names: bool,
    pub variable_types: bool,
    pub parameter_types: bool,
    pub return_types: bool,
    pub property_types: bool,
    pub enum_values: bool,
}

/// A function, or what else can call and be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallItem {
    pub name: String,
    pub kind: CompletionKind,
    /// Where it stands: a class, a module.
    pub detail: String,
    pub place: Place,
}

/// A name that a file declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    pub name: Box<str>,
    pub kind: CompletionKind,
    pub range: TextRange,
    /// Other modules can import it by this name.
    pub is_exported: bool,
}

#[derive(Clone, Debug)]
pub struct Declarations {
    pub file: FilePath,
    /// A file of a package, not of the project.
    pub is_external: bool,
    /// In text order.
    pub list: Arc<[Declaration]>,
}

/// One end of calls, and where they stand: in the caller's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    pub item: CallItem,
    pub ranges: Vec<TextRange>,
}

/// One way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Organize {
    /// Sorts, merges, and drops what is not used.
    All,
    Sort,
    RemoveUnused,
}

/// What one file of a program became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The program's file it was made from.
    pub source: FilePath,
    pub script: Output,
    /// The declaration file; `None` where the options ask for none.
    pub declarations: Option<Output>,
}

/// One output file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where the engine would have written it.
    pub path: FilePath,
    /// Without the comment that names the map.
    pub text: String,
    /// Source map (version 3 JSON) from `text` to the program's file, where the options ask for one.
    pub map: Option<String>,
}

/// What is emitted beside JavaScript, whatever the options say of where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmitSettings {
    /// Declaration files, unless the options say `"declaration": false`.
    pub declarations: bool,
    /// Source maps, unless the options say `"sourceMap": false`.
    pub maps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShapeKind {
    Primitive,
    Literal,
    Object,
    Array,
    Tuple,
    Union,
    Intersection,
    Function,
    /// A type whose inside is left out: it stands around itself, or the shape would be too large.
    Reference,
    Other,
}

/// What a type is made of. Finite whatever the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeShape {
    pub kind: ShapeKind,
    /// As the checker prints it, cut where it is long.
    pub text: String,
    pub name: Option<String>,
    /// Of a literal.
    pub value: Option<LiteralShape>,
    /// Elements, parts of a union or intersection, or type arguments.
    pub args: Vec<TypeShape>,
    /// The public ones.
    pub properties: Vec<PropertyShape>,
    pub indexes: Vec<IndexShape>,
    /// Ways to call it.
    pub signatures: Vec<SignatureShape>,
}

impl TypeShape {
    pub fn new(kind: ShapeKind, text: String, name: Option<String>) -> TypeShape {
        let (args, properties, indexes, signatures) = Default::default();
        TypeShape { kind, text, name, value: None, args, properties, indexes, signatures }
    }
}

/// The value of a literal type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralShape {
    Text(String),
    /// A number, a boolean or a bigint as code.
    Code(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyShape {
    pub name: String,
    /// Without the `undefined` that being optional adds.
    pub of: TypeShape,
    pub is_optional: bool,
    pub is_readonly: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexShape {
    pub key: TypeShape,
    pub of: TypeShape,
    pub is_readonly: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureShape {
    pub parameters: Vec<ParameterShape>,
    pub returns: TypeShape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterShape {
    pub name: String,
    pub of: TypeShape,
    pub is_optional: bool,
    pub is_rest: bool,
}

/// What findings in one file can depend on of another file, and what makes them differ in itself.
/// Equal digests stand for equal things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    pub file: FilePath,
    /// Of the whole text.
    pub text: Digest,
    /// Of what is declared: equal in texts that differ only in bodies from which no type is inferred.
    pub interface: Digest,
    /// Of what its specifiers lead to, and of the kind of module that it is.
    pub context: Digest,
    /// Of what is wrong with it for a reason that no text shows (a name in two cases).
    pub about: Digest,
    /// What it declares concerns every file, whether that imports it or not.
    pub is_global: bool,
    /// Indices of the files that its imports and references lead to.
    pub leads_to: Vec<u32>,
}

/// A program's files, libraries left out, in the program's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlines {
    /// Of options and libraries.
    pub environment: Digest,
    pub files: Vec<Outline>,
}

/// JavaScript made from one module without looking at any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transpiled {
    pub js: String,
    /// Source map, version 3 JSON.
    pub map: String,
    /// Syntax errors of the input.
    pub diagnostics: Vec<EngineDiagnostic>,
}

/// Makes programs. One for the life of the process: what programs share (parsed libraries) lives
/// here and goes with the last program that uses it.
pub trait TypeEngine: Send + Sync {
    fn name(&self) -> &str;
    /// The text of a file below [`LIBRARIES`].
    fn library(&self, file: &FilePath) -> Option<&'static str>;
    /// Options, root files, and what is wrong with them. A file that cannot be read or makes no
    /// sense yields diagnostics, not an error.
    fn config(&self, files: &Arc<dyn Files>, source: &ConfigSource) -> Result<Config, EngineError>;
    /// The same options for a program that is to be emitted.
    fn config_to_emit(&self, config: &Config, settings: EmitSettings) -> Result<Config, EngineError>;
    fn resolver(
        &self,
        config: &Config,
        files: Arc<dyn Files>,
        wanted: Wanted,
    ) -> Result<Arc<dyn ModuleResolver>, EngineError>;
    /// Loads a program: reads, parses and binds whatever the roots reach. `roots` replaces the
    /// config's own list where given.
    fn load(
        &self,
        config: &Config,
        roots: Option<&[FilePath]>,
        files: Arc<dyn Files>,
    ) -> Result<Arc<dyn Program>, EngineError>;
    /// The program with the text of `changed` files read anew through `files`; falls back to a
    /// full load (unchanged files still shared) where the file graph changed.
    fn update(
        &self,
        old: &Arc<dyn Program>,
        changed: &[FilePath],
        files: Arc<dyn Files>,
    ) -> Result<Arc<dyn Program>, EngineError>;
    /// One module to JavaScript (ES2022 modules), types erased, imports kept where used as values.
    fn transpile(&self, file: &FilePath, text: &str) -> Result<Transpiled, EngineError>;
}

/// Where module specifiers lead under a project's options: `paths`, `node_modules`, the `exports` and
/// `imports` of packages, links. Answers hold for the [`Files`] it was made over.
pub trait ModuleResolver: Send + Sync {
    /// The file that `specifier` names in `from`; `None` where it names nothing.
    fn resolve(&self, from: &FilePath, specifier: &str) -> Option<FilePath>;
}

/// What a specifier is followed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// What checking reads: sources, then declarations, then scripts.
    Types,
    /// What runs: scripts, where there is one beside its source or its declarations.
    Scripts,
}

/// An immutable, loaded program. Queries may run on any thread, and several at once; each asks its
/// `Cancel`. A panic of the engine becomes [`EngineError::Internal`].
pub trait Program: Any + Send + Sync {
    /// Every file but the standard declaration files that the engine brings itself.
    fn files(&self) -> Vec<FilePath>;
    fn contains(&self, file: &FilePath) -> bool;
    /// The files that this file's imports and references resolved to, in the program.
    fn imports(&self, file: &FilePath) -> Vec<FilePath>;
    /// What findings in the files depend on. Checks nothing.
    fn outlines(&self) -> Result<Outlines, EngineError>;
    /// Findings about options and the program as a whole that no checker is needed for.
    fn option_diagnostics(&self) -> Result<Vec<EngineDiagnostic>, EngineError>;
    /// Findings about options (those of [`Config::diagnostics`] too) and the program as a whole,
    /// and global ones of the checkers that have run so far.
    fn global_diagnostics(&self) -> Result<Vec<EngineDiagnostic>, EngineError>;
    /// Syntactic and semantic findings of one file, both even where there are syntax errors,
    /// in text order, without duplicates. `suggestions` adds unused and deprecated marks.
    fn diagnostics(
        &self,
        file: &FilePath,
        suggestions: bool,
        cancel: &Cancel,
    ) -> Result<Vec<EngineDiagnostic>, EngineError>;
    /// The same for many files with several checkers side by side; `done` is called once a file,
    /// from any thread.
    fn diagnostics_of(
        &self,
        files: &[FilePath],
        threads: usize,
        cancel: &Cancel,
        done: &(dyn Fn(&FilePath, Vec<EngineDiagnostic>) + Sync),
    ) -> Result<(), EngineError>;
    fn completion(
        &self,
        file: &FilePath,
        offset: u32,
        trigger: Option<char>,
        cancel: &Cancel,
    ) -> Result<CompletionList, EngineError>;
    fn resolve_completion(
        &self,
        file: &FilePath,
        offset: u32,
        item: &CompletionItem,
        cancel: &Cancel,
    ) -> Result<CompletionDetail, EngineError>;
    fn hover(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Option<Hover>, EngineError>;
    fn definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Definition, EngineError>;
    fn type_definition(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Definition, EngineError>;
    fn references(
        &self,
        file: &FilePath,
        offset: u32,
        include_declaration: bool,
        cancel: &Cancel,
    ) -> Result<Vec<Place>, EngineError>;
    fn implementations(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Definition, EngineError>;
    fn signature_help(
        &self,
        file: &FilePath,
        offset: u32,
        trigger: SignatureTrigger,
        cancel: &Cancel,
    ) -> Result<Option<SignatureHelp>, EngineError>;
    fn can_rename(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Renamable, EngineError>;
    /// Every change that gives what stands at a place another name; empty where it has none.
    fn rename(&self, file: &FilePath, offset: u32, new_name: &str, cancel: &Cancel)
    -> Result<Vec<Change>, EngineError>;
    /// Hints in a part of a file, in text order.
    fn inlay_hints(
        &self,
        file: &FilePath,
        range: TextRange,
        options: InlayOptions,
        cancel: &Cancel,
    ) -> Result<Vec<InlayHint>, EngineError>;
    fn call_items(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Vec<CallItem>, EngineError>;
    /// Who calls what has its name at a place.
    fn incoming_calls(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Vec<Calls>, EngineError>;
    /// What it calls.
    fn outgoing_calls(&self, file: &FilePath, offset: u32, cancel: &Cancel) -> Result<Vec<Calls>, EngineError>;
    /// Ways to mend findings of this file, given as range and code.
    fn fixes(&self, file: &FilePath, findings: &[(TextRange, u32)], cancel: &Cancel) -> Result<Vec<Fix>, EngineError>;
    fn organize_imports(&self, file: &FilePath, mode: Organize, cancel: &Cancel) -> Result<Vec<Change>, EngineError>;
    /// What follows when a file or directory gets another name: the imports that name it.
    fn file_renamed(&self, old: &FilePath, new: &FilePath, cancel: &Cancel) -> Result<Vec<Change>, EngineError>;
    /// What every file but the engine's own libraries declares; kept for as long as a file is the same.
    fn declarations(&self, cancel: &Cancel) -> Result<Vec<Declarations>, EngineError>;
    /// What every file but the engine's own libraries shows to others; kept for as long as a file is the same.
    /// Of an engine that says nothing here and in [`Program::uses`], every search is its own to answer.
    fn surfaces(&self, _cancel: &Cancel) -> Result<Vec<Arc<Surface>>, EngineError> {
        Ok(Vec::new())
    }
    /// What the names in these files mean; `done` is called once a file, in their order. More than a few
    /// files are read with a checker of their own, which no question waits for.
    fn uses(
        &self,
        _files: &[FilePath],
        _cancel: &Cancel,
        _done: &mut dyn FnMut(&FilePath, FileUses),
    ) -> Result<(), EngineError> {
        Ok(())
    }
    /// What the types written at `ranges` of a file are made of, imports and aliases followed; `None`
    /// where no type stands.
    fn type_shapes(
        &self,
        file: &FilePath,
        ranges: &[TextRange],
        cancel: &Cancel,
    ) -> Result<Vec<Option<TypeShape>>, EngineError>;
    /// JavaScript of the given files, as ES modules, and what else the options ask for (see
    /// [`TypeEngine::config_to_emit`]); with what kept declarations from being written. Files of
    /// which nothing exists at run time are left out. Type errors do not stop it.
    fn emit(&self, files: &[FilePath], cancel: &Cancel) -> Result<(Vec<Emitted>, Vec<EngineDiagnostic>), EngineError>;
}

mod fault;
pub mod tsr;
pub mod uses;

pub use fault::caught;
pub use tsr::{TsrEngine, library};
pub use uses::{FileUses, Surface};
