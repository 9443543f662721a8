//! The fourteen subgraphs that Braid ships with, and their strangler variant.

use std::{path::Path, time::Instant};

use braid_composition::SubgraphInput;

use crate::{
    cases,
    support::{must_compose, read_subgraphs, render_all},
};

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name)
}

fn check_golden(name: &str, composed: &braid_composition::Composed) {
    let golden = folder("golden");
    cases::check_file(&golden.join(format!("{name}.graphql")), &composed.supergraph_sdl);
    cases::check_file(&golden.join(format!("{name}.api.graphql")), &composed.api_sdl);
    cases::check_file(&golden.join(format!("{name}.hints.txt")), &render_all(&composed.hints));
}

/// The contract SDLs at the root of the repository.
pub(crate) fn domain() -> Vec<SubgraphInput> {
    read_subgraphs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/subgraphs"))
}

#[test]
fn the_domain_composes() {
    let inputs = domain();
    assert_eq!(inputs.len(), 14);
    let composed = must_compose(&inputs);
    check_golden("domain", &composed);
    let schema =
        apollo_compiler::Schema::parse_and_validate(&composed.supergraph_sdl, "supergraph.graphql");
    assert!(schema.is_ok(), "{}", schema.err().unwrap());
    let api = apollo_compiler::Schema::parse_and_validate(&composed.api_sdl, "api.graphql");
    assert!(api.is_ok(), "{}", api.err().unwrap());
    // Hidden by `@inaccessible` in the orders subgraph.
    assert!(!api.unwrap().get_object("Order").unwrap().fields.contains_key("customerId"));
}

#[test]
fn the_strangler_variant_composes() {
    let mut inputs = domain();
    let variant = read_subgraphs(&folder("strangler"));
    inputs.retain(|input| variant.iter().all(|other| other.name != input.name));
    inputs.extend(variant);
    let composed = must_compose(&inputs);
    assert!(composed.supergraph_sdl.contains("overrideLabel: \"percent(25)\""));
    check_golden("strangler", &composed);
}

/// In release the goal is 10 ms; a debug build is some twenty times slower.
#[test]
fn composing_the_domain_is_quick() {
    let inputs = domain();
    must_compose(&inputs);
    let start = Instant::now();
    must_compose(&inputs);
    let elapsed = start.elapsed();
    eprintln!("composing the domain took {elapsed:?}");
    assert!(elapsed.as_secs() < 5, "{elapsed:?}");
}
