//! Tests of the edge over HTTP. The subgraphs are not there: what is asked needs none.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use braid_edge::auth::AuthHandler;
use braid_edge::stored::EdgeParts;
use braid_executor::{SubgraphConfig, Subgraphs};
use braid_model::Supergraph;
use braid_router::engine::{Engine, EngineOptions};
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::graphql::GraphqlApp;
use braid_router::serve::{App as _, Shutdown};
use braid_vouch::token::{TokenSigner, TokenVerifier};
use http::{HeaderMap, Request};
use serde_json::{Value, json};

fn parts() -> (Arc<Supergraph>, EdgeParts) {
    let sdl = include_str!("../../../schema/supergraph.graphql");
    let schema = Arc::new(Supergraph::read(sdl).unwrap());
    let nobody = |name: &str| SubgraphConfig::new(name, "http://127.0.0.1:9/graphql");
    let configs = schema.subgraphs.iter().map(|subgraph| nobody(&subgraph.name)).collect();
    let options = EngineOptions { introspection: true, ..EngineOptions::default() };
    let engine = Engine::new(Arc::clone(&schema), Subgraphs::new(configs).unwrap(), options);
    let key = TokenSigner::generate_key().unwrap();
    let signer = TokenSigner::new(&key, "issuer", "braid").unwrap();
    let verifier = TokenVerifier::new(&signer.jwks(), "issuer", "braid").unwrap();
    let parts = EdgeParts {
        engine: Arc::new(engine),
        authenticator: Arc::new(Authenticator::fixed(verifier)),
        body: BodyLimits::default(),
        request_time: Duration::from_secs(5),
        metrics: Arc::default(),
    };
    (schema, parts)
}

fn nobody_signs_in() -> AuthHandler {
    Arc::new(|_| Box::pin(async { unreachable!("nobody signs in") }))
}

async fn send(app: &GraphqlApp, request: Request<Body>) -> (u16, HeaderMap, String) {
    let (parts, body) = app.call(request).await.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

async fn post(app: &GraphqlApp, body: &Value) -> (u16, Value) {
    let request = Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json");
    let (status, _, body) = send(app, request.body(body.to_string().into()).unwrap()).await;
    (status, serde_json::from_str(&body).unwrap())
}

const TEXT: &str = "{ __schema { queryType { name } } }";

async fn get(app: &GraphqlApp, path: &str) -> (u16, HeaderMap, String) {
    send(app, Request::get(path).body(Body::empty()).unwrap()).await
}

fn app(mode: bff_web::Mode) -> GraphqlApp {
    let (schema, parts) = parts();
    let bundle = bff_web::bundle(&schema).unwrap();
    bff_web::app(parts, bundle, nobody_signs_in(), mode, &Shutdown::new())
}

fn development() -> GraphqlApp {
    let login = bff_web::Login {
        email: "ada@example.com".to_owned(),
        password: "</script>".to_owned(),
        role: "staff".to_owned(),
    };
    app(bff_web::Mode::Development(vec![login]))
}

#[tokio::test]
async fn production_has_documents_only() {
    let app = app(bff_web::Mode::Production);
    for path in ["/", "/graphiql", "/explorer/main.js", "/explorer/data.json"] {
        assert_eq!(get(&app, path).await.0, 404, "{path}");
    }
    let (status, answer) = post(&app, &json!({ "query": TEXT })).await;
    assert_eq!(
        (status, &answer["errors"][0]["extensions"]["code"]),
        (400, &json!("PERSISTED_QUERY_ID_REQUIRED"))
    );
    let (status, answer) = post(&app, &json!({ "documentId": "W13_Access" })).await;
    // It needs a caller, so nothing is fetched.
    assert_eq!(
        (status, &answer["errors"][0]["extensions"]["code"]),
        (200, &json!("UNAUTHORIZED_FIELD_OR_TYPE"))
    );
}

#[tokio::test]
async fn development_takes_text() {
    let (status, answer) = post(&development(), &json!({ "query": TEXT })).await;
    assert_eq!((status, &answer["data"]["__schema"]["queryType"]["name"]), (200, &json!("Query")));
}

#[tokio::test]
async fn the_explorer_is_served_without_anything_inline() {
    let app = development();
    let (status, headers, page) = get(&app, "/graphiql").await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (200, "text/html; charset=utf-8")
    );
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(
        !page.contains("style=")
            && !page.contains("onclick")
            && page.matches("<script").count() == 1
    );
    // Every file that the page names is there, and every file that those import.
    let mut named: Vec<String> = page
        .split('"')
        .filter_map(|text| text.strip_prefix("explorer/").map(str::to_owned))
        .collect();
    assert_eq!(named.len(), 2);
    named.extend(["docs.js", "language.js"].map(str::to_owned));
    for file in named {
        let (status, headers, text) = get(&app, &format!("/explorer/{file}")).await;
        assert_eq!(status, 200, "{file}");
        let kind = if file.ends_with(".css") { "text/css" } else { "text/javascript" };
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind), "{file}");
        assert!(!text.contains("innerHTML") && !text.contains("https://"), "{file}");
    }
    let (_, headers, data) = get(&app, "/explorer/data.json").await;
    assert_eq!(headers["content-type"], "application/json");
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(data["users"][0]["email"], "ada@example.com");
    assert!(
        data["documents"].as_array().unwrap().iter().any(|stored| stored["id"] == "W05_Orders")
    );
    for path in [
        "/explorer/",
        "/explorer/language.test.mjs",
        "/explorer/..%2Findex.html",
        "/explorer/index.html",
    ] {
        assert_eq!(get(&app, path).await.0, 404, "{path}");
    }
    let (status, headers, _) = get(&app, "/").await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (307, "/graphiql"));
}
