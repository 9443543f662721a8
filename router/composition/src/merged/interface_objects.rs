//! `@interfaceObject`: what it adds to an interface, every implementation has.

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    ir::Kind,
    merged::{Cx, GraphIndex, JoinField, MergedField, MergedInput, MergedType},
    names::Name,
};

/// Copies fields that come from interface objects to the implementations, and checks that graphs
/// with a resolvable key on such an interface know all implementations.
pub(crate) fn project(cx: &mut Cx<'_>, types: &mut [MergedType]) {
    for interface in 0..types.len() {
        if types[interface].kind != Kind::Interface {
            continue;
        }
        let name = types[interface].name;
        let implementations: Vec<usize> = (0..types.len())
            .filter(|at| types[*at].kind == Kind::Object && types[*at].interfaces.contains(&name))
            .collect();
        check_implementations(cx, types, interface, &implementations);
        if !types[interface].joins.iter().any(|join| join.interface_object) {
            continue;
        }
        let names: Vec<Name> = types[interface]
            .fields
            .iter()
            .filter(|field| comes_from_interface_object(cx, name, field))
            .map(|field| field.name)
            .collect();
        for at in implementations {
            for field in &names {
                if types[at].field_named(*field).is_none() {
                    let copy = types[interface].field_named(*field).map(projection);
                    types[at].fields.extend(copy);
                }
            }
        }
    }
}

/// Whether some `@interfaceObject` resolves the field.
fn comes_from_interface_object(cx: &Cx<'_>, interface: Name, field: &MergedField) -> bool {
    field.sources.iter().any(|(graph, index)| {
        let sub = &cx.ir.subgraphs[*graph];
        let is_object = sub.type_named(interface).is_some_and(|ty| ty.interface_object.is_some());
        is_object && sub.fields[*index].external.is_none()
    })
}

fn projection(field: &MergedField) -> MergedField {
    MergedField {
        name: field.name,
        ty: field.ty,
        args: field.args.iter().map(copy_argument).collect(),
        marks: field.marks.clone(),
        joins: vec![JoinField::default()],
        sources: Vec::new(),
    }
}

fn copy_argument(argument: &MergedInput) -> MergedInput {
    MergedInput {
        name: argument.name,
        ty: argument.ty,
        default: argument.default.clone(),
        marks: argument.marks.clone(),
        joins: Vec::new(),
        sources: argument.sources.clone(),
    }
}

/// Resolving an interface by key needs to know every implementation of it
/// (`INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE`).
fn check_implementations(
    cx: &mut Cx<'_>,
    types: &[MergedType],
    interface: usize,
    implementations: &[usize],
) {
    let ty = &types[interface];
    let mut graphs: Vec<GraphIndex> = ty
        .joins
        .iter()
        .filter(|join| join.key.is_some() && join.resolvable && !join.interface_object)
        .map(|join| join.graph)
        .collect();
    graphs.dedup();
    for graph in graphs {
        let sub = &cx.ir.subgraphs[graph];
        let missing: Vec<&str> = implementations
            .iter()
            .filter(|at| !types[**at].join_implements.contains(&(graph, ty.name)))
            .map(|at| &cx.ir.names[types[*at].name])
            .collect();
        if missing.is_empty() {
            continue;
        }
        let name = &cx.ir.names[ty.name];
        let list = missing.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let message = format!(
            "interface type \"{name}\" has a resolvable key in subgraph \"{}\" but that subgraph is \
             missing some of the supergraph implementation types of \"{name}\": it should define \
             {list} and have them implement \"{name}\"",
            sub.name()
        );
        let span = sub.type_named(ty.name).map_or(crate::source::Span::NONE, |ty| ty.span);
        cx.errors.push(
            Diagnostic::in_subgraph(
                Code::InterfaceKeyMissingImplementationType,
                &sub.source,
                &message,
            )
            .at(name)
            .label(&sub.source, span, ""),
        );
    }
}
