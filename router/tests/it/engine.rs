//! The engine by itself: what it remembers, and what becomes of requests whose client left.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use braid_router::engine::{Allow, EngineOptions, Outcome, Request};
use bytes::Bytes;
use tokio::time::Instant;

use crate::support::{TestApp, engine};

fn request(query: &str) -> Request {
    Request {
        query: query.into(),
        stored: false,
        operation_name: None,
        variables: Bytes::new(),
        caller: None,
        headers: Vec::new(),
        deadline: Instant::now() + Duration::from_secs(10),
        allow: Allow::Any,
    }
}

#[tokio::test]
async fn conditions_are_variants_of_one_document() {
    let (engine, seen) = engine(EngineOptions::default());
    let query = "query($w: Boolean!) { products { name @skip(if: $w) reviews @include(if: $w) { stars } } }";
    for (with, expected, requests) in [
        (
            "true",
            r#"{"data":{"products":[{"reviews":[{"stars":4}]},{"reviews":[{"stars":4}]}]}}"#,
            2,
        ),
        ("false", r#"{"data":{"products":[{"name":"Stool"},{"name":"Table"}]}}"#, 1),
        (
            "true",
            r#"{"data":{"products":[{"reviews":[{"stars":4}]},{"reviews":[{"stars":4}]}]}}"#,
            2,
        ),
    ] {
        seen.requests.store(0, Ordering::SeqCst);
        let variables = format!("{{\"w\":{with}}}").into();
        let response = engine.execute(Request { variables, ..request(query) }).await;
        assert_eq!(response.body, expected);
        assert_eq!(seen.requests.load(Ordering::SeqCst), requests, "what is skipped is not asked");
    }
}

#[tokio::test]
async fn shaping_is_for_stored_documents_only() {
    let (engine, _) = engine(EngineOptions::default());
    let query = "{ products @flatten { name } }";
    for _ in 0..2 {
        let refused = engine.execute(request(query)).await;
        assert_eq!(refused.outcome, Outcome::Refused { status: 400 });
        let stored = engine.execute(Request { stored: true, ..request(query) }).await;
        assert_eq!(stored.body, r#"{"data":{"products":["Stool","Table"]}}"#);
    }
}

#[tokio::test]
async fn many_at_once_are_planned_once_and_all_answered() {
    let (engine, _) = engine(EngineOptions { planning_threads: 1, ..EngineOptions::default() });
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let engine = Arc::clone(&engine);
        tasks.spawn(async move { engine.execute(request("{ products { id } }")).await });
    }
    while let Some(response) = tasks.join_next().await {
        assert_eq!(response.unwrap().body, r#"{"data":{"products":[{"id":"p1"},{"id":"p2"}]}}"#);
    }
}

#[tokio::test]
async fn known_operations_are_bounded_and_forgotten_ones_come_back() {
    let (engine, _) = engine(EngineOptions { cache_bytes: 64 * 1024, ..EngineOptions::default() });
    for round in 0..300 {
        let response = engine.execute(request(&format!("{{ a{round}: __typename }}"))).await;
        assert_eq!(response.body, format!("{{\"data\":{{\"a{round}\":\"Query\"}}}}"));
    }
    let response = engine.execute(request("{ a0: __typename }")).await;
    assert_eq!(response.body, r#"{"data":{"a0":"Query"}}"#);
}

#[tokio::test]
async fn a_mutation_runs_to_its_end_when_the_client_leaves() {
    let app = TestApp::plain();
    let (engine, seen) = (Arc::clone(&app.engine), Arc::clone(&app.seen));
    let client = tokio::spawn(async move {
        engine.execute(request("mutation { rename(id: 1, name: \"Chair\") { name } }")).await
    });
    seen.slow_begun.notified().await;
    client.abort();
    assert!(client.await.is_err());
    assert_eq!(seen.mutations.load(Ordering::SeqCst), 0);
    seen.release.notify_one();
    app.engine.finish().await;
    assert_eq!(seen.mutations.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_subgraph_that_hangs_costs_its_field_at_the_deadline() {
    let (engine, _) = engine(EngineOptions::default());
    let deadline = Instant::now() + Duration::from_millis(200);
    let request = Request { deadline, ..request("{ slow topReview { stars } }") };
    let response = engine.execute(request).await;
    assert!(deadline.elapsed() < Duration::from_millis(500));
    let json: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(json["data"], serde_json::json!({ "slow": null, "topReview": { "stars": 5 } }));
    assert_eq!(json["errors"][0]["extensions"]["code"], "SUBREQUEST_TIMEOUT");
    assert_eq!(json["errors"][0]["extensions"]["service"], "products");
}

#[tokio::test]
async fn subscriptions_are_refused() {
    let (engine, _) = engine(EngineOptions::default());
    let response = engine.execute(request("subscription { x }")).await;
    assert_eq!(response.outcome, Outcome::Refused { status: 400 });
}
