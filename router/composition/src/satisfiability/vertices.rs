//! Where an object can be held: in a subgraph that has its type, or in one that has an interface
//! of it as `@interfaceObject`.

use braid_model::{
    Supergraph,
    ids::{FieldId, FieldSetId, Name, SubgraphId, TypeId},
    schema::{FieldJoin, Kind},
};
use rustc_hash::FxHashMap;

/// The number of a vertex among those of its object type.
pub(crate) type At = usize;

/// One place to hold objects of some type.
#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    pub(crate) subgraph: SubgraphId,
    /// The type that the subgraph knows: the object type itself, or the interface that is an
    /// `@interfaceObject` there.
    pub(crate) ty: TypeId,
    /// The subgraph can't tell what object type it is.
    pub(crate) interface_object: bool,
    /// How one gets here.
    pub(crate) doors: Vec<Door>,
}

/// A resolvable key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub(crate) key: FieldSetId,
    /// Declared on an interface (a real one or an interface object), so that it may be entered
    /// without knowing the object type.
    pub(crate) on_interface: bool,
}

/// All vertices, by object type.
pub(crate) struct Vertices {
    by_type: Vec<Vec<Vertex>>,
    landings: FxHashMap<(SubgraphId, TypeId), Vec<(TypeId, At)>>,
}

impl Vertices {
    pub(crate) fn of(supergraph: &Supergraph) -> Self {
        let all = || (0..supergraph.types.len()).map(TypeId::new);
        let by_type = all().map(|ty| vertices_of(supergraph, ty)).collect();
        let mut vertices = Self { by_type, landings: FxHashMap::default() };
        for ty in all().filter(|ty| supergraph.is_composite(*ty)) {
            for join in &supergraph.ty(ty).joins {
                let landings = vertices.landings_of(supergraph, join.subgraph, ty);
                vertices.landings.insert((join.subgraph, ty), landings);
            }
        }
        vertices
    }

    pub(crate) fn list(&self, ty: TypeId) -> &[Vertex] {
        &self.by_type[ty.index()]
    }

    /// Where objects are when `subgraph` returned them as `returned`: by their object type.
    pub(crate) fn landings(&self, subgraph: SubgraphId, returned: TypeId) -> &[(TypeId, At)] {
        self.landings.get(&(subgraph, returned)).map_or(&[], Vec::as_slice)
    }

    fn landings_of(
        &self,
        supergraph: &Supergraph,
        subgraph: SubgraphId,
        returned: TypeId,
    ) -> Vec<(TypeId, At)> {
        let as_interface = supergraph.is_interface_object(subgraph, returned);
        let runtime = match as_interface {
            true => supergraph.ty(returned).possible.clone(),
            false => supergraph.possible_in(subgraph, returned),
        };
        let landing = |ty: TypeId| {
            let at = self.list(ty).iter().position(|vertex| {
                vertex.subgraph == subgraph
                    && if as_interface { vertex.ty == returned } else { !vertex.interface_object }
            })?;
            Some((ty, at))
        };
        runtime.iter().filter_map(landing).collect()
    }
}

fn vertices_of(supergraph: &Supergraph, ty: TypeId) -> Vec<Vertex> {
    let def = supergraph.ty(ty);
    if def.kind != Kind::Object {
        return Vec::new();
    }
    let mut vertices: Vec<Vertex> = Vec::new();
    for join in &def.joins {
        let at = position(&mut vertices, join.subgraph, ty, false);
        if let Some(key) = join.key.filter(|_| join.resolvable) {
            vertices[at].doors.push(Door { key, on_interface: false });
        }
    }
    for interface in &def.interfaces {
        for join in &supergraph.ty(*interface).joins {
            let key = join.key.filter(|_| join.resolvable);
            if join.interface_object {
                let at = position(&mut vertices, join.subgraph, *interface, true);
                vertices[at].doors.extend(key.map(|key| Door { key, on_interface: true }));
                continue;
            }
            let own = vertices
                .iter_mut()
                .find(|vertex| vertex.subgraph == join.subgraph && vertex.ty == ty);
            if let (Some(own), Some(key)) = (own, key) {
                own.doors.push(Door { key, on_interface: true });
            }
        }
    }
    vertices
}

fn position(
    vertices: &mut Vec<Vertex>,
    subgraph: SubgraphId,
    ty: TypeId,
    interface_object: bool,
) -> At {
    let known = vertices.iter().position(|vertex| vertex.subgraph == subgraph && vertex.ty == ty);
    known.unwrap_or_else(|| {
        vertices.push(Vertex { subgraph, ty, interface_object, doors: Vec::new() });
        vertices.len() - 1
    })
}

impl Vertex {
    /// How this vertex's subgraph has the field called `name`.
    pub(crate) fn join<'s>(
        &self,
        supergraph: &'s Supergraph,
        name: Name,
    ) -> Option<(FieldId, &'s FieldJoin)> {
        let field = supergraph.field(self.ty, name)?;
        Some((field, supergraph.join(field, self.subgraph)?))
    }
}
