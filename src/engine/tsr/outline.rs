//! What findings in one file can depend on in the others: see [`Outline`].
//!
//! The interface of a file is its text without the bodies that no type outside of them can be read
//! from: those of functions whose result is written, of constructors and of setters. Everything else
//! stays, bodies from which a type is inferred included, so that two texts with equal interfaces
//! declare the same to every other file.
//!
//! Invariant: where it is not sure that a body says nothing to the outside, the body is part of the
//! interface. Variables that can change, at the level of the file, make all of it the interface: an
//! assignment in any body may keep a type from being narrowed in another.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tsr_ast::{AstView, ChildVisitor, NodeId, NodeListId, NodeSlice, SyntaxKind, node_flags};
use tsr_compiler::{Program, ProgramFile};
use tsr_core::ScriptKind;
use tsr_jsstring::JsString;

use super::names;
use super::program::TsrProgram;
use crate::base::{Digest, Recipe};
use crate::engine::{EngineError, Outline, Outlines};

/// What is known of each file by itself, by its root node, which no other file ever has.
#[derive(Default)]
pub(super) struct Interfaces {
    known: Mutex<HashMap<NodeId, Known>>,
}

#[derive(Clone, Copy)]
struct Known {
    text: Digest,
    interface: Digest,
    is_global: bool,
}

impl Interfaces {
    fn of(&self, file: &ProgramFile) -> Result<Known, EngineError> {
        if let Some(known) = self.lock().get(&file.source()) {
            return Ok(*known);
        }
        let known = look_at(file)?;
        self.lock().insert(file.source(), known);
        Ok(known)
    }

    /// Forgets files that are not of the program that was looked at last.
    fn trim(&self, files: &[Arc<ProgramFile>]) {
        let mut known = self.lock();
        if known.len() > files.len() * 2 {
            let kept: HashSet<NodeId> = files.iter().map(|file| file.source()).collect();
            known.retain(|file, _| kept.contains(file));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<NodeId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the files of a program hang together: equal in all programs that were made by replacing files.
pub(super) struct Edges {
    /// Of each file but libraries, by its path: where it leads.
    leads_to: HashMap<JsString, Vec<JsString>>,
    /// Of how its specifiers were resolved.
    resolved: HashMap<JsString, Digest>,
}

impl Edges {
    pub fn of(program: &Program) -> Result<Edges, EngineError> {
        let mut leads_to: HashMap<JsString, Vec<JsString>> = HashMap::new();
        let mut recipes: HashMap<JsString, Recipe> = HashMap::new();
        let mut lead = |from: &JsString, to: &[u8]| {
            if let Some(path) = program.source_file(to).and_then(path_of) {
                leads_to.entry(from.clone()).or_default().push(path);
            }
        };
        for resolution in program.resolutions() {
            let result = &resolution.result;
            lead(&resolution.file, result.resolved_file_name.as_bytes());
            let recipe = recipes.entry(resolution.file.clone()).or_insert_with(|| Recipe::new("resolved"));
            recipe
                .bytes("name", resolution.name.as_bytes())
                .text("mode", &format!("{:?}", resolution.mode))
                .bytes("file", result.resolved_file_name.as_bytes())
                .bytes("original", result.original_path.as_bytes())
                .bytes("extension", result.extension.as_bytes())
                .bytes("alternate", result.alternate_result.as_bytes())
                .bytes("package", result.package_id.name.as_bytes())
                .bytes(
                    "is",
                    &[
                        u8::from(result.resolved_using_ts_extension),
                        u8::from(result.resolved_using_extra_extensions),
                        u8::from(result.is_external_library_import),
                    ],
                );
            if !result.resolution_diagnostics.is_empty() {
                recipe.text("faults", &format!("{:?}", messages(&result.resolution_diagnostics)));
            }
        }
        for resolution in program.type_resolutions() {
            let result = &resolution.result;
            lead(&resolution.file, result.resolved_file_name.as_bytes());
            let recipe = recipes.entry(resolution.file.clone()).or_insert_with(|| Recipe::new("resolved"));
            recipe
                .bytes("types", resolution.name.as_bytes())
                .text("mode", &format!("{:?}", resolution.mode))
                .bytes("file", result.resolved_file_name.as_bytes())
                .bytes("is", &[u8::from(result.primary), u8::from(result.is_external_library_import)]);
        }
        for file in program.files() {
            let view = file.bound().view();
            let source = view.source_file()?;
            for reference in source.referenced_files()?.iter() {
                let base = names::from_tsr(source.file_name()).parent();
                let to = base.join(&String::from_utf8_lossy(reference.file_name.as_bytes()));
                lead(&source.parse_options().path, names::to_tsr(&to).as_bytes());
            }
        }
        let resolved = recipes.into_iter().map(|(path, recipe)| (path, recipe.finish())).collect();
        Ok(Edges { leads_to, resolved })
    }
}

fn messages(diagnostics: &[tsr_ast::Diagnostic]) -> Vec<i32> {
    diagnostics.iter().map(|one| one.code).collect()
}

fn path_of(file: &ProgramFile) -> Option<JsString> {
    Some(file.bound().view().source_file().ok()?.parse_options().path.clone())
}

impl TsrProgram {
    pub(super) fn outlines(&self) -> Result<Outlines, EngineError> {
        let program = &*self.program;
        let edges = self.edges()?;
        let direct = program.program_diagnostics()?;
        let mut environment = Recipe::new("environment");
        environment
            .text("options", &format!("{:?}", program.options()))
            .bytes("directory", program.current_directory());
        for referenced in program.resolved_project_references() {
            environment.text("reference", &format!("{:?}", referenced.map(|one| &one.options)));
        }
        let mut index: HashMap<JsString, u32> = HashMap::new();
        let mut own: Vec<(JsString, &ProgramFile)> = Vec::new();
        for file in program.files() {
            let Some(path) = path_of(file) else { continue };
            if program.is_lib(path.as_bytes()) {
                environment.bytes("library", path.as_bytes());
                continue;
            }
            index.insert(path.clone(), own.len() as u32);
            own.push((path, file));
        }
        let mut files = Vec::with_capacity(own.len());
        for (path, file) in &own {
            let source = file.bound().view().source_file()?;
            let Known { text, interface, is_global } = self.interfaces.of(file)?;
            let mut context = Recipe::new("context");
            if let Some(resolved) = edges.resolved.get(path) {
                context.digest("resolved", *resolved);
            }
            if let Some(metadata) = program.metadata(path.as_bytes()) {
                context.text("metadata", &format!("{metadata:?}"));
            }
            context.bytes("external", &[u8::from(program.is_external_library(path.as_bytes()))]);
            let mut leads_to: Vec<u32> = edges
                .leads_to
                .get(path)
                .map(|paths| paths.iter().filter_map(|path| index.get(path).copied()).collect())
                .unwrap_or_default();
            leads_to.sort_unstable();
            leads_to.dedup();
            let blamed = direct.iter().filter(|one| one.file == Some(file.source()));
            let mut about = Recipe::new("about");
            for one in blamed {
                about.text("one", &format!("{} {:?} {:?}", one.code, one.loc, one.message_args));
            }
            files.push(Outline {
                file: names::from_tsr(source.file_name()),
                text,
                interface,
                context: context.finish(),
                about: about.finish(),
                is_global,
                leads_to,
            });
        }
        self.interfaces.trim(program.files());
        Ok(Outlines { environment: environment.finish(), files })
    }
}

fn look_at(file: &ProgramFile) -> Result<Known, EngineError> {
    let bound = file.bound().view();
    let view = bound.ast();
    let source = bound.source_file()?;
    let bytes = source.text().as_bytes();
    let text = Digest::of(bytes);
    let is_script = source.external_module_indicator.is_none() && source.common_js_module_indicator().is_none();
    let mut is_global =
        (is_script && source.script_kind != ScriptKind::JSON) || source.module_augmentations()?.iter().next().is_some();
    let is_written_out = !source.is_declaration_file
        && matches!(source.script_kind, ScriptKind::TS | ScriptKind::TSX)
        && source.diagnostics.is_empty();
    let mut walk = Walk { view, bodies: Vec::new(), is_open: false, exports_global: false };
    walk.children(file.source(), false)?;
    is_global |= walk.exports_global;
    if !is_written_out || walk.is_open {
        return Ok(Known { text, interface: text, is_global });
    }
    let mut interface = Recipe::new("interface");
    let mut from = 0;
    for &(start, end) in &walk.bodies {
        let kept = usize::try_from(start).ok().and_then(|start| bytes.get(from..start));
        let (Some(kept), Ok(end)) = (kept, usize::try_from(end)) else {
            return Ok(Known { text, interface: text, is_global });
        };
        interface.bytes("kept", kept);
        from = end;
    }
    interface.bytes("kept", bytes.get(from..).unwrap_or_default());
    Ok(Known { text, interface: interface.finish(), is_global })
}

/// Goes through what a file declares, not into bodies.
struct Walk<'v> {
    view: AstView<'v>,
    /// Bodies that say nothing to the outside, in text order.
    bodies: Vec<(i32, i32)>,
    /// Some variable of the file can change.
    is_open: bool,
    /// `export as namespace`.
    exports_global: bool,
}

impl Walk<'_> {
    /// `infers` where a class around has properties whose type comes from its constructor.
    fn children(&mut self, node: NodeId, infers: bool) -> Result<(), EngineError> {
        for child in children(self.view, node)? {
            self.node(child, infers)?;
        }
        Ok(())
    }

    fn node(&mut self, node: NodeId, infers: bool) -> Result<(), EngineError> {
        use SyntaxKind as K;
        let read = self.view.node(node)?;
        match read.kind().known() {
            Some(K::InterfaceDeclaration | K::TypeAliasDeclaration | K::ImportDeclaration | K::ExportDeclaration) => {}
            Some(K::NamespaceExportDeclaration) => self.exports_global = true,
            Some(
                kind @ (K::FunctionDeclaration
                | K::MethodDeclaration
                | K::FunctionExpression
                | K::ArrowFunction
                | K::GetAccessor
                | K::SetAccessor
                | K::Constructor),
            ) => {
                let is_written = match kind {
                    K::Constructor => !infers,
                    K::SetAccessor => true,
                    _ => read.type_node().is_some(),
                };
                // Whatever stands in front of a body may hold classes and functions of its own: it is kept
                // as it is.
                if let Some(body) = read.body().filter(|_| is_written) {
                    let body = self.view.node(body)?;
                    self.bodies.push((body.pos(), body.end()));
                }
            }
            Some(K::ClassDeclaration | K::ClassExpression) => {
                let infers = self.infers_properties(node)?;
                self.children(node, infers)?;
            }
            Some(K::VariableDeclarationList) => {
                let flags = read.flags();
                if flags & node_flags::CONST == 0 && flags & node_flags::AMBIENT == 0 {
                    self.is_open = true;
                }
                self.children(node, false)?;
            }
            _ => self.children(node, false)?,
        }
        Ok(())
    }

    /// Whether a class has a property with neither type nor value.
    fn infers_properties(&self, class: NodeId) -> Result<bool, EngineError> {
        for member in children(self.view, class)? {
            let read = self.view.node(member)?;
            if read.kind().known() == Some(SyntaxKind::PropertyDeclaration)
                && read.type_node().is_none()
                && read.initializer().is_none()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn children(view: AstView<'_>, node: NodeId) -> Result<Vec<NodeId>, EngineError> {
    struct Collect<'v> {
        view: AstView<'v>,
        nodes: Vec<NodeId>,
        error: Option<tsr_arena::Error>,
    }
    impl ChildVisitor for Collect<'_> {
        fn visit_node(&mut self, node: NodeId) -> ControlFlow<()> {
            self.nodes.push(node);
            ControlFlow::Continue(())
        }

        fn visit_list(&mut self, nodes: NodeListId) -> ControlFlow<()> {
            match self.view.list(nodes) {
                Ok(list) => self.visit_node_slice(list.nodes()),
                Err(error) => {
                    self.error = Some(error);
                    ControlFlow::Break(())
                }
            }
        }

        fn visit_node_slice(&mut self, nodes: NodeSlice) -> ControlFlow<()> {
            match self.view.node_slice(nodes) {
                Ok(nodes) => {
                    self.nodes.extend(nodes.iter().flatten());
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    self.error = Some(error);
                    ControlFlow::Break(())
                }
            }
        }
    }
    let mut found = Collect { view, nodes: Vec::new(), error: None };
    let _ = view.node(node)?.for_each_child(&mut found);
    match found.error {
        Some(error) => Err(error.into()),
        None => Ok(found.nodes),
    }
}
