//! The draft specification "GraphQL over HTTP", section by section.

use serde_json::json;

use crate::support::{Setup, TestApp};

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL: &str = "application/graphql-response+json; charset=utf-8";

#[tokio::test]
async fn answers_a_query_over_two_subgraphs() {
    let app = TestApp::plain();
    let answer = app.query("{ products { name reviews { stars } } }").await;
    assert_eq!(answer.status, 200);
    let expected = json!({ "data": { "products": [
        { "name": "Stool", "reviews": [{ "stars": 4 }] },
        { "name": "Table", "reviews": [{ "stars": 4 }] },
    ] } });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn media_type_of_the_answer() {
    let app = TestApp::plain();
    let body = json!({ "query": "{ __typename }" }).to_string();
    let cases: &[(Option<&str>, &str)] = &[
        (None, JSON),
        (Some(""), JSON),
        (Some("*/*"), JSON),
        (Some("application/*"), JSON),
        (Some("application/json"), JSON),
        (Some("application/json; charset=utf-8"), JSON),
        (Some("APPLICATION/JSON"), JSON),
        (Some("application/graphql-response+json"), GRAPHQL),
        (Some("application/graphql-response+json; charset=\"UTF-8\""), GRAPHQL),
        (Some("application/graphql-response+json, application/json"), GRAPHQL),
        (Some("application/json, application/graphql-response+json"), GRAPHQL),
        (Some("application/graphql-response+json, application/json;q=0.9"), GRAPHQL),
        (Some("application/graphql-response+json;q=0.5, application/json;q=0.9"), JSON),
        (Some("application/graphql-response+json;q=0, */*"), JSON),
        (Some("application/json;q=0, */*;q=0.1"), GRAPHQL),
        (Some("text/html, application/xhtml+xml, */*;q=0.8"), JSON),
        (Some("multipart/mixed, application/json"), JSON),
        (Some("text/x; a=\",application/json,\", application/graphql-response+json"), GRAPHQL),
    ];
    for (accept, expected) in cases {
        let headers: Vec<(&str, &str)> = accept.iter().map(|accept| ("accept", *accept)).collect();
        let answer = app.post_with(body.clone(), &headers).await;
        assert_eq!(answer.status, 200, "{accept:?}");
        assert_eq!(answer.header("content-type"), *expected, "{accept:?}");
    }
}

#[tokio::test]
async fn refuses_what_cannot_be_accepted() {
    let app = TestApp::plain();
    let body = json!({ "query": "{ __typename }" }).to_string();
    for (accept, status) in [
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json; charset=iso-8859-1", 406),
        ("multipart/mixed", 406),
        ("application/json;q=2", 400),
        ("application/json;q=0.1234", 400),
        ("application/json;q=x", 400),
    ] {
        let answer = app.post_with(body.clone(), &[("accept", accept)]).await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.header("content-type"), JSON, "{accept}");
        assert!(answer.json()["errors"][0]["message"].is_string(), "{accept}");
    }
}

#[tokio::test]
async fn status_depends_on_the_media_type() {
    let app = TestApp::plain();
    // What, status for application/json, status for application/graphql-response+json, code.
    let cases = [
        (json!({ "query": "{" }), 200, 400, "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "" }), 200, 400, "GRAPHQL_PARSE_FAILED"),
        (json!({ "query": "{ nope }" }), 200, 400, "GRAPHQL_VALIDATION_FAILED"),
        (
            json!({ "query": "query A { __typename } query B { __typename }" }),
            200,
            400,
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (
            json!({ "query": "query A { __typename }", "operationName": "B" }),
            200,
            400,
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (json!({ "query": "{ me { id } }" }), 200, 200, "UNAUTHORIZED_FIELD_OR_TYPE"),
        (json!({}), 400, 400, "BAD_REQUEST"),
        (json!({ "query": null }), 400, 400, "BAD_REQUEST"),
        (json!({ "query": 0 }), 400, 400, "BAD_REQUEST"),
        (json!({ "query": {} }), 400, 400, "BAD_REQUEST"),
        (json!({ "query": "{ __typename }", "operationName": 1 }), 400, 400, "BAD_REQUEST"),
        (json!({ "query": "{ __typename }", "variables": [] }), 400, 400, "BAD_REQUEST"),
        (json!({ "query": "{ __typename }", "variables": "{}" }), 400, 400, "BAD_REQUEST"),
        (json!({ "query": "{ __typename }", "extensions": 7 }), 400, 400, "BAD_REQUEST"),
        (json!([{ "query": "{ __typename }" }]), 400, 400, "BATCHING_NOT_SUPPORTED"),
        (json!([]), 400, 400, "BATCHING_NOT_SUPPORTED"),
        (json!("{ __typename }"), 400, 400, "BAD_REQUEST"),
        (json!({ "documentId": "x" }), 400, 400, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ];
    for (body, json, graphql, code) in cases {
        for (accept, expected) in
            [("application/json", json), ("application/graphql-response+json", graphql)]
        {
            let answer = app.post_with(body.to_string(), &[("accept", accept)]).await;
            assert_eq!(answer.status, expected, "{body} {accept}");
            assert_eq!(answer.code(), code, "{body}");
            assert!(answer.header("content-type").starts_with(accept), "{body} {accept}");
            let has_data = answer.json().get("data").is_some();
            assert_eq!(has_data, code == "UNAUTHORIZED_FIELD_OR_TYPE", "{body}");
        }
    }
}

#[tokio::test]
async fn accepts_what_is_optional() {
    let app = TestApp::plain();
    for body in [
        json!({ "query": "{ __typename }", "variables": null, "operationName": null }),
        json!({ "query": "query A { __typename }", "operationName": "A", "extensions": null }),
        json!({ "query": "{ __typename }", "variables": {}, "extensions": { "x": [1] } }),
        json!({ "query": "query A { __typename }", "operationName": "" }),
        json!({ "query": "{ __typename }", "future": true }),
    ] {
        let answer = app.post(body.to_string()).await;
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.json(), json!({ "data": { "__typename": "Query" } }), "{body}");
    }
}

#[tokio::test]
async fn variables_reach_subgraphs_as_they_were_sent() {
    let app = TestApp::plain();
    let body = r#"{"query":"query($n:Int,$t:String,$i:ID){echo(number:$n,text:$t,id:$i)}",
        "variables":{"n":12,"t":"a\u00e9\ud83d\ude00\"","i":7,"surplus":true}}"#;
    let answer = app.post(body).await;
    let echoed = answer.json()["data"]["echo"].as_str().unwrap().to_owned();
    let echoed: serde_json::Value = serde_json::from_str(&echoed).unwrap();
    assert_eq!(echoed, json!({ "n": 12, "t": "aé😀\"", "i": "7" }));
}

#[tokio::test]
async fn get_asks_queries_only() {
    let app = TestApp::plain();
    let accept = [("accept", "application/graphql-response+json")];
    let answer = app.get("query=%7B+__typename%20%7D", &accept).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (200, "(no error)"));
    let query =
        "query=query($id:ID!)%7Bproduct(id:$id)%7Bname%7D%7D&variables=%7B%22id%22:%22p1%22%7D";
    let answer = app.get(query, &accept).await;
    assert_eq!(answer.json(), json!({ "data": { "product": { "name": "Stool" } } }));
    for accept in ["application/json", "application/graphql-response+json"] {
        let mutation = "query=mutation%7Brename(id:1,name:%22x%22)%7Bid%7D%7D";
        let answer = app.get(mutation, &[("accept", accept)]).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header("allow"), "POST");
        assert_eq!(answer.code(), "METHOD_NOT_ALLOWED");
    }
    assert_eq!(app.seen.mutations.load(std::sync::atomic::Ordering::SeqCst), 0);
    for (query, code) in [
        ("", "BAD_REQUEST"),
        ("query=%zz", "BAD_REQUEST"),
        ("query=%7B__typename%7D&query=%7B__typename%7D", "BAD_REQUEST"),
        ("query=%7B__typename%7D&variables=%7B", "BAD_REQUEST"),
        ("query=%7B__typename%7D&variables=[]", "BAD_REQUEST"),
        ("query=%ff", "BAD_REQUEST"),
        ("query=%7B", "GRAPHQL_PARSE_FAILED"),
    ] {
        let answer = app.get(query, &accept).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{query}");
    }
}

#[tokio::test]
async fn other_methods_and_paths() {
    let app = TestApp::plain();
    for method in ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"] {
        let request = http::Request::builder().method(method).uri("/graphql");
        let answer = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), "GET, POST", "{method}");
    }
    for path in ["/", "/graphql/", "/graphql/x", "/..%2fgraphql", "/%00", "/health", "/metrics"] {
        let request = http::Request::post(path).body(axum::body::Body::empty()).unwrap();
        let answer = app.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "NOT_FOUND"), "{path}");
    }
}

#[tokio::test]
async fn cross_origin_requests_need_a_known_origin() {
    let origins = vec!["https://app.example.com".to_owned()];
    let app = TestApp::new(Setup { origins, ..Setup::default() });
    let preflight = |origin: &'static str| {
        http::Request::options("/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let answer = app.send(preflight("https://app.example.com")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    for origin in [
        "https://evil.example",
        "null",
        "https://app.example.com.evil.example",
        "https://xapp.example.com",
        "http://app.example.com",
        "file://",
    ] {
        let answer = app.send(preflight(origin)).await;
        assert_eq!(answer.status, 405, "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let answer = app.post_with(r#"{"query":"{__typename}"}"#, &[("origin", origin)]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
}

#[tokio::test]
async fn health_follows_the_shutdown() {
    let app = TestApp::plain();
    let ask = |path: &'static str| {
        app.send(http::Request::get(path).body(axum::body::Body::empty()).unwrap())
    };
    assert_eq!(ask("/health/live").await.status, 200);
    let ready = ask("/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()), (200, json!({ "status": "UP" })));
    app.shutdown.drain();
    let ready = ask("/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.json()), (503, json!({ "status": "DRAINING" })));
    assert_eq!(ask("/health/live").await.status, 200);
}
