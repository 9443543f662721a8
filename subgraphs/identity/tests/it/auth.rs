//! Signing in, refreshing, reuse, throttling, clients.

use std::collections::BTreeSet;

use braid_service::seed::world;
use braid_service::testkit::{TestKit, TestService};
use braid_vouch::{Caller, CallerKind, TokenVerifier};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::{admin, seeded};

async fn send(test: &TestService, request: http::request::Builder, body: &str) -> Response<Bytes> {
    let handler = test.service.http.clone().unwrap();
    handler(request.body(Bytes::from(body.to_owned())).unwrap()).await
}

async fn post(test: &TestService, path: &str, body: &Value) -> (StatusCode, Value) {
    post_from(test, "10.0.0.1", path, body).await
}

async fn post_from(
    test: &TestService,
    peer: &str,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let request = http::Request::post(path)
        .header("content-type", "application/json; charset=utf-8")
        .header(identity::PEER_HEADER, peer);
    let response = send(test, request, &body.to_string()).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    (response.status(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

fn sign_in(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

async fn caller_of(test: &TestService, access_token: &Value) -> Caller {
    let request = http::Request::get("/.well-known/jwks.json");
    let jwks = send(test, request, "").await;
    assert_eq!(jwks.headers()["cache-control"], "public, max-age=300");
    let jwks = String::from_utf8(jwks.body().to_vec()).unwrap();
    let verifier = TokenVerifier::new(&jwks, identity::ISSUER, identity::AUDIENCE).unwrap();
    let now_s = test.kit.clock.now_us() / 1_000_000;
    let token = access_token.as_str().unwrap();
    assert!(verifier.verify(token, now_s + 631).is_err(), "ten minutes and the leeway");
    verifier.verify(token, now_s).unwrap()
}

#[tokio::test]
async fn every_demo_user_signs_in_with_their_scopes() {
    let test = seeded().await;
    let users = identity::demo_users();
    assert_eq!(users.len(), 8);
    for (n, user) in (0..).zip(users) {
        let (status, body) =
            post(&test, "/auth/sign-in", &sign_in(user.email, user.password)).await;
        assert_eq!(status, 200, "{}", user.email);
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(600)));
        let caller = caller_of(&test, &body["access_token"]).await;
        assert_eq!((caller.subject, caller.kind), (world::user(n), CallerKind::User));
        let scopes: BTreeSet<&str> = caller.scopes.iter().map(String::as_str).collect();
        let (held, missing): (&[&str], &[&str]) = match user.role {
            "staff" => (&["accounts:write", "orders:approve"], &["credit:write", "users:read"]),
            "finance staff" => (&["accounts:write", "credit:write"], &["users:read"]),
            "passenger" => (&["orders:write"], &["accounts:read", "orders:approve"]),
            "buyer" => (&["accounts:read", "orders:approve"], &["accounts:write", "credit:write"]),
            "account admin" => (&["accounts:write", "orders:approve"], &["credit:write"]),
            "driver" => (&["trips:drive"], &["orders:read"]),
            "fleet manager" => (&["fleet:write"], &["orders:read"]),
            "system admin" => (&["users:admin", "ops:write"], &["orders:read", "accounts:read"]),
            other => panic!("unknown role {other}"),
        };
        assert!(scopes.contains("self") && held.iter().all(|s| scopes.contains(s)), "{scopes:?}");
        assert!(missing.iter().all(|scope| !scopes.contains(scope)), "{}: {scopes:?}", user.role);
    }
}

#[tokio::test]
async fn wrong_unknown_and_suspended_are_answered_alike() {
    let test = seeded().await;
    let suspend = "UPDATE users SET status = 'SUSPENDED' WHERE id = $1";
    let suspend = braid_service::db::sql(suspend).bind(world::user(5));
    test.service.db.execute(suspend).await.unwrap();
    let refused = (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_grant" }));
    for (email, password) in [
        ("passenger@corridor.example", "wrong"),
        ("nobody@corridor.example", "corridor-demo"),
        ("user9@people.corridor.example", "corridor-demo"),
        ("driver@corridor.example", "corridor-demo"),
        ("", ""),
        ("' OR 1=1 --", "x"),
        ("passenger@corridor.example", &"x".repeat(300)),
    ] {
        let answer = post(&test, "/auth/sign-in", &sign_in(email, password)).await;
        assert_eq!(answer, refused, "{email}");
    }
    let (status, _) =
        post(&test, "/auth/sign-in", &sign_in(" Passenger@Corridor.EXAMPLE", "corridor-demo"))
            .await;
    assert_eq!(status, 200, "addresses are not case sensitive");
}

#[tokio::test]
async fn guessing_is_slowed_down() {
    let test = seeded().await;
    let wrong = sign_in("buyer@corridor.example", "guess");
    let right = sign_in("buyer@corridor.example", "corridor-demo");
    for _ in 0..5 {
        assert_eq!(post_from(&test, "10.0.0.9", "/auth/sign-in", &wrong).await.0, 401);
    }
    let request = http::Request::post("/auth/sign-in")
        .header("content-type", "application/json")
        .header(identity::PEER_HEADER, "10.0.0.9");
    let slowed = send(&test, request, &right.to_string()).await;
    assert_eq!(slowed.status(), 429, "even the right password");
    assert_eq!(slowed.headers()["retry-after"], "901");
    let elsewhere = post_from(&test, "10.0.0.10", "/auth/sign-in", &right).await;
    assert_eq!(elsewhere.0, 200, "the owner is not locked out");
    test.kit.clock.advance_us(15 * 60 * 1_000_000);
    assert_eq!(post_from(&test, "10.0.0.9", "/auth/sign-in", &right).await.0, 200);
}

async fn signed_in(test: &TestService) -> Value {
    let (status, body) =
        post(test, "/auth/sign-in", &sign_in("passenger@corridor.example", "corridor-demo")).await;
    assert_eq!(status, 200);
    body
}

fn refresh_of(body: &Value) -> Value {
    json!({ "refresh_token": body["refresh_token"] })
}

#[tokio::test]
async fn refresh_tokens_rotate_and_reuse_revokes_the_family() {
    let test = seeded().await;
    let refused = (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_grant" }));
    let first = signed_in(&test).await;
    let other = signed_in(&test).await;
    let (status, second) = post(&test, "/auth/refresh", &refresh_of(&first)).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let (status, third) = post(&test, "/auth/refresh", &refresh_of(&second)).await;
    assert_eq!(status, 200);
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(&first)).await, refused, "a used one");
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(&third)).await, refused, "the family");
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(&other)).await.0, 200, "others live");
    for bad in ["", "x", "'; DROP TABLE users; --"] {
        assert_eq!(post(&test, "/auth/refresh", &json!({ "refresh_token": bad })).await, refused);
    }
}

#[tokio::test]
async fn of_two_refreshes_at_once_one_wins_and_both_end() {
    let test = seeded().await;
    let first = signed_in(&test).await;
    let body = refresh_of(&first);
    let (a, b) =
        tokio::join!(post(&test, "/auth/refresh", &body), post(&test, "/auth/refresh", &body));
    let good: Vec<&Value> =
        [&a, &b].into_iter().filter(|answer| answer.0 == 200).map(|answer| &answer.1).collect();
    assert_eq!(good.len(), 1);
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(good[0])).await.0, 401);
}

#[tokio::test]
async fn a_refresh_knows_what_changed_meanwhile() {
    let test = seeded().await;
    let first = signed_in(&test).await;
    let mutation = "mutation($u: ID!) { setUserGroups(userId: $u, groups: [DRIVER]) { \
        userErrors { code } } }";
    test.data(Some(&admin()), mutation, json!({ "u": world::user(2) })).await;
    let (_, second) = post(&test, "/auth/refresh", &refresh_of(&first)).await;
    let caller = caller_of(&test, &second["access_token"]).await;
    assert_eq!(caller.groups, ["DRIVER"]);
    let suspend = braid_service::db::sql("UPDATE users SET status = 'SUSPENDED'");
    test.service.db.execute(suspend).await.unwrap();
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(&second)).await.0, 401);
}

#[tokio::test]
async fn families_end_by_sign_out_and_by_time() {
    let test = seeded().await;
    let first = signed_in(&test).await;
    assert_eq!(post(&test, "/auth/sign-out", &refresh_of(&first)).await.0, 204);
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(&first)).await.0, 401);
    assert_eq!(post(&test, "/auth/sign-out", &json!({ "refresh_token": "x" })).await.0, 204);
    let second = signed_in(&test).await;
    test.kit.clock.advance_us(30 * braid_service::scalars::DAY_US);
    assert_eq!(post(&test, "/auth/refresh", &refresh_of(&second)).await.0, 401);
}

async fn token(test: &TestService, form: &str) -> (StatusCode, Value) {
    let request = http::Request::post("/auth/token")
        .header("content-type", "application/x-www-form-urlencoded");
    let response = send(test, request, form).await;
    (response.status(), serde_json::from_slice(response.body()).unwrap())
}

#[tokio::test]
async fn clients_get_tokens_by_their_secret() {
    let test = seeded().await;
    let (id, secret) = identity::demo_client();
    let good = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let (status, body) = token(&test, &good).await;
    assert_eq!(status, 200);
    assert!(body.get("refresh_token").is_none());
    let caller = caller_of(&test, &body["access_token"]).await;
    assert_eq!((caller.subject.as_str(), caller.kind), (id.as_str(), CallerKind::Client));
    assert_eq!(caller.account, Some(world::account(0)));
    assert!(caller.has_scope("orders:write") && !caller.has_scope("self"));
    for (form, status) in [
        (good.replace("demo-partner", "demo+partner"), 401),
        (good.replace(&id, "cli_none"), 401),
        (good.replace("client_credentials", "password"), 400),
        (format!("{good}&client_id={id}"), 400),
        (good.replace("client_secret", "secret"), 400),
        ("grant_type=client_credentials".to_owned(), 400),
        ("%zz=1".to_owned(), 400),
        (String::new(), 400),
    ] {
        assert_eq!(token(&test, &form).await.0, status, "{form}");
    }
    use base64::Engine as _;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    let request = http::Request::post("/auth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {basic}"));
    assert_eq!(send(&test, request, "grant_type=client_credentials").await.status(), 200);
    let used = test.data(Some(&admin()), "{ apiClients { lastUsedAt } }", json!({})).await;
    assert_eq!(used["apiClients"][0]["lastUsedAt"], "2027-01-15T08:00:00Z");
    let revoke = "mutation($id: ID!) { revokeApiClient(id: $id) { userErrors { code } } }";
    test.data(Some(&admin()), revoke, json!({ "id": id })).await;
    assert_eq!(token(&test, &good).await.0, 401, "revoked");
}

#[tokio::test]
async fn what_is_no_sign_in_is_refused() {
    let test = seeded().await;
    let good = sign_in("passenger@corridor.example", "corridor-demo").to_string();
    let json = "application/json";
    for (method, path, content_type, body, status) in [
        ("GET", "/auth/sign-in", json, good.as_str(), 405),
        ("PUT", "/auth/token", json, "", 405),
        ("POST", "/.well-known/jwks.json", json, "", 405),
        ("POST", "/auth/nothing", json, "", 404),
        ("POST", "/auth/../auth/sign-in", json, &good, 404),
        ("POST", "/auth/sign-in", "text/plain", &good, 415),
        ("POST", "/auth/sign-in", "text/plain; application/json", &good, 415),
        ("POST", "/auth/sign-in", "application/x-www-form-urlencoded", &good, 415),
        ("POST", "/auth/sign-in", "", &good, 415),
        ("POST", "/auth/token", json, "{}", 415),
        ("POST", "/auth/sign-in", json, "", 400),
        ("POST", "/auth/sign-in", json, "[]", 400),
        ("POST", "/auth/sign-in", json, "[\"a\",\"b\"]", 400),
        ("POST", "/auth/sign-in", json, "{\"email\":\"a\"}", 400),
        ("POST", "/auth/sign-in", json, "{\"email\":1,\"password\":2}", 400),
        ("POST", "/auth/sign-in", json, "{\"email\":\"a\",\"password\":\"b\",\"x\":1}", 400),
        (
            "POST",
            "/auth/sign-in",
            json,
            "{\"email\":\"a\",\"email\":\"c\",\"password\":\"b\"}",
            400,
        ),
        ("POST", "/auth/sign-in", json, &"{".repeat(20_000), 413),
    ] {
        let mut request = http::Request::builder().method(method).uri(path);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let response = send(&test, request, body).await;
        assert_eq!(response.status(), status, "{method} {path} {content_type} {body:.40}");
        assert!(response.body().len() < 200);
    }
}

#[tokio::test]
async fn the_signing_key_survives_a_restart() {
    let folder = std::env::temp_dir().join(format!("braid-identity-{}", std::process::id()));
    let url = format!("sqlite:{}/identity.sqlite", folder.display());
    let mut keys = Vec::new();
    for _ in 0..2 {
        let kit = TestKit::new();
        let (service, auth) = identity::start(kit.deps(&url)).await.unwrap();
        keys.push(auth.jwks().to_owned());
        assert!(kit.tasks.shutdown(std::time::Duration::from_secs(5)).await);
        service.db.close().await;
    }
    assert_eq!(keys[0], keys[1]);
    std::fs::remove_dir_all(folder).unwrap();
}
