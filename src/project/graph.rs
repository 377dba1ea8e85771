//! A macro's module and all it imports, as JavaScript.
//!
//! Macros run from saved text: typing inside a macro's module re-runs nothing until it is saved.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use crate::base::{Digest, FilePath, Recipe};
use crate::expand::{Call, FileFacts, Lowered, Surface, lower_module};
use crate::macros::{Failure, FailureKind, InputErrorKind, Module, ModuleGraph};
use crate::text::SourceText;

use super::Snapshot;
use super::expansion::module_failure;
use super::scope::{facts_of, resolve};
use super::shared::lock;
use super::source_map;

/// Modules by file, each under the text it was made from, and graphs by entry.
#[derive(Default)]
pub(super) struct Graphs {
    modules: Mutex<HashMap<FilePath, Arc<Compiled>>>,
    graphs: Mutex<HashMap<FilePath, KnownGraph>>,
    files: Mutex<HashSet<FilePath>>,
}

/// A graph, or why there is none, and the macro environment in which that holds.
type KnownGraph = (u64, Result<MacroGraph, Failure>);

struct Compiled {
    text: SourceText,
    module: Result<Module, Failure>,
    surface: Surface,
}

/// A graph and what stands for it in keys.
#[derive(Clone)]
pub(super) struct MacroGraph {
    pub graph: Arc<ModuleGraph>,
    /// Of a macro, the graph's digest; of a block, that of the modules it imports.
    pub identity: Digest,
}

impl Graphs {
    /// Whether a file is part of any macro's graph.
    pub fn uses(&self, file: &FilePath) -> bool {
        lock(&self.files).contains(file)
    }
}

/// What stands for the code behind a use in its key.
pub(super) fn digest(snap: &Snapshot, call: &Call) -> Result<Digest, Failure> {
    match &call.block {
        None => of_module(snap, &call.callee.module).map(|graph| graph.identity),
        Some(block) => block_imports(snap, &call.file, block).map(|(identity, _)| identity),
    }
}

/// The graph that runs a use.
pub(super) fn of_call(snap: &Snapshot, call: &Call) -> Result<MacroGraph, Failure> {
    let Some(block) = &call.block else {
        return of_module(snap, &call.callee.module);
    };
    let (identity, mut modules) = block_imports(snap, &call.file, block)?;
    let text = snap.text(&call.file).unwrap_or_else(|| SourceText::new(""));
    // The block stands for its file in stack traces. Where the file itself is among the modules
    // that the block reaches, the block needs a name of its own.
    let entry = if modules.iter().any(|module| module.file == call.file) {
        FilePath::new(&format!("{}#comptime", call.file))
    } else {
        call.file.clone()
    };
    let module = compile_lowered(snap, &call.file, &entry, &text, block)?;
    let digest = graph_digest(modules.iter().chain([&module]));
    let deferred = deferred(snap, &entry, &modules);
    modules.push(module);
    Ok(MacroGraph { graph: Arc::new(ModuleGraph { entry, modules, digest, deferred }), identity })
}

/// The modules that a block imports, and their identity.
fn block_imports(snap: &Snapshot, file: &FilePath, block: &Lowered) -> Result<(Digest, Vec<Module>), Failure> {
    let mut modules = BTreeMap::new();
    for target in imports(snap, file, &block.imports).into_values() {
        collect(snap, file, &target, &mut modules)?;
    }
    let modules: Vec<Module> = modules.into_values().collect();
    Ok((graph_digest(modules.iter()), modules))
}

/// The graph of a macro's module.
pub(super) fn of_module(snap: &Snapshot, entry: &FilePath) -> Result<MacroGraph, Failure> {
    let graphs = &snap.shared.graphs;
    if let Some((env, graph)) = lock(&graphs.graphs).get(entry)
        && *env == snap.state.macro_env
    {
        return graph.clone();
    }
    let mut modules = BTreeMap::new();
    let graph = collect(snap, entry, entry, &mut modules).map(|()| {
        let modules: Vec<Module> = modules.values().cloned().collect();
        let digest = graph_digest(modules.iter());
        let deferred = deferred(snap, entry, &modules);
        let graph = ModuleGraph { entry: entry.clone(), modules, digest, deferred };
        MacroGraph { graph: Arc::new(graph), identity: digest }
    });
    lock(&graphs.files).extend(modules.into_keys().chain([entry.clone()]));
    lock(&graphs.graphs).insert(entry.clone(), (snap.state.macro_env, graph.clone()));
    graph
}

fn graph_digest<'a>(modules: impl Iterator<Item = &'a Module>) -> Digest {
    let mut recipe = Recipe::new("macro modules");
    for module in modules {
        // The map too: outputs hold places in the macro's source (stacks, quotes).
        recipe.text("file", module.file.as_str()).text("js", &module.js).text("map", &module.map);
    }
    recipe.finish()
}

/// The modules that can wait until one of their functions is called, with the functions: those that do
/// nothing when they are evaluated, and import only such.
fn deferred(snap: &Snapshot, entry: &FilePath, modules: &[Module]) -> BTreeMap<FilePath, Vec<String>> {
    let known = lock(&snap.shared.graphs.modules);
    let surface = |file: &FilePath| known.get(file).map_or(&Surface::Active, |compiled| &compiled.surface);
    let mut active: HashSet<&FilePath> =
        modules.iter().map(|module| &module.file).filter(|file| *surface(file) == Surface::Active).collect();
    loop {
        let reached: Vec<&FilePath> = modules
            .iter()
            .filter(|module| !active.contains(&module.file))
            .filter(|module| module.imports.values().any(|import| active.contains(import)))
            .map(|module| &module.file)
            .collect();
        if reached.is_empty() {
            break;
        }
        active.extend(reached);
    }
    let waiting = modules.iter().map(|module| &module.file).filter(|file| !active.contains(file) && *file != entry);
    waiting
        .filter_map(|file| match surface(file) {
            Surface::Functions(names) => Some((file.clone(), names.clone())),
            _ => None,
        })
        .collect()
}

/// Adds a module and all it imports to `modules`, for code of `user`.
fn collect(
    snap: &Snapshot,
    user: &FilePath,
    file: &FilePath,
    modules: &mut BTreeMap<FilePath, Module>,
) -> Result<(), Failure> {
    let root = snap.project_of(user).root.clone();
    let mut queue = vec![file.clone()];
    while let Some(file) = queue.pop() {
        if modules.contains_key(&file) {
            continue;
        }
        if file.has_extension("json") {
            may_import(snap, &root, &file)?;
        }
        let module = compile(snap, &file)?;
        queue.extend(module.imports.values().cloned());
        modules.insert(file, module);
    }
    Ok(())
}

/// Data that a macro imports is data that it reads, and the same may be read. Packages bring data of their own.
fn may_import(snap: &Snapshot, root: &FilePath, file: &FilePath) -> Result<(), Failure> {
    let real = snap.shared.disk.realpath(file);
    let is_of_package = |path: &FilePath| path.as_str().contains("/node_modules/");
    if is_of_package(file) && is_of_package(&real) || snap.inputs(root).may_read(file, || real.clone()) {
        return Ok(());
    }
    let permissions = snap.permissions(root);
    let refused = permissions.path(file).err();
    let refused =
        refused.unwrap_or_else(|| permissions.refuse_path(file, "it is a link that leads out of the project"));
    let InputErrorKind::Refused(refusal) = refused.kind else { return Ok(()) };
    Err(Failure { help: refused.help, ..Failure::new(FailureKind::Refused(refusal), refused.message) })
}

/// What each specifier names; those that name nothing are left for the worker to report, since
/// many are types only and vanish.
fn imports(snap: &Snapshot, file: &FilePath, specifiers: &[String]) -> BTreeMap<String, FilePath> {
    specifiers
        .iter()
        .filter(|specifier| specifier.as_str() != "std/meta")
        .filter_map(|specifier| Some((specifier.clone(), resolve(snap, file, specifier)?)))
        .collect()
}

fn compile(snap: &Snapshot, file: &FilePath) -> Result<Module, Failure> {
    let Some(text) = snap.saved_text(file).or_else(|| snap.text(file)) else {
        return Err(module_failure(format!("the module {file} cannot be read")));
    };
    let graphs = &snap.shared.graphs;
    if let Some(known) = lock(&graphs.modules).get(file)
        && known.text == text
    {
        return known.module.clone();
    }
    let (module, surface) = if file.has_extension("json") {
        let module = Module {
            file: file.clone(),
            js: format!("export default {};\n", text.as_str().trim()).into(),
            map: "".into(),
            imports: BTreeMap::new(),
        };
        (Ok(module), Surface::Inert)
    } else {
        let syntax = snap.parse(text.clone());
        let facts = facts_of(snap, file, &text, Some(&syntax));
        // A macro that is `async` by mistake runs as the macro that it is.
        let async_only = syntax.recovered().filter(|recovered| recovered.blanked.is_empty());
        let lowered = match async_only {
            Some(recovered) => lower_module(file, &recovered.syntax, &FileFacts::of(&recovered.syntax)),
            None => lower_module(file, &syntax, &facts),
        };
        let module = compile_lowered(snap, file, file, &text, &lowered);
        (module, lowered.surface)
    };
    let compiled = Compiled { text, module: module.clone(), surface };
    lock(&graphs.modules).insert(file.clone(), Arc::new(compiled));
    module
}

/// Lowered TypeScript to a JavaScript module under the name `name`.
fn compile_lowered(
    snap: &Snapshot,
    file: &FilePath,
    name: &FilePath,
    text: &SourceText,
    lowered: &Lowered,
) -> Result<Module, Failure> {
    if let Some((range, message)) = lowered.faults.first() {
        let mut failure = module_failure(message.clone());
        failure.site = Some((file.clone(), *range));
        return Err(failure);
    }
    let typescript = file.with_extension("ts");
    let transpiled = snap
        .shared
        .engine
        .transpile(&typescript, &lowered.text)
        .map_err(|error| module_failure(format!("{file} cannot be turned into JavaScript: {error:?}")))?;
    if let Some(fault) = transpiled.diagnostics.first() {
        return Err(module_failure(format!("{}: {}", file.name(), fault.message)));
    }
    let map = source_map::compose(&transpiled.map, &lowered.text, &lowered.map, file, text).unwrap_or_default();
    Ok(Module {
        file: name.clone(),
        js: transpiled.js.into(),
        map: map.into(),
        imports: imports(snap, file, &lowered.imports),
    })
}
