//! Sign-in: what reaches the identity subgraph, and what comes back.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use braid_edge::auth::AuthHandler;
use braid_edge::stored::Text;
use braid_router::serve::Peer;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::Edge;

type Seen = Arc<Mutex<Vec<Request<Bytes>>>>;

fn edge() -> (Edge, Seen) {
    let seen = Seen::default();
    let into = Arc::clone(&seen);
    let auth: AuthHandler = Arc::new(move |request| {
        into.lock().unwrap().push(request);
        let response = http::Response::builder()
            .header("content-type", "application/json")
            .header("cache-control", "no-store")
            .header("server", "identity/1.0")
            .header("set-cookie", "a=b");
        let response = response.body(Bytes::from_static(b"{\"access_token\":\"t\"}")).unwrap();
        Box::pin(async { response })
    });
    (Edge::with_auth(&[], Text::Refused, Value::Null, auth), seen)
}

fn sign_in() -> http::request::Builder {
    Request::post("/auth/sign-in?x=1").header("content-type", "application/json")
}

#[tokio::test]
async fn only_what_sign_in_is_about_passes() {
    let (edge, seen) = edge();
    let request = sign_in()
        .header("authorization", "Basic abc")
        .header("braid-peer", "6.6.6.6")
        .header("x-forwarded-for", "6.6.6.6")
        .header("cookie", "c=d")
        .extension(Peer(SocketAddr::from(([192, 0, 2, 7], 1234))));
    let answer = edge.send(request.body("{}".into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "access_token": "t" })));
    assert!(!answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("server"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let request = seen.lock().unwrap().remove(0);
    assert_eq!(
        (request.uri().to_string().as_str(), request.body().as_ref()),
        ("/auth/sign-in", b"{}".as_slice())
    );
    assert_eq!(request.headers()["braid-peer"], "192.0.2.7");
    assert_eq!(request.headers()["authorization"], "Basic abc");
    assert_eq!(request.headers().len(), 3);
}

#[tokio::test]
async fn limits_and_paths() {
    let (edge, seen) = edge();
    let large = "x".repeat(17 * 1024);
    let answer = edge.send(sign_in().body(large.into()).unwrap()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (413, json!({ "error": "payload_too_large" }))
    );
    let packed = sign_in().header("content-encoding", "gzip");
    assert_eq!(edge.send(packed.body("{}".into()).unwrap()).await.status, 415);
    let other = Request::post("/auth/other").body(Body::empty()).unwrap();
    assert_eq!(edge.send(other).await.status, 404);
    assert!(seen.lock().unwrap().is_empty());
    assert_eq!(edge.get("/.well-known/jwks.json").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn sign_in_that_hangs_is_given_up() {
    let auth: AuthHandler = Arc::new(|_| Box::pin(std::future::pending()));
    let edge = Edge::with_auth(&[], Text::Refused, Value::Null, auth);
    let answer = edge.send(sign_in().body("{}".into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (503, json!({ "error": "unavailable" })));
    assert_eq!(answer.headers["retry-after"], "2");
}

#[tokio::test]
async fn an_identity_subgraph_that_is_away() {
    // Nothing listens on the port of a listener that is gone.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let auth = braid_edge::auth::over_http(&base).unwrap();
    let edge = Edge::with_auth(&[], Text::Refused, Value::Null, auth);
    let answer = edge.send(sign_in().body("{}".into()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (503, json!({ "error": "unavailable" })));
}
