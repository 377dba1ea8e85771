//! `Digest` and `Recipe`: content keys.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 128 bits of blake3: equal digests stand for equal contents.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Digest {
        let hash = blake3::hash(bytes);
        let mut out = [0; 16];
        out.copy_from_slice(&hash.as_bytes()[..16]);
        Digest(out)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// The ordered, tagged inputs of a computation, hashed.
///
/// Every part is hashed with its length and a tag, so that `("ab", "c")` and `("a", "bc")` differ.
/// Every recipe starts with the kind of thing it makes and this build of `msc`.
pub struct Recipe(blake3::Hasher);

impl Recipe {
    pub fn new(kind: &str) -> Recipe {
        let mut recipe = Recipe(blake3::Hasher::new());
        recipe.text("kind", kind).text("msc", crate::BUILD);
        recipe
    }

    pub fn bytes(&mut self, tag: &str, bytes: &[u8]) -> &mut Recipe {
        self.0.update(&(tag.len() as u64).to_le_bytes());
        self.0.update(tag.as_bytes());
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub fn text(&mut self, tag: &str, text: &str) -> &mut Recipe {
        self.bytes(tag, text.as_bytes())
    }

    pub fn digest(&mut self, tag: &str, digest: Digest) -> &mut Recipe {
        self.bytes(tag, &digest.0)
    }

    pub fn finish(&self) -> Digest {
        let mut out = [0; 16];
        out.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        Digest(out)
    }
}
