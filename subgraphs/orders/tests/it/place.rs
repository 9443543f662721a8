//! Placing orders, and what the saga decides.

use std::sync::Arc;

use braid_service::db::sql;
use braid_service::event::Cause;
use braid_service::ids::IdGen;
use braid_service::outbox::{Fact, Outbox};
use braid_service::quote::{Pricing, Quote, QuoteKey};
use braid_service::seed::{Scale, world};
use braid_service::streams::{Amount, PRODUCT_CHANGED, ProductChanged};
use braid_service::testkit::client;
use serde_json::{Value, json};

use super::{SCOPES, Shop, id, input, person, refusal, staff};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_accepted_at_once_and_approved_by_the_saga() {
    let shop = Shop::open().await;
    let before = shop.held(0).await;
    let payload = shop.place(&person(3), "k1", input(0, 2, 2)).await;
    let order = &payload["order"];
    assert_eq!((&order["status"], &order["version"]), (&json!("PENDING"), &json!(1)), "{payload}");
    assert_eq!(payload["replayed"], false);
    let product = world::product(2);
    let net = product.price_minor * 2;
    let total = net + (net * 10 + 50) / 100;
    assert_eq!(order["total"]["amount"], format!("{}.{:02}", total / 100, total % 100));
    assert_eq!(order["lines"][0]["sku"], product.sku);
    assert_eq!(order["lines"][0]["productName"], product.name);
    // The shop's clock is a year after the demo world's.
    assert_eq!(order["number"], "C-2027-000001");
    let order = shop.until(&id(&payload), "APPROVED").await;
    assert_eq!(order["version"], 2);
    assert_eq!(shop.held(0).await - before, total);
    let confirmed = sql("SELECT confirmed AS n FROM reservations WHERE order_id = $1");
    for _ in 0..500 {
        if shop.credit(confirmed.clone().bind(id(&payload))).await == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the approval did not reach the reservation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_means_one_order_and_one_answer() {
    let shop = Shop::open().await;
    let first = shop.place(&person(3), "k1", input(0, 2, 1)).await;
    shop.until(&id(&first), "APPROVED").await;
    let mut again = shop.place(&person(3), "k1", input(0, 2, 1)).await;
    assert_eq!(again["replayed"], true);
    again["replayed"] = json!(false);
    assert_eq!(again, first, "the answer of then, not of now");
    let other = shop.place(&person(3), "k1", input(0, 2, 2)).await;
    assert_eq!(refusal(&other), ("IDEMPOTENCY_MISMATCH", "idempotencyKey".to_owned()));
    let others_key = shop.place(&person(4), "k1", input(0, 2, 2)).await;
    assert_ne!(id(&others_key), id(&first), "keys are the caller's own");
    let empty = shop.place(&person(3), "", input(0, 2, 2)).await;
    assert_eq!(refusal(&empty), ("INVALID", "idempotencyKey".to_owned()));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_path() {
    let shop = Shop::open().await;
    let with = |change: Value| {
        let mut input = input(0, 2, 1);
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        input
    };
    let line =
        |product: &str, quantity: i32| json!([{ "productId": product, "quantity": quantity }]);
    let product = world::product(2).id;
    for (input, code, path) in [
        (with(json!({ "lines": [] })), "EMPTY", "input.lines"),
        (with(json!({ "lines": line(&product, 0) })), "INVALID", "input.lines.0.quantity"),
        (with(json!({ "lines": line(&product, 10_001) })), "INVALID", "input.lines.0.quantity"),
        (with(json!({ "lines": line("prd_none", 1) })), "NOT_FOUND", "input.lines.0.productId"),
        (with(json!({ "customerId": "cus_none" })), "NOT_FOUND", "input.customerId"),
        (with(json!({ "quoteToken": "x.y" })), "INVALID", "input.quoteToken"),
        (with(json!({ "dealId": "7" })), "INVALID", "input.dealId"),
        (with(json!({ "note": " " })), "INVALID", "input.note"),
    ] {
        let payload = shop.place(&staff(), "k1", input).await;
        assert_eq!(refusal(&payload), (code, path.to_owned()), "{payload}");
    }
    let lines: Vec<Value> =
        (0..101).map(|_| json!({ "productId": product, "quantity": 1 })).collect();
    let payload = shop.place(&staff(), "k1", with(json!({ "lines": lines }))).await;
    assert_eq!(refusal(&payload), ("INVALID", "input.lines".to_owned()));
    let deal = with(json!({ "dealId": world::id("dea", 0) }));
    let payload = shop.place(&person(3), "k1", deal).await;
    assert_eq!(refusal(&payload), ("NOT_FOUND", "input.dealId".to_owned()), "deals are for staff");
    let orders = sql("SELECT COUNT(*) AS n FROM idempotency");
    let kept: i64 = shop.orders.db.fetch_one(orders).await.unwrap().get("n").unwrap();
    assert_eq!(kept, 0, "a refusal keeps no key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_saga_rejects_with_the_reason() {
    let shop = Shop::open().await;
    let counts = world::Counts::of(Scale::Tiny);
    shop.leave_credit(1, 0).await;
    let poor = shop.place(&staff(), "k1", input(1, 2, 1)).await;
    let order = shop.until(&id(&poor), "REJECTED").await;
    assert_eq!(order["rejectionReason"], "INSUFFICIENT_CREDIT");
    assert_eq!(shop.held(1).await, 0);

    let hold = sql("UPDATE customers SET status = 'ON_HOLD' WHERE id = $1");
    shop.customers.db.execute(hold.bind(world::customer(2))).await.unwrap();
    let held = shop.place(&staff(), "k2", input(2, 2, 1)).await;
    let order = shop.until(&id(&held), "REJECTED").await;
    assert_eq!(order["rejectionReason"], "CUSTOMER_ON_HOLD");

    let gone = sql("DELETE FROM customers WHERE id = $1").bind(world::customer(3));
    shop.customers.db.execute(gone).await.unwrap();
    let unknown = shop.place(&staff(), "k3", input(3, 2, 1)).await;
    let order = shop.until(&id(&unknown), "REJECTED").await;
    assert_eq!(order["rejectionReason"], "UNKNOWN_CUSTOMER");

    // Nobody can authorise a card yet: neither who pays in advance nor who asks for a card.
    let prepaid = shop.place(&staff(), "k4", input(counts.accounts + 4, 2, 1)).await;
    let order = shop.until(&id(&prepaid), "REJECTED").await;
    assert_eq!(order["rejectionReason"], "PAYMENT_DECLINED");
    let mut card = input(0, 2, 1);
    card["paymentMethodId"] = json!("pm_1");
    let card = shop.place(&staff(), "k5", card).await;
    let order = shop.until(&id(&card), "REJECTED").await;
    assert_eq!(order["rejectionReason"], "PAYMENT_DECLINED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_is_honoured_or_refused() {
    let shop = Shop::open().await;
    let key = QuoteKey::new(b"the quote secret of the tests, 32");
    let now = shop.kit.clock.now_us();
    let quote = |account: Option<u64>, until: i64| {
        let line = Pricing {
            product_id: world::product(2).id,
            quantity: 1,
            unit_minor: 10_000,
            account_minor: Some(9_000),
        };
        let account = account.map(world::account);
        key.sign(&Quote::of(&[line], "EUR", account.as_deref(), until).unwrap()).unwrap()
    };
    let place = async |key: &str, token: String, quantity: i32| {
        let mut input = input(0, 2, quantity);
        input["quoteToken"] = json!(token);
        shop.place(&person(3), key, input).await
    };
    let good = place("k1", quote(Some(0), now + 1), 1).await;
    assert_eq!(good["order"]["total"]["amount"], "99.00", "{good}");
    let order = shop.until(&id(&good), "APPROVED").await;
    assert_eq!(order["rejectionReason"], Value::Null, "another price than the list's stands");
    let path = "input.quoteToken".to_owned();
    let expired = place("k2", quote(Some(0), now), 1).await;
    assert_eq!(refusal(&expired), ("QUOTE_EXPIRED", path.clone()));
    let other_lines = place("k3", quote(Some(0), now + 1), 2).await;
    assert_eq!(refusal(&other_lines), ("INVALID", path.clone()));
    let others = place("k4", quote(Some(1), now + 1), 1).await;
    assert_eq!(refusal(&others), ("INVALID", path.clone()));
    let forged = QuoteKey::new(b"another secret of somebody else.");
    let line = Pricing {
        product_id: world::product(2).id,
        quantity: 1,
        unit_minor: 1,
        account_minor: None,
    };
    let forged = forged.sign(&Quote::of(&[line], "EUR", None, now + 1).unwrap()).unwrap();
    assert_eq!(refusal(&place("k5", forged, 1).await), ("INVALID", path));
}

/// Prices and products are the catalog's: its events change what an order costs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn products_follow_the_catalogs_events() {
    let shop = Shop::open().await;
    let clock = shop.kit.clock.clone();
    // Any outbox on the bus will do for the catalog's.
    let outbox = Outbox::new("orders", clock.clone(), Arc::new(IdGen::new(clock)));
    let product = world::product(2);
    let tell = async |sequence: i64, minor: i64, status: &str| {
        let data = ProductChanged {
            product_id: product.id.clone(),
            sku: product.sku.clone(),
            kind: product.kind.to_owned(),
            name: "Renamed".to_owned(),
            status: status.to_owned(),
            price: Amount { minor, currency: "EUR".to_owned() },
            price_from_us: 0,
        };
        let cause = Cause::default();
        let fact = Fact { subject: &product.id, sequence, cause: &cause, data: &data };
        let mut tx = shop.orders.db.begin().await.unwrap();
        outbox.emit(&mut tx, &PRODUCT_CHANGED, fact).await.unwrap();
        outbox.commit(tx).await.unwrap();
    };
    let known = async |minor: i64| {
        let count = sql("SELECT COUNT(*) AS n FROM products WHERE price_minor = $1 AND id = $2");
        let count = count.bind(minor).bind(&product.id);
        for _ in 0..500 {
            let n: i64 = shop.orders.db.fetch_one(count.clone()).await.unwrap().get("n").unwrap();
            if n == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the price {minor} did not arrive");
    };
    tell(3, 1_000, "ACTIVE").await;
    known(1_000).await;
    tell(2, 9_999, "ACTIVE").await;
    tell(4, 2_000, "RETIRED").await;
    known(2_000).await;
    let payload = shop.place(&staff(), "k1", input(0, 2, 1)).await;
    assert_eq!(refusal(&payload), ("INVALID", "input.lines.0.productId".to_owned()));
    tell(5, 3_000, "ACTIVE").await;
    known(3_000).await;
    let payload = shop.place(&staff(), "k1", input(0, 2, 1)).await;
    assert_eq!(payload["order"]["total"]["amount"], "33.00", "{payload}");
    assert_eq!(payload["order"]["lines"][0]["productName"], "Renamed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_order_for_a_customer_is_refused() {
    let shop = Shop::open().await;
    let counts = world::Counts::of(Scale::Tiny);
    let partner = client(&world::partner_client(), SCOPES, &world::account(0));
    for (caller, customer, code) in [
        (person(2), 0, Some("NOT_FOUND")),
        (person(5), 0, Some("NOT_FOUND")),
        (person(3), 1, Some("NOT_FOUND")),
        (person(3), counts.accounts, Some("NOT_FOUND")),
        (partner.clone(), 1, Some("NOT_FOUND")),
        (partner, 0, None),
        (person(2), counts.accounts, None),
        (person(4), 0, None),
    ] {
        let payload = shop.place(&caller, "k1", input(customer, 3, 1)).await;
        match code {
            None => drop(id(&payload)),
            Some(code) => {
                assert_eq!(refusal(&payload), (code, "input.customerId".to_owned()), "{payload}");
            }
        }
    }
    // The first of the plain users that is only a member of an account.
    let member = (8..counts.users).find_map(|n| match world::membership(n, &counts) {
        Some((account, "MEMBER")) => Some((n, account)),
        _ => None,
    });
    let (member, account) = member.unwrap();
    let payload = shop.place(&person(member), "k1", input(account, 3, 1)).await;
    assert_eq!(refusal(&payload), ("FORBIDDEN", "input.customerId".to_owned()));
}
