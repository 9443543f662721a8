//! GraphQL over HTTP where documents are stored: `POST` or `GET /graphql` with an id and variables.
//!
//! The same steps as the router's own endpoint (`braid_router::http::graphql`), but for one: what
//! is executed is the document that the id names. Text is refused, with or without an id, unless
//! the edge is open for development.
//!
//! The id is the parameter `documentId` (`id` as Relay spells it), or the hash of Apollo's
//! `extensions.persistedQuery.sha256Hash`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use braid_router::engine::{self, Engine};
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::graphql::{self, PATH};
use braid_router::http::metrics::Metrics;
use braid_router::http::negotiate::{MediaType, negotiate, refuse};
use braid_router::http::params::Params;
use braid_router::refusal::{Refusal, RefusalCode};
use braid_router::serve::App;
use http::Request;
use http::request::Parts;
use tower::ServiceExt as _;

use crate::Bundle;

/// What an edge is made of.
#[derive(Clone)]
pub struct EdgeParts {
    /// What answers operations.
    pub engine: Arc<Engine>,
    /// What verifies callers.
    pub authenticator: Arc<Authenticator>,
    /// What a body may cost.
    pub body: BodyLimits,
    /// From the end of the body to the answer.
    pub request_time: Duration,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// Whether clients may send the text of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Only stored documents run.
    Refused,
    /// For development: any document runs.
    Open,
}

/// An edge's application: stored documents at `/graphql`, and whatever else it serves.
#[derive(Clone)]
pub struct StoredApp {
    inner: Arc<Inner>,
    others: axum::Router,
}

struct Inner {
    parts: EdgeParts,
    bundle: Bundle,
    text: Text,
}

/// What a request asks to run.
struct Asked {
    query: Arc<str>,
    is_stored: bool,
}

impl StoredApp {
    /// The application. `others` answers every path but `/graphql`.
    pub fn new(parts: EdgeParts, bundle: Bundle, text: Text, others: axum::Router) -> Self {
        Self { inner: Arc::new(Inner { parts, bundle, text }), others }
    }

    async fn graphql(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let metrics = &self.inner.parts.metrics;
        let media = match negotiate(&head.headers) {
            Ok(media) => media,
            Err(refusal) => return refuse(MediaType::Json, &refusal),
        };
        match self.answer(&head, body).await {
            Ok(response) => {
                metrics.graphql(response.outcome == engine::Outcome::Executed);
                graphql::respond(media, response)
            }
            Err(refusal) => {
                metrics.graphql(false);
                refuse(media, &refusal)
            }
        }
    }

    async fn answer(&self, head: &Parts, body: Body) -> Result<engine::Response, Refusal> {
        let parts = &self.inner.parts;
        let (params, allow) = graphql::read(head, body, parts.body).await?;
        let asked = self.inner.asked(&params)?;
        let caller = parts.authenticator.caller(&head.headers).await?;
        let request = engine::Request {
            query: asked.query,
            stored: asked.is_stored,
            operation_name: params.operation_name.filter(|_| !asked.is_stored),
            variables: params.variables,
            caller,
            headers: Vec::new(),
            deadline: tokio::time::Instant::now() + parts.request_time,
            allow,
        };
        Ok(parts.engine.execute(request).await)
    }
}

impl App for StoredApp {
    async fn call(&self, request: Request<Body>) -> Response {
        if request.uri().path() == PATH {
            self.graphql(request).await
        } else {
            let Ok(response) = self.others.clone().oneshot(request).await;
            response
        }
    }
}

impl Inner {
    fn asked(&self, params: &Params) -> Result<Asked, Refusal> {
        let id = match &params.document_id {
            Some(id) => Some(id.clone()),
            None => persisted_hash(&params.extensions),
        };
        match (&params.query, id, self.text) {
            (Some(_), Some(_), _) => {
                let message = "send the id of a stored document or a text, not both";
                Err(Refusal::bad_request(message))
            }
            (Some(_), None, Text::Refused) => {
                let message = "only stored documents run here; send the parameter `documentId`";
                Err(Refusal::new(RefusalCode::TextRefused, message))
            }
            (Some(text), None, Text::Open) => {
                Ok(Asked { query: text.as_str().into(), is_stored: false })
            }
            (None, Some(id), _) => match self.bundle.find(&id) {
                Some(stored) => Ok(Asked { query: Arc::clone(&stored.text), is_stored: true }),
                None => {
                    Err(Refusal::new(RefusalCode::DocumentNotFound, "no such document is stored"))
                }
            },
            (None, None, _) => Err(Refusal::bad_request("the parameter `documentId` is missing")),
        }
    }
}

/// `persistedQuery.sha256Hash` of the extensions (Apollo's automatic persisted queries).
fn persisted_hash(extensions: &[u8]) -> Option<String> {
    if extensions.is_empty() {
        return None;
    }
    // `Params` has checked that this is JSON within the limits.
    let extensions: serde_json::Value = serde_json::from_slice(extensions).ok()?;
    extensions.pointer("/persistedQuery/sha256Hash")?.as_str().map(str::to_owned)
}
