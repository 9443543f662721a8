//! Stage 3: the flat representation, and the rules that look at one subgraph alone.

use crate::{
    diagnostic::Diagnostic,
    expanded::Expanded,
    ir::{Ir, lower, upgrade, walk},
    names::Names,
    rules,
};

/// Lowers and validates all subgraphs; they come sorted by name.
pub(crate) fn validate(expanded: &[Expanded]) -> Result<Ir, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut names = Names::default();
    let mut subgraphs = Vec::with_capacity(expanded.len());
    for subgraph in expanded {
        let mut lowered = lower::lower(&mut names, subgraph, &mut errors);
        walk::mark_uses(&mut lowered);
        upgrade::upgrade(&mut lowered);
        rules::check(&names, &lowered, &mut errors);
        subgraphs.push(lowered);
    }
    if errors.is_empty() { Ok(Ir { names, subgraphs }) } else { Err(errors) }
}
