//! Large inputs: planning ends, with a plan or with a clear error, and soon.

use std::fmt::Write;
use std::time::Instant;

use braid_planner::operation::{Field, Selection, Shaping};
use braid_planner::plan::Plan;
use braid_planner::{PlanError, PlanOptions, plan};

use super::cases::composed;
use super::support::planned;

/// Far above what any of these takes, far below what a search without memory would take.
const SECONDS_MAX: u64 = 20;

fn timed(subgraphs: &str, operation: &str) -> Result<Plan, PlanError> {
    let schema = composed(subgraphs);
    let start = Instant::now();
    let made = planned(&schema, operation);
    let taken = start.elapsed();
    println!("{taken:?}");
    assert!(taken.as_secs() < SECONDS_MAX, "{taken:?}");
    made
}

#[test]
fn a_root_shared_by_many_subgraphs() {
    let mut subgraphs = String::new();
    let mut fields = String::new();
    for at in 0..30 {
        let _infallible = writeln!(
            subgraphs,
            "#### s{at}\ntype Query {{ me: User @shareable }}\n\
             type User @key(fields: \"id\") {{ id: ID! f{at}: Int }}"
        );
        let _infallible = write!(fields, "f{at} ");
    }
    let plan = timed(&subgraphs, &format!("{{ me {{ id {fields} }} }}")).unwrap();
    assert_eq!((plan.fetches.len(), plan.depth()), (30, 1));
}

#[test]
fn fields_that_every_subgraph_has() {
    let mut subgraphs = String::new();
    let shared: String = (0..40).map(|at| format!("f{at}: Int @shareable ")).collect();
    for at in 0..20 {
        let root = if at == 0 { "type Query { item: Item }" } else { "" };
        let part = if at == 0 { "" } else { shared.as_str() };
        let _infallible = writeln!(
            subgraphs,
            "#### s{at}\n{root}\ntype Item @key(fields: \"id\") {{ id: ID! own{at}: Int {part} }}"
        );
    }
    let fields: String = (0..40).map(|at| format!("f{at} ")).collect();
    let plan = timed(&subgraphs, &format!("{{ item {{ {fields} }} }}")).unwrap();
    assert_eq!(plan.fetches.len(), 2);
}

#[test]
fn a_cover_of_overlapping_subgraphs() {
    // Every field is in three of twelve subgraphs: the choice is hard, the time is bounded.
    let mut subgraphs = String::new();
    for at in 0..12 {
        let root = if at == 0 { "type Query { item: Item }" } else { "" };
        let has =
            |field: &usize| [field % 11, (field * 5) % 11, (field * 7 + 3) % 11].contains(&at);
        let part: String =
            (0..30).filter(has).map(|field| format!("f{field}: Int @shareable ")).collect();
        let name = if at == 0 { 12 } else { at };
        let _infallible = writeln!(
            subgraphs,
            "#### s{name}\n{root}\ntype Item @key(fields: \"id\") {{ id: ID! {part} }}"
        );
    }
    let fields: String = (0..30).map(|at| format!("f{at} ")).collect();
    let plan = timed(&subgraphs, &format!("{{ item {{ {fields} }} }}")).unwrap();
    assert!(plan.fetches.len() <= 6, "{}", plan.fetches.len());
}

#[test]
fn a_chain_of_keys() {
    let plan = chain(50).unwrap();
    assert_eq!(plan.fetches.len(), 50);
    assert!(matches!(chain(80), Err(PlanError::TooComplex { .. })));
}

fn chain(length: usize) -> Result<Plan, PlanError> {
    let mut subgraphs = String::new();
    for at in 0..length {
        let root = if at == 0 { "type Query { item: Item }" } else { "" };
        let next = at + 1;
        let _infallible = writeln!(
            subgraphs,
            "#### s{at}\n{root}\ntype Item @key(fields: \"k{at}\") @key(fields: \"k{next}\", \
             resolvable: false) {{ k{at}: ID! k{next}: ID! own{at}: Int }}"
        );
    }
    timed(&subgraphs, &format!("{{ item {{ own{} }} }}", length - 1))
}

#[test]
fn many_implementations() {
    let mut subgraphs =
        "#### a\ntype Query { nodes: [Node] }\ninterface Node { id: ID! }\n".to_owned();
    let mut others = String::new();
    let mut fragments = String::new();
    for at in 0..150 {
        let _infallible =
            writeln!(subgraphs, "type T{at} implements Node @key(fields: \"id\") {{ id: ID! }}");
        let _infallible = writeln!(others, "type T{at} @key(fields: \"id\") {{ id: ID! f: Int }}");
        let _infallible = write!(fragments, "... on T{at} {{ f }} ");
    }
    let _infallible = write!(subgraphs, "#### b\n{others}");
    let plan = timed(&subgraphs, &format!("{{ nodes {{ id {fragments} }} }}")).unwrap();
    assert_eq!(plan.fetches.len(), 2);
}

#[test]
fn values_that_nest_without_keys() {
    // Objects side by side at every level, in three subgraphs.
    let mut subgraphs = String::new();
    for graph in 0..3 {
        let _infallible = writeln!(subgraphs, "#### s{graph}\ntype Query {{ v: V0 @shareable }}");
        for at in 0..12 {
            let next = at + 1;
            let _infallible = writeln!(
                subgraphs,
                "type V{at} {{ below: V{next} @shareable other: V{next} @shareable own{graph}: Int }}"
            );
        }
        let _infallible = writeln!(subgraphs, "type V12 {{ own{graph}: Int }}");
    }
    let mut below = "own0 own1 own2".to_owned();
    for _ in 0..8 {
        below = format!("own2 below {{ {below} }} other {{ own1 own0 }}");
    }
    let plan = timed(&subgraphs, &format!("{{ v {{ {below} }} }}")).unwrap();
    assert_eq!((plan.fetches.len(), plan.depth()), (3, 1));
}

#[test]
fn selections_nested_deep() {
    let schema = composed("#### a\ntype Query { node: Node }\ntype Node { next: Node v: Int }\n");
    let nested = |depth: usize| {
        let mut operation = super::support::normalised(&schema, "{ node { v } }");
        let next = schema.field_named(schema.type_named("Node").unwrap(), "next").unwrap();
        let Selection::Field(node) = &mut operation.selections[0] else { panic!("a field") };
        for _ in 0..depth {
            let below = Field {
                key: "next".to_owned(),
                field: next,
                arguments: Vec::new(),
                selections: std::mem::take(&mut node.selections),
                denied: false,
                shaping: Shaping::default(),
            };
            node.selections = vec![Selection::Field(below)];
        }
        plan(&schema, &operation, &PlanOptions::default())
    };
    // The default limits of a document are far below; no depth overflows the stack.
    assert!(nested(97).is_ok());
    assert!(matches!(nested(400), Err(PlanError::TooDeep { limit: 100 })));
}
