//! `@inaccessible`: what remains must be a valid API schema (inaccessible specification v0.2).

use apollo_compiler::ast::Value;

use crate::{
    checked::CheckCx,
    code::Code,
    diagnostic::Diagnostic,
    ir::{Kind, TypeRef, marks::Marks},
    merged::{MergedField, MergedInput, MergedType},
    names::Name,
    source::Span,
};

pub(super) fn check(cx: &mut CheckCx<'_>) {
    directive_arguments(cx);
    for ty in &cx.merged.types {
        if is_hidden(&ty.marks) {
            query_root(cx, ty);
            continue;
        }
        only_hidden_children(cx, ty);
        for field in &ty.fields {
            check_field(cx, ty, field);
        }
        for input in &ty.inputs {
            let coordinate = cx.ir.coordinate(ty.name, input.name);
            check_input(cx, &coordinate, input);
        }
    }
}

fn is_hidden(marks: &Marks) -> bool {
    marks.inaccessible.is_some()
}

fn is_hidden_type(cx: &CheckCx<'_>, name: Name) -> bool {
    cx.merged.type_named(name).is_some_and(|ty| is_hidden(&ty.marks))
}

/// `DISALLOWED_INACCESSIBLE`: arguments of directives are no part of what can be hidden.
fn directive_arguments(cx: &mut CheckCx<'_>) {
    for sub in &cx.ir.subgraphs {
        for directive in &sub.directives {
            for input in &sub.inputs[directive.args.indices()] {
                let Some(span) = input.marks.inaccessible else { continue };
                let coordinate =
                    format!("@{}({}:)", &cx.ir.names[directive.name], &cx.ir.names[input.name]);
                let message =
                    format!("directive argument \"{coordinate}\" cannot be @inaccessible");
                cx.errors.push(
                    Diagnostic::in_subgraph(Code::DisallowedInaccessible, &sub.source, &message)
                        .at(coordinate)
                        .label(&sub.source, span, ""),
                );
            }
        }
    }
}

/// `QUERY_ROOT_TYPE_INACCESSIBLE`
fn query_root(cx: &mut CheckCx<'_>, ty: &MergedType) {
    if &cx.ir.names[ty.name] == "Query" {
        let message = "type \"Query\" is @inaccessible but is the root query type, which must be in \
                       the API schema";
        cx.errors.push(
            Diagnostic::error(Code::QueryRootTypeInaccessible, message.to_owned()).at("Query"),
        );
    }
}

/// `ONLY_INACCESSIBLE_CHILDREN`
fn only_hidden_children(cx: &mut CheckCx<'_>, ty: &MergedType) {
    let (count, visible) = match ty.kind {
        Kind::Scalar => return,
        Kind::Object | Kind::Interface => {
            (ty.fields.len(), ty.fields.iter().filter(|field| !is_hidden(&field.marks)).count())
        }
        Kind::Input => {
            (ty.inputs.len(), ty.inputs.iter().filter(|input| !is_hidden(&input.marks)).count())
        }
        Kind::Enum => {
            (ty.values.len(), ty.values.iter().filter(|value| !is_hidden(&value.marks)).count())
        }
        Kind::Union => {
            (ty.members.len(), ty.members.iter().filter(|name| !is_hidden_type(cx, **name)).count())
        }
    };
    if count == 0 || visible > 0 {
        return;
    }
    let name = &cx.ir.names[ty.name];
    let message =
        format!("type \"{name}\" is in the API schema but all of its members are @inaccessible");
    let mut report = Diagnostic::error(Code::OnlyInaccessibleChildren, message).at(name);
    for join in &ty.joins {
        let sub = &cx.ir.subgraphs[join.graph];
        if let Some(own) = sub.type_named(ty.name) {
            report = report.label(&sub.source, own.span, "");
        }
    }
    cx.errors.push(report);
}

fn check_field(cx: &mut CheckCx<'_>, ty: &MergedType, field: &MergedField) {
    let coordinate = cx.ir.coordinate(ty.name, field.name);
    if is_hidden(&field.marks) {
        hidden_implementation(cx, ty, field, &coordinate);
        return;
    }
    if is_hidden_type(cx, field.ty.base) {
        let report = referenced(cx, field.ty, &coordinate);
        let report = cx.label_field(report, field, "refers to it");
        cx.errors.push(report);
    }
    for argument in &field.args {
        let coordinate = cx.ir.argument_coordinate(ty.name, field.name, argument.name);
        check_input(cx, &coordinate, argument);
        if is_hidden(&argument.marks) {
            hidden_argument(cx, ty, field, argument);
        }
    }
}

/// `IMPLEMENTED_BY_INACCESSIBLE` of a field.
fn hidden_implementation(
    cx: &mut CheckCx<'_>,
    ty: &MergedType,
    field: &MergedField,
    coordinate: &str,
) {
    for name in &ty.interfaces {
        let interface = cx.merged.type_named(*name).filter(|ty| !is_hidden(&ty.marks));
        let wanted = interface.and_then(|interface| interface.field_named(field.name));
        if wanted.is_none_or(|wanted| is_hidden(&wanted.marks)) {
            continue;
        }
        let message = format!(
            "field \"{coordinate}\" is @inaccessible but implements the interface field \"{}\", \
             which is in the API schema",
            cx.ir.coordinate(*name, field.name)
        );
        let report = Diagnostic::error(Code::ImplementedByInaccessible, message).at(coordinate);
        let report = cx.label_field(report, field, "");
        cx.errors.push(report);
    }
}

/// `IMPLEMENTED_BY_INACCESSIBLE` of an argument.
fn hidden_argument(
    cx: &mut CheckCx<'_>,
    ty: &MergedType,
    field: &MergedField,
    argument: &MergedInput,
) {
    let coordinate = cx.ir.argument_coordinate(ty.name, field.name, argument.name);
    for name in &ty.interfaces {
        let interface = cx.merged.type_named(*name).filter(|ty| !is_hidden(&ty.marks));
        let wanted = interface
            .and_then(|interface| interface.field_named(field.name))
            .filter(|wanted| !is_hidden(&wanted.marks))
            .and_then(|wanted| wanted.args.iter().find(|other| other.name == argument.name));
        if wanted.is_none_or(|wanted| is_hidden(&wanted.marks)) {
            continue;
        }
        let message = format!(
            "argument \"{coordinate}\" is @inaccessible but implements the interface argument \
             \"{}\", which is in the API schema",
            cx.ir.argument_coordinate(*name, field.name, argument.name)
        );
        let report = Diagnostic::error(Code::ImplementedByInaccessible, message).at(&coordinate);
        let report = label_input(cx, report, argument);
        cx.errors.push(report);
    }
}

/// An argument or input field of something visible.
fn check_input(cx: &mut CheckCx<'_>, coordinate: &str, input: &MergedInput) {
    if is_hidden(&input.marks) {
        // `REQUIRED_INACCESSIBLE`
        if input.ty.is_non_null() && input.default.is_none() {
            let message = format!(
                "\"{coordinate}\" is @inaccessible but is required: nobody could give it a value"
            );
            let report = Diagnostic::error(Code::RequiredInaccessible, message).at(coordinate);
            let report = label_input(cx, report, input);
            cx.errors.push(report);
        }
        return;
    }
    if is_hidden_type(cx, input.ty.base) {
        let report = referenced(cx, input.ty, coordinate);
        let report = label_input(cx, report, input);
        cx.errors.push(report);
    }
    if let Some(default) = &input.default
        && let Some(hidden) = hidden_in_value(cx, input.ty.base, default)
    {
        let message = format!(
            "\"{hidden}\" is @inaccessible but is used in the default value of \"{coordinate}\", \
             which is in the API schema"
        );
        let report = Diagnostic::error(Code::DefaultValueUsesInaccessible, message).at(coordinate);
        let report = label_input(cx, report, input);
        cx.errors.push(report);
    }
}

/// `REFERENCED_INACCESSIBLE`
fn referenced(cx: &CheckCx<'_>, ty: TypeRef, coordinate: &str) -> Diagnostic {
    let message = format!(
        "type \"{}\" is @inaccessible but is referenced by \"{coordinate}\", which is in the API \
         schema",
        &cx.ir.names[ty.base]
    );
    Diagnostic::error(Code::ReferencedInaccessible, message).at(coordinate)
}

fn label_input(cx: &CheckCx<'_>, mut report: Diagnostic, input: &MergedInput) -> Diagnostic {
    for (graph, index) in &input.sources {
        let sub = &cx.ir.subgraphs[*graph];
        let span = sub.inputs.get(*index).map_or(Span::NONE, |input| input.span);
        report = report.label(&sub.source, span, "");
    }
    report
}

/// The coordinate of the first hidden element that a constant uses.
fn hidden_in_value(cx: &CheckCx<'_>, ty: Name, value: &Value) -> Option<String> {
    let names = &cx.ir.names;
    match value {
        Value::List(items) => items.iter().find_map(|item| hidden_in_value(cx, ty, item)),
        Value::Enum(name) => {
            let name = names.get(name)?;
            let found = cx.merged.type_named(ty)?.values.iter().find(|value| value.name == name)?;
            is_hidden(&found.marks).then(|| cx.ir.coordinate(ty, name))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let name = names.get(name)?;
            let field = cx.merged.type_named(ty)?.inputs.iter().find(|input| input.name == name)?;
            if is_hidden(&field.marks) {
                return Some(cx.ir.coordinate(ty, name));
            }
            hidden_in_value(cx, field.ty.base, value)
        }),
        _ => None,
    }
}
