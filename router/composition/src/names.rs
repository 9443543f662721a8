//! Interned names, shared by all subgraphs of one composition.
//!
//! Every type, field, argument, enum value and tag name is a [`Name`] from parsing on; texts exist
//! only where something is printed or reported.

use std::ops::Index;

use rustc_hash::FxHashMap;

/// An interned name; equal names are equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(u32);

/// The interner.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_text: FxHashMap<Box<str>, Name>,
    texts: Vec<Box<str>>,
}

impl Names {
    /// The name for `text`, new or known.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if let Some(name) = self.by_text.get(text) {
            return *name;
        }
        // Parsing limits the input to far fewer than 2^32 tokens.
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.by_text.insert(text.into(), name);
        name
    }

    /// The name for `text` if anything is called so.
    pub(crate) fn get(&self, text: &str) -> Option<Name> {
        self.by_text.get(text).copied()
    }
}

impl Index<Name> for Names {
    type Output = str;

    fn index(&self, name: Name) -> &str {
        &self.texts[name.0 as usize]
    }
}
