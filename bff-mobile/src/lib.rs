//! The mobile app's edge: one stored document for each screen, called by its id.
//!
//! The documents are `operations/*.graphql`, checked when this package is built. Text is refused,
//! in development, too: the app never sends any.

use axum::Router;
use braid_documents::{Audience, Problem};
use braid_edge::auth::{self, AuthHandler};
use braid_edge::stored::{EdgeParts, StoredApp, Text};
use braid_edge::{Bundle, Source};
use braid_model::Supergraph;
use braid_router::http::health;
use braid_router::serve::Shutdown;

const DOCUMENTS: &[Source] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// The documents, checked against a schema.
///
/// # Errors
/// All problems of all documents.
pub fn bundle(schema: &Supergraph) -> Result<Bundle, Vec<Problem>> {
    Bundle::load(schema, Audience::Everything, DOCUMENTS)
}

/// The edge: documents at `/graphql`, sign-in, health.
pub fn app(parts: EdgeParts, bundle: Bundle, auth: AuthHandler, shutdown: &Shutdown) -> StoredApp {
    let others: Router =
        health::routes(shutdown).merge(auth::routes(auth)).fallback(braid_edge::not_found);
    StoredApp::new(parts, bundle, Text::Refused, others)
}
