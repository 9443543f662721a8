//! `/health/live` and `/health/ready`.
//!
//! Live: the process answers. Ready: it wants requests, which it no longer does while it drains.
//! Both are answered on the main and on the admin listener, past every limit on connections and
//! requests, so that an overloaded process is not taken for a dead one.

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};

use crate::http::negotiate::{MediaType, refuse};
use crate::refusal::{Refusal, RefusalCode};
use crate::serve::Shutdown;

/// Where health is served.
pub const PATH_PREFIX: &str = "/health/";

/// The routes of health.
pub fn routes(shutdown: &Shutdown) -> Router {
    let shutdown = shutdown.clone();
    Router::new().route("/health/live", get(async || answer(StatusCode::OK, "UP"))).route(
        "/health/ready",
        get(async move || {
            if shutdown.is_draining() {
                answer(StatusCode::SERVICE_UNAVAILABLE, "DRAINING")
            } else {
                answer(StatusCode::OK, "UP")
            }
        }),
    )
}

/// Health, and what is said where nothing is.
pub fn app(shutdown: &Shutdown) -> Router {
    let nothing = async || {
        let refusal = Refusal::new(RefusalCode::NotFound, "nothing is served here");
        refuse(MediaType::Json, &refusal)
    };
    let method = async || refuse(MediaType::Json, &Refusal::method("GET, HEAD"));
    routes(shutdown).fallback(nothing).method_not_allowed_fallback(method)
}

fn answer(status: StatusCode, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, format!("{{\"status\":\"{text}\"}}")).into_response()
}
