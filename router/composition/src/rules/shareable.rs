//! `INVALID_SHAREABLE_USAGE`: `@shareable` stands once on fields of object types.

use crate::{code::Code, ir::Kind, rules::RuleCx};

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        for field in sub.fields_of(ty) {
            let Some(span) = field.shareable else { continue };
            let coordinate = cx.coordinate(ty, field);
            let message = if ty.kind == Kind::Interface {
                format!(
                    "invalid use of @shareable on field \"{coordinate}\": only object type fields can \
                     be marked with @shareable"
                )
            } else if field.shareable_repeated {
                format!(
                    "invalid duplicate application of @shareable on the same field \"{coordinate}\""
                )
            } else {
                continue;
            };
            cx.report(Code::InvalidShareableUsage, &coordinate, span, &message);
        }
    }
}
