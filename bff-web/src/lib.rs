//! The web dashboard's edge: stored documents, and in development the explorer.
//!
//! The documents are `operations/*.graphql`, checked when this package is built. In development
//! the edge also takes text, for `/graphiql`, a page to write and run queries on.

mod explorer;

use axum::Router;
use braid_documents::{Audience, Problem};
use braid_edge::auth::{self, AuthHandler};
use braid_edge::stored::{EdgeParts, StoredApp, Text};
use braid_edge::{Bundle, Source};
use braid_model::Supergraph;
use braid_router::http::health;
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
    Bundle::load(schema, Audience::Everything, DOCUMENTS)
}

/// The edge: documents at `/graphql`, sign-in, health, and in development `/graphiql`.
pub fn app(
    parts: EdgeParts,
    bundle: Bundle,
    auth: AuthHandler,
    mode: Mode,
    shutdown: &Shutdown,
) -> StoredApp {
    let mut others: Router = health::routes(shutdown).merge(auth::routes(auth));
    let mut text = Text::Refused;
    if let Mode::Development(logins) = mode {
        others = others.merge(explorer::routes(&bundle, &logins));
        text = Text::Open;
    }
    StoredApp::new(parts, bundle, text, others.fallback(braid_edge::not_found))
}
