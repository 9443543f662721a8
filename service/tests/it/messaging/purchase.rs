//! Sagas over the whole chain: every one ends, and the sums hold, wherever the process dies.

use braid_service::db::{Db, sql};
use braid_service::failpoints::FailPoints;
use braid_service::testkit::databases;

use super::world::{World, eventually};

/// Buys 2, 3 (refused by inspection, so the reservation is released), 4 and 9 (sold out).
const PURCHASES: [(&str, i64); 4] = [("a", 2), ("b", 3), ("c", 4), ("d", 9)];

async fn check_sums(world: &World, context: &str) {
    let n = async |text| world.number(text).await;
    assert_eq!(n("SELECT free + reserved + shipped AS n FROM stock").await, 10, "{context}: sum");
    assert_eq!(n("SELECT reserved AS n FROM stock").await, 0, "{context}: nothing stays reserved");
    let confirmed = n("SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) AS n FROM purchases \
         WHERE status = 'CONFIRMED'")
    .await;
    assert_eq!(n("SELECT shipped AS n FROM stock").await, confirmed, "{context}: shipped");
    let open = n("SELECT COUNT(*) AS n FROM purchases WHERE status = 'PENDING'").await;
    assert_eq!(open, 0, "{context}: every purchase is decided");
}

async fn pair() -> Vec<(&'static str, Db, Db)> {
    let (shops, stocks) = (databases().await, databases().await);
    shops.into_iter().zip(stocks).map(|((name, shop), (_, stock))| (name, shop, stock)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sagas_complete_or_compensate() {
    for (name, shop, stock) in pair().await {
        let world = World::new(shop, stock).await;
        let life = world.start(&FailPoints::none());
        for (id, quantity) in PURCHASES {
            life.buy(&world, id, quantity).await.unwrap();
        }
        eventually("all sagas end", async || world.settled().await).await;
        check_sums(&world, name).await;
        let status = sql("SELECT status AS n FROM purchases WHERE id = 'b'");
        let status: String = world.shop.fetch_one(status).await.unwrap().get("n").unwrap();
        assert_eq!(status, "REJECTED", "{name}");
        life.stop().await;
    }
}

/// Kills the process at the first and fourth passing of every fail point.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_statements_loses_nothing() {
    let points = points_passed().await;
    assert!(points.len() > 15, "the fail points are there: {points:?}");
    for (point, count) in points {
        for nth in [1, 4].into_iter().filter(|nth| *nth <= count) {
            let shop = Db::open("ephemeral:").await.unwrap();
            let stock = Db::open("ephemeral:").await.unwrap();
            crash_and_recover(World::new(shop, stock).await, point, nth).await;
        }
    }
}

/// The same on PostgreSQL, where transactions of the survivors overlap; once a point.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loses_nothing_on_a_server() {
    let points = points_passed().await;
    for (point, _) in points {
        for (name, shop, stock) in pair().await {
            if name != "sqlite" {
                crash_and_recover(World::new(shop, stock).await, point, 1).await;
            }
        }
    }
}

async fn points_passed() -> std::collections::BTreeMap<&'static str, u32> {
    let shop = Db::open("ephemeral:").await.unwrap();
    let stock = Db::open("ephemeral:").await.unwrap();
    let world = World::new(shop, stock).await;
    let counting = FailPoints::counting();
    let life = world.start(&counting);
    for (id, quantity) in PURCHASES {
        life.buy(&world, id, quantity).await.unwrap();
    }
    eventually("all sagas end", async || world.settled().await).await;
    life.stop().await;
    counting.seen()
}

async fn crash_and_recover(world: World, point: &'static str, nth: u32) {
    let context = format!("{point} #{nth}");
    let fail_points = FailPoints::crash_at(point, nth);
    let life = world.start(&fail_points);
    let mut acknowledged = Vec::new();
    for (id, quantity) in PURCHASES {
        match life.buy(&world, id, quantity).await {
            Ok(()) => acknowledged.push(id),
            Err(error) => assert!(error.is_crash(), "{context}: {error}"),
        }
    }
    eventually(&context, async || fail_points.is_dead() || world.settled().await).await;
    life.kill().await;
    let life = world.start(&FailPoints::none());
    for (id, quantity) in PURCHASES {
        let known = sql("SELECT COUNT(*) AS n FROM purchases WHERE id = $1").bind(id);
        let known: i64 = world.shop.fetch_one(known).await.unwrap().get("n").unwrap();
        if known == 0 {
            assert!(!acknowledged.contains(&id), "{context}: acknowledged purchase {id} lost");
            life.buy(&world, id, quantity).await.unwrap();
        }
    }
    eventually(&context, async || world.settled().await).await;
    check_sums(&world, &context).await;
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_purchase_gives_back_or_is_shipped() {
    for (name, shop, stock) in pair().await {
        let world = World::new(shop, stock).await;
        let life = world.start(&FailPoints::none());
        for id in ["a", "b", "c", "d"] {
            life.buy(&world, id, 2).await.unwrap();
            life.cancel(&world, id).await;
        }
        eventually("all sagas end", async || world.settled().await).await;
        check_sums(&world, name).await;
        life.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_buyers_never_get_more_than_there_is() {
    for (name, shop, stock) in pair().await {
        let world = World::new(shop, stock).await;
        let life = world.start(&FailPoints::none());
        for number in 0..100 {
            life.buy(&world, &format!("p{number}"), 1).await.unwrap();
        }
        eventually("all sagas end", async || world.settled().await).await;
        check_sums(&world, name).await;
        assert_eq!(world.number("SELECT shipped AS n FROM stock").await, 10, "{name}");
        life.stop().await;
    }
}
