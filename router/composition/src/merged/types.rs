//! Merging of one type: kind, graphs, keys, interfaces, members; fields are delegated.

use rustc_hash::FxHashMap;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::{Ir, Kind, TypeDef},
    merged::{Cx, GraphIndex, JoinType, MergedType, Source, fields, inputs, marks},
    names::Name,
};

/// The definitions of one type in all graphs that have it.
pub(crate) struct Group<'m> {
    pub(crate) name: Name,
    pub(crate) sources: Vec<Source<'m>>,
}

/// All types by name, sorted.
pub(crate) fn group(ir: &Ir) -> Vec<Group<'_>> {
    let mut by_name: FxHashMap<Name, Vec<Source<'_>>> = FxHashMap::default();
    for (graph, sub) in ir.subgraphs.iter().enumerate() {
        for ty in &sub.types {
            by_name.entry(ty.name).or_default().push((graph, ty));
        }
    }
    let mut groups: Vec<Group<'_>> =
        by_name.into_iter().map(|(name, sources)| Group { name, sources }).collect();
    groups.sort_by(|one, two| ir.names[one.name].cmp(&ir.names[two.name]));
    groups
}

/// Merges one type; `None` when its definitions do not fit together at all.
pub(crate) fn merge_type(cx: &mut Cx<'_>, group: &Group<'_>) -> Option<MergedType> {
    let kind = common_kind(cx, group)?;
    check_base(cx, group);
    let coordinate = cx.ir.names[group.name].to_owned();
    let mark_sources: Vec<_> =
        group.sources.iter().map(|(graph, ty)| (*graph, &ty.marks)).collect();
    let marks = marks::merge(cx, &coordinate, &mark_sources);
    let mut merged = MergedType {
        name: group.name,
        kind,
        marks,
        joins: joins(cx.ir, group),
        interfaces: Vec::new(),
        join_implements: Vec::new(),
        fields: Vec::new(),
        inputs: Vec::new(),
        values: Vec::new(),
        members: Vec::new(),
        join_members: Vec::new(),
    };
    for (graph, ty) in &group.sources {
        let sub = &cx.ir.subgraphs[*graph];
        for (interface, _) in sub.interfaces_of(ty) {
            merged.join_implements.push((*graph, *interface));
            push_new(&mut merged.interfaces, *interface);
        }
        for (member, _) in sub.members_of(ty) {
            merged.join_members.push((*graph, *member));
            push_new(&mut merged.members, *member);
        }
    }
    match kind {
        Kind::Object | Kind::Interface => {
            check_interface_object(cx, group);
            entity_hint(cx, group);
            merged.fields = fields::merge_all(cx, group, kind);
        }
        Kind::Input => merged.inputs = inputs::merge_all(cx, group),
        Kind::Union => union_hints(cx, group, &merged),
        Kind::Scalar | Kind::Enum => {}
    }
    Some(merged)
}

fn push_new(list: &mut Vec<Name>, name: Name) {
    if !list.contains(&name) {
        list.push(name);
    }
}

fn common_kind(cx: &mut Cx<'_>, group: &Group<'_>) -> Option<Kind> {
    let kind = group.sources.first()?.1.merged_kind();
    if group.sources.iter().all(|(_, ty)| ty.merged_kind() == kind) {
        return Some(kind);
    }
    let name = &cx.ir.names[group.name];
    let describe = |ty: &TypeDef| match ty.interface_object {
        Some(_) => "Interface Object Type (Object Type with @interfaceObject)",
        None => ty.kind.describe(),
    };
    let places: Vec<String> = group
        .sources
        .iter()
        .map(|(graph, ty)| {
            format!("{} in subgraph \"{}\"", describe(ty), cx.ir.subgraphs[*graph].name())
        })
        .collect();
    let message =
        format!("type \"{name}\" has mismatched kind: it is defined as {}", and_list(&places));
    let mut report = Diagnostic::error(Code::TypeKindMismatch, message).at(name);
    for (graph, ty) in &group.sources {
        report = report.label(&cx.ir.subgraphs[*graph].source, ty.span, describe(ty));
    }
    cx.errors.push(report);
    None
}

/// `a, b and c`.
pub(crate) fn and_list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The graphs of `graphs` in words: `subgraph "a"` or `subgraphs "a" and "b"`.
pub(crate) fn name_graphs(ir: &Ir, graphs: &[GraphIndex]) -> String {
    let quoted: Vec<String> =
        graphs.iter().map(|graph| format!("\"{}\"", ir.subgraphs[*graph].name())).collect();
    let noun = if quoted.len() == 1 { "subgraph" } else { "subgraphs" };
    format!("{noun} {}", and_list(&quoted))
}

/// A type that is only extended needs a definition somewhere; root types do not.
fn check_base(cx: &mut Cx<'_>, group: &Group<'_>) {
    let name = &cx.ir.names[group.name];
    let is_root = ["Query", "Mutation", "Subscription"].contains(&name);
    if is_root || group.sources.iter().any(|(_, ty)| !ty.extension_only) {
        return;
    }
    for (graph, ty) in &group.sources {
        let sub = &cx.ir.subgraphs[*graph];
        let message = format!(
            "type \"{name}\" is an extension type, but there is no type definition for \"{name}\" \
             in any subgraph"
        );
        cx.errors.push(
            Diagnostic::in_subgraph(Code::ExtensionWithNoBase, &sub.source, &message)
                .at(name)
                .label(&sub.source, ty.span, "extended here"),
        );
    }
}

fn joins(ir: &Ir, group: &Group<'_>) -> Vec<JoinType> {
    let mut joins = Vec::new();
    for (graph, ty) in &group.sources {
        let keys = ir.subgraphs[*graph].keys_of(ty);
        let plain = JoinType {
            graph: *graph,
            key: None,
            extension: false,
            resolvable: true,
            interface_object: ty.interface_object.is_some(),
        };
        if keys.is_empty() {
            joins.push(plain);
            continue;
        }
        for key in keys {
            joins.push(JoinType {
                key: Some(key.fields.text.clone()),
                extension: ty.extension_only,
                resolvable: key.resolvable,
                ..plain
            });
        }
    }
    joins
}

/// An `@interfaceObject` stands for an interface that must exist somewhere, and for all its
/// implementations: none of them can be known beside it.
fn check_interface_object(cx: &mut Cx<'_>, group: &Group<'_>) {
    implementation_beside_interface_object(cx, group);
    let first = group.sources.first().and_then(|(graph, ty)| Some((*graph, ty.interface_object?)));
    let Some((graph, span)) = first else { return };
    if !group.sources.iter().all(|(_, ty)| ty.interface_object.is_some()) {
        return;
    }
    let name = &cx.ir.names[group.name];
    let graphs: Vec<GraphIndex> = group.sources.iter().map(|source| source.0).collect();
    let message = format!(
        "type \"{name}\" is declared with @interfaceObject in all the subgraphs in which it is \
         defined ({}) but should be defined as an interface in at least one subgraph",
        name_graphs(cx.ir, &graphs)
    );
    cx.errors.push(Diagnostic::error(Code::InterfaceObjectUsageError, message).at(name).label(
        &cx.ir.subgraphs[graph].source,
        span,
        "declared here",
    ));
}

/// A subgraph that has the interface as an object cannot tell which implementation a value is; if
/// it defined one, the same value would be two things there.
fn implementation_beside_interface_object(cx: &mut Cx<'_>, group: &Group<'_>) {
    let interfaces = group.sources.iter().filter(|(_, ty)| ty.interface_object.is_none());
    let mut implementations: Vec<Name> =
        interfaces.flat_map(|(graph, ty)| cx.ir.subgraphs[*graph].runtime_types(ty)).collect();
    implementations.sort_unstable();
    implementations.dedup();
    let objects = group.sources.iter().filter(|(_, ty)| ty.interface_object.is_some());
    for graph in objects.map(|source| source.0) {
        let sub = &cx.ir.subgraphs[graph];
        let own = implementations.iter().filter_map(|name| sub.type_named(*name));
        for ty in own {
            let (interface, name) = (&cx.ir.names[group.name], &cx.ir.names[ty.name]);
            let message = format!(
                "interface type \"{interface}\" is defined as an @interfaceObject in subgraph \
                 \"{}\", so that subgraph should not define any of its implementations, but it \
                 defines \"{name}\"",
                sub.name()
            );
            let error = Diagnostic::error(Code::InterfaceObjectUsageError, message).at(interface);
            cx.errors.push(error.label(&sub.source, ty.span, "defined here"));
        }
    }
}

/// Being an entity in one graph and a plain value in another is probably an oversight.
fn entity_hint(cx: &mut Cx<'_>, group: &Group<'_>) {
    let has_key = |(graph, ty): &&Source<'_>| !cx.ir.subgraphs[*graph].keys_of(ty).is_empty();
    let without: Vec<GraphIndex> =
        group.sources.iter().filter(|source| !has_key(source)).map(|source| source.0).collect();
    if without.is_empty() || without.len() == group.sources.len() {
        return;
    }
    let name = &cx.ir.names[group.name];
    let message = format!(
        "type \"{name}\" is declared as an entity (has a @key) in some but not all of its defining \
         subgraphs: it has none in {}",
        name_graphs(cx.ir, &without)
    );
    cx.hints.push(Diagnostic::hint(Code::InconsistentEntity, Severity::Info, message).at(name));
}

fn union_hints(cx: &mut Cx<'_>, group: &Group<'_>, merged: &MergedType) {
    for member in &merged.members {
        let has = |graph: GraphIndex| merged.join_members.contains(&(graph, *member));
        let missing: Vec<GraphIndex> =
            group.sources.iter().map(|source| source.0).filter(|graph| !has(*graph)).collect();
        if missing.is_empty() {
            continue;
        }
        let name = &cx.ir.names[group.name];
        let message = format!(
            "union type \"{name}\" includes member type \"{}\" in some but not all defining \
             subgraphs: it is missing in {}",
            &cx.ir.names[*member],
            name_graphs(cx.ir, &missing)
        );
        cx.hints.push(
            Diagnostic::hint(Code::InconsistentUnionMember, Severity::Debug, message).at(name),
        );
    }
}
