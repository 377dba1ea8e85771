//! A text in pieces, each formatted on its own where the whole cannot be.
//!
//! Most texts are one piece. Where one does not parse, or formatting it would change what it says, each statement of
//! the file is tried alone, so that what is wrong in one leaves only that one untouched.

use crate::base::TextRange;
use crate::syntax::{Kind, Node, SyntaxFile};
use crate::text::SourceText;

use super::lower::{ignores_file, lower};
use super::options::Options;
use super::printer::{ENDLESS, Printer};
use super::restore::restore;
use super::tokens::{Said, said};

/// A stretch of the source and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub range: TextRange,
    pub text: String,
}

/// A stretch that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untouched {
    /// In the text as it was given.
    pub range: TextRange,
    pub reason: Reason,
}

/// Why something stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It does not parse.
    Syntax,
    /// Formatting would change what it says, or would not come to an end.
    Unsafe,
}

/// A run of the formatter within another one.
pub(super) struct Context<'a> {
    pub options: &'a Options,
    printer: &'a Printer,
    /// How many runs this one is within.
    pub depth: u32,
    /// The block that is all of the text is written over several lines.
    pub is_open: bool,
}

/// Runs until nothing changes: what the printer makes of its own output is not always that.
const MOST_RUNS: usize = 5;

/// Deeper trees are not formatted: the printer would run out of stack.
const DEEPEST: usize = 2_000;

impl Context<'_> {
    fn within(&self, is_open: bool) -> Context<'_> {
        Context { options: self.options, printer: self.printer, depth: self.depth + 1, is_open }
    }

    /// One statement, with nothing broken for being long.
    pub(super) fn inline(&self, statement: &str) -> Option<String> {
        self.within(false).once(&SyntaxFile::parse(SourceText::new(statement)), Some(ENDLESS), 0)
    }

    /// A form with a block, the block over several lines.
    pub(super) fn open_block(&self, form: &str, width: Option<u32>, level: u32) -> Option<String> {
        self.within(true).once(&SyntaxFile::parse(SourceText::new(form)), width, level)
    }

    pub(super) fn print(&self, statements: &str, width: Option<u32>, level: u32) -> Option<String> {
        self.within(false).once(&SyntaxFile::parse(SourceText::new(statements)), width, level)
    }

    /// One run, unverified.
    fn once(&self, file: &SyntaxFile, width: Option<u32>, level: u32) -> Option<String> {
        if file.has_errors() {
            return None;
        }
        let lowered = lower(file.root(), file.text().as_str(), self)?;
        let printed = self.printer.print(lowered.text, width, level)?;
        restore(printed, lowered.forms, &lowered.throws, self)
    }

    /// Runs until nothing changes. What comes out says the same as `file`.
    fn settled(&self, file: &SyntaxFile) -> Option<String> {
        if file.has_errors() || depth(file.root()) > DEEPEST {
            return None;
        }
        let before = said(file.root());
        let mut current = file.clone();
        for _ in 0..MOST_RUNS {
            let text = self.once(&current, None, 0)?;
            if text == current.text().as_str() {
                return Some(text);
            }
            let next = SyntaxFile::parse(SourceText::new(text));
            if next.has_errors() || !says_same(&before, &next) {
                return None;
            }
            current = next;
        }
        tracing::debug!("formatting does not come to an end");
        None
    }
}

fn says_same(before: &Said<'_>, file: &SyntaxFile) -> bool {
    let after = said(file.root());
    let same = before.same(&after);
    if !same {
        tracing::debug!("formatting would change the code: {}", before.difference(&after));
    }
    same
}

fn depth(root: Node<'_>) -> usize {
    let mut deepest = (0, 0);
    root.traverse(
        &mut deepest,
        |(now, most), node| {
            let goes_in = node.child_count() > 0;
            if goes_in {
                *now += 1;
                *most = (*most).max(*now);
            }
            goes_in
        },
        |(now, _), _| *now -= 1,
    );
    deepest.1
}

/// What becomes of a text, and what stays as it is.
pub(super) fn pieces(text: &SourceText, options: &Options) -> (Vec<Piece>, Vec<Untouched>) {
    let printer = Printer::new(options);
    let context = Context { options, printer: &printer, depth: 0, is_open: false };
    let file = SyntaxFile::parse(text.clone());
    if ignores_file(file.root()) {
        return (Vec::new(), Vec::new());
    }
    let whole = TextRange::new(0, text.len());
    if text.as_str().trim().is_empty() {
        let empty = Piece { range: whole, text: String::new() };
        return (if text.is_empty() { Vec::new() } else { vec![empty] }, Vec::new());
    }
    if let Some(text) = context.settled(&file) {
        return (vec![Piece { range: whole, text }], Vec::new());
    }
    one_by_one(&file, &context)
}

/// A statement with the comments that belong to it.
struct Group {
    range: TextRange,
    /// What it becomes, if anything.
    text: Option<String>,
    reason: Reason,
}

fn one_by_one(file: &SyntaxFile, context: &Context<'_>) -> (Vec<Piece>, Vec<Untouched>) {
    let text = file.text().as_str();
    let recovered = file.recovered();
    let read = recovered.map_or(file, |recovered| &recovered.syntax);
    let mut groups = groups(read.root(), text);
    for group in &mut groups {
        let alone = SyntaxFile::parse(SourceText::new(group.range.of(text)));
        let is_blanked = recovered.is_some_and(|recovered| {
            let mut left_out = recovered.blanked.iter().chain(&recovered.async_words);
            left_out.any(|blank| blank.start < group.range.end && group.range.start < blank.end)
        });
        if alone.has_errors() || is_blanked {
            group.reason = Reason::Syntax;
            continue;
        }
        group.text = context.settled(&alone).map(|text| text.trim_end().to_owned());
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut untouched = Vec::new();
    // Up to where the text is dealt with, and whether what ends there was formatted.
    let (mut at, mut is_after_formatted) = (0, true);
    for group in groups {
        let gap = TextRange::new(at, group.range.start);
        let is_blank = gap.of(text).trim().is_empty();
        if !is_blank {
            untouched.push(Untouched { range: trimmed(gap, text), reason: Reason::Syntax });
        }
        match group.text {
            Some(formatted) => {
                let between = match gap.of(text).matches('\n').count() {
                    _ if at == 0 && is_blank => "",
                    0 | 1 => "\n",
                    _ => "\n\n",
                };
                // The white space around what stays as it is stays too, as it can be part of it.
                if is_blank && is_after_formatted {
                    pieces.push(Piece { range: gap, text: between.to_owned() });
                }
                pieces.push(Piece { range: group.range, text: formatted });
                is_after_formatted = true;
            }
            None => {
                untouched.push(Untouched { range: group.range, reason: group.reason });
                is_after_formatted = false;
            }
        }
        at = group.range.end;
    }
    let rest = TextRange::new(at, text.len() as u32);
    if rest.of(text).trim().is_empty() {
        if is_after_formatted {
            pieces.push(Piece { range: rest, text: "\n".to_owned() });
        }
    } else {
        untouched.push(Untouched { range: trimmed(rest, text), reason: Reason::Syntax });
    }
    if !file.has_errors() && !is_same(file, &pieces) {
        let range = TextRange::new(0, text.len() as u32);
        return (Vec::new(), vec![Untouched { range, reason: Reason::Unsafe }]);
    }
    (pieces, untouched)
}

/// Statements can say something else beside each other than alone.
fn is_same(file: &SyntaxFile, pieces: &[Piece]) -> bool {
    let text = file.text().as_str();
    let mut out = String::new();
    let mut at = 0;
    for piece in pieces {
        out.push_str(&text[at..piece.range.start as usize]);
        out.push_str(&piece.text);
        at = piece.range.end as usize;
    }
    out.push_str(&text[at..]);
    let after = SyntaxFile::parse(SourceText::new(out));
    !after.has_errors() && says_same(&said(file.root()), &after)
}

fn trimmed(range: TextRange, text: &str) -> TextRange {
    let inner = range.of(text);
    let start = range.start + (inner.len() - inner.trim_start().len()) as u32;
    TextRange::new(start, (start + inner.trim().len() as u32).max(start))
}

/// The statements of a file. Comments right above one, and behind it on its line, belong to it.
fn groups(root: Node<'_>, text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut is_open = false;
    for node in root.children() {
        let newlines = match groups.last() {
            Some(last) => text[last.range.end as usize..node.start() as usize].matches('\n').count(),
            None => 0,
        };
        let is_comment = node.is_extra() && !node.is(Kind::HashBangLine);
        let joins = !groups.is_empty()
            && match is_comment {
                true => newlines == 0 || (is_open && newlines == 1),
                false => is_open && newlines <= 1 || is_tail(node),
            };
        // A line comment ends with its line.
        let end = node.start() + node.text().trim_end().len() as u32;
        match groups.last_mut() {
            Some(last) if joins => last.range.end = end.max(last.range.end),
            _ => {
                let range = TextRange::new(node.start(), end);
                groups.push(Group { range, text: None, reason: Reason::Unsafe });
                is_open = false;
            }
        }
        // Behind a comment the statement that it is about is still to come.
        is_open = is_comment && (is_open || !joins);
    }
    groups
}

/// What cannot begin a statement: a semicolon of its own.
fn is_tail(node: Node<'_>) -> bool {
    node.is(Kind::EmptyStatement) || !node.is_named()
}
