//! What holds for the plan of any operation.

use braid_model::Supergraph;
use braid_planner::operation::{Operation, OperationKind, Selection};
use braid_planner::plan::{OutputId, OutputValue, Plan};
use braid_planner::{PlanOptions, plan};
use proptest::prelude::{any, prop};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::cases::{cases, composed, subgraphs};
use super::oracle::Oracle;
use super::{corridor, generate, representations};

const KINDS: [OperationKind; 3] =
    [OperationKind::Query, OperationKind::Mutation, OperationKind::Subscription];

pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn any_operation_of_the_domain_is_planned() {
    let (schema, oracle) = (corridor::supergraph(), corridor::oracle());
    check_all(&schema, &oracle, 1000);
}

#[test]
fn any_operation_of_the_cases_is_planned() {
    for (_, text, _) in cases() {
        let schema = composed(&text);
        let oracle = Oracle::new(subgraphs(&text).into_iter());
        check_all(&schema, &oracle, 100);
    }
}

pub(crate) fn check_all(schema: &Supergraph, oracle: &Oracle, count: u32) {
    let choices = (0..10_usize, prop::collection::vec(any::<u8>(), 0..300));
    let test = |(kind, choices): (usize, Vec<u8>)| {
        let kind = KINDS.get(kind).copied().unwrap_or(OperationKind::Query);
        if let Some(operation) = generate::operation(schema, kind, &choices) {
            check(schema, oracle, &operation);
        }
        Ok(())
    };
    runner(count).run(&choices, test).unwrap();
}

fn check(schema: &Supergraph, oracle: &Oracle, operation: &Operation) {
    let options = PlanOptions::default();
    let made = plan(schema, operation, &options).unwrap_or_else(|error| {
        panic!("{error}\n{}", generate::text(schema, &operation.selections));
    });
    let text = generate::text(schema, &operation.selections);
    let told = || format!("{}\n{text}", made.tree(schema));
    assert_eq!(made.check(schema), Ok(()), "{}", told());
    let refusals = oracle.refusals(schema, &made);
    assert!(refusals.is_empty(), "{}\n{}", refusals.join("\n"), told());
    let wrong = representations::wrong(schema, &made);
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), told());
    let answers = answered(schema, &made, made.root, &operation.selections);
    assert!(answers, "a field is missing\n{}", told());
    let mut reversed = operation.clone();
    if operation.kind == OperationKind::Query {
        reverse(&mut reversed.selections);
    }
    let other = plan(schema, &reversed, &options).unwrap();
    let same = summary(&made) == summary(&other);
    assert!(same, "the order matters\n{}\n{}", told(), other.tree(schema));
}

/// Whether all fields on object types are in the answer.
fn answered(schema: &Supergraph, plan: &Plan, output: OutputId, selections: &[Selection]) -> bool {
    let output = &plan.outputs[output];
    selections.iter().all(|selection| match selection {
        Selection::Typename { key } => output.fields.iter().any(|field| field.key == *key),
        Selection::Fragment { .. } => true,
        Selection::Field(field) => {
            let parent = schema.ty(schema.field_def(field.field).parent);
            let mut found = output.fields.iter().filter(|found| found.key == field.key).peekable();
            // Of an abstract type there may be no object where it is asked for.
            let missing = found.peek().is_none() && parent.possible.len() > 1;
            missing
                || found.any(|found| match found.value {
                    OutputValue::Object(_, child) => {
                        let on = plan.outputs[child].on;
                        let covariant = on != schema.field_def(field.field).ty.named;
                        covariant || answered(schema, plan, child, &field.selections)
                    }
                    OutputValue::Leaf(..) | OutputValue::Denied | OutputValue::Typename => true,
                })
        }
    })
}

fn reverse(selections: &mut [Selection]) {
    selections.reverse();
    for selection in selections {
        match selection {
            Selection::Typename { .. } => {}
            Selection::Field(field) => reverse(&mut field.selections),
            Selection::Fragment { selections, .. } => reverse(selections),
        }
    }
}

/// What is asked, whatever the order: services, dependencies, the names in the texts. Which of two
/// aliases of one field is sent depends on the order, so aliases do not count.
fn summary(plan: &Plan) -> Vec<String> {
    let names = |text: &str| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut names: Vec<&str> = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |end| start + end);
            if !rest[end..].starts_with(':') {
                names.push(&rest[start..end]);
            }
            rest = &rest[end..];
        }
        names.sort_unstable();
        names.join(" ")
    };
    let fetches = plan.fetches.iter();
    fetches.map(|f| format!("{:?} {:?} {}", f.service, f.after, names(&f.operation))).collect()
}
