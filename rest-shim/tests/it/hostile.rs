//! Bodies and paths that are made to do harm.

use crate::support::Rest;

#[tokio::test]
async fn malformed_bodies() {
    let rest = Rest::new("{}");
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("{{\"display_name\":\"x\",\"anything\":{open}{close}}}")
    };
    // The body is an object, which is one level, and so is the object of variables around it.
    let answer = rest.post("/v1/things", &deep(62)).await;
    assert_ne!(answer.status.as_u16(), 400, "{}", answer.body);
    rest.asked();
    for body in [deep(63), deep(200), deep(100_000), "[".repeat(100_000), "{\"a\":".repeat(1_000)] {
        let answer = rest.post("/v1/things", &body).await;
        assert_eq!(
            answer.problem().0,
            if body.contains("name") || body.starts_with('[') { 400 } else { 422 }
        );
        assert!(answer.body.len() < 1_000);
    }
    for body in [
        "",
        " ",
        "null",
        "1",
        "\"x\"",
        "[]",
        "{",
        "{}}",
        "{\"display_name\":}",
        "{'a':1}",
        "{\"display_name\":\"x\"} {}",
        "{\"display_name\":\"\\ud800\"}",
        "{\"display_name\":01}",
        "{\"display_name\":\"\u{1}\"}",
        "\u{feff}{}",
    ] {
        let answer = rest.post("/v1/things", body).await;
        assert_eq!(answer.problem(), (400, "BAD_REQUEST".to_owned()), "{body}: {}", answer.body);
    }
    assert!(rest.asked().is_empty());
}

#[tokio::test]
async fn huge_numbers_and_names() {
    let rest = Rest::new("{}");
    for number in ["1e999999", "-1e999999", &"9".repeat(100_000), "1.5", "1e2"] {
        let body = format!("{{\"display_name\":\"x\",\"size_in_cm\":{number}}}");
        let answer = rest.post("/v1/things", &body).await;
        assert_eq!(answer.problem(), (422, "INVALID".to_owned()));
        assert!(answer.body.len() < 1_000, "{}", answer.body);
    }
    let body = format!("{{\"{}\":1}}", "a".repeat(500_000));
    let answer = rest.post("/v1/things", &body).await;
    assert!(answer.status == 422 && answer.body.len() < 1_000);
    let keys: String = (0..50_000).map(|n| format!("\"k{n}\":1,")).collect();
    let body = format!("{{\"display_name\":\"x\",\"anything\":{{{keys}\"z\":1}},\"x\":1}}");
    assert_eq!(rest.post("/v1/things", &body).await.problem().0, 422);
    let large = format!("{{\"display_name\":\"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(
        rest.post("/v1/things", &large).await.problem(),
        (413, "PAYLOAD_TOO_LARGE".to_owned())
    );
    let query = format!("/v1/things?{}", "kind=SMALL&".repeat(2_000));
    assert_ne!(rest.get(&query).await.status.as_u16(), 500);
    let name = "n".repeat(10_000);
    assert!(rest.get(&format!("/v1/things?{name}=1")).await.body.len() < 1_000);
}

#[tokio::test]
async fn content_types() {
    let rest = Rest::new("{}");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "application/jsonx",
        "",
    ] {
        let headers = [("content-type", kind), ("idempotency-key", "k")];
        let answer = rest.send("POST", "/v1/things", &headers, "{}").await;
        assert_eq!(answer.problem(), (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()), "{kind}");
    }
    let packed = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("idempotency-key", "k"),
    ];
    assert_eq!(rest.send("POST", "/v1/things", &packed, "{}").await.problem().0, 415);
}

#[tokio::test]
async fn paths_with_broken_escapes() {
    let rest = Rest::new("{}");
    for path in ["/v1/things/%zz", "/v1/things/%f", "/v1/things/%ff", "/v1/things/%c0%af"] {
        assert_eq!(rest.get(path).await.problem(), (400, "BAD_REQUEST".to_owned()), "{path}");
    }
    assert!(rest.asked().is_empty());
}
