//! The mobile app's screens.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Corridor, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn shop_pages_through_all_products() {
    let corridor = Corridor::ephemeral();
    let mut ids = std::collections::BTreeSet::new();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "after": after });
        let page = corridor.stored(&corridor.mobile, None, "M06_Shop", variables).await;
        let products = &page["data"]["products"];
        for node in products["nodes"].as_array().unwrap_or_else(|| panic!("{page}")) {
            assert!(ids.insert(node["id"].to_string()), "a product twice");
            assert!(node["imageUrl"].as_str().is_some_and(|url| url.contains("160")), "{node}");
        }
        if products["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
        after = products["pageInfo"]["endCursor"].clone();
    }
    assert!(ids.len() >= 20, "{}", ids.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn product_shows_what_its_kind_has() {
    let corridor = Corridor::ephemeral();
    let shop = corridor.stored(&corridor.mobile, None, "M06_Shop", json!({})).await;
    let mut kinds = std::collections::BTreeSet::new();
    for category in shop["data"]["categories"].as_array().unwrap() {
        let variables = json!({ "cat": category["id"] });
        let shelf = corridor.stored(&corridor.mobile, None, "M06_Shop", variables).await;
        let node = &shelf["data"]["products"]["nodes"][0];
        let variables = json!({ "id": node["id"] });
        let answer = corridor.stored(&corridor.mobile, None, "M07_Product", variables).await;
        let product = &answer["data"]["product"];
        assert_eq!(product["__typename"], node["__typename"], "{answer}");
        let own = match product["__typename"].as_str().unwrap() {
            "RidePass" => "rides",
            "ShuttleSeat" => "departures",
            "Charter" => "includedHours",
            _ => "name",
        };
        assert!(!product[own].is_null(), "{answer}");
        kinds.insert(product["__typename"].to_string());
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_checkout_to_an_approved_order() {
    let corridor = Corridor::ephemeral();
    let token = corridor.token("buyer").await;
    let shop = corridor.stored(&corridor.mobile, None, "M06_Shop", json!({})).await;
    let product = shop["data"]["products"]["nodes"][0]["id"].clone();
    let me = "{ me { memberships { account { customer { id paymentTerms creditAvailable { amount currency } } } } } }";
    let me = corridor.query(Some(&token), me, json!({})).await;
    let customer = me["data"]["me"]["memberships"][0]["account"]["customer"].clone();
    assert!(customer["id"].is_string(), "{me}");
    let lines = json!([{ "productId": product, "quantity": 1 }]);
    let input = json!({ "in": { "lines": lines, "currency": "EUR" } });
    let checkout = corridor.stored(&corridor.mobile, Some(&token), "M08_Checkout", input).await;
    let quote = &checkout["data"]["priceQuote"];
    assert!(checkout["errors"].is_null() && quote["quoteToken"].is_string(), "{checkout}");
    let input = json!({
        "in": { "customerId": customer["id"], "lines": lines, "quoteToken": quote["quoteToken"] },
        "key": "intent-1",
    });
    let placed =
        corridor.stored(&corridor.mobile, Some(&token), "M08_PlaceOrder", input.clone()).await;
    let payload = &placed["data"]["placeOrder"];
    assert_eq!(payload["userErrors"], json!([]), "{placed}");
    assert_eq!(payload["order"]["status"], "PENDING");
    let again = corridor.stored(&corridor.mobile, Some(&token), "M08_PlaceOrder", input).await;
    assert_eq!(again["data"]["placeOrder"]["order"]["id"], payload["order"]["id"], "one intent");
    let variables = json!({ "id": payload["order"]["id"] });
    let mut last = Value::Null;
    let decided = eventually(Duration::from_secs(10), async || {
        last =
            corridor.stored(&corridor.mobile, Some(&token), "M09_Order", variables.clone()).await;
        last["data"]["order"]["status"] != "PENDING"
    })
    .await;
    assert!(decided, "{last}");
    assert_eq!(last["data"]["order"]["status"], "APPROVED", "{last}");
    assert_eq!(last["data"]["order"]["total"], quote["total"], "{last} {quote}");
}
