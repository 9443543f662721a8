//! A PostgreSQL server for tests: one that is named, installed, or can be brought up.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Outcome, check, is_installed, output, root};

/// The variable by which tests find the server.
pub(crate) const URL_VARIABLE: &str = "BRAID_TEST_POSTGRES_URL";

const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A server that lives as long as this value, unless it is somebody else's.
pub(crate) struct Postgres {
    /// How to connect.
    pub(crate) url: String,
    stop: Stop,
}

enum Stop {
    Nothing,
    Server { server: Child, folder: PathBuf },
    Compose,
}

/// Finds or starts a server, in the order that `cargo xtask --help` tells.
pub(crate) fn provide() -> Outcome<Postgres> {
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        eprintln!("postgres: the server of {URL_VARIABLE}");
        return Ok(Postgres { url, stop: Stop::Nothing });
    }
    if let Some(binaries) = installed() {
        return start(&binaries);
    }
    if is_root() && Path::new("/etc/debian_version").exists() {
        eprintln!("postgres: not installed; installing it with apt");
        let apt = |args: &[&str]| {
            check(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        apt(&["update", "-qq"])?;
        apt(&["install", "-y", "-qq", "--no-install-recommends", "postgresql"])?;
        let binaries =
            installed().ok_or("apt installed PostgreSQL, but its binaries are not found")?;
        return start(&binaries);
    }
    if docker_compose_works() {
        return compose();
    }
    Err(format!(
        "the tests need PostgreSQL, and there is none: set {URL_VARIABLE} to a server whose role may \
         create databases (postgres://user:password@host:port/postgres), or install the package \
         `postgresql`, or start Docker"
    ))
}

/// The folder with `initdb` and `postgres`.
fn installed() -> Option<PathBuf> {
    let complete =
        |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&path).find(complete) {
        return Some(folder);
    }
    // Debian keeps each major version in a folder that is not on the path.
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> =
        versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    folders.retain(complete);
    folders.sort();
    folders.pop()
}

fn start(binaries: &Path) -> Outcome<Postgres> {
    let folder = std::env::temp_dir().join(format!("braid-postgres-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let owner = unprivileged()?;
    if let Some((user, group)) = owner {
        std::os::unix::fs::chown(&folder, Some(user), Some(group))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let command = |program: &str| {
        let mut command = Command::new(binaries.join(program));
        command.current_dir(&folder).env("LC_ALL", "C");
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        command
    };
    let data = folder.join("data");
    output(
        command("initdb")
            .args(["--auth=trust", "--username=braid", "--encoding=UTF8", "--pgdata"])
            .arg(&data),
    )?;
    let port = free_port()?;
    let log = fs::File::create(folder.join("log")).map_err(|error| format!("the log: {error}"))?;
    let server = command("postgres")
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k"])
        .arg(&folder)
        // The data is thrown away, so nothing needs to survive a power cut.
        .args(["-c", "fsync=off", "-c", "max_connections=300"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("postgres: {error}"))?;
    let url = format!("postgres://braid@127.0.0.1:{port}/postgres");
    let mut postgres = Postgres { url, stop: Stop::Server { server, folder } };
    postgres.wait(port)?;
    eprintln!("postgres: {} on port {port}", binaries.display());
    Ok(postgres)
}

impl Postgres {
    /// Until the server takes connections.
    fn wait(&mut self, port: u16) -> Outcome {
        let Stop::Server { server, folder } = &mut self.stop else { return Ok(()) };
        let ready = folder.join(format!(".s.PGSQL.{port}"));
        let deadline = Instant::now() + START_TIMEOUT;
        while !ready.exists() {
            let ended = server.try_wait().map_err(|error| format!("postgres: {error}"))?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(format!("postgres does not start:\n{log}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match &mut self.stop {
            Stop::Nothing => {}
            Stop::Server { server, folder } => {
                // SIGINT is PostgreSQL's fast shutdown: it ends its children, too.
                let pid = server.id().to_string();
                let asked = Command::new("kill").args(["-INT", &pid]).status();
                if !asked.is_ok_and(|status| status.success()) {
                    drop(server.kill());
                }
                drop(server.wait());
                drop(fs::remove_dir_all(folder));
            }
            Stop::Compose => drop(check(Command::new("docker").args(COMPOSE).args(["down", "-v"]))),
        }
    }
}

const COMPOSE: [&str; 3] = ["compose", "--project-name", "braid-test"];

fn docker_compose_works() -> bool {
    is_installed("docker") && output(Command::new("docker").args(["compose", "ls"])).is_ok()
}

fn compose() -> Outcome<Postgres> {
    eprintln!("postgres: docker compose");
    let docker = || {
        let mut command = Command::new("docker");
        command.current_dir(root()).args(COMPOSE);
        command
    };
    check(docker().args(["up", "--detach", "--wait", "postgres"]))?;
    let mut postgres = Postgres { url: String::new(), stop: Stop::Compose };
    let address = output(docker().args(["port", "postgres", "5432"]))?;
    postgres.url = format!("postgres://braid:braid@{}/postgres", address.trim());
    Ok(postgres)
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Whom the server runs as when we are root, which it refuses to run as.
fn unprivileged() -> Outcome<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let id = |user: &str, flag: &str| -> Option<u32> {
        output(Command::new("id").args([flag, user])).ok()?.trim().parse().ok()
    };
    let both = |user| Some((id(user, "-u")?, id(user, "-g")?));
    match both("postgres").or_else(|| both("nobody")) {
        Some(ids) => Ok(Some(ids)),
        None => Err("postgres refuses to run as root, and there is no user `postgres`".to_owned()),
    }
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("a port: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("a port: {error}"))?;
    Ok(address.port())
}
