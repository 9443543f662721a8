//! Row rules, lists, entities.

use braid_service::seed::world;
use braid_service::testkit::client;
use serde_json::{Value, json};

use crate::{admin, codes, demo, passenger, seeded};

const WHO: &str = "query($r: [_Any!]!) { _entities(representations: $r) { ... on User { \
    id displayName avatarUrl email phone status groups locale createdAt \
    memberships { role account { id } } consents { purpose granted } privacyRequests { id } } } }";

fn user(n: u64) -> Value {
    json!({ "__typename": "User", "id": world::user(n) })
}

#[tokio::test]
async fn me_is_the_caller_or_nobody() {
    let test = seeded().await;
    let query = "{ me { id displayName email phone status groups locale } }";
    let data = test.data(Some(&passenger()), query, json!({})).await;
    assert_eq!(data["me"]["displayName"], "Pat Passenger");
    assert_eq!(data["me"]["email"], "passenger@corridor.example");
    assert_eq!(data["me"]["groups"], json!(["PASSENGER"]));
    assert_eq!(test.data(None, query, json!({})).await, json!({ "me": null }));
    let partner = client("cli_1", &["orders:read"], &world::account(0));
    assert_eq!(test.data(Some(&partner), query, json!({})).await, json!({ "me": null }));
    let gone = braid_service::testkit::user("usr_gone", &["self"], &[]);
    assert_eq!(test.data(Some(&gone), query, json!({})).await, json!({ "me": null }));
}

#[tokio::test]
async fn users_see_of_each_other_what_the_matrix_says() {
    let test = seeded().await;
    let buyer = demo(3, &["self"], &["PASSENGER"]);
    let staff = demo(0, &["self", "accounts:read"], &["STAFF"]);
    let partner = client("cli_1", &["orders:read"], &world::account(0));
    // Who asks, about whom, and what they see: everything, the name, or nothing.
    for (caller, subject, expected) in [
        (Some(passenger()), 2, "everything"),
        (Some(admin()), 2, "everything"),
        (Some(passenger()), 3, "nothing"),
        (Some(passenger()), 7, "nothing"),
        (Some(passenger()), 5, "name"),
        (Some(buyer.clone()), 4, "name"),
        (Some(buyer), 2, "nothing"),
        (Some(staff), 2, "name"),
        (Some(partner), 3, "nothing"),
        (None, 2, "nothing"),
    ] {
        let representations = json!({ "r": [user(subject)] });
        let data = test.data(caller.as_ref(), WHO, representations).await;
        let seen = &data["_entities"][0];
        let private = [
            "email",
            "phone",
            "status",
            "groups",
            "locale",
            "createdAt",
            "memberships",
            "consents",
        ];
        let what = format!("{caller:?} of {subject}: {seen}");
        match expected {
            "nothing" => assert!(seen.is_null(), "{what}"),
            "name" => {
                assert!(seen["displayName"].is_string() && seen["avatarUrl"].is_string(), "{what}");
                assert!(private.iter().all(|field| seen[field].is_null()), "{what}");
            }
            _ => {
                assert!(private.iter().all(|field| !seen[field].is_null()), "{what}");
                assert!(seen["displayName"].is_string(), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn what_may_not_be_seen_looks_like_what_is_not_there() {
    let test = seeded().await;
    let unknown = json!({ "__typename": "User", "id": world::id("usr", 999_999) });
    let answer = test
        .ask(
            Some(&passenger()),
            WHO,
            json!({ "r": [user(3), unknown, { "__typename": "User", "id": "x" }] }),
        )
        .await;
    assert_eq!(answer["data"]["_entities"], json!([null, null, null]));
    assert!(answer.get("errors").is_none(), "{answer}");
}

#[tokio::test]
async fn hostile_representations_harm_only_themselves() {
    let test = seeded().await;
    let request = json!({ "__typename": "PrivacyRequest", "id": "prv_none" });
    let representations = json!([
        user(2),
        { "__typename": "Account", "id": "acc_1" },
        { "__typename": "Membership", "role": "ADMIN" },
        { "__typename": "User", "id": "' OR 1=1 --" },
        { "__typename": "User", "id": ["usr_1"] },
        { "__typename": "User", "email": "admin@corridor.example" },
        { "__typename": "Query" },
        { "__typename": "User", "id": "x".repeat(100_000) },
        { "__typename": "ApiClient", "id": world::partner_client() },
        request,
        null,
        7,
        user(2),
    ]);
    let query = WHO.replace("... on User", "... on ApiClient { name } ... on User");
    let answer = test.ask(Some(&passenger()), &query, json!({ "r": representations })).await;
    let entities = answer["data"]["_entities"].as_array().unwrap();
    assert_eq!(entities.len(), 13);
    assert_eq!(entities[0]["displayName"], "Pat Passenger");
    assert_eq!(entities[0], entities[12]);
    assert!(entities[1..12].iter().all(Value::is_null), "{entities:?}");
    for error in answer["errors"].as_array().unwrap() {
        assert!(error["path"][1].is_u64(), "{error}");
    }
}

#[tokio::test]
async fn guarded_fields_need_their_scope_here_too() {
    let test = seeded().await;
    for query in [
        "{ user(id: \"usr_1\") { id } }",
        "{ users { nodes { id } } }",
        "{ privacyRequests { nodes { id } } }",
        "{ apiClients { id } }",
    ] {
        let answer = test.ask(Some(&passenger()), query, json!({})).await;
        assert_eq!(codes(&answer), ["FORBIDDEN"], "{query}");
        let answer = test.ask(None, query, json!({})).await;
        assert_eq!(codes(&answer), ["UNAUTHENTICATED"], "{query}");
    }
}

const USERS: &str = "query($f: UserFilter, $n: Int, $a: String) { \
    users(filter: $f, first: $n, after: $a) { \
    nodes { id email memberships { role account { id } } } totalCount \
    pageInfo { hasNextPage hasPreviousPage endCursor } } }";

#[tokio::test]
async fn lists_are_pages_without_gaps_or_repeats() {
    let test = seeded().await;
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = test.data(Some(&admin()), USERS, json!({ "n": 7, "a": after })).await;
        let page = &data["users"];
        assert_eq!(page["totalCount"], 50);
        for node in page["nodes"].as_array().unwrap() {
            seen.push(node["id"].as_str().unwrap().to_owned());
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let mut expected: Vec<String> = (0..50).map(world::user).collect();
    expected.reverse();
    assert_eq!(seen, expected, "newest first");
    let default = test.data(Some(&admin()), "{ users { nodes { id } } }", json!({})).await;
    assert_eq!(default["users"]["nodes"].as_array().unwrap().len(), 20);
    for variables in [
        json!({ "n": -1 }),
        json!({ "n": 101 }),
        json!({ "a": "nonsense" }),
        json!({ "f": { "text": "x".repeat(101) } }),
    ] {
        let answer = test.ask(Some(&admin()), USERS, variables.clone()).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{variables}");
    }
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let test = seeded().await;
    for (filter, count) in [
        (json!({ "group": "STAFF" }), 2),
        (json!({ "group": "PASSENGER", "status": "ACTIVE" }), 45),
        (json!({ "status": "SUSPENDED" }), 0),
        (json!({ "text": "SYDNEY" }), 1),
        (json!({ "text": "buyer@corridor" }), 1),
        (json!({ "text": "%" }), 0),
        (json!({ "text": "_" }), 0),
        (json!({ "text": "\\" }), 0),
        (json!({ "text": "' OR '1'='1" }), 0),
    ] {
        let data = test.data(Some(&admin()), USERS, json!({ "f": filter })).await;
        assert_eq!(data["users"]["totalCount"], count, "{filter}");
        let shown = data["users"]["nodes"].as_array().unwrap().len();
        assert_eq!(u64::try_from(shown).unwrap(), count.min(20), "{filter}");
    }
    let data = test.data(Some(&admin()), USERS, json!({ "f": { "text": "bailey" } })).await;
    let expected = json!([{ "role": "BUYER", "account": { "id": world::account(0) } }]);
    assert_eq!(data["users"]["nodes"][0]["memberships"], expected);
}
