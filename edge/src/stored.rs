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
use braid_model::json::{JsonError, Reader};
use braid_router::engine::Engine;
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::cors::Cors;
use braid_router::http::graphql::{Chosen, Documents, GraphqlApp, GraphqlOptions};
use braid_router::http::metrics::Metrics;
use braid_router::http::params::{JSON_DEPTH_MAX, Params};
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

/// `persistedQuery.sha256Hash` of the extensions (Apollo's automatic persisted queries). Whatever
/// else there is means nothing here.
fn persisted_hash(extensions: &[u8]) -> Result<Option<String>, Refusal> {
    let malformed = || {
        let message = "`extensions.persistedQuery` must be an object with one string `sha256Hash`";
        Refusal::bad_request(message)
    };
    if extensions.is_empty() {
        return Ok(None);
    }
    match member(extensions, "persistedQuery").map_err(|_| malformed())?.as_slice() {
        [] | [b"null"] => Ok(None),
        [query] => match member(query, "sha256Hash").map_err(|_| malformed())?.as_slice() {
            [hash] => {
                let mut reader = Reader::new(hash, JSON_DEPTH_MAX).map_err(|_| malformed())?;
                reader.string().map(|hash| Some(hash.to_text())).map_err(|_| malformed())
            }
            _ => Err(malformed()),
        },
        _ => Err(malformed()),
    }
}

/// The values of all members of that name of a JSON object. `Params` has checked that this is JSON
/// within the limits.
fn member<'j>(json: &'j [u8], name: &str) -> Result<Vec<&'j [u8]>, JsonError> {
    let mut reader = Reader::new(json, JSON_DEPTH_MAX)?;
    let mut found = Vec::new();
    reader.enter_object()?;
    while let Some(key) = reader.next_key()? {
        let span = reader.skip()?;
        if key.is(name) {
            found.push(&json[span.range()]);
        }
    }
    Ok(found)
}
