//! Every query answers the same on every database.

use braid_service::scalars::DateTime;
use braid_service::seed::world;
use braid_service::testkit::database_urls;
use serde_json::json;

use super::{Shop, person, staff};

const EVERYTHING: &str = "query($id: ID!, $asOf: DateTime, $f: OrderFilter, $after: String, \
     $r: [_Any!]!) { \
     order(id: $id) { id number status total { amount } history { type at summary } } \
     then: order(id: $id, asOf: $asOf) { status version } \
     orders(filter: $f, first: 5, after: $after) { totalCount nodes { id placedAt } \
     pageInfo { hasNextPage endCursor } } \
     me { orders(first: 3) { totalCount nodes { id } pageInfo { hasNextPage } } } \
     _entities(representations: $r) { ... on Order { number } \
     ... on Customer { id approved: orders(status: APPROVED, first: 2) { nodes { id } totalCount } \
     all: orders(first: 3) { nodes { id status } pageInfo { hasNextPage } } } \
     ... on User { orders { totalCount } } } }";

#[tokio::test]
async fn every_query_answers_the_same_on_every_database() {
    let mut answers = Vec::new();
    for (name, url) in database_urls().await {
        let shop = Shop::over(&url, "ephemeral:").await;
        let mut told = Vec::new();
        for caller in [staff(), person(2), person(3), person(5)] {
            let mut after = json!(null);
            for _ in 0..2 {
                let variables = json!({
                    "id": world::order(1),
                    "asOf": DateTime(world::created_at_us(1)).to_string(),
                    "after": after,
                    "f": { "status": ["APPROVED", "REJECTED"],
                        "placedAfter": DateTime(world::created_at_us(0)).to_string() },
                    "r": [
                        { "__typename": "Order", "id": world::order(2) },
                        { "__typename": "Customer", "id": world::customer(0) },
                        { "__typename": "Customer", "id": world::customer(1) },
                        { "__typename": "User", "id": world::user(3) },
                    ],
                });
                let data = shop.data(&caller, EVERYTHING, variables).await;
                after = data["orders"]["pageInfo"]["endCursor"].clone();
                told.push(data);
            }
        }
        answers.push((name, told));
    }
    let (_, expected) = &answers[0];
    assert_eq!(expected[0]["orders"]["nodes"].as_array().unwrap().len(), 5);
    for (name, told) in &answers[1..] {
        assert_eq!(told, expected, "{name}");
    }
}
