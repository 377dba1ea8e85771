//! The type engine through its seam: real programs in memory, plain answers out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use msc::base::{Cancel, FilePath, TextRange};
use msc::engine::{
    CompletionKind, CompletionList, Config, ConfigSource, EngineDiagnostic, EngineError, EngineSeverity, Files,
    LIBRARIES, Program, TsrEngine, TypeEngine,
};

/// Files in memory. Counts what is read of each.
#[derive(Default)]
struct Memory {
    texts: BTreeMap<FilePath, Arc<str>>,
    reads: Mutex<BTreeMap<FilePath, usize>>,
    /// Reading this file (listing this directory) panics.
    trap: Option<FilePath>,
}

impl Memory {
    fn new(files: &[(&str, &str)]) -> Arc<Memory> {
        let texts = files.iter().map(|(path, text)| (FilePath::new(path), Arc::from(*text))).collect();
        Arc::new(Memory { texts, ..Memory::default() })
    }

    /// The same files with one text replaced (or added).
    fn with(&self, path: &str, text: &str) -> Arc<Memory> {
        let mut texts = self.texts.clone();
        texts.insert(FilePath::new(path), Arc::from(text));
        Arc::new(Memory { texts, ..Memory::default() })
    }

    fn reads(&self, path: &str) -> usize {
        self.reads.lock().unwrap().get(&FilePath::new(path)).copied().unwrap_or(0)
    }
}

impl Files for Memory {
    fn read(&self, path: &FilePath) -> Option<Arc<str>> {
        if self.trap.as_ref() == Some(path) {
            panic!("reading {path} is a trap");
        }
        *self.reads.lock().unwrap().entry(path.clone()).or_default() += 1;
        self.texts.get(path).cloned()
    }
    fn is_file(&self, path: &FilePath) -> bool {
        self.texts.contains_key(path)
    }
    fn is_dir(&self, path: &FilePath) -> bool {
        self.texts.keys().any(|file| file != path && file.is_under(path))
    }
    fn entries(&self, path: &FilePath) -> (Vec<String>, Vec<String>) {
        if self.trap.as_ref() == Some(path) {
            panic!("listing {path} is a trap");
        }
        let (mut files, mut dirs) = (BTreeSet::new(), BTreeSet::new());
        for file in self.texts.keys().filter(|file| *file != path && file.is_under(path)) {
            match file.relative_to(path).split_once('/') {
                Some((dir, _)) => dirs.insert(dir.to_owned()),
                None => files.insert(file.name().to_owned()),
            };
        }
        (files.into_iter().collect(), dirs.into_iter().collect())
    }
    fn realpath(&self, path: &FilePath) -> FilePath {
        path.clone()
    }
}

const STRICT: &str = r#"{ "compilerOptions": { "strict": true, "target": "es2022", "module": "esnext",
    "moduleResolution": "bundler", "lib": ["es2022"], "types": [], "noEmit": true }, "include": ["**/*"] }"#;

struct Loaded {
    engine: TsrEngine,
    files: Arc<Memory>,
    config: Config,
    program: Arc<dyn Program>,
}

fn load_with(json: &str, files: &[(&str, &str)]) -> Loaded {
    let engine = TsrEngine::new();
    let files = Memory::new(files);
    let seam: Arc<dyn Files> = files.clone();
    let source = ConfigSource::Text { dir: FilePath::new("/p"), json: json.to_owned() };
    let config = engine.config(&seam, &source).unwrap();
    let program = engine.load(&config, None, seam).unwrap();
    Loaded { engine, files, config, program }
}

fn load(files: &[(&str, &str)]) -> Loaded {
    load_with(STRICT, files)
}

impl Loaded {
    fn text(&self, file: &str) -> &str {
        &self.files.texts[&FilePath::new(file)]
    }

    /// Where `needle` begins in `file`, plus `by`.
    fn at(&self, file: &str, needle: &str, by: usize) -> u32 {
        (self.text(file).find(needle).unwrap_or_else(|| panic!("{needle:?} in {file}")) + by) as u32
    }

    fn diagnostics(&self, file: &str) -> Vec<EngineDiagnostic> {
        self.program.diagnostics(&FilePath::new(file), false, &Cancel::new()).unwrap()
    }

    /// `code text-of-range` of each finding.
    fn found(&self, file: &str) -> Vec<String> {
        let text = self.text(file);
        self.diagnostics(file).iter().map(|found| format!("{} {}", found.code, found.range.of(text))).collect()
    }

    fn complete(&self, file: &str, offset: u32) -> CompletionList {
        self.program.completion(&FilePath::new(file), offset, None, &Cancel::new()).unwrap()
    }

    fn edit(&mut self, file: &str, text: &str) {
        self.files = self.files.with(file, text);
        self.program =
            self.engine.update(&self.program, &[FilePath::new(file)], self.files.clone() as Arc<dyn Files>).unwrap();
    }
}

fn labels(list: &CompletionList) -> Vec<&str> {
    list.items.iter().map(|item| item.label.as_str()).collect()
}

const USER: &str = "/** A person. */\nexport class User {\n    constructor(readonly name: string, public age?: number) {}\n    /** Compares {@link User users}. */\n    equals(other: User): boolean { return this.name === other.name; }\n    /** @deprecated */\n    old(): void {}\n}\n";

#[test]
fn finds_what_typescript_finds() {
    let p = load(&[
        ("/p/a.ts", "const a: string = 1;\nlet b = missing;\nexport {};\n"),
        ("/p/b.ts", "import { x } from './a';\nimport './nowhere';\nexport const y: number = x;\n"),
        ("/p/clean.ts", "export const ok: number = [1, 2].map(n => n * 2).length;\n"),
    ]);
    assert_eq!(p.found("/p/a.ts"), ["2322 a", "2304 missing"]);
    assert_eq!(p.found("/p/b.ts"), ["2305 x", "2882 './nowhere'"]);
    assert_eq!(p.found("/p/clean.ts"), [""; 0]);
    assert_eq!(p.program.global_diagnostics().unwrap(), []);
    let first = &p.diagnostics("/p/a.ts")[0];
    assert_eq!(first.message, "Type 'number' is not assignable to type 'string'.");
    assert_eq!(first.severity, EngineSeverity::Error);
    assert_eq!(first.file, Some(FilePath::new("/p/a.ts")));
}

#[test]
fn a_message_chain_is_indented_and_related_places_come_along() {
    let p = load(&[(
        "/p/a.ts",
        "interface Point { x: number; inner: { y: number } }\nconst p: Point = { x: 1, inner: { y: 'no' } };\nconst q: Point = { x: 1 };\nconst f: (a: number) => void = (a: string) => {};\nexport {};\n",
    )]);
    let found = p.diagnostics("/p/a.ts");
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), [2322, 2741, 2322]);
    assert_eq!(found[0].related.len(), 1);
    assert_eq!(found[0].related[0].range.of(p.text("/p/a.ts")), "y");
    assert_eq!(
        found[2].message,
        "Type '(a: string) => void' is not assignable to type '(a: number) => void'.\n  Types of parameters 'a' and 'a' are incompatible.\n    Type 'number' is not assignable to type 'string'."
    );
}

#[test]
fn semantic_findings_come_beside_syntactic_ones() {
    let p = load(&[("/p/a.ts", "const a: string = 1;\nconst b = ;\nexport {};\n")]);
    assert_eq!(p.found("/p/a.ts"), ["2322 a", "1109 ;"]);
}

#[test]
fn comments_that_expect_errors_are_honoured() {
    let p = load(&[(
        "/p/a.ts",
        "// @ts-ignore\nconst a: string = 1;\n// @ts-expect-error\nconst b: string = 1;\n// @ts-expect-error\nconst c: string = 'c';\nexport {};\n",
    )]);
    assert_eq!(p.found("/p/a.ts"), ["2578 // @ts-expect-error"]);
}

#[test]
fn suggestions_mark_what_is_unused_and_deprecated() {
    let p = load(&[
        ("/p/user.ts", USER),
        ("/p/a.ts", "import { User } from './user';\nfunction f(unused: number) { new User('x').old(); }\nf(1);\n"),
    ]);
    let file = FilePath::new("/p/a.ts");
    assert_eq!(p.found("/p/a.ts"), [""; 0]);
    let found = p.program.diagnostics(&file, true, &Cancel::new()).unwrap();
    let marks: Vec<_> =
        found.iter().map(|one| (one.range.of(p.text("/p/a.ts")), one.unnecessary, one.deprecated)).collect();
    assert_eq!(marks, [("unused", true, false), ("old", false, true)]);
    assert!(found.iter().all(|one| one.severity == EngineSeverity::Suggestion));
}

#[test]
fn a_batch_finds_the_same_as_one_file_after_the_other() {
    let mut files = vec![("/p/user.ts".to_owned(), USER.to_owned())];
    for n in 0..40 {
        let text =
            format!("import {{ User }} from './user';\nconst u{n}: string = new User('a').age;\nexport {{ u{n} }};\n");
        files.push((format!("/p/f{n}.ts"), text));
    }
    let p = load(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>());
    let all = p.program.files();
    assert_eq!(all.len(), 41);
    let batch = Mutex::new(BTreeMap::new());
    p.program
        .diagnostics_of(&all, 3, &Cancel::new(), &|file, found| {
            assert!(batch.lock().unwrap().insert(file.clone(), found).is_none(), "{file} came twice");
        })
        .unwrap();
    let batch = batch.into_inner().unwrap();
    assert_eq!(batch.len(), 41);
    for file in &all {
        assert_eq!(batch[file], p.program.diagnostics(file, false, &Cancel::new()).unwrap(), "{file}");
    }
    assert_eq!(batch[&FilePath::new("/p/f3.ts")][0].code, 2322);
}

#[test]
fn one_changed_file_is_replaced_and_the_others_are_not_read() {
    let mut p = load(&[
        ("/p/a.ts", "export const a = 1;\n"),
        ("/p/b.ts", "import { a } from './a';\nexport const b: string = a;\n"),
        ("/p/c.ts", "export const c = 1;\n"),
    ]);
    assert_eq!(p.found("/p/b.ts"), ["2322 b"]);
    let old = p.program.clone();
    p.edit("/p/a.ts", "export const a = 'one';\n");
    assert_eq!(p.found("/p/b.ts"), [""; 0]);
    assert_eq!((p.files.reads("/p/a.ts"), p.files.reads("/p/b.ts"), p.files.reads("/p/c.ts")), (1, 0, 0));
    // The program before stays what it was.
    let before = old.diagnostics(&FilePath::new("/p/b.ts"), false, &Cancel::new()).unwrap();
    assert_eq!(before[0].code, 2322);
}

#[test]
fn a_changed_import_loads_anew_and_finds_the_new_file() {
    let mut p = load_with(
        &STRICT.replace("\"include\": [\"**/*\"]", "\"files\": [\"a.ts\"]"),
        &[("/p/a.ts", "export const a = 1;\n"), ("/p/far.ts", "export const far: string = 2;\n")],
    );
    assert_eq!(p.program.files(), [FilePath::new("/p/a.ts")]);
    assert!(!p.program.contains(&FilePath::new("/p/far.ts")));
    p.edit("/p/a.ts", "import { far } from './far';\nexport const a = far;\n");
    assert_eq!(p.program.files(), [FilePath::new("/p/far.ts"), FilePath::new("/p/a.ts")]);
    assert_eq!(p.program.imports(&FilePath::new("/p/a.ts")), [FilePath::new("/p/far.ts")]);
    assert_eq!(p.found("/p/far.ts"), ["2322 far"]);
}

#[test]
fn several_changed_files_are_seen_together() {
    let mut p = load(&[
        ("/p/a.ts", "export const a = 1;\n"),
        ("/p/b.ts", "import { a } from './a';\nexport const b: number = a;\n"),
    ]);
    p.files = p
        .files
        .with("/p/a.ts", "export const a = 'x';\n")
        .with("/p/b.ts", "import { a } from './a';\nexport const b: string = a;\nexport const wrong: number = a;\n");
    let changed = [FilePath::new("/p/a.ts"), FilePath::new("/p/b.ts")];
    p.program = p.engine.update(&p.program, &changed, p.files.clone() as Arc<dyn Files>).unwrap();
    assert_eq!(p.found("/p/b.ts"), ["2322 wrong"]);
}

#[test]
fn a_file_that_goes_is_missed() {
    let mut p = load(&[("/p/a.ts", "export const a = 1;\n"), ("/p/b.ts", "import { a } from './a';\nexport { a };\n")]);
    let mut texts = p.files.texts.clone();
    texts.remove(&FilePath::new("/p/a.ts"));
    p.files = Arc::new(Memory { texts, ..Memory::default() });
    p.program = p.engine.update(&p.program, &[FilePath::new("/p/a.ts")], p.files.clone() as Arc<dyn Files>).unwrap();
    assert_eq!(p.found("/p/b.ts"), ["2307 './a'"]);
    let gone = p.program.diagnostics(&FilePath::new("/p/a.ts"), false, &Cancel::new());
    assert_eq!(gone, Err(EngineError::MissingFile(FilePath::new("/p/a.ts"))));
}

#[test]
fn members_complete_in_broken_code() {
    for broken in [
        "import { User } from './user';\nfunction f(u: User) {\n    u.\n}\n",
        "import { User } from './user';\nfunction f(u: User) {\n    u.\n    const next = 1;\n    return next;\n}\n",
        "import { User } from './user';\nconst u = new User('a');\nu.",
        "import { User } from './user';\nfunction f(u: User) { if (u.",
        "import { User } from './user';\nclass C { m(u: User) { return [u.] } }\n",
    ] {
        let p = load(&[("/p/user.ts", USER), ("/p/a.ts", broken)]);
        let list = p.complete("/p/a.ts", p.at("/p/a.ts", "u.", 2));
        assert!(list.is_member, "{broken}");
        let mut names = labels(&list);
        names.sort_unstable();
        assert_eq!(names, ["age", "equals", "name", "old"], "{broken}");
        let item = |name: &str| list.items.iter().find(|item| item.label == name).unwrap();
        assert_eq!(item("equals").kind, CompletionKind::Method);
        assert_eq!(item("name").kind, CompletionKind::Field);
        assert!(item("age").optional && !item("name").optional);
        assert!(item("old").deprecated && !item("equals").deprecated);
        assert_eq!(item("age").insert, None);
    }
}

#[test]
fn a_member_asked_for_before_the_next_line_replaces_nothing_there() {
    let text = "import { User } from './user';\nfunction f(u: User) {\n    u.\n    call();\n}\nfunction call() {}\n";
    let p = load(&[("/p/user.ts", USER), ("/p/a.ts", text)]);
    let list = p.complete("/p/a.ts", p.at("/p/a.ts", "u.", 2));
    assert!(list.is_member && labels(&list).contains(&"equals"));
    assert_eq!(list.items.iter().filter_map(|item| item.replace).collect::<Vec<_>>(), []);
}

#[test]
fn paths_of_imports_complete() {
    let p = load(&[
        ("/p/user.ts", USER),
        ("/p/sub/deep.ts", "export {};\n"),
        ("/p/a.ts", "import { User } from './us';\nexport { User };\n"),
    ]);
    let at = p.at("/p/a.ts", "./us", 4);
    let list = p.complete("/p/a.ts", at);
    let found: Vec<_> = list.items.iter().map(|item| (item.label.as_str(), item.kind)).collect();
    let word = TextRange::new(at - 2, at);
    assert_eq!(
        found,
        [("sub", CompletionKind::Folder), ("user", CompletionKind::File)],
        "the file itself is not offered"
    );
    assert!(list.items.iter().all(|item| item.replace.is_none_or(|range| range == word)));
    assert!(!list.is_member);
}

#[test]
fn names_in_scope_complete_and_are_no_members() {
    let p = load(&[
        ("/p/user.ts", USER),
        ("/p/a.ts", "import { User } from './user';\nconst local = 1;\nfunction f(parameter: User) {\n    loc\n}\n"),
    ]);
    let list = p.complete("/p/a.ts", p.at("/p/a.ts", "    loc", 7));
    assert!(!list.is_member);
    let names = labels(&list);
    for name in ["local", "parameter", "User", "f", "Array", "return"] {
        assert!(names.contains(&name), "{name}");
    }
    let local = list.items.iter().find(|item| item.label == "local").unwrap();
    assert_eq!((local.replace, local.insert.as_deref()), (None, None));
    // A number, a spread and a string ask for no member.
    let p = load(&[("/p/a.ts", "const n = 1.\nconst m = [...]\nconst s = 'a.';\nexport {};\n")]);
    assert!(!p.complete("/p/a.ts", p.at("/p/a.ts", "...", 3)).is_member);
    assert!(!p.complete("/p/a.ts", p.at("/p/a.ts", "a.", 2)).is_member);
    assert!(!p.complete("/p/a.ts", p.at("/p/a.ts", "1.", 2)).is_member);
}

#[test]
fn a_name_that_is_no_identifier_replaces_the_dot() {
    let p = load(&[("/p/a.ts", "declare const o: { 'two words': 1, plain: 2 };\no.tw\n")]);
    let at = p.at("/p/a.ts", "o.tw", 4);
    let list = p.complete("/p/a.ts", at);
    let item = list.items.iter().find(|item| item.label == "two words").unwrap();
    assert_eq!(item.insert.as_deref(), Some("[\"two words\"]"));
    assert_eq!(item.replace, Some(TextRange::new(at - 3, at)));
}

#[test]
fn a_completion_tells_more_on_request() {
    let p = load(&[("/p/user.ts", USER), ("/p/a.ts", "import { User } from './user';\nnew User('a').eq\n")]);
    let at = p.at("/p/a.ts", ".eq", 3);
    let list = p.complete("/p/a.ts", at);
    let item = list.items.iter().find(|item| item.label == "equals").unwrap();
    let detail = p.program.resolve_completion(&FilePath::new("/p/a.ts"), at, item, &Cancel::new()).unwrap();
    assert_eq!(detail.detail.as_deref(), Some("(method) User.equals(other: User): boolean"));
    assert_eq!(detail.documentation.as_deref(), Some("Compares users."));
    assert_eq!(detail.edits, []);
}

#[test]
fn hover_gives_code_and_documentation_apart() {
    let p = load(&[
        ("/p/user.ts", USER),
        ("/p/a.ts", "import { User } from './user';\nnew User('a').equals(new User('b'));\n"),
    ]);
    let file = FilePath::new("/p/a.ts");
    let hover = p.program.hover(&file, p.at("/p/a.ts", "equals", 2), &Cancel::new()).unwrap().unwrap();
    assert_eq!(hover.code, "(method) User.equals(other: User): boolean");
    assert_eq!(hover.documentation, "Compares users.");
    assert_eq!(hover.range.of(p.text("/p/a.ts")), "equals");
    let class = p.program.hover(&file, p.at("/p/a.ts", "User", 0), &Cancel::new()).unwrap().unwrap();
    assert_eq!((class.code.as_str(), class.documentation.as_str()), ("(alias) class User", "A person."));
    assert_eq!(p.program.hover(&file, p.at("/p/a.ts", "'b'", 3), &Cancel::new()).unwrap(), None);
}

#[test]
fn definitions_lead_across_files_and_into_libraries() {
    let p = load(&[
        ("/p/user.ts", USER),
        ("/p/a.ts", "import { User } from './user';\nconst u = new User('a');\nu.equals(u);\n[1].map(String);\n"),
    ]);
    let file = FilePath::new("/p/a.ts");
    let cancel = Cancel::new();
    let found = p.program.definition(&file, p.at("/p/a.ts", "equals", 1), &cancel).unwrap();
    assert_eq!(found.asked.unwrap().of(p.text("/p/a.ts")), "equals");
    assert_eq!(found.targets.len(), 1);
    assert_eq!(found.targets[0].file, FilePath::new("/p/user.ts"));
    assert_eq!(found.targets[0].range.of(USER), "equals");
    assert!(found.targets[0].full.unwrap().of(USER).ends_with("return this.name === other.name; }"));

    let of_type = p.program.type_definition(&file, p.at("/p/a.ts", "u.equals", 0), &cancel).unwrap();
    assert_eq!(of_type.targets[0].range.of(USER), "User");

    let library = p.program.definition(&file, p.at("/p/a.ts", "map", 1), &cancel).unwrap();
    let place = &library.targets[0];
    assert!(place.file.is_under(&FilePath::new(LIBRARIES)), "{}", place.file);
    let text = p.engine.library(&place.file).unwrap();
    assert_eq!(place.range.of(text), "map");
    // A library answers questions like any other file.
    let hover = p.program.hover(&place.file, place.range.start, &cancel).unwrap().unwrap();
    assert!(hover.code.starts_with("(method) Array<T>.map<U>("), "{}", hover.code);
    assert_eq!(p.program.definition(&file, p.at("/p/a.ts", "'a'", 1), &cancel).unwrap().targets, []);
}

#[test]
fn references_and_symbols_are_found_in_the_whole_program() {
    let p = load(&[
        ("/p/user.ts", USER),
        ("/p/a.ts", "import { User } from './user';\nnew User('a').equals(new User('b'));\n"),
        ("/p/b.ts", "import { User as U } from './user';\nexport const same = (a: U, b: U) => a.equals(b);\n"),
    ]);
    let user = FilePath::new("/p/user.ts");
    let at = p.at("/p/user.ts", "equals", 0);
    let places = |declaration| {
        let found = p.program.references(&user, at, declaration, &Cancel::new()).unwrap();
        let mut found: Vec<_> = found.iter().map(|place| format!("{}:{}", place.file, place.range.start)).collect();
        found.sort();
        found
    };
    assert_eq!(places(false), ["/p/a.ts:45", "/p/b.ts:74"]);
    assert_eq!(places(true), ["/p/a.ts:45", "/p/b.ts:74", &format!("/p/user.ts:{at}")]);

    let declared = p.program.declarations(&Cancel::new()).unwrap();
    let user = declared.iter().find(|one| one.file.name() == "user.ts").expect("the file is there");
    let told: Vec<_> = user.list.iter().map(|one| (&*one.name, one.kind, one.is_exported)).collect();
    assert!(told.contains(&("User", CompletionKind::Class, true)), "{told:?}");
    assert!(told.contains(&("equals", CompletionKind::Method, false)), "{told:?}");
    assert!(user.list.iter().all(|one| one.range.of(USER) == &*one.name));
}

#[test]
fn options_are_inherited_and_faults_in_them_are_placed() {
    let engine = TsrEngine::new();
    let config = "{\n  \"extends\": \"./base.json\",\n  \"compilerOptions\": { \"target\": \"es1999\", \"wrong\": 1 },\n  \"include\": [\"src\"]\n}\n";
    let files = Memory::new(&[
        ("/p/tsconfig.json", config),
        ("/p/base.json", "{ \"compilerOptions\": { \"strict\": true, \"lib\": [\"es2022\"], \"types\": [] } }"),
        ("/p/src/a.ts", "export const f = (x) => x;\n"),
        ("/p/other/b.ts", "export {};\n"),
    ]);
    let seam: Arc<dyn Files> = files.clone();
    let file = FilePath::new("/p/tsconfig.json");
    let parsed = engine.config(&seam, &ConfigSource::File(file.clone())).unwrap();
    assert_eq!(parsed.roots, [FilePath::new("/p/src/a.ts")]);
    assert_eq!(parsed.inputs, [file.clone(), FilePath::new("/p/base.json")]);
    let found: Vec<_> = parsed.diagnostics.iter().map(|one| (one.code, one.range.of(config))).collect();
    assert_eq!(found, [(6046, "\"es1999\""), (5023, "\"wrong\"")]);
    assert!(parsed.diagnostics.iter().all(|one| one.file.as_ref() == Some(&file)));
    let program = engine.load(&parsed, None, seam).unwrap();
    let found = program.diagnostics(&FilePath::new("/p/src/a.ts"), false, &Cancel::new()).unwrap();
    assert_eq!(found[0].code, 7006, "the inherited `strict` holds");
    assert_eq!(program.global_diagnostics().unwrap().len(), 2);
}

#[test]
fn options_without_a_file_and_files_that_are_not_there() {
    let engine = TsrEngine::new();
    let files: Arc<dyn Files> =
        Memory::new(&[("/p/a.ts", "export {};\n"), ("/p/base.json", "{ \"include\": [\"a.ts\"] }")]);
    let json = "{ \"extends\": \"./base.json\", \"compilerOptions\": { \"nope\": true } }";
    let source = ConfigSource::Text { dir: FilePath::new("/p"), json: json.to_owned() };
    let parsed = engine.config(&files, &source).unwrap();
    assert_eq!(parsed.roots, [FilePath::new("/p/a.ts")]);
    assert_eq!(parsed.inputs, [FilePath::new("/p/base.json")]);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!((parsed.diagnostics[0].file.clone(), parsed.diagnostics[0].range.of(json)), (None, "\"nope\""));

    let missing = engine.config(&files, &ConfigSource::File(FilePath::new("/p/none.json"))).unwrap();
    assert_eq!(missing.diagnostics[0].code, 5083);
    assert_eq!(missing.inputs, [FilePath::new("/p/none.json")]);

    let roots = [FilePath::new("/p/a.ts")];
    let program = engine.load(&missing, Some(&roots), files).unwrap();
    assert_eq!(program.files(), roots);
}

#[test]
fn odd_paths_survive_the_way_there_and_back() {
    let odd = "/^std/ein Verzeichnis/50% #1?/é€𝄞 [x].ts";
    let p = load(&[
        (odd, "export const odd: string = 1;\nexport function ünïcode(): void {}\n"),
        (
            "/p/a.ts",
            "import { odd, ünïcode } from '../^std/ein Verzeichnis/50% #1?/é€𝄞 [x]';\n/* 𝄞 */ ünïcode(); odd.\n",
        ),
    ]);
    let (file, odd) = (FilePath::new("/p/a.ts"), FilePath::new(odd));
    assert!(p.program.contains(&odd));
    assert_eq!(p.found(odd.as_str()), ["2322 odd"]);
    let target = &p.program.definition(&file, p.at("/p/a.ts", "*/ ünïcode", 6), &Cancel::new()).unwrap().targets[0];
    assert_eq!((&target.file, target.range.of(p.text(odd.as_str()))), (&odd, "ünïcode"));
    let list = p.complete("/p/a.ts", p.at("/p/a.ts", "odd.\n", 4));
    assert!(list.is_member && labels(&list).contains(&"charAt"));
    let uses = p.program.references(&odd, target.range.start, true, &Cancel::new()).unwrap();
    assert_eq!(uses.len(), 3);
}

#[test]
fn a_byte_order_mark_shifts_nothing() {
    let p = load(&[("/p/a.ts", "\u{feff}const a: string = 1;\nexport {};\n")]);
    assert_eq!(p.found("/p/a.ts"), ["2322 a"]);
}

#[test]
fn a_panic_stays_inside_and_the_next_question_is_answered() {
    let engine = TsrEngine::new();
    let texts = Memory::new(&[("/p/a.ts", "export const a = 1;\na.\n")]).texts.clone();
    let trapped: Arc<dyn Files> =
        Arc::new(Memory { texts: texts.clone(), trap: Some(FilePath::new("/p/a.ts")), ..Memory::default() });
    let source = ConfigSource::Text { dir: FilePath::new("/p"), json: STRICT.to_owned() };
    let config = engine.config(&trapped, &source).unwrap();
    match engine.load(&config, None, trapped.clone()) {
        Err(EngineError::Internal(message)) => assert!(message.contains("is a trap"), "{message}"),
        other => panic!("{:?}", other.err()),
    }
    let sound: Arc<dyn Files> = Arc::new(Memory { texts, ..Memory::default() });
    let program = engine.load(&config, None, sound).unwrap();
    assert!(engine.update(&program, &[FilePath::new("/p/a.ts")], trapped).is_err());
    let list = program.completion(&FilePath::new("/p/a.ts"), 22, None, &Cancel::new()).unwrap();
    assert!(labels(&list).contains(&"toFixed"));
}

#[test]
fn a_checker_that_panicked_is_replaced() {
    let p = load(&[("/p/dir/b.ts", "export {};\n"), ("/p/a.ts", "import './dir/';\nconst a = 1;\na.\n")]);
    let trapped: Arc<dyn Files> =
        Arc::new(Memory { texts: p.files.texts.clone(), trap: Some(FilePath::new("/p/dir")), ..Memory::default() });
    let file = FilePath::new("/p/a.ts");
    // The paths of an import are listed while its question has the checker.
    let question = p.at("/p/a.ts", "dir/", 4);
    assert_eq!(labels(&p.complete("/p/a.ts", question)), ["b"]);
    let program = p.engine.update(&p.program, std::slice::from_ref(&file), trapped).unwrap();
    for _ in 0..2 {
        match program.completion(&file, question, None, &Cancel::new()) {
            Err(EngineError::Internal(message)) => {
                assert_eq!(message, "completing at /p/a.ts:1:15: listing /p/dir is a trap");
            }
            other => panic!("{other:?}"),
        }
        let list = program.completion(&file, p.at("/p/a.ts", "a.\n", 2), None, &Cancel::new()).unwrap();
        assert!(labels(&list).contains(&"toFixed"));
    }
}

#[test]
fn cancelled_work_stops_and_does_not_spoil_the_program() {
    let mut text = String::from("export {};\n");
    for n in 0..4000 {
        text.push_str(&format!(
            "const v{n}: {{ a: string, b: number[] }} = {{ a: 'x', b: [1, 2, {n}].map(x => x + 1) }};\n"
        ));
    }
    text.push_str("const wrong: string = 1;\n");
    let p = load(&[("/p/a.ts", &text)]);
    let file = FilePath::new("/p/a.ts");
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert_eq!(p.program.diagnostics(&file, false, &cancelled), Err(EngineError::Cancelled));
    assert_eq!(p.program.completion(&file, 5, None, &cancelled), Err(EngineError::Cancelled));
    assert_eq!(p.program.hover(&file, 5, &cancelled), Err(EngineError::Cancelled));
    assert_eq!(
        p.program.diagnostics_of(std::slice::from_ref(&file), 2, &cancelled, &|_, _| panic!("nothing is done")),
        Err(EngineError::Cancelled)
    );
    // Stopped in the middle.
    let cancel = Cancel::new();
    let stopped = std::thread::scope(|scope| {
        let work = scope.spawn(|| p.program.diagnostics(&file, false, &cancel));
        std::thread::sleep(std::time::Duration::from_millis(30));
        cancel.cancel();
        work.join().unwrap()
    });
    assert_eq!(stopped, Err(EngineError::Cancelled));
    assert_eq!(p.found("/p/a.ts"), ["2322 wrong"]);
}

#[test]
fn a_check_does_not_hold_up_a_question() {
    let mut text = String::from("export {};\n");
    for n in 0..3000 {
        text.push_str(&format!(
            "const v{n}: {{ a: string, b: number[] }} = {{ a: 'x', b: [1, 2, {n}].map(x => x + 1) }};\n"
        ));
    }
    let p = load(&[("/p/big.ts", &text), ("/p/a.ts", "const a = 'x';\na.\nexport {};\n")]);
    let cancel = Cancel::new();
    let answered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let check = scope.spawn(|| {
            let _ = p.program.diagnostics(&FilePath::new("/p/big.ts"), false, &cancel);
            answered.load(Ordering::SeqCst)
        });
        std::thread::sleep(std::time::Duration::from_millis(10));
        p.complete("/p/a.ts", p.at("/p/a.ts", "a.", 2));
        answered.fetch_add(1, Ordering::SeqCst);
        cancel.cancel();
        assert_eq!(check.join().unwrap(), 1, "the question was answered before the check ended");
    });
}

#[test]
fn deep_code_overflows_no_small_stack() {
    let parentheses = format!("export const a = {}1{};\n", "(".repeat(5_000), ")".repeat(5_000));
    let sum = format!("export const b = {};\n", vec!["1"; 20_000].join(" + "));
    let calls = format!("declare const o: any;\nexport const c = o{};\n", ".f()".repeat(1_000));
    let arrays = format!("export const d = {}1{};\n", "[".repeat(1_000), "]".repeat(1_000));
    let objects = format!("export const e: string = {}1{};\n", "{a:".repeat(1_000), "}".repeat(1_000));
    let p = load(&[
        ("/p/parentheses.ts", &parentheses),
        ("/p/sum.ts", &sum),
        ("/p/calls.ts", &calls),
        ("/p/arrays.ts", &arrays),
        ("/p/objects.ts", &objects),
    ]);
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn_scoped(scope, || {
                for file in p.program.files() {
                    let found = p.program.diagnostics(&file, true, &Cancel::new()).unwrap();
                    let errors = found.iter().filter(|one| one.severity == EngineSeverity::Error).count();
                    assert_eq!(errors, usize::from(file.name() == "objects.ts"), "{file}: {found:?}");
                    p.program.hover(&file, p.at(file.as_str(), " = ", 5), &Cancel::new()).unwrap();
                    p.program.completion(&file, p.text(file.as_str()).len() as u32 / 2, None, &Cancel::new()).unwrap();
                }
                p.program.emit(&p.program.files(), &Cancel::new()).unwrap();
            })
            .unwrap();
    });
}

#[test]
fn one_module_becomes_javascript_with_a_map() {
    let engine = TsrEngine::new();
    let file = FilePath::new("/p/a b/mod.ts");
    let text = "import { used, type T, unused } from './other';\nimport './effect';\nenum Color { Red, Green }\nexport function f<A>(a: A, ...rest: T[]): Color {\n    return used(a satisfies A) as any ?? Color.Red;\n}\nexport type { T };\n";
    let out = engine.transpile(&file, text).unwrap();
    assert_eq!(out.diagnostics, []);
    assert!(out.js.starts_with("import { used } from './other';\nimport './effect';\n"), "{}", out.js);
    assert!(out.js.contains("export function f(a, ...rest) {\n    return used(a) ?? Color.Red;\n}"), "{}", out.js);
    assert!(!out.js.contains("sourceMappingURL") && !out.js.contains("type"), "{}", out.js);
    assert!(out.map.starts_with("{\"version\":3,") && out.map.contains("\"sources\":[\"mod.ts\"]"), "{}", out.map);

    let broken = engine.transpile(&file, "export const a = ;\nexport const b: number = 2;\n").unwrap();
    assert_eq!(broken.diagnostics.iter().map(|one| (one.code, one.range.start)).collect::<Vec<_>>(), [(1109, 17)]);
    assert!(broken.js.contains("export const b = 2;"));
    // What runs it knows neither decorators nor `using`.
    let modern = engine.transpile(&file, "@dec class A { #p = 1; static { await 0; } }\nusing x = open();\n").unwrap();
    assert!(
        !modern.js.contains("@dec") && !modern.js.contains("using x") && modern.js.contains("#p = 1"),
        "{}",
        modern.js
    );
    let declarations = engine.transpile(&FilePath::new("/p/types.d.ts"), "export declare const a: 1;\n").unwrap();
    assert_eq!(declarations.js, "");
    // A type error is no concern of one module alone.
    assert_eq!(engine.transpile(&file, "const a: string = 1; export { a };").unwrap().diagnostics, []);
}

#[test]
fn a_program_emits_javascript_as_its_options_ask() {
    let json = STRICT.replace("\"noEmit\": true", "\"outDir\": \"out\", \"rootDir\": \".\", \"sourceMap\": true");
    let p = load_with(
        &json,
        &[
            ("/p/src/types.ts", "export interface Shape { area: number }\nexport const unit: Shape = { area: 1 };\n"),
            ("/p/src/a.ts", "import { Shape, unit } from './types';\nexport const s: Shape = unit;\n"),
        ],
    );
    let (emitted, _) = p.program.emit(&[FilePath::new("/p/src/a.ts")], &Cancel::new()).unwrap();
    assert_eq!(emitted.len(), 1);
    assert_eq!(emitted[0].source, FilePath::new("/p/src/a.ts"));
    assert_eq!(emitted[0].script.path, FilePath::new("/p/out/src/a.js"));
    assert!(
        emitted[0].script.text.starts_with("import { unit } from './types';\nexport const s = unit;\n"),
        "{}",
        emitted[0].script.text
    );
    assert!(emitted[0].script.map.as_ref().unwrap().contains("\"mappings\":\""));
    // `noEmit` does not keep back what is asked for.
    let p = load(&[("/p/a.ts", "export const a: number = 1;\n")]);
    let (emitted, _) = p.program.emit(&p.program.files(), &Cancel::new()).unwrap();
    assert_eq!((emitted[0].script.text.as_str(), emitted[0].script.map.as_deref()), ("export const a = 1;\n", None));
    assert_eq!(p.config.roots, p.program.files());
}
