//! The standard library and the examples are what the grammar takes, the example does what its
//! README says, and the derives keep their promises on random instances.

use std::path::{Path, PathBuf};
use std::process::Command;

use msc::std_lib;
use msc::syntax::{Node, SyntaxFile};
use msc::text::SourceText;

fn first_error(node: Node<'_>) -> Option<u32> {
    let mut found = None;
    node.walk(|each| {
        if found.is_none() && (each.is_error() || each.is_missing()) {
            found = Some(each.start());
        }
        each.has_error()
    });
    found
}

fn assert_parses(name: &str, text: &str) {
    let file = SyntaxFile::parse(SourceText::new(text));
    if let Some(offset) = first_error(file.root()) {
        let offset = offset as usize;
        let line = text[..offset].matches('\n').count() + 1;
        panic!("{name}:{line} does not parse: {:?}", text[offset..].lines().next());
    }
    assert!(!file.has_errors(), "{name} does not parse");
}

#[test]
fn the_standard_library_parses() {
    for (name, text) in std_lib::FILES {
        assert_parses(name, text);
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the examples can be listed") {
        let path = entry.expect("the examples can be listed").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "ms" || extension == "ts") {
            found.push(path);
        }
    }
}

#[test]
fn the_examples_parse() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &mut found);
    assert!(found.len() >= 12, "the examples are there");
    for path in found {
        let text = std::fs::read_to_string(&path).expect("an example can be read");
        assert_parses(&path.display().to_string(), &text);
    }
}

#[test]
fn every_name_of_the_prelude_is_declared_where_it_says() {
    for (name, file) in std_lib::PRELUDE {
        let text = std_lib::FILES.iter().find(|(path, _)| path == file).expect("the file is embedded").1;
        assert!(text.contains(&format!("export macro {name}(")), "{file} declares {name}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    for entry in std::fs::read_dir(from).expect("the example can be listed") {
        let path = entry.expect("the example can be listed").path();
        let name = path.file_name().expect("an entry has a name");
        if path.is_dir() {
            if name != ".metascript-cache" {
                copy(&path, &to.join(name));
            }
        } else {
            std::fs::copy(&path, to.join(name)).expect("a file can be copied");
        }
    }
}

/// What the README says that a command prints: the block after it.
fn told(readme: &str, command: &str) -> String {
    let (_, rest) = readme.split_once(&format!("```sh\n{command}\n```")).expect("the README has the command");
    let (_, rest) = rest.split_once("```\n").expect("the README has the output");
    rest.split_once("```").expect("the block ends").0.to_owned()
}

#[test]
fn the_shop_does_what_its_readme_says() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    copy(&shop, &scratch.path().join("examples/shop"));
    let readme = std::fs::read_to_string(shop.join("README.md")).expect("the example has a README");
    for (args, status) in [(["check", "examples/shop"], 1), (["run", "examples/shop/src/main.ms"], 0)] {
        let output = Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(args)
            .current_dir(scratch.path())
            .env("NO_COLOR", "1")
            .output()
            .expect("msc starts");
        let printed = String::from_utf8(output.stdout).expect("msc prints UTF-8");
        assert_eq!(printed.trim_end(), told(&readme, &format!("msc {}", args.join(" "))).trim_end());
        assert_eq!(output.status.code(), Some(status), "the status of msc {}", args.join(" "));
    }
}

/// Stricter than `strict`: what the derives generate has to pass it.
const STRICTEST: &str = r#"{
  "moduleDetection": "force", "noUnusedLocals": true, "noUnusedParameters": true, "noUncheckedIndexedAccess": true,
  "exactOptionalPropertyTypes": true, "noImplicitOverride": true, "noImplicitReturns": true,
  "noPropertyAccessFromIndexSignature": true, "verbatimModuleSyntax": true, "isolatedModules": true
}"#;

#[test]
fn the_derives_keep_their_promises_in_both_engines() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file can be written");
    put("metascript.json", STRICTEST);
    put("package.json", "{ \"type\": \"module\" }");
    put("laws.ms", include_str!("std/laws.ms"));
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(dir.path()).env("NO_COLOR", "1").output();
        let output = output.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        (output.status.code(), text(output.stdout) + text(output.stderr).as_str())
    };
    let msc = env!("CARGO_BIN_EXE_msc");
    let (status, told) = run(msc, &["check", "."]);
    assert_eq!(status, Some(0), "{told}");
    let expected = (Some(0), String::from("80 things, many of them equal, many places made wrong\n"));
    assert_eq!(run(msc, &["run", "laws.ms"]), expected);
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("node is not installed: the promises are kept in one engine only");
        return;
    }
    let (status, told) = run(msc, &["build", "laws.ms", "--out", "dist"]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(run("node", &["dist/laws.js"]), expected);
}
