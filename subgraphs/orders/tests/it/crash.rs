//! The process dies at every named point while orders are placed: no acknowledged order is lost,
//! every saga ends, and the credit held is that of the approved orders.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use braid_service::app::Service;
use braid_service::db::sql;
use braid_service::failpoints::FailPoints;
use braid_service::ids::IdGen;
use braid_service::outbox::Outbox;
use braid_service::seed::{Scale, world};
use braid_service::testkit::TestKit;
use serde_json::{Value, json};

use super::{PLACE, input, person};

/// One life of the process over the two databases.
struct Life {
    kit: TestKit,
    orders: Service,
    customers: Service,
}

impl Life {
    async fn start(folder: &std::path::Path, fail_points: FailPoints) -> Self {
        let url = |name: &str| format!("sqlite:{}", folder.join(name).display());
        let kit = TestKit::new();
        let deps = kit.deps(&url("orders.sqlite"));
        let ids = Arc::new(IdGen::new(kit.clock.clone()));
        let outbox = Outbox::with_fail_points("orders", kit.clock.clone(), ids, fail_points);
        let orders = orders::build_with(deps, outbox).await.unwrap();
        let customers = customers::build(kit.deps(&url("customers.sqlite"))).await.unwrap();
        for service in [&orders, &customers] {
            service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
        }
        kit.bus.start();
        Self { kit, orders, customers }
    }

    /// The answer to one order, which may be an error when the process died.
    async fn place(&self, key: &str, quantity: i32) -> Value {
        let variables = json!({ "in": input(1, 2, quantity), "key": key });
        let staff = super::staff();
        self.kit.ask(&self.orders, Some(&staff), PLACE, variables).await
    }

    async fn number(&self, service: &Service, text: &'static str) -> i64 {
        let statement = sql(text).bind(world::customer(1));
        service.db.fetch_one(statement).await.unwrap().get("n").unwrap()
    }

    async fn end(self) {
        self.kit.tasks.shutdown(Duration::from_secs(5)).await;
        self.orders.db.close().await;
        self.customers.db.close().await;
    }
}

const QUANTITIES: [i32; 3] = [1, 2, 100];

/// Waits until nothing is under way; time moves on, so that leases of the dead run out.
async fn settle(life: &Life, context: &str) {
    for _ in 0..2_000 {
        life.kit.clock.advance_us(1_000_000);
        let open = "SELECT COUNT(*) AS n FROM sagas WHERE ended_at = 0 AND $1 <> ''";
        let waiting = "SELECT COUNT(*) AS n FROM outbox WHERE published_at = 0 AND $1 <> ''";
        if life.number(&life.orders, open).await == 0
            && life.number(&life.orders, waiting).await == 0
            && life.number(&life.customers, waiting).await == 0
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{context}: did not come to rest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_order_is_lost() {
    let folder = folder();
    let counting = FailPoints::counting();
    let life = Life::start(&folder, counting.clone()).await;
    for (quantity, number) in QUANTITIES.iter().zip(0..) {
        life.place(&format!("k{number}"), *quantity).await;
    }
    settle(&life, "without a crash").await;
    life.end().await;
    std::fs::remove_dir_all(&folder).unwrap();
    let points: BTreeMap<&'static str, u32> = counting.seen();
    assert!(points.len() > 12, "{points:?}");
    for (point, count) in points {
        for nth in [1, 4].into_iter().filter(|nth| *nth <= count) {
            crash_and_recover(point, nth).await;
        }
    }
}

async fn crash_and_recover(point: &'static str, nth: u32) {
    let context = format!("{point} #{nth}");
    let folder = folder();
    let fail_points = FailPoints::crash_at(point, nth);
    let life = Life::start(&folder, fail_points.clone()).await;
    let mut acknowledged = Vec::new();
    for (quantity, number) in QUANTITIES.iter().zip(0..) {
        let key = format!("k{number}");
        let answer = life.place(&key, *quantity).await;
        if let Some(id) = answer["data"]["placeOrder"]["order"]["id"].as_str() {
            acknowledged.push((key, id.to_owned()));
        }
    }
    for _ in 0..100 {
        if fail_points.is_dead() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    life.end().await;

    let life = Life::start(&folder, FailPoints::none()).await;
    settle(&life, &context).await;
    for (quantity, number) in QUANTITIES.iter().zip(0..) {
        let key = format!("k{number}");
        let answer = life.place(&key, *quantity).await;
        let again = answer["data"]["placeOrder"]["order"]["id"].as_str().unwrap_or_default();
        assert!(!again.is_empty(), "{context}: {answer}");
        if let Some((_, id)) = acknowledged.iter().find(|(known, _)| *known == key) {
            assert_eq!(again, id, "{context}: the same order for the same key");
        }
    }
    settle(&life, &context).await;
    check(&life, &context).await;
    drop(person(3));
    life.end().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Three orders, all decided, and the credit of the approved ones is held.
async fn check(life: &Life, context: &str) {
    let mine = "SELECT COUNT(*) AS n FROM order_view WHERE customer = $1 \
         AND placed_at > 1790000000000000";
    assert_eq!(life.number(&life.orders, mine).await, 3, "{context}");
    let decided = "SELECT COUNT(*) AS n FROM order_view WHERE customer = $1 \
         AND placed_at > 1790000000000000 AND status IN ('APPROVED', 'REJECTED')";
    assert_eq!(life.number(&life.orders, decided).await, 3, "{context}");
    let approved = life
        .orders
        .db
        .fetch_all(
            sql("SELECT id FROM order_view WHERE customer = $1 AND status = 'APPROVED' \
                 AND placed_at > 1790000000000000")
            .bind(world::customer(1)),
        )
        .await
        .unwrap();
    let held = life
        .customers
        .db
        .fetch_all(
            sql("SELECT order_id FROM reservations WHERE customer = $1 AND status = 'HELD' \
                 AND reserved_at > 1790000000000000")
            .bind(world::customer(1)),
        )
        .await
        .unwrap();
    let names = |rows: &[braid_service::db::Row], column: &str| {
        let mut names: Vec<String> = rows.iter().map(|row| row.get(column).unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&approved, "id"), names(&held, "order_id"), "{context}");
    assert_eq!(approved.len(), 2, "{context}: a hundred charters are too many");
}

fn folder() -> std::path::PathBuf {
    let name = IdGen::new(braid_service::clock::Clock::system()).id("orders");
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
