//! Client bundles: stored documents, shaping and limits that every edge shares.
//!
//! An edge is the engine plus a [`Bundle`]: the documents that its clients may run, checked when
//! the edge is built and again when it starts, called by name or hash. [`stored`] is the HTTP
//! surface of the mobile and web edges, [`auth`] the way to sign-in that all edges offer.

pub mod auth;
mod bundle;
pub mod stored;

use axum::Router;
use axum::response::Response;
use braid_router::http::health;
use braid_router::http::negotiate::{MediaType, refuse};
use braid_router::refusal::{Refusal, RefusalCode};
use braid_router::serve::Shutdown;

use auth::AuthHandler;
pub use bundle::{Bundle, Source};

/// What every edge serves beside its documents: sign-in, health, and what `own` adds; a refusal
/// in JSON for all else.
pub fn others(auth: AuthHandler, shutdown: &Shutdown, own: Router) -> Router {
    own.merge(health::routes(shutdown))
        .merge(auth::routes(auth))
        .fallback(async || refused(RefusalCode::NotFound, "nothing is here"))
        .method_not_allowed_fallback(async || {
            // `allow` is added by whoever knows the route's methods.
            refused(RefusalCode::MethodNotAllowed, "this path has another method")
        })
}

fn refused(code: RefusalCode, message: &'static str) -> Response {
    refuse(MediaType::Json, &Refusal::new(code, message))
}
