//! Our answers as the protocol's, for one client.
//!
//! Invariant: ranges become positions only through the text that they were found in.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use tower_lsp::ls_types::*;

use crate::base::{FilePath, TextRange};
use crate::engine::CompletionKind;
use crate::text::{Encoding, SourceText};

use super::capabilities::Abilities;
use super::from_proto;
use super::load::Load;
use super::request::document_symbol::OutlineMemory;
use super::request::semantic_tokens::TokenMemory;
use super::settings::Settings;
use super::shown::Shown;
use super::std_files::StdFiles;

/// Who is answered, and how files are called there. Cheap to clone; fixed while a request runs.
#[derive(Clone)]
pub struct Edge {
    pub abilities: Arc<Abilities>,
    /// The open documents under the client's own spelling of their URIs: an answer that spells one
    /// otherwise opens a second buffer in some editors.
    pub open: Arc<HashMap<FilePath, Uri>>,
    pub std_files: Arc<StdFiles>,
    /// Texts that no file has.
    pub shown: Arc<Shown>,
    pub settings: Arc<Settings>,
    /// What was told of tokens.
    pub tokens: Arc<TokenMemory>,
    /// What was told of symbols.
    pub outlines: Arc<OutlineMemory>,
    /// What the server has to do.
    pub load: Arc<Load>,
}

impl Edge {
    pub fn encoding(&self) -> Encoding {
        self.abilities.encoding
    }

    /// The file that a document of the client is.
    pub fn file(&self, uri: &Uri) -> Option<FilePath> {
        from_proto::file(uri).map(|path| self.std_files.meant(path))
    }

    /// How the client calls a file; `None` where it cannot be shown. May touch the disk.
    pub fn uri(&self, file: &FilePath) -> Option<Uri> {
        match self.open.get(file) {
            Some(uri) => Some(uri.clone()),
            None => uri(&self.std_files.shown(file)?),
        }
    }

    pub fn range(&self, text: &SourceText, range: TextRange) -> Range {
        self::range(text, range, self.encoding())
    }
}

/// The `file` URI of a path, everything percent-encoded that RFC 3986 does not let through.
pub fn uri(path: &FilePath) -> Option<Uri> {
    let path = path.as_str();
    let mut out = String::from("file://");
    if !path.starts_with('/') {
        out.push('/');
    }
    for (at, byte) in path.bytes().enumerate() {
        let drive_colon = byte == b':' && at == 1;
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) || drive_colon {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Uri::from_str(&out).ok()
}

pub fn position(text: &SourceText, offset: u32, encoding: Encoding) -> Position {
    let at = text.lines().line_col(text.as_str(), offset, encoding);
    Position::new(at.line, at.col)
}

pub fn range(text: &SourceText, range: TextRange, encoding: Encoding) -> Range {
    Range::new(position(text, range.start, encoding), position(text, range.end, encoding))
}

/// A kind that the client knows: those past `Reference` are newer than the protocol's first set.
pub fn completion_kind(kind: CompletionKind, known: &[CompletionItemKind]) -> CompletionItemKind {
    type K = CompletionItemKind;
    let (kind, older) = match kind {
        CompletionKind::Text => (K::TEXT, K::TEXT),
        CompletionKind::Method => (K::METHOD, K::METHOD),
        CompletionKind::Function => (K::FUNCTION, K::FUNCTION),
        CompletionKind::Constructor => (K::CONSTRUCTOR, K::CONSTRUCTOR),
        CompletionKind::Field => (K::FIELD, K::FIELD),
        CompletionKind::Variable => (K::VARIABLE, K::VARIABLE),
        CompletionKind::Class => (K::CLASS, K::CLASS),
        CompletionKind::Interface => (K::INTERFACE, K::INTERFACE),
        CompletionKind::Module => (K::MODULE, K::MODULE),
        CompletionKind::Property => (K::PROPERTY, K::PROPERTY),
        CompletionKind::Unit => (K::UNIT, K::UNIT),
        CompletionKind::Value => (K::VALUE, K::VALUE),
        CompletionKind::Enum => (K::ENUM, K::ENUM),
        CompletionKind::Keyword => (K::KEYWORD, K::KEYWORD),
        CompletionKind::Snippet => (K::SNIPPET, K::SNIPPET),
        CompletionKind::File => (K::FILE, K::FILE),
        CompletionKind::Folder => (K::FOLDER, K::FILE),
        CompletionKind::EnumMember => (K::ENUM_MEMBER, K::ENUM),
        CompletionKind::Constant => (K::CONSTANT, K::VARIABLE),
        CompletionKind::Struct => (K::STRUCT, K::CLASS),
        CompletionKind::TypeParameter => (K::TYPE_PARAMETER, K::CLASS),
    };
    if known.contains(&kind) { kind } else { older }
}

pub fn symbol_kind(kind: crate::ide::document_symbol::SymbolKind) -> SymbolKind {
    use crate::ide::document_symbol::SymbolKind as Ours;
    match kind {
        Ours::Module => SymbolKind::MODULE,
        Ours::Namespace => SymbolKind::NAMESPACE,
        // The protocol has no kind for aliases; TypeScript's own editor support shows classes.
        Ours::Class | Ours::TypeAlias => SymbolKind::CLASS,
        Ours::Interface => SymbolKind::INTERFACE,
        Ours::Enum => SymbolKind::ENUM,
        Ours::EnumMember => SymbolKind::ENUM_MEMBER,
        Ours::Function | Ours::Macro => SymbolKind::FUNCTION,
        Ours::Method => SymbolKind::METHOD,
        Ours::Constructor => SymbolKind::CONSTRUCTOR,
        Ours::Property | Ours::Accessor => SymbolKind::PROPERTY,
        Ours::Variable => SymbolKind::VARIABLE,
        Ours::Constant => SymbolKind::CONSTANT,
        Ours::Event => SymbolKind::EVENT,
    }
}

/// How the engine's kinds of declarations are called as symbols.
pub fn declared_kind(kind: CompletionKind) -> SymbolKind {
    type K = SymbolKind;
    match kind {
        CompletionKind::Method => K::METHOD,
        CompletionKind::Constructor => K::CONSTRUCTOR,
        CompletionKind::Field => K::FIELD,
        CompletionKind::Property => K::PROPERTY,
        CompletionKind::Class => K::CLASS,
        CompletionKind::Struct => K::STRUCT,
        CompletionKind::Interface => K::INTERFACE,
        CompletionKind::Module => K::MODULE,
        CompletionKind::Enum => K::ENUM,
        CompletionKind::EnumMember => K::ENUM_MEMBER,
        CompletionKind::Constant => K::CONSTANT,
        CompletionKind::TypeParameter => K::TYPE_PARAMETER,
        CompletionKind::File | CompletionKind::Folder => K::FILE,
        CompletionKind::Function => K::FUNCTION,
        _ => K::VARIABLE,
    }
}

/// A snippet as plain text, for clients without snippets: stops vanish, placeholders stay.
pub fn without_stops(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet.chars().peekable();
    let mut open = 0u32;
    while let Some(ch) = rest.next() {
        match ch {
            '\\' => out.extend(rest.next()),
            '}' if open > 0 => open -= 1,
            '$' => {
                let braced = rest.next_if_eq(&'{').is_some();
                let mut digits = 0;
                while rest.next_if(char::is_ascii_digit).is_some() {
                    digits += 1;
                }
                if braced && digits > 0 {
                    match rest.next() {
                        Some(':') => open += 1,
                        // `${1|one,two|}`: the first choice stands for all.
                        Some('|') => {
                            let choices: String = rest.by_ref().take_while(|&ch| ch != '}').collect();
                            out.push_str(choices.split([',', '|']).next().unwrap_or_default());
                        }
                        _ => {}
                    }
                } else if digits == 0 {
                    out.push_str(if braced { "${" } else { "$" });
                }
            }
            _ => out.push(ch),
        }
    }
    out
}

/// Markdown or plain text, as the client can show it.
pub fn markup(markdown: String, as_markdown: bool) -> MarkupContent {
    if as_markdown {
        return MarkupContent { kind: MarkupKind::Markdown, value: markdown };
    }
    // The fences go; what stands between them is readable as it is.
    let lines: Vec<&str> =
        markdown.lines().filter(|line| !line.trim_start().starts_with("```") && line.trim() != "---").collect();
    MarkupContent { kind: MarkupKind::PlainText, value: lines.join("\n").trim().to_owned() }
}
