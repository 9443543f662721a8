//! `corridor`: everything in one process.
//!
//! Start: all ports are bound first, so that a port in use costs nothing else; then the subgraphs
//! on their databases, the demo world if there is none, the engine, the edges. Stop: unready, no
//! new connections, open requests end, then the subgraphs' tasks (the outbox among them), then the
//! databases.

mod args;
mod banner;
mod error;
mod graph;
mod listen;
mod progress;
mod schema;
mod serve;
mod services;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use args::{Args, Command};
use error::StackError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    log_to_stderr();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), StackError> {
    if let Some(Command::Schema { dir, check }) = &args.command {
        return schema::run(dir, *check);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| StackError::File { path: "the runtime's threads".into(), source })?;
    runtime.block_on(async {
        match &args.command {
            Some(Command::Subgraph { name }) => services::run_one(name).await,
            Some(Command::Schema { .. }) | None => serve::run(args).await,
        }
    })
}

/// Warnings and errors, unless `RUST_LOG` says otherwise; colours on a terminal only.
fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .init();
}
