//! The event store: history, `asOf`, snapshots, and the view that follows them.

use std::sync::Arc;

use braid_service::db::sql;
use braid_service::ids::IdGen;
use braid_service::outbox::Outbox;
use braid_service::scalars::DateTime;
use braid_service::seed::{Scale, world};
use orders::store::Store;
use orders::store::events::Until;
use serde_json::{Value, json};

use super::{ORDER, Shop, id, input, person, staff};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_of_shows_the_order_of_then() {
    let shop = Shop::open().await;
    let start = shop.kit.clock.now_us();
    let order = id(&shop.place(&person(3), "k1", input(0, 2, 1)).await);
    shop.until(&order, "APPROVED").await;
    shop.kit.clock.advance_us(60_000_000);
    let cancel = "mutation($id: ID!) { cancelOrder(id: $id, idempotencyKey: \"c\") { \
         userErrors { code } } }";
    shop.data(&person(3), cancel, json!({ "id": order })).await;
    shop.until(&order, "CANCELLED").await;
    let at = async |us: i64| {
        let variables = json!({ "id": order, "asOf": DateTime(us).to_string() });
        shop.data(&person(3), ORDER, variables).await["order"].take()
    };
    assert_eq!(at(start - 1).await, Value::Null, "not placed yet");
    let then = at(start + 30_000_000).await;
    assert_eq!((&then["status"], &then["version"]), (&json!("APPROVED"), &json!(2)));
    assert_eq!(then["history"].as_array().unwrap().len(), 2, "no events of later");
    let now = at(start + 60_000_000).await;
    assert_eq!((&now["status"], &now["version"]), (&json!("CANCELLED"), &json!(4)));
    assert_eq!(now["history"][0]["actor"]["id"], world::user(3));
    assert_eq!(now["history"][1]["actor"], Value::Null, "the saga is nobody");
    let snapshots = sql("SELECT COUNT(*) AS n FROM snapshots");
    let snapshots: i64 = shop.orders.db.fetch_one(snapshots).await.unwrap().get("n").unwrap();
    assert_eq!(snapshots, 1, "one with the fourth event");
}

/// The view is nothing but the fold, for every order of the world and some that were decided here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_view_is_the_fold() {
    let shop = Shop::open().await;
    for number in 0..5 {
        let order = id(&shop.place(&person(3), &format!("k{number}"), input(0, 2, 1)).await);
        shop.until(&order, "APPROVED").await;
    }
    let clock = shop.kit.clock.clone();
    let outbox = Outbox::new("orders", clock.clone(), Arc::new(IdGen::new(clock)));
    let store = Store { db: shop.orders.db.clone(), outbox };
    let ids = shop.orders.db.fetch_all(sql("SELECT id FROM order_view")).await.unwrap();
    assert_eq!(ids.len() as u64, world::Counts::of(Scale::Tiny).orders + 5);
    for row in ids {
        let id: String = row.get("id").unwrap();
        let view = store.orders_by_id(vec![id.clone()]).await.unwrap().remove(&id).unwrap();
        assert_eq!(store.fold(&id, Until::Now).await.unwrap(), Some(view));
    }
}

#[tokio::test]
async fn histories_of_many_orders_are_loaded_together() {
    let shop = Shop::open().await;
    let query = "{ orders(first: 30) { totalCount nodes { number history(first: 1) { type } } \
         pageInfo { hasNextPage } } }";
    let data = shop.data(&staff(), query, json!({})).await;
    let nodes = data["orders"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 30);
    assert!(nodes.iter().all(|node| node["history"] == json!([{ "type": "order-placed" }])));
    assert_eq!(data["orders"]["totalCount"], world::Counts::of(Scale::Tiny).orders);
}
