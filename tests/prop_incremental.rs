//! A tree that follows random edits against the tree of the same text parsed anew.
//!
//! They are the same for every text without errors. What a broken text reads as depends on what it was before:
//! there only that both are broken is asked for. `MSC_EDITS` sets how many edits each text of the grammar's
//! corpus gets; 10,000 take some minutes.

use std::path::Path;

use std::time::Duration;

use msc::base::TextRange;
use msc::ide::document_highlight::highlights;
use msc::ide::document_symbol::symbols;
use msc::ide::folding_range::folds;
use msc::ide::semantic_tokens::{NothingGenerated, tokens};
use msc::syntax::SyntaxFile;
use msc::text::{SourceText, TextEdit};

const EDITS: usize = 40;

/// Then the text is as it was again, so that most edits meet a text that is whole.
const EDITS_IN_A_ROW: usize = 12;

const TYPED: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "`",
    "${",
    "'",
    "\"",
    "/",
    "/*",
    "*/",
    "//",
    "\n",
    " ",
    ";",
    ",",
    ":",
    "=>",
    "=",
    "?.",
    ".",
    "@a",
    "@a(b)",
    "quote { x; }",
    "macro m() {}",
    "defer f();",
    "else ",
    "<<",
    "await ",
    "async ",
    "class A {}",
    "let x = 1;",
    "x",
    "y.z",
    "é",
    "\u{2028}",
    "static ",
    "type T = U;",
    "\n\n",
    "  ",
    "1",
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most.max(1)
    }

    fn edit(&mut self, text: &str) -> TextEdit {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let from = self.below(places.len());
        let deleted = if self.below(3) == 0 { self.below(8) } else { 0 };
        let to = (from + deleted).min(places.len() - 1);
        let typed = if deleted > 0 && self.below(2) == 0 { "" } else { TYPED[self.below(TYPED.len())] };
        TextEdit { range: TextRange::from(places[from]..places[to]), text: typed.to_owned() }
    }
}

/// The edit that takes `edit` of `text` back.
fn inverse(text: &str, edit: &TextEdit) -> TextEdit {
    TextEdit {
        range: TextRange::new(edit.range.start, edit.range.start + edit.text.len() as u32),
        text: edit.range.of(text).to_owned(),
    }
}

fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/test/corpus");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let is_rule = |line: &str, of: char| line.len() > 2 && line.chars().all(|ch| ch == of);
        let lines: Vec<&str> = text.lines().collect();
        let rules: Vec<usize> = (0..lines.len()).filter(|&at| is_rule(lines[at], '=')).collect();
        for pair in rules.chunks_exact(2) {
            let end = (pair[1]..lines.len()).find(|&at| is_rule(lines[at], '-')).unwrap();
            let name = format!("{}: {}", file.file_name().unwrap().to_string_lossy(), lines[pair[0] + 1]);
            texts.push((name, lines[pair[1] + 1..end].join("\n")));
        }
    }
    texts
}

fn follow(file: &SyntaxFile, edit: TextEdit, name: &str, log: &mut Vec<TextEdit>) -> SyntaxFile {
    log.push(edit.clone());
    let before = file.text().as_str();
    let text = TextEdit::apply_in_order(before, std::slice::from_ref(&edit));
    let source = SourceText::new(text.as_str());
    let incremental = file.reparse(source.clone(), std::slice::from_ref(&edit));
    let anew = SyntaxFile::parse(source);
    let context = || format!("{name}: {edit:?} in\n{before}\n--- gives\n{text}\n--- after {log:?}");
    assert_eq!(incremental.has_errors(), anew.has_errors(), "{}", context());
    if !anew.has_errors() {
        assert_eq!(incremental.sexp(), anew.sexp(), "{}", context());
    }
    incremental
}

#[test]
fn edited_trees_are_those_of_their_texts() {
    let edits = std::env::var("MSC_EDITS").ok().and_then(|number| number.parse().ok()).unwrap_or(EDITS);
    let texts = texts();
    assert!(texts.len() > 100, "the corpus has its texts: {}", texts.len());
    for (index, (name, text)) in texts.iter().enumerate() {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15 ^ index as u64);
        let original = SyntaxFile::parse(SourceText::new(text.as_str()));
        let mut file = original.clone();
        let mut log = Vec::new();
        for done in 0..edits {
            if done % EDITS_IN_A_ROW == 0 {
                file = original.clone();
                log.clear();
            }
            let edit = numbers.edit(file.text().as_str());
            let back = inverse(file.text().as_str(), &edit);
            let edited = follow(&file, edit, name, &mut log);
            file = if numbers.below(2) == 0 { follow(&edited, back, name, &mut log) } else { edited };
        }
    }
}

/// A tree that edits moved and nobody parsed again: what is asked of it is answered within the text, and
/// a tree parsed on from it is that of the text.
#[test]
fn moved_trees_serve_and_are_parsed_on_from() {
    for (index, (name, text)) in texts().iter().enumerate() {
        let mut numbers = Numbers(0x2545_F491_4F6C_DD1D ^ index as u64);
        let mut file = SyntaxFile::parse(SourceText::new(text.as_str()));
        let mut log = Vec::new();
        for _ in 0..EDITS_IN_A_ROW {
            let edit = numbers.edit(file.text().as_str());
            let now = SourceText::new(TextEdit::apply_in_order(file.text().as_str(), std::slice::from_ref(&edit)));
            let moved = file.reparse_within(now.clone(), std::slice::from_ref(&edit), Duration::ZERO);
            log.push(edit);
            let context = || format!("{name} after {log:?}: {}", now.as_str());
            assert!(moved.is_moved());
            let end = now.as_str().len() as u32;
            for token in tokens(&moved, None, &NothingGenerated).tokens() {
                let range = token.range();
                assert!(
                    range.end <= end && now.as_str().get(range.start as usize..range.end as usize).is_some(),
                    "{}",
                    context()
                );
            }
            for symbol in symbols(&moved) {
                assert!(symbol.range.end <= end, "{}", context());
            }
            folds(&moved);
            highlights(&moved, numbers.below(end as usize) as u32);
            let (on, anew) = (moved.reparse(now.clone(), &[]), SyntaxFile::parse(now.clone()));
            assert_eq!(on.has_errors(), anew.has_errors(), "{}", context());
            if !anew.has_errors() {
                assert_eq!(on.sexp(), anew.sexp(), "{}", context());
            }
            file = moved;
        }
    }
}
