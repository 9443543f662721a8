//! Entities as the router asks for them, and as somebody hostile would.

use braid_service::seed::world;
use braid_service::testkit::{client, user};
use serde_json::{Value, json};

use crate::{reads, seeded, staff};

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { __typename
    ... on Account { id name owner { id } } ... on Contact { fullName account { id } } } }";

fn account(n: u64) -> Value {
    json!({"__typename": "Account", "id": world::account(n)})
}

fn names(data: &Value) -> Vec<Option<&str>> {
    data["_entities"].as_array().unwrap().iter().map(|entity| entity["name"].as_str()).collect()
}

#[tokio::test]
async fn entities_keep_the_row_rules() {
    let test = seeded().await;
    let contact = json!({"__typename": "Contact", "id": world::contact(0)});
    let representations = json!({"r": [account(0), account(1), account(999), contact]});
    let ask = async |caller: Option<_>| {
        test.data(caller.as_ref(), ENTITIES, representations.clone()).await
    };
    let all = ask(Some(staff())).await;
    assert_eq!(names(&all)[0], Some(world::account_name(0).as_str()));
    assert!(names(&all)[1].is_some());
    assert_eq!(all["_entities"][2], Value::Null);
    assert!(all["_entities"][3]["fullName"].is_string());
    // Neither scopes nor groups are needed to see one's own account's name, only membership.
    for caller in [
        user(&world::user(3), &[], &["PASSENGER"]),
        client(&world::partner_client(), &[], &world::account(0)),
    ] {
        let own = ask(Some(caller)).await;
        assert!(names(&own)[0].is_some());
        assert_eq!(own["_entities"][0]["owner"], Value::Null);
        assert_eq!(names(&own)[1..], [None, None, None]);
        assert_eq!(own["_entities"][3], Value::Null);
    }
    let admin = ask(Some(user(&world::user(7), &["users:read"], &["SYSTEM_ADMIN"]))).await;
    assert!(names(&admin)[0].is_some() && names(&admin)[1].is_some());
    assert_eq!(admin["_entities"][3], Value::Null);
    for caller in [None, Some(user(&world::user(5), &[], &["DRIVER"]))] {
        let none = ask(caller).await;
        assert_eq!(none["_entities"], json!([null, null, null, null]));
    }
}

#[tokio::test]
async fn hostile_representations_cost_only_themselves() {
    let test = seeded().await;
    let hostile = [
        json!({"__typename": "Account"}),
        json!({"__typename": "Account", "id": null}),
        json!({"__typename": "Account", "id": {"id": 1}}),
        json!({"__typename": "Account", "id": "acc_\u{0}"}),
        json!({"__typename": "Account", "id": "x".repeat(100_000)}),
        json!({"__typename": "Account", "id": world::contact(0)}),
        json!({"__typename": "Contact", "id": world::account(0)}),
        json!({"__typename": "User", "id": world::user(0)}),
        json!({"__typename": "Mutation"}),
        json!({"__typename": 3, "id": world::account(0)}),
    ];
    for bad in hostile {
        let representations = json!({"r": [account(0), bad, account(1)]});
        let answer = test.ask(Some(&staff()), ENTITIES, representations).await;
        let entities = &answer["data"]["_entities"];
        assert_eq!(entities[0]["name"], world::account_name(0), "{answer}");
        assert_eq!(entities[1], Value::Null, "{answer}");
        assert_eq!(entities[2]["name"], world::account_name(1), "{answer}");
    }
}

#[tokio::test]
async fn five_hundred_representations_cost_two_reads() {
    let test = seeded().await;
    let representations: Vec<Value> = (0..500).map(|n| account(n % 12)).collect();
    let buyer = user(&world::user(3), &[], &["PASSENGER"]);
    for (caller, found, expected) in [(staff(), 418, 1), (buyer, 42, 2)] {
        let before = reads(&test).await;
        let data =
            test.data(Some(&caller), ENTITIES, json!({ "r": representations.clone() })).await;
        assert_eq!(names(&data).iter().flatten().count(), found);
        assert_eq!(reads(&test).await - before, expected);
    }
}
