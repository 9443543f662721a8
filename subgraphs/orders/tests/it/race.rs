//! A hundred orders at once: never more than the limit, on every database.

use braid_service::db::sql;
use braid_service::seed::world;
use braid_service::testkit::database_urls;
use serde_json::json;
use tokio::task::JoinSet;

use super::{PLACE, Shop, id, input, person};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_orders_never_exceed_the_limit() {
    let urls = database_urls().await.into_iter().zip(database_urls().await);
    for ((name, orders_url), (_, customers_url)) in urls {
        let shop = Shop::over(&orders_url, &customers_url).await;
        let before = shop.held(0).await;
        let net = world::product(2).price_minor;
        let total = net + (net * 10 + 50) / 100;
        // Ten fit, and a bit.
        shop.leave_credit(0, total * 10 + total / 2).await;
        let mut racers = JoinSet::new();
        for number in 0..100 {
            let body = json!({ "query": PLACE, "variables":
                { "in": input(0, 2, 1), "key": format!("k{number}") } });
            let request = shop.kit.signed(Some(&person(3)), &body.to_string());
            let subgraph = std::sync::Arc::clone(&shop.orders.subgraph);
            racers.spawn(async move { subgraph.handle(request).await });
        }
        let mut placed = Vec::new();
        for answer in racers.join_all().await {
            let mut answer: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            placed.push(id(&answer["data"]["placeOrder"].take()));
        }
        let open = sql("SELECT COUNT(*) AS n FROM sagas WHERE ended_at = 0");
        for _ in 0..3_000 {
            let n: i64 = shop.orders.db.fetch_one(open.clone()).await.unwrap().get("n").unwrap();
            if n == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let mut approved = 0;
        let mut numbers = std::collections::BTreeSet::new();
        for order in &placed {
            let query = "query($id: ID!) { order(id: $id) { status number rejectionReason } }";
            let order = shop.data(&person(3), query, json!({ "id": order })).await["order"].take();
            numbers.insert(order["number"].as_str().unwrap().to_owned());
            match order["status"].as_str().unwrap() {
                "APPROVED" => approved += 1,
                "REJECTED" => assert_eq!(order["rejectionReason"], "INSUFFICIENT_CREDIT"),
                other => panic!("{name}: an order is {other}"),
            }
        }
        assert_eq!(approved, 10, "{name}");
        assert_eq!(numbers.len(), 100, "{name}: every order has a number of its own");
        assert_eq!(shop.held(0).await - before, total * 10, "{name}");
    }
}
