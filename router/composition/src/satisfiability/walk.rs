//! The walk over the API: breadth first, so that the first witness found is the shortest.
//!
//! A state is an object type with all entries the path may have led to. A state that contains a
//! walked one is skipped: more entries only make more possible.

use std::collections::VecDeque;

use braid_model::{
    ids::{FieldId, TypeId},
    schema::Kind,
};
use rustc_hash::FxHashSet;

use crate::satisfiability::relations::{Entry, Provider, Relations};

/// States visited before the walk gives up.
pub(crate) const STATES_MAX: usize = 100_000;

/// One state of the walk and how it was come by.
pub(crate) struct State<'s> {
    pub(crate) ty: TypeId,
    pub(crate) entries: Vec<Entry<'s>>,
    /// The state before and the field that led here; a root has none.
    pub(crate) from: Option<(usize, FieldId)>,
}

/// A field that no vertex resolves, or whose objects nobody can tell the type of.
pub(crate) struct DeadEnd {
    pub(crate) state: usize,
    pub(crate) field: FieldId,
    /// The field is resolved, but only as an `@interfaceObject`.
    pub(crate) nameless: bool,
}

/// A field whose providers return different object types.
pub(crate) struct Mismatch {
    pub(crate) field: FieldId,
    /// Names of subgraphs and of the object types they return.
    pub(crate) returned: Vec<(String, Vec<String>)>,
    pub(crate) none_in_common: bool,
}

/// What the walk found.
pub(crate) struct Outcome<'s> {
    pub(crate) states: Vec<State<'s>>,
    pub(crate) dead_ends: Vec<DeadEnd>,
    pub(crate) mismatches: Vec<Mismatch>,
    pub(crate) gave_up: bool,
}

/// Walks the whole API.
pub(crate) fn walk<'s>(relations: &Relations<'s>) -> Outcome<'s> {
    let mut walk = Walk {
        relations,
        outcome: Outcome {
            states: Vec::new(),
            dead_ends: Vec::new(),
            mismatches: Vec::new(),
            gave_up: false,
        },
        queue: VecDeque::new(),
        minimal: vec![Vec::new(); relations.supergraph.types.len()],
        failed: FxHashSet::default(),
        compared: FxHashSet::default(),
    };
    let roots = relations.supergraph.roots;
    for root in [roots.query, roots.mutation, roots.subscription].into_iter().flatten() {
        let count = relations.vertices.list(root).len();
        let entry = |at| Entry { at, provided: Default::default() };
        walk.visit(root, (0..count).map(entry).collect(), None);
    }
    while let Some(state) = walk.queue.pop_front() {
        walk.expand(state);
        if walk.outcome.states.len() > STATES_MAX {
            walk.outcome.gave_up = true;
            break;
        }
    }
    walk.outcome
}

struct Walk<'w, 's> {
    relations: &'w Relations<'s>,
    outcome: Outcome<'s>,
    queue: VecDeque<usize>,
    /// By type: the entries of walked states, none of which contains another.
    minimal: Vec<Vec<Vec<Entry<'s>>>>,
    /// Fields reported already.
    failed: FxHashSet<FieldId>,
    compared: FxHashSet<FieldId>,
}

impl<'s> Walk<'_, 's> {
    fn visit(&mut self, ty: TypeId, entries: Vec<Entry<'s>>, from: Option<(usize, FieldId)>) {
        let walked = &mut self.minimal[ty.index()];
        if walked.iter().any(|known| is_subset(known, &entries)) {
            return;
        }
        walked.retain(|known| !is_subset(&entries, known));
        walked.push(entries.clone());
        self.queue.push_back(self.outcome.states.len());
        self.outcome.states.push(State { ty, entries, from });
    }

    fn expand(&mut self, state: usize) {
        let supergraph = self.relations.supergraph;
        let ty = self.outcome.states[state].ty;
        for field in &supergraph.ty(ty).fields {
            let def = supergraph.field_def(*field);
            let hidden = def.inaccessible || supergraph.ty(def.ty.named).inaccessible;
            if hidden || supergraph.is_introspection_field(*field) {
                continue;
            }
            let providers = self.providers(state, *field);
            if providers.is_empty() {
                if self.failed.insert(*field) {
                    self.outcome.dead_ends.push(DeadEnd { state, field: *field, nameless: false });
                }
                continue;
            }
            if !supergraph.is_composite(def.ty.named) {
                continue;
            }
            if supergraph.ty(def.ty.named).kind != Kind::Object {
                self.compare_runtime_types(*field, &providers);
            }
            for (runtime, entries) in self.relations.landings(&providers) {
                if supergraph.ty(runtime).inaccessible {
                    continue;
                }
                if !self.can_tell_type(runtime, &entries) && self.failed.insert(*field) {
                    self.outcome.dead_ends.push(DeadEnd { state, field: *field, nameless: true });
                }
                self.visit(runtime, entries, Some((state, *field)));
            }
        }
    }

    /// Some entry leads to a subgraph that knows the object type, not just the interface.
    fn can_tell_type(&self, ty: TypeId, entries: &[Entry<'s>]) -> bool {
        let list = self.relations.vertices.list(ty);
        entries.iter().any(|entry| {
            let reach = self.relations.reach(ty, entry);
            reach.iter().any(|at| !list[at].interface_object)
        })
    }

    fn providers(&self, state: usize, field: FieldId) -> Vec<Provider<'s>> {
        let State { ty, entries, .. } = &self.outcome.states[state];
        let name = self.relations.supergraph.field_def(field).name;
        let mut providers = Vec::new();
        for entry in entries {
            let reach = self.relations.reach(*ty, entry);
            providers.extend(self.relations.providers(*ty, (entry, &reach), name));
        }
        providers
    }

    /// A router may ask any provider of a shareable field, so all must return the same objects.
    fn compare_runtime_types(&mut self, field: FieldId, providers: &[Provider<'s>]) {
        let supergraph = self.relations.supergraph;
        let mut returned: Vec<(String, Vec<TypeId>)> = Vec::new();
        for provider in providers {
            let subgraph = provider.vertex.subgraph;
            let name = &supergraph.subgraphs[subgraph.index()].name;
            let real = !supergraph.is_interface_object(subgraph, provider.join.ty.named);
            if real && returned.iter().all(|known| known.0 != *name) {
                let types = self.relations.runtime_types(provider);
                returned.push((name.clone(), types.iter().map(|runtime| runtime.0).collect()));
            }
        }
        let Some((_, first)) = returned.first() else { return };
        if returned.iter().all(|(_, types)| types == first) || !self.compared.insert(field) {
            return;
        }
        let common = first.iter().any(|ty| returned.iter().all(|(_, types)| types.contains(ty)));
        let texts = |types: Vec<TypeId>| {
            types.iter().map(|ty| supergraph.type_name(*ty).to_owned()).collect()
        };
        self.outcome.mismatches.push(Mismatch {
            field,
            none_in_common: !common,
            returned: returned.into_iter().map(|(name, types)| (name, texts(types))).collect(),
        });
    }
}

/// Whether all of `small` is in `large`; both are sorted.
fn is_subset(small: &[Entry<'_>], large: &[Entry<'_>]) -> bool {
    small.len() <= large.len() && small.iter().all(|entry| large.binary_search(entry).is_ok())
}
