//! Taking orders back, before and after the decision.

use braid_service::db::sql;
use braid_service::seed::world;
use serde_json::{Value, json};

use super::{Shop, id, input, person, refusal};

const CANCEL: &str = "mutation($id: ID!, $key: ID!, $why: String) { \
     cancelOrder(id: $id, reason: $why, idempotencyKey: $key) { order { id status version } \
     userErrors { code path } } }";

async fn cancel(shop: &Shop, by: u64, id: &str, key: &str) -> Value {
    let variables = json!({ "id": id, "key": key, "why": "changed plans" });
    shop.data(&person(by), CANCEL, variables).await["cancelOrder"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approved_order_is_taken_back_with_its_credit() {
    let shop = Shop::open().await;
    let before = shop.held(0).await;
    let order = id(&shop.place(&person(3), "k1", input(0, 2, 1)).await);
    shop.until(&order, "APPROVED").await;
    let first = cancel(&shop, 3, &order, "c1").await;
    assert_eq!(first["order"]["status"], "CANCELLING", "{first}");
    shop.until(&order, "CANCELLED").await;
    assert_eq!(shop.held(0).await, before);
    assert_eq!(cancel(&shop, 3, &order, "c1").await, first, "the answer of then");
    let again = cancel(&shop, 3, &order, "c2").await;
    assert_eq!(refusal(&again), ("WRONG_STATUS", "id".to_owned()));
    let stranger = cancel(&shop, 2, &order, "c1").await;
    assert_eq!(refusal(&stranger), ("NOT_FOUND", "id".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_wait_or_run_are_cancelled_at_the_next_border() {
    let shop = Shop::open().await;
    shop.leave_credit(0, 100_000_000).await;
    let before = shop.held(0).await;
    let waiting = id(&shop.place(&person(3), "k1", input(0, 2, 30)).await);
    shop.until(&waiting, "AWAITING_APPROVAL").await;
    assert_eq!(cancel(&shop, 4, &waiting, "c1").await["order"]["status"], "CANCELLING");
    shop.until(&waiting, "CANCELLED").await;
    let mut running = Vec::new();
    for number in 0..10 {
        let order = id(&shop.place(&person(3), &format!("r{number}"), input(0, 2, 1)).await);
        let payload = cancel(&shop, 3, &order, &format!("c{number}x")).await;
        assert_eq!(payload["order"]["status"], "CANCELLING", "{payload}");
        running.push(order);
    }
    for order in running {
        shop.until(&order, "CANCELLED").await;
    }
    assert_eq!(shop.held(0).await, before);
    let open = sql("SELECT COUNT(*) AS n FROM sagas WHERE ended_at = 0");
    let open: i64 = shop.orders.db.fetch_one(open).await.unwrap().get("n").unwrap();
    assert_eq!(open, 0, "every saga has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_of_the_demo_world_can_be_cancelled_too() {
    let shop = Shop::open().await;
    let before = shop.held(0).await;
    let payload = cancel(&shop, 3, &world::order(0), "c1").await;
    assert_eq!(payload["order"]["status"], "CANCELLING", "{payload}");
    shop.until(&world::order(0), "CANCELLED").await;
    assert!(shop.held(0).await < before);
}
