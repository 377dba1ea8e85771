//! `Marks`: where in a text there can be anything of ours, so that walks skip all the rest.

use crate::base::TextRange;

/// Words that begin something that plain TypeScript does not have.
const WORDS: [&str; 4] = ["macro", "quote", "defer", "extern"];

/// Offsets of `@` and of the words of macro syntax, ascending. Most of them mean nothing (a tag of a
/// doc comment, a word of prose); a stretch without any holds nothing for expansion.
pub(super) struct Marks(Vec<u32>);

impl Marks {
    pub fn of(text: &str) -> Marks {
        let bytes = text.as_bytes();
        let mut marks = Vec::new();
        for (at, &byte) in bytes.iter().enumerate() {
            let found = match byte {
                b'@' => true,
                b'm' | b'q' | b'd' | b'e' => {
                    (at == 0 || !is_word(bytes[at - 1]))
                        && WORDS.iter().any(|word| bytes[at..].starts_with(word.as_bytes()))
                }
                _ => false,
            };
            if found {
                marks.push(at as u32);
            }
        }
        Marks(marks)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn any_in(&self, range: TextRange) -> bool {
        let from = self.0.partition_point(|&mark| mark < range.start);
        self.0.get(from).is_some_and(|&mark| mark < range.end)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
