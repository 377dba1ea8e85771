//! `tests/format/*.md`: each section shows a text (`before`) and what becomes of it (`after`). A block `options` holds the
//! section `format` of a project file. `UPDATE_EXPECT=1` rewrites what becomes.

use std::fs;
use std::path::Path;

use msc::base::FilePath;
use msc::format::{Options, format};
use msc::project::config::format::options;
use msc::text::SourceText;

/// A fenced block: its words behind the fence, and where its text stands.
struct Block {
    info: String,
    start: usize,
    end: usize,
}

fn blocks(page: &str) -> Vec<(String, Vec<Block>)> {
    let mut sections: Vec<(String, Vec<Block>)> = Vec::new();
    let mut open: Option<Block> = None;
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match &mut open {
            Some(block) if line.trim_end() == "````" => {
                block.end = start;
                let block = open.take().expect("it is open");
                sections.last_mut().expect("blocks stand below a heading").1.push(block);
            }
            Some(_) => {}
            None => {
                if let Some(info) = line.strip_prefix("````") {
                    open = Some(Block { info: info.trim().to_owned(), start: at, end: at });
                } else if let Some(title) = line.strip_prefix("## ") {
                    sections.push((title.trim().to_owned(), Vec::new()));
                }
            }
        }
    }
    sections
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format").join(name);
    let page = fs::read_to_string(&path).expect("the page is there");
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let (mut out, mut copied) = (String::new(), 0);
    let mut failures = Vec::new();
    let mut count = 0;
    for (title, blocks) in blocks(&page) {
        let chosen = match blocks.iter().find(|block| block.info == "options") {
            Some(block) => {
                let text = format!("{{ \"format\": {} }}", &page[block.start..block.end]);
                let (options, problems) =
                    options(&FilePath::new("/metascript.json"), &SourceText::new(text), Options::default());
                assert_eq!(problems, [], "{name}: {title}");
                options
            }
            None => Options::default(),
        };
        for pair in blocks.iter().filter(|block| block.info != "options").collect::<Vec<_>>().chunks(2) {
            let [before, after] = pair else { panic!("{name}: {title}: blocks come in pairs") };
            assert_eq!((before.info.as_str(), after.info.as_str()), ("ms before", "ms after"), "{name}: {title}");
            count += 1;
            let formatted = format(&page[before.start..before.end], &chosen);
            let found = formatted.text();
            let again = format(&found, &chosen).text();
            assert_eq!(again, found, "{name}: {title}: a second run changes it");
            let expected = &page[after.start..after.end];
            if found != expected {
                failures.push(format!("## {title}\n{found}\nexpected\n{expected}\n{:?}", formatted.untouched));
            }
            out.push_str(&page[copied..after.start]);
            out.push_str(&found);
            copied = after.end;
        }
    }
    out.push_str(&page[copied..]);
    if update {
        fs::write(&path, &out).expect("the tree is writable");
        return;
    }
    assert!(count > 0, "{name} holds no texts");
    assert!(failures.is_empty(), "{name}: {}", failures.join("\n"));
}

#[test]
fn macro_syntax() {
    check("macros.md");
}

#[test]
fn typescript() {
    check("typescript.md");
}

#[test]
fn what_does_not_parse() {
    check("errors.md");
}
