//! The OpenAPI document, and what partners see.

use braid_documents::Rules;
use braid_edge::{Bundle, Source};
use braid_model::Supergraph;
use serde_json::{Value, json};

use crate::support::{Rest, schema};

fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn check(document: &Value) {
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        assert!(target.is_some_and(Value::is_object), "{reference}");
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let declared = operation["parameters"].as_array().unwrap();
            for name in path.split(['{', '}']).skip(1).step_by(2) {
                let is_it = |p: &&Value| p["name"] == name && p["in"] == "path";
                assert!(declared.iter().any(|p| is_it(&p)), "{method} {path}: {name}");
            }
            assert!(operation["security"].is_array(), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_document_is_served_and_hangs_together() {
    let rest = Rest::new("{}");
    let answer = rest.get("/v1/openapi.json").await;
    assert_eq!(answer.json(), rest.document);
    check(&rest.document);
    let known = [("if-none-match", answer.header("etag"))];
    assert_eq!(rest.send("GET", "/v1/openapi.json", &known, "").await.status, 304);
    let security = |path: &str| &rest.document["paths"][path]["get"]["security"];
    assert_eq!(security("/v1/secrets/{id}"), &json!([{ "client": ["things:read"] }]));
    assert_eq!(security("/v1/things"), &json!([{}, { "client": [] }]));
    let text = rest.document.to_string();
    for hidden in ["ODD", "hidden", "secret_", "displayName", "cost"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[test]
fn our_own_documents_fit_the_schema() {
    let sdl = include_str!("../../../schema/supergraph.graphql");
    let schema = Supergraph::read(sdl).unwrap();
    let bundle = rest_shim::bundle(&schema).unwrap();
    assert_eq!(bundle.documents().len(), 7);
    check(&rest_shim::openapi(&schema, &bundle));
}

#[test]
fn documents_see_what_is_tagged_for_partners() {
    let schema = schema();
    let refused = |text: &'static str| {
        let text = format!("query @rest(method: GET, path: \"/v1/x\") {text}");
        let source = Source { id: "D", text: Box::leak(text.into_boxed_str()) };
        Bundle::load(&schema, Rules::PARTNER, &[source]).err().map(|p| p[0].to_string())
    };
    assert_eq!(refused("{ thing(id: 1) { id } }"), None);
    let cost = refused("{ thing(id: 1) { id cost } }").unwrap();
    assert!(cost.starts_with("operations/D.graphql:1:61: ") && cost.contains("cost"), "{cost}");
    assert!(refused("{ own { id } }").unwrap().starts_with("operations/D.graphql:1:43: "));
}
