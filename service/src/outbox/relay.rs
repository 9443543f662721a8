//! The relay: takes rows out of the outbox and gives them to the bus.
//!
//! A relay works on the lanes it holds a lease on, so several may run. Within a partition key rows
//! go one after another; a row that fails holds back its own key only, with growing pauses. A row
//! is marked after the bus has answered for it: a crash between the two publishes it twice, and
//! the inbox drops the repeat. A killed relay's lanes are taken over when its lease runs out.
//! What a broker has lost is published again ([`super::broker`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Outbox;
use super::broker::Broker;
use crate::bus::{Bus, BusError, Message};
use crate::db::{Db, DbError, sql};
use crate::event::Envelope;
use crate::messaging::{MessagingError, prune};

/// How a relay paces itself.
#[derive(Debug, Clone, Copy)]
pub struct RelayConfig {
    /// How long a claim on a lane lasts without renewal.
    pub lease: Duration,
    /// How often to look without having been woken.
    pub poll: Duration,
    /// First pause after a failure; doubles up to `backoff_max`.
    pub backoff_min: Duration,
    pub backoff_max: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(6),
            poll: Duration::from_millis(500),
            backoff_min: Duration::from_millis(50),
            backoff_max: Duration::from_secs(15),
        }
    }
}

/// Partition keys published at the same time.
const KEYS_IN_FLIGHT_MAX: usize = 64;
/// Rows read in one go.
const ROWS_MAX: i64 = 512;
/// How often old rows are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// When they are removed first: not while everything starts.
const PRUNE_FIRST: Duration = Duration::from_secs(60);

/// Publishes the outbox of one service.
pub struct Relay {
    db: Db,
    outbox: Outbox,
    bus: Arc<dyn Bus>,
    config: RelayConfig,
    owner: String,
    broker: Broker,
    /// Lanes held and until when (microseconds).
    held: BTreeMap<i64, i64>,
    in_flight: BTreeSet<String>,
    tasks: JoinSet<KeyOutcome>,
    /// The bus had not started at the last try: nothing is tried before this.
    rests_until: tokio::time::Instant,
}

struct PendingRow {
    id: String,
    stream: String,
    partition_key: String,
    envelope: String,
    attempts: i64,
}

/// What became of the rows of one key.
struct KeyOutcome {
    key: String,
    published: Vec<String>,
    failed: Option<(String, i64, BusError)>,
    /// Rows that are no envelope; they can never be published.
    broken: Option<PendingRow>,
    crashed: Option<MessagingError>,
}

impl Relay {
    #[must_use]
    pub fn new(db: Db, outbox: Outbox, bus: Arc<dyn Bus>, config: RelayConfig) -> Self {
        let owner = outbox.new_id("rly");
        Self {
            db,
            outbox,
            bus,
            config,
            owner,
            broker: Broker::new(),
            held: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            tasks: JoinSet::new(),
            rests_until: tokio::time::Instant::now(),
        }
    }

    /// Publishes until `stop`. Database failures are logged and waited out.
    ///
    /// # Errors
    /// Only an armed fail point.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), MessagingError> {
        let mut prune_at = tokio::time::Instant::now() + PRUNE_FIRST;
        while !stop.is_cancelled() {
            match self.round().await {
                Ok(()) => {}
                Err(error) if error.is_crash() => return Err(error),
                Err(error) => {
                    warn!(service.name = self.outbox.service(), %error, "outbox relay failed");
                    tokio::time::sleep(self.config.poll).await;
                }
            }
            if tokio::time::Instant::now() >= prune_at {
                prune_at += PRUNE_EVERY;
                if let Err(error) = prune(&self.db, self.outbox.now_us()).await {
                    warn!(service.name = self.outbox.service(), %error, "removing old rows failed");
                }
            }
            let finished = tokio::select! {
                biased;
                () = stop.cancelled() => None,
                Some(outcome) = self.tasks.join_next(), if !self.tasks.is_empty() => Some(outcome),
                () = self.outbox.woken() => None,
                () = tokio::time::sleep(self.config.poll) => None,
            };
            match finished {
                Some(Ok(outcome)) => self.settle_logged(outcome).await?,
                // A panic in a driver: its key is taken up again when all others have ended.
                Some(Err(error)) => {
                    warn!(service.name = self.outbox.service(), %error, "publishing failed");
                }
                None => {}
            }
            if self.tasks.is_empty() {
                self.in_flight.clear();
            }
        }
        self.finish().await
    }

    /// Starts what can be started now.
    async fn round(&mut self) -> Result<(), MessagingError> {
        if tokio::time::Instant::now() < self.rests_until {
            return Ok(());
        }
        if self.broker.is_due() {
            if !self.tasks.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.broker.check(&self.db, &self.outbox, &self.bus).await {
                warn!(service.name = self.outbox.service(), %error, "asking the broker failed");
            }
        }
        self.claim().await?;
        for (key, rows) in self.due().await? {
            self.in_flight.insert(key.clone());
            let (bus, outbox) = (Arc::clone(&self.bus), self.outbox.clone());
            self.tasks.spawn(async move { publish_key(&*bus, &outbox, key, rows).await });
        }
        Ok(())
    }

    /// Takes or renews the lease on every free lane that has something to publish.
    async fn claim(&mut self) -> Result<(), MessagingError> {
        let wanted = self
            .db
            .fetch_all(sql("SELECT DISTINCT lane FROM outbox WHERE published_at = 0"))
            .await?;
        let now = self.outbox.now_us();
        self.held.retain(|_, until| *until > now);
        let lease = micros(self.config.lease);
        let mut fresh = true;
        for row in &wanted {
            let lane: i64 = row.get("lane")?;
            fresh &= self.held.get(&lane).is_some_and(|until| until - now > lease / 2);
        }
        if fresh {
            return Ok(());
        }
        self.outbox.fault("relay.before-claim")?;
        let mut tx = self.db.begin().await?;
        let claimed = tx
            .fetch_all(
                sql("UPDATE outbox_lanes SET owner = $1, lease_until = $2 \
                     WHERE (owner = $1 OR lease_until <= $3 OR lease_until > $4) \
                     AND lane IN (SELECT DISTINCT lane FROM outbox WHERE published_at = 0) \
                     RETURNING lane")
                .bind(&self.owner)
                .bind(now + lease)
                .bind(now)
                // No lease is that long: it was given before the clock went back.
                .bind(now + 2 * lease),
            )
            .await?;
        tx.commit().await?;
        self.outbox.fault("relay.after-claim")?;
        for row in claimed {
            self.held.insert(row.get("lane")?, now + lease);
        }
        Ok(())
    }

    /// Unpublished rows of held lanes by key, oldest keys first, rows in order.
    async fn due(&self) -> Result<BTreeMap<String, Vec<PendingRow>>, MessagingError> {
        let free = KEYS_IN_FLIGHT_MAX.saturating_sub(self.in_flight.len());
        if self.held.is_empty() || free == 0 {
            return Ok(BTreeMap::new());
        }
        let limit = i64::try_from(KEYS_IN_FLIGHT_MAX + self.in_flight.len()).unwrap_or(i64::MAX);
        let now = self.outbox.now_us();
        let keys = self
            .db
            .fetch_all(
                sql("SELECT partition_key FROM outbox WHERE published_at = 0 AND lane IN ($LIST) ")
                    .bind_list(self.held.keys().copied())
                    .push("GROUP BY partition_key HAVING MAX(not_before) <= ")
                    .push_bind(now)
                    // No pause is that long: it was set before the clock went back.
                    .push(" OR MAX(not_before) > ")
                    .push_bind(now + 2 * micros(self.config.backoff_max))
                    .push(" ORDER BY MIN(created_at) LIMIT ")
                    .push_bind(limit),
            )
            .await?
            .iter()
            .map(|row| row.get::<String>("partition_key"))
            .filter(|key| !key.as_ref().is_ok_and(|key| self.in_flight.contains(key)))
            .take(free)
            .collect::<Result<Vec<_>, DbError>>()?;
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = self
            .db
            .fetch_all(
                sql("SELECT id, stream, partition_key, envelope, attempts FROM outbox \
                     WHERE published_at = 0 AND partition_key IN ($LIST) ")
                .bind_list(keys)
                .push("ORDER BY partition_key, seq, id LIMIT ")
                .push_bind(ROWS_MAX),
            )
            .await?;
        let mut by_key: BTreeMap<String, Vec<PendingRow>> = BTreeMap::new();
        for row in rows {
            let pending = PendingRow {
                id: row.get("id")?,
                stream: row.get("stream")?,
                partition_key: row.get("partition_key")?,
                envelope: row.get("envelope")?,
                attempts: row.get("attempts")?,
            };
            by_key.entry(pending.partition_key.clone()).or_default().push(pending);
        }
        Ok(by_key)
    }

    /// Settles a finished key and all others that have finished by now, in one transaction.
    async fn settle_logged(&mut self, first: KeyOutcome) -> Result<(), MessagingError> {
        let mut outcomes = vec![first];
        while let Some(Ok(outcome)) = self.tasks.try_join_next() {
            outcomes.push(outcome);
        }
        let keys: Vec<String> = outcomes.iter().map(|outcome| outcome.key.clone()).collect();
        if outcomes.iter().any(KeyOutcome::found_no_bus) {
            self.rests_until = tokio::time::Instant::now() + self.config.poll;
        }
        outcomes.retain(KeyOutcome::changes_rows);
        let settled = if outcomes.is_empty() { Ok(()) } else { self.settle(outcomes).await };
        // Also after a failure: what was not marked is simply published again.
        for key in keys {
            self.in_flight.remove(&key);
        }
        match settled {
            Err(error) if !error.is_crash() => {
                warn!(service.name = self.outbox.service(), %error, "marking the outbox failed");
                Ok(())
            }
            other => other,
        }
    }

    async fn settle(&self, outcomes: Vec<KeyOutcome>) -> Result<(), MessagingError> {
        let now = self.outbox.now_us();
        let mut published = Vec::new();
        self.outbox.fault("relay.before-mark")?;
        let mut tx = self.db.begin().await?;
        for outcome in outcomes {
            if let Some(crash) = outcome.crashed {
                return Err(crash);
            }
            published.extend(outcome.published);
            if let Some(row) = outcome.broken {
                crate::inbox::park_outgoing(&mut tx, &row.id, &row.stream, &row.envelope, now)
                    .await?;
                published.push(row.id);
            }
            if let Some((id, attempts, error)) = outcome.failed {
                info!(service.name = self.outbox.service(), event.id = id, %error, "event waits");
                let pause = backoff(&self.config, attempts);
                tx.execute(
                    sql("UPDATE outbox SET attempts = attempts + 1, not_before = $1 WHERE id = $2")
                        .bind(now + micros(pause))
                        .bind(id),
                )
                .await?;
            }
        }
        tx.execute(
            sql("UPDATE outbox SET published_at = $1 WHERE id IN ($LIST)")
                .bind(now)
                .bind_list(published),
        )
        .await?;
        tx.commit().await?;
        self.outbox.fault("relay.after-mark")
    }

    /// The end: what is in flight gets a moment, then the lanes are free for others.
    async fn finish(mut self) -> Result<(), MessagingError> {
        let grace = tokio::time::sleep(self.config.lease / 2);
        tokio::pin!(grace);
        while !self.tasks.is_empty() {
            tokio::select! {
                Some(Ok(outcome)) = self.tasks.join_next() => self.settle_logged(outcome).await?,
                () = &mut grace => break,
                else => {}
            }
        }
        self.tasks.abort_all();
        if !self.held.is_empty() {
            let release = sql("UPDATE outbox_lanes SET lease_until = 0 WHERE owner = $1");
            self.db.execute(release.bind(&self.owner)).await?;
        }
        Ok(())
    }
}

// === impl KeyOutcome ===

impl KeyOutcome {
    /// The bus had not started: nobody has failed, a later look tries again.
    fn found_no_bus(&self) -> bool {
        matches!(self.failed, Some((_, _, BusError::NotStarted)))
    }

    fn changes_rows(&self) -> bool {
        !self.found_no_bus() || !self.published.is_empty()
    }
}

/// Publishes the rows of one key in order, up to the first failure.
async fn publish_key(
    bus: &dyn Bus,
    outbox: &Outbox,
    key: String,
    rows: Vec<PendingRow>,
) -> KeyOutcome {
    let mut outcome =
        KeyOutcome { key, published: Vec::new(), failed: None, broken: None, crashed: None };
    for row in rows {
        let Ok(envelope) = Envelope::parse(&row.envelope) else {
            outcome.broken = Some(row);
            break;
        };
        let message = Message { stream: row.stream.into(), event: Arc::new(envelope) };
        if let Err(crash) = outbox.fault("relay.before-publish") {
            outcome.crashed = Some(crash);
            break;
        }
        if let Err(error) = bus.publish(&message).await {
            outcome.failed = Some((row.id, row.attempts, error));
            break;
        }
        outcome.published.push(row.id);
        if let Err(crash) = outbox.fault("relay.after-publish") {
            outcome.crashed = Some(crash);
            break;
        }
    }
    outcome
}

fn backoff(config: &RelayConfig, attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 20)).unwrap_or(20);
    config.backoff_min.saturating_mul(1 << doublings).min(config.backoff_max)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
