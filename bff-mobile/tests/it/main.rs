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

#[tokio::test]
async fn only_documents_run() {
    let (schema, parts) = parts();
    let bundle = bff_mobile::bundle(&schema).unwrap();
    let ids: Vec<String> = bundle.documents().iter().map(|stored| stored.id.clone()).collect();
    assert_eq!(ids, ["M06_Shop", "M07_Product", "M08_Checkout", "M08_PlaceOrder", "M09_Order"]);
    let app = bff_mobile::app(parts, bundle, nobody_signs_in(), &Shutdown::new());
    let (status, answer) = post(&app, &json!({ "query": TEXT })).await;
    let code = &answer["errors"][0]["extensions"]["code"];
    assert_eq!((status, code), (400, &json!("PERSISTED_QUERY_ID_REQUIRED")));
    let order = json!({ "documentId": "M09_Order", "variables": { "id": "1" } });
    let (status, answer) = post(&app, &order).await;
    // It needs a caller, so nothing is fetched.
    assert_eq!((status, &answer["data"]["order"]), (200, &Value::Null));
    let (status, ..) = send(&app, Request::get("/graphiql").body(Body::empty()).unwrap()).await;
    assert_eq!(status, 404);
}
