//! Configuration files: what is read, and what is said about those that cannot be.

use std::collections::HashMap;
use std::time::Duration;

use braid_router::config::load::{self, LoadError};
use braid_router::config::{Config, Listen, Size, Span};

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("braid.yaml");
    std::fs::write(&path, text).unwrap();
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load::config(&path, variables)
}

#[test]
fn everything_has_a_default() {
    let config = read("version: 1\n", &[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:4000");
    assert_eq!(config.admin, Listen::On("127.0.0.1:8088".parse().unwrap()));
    assert!(!config.introspection && config.tokens.is_none() && config.cors.origins.is_empty());
    assert_eq!(config.limits.body, Size(1024 * 1024));
    assert_eq!(config.limits.depth, 15);
    assert_eq!(config.limits.tokens, 15_000);
    assert_eq!(config.limits.header_time, Span(Duration::from_secs(10)));
}

#[test]
fn variables_units_and_secrets() {
    let text = r#"
version: 1
listen: 0.0.0.0:${PORT:-4000}
admin: off
limits: { body: 2MB, request_time: 1500ms, plan_cache: 1GiB, connections: 10 }
subgraph_timeout: 3s
subgraphs:
  orders:
    url: ${ORDERS:-http://127.0.0.1:4105/graphql} # not ${THIS}
    key: { id: router-1, secret: "${KEY}" }
"#;
    let secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let config = read(text, &[("PORT", "4444"), ("KEY", secret)]).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:4444");
    assert_eq!(config.admin, Listen::Off);
    assert_eq!(config.limits.body, Size(2_000_000));
    assert_eq!(config.limits.plan_cache, Size(1 << 30));
    assert_eq!(config.limits.request_time, Span(Duration::from_millis(1_500)));
    let orders = &config.subgraphs["orders"];
    assert_eq!(orders.url.as_deref(), Some("http://127.0.0.1:4105/graphql"));
    assert_eq!(orders.key.as_ref().unwrap().secret.0, [0; 32]);
    assert!(!format!("{config:?}").contains(secret));
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (text, line, message, help) in [
        ("version: 1\nlisen: 127.0.0.1:1\n", 2, "unknown key `lisen`", "did you mean `listen`?"),
        ("version: 1\nlimits:\n  bodi: 1MB\n", 3, "unknown key `bodi`", "did you mean `body`?"),
        ("version: 1\nzzz: 1\n", 2, "unknown key `zzz`", "known keys are version, listen,"),
        ("version: 1\nlimits: { body: 1XB }\n", 2, "`1XB` is not a size", ""),
        ("version: 1\nlimits: { body: -1 }\n", 2, "`-1` is not a size", ""),
        ("version: 1\nsubgraph_timeout: 0s\n", 2, "`0s` is not a duration", ""),
        ("version: 1\nadmin: maybe\n", 2, "`maybe` is neither an address", ""),
        ("version: 1\nlisten: ${NOPE}\n", 2, "no variable `NOPE`", "${NOPE:-"),
        ("listen: 127.0.0.1:1\n", 1, "the key `version` is missing", ""),
        ("version: 1\nlimits: ]\n", 2, "", ""),
        ("version: 1\nversion: 1\n", 2, "version", ""),
    ] {
        match read(text, &[]).unwrap_err() {
            LoadError::Invalid(invalid) => {
                assert_eq!(invalid.line, line, "{text}: {invalid:?}");
                assert!(invalid.message.contains(message), "{text}: {}", invalid.message);
                let told = invalid.help.unwrap_or_default();
                assert!(told.contains(help), "{text}: {told}");
            }
            LoadError::Read { .. } => panic!("{text}"),
        }
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (text, expected) in [
        ("version: 2\n", "this build reads 1"),
        ("version: 1\ntokens: { issuer: a, audience: b }\n", "`jwks_url` or `jwks_file`"),
        (
            "version: 1\ntokens: { issuer: a, audience: b, jwks_url: x, jwks_file: y }\n",
            "`jwks_url` or `jwks_file`",
        ),
    ] {
        let error = read(text, &[]).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("braid.yaml"), "{error}");
    }
    let short = "version: 1\nsubgraphs: { a: { key: { id: k, secret: c2hvcnQ } } }\n";
    let error = read(short, &[]).unwrap_err().to_string();
    assert!(error.contains("fewer than 32 bytes") && !error.contains("c2hvcnQ"), "{error}");
    let error = load::config(std::path::Path::new("/nonexistent.yaml"), HashMap::new());
    assert_eq!(error.unwrap_err().to_string(), "read /nonexistent.yaml: no such file");
}

#[test]
fn the_documented_example_can_be_read() {
    let page = include_str!("../../../docs/router.md");
    let example = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let config = read(example, &[("ORDERS_KEY", secret)]).unwrap();
    assert_eq!(config.forward_headers[0].0, "traceparent");
    assert_eq!(format!("{:?}", config.limits.body), format!("{:?}", Config::default().limits.body));
}
