//! Imports that generated code needs, one line for each module and name, under names that are free
//! in the file.
//!
//! Invariant: reads no file; what modules export comes from their facts.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::FilePath;
use crate::macros::protocol::ImportRequest;
use crate::std_lib;

use super::{FileFacts, MacroScope};

pub(super) struct Imports<'a> {
    file: &'a FilePath,
    facts: &'a FileFacts,
    scope: &'a dyn MacroScope,
    text: &'a str,
    /// Specifier and exported name, with the name in this file.
    wanted: FxHashMap<(String, String), String>,
    /// In the order they were asked for: specifier, name, local.
    lines: Vec<(String, String, String)>,
    taken: FxHashSet<String>,
    /// Specifier and exported name of what names mean in modules of macros.
    meant: FxHashMap<(FilePath, String), Option<(String, String)>>,
}

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
        self.local(specifier, &request.name, bound)
    }

    /// The name in this file for what `name` means at the top of `module`; `None` where it means
    /// nothing there: the name stays as written.
    pub fn meant_by(&mut self, module: &FilePath, name: &str, bound: &[String]) -> Option<String> {
        if module == self.file {
            return None;
        }
        let key = (module.clone(), name.to_owned());
        if !self.meant.contains_key(&key) {
            let found = self.find_meaning(module, name);
            self.meant.insert(key.clone(), found);
        }
        let (specifier, exported) = self.meant.get(&key)?.clone()?;
        Some(self.local(specifier, &exported, bound))
    }

    fn find_meaning(&self, module: &FilePath, name: &str) -> Option<(String, String)> {
        let facts = self.scope.facts(module)?;
        if let Some((import, imported)) = facts.import_of(name) {
            if import.specifier == "std/meta" {
                return None;
            }
            return Some((self.specifier_from(module, &import.specifier), imported?.to_owned()));
        }
        if facts.macro_named(name).is_some() || !facts.declared.iter().any(|declared| declared == name) {
            return None;
        }
        // One that is not exported is imported all the same: that it is not is then an error, where the
        // name as written would be captured by whatever the file calls so.
        Some((self.specifier_of(module), facts.exported_as(name).unwrap_or(name).to_owned()))
    }

    /// The import lines, one for each module, in the order they were asked for.
    pub fn lines(&self) -> Vec<String> {
        let mut modules: Vec<(&str, Vec<String>)> = Vec::new();
        for (specifier, name, local) in &self.lines {
            let part = if name == local { name.clone() } else { format!("{name} as {local}") };
            match modules.iter_mut().find(|(known, _)| known == specifier) {
                Some((_, parts)) => parts.push(part),
                None => modules.push((specifier, vec![part])),
            }
        }
        modules
            .into_iter()
            .map(|(specifier, parts)| format!("import {{ {} }} from \"{specifier}\";", parts.join(", ")))
            .collect()
    }

    fn local(&mut self, specifier: String, name: &str, bound: &[String]) -> String {
        let key = (specifier, name.to_owned());
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
            let imported = import.names.iter().find(|imported| imported.name == name && !imported.is_type_only)?;
            (is_same && !bound.contains(&imported.local)).then(|| imported.local.clone())
        });
        let local = existing.unwrap_or_else(|| {
            let base = if name == "default" { "imported" } else { name };
            let local = std::iter::once(base.to_owned())
                .chain((1..).map(|number| format!("{base}_{number}")))
                .find(|local| !self.taken.contains(local) && !bound.contains(local) && !is_used(self.text, local))
                .expect("there is no end of numbers");
            self.taken.insert(local.clone());
            self.lines.push((key.0.clone(), key.1.clone(), local.clone()));
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
