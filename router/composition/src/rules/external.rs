//! `@external`: only on fields that something here refers to, and with nothing else on them.

use crate::{
    code::Code,
    ir::{FieldDef, Kind, TypeDef},
    rules::RuleCx,
    source::Span,
};

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        for field in sub.fields_of(ty) {
            if let Some(span) = field.external {
                on_interface(cx, ty, field, span);
                unused(cx, ty, field, span);
                merged_directive(cx, ty, field);
                collision(cx, ty, field);
            }
        }
    }
}

/// `EXTERNAL_ON_INTERFACE`
fn on_interface(cx: &mut RuleCx<'_>, ty: &TypeDef, field: &FieldDef, span: Span) {
    // Federation 1 knows no such rule, and the mark has no effect there.
    if ty.kind != Kind::Interface || cx.sub.version.is_one() {
        return;
    }
    let coordinate = cx.coordinate(ty, field);
    let message = format!(
        "interface type field \"{coordinate}\" is marked @external but @external is not allowed on \
         interface fields"
    );
    cx.report(Code::ExternalOnInterface, &coordinate, span, &message);
}

/// `EXTERNAL_UNUSED`
fn unused(cx: &mut RuleCx<'_>, ty: &TypeDef, field: &FieldDef, span: Span) {
    if field.is_used() || field.external_by_type || ty.kind == Kind::Interface {
        return;
    }
    let coordinate = cx.coordinate(ty, field);
    let message = format!(
        "field \"{coordinate}\" is marked @external but is not used in any federation directive \
         (@key, @provides, @requires) or to satisfy an interface; the field declaration has no use \
         and should be removed (or the field should not be @external)"
    );
    cx.report(Code::ExternalUnused, &coordinate, span, &message);
}

/// `MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL`
fn merged_directive(cx: &mut RuleCx<'_>, ty: &TypeDef, field: &FieldDef) {
    if cx.sub.version.is_one() {
        return;
    }
    let arguments = cx.sub.args_of(field).iter().map(|argument| &argument.marks);
    let found =
        std::iter::once(&field.marks).chain(arguments).find_map(|marks| marks.first_merged());
    let Some((directive, span)) = found else { return };
    let coordinate = cx.coordinate(ty, field);
    let message =
        format!("cannot apply merged directive @{directive} to external field \"{coordinate}\"");
    cx.report(Code::MergedDirectiveApplicationOnExternal, &coordinate, span, &message);
}

/// `EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE`
fn collision(cx: &mut RuleCx<'_>, ty: &TypeDef, field: &FieldDef) {
    if cx.sub.version.is_one() {
        return;
    }
    let other = field
        .requires
        .as_ref()
        .map(|requires| ("requires", requires.span))
        .or(field.provides.as_ref().map(|provides| ("provides", provides.span)));
    let Some((directive, span)) = other else { return };
    let coordinate = cx.coordinate(ty, field);
    let message = format!(
        "field \"{coordinate}\" cannot be both @external and @{directive}: this subgraph does not \
         resolve it"
    );
    cx.report(Code::ExternalCollisionWithAnotherDirective, &coordinate, span, &message);
}
