//! The real servers that tests need: ones that are named, installed, or can be brought up.

pub(crate) mod postgres;
pub(crate) mod redis;

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Outcome, check, is_installed, output, root};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const COMPOSE: [&str; 3] = ["compose", "--project-name", "braid-test"];

/// What a kind of server needs to be found or brought up.
struct Kind {
    /// As it is called in messages and in `docker-compose.yml`.
    name: &'static str,
    /// The variable by which tests find it.
    variable: &'static str,
    /// The Debian package.
    package: &'static str,
    /// Where it listens in a container.
    port: u16,
    /// What to say when there is no way.
    missing: &'static str,
    /// The folder of the installed programs.
    installed: fn() -> Option<PathBuf>,
    /// Prepares the folder and answers the command that serves there on the port.
    command: fn(&Place<'_>) -> Outcome<Command>,
    /// The last part of how to start, once it runs.
    is_ready: fn(&Place<'_>) -> bool,
    /// How to connect to `address`; the flag tells the server of a container.
    url: fn(&str, bool) -> String,
}

/// Where an installed server runs.
struct Place<'a> {
    binaries: &'a Path,
    folder: &'a Path,
    port: u16,
}

/// A server that lives as long as this value, unless it is somebody else's.
pub(crate) struct Server {
    /// How to connect.
    pub(crate) url: String,
    stop: Stop,
}

enum Stop {
    Nothing,
    Server { server: Child, folder: PathBuf },
    Compose(&'static str),
}

/// Finds or starts a server, in the order that `cargo xtask --help` tells.
fn provide(kind: &Kind) -> Outcome<Server> {
    let name = kind.name;
    if let Ok(url) = std::env::var(kind.variable) {
        eprintln!("{name}: the server of {}", kind.variable);
        return Ok(Server { url, stop: Stop::Nothing });
    }
    if let Some(binaries) = (kind.installed)() {
        return start(kind, &binaries);
    }
    if is_root() && Path::new("/etc/debian_version").exists() {
        eprintln!("{name}: not installed; installing it with apt");
        let apt = |args: &[&str]| {
            check(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        apt(&["update", "-qq"])?;
        apt(&["install", "-y", "-qq", "--no-install-recommends", kind.package])?;
        let binaries = (kind.installed)()
            .ok_or_else(|| format!("apt installed {name}, but its programs are not found"))?;
        return start(kind, &binaries);
    }
    if docker_compose_works() {
        return compose(kind);
    }
    Err(format!(
        "the tests need {name}, and there is none: set {} to {}, or install the package `{}`, or \
         start Docker",
        kind.variable, kind.missing, kind.package
    ))
}

/// A folder on the path, or among `others`, that has all `programs`.
fn folder_with(programs: &[&str], others: Vec<PathBuf>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(others)
        .find(|folder| programs.iter().all(|program| folder.join(program).exists()))
}

fn start(kind: &Kind, binaries: &Path) -> Outcome<Server> {
    let name = kind.name;
    let folder = std::env::temp_dir().join(format!("braid-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if let Some((user, group)) = unprivileged()? {
        std::os::unix::fs::chown(&folder, Some(user), Some(group))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let place = Place { binaries, folder: &folder, port: free_port()? };
    let log = fs::File::create(folder.join("log")).map_err(|error| format!("the log: {error}"))?;
    let errors = log.try_clone().map_err(|error| format!("the log: {error}"))?;
    let server = (kind.command)(&place)?
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let url = (kind.url)(&format!("127.0.0.1:{}", place.port), false);
    let mut running = Server { url, stop: Stop::Server { server, folder: folder.clone() } };
    running.wait(kind, &place)?;
    eprintln!("{name}: {} on port {}", binaries.display(), place.port);
    Ok(running)
}

impl Place<'_> {
    /// One of the server's programs, in its folder and as somebody who may do no harm.
    fn program(&self, name: &str) -> Outcome<Command> {
        let mut command = Command::new(self.binaries.join(name));
        command.current_dir(self.folder).env("LC_ALL", "C");
        if let Some((user, group)) = unprivileged()? {
            command.uid(user).gid(group);
        }
        Ok(command)
    }
}

impl Server {
    /// Until the server takes connections.
    fn wait(&mut self, kind: &Kind, place: &Place<'_>) -> Outcome {
        let Stop::Server { server, folder } = &mut self.stop else { return Ok(()) };
        let deadline = Instant::now() + START_TIMEOUT;
        while !(kind.is_ready)(place) {
            let ended = server.try_wait().map_err(|error| format!("{}: {error}", kind.name))?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(format!("{} does not start:\n{log}", kind.name));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Server {
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
            Stop::Compose(service) => {
                drop(check(docker().args(["rm", "--stop", "--force", "--volumes", service])));
            }
        }
    }
}

// === docker compose ===

/// `docker compose` on the project of the tests.
fn docker() -> Command {
    let mut command = Command::new("docker");
    command.current_dir(root()).args(COMPOSE).args(["--file", "docker-compose.test.yml"]);
    command
}

fn docker_compose_works() -> bool {
    is_installed("docker") && output(Command::new("docker").args(["compose", "ls"])).is_ok()
}

fn compose(kind: &Kind) -> Outcome<Server> {
    eprintln!("{}: docker compose", kind.name);
    check(docker().args(["up", "--detach", "--wait", kind.name]))?;
    let mut server = Server { url: String::new(), stop: Stop::Compose(kind.name) };
    let address = output(docker().args(["port", kind.name, &kind.port.to_string()]))?;
    server.url = (kind.url)(address.trim(), true);
    Ok(server)
}

/// Whether `docker compose` can read the files that we ship; says so when there is no client.
pub(crate) fn check_compose_files() -> Outcome {
    if output(Command::new("docker").args(["compose", "version"])).is_err() {
        eprintln!("compose files: NOT CHECKED: there is no `docker compose`");
        return Ok(());
    }
    check(docker().args(["config", "--quiet"]))?;
    let mut shipped = Command::new("docker");
    shipped.current_dir(root()).args(["compose", "--env-file", ".env.example"]);
    check(shipped.args(["--file", "docker-compose.yml", "config", "--quiet"]))
}

// === the machine ===

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Whom servers run as when we are root, which PostgreSQL refuses to run as.
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
        None => Err("servers are not run as root, and there is no user `nobody`".to_owned()),
    }
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("a port: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("a port: {error}"))?;
    Ok(address.port())
}
