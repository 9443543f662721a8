//! Starting the program, signing in, and asking.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

/// From the start of the process to its last line of the banner.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// For one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The passwords are printed at every start; here they are read off the banner.
pub(crate) struct Login {
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) role: String,
}

/// A running program; killed when dropped.
pub(crate) struct Corridor {
    child: Child,
    pub(crate) banner: String,
    pub(crate) client: Client,
    pub(crate) router: String,
    pub(crate) mobile: String,
    pub(crate) web: String,
    pub(crate) rest: String,
    pub(crate) admin: String,
    pub(crate) took: Duration,
}

/// The subgraphs, in the order in which they may be started.
const SUBGRAPHS: [&str; 5] = ["identity", "accounts", "catalog", "customers", "orders"];
/// What the router signs with, and what catalog and orders share.
const KEY: &str = "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
const QUOTE_SECRET: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA";

/// A subgraph in a process of its own; killed when dropped.
pub(crate) struct Process {
    pub(crate) name: &'static str,
    port: u16,
    folder: tempfile::TempDir,
    bus: Option<String>,
    child: Option<Child>,
}

impl Process {
    /// Every subgraph, running; with a URL of a bus they hear each other.
    pub(crate) async fn all(bus: Option<&str>) -> Vec<Self> {
        let mut all = Vec::new();
        for name in SUBGRAPHS {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let folder = tempfile::tempdir().expect("a folder");
            let bus = bus.map(str::to_owned);
            let mut process = Self { name, port, folder, bus, child: None };
            process.start().await;
            all.push(process);
        }
        all
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts it on the data that it had, and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        let database = format!("sqlite:{}/{}.sqlite", self.folder.path().display(), self.name);
        let mut command: Command = command();
        command.args(["subgraph", self.name]).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("BRAID_LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("BRAID_DATABASE_URL", database).env("BRAID_SEED", "tiny");
        command.env("BRAID_ROUTER_KEY", KEY).env("BRAID_QUOTE_SECRET", QUOTE_SECRET);
        if let Some(bus) = &self.bus {
            command.env("BRAID_BUS_URL", bus);
        }
        self.child = Some(command.spawn().expect("the program was built with the tests"));
        let (client, url) = (client(), format!("{}/health/ready", self.url()));
        let ready = eventually(Duration::from_secs(60), async || {
            client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success())
        });
        assert!(ready.await, "{} is not ready", self.name);
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; either way it is gone.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The command, on free ports.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corridor"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

const PORTS: [&str; 5] =
    ["--router-port=0", "--mobile-port=0", "--web-port=0", "--rest-port=0", "--admin-port=0"];

impl Corridor {
    /// A world that is gone afterwards.
    pub(crate) fn ephemeral() -> Self {
        Self::start(&["--ephemeral"])
    }

    /// A world in a folder.
    pub(crate) fn on(folder: &Path) -> Self {
        Self::start(&["--data", folder.to_str().expect("a UTF-8 path")])
    }

    /// With these arguments, on free ports.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = command();
        command.args(PORTS).args(args);
        Self::spawn(command)
    }

    /// The router and the edges alone, over subgraphs that run elsewhere.
    pub(crate) fn over(processes: &[Process]) -> Self {
        let mut command = command();
        command.arg("--ephemeral").args(PORTS).env("CORRIDOR_ROUTER_KEY", KEY);
        for process in processes {
            command.arg(format!("--remote={}={}/graphql", process.name, process.url()));
        }
        Self::spawn(command)
    }

    /// A prepared command.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let begun = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built with the tests");
        let banner = read_until(&mut child, "Ctrl-C");
        let took = begun.elapsed();
        let address = |name: &str| {
            let line = banner.lines().find(|line| line.trim_start().starts_with(name));
            let line = line.unwrap_or_else(|| panic!("no `{name}` in the banner:\n{banner}"));
            let url = line.split_whitespace().find(|word| word.starts_with("http://"));
            let url = url.unwrap_or_else(|| panic!("no address in {line:?}"));
            let host = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
            format!("http://{host}")
        };
        Self {
            client: client(),
            router: address("router"),
            mobile: address("mobile"),
            web: address("web"),
            rest: address("REST"),
            admin: address("admin"),
            banner,
            child,
            took,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the program runs");
        self.child.wait().expect("a killed program ends");
    }

    /// Ctrl-C; answers how it ended and how long that took.
    pub(crate) fn interrupt(&mut self) -> (std::process::ExitStatus, Duration) {
        let begun = Instant::now();
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill is there");
        assert!(sent.success());
        let deadline = begun + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return (status, begun.elapsed());
            }
            assert!(Instant::now() < deadline, "it does not end after Ctrl-C");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The logins that the banner offers.
    pub(crate) fn logins(&self) -> Vec<Login> {
        let rows = self.banner.lines().filter(|line| line.contains('@') && line.starts_with("  "));
        let rows = rows.filter(|line| !line.contains("TOKEN") && !line.contains("-d "));
        rows.filter_map(|line| {
            let mut words = line.split_whitespace();
            Some(Login {
                email: words.next()?.to_owned(),
                password: words.next()?.to_owned(),
                role: words.collect::<Vec<_>>().join(" "),
            })
        })
        .collect()
    }

    /// An access token of the demo user whose role starts like this.
    pub(crate) async fn token(&self, role: &str) -> String {
        let logins = self.logins();
        let login = logins.iter().find(|login| login.role.starts_with(role));
        let login = login.unwrap_or_else(|| panic!("nobody is a {role}:\n{}", self.banner));
        let answer = self.sign_in(&login.email, &login.password).await;
        assert_eq!(answer.status(), 200, "{role}");
        let answer: Value = answer.json().await.expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Response {
        let body = json!({ "email": email, "password": password });
        self.post(&format!("{}/auth/sign-in", self.mobile), None, &body).await
    }

    /// The access token of the partner's API client.
    pub(crate) async fn partner_token(&self) -> String {
        let line = self.banner.lines().find(|line| line.trim_start().starts_with("cli_"));
        let mut words = line.expect("a client in the banner").split_whitespace();
        let (id, secret) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let request = self.client.post(format!("{}/auth/token", self.rest)).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn post(&self, url: &str, token: Option<&str>, body: &Value) -> Response {
        let mut request = self.client.post(url).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer")
    }

    /// A query by its text, at the router.
    pub(crate) async fn query(&self, token: Option<&str>, text: &str, variables: Value) -> Value {
        let body = json!({ "query": text, "variables": variables });
        let answer = self.post(&format!("{}/graphql", self.router), token, &body).await;
        answer.json().await.expect("JSON")
    }

    /// A stored document by its id, at an edge.
    pub(crate) async fn stored(
        &self,
        edge: &str,
        token: Option<&str>,
        id: &str,
        variables: Value,
    ) -> Value {
        let body = json!({ "documentId": id, "variables": variables });
        let answer = self.post(&format!("{edge}/graphql"), token, &body).await;
        answer.json().await.expect("JSON")
    }

    /// A request to the REST edge: status, headers, body.
    pub(crate) async fn rest(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> (u16, reqwest::header::HeaderMap, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.rest));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.expect("a body");
        (status, headers, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }
}

impl Drop for Corridor {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client that does not pool across tests' programs.
pub(crate) fn client() -> Client {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        // Somebody else in this process may have been first, with the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
    });
    Client::builder().timeout(REQUEST_TIMEOUT).build().expect("a client")
}

/// Reads lines until one starts with `last`; the rest is drained in the background.
fn read_until(child: &mut Child, last: &'static str) -> String {
    let stdout = child.stdout.take().expect("piped above");
    let mut stderr = child.stderr.take().expect("piped above");
    let (lines, read) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            let Ok(line) = line else { return };
            // After the banner nobody listens any more.
            drop(lines.send(line));
        }
    });
    let (errors, complaint) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        drop(stderr.read_to_string(&mut text));
        drop(errors.send(text));
    });
    let deadline = Instant::now() + START_TIMEOUT;
    let mut banner = String::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match read.recv_timeout(left) {
            Ok(line) => {
                banner.push_str(&line);
                banner.push('\n');
                if line.starts_with(last) {
                    return banner;
                }
            }
            Err(_) => {
                drop(child.kill());
                let complaint = complaint.recv_timeout(Duration::from_secs(5)).unwrap_or_default();
                panic!("the program does not start:\n{banner}\n{complaint}");
            }
        }
    }
}

/// Waits for `check` to be true, at most `limit`.
pub(crate) async fn eventually(limit: Duration, mut check: impl AsyncFnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if check().await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}
