//! An edge over one fake subgraph, and ways to ask it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use braid_composition::SubgraphInput;
use braid_documents::Rules;
use braid_edge::auth::AuthHandler;
use braid_edge::stored::{self, EdgeParts, Text};
use braid_edge::{Bundle, Source};
use braid_executor::{InProcess, InProcessFuture, SubgraphConfig, Subgraphs, Via};
use braid_model::Supergraph;
use braid_router::engine::{Engine, EngineOptions};
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::graphql::GraphqlApp;
use braid_router::serve::{App as _, Shutdown};
use braid_vouch::token::{TokenSigner, TokenVerifier};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};

const SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
type Query { user(id: ID!): User users: UserConnection! }
type Mutation { rename(id: ID!, name: String!): User }
type User { id: ID! name: String owner: User tags: [Tag!] }
type Tag { id: ID! label: String }
type UserConnection { nodes: [User!]! pageInfo: PageInfo! }
type PageInfo { endCursor: String }
"#;

pub(crate) const USER: Source =
    Source { id: "User", text: "query User($id: ID!) { user(id: $id) { id name } }" };
pub(crate) const RENAME: Source = Source {
    id: "Rename",
    text: "mutation Rename($id: ID!, $name: String!) { rename(id: $id, name: $name) { name } }",
};

struct Fake {
    data: Value,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl InProcess for Fake {
    fn call(&self, request: Request<Bytes>) -> InProcessFuture {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        self.bodies.lock().unwrap().push(body);
        let answer = Bytes::from(json!({ "data": self.data }).to_string());
        Box::pin(async move {
            let response = http::Response::builder().header("content-type", "application/json");
            response.body(answer).unwrap()
        })
    }
}

/// An edge whose subgraph answers `data` to everything.
pub(crate) struct Edge {
    app: GraphqlApp,
    /// What the subgraph was asked.
    pub(crate) bodies: Arc<Mutex<Vec<Value>>>,
}

impl Edge {
    pub(crate) fn new(sources: &[Source], text: Text, data: Value) -> Self {
        let auth: AuthHandler = Arc::new(|_| Box::pin(async { unreachable!("nobody signs in") }));
        Self::with_auth(sources, text, data, auth)
    }

    pub(crate) fn with_auth(
        sources: &[Source],
        text: Text,
        data: Value,
        auth: AuthHandler,
    ) -> Self {
        let url = "http://in.process/graphql".to_owned();
        let input =
            SubgraphInput { name: "users".to_owned(), url, sdl: SDL.to_owned(), file: None };
        let composed = braid_composition::compose(&[input]).unwrap();
        let schema = Arc::new(Supergraph::read(&composed.supergraph_sdl).unwrap());
        let bundle = Bundle::load(&schema, Rules::OWN, sources).unwrap();
        let bodies = Arc::default();
        let subgraphs = Subgraphs::new(vec![SubgraphConfig {
            via: Via::InProcess(Arc::new(Fake { data, bodies: Arc::clone(&bodies) })),
            signer: Some(Arc::new(braid_vouch::Signer::new("test", &[7; 32]).unwrap())),
            ..SubgraphConfig::new("users", "http://in.process/graphql")
        }]);
        let engine = Engine::new(schema, subgraphs.unwrap(), EngineOptions::default());
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
        let others = braid_edge::others(auth, &Shutdown::new(), Router::new());
        Self { app: stored::app(parts, bundle, text, others), bodies }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.app.call(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// POST of JSON with `Accept: application/graphql-response+json`.
    pub(crate) async fn post(&self, body: impl ToString) -> Answer {
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("accept", "application/graphql-response+json");
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The status and the code of the first error.
    pub(crate) fn refusal(&self) -> (u16, String) {
        let code = self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or("").to_owned();
        (self.status.as_u16(), code)
    }
}
