//! Cases by feature: a folder each, with subgraphs, operations (one a line) and their plans.

use std::path::Path;

use braid_composition::{SubgraphInput, compose};
use braid_model::Supergraph;

use super::oracle::Oracle;
use super::support::{compare, files, planned};

pub(crate) const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@external", "@requires", "@provides", "@shareable", "@interfaceObject",
    "@override", "@inaccessible", "@tag"])
"#;

/// Subgraphs that stand in one text, each after a line `#### name`.
pub(crate) fn subgraphs(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("#### ").skip(1).map(|part| part.split_once('\n').unwrap());
    parts.map(|(name, sdl)| (name.trim(), sdl)).collect()
}

pub(crate) fn composed(text: &str) -> Supergraph {
    let input = |(name, sdl): (&str, &str)| SubgraphInput {
        name: name.to_owned(),
        url: format!("http://{name}"),
        sdl: format!("{LINK}{sdl}"),
        file: None,
    };
    let inputs: Vec<SubgraphInput> = subgraphs(text).into_iter().map(input).collect();
    let composed = compose(&inputs);
    let composed = composed.unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"));
    Supergraph::read(&composed.supergraph_sdl).unwrap()
}

/// The texts of all cases: subgraphs and operations, with the folder.
pub(crate) fn cases() -> Vec<(std::path::PathBuf, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases");
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let texts = |case: std::path::PathBuf| {
        let subgraphs = read(case.join("subgraphs.graphql"));
        let operations = read(case.join("operations.graphql"));
        (case, subgraphs, operations)
    };
    files(&folder, "").into_iter().map(texts).collect()
}

#[test]
fn cases_are_planned_as_written_down() {
    let mut wrong = Vec::new();
    for (case, text, operations) in cases() {
        let schema = composed(&text);
        let oracle = Oracle::new(subgraphs(&text).into_iter());
        let mut actual = String::new();
        for operation in operations.lines() {
            let plan = match planned(&schema, operation) {
                Ok(plan) => {
                    wrong.extend(oracle.refusals(&schema, &plan));
                    plan.tree(&schema)
                }
                Err(error) => format!("{error}\n"),
            };
            actual.push_str(&format!("{operation}\n{plan}\n"));
        }
        wrong.extend(compare(&case.join("plans.txt"), &actual).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
