//! The relations of the fixpoint: `reach`, `has` and `select`.
//!
//!     reach(T,v)     vertices of T one can be at, starting at v: v itself; and w, if some v' in
//!                    reach(T,v) selects a resolvable key of w
//!     has(T,v,f)     v resolves T.f: its subgraph defines it, not as external unless a @provides
//!                    on the way gives it, not overridden away, and v selects its @requires and
//!                    a resolvable key of its own, to come back with what was gathered
//!     select(T,v,S)  for each field f{S'} of S some w in reach(T,v) has f; if f is composite, for
//!                    every runtime type R and each field of S' some of those w selects it
//!
//! All start empty and only grow, so mutually requiring fields simply stay unsatisfied.

use braid_model::{
    Supergraph,
    ids::{FieldId, Name, TypeId},
    schema::{FieldJoin, SetSelection},
};
use rustc_hash::FxHashSet;

use crate::satisfiability::{
    LabelsOn,
    vertices::{At, Vertex, Vertices},
};

/// Vertices of one type, a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VertexSet {
    words: Vec<u64>,
}

impl VertexSet {
    fn of(at: At) -> Self {
        let mut set = Self::default();
        set.insert(at);
        set
    }

    pub(crate) fn contains(&self, at: At) -> bool {
        self.words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn insert(&mut self, at: At) {
        if at / 64 >= self.words.len() {
            self.words.resize(at / 64 + 1, 0);
        }
        self.words[at / 64] |= 1 << (at % 64);
    }

    fn extend(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = At> + '_ {
        let bits = |(at, word): (usize, &u64)| {
            let word = *word;
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 64 + bit)
        };
        self.words.iter().enumerate().flat_map(bits)
    }
}

/// Where one is: a vertex, and what `@provides` on the way gave here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry<'s> {
    pub(crate) at: At,
    pub(crate) provided: Provided<'s>,
}

/// Selections that a `@provides` makes resolvable, as the addresses of their lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provided<'s> {
    lists: Vec<&'s [SetSelection]>,
}

impl Provided<'_> {
    /// Lists are compared by where they are: all belong to one supergraph.
    fn addresses(&self) -> impl Iterator<Item = usize> + '_ {
        self.lists.iter().map(|list| list.as_ptr().addr())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }
}

impl PartialEq for Provided<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.addresses().eq(other.addresses())
    }
}

impl Eq for Provided<'_> {}

impl PartialOrd for Provided<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Provided<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.addresses().cmp(other.addresses())
    }
}

/// The finished tables.
pub(crate) struct Relations<'s> {
    pub(crate) supergraph: &'s Supergraph,
    pub(crate) vertices: &'s Vertices,
    labels: LabelsOn,
    /// By type, then by vertex.
    reach: Vec<Vec<VertexSet>>,
    /// (object type, vertex, field) whose `@requires` can be gathered there.
    gathered: FxHashSet<(TypeId, At, FieldId)>,
}

/// Computes all relations for one assignment of labels.
pub(crate) fn compute<'s>(
    supergraph: &'s Supergraph,
    vertices: &'s Vertices,
    labels: LabelsOn,
) -> Relations<'s> {
    let types: Vec<TypeId> = (0..supergraph.types.len()).map(TypeId::new).collect();
    let reach = types.iter().map(|ty| initial_reach(supergraph, vertices, *ty)).collect();
    let mut relations =
        Relations { supergraph, vertices, labels, reach, gathered: FxHashSet::default() };
    let requiring = requiring_fields(supergraph, vertices, &types);
    loop {
        let mut changed = false;
        for ty in &types {
            changed |= relations.grow_reach(*ty);
        }
        for (ty, at, field) in &requiring {
            changed |= relations.grow_gathered(*ty, *at, *field);
        }
        if !changed {
            return relations;
        }
    }
}

/// Itself; and for the query type, every vertex: any subgraph may be asked at its root.
fn initial_reach(supergraph: &Supergraph, vertices: &Vertices, ty: TypeId) -> Vec<VertexSet> {
    let count = vertices.list(ty).len();
    if supergraph.roots.query == Some(ty) {
        let mut all = VertexSet::default();
        (0..count).for_each(|at| all.insert(at));
        return vec![all; count];
    }
    (0..count).map(VertexSet::of).collect()
}

fn requiring_fields(
    supergraph: &Supergraph,
    vertices: &Vertices,
    types: &[TypeId],
) -> Vec<(TypeId, At, FieldId)> {
    let mut found = Vec::new();
    for ty in types {
        for (at, vertex) in vertices.list(*ty).iter().enumerate() {
            for field in &supergraph.ty(vertex.ty).fields {
                let join = supergraph.join(*field, vertex.subgraph);
                if join.is_some_and(|join| join.requires.is_some()) {
                    found.push((*ty, at, *field));
                }
            }
        }
    }
    found
}

impl<'s> Relations<'s> {
    /// Only the start itself is asked for jumps: a condition that holds at a vertex on the way
    /// holds at the start, too, because the start reaches whatever that vertex reaches. But an
    /// interface object does not know which type it holds, so for it those on the way that do are
    /// asked as well.
    fn grow_reach(&mut self, ty: TypeId) -> bool {
        let count = self.vertices.list(ty).len();
        let mut changed = false;
        for start in 0..count {
            let mut missing: Vec<At> =
                (0..count).filter(|at| !self.reach[ty.index()][start].contains(*at)).collect();
            let mut left = usize::MAX;
            while missing.len() < left {
                left = missing.len();
                let askers = self.askers(ty, start);
                // What a pass finds helps it find the next at once.
                for target in std::mem::take(&mut missing) {
                    if self.reach[ty.index()][start].contains(target) {
                        continue;
                    }
                    if askers.iter().any(|entry| self.can_jump(ty, entry, target)) {
                        let further = self.reach[ty.index()][target].clone();
                        self.reach[ty.index()][start].extend(&further);
                        changed = true;
                    } else {
                        missing.push(target);
                    }
                }
            }
        }
        changed
    }

    fn askers(&self, ty: TypeId, start: At) -> Vec<Entry<'s>> {
        let list = self.vertices.list(ty);
        let entry = |at: At| Entry { at, provided: Provided::default() };
        if !list[start].interface_object {
            return vec![entry(start)];
        }
        let on_the_way = self.reach[ty.index()][start].iter();
        let knowing = on_the_way.filter(|at| *at == start || !list[*at].interface_object);
        knowing.map(entry).collect()
    }

    fn grow_gathered(&mut self, ty: TypeId, at: At, field: FieldId) -> bool {
        if self.gathered.contains(&(ty, at, field)) {
            return false;
        }
        let vertex = &self.vertices.list(ty)[at];
        let join = self.supergraph.join(field, vertex.subgraph);
        let Some(requires) = join.and_then(|join| join.requires) else { return false };
        let entry = Entry { at, provided: Provided::default() };
        // What is gathered elsewhere must be brought back, for which this subgraph needs a key.
        let possible = self.select(ty, &entry, &self.supergraph.set(requires).selections)
            && self.can_jump(ty, &entry, at);
        if possible {
            self.gathered.insert((ty, at, field));
        }
        possible
    }

    /// Whether some key of `target` can be entered with what is selectable at `entry`.
    pub(crate) fn can_jump(&self, ty: TypeId, entry: &Entry<'s>, target: At) -> bool {
        let list = self.vertices.list(ty);
        let (from, to) = (&list[entry.at], &list[target]);
        to.doors.iter().any(|door| {
            // A subgraph with an interface object can't say which object type it holds.
            let knows_type = !from.interface_object || door.on_interface;
            knows_type && self.select(ty, entry, &self.supergraph.set(door.key).selections)
        })
    }

    /// All vertices one can be at, starting at `entry`.
    pub(crate) fn reach(&self, ty: TypeId, entry: &Entry<'s>) -> VertexSet {
        let mut reach = self.reach[ty.index()][entry.at].clone();
        if entry.provided.is_empty() {
            return reach;
        }
        // What is provided may open further keys, directly from here only.
        loop {
            let count = self.vertices.list(ty).len();
            let opens = |at: &At| {
                let doors = &self.vertices.list(ty)[*at].doors;
                doors.iter().any(|door| {
                    let selections = &self.supergraph.set(door.key).selections;
                    selections
                        .iter()
                        .all(|selection| self.select_one(ty, (entry, &reach), selection))
                })
            };
            let next = (0..count).find(|at| !reach.contains(*at) && opens(at));
            let Some(next) = next else { return reach };
            reach.extend(&self.reach[ty.index()][next]);
        }
    }

    /// Whether `entry` leads to all of `selections` of an object of type `ty`.
    pub(crate) fn select(
        &self,
        ty: TypeId,
        entry: &Entry<'s>,
        selections: &'s [SetSelection],
    ) -> bool {
        let reach = self.reach(ty, entry);
        selections.iter().all(|selection| self.select_one(ty, (entry, &reach), selection))
    }

    fn select_one(
        &self,
        ty: TypeId,
        (entry, reach): (&Entry<'s>, &VertexSet),
        selection: &'s SetSelection,
    ) -> bool {
        match selection {
            SetSelection::Typename => {
                reach.iter().any(|at| !self.vertices.list(ty)[at].interface_object)
            }
            SetSelection::Fragment { on, selections } => {
                !self.is_possible(*on, ty)
                    || selections.iter().all(|inner| self.select_one(ty, (entry, reach), inner))
            }
            SetSelection::Field { field, selections, .. } => {
                let name = self.supergraph.field_def(*field).name;
                let providers = self.providers(ty, (entry, reach), name);
                if providers.is_empty() || selections.is_empty() {
                    return !providers.is_empty();
                }
                let landings = self.landings(&providers);
                landings.iter().all(|(runtime, entries)| {
                    selections.iter().all(|inner| {
                        entries.iter().any(|entry| {
                            let reach = self.reach(*runtime, entry);
                            self.select_one(*runtime, (entry, &reach), inner)
                        })
                    })
                })
            }
        }
    }

    /// Whether an object of type `ty` can be an `on`.
    fn is_possible(&self, on: TypeId, ty: TypeId) -> bool {
        on == ty || self.supergraph.ty(on).possible.contains(ty)
    }

    /// The vertices that resolve the field, with what they return and what they provide below.
    pub(crate) fn providers(
        &self,
        ty: TypeId,
        (entry, reach): (&Entry<'s>, &VertexSet),
        name: Name,
    ) -> Vec<Provider<'s>> {
        let mut providers = Vec::new();
        for at in reach.iter() {
            let provided = if at == entry.at { &entry.provided } else { &Provided::default() };
            providers.extend(self.provider(ty, at, provided, name));
        }
        providers
    }

    fn provider(
        &self,
        ty: TypeId,
        at: At,
        provided: &Provided<'s>,
        name: Name,
    ) -> Option<Provider<'s>> {
        let vertex = &self.vertices.list(ty)[at];
        let (field, join) = vertex.join(self.supergraph, name)?;
        let mut below = Provided::default();
        let mut is_provided = false;
        for list in &provided.lists {
            self.collect_provided(ty, name, list, &mut is_provided, &mut below);
        }
        let gathered = join.requires.is_none() || self.gathered.contains(&(ty, at, field));
        if !gathered || !self.counts(join, is_provided) {
            return None;
        }
        if let Some(set) = join.provides {
            below.lists.push(&self.supergraph.set(set).selections);
        }
        below.lists.sort_by_key(|list| list.as_ptr().addr());
        below.lists.dedup_by_key(|list| list.as_ptr().addr());
        Some(Provider { vertex, join, below })
    }

    /// Whether a join resolves its field, apart from `@requires`.
    fn counts(&self, join: &FieldJoin, is_provided: bool) -> bool {
        let label = join.label.is_none_or(|label| self.labels.contains(&label.label) == label.when);
        (!join.external || is_provided) && !join.used_overridden && label
    }

    fn collect_provided(
        &self,
        ty: TypeId,
        name: Name,
        list: &'s [SetSelection],
        is_provided: &mut bool,
        below: &mut Provided<'s>,
    ) {
        for selection in list {
            match selection {
                SetSelection::Typename => {}
                SetSelection::Fragment { on, selections } => {
                    if self.is_possible(*on, ty) {
                        self.collect_provided(ty, name, selections, is_provided, below);
                    }
                }
                SetSelection::Field { field, selections, .. } => {
                    if self.supergraph.field_def(*field).name == name {
                        *is_provided = true;
                        if !selections.is_empty() {
                            below.lists.push(selections);
                        }
                    }
                }
            }
        }
    }

    /// Where objects are that `providers` return, by their object type.
    pub(crate) fn landings(&self, providers: &[Provider<'s>]) -> Vec<(TypeId, Vec<Entry<'s>>)> {
        let mut by_type: Vec<(TypeId, Vec<Entry<'s>>)> = Vec::new();
        for provider in providers {
            for (runtime, at) in self.runtime_types(provider) {
                let entry = Entry { at: *at, provided: provider.below.clone() };
                match by_type.iter_mut().find(|known| known.0 == *runtime) {
                    Some((_, entries)) => entries.push(entry),
                    None => by_type.push((*runtime, vec![entry])),
                }
            }
        }
        for (_, entries) in &mut by_type {
            entries.sort_unstable();
            entries.dedup();
        }
        by_type
    }

    /// The object types that a provider may return, and where one holds them then.
    pub(crate) fn runtime_types(&self, provider: &Provider<'_>) -> &'s [(TypeId, At)] {
        self.vertices.landings(provider.vertex.subgraph, provider.join.ty.named)
    }
}

/// A vertex that resolves some field.
pub(crate) struct Provider<'s> {
    pub(crate) vertex: &'s Vertex,
    pub(crate) join: &'s FieldJoin,
    /// What is provided below the field.
    pub(crate) below: Provided<'s>,
}
