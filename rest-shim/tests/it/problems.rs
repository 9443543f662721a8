//! What goes wrong, as statuses: the domain, section 11.3.

use serde_json::json;

use crate::support::{Rest, failing};

const MAKE: &str = r#"{"display_name":"x"}"#;

#[tokio::test]
async fn user_errors() {
    let rest = Rest::new("{}");
    for (code, status) in [
        ("NOT_FOUND", 404),
        ("FORBIDDEN", 403),
        ("SELF_APPROVAL", 403),
        ("NOT_YOUR_TRIP", 403),
        ("NOT_YOUR_FLEET", 403),
        ("INVALID", 422),
        ("EMPTY", 422),
        ("UNKNOWN_SCOPE", 422),
        ("IDEMPOTENCY_MISMATCH", 422),
        ("WRONG_STATUS", 409),
        ("DUPLICATE", 409),
        ("EXISTS", 409),
        ("ACTIVE_TRIP_EXISTS", 409),
        ("SKU_TAKEN", 409),
        ("VERSION_CONFLICT", 409),
        ("QUOTE_EXPIRED", 410),
        ("OFFER_EXPIRED", 410),
        ("RATE_LIMITED", 429),
        ("COST_EXCEEDED", 429),
        ("PROVIDER_UNAVAILABLE", 503),
        ("SUBGRAPH_UNAVAILABLE", 503),
    ] {
        let refusals = json!([
            { "code": code, "message": "no", "path": ["input", "lines", "0", "partId"] },
            { "code": "INVALID", "message": "nor that", "path": null },
            { "code": "INVALID", "message": "nor the key", "path": ["idempotencyKey"] },
        ]);
        let payload = json!({ "replayed": false, "thing": null, "userErrors": refusals });
        rest.answers(&json!({ "data": { "makeThing": payload } }).to_string());
        let answer = rest.post("/v1/things", MAKE).await;
        assert_eq!(answer.problem(), (status, code.to_owned()), "{}", answer.body);
        assert_eq!(answer.detail(), "no");
        assert!(answer.body.starts_with("{\"type\":\"about:blank\",\"title\":"), "{}", answer.body);
        assert_eq!(
            answer.json()["errors"],
            json!([
                { "pointer": "/lines/0/part_id", "code": code, "message": "no" },
                { "code": "INVALID", "message": "nor that" },
                { "code": "INVALID", "message": "nor the key" },
            ])
        );
        let waits = matches!(status, 429 | 503);
        assert_eq!(answer.header("retry-after"), if waits { "2" } else { "" }, "{code}");
    }
}

#[tokio::test]
async fn faults() {
    let rest = Rest::new("{}");
    for (code, expected) in [
        ("UNAUTHENTICATED", (401, "UNAUTHENTICATED")),
        ("FORBIDDEN", (401, "UNAUTHENTICATED")),
        ("NOT_FOUND", (404, "NOT_FOUND")),
        ("BAD_USER_INPUT", (400, "BAD_REQUEST")),
        ("RATE_LIMITED", (429, "RATE_LIMITED")),
        ("SUBGRAPH_UNAVAILABLE", (503, "UNAVAILABLE")),
        ("TIMEOUT", (503, "UNAVAILABLE")),
        ("INTERNAL", (500, "INTERNAL")),
        ("WHATEVER", (500, "INTERNAL")),
    ] {
        rest.answers(&failing(r#"{"thing":null}"#, &json!(["thing"]), code));
        let answer = rest.get("/v1/things/1").await;
        let (status, told) = answer.problem();
        assert_eq!((status, told.as_str()), expected, "{code}");
        assert!(!answer.body.contains("secret"), "{}", answer.body);
        assert!(!answer.headers.contains_key("etag"));
    }
    rest.answers(r#"{"data":{"thing":null}}"#);
    assert_eq!(rest.get("/v1/things/1").await.problem(), (404, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_subgraph_that_is_away() {
    let rest = Rest::new("{}");
    for (status, answer) in [(503, "down"), (200, "{"), (200, ""), (200, "[]"), (404, "<html>")] {
        rest.answers_with(status, answer);
        let answer = rest.get("/v1/things/1").await;
        assert_eq!(answer.problem(), (503, "UNAVAILABLE".to_owned()), "{}", answer.body);
        assert_eq!(answer.header("retry-after"), "2");
    }
}

#[tokio::test]
async fn who_may() {
    let rest = Rest::new(r#"{"secret":{"id":"1"}}"#);
    let ask = async |token: &str| {
        rest.send("GET", "/v1/secrets/1", &[("authorization", token)], "").await
    };
    let answer = rest.get("/v1/secrets/1").await;
    assert_eq!(answer.problem(), (401, "UNAUTHENTICATED".to_owned()));
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let answer = ask("Bearer made.up.token").await;
    assert_eq!(answer.problem(), (401, "UNAUTHENTICATED".to_owned()));
    assert!(answer.header("www-authenticate").contains("invalid_token"));
    let answer = ask(&rest.bearer(&["other:read"])).await;
    assert_eq!(answer.problem(), (403, "FORBIDDEN".to_owned()));
    assert!(rest.asked().is_empty());
    assert_eq!(ask(&rest.bearer(&["things:read"])).await.status, 200);
}

#[tokio::test]
async fn methods_and_paths() {
    let rest = Rest::new("{}");
    for (method, path, allow) in [
        ("PUT", "/v1/things", "GET, HEAD, POST"),
        ("DELETE", "/v1/things", "GET, HEAD, POST"),
        ("POST", "/v1/things/1", "DELETE, GET, HEAD"),
        ("OPTIONS", "/v1/search", "GET, HEAD"),
        ("POST", "/v1/openapi.json", "GET,HEAD"),
        ("POST", "/v1/health", "GET,HEAD"),
    ] {
        let answer = rest.send(method, path, &[], "").await;
        assert_eq!(answer.problem(), (405, "METHOD_NOT_ALLOWED".to_owned()), "{path}");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/things/",
        "/v1/things/1/",
        "/v1//things",
        "/v2/things",
        "/v1/Things",
        "/graphql",
        "/v1/things/1/x",
        "/v1/things%2F1",
        "/v1/things/%00",
        "/v1/things/a%0Ab",
    ] {
        assert_eq!(rest.get(path).await.problem(), (404, "NOT_FOUND".to_owned()), "{path}");
    }
    assert_eq!(rest.get("/v1/health").await.body, r#"{"status":"UP"}"#);
    assert_eq!(rest.get("/health/live").await.status, 200);
    assert!(rest.asked().is_empty());
}
