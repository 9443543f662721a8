//! The README's tour: every command of it, run as written, but for the ports.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::Corridor;

const README: &str = include_str!("../../../README.md");

/// The indented blocks of the section "Five minutes", one for each command line.
fn commands() -> Vec<String> {
    let section = README.split("## Five minutes").nth(1).expect("the section");
    let section = section.split("\n## ").next().expect("its end");
    let mut blocks = vec![String::new()];
    for line in section.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(code), Some(block)) => block.push_str(&format!("{code}\n")),
            _ => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The `braid` that was built beside `corridor`, or is now.
fn braid() -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_corridor")).parent().expect("a folder");
    let braid = folder.join("braid");
    if !braid.exists() {
        let mut build = Command::new(env!("CARGO"));
        let built = build.args(["build", "--quiet", "--package", "braid-router", "--bin", "braid"]);
        assert!(built.status().expect("cargo is there").success());
    }
    braid
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_tour_works() {
    let corridor = Corridor::ephemeral();
    let mut script = String::from("set -e\n");
    let commands = commands();
    assert_eq!(commands.len(), 10, "{commands:#?}");
    for command in commands {
        script.push_str(&command);
        script.push_str("echo\n");
    }
    let address = |base: &str| base.trim_start_matches("http://").to_owned();
    let script = script
        .replace("127.0.0.1:4000", &address(&corridor.router))
        .replace("127.0.0.1:4001", &address(&corridor.mobile))
        .replace("127.0.0.1:4003", &address(&corridor.rest))
        .replace("cargo run --release --quiet -p braid-router --", &braid().display().to_string());
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = Command::new("bash").args(["-c", &script]).current_dir(root).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{printed}\n{complaint}");
    let answers: Vec<Value> =
        printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [products, joined, screen, refused, list, orders, missing] = answers.as_slice() else {
        panic!("{} answers:\n{printed}\n{complaint}", answers.len());
    };
    assert_eq!(products["data"]["products"]["nodes"].as_array().map(Vec::len), Some(2));
    let customer = &joined["data"]["me"]["memberships"][0]["account"]["customer"];
    assert!(customer["orders"]["nodes"][0]["lines"][0]["product"]["name"].is_string(), "{joined}");
    assert!(printed.contains("fetches, depth 4"), "the plan:\n{printed}");
    assert!(screen["data"]["products"].is_object());
    assert!(refused["errors"][0]["message"].is_string() && refused.get("data").is_none());
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(orders["data"].as_array().map(Vec::len), Some(2), "{orders}");
    assert_eq!(missing["status"], 404);
}
