//! The dashboard's pages, and the explorer.

use serde_json::json;

use crate::harness::Corridor;

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_one_order() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("staff").await;
    let orders = corridor.stored(&corridor.web, Some(&token), "W05_Orders", json!({})).await;
    assert!(orders["errors"].is_null(), "{orders:#}");
    let nodes = orders["data"]["orders"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 50);
    let business = nodes.iter().find(|node| node["customer"]["account"]["name"].is_string());
    assert!(business.is_some(), "accounts behind customers behind orders");
    let variables = json!({ "id": nodes[0]["id"] });
    let order = corridor.stored(&corridor.web, Some(&token), "W05_Order", variables).await;
    assert!(order["errors"].is_null(), "{order:#}");
    let order = &order["data"]["order"];
    assert!(order["history"][0]["type"].is_string() && order["lines"][0]["id"].is_string());
    assert!(order["placedBy"]["displayName"].is_string(), "{order:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credit() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("finance staff").await;
    let answer = corridor.stored(&corridor.web, Some(&token), "W06_Credit", json!({})).await;
    assert!(answer["errors"].is_null(), "{answer:#}");
    let customers = answer["data"]["customers"]["nodes"].as_array().unwrap();
    assert!(customers.iter().any(|customer| customer["account"]["name"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_access() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("system admin").await;
    let answer = corridor.stored(&corridor.web, Some(&token), "W13_Access", json!({})).await;
    let users = answer["data"]["users"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    assert_eq!(users.len(), 50);
    assert!(answer["data"]["apiClients"][0]["scopes"].is_array(), "{answer:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_can_be_called_by_their_hash() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("staff").await;
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../bff-web/operations/W05_Orders.graphql"
    ))
    .unwrap();
    let hash = braid_documents::hash(&text);
    let by_hash = corridor.stored(&corridor.web, Some(&token), &hash, json!({})).await;
    assert!(by_hash["data"]["orders"].is_object(), "{by_hash}");
    let body = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
    let answer = corridor.post(&format!("{}/graphql", corridor.web), Some(&token), &body).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_explorer_is_there_and_bounded() {
    let corridor = Corridor::ephemeral();
    let get = async |path: &str| {
        corridor.client.get(format!("{}{path}", corridor.web)).send().await.unwrap()
    };
    let page = get("/graphiql").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("script-src 'unsafe"));
    let html = page.text().await.unwrap();
    assert!(html.contains("explorer/main.js") && !html.contains("<script>"));
    for file in ["main.js", "docs.js", "language.js", "explorer.css", "data.json"] {
        assert_eq!(get(&format!("/explorer/{file}")).await.status(), 200, "{file}");
    }
    for path in ["/explorer/..%2Fmain.rs", "/explorer/none.js", "/no", "/%00"] {
        assert!(get(path).await.status().is_client_error(), "{path}");
    }
}
