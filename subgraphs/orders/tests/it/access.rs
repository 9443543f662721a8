//! Who sees which orders, by every way that leads to them.

use braid_service::seed::{Scale, world};
use braid_service::testkit::{client, user};
use serde_json::{Value, json};

use super::{SCOPES, Shop, person, staff};

const LIST: &str = "query($f: OrderFilter, $after: String) { orders(filter: $f, first: 9, \
     after: $after) { totalCount nodes { id number status } pageInfo { hasNextPage endCursor } } }";

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

/// All pages of a list.
async fn all(
    shop: &Shop,
    caller: &braid_service::braid_vouch::Caller,
    filter: Value,
) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "f": filter, "after": after });
        let data = shop.data(caller, LIST, variables).await;
        let page = &data["orders"];
        seen.extend(ids(page));
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], seen.len());
            return seen;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// The orders of a customer in the demo world.
fn of_customer(customer: u64) -> Vec<String> {
    let counts = world::Counts::of(Scale::Tiny);
    let mut orders: Vec<String> = (0..counts.orders)
        .filter(|n| world::order_customer(*n, &counts) == customer)
        .map(world::order)
        .collect();
    orders.sort();
    orders
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[tokio::test]
async fn everybody_sees_their_own_orders() {
    let shop = Shop::open().await;
    let counts = world::Counts::of(Scale::Tiny);
    assert_eq!(all(&shop, &staff(), json!({})).await.len() as u64, counts.orders);
    let partner = client(&world::partner_client(), SCOPES, &world::account(0));
    for caller in [person(3), person(4), partner] {
        let seen = sorted(all(&shop, &caller, json!({})).await);
        assert_eq!(seen, of_customer(0), "{}", caller.subject);
    }
    let passenger = sorted(all(&shop, &person(2), json!({})).await);
    assert_eq!(passenger, of_customer(counts.accounts));
    assert!(all(&shop, &person(5), json!({})).await.is_empty(), "a driver orders nothing");
}

#[tokio::test]
async fn what_may_not_be_seen_does_not_exist() {
    let shop = Shop::open().await;
    let order = world::order(0);
    let query = "query($id: ID!, $r: [_Any!]!) { order(id: $id) { id } _entities(\
         representations: $r) { ... on Order { id customerId } \
         ... on Customer { orders { totalCount nodes { id } } } \
         ... on User { orders { totalCount } } } }";
    let variables = json!({ "id": order, "r": [
        { "__typename": "Order", "id": order },
        { "__typename": "Order", "id": "ord_unknown" },
        { "__typename": "Customer", "id": world::customer(0) },
        { "__typename": "User", "id": world::user(3) },
    ]});
    let stranger = shop.data(&person(2), query, variables.clone()).await;
    assert_eq!(stranger["order"], Value::Null);
    let expected = json!([null, null, { "orders": { "totalCount": 0, "nodes": [] } },
        { "orders": null }]);
    assert_eq!(stranger["_entities"], expected);
    let buyer = shop.data(&person(3), query, variables.clone()).await;
    assert_eq!(buyer["order"]["id"], order);
    assert_eq!(buyer["_entities"][0]["customerId"], world::customer(0));
    assert_eq!(buyer["_entities"][2]["orders"]["totalCount"], of_customer(0).len());
    let member = user(&world::user(3), &[], &[]);
    let answer = shop.ask(&member, query, variables).await;
    let codes: Vec<&Value> =
        answer["errors"].as_array().unwrap().iter().map(|e| &e["extensions"]["code"]).collect();
    assert_eq!(codes, ["FORBIDDEN", "FORBIDDEN"], "orders:read guards lists and roots: {answer}");
}

#[tokio::test]
async fn lists_are_filtered() {
    let shop = Shop::open().await;
    let counts = world::Counts::of(Scale::Tiny);
    let staff = staff();
    let approved = (0..counts.orders).filter(|n| world::order_status(*n) == "APPROVED").count();
    let filter = json!({ "status": ["APPROVED"] });
    assert_eq!(all(&shop, &staff, filter).await.len(), approved);
    let filter = json!({ "status": ["APPROVED", "REJECTED", "CANCELLED"] });
    assert_eq!(all(&shop, &staff, filter).await.len() as u64, counts.orders);
    assert!(all(&shop, &staff, json!({ "status": [] })).await.is_empty());
    let filter = json!({ "customerId": world::customer(0) });
    assert_eq!(sorted(all(&shop, &staff, filter).await), of_customer(0));
    let filter = json!({ "number": "C-2026-000008" });
    assert_eq!(all(&shop, &staff, filter).await, [world::order(7)]);
    let time = |n| braid_service::scalars::DateTime(world::created_at_us(n)).to_string();
    let filter = json!({ "placedAfter": time(3), "placedBefore": time(6) });
    assert_eq!(all(&shop, &staff, filter).await, [world::order(5), world::order(4)]);
}

#[tokio::test]
async fn my_orders_are_paged() {
    let shop = Shop::open().await;
    let query = "query($after: String) { me { id orders(first: 2, after: $after) { totalCount \
         nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = shop.data(&person(3), query, json!({ "after": after })).await;
        assert_eq!(data["me"]["id"], world::user(3));
        let page = &data["me"]["orders"];
        seen.extend(ids(page));
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], seen.len());
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert!(seen.len() >= 2, "the demo buyer has placed orders");
    let anonymous = shop.kit.ask(&shop.orders, None, "{ me { id } }", json!({})).await;
    assert_eq!(anonymous["data"]["me"], Value::Null);
}
