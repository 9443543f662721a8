//! Names that the supergraph's own machinery uses (`INVALID_GRAPHQL`).

use crate::{code::Code, rules::RuleCx};

/// Prefixes of the types that every supergraph defines.
const PREFIXES: [&str; 3] = ["join__", "link__", "core__"];

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        let name = cx.names[ty.name].to_owned();
        if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            let message = format!("the name \"{name}\" is reserved for supergraphs");
            cx.report(Code::InvalidGraphql, &name, ty.span, &message);
        }
    }
}
