//! A second implementation of the engine's seam. It passes questions on to another engine, and in
//! between records every call, misbehaves where a test asks for it, and counts the programs alive.
//!
//! Its options and programs are its own types: whoever looked behind the seam would find them.

// Every test uses a part of it.
#![allow(dead_code)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use msc::base::{Cancel, FilePath, TextRange};
use msc::engine::{
    CallItem, Calls, Change, CompletionDetail, CompletionItem, CompletionList, Config, ConfigSource, Declarations,
    Definition, EmitSettings, Emitted, EngineDiagnostic, EngineError, FileUses, Files, Fix, Hover, InlayHint,
    InlayOptions, ModuleResolver, Organize, Outlines, Parsed, Place, Program, Renamable, SignatureHelp,
    SignatureTrigger, Surface, Transpiled, TsrEngine, TypeEngine, TypeShape, Wanted, caught,
};

/// What a call does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Panics, and answers for it as the seam asks.
    Panic,
    /// Panics through the seam, as no engine should.
    Escaping,
    /// Works until it is cancelled.
    Slow,
    /// Says that it was cancelled, though nobody did.
    Cancelled,
    /// Answers with places that are not in the text.
    Wrong,
}

/// Far longer than anything takes, so that only a hang meets it.
const HANG: Duration = Duration::from_secs(60);

#[derive(Default)]
struct Books {
    /// Names of the calls, in the order in which they came.
    calls: Mutex<Vec<&'static str>>,
    called: Condvar,
    faults: Mutex<HashMap<&'static str, Fault>>,
    /// Calls that ended because their `Cancel` was tripped.
    stopped: AtomicUsize,
    alive: AtomicUsize,
}

/// The engine, and the books that a test reads and writes.
#[derive(Clone, Default)]
pub struct Double {
    books: Arc<Books>,
    within: Arc<TsrEngine>,
}

impl Double {
    pub fn fail(&self, call: &'static str, fault: Fault) {
        self.books.faults.lock().unwrap().insert(call, fault);
    }

    pub fn heal(&self) {
        self.books.faults.lock().unwrap().clear();
    }

    /// How often a call came.
    pub fn count(&self, call: &str) -> usize {
        self.books.calls.lock().unwrap().iter().filter(|one| **one == call).count()
    }

    /// Waits until a call has come so often.
    pub fn wait_for(&self, call: &str, times: usize) {
        let calls = self.books.calls.lock().unwrap();
        let few = |calls: &mut Vec<&'static str>| calls.iter().filter(|one| **one == call).count() < times;
        let (calls, waited) = self.books.called.wait_timeout_while(calls, HANG, few).unwrap();
        assert!(!waited.timed_out(), "`{call}` did not come {times} times: {calls:?}");
    }

    /// How many calls were cancelled while they worked.
    pub fn stopped(&self) -> usize {
        self.books.stopped.load(Ordering::SeqCst)
    }

    /// Waits until so many were.
    pub fn wait_until_stopped(&self, times: usize) {
        let began = Instant::now();
        while self.stopped() < times {
            assert!(began.elapsed() < HANG, "{} calls were stopped, and not {times}", self.stopped());
            thread::yield_now();
        }
    }

    /// Whether a world or a snapshot still has the engine.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.within) > 1
    }

    /// Programs that something still holds.
    pub fn alive(&self) -> usize {
        self.books.alive.load(Ordering::SeqCst)
    }
}

impl Books {
    /// Enters a call in the books, does what a fault asks for, or the work.
    fn enter<T: Bend>(
        &self,
        call: &'static str,
        cancel: &Cancel,
        work: impl FnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        // Looked up first: who waits for the call may heal the engine as soon as it has come.
        let fault = self.faults.lock().unwrap().get(call).copied();
        self.calls.lock().unwrap().push(call);
        self.called.notify_all();
        match fault {
            None => work(),
            Some(Fault::Panic) => caught(call, || panic!("the double was told to panic")),
            Some(Fault::Escaping) => panic!("the double was told to panic through the seam"),
            Some(Fault::Cancelled) => Err(EngineError::Cancelled),
            Some(Fault::Wrong) => work().map(Bend::bend),
            Some(Fault::Slow) => {
                let tripped = Arc::new((Mutex::new(false), Condvar::new()));
                let theirs = tripped.clone();
                let _listening = cancel.on_cancel(move || {
                    *theirs.0.lock().unwrap() = true;
                    theirs.1.notify_all();
                });
                let guard = tripped.0.lock().unwrap();
                let (_guard, hung) = tripped.1.wait_timeout_while(guard, HANG, |tripped| !*tripped).unwrap();
                assert!(!hung.timed_out(), "nobody cancelled `{call}`");
                self.stopped.fetch_add(1, Ordering::SeqCst);
                Err(EngineError::Cancelled)
            }
        }
    }
}

/// Options as the double keeps them.
struct Own(Config);

/// A program of the double.
struct Wrapped {
    within: Arc<dyn Program>,
    books: Arc<Books>,
}

impl Drop for Wrapped {
    fn drop(&mut self) {
        self.books.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Double {
    fn wrap(&self, within: Arc<dyn Program>) -> Arc<dyn Program> {
        self.books.alive.fetch_add(1, Ordering::SeqCst);
        Arc::new(Wrapped { within, books: self.books.clone() })
    }

    fn own(config: Config) -> Config {
        Config { parsed: Parsed::new(Own(config.clone())), ..config }
    }
}

impl TypeEngine for Double {
    fn name(&self) -> &str {
        "a double"
    }

    fn library(&self, file: &FilePath) -> Option<&'static str> {
        self.within.library(file)
    }

    fn config(&self, files: &Arc<dyn Files>, source: &ConfigSource) -> Result<Config, EngineError> {
        self.books.enter("config", &Cancel::new(), || self.within.config(files, source)).map(Double::own)
    }

    fn config_to_emit(&self, config: &Config, settings: EmitSettings) -> Result<Config, EngineError> {
        let Own(config) = config.parsed.open()?;
        self.within.config_to_emit(config, settings).map(Double::own)
    }

    fn resolver(
        &self,
        config: &Config,
        files: Arc<dyn Files>,
        wanted: Wanted,
    ) -> Result<Arc<dyn ModuleResolver>, EngineError> {
        let Own(config) = config.parsed.open()?;
        self.books.enter("resolver", &Cancel::new(), || self.within.resolver(config, files, wanted))
    }

    fn load(
        &self,
        config: &Config,
        roots: Option<&[FilePath]>,
        files: Arc<dyn Files>,
    ) -> Result<Arc<dyn Program>, EngineError> {
        let Own(config) = config.parsed.open()?;
        let program = self.books.enter("load", &Cancel::new(), || self.within.load(config, roots, files))?;
        Ok(self.wrap(program))
    }

    fn update(
        &self,
        old: &Arc<dyn Program>,
        changed: &[FilePath],
        files: Arc<dyn Files>,
    ) -> Result<Arc<dyn Program>, EngineError> {
        let any: &dyn std::any::Any = &**old;
        let old = any.downcast_ref::<Wrapped>().expect("the double gets back its own programs");
        let update = || self.within.update(&old.within, changed, files);
        let program = self.books.enter("update", &Cancel::new(), update)?;
        Ok(self.wrap(program))
    }

    fn transpile(&self, file: &FilePath, text: &str) -> Result<Transpiled, EngineError> {
        self.books.enter("transpile", &Cancel::new(), || self.within.transpile(file, text))
    }
}

/// Passes the methods that ask something on, under their own names.
macro_rules! asked {
    ($(fn $name:ident(&self, $($arg:ident: $of:ty),*) -> $out:ty;)*) => {
        $(fn $name(&self, $($arg: $of,)* cancel: &Cancel) -> Result<$out, EngineError> {
            self.books.enter(stringify!($name), cancel, || self.within.$name($($arg,)* cancel))
        })*
    };
}

impl Program for Wrapped {
    fn files(&self) -> Vec<FilePath> {
        self.within.files()
    }

    fn contains(&self, file: &FilePath) -> bool {
        self.within.contains(file)
    }

    fn imports(&self, file: &FilePath) -> Vec<FilePath> {
        self.within.imports(file)
    }

    fn outlines(&self) -> Result<Outlines, EngineError> {
        self.books.enter("outlines", &Cancel::new(), || self.within.outlines())
    }

    fn option_diagnostics(&self) -> Result<Vec<EngineDiagnostic>, EngineError> {
        self.books.enter("option_diagnostics", &Cancel::new(), || self.within.option_diagnostics())
    }

    fn global_diagnostics(&self) -> Result<Vec<EngineDiagnostic>, EngineError> {
        self.books.enter("global_diagnostics", &Cancel::new(), || self.within.global_diagnostics())
    }

    fn diagnostics_of(
        &self,
        files: &[FilePath],
        threads: usize,
        cancel: &Cancel,
        done: &(dyn Fn(&FilePath, Vec<EngineDiagnostic>) + Sync),
    ) -> Result<(), EngineError> {
        let is_wrong = self.books.faults.lock().unwrap().get("diagnostics_of") == Some(&Fault::Wrong);
        let bent = |file: &FilePath, found: Vec<EngineDiagnostic>| match is_wrong {
            true => done(file, found.bend()),
            false => done(file, found),
        };
        self.books.enter("diagnostics_of", cancel, || self.within.diagnostics_of(files, threads, cancel, &bent))
    }

    fn uses(
        &self,
        files: &[FilePath],
        cancel: &Cancel,
        done: &mut dyn FnMut(&FilePath, FileUses),
    ) -> Result<(), EngineError> {
        self.books.enter("uses", cancel, || self.within.uses(files, cancel, done))
    }

    asked! {
        fn surfaces(&self,) -> Vec<Arc<Surface>>;
        fn diagnostics(&self, file: &FilePath, suggestions: bool) -> Vec<EngineDiagnostic>;
        fn completion(&self, file: &FilePath, offset: u32, trigger: Option<char>) -> CompletionList;
        fn resolve_completion(&self, file: &FilePath, offset: u32, item: &CompletionItem) -> CompletionDetail;
        fn hover(&self, file: &FilePath, offset: u32) -> Option<Hover>;
        fn definition(&self, file: &FilePath, offset: u32) -> Definition;
        fn type_definition(&self, file: &FilePath, offset: u32) -> Definition;
        fn references(&self, file: &FilePath, offset: u32, include_declaration: bool) -> Vec<Place>;
        fn implementations(&self, file: &FilePath, offset: u32) -> Definition;
        fn signature_help(&self, file: &FilePath, offset: u32, trigger: SignatureTrigger) -> Option<SignatureHelp>;
        fn can_rename(&self, file: &FilePath, offset: u32) -> Renamable;
        fn rename(&self, file: &FilePath, offset: u32, new_name: &str) -> Vec<Change>;
        fn inlay_hints(&self, file: &FilePath, range: TextRange, options: InlayOptions) -> Vec<InlayHint>;
        fn call_items(&self, file: &FilePath, offset: u32) -> Vec<CallItem>;
        fn incoming_calls(&self, file: &FilePath, offset: u32) -> Vec<Calls>;
        fn outgoing_calls(&self, file: &FilePath, offset: u32) -> Vec<Calls>;
        fn fixes(&self, file: &FilePath, findings: &[(TextRange, u32)]) -> Vec<Fix>;
        fn organize_imports(&self, file: &FilePath, mode: Organize) -> Vec<Change>;
        fn file_renamed(&self, old: &FilePath, new: &FilePath) -> Vec<Change>;
        fn declarations(&self,) -> Vec<Declarations>;
        fn type_shapes(&self, file: &FilePath, ranges: &[TextRange]) -> Vec<Option<TypeShape>>;
        fn emit(&self, files: &[FilePath]) -> (Vec<Emitted>, Vec<EngineDiagnostic>);
    }
}

/// Leads an answer's places out of every text.
trait Bend: Sized {
    fn bend(self) -> Self {
        self
    }
}

/// Beyond the end of any file of a test, and beyond a character's edge on the way there.
fn away(range: TextRange) -> TextRange {
    TextRange::new(range.start + 1_000_003, range.end + 2_000_005)
}

impl Bend for () {}
impl Bend for Outlines {}
impl Bend for Config {}
impl Bend for Transpiled {}
impl Bend for Arc<dyn Program> {}
impl Bend for Arc<dyn ModuleResolver> {}
impl Bend for Vec<Arc<Surface>> {}
impl Bend for Vec<Option<TypeShape>> {}
impl Bend for (Vec<Emitted>, Vec<EngineDiagnostic>) {}
impl Bend for Option<SignatureHelp> {}

impl<T: Bent> Bend for Vec<T> {
    fn bend(mut self) -> Self {
        self.iter_mut().for_each(Bent::bent);
        self
    }
}

/// One item of a list.
trait Bent {
    fn bent(&mut self);
}

impl Bent for EngineDiagnostic {
    fn bent(&mut self) {
        self.range = away(self.range);
        self.related.iter_mut().for_each(|related| related.range = away(related.range));
    }
}

impl Bent for Place {
    fn bent(&mut self) {
        self.range = away(self.range);
        self.full = self.full.map(away);
    }
}

impl Bent for Change {
    fn bent(&mut self) {
        self.range = away(self.range);
    }
}

impl Bent for Fix {
    fn bent(&mut self) {
        self.edits.iter_mut().for_each(Bent::bent);
    }
}

impl Bent for InlayHint {
    fn bent(&mut self) {
        self.offset += 1_000_003;
    }
}

impl Bent for CallItem {
    fn bent(&mut self) {
        self.place.bent();
    }
}

impl Bent for Calls {
    fn bent(&mut self) {
        self.item.bent();
        self.ranges.iter_mut().for_each(|range| *range = away(*range));
    }
}

impl Bent for Declarations {
    fn bent(&mut self) {
        let bent = |one: &msc::engine::Declaration| msc::engine::Declaration { range: away(one.range), ..one.clone() };
        self.list = self.list.iter().map(bent).collect();
    }
}

impl Bend for CompletionList {
    fn bend(mut self) -> Self {
        for item in &mut self.items {
            item.replace = Some(away(item.replace.unwrap_or_default()));
        }
        self
    }
}

impl Bend for CompletionDetail {
    fn bend(mut self) -> Self {
        self.edits.push((away(TextRange::default()), "import {} from 'nowhere';".to_owned()));
        self
    }
}

impl Bend for Option<Hover> {
    fn bend(self) -> Self {
        self.map(|hover| Hover { range: away(hover.range), ..hover })
    }
}

impl Bend for Definition {
    fn bend(self) -> Self {
        Definition { asked: self.asked.map(away), targets: self.targets.bend() }
    }
}

impl Bend for Renamable {
    fn bend(self) -> Self {
        match self {
            Renamable::Yes { range, name } => Renamable::Yes { range: away(range), name },
            no => no,
        }
    }
}
