//! Planning text, and expected text in files.

use std::path::{Path, PathBuf};

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::operation::Operation;
use braid_planner::plan::Plan;
use braid_planner::validate::Options;
use braid_planner::view::View;
use braid_planner::{PlanError, PlanOptions};

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures")
}

/// The operation of a document, with nothing skipped and nothing denied.
pub(crate) fn normalised(schema: &Supergraph, text: &str) -> Operation {
    let view = View::api(schema);
    let document = ValidDocument::read(schema, &view, text, None, &Options::default());
    let document = document.unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"));
    document.normalise(schema, Conditions::default(), &AuthSet::default())
}

pub(crate) fn planned(schema: &Supergraph, text: &str) -> Result<Plan, PlanError> {
    planned_with(schema, text, &PlanOptions::default())
}

/// A plan that was checked.
pub(crate) fn planned_with(
    schema: &Supergraph,
    text: &str,
    options: &PlanOptions,
) -> Result<Plan, PlanError> {
    let plan = braid_planner::plan(schema, &normalised(schema, text), options)?;
    if let Err(error) = plan.check(schema) {
        panic!("{error}\n{}", plan.tree(schema));
    }
    Ok(plan)
}

/// Compares with the text in a file, or writes the file with `BRAID_UPDATE=1`.
pub(crate) fn compare(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("BRAID_UPDATE").is_some() {
        std::fs::write(path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    Err(format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", path.display()))
}

/// The files of a folder with that ending, sorted.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    paths
}
