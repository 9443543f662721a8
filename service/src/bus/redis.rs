//! The bus between processes: Redis Streams (Redis 7 or later, or what speaks its protocol).
//!
//! A stream of the bus is a Redis stream, a group a consumer group that starts with the oldest
//! entry there is. [`Bus::publish`] answers after `XADD`. One member of a group reads at a time, by
//! lease, since Redis would deal the messages of one partition key to several; the others stand by
//! and take over after three seconds ([`member`]). Order holds per key and stream.
//!
//! **What Redis forgets.** Redis with `appendfsync everysec` may lose its last second, without
//! persistence everything. Outbox rows stay for seven days after they were published
//! ([`crate::messaging::RETENTION_US`]); each relay leaves marks in Redis and in its own database,
//! and when Redis has another life (`run_id`) or lacks the mark, the relay sends again everything
//! that it had published since the last mark that Redis still has ([`Bus::recall`]). Consumers drop
//! the repeats. Not noticed: a single stream that an operator deletes. Redis must not evict
//! (`maxmemory-policy noeviction`); when it is full, messages wait in the outboxes.
//!
//! **Memory.** Above [`RETAINED`] entries, a stream is cut up to what all its groups have
//! acknowledged, never further; a stream without groups keeps its newest [`RETAINED`]. A stream of
//! [`LENGTH_MAX`] entries takes no more until a group catches up: the rest waits in the outboxes.

mod client;
mod member;
mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::warn;
use uuid::Uuid;

use self::client::{Client, order};
use self::member::{Member, Membership};
use super::{BoxFuture, Bus, BusError, Message, Recall, Subscription};

/// Acknowledged entries that a stream keeps, for groups that are still to come.
pub const RETAINED: u64 = 10_000;
/// Entries, acknowledged or not, above which a stream takes no more.
pub const LENGTH_MAX: u64 = 100_000;
/// Acknowledged entries are not kept longer than this.
const AGE_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);
/// A stream is looked at after so many messages.
const TRIM_EVERY: u64 = 256;
/// The default of the keys' prefix.
const PREFIX: &str = "braid";

/// See the module. Clones share the connection.
#[derive(Clone)]
pub struct RedisBus {
    url: Arc<str>,
    prefix: Arc<str>,
    client: Client,
    streams: Arc<Mutex<HashMap<Arc<str>, Seen>>>,
}

/// What was seen of a stream when something was published.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    published: u64,
    length: u64,
}

impl RedisBus {
    /// A bus on `redis://[user:password@]host[:port][/database][#prefix]`; all keys begin with the
    /// prefix (`braid`). Connects when it is first used, and again whenever the connection breaks:
    /// until then publishing fails and messages wait in the outboxes. Within a Tokio runtime only.
    ///
    /// # Errors
    /// The URL is none, or asks for TLS, which this build has not.
    pub fn connect(url: &str) -> Result<Self, BusError> {
        let (url, prefix) = url.split_once('#').unwrap_or((url, PREFIX));
        let client = Client::new(url, prefix)?;
        Ok(Self { url: url.into(), prefix: prefix.into(), client, streams: Arc::default() })
    }

    async fn send(&self, message: &Message) -> Result<(), BusError> {
        let stream = &message.stream;
        if self.seen(stream).length >= LENGTH_MAX && self.trim(stream).await? >= LENGTH_MAX {
            return Err(BusError::Full(stream.to_string()));
        }
        let text = message.event.to_json().map_err(|error| BusError::Broker(error.to_string()))?;
        let length = self.client.append(stream, &text).await?;
        let published = self.saw(stream, length);
        if published % TRIM_EVERY == 1
            && let Err(error) = self.trim(stream).await
        {
            // The message is safe; the next look trims.
            warn!(bus.stream = %stream, %error, "trimming a stream failed");
        }
        Ok(())
    }

    fn seen(&self, stream: &str) -> Seen {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.get(stream).copied().unwrap_or_default()
    }

    /// Notes a message; answers how many there were.
    fn saw(&self, stream: &Arc<str>, length: u64) -> u64 {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = streams.entry(Arc::clone(stream)).or_default();
        seen.length = length;
        seen.published += 1;
        seen.published
    }

    /// Cuts what is old or too much, never what a group has not acknowledged; answers the length.
    async fn trim(&self, stream: &Arc<str>) -> Result<u64, BusError> {
        let aged = format!("{}-0", now_ms().saturating_sub(AGE_MAX.as_millis()));
        let safe = self.client.acknowledged(stream).await?;
        // Without a group nothing waits to be acknowledged.
        let safe = safe.unwrap_or_else(|| format!("{}-0", u64::MAX));
        let floor = if order(&aged) < order(&safe) { &aged } else { &safe };
        self.client.trim(stream, floor, LENGTH_MAX).await?;
        let length = self.client.length(stream).await?;
        if length > RETAINED {
            self.client.trim(stream, &safe, length - RETAINED).await?;
        }
        let length = self.client.length(stream).await?;
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.entry(Arc::clone(stream)).or_default().length = length;
        Ok(length)
    }
}

impl Bus for RedisBus {
    fn publish<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), BusError>> {
        Box::pin(self.send(message))
    }

    fn subscribe(&self, group: &str, streams: &[&str]) -> Result<Box<dyn Subscription>, BusError> {
        // A read waits on the server, so it has a connection of its own.
        let reads = Client::new(&self.url, &self.prefix)?;
        Ok(Box::new(Member::new(Membership {
            reads,
            commands: self.client.clone(),
            group: group.into(),
            member: Uuid::now_v7().to_string().into(),
            streams: streams.iter().map(|stream| Arc::from(*stream)).collect(),
        })))
    }

    fn recall<'a>(&'a self, publisher: &'a str) -> BoxFuture<'a, Result<Option<Recall>, BusError>> {
        Box::pin(async move { self.client.recall(publisher).await.map(Some) })
    }

    fn mark<'a>(&'a self, publisher: &'a str, mark_us: i64) -> BoxFuture<'a, Result<(), BusError>> {
        Box::pin(self.client.mark(publisher, mark_us))
    }
}

/// By the machine's clock: entry ids are of Redis's.
fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
