//! The REST edge over one fake subgraph, and ways to ask it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use braid_composition::SubgraphInput;
use braid_documents::Rules;
use braid_edge::auth::AuthHandler;
use braid_edge::stored::EdgeParts;
use braid_edge::{Bundle, Source};
use braid_executor::{InProcess, InProcessFuture, SubgraphConfig, Subgraphs, Via};
use braid_model::Supergraph;
use braid_router::engine::{Engine, EngineOptions};
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::serve::{App as _, Shutdown};
use braid_vouch::token::{TokenSigner, TokenVerifier};
use braid_vouch::{Caller, CallerKind};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use rest_shim::RestApp;
use serde_json::{Value, json};

use crate::schema;

pub(crate) const SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@tag", "@inaccessible", "@authenticated", "@requiresScopes"])
scalar DateTime
scalar Anything
type Query {
  thing(id: ID!): Thing @tag(name: "partner")
  things(filter: ThingFilter, first: Int, after: String): ThingConnection @tag(name: "partner")
  search(text: String!, count: Int, score: Float, exact: Boolean, kind: Kind, kinds: [Kind!]): Thing @tag(name: "partner")
  secret(id: ID!): Thing @authenticated @requiresScopes(scopes: [["things:read"]]) @tag(name: "partner")
  own: Thing
}
type Mutation {
  makeThing(input: MakeInput!, key: ID!): MakePayload! @tag(name: "partner")
  dropThing(id: ID!): MakePayload! @tag(name: "partner")
}
enum Kind { SMALL LARGE ODD @inaccessible }
interface Node @tag(name: "partner") { id: ID! }
type Thing implements Node @tag(name: "partner") {
  id: ID! displayName: String pdfURL: String number: Float anything: Anything kind: Kind!
  part: Part parts: [Part!] node: Node cost: Int @tag(name: "internal")
}
type Part implements Node @tag(name: "partner") { id: ID! partName: String! thing: Thing }
type ThingConnection @tag(name: "partner") { nodes: [Thing!]! pageInfo: PageInfo! }
type PageInfo @tag(name: "partner") { hasNextPage: Boolean! endCursor: String }
input ThingFilter { text: String placedAfter: DateTime kind: [Kind!] hidden: Int @inaccessible }
input MakeInput { displayName: String! sizeInCm: Int lines: [LineInput!] anything: Anything secret: Int @inaccessible }
input LineInput { partId: ID! quantity: Int! }
type MakePayload @tag(name: "partner") { thing: Thing replayed: Boolean! userErrors: [MakeError!]! }
type MakeError @tag(name: "partner") { message: String! path: [String!] code: String! }
"#;

const DOCUMENTS: &[Source] = &[
    Source {
        id: "drop",
        text: r#"mutation($id: ID!) @rest(method: DELETE, path: "/v1/things/{id}") { dropThing(id: $id) { thing { id } userErrors { code message path } } }"#,
    },
    Source {
        id: "get",
        text: r#"query($id: ID!) @rest(method: GET, path: "/v1/things/{id}") { thing(id: $id) { __typename id displayName pdfURL number anything kind part { id partName } parts { partName } node { __typename ... on Thing { displayName } ... on Part { x: partName } } } }"#,
    },
    Source {
        id: "list",
        text: r#"query($f: ThingFilter, $first: Int, $after: String) @rest(method: GET, path: "/v1/things") { all: things(filter: $f, first: $first, after: $after) { items: nodes { id displayName } p: pageInfo { more: hasNextPage endCursor } } }"#,
    },
    Source {
        id: "make",
        text: r#"mutation($in: MakeInput!, $key: ID!) @rest(method: POST, path: "/v1/things", status: 201) { makeThing(input: $in, key: $key) { replayed thing { id displayName kind part { partName } } userErrors { code message path } } }"#,
    },
    Source {
        id: "search",
        text: r#"query($text: String!, $count: Int, $score: Float, $exact: Boolean, $kind: Kind, $kindsOf: [Kind!]) @rest(method: GET, path: "/v1/search") { search(text: $text, count: $count, score: $score, exact: $exact, kind: $kind, kinds: $kindsOf) { id } }"#,
    },
    Source {
        id: "secret",
        text: r#"query($id: ID!) @rest(method: GET, path: "/v1/secrets/{id}") { secret(id: $id) { id } }"#,
    },
    Source {
        id: "shaped",
        text: r#"query @omitNull @rest(method: GET, path: "/v1/shaped") { thing(id: 1) { id @hide displayName part @flatten { partName } parts @flatten { id } node @flatten { id } } }"#,
    },
];

struct Fake(Arc<Mutex<Script>>);

/// What the subgraph answers, and what it was asked.
#[derive(Default)]
pub(crate) struct Script {
    answer: String,
    status: u16,
    /// The variables of each request.
    pub(crate) asked: Vec<Value>,
}

impl InProcess for Fake {
    fn call(&self, request: Request<Bytes>) -> InProcessFuture {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let mut script = self.0.lock().unwrap();
        script.asked.push(body["variables"].clone());
        let (status, answer) = (script.status, Bytes::from(script.answer.clone()));
        Box::pin(async move {
            let response = http::Response::builder().header("content-type", "application/json");
            response.status(status).body(answer).unwrap()
        })
    }
}

pub(crate) struct Rest {
    app: RestApp,
    script: Arc<Mutex<Script>>,
    signer: TokenSigner,
    pub(crate) document: Value,
}

pub(crate) fn schema() -> Arc<Supergraph> {
    let (name, url) = ("things".to_owned(), "http://in.process/graphql".to_owned());
    let input = SubgraphInput { name, url, sdl: SDL.to_owned(), file: None };
    let composed = braid_composition::compose(&[input]).unwrap();
    Arc::new(Supergraph::read(&composed.supergraph_sdl).unwrap())
}

impl Rest {
    /// The subgraph answers `data` to everything.
    pub(crate) fn new(data: &str) -> Self {
        let schema = schema();
        let bundle = Bundle::load(&schema, Rules::PARTNER, DOCUMENTS).unwrap();
        let document = rest_shim::openapi(&schema, &bundle);
        let script = Arc::new(Mutex::new(Script { status: 200, ..Script::default() }));
        let subgraphs = Subgraphs::new(vec![SubgraphConfig {
            via: Via::InProcess(Arc::new(Fake(Arc::clone(&script)))),
            signer: Some(Arc::new(braid_vouch::Signer::new("test", &[7; 32]).unwrap())),
            ..SubgraphConfig::new("things", "http://in.process/graphql")
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
        let auth: AuthHandler = Arc::new(|_| Box::pin(async { unreachable!("nobody signs in") }));
        let app = rest_shim::app(parts, &bundle, auth, &Shutdown::new());
        let rest = Self { app, script, signer, document };
        rest.answers(&format!("{{\"data\":{data}}}"));
        rest
    }

    /// From now on the subgraph answers so.
    pub(crate) fn answers(&self, answer: &str) {
        self.answers_with(200, answer);
    }

    pub(crate) fn answers_with(&self, status: u16, answer: &str) {
        let mut script = self.script.lock().unwrap();
        script.status = status;
        answer.clone_into(&mut script.answer);
    }

    /// The variables of the requests since the last time.
    pub(crate) fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut self.script.lock().unwrap().asked)
    }

    pub(crate) fn bearer(&self, scopes: &[&str]) -> String {
        let caller = Caller {
            subject: "client".to_owned(),
            kind: CallerKind::Client,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            groups: Vec::new(),
            account: None,
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now_s = i64::try_from(now.as_secs()).unwrap();
        format!("Bearer {}", self.signer.issue(&caller, "t", now_s, 60).unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// POST of JSON with a key.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        self.send("POST", path, &headers, body).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.app.call(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        self.check(method, path, &answer);
        answer
    }

    /// Holds an answer against its description.
    fn check(&self, method: &str, path: &str, answer: &Answer) {
        let status = answer.status.as_u16();
        if status >= 400 {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            let problem = &self.document["components"]["schemas"]["Problem"];
            schema::check(&self.document, problem, &answer.json(), path);
            assert_eq!(answer.json()["status"], status);
            return;
        }
        let path = path.split('?').next().unwrap();
        let described = self.document["paths"].as_object().unwrap().iter().find(|(template, _)| {
            let (one, other) = (template.split('/'), path.split('/'));
            one.clone().count() == other.clone().count()
                && one.zip(other).all(|(one, other)| one == other || one.starts_with('{'))
        });
        let Some((_, described)) = described else { return };
        let method = if method == "HEAD" { "GET" } else { method };
        let described = &described[method.to_lowercase()]["responses"][status.to_string()];
        assert!(described.is_object(), "{status} of {path} is not described");
        for name in ["etag", "link", "location", "idempotency-replayed"] {
            let headers = described["headers"].as_object();
            let mut known = headers.into_iter().flatten().map(|(name, _)| name.to_lowercase());
            let is_described = status == 304 || known.any(|known| known == name);
            assert!(!answer.headers.contains_key(name) || is_described, "{path}: {name}");
        }
        if !answer.body.is_empty() {
            let schema = &described["content"]["application/json"]["schema"];
            schema::check(&self.document, schema, &answer.json(), path);
        }
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

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), code)
    }

    pub(crate) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }
}

/// `{"a":{"b":…}}` of a subgraph that reports an error at a path.
pub(crate) fn failing(data: &str, path: &Value, code: &str) -> String {
    let error =
        json!({ "message": "secret internals", "path": path, "extensions": { "code": code } });
    format!("{{\"data\":{data},\"errors\":[{error}]}}")
}
