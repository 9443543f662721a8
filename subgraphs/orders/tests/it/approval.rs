//! Orders that somebody else has to approve.

use braid_service::db::sql;
use braid_service::seed::world;
use braid_service::testkit::user;
use serde_json::{Value, json};

use super::{Shop, id, input, person, refusal, staff};

const APPROVE: &str = "mutation($id: ID!, $v: Int!) { approveOrder(id: $id, expectedVersion: $v) { \
     order { id status version approval { status decidedBy { id } } } userErrors { code path } } }";
const DECLINE: &str = "mutation($id: ID!, $v: Int!, $why: String!) { \
     declineOrder(id: $id, expectedVersion: $v, reason: $why) { \
     order { id status version rejectionReason } userErrors { code path } } }";

/// Many charters: far beyond the threshold, within the credit.
fn large() -> Value {
    input(0, 2, 30)
}

async fn awaiting(shop: &Shop, key: &str) -> String {
    let payload = shop.place(&person(3), key, large()).await;
    let order = shop.until(&id(&payload), "AWAITING_APPROVAL").await;
    assert_eq!(order["approval"]["status"], "REQUIRED", "{order}");
    id(&payload)
}

async fn approve(shop: &Shop, by: u64, id: &str, version: i32) -> Value {
    let variables = json!({ "id": id, "v": version });
    shop.data(&person(by), APPROVE, variables).await["approveOrder"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_order_waits_for_another_person() {
    let shop = Shop::open().await;
    shop.leave_credit(0, 100_000_000).await;
    let before = shop.held(0).await;
    let order = awaiting(&shop, "k1").await;
    assert!(shop.held(0).await > before, "the credit is held meanwhile");
    let own = approve(&shop, 3, &order, 2).await;
    assert_eq!(refusal(&own), ("SELF_APPROVAL", "id".to_owned()));
    let stale = approve(&shop, 4, &order, 1).await;
    assert_eq!(refusal(&stale), ("VERSION_CONFLICT", "expectedVersion".to_owned()));
    let stranger = approve(&shop, 5, &order, 2).await;
    assert_eq!(refusal(&stranger), ("NOT_FOUND", "id".to_owned()));
    let granted = approve(&shop, 4, &order, 2).await;
    assert_eq!(granted["order"]["status"], "APPROVED", "{granted}");
    assert_eq!(granted["order"]["approval"]["decidedBy"]["id"], world::user(4));
    let again = approve(&shop, 4, &order, 4).await;
    assert_eq!(refusal(&again), ("WRONG_STATUS", "id".to_owned()));
    let no_scope = user(&world::user(4), &["orders:read"], &[]);
    let answer = shop.ask(&no_scope, APPROVE, json!({ "id": order, "v": 4 })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_order_is_rejected_and_gives_its_credit_back() {
    let shop = Shop::open().await;
    shop.leave_credit(0, 100_000_000).await;
    let before = shop.held(0).await;
    let order = awaiting(&shop, "k1").await;
    let variables = json!({ "id": order, "v": 2, "why": "too expensive" });
    let declined = shop.data(&person(4), DECLINE, variables).await["declineOrder"].take();
    assert_eq!(declined["order"]["status"], "REJECTED", "{declined}");
    assert_eq!(declined["order"]["rejectionReason"], "APPROVAL_DECLINED");
    released(&shop, before).await;
    let order = shop.order(&order).await;
    let kinds: Vec<&str> =
        order["history"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
    let expected =
        ["order-placed", "order-approval-required", "order-approval-declined", "order-rejected"];
    assert_eq!(kinds, expected);
}

/// Time passes: the saga's own timer ends the wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_does_not_come_expires() {
    let shop = Shop::open().await;
    shop.leave_credit(0, 100_000_000).await;
    let before = shop.held(0).await;
    let order = awaiting(&shop, "k1").await;
    shop.kit.clock.advance_us(72 * 3_600 * 1_000_000);
    let order = shop.until(&order, "REJECTED").await;
    assert_eq!(order["rejectionReason"], "APPROVAL_TIMED_OUT");
    assert_eq!(order["approval"]["status"], "EXPIRED");
    released(&shop, before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_and_staff_need_no_approval() {
    let shop = Shop::open().await;
    shop.leave_credit(0, 100_000_000).await;
    for (caller, key) in [(person(4), "k1"), (staff(), "k2")] {
        let payload = shop.place(&caller, key, large()).await;
        shop.until(&id(&payload), "APPROVED").await;
    }
}

/// The list price changed while the order waited: it is not approved at a price that is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_are_read_again_when_days_may_have_passed() {
    let shop = Shop::open().await;
    shop.leave_credit(0, 100_000_000).await;
    let before = shop.held(0).await;
    let order = awaiting(&shop, "k1").await;
    let change = sql("UPDATE products SET price_minor = price_minor + 1 WHERE id = $1");
    shop.orders.db.execute(change.bind(world::product(2).id)).await.unwrap();
    let answer = approve(&shop, 4, &order, 2).await;
    assert_eq!(answer["order"]["status"], "REJECTED", "{answer}");
    assert_eq!(shop.order(&order).await["rejectionReason"], "PRICE_CHANGED");
    released(&shop, before).await;
}

async fn released(shop: &Shop, before: i64) {
    for _ in 0..1_000 {
        if shop.held(0).await == before {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the credit did not come back");
}
