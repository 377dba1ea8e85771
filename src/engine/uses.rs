//! What the files of a program say of names, as plain data that outlives the program: what each
//! file shows to others, and which members each of its names means.
//!
//! Both are made a file at a time. A file's [`FileUses`] hold for as long as its text does and all
//! that its imports lead to shows the same [`Surface`]s; whoever keeps them sees to that.
//!
//! Invariant: a name is recorded with everything it means to the engine's own search for
//! references, or its text is in [`FileUses::unsure`]. So a search that meets no unsure name and
//! finds [`Asked::is_sure`] finds what the engine would find.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, FilePath, TextRange};

/// What a file of a program is to the files that import it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surface {
    pub file: FilePath,
    /// Of the whole text.
    pub text: Digest,
    /// Of the text without what no other file can see: bodies of functions that say what they return.
    pub interface: Digest,
    /// What it declares, files see without importing it.
    pub is_global: bool,
    /// A file of a package or a library, not of the project.
    pub is_external: bool,
}

/// A declaration, by its file and its place among the declarations there: edits inside bodies of other
/// functions do not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SymbolKey(u64);

impl SymbolKey {
    /// `hash` names the declaration.
    pub(in crate::engine) fn new(hash: u64, is_external: bool) -> SymbolKey {
        SymbolKey((hash & !1) | u64::from(is_external))
    }

    /// Declared in a file that is not of the project: the files of packages and libraries may mean it, too.
    pub fn is_external(self) -> bool {
        self.0 & 1 == 1
    }
}

/// One of the declarations that a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Touch {
    key: SymbolKey,
    /// The name is that of the declaration.
    is_declaration: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Use {
    range: TextRange,
    /// Index of its text.
    name: u32,
    /// In the order in which a search tries them.
    touches: (u32, u32),
    /// A search that starts here finds all that its keys lead to, in all files, and nothing else.
    is_sure: bool,
    /// No identifier: a search that meets it has to be the engine's.
    is_odd: bool,
}

/// What the names in one file mean, as far as they may mean members of types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUses {
    names: Vec<Box<str>>,
    /// In text order.
    uses: Vec<Use>,
    touches: Vec<Touch>,
    /// Which uses touch a declaration, in its order.
    by_key: Vec<(SymbolKey, u32)>,
    /// Texts that may mean something here that is not recorded.
    unsure: BTreeSet<Box<str>>,
}

/// What a search looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    pub name: &'a str,
    pub keys: Vec<SymbolKey>,
    /// Whether what is recorded answers the search.
    pub is_sure: bool,
}

/// The search has to be the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsure;

impl FileUses {
    /// The name at an offset, or the one that ends there.
    pub fn at(&self, offset: u32) -> Option<Asked<'_>> {
        let after = self.uses.partition_point(|one| one.range.start <= offset);
        let one = self.uses[..after].last().filter(|one| offset <= one.range.end)?;
        let keys = self.touches_of(one).iter().map(|touch| touch.key).collect();
        Some(Asked { name: &self.names[one.name as usize], keys, is_sure: one.is_sure && !one.is_odd })
    }

    /// Adds the ranges of the names that mean one of the declarations asked for, in text order.
    pub fn find(&self, asked: &Asked<'_>, declarations: bool, found: &mut Vec<TextRange>) -> Result<(), Unsure> {
        if self.unsure.contains(asked.name) {
            return Err(Unsure);
        }
        let mut uses: Vec<u32> = Vec::new();
        for key in &asked.keys {
            let start = self.by_key.partition_point(|(known, _)| known < key);
            uses.extend(self.by_key[start..].iter().take_while(|(known, _)| known == key).map(|(_, one)| *one));
        }
        uses.sort_unstable();
        uses.dedup();
        for one in uses {
            let one = &self.uses[one as usize];
            if &*self.names[one.name as usize] != asked.name {
                continue;
            }
            if one.is_odd {
                return Err(Unsure);
            }
            let met = self.touches_of(one).iter().find(|touch| asked.keys.contains(&touch.key));
            if declarations || met.is_none_or(|touch| !touch.is_declaration) {
                found.push(one.range);
            }
        }
        Ok(())
    }

    fn touches_of(&self, one: &Use) -> &[Touch] {
        &self.touches[one.touches.0 as usize..one.touches.1 as usize]
    }

    /// How many names are recorded.
    pub fn len(&self) -> usize {
        self.uses.len()
    }

    pub fn is_empty(&self) -> bool {
        self.uses.is_empty()
    }
}

/// Makes a [`FileUses`].
#[derive(Default)]
pub(in crate::engine) struct Recorder {
    made: FileUses,
    names: std::collections::HashMap<Box<str>, u32>,
}

impl Recorder {
    pub fn unsure(&mut self, text: &str) {
        if !self.made.unsure.contains(text) {
            self.made.unsure.insert(text.into());
        }
    }

    /// `touches`: declarations in the order of a search, and whether the name is theirs.
    pub fn name(
        &mut self,
        range: TextRange,
        text: &str,
        touches: impl IntoIterator<Item = (SymbolKey, bool)>,
        is_sure: bool,
        is_odd: bool,
    ) {
        let start = self.made.touches.len() as u32;
        self.made.touches.extend(touches.into_iter().map(|(key, is_declaration)| Touch { key, is_declaration }));
        let end = self.made.touches.len() as u32;
        if start == end {
            return;
        }
        let name = match self.names.get(text) {
            Some(name) => *name,
            None => {
                let name = self.made.names.len() as u32;
                self.made.names.push(text.into());
                self.names.insert(text.into(), name);
                name
            }
        };
        self.made.uses.push(Use { range, name, touches: (start, end), is_sure, is_odd });
    }

    pub fn finish(mut self) -> FileUses {
        self.made.uses.sort_by_key(|one| one.range);
        let mut by_key = Vec::with_capacity(self.made.touches.len());
        for (index, one) in self.made.uses.iter().enumerate() {
            by_key.extend(self.made.touches_of(one).iter().map(|touch| (touch.key, index as u32)));
        }
        by_key.sort_unstable();
        by_key.dedup();
        self.made.by_key = by_key;
        self.made
    }
}
