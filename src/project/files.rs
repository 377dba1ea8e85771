//! The program's files as the engine sees them: every `a.ms` as an `a.ts` of expanded text, the
//! standard library under `node_modules/std`, editors' live text over the disk's.

use std::sync::{Arc, Mutex};

use crate::base::FilePath;
use crate::engine::Files;
use crate::expand::{Expanded, Flavour};
use crate::std_lib;
use crate::syntax::{Field, Kind, ast};
use crate::text::SourceText;

use super::config;
use super::expansion;
use super::resolution::package_of;
use super::shared::lock;
use super::snapshot::{Shown, Snapshot};

/// What the engine calls a file that `msc` calls `file`.
pub fn engine_path(file: &FilePath) -> FilePath {
    if file.is_metascript() { file.with_extension("ts") } else { file.clone() }
}

pub(super) struct ProgramFiles {
    snap: Snapshot,
    flavour: Flavour,
    /// What was read so far.
    shown: Mutex<Shown>,
}

impl ProgramFiles {
    /// Texts to check.
    pub fn new(snap: Snapshot) -> ProgramFiles {
        ProgramFiles { snap, flavour: Flavour::Check, shown: Mutex::default() }
    }

    /// The same for a program that was shown `before` of the files that did not change since.
    pub fn after(snap: Snapshot, before: &Shown) -> ProgramFiles {
        ProgramFiles { snap, flavour: Flavour::Check, shown: Mutex::new(before.clone()) }
    }

    /// Every expansion that was read.
    pub fn shown(&self) -> Arc<Shown> {
        Arc::new(lock(&self.shown).clone())
    }

    /// Texts to run or build.
    pub fn for_emit(snap: Snapshot) -> ProgramFiles {
        ProgramFiles { snap, flavour: Flavour::Emit, shown: Mutex::default() }
    }

    fn expanded(&self, file: &FilePath) -> Option<Arc<Expanded>> {
        match self.flavour {
            Flavour::Check => self.snap.expanded(file),
            Flavour::Emit => expansion::emit_text(&self.snap, file),
        }
    }
}

/// What `msc` calls a file that the engine calls `path`: `.ms` wins over `.ts` of the same stem.
pub fn source_path(snap: &Snapshot, path: &FilePath) -> FilePath {
    if path.has_extension("ts") {
        let twin = path.with_extension("ms");
        if snap.is_file(&twin) {
            return twin;
        }
    }
    path.clone()
}

/// The text of a TypeScript file that writes the extension of a Metascript file in a specifier, with
/// one that the engine knows (`./a.js` is `./a.ts` to it): as long as the other, so that places stay.
fn extensions_led(snap: &Snapshot, path: &FilePath, text: &SourceText) -> Option<Arc<str>> {
    let is_code = ["ts", "mts", "cts", "tsx"].iter().any(|extension| path.has_extension(extension));
    if !is_code || ![".ms'", ".ms\""].iter().any(|ending| text.as_str().contains(ending)) {
        return None;
    }
    let mut led = text.as_str().to_owned();
    snap.parse(text.clone()).root().walk(|node| {
        let specifier = match node.kind() {
            Kind::ImportStatement | Kind::ExportStatement => node.field(Field::Source),
            Kind::String => ast::is_dynamic_import(node).then_some(node),
            _ => None,
        };
        let Some(specifier) = specifier else { return true };
        let value = ast::string_value(specifier);
        if value.starts_with('.') && value.ends_with(".ms") && snap.is_file(&path.parent().join(&value)) {
            let end = specifier.range().end as usize - 1;
            led.replace_range(end - "ms".len()..end, "js");
        }
        node.is(Kind::ExportStatement)
    });
    Some(led.into())
}

impl Files for ProgramFiles {
    fn read(&self, path: &FilePath) -> Option<Arc<str>> {
        let file = source_path(&self.snap, path);
        if self.snap.unreadable(&file).is_some() {
            // It is there: the pass says what is wrong with it, under the name that people know.
            return Some("".into());
        }
        if file.is_metascript() {
            let expanded = self.expanded(&file)?;
            let text = expanded.text.as_str().into();
            lock(&self.shown).insert(file, expanded);
            return Some(text);
        }
        let text = self.snap.text(&file)?;
        if file.name() == "package.json" && text.as_str().contains(".ms\"") {
            // What a package offers as a `.ms` file the engine knows by its other name, as long as this.
            return Some(text.as_str().replace(".ms\"", ".ts\"").into());
        }
        if file.has_extension("json") && file.name().starts_with("tsconfig") {
            return Some(config::tsconfig_text(text.as_str()).into());
        }
        Some(extensions_led(&self.snap, path, &text).unwrap_or_else(|| text.as_str().into()))
    }

    fn is_file(&self, path: &FilePath) -> bool {
        if path.has_extension("ts") && self.snap.is_file(&path.with_extension("ms")) {
            // A package brings declarations of what it was built from: its sources are for its macros.
            let is_built = package_of(path).is_some() && self.snap.is_file(&path.with_extension("d.ts"));
            return !is_built;
        }
        !path.is_metascript() && self.snap.is_file(path)
    }

    fn is_dir(&self, path: &FilePath) -> bool {
        std_lib::is_dir(path) || self.snap.shared().disk.is_dir(path)
    }

    fn entries(&self, path: &FilePath) -> (Vec<String>, Vec<String>) {
        let (mut files, mut dirs) = match self.snap.shared().disk.entries(path) {
            Some(entries) => (entries.files.clone(), entries.dirs.clone()),
            None => std_lib::entries(path),
        };
        for (open, _) in self.snap.open_files() {
            if open.parent() == *path && !files.iter().any(|name| name == open.name()) {
                files.push(open.name().to_owned());
            }
        }
        let metascript: Vec<String> =
            files.iter().filter_map(|name| name.strip_suffix(".ms")).map(|stem| format!("{stem}.ts")).collect();
        files.retain(|name| !name.ends_with(".ms") && !metascript.contains(name));
        files.extend(metascript);
        files.sort();
        dirs.sort();
        (files, dirs)
    }

    fn realpath(&self, path: &FilePath) -> FilePath {
        if std_lib::contains(path) {
            return path.clone();
        }
        let file = source_path(&self.snap, path);
        engine_path(&self.snap.shared().disk.realpath(&file))
    }
}
