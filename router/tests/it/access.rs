//! Who may see what: tokens, scopes, and what is denied to whom.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use braid_router::http::caller::Authenticator;
use braid_router::serve::{self, ServeLimits, Shutdown};
use braid_vouch::token::{TokenSigner, TokenVerifier};
use braid_vouch::{Caller, CallerKind};
use serde_json::json;

use crate::support::{Setup, TestApp};

fn now_s() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(elapsed.as_secs()).unwrap()
}

fn caller(scopes: &[&str]) -> Caller {
    Caller {
        subject: "u1".to_owned(),
        kind: CallerKind::User,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        groups: Vec::new(),
        account: None,
    }
}

fn signer() -> TokenSigner {
    TokenSigner::new(&TokenSigner::generate_key().unwrap(), "issuer", "braid").unwrap()
}

fn app(signer: &TokenSigner) -> TestApp {
    let verifier = TokenVerifier::new(&signer.jwks(), "issuer", "braid").unwrap();
    let authenticator = Some(Authenticator::fixed(verifier));
    TestApp::new(Setup { authenticator, ..Setup::default() })
}

const QUERY: &str = r#"{"query":"{ me { id } product(id: 1) { name cost margin } }"}"#;

#[tokio::test]
async fn requirements_hold_without_a_provider() {
    let app = TestApp::plain();
    let answer = app.post_with(QUERY, &[("authorization", "Bearer made.up.token")]).await;
    assert_eq!(answer.status, 200);
    let json = answer.json();
    assert_eq!(
        json["data"],
        json!({ "me": null, "product": { "name": "Stool", "cost": null, "margin": null } })
    );
    let errors = json["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 3);
    for error in errors {
        assert_eq!(error["extensions"]["code"], "UNAUTHORIZED_FIELD_OR_TYPE");
    }
}

#[tokio::test]
async fn scopes_open_fields() {
    let signer = signer();
    let app = app(&signer);
    for (scopes, me, cost) in [
        (&["orders:read"][..], json!({ "id": "u1" }), json!(null)),
        (&["cost:read"], json!({ "id": "u1" }), json!(5)),
        (&["admin"], json!({ "id": "u1" }), json!(null)),
        (&["finance", "admin"], json!({ "id": "u1" }), json!(5)),
    ] {
        let token = signer.issue(&caller(scopes), "t1", now_s(), 60).unwrap();
        let header = format!("Bearer {token}");
        let answer = app.post_with(QUERY, &[("authorization", &header)]).await;
        let json = answer.json();
        assert_eq!(json["data"]["me"], me, "{scopes:?}");
        assert_eq!(json["data"]["product"]["cost"], cost, "{scopes:?}");
        // Nobody decides policies, so nobody meets them.
        assert_eq!(json["data"]["product"]["margin"], json!(null), "{scopes:?}");
    }
    // The subgraphs were told who asks.
    let callers = app.seen.callers.lock().unwrap().clone();
    let first = Caller::decode(callers[0].as_deref().unwrap()).unwrap();
    assert_eq!(first, caller(&["orders:read"]));
    // What one caller may see is not what the next one gets.
    let answer = app.post_with(QUERY, &[]).await;
    assert_eq!(answer.json()["data"]["me"], json!(null));
}

#[tokio::test]
async fn bad_tokens_are_refused_alike() {
    let (signer, other) = (signer(), signer());
    let app = app(&signer);
    let good = signer.issue(&caller(&[]), "t1", now_s(), 60).unwrap();
    let expired = signer.issue(&caller(&[]), "t1", now_s() - 3_600, 60).unwrap();
    let foreign = other.issue(&caller(&[]), "t1", now_s(), 60).unwrap();
    let cut = &good[..good.len() - 2];
    let mut bodies = Vec::new();
    for token in [&*expired, &*foreign, cut, "x", "a.b.c"] {
        let header = format!("Bearer {token}");
        let answer = app.post_with(QUERY, &[("authorization", &header)]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "UNAUTHENTICATED"));
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    for header in ["Basic YTpi", "Bearer", "Bearer ", &*good] {
        let answer = app.post_with(QUERY, &[("authorization", header)]).await;
        assert_eq!(answer.status, 401, "{header:.20}");
    }
    let header = format!("Bearer {good}");
    let twice = [("authorization", &*header), ("authorization", &*header)];
    assert_eq!(app.post_with(QUERY, &twice).await.status, 400);
    assert_eq!(app.seen.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_caller_is_nowhere_else_to_be_found() {
    let signer = signer();
    let app = app(&signer);
    let token = signer.issue(&caller(&["cost:read"]), "t1", now_s(), 60).unwrap();
    let forged = caller(&["cost:read"]).encode().unwrap();
    for (name, value) in [
        ("cookie", format!("authorization={token}")),
        ("x-user-id", "u1".to_owned()),
        ("x-authorization", format!("Bearer {token}")),
        (braid_vouch::CALLER_HEADER, forged),
    ] {
        let answer = app.post_with(QUERY, &[(name, &value)]).await;
        assert_eq!(answer.json()["data"]["me"], json!(null), "{name}");
    }
    assert!(app.seen.callers.lock().unwrap().iter().all(Option::is_none));
}

#[tokio::test]
async fn a_known_token_expires() {
    let signer = signer();
    let app = app(&signer);
    // Good for two more seconds: past its end, within the leeway for clocks that differ.
    let token = signer.issue(&caller(&[]), "t1", now_s() - 90, 62).unwrap();
    let header = format!("Bearer {token}");
    let ask = async || app.post_with(QUERY, &[("authorization", &header)]).await.status.as_u16();
    assert_eq!(ask().await, 200);
    let begun = std::time::Instant::now();
    while ask().await == 200 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "still good");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(ask().await, 401);
}

/// A provider that counts how often it is asked.
async fn provider(keys: Arc<Mutex<String>>) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let answer = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        let keys = keys.lock().unwrap().clone();
        async move { keys }
    };
    let app = axum::Router::new().route("/jwks.json", axum::routing::get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let shutdown = Shutdown::new();
    tokio::spawn(async move {
        let limits = ServeLimits::default();
        serve::serve(listener, app, &limits, Arc::default(), &shutdown).await;
    });
    (url, asked)
}

#[tokio::test]
async fn keys_of_a_provider_are_kept_and_fetched_seldom() {
    let (signer, next) = (signer(), signer());
    let keys = Arc::new(Mutex::new(signer.jwks()));
    let (url, asked) = provider(Arc::clone(&keys)).await;
    let authenticator = Authenticator::provider(&url, "issuer", "braid");
    let app = TestApp::new(Setup { authenticator: Some(authenticator), ..Setup::default() });
    let ask = async |signer: &TokenSigner| {
        let token = signer.issue(&caller(&[]), "t1", now_s(), 60).unwrap();
        let header = format!("Bearer {token}");
        app.post_with(QUERY, &[("authorization", &header)]).await.status.as_u16()
    };
    for _ in 0..10 {
        assert_eq!(ask(&signer).await, 200);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // The provider loses its mind: who is known goes on, unknown keys cost it next to nothing.
    "garbage".clone_into(&mut keys.lock().unwrap());
    for _ in 0..200 {
        assert_eq!(ask(&next).await, 401);
    }
    assert_eq!(ask(&signer).await, 200);
    assert!(asked.load(Ordering::SeqCst) <= 5);
}

#[tokio::test]
async fn an_absent_provider_refuses_tokens_only() {
    // Nothing listens there.
    let provider = Authenticator::provider("http://127.0.0.1:1/jwks.json", "issuer", "braid");
    let app = TestApp::new(Setup { authenticator: Some(provider), ..Setup::default() });
    let token = signer().issue(&caller(&[]), "t1", now_s(), 60).unwrap();
    let header = format!("Bearer {token}");
    let answer = app.post_with(QUERY, &[("authorization", &header)]).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "IDENTITY_UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(app.query("{ __typename }").await.status, 200);
}
