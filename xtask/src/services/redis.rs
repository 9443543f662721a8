//! Redis for tests.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use super::{Kind, Place, Server, folder_with};
use crate::run::Outcome;

/// The variable by which tests find the server.
pub(crate) const URL_VARIABLE: &str = "BRAID_TEST_REDIS_URL";

const KIND: Kind = Kind {
    name: "redis",
    variable: URL_VARIABLE,
    package: "redis-server",
    port: 6379,
    missing: "a server of version 7 or later (redis://host:port)",
    installed,
    command,
    is_ready: |place| TcpStream::connect(("127.0.0.1", place.port)).is_ok(),
    url: |address, _| format!("redis://{address}"),
};

/// Finds or starts a server.
pub(crate) fn provide() -> Outcome<Server> {
    super::provide(&KIND)
}

/// The folder with `redis-server`.
fn installed() -> Option<PathBuf> {
    folder_with(&["redis-server"], Vec::new())
}

fn command(place: &Place<'_>) -> Outcome<Command> {
    let mut server = place.program("redis-server")?;
    server.args(["--port", &place.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    server.arg("--dir").arg(place.folder);
    Ok(server)
}
