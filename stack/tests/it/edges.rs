//! What all edges have in common, and the router beside them.

use serde_json::{Value, json};

use crate::harness::Corridor;

#[tokio::test(flavor = "multi_thread")]
async fn the_router_joins_subgraphs() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("buyer").await;
    let text = "{ me { displayName memberships { role account { name customer { creditLimit { amount currency } orders(first: 2) { nodes { number lines { productName product { id name } } } } } } } } }";
    let answer = corridor.query(Some(&token), text, json!({})).await;
    assert!(answer["errors"].is_null(), "{answer:#}");
    let account = &answer["data"]["me"]["memberships"][0]["account"];
    assert!(account["name"].is_string(), "{answer:#}");
    let orders = &account["customer"]["orders"]["nodes"];
    let line = &orders[0]["lines"][0];
    assert_eq!(line["product"]["name"], line["productName"], "{answer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_operations_get_errors_with_locations() {
    let corridor = Corridor::ephemeral();
    let answer = corridor.query(None, "{\n  products { nods { id } }\n}", json!({})).await;
    assert_eq!(answer["errors"][0]["locations"], json!([{ "line": 2, "column": 14 }]), "{answer}");
    assert!(answer.get("data").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn subgraphs_are_not_reachable_past_the_router() {
    let corridor = Corridor::ephemeral();
    for text in ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"] {
        let answer = corridor.query(None, text, json!({})).await;
        assert!(answer.get("data").is_none() && answer["errors"].is_array(), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_refused_where_documents_are_stored() {
    let corridor = Corridor::ephemeral();
    let body = json!({ "query": "{ products { nodes { id } } }" });
    let answer = corridor.post(&format!("{}/graphql", corridor.mobile), None, &body).await;
    assert_eq!(answer.status(), 400);
    let with_id = json!({ "documentId": "M06_Shop", "query": "{ products { nodes { id } } }" });
    let answer = corridor.post(&format!("{}/graphql", corridor.mobile), None, &with_id).await;
    assert_eq!(answer.status(), 400);
    let answer = corridor.post(&format!("{}/graphql", corridor.rest), None, &body).await;
    assert_eq!(answer.status(), 404);
    let unknown = json!({ "documentId": "M99_None" });
    let answer = corridor.post(&format!("{}/graphql", corridor.mobile), None, &unknown).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_query_can_be_fetched_by_get() {
    let corridor = Corridor::ephemeral();
    for edge in [&corridor.mobile] {
        let url = format!("{edge}/graphql?documentId=M06_Shop&variables=%7B%7D");
        let request =
            corridor.client.get(url).header("accept", "application/graphql-response+json");
        let answer = request.header("graphql-require-preflight", "1").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            answer["data"]["products"]["nodes"].as_array().map(Vec::len),
            Some(12),
            "{answer}"
        );
    }
    let url = format!("{}/graphql?documentId=M08_PlaceOrder&variables=%7B%7D", corridor.mobile);
    let request = corridor.client.get(url).header("graphql-require-preflight", "1");
    assert_eq!(request.send().await.unwrap().status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn production_closes_what_is_for_development() {
    let corridor = Corridor::start(&["--ephemeral", "--production"]);
    let introspection = "{ __schema { queryType { name } } }";
    for base in [&corridor.router, &corridor.web] {
        let body = json!({ "query": introspection });
        let answer = corridor.post(&format!("{base}/graphql"), None, &body).await;
        let answer: Value = answer.json().await.unwrap();
        assert!(answer.get("data").is_none(), "{answer}");
    }
    let page = corridor.client.get(format!("{}/graphiql", corridor.web)).send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(!corridor.banner.contains('@'), "no passwords:\n{}", corridor.banner);
}
