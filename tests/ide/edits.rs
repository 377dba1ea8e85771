//! Properties of maps and edits over whole expansions: the bundled example and the standard derives,
//! at places that nobody chose.

use std::fs;
use std::path::Path;

use msc::base::{Cancel, FilePath, TextRange};
use msc::diagnostic::Severity;
use msc::expand::{Mapped, Origin};
use msc::ide::code_action::{self, Finding};
use msc::ide::rename::FileEdits;
use msc::ide::{complete, rename};
use msc::project::Snapshot;
use msc::syntax::SyntaxFile;
use msc::text::{SourceText, TextEdit};

use crate::support::{Session, edited};

/// Numbers without a pattern that matters, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// The bundled example, all files open.
fn example() -> Session {
    let mut fixture = String::new();
    add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop"), "", &mut fixture);
    Session::expanded(&fixture)
}

fn add(directory: &Path, name: &str, fixture: &mut String) {
    let mut entries: Vec<_> = fs::read_dir(directory).expect("the example is there").map(|one| one.unwrap()).collect();
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let own = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            add(&entry.path(), &own, fixture);
        } else if let Some((_, ending)) = own.rsplit_once('.')
            && ["ms", "ts", "json"].contains(&ending)
        {
            let open = if ending == "ms" { " open" } else { "" };
            let text = fs::read_to_string(entry.path()).expect("the example is text");
            *fixture += &format!("//- {own}{open}\n{text}");
            fixture.push_str(if fixture.ends_with('\n') { "" } else { "\n" });
        }
    }
}

/// Classes of random fields under random derives, and code that uses what is generated.
fn derived(random: &mut Random) -> Session {
    const DERIVES: [&str; 5] = ["Eq", "Hash", "Clone", "Debug", "Ord"];
    const TYPES: [(&str, &str); 5] =
        [("number", "1"), ("string", "'ä'"), ("boolean", "true"), ("number[]", "[1, 2]"), ("Date", "new Date(0)")];
    let mut text = String::new();
    for class in 0..6 {
        let mut derives: Vec<&str> = DERIVES.iter().copied().filter(|_| random.below(2) == 0).collect();
        derives.push("Eq");
        derives.sort_unstable();
        derives.dedup();
        text += &format!("/* ünder {class} */ @derive({}) export class C{class} {{\n", derives.join(", "));
        for field in 0..random.below(5) {
            let (of, value) = TYPES[random.below(TYPES.len())];
            text += &format!("  field{field}: {of} = {value}; // ß\n");
        }
        text += &format!("}}\nexport const same{class} = new C{class}().equals(new C{class}());\n");
    }
    Session::expanded(&format!("//- /main.ms open\n{text}"))
}

fn open_files(snap: &Snapshot) -> Vec<(FilePath, SourceText)> {
    let mut files: Vec<FilePath> = snap.open_files().into_iter().map(|(file, _)| file).collect();
    files.sort();
    files.into_iter().filter_map(|file| Some((file.clone(), snap.text(&file)?))).collect()
}

#[track_caller]
fn verbatim_is_verbatim(session: &Session) {
    let snap = session.snapshot();
    for (file, source) in open_files(&snap) {
        let expanded = snap.expanded(&file).expect("it was expanded");
        assert!(expanded.pending.is_empty(), "macros of {file} have run");
        let mut at = 0;
        for segment in expanded.map.segments() {
            assert_eq!(segment.expanded.start, at, "no gaps in {file}");
            at = segment.expanded.end;
            match &segment.origin {
                Origin::Verbatim { source: range } => {
                    assert_eq!(source.slice(*range), expanded.text.slice(segment.expanded), "{file}");
                    let up = expanded.map.up_range(segment.expanded);
                    assert_eq!(up, Some(Mapped::Source { range: *range, call: None }));
                    assert_eq!(expanded.map.down_range(*range).next(), Some(segment.expanded));
                    for step in 0..range.len() {
                        let (from, to) = (range.start + step, segment.expanded.start + step);
                        let place = Mapped::Source { range: TextRange::empty(from), call: None };
                        assert_eq!(expanded.map.up(to), Some(place), "{file} at {from}");
                        assert_eq!(expanded.map.down(from).next(), Some(to), "{file} at {from}");
                        assert_eq!(expanded.map.down_before(from + 1).next(), Some(to + 1), "{file} at {from}");
                    }
                }
                Origin::Copied { source: range, .. } => {
                    assert_eq!(source.slice(*range), expanded.text.slice(segment.expanded), "{file}");
                }
                Origin::Quoted { module, range, .. } | Origin::Computed { module, range, .. } => {
                    let len = snap.text(module).map_or(0, |text| text.len());
                    assert!(range.end <= len, "{module} has no {range:?}");
                }
                Origin::Glue { source: range } => assert!(range.end <= source.len(), "{file} has no {range:?}"),
            }
        }
        assert_eq!(at, expanded.text.len());
    }
}

#[test]
fn what_is_verbatim_maps_forth_and_back_in_whole_expansions() {
    verbatim_is_verbatim(&example());
    for seed in 1..=6 {
        verbatim_is_verbatim(&derived(&mut Random(seed)));
    }
}

/// Edits must lie in texts that a person sees: inside of files that are open, between characters, and
/// apart from each other.
#[track_caller]
fn applied(snap: &Snapshot, edits: &[FileEdits], what: &str) -> Vec<(FilePath, String)> {
    let open = open_files(snap);
    let texts = edits.iter().map(|FileEdits { file, edits }| {
        let Some((_, text)) = open.iter().find(|(one, _)| one == file) else { panic!("{what}: an edit of {file}") };
        let mut sorted: Vec<&TextEdit> = edits.iter().collect();
        sorted.sort_by_key(|edit| edit.range);
        for pair in sorted.windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start, "{what}: {pair:?} overlap in {file}");
        }
        for edit in edits {
            let (start, end) = (edit.range.start as usize, edit.range.end as usize);
            assert!(text.as_str().get(start..end).is_some(), "{what}: {edit:?} is not in {file}");
        }
        (file.clone(), edited(text.as_str(), edits))
    });
    texts.collect()
}

/// Words of the open files, as file and offset.
fn words(snap: &Snapshot) -> Vec<(FilePath, u32)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (file, text) in open_files(snap) {
        let mut before = ' ';
        for (at, c) in text.as_str().char_indices() {
            if is_word(c) && !is_word(before) && !c.is_ascii_digit() {
                found.push((file.clone(), at as u32));
            }
            before = c;
        }
    }
    found
}

/// How many errors of each code each file has.
fn errors(session: &Session) -> Vec<String> {
    let mut codes: Vec<String> = session
        .diagnostics()
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .map(|one| format!("{}: {}", session.name(&one.file), one.code))
        .collect();
    codes.sort();
    codes
}

fn renames_stay_in_sources(make: &dyn Fn() -> Session, tries: usize, random: &mut Random) -> usize {
    let mut session = make();
    let before = errors(&session);
    let mut done = 0;
    for _ in 0..tries {
        let snap = session.snapshot();
        let words = words(&snap);
        let (file, offset) = words[random.below(words.len())].clone();
        let cancel = Cancel::new();
        let Ok(prepared) = rename::prepare(&snap, &file, offset, &cancel) else { continue };
        // A string that names a key of a JSON file: that file is not what is renamed.
        let before_it =
            snap.text(&file).and_then(|text| text.as_str()[..prepared.range.start as usize].chars().next_back());
        if matches!(before_it, Some('\'' | '"' | '`')) {
            continue;
        }
        let Ok(edits) = rename::rename(&snap, &file, offset, "renamed_by_test", &cancel) else { continue };
        let what = format!("`{}` at {}:{offset}", prepared.name, session.name(&file));
        for (changed, FileEdits { edits, .. }) in applied(&snap, &edits, &what).iter().zip(&edits) {
            let text = snap.text(&changed.0).expect("it is open");
            for edit in edits {
                // A name, or a shorthand that becomes a pair.
                assert!(edit.text.contains("renamed_by_test"), "{what}: {edit:?}");
                let old = text.slice(edit.range);
                let bare = old.trim_matches(['\'', '"', '`']);
                let joined = prepared.name.contains(bare) || bare.contains(&prepared.name);
                assert!(joined, "{what}: `{old}` is replaced by {edit:?} in {}", changed.0);
            }
        }
        // What was generated follows: the program means the same.
        if done % 4 == 0 {
            for (file, text) in applied(&snap, &edits, &what) {
                let name = session.name(&file);
                let whole = TextRange::new(0, snap.text(&file).expect("it is open").len());
                session.edit(&name, whole, &text);
                session.save(&name);
            }
            session.run_macros();
            assert_eq!(errors(&session), before, "{what} to `renamed_by_test`: {edits:?}");
            session = make();
        }
        done += 1;
    }
    done
}

#[test]
fn renames_at_any_place_change_sources_alone() {
    let done = renames_stay_in_sources(&example, 60, &mut Random(7));
    assert!(done > 15, "names can be renamed: {done}");
    let done = renames_stay_in_sources(&|| derived(&mut Random(3)), 40, &mut Random(11));
    assert!(done > 10, "names can be renamed: {done}");
}

fn completions_stay_in_sources(session: &Session, tries: usize, random: &mut Random) {
    let snap = session.snapshot();
    let files = open_files(&snap);
    let cancel = Cancel::new();
    for _ in 0..tries {
        let (file, text) = &files[random.below(files.len())];
        let mut offset = random.below(text.len() as usize + 1);
        while !text.as_str().is_char_boundary(offset) {
            offset += 1;
        }
        let what = format!("completion at {}:{offset}", session.name(file));
        let list = complete::complete(&snap, file, offset as u32, None, &cancel).expect("an answer");
        for item in &list.items {
            let Some(old) = text.as_str().get(item.replace.start as usize..item.replace.end as usize) else {
                panic!("{what}: {item:?}")
            };
            assert!(item.replace.start <= offset as u32 && offset as u32 <= item.replace.end, "{what}: {item:?}");
            assert!(!old.contains('\n'), "{what}: {item:?}");
        }
        let some = (0..4).filter_map(|_| list.items.get(random.below(list.items.len())));
        for item in some {
            let Some(token) = &item.token else { continue };
            let detail = complete::resolve(&snap, file, offset as u32, &item.label, token, &cancel).expect("an answer");
            let all: Vec<TextEdit> = item.edits.iter().chain(&detail.edits).cloned().collect();
            let edits = [FileEdits { file: file.clone(), edits: all }];
            let what = format!("{what}, `{}`", item.label);
            for (_, text) in applied(&snap, &edits, &what) {
                parses_as_before(&snap, file, &text, &what);
            }
        }
    }
}

/// An edit that lands where something else stands mostly breaks it.
#[track_caller]
fn parses_as_before(snap: &Snapshot, file: &FilePath, text: &str, what: &str) {
    let broken = |text: SourceText| SyntaxFile::parse(text).has_errors();
    let was = snap.text(file).is_some_and(broken);
    assert!(was || !broken(SourceText::new(text)), "{what}: {file} does not parse any more:\n{text}");
}

#[test]
fn completions_at_any_place_change_sources_alone() {
    completions_stay_in_sources(&example(), 60, &mut Random(17));
    completions_stay_in_sources(&derived(&mut Random(5)), 40, &mut Random(19));
}

fn actions_stay_in_sources(session: &Session, tries: usize, random: &mut Random) -> usize {
    let snap = session.snapshot();
    let cancel = Cancel::new();
    let words = words(&snap);
    let findings = session.diagnostics();
    let mut done = 0;
    for turn in 0..tries {
        // Where something is found first, then anywhere.
        let (file, range, shown) = match findings.get(turn) {
            Some(one) => {
                let finding = Finding { range: one.range, code: one.code.to_string(), message: one.message.clone() };
                (one.file.clone(), one.range, vec![finding])
            }
            None => {
                let (file, at) = words[random.below(words.len())].clone();
                (file, TextRange::empty(at), Vec::new())
            }
        };
        for action in code_action::actions(&snap, &file, range, &shown, &|_| true, &cancel).expect("an answer") {
            let what = format!("`{}` at {}:{}", action.title, session.name(&file), range.start);
            done += 1;
            let edits = match action.edits {
                Some(edits) => edits,
                None => match code_action::resolve(&snap, &file, action.kind, &cancel) {
                    Ok(edits) => edits,
                    Err(_) => continue,
                },
            };
            for (file, text) in applied(&snap, &edits, &what) {
                parses_as_before(&snap, &file, &text, &what);
            }
        }
    }
    done
}

#[test]
fn code_actions_at_any_place_change_sources_alone() {
    assert!(actions_stay_in_sources(&example(), 40, &mut Random(23)) > 40);
    assert!(actions_stay_in_sources(&derived(&mut Random(9)), 25, &mut Random(29)) > 25);
}
