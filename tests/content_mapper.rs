//! `msc content-mapper`, spoken to as TypeScript speaks to it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

struct Mapper {
    dir: TempDir,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last_id: i64,
}

/// One tuple of `mappings`.
type Mapping = [usize; 6];

impl Mapper {
    fn new(files: &[(&str, &str)]) -> Mapper {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
            fs::write(path, text).expect("a file can be written");
        }
        let mut process = Command::new(env!("CARGO_BIN_EXE_msc"))
            .arg("content-mapper")
            .env("XDG_CONFIG_HOME", dir.path().join(".config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("msc starts");
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        Mapper { dir, process, input, output, last_id: 0 }
    }

    /// One that is initialised and has opened the project as `p`.
    fn opened(files: &[(&str, &str)]) -> Mapper {
        let mut mapper = Mapper::new(files);
        mapper.ask("initialize", json!({ "positionEncodings": ["utf-8", "utf-16"] }));
        let config = mapper.path("tsconfig.json");
        mapper.ask("openProject", json!({ "configFileName": config, "projectHandle": "p", "compilerOptions": {} }));
        mapper
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("it is there").join(name)
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.input.as_mut().expect("the input is open");
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the mapper reads");
        input.flush().expect("the mapper reads");
    }

    fn response(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params }));
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("the mapper answers");
            match line.trim().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().expect("a length"),
                _ => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("the whole body");
        let response: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(response["id"], self.last_id);
        response
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.response(method, params);
        assert!(response.get("error").is_none(), "{response}");
        response["result"].clone()
    }

    fn transform(&mut self, name: &str) -> (String, String, Value) {
        let file = self.path(name);
        let content = fs::read_to_string(&file).expect("the file is there");
        let params = json!({ "fileName": file, "content": content, "projectHandle": "p" });
        let result = self.ask("transform", params);
        (content, result["text"].as_str().expect("a text").to_owned(), result)
    }
}

impl Drop for Mapper {
    fn drop(&mut self) {
        drop(self.input.take());
        let status = self.process.wait().expect("the mapper ends with its input");
        if !std::thread::panicking() {
            assert!(status.success(), "{status}");
        }
    }
}

fn mappings(result: &Value) -> Vec<Mapping> {
    serde_json::from_value(result["mappings"].clone()).expect("tuples of six")
}

/// What the protocol asks of mappings, and that a client refuses a file for.
fn check(content: &str, text: &str, result: &Value) {
    let mut at = 0;
    for [start, len, from, from_len, kind, _] in mappings(result) {
        assert!(start >= at, "in order, without overlaps: {start} after {at}");
        at = start + len;
        assert!(at <= text.len() && from + from_len <= content.len(), "inside of both texts");
        if kind == 0 {
            assert_eq!(text[start..at], content[from..from + from_len]);
        }
    }
}

const MACROS: &str = "export macro getters(ctx: MacroContext) {
  for (const field of (ctx.target as ClassTarget).fields) {
    quote { get_${field.name}() { return this.${field.name}; } }
  }
}
";

const MAIN: &str = "import { getters } from './macros';
import { join } from './plain.ms';
import { Eq } from 'std/runtime';
/* é */ @getters
export class Point { constructor() {} x = 1; }
export const x: number = new Point().get_x();
export const all = join([`${x}`]);
export type Same = Eq;
";

const PROJECT: &[(&str, &str)] = &[
    ("tsconfig.json", r#"{ "compilerOptions": { "strict": true }, "include": ["**/*"] }"#),
    ("macros.ms", MACROS),
    ("main.ms", MAIN),
    ("plain.ms", "export function join(parts: string[]): string { return parts.join(); }\n"),
];

#[test]
fn files_become_typescript_with_their_places() {
    let mut mapper = Mapper::new(PROJECT);
    let hello = mapper.ask("initialize", json!({ "positionEncodings": ["utf-8", "utf-16"] }));
    assert_eq!(hello, json!({ "positionEncoding": "utf-8", "diagnosticSource": "MS" }));
    let config = mapper.path("tsconfig.json");
    let opening = json!({ "configFileName": config, "projectHandle": "p", "compilerOptions": {} });
    let opened = mapper.ask("openProject", opening.clone());
    let watched: Vec<&Path> = opened["watchedFiles"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|file| Path::new(file.as_str().unwrap()))
        .collect();
    assert_eq!(watched, [config.as_path(), mapper.path("macros.ms").as_path()]);
    assert!(opened["configIdentity"].as_str().is_some_and(|identity| !identity.is_empty()));

    let (content, text, result) = mapper.transform("main.ms");
    check(&content, &text, &result);
    assert_eq!(result["extension"], ".ts");
    assert_eq!(result["diagnostics"], json!([]));
    assert!(text.contains("get_x() { return this.x; }"), "{text}");
    assert!(text.contains("from \"./plain.ms\""), "TypeScript finds it by its extension: {text}");
    let library = mapper.path(".metascript-cache/content-mapper/node_modules/std/runtime");
    assert!(text.contains(&format!("from \"{}\"", library.display())), "{text}");
    assert!(library.with_extension("ts").is_file());

    // The class's own text is its own, what the macro made stands for the use.
    let of = |at: usize| {
        let all = mappings(&result);
        *all.iter().rfind(|one| one[0] <= at && at < one[0] + one[1]).expect("every byte comes from somewhere")
    };
    let class = text.find("class Point").expect("the class");
    let [start, _, from, _, kind, _] = of(class);
    assert_eq!((kind, from + class - start), (0, content.find("class Point").unwrap()));
    let getter = text.find("get_x() {").expect("the getter");
    let [_, _, from, len, kind, features] = of(getter);
    assert_eq!((kind, features, &content[from..from + len]), (1, 0, "getters"));

    // What changes in a macro's module changes what other files become.
    assert_eq!(mapper.ask("closeProject", json!({ "projectHandle": "p" })), Value::Null);
    fs::write(mapper.path("macros.ms"), MACROS.replace("get_", "take_")).expect("it can be written");
    let again = mapper.ask("openProject", opening);
    assert_ne!(again["configIdentity"], opened["configIdentity"]);
    assert!(mapper.transform("main.ms").1.contains("take_x() {"));
}

#[test]
fn an_unsaved_text_is_what_counts() {
    let mut mapper = Mapper::opened(PROJECT);
    let file = mapper.path("main.ms");
    for field in ["first", "second"] {
        let content = MAIN.replace("x = 1", &format!("{field} = 1"));
        let params = json!({ "fileName": file, "content": content, "projectHandle": "p" });
        let result = mapper.ask("transform", params);
        let text = result["text"].as_str().expect("a text");
        assert!(text.contains(&format!("get_{field}() {{")), "{text}");
        check(&content, text, &result);
    }
}

#[test]
fn a_macros_failure_is_told_at_its_use() {
    let main = "import { bad } from './bad';\n/* é */ @bad class A {}\n";
    let mut mapper = Mapper::opened(&[
        ("tsconfig.json", "{}"),
        ("bad.ms", "export macro bad(ctx: MacroContext) { ctx.error(undefined, 'not like this'); }\n"),
        ("main.ms", main),
    ]);
    let (_, _, result) = mapper.transform("main.ms");
    let found = &result["diagnostics"][0];
    assert!(found["messageText"].as_str().is_some_and(|message| message.starts_with("not like this")), "{result}");
    let start = found["start"].as_u64().expect("an offset") as usize;
    assert!(main[start..].trim_start_matches('@').starts_with("bad class"), "{found}");
}

#[test]
fn units_of_utf_16_count_as_the_client_wants() {
    let mut mapper = Mapper::new(PROJECT);
    let hello = mapper.ask("initialize", json!({ "positionEncodings": ["utf-16"] }));
    assert_eq!(hello["positionEncoding"], "utf-16");
    let config = mapper.path("tsconfig.json");
    mapper.ask("openProject", json!({ "configFileName": config, "projectHandle": "p", "compilerOptions": {} }));
    let (content, text, result) = mapper.transform("main.ms");
    let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
    let (content, text) = (units(&content), units(&text));
    for [start, len, from, from_len, kind, _] in mappings(&result) {
        if kind == 0 {
            assert_eq!(text[start..start + len], content[from..from + from_len]);
        }
    }
}

#[test]
fn what_cannot_be_answered_is_refused_and_ends_nothing() {
    let mut mapper = Mapper::opened(PROJECT);
    let file = mapper.path("main.ms");
    for (method, params, code) in [
        ("unheardOf", json!({}), -32601),
        ("transform", json!({ "fileName": file, "content": "", "projectHandle": "other" }), -32602),
        ("transform", json!({ "fileName": "/a.vue", "content": "", "projectHandle": "p" }), -32602),
        ("transform", json!({ "projectHandle": "p" }), -32602),
        ("closeProject", json!({ "projectHandle": "other" }), -32602),
    ] {
        assert_eq!(mapper.response(method, params)["error"]["code"], code, "{method}");
    }
    mapper.send(&json!({ "jsonrpc": "2.0", "method": "unheardOf" }));
    mapper.transform("main.ms");
}
