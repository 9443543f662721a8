//! The ledger: on both databases, under contention, and by commands over the bus.

use std::sync::Arc;
use std::time::Duration;

use braid_service::clock::Clock;
use braid_service::db::{Db, sql};
use braid_service::event::Cause;
use braid_service::ids::IdGen;
use braid_service::messaging;
use braid_service::outbox::{Fact, Letter, Outbox};
use braid_service::saga::Command;
use braid_service::seed::world;
use braid_service::streams::{
    Amount, CreditClaim, ORDER_APPROVED, OrderChanged, customers_commands as commands,
};
use braid_service::testkit::databases;
use customers::domain::{Opening, RESERVATION_LIFETIME_US};
use customers::store::credit::Refusal;
use customers::store::write::Request;
use customers::store::{MIGRATIONS, Store};
use tokio::task::JoinSet;

use super::seeded;

/// A store with one customer that has a limit of 1000.
async fn ledger(db: Db) -> (Store, String, Clock) {
    messaging::migrate(&db).await.unwrap();
    db.migrate("customers", MIGRATIONS).await.unwrap();
    let clock = Clock::manual(1_800_000_000_000_000);
    let outbox = Outbox::new("customers", clock.clone(), Arc::new(IdGen::new(clock.clone())));
    let store = Store { db, outbox };
    let opening = Opening {
        account: Some(world::account(1)),
        user: None,
        currency: "EUR".to_owned(),
        terms: "NET_30".to_owned(),
        limit_minor: 1_000,
    };
    let request = Request { subject: "usr_1", key: "k", cause: &Cause::default() };
    let id = store.open(&request, &opening).await.unwrap();
    (store, id, clock)
}

fn claim(customer: &str, order: &str, minor: i64) -> CreditClaim {
    CreditClaim {
        customer_id: customer.to_owned(),
        order_id: order.to_owned(),
        amount: Amount { minor, currency: "EUR".to_owned() },
    }
}

async fn reserve(store: &Store, claim: &CreditClaim) -> Option<Refusal> {
    let mut tx = store.db.begin().await.unwrap();
    let refusal = store.reserve(&mut tx, claim, &Cause::default()).await.unwrap();
    tx.commit().await.unwrap();
    refusal
}

/// Held and owed, after checking them against the rows.
async fn sums(store: &Store, id: &str) -> (i64, i64) {
    let customer = store.customer(id).await.unwrap().unwrap();
    let rows = sql("SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS n \
         FROM reservations WHERE customer = $1 AND status = 'HELD'");
    let held: i64 = store.db.fetch_one(rows.bind(id)).await.unwrap().get("n").unwrap();
    let rows = sql("SELECT CAST(COALESCE(SUM(open_minor), 0) AS BIGINT) AS n \
         FROM receivables WHERE customer = $1");
    let owed: i64 = store.db.fetch_one(rows.bind(id)).await.unwrap().get("n").unwrap();
    assert_eq!((customer.held_minor, customer.receivable_minor), (held, owed));
    (held, owed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_claims_never_exceed_the_limit() {
    for (name, db) in databases().await {
        let (store, id, _) = ledger(db).await;
        let mut racers = JoinSet::new();
        for order in 0..100 {
            let (store, claim) = (store.clone(), claim(&id, &format!("ord_{order}"), 30));
            racers.spawn(async move { reserve(&store, &claim).await.is_none() });
        }
        let held = racers.join_all().await.into_iter().filter(|held| *held).count();
        assert_eq!(held, 33, "{name}: 33 × 30 fit into 1000");
        assert_eq!(sums(&store, &id).await, (990, 0), "{name}");
    }
}

#[tokio::test]
async fn a_claim_is_held_once_and_given_back_once() {
    for (name, db) in databases().await {
        let (store, id, _) = ledger(db).await;
        let order = claim(&id, "ord_1", 600);
        assert_eq!(reserve(&store, &order).await, None);
        assert_eq!(reserve(&store, &order).await, None, "{name}: asked again");
        assert_eq!(sums(&store, &id).await, (600, 0), "{name}");
        let other = claim(&id, "ord_2", 401);
        assert_eq!(reserve(&store, &other).await, Some(Refusal::Insufficient), "{name}");
        for _ in 0..2 {
            let mut tx = store.db.begin().await.unwrap();
            store.release(&mut tx, &order, &Cause::default()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(sums(&store, &id).await, (0, 0), "{name}");
        }
        assert_eq!(reserve(&store, &order).await, Some(Refusal::Insufficient), "{name}: too late");
        let unknown = claim("cus_none", "ord_3", 1);
        assert_eq!(reserve(&store, &unknown).await, Some(Refusal::UnknownCustomer), "{name}");
        let dollars = CreditClaim {
            amount: Amount { minor: 1, currency: "USD".to_owned() },
            ..claim(&id, "ord_4", 1)
        };
        assert_eq!(reserve(&store, &dollars).await, Some(Refusal::Insufficient), "{name}");
        let negative = claim(&id, "ord_5", -1);
        assert_eq!(reserve(&store, &negative).await, Some(Refusal::Insufficient), "{name}");
    }
}

/// A release that overtakes its reservation leaves nothing to hold.
#[tokio::test]
async fn a_claim_after_its_release_is_refused() {
    for (name, db) in databases().await {
        let (store, id, _) = ledger(db).await;
        let order = claim(&id, "ord_1", 600);
        let mut tx = store.db.begin().await.unwrap();
        store.release(&mut tx, &order, &Cause::default()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(reserve(&store, &order).await, Some(Refusal::Insufficient), "{name}");
        assert_eq!(sums(&store, &id).await, (0, 0), "{name}");
    }
}

#[tokio::test]
async fn a_consumed_claim_is_owed_until_its_release() {
    for (name, db) in databases().await {
        let (store, id, _) = ledger(db).await;
        let order = claim(&id, "ord_1", 600);
        assert_eq!(reserve(&store, &order).await, None);
        for _ in 0..2 {
            let mut tx = store.db.begin().await.unwrap();
            store.consume(&mut tx, &order, &Cause::default()).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(sums(&store, &id).await, (0, 600), "{name}");
        }
        assert_eq!(reserve(&store, &claim(&id, "ord_2", 401)).await, Some(Refusal::Insufficient));
        let mut tx = store.db.begin().await.unwrap();
        store.release(&mut tx, &order, &Cause::default()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(sums(&store, &id).await, (0, 0), "{name}");
    }
}

#[tokio::test]
async fn claims_of_orders_that_were_never_approved_expire() {
    for (name, db) in databases().await {
        let (store, id, clock) = ledger(db).await;
        for order in ["ord_1", "ord_2", "ord_3"] {
            assert_eq!(reserve(&store, &claim(&id, order, 300)).await, None);
        }
        confirm(&store, &id, "ord_1").await;
        assert_eq!(store.expire(10).await.unwrap(), 0, "{name}: not yet");
        clock.advance_us(RESERVATION_LIFETIME_US);
        assert_eq!(store.expire(10).await.unwrap(), 2, "{name}");
        assert_eq!(sums(&store, &id).await, (300, 0), "{name}: the approved one stays");
        confirm(&store, &id, "ord_2").await;
        assert_eq!(sums(&store, &id).await, (600, 0), "{name}: approved after all");
    }
}

async fn confirm(store: &Store, customer: &str, order: &str) {
    let mut tx = store.db.begin().await.unwrap();
    store.confirm(&mut tx, customer, order).await.unwrap();
    tx.commit().await.unwrap();
}

/// Commands and events reach the service by the bus; a command that comes twice is answered twice
/// and carried out once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bus_brings_commands_and_approvals() {
    let test = seeded().await;
    let db = test.service.db.clone();
    let ids = Arc::new(IdGen::new(test.kit.clock.clone()));
    let outbox = Outbox::new("customers", test.kit.clock.clone(), ids);
    let customer = world::customer(1);
    let command = Command {
        command_id: "sag_1:reserve".to_owned(),
        saga_id: "sag_1".to_owned(),
        saga_kind: "place-order".to_owned(),
        step: "reserve".to_owned(),
        undo: false,
        must_succeed: false,
        reply_to: "reply.orders".to_owned(),
        data: serde_json::to_value(claim(&customer, "ord_x", 700)).unwrap(),
    };
    let cause = Cause::default();
    let letter = || Letter {
        stream: "cmd.customers",
        kind: commands::RESERVE,
        subject: "ord_x",
        partition_key: "sag_1",
        cause: &cause,
        data: &command,
    };
    let order = OrderChanged {
        order_id: "ord_x".to_owned(),
        number: "C-2026-000001".to_owned(),
        customer_id: customer.clone(),
        placed_by: world::user(0),
        lines: Vec::new(),
        total: Amount { minor: 700, currency: "EUR".to_owned() },
        reason: None,
    };
    let mut tx = db.begin().await.unwrap();
    for _ in 0..2 {
        outbox.send(&mut tx, letter()).await.unwrap();
    }
    outbox.commit(tx).await.unwrap();
    let answers = sql("SELECT COUNT(*) AS n FROM outbox WHERE stream = 'reply.orders'");
    eventually(&db, answers, 2).await;
    let mut tx = db.begin().await.unwrap();
    let fact = Fact { subject: "ord_x", sequence: 2, cause: &Cause::default(), data: &order };
    outbox.emit(&mut tx, &ORDER_APPROVED, fact).await.unwrap();
    outbox.commit(tx).await.unwrap();
    let confirmed = sql("SELECT COUNT(*) AS n FROM reservations \
         WHERE order_id = 'ord_x' AND status = 'HELD' AND confirmed = 1");
    eventually(&db, confirmed, 1).await;
    let told = sql("SELECT COUNT(*) AS n FROM outbox WHERE stream = 'customers.credit-reserved'");
    eventually(&db, told, 1).await;
}

async fn eventually(db: &Db, count: braid_service::db::Sql, expected: i64) {
    for _ in 0..1_000 {
        let found: i64 = db.fetch_one(count.clone()).await.unwrap().get("n").unwrap();
        if found == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not happen in time: {} = {expected}", count.text());
}
