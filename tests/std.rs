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

/// What a program of tests/std prints, checked by the strictest options, run by `msc run` and, built, by Node.js.
fn prints_in_both_engines(name: &str, program: &str, printed: &str) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let put = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file can be written");
    put("metascript.json", STRICTEST);
    put("package.json", "{ \"type\": \"module\" }");
    let file = format!("{name}.ms");
    put(&file, program);
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(dir.path()).env("NO_COLOR", "1").output();
        let output = output.expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        (output.status.code(), text(output.stdout) + text(output.stderr).as_str())
    };
    let msc = env!("CARGO_BIN_EXE_msc");
    let (status, told) = run(msc, &["check", "."]);
    assert_eq!(status, Some(0), "{told}");
    let expected = (Some(0), printed.to_owned());
    assert_eq!(run(msc, &["run", &file]), expected);
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("node is not installed: the promises are kept in one engine only");
        return;
    }
    let (status, told) = run(msc, &["build", &file, "--out", "dist"]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(run("node", &[&format!("dist/{name}.js")]), expected);
}

#[test]
fn the_derives_keep_their_promises_in_both_engines() {
    let printed = "80 things, many of them equal, many places made wrong\n";
    prints_in_both_engines("laws", include_str!("std/laws.ms"), printed);
}

#[test]
fn data_that_is_nested_too_deep_is_told_so_in_both_engines() {
    let printed = "sound\ntrue 300 nested more than 300 levels deep\nfalse 25\n";
    prints_in_both_engines("deep", include_str!("std/deep.ms"), printed);
}

/// A context of the standard library's modules serves many expansions: what it makes of a class must
/// not depend on those before.
#[test]
fn what_a_derive_writes_does_not_depend_on_what_was_derived_before() {
    let class = |name: &str, traits: &str, body: &str| format!("@derive({traits})\nexport class {name} {{ {body} }}\n");
    let all = "Eq, Hash, Clone, Debug, Ord, With, Default, Builder, Serialize, Deserialize, Validate";
    let classes = [
        class("A", all, "constructor(readonly a: string, public b: number[] = []) {}"),
        class("B", "Eq, Hash", "#x = 1; y?: Map<string, Date>;"),
        class("C", all, "when: Date = new Date(0); tags: Set<string> = new Set();"),
        class("D", "Debug, Clone", "a = 1;"),
        class("E", "Serialize, Validate", "@serialize({ rename: \"z\" }) a = \"\"; b?: bigint;"),
    ];
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let expanded = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).expect("a file can be written");
        let _ = std::fs::remove_dir_all(dir.path().join(".metascript-cache"));
        let output = Command::new(env!("CARGO_BIN_EXE_msc"))
            .args(["expand", name])
            .current_dir(dir.path())
            .env("NO_COLOR", "1")
            .output()
            .expect("msc starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("output is UTF-8")
    };
    let body = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("import ") && !line.trim().is_empty());
        lines.map(str::to_owned).collect()
    };
    let alone: Vec<Vec<String>> = classes.iter().map(|text| body(&expanded("alone.ms", text))).collect();
    assert!(alone.iter().all(|lines| lines.len() > 5), "{alone:?}");
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        let text: String = order.iter().map(|index| classes[*index].as_str()).collect();
        let together = body(&expanded("together.ms", &text));
        let expected: Vec<String> = order.iter().flat_map(|index| alone[*index].clone()).collect();
        assert_eq!(together, expected);
    }
}
