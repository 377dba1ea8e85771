//! Imports that generated code needs, one line for each module and name, under names that are free
//! in the file.
//!
//! Invariant: reads no file; what modules export comes from their facts.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::FilePath;
use crate::macros::protocol::ImportRequest;
use crate::std_lib;

use super::hygiene::lent_name;
use super::{FileFacts, MacroScope};

pub(super) struct Imports<'a> {
    file: &'a FilePath,
    facts: &'a FileFacts,
    scope: &'a dyn MacroScope,
    text: &'a str,
    /// Specifier and exported name, with the name in this file.
    wanted: FxHashMap<(String, String), String>,
    /// In the order they were asked for.
    lines: Vec<Line>,
    taken: FxHashSet<String>,
    /// What names mean in modules of macros.
    meant: FxHashMap<(FilePath, String), Meaning>,
}

struct Line {
    specifier: String,
    name: String,
    local: String,
    is_type: bool,
}

/// What a name means at the top of a macro's module.
#[derive(Clone)]
enum Meaning {
    /// An export of a module; `*` is the module itself.
    Export { specifier: String, name: String, is_type: bool },
    /// Something that no other file can name: a macro, a compile-time function.
    Here,
    /// Nothing that the module says: a global, if anything.
    Global,
}

/// `import * as name`.
const NAMESPACE: &str = "*";

impl<'a> Imports<'a> {
    pub fn new(file: &'a FilePath, facts: &'a FileFacts, scope: &'a dyn MacroScope, text: &'a str) -> Imports<'a> {
        Imports {
            file,
            facts,
            scope,
            text,
            wanted: FxHashMap::default(),
            lines: Vec::new(),
            taken: FxHashSet::default(),
            meant: FxHashMap::default(),
        }
    }

    /// The name in this file for what `ctx.import` asked for.
    pub fn requested(&mut self, request: &ImportRequest, bound: &[String]) -> String {
        let specifier = self.specifier_from(&request.from, &request.module);
        self.local(&specifier, &request.name, false, bound)
    }

    /// What stands in this file for what `name` means at the top of `module`; `None` where the name
    /// can stay as written. `bound` are names that the generated code binds, `hidden` those that
    /// something around the use binds.
    pub fn meant_by(
        &mut self,
        module: &FilePath,
        name: &str,
        bound: &[String],
        hidden: &FxHashSet<String>,
    ) -> Option<String> {
        let is_own = module == self.file;
        if is_own && !hidden.contains(name) {
            return None;
        }
        let key = (module.clone(), name.to_owned());
        if !self.meant.contains_key(&key) {
            let found = self.find_meaning(module, name);
            self.meant.insert(key.clone(), found);
        }
        match self.meant.get(&key)?.clone() {
            Meaning::Here => None,
            Meaning::Export { specifier, name, is_type } => {
                let taken: Vec<String> = bound.iter().chain(hidden).cloned().collect();
                Some(self.local(&specifier, &name, is_type, &taken))
            }
            Meaning::Global => {
                let is_hidden = hidden.contains(name) || (!is_own && self.facts.binds(name));
                (is_hidden && !matches!(name, "globalThis" | "arguments" | "undefined"))
                    .then(|| format!("globalThis.{name}"))
            }
        }
    }

    fn find_meaning(&self, module: &FilePath, name: &str) -> Meaning {
        let own: FileFacts;
        let known;
        let facts = if module == self.file {
            self.facts
        } else {
            known = self.scope.facts(module);
            match &known {
                Some(facts) => facts.as_ref(),
                None => {
                    own = FileFacts::default();
                    &own
                }
            }
        };
        if let Some((import, imported)) = facts.import_of(name) {
            if import.specifier == "std/meta" {
                return Meaning::Here;
            }
            let is_type = import.is_type_only
                || import.names.iter().any(|imported| imported.local == name && imported.is_type_only);
            let specifier = self.specifier_from(module, &import.specifier);
            return Meaning::Export { specifier, name: imported.unwrap_or(NAMESPACE).to_owned(), is_type };
        }
        let specifier = self.specifier_of(module);
        if let Some(exported) = facts.exported_as(name).filter(|_| facts.macro_named(name).is_none()) {
            return Meaning::Export { specifier, name: exported.to_owned(), is_type: false };
        }
        if let Some(lent) = facts.lent.iter().find(|lent| lent.name == name)
            && facts.is_module()
        {
            return Meaning::Export { specifier, name: lent_name(name), is_type: lent.is_type };
        }
        if facts.declared.iter().any(|declared| declared == name) { Meaning::Here } else { Meaning::Global }
    }

    /// The import lines, one for each module, in the order they were asked for.
    pub fn lines(&self) -> Vec<String> {
        let mut modules: Vec<(&str, Vec<String>)> = Vec::new();
        let mut whole = Vec::new();
        for Line { specifier, name, local, is_type } in &self.lines {
            let kind = if *is_type { "type " } else { "" };
            if name == NAMESPACE {
                whole.push(format!("import {kind}* as {local} from \"{specifier}\";"));
                continue;
            }
            let part = if name == local { format!("{kind}{name}") } else { format!("{kind}{name} as {local}") };
            match modules.iter_mut().find(|(known, _)| known == specifier) {
                Some((_, parts)) => parts.push(part),
                None => modules.push((specifier.as_str(), vec![part])),
            }
        }
        whole
            .into_iter()
            .chain(
                modules
                    .into_iter()
                    .map(|(specifier, parts)| format!("import {{ {} }} from \"{specifier}\";", parts.join(", "))),
            )
            .collect()
    }

    fn local(&mut self, specifier: &str, name: &str, is_type: bool, bound: &[String]) -> String {
        let key = (specifier.to_owned(), name.to_owned());
        if let Some(local) = self.wanted.get(&key)
            && !bound.contains(local)
        {
            return local.clone();
        }
        let existing = self.facts.imports.iter().filter(|import| !import.is_type_only).find_map(|import| {
            let is_same = import.specifier == key.0
                || self
                    .scope
                    .module(self.file, &import.specifier)
                    .is_some_and(|file| self.specifier_of(&file) == key.0);
            if name == NAMESPACE {
                return import.namespace.clone().filter(|local| is_same && !bound.contains(local));
            }
            if name == "default" {
                return import.default.clone().filter(|local| is_same && !bound.contains(local));
            }
            let imported = import.names.iter().find(|imported| imported.name == name && !imported.is_type_only)?;
            (is_same && !bound.contains(&imported.local)).then(|| imported.local.clone())
        });
        let local = existing.unwrap_or_else(|| {
            let base = match name {
                "default" | NAMESPACE => "imported",
                _ => name.strip_prefix(&lent_name("")).unwrap_or(name),
            };
            let local = std::iter::once(base.to_owned())
                .chain((1..).map(|number| format!("{base}_{number}")))
                .find(|local| !self.taken.contains(local) && !bound.contains(local) && !is_used(self.text, local))
                .expect("there is no end of numbers");
            self.taken.insert(local.clone());
            let (specifier, name) = key.clone();
            self.lines.push(Line { specifier, name, local: local.clone(), is_type });
            local
        });
        self.wanted.insert(key, local.clone());
        local
    }

    /// How this file names what `from` names `specifier`.
    fn specifier_from(&self, from: &FilePath, specifier: &str) -> String {
        if specifier.starts_with("./") || specifier.starts_with("../") || specifier == "." || specifier == ".." {
            self.specifier_of(&from.parent().join(specifier))
        } else {
            without_extension(specifier).to_owned()
        }
    }

    /// How this file names another one.
    pub fn specifier_of(&self, target: &FilePath) -> String {
        // The standard library stands where packages do, and is none: all its modules can be imported.
        if target.is_under(&FilePath::new(std_lib::ROOT)) {
            return specifier_between(self.file, target);
        }
        let package = self.scope.package_specifier(self.file, &self.facts.imports, target);
        package.unwrap_or_else(|| specifier_between(self.file, target))
    }
}

pub(super) fn specifier_between(file: &FilePath, target: &FilePath) -> String {
    let std = FilePath::new(std_lib::ROOT);
    if target.is_under(&std) {
        return format!("std/{}", without_extension(target.relative_to(&std)));
    }
    let mut directory = file.parent();
    let mut ups = 0;
    while !target.is_under(&directory) && directory.as_str() != "/" {
        directory = directory.parent();
        ups += 1;
    }
    let rest = without_extension(target.relative_to(&directory)).trim_start_matches('/');
    let up = if ups == 0 { "./".to_owned() } else { "../".repeat(ups) };
    format!("{up}{rest}")
}

fn without_extension(specifier: &str) -> &str {
    [".ms", ".d.ts", ".ts"].iter().find_map(|extension| specifier.strip_suffix(extension)).unwrap_or(specifier)
}

/// Whether `name` occurs as a word, other than behind a dot.
fn is_used(text: &str, name: &str) -> bool {
    let is_word = |ch: char| ch.is_alphanumeric() || ch == '_' || ch == '$';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(|ch| is_word(ch) || ch == '.') && !after.is_some_and(is_word)
    })
}
