//! `braid compose`, `plan` and `sign`, by running them.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PRODUCTS, REVIEWS};

fn braid(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_braid"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

const LIST: &str = "federation_version: =2.9.0
subgraphs:
  products:
    routing_url: http://127.0.0.1:4101/graphql
    schema: { file: ./sdl/products.graphql }
  reviews:
    routing_url: ${REVIEWS:-http://127.0.0.1:4102/graphql}
    schema:
      file: sdl/reviews.graphql
";

fn good() -> TempDir {
    folder(&[
        ("lists/list.yaml", LIST),
        ("lists/sdl/products.graphql", PRODUCTS),
        ("lists/sdl/reviews.graphql", REVIEWS),
    ])
}

#[test]
fn composes_files_beside_the_list() {
    let folder = good();
    let output = braid(folder.path(), &["compose", "--config", "lists/list.yaml"]);
    assert!(output.status.success(), "{}", err(&output));
    assert!(out(&output).contains("@join__graph(name: \"products\""));
    assert!(out(&output).contains("http://127.0.0.1:4102/graphql"));
    let output =
        braid(folder.path(), &["compose", "--config", "lists/list.yaml", "--format", "json"]);
    assert!(output.status.success());
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["supergraph"].as_str().unwrap().contains("join__Graph"));
    assert!(!json["api_schema"].as_str().unwrap().contains("join__"));
    assert!(json["hints"].is_array());
}

#[test]
fn composition_errors_point_at_the_source() {
    let other = REVIEWS.replace("stars: Int!", "stars: Int!\n  missing: Nope");
    let folder = folder(&[
        ("lists/list.yaml", LIST),
        ("lists/sdl/products.graphql", PRODUCTS),
        ("lists/sdl/reviews.graphql", &other),
    ]);
    let output = braid(folder.path(), &["compose", "--config", "lists/list.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(out(&output), "");
    let text = err(&output);
    assert!(text.contains("error[INVALID_GRAPHQL]"), "{text}");
    assert!(text.contains("lists/sdl/reviews.graphql:"), "{text}");
    assert!(text.contains("missing: Nope") && text.contains("^^^^"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text}");

    let args = ["compose", "--config", "lists/list.yaml", "--format", "json"];
    let output = braid(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = &json["errors"][0];
    assert_eq!(error["code"], "INVALID_GRAPHQL");
    assert_eq!(error["subgraph"], "reviews");
    assert!(error["message"].is_string() && error.get("coordinate").is_some());
    assert!(error["locations"][0]["line"].as_u64().unwrap() > 1);
}

#[test]
fn lists_that_cannot_be_read() {
    let folder = folder(&[
        ("typo.yaml", "subgraphs:\n  a:\n    routing_ulr: x\n    schema: { file: a }\n"),
        ("absent.yaml", "subgraphs:\n  a:\n    routing_url: x\n    schema: { file: a.graphql }\n"),
        ("nothing.yaml", "subgraphs:\n  a:\n    routing_url: x\n    schema: {}\n"),
        ("both.yaml", "subgraphs:\n  a: { schema: { file: a, subgraph_url: 'http://x' } }\n"),
        ("down.yaml", "subgraphs:\n  a: { schema: { subgraph_url: 'http://127.0.0.1:1/' } }\n"),
        ("broken.yaml", "subgraphs: [\n"),
        ("empty.yaml", "subgraphs: {}\n"),
    ]);
    for (file, expected) in [
        (
            "typo.yaml",
            &["unknown key `routing_ulr`", "typo.yaml:3:5", "did you mean `routing_url`?"][..],
        ),
        ("absent.yaml", &["read a.graphql: no such file"]),
        ("nothing.yaml", &["nothing.yaml: subgraph `a`", "`file` or `subgraph_url`"]),
        ("both.yaml", &["subgraph `a`", "keep one"]),
        ("down.yaml", &["subgraph `a` from http://127.0.0.1:1/", "refused"]),
        ("broken.yaml", &["broken.yaml:"]),
        ("empty.yaml", &["no subgraph was given"]),
        ("none.yaml", &["read none.yaml: no such file"]),
    ] {
        let output = braid(folder.path(), &["compose", "--config", file]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        for text in expected {
            let told = err(&output).to_lowercase();
            assert!(told.contains(&text.to_lowercase()), "{file}: {}", err(&output));
        }
        let output = braid(folder.path(), &["compose", "--config", file, "--format", "json"]);
        assert_eq!(output.status.code(), Some(1), "{file}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(json["errors"][0]["code"].is_string(), "{file}: {json}");
    }
}

/// Answers each path of `answers` with its body, on a thread of its own.
fn subgraphs(answers: Vec<(&'static str, String)>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (_, answer) = answers.iter().find(|(known, _)| *known == path).unwrap();
            let signed = request.contains("braid-signature: v1 k1 ");
            let status = if path == "/signed" && !signed { "401 No" } else { "200 OK" };
            let length = answer.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    base
}

#[test]
fn asks_subgraphs_for_their_schemas() {
    let answer = |sdl: &str| json!({ "data": { "_service": { "sdl": sdl } } }).to_string();
    let base = subgraphs(vec![
        ("/products", answer(PRODUCTS)),
        ("/signed", answer(REVIEWS)),
        ("/html", "<html>".to_owned()),
        ("/errors", json!({ "errors": [{ "message": "go away" }] }).to_string()),
        ("/giant", " ".repeat(9 * 1024 * 1024)),
    ]);
    let list = |path: &str| {
        format!(
            "subgraphs:\n  products: {{ schema: {{ subgraph_url: '{base}/products' }} }}\n  \
             reviews: {{ schema: {{ subgraph_url: '{base}{path}' }} }}\n"
        )
    };
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let config =
        format!("version: 1\nsubgraphs: {{ reviews: {{ key: {{ id: k1, secret: {key} }} }} }}\n");
    let folder = folder(&[("braid.yaml", &config), ("list.yaml", &list("/signed"))]);
    let args = ["compose", "--config", "list.yaml", "--router-config", "braid.yaml"];
    let output = braid(folder.path(), &args);
    assert!(output.status.success(), "{}", err(&output));
    assert!(out(&output).contains(&format!("url: \"{base}/signed\"")), "{}", out(&output));
    for (path, expected) in [
        ("/signed", "HTTP status 401"),
        ("/html", "not that of a federation subgraph"),
        ("/errors", "it answers: go away"),
        ("/giant", "larger than 8388608 bytes"),
    ] {
        std::fs::write(folder.path().join("list.yaml"), list(path)).unwrap();
        let output = braid(folder.path(), &["compose", "--config", "list.yaml"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains("subgraph `reviews`"), "{}", err(&output));
        assert!(err(&output).contains(expected), "{path}: {}", err(&output));
    }
}

fn supergraph() -> TempDir {
    let folder = good();
    let output = braid(folder.path(), &["compose", "--config", "lists/list.yaml"]);
    std::fs::write(folder.path().join("supergraph.graphql"), &output.stdout).unwrap();
    let query = "query Reviews($no: Boolean!) {\n  products {\n    name @skip(if: $no)\n    \
                 reviews { stars }\n  }\n}\n";
    std::fs::write(folder.path().join("reviews.graphql"), query).unwrap();
    std::fs::write(folder.path().join("bad.graphql"), "{\n  products { nmae }\n}\n").unwrap();
    folder
}

#[test]
fn shows_plans() {
    let folder = supergraph();
    let plan = |more: &[&str]| {
        let args = [&["plan", "--supergraph", "supergraph.graphql", "reviews.graphql"], more];
        braid(folder.path(), &args.concat())
    };
    let output = plan(&["--variables", r#"{"no":false}"#]);
    let text = out(&output);
    assert!(text.starts_with("query in 2 fetches, depth 2\n"), "{text}{}", err(&output));
    assert!(text.contains("└─ #0 products\n"), "{text}");
    assert!(text.contains("   └─ #1 reviews\n"), "{text}");
    assert!(text.contains("$r0 <- #0.products: Product {id}\n"), "{text}");
    assert!(text.contains("name\n"), "{text}");
    assert!(!out(&plan(&[])).contains("name\n"), "what is skipped is not fetched");
    let json: Value = serde_json::from_slice(&plan(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["depth"], 2);
    assert_eq!(json["fetches"][1]["service"], "reviews");
    assert_eq!(json["fetches"][1]["after"], json!([0]));
    let output = plan(&["--format", "mermaid"]);
    assert!(out(&output).starts_with("flowchart LR\n") && out(&output).contains("f0 --> f1"));
}

#[test]
fn plans_that_cannot_be_made() {
    let folder = supergraph();
    std::fs::write(folder.path().join("cut.graphql"), "type Query {").unwrap();
    for (args, expected) in [
        (
            &["supergraph.graphql", "bad.graphql"][..],
            &["GRAPHQL_VALIDATION_FAILED", "bad.graphql:2:14", "nmae", "^^^^"][..],
        ),
        (&["supergraph.graphql", "none.graphql"], &["read none.graphql: no such file"]),
        (&["none.graphql", "bad.graphql"], &["read none.graphql: no such file"]),
        (&["cut.graphql", "bad.graphql"], &["cut.graphql:1:", "the supergraph cannot be read"]),
        (&["supergraph.graphql", "reviews.graphql", "--operation-name", "X"], &["operation `X`"]),
        (&["supergraph.graphql", "reviews.graphql", "--variables", "x"], &["--variables"]),
        (&["supergraph.graphql", "-"], &["standard input:1:1"]),
    ] {
        let output = braid(folder.path(), &[&["plan", "--supergraph"], args].concat());
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert_eq!(out(&output), "", "{args:?}");
        for text in expected {
            assert!(err(&output).contains(text), "{args:?}: {}", err(&output));
        }
    }
}

#[test]
fn signs_what_a_subgraph_verifies() {
    let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let folder = folder(&[("key", secret), ("body", "{}"), ("short", "AAAA")]);
    let caller = r#"{"sub":"u1","kind":"user","scopes":["a"]}"#;
    let args =
        ["sign", "--key-id", "k1", "--secret-file", "key", "--body", "body", "--caller", caller];
    let output = braid(folder.path(), &args);
    assert!(output.status.success(), "{}", err(&output));
    let mut request = http::Request::post("/graphql");
    for line in out(&output).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let key: Vec<u8> = (0..32).collect();
    let verifier = braid_vouch::Verifier::new(&[("k1", &key)]).unwrap();
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now_ms = i64::try_from(elapsed.as_millis()).unwrap();
    verifier.verify_request(&parts, b"{}", now_ms).unwrap();

    for (args, expected) in [
        (&["--secret-file", "short"][..], "fewer than 32 bytes"),
        (&["--secret-file", "none"], "read none: no such file"),
        (&["--secret-file", "key", "--caller", "{}"], "--caller"),
        (&["--secret-file", "key", "--body", "none"], "read none: no such file"),
    ] {
        let output = braid(folder.path(), &[&["sign", "--key-id", "k1"], args].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(err(&output).contains(expected), "{}", err(&output));
    }
}

#[test]
fn prints_and_checks_configurations() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let text = format!(
        "version: 1\nadmin: off\nlimits: {{ body: 2MiB }}\nforward_headers: [traceparent]\n\
         subgraphs: {{ a: {{ timeout: 1500ms, key: {{ id: k, secret: {key} }} }} }}\n"
    );
    let folder = folder(&[("good.yaml", &text), ("bad.yaml", "version: 1\nlisten: here\n")]);
    let output = braid(folder.path(), &["config", "check", "good.yaml"]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), "good.yaml can be used\n"));
    let output = braid(folder.path(), &["config", "check", "bad.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("bad.yaml:2"), "{}", err(&output));
    let output = braid(folder.path(), &["config", "print", "good.yaml"]);
    let text = out(&output);
    for line in ["admin: \"off\"", "body: 2MiB", "timeout: 1500ms", "traceparent", "(redacted)"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains(key));
    // What is printed can be read again.
    let output = braid(folder.path(), &["config", "print"]);
    std::fs::write(folder.path().join("printed.yaml"), &output.stdout).unwrap();
    let output = braid(folder.path(), &["config", "check", "printed.yaml"]);
    assert!(output.status.success(), "{}", err(&output));
}

#[test]
fn help_has_examples_and_mistakes_have_status_2() {
    let folder = folder(&[]);
    for command in ["serve", "compose", "plan", "config", "sign"] {
        let output = braid(folder.path(), &[command, "--help"]);
        assert!(output.status.success() && out(&output).contains("Example"), "{command}");
        let output = braid(folder.path(), &[command, "--nonsense"]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(!err(&output).contains('\u{1b}'), "{command}");
    }
    let output = braid(folder.path(), &["serve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("--supergraph"), "{}", err(&output));
}
