//! `textDocument/semanticTokens`: full, as a delta, and for a range.
//!
//! The legend is made for the client: kinds that it does not list are told as the nearest kind that
//! it does, while our own modifiers are always told, since a client ignores those it does not know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tower_lsp::ls_types::*;

use crate::base::{FilePath, TextRange};
use crate::ide::semantic_tokens::{FileTokens, Modifiers, TOKEN_KINDS, Token, TokenKind, tokens, tokens_in};
use crate::lsp::from_proto;
use crate::lsp::live::Live;
use crate::text::{Encoding, SourceText};

/// Every kind under its name in the protocol, and the kind that stands for it where it is not known.
const KINDS: [(TokenKind, &str, Option<TokenKind>); TOKEN_KINDS] = {
    use TokenKind::*;
    [
        (Namespace, "namespace", Some(Variable)),
        (Type, "type", None),
        (Class, "class", Some(Type)),
        (Enum, "enum", Some(Type)),
        (Interface, "interface", Some(Type)),
        (TypeParameter, "typeParameter", Some(Type)),
        (Parameter, "parameter", Some(Variable)),
        (Variable, "variable", None),
        (Property, "property", Some(Variable)),
        (EnumMember, "enumMember", Some(Property)),
        (Function, "function", None),
        (Method, "method", Some(Function)),
        (Macro, "macro", Some(Function)),
        (Keyword, "keyword", None),
        (Modifier, "modifier", Some(Keyword)),
        (Comment, "comment", None),
        (String, "string", None),
        (Number, "number", None),
        (Regexp, "regexp", Some(String)),
        (Operator, "operator", None),
        (Decorator, "decorator", Some(Macro)),
        (Label, "label", Some(Variable)),
        (BuiltinType, "builtinType", Some(Type)),
        (Boolean, "boolean", Some(Keyword)),
        (EscapeSequence, "escapeSequence", Some(String)),
        (Splice, "splice", Some(Macro)),
    ]
};

/// Kinds that only we have: a client that lists no kinds at all does not know them either.
const OWN_KINDS: [&str; 4] = ["builtinType", "boolean", "escapeSequence", "splice"];

/// Every modifier under its name, and whether the protocol has it.
const MODIFIERS: [(Modifiers, &str, bool); 14] = [
    (Modifiers::DECLARATION, "declaration", true),
    (Modifiers::READONLY, "readonly", true),
    (Modifiers::STATIC, "static", true),
    (Modifiers::ABSTRACT, "abstract", true),
    (Modifiers::ASYNC, "async", true),
    (Modifiers::MODIFICATION, "modification", true),
    (Modifiers::DOCUMENTATION, "documentation", true),
    (Modifiers::DEFAULT_LIBRARY, "defaultLibrary", true),
    (Modifiers::LOCAL, "local", false),
    (Modifiers::CONTROL_FLOW, "controlFlow", false),
    (Modifiers::COMPILE_TIME, "compileTime", false),
    (Modifiers::QUOTED, "quoted", false),
    (Modifiers::SPLICED, "spliced", false),
    (Modifiers::GENERATED, "generated", false),
];

/// How one client is told of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLegend {
    pub legend: SemanticTokensLegend,
    /// By kind, its number in the legend.
    kinds: [Option<u32>; TOKEN_KINDS],
    /// By bit of ours, the bit of the legend.
    modifiers: [u32; 16],
    /// A token may run over several lines.
    multiline: bool,
    /// The client colours keywords and literals itself, and adds what it is told.
    augments: bool,
}

impl TokenLegend {
    pub fn of(client: Option<&SemanticTokensClientCapabilities>) -> TokenLegend {
        let listed: Vec<&str> =
            client.iter().flat_map(|client| client.token_types.iter().map(SemanticTokenType::as_str)).collect();
        let known: Vec<&str> =
            client.iter().flat_map(|client| client.token_modifiers.iter().map(SemanticTokenModifier::as_str)).collect();
        let is_listed = |name: &str| {
            if listed.is_empty() { !OWN_KINDS.contains(&name) } else { listed.contains(&name) }
        };
        let told: Vec<(TokenKind, &'static str)> =
            KINDS.iter().filter(|(_, name, _)| is_listed(name)).map(|(kind, name, _)| (*kind, *name)).collect();
        let mut kinds = [None; TOKEN_KINDS];
        for (kind, _, _) in KINDS {
            let mut wanted = Some(kind);
            while let Some(kind_) = wanted {
                if let Some(number) = told.iter().position(|(one, _)| *one == kind_) {
                    kinds[kind as usize] = Some(number as u32);
                    break;
                }
                wanted = KINDS[kind_ as usize].2;
            }
        }
        let told_modifiers: Vec<(Modifiers, &'static str)> = MODIFIERS
            .iter()
            .filter(|(_, name, is_standard)| !is_standard || known.is_empty() || known.contains(name))
            .map(|(modifier, name, _)| (*modifier, *name))
            .collect();
        let mut modifiers = [0; 16];
        for (number, (modifier, _)) in told_modifiers.iter().enumerate() {
            modifiers[modifier.0.trailing_zeros() as usize] = 1 << number;
        }
        TokenLegend {
            legend: SemanticTokensLegend {
                token_types: told.iter().map(|(_, name)| SemanticTokenType::new(name)).collect(),
                token_modifiers: told_modifiers.iter().map(|(_, name)| SemanticTokenModifier::new(name)).collect(),
            },
            kinds,
            modifiers,
            multiline: client.and_then(|client| client.multiline_token_support).unwrap_or(false),
            augments: client.and_then(|client| client.augments_syntax_tokens).unwrap_or(false),
        }
    }

    fn modifiers(&self, modifiers: Modifiers) -> u32 {
        let mut rest = modifiers.0;
        let mut out = 0;
        while rest != 0 {
            out |= self.modifiers[rest.trailing_zeros() as usize];
            rest &= rest - 1;
        }
        out
    }

    /// Whether a client that colours by itself sees as much without this token.
    fn is_plain(token: &Token) -> bool {
        use TokenKind::*;
        let compile_time =
            Modifiers::COMPILE_TIME.with(Modifiers::QUOTED).with(Modifiers::SPLICED).with(Modifiers::GENERATED);
        let is_word = matches!(
            token.kind,
            Keyword | Modifier | Comment | String | Number | Regexp | Operator | Boolean | EscapeSequence | BuiltinType
        );
        is_word && token.modifiers.0 & compile_time.0 == 0
    }
}

/// The last answer to each document, which the next one is told as a change of.
#[derive(Default)]
pub struct TokenMemory {
    documents: Mutex<HashMap<FilePath, Answered>>,
}

struct Answered {
    id: u64,
    /// Of a whole tree: what a moved one says where the text was edited is for once.
    file: Option<FileTokens>,
    data: Arc<Vec<SemanticToken>>,
}

impl TokenMemory {
    pub fn forget(&self, file: &FilePath) {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).remove(file);
    }
}

/// What a document's tokens were, and what they are.
struct Answer {
    before: Option<(u64, Arc<Vec<SemanticToken>>)>,
    id: u64,
    data: Arc<Vec<SemanticToken>>,
}

fn answer(live: &Live<'_>) -> Answer {
    let document = live.document;
    // One thread answers these, so nobody else takes the last answer meanwhile.
    let mut documents = live.edge.tokens.documents.lock().unwrap_or_else(PoisonError::into_inner);
    let last = documents.remove(&document.file);
    let (before, whole) = match last {
        Some(Answered { id, file, data }) => (Some((id, data)), file),
        None => (None, None),
    };
    let file = tokens(&document.syntax, whole.as_ref(), &*document.made);
    let data = Arc::new(encode(live, file.tokens()));
    let id = before.as_ref().map_or(1, |(id, _)| id + 1);
    let file = if document.syntax.is_moved() { whole } else { Some(file) };
    documents.insert(document.file.clone(), Answered { id, file, data: data.clone() });
    Answer { before, id, data }
}

pub fn full(live: &Live<'_>) -> SemanticTokensResult {
    let answer = answer(live);
    SemanticTokens { result_id: Some(answer.id.to_string()), data: Arc::unwrap_or_clone(answer.data) }.into()
}

pub fn delta(live: &Live<'_>, previous: &str) -> SemanticTokensFullDeltaResult {
    let answer = answer(live);
    let result_id = Some(answer.id.to_string());
    match answer.before.filter(|(id, _)| id.to_string() == previous) {
        Some((_, before)) => {
            let edits = difference(&before, &answer.data).into_iter().collect();
            SemanticTokensDelta { result_id, edits }.into()
        }
        None => SemanticTokens { result_id, data: Arc::unwrap_or_clone(answer.data) }.into(),
    }
}

pub fn range(live: &Live<'_>, range: Range) -> SemanticTokensRangeResult {
    let text = live.document.text();
    let start = from_proto::offset(text, range.start, live.edge.encoding());
    let end = from_proto::offset(text, range.end, live.edge.encoding()).max(start);
    let range = TextRange::new(start, end);
    let tokens = tokens_in(&live.document.syntax, range, &*live.document.made);
    SemanticTokens { result_id: None, data: encode(live, &tokens) }.into()
}

/// The one stretch that differs; tokens are told relative to each other, so what follows an edit is
/// as it was.
fn difference(before: &[SemanticToken], after: &[SemanticToken]) -> Option<SemanticTokensEdit> {
    let same = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (before, after) = (&before[same..], &after[same..]);
    let kept = before.iter().rev().zip(after.iter().rev()).take_while(|(one, other)| one == other).count();
    let (gone, new) = (before.len() - kept, &after[..after.len() - kept]);
    (gone > 0 || !new.is_empty()).then(|| SemanticTokensEdit {
        start: same as u32 * 5,
        delete_count: gone as u32 * 5,
        data: (!new.is_empty()).then(|| new.to_vec()),
    })
}

/// Tokens as the protocol wants them: line by line, each relative to the one before.
fn encode(live: &Live<'_>, tokens: &[Token]) -> Vec<SemanticToken> {
    let legend = &live.edge.abilities.tokens;
    let mut out = Encoder::new(live.document.text(), live.edge.encoding(), tokens.len());
    for token in tokens {
        if legend.augments && TokenLegend::is_plain(token) {
            continue;
        }
        let Some(kind) = legend.kinds[token.kind as usize] else { continue };
        out.token(token.range(), kind, legend.modifiers(token.modifiers), legend.multiline);
    }
    out.data
}

struct Encoder<'t> {
    text: &'t str,
    lines: &'t crate::text::LineIndex,
    encoding: Encoding,
    data: Vec<SemanticToken>,
    /// Line and column of the last token.
    last: (u32, u32),
    /// The line of the last offset, and its bytes.
    line: u32,
    bytes: TextRange,
    /// A byte of the line is a column.
    is_plain: bool,
}

impl<'t> Encoder<'t> {
    fn new(source: &'t SourceText, encoding: Encoding, most: usize) -> Encoder<'t> {
        let mut encoder = Encoder {
            text: source.as_str(),
            lines: source.lines(),
            encoding,
            data: Vec::with_capacity(most),
            last: (0, 0),
            line: 0,
            bytes: TextRange::empty(0),
            is_plain: true,
        };
        encoder.go_to(0);
        encoder
    }

    fn go_to(&mut self, line: u32) {
        let start = self.lines.line_start(line).unwrap_or(self.text.len() as u32);
        let end = self.lines.line_start(line + 1).unwrap_or(self.text.len() as u32);
        self.line = line;
        self.bytes = TextRange::new(start, end);
        self.is_plain = self.encoding == Encoding::Utf8 || self.bytes.of(self.text).is_ascii();
    }

    /// Tokens come in text order.
    fn token(&mut self, range: TextRange, kind: u32, modifiers: u32, multiline: bool) {
        if range.start >= self.bytes.end {
            // Mostly the next line or the one behind it.
            let near = (self.line + 1..self.line + 4)
                .find(|&line| self.lines.line_start(line + 1).is_none_or(|next| range.start < next));
            self.go_to(
                near.filter(|&line| line < self.lines.line_count()).unwrap_or_else(|| self.lines.line_of(range.start)),
            );
        }
        let mut rest = range;
        while rest.end > self.bytes.end && !multiline {
            let line = TextRange::new(rest.start, self.bytes.end);
            let shown = line.of(self.text).trim_end_matches(['\r', '\n']).len() as u32;
            self.push(TextRange::new(rest.start, rest.start + shown), kind, modifiers);
            rest.start = self.bytes.end;
            self.go_to(self.line + 1);
        }
        self.push(rest, kind, modifiers);
    }

    fn push(&mut self, range: TextRange, kind: u32, modifiers: u32) {
        if range.is_empty() {
            return;
        }
        let column = self.width(TextRange::new(self.bytes.start, range.start));
        let (line, before) = self.last;
        let delta_line = self.line - line;
        let delta_start = if delta_line == 0 { column - before } else { column };
        self.last = (self.line, column);
        let length = if range.end <= self.bytes.end { self.width(range) } else { self.wide(range) };
        self.data.push(SemanticToken {
            delta_line,
            delta_start,
            length,
            token_type: kind,
            token_modifiers_bitset: modifiers,
        });
    }

    /// Of a part of the current line.
    fn width(&self, range: TextRange) -> u32 {
        if self.is_plain { range.len() } else { self.wide(range) }
    }

    fn wide(&self, range: TextRange) -> u32 {
        let text = range.of(self.text);
        match self.encoding {
            Encoding::Utf8 => range.len(),
            Encoding::Utf16 => text.chars().map(|ch| ch.len_utf16() as u32).sum(),
            Encoding::Utf32 => text.chars().count() as u32,
        }
    }
}
