//! Opening customers, limits and holds.

use braid_service::db::sql;
use braid_service::seed::world;
use braid_service::testkit::TestService;
use serde_json::{Value, json};

use super::{finance, refusal, seeded};

const OPEN: &str = "mutation($in: OpenCustomerInput!, $key: ID!) { \
     openCustomer(input: $in, idempotencyKey: $key) { customer { id version status paymentTerms \
     creditLimit { amount currency } account { id } user { id } } userErrors { code path } } }";
const LIMIT: &str = "mutation($id: ID!, $limit: MoneyInput!, $v: Int!) { \
     setCreditLimit(customerId: $id, limit: $limit, reason: \"reviewed\", expectedVersion: $v) { \
     customer { version creditLimit { amount } creditAvailable { amount } } \
     userErrors { code path } } }";
const HOLD: &str = "mutation($id: ID!, $on: Boolean!, $why: String!) { \
     setCustomerHold(customerId: $id, onHold: $on, reason: $why) { \
     customer { version status } userErrors { code path } } }";

fn eur(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

async fn open(test: &TestService, key: &str, input: Value) -> Value {
    let variables = json!({ "in": input, "key": key });
    test.data(Some(&finance()), OPEN, variables).await["openCustomer"].take()
}

async fn rows(test: &TestService, text: &'static str) -> i64 {
    test.service.db.fetch_one(sql(text)).await.unwrap().get("n").unwrap()
}

#[tokio::test]
async fn a_customer_is_opened_once() {
    let test = seeded().await;
    let before = rows(&test, "SELECT COUNT(*) AS n FROM customers").await;
    let input = |terms: &str| {
        json!({ "accountId": world::account(500), "currency": "EUR", "paymentTerms": terms,
            "creditLimit": eur("100.50") })
    };
    let first = open(&test, "k1", input("NET_30")).await;
    assert_eq!(first["customer"]["creditLimit"], eur("100.50"), "{first}");
    assert_eq!(first["customer"]["account"]["id"], world::account(500));
    assert_eq!(open(&test, "k1", input("NET_30")).await, first, "the same answer again");
    let other = open(&test, "k1", input("NET_15")).await;
    assert_eq!(refusal(&other), ("IDEMPOTENCY_MISMATCH", "idempotencyKey".to_owned()));
    let exists = open(&test, "k2", input("NET_30")).await;
    assert_eq!(refusal(&exists), ("EXISTS", "input".to_owned()));
    assert_eq!(rows(&test, "SELECT COUNT(*) AS n FROM customers").await, before + 1);
    let told = "SELECT COUNT(*) AS n FROM outbox WHERE stream = 'customers.customer-opened'";
    assert_eq!(rows(&test, told).await, 1);
}

#[tokio::test]
async fn wrong_input_is_refused_with_its_path() {
    let test = seeded().await;
    let id = world::account(500);
    for (input, path) in [
        (json!({ "currency": "EUR", "paymentTerms": "NET_30" }), "input"),
        (
            json!({ "accountId": "acc_1", "currency": "EUR", "paymentTerms": "NET_30" }),
            "input.accountId",
        ),
        (
            json!({ "accountId": id, "currency": "USD", "paymentTerms": "NET_30",
            "creditLimit": eur("1") }),
            "input.creditLimit",
        ),
        (
            json!({ "accountId": id, "currency": "EUR", "paymentTerms": "NET_30",
            "creditLimit": eur("1.005") }),
            "input.creditLimit.amount",
        ),
        (
            json!({ "accountId": id, "currency": "EUR", "paymentTerms": "PREPAID",
            "creditLimit": eur("1") }),
            "input.creditLimit",
        ),
    ] {
        let payload = open(&test, "k1", input).await;
        assert_eq!(refusal(&payload), ("INVALID", path.to_owned()), "{payload}");
    }
    let payload =
        open(&test, "", json!({ "accountId": id, "currency": "EUR", "paymentTerms": "NET_30" }));
    assert_eq!(refusal(&payload.await), ("INVALID", "idempotencyKey".to_owned()));
}

#[tokio::test]
async fn a_limit_is_set_by_version_and_not_below_what_is_used() {
    let test = seeded().await;
    let set = async |id: String, amount: &str, version: i32| {
        let variables = json!({ "id": id, "limit": eur(amount), "v": version });
        test.data(Some(&finance()), LIMIT, variables).await["setCreditLimit"].take()
    };
    let done = set(world::customer(0), "60000.00", 1).await;
    assert_eq!(done["customer"]["version"], 2, "{done}");
    assert_eq!(done["customer"]["creditLimit"]["amount"], "60000.00");
    let stale = set(world::customer(0), "70000.00", 1).await;
    assert_eq!(refusal(&stale), ("VERSION_CONFLICT", "expectedVersion".to_owned()));
    let low = set(world::customer(0), "0.01", 2).await;
    assert_eq!(refusal(&low), ("LIMIT_BELOW_RESERVED", "limit".to_owned()));
    let negative = set(world::customer(0), "-1", 2).await;
    assert_eq!(refusal(&negative), ("INVALID", "limit".to_owned()));
    let unknown = set(world::customer(999), "1", 1).await;
    assert_eq!(refusal(&unknown), ("NOT_FOUND", "customerId".to_owned()));
    assert_eq!(rows(&test, "SELECT COUNT(*) AS n FROM credit_decisions").await, 1);
}

#[tokio::test]
async fn a_hold_is_set_and_taken_away_with_a_reason() {
    let test = seeded().await;
    let set = async |on: bool, why: &str| {
        let variables = json!({ "id": world::customer(0), "on": on, "why": why });
        test.data(Some(&finance()), HOLD, variables).await["setCustomerHold"].take()
    };
    assert_eq!(refusal(&set(true, " ").await), ("INVALID", "reason".to_owned()));
    assert_eq!(set(true, "late").await["customer"]["status"], "ON_HOLD");
    assert_eq!(set(true, "late").await["customer"]["version"], 2, "no change, no version");
    assert_eq!(set(false, "paid").await["customer"]["status"], "ACTIVE");
    let told = "SELECT COUNT(*) AS n FROM outbox WHERE stream = 'customers.held'";
    assert_eq!(rows(&test, told).await, 2);
}
