//! Sign-in as every edge offers it: `/auth/*` and the keys of access tokens are the identity
//! subgraph's plain HTTP, called in process or over the network.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use braid_router::http::body::{self, BodyLimits};
use bytes::Bytes;

/// The identity subgraph's plain HTTP endpoint.
pub type AuthHandler = Arc<
    dyn Fn(http::Request<Bytes>) -> Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send>>
        + Send
        + Sync,
>;

/// What a sign-in request may be large.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// The routes of sign-in.
pub fn routes(handler: AuthHandler) -> Router {
    Router::new()
        .route("/auth/sign-in", post(forward))
        .route("/auth/refresh", post(forward))
        .route("/auth/sign-out", post(forward))
        .route("/auth/token", post(forward))
        .route("/.well-known/jwks.json", get(forward))
        .with_state(handler)
}

async fn forward(State(handler): State<AuthHandler>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let limits = BodyLimits { bytes_max: BODY_BYTES_MAX, ..BodyLimits::default() };
    match body::read(&parts.headers, body, limits).await {
        Ok(body) => handler(http::Request::from_parts(parts, body)).await.map(Body::from),
        Err(refusal) => {
            let body = refusal.body();
            let json = [(http::header::CONTENT_TYPE, "application/json")];
            (refusal.status(), json, body).into_response()
        }
    }
}
