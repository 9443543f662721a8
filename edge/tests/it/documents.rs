//! Documents by name and hash; everything else is refused.

use braid_edge::stored::Text;
use serde_json::{Value, json};

use crate::support::{Edge, RENAME, USER};

fn edge(text: Text) -> Edge {
    let user = json!({ "id": "1", "name": "Ada" });
    Edge::new(&[USER, RENAME], text, json!({ "user": user, "rename": user }))
}

#[tokio::test]
async fn documents_are_called_by_name_and_hash() {
    let edge = edge(Text::Refused);
    let hash = braid_documents::hash(USER.text);
    let variables = json!({ "id": 1 });
    for asked in [
        json!({ "documentId": "User" }),
        json!({ "id": "User" }),
        json!({ "documentId": hash }),
        json!({ "documentId": format!("sha256:{hash}") }),
        json!({ "documentId": "User", "operationName": "User" }),
        json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } }),
        json!({ "documentId": "User", "extensions": { "persistedQuery": { "sha256Hash": hash } } }),
        json!({ "documentId": "User", "extensions": { "persistedQuery": null, "trace": 1 } }),
    ] {
        let mut body = asked.clone();
        body["variables"] = variables.clone();
        let answer = edge.post(&body).await;
        let data = r#"{"data":{"user":{"id":"1","name":"Ada"}}}"#;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, data), "{asked}");
    }
    let odd = r#"{"documentId":"User","variables":{"id":1},"extensions":{"n":1e999999,"x":{}}}"#;
    assert_eq!(edge.post(odd).await.status, 200);
    let answer = edge.get("/graphql?documentId=User&variables=%7B%22id%22%3A1%7D").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn what_is_not_stored_does_not_run() {
    let edge = edge(Text::Refused);
    let hash = braid_documents::hash(USER.text);
    let other = "0".repeat(64);
    let persisted = |hash: Value| json!({ "persistedQuery": { "sha256Hash": hash } });
    let id_required = (400, "PERSISTED_QUERY_ID_REQUIRED");
    let not_found = (404, "PERSISTED_QUERY_NOT_FOUND");
    let bad = (400, "BAD_REQUEST");
    for (asked, expected) in [
        (json!({ "query": USER.text }), id_required),
        (json!({ "query": "{ __typename }", "operationName": "IntrospectionQuery" }), id_required),
        (json!({ "query": USER.text, "documentId": "User" }), bad),
        (json!({ "query": USER.text, "extensions": persisted(json!(hash)) }), bad),
        (json!({ "documentId": "Nobody" }), not_found),
        (json!({ "documentId": "" }), not_found),
        (json!({ "documentId": "user" }), not_found),
        (json!({ "documentId": "sha256:User" }), not_found),
        (json!({ "documentId": hash.to_uppercase() }), not_found),
        (json!({ "extensions": persisted(json!(other)) }), not_found),
        (json!({ "extensions": persisted(json!("User")) }), not_found),
        (json!({ "extensions": persisted(json!(7)) }), bad),
        (json!({ "extensions": { "persistedQuery": {} } }), bad),
        (json!({ "extensions": { "persistedQuery": [hash] } }), bad),
        (json!({ "extensions": { "persistedQuery": "sha256Hash" } }), bad),
        (json!({ "documentId": "Rename", "extensions": persisted(json!(hash)) }), bad),
        (json!({ "documentId": "User", "operationName": "Rename" }), bad),
        (json!({ "documentId": "User", "id": "User" }), bad),
        (json!({ "documentId": 1 }), bad),
        (json!({ "documentId": "User" }), (400, "BAD_USER_INPUT")),
        (json!({ "documentId": "User", "variables": { "id": [1] } }), (400, "BAD_USER_INPUT")),
        (json!({ "variables": {} }), bad),
        (json!({}), bad),
        (json!([{ "documentId": "User" }]), (400, "BATCHING_NOT_SUPPORTED")),
        (json!("User"), bad),
    ] {
        let answer = edge.post(&asked).await;
        let (status, code) = answer.refusal();
        assert_eq!((status, code.as_str()), expected, "{asked}: {}", answer.body);
    }
    for body in ["", "{", "{\"documentId\":\"User\"", "{\"documentId\":\"User\"}}", "\u{0}"] {
        let answer = edge.post(body).await;
        assert_eq!(answer.refusal(), (400, "BAD_REQUEST".to_owned()), "{body:?}");
    }
    let hashes = format!(r#""sha256Hash":"{hash}","sha256Hash":"{hash}""#);
    let twice = format!(r#"{{"extensions":{{"persistedQuery":{{{hashes}}}}}}}"#);
    assert_eq!(edge.post(twice).await.refusal(), (400, "BAD_REQUEST".to_owned()));
    let twice = r#"{"documentId":"User","documentId":"Rename","variables":{"id":1}}"#;
    assert_eq!(edge.post(twice).await.refusal().0, 400);
    assert!(edge.bodies.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let edge = edge(Text::Refused);
    let variables = "variables=%7B%22id%22%3A1%2C%22name%22%3A%22x%22%7D";
    let answer = edge.get(&format!("/graphql?documentId=Rename&{variables}")).await;
    assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(answer.headers["allow"], "POST");
    assert!(edge.bodies.lock().unwrap().is_empty());
    let body = json!({ "documentId": "Rename", "variables": { "id": 1, "name": "x" } });
    assert_eq!(edge.post(&body).await.status, 200);
    let (status, code) = edge.get("/graphql?documentId=%ff").await.refusal();
    assert_eq!((status, code.as_str()), (400, "BAD_REQUEST"));
}

#[tokio::test]
async fn an_open_edge_takes_text_too() {
    let edge = edge(Text::Open);
    let text = json!({ "query": "{ user(id: 1) { name } }" });
    assert_eq!(edge.post(&text).await.body, r#"{"data":{"user":{"name":"Ada"}}}"#);
    let stored = json!({ "documentId": "User", "variables": { "id": 1 } });
    assert_eq!(edge.post(&stored).await.status, 200);
    // Shaping is for documents that we store.
    let shaped = json!({ "query": "{ user(id: 1) @flatten { name } }" });
    assert_eq!(edge.post(&shaped).await.refusal(), (400, "GRAPHQL_VALIDATION_FAILED".to_owned()));
    let both = json!({ "query": "{ __typename }", "documentId": "User" });
    assert_eq!(edge.post(&both).await.refusal().0, 400);
}

#[tokio::test]
async fn every_refusal_is_json() {
    let edge = edge(Text::Refused);
    assert_eq!(edge.get("/nothing").await.refusal(), (404, "NOT_FOUND".to_owned()));
    assert_eq!(edge.get("/graphql/").await.refusal(), (404, "NOT_FOUND".to_owned()));
    let answer = edge.get("/auth/sign-in").await;
    assert_eq!(answer.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert_eq!(answer.headers["allow"], "POST");
    assert_eq!(edge.get("/health/ready").await.body, r#"{"status":"UP"}"#);
    let form = http::Request::post("/graphql").header("content-type", "text/plain");
    let answer = edge.send(form.body("{}".into()).unwrap()).await;
    assert_eq!(answer.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
}
