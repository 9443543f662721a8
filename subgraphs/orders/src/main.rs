//! The orders subgraph as a process of its own; see [`braid_service::server`] for its
//! configuration.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match braid_service::server::run(orders::NAME, orders::build).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("orders: failed to serve: {error}");
            ExitCode::FAILURE
        }
    }
}
