//! Satisfiability: can every field of the API be resolved on every path that leads to it?
//!
//! A table-driven least fixpoint (COMPOSITION notes section 4), total and bounded:
//! [`vertices`] lists where an object can be held, [`relations`] computes from `false` upwards
//! which vertices can be reached from which and which `@requires` can be gathered, [`walk`] goes
//! over the API once, and [`explain`] turns a dead end into a witness query with reasons.
//!
//! It reads the same model of the supergraph that the planner reads, so that what is proved here
//! is proved of what will be planned.

mod explain;
mod relations;
mod vertices;
mod walk;

use braid_model::{Supergraph, ids::Name};
use rustc_hash::FxHashSet;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, Severity},
    ir::Ir,
};

/// Errors reported; one root cause often makes hundreds of fields unreachable.
const ERRORS_MAX: usize = 50;
/// Labels of progressive overrides whose combinations are all tried; with more of them, each is
/// tried on and off against all others off and on.
const LABELS_EXHAUSTIVE_MAX: usize = 4;
/// Labels of progressive overrides in one graph.
const LABELS_MAX: usize = 64;

/// The labels of progressive overrides that are on.
type LabelsOn = FxHashSet<Name>;

/// Checks a supergraph, read back from its SDL.
pub(crate) fn check(
    ir: &Ir,
    supergraph: &Supergraph,
    hints: &mut Vec<Diagnostic>,
) -> Result<(), Vec<Diagnostic>> {
    let vertices = vertices::Vertices::of(supergraph);
    let mut errors: Vec<Diagnostic> = Vec::new();
    let mut found_hints: Vec<Diagnostic> = Vec::new();
    let labels = labels_of(supergraph);
    if labels.len() > LABELS_MAX {
        let message = format!(
            "there are {} different labels of progressive overrides; the limit is {LABELS_MAX}",
            labels.len()
        );
        return Err(vec![Diagnostic::error(Code::SatisfiabilityLimitExceeded, message)]);
    }
    for labels in label_assignments(&labels) {
        let relations = relations::compute(supergraph, &vertices, labels);
        let outcome = walk::walk(&relations);
        for dead_end in &outcome.dead_ends {
            push_new(&mut errors, explain::dead_end(ir, &relations, &outcome, dead_end));
        }
        for mismatch in &outcome.mismatches {
            push_new(
                if mismatch.none_in_common { &mut errors } else { &mut found_hints },
                explain::mismatch(&relations, mismatch),
            );
        }
        if outcome.gave_up {
            let message = format!(
                "the check visited {} states without an end; the graph is too entangled to prove \
                 that every query can be resolved",
                walk::STATES_MAX
            );
            push_new(&mut errors, Diagnostic::error(Code::SatisfiabilityLimitExceeded, message));
        }
    }
    hints.append(&mut found_hints);
    if errors.is_empty() {
        return Ok(());
    }
    let more = errors.len().saturating_sub(ERRORS_MAX);
    errors.truncate(ERRORS_MAX);
    if more > 0 {
        let last = errors.last_mut().expect("ERRORS_MAX is not zero");
        last.help = Some(format!("{more} more errors of this kind are not shown"));
    }
    Err(errors)
}

/// One report a coordinate: label assignments mostly fail in the same places.
fn push_new(list: &mut Vec<Diagnostic>, report: Diagnostic) {
    let same =
        |known: &Diagnostic| known.code == report.code && known.coordinate == report.coordinate;
    if !list.iter().any(same) {
        list.push(report);
    }
}

fn labels_of(supergraph: &Supergraph) -> Vec<Name> {
    let joins = supergraph.fields.iter().flat_map(|field| &field.joins);
    let mut labels: Vec<Name> =
        joins.filter_map(|join| join.label.map(|label| label.label)).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

/// The combinations of labels for which everything must be satisfiable.
fn label_assignments(labels: &[Name]) -> Vec<LabelsOn> {
    if labels.len() <= LABELS_EXHAUSTIVE_MAX {
        let count = 1_usize << labels.len();
        return (0..count)
            .map(|bits| {
                let on = |at: &usize| bits >> at & 1 == 1;
                (0..labels.len()).filter(on).map(|at| labels[at]).collect()
            })
            .collect();
    }
    let all: LabelsOn = labels.iter().copied().collect();
    let mut assignments = vec![LabelsOn::default(), all.clone()];
    for label in labels {
        assignments.push(std::iter::once(*label).collect());
        assignments.push(all.iter().copied().filter(|other| other != label).collect());
    }
    assignments
}

/// A hint of this stage.
fn hint(code: Code, message: String) -> Diagnostic {
    Diagnostic::hint(code, Severity::Warning, message)
}
