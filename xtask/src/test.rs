//! `cargo xtask test`: the house rules, then every test of the workspace.

use crate::run::{Outcome, cargo, check};
use crate::services::{self, postgres, redis};
use crate::tidy;

/// Runs everything; `args` go to `cargo test`.
pub(crate) fn run(args: &[String]) -> Outcome {
    tidy::run()?;
    services::check_compose_files()?;
    let postgres = postgres::provide()?;
    let redis = redis::provide()?;
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).args(args);
    command.env(postgres::URL_VARIABLE, &postgres.url).env(redis::URL_VARIABLE, &redis.url);
    check(&mut command)
}
