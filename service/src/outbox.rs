//! The outbox: what a service tells others, written in the transaction of the change it tells of.
//!
//! Order per partition key is the order of `seq`, which is given while the aggregate's row is
//! locked: append *after* the statement that changes (and so locks) the aggregate. Rows of
//! different keys have no order; a row that becomes visible late, because its transaction was
//! slow, is found like any other, since nothing remembers "the last id seen".
//! [`relay`] publishes.

mod broker;
pub mod relay;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::db::{DbError, Tx, sql};
use crate::event::{self, Cause, Classification, Envelope, Topic};
use crate::failpoints::FailPoints;
use crate::ids::IdGen;
use crate::messaging::MessagingError;

pub use self::relay::{Relay, RelayConfig};

/// Lanes that relays share out; a partition key is always in the same one.
pub const LANES: u64 = 16;

/// Handle for writing; cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

struct Inner {
    service: &'static str,
    clock: Clock,
    ids: Arc<IdGen>,
    wake: Notify,
    fail_points: FailPoints,
}

/// An event about to be written.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a, T> {
    /// The entity's id; also the partition key.
    pub subject: &'a str,
    /// The entity's version after the change.
    pub sequence: i64,
    pub cause: &'a Cause,
    pub data: &'a T,
}

/// A command or an answer about to be written.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a, T> {
    /// `cmd.<service>` or `reply.<service>`.
    pub stream: &'a str,
    /// What it asks or answers: the envelope's `type`.
    pub kind: &'a str,
    /// The entity it is about.
    pub subject: &'a str,
    /// Letters of one key arrive in order.
    pub partition_key: &'a str,
    pub cause: &'a Cause,
    pub data: &'a T,
}

impl Outbox {
    /// The outbox of `service`.
    #[must_use]
    pub fn new(service: &'static str, clock: Clock, ids: Arc<IdGen>) -> Self {
        Self::with_fail_points(service, clock, ids, FailPoints::none())
    }

    /// The same with fail points, for tests.
    #[must_use]
    pub fn with_fail_points(
        service: &'static str,
        clock: Clock,
        ids: Arc<IdGen>,
        fail_points: FailPoints,
    ) -> Self {
        Self { inner: Arc::new(Inner { service, clock, ids, wake: Notify::new(), fail_points }) }
    }

    /// Writes a fact into the caller's transaction.
    ///
    /// # Errors
    /// Data that JSON cannot hold or too much of it; the database; an armed fail point.
    pub async fn emit<T: Serialize + DeserializeOwned>(
        &self,
        tx: &mut Tx,
        topic: &Topic<T>,
        fact: Fact<'_, T>,
    ) -> Result<(), MessagingError> {
        let data = event::raw(topic.name, fact.data)?;
        let envelope = Envelope {
            sequence: event::padded(fact.sequence),
            dataclassification: topic.classification.as_str().to_owned(),
            dataschema: topic.schema_uri(),
            ..self.envelope(topic.name, fact.subject, fact.cause, data)
        };
        self.append(tx, topic.name, &envelope).await
    }

    /// Writes a command or an answer into the caller's transaction.
    ///
    /// # Errors
    /// As [`Outbox::emit`].
    pub async fn send<T: Serialize>(
        &self,
        tx: &mut Tx,
        letter: Letter<'_, T>,
    ) -> Result<(), MessagingError> {
        let data = event::raw(letter.kind, letter.data)?;
        let envelope = Envelope {
            partitionkey: letter.partition_key.to_owned(),
            ..self.envelope(letter.kind, letter.subject, letter.cause, data)
        };
        self.append(tx, letter.stream, &envelope).await
    }

    fn envelope(
        &self,
        kind: &str,
        subject: &str,
        cause: &Cause,
        data: Box<serde_json::value::RawValue>,
    ) -> Envelope {
        let id = self.new_id("evt");
        Envelope {
            specversion: "1.0".to_owned(),
            source: format!("/{}", self.inner.service),
            r#type: kind.to_owned(),
            dataschema: event::schema_uri(kind, 1),
            subject: subject.to_owned(),
            time: event::rfc3339(self.now_us()),
            datacontenttype: "application/json".to_owned(),
            partitionkey: subject.to_owned(),
            sequence: event::padded(0),
            correlationid: cause.correlation.clone().unwrap_or_else(|| id.clone()),
            causationid: cause.causation.clone(),
            traceparent: cause.traceparent.clone(),
            actor: cause.actor.clone(),
            dataclassification: Classification::Internal.as_str().to_owned(),
            data,
            id,
        }
    }

    async fn append(
        &self,
        tx: &mut Tx,
        stream: &str,
        envelope: &Envelope,
    ) -> Result<(), MessagingError> {
        self.inner.fail_points.hit("outbox.before-append")?;
        let statement = sql("INSERT INTO outbox \
             (id, stream, partition_key, lane, seq, envelope, created_at) \
             SELECT $1, $2, $3, $4, COALESCE(MAX(seq), 0) + 1, $5, $6 \
             FROM outbox WHERE partition_key = $3")
        .bind(&envelope.id)
        .bind(stream)
        .bind(&envelope.partitionkey)
        .bind(lane(&envelope.partitionkey))
        .bind(envelope.to_json()?)
        .bind(self.now_us());
        tx.execute(statement).await?;
        self.inner.fail_points.hit("outbox.after-append")?;
        Ok(())
    }

    /// Commits and tells the relay that there may be something to publish.
    ///
    /// # Errors
    /// The database; an armed fail point, before or after the commit.
    pub async fn commit(&self, tx: Tx) -> Result<(), MessagingError> {
        self.inner.fail_points.hit("commit.before")?;
        tx.commit().await?;
        self.inner.fail_points.hit("commit.after")?;
        self.wake();
        Ok(())
    }

    /// Wakes the relay: call it after the commit of a transaction that appended.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Passes a fail point; nothing happens outside tests.
    ///
    /// # Errors
    /// The point is armed and due.
    pub fn fault(&self, point: &'static str) -> Result<(), MessagingError> {
        Ok(self.inner.fail_points.hit(point)?)
    }

    /// The service whose outbox this is.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.inner.service
    }

    /// Microseconds since the epoch by the service's clock.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.inner.clock.now_us()
    }

    /// A fresh id `prefix_uuidv7`.
    #[must_use]
    pub fn new_id(&self, prefix: &str) -> String {
        self.inner.ids.id(prefix)
    }

    async fn woken(&self) {
        self.inner.wake.notified().await;
    }
}

/// How many rows still wait to be published: for health and for tests.
///
/// # Errors
/// The database refuses.
pub async fn backlog(db: &crate::db::Db) -> Result<i64, DbError> {
    let row =
        db.fetch_one(sql("SELECT COUNT(*) AS waiting FROM outbox WHERE published_at = 0")).await?;
    row.get("waiting")
}

/// FNV-1a, because a lane must be the same in every process and version.
fn lane(partition_key: &str) -> i64 {
    let hash = partition_key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from(hash % LANES).unwrap_or(0)
}
