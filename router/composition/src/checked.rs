//! Stage 5: rules of the merged graph as a whole.

use braid_model::Supergraph;

use crate::{code::Code, diagnostic::Diagnostic, ir::Ir, merged::Merged, satisfiability};

/// Checks a merged graph.
pub(crate) fn check(
    ir: &Ir,
    merged: &Merged,
    supergraph_sdl: &str,
    hints: &mut Vec<Diagnostic>,
) -> Result<(), Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let query = ir.names.get("Query").and_then(|name| merged.type_named(name));
    if query.is_none_or(|query| query.fields.is_empty()) {
        errors.push(Diagnostic::error(
            Code::NoQueries,
            "no queries found in any subgraph: a supergraph must have a query root type with a field".to_owned(),
        ));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let supergraph = Supergraph::read(supergraph_sdl).map_err(|error| {
        vec![Diagnostic::error(
            Code::CompositionLimitExceeded,
            format!("the composed supergraph cannot be read back: {error}"),
        )]
    })?;
    satisfiability::check(ir, &supergraph, hints)
}
