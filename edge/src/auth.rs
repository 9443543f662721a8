//! Sign-in as every edge offers it: `/auth/*` and the keys of access tokens are the identity
//! subgraph's plain HTTP, called in process or over the network.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use braid_router::http::body::{self, BodyLimits};
use braid_router::serve::Peer;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

/// The identity subgraph's plain HTTP endpoint.
pub type AuthHandler = Arc<
    dyn Fn(http::Request<Bytes>) -> Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send>>
        + Send
        + Sync,
>;

/// The client's address, by which sign-in is throttled. Whatever a client sends in it is
/// overwritten. Its name is the identity subgraph's.
const PEER_HEADER: HeaderName = HeaderName::from_static("braid-peer");
/// What a sign-in request may be large.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// For one request to the identity subgraph.
const SIGN_IN_TIME: Duration = Duration::from_secs(10);

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
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(PEER_HEADER);
    if let Some(Peer(address)) = parts.extensions.get::<Peer>()
        && let Ok(value) = HeaderValue::try_from(address.ip().to_string())
    {
        parts.headers.insert(PEER_HEADER, value);
    }
    let limits = BodyLimits { bytes_max: BODY_BYTES_MAX, ..BodyLimits::default() };
    match body::read(&parts.headers, body, limits).await {
        Ok(body) => handler(http::Request::from_parts(parts, body)).await.map(Body::from),
        Err(refusal) => {
            let body = refusal.body();
            let json = [(header::CONTENT_TYPE, "application/json")];
            (refusal.status(), json, body).into_response()
        }
    }
}

/// The identity subgraph over the network, at `base` (`http://identity:4100`).
///
/// # Errors
/// The client cannot be made.
pub fn over_http(base: &str) -> Result<AuthHandler, reqwest::Error> {
    // The only provider that is linked. Whoever comes second finds it installed, which is as good.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    let client = reqwest::Client::builder()
        .timeout(SIGN_IN_TIME)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let base = base.trim_end_matches('/').to_owned();
    Ok(Arc::new(move |request| Box::pin(proxy(client.clone(), base.clone(), request))))
}

async fn proxy(
    client: reqwest::Client,
    base: String,
    request: http::Request<Bytes>,
) -> http::Response<Bytes> {
    let (parts, body) = request.into_parts();
    let mut asked = client.request(parts.method, format!("{base}{}", parts.uri.path())).body(body);
    for name in [header::CONTENT_TYPE, header::AUTHORIZATION, PEER_HEADER] {
        if let Some(value) = parts.headers.get(&name) {
            asked = asked.header(name, value);
        }
    }
    let unavailable = |error: reqwest::Error| {
        tracing::warn!(error = %error.without_url(), "sign-in is not reachable");
        let mut response = http::Response::new(Bytes::from_static(b"{\"error\":\"unavailable\"}"));
        *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        response
    };
    let answer = match asked.send().await {
        Ok(answer) => answer,
        Err(error) => return unavailable(error),
    };
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = match answer.bytes().await {
        Ok(body) => body,
        Err(error) => return unavailable(error),
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    for name in [header::CONTENT_TYPE, header::CACHE_CONTROL, header::RETRY_AFTER] {
        if let Some(value) = headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
