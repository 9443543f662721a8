//! `braid serve`, by running it: it answers, it ends as told, it says why it does not start.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{PRODUCTS, REVIEWS};

struct Router {
    child: Child,
    log: BufReader<ChildStderr>,
    main: String,
    admin: String,
}

impl Drop for Router {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_braid"));
    command.arg("serve").args(args).current_dir(folder).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn start(folder: &Path, args: &[&str]) -> Router {
    let args = [&["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], args].concat();
    let mut child = command(folder, &args).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let (mut main, mut admin) = (String::new(), String::new());
    while admin.is_empty() {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "ended before it served");
        assert!(!line.contains('\u{1b}'), "no colours in a pipe: {line}");
        let url = line.split_once("http://").map(|(_, url)| url.split_whitespace().next().unwrap());
        match url {
            Some(url) if line.contains("GraphQL") => main = format!("http://{url}"),
            Some(url) => admin = format!("http://{url}"),
            None => {}
        }
    }
    Router { child, log, main, admin }
}

impl Router {
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn ended(&mut self, within: Duration) -> std::process::ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < within, "did not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let list = "subgraphs:
  products: { routing_url: 'http://127.0.0.1:1/graphql', schema: { file: products.graphql } }
  reviews: { routing_url: 'http://127.0.0.1:1/graphql', schema: { file: reviews.graphql } }
";
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let signed =
        format!("version: 1\nsubgraphs: {{ products: {{ key: {{ id: k1, secret: {key} }} }} }}\n");
    for (name, text) in [
        ("list.yaml", list),
        ("products.graphql", PRODUCTS),
        ("reviews.graphql", REVIEWS),
        ("signed.yaml", &*signed),
        ("unknown.yaml", "version: 1\nsubgraphs: { nobody: { timeout: 1s } }\n"),
        ("jwks.yaml", "version: 1\ntokens: { jwks_file: none.json, issuer: a, audience: b }\n"),
        ("bad.yaml", "version: 1\nlimits: { bodi: 1MB }\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_braid"))
        .args(["compose", "--config", "list.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    std::fs::write(folder.path().join("supergraph.graphql"), output.stdout).unwrap();
    folder
}

#[tokio::test]
async fn serves_until_it_is_told_to_stop() {
    let folder = folder();
    let mut router =
        start(folder.path(), &["--supergraph", "supergraph.graphql", "--config", "signed.yaml"]);
    let client = crate::support::client().build().unwrap();
    let ask = |query: &str| {
        let body = serde_json::json!({ "query": query }).to_string();
        client.post(&router.main).header("content-type", "application/json").body(body).send()
    };
    let answer = ask("{ __typename }").await.unwrap().text().await.unwrap();
    assert_eq!(answer, r#"{"data":{"__typename":"Query"}}"#);
    // Nothing listens where the subgraphs should be: their fields only.
    let answer = ask("{ __typename slow }").await.unwrap().text().await.unwrap();
    let json: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(json["data"], serde_json::json!({ "__typename": "Query", "slow": null }));
    assert_eq!(json["errors"][0]["extensions"]["code"], "SUBREQUEST_UNREACHABLE");
    assert!(!answer.contains("127.0.0.1"), "{answer}");
    for base in [router.main.trim_end_matches("/graphql"), &*router.admin] {
        for path in ["live", "ready"] {
            let url = format!("{base}/health/{path}");
            assert_eq!(client.get(url).send().await.unwrap().status(), 200);
        }
    }
    let url = format!("{}/metrics", router.admin);
    let metrics = client.get(url).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("braid_graphql_requests_total{outcome=\"executed\"} 2"), "{metrics}");
    // The main listener does not tell metrics.
    let url = router.main.replace("/graphql", "/metrics");
    assert_eq!(client.get(url).send().await.unwrap().status(), 404);
    router.signal("-TERM");
    assert!(router.ended(Duration::from_secs(5)).success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut router.log, &mut rest).unwrap();
    assert!(rest.contains("stopped"), "{rest}");
}

#[test]
fn composes_a_list_and_ends_by_a_second_signal() {
    let folder = folder();
    let mut router = start(folder.path(), &["--subgraphs", "list.yaml"]);
    // A request in progress, half sent, would hold the end up for its time.
    let address = router.main.trim_start_matches("http://").trim_end_matches("/graphql");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    std::io::Write::write_all(&mut stream, head).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    router.signal("-INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(router.child.try_wait().unwrap().is_none(), "ended with a request in progress");
    router.signal("-INT");
    assert!(router.ended(Duration::from_secs(2)).success());
}

#[test]
fn says_why_it_does_not_start() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let _keep = TcpListener::bind(&taken);
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let supergraph = ["--supergraph", "supergraph.graphql"];
    let free = ["--listen", "127.0.0.1:0", "--admin", "off"];
    let with = |config: &'static str| [&supergraph[..], &free, &["--config", config]].concat();
    for (args, expected) in [
        (
            [&supergraph[..], &["--listen", &address, "--admin", "off"]].concat(),
            &[&*address, "in use"][..],
        ),
        (
            [&supergraph[..], &["--listen", "127.0.0.1:0", "--admin", &address]].concat(),
            &[&*address, "in use"],
        ),
        (
            [&["--supergraph", "none.graphql"], &free[..]].concat(),
            &["read none.graphql: no such file"],
        ),
        ([&["--supergraph", "list.yaml"], &free[..]].concat(), &["list.yaml:1:1"]),
        ([&["--subgraphs", "none.yaml"], &free[..]].concat(), &["read none.yaml: no such file"]),
        (with("none.yaml"), &["read none.yaml: no such file"]),
        (with("bad.yaml"), &["bad.yaml:2", "unknown key `bodi`", "did you mean `body`?"]),
        (with("unknown.yaml"), &["subgraph `nobody`", "products, reviews"]),
        (with("jwks.yaml"), &["read none.json: no such file"]),
    ] {
        let output = command(folder.path(), &args).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
        for text in expected {
            assert!(told.contains(text), "{args:?}: {told}");
        }
        assert!(!told.contains('\u{1b}') && !told.contains("panicked"), "{told}");
    }
}
