//! The mobile app's edge: one stored document for each screen, called by its id.
//!
//! The documents are `operations/*.graphql`, checked when this package is built. Text is refused,
//! in development, too: the app never sends any.

use axum::Router;
use braid_documents::{Problem, Rules};
use braid_edge::auth::AuthHandler;
use braid_edge::stored::{self, EdgeParts, Text};
use braid_edge::{Bundle, Source};
use braid_model::Supergraph;
use braid_router::http::graphql::GraphqlApp;
use braid_router::serve::Shutdown;

const DOCUMENTS: &[Source] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// The documents, checked against a schema.
///
/// # Errors
/// All problems of all documents.
pub fn bundle(schema: &Supergraph) -> Result<Bundle, Vec<Problem>> {
    Bundle::load(schema, Rules::OWN, DOCUMENTS)
}

/// The edge: documents at `/graphql`, sign-in, health.
pub fn app(parts: EdgeParts, bundle: Bundle, auth: AuthHandler, shutdown: &Shutdown) -> GraphqlApp {
    stored::app(parts, bundle, Text::Refused, braid_edge::others(auth, shutdown, Router::new()))
}
