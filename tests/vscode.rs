//! The VS Code extension: it type-checks, bundles and passes its own tests, and its settings are the server's.
//!
//! Its packages are installed from npm below the target directory. Where that cannot be done the test of the build is
//! skipped with a line that says so, unless `CI` or `MSC_REQUIRE_VSCODE` is set.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use msc::lsp::settings::Settings;
use serde_json::{Map, Value, json};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifest() -> Value {
    let text = fs::read_to_string(root().join("editors/vscode/package.json")).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{command:?} ended with {}:\n{out}{err}", output.status))
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the target directory can be written");
    for entry in fs::read_dir(from).expect("it can be listed") {
        let entry = entry.expect("a directory can be listed to its end");
        if ["node_modules", "dist"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type().expect("an entry has a kind").is_dir() {
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("it can be copied");
        }
    }
}

/// A copy of the extension (and of the schema that it takes along) with its packages installed.
fn installed() -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the directory lies in the target directory");
    let place = target.join("vscode");
    let extension = place.join("editors/vscode");
    let lock = fs::read(root().join("editors/vscode/package-lock.json")).expect("it is there");
    let known = fs::read(extension.join("node_modules/.installed-lock")).is_ok_and(|known| known == lock);
    for folder in ["src", "test", "syntaxes"] {
        // What was deleted in the tree must not live on in the copy.
        let _ = fs::remove_dir_all(extension.join(folder));
    }
    copy_tree(&root().join("editors/vscode"), &extension);
    copy_tree(&root().join("schemas"), &place.join("schemas"));
    if !known {
        eprintln!("installing the packages of the VS Code extension into {}", extension.display());
        // esbuild's own program is a package like the others: nothing has to run at installing.
        run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&extension))?;
        fs::write(extension.join("node_modules/.installed-lock"), lock).expect("it can be written");
    }
    Ok(extension)
}

#[test]
fn the_extension_builds_and_passes_its_tests() {
    let extension = match installed() {
        Ok(extension) => extension,
        Err(why) => {
            let required = ["CI", "MSC_REQUIRE_VSCODE"].iter().any(|name| std::env::var_os(name).is_some());
            assert!(!required, "the extension's packages cannot be installed: {why}");
            eprintln!("SKIPPED: NOT TESTED, THE VS CODE EXTENSION, whose packages cannot be installed here: {why}");
            return;
        }
    };
    for script in ["check", "build", "test"] {
        run(Command::new("npm").args(["run", "--silent", script]).current_dir(&extension))
            .unwrap_or_else(|why| panic!("npm run {script}: {why}"));
    }
    for file in ["dist/extension.js", "dist/metascript.schema.json"] {
        assert!(extension.join(file).is_file(), "{file}");
    }
}

/// Puts `value` where the dots of `name` lead.
fn nested(name: &str, value: Value) -> Value {
    name.rsplit('.').fold(value, |inner, part| {
        let mut map = Map::new();
        map.insert(part.to_owned(), inner);
        Value::Object(map)
    })
}

#[test]
fn its_settings_are_those_of_the_server() {
    let manifest = manifest();
    let settings = manifest["contributes"]["configuration"]["properties"].as_object().expect("settings").clone();
    let mut known = 0;
    for (name, declared) in &settings {
        let own = name.strip_prefix("metascript.").expect("every setting is ours");
        if own.starts_with("server.") || own.starts_with("trace.") {
            continue;
        }
        known += 1;
        let default = declared["default"].as_bool().unwrap_or_else(|| panic!("{name} is on or off"));
        assert_eq!(Settings::of(&nested(own, json!(default))), Settings::default(), "{name} has another default");
        assert_ne!(Settings::of(&nested(own, json!(!default))), Settings::default(), "the server knows no {name}");
    }
    assert!(known >= 10, "only {known} settings are found");
}

#[test]
fn a_folder_that_is_not_trusted_names_no_program() {
    let manifest = manifest();
    let trust = &manifest["capabilities"]["untrustedWorkspaces"];
    assert_eq!(trust["supported"], "limited");
    let restricted: Vec<&str> =
        trust["restrictedConfigurations"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let settings = manifest["contributes"]["configuration"]["properties"].as_object().expect("settings");
    for name in settings.keys().filter(|name| name.starts_with("metascript.server.")) {
        assert!(restricted.contains(&name.as_str()), "{name}");
    }
    // What the folder's code would do runs in trusted folders only.
    let palette = manifest["contributes"]["menus"]["commandPalette"].as_array().expect("a list");
    for command in ["metascript.run", "metascript.trust"] {
        let entry = palette.iter().find(|entry| entry["command"] == command).expect("it is in the palette");
        assert!(entry["when"].as_str().is_some_and(|when| when.contains("isWorkspaceTrusted")), "{command}");
    }
}
