//! The 48 operations of the domain over its 14 subgraphs.

use std::collections::BTreeMap;
use std::path::Path;

use braid_composition::{SubgraphInput, compose};
use braid_model::Supergraph;

use super::oracle::Oracle;
use super::support::{compare, files, fixtures, planned};

pub(crate) fn supergraph() -> Supergraph {
    let sdl = std::fs::read_to_string(fixtures().join("corridor.graphql")).unwrap();
    Supergraph::read(&sdl).unwrap()
}

/// The subgraphs by name.
fn sdls() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/subgraphs");
    let mut sdls = Vec::new();
    for path in files(&folder, ".graphql") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        sdls.push((name, std::fs::read_to_string(path).unwrap()));
    }
    sdls
}

/// Judges fetches by the subgraphs' own schemas.
pub(crate) fn oracle() -> Oracle {
    Oracle::new(sdls().iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())))
}

pub(crate) fn operations() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for client in ["mobile", "rest", "web"] {
        for path in files(&fixtures().join("operations").join(client), ".graphql") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push((format!("{client}/{name}"), std::fs::read_to_string(path).unwrap()));
        }
    }
    assert_eq!(found.len(), 48);
    found
}

#[test]
fn the_fixture_is_what_the_subgraphs_compose_to() {
    let inputs = sdls().into_iter().map(|(name, sdl)| SubgraphInput {
        url: format!("http://{name}/graphql"),
        name,
        sdl,
        file: None,
    });
    let composed = compose(&inputs.collect::<Vec<_>>()).unwrap();
    compare(&fixtures().join("corridor.graphql"), &composed.supergraph_sdl).unwrap();
}

#[test]
fn plans_are_as_written_down() {
    let (schema, oracle) = (supergraph(), oracle());
    let mut wrong = Vec::new();
    for (name, text) in operations() {
        let actual = match planned(&schema, &text) {
            Ok(plan) => {
                wrong.extend(oracle.refusals(&schema, &plan));
                plan.tree(&schema)
            }
            Err(error) => format!("{error}\n"),
        };
        let path = fixtures().join("operations").join(format!("{name}.plan.txt"));
        wrong.extend(compare(&path, &actual).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn plans_are_not_larger_than_foreseen() {
    let schema = supergraph();
    let foreseen = std::fs::read_to_string(fixtures().join("plans.txt")).unwrap();
    let mut bounds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for line in foreseen.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |name: &str| {
            let at = words.iter().position(|word| *word == name).unwrap();
            words[at + 1].parse().unwrap()
        };
        bounds.insert(format!("{}/{}", words[0], words[1]), (number("fetches"), number("depth")));
    }
    let mut wrong = Vec::new();
    for (name, text) in operations() {
        let (fetches, depth) = bounds[&name];
        match planned(&schema, &text) {
            Ok(plan) if plan.fetches.len() <= fetches && plan.depth() <= depth => {}
            Ok(plan) => {
                wrong.push(format!("{name}: at most {fetches}, {depth}\n{}", plan.tree(&schema)));
            }
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
