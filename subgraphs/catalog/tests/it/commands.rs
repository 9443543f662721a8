//! Writing the catalog: who may, what is refused, and what others are told.

use std::sync::Arc;

use braid_service::db::{Db, sql};
use braid_service::scalars::DateTime;
use braid_service::seed::world;
use braid_service::testkit::user;
use serde_json::{Value, json};

use crate::{code, editor, seeded};

const UPSERT: &str = "mutation($in: ProductInput!, $v: Int) {
    upsertProduct(input: $in, expectedVersion: $v) { product { __typename id sku name status
        price { amount currency } ... on Charter { seats } ... on ShuttleSeat { departures } }
        userErrors { code message path __typename } } }";
const PRICE: &str = "mutation($id: ID!, $p: MoneyInput!, $from: DateTime!) {
    changePrice(productId: $id, price: $p, effectiveFrom: $from) {
        product { price { amount currency } } userErrors { code path } } }";
const RETIRE: &str = "mutation($id: ID!) { retireProduct(productId: $id) {
    product { status } userErrors { code path } } }";

fn charter(sku: &str) -> Value {
    json!({"sku": sku, "kind": "CHARTER", "name": "Coach", "categoryId": world::category(2),
        "price": {"amount": "250.00", "currency": "EUR"}, "seats": 40, "includedHours": 4})
}

fn euros(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// Types and sequences of the events about a subject, in order.
async fn events(db: &Db, subject: &str) -> Vec<(String, i64, i64)> {
    let statement = sql("SELECT envelope FROM outbox WHERE partition_key = $1 ORDER BY seq");
    let rows = db.fetch_all(statement.bind(subject)).await.unwrap();
    rows.iter()
        .map(|row| {
            let event: Value =
                serde_json::from_str(&row.get::<String>("envelope").unwrap()).unwrap();
            let sequence = event["sequence"].as_str().unwrap().parse().unwrap();
            assert_eq!(event["data"]["productId"], subject);
            let minor = event["data"]["price"]["minor"].as_i64().unwrap();
            (event["type"].as_str().unwrap().to_owned(), sequence, minor)
        })
        .collect()
}

#[tokio::test]
async fn a_product_is_made_changed_and_retired_and_each_change_is_told() {
    let test = seeded().await;
    let made = test.data(Some(&editor()), UPSERT, json!({"in": charter("COACH-1")})).await;
    let product = &made["upsertProduct"]["product"];
    assert_eq!(made["upsertProduct"]["userErrors"], json!([]));
    assert_eq!(product["__typename"], "Charter");
    assert_eq!((&product["status"], &product["seats"]), (&json!("ACTIVE"), &json!(40)));
    let id = product["id"].as_str().unwrap().to_owned();

    let mut changed = charter("COACH-2");
    changed["id"] = json!(id);
    changed["price"] = euros("260.00");
    let data = test.data(Some(&editor()), UPSERT, json!({"in": changed, "v": 1})).await;
    assert_eq!(data["upsertProduct"]["product"]["sku"], "COACH-2");
    assert_eq!(data["upsertProduct"]["product"]["price"]["amount"], "260.00");

    for _ in 0..2 {
        let data = test.data(Some(&editor()), RETIRE, json!({ "id": id })).await;
        assert_eq!(data["retireProduct"]["product"]["status"], "RETIRED");
        assert_eq!(data["retireProduct"]["userErrors"], json!([]));
    }
    let event = |name: &str, sequence, minor| (format!("catalog.{name}"), sequence, minor);
    let expected = [
        event("product-changed", 1, 25_000),
        event("price-changed", 2, 26_000),
        event("product-changed", 3, 26_000),
        event("retired", 4, 26_000),
    ];
    assert_eq!(events(&test.service.db, &id).await, expected);

    let data = test.data(Some(&editor()), UPSERT, json!({"in": changed})).await;
    assert_eq!(data["upsertProduct"]["userErrors"][0]["code"], "RETIRED");
    let variables = json!({"id": id, "p": euros("1"), "from": "2027-01-15T08:00:00Z"});
    let data = test.data(Some(&editor()), PRICE, variables).await;
    assert_eq!(data["changePrice"]["userErrors"][0]["code"], "RETIRED");
}

#[tokio::test]
async fn nobody_else_writes() {
    let test = seeded().await;
    let passenger = user(&world::user(2), &["catalog:read"], &["PASSENGER"]);
    for (query, variables) in [
        (UPSERT, json!({"in": charter("COACH-1")})),
        (RETIRE, json!({"id": world::product(0).id})),
        (
            PRICE,
            json!({"id": world::product(0).id, "p": euros("1"),
            "from": "2027-01-15T08:00:00Z"}),
        ),
    ] {
        assert_eq!(code(&test.ask(None, query, variables.clone()).await), "UNAUTHENTICATED");
        assert_eq!(code(&test.ask(Some(&passenger), query, variables).await), "FORBIDDEN");
    }
}

#[tokio::test]
async fn refusals_are_data_and_change_nothing() {
    let test = seeded().await;
    let refused = async |input: Value, version: Value| {
        let variables = json!({"in": input, "v": version});
        let data = test.data(Some(&editor()), UPSERT, variables).await;
        let payload = data["upsertProduct"].clone();
        assert_eq!(payload["product"], Value::Null);
        let errors = payload["userErrors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{payload}");
        assert_eq!(errors[0]["__typename"], "CatalogError");
        (errors[0]["code"].clone(), errors[0]["path"].clone())
    };
    let with = |field: &str, value: Value| {
        let mut input = charter("COACH-1");
        input[field] = value;
        input
    };
    let (pass, taken) = (world::product(0), world::product(1).sku);
    let path = |field: &str| json!(["input", field]);
    let sku_taken = (json!("SKU_TAKEN"), path("sku"));
    assert_eq!(refused(with("sku", json!(taken)), Value::Null).await, sku_taken);
    let missing = (json!("NOT_FOUND"), path("categoryId"));
    let unknown = with("categoryId", json!(world::category(77)));
    assert_eq!(refused(unknown, Value::Null).await, missing);
    for id in [world::id("prd", 999), "nonsense".to_owned()] {
        let missing = (json!("NOT_FOUND"), path("id"));
        assert_eq!(refused(with("id", json!(id)), Value::Null).await, missing);
    }
    let other_kind = with("id", json!(pass.id));
    assert_eq!(refused(other_kind, Value::Null).await, (json!("INVALID"), path("kind")));
    let foreign = with("rides", json!(3));
    assert_eq!(refused(foreign, Value::Null).await, (json!("INVALID"), path("rides")));
    let conflict = (json!("VERSION_CONFLICT"), json!(["expectedVersion"]));
    let late = with("id", json!(world::product(2).id));
    assert_eq!(refused(late, json!(7)).await, conflict);
    let count = sql("SELECT COUNT(*) AS n FROM outbox");
    assert_eq!(test.service.db.fetch_one(count).await.unwrap().get::<i64>("n").unwrap(), 0);
    let taken = with("id", json!(world::product(2).id));
    let mut taken_by_update = taken;
    taken_by_update["sku"] = json!(pass.sku);
    assert_eq!(refused(taken_by_update, Value::Null).await, sku_taken);
}

#[tokio::test]
async fn an_update_keeps_what_no_input_holds() {
    let test = seeded().await;
    let seat = world::product(1);
    let input = json!({"id": seat.id, "sku": seat.sku, "kind": "SHUTTLE_SEAT", "name": "Line 1",
        "categoryId": world::category(1), "route": "A - B", "price": euros("5.00")});
    let data = test.data(Some(&editor()), UPSERT, json!({ "in": input })).await;
    let departures = &data["upsertProduct"]["product"]["departures"];
    assert_eq!(departures.as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn of_many_writers_that_saw_one_version_one_succeeds() {
    let test = Arc::new(seeded().await);
    let mut input = charter("COACH-1");
    input["id"] = json!(world::product(2).id);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (test, mut input) = (Arc::clone(&test), input.clone());
        input["name"] = json!(format!("Coach {n}"));
        writers.spawn(async move {
            let variables = json!({"in": input, "v": 1});
            let data = test.data(Some(&editor()), UPSERT, variables).await;
            data["upsertProduct"]["userErrors"][0]["code"].as_str().map(str::to_owned)
        });
    }
    let outcomes = writers.join_all().await;
    assert_eq!(outcomes.iter().filter(|code| code.is_none()).count(), 1);
    let conflicts = outcomes.iter().flatten().filter(|code| *code == "VERSION_CONFLICT");
    assert_eq!(conflicts.count(), 19);
}

#[tokio::test]
async fn of_many_makers_of_one_sku_one_succeeds() {
    let test = Arc::new(seeded().await);
    let mut makers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let test = Arc::clone(&test);
        makers.spawn(async move {
            let data = test.data(Some(&editor()), UPSERT, json!({"in": charter("SAME-1")})).await;
            data["upsertProduct"]["userErrors"][0]["code"].as_str().map(str::to_owned)
        });
    }
    let outcomes = makers.join_all().await;
    assert_eq!(outcomes.iter().filter(|code| code.is_none()).count(), 1);
    assert_eq!(outcomes.iter().flatten().filter(|code| *code == "SKU_TAKEN").count(), 9);
}

#[tokio::test]
async fn a_price_for_later_counts_from_then_on_and_is_told_twice() {
    const HOUR_US: i64 = 3_600_000_000;
    let test = seeded().await;
    let id = world::product(0).id;
    let old = world::product(0).price_minor;
    let from = DateTime(test.kit.clock.now_us() + HOUR_US).to_string();
    let variables = json!({"id": id, "p": euros("77.70"), "from": from});
    let data = test.data(Some(&editor()), PRICE, variables).await;
    assert_eq!(data["changePrice"]["userErrors"], json!([]));
    let query = "query($id: ID!) { product(id: $id) { price { amount } } }";
    let before = test.data(None, query, json!({ "id": id })).await;
    assert_ne!(before["product"]["price"]["amount"], "77.70");
    test.kit.clock.advance_us(HOUR_US);
    let after = test.data(None, query, json!({ "id": id })).await;
    assert_eq!(after["product"]["price"]["amount"], "77.70");
    let list = "{ products(sort: PRICE_ASC, filter: {kind: RIDE_PASS}, first: 100) {
        nodes { id } } }";
    let sorted = test.data(None, list, json!({})).await;
    assert_eq!(sorted["products"]["nodes"][5]["id"], id, "now the dearest");
    for _ in 0..100 {
        if events(&test.service.db, &id).await.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let told = events(&test.service.db, &id).await;
    let expected = [("catalog.price-changed", 2, 7_770), ("catalog.product-changed", 3, 7_770)];
    let expected = expected.map(|(name, sequence, minor)| (name.to_owned(), sequence, minor));
    assert_eq!(told, expected);
    assert_ne!(old, 7_770);
}

#[tokio::test]
async fn prices_begin_neither_long_ago_nor_far_ahead_and_may_be_in_any_currency() {
    let test = seeded().await;
    let id = world::product(0).id;
    let change = async |price: Value, from_us: i64| {
        let from = DateTime(from_us).to_string();
        let variables = json!({"id": id, "p": price, "from": from});
        test.data(Some(&editor()), PRICE, variables).await["changePrice"].take()
    };
    let now_us = test.kit.clock.now_us();
    for from_us in [now_us - 301_000_000, now_us + 3 * 366 * 86_400_000_000] {
        let payload = change(euros("10"), from_us).await;
        assert_eq!(payload["userErrors"][0], json!({"code": "INVALID", "path": ["effectiveFrom"]}));
    }
    let slow_clock = change(euros("10"), now_us - 60_000_000).await;
    assert_eq!(slow_clock["product"]["price"]["amount"], "10.00");
    let yen = change(json!({"amount": "1500", "currency": "JPY"}), now_us).await;
    assert_eq!(yen["product"]["price"], json!({"amount": "10.00", "currency": "EUR"}));
    for (price, from_us) in [(euros("-1"), now_us), (euros("1.234"), now_us)] {
        let payload = change(price, from_us).await;
        assert_eq!(payload["userErrors"][0]["path"], json!(["price", "amount"]));
    }
    let variables =
        json!({"id": "nonsense", "p": euros("1"), "from": DateTime(now_us).to_string()});
    let data = test.data(Some(&editor()), PRICE, variables).await;
    assert_eq!(data["changePrice"]["userErrors"][0]["code"], "NOT_FOUND");
    let answer = test
        .ask(Some(&editor()), PRICE, json!({"id": id, "p": euros("1"), "from": "tomorrow"}))
        .await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
}
