//! What each word of a file is, for colours: kinds and modifiers of tokens from the live tree.
//!
//! Tokens are made unit by unit (a statement of a long block, a member of a class), and a unit whose text is
//! what it was is not walked again: its tokens are moved. What a unit found outside of itself it
//! remembers, so that a name that changes its meaning elsewhere counts as a change.
//!
//! Invariant: no types. A name is what its declaration in this file says; of imports and members
//! only what they look like, and what macros are known to have generated.
//!
//! Perf: `benches/keystroke`. Start reading at [`tokens`], then [`walk`].

mod identifiers;
mod names;
mod units;
mod walk;

use std::sync::Arc;

use crate::base::TextRange;
use crate::project::made::Made;
use crate::syntax::SyntaxFile;
use crate::text::SourceText;

use units::Unit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TokenKind {
    Namespace,
    Type,
    Class,
    Enum,
    Interface,
    TypeParameter,
    Parameter,
    Variable,
    Property,
    EnumMember,
    Function,
    Method,
    Macro,
    Keyword,
    Modifier,
    Comment,
    String,
    Number,
    Regexp,
    Operator,
    Decorator,
    Label,
    /// `string`, `number` and their like.
    BuiltinType,
    Boolean,
    EscapeSequence,
    /// What joins compile time and run time: `${` and `}` of a splice.
    Splice,
}

pub const TOKEN_KINDS: usize = TokenKind::Splice as usize + 1;

/// A set of modifiers, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Modifiers(pub u16);

impl Modifiers {
    pub const DECLARATION: Modifiers = Modifiers(1);
    pub const READONLY: Modifiers = Modifiers(1 << 1);
    pub const STATIC: Modifiers = Modifiers(1 << 2);
    pub const ABSTRACT: Modifiers = Modifiers(1 << 3);
    pub const ASYNC: Modifiers = Modifiers(1 << 4);
    pub const MODIFICATION: Modifiers = Modifiers(1 << 5);
    pub const DOCUMENTATION: Modifiers = Modifiers(1 << 6);
    pub const DEFAULT_LIBRARY: Modifiers = Modifiers(1 << 7);
    /// Declared inside of a function.
    pub const LOCAL: Modifiers = Modifiers(1 << 8);
    /// `return`, `if` and their like.
    pub const CONTROL_FLOW: Modifiers = Modifiers(1 << 9);
    /// Runs while compiling: in a macro, in `@comptime { … }`, in a splice.
    pub const COMPILE_TIME: Modifiers = Modifiers(1 << 10);
    /// Code as a value: in a quote.
    pub const QUOTED: Modifiers = Modifiers(1 << 11);
    /// In `${…}` of a quote.
    pub const SPLICED: Modifiers = Modifiers(1 << 12);
    /// A macro made what it names.
    pub const GENERATED: Modifiers = Modifiers(1 << 13);

    pub fn contains(self, other: Modifiers) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn with(self, other: Modifiers) -> Modifiers {
        Modifiers(self.0 | other.0)
    }

    pub fn when(self, condition: bool) -> Modifiers {
        if condition { self } else { Modifiers::default() }
    }
}

/// One token; it may run over several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub start: u32,
    pub len: u32,
    pub kind: TokenKind,
    pub modifiers: Modifiers,
}

impl Token {
    pub fn range(self) -> TextRange {
        TextRange::new(self.start, self.start + self.len)
    }
}

/// Names that macros are known to have generated, asked by the walk's result.
pub trait Generated {
    /// Whether the class that is called `class` in this file has a generated member.
    fn member(&self, class: &str, name: &str, is_static: bool) -> bool;
    /// Whether a generated declaration of this file, or an import of one, has this name.
    fn declaration(&self, name: &str) -> bool;
    /// Whether an imported name is that of a macro.
    fn is_macro(&self, name: &str) -> bool;
}

/// Nothing is known.
pub struct NothingGenerated;

impl Generated for NothingGenerated {
    fn member(&self, _: &str, _: &str, _: bool) -> bool {
        false
    }
    fn declaration(&self, _: &str) -> bool {
        false
    }
    fn is_macro(&self, _: &str) -> bool {
        false
    }
}

impl Generated for Made {
    fn member(&self, class: &str, name: &str, is_static: bool) -> bool {
        self.is_member(class, name, is_static)
    }
    fn declaration(&self, name: &str) -> bool {
        self.is_declaration(name)
    }
    fn is_macro(&self, name: &str) -> bool {
        Made::is_macro(self, name)
    }
}

/// All tokens of one text, with what the next text can take over.
#[derive(Clone)]
pub struct FileTokens {
    text: SourceText,
    root: Arc<Unit>,
    tokens: Vec<Token>,
    /// How many units were walked for it.
    pub walked: usize,
}

impl FileTokens {
    pub fn text(&self) -> &SourceText {
        &self.text
    }

    /// In text order, none within another.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

/// All tokens of a file, taking over what `last`, an older state of the same file, has.
pub fn tokens(syntax: &SyntaxFile, last: Option<&FileTokens>, generated: &dyn Generated) -> FileTokens {
    let (root, walked) = walk::whole(syntax, last);
    let text = syntax.text().clone();
    let mut tokens = root.tokens.clone();
    units::mark(&mut tokens, &root.hints, text.as_str(), generated);
    FileTokens { text, root, tokens, walked }
}

/// The tokens that lie in `range` or touch it.
///
/// Perf: enters only what the range meets, and reads the scopes around it.
pub fn tokens_in(syntax: &SyntaxFile, range: TextRange, generated: &dyn Generated) -> Vec<Token> {
    let (mut tokens, hints) = walk::part(syntax, range);
    units::mark(&mut tokens, &hints, syntax.text().as_str(), generated);
    tokens.retain(|token| token.start < range.end && range.start < token.start + token.len);
    tokens
}
