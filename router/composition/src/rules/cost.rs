//! `@cost` and `@listSize`.

use crate::{
    code::Code,
    ir::{FieldDef, Kind, TypeDef, marks::ListSize},
    rules::RuleCx,
    source::Span,
};

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        for field in sub.fields_of(ty) {
            if let (Kind::Interface, Some((_, span))) = (ty.kind, field.marks.cost) {
                let coordinate = cx.coordinate(ty, field);
                let message =
                    format!("@cost cannot be applied to interface field \"{coordinate}\"");
                cx.report(Code::CostAppliedToInterfaceField, &coordinate, span, &message);
            }
            if let Some((size, span)) = &field.marks.list_size {
                list_size(cx, (ty, field), size, *span);
            }
        }
    }
}

fn list_size(cx: &mut RuleCx<'_>, (ty, field): (&TypeDef, &FieldDef), size: &ListSize, span: Span) {
    let coordinate = cx.coordinate(ty, field);
    let sized = size.sized_fields.as_deref();
    if field.ty.depth == 0 && sized.is_none() {
        let message = format!("\"{coordinate}\" is not a list");
        cx.report(Code::ListSizeAppliedToNonList, &coordinate, span, &message);
    }
    if size.assumed_size.is_some_and(|assumed| assumed < 0) {
        let message = format!("assumed size of \"{coordinate}\" cannot be negative");
        cx.report(Code::ListSizeInvalidAssumedSize, &coordinate, span, &message);
    }
    for argument in size.slicing_arguments.iter().flatten() {
        slicing_argument(cx, field, &coordinate, argument, span);
    }
    for name in sized.into_iter().flatten() {
        sized_field(cx, field, &coordinate, name, span);
    }
}

fn slicing_argument(
    cx: &mut RuleCx<'_>,
    field: &FieldDef,
    coordinate: &str,
    argument: &str,
    span: Span,
) {
    let interned = cx.names.get(argument);
    let defined = cx.sub.args_of(field).iter().find(|defined| Some(defined.name) == interned);
    let message = match defined {
        None => format!("slicing argument \"{argument}\" is not an argument of \"{coordinate}\""),
        Some(defined) if defined.ty.depth > 0 || &cx.names[defined.ty.base] != "Int" => {
            format!("slicing argument \"{coordinate}({argument}:)\" must be Int or Int!")
        }
        Some(_) => return,
    };
    cx.report(Code::ListSizeInvalidSlicingArgument, coordinate, span, &message);
}

fn sized_field(cx: &mut RuleCx<'_>, field: &FieldDef, coordinate: &str, name: &str, span: Span) {
    let target = cx.sub.type_named(field.ty.base).filter(|target| target.kind.is_composite());
    let interned = cx.names.get(name);
    let message = match target {
        None => format!(
            "sized fields cannot be used because \"{}\" is not a composite type",
            &cx.names[field.ty.base]
        ),
        Some(target) => {
            let found = cx.sub.fields_of(target).iter().find(|field| Some(field.name) == interned);
            match found {
                None => format!(
                    "sized field \"{name}\" is not a field on type \"{}\"",
                    &cx.names[target.name]
                ),
                Some(found) if found.ty.depth == 0 => {
                    format!("sized field \"{}.{name}\" is not a list", &cx.names[target.name])
                }
                Some(_) => return,
            }
        }
    };
    cx.report(Code::ListSizeInvalidSizedField, coordinate, span, &message);
}
