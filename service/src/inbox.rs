//! The inbox: a consumer takes each event in once, however often it arrives.
//!
//! The inbox row, the consumer's effect and whatever the effect appends to the outbox are one
//! transaction; the delivery is acknowledged after its commit. An event whose handler keeps
//! failing is parked in `dead_letters` after [`ATTEMPTS_MAX`] tries and the rest flows on; a
//! database that is away does not count as a failure of the event.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::bus::{BoxFuture, Bus, BusError, Delivery, Message, Subscription};
use crate::db::{Db, Tx, sql};
use crate::event::Envelope;
use crate::messaging::MessagingError;
use crate::outbox::Outbox;

/// Tries before an event is parked.
pub const ATTEMPTS_MAX: u32 = 5;
/// Pause after the first failure; doubles each time.
pub const BACKOFF_MIN: Duration = Duration::from_millis(40);
/// Events in hand at a time; they are of different partition keys.
const IN_HAND_MAX: usize = 16;

/// The effect of an event. It runs again from the start after a failure, in a new transaction.
pub trait Handler: Send + Sync + 'static {
    /// Applies `message` within `tx`; the caller commits.
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>>;
}

/// One group of one service: which streams it takes and what it does with them.
#[derive(Clone)]
pub struct Consumer {
    /// Unique among all groups of all services, such as `orders.sagas`.
    pub group: &'static str,
    pub db: Db,
    pub outbox: Outbox,
    pub handler: Arc<dyn Handler>,
}

/// A message that could not be taken in.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub consumer: String,
    pub event_id: String,
    pub stream: String,
    pub error: String,
    pub attempts: i64,
    pub parked_at_us: i64,
}

// === impl Consumer ===

impl Consumer {
    /// Joins the group; run the result with [`Consumer::run`].
    ///
    /// # Errors
    /// The bus does not take the group.
    pub fn subscribe(
        &self,
        bus: &dyn Bus,
        streams: &[&str],
    ) -> Result<Box<dyn Subscription>, BusError> {
        bus.subscribe(self.group, streams)
    }

    /// Takes events in until `stop` or the bus closes.
    ///
    /// # Errors
    /// Only an armed fail point.
    pub async fn run(
        self,
        mut events: Box<dyn Subscription>,
        stop: CancellationToken,
    ) -> Result<(), MessagingError> {
        let mut in_hand: JoinSet<Result<(), MessagingError>> = JoinSet::new();
        loop {
            let has_room = in_hand.len() < IN_HAND_MAX;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = in_hand.join_next(), if !in_hand.is_empty() => {
                    if let Ok(Err(crash)) = done {
                        return Err(crash);
                    }
                }
                delivery = events.next(), if has_room => {
                    let Some(delivery) = delivery else { break };
                    let consumer = self.clone();
                    in_hand.spawn(async move { consumer.take(delivery).await });
                }
            }
        }
        // What is in hand is finished, so that it need not come again.
        while let Some(done) = in_hand.join_next().await {
            if let Ok(Err(crash)) = done {
                return Err(crash);
            }
        }
        Ok(())
    }

    /// Brings one delivery to its end: effect committed, parked, or refused for later.
    async fn take(&self, delivery: Delivery) -> Result<(), MessagingError> {
        let first_failed_at = self.outbox.now_us();
        let mut attempt = 0;
        loop {
            let failure = match self.guarded(&delivery.message).await {
                Ok(()) => {
                    self.outbox.fault("consumer.before-ack")?;
                    drop(delivery.ack().await);
                    return Ok(());
                }
                Err(failure) => failure,
            };
            if failure.is_crash() {
                return Err(failure);
            }
            let event_id = &delivery.message.event.id;
            if failure.is_unavailable() {
                warn!(consumer = self.group, event.id = event_id, %failure, "event has to wait");
                drop(delivery.refuse().await);
                return Ok(());
            }
            attempt += 1;
            warn!(consumer = self.group, event.id = event_id, attempt, %failure, "event failed");
            if attempt >= ATTEMPTS_MAX {
                match self.park(&delivery.message, &failure, first_failed_at).await {
                    Ok(()) => drop(delivery.ack().await),
                    Err(crash) if crash.is_crash() => return Err(crash),
                    Err(failure) => {
                        error!(consumer = self.group, %failure, "parking an event failed");
                        drop(delivery.refuse().await);
                    }
                }
                return Ok(());
            }
            tokio::time::sleep(BACKOFF_MIN * 2_u32.pow(attempt - 1)).await;
        }
    }

    /// [`Consumer::once`] as a task of its own, so that a handler that panics has failed.
    async fn guarded(&self, message: &Message) -> Result<(), MessagingError> {
        let (consumer, message) = (self.clone(), message.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { consumer.once(&message).await });
        match task.join_next().await {
            Some(Ok(done)) => done,
            Some(Err(error)) => Err(MessagingError::Poison(format!("the handler ended: {error}"))),
            None => Ok(()),
        }
    }

    /// The effect in one transaction, unless it has been done before.
    async fn once(&self, message: &Message) -> Result<(), MessagingError> {
        self.outbox.fault("consumer.before-begin")?;
        let mut tx = self.db.begin().await?;
        if !first_time(&mut tx, self.group, &message.event.id, self.outbox.now_us()).await? {
            return Ok(());
        }
        self.outbox.fault("consumer.after-inbox")?;
        self.handler.handle(&mut tx, message).await?;
        self.outbox.fault("consumer.after-effect")?;
        self.outbox.commit(tx).await
    }

    async fn park(
        &self,
        message: &Message,
        failure: &MessagingError,
        first_failed_at: i64,
    ) -> Result<(), MessagingError> {
        error!(consumer = self.group, event.id = message.event.id, %failure, "event parked");
        let now = self.outbox.now_us();
        let mut tx = self.db.begin().await?;
        first_time(&mut tx, self.group, &message.event.id, now).await?;
        let statement =
            sql("INSERT INTO dead_letters (consumer, event_id, stream, partition_key, \
             envelope, error, attempts, first_failed_at, parked_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (consumer, event_id) \
             DO NOTHING")
            .bind(self.group)
            .bind(&message.event.id)
            .bind(&*message.stream)
            .bind(&message.event.partitionkey)
            .bind(message.event.to_json()?)
            .bind(failure.to_string())
            .bind(ATTEMPTS_MAX)
            .bind(first_failed_at)
            .bind(now);
        tx.execute(statement).await?;
        self.outbox.fault("consumer.after-park")?;
        tx.commit().await?;
        Ok(())
    }

    /// Handles a parked event again and removes it from the dead letters; `false` when there is
    /// none of this id.
    ///
    /// # Errors
    /// The handler fails again (the letter stays), or the database.
    pub async fn replay(&self, event_id: &str) -> Result<bool, MessagingError> {
        let mut tx = self.db.begin().await?;
        let removed = tx
            .fetch_optional(
                sql("DELETE FROM dead_letters WHERE consumer = $1 AND event_id = $2 \
                     RETURNING stream, envelope")
                .bind(self.group)
                .bind(event_id),
            )
            .await?;
        let Some(row) = removed else { return Ok(false) };
        let envelope = Envelope::parse(&row.get::<String>("envelope")?)?;
        let stream = row.get::<String>("stream")?.into();
        self.handler.handle(&mut tx, &Message { stream, event: Arc::new(envelope) }).await?;
        self.outbox.commit(tx).await?;
        Ok(true)
    }
}

// === functions ===

/// Notes that `consumer` takes `event_id` in; `false` when it has done so before. A concurrent
/// first time waits here until the other transaction ends.
///
/// # Errors
/// The database refuses.
pub async fn first_time(
    tx: &mut Tx,
    consumer: &str,
    event_id: &str,
    now_us: i64,
) -> Result<bool, MessagingError> {
    let statement = sql("INSERT INTO inbox (consumer, event_id, handled_at) VALUES ($1, $2, $3) \
         ON CONFLICT (consumer, event_id) DO NOTHING")
    .bind(consumer)
    .bind(event_id)
    .bind(now_us);
    Ok(tx.execute(statement).await? == 1)
}

/// Parks an outbox row that is no envelope, so that its key flows on.
pub(crate) async fn park_outgoing(
    tx: &mut Tx,
    event_id: &str,
    stream: &str,
    text: &str,
    now_us: i64,
) -> Result<(), MessagingError> {
    let statement = sql("INSERT INTO dead_letters (consumer, event_id, stream, partition_key, \
         envelope, error, attempts, first_failed_at, parked_at) \
         VALUES ('outbox', $1, $2, '', $3, 'not an envelope', 1, $4, $4) \
         ON CONFLICT (consumer, event_id) DO NOTHING")
    .bind(event_id)
    .bind(stream)
    .bind(text)
    .bind(now_us);
    tx.execute(statement).await?;
    error!(event.id = event_id, "outbox row is no envelope; parked");
    Ok(())
}

/// The parked messages of a service, newest first.
///
/// # Errors
/// The database refuses.
pub async fn dead_letters(db: &Db, limit: i64) -> Result<Vec<DeadLetter>, MessagingError> {
    let rows = db
        .fetch_all(
            sql("SELECT consumer, event_id, stream, error, attempts, parked_at \
                 FROM dead_letters ORDER BY parked_at DESC, event_id LIMIT $1")
            .bind(limit),
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(DeadLetter {
                consumer: row.get("consumer")?,
                event_id: row.get("event_id")?,
                stream: row.get("stream")?,
                error: row.get("error")?,
                attempts: row.get("attempts")?,
                parked_at_us: row.get("parked_at")?,
            })
        })
        .collect()
}
