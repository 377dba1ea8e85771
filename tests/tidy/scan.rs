//! Reads Rust text just far enough for the house rules: code without comments and literals, and
//! the paths that code names.
//!
//! Invariant: line numbers survive. It knows no name resolution; a path is what is written.

/// A path as written (`crate::base::Cancel`), flattened out of `use` trees, and its line (from 1).
#[derive(Debug, PartialEq, Eq)]
pub struct CodePath {
    pub segments: Vec<String>,
    pub line: usize,
}

/// The text with comments, strings and character literals blanked out.
pub fn code_of(text: &str) -> String {
    split(text).0
}

/// The comments of a text, each with its line.
pub fn comments_of(text: &str) -> Vec<(usize, String)> {
    split(text).1
}

fn split(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut comments = Vec::new();
    let mut line = 1;
    let mut at = 0;
    // Blanks out chars[at..end], keeping the line breaks, and collects the text by line.
    let blank = |code: &mut String, at: &mut usize, end: usize, line: &mut usize| {
        let mut lines = vec![(*line, String::new())];
        for &c in &chars[*at..end.min(chars.len())] {
            if c == '\n' {
                code.push('\n');
                *line += 1;
                lines.push((*line, String::new()));
            } else {
                code.push(' ');
                lines.last_mut().expect("starts with one line").1.push(c);
            }
        }
        *at = end.min(chars.len());
        lines
    };
    while at < chars.len() {
        let rest = &chars[at..];
        match rest {
            ['/', '/', ..] => {
                let end = at + rest.iter().position(|&c| c == '\n').unwrap_or(rest.len());
                comments.extend(blank(&mut code, &mut at, end, &mut line));
            }
            ['/', '*', ..] => {
                let end = at + block_comment(rest);
                comments.extend(blank(&mut code, &mut at, end, &mut line));
            }
            ['"', ..] => {
                let end = at + quoted(rest, '"');
                blank(&mut code, &mut at, end, &mut line);
            }
            ['r', '#' | '"', ..] if !ends_in_word(&code) && raw_string(rest).is_some() => {
                let end = at + raw_string(rest).expect("the guard asked");
                blank(&mut code, &mut at, end, &mut line);
            }
            // A character, not a lifetime: a lifetime has no closing quote after one character.
            ['\'', '\\', ..] | ['\'', _, '\'', ..] => {
                let end = at + quoted(rest, '\'');
                blank(&mut code, &mut at, end, &mut line);
            }
            [c, ..] => {
                if *c == '\n' {
                    line += 1;
                }
                code.push(*c);
                at += 1;
            }
            [] => break,
        }
    }
    (code, comments)
}

/// `r` at the end of a longer word starts no raw string; `br` does.
fn ends_in_word(code: &str) -> bool {
    let mut before = code.chars().rev();
    match before.next() {
        Some('b') => before.next().is_some_and(is_word),
        Some(c) => is_word(c),
        None => false,
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn block_comment(chars: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < chars.len() {
        match chars[at..] {
            ['/', '*', ..] => {
                depth += 1;
                at += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn quoted(chars: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string(chars: &[char]) -> Option<usize> {
    let hashes = chars[1..].iter().take_while(|&&c| c == '#').count();
    if chars.get(1 + hashes) != Some(&'"') {
        return None;
    }
    let mut at = 2 + hashes;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes {
            return Some(at + 1 + hashes);
        }
        at += 1;
    }
    Some(chars.len())
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `::`
    Colons,
    Other(char),
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut out = Vec::new();
    let code = code_of(text);
    for (index, line) in code.lines().enumerate() {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if is_word(c) {
                let mut word = String::from(c);
                while let Some(&next) = chars.peek().filter(|&&next| is_word(next)) {
                    word.push(next);
                    chars.next();
                }
                out.push((Token::Word(word), index + 1));
            } else if c == ':' && chars.peek() == Some(&':') {
                chars.next();
                out.push((Token::Colons, index + 1));
            } else if !c.is_whitespace() {
                out.push((Token::Other(c), index + 1));
            }
        }
    }
    out
}

/// Every path that the code of `text` names: flattened `use` trees, and paths of two or more
/// segments elsewhere (also inside attributes). `extern crate x` counts as `x`.
pub fn paths(text: &str) -> Vec<CodePath> {
    let tokens = tokens(text);
    let word = |at: usize| match tokens.get(at) {
        Some((Token::Word(word), _)) => Some(word.as_str()),
        _ => None,
    };
    let is = |at: usize, token: &Token| tokens.get(at).is_some_and(|(found, _)| found == token);
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if word(at) == Some("use") && (at == 0 || !matches!(tokens[at - 1].0, Token::Other('.'))) {
            at += 1;
            at = use_tree(&tokens, at, &[], &mut out);
        } else if word(at) == Some("extern") && word(at + 1) == Some("crate") {
            if let Some(name) = word(at + 2) {
                out.push(CodePath { segments: vec![name.into()], line: tokens[at + 2].1 });
            }
            at += 3;
        } else if let Some(first) = word(at) {
            // `.method::<T>()` is no path of a module.
            let is_method = at > 0 && tokens[at - 1].0 == Token::Other('.');
            let line = tokens[at].1;
            let mut segments = vec![first.to_string()];
            at += 1;
            while is(at, &Token::Colons) {
                let Some(next) = word(at + 1) else { break };
                segments.push(next.to_string());
                at += 2;
            }
            if segments.len() > 1 && !is_method {
                out.push(CodePath { segments, line });
            }
        } else {
            at += 1;
        }
    }
    out
}

/// Reads one tree of a `use` declaration from `at`; returns where it ends.
fn use_tree(tokens: &[(Token, usize)], mut at: usize, prefix: &[String], out: &mut Vec<CodePath>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens.get(at).map_or(0, |(_, line)| *line);
    while let Some((token, _)) = tokens.get(at) {
        match token {
            Token::Word(word) if word == "as" => at += 2,
            Token::Word(word) => {
                segments.push(word.clone());
                at += 1;
            }
            Token::Colons | Token::Other('*') => at += 1,
            Token::Other('{') => {
                at += 1;
                while at < tokens.len() && tokens[at].0 != Token::Other('}') {
                    at = use_tree(tokens, at, &segments, out);
                    if tokens.get(at).is_some_and(|(token, _)| *token == Token::Other(',')) {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Token::Other(_) => break,
        }
    }
    if segments.len() > prefix.len() || !segments.is_empty() {
        out.push(CodePath { segments, line });
    }
    at
}
