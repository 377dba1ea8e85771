//! Units: stretches of a file whose tokens are kept from one text to the next.

use std::sync::Arc;

use crate::base::TextRange;
use crate::ide::locals::{BindingKind, Space};
use crate::syntax::Kind;
use crate::text::SourceText;

use super::{Generated, Modifiers, Token, TokenKind};

/// What stands around a unit and changes what its tokens are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    pub modifiers: Modifiers,
    /// How many quotes are around it, less the splices.
    pub stage: u8,
    /// The class whose `this` it sees, and whether `this` is the class itself.
    pub class: Option<Box<str>>,
    pub is_static: bool,
    pub is_local: bool,
}

/// A name that is looked up outside of the unit, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Free {
    pub name: Box<str>,
    pub space: Space,
    pub found: Option<Found>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: BindingKind,
    pub class: Option<Box<str>>,
    pub is_local: bool,
}

/// A token whose colour depends on what macros made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Index of the token.
    pub token: u32,
    pub about: About,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A member of the class that has this name here.
    Member { class: Arc<str>, is_static: bool },
    /// A name that nothing in the file declares, or that is imported.
    Name,
    /// A decorator by a name that another file may declare.
    Decorator { name: Arc<str> },
}

/// A unit's tokens, with offsets from where it begins.
#[derive(Debug)]
pub struct Unit {
    pub kind: Kind,
    pub around: Surroundings,
    pub tokens: Vec<Token>,
    pub hints: Vec<Hint>,
    pub free: Vec<Free>,
    pub children: Vec<Child>,
    /// It did not parse, so its text alone does not say what its tree is.
    pub is_broken: bool,
}

#[derive(Debug)]
pub struct Child {
    /// From where the parent begins.
    pub range: TextRange,
    pub unit: Arc<Unit>,
}

/// Where the text of an older state stands in a newer one.
pub struct Moved<'l> {
    root: &'l Unit,
    /// How many bytes are the same at the start of both, and at the end.
    prefix: u32,
    suffix: u32,
    old_len: u32,
    new_len: u32,
}

impl<'l> Moved<'l> {
    pub fn new(root: &'l Unit, old: &SourceText, new: &SourceText) -> Moved<'l> {
        let (old_bytes, new_bytes) = (old.as_str().as_bytes(), new.as_str().as_bytes());
        let least = old_bytes.len().min(new_bytes.len());
        let prefix = common(old_bytes.iter().zip(new_bytes), least);
        let suffix = common(old_bytes.iter().rev().zip(new_bytes.iter().rev()), least - prefix);
        Moved { root, prefix: prefix as u32, suffix: suffix as u32, old_len: old.len(), new_len: new.len() }
    }

    /// The unit that stood on the same text.
    pub fn unit(&self, range: TextRange) -> Option<&'l Arc<Unit>> {
        let old = if range.end <= self.prefix {
            range
        } else if range.start >= self.new_len - self.suffix {
            let start = range.start + self.old_len - self.new_len;
            TextRange::new(start, start + range.len())
        } else {
            return None;
        };
        let (mut within, mut base) = (self.root, 0);
        loop {
            let at = within.children.partition_point(|child| base + child.range.end <= old.start);
            let child = within.children.get(at)?;
            let here = TextRange::new(base + child.range.start, base + child.range.end);
            if here == old {
                return Some(&child.unit);
            }
            if !here.contains_range(old) {
                return None;
            }
            (within, base) = (&child.unit, here.start);
        }
    }
}

fn common<'a>(pairs: impl Iterator<Item = (&'a u8, &'a u8)>, most: usize) -> usize {
    pairs.take(most).take_while(|(one, other)| one == other).count()
}

/// Marks tokens with what is known of macros' outputs.
pub fn mark(tokens: &mut [Token], hints: &[Hint], text: &str, generated: &dyn Generated) {
    for hint in hints {
        let token = &mut tokens[hint.token as usize];
        let name = token.range().of(text);
        let is_generated = match &hint.about {
            About::Member { class, is_static } => generated.member(class, name, *is_static),
            About::Name => {
                if generated.is_macro(name) {
                    token.kind = TokenKind::Macro;
                }
                generated.declaration(name)
            }
            About::Decorator { name } => {
                if generated.is_macro(name) {
                    token.kind = TokenKind::Macro;
                }
                false
            }
        };
        if is_generated {
            token.modifiers = token.modifiers.with(Modifiers::GENERATED);
        }
    }
}
