//! Identity as a process of its own; see [`braid_service::server`] for its configuration.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match braid_service::server::run(identity::NAME, identity::build).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("identity: failed to serve: {error}");
            ExitCode::FAILURE
        }
    }
}
