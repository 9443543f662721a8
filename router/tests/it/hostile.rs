//! Requests that mean harm: each is answered fast, with a 4xx, in JSON, and costs little.

use axum::body::Body;
use braid_router::engine::EngineOptions;
use bytes::Bytes;
use serde_json::json;

use crate::support::{Answer, Setup, TestApp};

fn check_refused(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{what}");
    assert!(answer.body.len() < 20_000, "{what}: {} bytes", answer.body.len());
    assert!(answer.header("content-type").contains("json"), "{what}");
}

#[tokio::test]
async fn malformed_bodies() {
    let app = TestApp::plain();
    let deep =
        format!("{{\"query\":\"{{__typename}}\",\"variables\":{}1", "{\"a\":".repeat(100_000));
    let arrays = format!("{{\"variables\":{}", "[".repeat(1_000_000));
    let bodies: Vec<(&str, Bytes)> = vec![
        ("empty", "".into()),
        ("space", " ".into()),
        ("null", "null".into()),
        ("number", "1".into()),
        ("cut", "{\"query\":\"{__typename}".into()),
        ("garbage", "\u{0}\u{1}".into()),
        ("two values", "{\"query\":\"{__typename}\"}{}".into()),
        ("trailing comma", "{\"query\":\"{__typename}\",}".into()),
        ("single quotes", "{'query':'{__typename}'}".into()),
        ("comment", "{/**/\"query\":\"{__typename}\"}".into()),
        ("bom", "\u{feff}{\"query\":\"{__typename}\"}".into()),
        ("not utf-8", Bytes::from_static(b"{\"query\":\"\xff\"}")),
        ("lone surrogate", "{\"query\":\"\\ud800\"}".into()),
        ("control character", "{\"query\":\"a\u{1}b\"}".into()),
        ("NaN", "{\"query\":\"{__typename}\",\"variables\":{\"a\":NaN}}".into()),
        ("leading zero", "{\"query\":\"{__typename}\",\"variables\":{\"a\":01}}".into()),
        ("form", "query=%7B__typename%7D".into()),
        ("twice", "{\"query\":\"{__typename}\",\"query\":\"{me{id}}\"}".into()),
        ("twice escaped", "{\"query\":\"{__typename}\",\"qu\\u0065ry\":\"{me{id}}\"}".into()),
        (
            "variables twice",
            "{\"query\":\"{__typename}\",\"variables\":{},\"variables\":{}}".into(),
        ),
        ("deep objects", deep.into()),
        ("deep arrays", arrays.into()),
    ];
    for (what, body) in bodies {
        check_refused(&app.post(body).await, 400, "BAD_REQUEST", what);
    }
    assert_eq!(app.query("{ __typename }").await.status, 200);
}

#[tokio::test]
async fn numbers_stay_numbers() {
    let app = TestApp::plain();
    let ask = async |value: &str, variable: &str| {
        let body = format!(
            "{{\"query\":\"query({variable}){{echo(number:$n)}}\",\"variables\":{{\"n\":{value}}}}}"
        );
        app.post(body).await
    };
    let digits = "9".repeat(100_000);
    for value in ["1e999999", "1.5", "2147483648", "\"1\"", &*digits] {
        let answer = ask(value, "$n:Int").await;
        assert_eq!(answer.status, 400, "{value:.20}");
        assert!(answer.body.len() < 20_000);
    }
    assert_eq!(ask("2147483647", "$n:Int").await.status, 200);
    let keys: String = (0..60_000).map(|n| format!("\"k{n}\":1,")).collect();
    let body = format!("{{{keys}\"query\":\"{{__typename}}\"}}");
    assert_eq!(app.post(body).await.status, 200);
}

#[tokio::test]
async fn content_types_that_a_page_can_send() {
    let app = TestApp::plain();
    let body = json!({ "query": "mutation { rename(id: 1, name: \"x\") { id } }" }).to_string();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain; application/json"),
        Some("application/json; charset=utf-16"),
        Some("application/jsonx"),
        Some("application/graphql"),
        Some("application/json; boundary=x"),
    ] {
        let mut request = http::Request::post("/graphql");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = app.send(request.body(Body::from(body.clone())).unwrap()).await;
        check_refused(&answer, 415, "UNSUPPORTED_MEDIA_TYPE", &format!("{content_type:?}"));
    }
    let two = http::Request::post("/graphql")
        .header("content-type", "application/json")
        .header("content-type", "text/plain");
    let answer = app.send(two.body(Body::from(body.clone())).unwrap()).await;
    check_refused(&answer, 400, "BAD_REQUEST", "two content types");
    assert_eq!(app.seen.requests.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn gets_that_a_page_can_cause() {
    let app = TestApp::plain();
    let query = "query=%7B__typename%7D";
    let json = ("accept", "application/json");
    for headers in [
        &[][..],
        &[("accept", "*/*")],
        &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")],
        &[json, ("sec-fetch-site", "cross-site")],
        &[json, ("sec-fetch-site", "same-site")],
        &[json, ("origin", "https://evil.example")],
    ] {
        let answer = app.get(query, headers).await;
        check_refused(&answer, 400, "CSRF_PREVENTION", &format!("{headers:?}"));
    }
    for headers in [
        &[json][..],
        &[json, ("sec-fetch-site", "same-origin")],
        &[("graphql-require-preflight", "1"), ("origin", "https://evil.example")],
        &[("apollo-require-preflight", "true")],
        &[("content-type", "application/json")],
    ] {
        assert_eq!(app.get(query, headers).await.status, 200, "{headers:?}");
    }
    let answer = app.get(query, &[json, ("content-type", "text/plain")]).await;
    check_refused(&answer, 415, "UNSUPPORTED_MEDIA_TYPE", "GET with text/plain");
}

#[tokio::test]
async fn a_method_cannot_be_overridden() {
    let app = TestApp::plain();
    let mutation = "query=mutation%7Brename(id:1,name:%22x%22)%7Bid%7D%7D";
    let json = ("accept", "application/json");
    for name in ["x-http-method-override", "x-method-override", "x-http-method"] {
        let answer = app.get(mutation, &[json, (name, "POST")]).await;
        check_refused(&answer, 405, "METHOD_NOT_ALLOWED", name);
    }
    assert_eq!(app.seen.requests.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_query_in_url_and_body() {
    let app = TestApp::plain();
    for parameter in ["query=%7Bme%7Bid%7D%7D", "variables=%7B%7D", "documentId=x", "%71uery=x"] {
        let request = http::Request::post(format!("/graphql?{parameter}"))
            .header("content-type", "application/json")
            .body(Body::from(r#"{"query":"{__typename}"}"#))
            .unwrap();
        check_refused(&app.send(request).await, 400, "BAD_REQUEST", parameter);
    }
}

#[tokio::test]
async fn bodies_beyond_the_limit() {
    let app = TestApp::plain();
    let large = format!("{{\"query\":\"{}\"}}", "a".repeat(1024 * 1024));
    check_refused(&app.post(large.clone()).await, 413, "PAYLOAD_TOO_LARGE", "1 MiB and more");
    // Not announced: cut off at the limit.
    let chunk = || Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 65_536]));
    let endless = Body::from_stream(futures_util::stream::repeat_with(chunk));
    check_refused(&app.post(endless).await, 413, "PAYLOAD_TOO_LARGE", "endless chunks");
    let answer = app.post_with(large, &[("content-encoding", "gzip")]).await;
    check_refused(&answer, 415, "UNSUPPORTED_MEDIA_TYPE", "compressed");
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    check_refused(&app.post(never).await, 408, "REQUEST_TIMEOUT", "a body that never comes");
}

#[tokio::test]
async fn introspection_is_closed() {
    let app = TestApp::plain();
    for query in [
        "{ __schema { types { name } } }",
        "{ a: __schema { queryType { name } } }",
        "{ __type(name: \"Product\") { name } }",
        "query IntrospectionQuery { __schema { types { name } } }",
        "{ ...F } fragment F on Query { __schema { types { name } } }",
        "{ ... on Query { __type(name: \"Product\") { fields { name } } } }",
        "query($y: Boolean = true) { __schema @skip(if: $y) { types { name } } __typename }",
    ] {
        check_refused(&app.query(query).await, 400, "INTROSPECTION_DISABLED", query);
    }
    let get = "query=%7B__schema%7Btypes%7Bname%7D%7D%7D";
    let answer = app.get(get, &[("accept", "application/graphql-response+json")]).await;
    check_refused(&answer, 400, "INTROSPECTION_DISABLED", "GET");
    assert_eq!(app.query("{ __typename }").await.status, 200);

    let engine = EngineOptions { introspection: true, ..EngineOptions::default() };
    let open = TestApp::new(Setup { engine, ..Setup::default() });
    let query = "query($n: String!) { __type(name: $n) { name } }";
    for name in ["Product", "User"] {
        let body = json!({ "query": query, "variables": { "n": name } }).to_string();
        let answer = open.post(body).await;
        assert_eq!(answer.json(), json!({ "data": { "__type": { "name": name } } }));
    }
}

#[tokio::test]
async fn nothing_is_told_of_the_schema() {
    let app = TestApp::plain();
    for query in [
        "{ product }",
        "{ prodcts { name } }",
        "{ products { nam } }",
        "{ product(di: 1) { name } }",
        "query($p: Prodct) { __typename }",
        "{ products { ... on Usr { id } } }",
        "mutation { renam(id: 1) { id } }",
    ] {
        let answer = app.query(query).await;
        assert_eq!(answer.status, 400, "{query}");
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        assert!(!text.contains("did you mean"), "{query}: {text}");
        for name in ["\"name", "`name", "`products", "`rename`", "`user`", "email"] {
            assert!(!text.contains(name) || query.contains(&name[1..]), "{query}: {text}");
        }
    }
}

#[tokio::test]
async fn long_names_are_not_repeated() {
    let app = TestApp::plain();
    let name = "a".repeat(200_000);
    for body in [
        json!({ "query": format!("{{ {name} }}") }),
        json!({ "query": format!("query {name} {{ nope }}") }),
        json!({ "query": "{ __typename }", "operationName": name }),
        json!({ "query": format!("query(${name}: Int) {{ __typename }}") }),
        json!({ "query": format!("{{ echo(text: \"{name}\" }}") }),
    ] {
        let answer = app.post(body.to_string()).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.len() < 2_000, "{}", answer.body.len());
    }
}

#[tokio::test]
async fn documents_beyond_the_limits() {
    let app = TestApp::plain();
    let deep =
        format!("{{ product(id: 1) {{ {} id {} }} }}", "parent { ".repeat(200), "}".repeat(200));
    let aliases: String = (0..10_000).map(|n| format!("a{n}: slow ")).collect();
    let bomb: String = (0..30)
        .map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1))
        .collect();
    for (query, code) in [
        (deep, "MAX_NESTING"),
        (format!("{{ {aliases} }}"), "MAX_TOKENS"),
        (format!("{{ ...F0 }} {bomb} fragment F30 on Query {{ slow }}"), "MAX_ROOT_FIELDS"),
        (format!("{{ echo(text: {} }}", "[".repeat(100_000)), "MAX_NESTING"),
    ] {
        let begun = std::time::Instant::now();
        let answer = app.query(&query).await;
        assert_eq!(answer.status, 400, "{code}");
        assert_eq!(answer.code(), code);
        assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{code}");
    }
    assert_eq!(app.seen.requests.load(std::sync::atomic::Ordering::SeqCst), 0);
}

/// Bytes of good requests, changed at random places: whatever comes of it, it is answered.
#[tokio::test]
async fn changed_requests_are_answered() {
    let app = TestApp::plain();
    let good = [
        r#"{"query":"query($w:Boolean!){products{name @skip(if:$w) ...F}} fragment F on Product{id}","variables":{"w":true},"operationName":null,"extensions":{"a":[1.5e3,"\u00e9"]}}"#,
        r#"{"query":"{a:echo(text:\"x\",number:-1) product(id:1){... on Product{parent{id}}}}"}"#,
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 16).unwrap() % below
    };
    for round in 0..3_000 {
        let mut bytes = good[round % good.len()].as_bytes().to_vec();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = b"{}[]():$@\"\\,.0e-\x00\xff! #"[random(21)],
                1 => drop(bytes.remove(at)),
                _ => {
                    let from = random(bytes.len());
                    let piece: Vec<u8> = bytes[from..].iter().take(12).copied().collect();
                    bytes.splice(at..at, piece);
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let answer = app.post(bytes).await;
        assert!(answer.status.as_u16() < 500, "{} for {text}", answer.status);
        assert!(answer.json().is_object(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn costly_refusals_do_not_hold_up_others() {
    let app = std::sync::Arc::new(TestApp::plain());
    let mut costly = tokio::task::JoinSet::new();
    for round in 0..50 {
        let app = std::sync::Arc::clone(&app);
        let fields: String = (0..4_000).map(|n| format!("f{round}_{n} ")).collect();
        costly.spawn(async move { app.query(&format!("{{ products {{ {fields} }} }}")).await });
    }
    tokio::task::yield_now().await;
    let begun = std::time::Instant::now();
    assert_eq!(app.query("{ products { id } }").await.status, 200);
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    while let Some(answer) = costly.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.body.len() < 20_000);
        let errors = answer.json()["errors"].as_array().unwrap().len();
        assert!(errors <= 20, "{errors}");
    }
}
