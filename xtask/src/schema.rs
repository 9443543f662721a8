//! `cargo xtask schema`: the files of `schema/` that are made from code.
//!
//! The program that links everything, `corridor`, makes them; see its `schema` command.

use crate::run::{Outcome, cargo, check, root};

/// Writes the files, or with `check_only` says which are stale.
pub(crate) fn run(check_only: bool) -> Outcome {
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "stack", "--", "schema", "--dir"]);
    command.arg(root().join("schema"));
    if check_only {
        command.arg("--check");
    }
    check(&mut command)
}
