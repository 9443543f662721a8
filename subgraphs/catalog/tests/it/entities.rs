//! Entities as the router asks for them, and as somebody hostile would.

use braid_service::seed::world;
use serde_json::{Value, json};

use crate::{reads, seeded};

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { __typename
    ... on Product { id sku name price { amount } category { id } } ... on Category { name } } }";

#[tokio::test]
async fn products_are_found_by_both_keys_as_the_interface_and_as_their_kind() {
    let test = seeded().await;
    let (pass, charter) = (world::product(0), world::product(2));
    let representations = json!([
        {"__typename": "Product", "id": pass.id},
        {"__typename": "Product", "sku": charter.sku},
        {"__typename": "RidePass", "id": pass.id},
        {"__typename": "RidePass", "sku": pass.sku},
        {"__typename": "Charter", "id": charter.id},
        {"__typename": "Charter", "id": pass.id},
        {"__typename": "ShuttleSeat", "sku": world::product(1).sku},
        {"__typename": "AddOn", "id": world::product(3).id},
        {"__typename": "Category", "id": world::category(1)},
    ]);
    let data = test.data(None, ENTITIES, json!({ "r": representations })).await;
    let names = data["_entities"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|e| e["__typename"].as_str().unwrap_or("null")).collect();
    let expected = [
        "RidePass",
        "Charter",
        "RidePass",
        "RidePass",
        "Charter",
        "null",
        "ShuttleSeat",
        "AddOn",
        "Category",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn hostile_representations_cost_only_themselves() {
    let test = seeded().await;
    let good = world::product(0).id;
    let hostile = [
        json!({"__typename": "Product"}),
        json!({"__typename": "Product", "id": null}),
        json!({"__typename": "Product", "id": ["prd_1"]}),
        json!({"__typename": "Product", "id": 7}),
        json!({"__typename": "Product", "id": "x".repeat(100_000)}),
        json!({"__typename": "Product", "id": "prd_\u{0}"}),
        json!({"__typename": "Product", "sku": "' OR '1'='1"}),
        json!({"__typename": "Nobody", "id": good}),
        json!({"__typename": "Query"}),
        json!({"id": good}),
        json!({"__typename": "Product", "id": world::product(24).id}),
    ];
    for bad in hostile {
        let representations = json!([{"__typename": "Product", "id": good}, bad,
            {"__typename": "Category", "id": world::category(0)}]);
        let answer = test.ask(None, ENTITIES, json!({ "r": representations })).await;
        let entities = &answer["data"]["_entities"];
        assert_eq!(entities[0]["id"], good, "{answer}");
        assert_eq!(entities[1], Value::Null, "{answer}");
        assert_eq!(entities[2]["name"], "Ride passes", "{answer}");
    }
}

#[tokio::test]
async fn five_hundred_representations_cost_two_reads() {
    let test = seeded().await;
    let representations: Vec<Value> = (0..500)
        .map(|n| json!({"__typename": "Product", "id": world::product(n % 25).id}))
        .collect();
    let before = reads(&test).await;
    let data = test.data(None, ENTITIES, json!({ "r": representations })).await;
    let entities = data["_entities"].as_array().unwrap();
    assert_eq!(entities.len(), 500);
    assert_eq!(entities.iter().filter(|entity| entity.is_null()).count(), 20, "the draft");
    assert!(reads(&test).await - before <= 2, "products, then categories");
}
