//! Every query answers the same on every database.

use std::sync::Arc;

use braid_service::seed::{Scale, world};
use braid_service::testkit::{TestKit, database_urls};
use serde_json::json;

use super::{account, finance, person};

const EVERYTHING: &str = "query($id: ID!, $f: CustomerFilter, $after: String, $r: [_Any!]!) { \
     customer(id: $id) { id status creditReserved { amount } version \
     reservations(first: 2) { nodes { id status reservedAt expiresAt } pageInfo { endCursor } } } \
     customers(filter: $f, first: 4, after: $after) { totalCount nodes { id kind \
     reservations { nodes { id } } } pageInfo { hasNextPage endCursor } } \
     me { customer { id creditAvailable { amount } } } \
     _entities(representations: $r) { ... on Account { customer { id } } \
     ... on User { customer { id } } ... on Customer { id } } }";
const HOLD: &str = "mutation($id: ID!) { setCustomerHold(customerId: $id, onHold: true, \
     reason: \"late\") { customer { id status version } userErrors { code } } }";

#[tokio::test]
async fn every_query_answers_the_same_on_every_database() {
    let mut answers = Vec::new();
    for (name, url) in database_urls().await {
        let kit = TestKit::new();
        let service = customers::build(kit.deps(&url)).await.unwrap();
        kit.bus.start();
        service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
        let hold = json!({ "id": world::customer(1) });
        let mut told = vec![kit.ask(&service, Some(&finance()), HOLD, hold).await];
        for caller in [finance(), person(2), person(3), person(5)] {
            let mut after = json!(null);
            for _ in 0..2 {
                let variables = json!({
                    "id": world::customer(0),
                    "after": after,
                    "f": { "status": "ACTIVE", "overLimit": false },
                    "r": [
                        account(0),
                        account(1),
                        { "__typename": "User", "id": world::user(3) },
                        { "__typename": "Customer", "id": world::customer(2) },
                    ],
                });
                let answer = kit.ask(&service, Some(&caller), EVERYTHING, variables).await;
                after = answer["data"]["customers"]["pageInfo"]["endCursor"].clone();
                told.push(answer);
            }
        }
        answers.push((name, told));
    }
    let (_, expected) = &answers[0];
    assert_eq!(expected[0]["data"]["setCustomerHold"]["customer"]["status"], "ON_HOLD");
    assert_eq!(expected[1]["data"]["customers"]["nodes"].as_array().unwrap().len(), 4);
    for (name, told) in &answers[1..] {
        assert_eq!(told, expected, "{name}");
    }
}
