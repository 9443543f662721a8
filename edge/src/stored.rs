//! GraphQL over HTTP where documents are stored: `POST` or `GET /graphql` with an id and variables.
//!
//! The router's own application with other documents: what is executed is what the id names. Text
//! is refused, with or without an id, unless the edge is open for development.
//!
//! The id is the parameter `documentId` (`id` as Relay spells it), or the hash of Apollo's
//! `extensions.persistedQuery.sha256Hash`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use braid_documents::Stored;
use braid_router::engine::Engine;
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::cors::Cors;
use braid_router::http::graphql::{Chosen, Documents, GraphqlApp, GraphqlOptions};
use braid_router::http::metrics::Metrics;
use braid_router::http::params::Params;
use braid_router::refusal::{Refusal, RefusalCode};

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
pub fn app(parts: EdgeParts, bundle: Bundle, text: Text, others: Router) -> GraphqlApp {
    let options = GraphqlOptions {
        engine: parts.engine,
        authenticator: Some(parts.authenticator),
        cors: Cors::default(),
        forward: Vec::new(),
        body: parts.body,
        request_time: parts.request_time,
        metrics: parts.metrics,
    };
    GraphqlApp::with_documents(options, Arc::new(StoredDocuments { bundle, text }), others)
}

struct StoredDocuments {
    bundle: Bundle,
    text: Text,
}

impl Documents for StoredDocuments {
    fn choose(&self, params: &Params) -> Result<Chosen, Refusal> {
        let hash = persisted_hash(&params.extensions)?;
        let has_id = hash.is_some() || params.document_id.is_some();
        match (&params.query, has_id, self.text) {
            (Some(_), true, _) => {
                let message = "send the id of a stored document or a text, not both";
                Err(Refusal::bad_request(message))
            }
            (Some(_), false, Text::Refused) => {
                let message = "only stored documents run here; send the parameter `documentId`";
                Err(Refusal::new(RefusalCode::TextRefused, message))
            }
            (Some(text), false, Text::Open) => Ok(Chosen {
                query: text.as_str().into(),
                stored: false,
                operation_name: params.operation_name.clone(),
            }),
            (None, _, _) => {
                let stored = self.find(params.document_id.as_deref(), hash.as_deref())?;
                check_name(stored, params.operation_name.as_deref())?;
                // The document has one operation, so its name is no part of what is cached.
                let query = Arc::clone(&stored.text);
                Ok(Chosen { query, stored: true, operation_name: None })
            }
        }
    }
}

impl StoredDocuments {
    fn find(&self, id: Option<&str>, hash: Option<&str>) -> Result<&Stored, Refusal> {
        let found = match (id, hash) {
            (Some(id), None) => self.bundle.find(id),
            (None, Some(hash)) => self.bundle.find_hash(hash),
            (Some(id), Some(hash)) => {
                // Who logs one and executes the other is fooled, so both must name one document.
                let found = self.bundle.find(id);
                if found.is_some_and(|stored| stored.hash != hash) {
                    let message = "`documentId` and `extensions` name different documents";
                    return Err(Refusal::bad_request(message));
                }
                found
            }
            (None, None) => {
                return Err(Refusal::bad_request("the parameter `documentId` is missing"));
            }
        };
        let missing = || Refusal::new(RefusalCode::DocumentNotFound, "no such document is stored");
        found.map(Arc::as_ref).ok_or_else(missing)
    }
}

fn check_name(stored: &Stored, name: Option<&str>) -> Result<(), Refusal> {
    if name.is_none() || name == stored.document.name() {
        return Ok(());
    }
    Err(Refusal::bad_request("the document's operation is not `operationName`; leave it out"))
}

/// `persistedQuery.sha256Hash` of the extensions (Apollo's automatic persisted queries).
fn persisted_hash(extensions: &[u8]) -> Result<Option<String>, Refusal> {
    if extensions.is_empty() {
        return Ok(None);
    }
    let malformed =
        || Refusal::bad_request("`extensions.persistedQuery` needs `sha256Hash`, a string");
    // `Params` has checked that this is JSON within the limits.
    let extensions: serde_json::Value =
        serde_json::from_slice(extensions).map_err(|_| malformed())?;
    match extensions.get("persistedQuery") {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(query) => {
            let hash = query.get("sha256Hash").and_then(serde_json::Value::as_str);
            hash.map(|hash| Some(hash.to_owned())).ok_or_else(malformed)
        }
    }
}
