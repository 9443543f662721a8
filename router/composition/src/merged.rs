//! Stage 4: one supergraph out of all subgraphs, with every graph's own facts kept.
//!
//! (COMPOSITION notes section 3.) Types are merged by name over the sorted subgraphs. Enums come
//! last because their rule depends on where the merged graph uses them.

pub(crate) mod arguments;
pub(crate) mod directives;
pub(crate) mod enums;
pub(crate) mod fields;
pub(crate) mod graphs;
pub(crate) mod imports;
pub(crate) mod inputs;
pub(crate) mod interface_objects;
pub(crate) mod marks;
pub(crate) mod membership;
pub(crate) mod overrides;
pub(crate) mod sharing;
pub(crate) mod types;

use apollo_compiler::{Node, ast::Value};
use rustc_hash::FxHashMap;

use crate::{
    diagnostic::Diagnostic,
    ir::{Ir, Kind, TypeDef, TypeRef, marks::Marks},
    merged::{
        directives::ComposedFeature, graphs::Graph, membership::Membership, overrides::Overrides,
    },
    names::Name,
};

/// The number of a subgraph, its index in [`Ir::subgraphs`].
pub(crate) type GraphIndex = usize;

/// The merged schema.
pub(crate) struct Merged {
    pub(crate) graphs: Vec<Graph>,
    /// Sorted by name.
    pub(crate) types: Vec<MergedType>,
    pub(crate) by_name: FxHashMap<Name, usize>,
    /// Definitions of executable and composed directives, sorted by name.
    pub(crate) directives: Vec<String>,
    /// Those among them that clients may use (the API schema has only these).
    pub(crate) executable_directives: Vec<String>,
    pub(crate) composed_features: Vec<ComposedFeature>,
    pub(crate) schema_marks: Marks,
}

impl Merged {
    pub(crate) fn type_named(&self, name: Name) -> Option<&MergedType> {
        self.by_name.get(&name).map(|index| &self.types[*index])
    }
}

/// A type of the supergraph.
pub(crate) struct MergedType {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
    pub(crate) marks: Marks,
    pub(crate) joins: Vec<JoinType>,
    /// Interfaces, first seen first.
    pub(crate) interfaces: Vec<Name>,
    pub(crate) join_implements: Vec<(GraphIndex, Name)>,
    pub(crate) fields: Vec<MergedField>,
    pub(crate) inputs: Vec<MergedInput>,
    pub(crate) values: Vec<MergedValue>,
    pub(crate) members: Vec<Name>,
    pub(crate) join_members: Vec<(GraphIndex, Name)>,
}

impl MergedType {
    pub(crate) fn field_named(&self, name: Name) -> Option<&MergedField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// `@join__type`.
pub(crate) struct JoinType {
    pub(crate) graph: GraphIndex,
    pub(crate) key: Option<String>,
    pub(crate) extension: bool,
    pub(crate) resolvable: bool,
    pub(crate) interface_object: bool,
}

/// A field of an object or interface type of the supergraph.
pub(crate) struct MergedField {
    pub(crate) name: Name,
    pub(crate) ty: TypeRef,
    pub(crate) args: Vec<MergedInput>,
    pub(crate) marks: Marks,
    pub(crate) joins: Vec<JoinField>,
    /// (graph, index in its `fields`) of every definition.
    pub(crate) sources: Vec<(GraphIndex, usize)>,
}

/// `@join__field`.
#[derive(Clone, Default)]
pub(crate) struct JoinField {
    pub(crate) graph: Option<GraphIndex>,
    pub(crate) requires: Option<String>,
    pub(crate) provides: Option<String>,
    pub(crate) ty: Option<TypeRef>,
    pub(crate) external: bool,
    pub(crate) override_from: Option<String>,
    pub(crate) used_overridden: bool,
    pub(crate) override_label: Option<String>,
}

/// An argument, or a field of an input object.
pub(crate) struct MergedInput {
    pub(crate) name: Name,
    pub(crate) ty: TypeRef,
    pub(crate) default: Option<Node<Value>>,
    pub(crate) marks: Marks,
    /// Of input fields only.
    pub(crate) joins: Vec<JoinField>,
    /// (graph, index in its `inputs`).
    pub(crate) sources: Vec<(GraphIndex, usize)>,
}

/// A value of an enum.
pub(crate) struct MergedValue {
    pub(crate) name: Name,
    pub(crate) marks: Marks,
    pub(crate) graphs: Vec<GraphIndex>,
}

/// What all merge steps share.
pub(crate) struct Cx<'m> {
    pub(crate) ir: &'m Ir,
    pub(crate) membership: Membership,
    pub(crate) overrides: Overrides,
    pub(crate) errors: Vec<Diagnostic>,
    pub(crate) hints: Vec<Diagnostic>,
}

/// One subgraph's definition of the type that is being merged.
pub(crate) type Source<'m> = (GraphIndex, &'m TypeDef);

/// Merges all subgraphs. Hints are returned in either case.
pub(crate) fn merge(ir: &Ir, hints: &mut Vec<Diagnostic>) -> Result<Merged, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut early_hints = Vec::new();
    let overrides = overrides::collect(ir, &mut errors, &mut early_hints);
    let membership = membership::collect(ir);
    let mut cx = Cx { ir, membership, overrides, errors, hints: early_hints };

    imports::check(&mut cx);
    let groups = types::group(ir);
    let mut merged_types: Vec<MergedType> =
        groups.iter().filter_map(|group| types::merge_type(&mut cx, group)).collect();
    enums::merge_all(&mut cx, &groups, &mut merged_types);
    interface_objects::project(&mut cx, &mut merged_types);
    let by_name = merged_types.iter().enumerate().map(|(index, ty)| (ty.name, index)).collect();
    let composed = directives::composed(&mut cx, &mut merged_types);
    let mut definitions = directives::executable(&mut cx);
    let executable_directives = definitions.clone();
    definitions.extend(composed.definitions);
    definitions.sort_unstable();
    let schema_sources: Vec<(GraphIndex, &Marks)> =
        ir.subgraphs.iter().enumerate().map(|(graph, sub)| (graph, &sub.schema_marks)).collect();
    let schema_marks = marks::merge(&mut cx, "schema", &schema_sources);
    hints.append(&mut cx.hints);
    if !cx.errors.is_empty() {
        return Err(cx.errors);
    }
    Ok(Merged {
        graphs: graphs::name_graphs(ir),
        types: merged_types,
        by_name,
        directives: definitions,
        executable_directives,
        composed_features: composed.features,
        schema_marks,
    })
}
