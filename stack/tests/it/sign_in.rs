//! Signing in at an edge, staying signed in, and signing out.

use serde_json::{Value, json};

use crate::harness::Corridor;

#[tokio::test(flavor = "multi_thread")]
async fn every_demo_user_can_sign_in() {
    let corridor = Corridor::ephemeral();
    for login in corridor.logins() {
        let answer = corridor.sign_in(&login.email, &login.password).await;
        assert_eq!(answer.status(), 200, "{}", login.email);
        let answer: Value = answer.json().await.unwrap();
        let token = answer["access_token"].as_str().unwrap();
        let me = corridor.query(Some(token), "{ me { displayName email } }", json!({})).await;
        assert_eq!(me["data"]["me"]["email"], login.email.as_str(), "{me}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    let corridor = Corridor::ephemeral();
    let email = &corridor.logins()[0].email;
    let wrong = corridor.sign_in(email, "not the password").await;
    let unknown = corridor.sign_in("nobody@corridor.example", "not the password").await;
    assert_eq!(
        (wrong.status(), unknown.status()),
        (401.try_into().unwrap(), 401.try_into().unwrap())
    );
    assert_eq!(wrong.text().await.unwrap(), unknown.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn refresh_tokens_rotate_and_a_used_one_ends_the_family() {
    let corridor = Corridor::ephemeral();
    let login = &corridor.logins()[0];
    let first: Value = corridor.sign_in(&login.email, &login.password).await.json().await.unwrap();
    let refresh = async |token: &Value| {
        let body = json!({ "refresh_token": token });
        corridor.post(&format!("{}/auth/refresh", corridor.web), None, &body).await
    };
    let second = refresh(&first["refresh_token"]).await;
    assert_eq!(second.status(), 200);
    let second: Value = second.json().await.unwrap();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(refresh(&first["refresh_token"]).await.status(), 401, "a used one");
    assert_eq!(refresh(&second["refresh_token"]).await.status(), 401, "its family");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_refused_everywhere() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("staff").await;
    let mut changed = token.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    for token in ["nonsense", "a.b.c", changed.as_str()] {
        for base in [&corridor.router, &corridor.mobile, &corridor.web] {
            let body = json!({ "query": "{ __typename }", "documentId": "x" });
            let answer = corridor.post(&format!("{base}/graphql"), Some(token), &body).await;
            assert!(answer.status().is_client_error(), "{token} {base}");
        }
        let (status, _, body) =
            corridor.rest(reqwest::Method::GET, "/v1/orders", Some(token), &[], None).await;
        assert_eq!(status, 401, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_may_not_see_is_null_with_an_error() {
    let corridor = Corridor::ephemeral();
    let passenger = corridor.token("passenger").await;
    let text = "{ me { displayName } users(first: 1) { nodes { id } } products(first: 1) { nodes { id } } }";
    let answer = corridor.query(Some(&passenger), text, json!({})).await;
    assert!(answer["data"]["users"].is_null() && answer["data"]["me"].is_object(), "{answer}");
    assert_eq!(answer["data"]["products"]["nodes"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["errors"][0]["path"], json!(["users"]), "{answer}");
    let anonymous = corridor.query(None, text, json!({})).await;
    assert!(anonymous["data"]["me"].is_null() && anonymous["data"]["users"].is_null());
    assert_eq!(anonymous["data"]["products"]["nodes"].as_array().map(Vec::len), Some(1));
}
