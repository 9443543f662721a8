//! A place of the operation while it is being solved, and the solution.
//!
//! A *place* is a selection set together with the vertices at which its objects are held when it
//! is reached: its *entries*. More *holders* of the same objects come by jumps: entity fetches.
//! Every unit of the selection set is picked from holders.

use std::rc::Rc;

use braid_model::bits::TypeSet;
use braid_model::ids::{FieldSetId, Name, TypeId};
use braid_model::schema::TypeRef;
use smallvec::SmallVec;

use super::facts::{Provider, Resolved, Vertex};
use super::selection::{ArgsId, SelId};

/// A vertex at which a place's objects are, or could be, held when it is reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Entry {
    pub(super) vertex: Vertex,
    /// The wave of the fetch that brings it, relative to the earliest of the place.
    pub(super) wave: u16,
    /// How many fetches it takes to have it: none if it is had anyway.
    pub(super) price: u16,
}

/// What a solution costs: fewer fetches count most, then fewer waves, then fewer fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct Cost {
    pub(super) fetches: u32,
    pub(super) depth: u32,
    pub(super) fields: u32,
}

/// How a place is answered.
#[derive(Debug)]
pub(super) struct Solution {
    /// The entries come first, used or not.
    pub(super) holders: Vec<Holder>,
    pub(super) entries: usize,
    pub(super) picks: Vec<Pick>,
    /// The holder that tells the objects' type, where the selection set needs it.
    pub(super) typed: Option<usize>,
    /// The types of objects that are expected there: those that all entries know.
    pub(super) types: TypeSet,
    /// Without what entries cost; depth counts from the earliest entry.
    pub(super) cost: Cost,
}

/// A vertex at which the place's objects are held.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) vertex: Vertex,
    /// It does not know the type of its objects.
    pub(super) interface_object: bool,
    /// The types of its objects.
    pub(super) types: TypeSet,
    pub(super) wave: u16,
    /// For an entry: what it takes to have it.
    pub(super) price: u16,
    /// Had already, or decided to have.
    pub(super) open: bool,
    /// Something is read from it.
    pub(super) used: bool,
    /// How it was reached from another holder; nothing for an entry.
    pub(super) jump: Option<Jump>,
}

/// An entity fetch from one holder to another.
#[derive(Clone, Debug)]
pub(super) struct Jump {
    /// The holder below which everything in the representations is found.
    pub(super) base: usize,
    /// The holder at whose nodes the entities hang: the base, or one below it.
    pub(super) anchor: usize,
    pub(super) requires: SmallVec<[FieldSetId; 1]>,
    pub(super) recipes: Vec<Recipe>,
}

/// How to make the representations of objects of some types.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) types: TypeSet,
    /// What `__typename` says; nothing: the object's type.
    pub(super) typename: Option<TypeId>,
    pub(super) parts: Vec<Part>,
}

/// A field of a representation.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: Name,
    pub(super) args: ArgsId,
    pub(super) types: TypeSet,
    pub(super) holder: usize,
    pub(super) resolved: Resolved,
    pub(super) child: Option<(SelId, Rc<Solution>)>,
    pub(super) key: bool,
    /// The field's type where it is required.
    pub(super) ty: TypeRef,
}

/// How a unit of the selection set is answered.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    /// Its place in the selection set.
    pub(super) unit: usize,
    pub(super) types: TypeSet,
    /// The holders that it is read from, side by side.
    pub(super) sources: SmallVec<[(usize, Resolved); 1]>,
    /// For a composite type; its entries are these sources, those that it did not use left out.
    pub(super) child: Option<(SelId, Rc<Solution>)>,
}

/// A place that is being solved.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) sel: SelId,
    pub(super) on: TypeId,
    pub(super) is_abstract: bool,
    pub(super) types: TypeSet,
    pub(super) entries: usize,
    pub(super) holders: Vec<Holder>,
    pub(super) picks: Vec<Pick>,
    pub(super) typed: Option<usize>,
    /// The jumps that are being looked for, so that none is looked for in its own conditions.
    pub(super) opening: SmallVec<[Provider; 4]>,
    /// Fetches of places below, and what they look like at the deepest.
    pub(super) below: Cost,
}

/// A unit that is not answered yet.
#[derive(Clone)]
pub(super) struct Todo {
    pub(super) unit: Option<usize>,
    pub(super) types: TypeSet,
}

impl Cost {
    /// Both, side by side.
    pub(super) fn beside(self, other: Self) -> Self {
        Self {
            fetches: self.fetches + other.fetches,
            depth: self.depth.max(other.depth),
            fields: self.fields + other.fields,
        }
    }

    /// The same, some waves later.
    pub(super) fn after(self, waves: u16) -> Self {
        Self { depth: self.depth + u32::from(waves), ..self }
    }
}

impl Solution {
    /// The entries that the solution reads from.
    pub(super) fn used_entries(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.entries).filter(|&entry| self.holders[entry].used)
    }

    /// The entry that the solution reads from, if it is one alone.
    pub(super) fn only_entry(&self) -> Option<usize> {
        let mut used = self.used_entries();
        used.next().filter(|_| used.next().is_none())
    }

    /// The types of objects that could be there: those that any used entry knows.
    pub(super) fn possible(&self) -> TypeSet {
        let mut types = self.types.clone();
        for entry in self.used_entries() {
            types.union_with(&self.holders[entry].types);
        }
        types
    }

    /// What it takes to have the entries that the solution reads from.
    pub(super) fn price(&self) -> u32 {
        self.used_entries().map(|entry| u32::from(self.holders[entry].price)).sum()
    }

    /// What it costs with its entries.
    pub(super) fn whole_cost(&self) -> Cost {
        Cost { fetches: self.cost.fetches + self.price(), ..self.cost }
    }
}

impl Place {
    /// What the place costs so far, entries included.
    pub(super) fn cost(&self) -> Cost {
        let mut cost = self.below;
        for holder in self.holders.iter().filter(|holder| holder.open) {
            match &holder.jump {
                None => cost.fetches += u32::from(holder.price),
                Some(jump) => {
                    cost.fetches += 1;
                    let parts = jump.recipes.iter().map(|recipe| recipe.parts.len());
                    cost.fields += u32::try_from(parts.sum::<usize>()).unwrap_or(u32::MAX);
                }
            }
            cost.depth = cost.depth.max(u32::from(holder.wave));
        }
        cost
    }

    /// Whether `holder` is `base` or was reached from it.
    pub(super) fn is_below(&self, holder: usize, base: usize) -> bool {
        let mut at = holder;
        while at != base {
            match &self.holders[at].jump {
                Some(jump) => at = jump.anchor,
                None => return false,
            }
        }
        true
    }

    /// Whether what `holder` is entered with depends on `other`.
    pub(super) fn depends(&self, holder: usize, other: usize) -> bool {
        if holder == other {
            return true;
        }
        let Some(jump) = &self.holders[holder].jump else { return false };
        let parts = jump.recipes.iter().flat_map(|recipe| &recipe.parts);
        self.depends(jump.anchor, other) || parts.into_iter().any(|p| self.depends(p.holder, other))
    }

    /// Whether the holder knows the type of its objects.
    pub(super) fn knows_type(&self, holder: usize) -> bool {
        !self.holders[holder].interface_object
    }

    /// Sets the waves again after a jump was changed.
    pub(super) fn settle_waves(&mut self) {
        // Dependencies are acyclic, so that as many rounds as there are holders suffice.
        for _ in 0..self.holders.len() {
            let mut changed = false;
            for at in self.entries..self.holders.len() {
                let wave = self.jump_wave(at);
                changed |= self.holders[at].wave != wave;
                self.holders[at].wave = wave;
            }
            if !changed {
                return;
            }
        }
    }

    fn jump_wave(&self, at: usize) -> u16 {
        let Some(jump) = &self.holders[at].jump else { return self.holders[at].wave };
        let mut wave = self.holders[jump.anchor].wave;
        for part in jump.recipes.iter().flat_map(|recipe| &recipe.parts) {
            let below = part.child.as_ref().map_or(0, |(_, child)| child.cost.depth);
            let below = u16::try_from(below).unwrap_or(u16::MAX);
            wave = wave.max(self.holders[part.holder].wave.saturating_add(below));
        }
        wave.saturating_add(1)
    }
}
