//! Repository automation, called as `cargo xtask`.
//!
//! - [`test`]: everything, with the real servers that tests need ([`services`]).
//! - [`schema`]: the checked-in files that are made from code.
//! - [`tidy`]: house rules that a program can enforce.

mod run;
mod schema;
mod services;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
Repository automation.

Usage: cargo xtask COMMAND

Commands:
  test [ARGS]       the house rules, then all tests; ARGS go to `cargo test`
  schema [--check]  writes the files of schema/ that are made from code, or says which are stale
  tidy              the house rules alone: import directions, file sizes, layout

Tests need PostgreSQL and Redis. Each is taken from, in this order:
  1. the server that BRAID_TEST_POSTGRES_URL or BRAID_TEST_REDIS_URL names
  2. an installed server binary, started on a free port in a temporary folder
  3. apt, as root on Debian
  4. docker compose
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some("test") => test::run(&args[1..]),
        Some("schema") => match &args[1..] {
            [] => schema::run(false),
            [flag] if flag == "--check" => schema::run(true),
            _ => Err("usage: cargo xtask schema [--check]".to_owned()),
        },
        Some("tidy") => tidy::run(),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(format!("there is no command `{other}`\n\n{HELP}")),
        None => Err(format!("a command is missing\n\n{HELP}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
