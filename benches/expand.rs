//! What expansion costs on the state thread and in the live lane: parsing, reading facts and expanding
//! a file of ten derived classes with all outputs known, and the same after one typed character.
//!
//! Each figure is the median of its runs, in microseconds. Run it with `cargo bench --bench expand`;
//! in the dev profile the figures say nothing.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use msc::base::{Digest, FilePath, TextRange};
use msc::expand::{Call, Expansion, FileFacts, Flavour, Known, MacroScope, Request, expand};
use msc::macros::{Emission, JobOutput, Outcome, Piece, PieceOrigin, Place};
use msc::std_lib;
use msc::syntax::SyntaxFile;
use msc::text::{SourceText, TextEdit};

struct Std;

impl MacroScope for Std {
    fn facts(&self, file: &FilePath) -> Option<Arc<FileFacts>> {
        static DERIVE: std::sync::LazyLock<Arc<FileFacts>> = std::sync::LazyLock::new(|| {
            let file = std_lib::resolve("std/macros/derive").expect("derive is part of the standard library");
            let text = std_lib::read(&file).expect("its text is embedded");
            Arc::new(FileFacts::of(&SyntaxFile::parse(SourceText::new(text))))
        });
        file.as_str().ends_with("derive.ms").then(|| DERIVE.clone())
    }

    fn module(&self, _from: &FilePath, specifier: &str) -> Option<FilePath> {
        std_lib::resolve(specifier)
    }

    fn text(&self, file: &FilePath) -> Option<SourceText> {
        std_lib::read(file).map(SourceText::new)
    }
}

fn source(classes: usize) -> String {
    (0..classes)
        .map(|index| {
            format!(
                "/** Class {index}. */\n@derive(Eq, Hash, Clone, Debug)\nexport class User{index} {{\n  nick?: string;\n  tags: string[] = [];\n  constructor(readonly name: string, public age: number) {{}}\n  greet(other: User{index}): string {{\n    return `Hello ${{other.name}}`;\n  }}\n}}\n\n"
            )
        })
        .collect()
}

/// Four members with the fields' names copied, as `derive` makes them.
fn output(call: &Call) -> Expansion {
    let input = call.input();
    let target = input.target.expect("a derive stands on a class");
    let module = std_lib::resolve("std/macros/derive").expect("derive is part of the standard library");
    let quoted = |text: &str| {
        let range = TextRange::new(1000, 1000 + text.len() as u32);
        Piece { text: text.into(), origin: PieceOrigin::Quote { module: module.clone(), range } }
    };
    let emission = |name: &str| {
        let mut pieces = vec![quoted(&format!("/** Generated. */\n    {name}(other: unknown): boolean {{\n      "))];
        for field in &target.fields {
            pieces.push(quoted("if (!equals(this."));
            let origin = PieceOrigin::Target { range: field.name.range };
            pieces.push(Piece { text: field.name.text.clone(), origin });
            pieces.push(quoted(", other)) return false;\n      "));
        }
        pieces.push(quoted("return true;\n    }"));
        Emission { place: Place::Members, pieces }
    };
    let emissions = ["equals", "hashCode", "clone", "toString"].into_iter().map(emission).collect();
    let result = Ok(JobOutput { emissions, ..JobOutput::default() });
    Expansion::new(call, Outcome { result, effects: Vec::new(), micros: 100, memory_bytes: 0 })
}

fn median(runs: usize, mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn main() {
    for classes in [10, 1_000] {
        let runs = if classes > 100 { 11 } else { 301 };
        let text = SourceText::new(source(classes));
        let file = FilePath::new("/p/users.ms");
        let kept: Mutex<HashMap<Digest, Arc<Expansion>>> = Mutex::default();
        let outputs = |call: &Call| {
            let key = call.key(Digest::default());
            let mut kept = kept.lock().expect("one thread");
            let expansion = kept.entry(key).or_insert_with(|| Arc::new(output(call))).clone();
            Some(Known { expansion, is_stale: false })
        };
        let expanded = |syntax: &SyntaxFile| {
            let facts = FileFacts::of(syntax);
            let flavour = Flavour::Check;
            expand(&Request {
                file: &file,
                syntax,
                facts: &facts,
                scope: &Std,
                outputs: &outputs,
                flavour,
                steps: None,
                shapes: None,
            })
        };
        let syntax = SyntaxFile::parse(text.clone());
        let facts = FileFacts::of(&syntax);
        let flavour = Flavour::Check;
        let nothing = |_: &Call| None;
        let missing = expand(&Request {
            file: &file,
            syntax: &syntax,
            facts: &facts,
            scope: &Std,
            outputs: &nothing,
            flavour,
            steps: None,
            shapes: None,
        });
        for call in &missing.pending {
            outputs(call);
        }
        let cold = Instant::now();
        let first = expanded(&syntax);
        let cold = cold.elapsed().as_secs_f64() * 1e6;
        println!("{classes} classes, {} bytes, expanded {} bytes", text.len(), first.text.len());
        let parse = median(runs, || drop(black_box(SyntaxFile::parse(text.clone()))));
        let facts = median(runs, || drop(black_box(FileFacts::of(&syntax))));
        let expand = median(runs, || drop(black_box(expanded(&syntax))));
        let at = text.as_str().find("Hello").expect("the sample says hello") as u32;
        let edits = [TextEdit { range: TextRange::empty(at), text: "x".into() }];
        let typed = SourceText::new(TextEdit::apply_in_order(text.as_str(), &edits));
        let reparse = median(runs, || drop(black_box(syntax.reparse(typed.clone(), &edits))));
        let again = syntax.reparse(typed.clone(), &edits);
        expanded(&again);
        let keystroke = median(runs, || drop(black_box(expanded(&again))));
        println!("  parse {parse:.0}, facts {facts:.0}, facts and expand {expand:.0}, with new outputs {cold:.0}");
        println!("  after a character: reparse {reparse:.0}, facts and expand {keystroke:.0}");
    }
}
