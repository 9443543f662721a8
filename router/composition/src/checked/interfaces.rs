//! Implementations must have the fields of their interfaces, after merging, too.

use crate::{
    checked::CheckCx,
    code::Code,
    diagnostic::Diagnostic,
    ir::{Kind, TypeRef},
    merged::{MergedField, MergedType, types::name_graphs},
    names::Name,
};

pub(super) fn check(cx: &mut CheckCx<'_>) {
    for ty in &cx.merged.types {
        for name in &ty.interfaces {
            let Some(interface) = cx.merged.type_named(*name) else { continue };
            for field in &interface.fields {
                match ty.field_named(field.name) {
                    Some(own) => compatible(cx, (ty, own), (interface, field)),
                    None => missing(cx, ty, interface, field),
                }
            }
        }
    }
}

/// `INTERFACE_FIELD_NO_IMPLEM`
fn missing(cx: &mut CheckCx<'_>, ty: &MergedType, interface: &MergedType, field: &MergedField) {
    let names = &cx.ir.names;
    let declaring: Vec<usize> = field.sources.iter().map(|source| source.0).collect();
    let implementing: Vec<usize> = ty
        .join_implements
        .iter()
        .filter(|implements| implements.1 == interface.name)
        .map(|implements| implements.0)
        .collect();
    let coordinate = cx.ir.coordinate(interface.name, field.name);
    let message = format!(
        "interface field \"{coordinate}\" is declared in {} but type \"{}\", which implements \"{}\" \
         in {}, does not have field \"{}\"",
        name_graphs(cx.ir, &declaring),
        &names[ty.name],
        &names[interface.name],
        name_graphs(cx.ir, &implementing),
        &names[field.name],
    );
    let report = Diagnostic::error(Code::InterfaceFieldNoImplem, message)
        .at(cx.ir.coordinate(ty.name, field.name));
    let report = cx.label_field(report, field, "declared here");
    cx.errors.push(report);
}

/// Types and arguments fitted in each subgraph, but what they merge to may not (GraphQL 3.6.1).
fn compatible(
    cx: &mut CheckCx<'_>,
    (ty, own): (&MergedType, &MergedField),
    (interface, field): (&MergedType, &MergedField),
) {
    let names = &cx.ir.names;
    let coordinate = cx.ir.coordinate(ty.name, own.name);
    let wanted = cx.ir.coordinate(interface.name, field.name);
    let mut problems = Vec::new();
    if !is_subtype(cx, own.ty, field.ty) {
        problems.push(format!(
            "it has type \"{}\" in the supergraph, but \"{wanted}\" has type \"{}\"",
            own.ty.print(names),
            field.ty.print(names)
        ));
    }
    for argument in &field.args {
        match own.args.iter().find(|candidate| candidate.name == argument.name) {
            None => problems
                .push(format!("it has no argument \"{}\" in the supergraph", &names[argument.name])),
            Some(found) if found.ty != argument.ty => problems.push(format!(
                "its argument \"{}\" has type \"{}\" in the supergraph, but that of \"{wanted}\" has \
                 type \"{}\"",
                &names[argument.name],
                found.ty.print(names),
                argument.ty.print(names)
            )),
            Some(_) => {}
        }
    }
    for argument in &own.args {
        let known = field.args.iter().any(|candidate| candidate.name == argument.name);
        if !known && argument.ty.is_non_null() && argument.default.is_none() {
            problems.push(format!(
                "it requires an argument \"{}\" that \"{wanted}\" does not have",
                &names[argument.name]
            ));
        }
    }
    for problem in problems {
        let message = format!(
            "field \"{coordinate}\" does not implement interface field \"{wanted}\": {problem}"
        );
        let report = Diagnostic::error(Code::InvalidGraphql, message).at(&coordinate);
        let report = cx.label_field(report, own, "");
        cx.errors.push(report);
    }
}

fn is_subtype(cx: &CheckCx<'_>, sub: TypeRef, of: TypeRef) -> bool {
    sub.depth == of.depth
        && of.non_null & !sub.non_null == 0
        && is_named_subtype(cx, sub.base, of.base)
}

fn is_named_subtype(cx: &CheckCx<'_>, sub: Name, of: Name) -> bool {
    let by_interface = || cx.merged.type_named(sub).is_some_and(|sub| sub.interfaces.contains(&of));
    let by_union = || {
        let union = cx.merged.type_named(of).filter(|of| of.kind == Kind::Union);
        union.is_some_and(|union| union.members.contains(&sub))
    };
    sub == of || by_interface() || by_union()
}
