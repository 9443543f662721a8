//! Cases by feature: a folder each, with subgraphs, operations (one a line) and their plans.

use braid_composition::{SubgraphInput, compose};
use braid_model::Supergraph;
use std::path::Path;

use super::support::{compare, files, planned};

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@external", "@requires", "@provides", "@shareable", "@interfaceObject",
    "@override", "@inaccessible", "@tag"])
"#;

/// Composes subgraphs that stand in one text, each after a line `#### name`.
pub(crate) fn composed(text: &str) -> Supergraph {
    let mut subgraphs = Vec::new();
    for part in text.split("#### ").skip(1) {
        let (name, sdl) = part.split_once('\n').unwrap();
        let sdl = format!("{LINK}{sdl}");
        let (name, url) = (name.trim().to_owned(), format!("http://{name}"));
        subgraphs.push(SubgraphInput { name, url, sdl, file: None });
    }
    let composed = compose(&subgraphs);
    let composed = composed.unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"));
    Supergraph::read(&composed.supergraph_sdl).unwrap()
}

#[test]
fn cases_are_planned_as_written_down() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases");
    let mut wrong = Vec::new();
    for case in files(&cases, "") {
        let read = |name: &str| std::fs::read_to_string(case.join(name)).unwrap();
        let subgraphs = read("subgraphs.graphql");
        let Ok(schema) = std::panic::catch_unwind(|| composed(&subgraphs)) else {
            wrong.push(format!("{} does not compose", case.display()));
            continue;
        };
        let mut actual = String::new();
        for operation in read("operations.graphql").lines() {
            let plan = match planned(&schema, operation) {
                Ok(plan) => plan.tree(&schema),
                Err(error) => format!("{error}\n"),
            };
            actual.push_str(&format!("{operation}\n{plan}\n"));
        }
        wrong.extend(compare(&case.join("plans.txt"), &actual).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
