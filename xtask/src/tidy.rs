//! House rules that a program can enforce: who may import whom, how long a file may be, and that
//! all subgraphs look alike.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{Outcome, cargo, output, root};

/// A file tells one story; this is the length at which it certainly tells two.
const LINES_MAX: usize = 800;

/// Every package, and the packages of ours that it may import. Imports go down only.
const MAY_IMPORT: [(&str, &[&str]); 15] = [
    ("braid-model", &[]),
    ("braid-vouch", &[]),
    ("braid-composition", &["braid-model"]),
    ("braid-planner", &["braid-model"]),
    ("braid-executor", &["braid-model", "braid-planner", "braid-vouch"]),
    (
        "braid-router",
        &["braid-model", "braid-composition", "braid-planner", "braid-executor", "braid-vouch"],
    ),
    ("braid-documents", &["braid-model", "braid-planner"]),
    (
        "braid-edge",
        &[
            "braid-documents",
            "braid-router",
            "braid-vouch",
            "braid-model",
            "braid-planner",
            "braid-executor",
        ],
    ),
    ("bff-mobile", &["braid-edge", "braid-router", "braid-documents", "braid-model"]),
    ("bff-web", &["braid-edge", "braid-router", "braid-documents", "braid-model"]),
    (
        "rest-shim",
        &["braid-edge", "braid-router", "braid-documents", "braid-model", "braid-planner"],
    ),
    ("braid-service", &["braid-vouch"]),
    ("subgraph", &["braid-service", "braid-vouch"]),
    ("stack", &["*"]),
    ("xtask", &["braid-model"]),
];

const SUBGRAPHS: [&str; 5] = ["identity", "accounts", "catalog", "customers", "orders"];

/// Checks all rules; the error lists everything that breaks one.
pub(crate) fn run() -> Outcome {
    let mut broken = Vec::new();
    imports(&mut broken)?;
    file_sizes(&root(), &mut broken)?;
    subgraph_layout(&mut broken);
    if broken.is_empty() { Ok(()) } else { Err(format!("house rules:\n  {}", broken.join("\n  "))) }
}

fn imports(broken: &mut Vec<String>) -> Outcome {
    let metadata = output(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let rules: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let packages: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let role = if SUBGRAPHS.contains(&name) { "subgraph" } else { name };
        let Some(allowed) = rules.get(role) else {
            broken.push(format!(
                "{name}: no rule says what it may import: add it to xtask/src/tidy.rs"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            // Tests may look from above.
            let counts = dependency["kind"].as_str() != Some("dev") && ours.contains(&to);
            if counts && !allowed.contains(&"*") && !allowed.contains(&to) {
                broken.push(format!("{name} must not import {to}"));
            }
        }
    }
    Ok(())
}

fn file_sizes(folder: &Path, broken: &mut Vec<String>) -> Outcome {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "data" {
                file_sizes(&path, broken)?;
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let lines = text.lines().count();
            if lines > LINES_MAX {
                broken.push(format!(
                    "{}: {lines} lines; over {LINES_MAX} tell two stories",
                    path.display()
                ));
            }
            if !text.starts_with("//!") {
                broken.push(format!(
                    "{}: the first line does not say what it is for",
                    path.display()
                ));
            }
        }
    }
    Ok(())
}

/// Whoever knows one subgraph finds the way in all of them.
fn subgraph_layout(broken: &mut Vec<String>) {
    for subgraph in SUBGRAPHS {
        let source = root().join("subgraphs").join(subgraph).join("src");
        for part in ["lib", "main", "domain", "store", "graphql", "events"] {
            if !source.join(format!("{part}.rs")).exists() {
                broken.push(format!("subgraphs/{subgraph}/src/{part}.rs is missing"));
            }
        }
    }
}
