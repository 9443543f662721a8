//! What planning asks of the supergraph: which vertex resolves which field, and which subgraphs an
//! entity can be entered in.
//!
//! A [`Vertex`] is a place inside one subgraph: a type there and what a `@provides` on the way
//! promised below it. Progressive overrides are decided here, so that nobody behind sees a join
//! that does not count.

use std::rc::Rc;

use braid_model::bits::TypeSet;
use braid_model::ids::{FieldId, FieldSetId, Name, SubgraphId, TypeId};
use braid_model::schema::{FieldJoin, Kind, SetSelection, Supergraph, TypeRef};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// What is provided below a place, interned: equal promises have equal ids.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) struct ProvidedId(u32);

impl ProvidedId {
    /// Nothing is provided.
    pub(super) const NONE: Self = Self(0);
}

/// A place inside one subgraph.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) struct Vertex {
    /// The subgraph, or [`Facts::introspection`].
    pub(super) graph: SubgraphId,
    /// The type that selections there are on.
    pub(super) on: TypeId,
    /// What is provided there although it is external.
    pub(super) provided: ProvidedId,
}

/// How a vertex resolves a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Resolved {
    /// The field's type in the subgraph.
    pub(super) ty: TypeRef,
    /// What the entity's representation must carry for it.
    pub(super) requires: Option<FieldSetId>,
    /// What is provided below it.
    pub(super) provided: ProvidedId,
}

/// A subgraph that can resolve a field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Provider {
    pub(super) graph: SubgraphId,
    /// What it requires for it.
    pub(super) requires: Option<FieldSetId>,
    /// The interface that it has as an object type, with this field.
    pub(super) interface: Option<TypeId>,
}

impl Provider {
    /// A subgraph that resolves something plainly.
    pub(super) fn plain(graph: SubgraphId) -> Self {
        Self { graph, requires: None, interface: None }
    }
}

/// The facts, with the progressive overrides of one plan decided.
pub(super) struct Facts<'a> {
    pub(super) schema: &'a Supergraph,
    /// Stands for ourselves as the service of introspection.
    pub(super) introspection: SubgraphId,
    labels: &'a [Name],
    provided: Vec<SmallVec<[&'a [SetSelection]; 2]>>,
    provided_ids: FxHashMap<SmallVec<[(usize, usize); 2]>, ProvidedId>,
    vertex_types: FxHashMap<(SubgraphId, TypeId), Rc<TypeSet>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(schema: &'a Supergraph, labels: &'a [Name]) -> Self {
        Self {
            schema,
            introspection: SubgraphId::new(schema.subgraphs.len()),
            labels,
            provided: vec![SmallVec::new()],
            provided_ids: FxHashMap::default(),
            vertex_types: FxHashMap::default(),
        }
    }

    /// Whether the type has no objects of its own but those of other types.
    pub(super) fn is_abstract(&self, id: TypeId) -> bool {
        matches!(self.schema.ty(id).kind, Kind::Interface | Kind::Union)
    }

    /// Whether objects at the vertex do not know their type: an `@interfaceObject`.
    pub(super) fn is_interface_object(&self, vertex: Vertex) -> bool {
        self.schema.is_interface_object(vertex.graph, vertex.on)
    }

    /// The types of objects that can be at the vertex.
    pub(super) fn types_at(&mut self, graph: SubgraphId, on: TypeId) -> Rc<TypeSet> {
        if let Some(known) = self.vertex_types.get(&(graph, on)) {
            return Rc::clone(known);
        }
        let schema = self.schema;
        let whole = graph == self.introspection || schema.is_interface_object(graph, on);
        let types =
            if whole { schema.ty(on).possible.clone() } else { schema.possible_in(graph, on) };
        let types = Rc::new(types);
        self.vertex_types.insert((graph, on), Rc::clone(&types));
        types
    }

    /// How the vertex resolves the field `name` of an object of that type, if it does.
    pub(super) fn resolve(
        &mut self,
        vertex: Vertex,
        object: TypeId,
        name: Name,
    ) -> Option<Resolved> {
        let schema = self.schema;
        let owner = if self.is_interface_object(vertex) { vertex.on } else { object };
        let field = schema.field(owner, name)?;
        if vertex.graph == self.introspection {
            let def = schema.field_def(field);
            let ours = schema.is_introspection_type(def.parent);
            if !ours && !schema.is_introspection_field(field) {
                return None;
            }
            let ty = def.ty;
            return Some(Resolved { ty, requires: None, provided: ProvidedId::NONE });
        }
        let join = schema.join(field, vertex.graph)?;
        let own = self.is_own(join);
        let mut below: SmallVec<[&'a [SetSelection]; 2]> = SmallVec::new();
        let mut promised = false;
        if vertex.provided != ProvidedId::NONE {
            for selections in self.provided[vertex.provided.0 as usize].clone() {
                promised |= self.find_promise(selections, object, name, &mut below);
            }
        }
        if !own && !promised {
            // A key is known wherever the entity is, even where its fields are marked external.
            for key in self.all_keys(vertex.graph, owner) {
                let selections = &schema.set(key).selections;
                promised |= self.find_promise(selections, object, name, &mut below);
            }
        }
        if !own && !promised {
            return None;
        }
        below.extend(join.provides.map(|set| schema.set(set).selections.as_slice()));
        let requires = if own { join.requires } else { None };
        Some(Resolved { ty: join.ty, requires, provided: self.intern_provided(below) })
    }

    /// How the vertex resolves the field of objects of several types: nothing if it does not for
    /// one of them, or not for all alike.
    pub(super) fn resolve_all(
        &mut self,
        vertex: Vertex,
        objects: &TypeSet,
        name: Name,
    ) -> Option<Resolved> {
        let mut all = None;
        for object in objects.iter() {
            let resolved = self.resolve(vertex, object, name)?;
            if all.is_some_and(|other| other != resolved) {
                return None;
            }
            all = Some(resolved);
            if self.is_interface_object(vertex) {
                break;
            }
        }
        all
    }

    /// The subgraphs that can be entered with an object of that type and then resolve the field.
    pub(super) fn providers(&self, object: TypeId, name: Name) -> SmallVec<[Provider; 4]> {
        let mut found: SmallVec<[Provider; 4]> = SmallVec::new();
        let mut add = |owner: TypeId, interface_object: bool| {
            let Some(field) = self.schema.field(owner, name) else { return };
            for join in &self.schema.field_def(field).joins {
                let enters = self.schema.ty(owner).joins.iter().any(|ty| {
                    ty.subgraph == join.subgraph
                        && ty.key.is_some()
                        && ty.resolvable
                        && ty.interface_object == interface_object
                });
                let resolves = self.is_own(join) || self.in_key(join.subgraph, owner, field);
                if enters && resolves && !found.iter().any(|known| known.graph == join.subgraph) {
                    found.push(Provider {
                        graph: join.subgraph,
                        requires: join.requires.filter(|_| self.is_own(join)),
                        interface: interface_object.then_some(owner),
                    });
                }
            }
        };
        add(object, false);
        for &interface in &self.schema.ty(object).interfaces {
            add(interface, true);
        }
        found.sort_unstable();
        found
    }

    /// The subgraphs that have the interface or union as an entity and know its objects' types.
    pub(super) fn type_knowers(&self, on: TypeId) -> SmallVec<[SubgraphId; 4]> {
        let joins = self.schema.ty(on).joins.iter();
        let mut found: SmallVec<[SubgraphId; 4]> = joins
            .filter(|join| join.key.is_some() && join.resolvable && !join.interface_object)
            .map(|join| join.subgraph)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The keys by which objects of the type can enter the subgraph.
    pub(super) fn keys(&self, graph: SubgraphId, on: TypeId) -> SmallVec<[FieldSetId; 2]> {
        let joins = self.schema.ty(on).joins.iter();
        joins
            .filter(|join| join.subgraph == graph && join.resolvable)
            .filter_map(|j| j.key)
            .collect()
    }

    fn all_keys(&self, graph: SubgraphId, on: TypeId) -> SmallVec<[FieldSetId; 2]> {
        let joins = self.schema.ty(on).joins.iter();
        joins.filter(|join| join.subgraph == graph).filter_map(|join| join.key).collect()
    }

    fn in_key(&self, graph: SubgraphId, on: TypeId, field: FieldId) -> bool {
        let named = |selection: &SetSelection| matches!(selection, SetSelection::Field { field: id, .. } if *id == field);
        self.all_keys(graph, on)
            .iter()
            .any(|&key| self.schema.set(key).selections.iter().any(named))
    }

    /// Whether the subgraph resolves the field by itself.
    fn is_own(&self, join: &FieldJoin) -> bool {
        let on = |label| self.labels.contains(label);
        let counts = join.label.as_ref().is_none_or(|label| on(&label.label) == label.when);
        counts && !join.external && !join.used_overridden
    }

    fn find_promise(
        &self,
        selections: &'a [SetSelection],
        object: TypeId,
        name: Name,
        below: &mut SmallVec<[&'a [SetSelection]; 2]>,
    ) -> bool {
        let mut found = false;
        for selection in selections {
            match selection {
                SetSelection::Typename => {}
                SetSelection::Field { field, selections, .. } => {
                    if self.schema.field_def(*field).name == name {
                        found = true;
                        if !selections.is_empty() {
                            below.push(selections);
                        }
                    }
                }
                SetSelection::Fragment { on, selections } => {
                    if self.schema.ty(*on).possible.contains(object) {
                        found |= self.find_promise(selections, object, name, below);
                    }
                }
            }
        }
        found
    }

    fn intern_provided(&mut self, mut sets: SmallVec<[&'a [SetSelection]; 2]>) -> ProvidedId {
        if sets.is_empty() {
            return ProvidedId::NONE;
        }
        let identity = |set: &&[SetSelection]| (set.as_ptr().addr(), set.len());
        sets.sort_unstable_by_key(identity);
        sets.dedup_by_key(|set| identity(set));
        let key: SmallVec<[(usize, usize); 2]> = sets.iter().map(identity).collect();
        let next = u32::try_from(self.provided.len()).expect("a plan's budget bounds its places");
        let id = *self.provided_ids.entry(key).or_insert(ProvidedId(next));
        if id.0 == next {
            self.provided.push(sets);
        }
        id
    }
}
