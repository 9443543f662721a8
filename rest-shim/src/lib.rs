//! The REST edge for third parties: every route is a stored document.
//!
//! `@rest` on an operation makes it a route; its variables say what it takes
//! (`docs/decisions/0005-rest-by-convention.md`). The flow of a request: [`binding`] (parameters to
//! variables), the engine, [`answer`] (GraphQL to REST) and [`respond`], or [`problem`] (what went
//! wrong). [`openapi`] derives the description from the same documents.
//!
//! Documents only see what is tagged `partner`: nothing else can leak, whatever they select.

mod answer;
mod binding;
mod case;
mod openapi;
mod problem;
mod request;
mod respond;
mod server;

use braid_documents::{Problem, Rules};
use braid_edge::{Bundle, Source};
use braid_model::Supergraph;

pub use server::{RestApp, app};

const DOCUMENTS: &[Source] = include!(concat!(env!("OUT_DIR"), "/documents.rs"));

/// The documents, checked against a schema.
///
/// # Errors
/// All problems of all documents.
pub fn bundle(schema: &Supergraph) -> Result<Bundle, Vec<Problem>> {
    Bundle::load(schema, Rules::PARTNER, DOCUMENTS)
}

/// The OpenAPI 3.1 document of a bundle's routes.
pub fn openapi(schema: &Supergraph, bundle: &Bundle) -> serde_json::Value {
    openapi::document(schema, bundle.documents())
}
