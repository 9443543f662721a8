//! From the outbox to the effect: at least once, effects once, in order per key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use braid_service::bus::{BoxFuture, Bus, BusError, LocalBus, Message, Recall, Subscription};
use braid_service::db::{Db, Tx, sql};
use braid_service::event::{Cause, Envelope, Topic};
use braid_service::failpoints::FailPoints;
use braid_service::inbox::{Consumer, Handler, dead_letters};
use braid_service::messaging::{self, MessagingError};
use braid_service::outbox::{Fact, Outbox, Relay, backlog};
use braid_service::testkit::databases;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::world::{eventually, outbox, quick};
use crate::bus::redis;

#[derive(Debug, Serialize, Deserialize)]
struct Counted {
    number: i64,
}

const COUNTED: Topic<Counted> = Topic::internal("tests.counted");

/// Writes each number beside its key, in the order in which it comes.
struct Ledger {
    /// Numbers that fail while this holds.
    poison: Arc<AtomicBool>,
}

impl Handler for Ledger {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let Counted { number } = message.event.data()?;
            let insert = sql("INSERT INTO ledger (entity, number, position) \
                 SELECT $1, $2, COUNT(*) FROM ledger WHERE entity = $1");
            tx.execute(insert.bind(&message.event.subject).bind(number)).await?;
            if number % 50 == 49 && self.poison.load(Ordering::Relaxed) {
                assert!(number < 50, "a handler that panics has failed like any other");
                return Err(MessagingError::Poison("every fiftieth".to_owned()));
            }
            Ok(())
        })
    }
}

/// A bus that sends everything twice and forgets every third answer.
struct Unreliable {
    inner: Arc<dyn Bus>,
    count: AtomicU64,
}

impl Bus for Unreliable {
    fn publish<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), BusError>> {
        Box::pin(async move {
            self.inner.publish(message).await?;
            self.inner.publish(message).await?;
            match self.count.fetch_add(1, Ordering::Relaxed) % 3 {
                0 => Err(BusError::Timeout("lost".to_owned())),
                _ => Ok(()),
            }
        })
    }

    fn subscribe(&self, group: &str, streams: &[&str]) -> Result<Box<dyn Subscription>, BusError> {
        self.inner.subscribe(group, streams)
    }

    fn recall<'a>(&'a self, publisher: &'a str) -> BoxFuture<'a, Result<Option<Recall>, BusError>> {
        self.inner.recall(publisher)
    }

    fn mark<'a>(&'a self, publisher: &'a str, mark_us: i64) -> BoxFuture<'a, Result<(), BusError>> {
        self.inner.mark(publisher, mark_us)
    }
}

struct Line {
    db: Db,
    outbox: Outbox,
    poison: Arc<AtomicBool>,
    consumer: Consumer,
}

impl Line {
    async fn new(db: Db, poison: bool) -> Self {
        messaging::migrate(&db).await.unwrap();
        db.execute(sql("CREATE TABLE ledger (entity TEXT, number BIGINT, position BIGINT)"))
            .await
            .unwrap();
        let outbox = outbox("tests", FailPoints::none());
        let poison = Arc::new(AtomicBool::new(poison));
        let handler = Arc::new(Ledger { poison: Arc::clone(&poison) });
        let consumer =
            Consumer { group: "tests.ledger", db: db.clone(), outbox: outbox.clone(), handler };
        Self { db, outbox, poison, consumer }
    }

    /// Starts the consumer and `relays` relays over `bus`.
    fn start(&self, bus: LocalBus, relays: usize, twice: bool) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        self.consume(&mut tasks, &bus);
        bus.start();
        self.relay(&mut tasks, Arc::new(bus), relays, twice);
        tasks
    }

    fn consume(&self, tasks: &mut JoinSet<()>, bus: &dyn Bus) {
        let events = self.consumer.subscribe(bus, &["tests.counted"]).unwrap();
        let run = self.consumer.clone().run(events, CancellationToken::new());
        tasks.spawn(async { run.await.unwrap() });
    }

    fn relay(&self, tasks: &mut JoinSet<()>, bus: Arc<dyn Bus>, relays: usize, twice: bool) {
        let bus: Arc<dyn Bus> =
            if twice { Arc::new(Unreliable { inner: bus, count: AtomicU64::new(0) }) } else { bus };
        for _ in 0..relays {
            let relay = Relay::new(self.db.clone(), self.outbox.clone(), Arc::clone(&bus), quick());
            let run = relay.run(CancellationToken::new());
            tasks.spawn(async { run.await.unwrap() });
        }
    }

    async fn emit(&self, entity: &str, numbers: impl Iterator<Item = i64>) {
        let mut tx = self.db.begin().await.unwrap();
        for number in numbers {
            self.emit_in(&mut tx, entity, number).await;
        }
        self.outbox.commit(tx).await.unwrap();
    }

    async fn emit_in(&self, tx: &mut Tx, entity: &str, number: i64) {
        let fact = Fact {
            subject: entity,
            sequence: number,
            cause: &Cause::default(),
            data: &Counted { number },
        };
        self.outbox.emit(tx, &COUNTED, fact).await.unwrap();
    }

    async fn count(&self) -> i64 {
        let count = sql("SELECT COUNT(*) AS n FROM ledger");
        self.db.fetch_one(count).await.unwrap().get("n").unwrap()
    }

    async fn check_order(&self, name: &str) {
        let wrong = sql("SELECT COUNT(*) AS n FROM ledger a JOIN ledger b \
             ON a.entity = b.entity AND a.position < b.position AND a.number >= b.number");
        let wrong: i64 = self.db.fetch_one(wrong).await.unwrap().get("n").unwrap();
        assert_eq!(wrong, 0, "{name}: order per key");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_relays_and_a_stuttering_bus_have_each_effect_once_and_in_order() {
    for (name, db) in databases().await {
        let line = Line::new(db, false).await;
        let tasks = line.start(LocalBus::new(), 4, true);
        for entity in 0..20 {
            line.emit(&format!("e{entity}"), 0..10).await;
        }
        eventually("all published", async || backlog(&line.db).await.unwrap() == 0).await;
        assert_eq!(line.count().await, 200, "{name}");
        line.check_order(name).await;
        drop(tasks);
    }
}

/// On a server, a transaction may commit long after a later id was published.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_delivered() {
    for (name, db) in databases().await {
        let line = Line::new(db, false).await;
        let tasks = line.start(LocalBus::new(), 2, false);
        let mut slow = line.db.begin().await.unwrap();
        line.emit_in(&mut slow, "slow", 1).await;
        let fast = (name == "postgres").then_some("fast");
        if let Some(entity) = fast {
            line.emit(entity, 2..3).await;
            eventually("the fast one arrives", async || line.count().await == 1).await;
        }
        slow.commit().await.unwrap();
        let expected = 1 + i64::from(fast.is_some());
        eventually("the slow one arrives", async || line.count().await == expected).await;
        drop(tasks);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poison_is_parked_and_the_rest_flows_on() {
    for (name, db) in databases().await {
        let line = Line::new(db, true).await;
        let tasks = line.start(LocalBus::new(), 1, false);
        for entity in 0..4 {
            line.emit(&format!("e{entity}"), entity * 25..(entity + 1) * 25).await;
        }
        eventually("all published", async || backlog(&line.db).await.unwrap() == 0).await;
        assert_eq!(line.count().await, 98, "{name}: all but two");
        line.check_order(name).await;
        let letters = dead_letters(&line.db, 10).await.unwrap();
        assert_eq!(letters.len(), 2, "{name}");
        assert!(letters.iter().all(|letter| letter.attempts == 5), "{name}");
        let errors = letters.iter().map(|letter| letter.error.as_str()).collect::<String>();
        assert!(errors.contains("every fiftieth") && errors.contains("panic"), "{name}: {errors}");

        let plain = letters.iter().find(|letter| !letter.error.contains("panic")).unwrap();
        assert!(line.consumer.replay(&plain.event_id).await.is_err(), "{name}: still poison");
        line.poison.store(false, Ordering::Relaxed);
        for letter in letters {
            assert!(line.consumer.replay(&letter.event_id).await.unwrap(), "{name}");
            assert!(!line.consumer.replay(&letter.event_id).await.unwrap(), "{name}: once");
        }
        assert_eq!(line.count().await, 100, "{name}");
        drop(tasks);
    }
}

/// A relay that is killed holds its lanes until the lease runs out; nothing waits longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_relays_lanes_are_taken_over() {
    for (name, db) in databases().await {
        let line = Line::new(db, false).await;
        // This bus has no consumer behind its group: the relay claims, fails and is killed.
        let silent = LocalBus::new();
        drop(line.consumer.subscribe(&silent, &["tests.counted"]).unwrap());
        silent.start();
        let relay = Relay::new(line.db.clone(), line.outbox.clone(), Arc::new(silent), quick());
        let mut doomed = JoinSet::new();
        doomed.spawn(relay.run(CancellationToken::new()));
        line.emit("e1", 0..5).await;
        let tried = sql("SELECT COUNT(*) AS n FROM outbox WHERE attempts > 0");
        eventually("it tried", async || {
            line.db.fetch_one(tried.clone()).await.unwrap().get::<i64>("n").unwrap() > 0
        })
        .await;
        doomed.shutdown().await;
        let tasks = line.start(LocalBus::new(), 1, false);
        eventually("all arrive", async || line.count().await == 5).await;
        line.check_order(name).await;
        drop(tasks);
    }
}

#[tokio::test]
async fn what_cannot_be_an_envelope_does_not_stop_its_key() {
    for (name, db) in databases().await {
        let line = Line::new(db, false).await;
        line.emit("e1", 0..1).await;
        line.db.execute(sql("UPDATE outbox SET envelope = 'rubbish'")).await.unwrap();
        line.emit("e1", 1..2).await;
        let tasks = line.start(LocalBus::new(), 1, false);
        eventually("the good one arrives", async || line.count().await == 1).await;
        assert_eq!(dead_letters(&line.db, 10).await.unwrap().len(), 1, "{name}");
        drop(tasks);
    }
}

#[tokio::test]
async fn a_bus_takes_no_group_after_its_start_and_no_message_before_it() {
    let line = Line::new(Db::open("ephemeral:").await.unwrap(), false).await;
    let bus = LocalBus::new();
    line.emit("e1", 0..1).await;
    let relay = Relay::new(line.db.clone(), line.outbox.clone(), Arc::new(bus.clone()), quick());
    let mut tasks = JoinSet::new();
    tasks.spawn(relay.run(CancellationToken::new()));
    eventually("it was refused", async || {
        let message = probe(&line).await;
        bus.publish(&message).await == Err(BusError::NotStarted)
    })
    .await;
    let started = line.start(bus.clone(), 0, false);
    assert!(line.consumer.subscribe(&bus, &["other"]).is_err());
    eventually("it arrives", async || line.count().await == 1).await;
    tokio::time::timeout(Duration::from_secs(1), tasks.shutdown()).await.unwrap();
    drop(started);
}

async fn probe(line: &Line) -> Message {
    let row = sql("SELECT envelope FROM outbox LIMIT 1");
    let text: String = line.db.fetch_one(row).await.unwrap().get("envelope").unwrap();
    Message { stream: "tests.counted".into(), event: Arc::new(Envelope::parse(&text).unwrap()) }
}

/// A clock that goes back an hour leaves leases and pauses in the far future; nobody waits for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_goes_back_delays_nothing() {
    for (name, db) in databases().await {
        let line = Line::new(db, false).await;
        line.emit("e1", 0..3).await;
        let hour = 3_600_000_000;
        let ahead = line.outbox.now_us() + hour;
        let lease = sql("UPDATE outbox_lanes SET owner = 'gone', lease_until = $1").bind(ahead);
        line.db.execute(lease).await.unwrap();
        let pause = sql("UPDATE outbox SET not_before = $1").bind(ahead);
        line.db.execute(pause).await.unwrap();
        let tasks = line.start(LocalBus::new(), 1, false);
        eventually("all arrive", async || line.count().await == 3).await;
        line.check_order(name).await;
        drop(tasks);
    }
}

/// A service whose bus never starts keeps its events, and does not run hot over them.
#[tokio::test]
async fn without_a_bus_events_stay_where_they_are() {
    let line = Line::new(Db::open("ephemeral:").await.unwrap(), false).await;
    for entity in 0..100 {
        line.emit(&format!("e{entity}"), 0..2).await;
    }
    let relay =
        Relay::new(line.db.clone(), line.outbox.clone(), Arc::new(LocalBus::new()), quick());
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(relay.run(stop.clone()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(backlog(&line.db).await.unwrap(), 200);
    let tried = sql("SELECT CAST(SUM(attempts) AS BIGINT) AS n FROM outbox");
    let tried: i64 = line.db.fetch_one(tried).await.unwrap().get("n").unwrap();
    assert_eq!(tried, 0, "nobody has failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_redis_each_effect_is_once_and_in_order() {
    let Some((bus, _, _)) = redis().await else { return };
    let line = Line::new(Db::open("ephemeral:").await.unwrap(), false).await;
    let mut tasks = JoinSet::new();
    // Two members of the group: one stands by.
    line.consume(&mut tasks, &bus);
    line.consume(&mut tasks, &bus);
    line.relay(&mut tasks, Arc::new(bus), 4, true);
    for entity in 0..20 {
        line.emit(&format!("e{entity}"), 0..10).await;
    }
    eventually("all arrive", async || line.count().await == 200).await;
    eventually("all published", async || backlog(&line.db).await.unwrap() == 0).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(line.count().await, 200, "no repeat had an effect");
    line.check_order("redis").await;
}

/// Everything was published, nothing was taken in, and Redis loses it all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_redis_lost_is_sent_again() {
    let Some((bus, prefix, mut redis)) = redis().await else { return };
    let line = Line::new(Db::open("ephemeral:").await.unwrap(), false).await;
    let mut tasks = JoinSet::new();
    line.relay(&mut tasks, Arc::new(bus.clone()), 1, false);
    line.emit("e1", 0..10).await;
    eventually("all published", async || backlog(&line.db).await.unwrap() == 0).await;
    let mark = format!("{prefix}:mark:tests");
    let stream = format!("{prefix}:stream:tests.counted");
    let gone = ["DEL", &mark, &stream].map(str::to_owned);
    let mut delete = redis::cmd(&gone[0]);
    let gone: u8 = delete.arg(&gone[1..]).query_async(&mut redis).await.unwrap();
    assert_eq!(gone, 2);
    line.consume(&mut tasks, &bus);
    eventually("all arrive", async || line.count().await == 10).await;
    line.check_order("redis").await;
}
