//! Merging of the fields of an object or interface type.

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::{FieldDef, Ir, Kind, TypeRef},
    merged::{
        Cx, GraphIndex, JoinField, MergedField, arguments, marks,
        overrides::Overridden,
        sharing,
        types::{Group, and_list, name_graphs},
    },
    names::Name,
};

/// One graph's definition of the field that is being merged.
#[derive(Clone, Copy)]
pub(crate) struct FieldSource<'m> {
    pub(crate) graph: GraphIndex,
    pub(crate) field: &'m FieldDef,
    /// Index in the subgraph's fields.
    pub(crate) index: usize,
}

impl<'m> FieldSource<'m> {
    pub(crate) fn subgraph(&self, ir: &'m Ir) -> &'m crate::ir::Subgraph {
        &ir.subgraphs[self.graph]
    }
}

/// Merges all fields of a type, first seen first.
pub(crate) fn merge_all(cx: &mut Cx<'_>, group: &Group<'_>, kind: Kind) -> Vec<MergedField> {
    let mut names: Vec<Name> = Vec::new();
    let mut seen = rustc_hash::FxHashSet::default();
    for (graph, ty) in &group.sources {
        for field in cx.ir.subgraphs[*graph].fields_of(ty) {
            if seen.insert(field.name) {
                names.push(field.name);
            }
        }
    }
    names.iter().filter_map(|name| merge_field(cx, group, kind, *name)).collect()
}

fn merge_field(cx: &mut Cx<'_>, group: &Group<'_>, kind: Kind, name: Name) -> Option<MergedField> {
    let ir = cx.ir;
    let mut sources: Vec<FieldSource<'_>> = Vec::new();
    for (graph, ty) in &group.sources {
        let fields = ir.subgraphs[*graph].fields_of(ty);
        if let Some(at) = fields.iter().position(|field| field.name == name) {
            let index = ty.fields.indices().start + at;
            sources.push(FieldSource { graph: *graph, field: &fields[at], index });
        }
    }
    let coordinate = ir.coordinate(group.name, name);
    let owned: Vec<FieldSource<'_>> =
        sources.iter().copied().filter(|source| source.field.external.is_none()).collect();
    if owned.is_empty() {
        report_only_external(cx, &coordinate, &sources);
        return None;
    }
    if kind == Kind::Object {
        sharing::check(cx, group, &coordinate, &sources);
    }
    presence_hint(cx, group, kind, (&coordinate, name), &sources);
    let ty = merge_type(cx, &coordinate, &owned)?;
    let args = arguments::merge_all(cx, group.name, &owned);
    let mark_sources: Vec<_> =
        owned.iter().map(|source| (source.graph, &source.field.marks)).collect();
    let marks = marks::merge(cx, &coordinate, &mark_sources);
    let merged = MergedField {
        name,
        ty,
        args,
        marks,
        joins: joins(cx, group, &sources, ty),
        sources: sources.iter().map(|source| (source.graph, source.index)).collect(),
    };
    check_externals(cx, &coordinate, &sources, &merged);
    Some(merged)
}

fn report_only_external(cx: &mut Cx<'_>, coordinate: &str, sources: &[FieldSource<'_>]) {
    let graphs: Vec<GraphIndex> = sources.iter().map(|source| source.graph).collect();
    let message = format!(
        "field \"{coordinate}\" is marked @external on all the subgraphs in which it is listed ({})",
        name_graphs(cx.ir, &graphs)
    );
    let mut report = Diagnostic::error(Code::ExternalMissingOnBase, message).at(coordinate);
    for source in sources {
        report = report.label(&source.subgraph(cx.ir).source, source.field.span, "");
    }
    cx.errors.push(report);
}

/// A value type's field that is missing in some graphs restricts where it can be asked for.
fn presence_hint(
    cx: &mut Cx<'_>,
    group: &Group<'_>,
    kind: Kind,
    (coordinate, name): (&str, Name),
    sources: &[FieldSource<'_>],
) {
    if sources.len() == group.sources.len()
        || ["Query", "Mutation", "Subscription"].contains(&&cx.ir.names[group.name])
    {
        return;
    }
    let is_entity = group.sources.iter().any(|(graph, ty)| {
        !cx.ir.subgraphs[*graph].keys_of(ty).is_empty() || ty.interface_object.is_some()
    });
    let (code, noun) = match kind {
        Kind::Interface => (Code::InconsistentInterfaceValueTypeField, "interface"),
        _ => (Code::InconsistentObjectValueTypeField, "non-entity object"),
    };
    if is_entity {
        return;
    }
    let has = |graph: GraphIndex| sources.iter().any(|source| source.graph == graph);
    let missing: Vec<GraphIndex> =
        group.sources.iter().map(|source| source.0).filter(|graph| !has(*graph)).collect();
    let message = format!(
        "field \"{coordinate}\" of {noun} type \"{}\" is defined in some but not all subgraphs that \
         define \"{}\": \"{}\" is missing in {}",
        &cx.ir.names[group.name],
        &cx.ir.names[group.name],
        &cx.ir.names[name],
        name_graphs(cx.ir, &missing)
    );
    cx.hints.push(Diagnostic::hint(code, Severity::Debug, message).at(coordinate));
}

/// The least strict of all declared types.
fn merge_type(cx: &mut Cx<'_>, coordinate: &str, owned: &[FieldSource<'_>]) -> Option<TypeRef> {
    let types: Vec<TypeRef> = owned.iter().map(|source| source.field.ty).collect();
    let merged = cx.membership.common_supertype(&types);
    if types.iter().all(|ty| Some(*ty) == merged) {
        return merged;
    }
    let listed = list_types(cx.ir, owned.iter().map(|source| (source.graph, source.field.ty)));
    let Some(merged) = merged else {
        let message = format!(
            "type of field \"{coordinate}\" is incompatible across subgraphs: it has {listed}"
        );
        let mut report = Diagnostic::error(Code::FieldTypeMismatch, message).at(coordinate);
        for source in owned {
            let text = format!("type \"{}\" here", source.field.ty.print(&cx.ir.names));
            report = report.label(&source.subgraph(cx.ir).source, source.field.span, text);
        }
        cx.errors.push(report);
        return None;
    };
    let message = format!(
        "type of field \"{coordinate}\" is inconsistent but compatible across subgraphs: will use \
         type \"{}\" in the supergraph; it has {listed}",
        merged.print(&cx.ir.names)
    );
    cx.hints.push(
        Diagnostic::hint(Code::InconsistentButCompatibleFieldType, Severity::Info, message)
            .at(coordinate),
    );
    Some(merged)
}

/// `type "Int" in subgraph "a" and type "String" in subgraph "b"`.
pub(crate) fn list_types(ir: &Ir, types: impl Iterator<Item = (GraphIndex, TypeRef)>) -> String {
    let mut by_type: Vec<(TypeRef, Vec<GraphIndex>)> = Vec::new();
    for (graph, ty) in types {
        match by_type.iter_mut().find(|entry| entry.0 == ty) {
            Some(entry) => entry.1.push(graph),
            None => by_type.push((ty, vec![graph])),
        }
    }
    let parts: Vec<String> = by_type
        .iter()
        .map(|(ty, graphs)| {
            format!("type \"{}\" in {}", ty.print(&ir.names), name_graphs(ir, graphs))
        })
        .collect();
    and_list(&parts)
}

/// The `@join__field` applications; none when every graph of the type defines the field plainly.
fn joins(
    cx: &Cx<'_>,
    group: &Group<'_>,
    sources: &[FieldSource<'_>],
    merged: TypeRef,
) -> Vec<JoinField> {
    let differs = sources.iter().any(|source| source.field.ty != merged);
    let mut joins = Vec::with_capacity(sources.len());
    let mut plain = sources.len() == group.sources.len() && !differs;
    for source in sources {
        let overridden = cx.overrides.of(source.graph, group.name, source.field.name);
        let field = source.field;
        if overridden == Overridden::Fully && !field.is_used() {
            plain = false;
            continue;
        }
        let effective = cx.overrides.is_effective(source.graph, group.name, field.name);
        let directive = field.override_from.as_ref().filter(|_| effective);
        let label = match &overridden {
            Overridden::WhileLabelOff(label) => Some(label.clone()),
            Overridden::No | Overridden::Fully => directive.and_then(|own| own.label.clone()),
        };
        let join = JoinField {
            graph: Some(source.graph),
            requires: field.requires.as_ref().map(|requires| requires.text.clone()),
            provides: field.provides.as_ref().map(|provides| provides.text.clone()),
            ty: differs.then_some(field.ty),
            external: field.external.is_some(),
            override_from: directive.map(|own| own.from.clone()),
            used_overridden: overridden == Overridden::Fully,
            override_label: label,
        };
        plain &= join.is_plain();
        joins.push(join);
    }
    if plain { Vec::new() } else { joins }
}

impl JoinField {
    fn is_plain(&self) -> bool {
        self.requires.is_none()
            && self.provides.is_none()
            && self.ty.is_none()
            && !self.external
            && self.override_from.is_none()
            && !self.used_overridden
            && self.override_label.is_none()
    }
}

/// An `@external` declaration must agree with what the others define.
fn check_externals(
    cx: &mut Cx<'_>,
    coordinate: &str,
    sources: &[FieldSource<'_>],
    merged: &MergedField,
) {
    for source in sources {
        let Some(span) = source.field.external else { continue };
        let sub = source.subgraph(cx.ir);
        if !cx.membership.is_subtype(merged.ty, source.field.ty) {
            let message = format!(
                "type of field \"{coordinate}\" is incompatible across subgraphs (where marked \
                 @external): it has type \"{}\" in the supergraph but type \"{}\" in subgraph \"{}\"",
                merged.ty.print(&cx.ir.names),
                source.field.ty.print(&cx.ir.names),
                sub.name()
            );
            cx.errors.push(
                Diagnostic::error(Code::ExternalTypeMismatch, message)
                    .at(coordinate)
                    .label(&sub.source, source.field.span, "")
                    .label(&sub.source, span, "external here"),
            );
        }
        arguments::check_external(cx, coordinate, source, merged);
    }
}
