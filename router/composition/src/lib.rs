//! Composes subgraph SDLs into a supergraph, or says precisely why they do not fit together.
//!
//! Stages are types, so that their order is a compile-time fact:
//! [`parsed`] (text to syntax) → [`expanded`] (links resolved, definitions added, plain GraphQL
//! validated) → [`validated`] (flat [`ir`], rules of single subgraphs) → [`merged`] (one graph) →
//! [`checked`] (rules of the whole, satisfiability). [`print`] then writes the results. A stage
//! runs only when the one before it found no error; the errors of one stage are all reported.
//!
//! Pure: no clock, no files, no logs, no global state.

mod checked;
mod code;
mod diagnostic;
mod expanded;
mod ir;
mod merged;
mod names;
mod parsed;
mod print;
mod rules;
mod satisfiability;
mod source;
mod validated;

pub use crate::{
    code::Code,
    diagnostic::{Diagnostic, Label, Severity},
};

/// Subgraphs of one composition.
pub const SUBGRAPHS_MAX: usize = 1024;

/// One subgraph as it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubgraphInput {
    /// Unique; part of the supergraph.
    pub name: String,
    /// Where the router will find it; part of the supergraph, not looked at here.
    pub url: String,
    /// The schema document.
    pub sdl: String,
    /// Where the document came from, for whoever renders diagnostics.
    pub file: Option<String>,
}

/// What a successful composition yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The supergraph in the join specification's notation.
    pub supergraph_sdl: String,
    /// What clients see.
    pub api_sdl: String,
    /// Findings that did not stop it, sorted by coordinate.
    pub hints: Vec<Diagnostic>,
}

/// Composes `subgraphs`. Their order does not matter.
///
/// # Errors
/// All errors of the first stage that found any; never empty.
pub fn compose(subgraphs: &[SubgraphInput]) -> Result<Composed, Vec<Diagnostic>> {
    let sorted = check_inputs(subgraphs)?;
    let expanded = parse_and_expand(&sorted)?;
    let mut hints = Vec::new();
    let ir = validated::validate(&expanded)?;
    drop(expanded);
    let merged = merged::merge(&ir, &mut hints)?;
    let highest = ir.subgraphs.iter().map(|sub| sub.version).max().unwrap_or_default();
    let join = print::features::JoinVersion::for_federation(highest);
    let supergraph_sdl = print::supergraph::print(&ir.names, &merged, join);
    let api_sdl = print::api::print(&ir.names, &merged);
    checked::check(&ir, &merged, (&supergraph_sdl, &api_sdl), &mut hints)?;
    hints.sort_by(|one, two| {
        (&one.coordinate, one.code, &one.message).cmp(&(&two.coordinate, two.code, &two.message))
    });
    Ok(Composed { supergraph_sdl, api_sdl, hints })
}

/// Checks names and number of the subgraphs and sorts them by name.
fn check_inputs(subgraphs: &[SubgraphInput]) -> Result<Vec<&SubgraphInput>, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    if subgraphs.len() > SUBGRAPHS_MAX {
        errors.push(Diagnostic::error(
            Code::CompositionLimitExceeded,
            format!("there are {} subgraphs; the limit is {SUBGRAPHS_MAX}", subgraphs.len()),
        ));
        return Err(errors);
    }
    if subgraphs.is_empty() {
        errors.push(Diagnostic::error(
            Code::NoQueries,
            "there is nothing to compose: no subgraph was given".to_owned(),
        ));
    }
    let mut sorted: Vec<&SubgraphInput> = subgraphs.iter().collect();
    sorted.sort_by(|one, two| one.name.cmp(&two.name));
    for pair in sorted.windows(2) {
        if pair[0].name == pair[1].name {
            errors.push(Diagnostic::error(
                Code::DuplicateSubgraphName,
                format!("two subgraphs are named \"{}\"", pair[0].name),
            ));
        }
    }
    for input in &sorted {
        // The name becomes an enum value, for which two leading underscores are reserved.
        let rest = input.name.strip_prefix('_').unwrap_or(&input.name);
        let usable = rest.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !input.name.chars().any(char::is_control);
        if !usable {
            let message = format!(
                "\"{}\" cannot be the name of a subgraph: it must start with an ASCII letter or digit, \
                 behind one \"_\" at most",
                input.name
            );
            errors.push(Diagnostic::error(Code::InvalidSubgraphName, message));
        }
    }
    if errors.is_empty() { Ok(sorted) } else { Err(errors) }
}

/// The first two stages, for every subgraph by itself.
fn parse_and_expand(sorted: &[&SubgraphInput]) -> Result<Vec<expanded::Expanded>, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let mut done = Vec::with_capacity(sorted.len());
    for input in sorted {
        match parsed::parse(input).and_then(expanded::expand) {
            Ok(subgraph) => done.push(subgraph),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(done) } else { Err(errors) }
}
