//! The house rules: tables, and one function each that turns a file into findings.
//!
//! Invariant: pure functions of a path (from the root, forward slashes) and a text, so that
//! samples can be put to them.

use crate::scan;

/// Layers, lowest first. A module names modules of lower rows only.
pub const LAYERS: &[&[&str]] = &[
    &["base"],
    // The embedded sources of the standard library: text, no behaviour.
    &["text", "std_lib"],
    &["diagnostic"],
    &["vfs", "syntax"],
    &["cache", "format"],
    &["macros"],
    &["engine", "expand"],
    &["project"],
    &["ide"],
    &["lsp", "cli"],
];

/// Edges that point down and are forbidden all the same: (who, whom, why).
pub const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    ("engine", &["syntax", "cache", "macros"], "the engine sees TypeScript and nothing of Metascript"),
    ("ide", &["vfs", "cache", "macros"], "a feature reads a Snapshot: no disk, no rows, no macro runs"),
    ("macros", &["syntax"], "a macro's input is plain data; trees stay in expand"),
];

/// Packages and where they may be named. A `*` at the end stands for any rest of the name.
pub const OWNERS: &[(&str, &[&str])] = &[
    ("tsr_*", &["src/engine/"]),
    ("tree_sitter*", &["src/syntax/", "grammar/"]),
    ("rquickjs*", &["src/macros/"]),
    ("ureq", &["src/macros/net.rs"]),
    ("landlock", &["src/macros/confine.rs"]),
    ("rusqlite", &["src/cache/"]),
    ("notify", &["src/vfs/"]),
    ("dprint*", &["src/format/"]),
    ("tokio*", &["src/lsp/"]),
    ("tower*", &["src/lsp/"]),
    ("serde_json", &["src/lsp/", "src/cli/", "src/project/config", "src/macros/"]),
    ("clap*", &["src/cli/", "src/main.rs"]),
    ("annotate_snippets", &["src/cli/"]),
    ("tracing_subscriber", &["src/cli/", "src/lsp/", "src/main.rs"]),
];

/// Generated files, and files whose length is no fault.
const MAY_BE_LONG: &[&str] = &["grammar/src/", "schemas/", "LICENSE-"];

const MAX_LINES: usize = 1_000;

/// Written by package managers, never by hand.
fn is_lock_file(path: &str) -> bool {
    ["Cargo.lock", "package-lock.json"].iter().any(|name| path.rsplit('/').next() == Some(name))
}

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The module path of a file below `src/`: `src/engine/tsr.rs` is `["engine", "tsr"]`.
fn module_path(path: &str) -> Option<Vec<&str>> {
    let inner = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    if inner == "lib" || inner == "main" {
        return None;
    }
    let mut parts: Vec<&str> = inner.split('/').collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    Some(parts)
}

/// The top-level module that a written path leads to, seen from `from`; `None` for other crates
/// and for items of the crate's root.
fn top_module<'a>(segments: &'a [String], from: &[&'a str]) -> Option<&'a str> {
    let first = segments.first()?.as_str();
    match first {
        "crate" | "msc" => segments.get(1).map(String::as_str),
        "super" => {
            let ups = segments.iter().take_while(|segment| *segment == "super").count();
            if ups < from.len() { Some(from[0]) } else { segments.get(ups).map(String::as_str) }
        }
        _ => None,
    }
    .filter(|module| layer_of(module).is_some())
}

/// Uses of a module that lies in the same or a higher layer, and forbidden edges.
pub fn layers(path: &str, text: &str) -> Vec<String> {
    let Some(from) = module_path(path) else { return Vec::new() };
    let Some(own) = layer_of(from[0]) else { return Vec::new() };
    let mut findings = Vec::new();
    for found in scan::paths(text) {
        let Some(target) = top_module(&found.segments, &from) else { continue };
        if target == from[0] {
            continue;
        }
        let line = found.line;
        let written = found.segments.join("::");
        let layer = layer_of(target).expect("top_module returns layered modules only");
        if layer >= own {
            findings.push(format!(
                "{path}:{line}: `{written}`: `{}` (layer {own}) may not name `{target}` (layer {layer})",
                from[0]
            ));
        }
        for (who, whom, why) in FORBIDDEN {
            if *who == from[0] && whom.contains(&target) {
                findings.push(format!("{path}:{line}: `{written}`: `{who}` does not use `{target}`: {why}"));
            }
        }
    }
    findings
}

/// Modules that `src/lib.rs` declares and the table does not know.
pub fn modules_without_layer(lib: &str) -> Vec<String> {
    scan::code_of(lib)
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let name = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?.strip_suffix(';')?;
            layer_of(name).is_none().then(|| format!("src/lib.rs: `{name}` has no layer"))
        })
        .collect()
}

fn owner_matches(pattern: &str, package: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => package.starts_with(start),
        None => package == pattern,
    }
}

/// Packages named outside the module that owns them. Tests and benches may name any.
pub fn ownership(path: &str, text: &str) -> Vec<String> {
    if !path.ends_with(".rs") || !(path.starts_with("src/") || path.starts_with("grammar/")) {
        return Vec::new();
    }
    scan::paths(text)
        .iter()
        .filter_map(|found| {
            let package = found.segments.first()?;
            let (_, owners) = OWNERS.iter().find(|(pattern, _)| owner_matches(pattern, package))?;
            (!owners.iter().any(|owner| path.starts_with(owner)))
                .then(|| format!("{path}:{}: `{package}` belongs to {}", found.line, owners.join(", ")))
        })
        .collect()
}

/// Files that are too long to read in one go.
pub fn size(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines <= MAX_LINES || MAY_BE_LONG.iter().any(|start| path.starts_with(start)) || is_lock_file(path) {
        return Vec::new();
    }
    vec![format!("{path}: {lines} lines")]
}

/// Rust modules that do not say what they own.
pub fn module_docs(path: &str, text: &str) -> Vec<String> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let opens = text.lines().next().and_then(|line| line.strip_prefix("//!"));
    if opens.is_some_and(|rest| !rest.trim().is_empty()) {
        return Vec::new();
    }
    vec![format!("{path}: the first line is no `//!` with a sentence")]
}

/// Notes to oneself, unfinished code, and paths of somebody's machine.
pub fn left_over(path: &str, text: &str) -> Vec<String> {
    let generated = ["grammar/src/", "schemas/"].iter().any(|start| path.starts_with(start));
    if generated || path.starts_with("tests/tidy") || is_lock_file(path) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let is_rust = path.ends_with(".rs");
    let notes: Vec<(usize, String)> = if is_rust {
        scan::comments_of(text)
    } else {
        text.lines().enumerate().map(|(index, line)| (index + 1, line.to_string())).collect()
    };
    for (line, note) in notes {
        for (word, why) in [
            ("TODO", "finish it, or write down in docs what is missing"),
            ("FIXME", "mend it, or write down in docs what is wrong"),
            ("XXX", "say what is meant"),
            ("legacy", "history belongs to git; describe what is"),
            ("for now", "describe what is, and why"),
        ] {
            // An option of another program is called what it is called.
            if has_word(&note.replace("--legacy-peer-deps", ""), word) {
                findings.push(format!("{path}:{line}: `{word}`: {why}"));
            }
        }
    }
    if is_rust {
        for (index, line) in scan::code_of(text).lines().enumerate() {
            for word in ["todo!", "unimplemented!", "dbg!"] {
                if has_word(line, word) {
                    findings.push(format!("{path}:{}: `{word}`: unfinished", index + 1));
                }
            }
        }
    }
    for (index, line) in text.lines().enumerate() {
        for start in ["/home/", "/Users/", "/root/", "/work/", "/tmp/"] {
            if has_absolute_path(line, start) {
                findings.push(format!("{path}:{}: `{start}…` is a path of one machine", index + 1));
            }
        }
    }
    findings
}

fn has_word(text: &str, word: &str) -> bool {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !(before.is_some_and(is_word) || word.ends_with(is_word) && after.is_some_and(is_word))
    })
}

/// Whether `start` stands where a path begins, and goes on with a name.
fn has_absolute_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + start.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~/}".contains(c))
            && after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
    })
}

/// A page of `msc explain` that says no more than the list of codes does.
pub fn diagnostic_page(code: u16, title: &str, page: &str) -> Vec<String> {
    let name = format!("docs/diagnostics/MS{code:04}.md");
    let heading = format!("# MS{code:04}: {title}");
    let mut findings = Vec::new();
    if page.lines().next() != Some(&heading) {
        findings.push(format!("{name}: the first line must be `{heading}`"));
    }
    let body: usize = page.lines().skip(1).map(|line| line.trim().len()).sum();
    if body < 120 {
        findings.push(format!("{name}: has only its title; say when it appears, show an example, and the way out"));
    }
    findings
}

/// Dependencies of a manifest that a page does not name in code font.
pub fn unexplained_dependencies(manifest: &str, page: &str) -> Vec<String> {
    let mut section = "";
    let mut findings = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if section.ends_with("dependencies")
            && let Some((name, _)) = line.split_once('=')
        {
            let name = name.trim();
            if !name.starts_with('#') && !page.contains(&format!("`{name}`")) {
                findings.push(format!("`{name}` of Cargo.toml is not explained"));
            }
        }
    }
    findings
}

/// Files that a document links to, without fragments; code is no prose.
pub fn local_links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut in_fence = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            continue;
        }
        if in_fence {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        for (at, _) in prose.match_indices("](") {
            let Some(end) = prose[at + 2..].find(')') else { continue };
            let target = prose[at + 2..at + 2 + end].split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                links.push(target.to_string());
            }
        }
    }
    links
}

/// A file of the standard library that does not say what it is for.
pub fn std_file(path: &str, text: &str) -> Vec<String> {
    if text.starts_with("/**") || text.starts_with("//") {
        return Vec::new();
    }
    vec![format!("{path}: open with a comment that says what it is for")]
}
