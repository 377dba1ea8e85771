//! Which project a file belongs to, and the options that rule it.
//!
//! The nearest `metascript.json` or `tsconfig.json` upwards rules, the former where both lie in one
//! directory. Whatever TypeScript's options mean is the engine's business: this module only finds
//! the file, and says a `metascript.json` in the form of a `tsconfig.json`.

pub mod allow;
pub mod format;

use serde_json::{Map, Value, json};

use crate::base::{Digest, FilePath, Recipe, TextRange};
use crate::diagnostic::{Code, Diagnostic};
use crate::engine::ConfigSource;
use crate::format::Options;
use crate::text::SourceText;
use crate::vfs;

/// The file name of a Metascript project.
pub const PROJECT_FILE: &str = "metascript.json";
const TSCONFIG: &str = "tsconfig.json";

/// Keys of `metascript.json` that are ours and no compiler option.
const OWN_KEYS: &[&str] = &["$schema", "include", "exclude", "files", "extends", "macros", "format", "compilerOptions"];

/// A directory that is checked as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectId {
    /// Where the project file lies; with none, the directory that was named.
    pub root: FilePath,
    /// `metascript.json` or `tsconfig.json`; `None` where defaults rule.
    pub config: Option<FilePath>,
}

impl ProjectId {
    /// The project that rules `directory`: the nearest project file at or above it. Without any,
    /// `fallback` (a workspace folder, or the directory itself).
    pub fn of_dir(disk: &vfs::Disk, directory: &FilePath, fallback: &FilePath) -> ProjectId {
        let mut at = directory.clone();
        loop {
            for name in [PROJECT_FILE, TSCONFIG] {
                let config = at.join(name);
                if disk.is_file(&config) {
                    return ProjectId { root: at, config: Some(config) };
                }
            }
            let parent = at.parent();
            if parent == at {
                break;
            }
            at = parent;
        }
        ProjectId { root: fallback.clone(), config: None }
    }

    /// The project of a file or a folder that somebody named; without a project file, of its folder.
    pub fn of_path(disk: &vfs::Disk, path: &FilePath) -> ProjectId {
        let directory = if disk.is_file(path) { path.parent() } else { path.clone() };
        ProjectId::of_dir(disk, &directory, &directory)
    }

    /// The project that a reference names: a directory, or a configuration file.
    pub fn of_reference(disk: &vfs::Disk, path: &FilePath) -> ProjectId {
        match disk.is_file(path) {
            true => ProjectId { root: path.parent(), config: Some(path.clone()) },
            false => ProjectId::of_path(disk, path),
        }
    }

    pub fn digest(&self) -> Digest {
        let mut recipe = Recipe::new("project");
        recipe.text("root", self.root.as_str());
        recipe.text("config", self.config.as_ref().map_or("", FilePath::as_str));
        recipe.finish()
    }

    pub fn uses_tsconfig(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.name() != PROJECT_FILE)
    }
}

/// The engine's configuration for a project, with what is wrong with the file itself.
pub fn source(id: &ProjectId, text: Option<SourceText>) -> (ConfigSource, Vec<Diagnostic>) {
    let Some(config) = &id.config else {
        return (defaults(&id.root), Vec::new());
    };
    if id.uses_tsconfig() {
        return (ConfigSource::File(config.clone()), Vec::new());
    }
    let text = text.unwrap_or_else(|| SourceText::new(""));
    match translate(&text) {
        Ok(json) => {
            let mut problems = allow::asked(config, &text).1;
            problems.extend(format::options(config, &text, Options::default()).1);
            (ConfigSource::Text { dir: id.root.clone(), json }, problems)
        }
        Err((range, message)) => {
            let problem = Diagnostic::new(Code::CONFIG, config, range, message)
                .with_help("until this is mended the project is checked with the default options");
            (defaults(&id.root), vec![problem])
        }
    }
}

/// The directory under which options without a file lie.
fn defaults(root: &FilePath) -> ConfigSource {
    let json = json!({ "compilerOptions": Value::Object(default_options()), "exclude": EXCLUDED }).to_string();
    ConfigSource::Text { dir: root.clone(), json }
}

/// What a project that names no `exclude` leaves out: TypeScript's own list, and where a build
/// writes to.
const EXCLUDED: [&str; 4] = ["node_modules", "bower_components", "jspm_packages", "dist"];

/// LANGUAGE.md, section 1: strict ES modules resolved as bundlers do.
fn default_options() -> Map<String, Value> {
    let options = json!({
        "strict": true,
        "target": "esnext",
        "module": "esnext",
        "moduleResolution": "bundler",
        "noEmit": true,
        "skipLibCheck": true,
        "resolveJsonModule": true,
    });
    match options {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Says a `metascript.json` as a `tsconfig.json`.
fn translate(text: &SourceText) -> Result<String, (TextRange, String)> {
    let whole = TextRange::new(0, text.len());
    let parsed = jsonc_parser::parse_to_ast(
        text.as_str(),
        &jsonc_parser::CollectOptions::default(),
        &jsonc_parser::ParseOptions::default(),
    );
    let value = parsed.map_err(|error| {
        let range = error.range();
        (TextRange::from(range.start..range.end.max(range.start)), format!("not valid JSON: {}", error.kind()))
    })?;
    let Some(Value::Object(mut given)) = value.value.map(Value::from) else {
        return Err((whole, "a project file holds one JSON object".to_owned()));
    };
    let mut options = default_options();
    if let Some(Value::Object(nested)) = given.get("compilerOptions") {
        options.extend(nested.clone());
    }
    let mut out = Map::new();
    for key in ["include", "exclude", "files", "extends"] {
        if let Some(value) = given.remove(key) {
            out.insert(key.to_owned(), typescript_names(value));
        }
    }
    if !out.contains_key("exclude") && !out.contains_key("extends") {
        let out_dir = options.get("outDir").or_else(|| given.get("outDir")).and_then(Value::as_str);
        let excluded = EXCLUDED.iter().copied().chain(out_dir);
        out.insert("exclude".to_owned(), excluded.map(Value::from).collect());
    }
    for (key, value) in given {
        if !OWN_KEYS.contains(&key.as_str()) {
            options.insert(key, value);
        }
    }
    out.insert("compilerOptions".to_owned(), Value::Object(options));
    Ok(Value::Object(out).to_string())
}

/// `src/**/*.ms` names what the engine sees as `src/**/*.ts`.
fn typescript_names(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(match text.strip_suffix(".ms") {
            Some(stem) => format!("{stem}.ts"),
            None => text,
        }),
        Value::Array(items) => Value::Array(items.into_iter().map(typescript_names).collect()),
        other => other,
    }
}

/// A `tsconfig.json` as the engine reads it: `.ms` names said as `.ts`, byte for byte as long, so
/// that every position in it stays. Content mappers are for those who cannot read `.ms` themselves: under
/// another name that key is nobody's.
pub fn tsconfig_text(text: &str) -> String {
    text.replace(".ms\"", ".ts\"").replace("\"contentMappers\"", "\"-ontentMappers\"")
}

/// A project's options without its files: looking for those reads directories.
pub fn options_alone(id: &ProjectId, text: Option<SourceText>) -> ConfigSource {
    match source(id, text).0 {
        ConfigSource::File(path) => {
            let json = json!({ "extends": format!("./{}", path.name()), "files": [], "include": [] });
            ConfigSource::Text { dir: path.parent(), json: json.to_string() }
        }
        ConfigSource::Text { dir, json } => {
            let mut config: Map<String, Value> = serde_json::from_str(&json).unwrap_or_default();
            config.insert("include".to_owned(), json!([]));
            config.insert("files".to_owned(), json!([]));
            ConfigSource::Text { dir, json: Value::Object(config).to_string() }
        }
    }
}

/// A project's options for a build: what nothing else is said of is emitted for Node and browsers of
/// today, where a check takes the newest there is.
pub fn for_building(id: &ProjectId, text: Option<SourceText>) -> (ConfigSource, Vec<Diagnostic>) {
    let (source, problems) = source(id, text);
    let source = match source {
        ConfigSource::Text { dir, json } => {
            let mut config: Map<String, Value> = serde_json::from_str(&json).unwrap_or_default();
            if let Some(Value::Object(options)) = config.get_mut("compilerOptions")
                && options
                    .get("target")
                    .and_then(Value::as_str)
                    .is_none_or(|target| target.eq_ignore_ascii_case("esnext"))
            {
                options.insert("target".to_owned(), json!(BUILD_TARGET));
                // The declarations of the newest environment, as the check had them.
                options.entry("lib").or_insert_with(|| json!(["esnext", "dom", "dom.iterable"]));
            }
            ConfigSource::Text { dir, json: Value::Object(config).to_string() }
        }
        file => file,
    };
    (source, problems)
}

/// The language of a build where the project names none.
const BUILD_TARGET: &str = "es2022";

/// A project's options with what running needs: modules that QuickJS reads, with maps. `entry` is the
/// program's first file under the engine's name; `text` is the project file's.
pub fn for_running(id: &ProjectId, text: Option<SourceText>, entry: &FilePath) -> ConfigSource {
    let options = json!({
        "module": "esnext",
        "moduleResolution": "bundler",
        "target": "es2023",
        "sourceMap": true,
        "inlineSourceMap": false,
        "declaration": false,
        "composite": false,
        "incremental": false,
        "noEmit": false,
        "verbatimModuleSyntax": false,
    });
    let files = json!([entry.as_str()]);
    match source(id, text).0 {
        ConfigSource::File(path) => {
            let json = json!({ "extends": format!("./{}", path.name()), "compilerOptions": options, "files": files });
            ConfigSource::Text { dir: path.parent(), json: json.to_string() }
        }
        ConfigSource::Text { dir, json } => {
            let mut config: Map<String, Value> = serde_json::from_str(&json).unwrap_or_default();
            config.remove("include");
            config.insert("files".to_owned(), files);
            match (config.get_mut("compilerOptions"), options) {
                (Some(Value::Object(known)), Value::Object(options)) => known.extend(options),
                (_, options) => {
                    config.insert("compilerOptions".to_owned(), options);
                }
            }
            ConfigSource::Text { dir, json: Value::Object(config).to_string() }
        }
    }
}
