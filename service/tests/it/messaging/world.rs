//! A small world: the service `shop` orchestrates purchases, the service `stock` takes part.
//!
//! Everything runs as in production; only the clock's pace and the fail points are the tests'.

use std::sync::Arc;
use std::time::Duration;

use braid_service::bus::{BoxFuture, Bus, LocalBus, Message};
use braid_service::clock::Clock;
use braid_service::db::{Db, Migration, Tx, sql};
use braid_service::failpoints::FailPoints;
use braid_service::ids::IdGen;
use braid_service::inbox::{Consumer, Handler};
use braid_service::messaging::{self, MessagingError};
use braid_service::outbox::{Outbox, Relay, RelayConfig};
use braid_service::saga::machine::Step;
use braid_service::saga::{
    Action, Command, Context, Definition, Engine, Orchestrator, Outcome, Pace, Runner, Start,
    Status, Verdict, participant, store,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(super) fn outbox(service: &'static str, fail_points: FailPoints) -> Outbox {
    let clock = Clock::system();
    Outbox::with_fail_points(service, clock.clone(), Arc::new(IdGen::new(clock)), fail_points)
}

/// Short leases and pauses, so that a takeover takes a fraction of a second.
pub(super) fn quick() -> RelayConfig {
    RelayConfig {
        lease: Duration::from_millis(300),
        poll: Duration::from_millis(20),
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(50),
    }
}

/// Waits for a condition; fails the test after twenty seconds.
pub(super) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..2_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not happen in time: {what}");
}

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "world",
    sql: "CREATE TABLE stock (id TEXT PRIMARY KEY, free BIGINT, reserved BIGINT, shipped BIGINT);
          CREATE TABLE holds (purchase TEXT PRIMARY KEY, quantity BIGINT, status TEXT);
          CREATE TABLE purchases (id TEXT PRIMARY KEY, quantity BIGINT, status TEXT);
          INSERT INTO stock VALUES ('thing', 10, 0, 0);",
}];

/// The two databases; they outlive a crash.
#[derive(Clone)]
pub(super) struct World {
    pub(super) shop: Db,
    pub(super) stock: Db,
}

/// One life of the process.
pub(super) struct Life {
    stop: CancellationToken,
    tasks: JoinSet<Result<(), MessagingError>>,
    shop: Outbox,
    engine: Arc<Engine<Purchase>>,
}

impl World {
    pub(super) async fn new(shop: Db, stock: Db) -> Self {
        for db in [&shop, &stock] {
            messaging::migrate(db).await.unwrap();
            db.migrate("world", MIGRATIONS).await.unwrap();
        }
        Self { shop, stock }
    }

    /// Starts everything; with fail points it may die.
    pub(super) fn start(&self, fail_points: &FailPoints) -> Life {
        let stop = CancellationToken::new();
        let bus = LocalBus::new();
        let shop = outbox("shop", fail_points.clone());
        let stock = outbox("stock", fail_points.clone());
        let engine = Arc::new(Engine::new(Purchase, shop.clone()));
        let orchestrator = Orchestrator {
            db: self.shop.clone(),
            outbox: shop.clone(),
            runners: Arc::new([Arc::clone(&engine) as Arc<dyn Runner>]),
        };
        let replies = Consumer {
            group: "shop.sagas",
            db: self.shop.clone(),
            outbox: shop.clone(),
            handler: Arc::new(orchestrator.clone()),
        };
        let commands = Consumer {
            group: "stock.commands",
            db: self.stock.clone(),
            outbox: stock.clone(),
            handler: Arc::new(Stock { outbox: stock.clone() }),
        };
        let mut tasks = JoinSet::new();
        let events = replies.subscribe(&bus, &["reply.shop"]).unwrap();
        tasks.spawn(replies.run(events, stop.clone()));
        let events = commands.subscribe(&bus, &["cmd.stock"]).unwrap();
        tasks.spawn(commands.run(events, stop.clone()));
        tasks.spawn(orchestrator.run_timer(stop.clone()));
        let bus: Arc<dyn Bus> = {
            bus.start();
            Arc::new(bus)
        };
        for (db, outbox) in [(&self.shop, &shop), (&self.stock, &stock)] {
            let relay = Relay::new(db.clone(), outbox.clone(), Arc::clone(&bus), quick());
            tasks.spawn(relay.run(stop.clone()));
        }
        Life { stop, tasks, shop, engine }
    }

    pub(super) async fn number(&self, text: &'static str) -> i64 {
        let db = if text.contains("purchases") { &self.shop } else { &self.stock };
        db.fetch_one(sql(text)).await.unwrap().get("n").unwrap()
    }

    /// All sagas have ended and nothing is under way.
    pub(super) async fn settled(&self) -> bool {
        let open = self
            .shop
            .fetch_one(sql("SELECT COUNT(*) AS n FROM sagas WHERE ended_at = 0"))
            .await
            .unwrap();
        open.get::<i64>("n").unwrap() == 0
            && store::count(&self.shop, Status::Stuck).await.unwrap() == 0
    }
}

impl Life {
    /// One purchase; `Err` when the process died before it could answer.
    pub(super) async fn buy(
        &self,
        world: &World,
        id: &str,
        quantity: i64,
    ) -> Result<(), MessagingError> {
        let mut tx = world.shop.begin().await?;
        tx.execute(
            sql("INSERT INTO purchases (id, quantity, status) VALUES ($1, $2, 'PENDING')")
                .bind(id)
                .bind(quantity),
        )
        .await?;
        let start = Start {
            id: &format!("sag_{id}"),
            subject: id,
            cause: &braid_service::event::Cause::default(),
            state: &PurchaseState { purchase: id.to_owned(), quantity },
        };
        self.engine.start(&mut tx, start).await?;
        self.shop.commit(tx).await
    }

    pub(super) async fn cancel(&self, world: &World, id: &str) -> bool {
        let mut tx = world.shop.begin().await.unwrap();
        let turned = self.engine.cancel(&mut tx, &format!("sag_{id}"), "CANCELLED").await.unwrap();
        self.shop.commit(tx).await.unwrap();
        turned
    }

    /// The process is killed: nothing gets a chance to end well.
    pub(super) async fn kill(mut self) {
        self.tasks.shutdown().await;
    }

    /// The process ends in good order.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap().unwrap();
        }
    }
}

// === the orchestrator's definition ===

pub(super) struct Purchase;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PurchaseState {
    purchase: String,
    quantity: i64,
}

const fn command(name: &'static str, does: &'static str, undo: Option<&'static str>) -> Step {
    Step { name, action: Action::Command { service: "stock", does, undo }, pivot: false }
}

const STEPS: &[Step] = &[
    command("reserve", "stock.reserve", Some("stock.release")),
    command("inspect", "stock.inspect", Some("stock.forget")),
    Step { name: "confirm", action: Action::Local, pivot: true },
    command("ship", "stock.ship", None),
];

impl Definition for Purchase {
    type State = PurchaseState;

    fn kind(&self) -> &'static str {
        "purchase"
    }

    fn steps(&self) -> &'static [Step] {
        STEPS
    }

    fn pace(&self) -> Pace {
        Pace {
            resend_us: 400_000,
            resend_max_us: 1_000_000,
            attempts_max: 50,
            deadline_us: 60_000_000,
        }
    }

    fn command(
        &self,
        state: &PurchaseState,
        _: &'static str,
    ) -> Result<Option<Value>, MessagingError> {
        Ok(serde_json::to_value(state).ok())
    }

    fn enter<'a>(
        &'a self,
        cx: Context<'a>,
        _: &'a mut PurchaseState,
        _: &'static str,
    ) -> BoxFuture<'a, Result<Verdict, MessagingError>> {
        Box::pin(async move {
            status(cx.tx, cx.subject, "CONFIRMED").await?;
            Ok(Verdict::Done)
        })
    }

    fn turned<'a>(
        &'a self,
        cx: Context<'a>,
        _: &'a mut PurchaseState,
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(status(cx.tx, cx.subject, "REJECTED"))
    }

    fn ended<'a>(
        &'a self,
        _: Context<'a>,
        _: &'a mut PurchaseState,
        _: Outcome,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async { Ok(()) })
    }
}

async fn status(tx: &mut Tx, id: &str, status: &'static str) -> Result<(), MessagingError> {
    tx.execute(sql("UPDATE purchases SET status = $1 WHERE id = $2").bind(status).bind(id)).await?;
    Ok(())
}

// === the participant ===

struct Stock {
    outbox: Outbox,
}

impl Handler for Stock {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let command: Command = message.event.data()?;
            if participant::repeat(tx, &self.outbox, message, &command).await? {
                return Ok(());
            }
            let order: PurchaseState = serde_json::from_value(command.data.clone()).unwrap();
            let refused = match message.event.r#type.as_str() {
                "stock.reserve" => reserve(tx, &order).await?,
                "stock.inspect" => (order.quantity == 3).then_some("THREE_IS_UNLUCKY"),
                "stock.release" => settle(tx, &order, "RELEASED").await?,
                "stock.ship" => settle(tx, &order, "SHIPPED").await?,
                _ => None,
            };
            participant::answer(tx, &self.outbox, message, &command, refused).await
        })
    }
}

async fn reserve(
    tx: &mut Tx,
    order: &PurchaseState,
) -> Result<Option<&'static str>, MessagingError> {
    let took = tx
        .execute(
            sql("UPDATE stock SET free = free - $1, reserved = reserved + $1 WHERE free >= $1")
                .bind(order.quantity),
        )
        .await?;
    if took == 0 {
        return Ok(Some("SOLD_OUT"));
    }
    tx.execute(
        sql("INSERT INTO holds (purchase, quantity, status) VALUES ($1, $2, 'HELD')")
            .bind(&order.purchase)
            .bind(order.quantity),
    )
    .await?;
    Ok(None)
}

async fn settle(
    tx: &mut Tx,
    order: &PurchaseState,
    outcome: &'static str,
) -> Result<Option<&'static str>, MessagingError> {
    let held = tx
        .execute(
            sql("UPDATE holds SET status = $1 WHERE purchase = $2 AND status = 'HELD'")
                .bind(outcome)
                .bind(&order.purchase),
        )
        .await?;
    if held == 1 {
        let text = if outcome == "SHIPPED" {
            "UPDATE stock SET reserved = reserved - $1, shipped = shipped + $1"
        } else {
            "UPDATE stock SET reserved = reserved - $1, free = free + $1"
        };
        tx.execute(sql(text).bind(order.quantity)).await?;
    }
    Ok(None)
}
