//! Keys and requirements on interfaces, and interface objects.

use crate::{
    code::Code,
    expanded::known::FedVersion,
    ir::{Kind, TypeDef, marks::Marks},
    rules::RuleCx,
    source::Span,
};

/// The federation version that brought keys on interfaces.
const KEYS_SINCE: u32 = 3;

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        if ty.kind == Kind::Interface {
            key_supported(cx, ty);
            key_on_implementations(cx, ty);
        }
        if let Some(span) = ty.interface_object {
            object_is_entity(cx, ty, span);
        }
        if ty.kind == Kind::Interface || ty.interface_object.is_some() {
            auth(cx, ty);
        }
    }
}

/// `KEY_UNSUPPORTED_ON_INTERFACE`
fn key_supported(cx: &mut RuleCx<'_>, ty: &TypeDef) {
    let version = cx.sub.version;
    if version.is_one() || version >= FedVersion::two(KEYS_SINCE) {
        return;
    }
    let name = cx.names[ty.name].to_owned();
    for key in cx.sub.keys_of(ty) {
        let message = format!(
            "cannot use @key on interface \"{name}\": @key on interfaces is supported since \
             federation v2.{KEYS_SINCE}"
        );
        cx.report(Code::KeyUnsupportedOnInterface, &name, key.fields.span, &message);
    }
}

/// `INTERFACE_KEY_NOT_ON_IMPLEMENTATION`
fn key_on_implementations(cx: &mut RuleCx<'_>, ty: &TypeDef) {
    if cx.sub.version.is_one() {
        return;
    }
    let name = cx.names[ty.name].to_owned();
    for key in cx.sub.keys_of(ty) {
        for implementation in cx.sub.runtime_types(ty) {
            let Some(object) = cx.sub.type_named(implementation) else { continue };
            let same = cx.sub.keys_of(object).iter().find(|own| own.fields.text == key.fields.text);
            let what = match same {
                None => "is missing on implementation type",
                Some(own) if own.resolvable == key.resolvable => continue,
                Some(_) if key.resolvable => "is resolvable, but not on implementation type",
                Some(_) => "is not resolvable, but is on implementation type",
            };
            let message = format!(
                "key @key(fields: \"{}\") on interface type \"{name}\" {what} \"{}\"",
                key.fields.text, &cx.names[implementation]
            );
            cx.report(Code::InterfaceKeyNotOnImplementation, &name, key.fields.span, &message);
        }
    }
}

/// `INTERFACE_OBJECT_USAGE_ERROR`
fn object_is_entity(cx: &mut RuleCx<'_>, ty: &TypeDef, span: Span) {
    if !cx.sub.keys_of(ty).is_empty() {
        return;
    }
    let name = cx.names[ty.name].to_owned();
    let message = format!(
        "the @interfaceObject directive can only be applied to entity types but type \"{name}\" has \
         no @key in this subgraph"
    );
    cx.report(Code::InterfaceObjectUsageError, &name, span, &message);
}

/// `AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE`
fn auth(cx: &mut RuleCx<'_>, ty: &TypeDef) {
    let name = cx.names[ty.name].to_owned();
    let mut found: Vec<(String, &'static str, Span)> = Vec::new();
    found.extend(requirement(&ty.marks).map(|(directive, span)| (name.clone(), directive, span)));
    for field in cx.sub.fields_of(ty) {
        let coordinate = cx.coordinate(ty, field);
        found.extend(
            requirement(&field.marks).map(|(directive, span)| (coordinate, directive, span)),
        );
    }
    for (coordinate, directive, span) in found {
        let message = format!(
            "invalid use of @{directive} on \"{coordinate}\": it cannot be applied on interfaces, \
             interface fields and interface objects"
        );
        cx.report(Code::AuthRequirementsAppliedOnInterface, &coordinate, span, &message);
    }
}

/// The first requirement on the caller among `marks`.
fn requirement(marks: &Marks) -> Option<(&'static str, Span)> {
    marks
        .authenticated
        .map(|span| ("authenticated", span))
        .or(marks.scopes.as_ref().map(|scopes| ("requiresScopes", scopes.1)))
        .or(marks.policies.as_ref().map(|policies| ("policy", policies.1)))
}
