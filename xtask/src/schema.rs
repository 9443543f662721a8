//! `cargo xtask schema`: the files of `schema/` that are made from code.
//!
//! | file | made of | by |
//! |---|---|---|
//! | `built/*.graphql` | contracts without what needs subgraphs that are not built | this module |
//! | `supergraph.graphql` | the list `subgraphs.yaml` | `braid compose` |
//! | the others | the supergraph and the edges' documents | `corridor schema` |
//!
//! They are made in this order, since the edges' builds check their documents against the
//! supergraph.

use std::fs;

use braid_model::syntax::{self, Limits};

use crate::run::{Outcome, cargo, check, output, root};

/// Definitions of a subgraph's contract that only make sense beside a subgraph which is not built:
/// `customers` checks the credit of deals, and `deals` is to come.
const NOT_YET: [(&str, &[&str]); 1] = [("customers", &["Deal", "CreditCheck", "CreditOutcome"])];

/// Writes the files, or with `check_only` says which are stale.
pub(crate) fn run(check_only: bool) -> Outcome {
    let mut stale = Vec::new();
    for (subgraph, omitted) in NOT_YET {
        let contract = read(&format!("subgraphs/{subgraph}.graphql"))?;
        let built = without(&contract, omitted)?;
        write(&format!("built/{subgraph}.graphql"), &built, check_only, &mut stale)?;
    }
    let mut compose = cargo();
    compose.args(["run", "--quiet", "--package", "braid-router", "--bin", "braid", "--"]);
    compose.args(["compose", "--config"]).arg(root().join("schema/subgraphs.yaml"));
    let supergraph = output(&mut compose)?;
    write("supergraph.graphql", &supergraph, check_only, &mut stale)?;
    if !stale.is_empty() {
        return Err(format!("stale; run `cargo xtask schema`:\n  {}", stale.join("\n  ")));
    }
    let mut corridor = cargo();
    corridor.args(["run", "--quiet", "--package", "stack", "--", "schema", "--dir"]);
    corridor.arg(root().join("schema"));
    if check_only {
        corridor.arg("--check");
    }
    check(&mut corridor)
}

/// The SDL without the definitions of these names.
fn without(sdl: &str, omitted: &[&str]) -> Outcome<String> {
    let doc = syntax::parse(sdl, Limits::SCHEMA)
        .map_err(|error| format!("{} at {:?}", error.message, error.position))?;
    let mut out = String::new();
    let mut from = 0;
    for definition in &doc.type_system {
        if omitted.contains(&doc.text(definition.name)) {
            out.push_str(sdl.get(from..definition.span.start as usize).unwrap_or_default());
            from = definition.span.end as usize;
        }
    }
    out.push_str(sdl.get(from..).unwrap_or_default());
    Ok(out.replace("\n\n\n", "\n"))
}

fn read(name: &str) -> Outcome<String> {
    let path = root().join("schema").join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(name: &str, text: &str, check_only: bool, stale: &mut Vec<String>) -> Outcome {
    if read(name).is_ok_and(|present| present == text) {
        return Ok(());
    }
    if check_only {
        stale.push(format!("schema/{name}"));
        return Ok(());
    }
    let path = root().join("schema").join(name);
    let folder = path.parent().map(fs::create_dir_all).transpose();
    folder
        .and_then(|_| fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    eprintln!("wrote schema/{name}");
    Ok(())
}
