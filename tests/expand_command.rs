//! `msc expand`: parts of a file, steps, origins, differences, JSON.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const NEST: &str = "export macro inner(ctx: MacroContext, e: Expr) {
  return quote([${e}, ${\"made\"}]);
}
export macro outer(ctx: MacroContext, e: Expr) {
  return quote((() => {
    const list = @inner(${e});
    return list;
  })());
}
";

const MAIN: &str = "import { inner, outer } from \"./nest\";

const first = @outer(
  \"x\",
);
const second = @inner(2);
console.log(first, second);
";

fn project() -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("nest.ms"), NEST).expect("a file can be written");
    fs::write(dir.path().join("main.ms"), MAIN).expect("a file can be written");
    dir
}

/// Standard output, standard error, status.
fn expand(dir: &TempDir, args: &[&str]) -> (String, String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_msc"))
        .arg("expand")
        .args(args)
        .current_dir(dir.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("msc starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("msc prints UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("msc ends by itself"))
}

#[test]
fn one_use_one_step_or_all() {
    let dir = project();
    let all = "(() => {\n  const list = [\"x\", \"made\"];\n  return list;\n})()\n";
    assert_eq!(expand(&dir, &["main.ms:3"]).0, all);
    let once = "(() => {\n  const list = @inner(\"x\");\n  return list;\n})()\n";
    assert_eq!(expand(&dir, &["main.ms:3", "--once"]).0, once);
    assert_eq!(expand(&dir, &["main.ms:3", "--step", "1"]).0, once);
    assert_eq!(expand(&dir, &["main.ms:3", "--step", "2"]).0, all);
    assert_eq!(expand(&dir, &["main.ms:3", "--step", "0"]).2, 2);
}

#[test]
fn a_line_without_a_use_says_where_the_next_one_is() {
    let dir = project();
    let (out, err, code) = expand(&dir, &["main.ms:4"]);
    assert_eq!((out.as_str(), code), ("", 2));
    assert!(err.contains("no macro is used on line 4; the nearest use is `@outer( \"x\", )` on line 3"), "{err}");
    let (_, err, _) = expand(&dir, &["nest.ms:1"]);
    assert!(err.contains("no macro is used on line 1, nor anywhere else in nest.ms"), "{err}");
    assert!(expand(&dir, &["main.ms:99"]).1.contains("main.ms has "));
}

#[test]
fn each_line_says_where_it_comes_from() {
    let dir = project();
    let (out, _, _) = expand(&dir, &["main.ms", "--origins"]);
    let expected = "
main.ms:2       |
nest.ms:5 quote | const first = (() => {
nest.ms:6 quote |   const list = [\"x\", \"made\"];
nest.ms:7 quote |   return list;
nest.ms:8 quote | })();
nest.ms:2 quote | const second = [2, \"made\"];
main.ms:7       | console.log(first, second);
";
    // What is left of the line of the import is not the point here.
    let tail: String = out.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let blank_lines_are_nobodys = expected.replace("main.ms:2       |\n", "                |\n");
    assert_eq!(format!("\n{tail}"), blank_lines_are_nobodys, "{out}");
}

#[test]
fn what_expansion_changes_is_a_diff() {
    let dir = project();
    let (out, _, code) = expand(&dir, &["main.ms", "--diff"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("--- a/main.ms\n+++ b/main.ms\n@@ "), "{out}");
    assert!(out.contains("\n-const second = @inner(2);\n"), "{out}");
    assert!(out.contains("\n+const second = [2, \"made\"];\n"), "{out}");
    assert!(out.contains("\n console.log(first, second);\n"), "{out}");
}

#[test]
fn a_trace_shows_the_steps_and_what_they_cost() {
    let dir = project();
    let (cold, _, _) = expand(&dir, &["main.ms", "--trace"]);
    let lines: Vec<&str> = cold.lines().collect();
    assert_eq!(lines[0], "step 1");
    assert!(lines[1].starts_with("  @outer( \"x\", )  main.ms:3  ran "), "{cold}");
    assert!(
        cold.contains("\n    const list = @inner(\"x\");\n") || cold.contains("      const list = @inner(\"x\");"),
        "{cold}"
    );
    let second = lines.iter().position(|line| *line == "step 2").expect("a second step");
    assert!(lines[second + 1].starts_with("  @inner(\"x\")  nest.ms:6  ran "), "{cold}");
    assert_eq!(lines[second + 2], "    [\"x\", \"made\"]");
    let (warm, _, _) = expand(&dir, &["main.ms:6", "--trace"]);
    assert!(warm.starts_with("step 1\n  @inner(2)  main.ms:6  cached ("), "{warm}");
    assert!(!warm.contains("outer"), "{warm}");
}

#[test]
fn json_has_lines_with_origins_and_uses() {
    let dir = project();
    let (out, _, _) = expand(&dir, &["main.ms", "--format", "json"]);
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((json["version"].as_u64(), json["file"].as_str()), (Some(1), Some("main.ms")));
    assert_eq!(json["text"].as_str(), Some(expand(&dir, &["main.ms"]).0.as_str()));
    let line = json["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .find(|line| line["text"] == "  const list = [\"x\", \"made\"];");
    let origin = &line.expect("a generated line")["origin"];
    assert_eq!(
        (origin["kind"].as_str(), origin["file"].as_str(), origin["line"].as_u64()),
        (Some("quote"), Some("nest.ms"), Some(6))
    );
    let uses = json["uses"].as_array().expect("uses");
    let shown: Vec<(&str, Option<u64>)> =
        uses.iter().map(|site| (site["use"].as_str().expect("a use"), site["parent"].as_u64())).collect();
    assert!(shown.contains(&("@inner(2)", None)), "{shown:?}");
    assert!(shown.iter().any(|(name, parent)| *name == "@inner(\"x\")" && parent.is_some()), "{shown:?}");
    assert!(uses.iter().all(|site| site["state"] == "expanded" && site["micros"].is_u64()), "{uses:?}");
}
