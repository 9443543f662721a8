//! Why the stack does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use braid_service::app::StartError;

/// Why the stack does not start. `Display` is what the user reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    /// A listener's address.
    #[error(
        "{name} cannot listen on {address}: the port is in use\n  \
             stop the other program, or choose another port with --{flag}"
    )]
    PortInUse { name: &'static str, address: SocketAddr, flag: &'static str },
    /// A listener's address, for another reason.
    #[error("{name} cannot listen on {address}: {source}")]
    Listen { name: &'static str, address: SocketAddr, source: io::Error },
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A service.
    #[error("the subgraph {name} does not start: {source}")]
    Service { name: &'static str, source: StartError },
    /// A key that is too short; ours are not.
    #[error("the router's key is refused: {0}")]
    Key(braid_vouch::request::KeyError),
    /// The operating system has no randomness.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
    /// The identity subgraph's keys.
    #[error("the identity subgraph does not tell its keys: {0}")]
    Keys(String),
    /// The key for remote subgraphs.
    #[error("CORRIDOR_ROUTER_KEY must be `id:secret`, the secret in base64url, 32 bytes or more")]
    RemoteKey,
    /// The supergraph or an edge's documents.
    #[error("{0}")]
    Schema(String),
    /// Checked-in files are not what the code makes.
    #[error("stale files in the schema folder; run `cargo xtask schema`:\n  {}", .0.join("\n  "))]
    Stale(Vec<String>),
}
