//! Who sees what, by every way that leads to a customer.

use braid_service::seed::{Scale, world};
use braid_service::testkit::{client, user};
use serde_json::{Value, json};

use super::{account, finance, person, seeded};

const ENTITIES: &str = "query($r: [_Any!]!) { _entities(representations: $r) { \
     ... on Account { customer { id } } ... on Customer { id } ... on User { customer { id } } \
     ... on Deal { creditCheck { outcome available { amount } shortfall { amount } } } } }";

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn people_see_their_own_customers_and_staff_all() {
    let test = seeded().await;
    let counts = world::Counts::of(Scale::Tiny);
    let query = "{ customers(first: 100) { totalCount nodes { id } } \
         me { customer { id paymentTerms creditAvailable { amount currency } } } }";
    let staff = test.data(Some(&finance()), query, json!({})).await;
    assert_eq!(staff["customers"]["totalCount"], counts.customers);
    assert_eq!(staff["me"]["customer"], Value::Null);

    // User 2 is a customer, users 3 and 4 buy for account 0, user 5 is neither.
    for (n, customer) in [(2, Some(counts.accounts)), (3, Some(0)), (4, Some(0)), (5, None)] {
        let data = test.data(Some(&person(n)), query, json!({})).await;
        let expected: Vec<String> = customer.into_iter().map(world::customer).collect();
        assert_eq!(ids(&data["customers"]["nodes"]), expected, "user {n}");
        assert_eq!(data["customers"]["totalCount"], expected.len(), "user {n}");
        let mine = &data["me"]["customer"]["id"];
        assert_eq!(mine.as_str(), expected.first().map(String::as_str), "user {n}");
    }
}

#[tokio::test]
async fn what_may_not_be_seen_does_not_exist() {
    let test = seeded().await;
    let of_account_0 = world::customer(0);
    let one = json!({ "id": of_account_0 });
    let query = "query($id: ID!) { customer(id: $id) { id } }";
    let partner = client(&world::partner_client(), &["customers:read"], &world::account(0));
    for stranger in [person(2), person(5), partner] {
        let data = test.data(Some(&stranger), query, one.clone()).await;
        assert_eq!(data["customer"], Value::Null, "{}", stranger.subject);
        let representations = json!({ "r": [
            account(0),
            { "__typename": "Customer", "id": of_account_0 },
            { "__typename": "User", "id": world::user(3) },
        ]});
        let data = test.data(Some(&stranger), ENTITIES, representations).await;
        let expected = json!([{ "customer": null }, null, { "customer": null }]);
        assert_eq!(data["_entities"], expected, "{}", stranger.subject);
    }
    let buyer = test.data(Some(&person(3)), query, one).await;
    assert_eq!(buyer["customer"]["id"], of_account_0);
}

#[tokio::test]
async fn scopes_are_checked_here_too() {
    let test = seeded().await;
    let nobody = user(&world::user(3), &[], &["STAFF"]);
    let answer = test.ask(Some(&nobody), "{ customers { totalCount } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let answer = test.ask(None, "{ customers { totalCount } me { id } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(answer["data"], json!({ "customers": null, "me": null }));
    let hold = "mutation($id: ID!) { setCustomerHold(customerId: $id, onHold: true, reason: \"x\") \
         { userErrors { code } } }";
    let sales = user(&world::user(0), &["customers:read", "customers:write"], &["STAFF"]);
    let outsider = user(&world::user(3), &["customers:write", "credit:write"], &["PASSENGER"]);
    for caller in [sales, outsider.clone()] {
        let answer = test.ask(Some(&caller), hold, json!({ "id": world::customer(0) })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }
    let open = "mutation($user: ID!) { openCustomer(idempotencyKey: \"k\", input: { \
         userId: $user, currency: \"EUR\", paymentTerms: NET_30 }) { userErrors { code } } }";
    let answer = test.ask(Some(&outsider), open, json!({ "user": world::user(3) })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "a scope is not enough");
}

#[tokio::test]
async fn a_deals_credit_is_checked_by_its_required_fields() {
    let test = seeded().await;
    let deal = |account: Option<u64>, amount: &str, currency: &str| {
        json!({ "__typename": "Deal", "id": "dea_1", "accountId": account.map(world::account),
            "amount": { "amount": amount, "currency": currency } })
    };
    let deals = json!({ "r": [
        deal(Some(1), "1.00", "EUR"),
        deal(Some(1), "10000000.00", "EUR"),
        deal(Some(1), "1.00", "USD"),
        deal(None, "1.00", "EUR"),
        deal(Some(999), "1.00", "EUR"),
    ]});
    let data = test.data(Some(&finance()), ENTITIES, deals.clone()).await;
    let outcomes: Vec<&str> = data["_entities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|deal| deal["creditCheck"]["outcome"].as_str().unwrap())
        .collect();
    let expected = ["FITS", "EXCEEDS", "CURRENCY_MISMATCH", "NO_CUSTOMER", "NO_CUSTOMER"];
    assert_eq!(outcomes, expected);
    let answer = test.ask(Some(&person(3)), ENTITIES, deals).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 5, "buyers see no deals");
}

/// A representation without its required fields costs itself only.
#[tokio::test]
async fn one_bad_representation_leaves_the_others() {
    let test = seeded().await;
    let representations = json!({ "r": [
        account(0),
        { "__typename": "Deal", "id": "dea_1" },
        { "__typename": "Customer", "id": "cus_unknown" },
        { "__typename": "Customer", "id": world::customer(0) },
    ]});
    let answer = test.ask(Some(&finance()), ENTITIES, representations).await;
    let entities = &answer["data"]["_entities"];
    assert_eq!(entities[0]["customer"]["id"], world::customer(0), "{answer}");
    assert_eq!(entities[1]["creditCheck"], Value::Null);
    assert_eq!(entities[2], Value::Null);
    assert_eq!(entities[3]["id"], world::customer(0));
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let test = seeded().await;
    let counts = world::Counts::of(Scale::Tiny);
    let query = "query($f: CustomerFilter, $after: String) { customers(filter: $f, first: 7, \
         after: $after) { totalCount nodes { id kind reservations(first: 1) { nodes { id \
         order { id } status } pageInfo { hasNextPage endCursor } } } \
         pageInfo { hasNextPage endCursor } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = test.data(Some(&finance()), query, json!({ "after": after })).await;
        let page = &data["customers"];
        seen.extend(ids(&page["nodes"]).iter().map(|id| (*id).to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let total = seen.len() as u64;
    seen.dedup();
    assert_eq!((seen.len() as u64, total), (counts.customers, counts.customers));

    let business = json!({ "f": { "kind": "BUSINESS", "status": "ACTIVE", "overLimit": false } });
    let data = test.data(Some(&finance()), query, business).await;
    assert_eq!(data["customers"]["totalCount"], counts.accounts);
    let over = json!({ "f": { "overLimit": true } });
    let data = test.data(Some(&finance()), query, over).await;
    assert_eq!(data["customers"]["totalCount"], 0);

    let reservations = "query($id: ID!, $after: String) { customer(id: $id) { \
         reservations(first: 2, after: $after) { nodes { id } \
         pageInfo { hasNextPage endCursor } } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "id": world::customer(0), "after": after });
        let data = test.data(Some(&finance()), reservations, variables).await;
        let page = &data["customer"]["reservations"];
        seen.extend(ids(&page["nodes"]).iter().map(|id| (*id).to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    let total = seen.len();
    seen.sort();
    seen.dedup();
    assert!(total >= 5 && seen.len() == total, "the five orders of the demo buyer: {total}");
    let query = "{ customers(first: 101) { totalCount } }";
    let answer = test.ask(Some(&finance()), query, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}
