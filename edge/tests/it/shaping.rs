//! `@flatten`, `@hide` and `@omitNull` from a stored document to the bytes of the answer.

use braid_edge::Source;
use braid_edge::stored::Text;
use serde_json::{Value, json};

use crate::support::Edge;

async fn check(text: &'static str, data: Value, expected: &str) {
    let edge = Edge::new(&[Source { id: "D", text }], Text::Refused, data);
    let answer = edge.post(json!({ "documentId": "D" })).await;
    assert_eq!(answer.status, 200, "{text}: {}", answer.body);
    assert_eq!(answer.body, format!("{{\"data\":{expected}}}"), "{text}");
}

fn user() -> Value {
    json!({
        "id": "1", "name": null, "owner": { "id": "2", "name": "Grace", "owner": null },
        "tags": [{ "id": "t", "label": "new" }, { "id": "u", "label": null }],
    })
}

#[tokio::test]
async fn flatten_replaces_an_object_by_its_child() {
    let data = json!({ "user": user(), "users": {
        "nodes": [user()], "pageInfo": { "endCursor": "c" },
    } });
    for (text, expected) in [
        ("{ user(id: 1) { owner @flatten { name } } }", r#"{"user":{"owner":"Grace"}}"#),
        ("{ user(id: 1) { tags @flatten { label } } }", r#"{"user":{"tags":["new",null]}}"#),
        ("{ user(id: 1) { owner @flatten { name id @hide } } }", r#"{"user":{"owner":"Grace"}}"#),
        (
            "{ user(id: 1) @flatten { owner @flatten { owner @flatten { id } } } }",
            r#"{"user":null}"#,
        ),
        ("{ users @flatten { nodes { id } } }", r#"{"users":[{"id":"1"}]}"#),
        (
            "{ users @flatten { nodes @flatten { id } pageInfo { endCursor } } }",
            r#"{"users":["1"]}"#,
        ),
    ] {
        check(text, data.clone(), expected).await;
    }
}

#[tokio::test]
async fn hide_fetches_and_does_not_show() {
    let text = "query D { user(id: 1) { id @hide owner { id name @hide } } }";
    let edge = Edge::new(&[Source { id: "D", text }], Text::Refused, json!({ "user": user() }));
    let answer = edge.post(json!({ "documentId": "D" })).await;
    assert_eq!(answer.body, r#"{"data":{"user":{"owner":{"id":"2"}}}}"#);
    let asked = edge.bodies.lock().unwrap()[0]["query"].as_str().unwrap().to_owned();
    assert!(asked.contains("name") && !asked.contains('@'), "{asked}");
}

#[tokio::test]
async fn omit_null_leaves_null_members_out() {
    let data = json!({ "user": user() });
    for (text, expected) in [
        ("{ user(id: 1) { id name @omitNull } }", r#"{"user":{"id":"1"}}"#),
        (
            "{ user(id: 1) { name owner { name @omitNull owner { id } } } }",
            r#"{"user":{"name":null,"owner":{"name":"Grace","owner":null}}}"#,
        ),
        (
            "query @omitNull { user(id: 1) { id name tags { label } owner { owner { id } } } }",
            r#"{"user":{"id":"1","tags":[{"label":"new"},{}],"owner":{}}}"#,
        ),
    ] {
        check(text, data.clone(), expected).await;
    }
}
