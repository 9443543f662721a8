//! `INVALID_FIELD_SHARING`: a field that several graphs resolve must be shareable in all of them.

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    ir::{FieldDef, Kind},
    merged::{
        Cx, GraphIndex,
        fields::FieldSource,
        overrides::Overridden,
        types::{Group, name_graphs},
    },
    source::Span,
};

/// A graph that resolves the field.
struct Resolver {
    graph: GraphIndex,
    shareable: bool,
    span: Span,
}

/// Checks one field of an object type.
pub(crate) fn check(
    cx: &mut Cx<'_>,
    group: &Group<'_>,
    coordinate: &str,
    sources: &[FieldSource<'_>],
) {
    let mut resolvers: Vec<Resolver> = sources
        .iter()
        .filter(|source| source.field.external.is_none())
        .filter(|source| {
            cx.overrides.of(source.graph, group.name, source.field.name) == Overridden::No
        })
        .map(|source| resolver(source.graph, source.field))
        .collect();
    resolvers.extend(through_interface_objects(cx, group, sources));
    if resolvers.len() < 2 {
        return;
    }
    let is_subscription = &cx.ir.names[group.name] == "Subscription";
    let refusing: Vec<&Resolver> =
        resolvers.iter().filter(|resolver| is_subscription || !resolver.shareable).collect();
    if refusing.is_empty() {
        return;
    }
    let all: Vec<GraphIndex> = resolvers.iter().map(|resolver| resolver.graph).collect();
    let graphs: Vec<GraphIndex> = refusing.iter().map(|resolver| resolver.graph).collect();
    let which = match graphs.len() == all.len() {
        true => "all of them".to_owned(),
        false => name_graphs(cx.ir, &graphs),
    };
    let message = match is_subscription {
        true => format!(
            "fields on root level subscription object cannot be marked as shareable: \
             \"{coordinate}\" is resolved from {}",
            name_graphs(cx.ir, &all)
        ),
        false => format!(
            "non-shareable field \"{coordinate}\" is resolved from multiple subgraphs: it is \
             resolved from {} and defined as non-shareable in {which}",
            name_graphs(cx.ir, &all)
        ),
    };
    let mut report = Diagnostic::error(Code::InvalidFieldSharing, message).at(coordinate);
    for resolver in refusing {
        let source = &cx.ir.subgraphs[resolver.graph].source;
        report = report.label(source, resolver.span, "not shareable here");
    }
    if !is_subscription {
        report = report.help(format!(
            "mark \"{coordinate}\" as @shareable in all of them if it means the same everywhere, \
             or define it in one only"
        ));
    }
    cx.errors.push(report);
}

fn resolver(graph: GraphIndex, field: &FieldDef) -> Resolver {
    // Key fields may be resolved everywhere by nature.
    Resolver { graph, shareable: field.shareable.is_some() || field.in_key, span: field.span }
}

/// Graphs without this type that resolve the field for it through an `@interfaceObject`.
fn through_interface_objects(
    cx: &Cx<'_>,
    group: &Group<'_>,
    sources: &[FieldSource<'_>],
) -> Vec<Resolver> {
    let Some(name) = sources.first().map(|source| source.field.name) else { return Vec::new() };
    let mut interfaces: Vec<crate::names::Name> = Vec::new();
    for (graph, ty) in &group.sources {
        interfaces.extend(cx.ir.subgraphs[*graph].interfaces_of(ty).iter().map(|link| link.0));
    }
    interfaces.sort_unstable();
    interfaces.dedup();
    let mut found = Vec::new();
    for (graph, sub) in cx.ir.subgraphs.iter().enumerate() {
        for interface in &interfaces {
            let Some(ty) = sub.type_named(*interface) else { continue };
            if ty.interface_object.is_none() || ty.kind != Kind::Object {
                continue;
            }
            let field = sub.field_named(ty, name).filter(|field| field.external.is_none());
            found.extend(field.map(|field| resolver(graph, field)));
        }
    }
    found
}
