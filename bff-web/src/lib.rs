//! The web dashboard's edge: stored documents, and in development the explorer.
//!
//! The documents are `operations/*.graphql`, checked when this package is built. In development
//! the edge also takes text, for `/graphiql`, a page to write and run queries on.

mod explorer;

use axum::Router;
use braid_documents::{Problem, Rules};
use braid_edge::auth::AuthHandler;
use braid_edge::stored::{self, EdgeParts, Text};
use braid_edge::{Bundle, Source};
use braid_model::Supergraph;
use braid_router::http::graphql::GraphqlApp;
use braid_router::serve::Shutdown;

pub use explorer::Login;

const DOCUMENTS: &[Source] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// Whether the edge is open for development.
pub enum Mode {
    /// Stored documents only.
    Production,
    /// The explorer, with whom one can sign in as, and text.
    Development(Vec<Login>),
}

/// The documents, checked against a schema.
///
/// # Errors
/// All problems of all documents.
pub fn bundle(schema: &Supergraph) -> Result<Bundle, Vec<Problem>> {
    Bundle::load(schema, Rules::OWN, DOCUMENTS)
}

/// The edge: documents at `/graphql`, sign-in, health, and in development `/graphiql`.
pub fn app(
    parts: EdgeParts,
    bundle: Bundle,
    auth: AuthHandler,
    mode: Mode,
    shutdown: &Shutdown,
) -> GraphqlApp {
    let (own, text) = match mode {
        Mode::Production => (Router::new(), Text::Refused),
        Mode::Development(logins) => (explorer::routes(&bundle, &logins), Text::Open),
    };
    stored::app(parts, bundle, text, braid_edge::others(auth, shutdown, own))
}
