//! Bit sets over ids: small, inline up to 256 elements.

use std::marker::PhantomData;

use smallvec::{SmallVec, smallvec};

use crate::ids::{AuthId, FieldId, SubgraphId, TypeId};

/// An id that can be a member of a [`BitSet`].
pub trait Member: Copy {
    /// The member at `index`.
    fn from_index(index: usize) -> Self;
    /// The member's index.
    fn to_index(self) -> usize;
}

macro_rules! member {
    ($($id:ty),*) => {$(
        impl Member for $id {
            fn from_index(index: usize) -> Self {
                <$id>::new(index)
            }
            fn to_index(self) -> usize {
                self.index()
            }
        }
    )*};
}
member!(TypeId, FieldId, SubgraphId, AuthId);

/// A set of object types.
pub type TypeSet = BitSet<TypeId>;
/// A set of requirements on the caller.
pub type AuthSet = BitSet<AuthId>;
/// A set of subgraphs.
pub type SubgraphSet = BitSet<SubgraphId>;

/// A set of ids. Equality and hashing do not depend on how the set came about: trailing zero words
/// are never kept.
pub struct BitSet<T> {
    words: SmallVec<[u64; 4]>,
    member: PhantomData<T>,
}

impl<T: Member> BitSet<T> {
    /// The empty set.
    pub fn new() -> Self {
        Self { words: SmallVec::new(), member: PhantomData }
    }

    /// The set of one member.
    pub fn of(member: T) -> Self {
        let mut set = Self::new();
        set.insert(member);
        set
    }

    /// Adds `member`; true if it was not there.
    pub fn insert(&mut self, member: T) -> bool {
        let (word, bit) = place(member);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let fresh = self.words[word] & bit == 0;
        self.words[word] |= bit;
        fresh
    }

    /// Takes `member` out.
    pub fn remove(&mut self, member: T) {
        let (word, bit) = place(member);
        if let Some(bits) = self.words.get_mut(word) {
            *bits &= !bit;
            self.trim();
        }
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: T) -> bool {
        let (word, bit) = place(member);
        self.words.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Whether nothing is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many members the set has.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The members, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Some(T::from_index(at * 64 + bit))
            })
        })
    }

    /// The members that both sets have.
    pub fn intersection(&self, other: &Self) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        let mut set = Self { words, member: PhantomData };
        set.trim();
        set
    }

    /// Adds all of `other`.
    pub fn union_with(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a |= b;
        }
    }

    /// The members that `other` does not have.
    pub fn difference(&self, other: &Self) -> Self {
        let words = self
            .words
            .iter()
            .enumerate()
            .map(|(at, word)| word & !other.words.get(at).copied().unwrap_or(0))
            .collect();
        let mut set = Self { words, member: PhantomData };
        set.trim();
        set
    }

    /// Whether every member is also in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether the sets share a member.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

fn place<T: Member>(member: T) -> (usize, u64) {
    let index = member.to_index();
    (index / 64, 1 << (index % 64))
}

impl<T: Member> FromIterator<T> for BitSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        let mut set = Self { words: smallvec![], member: PhantomData };
        for member in members {
            set.insert(member);
        }
        set
    }
}

impl<T: Member> Default for BitSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for BitSet<T> {
    fn clone(&self) -> Self {
        Self { words: self.words.clone(), member: PhantomData }
    }
}

impl<T> PartialEq for BitSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl<T> Eq for BitSet<T> {}

impl<T> std::hash::Hash for BitSet<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.words.hash(state);
    }
}

impl<T: Member + std::fmt::Debug> std::fmt::Debug for BitSet<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
