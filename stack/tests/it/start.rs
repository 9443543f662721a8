//! The first minute: start, banner, health, data that stays, ports in use, the end.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Corridor, command};

/// Resident memory of a process in MB, from the operating system.
fn resident_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    let kb = line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("kB");
    kb / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_fast_and_small_and_says_what_runs_where() {
    let corridor = Corridor::ephemeral();
    // The debug build is given more; the release build's figures are in the README.
    assert!(corridor.took < Duration::from_secs(10), "{:?}", corridor.took);
    let banner = &corridor.banner;
    assert!(!banner.contains('\u{1b}'), "no colours in a pipe");
    for word in ["router", "mobile", "web", "REST", "admin", "Sign in as", "Try", "Ctrl-C"] {
        assert!(banner.contains(word), "{word}:\n{banner}");
    }
    assert_eq!(banner.matches("curl -s").count(), 4, "a sign-in and three queries:\n{banner}");
    assert!(corridor.logins().len() >= 8, "{banner}");
    for base in [&corridor.admin, &corridor.router, &corridor.mobile, &corridor.web, &corridor.rest]
    {
        for path in ["/health/live", "/health/ready"] {
            let answer = corridor.client.get(format!("{base}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{base}{path}");
        }
    }
    let resident = resident_mb(corridor.pid());
    assert!(resident < 200, "{resident} MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pasted_query_works() {
    let corridor = Corridor::ephemeral();
    let commands: String = corridor
        .banner
        .lines()
        .skip_while(|line| !line.contains("TOKEN="))
        .filter(|line| !line.starts_with("Try") && !line.starts_with("Ctrl-C"))
        .map(|line| format!("{line}\n"))
        .collect();
    let script = commands.replace("    -d '", "    -w '\\n' -d '");
    let output = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<Value> =
        printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(answers.len(), 3, "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    for answer in answers {
        assert!(answer["errors"].is_null() && answer["data"].is_object(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_starts_keep_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Corridor::on(folder.path());
    let token = first.token("staff").await;
    let text = "mutation($in: AccountInput!) { createAccount(input: $in, idempotencyKey: \"k1\") { account { id } userErrors { code message } } }";
    let made = first.query(Some(&token), text, json!({ "in": { "name": "Kept Ltd" } })).await;
    let id = made["data"]["createAccount"]["account"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"))
        .to_owned();
    let (status, took) = first.interrupt();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let second = Corridor::on(folder.path());
    let token = second.token("staff").await;
    let found = second
        .query(Some(&token), "query($id: ID!) { account(id: $id) { name } }", json!({ "id": id }))
        .await;
    assert_eq!(found["data"]["account"]["name"], "Kept Ltd", "{found}");
}

#[test]
fn a_port_in_use_is_a_clear_message() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = command()
        .args(["--ephemeral", "--router-port", &port.to_string(), "--mobile-port=0"])
        .args(["--web-port=0", "--rest-port=0", "--admin-port=0"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr);
    for word in ["router", &port.to_string(), "in use", "--router-port"] {
        assert!(complaint.contains(word), "{word}: {complaint}");
    }
    assert!(!complaint.contains('\u{1b}'), "no colours in a pipe: {complaint}");
}

#[test]
fn a_wrong_flag_is_a_clear_message() {
    let output = command().args(["--scale", "huge"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("tiny"));
    let output = command().arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("--ephemeral"));
}

#[test]
fn a_folder_that_cannot_be_written_is_a_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let output = command()
        .args(["--data", file.to_str().unwrap(), "--router-port=0"])
        .args(["--mobile-port=0", "--web-port=0", "--rest-port=0", "--admin-port=0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("file"), "{complaint}");
}

#[test]
fn a_subgraph_alone_says_all_that_it_lacks() {
    let mut alone = command();
    alone.args(["subgraph", "orders"]).env_remove("BRAID_LISTEN").env_remove("BRAID_ROUTER_KEY");
    let output = alone.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    for missing in ["BRAID_LISTEN is not set", "BRAID_ROUTER_KEY is not set"] {
        assert!(complaint.contains(missing), "{complaint}");
    }
}
