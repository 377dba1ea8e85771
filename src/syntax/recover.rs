//! What a half-typed text says apart from the part that does not parse.
//!
//! One unfinished statement can make the parser give up on all that follows it (`u.` before a
//! decorated class, a missing parenthesis). Here the text is cut into items at lines that begin in
//! the first column; those that do not read are blanked, and the rest is parsed again. Offsets stay
//! what they are.

use crate::base::TextRange;
use crate::text::SourceText;

use super::{Kind, Node, SyntaxFile};

/// A text with what does not parse blanked.
pub struct Recovered {
    /// As long as the text it was made from, and the same outside of `blanked`.
    pub syntax: SyntaxFile,
    /// Items, or what is inside their braces, that do not parse; in text order.
    pub blanked: Vec<TextRange>,
    /// Every `async` before a macro, which is blanked too: the language has no such macros.
    pub async_words: Vec<TextRange>,
}

/// Longer texts are left as the parser reads them: this costs two parses.
const MOST_BYTES: u32 = 256 << 10;

/// How many lines may be looked at for the end of what parses of an item.
const MOST_TRIED: usize = 8;

/// `None` where the text parses, or nothing can be gained.
pub(super) fn recover(file: &SyntaxFile) -> Option<Recovered> {
    let text = file.text().as_str();
    if !file.has_errors() || file.text().len() > MOST_BYTES {
        return None;
    }
    let async_words = async_words(file);
    let without: SyntaxFile;
    let (text, file) = if async_words.is_empty() {
        (text, file)
    } else {
        without = SyntaxFile::parse(SourceText::new(blank(text, &async_words)));
        (without.text().as_str(), &without)
    };
    let statements: Vec<Node<'_>> = file.root().children().collect();
    let mut blanked = Vec::new();
    for item in items(text).into_iter().filter(|_| file.has_errors()) {
        if is_read_apart(&statements, item) {
            continue;
        }
        let alone = item.of(text);
        if !parses(alone) {
            let inside = inside_of_braces(alone).filter(|inside| parses(&blank(alone, &[*inside])));
            let part = inside.or_else(|| behind_statement(alone));
            blanked.push(part.map_or(item, |part| part.shifted(item.start)));
        }
    }
    if blanked.is_empty() {
        return (!async_words.is_empty()).then(|| Recovered { syntax: file.clone(), blanked, async_words });
    }
    let syntax = SyntaxFile::parse(SourceText::new(blank(text, &blanked)));
    Some(Recovered { syntax, blanked, async_words })
}

/// The `async` of every `async macro name` that is code.
fn async_words(file: &SyntaxFile) -> Vec<TextRange> {
    let text = file.text().as_str();
    let is_word = |ch: char| ch.is_alphanumeric() || matches!(ch, '_' | '$');
    let blanks: &[char] = &[' ', '\t'];
    let words = text.match_indices("async").filter_map(|(at, word)| {
        let after = &text[at + word.len()..];
        let name = after.trim_start_matches(blanks).strip_prefix("macro")?;
        let is_declaration = after.starts_with(blanks)
            && name.starts_with(blanks)
            && name.trim_start_matches(blanks).starts_with(|ch: char| is_word(ch) && !ch.is_ascii_digit());
        let range = TextRange::from(at..at + word.len());
        (is_declaration && !text[..at].ends_with(is_word) && is_code(file.root(), range)).then_some(range)
    });
    words.collect()
}

fn is_code(root: Node<'_>, range: TextRange) -> bool {
    root.covering(range).is_none_or(|node| {
        !matches!(
            node.kind(),
            Kind::Comment
                | Kind::String
                | Kind::StringFragment
                | Kind::TemplateString
                | Kind::Regex
                | Kind::RegexPattern
        )
    })
}

fn parses(text: &str) -> bool {
    !SyntaxFile::parse(SourceText::new(text)).has_errors()
}

/// Whether the tree has the item as statements of its own, with no more than faults inside them.
fn is_read_apart(statements: &[Node<'_>], item: TextRange) -> bool {
    let first = statements.partition_point(|statement| statement.end() <= item.start);
    statements[first..]
        .iter()
        .take_while(|statement| statement.start() < item.end)
        .all(|statement| !statement.is(Kind::Error) && item.contains_range(statement.range()))
}

/// Stretches that begin with a word or an `@` in the first column. A decorator belongs to the line after
/// it, `else` and its like to what is before.
fn items(text: &str) -> Vec<TextRange> {
    let mut starts = vec![0];
    let mut is_head = true;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins = line.starts_with(|ch: char| ch.is_alphabetic() || matches!(ch, '@' | '_' | '$'))
            && !["else", "catch", "finally"].iter().any(|word| line.starts_with(word));
        if begins && !is_head && at > 0 {
            starts.push(at as u32);
        }
        let is_blank =
            line.trim().is_empty() || line.starts_with("//") || line.starts_with("/*") || line.starts_with(" *");
        // Behind a decorator that is all of its line, the item's own first line is still to come.
        let is_decorator =
            line.starts_with('@') && !line.contains(" class ") && !line.trim_end().ends_with([';', '{', '}']);
        is_head = (begins && is_decorator) || (is_head && is_blank);
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len() as u32]);
    starts.iter().zip(ends).map(|(&start, end)| TextRange::new(start, end)).collect()
}

/// From behind the first brace to the last one that begins a line.
fn inside_of_braces(text: &str) -> Option<TextRange> {
    let open = text.find('{')? + 1;
    let close = text.rfind("\n}")? + 1;
    (open < close).then(|| TextRange::from(open..close))
}

/// From behind the last line that ends a statement and up to which the text parses.
fn behind_statement(text: &str) -> Option<TextRange> {
    let mut end = 0;
    let ends: Vec<usize> = text
        .split_inclusive('\n')
        .filter_map(|line| {
            end += line.len();
            line.trim_end().ends_with([';', '}']).then_some(end)
        })
        .collect();
    let tried = ends.into_iter().rev().filter(|&end| end < text.len()).take(MOST_TRIED);
    tried.into_iter().find(|&end| parses(&text[..end])).map(|end| TextRange::from(end..text.len()))
}

/// Spaces in place of everything but line breaks.
fn blank(text: &str, ranges: &[TextRange]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        out.push_str(&text[at..range.start as usize]);
        out.extend(range.of(text).bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        at = range.end as usize;
    }
    out.push_str(&text[at..]);
    out
}
