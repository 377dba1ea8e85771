//! House rules as tests: layers, who may name which package, sizes, module docs, and what must
//! not stand in the tree. The rules themselves are tables in [`rules`]; how Rust text is read is
//! in [`scan`].
//!
//! Each test collects every finding before it fails, and each finding says what to do.

#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/scan.rs"]
mod scan;

use std::fs;
use std::path::{Path, PathBuf};

use msc::diagnostic::code::REGISTRY;

/// A file of the project: its path from the root, with forward slashes, and its text.
struct ProjectFile {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the project. What builds and editors leave behind is not the project's.
fn project_files() -> Vec<ProjectFile> {
    const NOT_OURS: &[&str] = &["target", "node_modules", ".git", ".metascript-cache"];
    fn walk(directory: &Path, out: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        for entry in entries {
            let entry = entry.expect("a directory can be listed to its end");
            let kind = entry.file_type().expect("an entry has a kind");
            let name = entry.file_name();
            if kind.is_dir() {
                if !NOT_OURS.iter().any(|skip| name == *skip) {
                    walk(&entry.path(), out);
                }
            } else if kind.is_file() && name != ".git" {
                out.push(entry.path());
            }
        }
    }
    let mut paths = Vec::new();
    walk(root(), &mut paths);
    paths.sort();
    let files: Vec<ProjectFile> = paths
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            let relative = path.strip_prefix(root()).expect("the walk stays below the root");
            Some(ProjectFile { path: relative.to_string_lossy().replace('\\', "/"), text })
        })
        .collect();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the walk finds the project");
    files
}

fn report(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{rule}\n\n  {}\n", findings.join("\n  "));
}

fn check(rule: &str, finder: impl Fn(&str, &str) -> Vec<String>) {
    report(rule, project_files().iter().flat_map(|file| finder(&file.path, &file.text)).collect());
}

#[test]
fn layers() {
    check(
        "A module may name only modules of lower layers (the list in src/lib.rs, docs/ARCHITECTURE.md). \
         Move the shared piece down, or hand the data in by value:",
        rules::layers,
    );
}

#[test]
fn every_module_has_a_layer() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs is readable");
    report(
        "Every module of src/lib.rs needs its row in LAYERS (tests/tidy/rules.rs):",
        rules::modules_without_layer(&lib),
    );
}

#[test]
fn package_ownership() {
    check(
        "A package is named by its owner only, so that it can be replaced in one place. \
         Ask the owning module for what you need, in our own vocabulary:",
        rules::ownership,
    );
}

#[test]
fn file_size() {
    check(
        "A file has at most 1,000 lines; 500 are comfortable. Split by what the parts own, not by number:",
        rules::size,
    );
}

#[test]
fn module_docs() {
    check(
        "Every Rust module opens with `//!`: what it owns, what it deliberately does not know \
         (`Invariant:`), on which thread it runs, where to start reading:",
        rules::module_docs,
    );
}

#[test]
fn nothing_left_over() {
    check("These do not belong in the tree (the reason follows each):", rules::left_over);
}

#[test]
fn diagnostics_have_pages() {
    let mut findings = Vec::new();
    for entry in REGISTRY {
        findings.extend(rules::diagnostic_page(entry.code, entry.title, entry.page));
    }
    let known: Vec<String> = REGISTRY.iter().map(|entry| format!("docs/diagnostics/MS{:04}.md", entry.code)).collect();
    for file in project_files() {
        if file.path.starts_with("docs/diagnostics/MS") && !known.contains(&file.path) {
            findings.push(format!("{}: no such code in src/diagnostic/code.rs; remove the page", file.path));
        }
    }
    let codes: Vec<u16> = REGISTRY.iter().map(|entry| entry.code).collect();
    if !codes.is_sorted_by(|a, b| a < b) {
        findings.push("src/diagnostic/code.rs: keep the registry in ascending order, each number once".into());
    }
    report("Every diagnostic has a page that `msc explain` prints:", findings);
}

#[test]
fn dependencies_are_explained() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml is readable");
    let page = root().join("docs/decisions/007-dependencies.md");
    let page = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    report(
        "Every dependency has its reason, and what was rejected, in docs/decisions/007-dependencies.md:",
        rules::unexplained_dependencies(&manifest, &page),
    );
}

#[test]
fn standard_library_is_embedded() {
    let embedded: Vec<String> = msc::std_lib::FILES.iter().map(|(name, _)| format!("src/std/{name}")).collect();
    let mut findings = Vec::new();
    for file in project_files() {
        if !file.path.starts_with("src/std/") {
            continue;
        }
        if !embedded.contains(&file.path) {
            findings.push(format!("{}: add it to FILES in src/std_lib.rs", file.path));
        }
        findings.extend(rules::std_file(&file.path, &file.text));
    }
    report("The standard library's files are embedded and documented:", findings);
}

#[test]
fn links_in_documents_lead_somewhere() {
    let findings = project_files()
        .iter()
        .filter(|file| file.path.ends_with(".md") && !file.path.starts_with("tests/"))
        .flat_map(|file| {
            let directory = root().join(&file.path).parent().expect("a file has a directory").to_path_buf();
            rules::local_links(&file.text)
                .into_iter()
                .filter(move |link| !directory.join(link).exists())
                .map(|link| format!("{}: `{link}` does not exist", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    report("Relative links in documents name files that exist:", findings);
}

/// The checks themselves, on samples that must fail and on samples that must pass.
mod checks_of_the_checks {
    use super::{rules, scan};

    fn assert_finds(findings: Vec<String>, needle: &str) {
        assert!(findings.iter().any(|finding| finding.contains(needle)), "no finding with {needle:?} in {findings:?}");
    }

    fn assert_clean(findings: Vec<String>) {
        assert!(findings.is_empty(), "unexpected: {findings:?}");
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        let code = scan::code_of(
            "//! crate::lsp\nlet a = \"crate::lsp\"; /* crate::lsp /* nested */ */ let b = r#\"crate::lsp \" \"#;\n\
             let c = 'x'; let d: &'static str = b; // crate::lsp\nlet e = '\\''; crate::base::x();",
        );
        assert_eq!(code.matches("crate::").count(), 1, "{code}");
        assert!(code.contains("'static str"), "{code}");
        assert_eq!(code.lines().count(), 4, "lines are kept: {code}");
    }

    #[test]
    fn use_trees_are_flattened() {
        let paths = scan::paths("use crate::{base::{A, B as C}, text, vfs::*};\nfn f() { crate::ide::hover(); }");
        let names: Vec<String> = paths.iter().map(|path| path.segments.join("::")).collect();
        for expected in ["crate::base::A", "crate::base::B", "crate::text", "crate::vfs", "crate::ide::hover"] {
            assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
        }
        assert_eq!(paths.last().map(|path| path.line), Some(2));
    }

    #[test]
    fn a_higher_layer_is_found() {
        assert_finds(rules::layers("src/text/edit.rs", "use crate::project::World;"), "src/text/edit.rs:1");
        assert_finds(rules::layers("src/base/range.rs", "use crate::text::TextEdit;"), "`text`");
        assert_finds(rules::layers("src/ide/hover.rs", "\n\nuse crate::{base::Cancel, lsp::Backend};"), ":3");
        assert_finds(rules::layers("src/engine/mod.rs", "fn f() { crate::expand::run() }"), "`expand`");
        assert_finds(rules::layers("src/engine/mod.rs", "use super::project;"), "`project`");
        assert_finds(rules::layers("src/engine/tsr.rs", "use super::super::ide::hover;"), "`ide`");
        assert_finds(rules::layers("src/ide/hover.rs", "use crate::cache::Store;"), "`cache`");
    }

    #[test]
    fn lower_layers_and_the_own_module_pass() {
        assert_clean(rules::layers(
            "src/project/pass.rs",
            "use super::{Revision, Snapshot}; use crate::engine::Program;",
        ));
        assert_clean(rules::layers("src/ide/hover.rs", "use super::IdeResult; use crate::project::Snapshot;"));
        assert_clean(rules::layers("src/base/digest.rs", "let x = crate::BUILD;"));
        assert_clean(rules::layers("src/base/digest.rs", "// see crate::lsp\nlet x = \"crate::lsp\";"));
        assert_clean(rules::layers("tests/wire.rs", "use msc::lsp::x;"));
        assert_clean(rules::layers("src/engine/tsr/load.rs", "use super::convert; use super::super::Program;"));
    }

    #[test]
    fn a_module_without_layer_is_found() {
        assert_finds(rules::modules_without_layer("pub mod base;\npub mod gadgets;\nmod text;"), "gadgets");
        assert_clean(rules::modules_without_layer("pub mod base;\nmod text;"));
    }

    #[test]
    fn a_package_outside_its_owner_is_found() {
        assert_finds(rules::ownership("src/ide/hover.rs", "use tsr_ls::LanguageService;"), "src/engine");
        assert_finds(rules::ownership("src/project/world.rs", "fn f() { rusqlite::Connection::open(p) }"), "src/cache");
        assert_finds(rules::ownership("src/expand/call.rs", "use tree_sitter::Node;"), "src/syntax");
        assert_finds(rules::ownership("src/project/pass.rs", "use serde_json::Value;"), "serde_json");
        assert_finds(rules::ownership("src/ide/mod.rs", "#[tokio::main]\nasync fn f() {}"), "src/lsp");
        assert_finds(rules::ownership("src/ide/mod.rs", "use ::tower_lsp::Client;"), "src/lsp");
        assert_finds(rules::ownership("src/vfs/mod.rs", "extern crate rquickjs;"), "src/macros");
    }

    #[test]
    fn a_package_at_its_owner_passes() {
        assert_clean(rules::ownership("src/engine/tsr/load.rs", "use tsr_ls::LanguageService;"));
        assert_clean(rules::ownership("src/project/config.rs", "use serde_json::Value;"));
        assert_clean(rules::ownership("src/engine/mod.rs", "pub(in crate::engine) inner: Arc<tsr::ParsedConfig>,"));
        assert_clean(rules::ownership("tests/grammar.rs", "use tree_sitter::Parser;"));
        assert_clean(rules::ownership("src/vfs/mod.rs", "fn notify(&self) {} // notify::Watcher"));
        assert_clean(rules::ownership("src/ide/mod.rs", "self.tokio::<X>()"));
    }

    #[test]
    fn a_long_file_is_found() {
        assert_finds(rules::size("src/x.rs", &"x\n".repeat(1001)), "1001");
        assert_clean(rules::size("src/x.rs", &"x\n".repeat(1000)));
        assert_clean(rules::size("grammar/src/parser.c", &"x\n".repeat(5000)));
        assert_clean(rules::size("Cargo.lock", &"x\n".repeat(5000)));
    }

    #[test]
    fn a_module_without_docs_is_found() {
        assert_finds(rules::module_docs("src/x.rs", "use a;\n//! late\n"), "src/x.rs");
        assert_finds(rules::module_docs("tests/x.rs", "//!\n"), "tests/x.rs");
        assert_clean(rules::module_docs("src/x.rs", "//! What it owns.\nuse a;\n"));
        assert_clean(rules::module_docs("grammar/src/x.c", "int x;"));
    }

    #[test]
    fn left_overs_are_found() {
        let mark = ["TO", "DO"].concat();
        let old = ["leg", "acy"].concat();
        assert_finds(rules::left_over("src/x.rs", &format!("//! A.\n// {mark}: later\n")), "src/x.rs:2");
        assert_finds(rules::left_over("src/x.rs", &format!("// the {old} path\n")), ":1");
        assert_finds(rules::left_over("src/x.rs", &format!("fn f() {{ {}!() }}", mark.to_lowercase())), "unfinished");
        assert_finds(rules::left_over("docs/x.md", &format!("see /{}/measure", "tmp")), "machine");
        assert_finds(rules::left_over("README.md", &format!("cd /{}/anna/code", "home")), "machine");
        assert_clean(rules::left_over("docs/x.md", "see https://example.org/home/ and a/home/b"));
        assert_clean(rules::left_over("src/x.rs", &format!("let {old}_decorators = true; call(\"{mark}\")")));
    }

    #[test]
    fn an_empty_page_is_found() {
        assert_finds(rules::diagnostic_page(1001, "Syntax error", "# MS1001: Syntax error\n"), "only its title");
        assert_finds(rules::diagnostic_page(1001, "Syntax error", "# MS1002: Syntax error\n\nText."), "first line");
        let page = "# MS1001: Syntax error\n\nThe text cannot be read as Metascript. The message says what was \
                    expected.\n\n```ms\nlet = 1;\n```\n\nWrite what the message names, or remove what it points at.\n";
        assert_clean(rules::diagnostic_page(1001, "Syntax error", page));
    }

    #[test]
    fn an_unexplained_dependency_is_found() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\nlru = { version = \"1\" }\n\
                        [dev-dependencies]\ninsta = \"1\"\n[profile.dev]\ndebug = 1\n";
        let findings = rules::unexplained_dependencies(manifest, "`serde` because. `insta` too.");
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_finds(findings, "lru");
    }

    #[test]
    fn local_links_are_taken_from_prose_only() {
        let links = rules::local_links(
            "[a](docs/a.md#part) [b](https://example.org) [c](#here)\n```ms\n[x](y.md)\n```\n`[z](w.md)` ![i](i.png)",
        );
        assert_eq!(links, ["docs/a.md", "i.png"]);
    }

    #[test]
    fn a_std_file_without_docs_is_found() {
        assert_finds(rules::std_file("src/std/x.ms", "export const a = 1;\n"), "src/std/x.ms");
        assert_clean(rules::std_file("src/std/x.ms", "/** What it is for. */\nexport const a = 1;\n"));
        assert_clean(rules::std_file("src/std/x.ms", "// What it is for.\nexport const a = 1;\n"));
    }
}
