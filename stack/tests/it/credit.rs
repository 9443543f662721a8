//! Many orders at once never exceed a customer's credit.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Corridor, eventually};

/// `12.34` in minor units.
fn minor(money: &Value) -> i64 {
    let text = money["amount"].as_str().expect("an amount");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let cents: i64 = format!("{fraction:0<2}")[..2].parse().expect("digits");
    whole.parse::<i64>().expect("digits") * 100 + cents
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_orders_at_once_stay_within_the_limit() {
    let corridor = Corridor::ephemeral();
    let buyer = corridor.token("buyer").await;
    let finance = corridor.token("finance staff").await;
    let me =
        "{ me { memberships { account { customer { id version creditReserved { amount } } } } } }";
    let me = corridor.query(Some(&buyer), me, json!({})).await;
    let customer = me["data"]["me"]["memberships"][0]["account"]["customer"].clone();
    let id = customer["id"].as_str().unwrap_or_else(|| panic!("{me}")).to_owned();
    let products = "{ products(first: 50, filter: { status: ACTIVE }) { nodes { id price { amount currency } } } }";
    let products = corridor.query(None, products, json!({})).await;
    let nodes = products["data"]["products"]["nodes"].as_array().unwrap();
    let cheapest = nodes.iter().min_by_key(|node| minor(&node["price"])).unwrap();
    // Room for about ten of the hundred, on top of what is reserved.
    let limit = minor(&customer["creditReserved"]) + minor(&cheapest["price"]) * 13;
    let text = "mutation($id: ID!, $limit: MoneyInput!, $v: Int!) { setCreditLimit(customerId: $id, limit: $limit, reason: \"test\", expectedVersion: $v) { customer { creditLimit { amount } } userErrors { code message } } }";
    let set = json!({
        "id": id, "v": customer["version"],
        "limit": { "amount": format!("{}.{:02}", limit / 100, limit % 100), "currency": "EUR" },
    });
    let set = corridor.query(Some(&finance), text, set).await;
    assert_eq!(set["data"]["setCreditLimit"]["userErrors"], json!([]), "{set}");

    let orders: Vec<_> = (0..100)
        .map(|n| {
            let (url, client) = (format!("{}/graphql", corridor.mobile), corridor.client.clone());
            let body = json!({ "documentId": "M08_PlaceOrder", "variables": {
                "in": { "customerId": id, "lines": [{ "productId": cheapest["id"], "quantity": 1 }] },
                "key": format!("race-{n}"),
            } });
            let request = client.post(url).bearer_auth(&buyer).json(&body);
            tokio::spawn(async move {
                request.send().await.expect("an answer").json::<Value>().await.expect("JSON")
            })
        })
        .collect();
    let mut placed = Vec::new();
    for order in orders {
        let answer = order.await.unwrap();
        let order = &answer["data"]["placeOrder"]["order"];
        placed.push(order["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    let (mut approved, mut rejected) = (0, 0);
    for order in placed {
        let text = "query($id: ID!) { order(id: $id) { status rejectionReason } }";
        let mut last = Value::Null;
        let decided = eventually(Duration::from_secs(60), async || {
            last = corridor.query(Some(&buyer), text, json!({ "id": order })).await;
            last["data"]["order"]["status"] != "PENDING"
        })
        .await;
        assert!(decided, "{last}");
        match last["data"]["order"]["status"].as_str() {
            Some("APPROVED") => approved += 1,
            Some("REJECTED") => {
                assert_eq!(last["data"]["order"]["rejectionReason"], "INSUFFICIENT_CREDIT");
                rejected += 1;
            }
            other => panic!("{other:?} {last}"),
        }
    }
    assert_eq!(approved + rejected, 100);
    assert!(approved >= 5 && rejected >= 80, "{approved} approved, {rejected} rejected");
    let text = "query($id: ID!) { customer(id: $id) { creditLimit { amount } creditReserved { amount } creditAvailable { amount } } }";
    let after = corridor.query(Some(&finance), text, json!({ "id": id })).await;
    let customer = &after["data"]["customer"];
    assert!(minor(&customer["creditReserved"]) <= minor(&customer["creditLimit"]), "{after}");
    assert!(minor(&customer["creditAvailable"]) >= 0, "{after}");
}
