//! PostgreSQL for tests.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Kind, Place, Server, folder_with};
use crate::run::{Outcome, output};

/// The variable by which tests find the server.
pub(crate) const URL_VARIABLE: &str = "BRAID_TEST_POSTGRES_URL";

const KIND: Kind = Kind {
    name: "postgres",
    variable: URL_VARIABLE,
    package: "postgresql",
    port: 5432,
    missing: "a server whose role may create databases (postgres://user:password@host:port/postgres)",
    installed,
    command,
    is_ready: |place| place.folder.join(format!(".s.PGSQL.{}", place.port)).exists(),
    url: |address, in_container| {
        let user = if in_container { "braid:braid" } else { "braid" };
        format!("postgres://{user}@{address}/postgres")
    },
};

/// Finds or starts a server.
pub(crate) fn provide() -> Outcome<Server> {
    super::provide(&KIND)
}

/// The folder with `initdb` and `postgres`.
fn installed() -> Option<PathBuf> {
    // Debian keeps each major version in a folder that is not on the path.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<PathBuf> =
        versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    folders.sort();
    folders.reverse();
    folder_with(&["initdb", "postgres"], folders)
}

fn command(place: &Place<'_>) -> Outcome<Command> {
    let data = place.folder.join("data");
    output(
        place
            .program("initdb")?
            .args(["--auth=trust", "--username=braid", "--encoding=UTF8", "--pgdata"])
            .arg(&data),
    )?;
    let mut server = place.program("postgres")?;
    server.arg("-D").arg(&data);
    server.args(["-p", &place.port.to_string(), "-h", "127.0.0.1", "-k"]).arg(place.folder);
    // The data is thrown away, so nothing needs to survive a power cut.
    server.args(["-c", "fsync=off", "-c", "max_connections=300"]);
    Ok(server)
}
