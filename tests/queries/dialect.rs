//! The queries of each editor, made from those in `queries/`.
//!
//! Owns what every editor calls things and which files it reads. Invariant: pure, from text to text; what the
//! files on disk hold is for the tests to compare.

/// Who reads queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Treesitter,
    Neovim,
    Helix,
    Zed,
}

pub const ALL: &[Dialect] = &[Dialect::Treesitter, Dialect::Neovim, Dialect::Helix, Dialect::Zed];

impl Dialect {
    /// As in the lines `;! name` that a file is divided by.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Treesitter => "treesitter",
            Dialect::Neovim => "neovim",
            Dialect::Helix => "helix",
            Dialect::Zed => "zed",
        }
    }

    pub fn folder(self) -> &'static str {
        match self {
            Dialect::Treesitter => "grammar/queries",
            Dialect::Neovim => "editors/nvim/queries/metascript",
            Dialect::Helix => "editors/helix/queries/metascript",
            Dialect::Zed => "editors/zed/languages/metascript",
        }
    }

    /// The files, each with the one in `queries/` that it is made from.
    pub fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Dialect::Treesitter => {
                &[("highlights", "highlights"), ("injections", "injections"), ("locals", "locals"), ("tags", "tags")]
            }
            Dialect::Neovim => &[
                ("highlights", "highlights"),
                ("injections", "injections"),
                ("locals", "locals"),
                ("folds", "folds"),
                ("indents", "indents"),
                ("textobjects", "textobjects"),
                ("rainbow-delimiters", "brackets"),
            ],
            Dialect::Helix => &[
                ("highlights", "highlights"),
                ("injections", "injections"),
                ("locals", "locals"),
                ("indents", "indents"),
                ("textobjects", "textobjects"),
                ("tags", "tags"),
                ("rainbows", "brackets"),
            ],
            Dialect::Zed => &[
                ("highlights", "highlights"),
                ("injections", "injections"),
                ("indents", "indents"),
                ("textobjects", "textobjects"),
                ("outline", "outline"),
                ("runnables", "runnables"),
                ("brackets", "brackets"),
            ],
        }
    }

    /// What this editor calls `capture` of the file `source`; `None` where it knows no such thing.
    pub fn capture(self, source: &str, capture: &str) -> Option<String> {
        if capture.starts_with('_') || capture.starts_with("injection.") {
            return Some(capture.to_owned());
        }
        let same = || Some(capture.to_owned());
        let renamed = |table: &[(&str, &str)]| {
            table.iter().find(|(ours, _)| *ours == capture).map(|(_, theirs)| (*theirs).to_owned())
        };
        match (self, source) {
            (Dialect::Treesitter, "highlights") if matches!(capture, "spell" | "nospell") => None,
            (Dialect::Treesitter, "locals") => match capture {
                capture if capture.starts_with("local.definition.") => Some("local.definition".to_owned()),
                _ => same(),
            },
            (Dialect::Neovim, "brackets") => match capture {
                "bracket.scope" => Some("container".to_owned()),
                _ => Some("delimiter".to_owned()),
            },
            (Dialect::Helix, "highlights") => match capture {
                "spell" | "nospell" => None,
                _ => renamed(HELIX_HIGHLIGHTS).or_else(same),
            },
            (Dialect::Helix, "locals") => renamed(HELIX_LOCALS).or_else(same),
            (Dialect::Helix, "indents") => match capture {
                "indent.begin" => Some("indent".to_owned()),
                "indent.end" | "indent.branch" => Some("outdent".to_owned()),
                _ => None,
            },
            (Dialect::Helix, "textobjects") => {
                around_inside(capture, &["function", "class", "parameter", "comment", "entry", "test"])
            }
            (Dialect::Helix, "brackets") => match capture {
                "bracket.scope" => Some("rainbow.scope".to_owned()),
                _ => Some("rainbow.bracket".to_owned()),
            },
            (Dialect::Zed, "highlights") => match capture {
                "spell" | "nospell" | "macro.body" | "macro.quote" | "macro.splice" => None,
                _ => renamed(ZED_HIGHLIGHTS).or_else(same),
            },
            (Dialect::Zed, "indents") => matches!(capture, "indent" | "end").then(same).flatten(),
            (Dialect::Zed, "textobjects") => around_inside(capture, &["function", "class", "comment"]),
            (Dialect::Zed, "brackets") => match capture {
                "bracket.open" => Some("open".to_owned()),
                "bracket.close" => Some("close".to_owned()),
                _ => None,
            },
            _ => same(),
        }
    }
}

/// What Helix calls the things that `queries/` names as Neovim does. Names that are not here are the same.
const HELIX_HIGHLIGHTS: &[(&str, &str)] = &[
    ("boolean", "constant.builtin.boolean"),
    ("comment.documentation", "comment.block.documentation"),
    ("function.call", "function"),
    ("function.method.call", "function.method"),
    ("keyword.conditional", "keyword.control.conditional"),
    ("keyword.coroutine", "keyword.control"),
    ("keyword.exception", "keyword.control.exception"),
    ("keyword.import", "keyword.control.import"),
    ("keyword.modifier", "keyword.storage.modifier"),
    ("keyword.repeat", "keyword.control.repeat"),
    ("keyword.return", "keyword.control.return"),
    ("keyword.type", "keyword.storage.type"),
    ("module", "namespace"),
    ("number", "constant.numeric"),
    ("punctuation.special.splice", "special"),
    ("string.escape", "constant.character.escape"),
    ("variable.member", "variable.other.member"),
];

const HELIX_LOCALS: &[(&str, &str)] = &[
    ("local.definition.parameter", "local.definition.variable.parameter"),
    ("local.definition.var", "local.definition.variable"),
    ("local.definition.macro", "local.definition.function.macro"),
];

/// A theme of Zed colours the longest leading part of a name that it knows.
const ZED_HIGHLIGHTS: &[(&str, &str)] = &[
    ("comment.documentation", "comment.doc"),
    ("constant.builtin", "constant"),
    ("function.macro", "function.special"),
    ("keyword.directive", "preproc"),
    ("module", "namespace"),
    ("string.regexp", "string.regex"),
    ("variable.builtin", "variable.special"),
    ("variable.member", "property"),
];

fn around_inside(capture: &str, known: &[&str]) -> Option<String> {
    let (object, part) = capture.split_once('.')?;
    let part = match part {
        "outer" => "around",
        "inner" => "inside",
        _ => return None,
    };
    known.contains(&object).then(|| format!("{object}.{part}"))
}

/// The file for `dialect` that follows from the text of `queries/SOURCE.scm`.
pub fn generate(dialect: Dialect, source: &str, text: &str) -> String {
    let mut out = format!("; Generated from queries/{source}.scm: see queries/README.md.\n\n");
    for form in forms(&section_of(dialect, text)) {
        match form {
            Form::Between(text) => out += &text,
            Form::Pattern(text) => match rename(&text, |capture| dialect.capture(source, capture)) {
                Some(pattern) => out += &pattern,
                None => {
                    // The end of its line goes along.
                    while out.ends_with(' ') {
                        out.pop();
                    }
                }
            },
        }
    }
    squeeze(&out)
}

/// The lines that are for `dialect`.
fn section_of(dialect: Dialect, text: &str) -> String {
    let mut wanted = true;
    let mut out = String::new();
    for line in text.lines() {
        if let Some(names) = line.strip_prefix(";!") {
            wanted = names.split_whitespace().any(|name| name == "all" || name == dialect.name());
        } else if wanted {
            out += line;
            out.push('\n');
        }
    }
    out
}

/// No two empty lines, and none at the end.
fn squeeze(text: &str) -> String {
    let mut out = String::new();
    let mut empty = 0;
    for line in text.lines() {
        empty = if line.trim().is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out += line.trim_end();
            out.push('\n');
        }
    }
    out.trim_end().to_owned() + "\n"
}

enum Form {
    /// White space and comments.
    Between(String),
    /// A pattern with the captures that follow it.
    Pattern(String),
}

/// Divides a query into its patterns.
fn forms(text: &str) -> Vec<Form> {
    let bytes = text.as_bytes();
    let mut forms = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_whitespace() || bytes[at] == b';') {
            at = if bytes[at] == b';' { end_of_line(bytes, at) } else { at + 1 };
        }
        if at > start {
            forms.push(Form::Between(text[start..at].to_owned()));
        }
        let start = at;
        at = end_of_node(bytes, at);
        // Captures and quantifiers belong to it.
        loop {
            let mut next = at;
            while next < bytes.len() && bytes[next] == b' ' {
                next += 1;
            }
            if next < bytes.len() && matches!(bytes[next], b'@' | b'?' | b'*' | b'+') {
                next += 1;
                while next < bytes.len() && is_name(bytes[next]) {
                    next += 1;
                }
                at = next;
            } else {
                break;
            }
        }
        if at > start {
            forms.push(Form::Pattern(text[start..at].to_owned()));
        }
    }
    forms
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Past the list or string that begins at `at`.
fn end_of_node(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            _ => {}
        }
        at = match bytes[at] {
            b'"' => end_of_string(bytes, at),
            b';' => end_of_line(bytes, at),
            _ => at + 1,
        };
        if depth == 0 {
            break;
        }
    }
    at
}

/// The pattern with every capture renamed; `None` where none is left that an editor reads.
fn rename(pattern: &str, name: impl Fn(&str) -> Option<String>) -> Option<String> {
    let bytes = pattern.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut kept = false;
    let mut last: Option<String> = None;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = end_of_string(bytes, at);
                last = None;
            }
            b';' => at = end_of_line(bytes, at),
            b'@' => {
                out += &pattern[copied..at];
                let start = at + 1;
                at = start;
                while at < bytes.len() && is_name(bytes[at]) {
                    at += 1;
                }
                copied = at;
                let old = &pattern[start..at];
                match name(old) {
                    // Two captures of one node may come to be the same.
                    Some(new) if last.as_ref() != Some(&new) => {
                        out.push('@');
                        out += &new;
                        kept |= !new.starts_with('_');
                        last = Some(new);
                    }
                    _ => {
                        let trimmed = out.trim_end_matches(' ').len();
                        out.truncate(trimmed);
                    }
                }
            }
            byte => {
                if !byte.is_ascii_whitespace() {
                    last = None;
                }
                at += 1;
            }
        }
    }
    out += &pattern[copied..];
    kept.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_renamed_or_go() {
        let text = "; Note\n(a \")\" @x (b)? @y) @x @y\n;! helix\n(c) @x\n;! zed neovim\n(d) @y\n;! all\n(e) @y\n[(f) \"\\\"\"] @x\n";
        let keep_x = |name: &str| (name == "x").then(|| "z".to_owned());
        let shown: Vec<_> = forms(&section_of(Dialect::Helix, text))
            .into_iter()
            .filter_map(|form| match form {
                Form::Pattern(text) => Some(rename(&text, keep_x)),
                Form::Between(_) => None,
            })
            .collect();
        assert_eq!(
            shown,
            [
                Some("(a \")\" @z (b)?) @z".to_owned()),
                Some("(c) @z".to_owned()),
                None,
                Some("[(f) \"\\\"\"] @z".to_owned())
            ]
        );
    }

    #[test]
    fn captures_that_come_to_be_the_same_are_one() {
        assert_eq!(
            generate(Dialect::Helix, "indents", "[\"}\"] @indent.end @indent.branch\n(a) @indent.ignore\n"),
            "; Generated from queries/indents.scm: see queries/README.md.\n\n[\"}\"] @outdent\n"
        );
    }
}
