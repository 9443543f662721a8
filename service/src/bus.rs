//! The bus between services: what a driver promises, independent of where the messages travel.
//!
//! Two rules make delivery *at least once* without the bus being durable itself:
//! - [`Bus::publish`] returns `Ok` only when the message cannot be lost any more: a broker has
//!   written it, or (in process) every group has committed its effect. Until then the outbox row
//!   stays and is published again;
//! - a consumer calls [`Delivery::ack`] only after its effect is committed; a delivery that is
//!   dropped or refused comes again.
//!
//! Consumers drop repeats by event id (see [`crate::inbox`]). [`local`] is the driver of a single
//! process, [`redis`] the one between processes.

pub mod local;
pub mod redis;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::event::Envelope;

pub use self::local::LocalBus;
pub use self::redis::RedisBus;

/// A boxed future, so that the traits stay object-safe.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One message on a stream. Facts travel on the stream of their type; commands and replies on
/// `cmd.<service>` and `reply.<service>`.
#[derive(Debug, Clone)]
pub struct Message {
    pub stream: Arc<str>,
    pub event: Arc<Envelope>,
}

/// The stream on which a service takes commands.
#[must_use]
pub fn command_stream(service: &str) -> String {
    format!("cmd.{service}")
}

/// The stream on which a service takes the answers to its commands.
#[must_use]
pub fn reply_stream(service: &str) -> String {
    format!("reply.{service}")
}

/// Why a message is not safe yet. Every variant means: publish again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    #[error("bus has not started yet")]
    NotStarted,
    #[error("group `{0}` has no running consumer")]
    NoConsumer(String),
    #[error("group `{0}` did not acknowledge in time")]
    Timeout(String),
    #[error("group `{0}` refused the delivery")]
    Refused(String),
    #[error("subscribe group `{0}` after the bus has started")]
    LateGroup(String),
    #[error("stream `{0}` is full: a group does not keep up")]
    Full(String),
    #[error("reach the broker: {0}")]
    Broker(String),
}

/// A driver.
pub trait Bus: Send + Sync {
    /// Hands `message` to every group that subscribed to its stream; see the module's first rule.
    /// The caller publishes messages of one partition key one after another.
    fn publish<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), BusError>>;

    /// Joins `group` for `streams`. Members of one group share its messages; all messages of one
    /// partition key go to one member, and the next only after the last is settled.
    ///
    /// # Errors
    /// The driver cannot take the group (any more).
    fn subscribe(&self, group: &str, streams: &[&str]) -> Result<Box<dyn Subscription>, BusError>;

    /// What a broker remembers of a publisher, so that the publisher sees when the broker has lost
    /// messages after it answered for them; `None` when it cannot lose any, as in process.
    fn recall<'a>(
        &'a self,
        _publisher: &'a str,
    ) -> BoxFuture<'a, Result<Option<Recall>, BusError>> {
        Box::pin(async { Ok(None) })
    }

    /// Leaves a mark with the broker, which it will have as long as it has every message that was
    /// published before: the publisher's time, microseconds.
    fn mark<'a>(
        &'a self,
        _publisher: &'a str,
        _mark_us: i64,
    ) -> BoxFuture<'a, Result<(), BusError>> {
        Box::pin(async { Ok(()) })
    }
}

/// What a broker remembers: see [`Bus::recall`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// Another one after each restart, when the last messages may be gone.
    pub life: String,
    /// The last mark that it has; 0 when it has none.
    pub mark_us: i64,
}

/// A member's end of a group.
pub trait Subscription: Send {
    /// The next delivery; `None` when the bus is closed.
    fn next(&mut self) -> BoxFuture<'_, Option<Delivery>>;
}

/// Tells the bus what became of a delivery.
pub trait Acknowledge: Send {
    /// `done`: the effect is committed. Otherwise the message is to come again.
    fn settle(self: Box<Self>, done: bool) -> BoxFuture<'static, Result<(), BusError>>;
}

/// A message in a consumer's hands.
pub struct Delivery {
    pub message: Message,
    handle: Box<dyn Acknowledge>,
}

impl Delivery {
    #[must_use]
    pub fn new(message: Message, handle: Box<dyn Acknowledge>) -> Self {
        Self { message, handle }
    }

    /// The effect is committed.
    ///
    /// # Errors
    /// The bus could not be told; the message may come again and is then dropped as a repeat.
    pub async fn ack(self) -> Result<(), BusError> {
        self.handle.settle(true).await
    }

    /// Not done: to come again.
    ///
    /// # Errors
    /// The bus could not be told; it finds out by its own timeout.
    pub async fn refuse(self) -> Result<(), BusError> {
        self.handle.settle(false).await
    }
}
