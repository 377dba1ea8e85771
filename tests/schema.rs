//! `schemas/metascript.schema.json`: it follows from the options that the engine declares, and what it allows is what
//! `msc` takes.
//!
//! `UPDATE_EXPECT=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use msc::base::FilePath;
use msc::project::{ProjectId, config};
use msc::text::SourceText;
use serde_json::{Map, Value, json};
use tsr_tsoptions::{COMPILER_OPTIONS, OptionDeclaration, OptionKind};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/metascript.schema.json")
}

/// Declared, and without a meaning for Metascript: there is no JSX, and modules are always ES modules.
const NOT_OURS: &[&str] = &[
    "allowJs",
    "checkJs",
    "jsx",
    "jsxFactory",
    "jsxFragmentFactory",
    "jsxImportSource",
    "reactNamespace",
    "plugins",
    "maxNodeModuleJsDepth",
];

/// What people look up most, in our words. TypeScript's own documentation has the others.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("strict", "All strict checks. On unless set to false."),
    ("noUnusedLocals", "Report local variables that nothing reads."),
    ("noUnusedParameters", "Report parameters that nothing reads."),
    ("noImplicitReturns", "Report functions of which some paths return a value and others do not."),
    ("noFallthroughCasesInSwitch", "Report cases that run on into the next one."),
    ("noUncheckedIndexedAccess", "What an index gives may be undefined."),
    ("noPropertyAccessFromIndexSignature", "Properties known from an index signature only are read with brackets."),
    ("exactOptionalPropertyTypes", "An optional property may be missing, but not be undefined."),
    ("noImplicitOverride", "A member that overrides another says `override`."),
    ("lib", "The declarations of the environment: language version, DOM, workers."),
    ("target", "The language version of what `msc build` writes."),
    ("types", "Packages of declarations that are there without being imported."),
    ("paths", "Where imports that begin so are looked for."),
    ("outDir", "Where `msc build` writes to."),
    ("skipLibCheck", "Leave declaration files unchecked. On unless set to false."),
    ("isolatedDeclarations", "Exports have types that can be told from their file alone."),
    ("erasableSyntaxOnly", "Report what is more than types: enums, parameter properties, namespaces."),
];

/// The values that an option takes.
fn value_schema(option: &OptionDeclaration) -> Value {
    let element = || option.element.map_or(json!({}), value_schema);
    match option.kind {
        OptionKind::String => json!({ "type": "string" }),
        OptionKind::Number => json!({ "type": "number" }),
        OptionKind::Boolean => json!({ "type": "boolean" }),
        OptionKind::Object => json!({ "type": "object" }),
        OptionKind::List => json!({ "type": "array", "items": element() }),
        OptionKind::ListOrElement => json!({ "anyOf": [element(), { "type": "array", "items": element() }] }),
        OptionKind::Enum => {
            let names: Vec<&str> = option
                .enum_values
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !option.deprecated_keys.contains(name))
                .collect();
            // TypeScript takes them in any case: `ES2022`. A name outside of the list is still told of.
            let any_case: Vec<String> = names.iter().map(|name| any_case(name)).collect();
            json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": format!("^({})$", any_case.join("|")) }] })
        }
    }
}

fn any_case(name: &str) -> String {
    name.chars()
        .map(|ch| match ch {
            '.' => "\\.".to_owned(),
            ch if ch.is_ascii_alphabetic() => format!("[{}{}]", ch.to_ascii_lowercase(), ch.to_ascii_uppercase()),
            ch => ch.to_string(),
        })
        .collect()
}

fn options() -> impl Iterator<Item = &'static OptionDeclaration> {
    COMPILER_OPTIONS.iter().filter(|option| !option.is_command_line_only && !NOT_OURS.contains(&option.name)).filter(
        // Of the command line, though not declared so: what concerns one run and no project.
        |option| !matches!(option.category, None | Some(6171)),
    )
}

fn schema() -> Value {
    let mut properties = Map::new();
    for option in options() {
        let mut value = value_schema(option);
        let description = DESCRIPTIONS.iter().find(|(name, _)| *name == option.name).map_or_else(
            || format!("As in TypeScript: https://www.typescriptlang.org/tsconfig/#{}", option.name),
            |(_, text)| (*text).to_owned(),
        );
        value["description"] = description.into();
        properties.insert(option.name.to_owned(), value);
    }
    let same = |name: &String| (name.clone(), json!({ "$ref": format!("#/properties/{name}") }));
    let options: Map<String, Value> = properties.keys().map(same).collect();
    let strings =
        |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    let own = json!({
        "$schema": { "type": "string", "description": "Where this schema is, for editors." },
        "extends": {
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
            "description": "Project files whose options hold where this one names none.",
        },
        "include": strings("Files of the project, as patterns such as src/**/*.ms. Without it, all below this folder."),
        "exclude": strings("What of `include` does not belong to the project."),
        "files": strings("Files of the project, one by one."),
        "compilerOptions": {
            "type": "object",
            "description": "The same options as beside it, for those who are used to tsconfig.json.",
            "properties": options,
            "additionalProperties": false,
        },
        "format": {
            "type": "object",
            "additionalProperties": false,
            "description": "How `msc fmt` and editors write code. The defaults are Prettier's.",
            "properties": {
                "lineWidth": {
                    "type": "integer", "minimum": 20, "maximum": 400, "default": 80,
                    "description": "Longer lines are broken where they can be.",
                },
                "indentWidth": { "type": "integer", "minimum": 1, "maximum": 16, "default": 2, "description": "Columns of a level." },
                "useTabs": { "type": "boolean", "default": false, "description": "Indent with tabs." },
                "quoteStyle": {
                    "enum": ["double", "single"], "default": "double",
                    "description": "The quotes of strings, unless the others need fewer escapes.",
                },
                "semicolons": { "type": "boolean", "default": true, "description": "End statements with semicolons." },
                "trailingCommas": { "type": "boolean", "default": true, "description": "End lists that are broken over lines with a comma." },
            },
        },
        "macros": {
            "type": "object",
            "additionalProperties": false,
            "description": "What macros do.",
            "properties": {
                "allow": {
                    "type": "object",
                    "additionalProperties": false,
                    "description": "What macros ask for beyond reading the project's files. It holds once `msc trust` granted it.",
                    "properties": {
                        "net": strings("Hosts that macros may reach, such as api.example.com."),
                        "read": strings("Files and folders outside of the project that macros may read."),
                        "env": strings("Environment variables that macros may read."),
                        "run": strings("Programs that macros may run, with all that you may do."),
                    },
                },
            },
        },
    });
    let Value::Object(own) = own else { unreachable!("it is an object") };
    properties.extend(own);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A Metascript project",
        "description": "metascript.json: which files belong to a project, and how they are checked.",
        "type": "object",
        "allowComments": true,
        "allowTrailingCommas": true,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Some value that the schema of a property allows.
fn example(schema: &Value) -> Value {
    if let Some(choices) = schema["anyOf"].as_array() {
        return example(&choices[0]);
    }
    if let Some(names) = schema["enum"].as_array() {
        return names[0].clone();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(true),
        Some("number") => json!(1),
        Some("array") => json!([example(&schema["items"])]),
        Some("object") => json!({}),
        _ => json!("./x"),
    }
}

/// The findings of the project file itself, as `msc check` tells them.
fn findings(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    fs::write(folder.path().join("metascript.json"), text).expect("it can be written");
    fs::write(folder.path().join("a.ms"), "export {};\n").expect("it can be written");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_msc"))
        .args(["check", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .expect("msc starts");
    let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let found = found["diagnostics"].as_array().expect("a list").iter();
    found.map(|it| format!("{} {}", it["code"].as_str().unwrap_or(""), it["message"].as_str().unwrap_or(""))).collect()
}

#[test]
fn the_schema_follows_from_the_options() {
    let text = serde_json::to_string_pretty(&schema()).expect("it can be written") + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path(), &text).expect("the tree is writable");
    }
    let found = fs::read_to_string(path()).expect("the schema is there");
    assert!(found == text, "{} does not follow from the engine's options: set UPDATE_EXPECT=1", path().display());
}

/// All at once: an option that no engine knows would be `TS5023`, a value of the wrong kind `TS5024` or `TS6046`.
#[test]
fn what_the_schema_allows_is_taken() {
    let schema = schema();
    let properties = schema["properties"].as_object().expect("an object");
    assert!(properties.len() > 80, "only {} options are found", properties.len());
    let mut file: Map<String, Value> = properties.iter().map(|(name, value)| (name.clone(), example(value))).collect();
    // These name other things that would have to be there.
    for name in ["extends", "files", "include", "exclude", "typeRoots", "types"] {
        file.remove(name);
    }
    let text = Value::Object(file).to_string();
    let found = findings(&text);
    let refused: Vec<&String> = found
        .iter()
        .filter(|it| {
            ["TS5023", "TS5024", "TS5025", "TS6046", "MS9002", "MS3009"].iter().any(|code| it.starts_with(code))
        })
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    // The reader itself finds no fault, either.
    let id = ProjectId { root: FilePath::new("/p"), config: Some(FilePath::new("/p/metascript.json")) };
    assert_eq!(config::source(&id, Some(SourceText::new(text))).1, []);
}

#[test]
fn what_the_schema_does_not_know_is_refused() {
    for (text, expected) in [
        (r#"{ "strickt": true }"#, "TS5025"),
        (r#"{ "strict": 1 }"#, "TS5024"),
        (r#"{ "target": "es1066" }"#, "TS6046"),
        (r#"{ "macros": { "allow": { "all": [] } } }"#, "MS3009"),
    ] {
        let found = findings(text);
        assert!(found.iter().any(|it| it.starts_with(expected)), "{text}: {expected} expected, {found:?} found");
    }
    let schema = schema();
    assert_eq!(schema["additionalProperties"], json!(false));
    assert!(schema["properties"].get("strickt").is_none());
}

/// The example's own file fits.
#[test]
fn keys_of_the_example_are_known() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop/metascript.json"));
    let text = text.expect("it is there");
    let parsed = jsonc_parser::parse_to_ast(&text, &Default::default(), &Default::default()).expect("it is JSON");
    let Some(Value::Object(file)) = parsed.value.map(Value::from) else { panic!("it is an object") };
    let schema = schema();
    let known: BTreeSet<&String> = schema["properties"].as_object().expect("an object").keys().collect();
    for key in file.keys() {
        assert!(known.contains(key), "{key}");
    }
}
