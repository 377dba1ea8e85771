//! The standard library's sources (`src/std/*.ms`), embedded in the binary.
//!
//! In programs they live under [`ROOT`], a directory that no disk has: TypeScript's own resolution
//! finds `std/meta` there from every file, under any options, and treats it as a library.

use crate::base::FilePath;

/// Where the standard library appears to be.
pub const ROOT: &str = "/node_modules/std";

/// Path below [`ROOT`] and text of every file.
pub const FILES: &[(&str, &str)] = &[
    ("meta.ms", include_str!("std/meta.ms")),
    ("macros/derive.ms", include_str!("std/macros/derive.ms")),
    ("macros/derive/builder.ms", include_str!("std/macros/derive/builder.ms")),
    ("macros/derive/class.ms", include_str!("std/macros/derive/class.ms")),
    ("macros/derive/clone.ms", include_str!("std/macros/derive/clone.ms")),
    ("macros/derive/codec.ms", include_str!("std/macros/derive/codec.ms")),
    ("macros/derive/data.ms", include_str!("std/macros/derive/data.ms")),
    ("macros/derive/debug.ms", include_str!("std/macros/derive/debug.ms")),
    ("macros/derive/default.ms", include_str!("std/macros/derive/default.ms")),
    ("macros/derive/eq.ms", include_str!("std/macros/derive/eq.ms")),
    ("macros/derive/hash.ms", include_str!("std/macros/derive/hash.ms")),
    ("macros/derive/options.ms", include_str!("std/macros/derive/options.ms")),
    ("macros/derive/ord.ms", include_str!("std/macros/derive/ord.ms")),
    ("macros/derive/with.ms", include_str!("std/macros/derive/with.ms")),
    ("macros/derive/words.ms", include_str!("std/macros/derive/words.ms")),
    ("macros/client.ms", include_str!("std/macros/client.ms")),
    ("macros/client/openapi.ms", include_str!("std/macros/client/openapi.ms")),
    ("macros/client/schema.ms", include_str!("std/macros/client/schema.ms")),
    ("macros/client/sql.ms", include_str!("std/macros/client/sql.ms")),
    ("macros/embed.ms", include_str!("std/macros/embed.ms")),
    ("macros/serialize.ms", include_str!("std/macros/serialize.ms")),
    ("macros.ms", include_str!("std/macros.ms")),
    ("runtime.ms", include_str!("std/runtime.ms")),
    ("runtime/client.ms", include_str!("std/runtime/client.ms")),
    ("runtime/depth.ms", include_str!("std/runtime/depth.ms")),
    ("runtime/json.ms", include_str!("std/runtime/json.ms")),
    ("runtime/make.ms", include_str!("std/runtime/make.ms")),
    ("runtime/sql.ms", include_str!("std/runtime/sql.ms")),
];

/// Macros that need no import, with the module (below [`ROOT`]) that declares them.
pub const PRELUDE: &[(&str, &str)] = &[
    ("buildInfo", "macros/embed.ms"),
    ("derive", "macros/derive.ms"),
    ("embedFile", "macros/embed.ms"),
    ("embedJson", "macros/embed.ms"),
    ("serialize", "macros/serialize.ms"),
    ("todo", "macros/embed.ms"),
];

/// The text of a file of the standard library.
pub fn read(path: &FilePath) -> Option<&'static str> {
    let relative = path.as_str().strip_prefix(ROOT)?.strip_prefix('/')?;
    FILES.iter().find(|(name, _)| *name == relative).map(|(_, text)| *text)
}

/// The file that a module specifier such as `std/meta` names; `None` where it is no name of ours.
pub fn resolve(specifier: &str) -> Option<FilePath> {
    let rest = specifier.strip_prefix("std/")?;
    let name = format!("{}.ms", rest.trim_end_matches(".ms"));
    FILES.iter().any(|(file, _)| *file == name).then(|| FilePath::new(&format!("{ROOT}/{name}")))
}

/// Whether a path lies in the standard library.
pub fn contains(path: &FilePath) -> bool {
    path.as_str().strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path is a directory of the standard library, or leads to it.
pub fn is_dir(path: &FilePath) -> bool {
    let below = format!("{}/", path.as_str().trim_end_matches('/'));
    ROOT.starts_with(&below)
        || path.as_str() == ROOT
        || below
            .strip_prefix(ROOT)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|rest| FILES.iter().any(|(name, _)| name.starts_with(rest)))
}

/// The files and directories in a directory of the standard library.
pub fn entries(path: &FilePath) -> (Vec<String>, Vec<String>) {
    let below = format!("{}/", path.as_str().trim_end_matches('/'));
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for (name, _) in FILES {
        let whole = format!("{ROOT}/{name}");
        let Some(rest) = whole.strip_prefix(&below) else { continue };
        match rest.split_once('/') {
            None => files.push(rest.to_owned()),
            Some((dir, _)) if !dirs.iter().any(|known| known == dir) => dirs.push(dir.to_owned()),
            Some(_) => {}
        }
    }
    (files, dirs)
}

/// The specifier that names a file of the standard library: `std/macros/derive`.
pub fn specifier(path: &FilePath) -> Option<String> {
    let name = path.as_str().strip_prefix(ROOT)?.strip_prefix('/')?;
    Some(format!("std/{}", name.strip_suffix(".ms").unwrap_or(name)))
}
