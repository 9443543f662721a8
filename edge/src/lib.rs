//! Client bundles: stored documents, shaping and limits that every edge shares.
//!
//! An edge is the engine plus a [`Bundle`]: the documents that its clients may run, checked when
//! the edge is built and again when it starts, called by name or hash. [`stored`] is the HTTP
//! surface of the mobile and web edges, [`auth`] the way to sign-in that all edges offer.

pub mod auth;
mod bundle;
pub mod stored;

use axum::response::Response;
use braid_router::http::negotiate::{MediaType, refuse};
use braid_router::refusal::{Refusal, RefusalCode};

pub use bundle::{Bundle, Source};

/// What every edge answers where nothing is served.
pub async fn not_found() -> Response {
    refuse(MediaType::Json, &Refusal::new(RefusalCode::NotFound, "nothing is here"))
}
