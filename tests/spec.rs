//! The language reference is a test: every section of `tests/spec/**/*.md` that holds code is run
//! through the `msc` binary as a project of its own.
//!
//! A section is what stands between two headings. Its fenced blocks:
//!
//! - `ms`, `ts`, `json`, with an optional `path=/dir/name.ms` (else `/main.ms`): a file. A comment
//!   `// error: [TS2345] "text"` (or `warning`, `hint`) says that a diagnostic of that code whose message
//!   has that text begins on its line; on a line of its own it speaks of the line above. Errors and warnings
//!   that no comment announces fail the test.
//! - `expansion`, with an optional `path`: what `msc expand` prints for the file.
//! - `run`, with optional `path` and `status`: what `msc run` prints.
//! - `output`: what `msc check` prints for people.
//!
//! The section's project treats every file as a module, unless a `json` block says `path=/metascript.json`.
//! `UPDATE_EXPECT=1` rewrites the last three to what is printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Block {
    line: usize,
    kind: String,
    options: BTreeMap<String, String>,
    text: String,
    /// Bytes of `text` in the page.
    start: usize,
    end: usize,
}

impl Block {
    fn path(&self) -> &str {
        self.options.get("path").map_or("/main.ms", String::as_str)
    }
}

struct Section {
    title: String,
    blocks: Vec<Block>,
}

fn sections(page: &str) -> Vec<Section> {
    let mut found = vec![Section { title: String::from("(top)"), blocks: Vec::new() }];
    let mut open: Option<Block> = None;
    let mut offset = 0;
    for (index, line) in page.split_inclusive('\n').enumerate() {
        let start = offset;
        offset += line.len();
        let bare = line.trim_end();
        if let Some(mut block) = open.take() {
            if bare == "```" {
                block.end = start;
                block.text = page[block.start..start].to_owned();
                found.last_mut().expect("there is always a section").blocks.push(block);
            } else {
                open = Some(block);
            }
        } else if let Some(info) = bare.strip_prefix("```") {
            let mut words = info.split_whitespace();
            open = Some(Block {
                line: index + 2,
                kind: words.next().unwrap_or_default().to_owned(),
                options: words
                    .filter_map(|word| word.split_once('='))
                    .map(|(k, v)| (k.to_owned(), v.to_owned()))
                    .collect(),
                text: String::new(),
                start: offset,
                end: offset,
            });
        } else if bare.starts_with('#') {
            found.push(Section { title: bare.trim_start_matches('#').trim().to_owned(), blocks: Vec::new() });
        }
    }
    assert!(open.is_none(), "a fenced block is left open");
    found.retain(|section| section.blocks.iter().any(is_file));
    found
}

fn is_file(block: &Block) -> bool {
    matches!(block.kind.as_str(), "ms" | "ts" | "json")
}

/// What a comment announces, or what was found.
#[derive(Debug)]
struct Finding {
    path: String,
    /// From 1.
    line: usize,
    severity: String,
    code: String,
    message: String,
}

fn announced(block: &Block) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut last_code_line = 0;
    for (index, line) in block.text.lines().enumerate() {
        let is_alone = line.trim_start().starts_with("//");
        if !is_alone {
            last_code_line = index + 1;
        }
        for severity in ["error", "warning", "hint"] {
            let Some((_, rest)) = line.split_once(&format!("// {severity}: [")) else { continue };
            let (code, rest) = rest.split_once(']').expect("a code ends with a bracket");
            let message = rest.trim().trim_matches('"').to_owned();
            found.push(Finding {
                path: block.path().to_owned(),
                line: if is_alone { last_code_line } else { index + 1 },
                severity: severity.to_owned(),
                code: code.to_owned(),
                message,
            });
        }
    }
    found
}

fn msc(root: &Path, args: &[&str]) -> (String, String, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_msc"))
        .args(args)
        .current_dir(root)
        .env("NO_COLOR", "1")
        .output()
        .expect("msc starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("msc prints UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// The findings of all sections, by the directory of the section.
fn check(root: &Path, directories: &[String]) -> BTreeMap<String, Vec<Finding>> {
    let mut args = vec!["check", "--format", "json"];
    args.extend(directories.iter().map(String::as_str));
    let (stdout, stderr, status) = msc(root, &args);
    assert!(matches!(status, Some(0 | 1)), "msc check ended with {status:?}\n{stdout}{stderr}");
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("msc check prints JSON");
    let rows = json.as_array().or_else(|| json["diagnostics"].as_array()).expect("JSON has the diagnostics");
    let mut found: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let file = root.join(text("file"));
        let relative = file.strip_prefix(root).map(Path::to_path_buf).unwrap_or(file);
        let mut parts = relative.to_str().expect("paths are UTF-8").splitn(2, '/');
        let directory = parts.next().unwrap_or_default().to_owned();
        let line = row["range"]["start"]["line"].as_u64().expect("a range has a line");
        found.entry(directory).or_default().push(Finding {
            path: format!("/{}", parts.next().unwrap_or_default()),
            line: usize::try_from(line).expect("a line fits") + 1,
            severity: text("severity"),
            code: text("code"),
            message: text("message"),
        });
    }
    found
}

fn compare_findings(expected: Vec<Finding>, mut found: Vec<Finding>, problems: &mut String) {
    for want in expected {
        let is_it = |have: &Finding| {
            have.path == want.path
                && have.line == want.line
                && have.severity == want.severity
                && have.code == want.code
                && have.message.contains(&want.message)
        };
        match found.iter().position(is_it) {
            Some(index) => drop(found.remove(index)),
            None => writeln!(problems, "  missing: {want:?}").expect("a string takes text"),
        }
    }
    found.retain(|have| have.severity == "error" || have.severity == "warning");
    for have in found {
        writeln!(problems, "  not announced: {have:?}").expect("a string takes text");
    }
}

/// The text of a block as it should be, where it is one that `UPDATE_EXPECT` rewrites.
fn printed(root: &Path, directory: &str, block: &Block, problems: &mut String) -> Option<String> {
    let file = format!("{directory}{}", block.path());
    let (args, status) = match block.kind.as_str() {
        "expansion" => (["expand", file.as_str()], 0),
        "run" => (["run", file.as_str()], block.options.get("status").map_or(0, |it| it.parse().expect("a number"))),
        "output" => (["check", directory], 1),
        _ => return None,
    };
    let (stdout, stderr, ended) = msc(root, &args);
    if ended != Some(status) {
        writeln!(problems, "  `msc {}` ended with {ended:?}: {stderr}", args.join(" ")).expect("a string takes text");
    }
    let root = root.to_str().expect("paths are UTF-8");
    let mut text = stdout.replace(&format!("{root}/{directory}/"), "").replace(&format!("{directory}/"), "");
    while text.ends_with('\n') {
        text.pop();
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    Some(if text.is_empty() { text } else { lines.join("\n") + "\n" })
}

fn run_page(name: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/spec").join(name);
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    let sections = sections(&page);
    assert!(!sections.is_empty(), "{name} has no section with code");
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let root = scratch.path().canonicalize().expect("a temporary directory exists");
    let directories: Vec<String> = (1..=sections.len()).map(|number| format!("s{number:02}")).collect();
    for (section, directory) in sections.iter().zip(&directories) {
        let write = |path: &str, text: &str| {
            let file = root.join(directory).join(path.trim_start_matches('/'));
            std::fs::create_dir_all(file.parent().expect("a file has a directory")).expect("a directory can be made");
            std::fs::write(file, text).expect("a file can be written");
        };
        write("/metascript.json", "{ \"moduleDetection\": \"force\" }\n");
        for block in section.blocks.iter().filter(|block| is_file(block)) {
            write(block.path(), &block.text);
        }
    }

    let mut found = check(&root, &directories);
    let mut report = String::new();
    let mut updated = page.clone();
    let mut rewrites = Vec::new();
    for (section, directory) in sections.iter().zip(&directories) {
        let mut problems = String::new();
        let expected = section.blocks.iter().filter(|block| is_file(block)).flat_map(announced).collect();
        compare_findings(expected, found.remove(directory).unwrap_or_default(), &mut problems);
        for block in &section.blocks {
            let Some(text) = printed(&root, directory, block, &mut problems) else { continue };
            if text != block.text {
                let diff = similar::TextDiff::from_lines(&block.text, &text);
                writeln!(problems, "  {} at line {}:\n{}", block.kind, block.line, diff.unified_diff()).expect("fits");
                rewrites.push((block.start..block.end, text));
            }
        }
        if !problems.is_empty() {
            writeln!(report, "{name}: {}\n{problems}", section.title).expect("a string takes text");
        }
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        for (range, text) in rewrites.into_iter().rev() {
            updated.replace_range(range, &text);
        }
        std::fs::write(&path, updated).expect("the page can be written");
    }
    assert!(report.is_empty(), "\n{report}");
}

/// One test for each page, and one that no page below `tests/spec` is forgotten.
macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        $(#[test]
        fn $test() {
            run_page($page);
        })*

        #[test]
        fn every_page_is_run() {
            let listed = [$($page),*];
            for page in pages_below(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/spec"), "") {
                assert!(listed.contains(&page.as_str()), "{page:?} is not in the list of pages");
            }
        }
    };
}

/// The paths of all pages, relative to `directory`, after `prefix`.
fn pages_below(directory: &Path, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the pages can be listed") {
        let path = entry.expect("the pages can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("paths are UTF-8").to_owned();
        if path.is_dir() {
            found.extend(pages_below(&path, &format!("{prefix}{name}/")));
        } else {
            found.push(format!("{prefix}{name}"));
        }
    }
    found
}

// One page a line, sorted, so that pages that are added side by side do not meet.
pages! {
    attributes: "macros/attributes.md",
    book_of_macros: "../../docs/book/macros.md",
    checked: "macros/checked.md",
    comptime: "macros/comptime.md",
    context: "macros/context.md",
    declarations: "macros/declarations.md",
    defer: "macros/defer.md",
    diagnostics: "diagnostics.md",
    hygiene: "macros/hygiene.md",
    inputs: "macros/inputs.md",
    macro_errors: "macros/errors.md",
    macros: "macros/macros.md",
    macros_client: "macros/client.md",
    macros_derive: "macros/derive.md",
    macros_derive_builder: "macros/derive-builder.md",
    macros_derive_clone: "macros/derive-clone.md",
    macros_derive_debug: "macros/derive-debug.md",
    macros_derive_default: "macros/derive-default.md",
    macros_derive_eq: "macros/derive-eq.md",
    macros_derive_errors: "macros/derive-errors.md",
    macros_derive_hash: "macros/derive-hash.md",
    macros_derive_ord: "macros/derive-ord.md",
    macros_derive_serialize: "macros/derive-serialize.md",
    macros_derive_validate: "macros/derive-validate.md",
    macros_derive_with: "macros/derive-with.md",
    macros_embed: "macros/embed.md",
    macros_runtime: "macros/runtime.md",
    modules: "macros/modules.md",
    permissions: "macros/permissions.md",
    quotes: "macros/quotes.md",
    target: "macros/target.md",
    typeinfo: "macros/typeinfo.md",
    uses: "macros/uses.md",
}
