//! `cargo xtask test`: the house rules, then every test of the workspace.

use crate::run::{Outcome, cargo, check};
use crate::{postgres, tidy};

/// Runs everything; `args` go to `cargo test`.
pub(crate) fn run(args: &[String]) -> Outcome {
    tidy::run()?;
    let server = postgres::provide()?;
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).args(args);
    command.env(postgres::URL_VARIABLE, &server.url);
    check(&mut command)
}
