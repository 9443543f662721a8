//! Stage 5: rules of the merged graph as a whole, then satisfiability.

mod auth;
mod defaults;
mod inaccessible;
mod interfaces;

use apollo_compiler::Schema;
use braid_model::Supergraph;

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    ir::Ir,
    merged::{Merged, MergedField},
    satisfiability,
};

/// What the rules of this stage share.
struct CheckCx<'c> {
    ir: &'c Ir,
    merged: &'c Merged,
    errors: Vec<Diagnostic>,
}

/// Checks a merged graph.
pub(crate) fn check(
    ir: &Ir,
    merged: &Merged,
    (supergraph_sdl, api_sdl): (&str, &str),
    hints: &mut Vec<Diagnostic>,
) -> Result<(), Vec<Diagnostic>> {
    let mut cx = CheckCx { ir, merged, errors: Vec::new() };
    no_queries(&mut cx);
    interfaces::check(&mut cx);
    inaccessible::check(&mut cx);
    auth::check(&mut cx);
    defaults::check(&mut cx);
    if !cx.errors.is_empty() {
        return Err(cx.errors);
    }
    valid_api(api_sdl)?;
    let supergraph = Supergraph::read(supergraph_sdl).map_err(|error| {
        // The model has limits of its own; anything else here would be our mistake.
        let message = format!("the composed supergraph cannot be read: {error}");
        vec![Diagnostic::error(Code::CompositionLimitExceeded, message)]
    })?;
    satisfiability::check(ir, &supergraph, hints)
}

/// What is valid in each subgraph may merge to something that is not: input objects that require
/// each other, a default that an intersection removed. (`INVALID_GRAPHQL`)
fn valid_api(api_sdl: &str) -> Result<(), Vec<Diagnostic>> {
    let report = |error: &dyn std::fmt::Display| {
        let message = format!("the merged schema is not valid GraphQL: {error}");
        Diagnostic::error(Code::InvalidGraphql, message)
    };
    match Schema::parse_and_validate(api_sdl, "api.graphql") {
        Ok(_) => Ok(()),
        Err(broken) => Err(broken.errors.iter().map(|found| report(found.error)).collect()),
    }
}

/// `NO_QUERIES`
fn no_queries(cx: &mut CheckCx<'_>) {
    let query = cx.ir.names.get("Query").and_then(|name| cx.merged.type_named(name));
    if query.is_none_or(|query| query.fields.is_empty()) {
        let message = "no queries found in any subgraph: a supergraph must have a query root type \
                       with a field";
        cx.errors.push(Diagnostic::error(Code::NoQueries, message.to_owned()));
    }
}

impl CheckCx<'_> {
    /// Labels all definitions of a field.
    fn label_field(&self, mut report: Diagnostic, field: &MergedField, text: &str) -> Diagnostic {
        for (graph, index) in &field.sources {
            let sub = &self.ir.subgraphs[*graph];
            report = report.label(&sub.source, sub.fields[*index].span, text);
        }
        report
    }
}
