//! Two fake subgraphs in the process, and ways to ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use braid_composition::SubgraphInput;
use braid_executor::{InProcess, InProcessFuture, SubgraphConfig, Subgraphs, Via};
use braid_model::Supergraph;
use braid_router::engine::{Engine, EngineOptions};
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::cors::Cors;
use braid_router::http::graphql::{GraphqlApp, GraphqlOptions};
use braid_router::http::metrics::Metrics;
use braid_router::serve::{App as _, Shutdown};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) const PRODUCTS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@authenticated", "@requiresScopes", "@policy"])
type Query {
  products: [Product!]!
  product(id: ID!): Product
  me: User @authenticated
  slow: String
  echo(text: String, number: Int, id: ID): String
}
type Mutation { rename(id: ID!, name: String!): Product }
type Product @key(fields: "id") {
  id: ID!
  name: String!
  parent: Product
  cost: Int @requiresScopes(scopes: [["cost:read"], ["admin", "finance"]])
  margin: Int @policy(policies: [["nobody"]])
}
type User { id: ID! email: String }
"#;

pub(crate) const REVIEWS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
type Query { topReview: Review }
type Product @key(fields: "id") { id: ID! reviews: [Review!] }
type Review { stars: Int! }
"#;

/// What the fake subgraphs saw, and what they wait for.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) requests: AtomicUsize,
    pub(crate) mutations: AtomicUsize,
    /// Answers to `slow` and to mutations come after this.
    pub(crate) release: Notify,
    pub(crate) slow_begun: Notify,
    pub(crate) callers: std::sync::Mutex<Vec<Option<String>>>,
}

struct Fake {
    seen: Arc<Seen>,
    name: &'static str,
}

impl InProcess for Fake {
    fn call(&self, request: Request<Bytes>) -> InProcessFuture {
        let seen = Arc::clone(&self.seen);
        let name = self.name;
        Box::pin(async move {
            seen.requests.fetch_add(1, Ordering::SeqCst);
            let caller = request.headers().get(braid_vouch::CALLER_HEADER);
            let caller = caller.map(|caller| caller.to_str().unwrap().to_owned());
            seen.callers.lock().unwrap().push(caller);
            let body: Value = serde_json::from_slice(request.body()).unwrap();
            let query = body["query"].as_str().unwrap().to_owned();
            if query.contains("slow") || query.contains("rename") {
                seen.slow_begun.notify_one();
                seen.release.notified().await;
            }
            if query.starts_with("mutation") {
                seen.mutations.fetch_add(1, Ordering::SeqCst);
            }
            let data = if name == "products" { products(&body) } else { reviews(&body) };
            let body = Bytes::from(json!({ "data": data }).to_string());
            http::Response::builder().header("content-type", "application/json").body(body).unwrap()
        })
    }
}

/// More than anybody asks for: what was not asked for is dropped by the executor.
fn products(body: &Value) -> Value {
    let product = |id: &str, name: &str| {
        json!({ "__typename": "Product", "id": id, "name": name, "cost": 5, "margin": 3,
                "parent": null })
    };
    json!({
        "products": [product("p1", "Stool"), product("p2", "Table")],
        "product": product("p1", "Stool"),
        "me": { "id": "u1", "email": "ada@example.com" },
        "slow": "done",
        "echo": body["variables"].to_string(),
        "rename": product("p1", "Chair"),
    })
}

fn reviews(body: &Value) -> Value {
    let count = body["variables"]["r0"].as_array().map_or(0, Vec::len);
    let entity = json!({ "__typename": "Product", "reviews": [{ "stars": 4 }] });
    json!({ "_entities": vec![entity; count], "topReview": { "stars": 5 } })
}

/// What HTTP clients are built from: the first one of a process says which cryptography there is.
pub(crate) fn client() -> reqwest::ClientBuilder {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
}

/// An engine over the fakes.
pub(crate) fn engine(options: EngineOptions) -> (Arc<Engine>, Arc<Seen>) {
    let sdls = [("products", PRODUCTS), ("reviews", REVIEWS)];
    let input = |(name, sdl): (&str, &str)| SubgraphInput {
        name: name.to_owned(),
        url: "http://in.process/graphql".to_owned(),
        sdl: sdl.to_owned(),
        file: None,
    };
    let composed = braid_composition::compose(&sdls.map(input)).unwrap();
    let schema = Supergraph::read(&composed.supergraph_sdl).unwrap();
    let seen = Arc::new(Seen::default());
    let subgraphs = ["products", "reviews"].map(|name| SubgraphConfig {
        via: Via::InProcess(Arc::new(Fake { seen: Arc::clone(&seen), name })),
        signer: Some(Arc::new(braid_vouch::Signer::new("test", &[7; 32]).unwrap())),
        ..SubgraphConfig::new(name, "http://in.process/graphql")
    });
    let subgraphs = Subgraphs::new(subgraphs.into()).unwrap();
    (Arc::new(Engine::new(Arc::new(schema), subgraphs, options)), seen)
}

/// The router's application over the fakes.
pub(crate) struct TestApp {
    pub(crate) app: GraphqlApp,
    pub(crate) seen: Arc<Seen>,
    pub(crate) shutdown: Shutdown,
    pub(crate) engine: Arc<Engine>,
}

/// What a test changes about the application.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) engine: EngineOptions,
    pub(crate) authenticator: Option<Authenticator>,
    pub(crate) origins: Vec<String>,
}

impl TestApp {
    pub(crate) fn new(setup: Setup) -> Self {
        let (engine, seen) = engine(setup.engine);
        let options = GraphqlOptions {
            engine: Arc::clone(&engine),
            authenticator: setup.authenticator.map(Arc::new),
            forward: Vec::new(),
            cors: Cors { origins: setup.origins },
            body: BodyLimits { time: Duration::from_millis(300), ..BodyLimits::default() },
            request_time: Duration::from_secs(10),
            metrics: Arc::new(Metrics::default()),
        };
        let shutdown = Shutdown::new();
        Self { app: GraphqlApp::new(options, &shutdown), seen, shutdown, engine }
    }

    pub(crate) fn plain() -> Self {
        Self::new(Setup::default())
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.app.call(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// POST with `Accept: application/graphql-response+json`.
    pub(crate) async fn post(&self, body: impl Into<Body>) -> Answer {
        self.post_with(body, &[("accept", "application/graphql-response+json")]).await
    }

    /// POST with these headers besides the content type.
    pub(crate) async fn post_with(
        &self,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn query(&self, query: &str) -> Answer {
        self.post(json!({ "query": query }).to_string()).await
    }

    pub(crate) async fn get(&self, query_string: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(format!("/graphql?{query_string}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The code of the first error.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        json["errors"][0]["extensions"]["code"].as_str().unwrap_or("(no error)").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
