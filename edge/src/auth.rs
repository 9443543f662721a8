//! Sign-in as every edge offers it: `/auth/*` and the keys of access tokens are the identity
//! subgraph's plain HTTP, called in process or over the network.
//!
//! Both ways get the same: of a client's headers only those that sign-in is about, and the
//! client's address as the connection has it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use braid_router::http::body::{self, BodyLimits};
use braid_router::refusal::Refusal;
use braid_router::serve::Peer;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The identity subgraph's plain HTTP endpoint.
pub type AuthHandler = Arc<
    dyn Fn(http::Request<Bytes>) -> Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send>>
        + Send
        + Sync,
>;

/// The client's address, by which sign-in is throttled. Whatever a client sends in it is
/// overwritten. Its name is the identity subgraph's.
const PEER_HEADER: HeaderName = HeaderName::from_static("braid-peer");
/// The headers that go to the identity subgraph.
const REQUEST_HEADERS: [HeaderName; 2] = [header::CONTENT_TYPE, header::AUTHORIZATION];
/// The headers that come back from it.
const ANSWER_HEADERS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::RETRY_AFTER,
    header::WWW_AUTHENTICATE,
    header::ALLOW,
];
/// What a sign-in request may be large.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// What the answer over the network may be large.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
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
    let (parts, body) = request.into_parts();
    let limits = BodyLimits { bytes_max: BODY_BYTES_MAX, ..BodyLimits::default() };
    let body = match body::read(&parts.headers, body, limits).await {
        Ok(body) => body,
        Err(refusal) => return failure_of(&refusal).map(Body::from),
    };
    let mut asked = http::Request::new(body);
    *asked.method_mut() = parts.method;
    // The path is one of ours; a query string would only carry secrets into logs.
    *asked.uri_mut() = http::Uri::try_from(parts.uri.path()).unwrap_or_default();
    *asked.headers_mut() = kept(&parts.headers, &REQUEST_HEADERS);
    if let Some(Peer(address)) = parts.extensions.get::<Peer>()
        && let Ok(value) = HeaderValue::try_from(address.ip().to_string())
    {
        asked.headers_mut().insert(PEER_HEADER, value);
    }
    let answer = match tokio::time::timeout(SIGN_IN_TIME, handler(asked)).await {
        Ok(answer) => answer,
        Err(_) => {
            tracing::warn!("sign-in took too long");
            unavailable()
        }
    };
    let (mut parts, body) = answer.into_parts();
    parts.headers = kept(&parts.headers, &ANSWER_HEADERS);
    parts.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Response::from_parts(parts, Body::from(body))
}

fn kept(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        // All values: that there are two is for the identity subgraph to refuse.
        for value in headers.get_all(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// A refusal in the form of RFC 6749, section 5.2, as all of sign-in answers.
fn failure_of(refusal: &Refusal) -> http::Response<Bytes> {
    failure(refusal.status(), &refusal.code.as_str().to_ascii_lowercase())
}

fn unavailable() -> http::Response<Bytes> {
    let mut response = failure(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

fn failure(status: StatusCode, code: &str) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::from(format!("{{\"error\":\"{code}\"}}")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
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
    Ok(Arc::new(move |request| {
        let (client, base) = (client.clone(), base.clone());
        Box::pin(async move {
            proxy(&client, &base, request).await.unwrap_or_else(|error| {
                tracing::warn!(error = %error.without_url(), "sign-in is not reachable");
                unavailable()
            })
        })
    }))
}

async fn proxy(
    client: &reqwest::Client,
    base: &str,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let url = format!("{base}{}", parts.uri.path());
    let asked = client.request(parts.method, url).headers(parts.headers).body(body);
    let mut answer = asked.send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            tracing::warn!("the answer of sign-in is too large");
            return Ok(unavailable());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = http::Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}
