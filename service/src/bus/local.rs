//! The bus of a single process. It holds no message of its own: bounded queues between the relays
//! and the consumers, over the outboxes that keep every message until its effects are committed.
//!
//! Groups are fixed before [`LocalBus::start`]: a message published while a group is still to come
//! would pass it by. A group whose consumer has gone keeps its place, so that nothing passes it
//! while it restarts ([`LocalBus::rejoin`]).

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::{Acknowledge, BoxFuture, Bus, BusError, Delivery, Message, Subscription};

/// Deliveries that may wait in front of one consumer.
pub const QUEUE_MAX: usize = 256;

/// How long a message may take from the queue's door to the consumer's commit.
pub const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// See the module. Clones share the same bus.
#[derive(Clone, Default)]
pub struct LocalBus {
    state: Arc<RwLock<State>>,
}

#[derive(Default)]
struct State {
    started: bool,
    groups: BTreeMap<String, Group>,
}

#[derive(Default)]
struct Group {
    streams: Vec<String>,
    members: Vec<mpsc::Sender<Delivery>>,
}

impl LocalBus {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All groups have subscribed: messages may flow.
    pub fn start(&self) {
        self.state.write().unwrap_or_else(PoisonError::into_inner).started = true;
    }

    /// A restarted consumer takes the place that its group kept.
    ///
    /// # Errors
    /// There is no such group.
    pub fn rejoin(&self, group: &str) -> Result<Box<dyn Subscription>, BusError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let Some(group) = state.groups.get_mut(group) else {
            return Err(BusError::LateGroup(group.to_owned()));
        };
        Ok(group.join())
    }

    /// The queues that `message` has to enter, by group.
    fn targets(
        &self,
        message: &Message,
    ) -> Result<Vec<(String, mpsc::Sender<Delivery>)>, BusError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if !state.started {
            return Err(BusError::NotStarted);
        }
        let mut targets = Vec::new();
        for (name, group) in &state.groups {
            if !group.streams.iter().any(|stream| **stream == *message.stream) {
                continue;
            }
            let Some(member) = group.member(&message.event.partitionkey) else {
                return Err(BusError::NoConsumer(name.clone()));
            };
            targets.push((name.clone(), member));
        }
        Ok(targets)
    }
}

impl Group {
    fn join(&mut self) -> Box<dyn Subscription> {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        self.members.retain(|member| !member.is_closed());
        self.members.push(sender);
        Box::new(Queue(receiver))
    }

    /// The living member for a partition key.
    fn member(&self, partition_key: &str) -> Option<mpsc::Sender<Delivery>> {
        let living: Vec<_> = self.members.iter().filter(|member| !member.is_closed()).collect();
        let count = u64::try_from(living.len()).unwrap_or(u64::MAX);
        let mut hasher = DefaultHasher::new();
        partition_key.hash(&mut hasher);
        let chosen = hasher.finish().checked_rem(count)?;
        living.get(usize::try_from(chosen).ok()?).map(|sender| (*sender).clone())
    }
}

impl Bus for LocalBus {
    fn publish<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), BusError>> {
        Box::pin(async move {
            let mut waiting = Vec::new();
            let deadline = tokio::time::Instant::now() + SETTLE_TIMEOUT;
            for (group, queue) in self.targets(message)? {
                let (settled, outcome) = oneshot::channel();
                let delivery = Delivery::new(message.clone(), Box::new(Settle(settled)));
                match tokio::time::timeout_at(deadline, queue.send(delivery)).await {
                    Ok(Ok(())) => waiting.push((group, outcome)),
                    Ok(Err(_closed)) => return Err(BusError::NoConsumer(group)),
                    Err(_elapsed) => return Err(BusError::Timeout(group)),
                }
            }
            for (group, outcome) in waiting {
                match tokio::time::timeout_at(deadline, outcome).await {
                    Ok(Ok(true)) => {}
                    Ok(Ok(false)) => return Err(BusError::Refused(group)),
                    // The consumer dropped the delivery: it died before it could settle.
                    Ok(Err(_dropped)) => return Err(BusError::NoConsumer(group)),
                    Err(_elapsed) => return Err(BusError::Timeout(group)),
                }
            }
            Ok(())
        })
    }

    fn subscribe(&self, group: &str, streams: &[&str]) -> Result<Box<dyn Subscription>, BusError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.started {
            return Err(BusError::LateGroup(group.to_owned()));
        }
        let entry = state.groups.entry(group.to_owned()).or_default();
        for stream in streams {
            if !entry.streams.iter().any(|known| known == stream) {
                entry.streams.push((*stream).to_owned());
            }
        }
        Ok(entry.join())
    }
}

struct Queue(mpsc::Receiver<Delivery>);

impl Subscription for Queue {
    fn next(&mut self) -> BoxFuture<'_, Option<Delivery>> {
        Box::pin(self.0.recv())
    }
}

struct Settle(oneshot::Sender<bool>);

impl Acknowledge for Settle {
    fn settle(self: Box<Self>, done: bool) -> BoxFuture<'static, Result<(), BusError>> {
        // A publisher that gave up has no ear any more; the repeat will be dropped by the inbox.
        let told = self.0.send(done);
        Box::pin(async move { told.map_err(|_| BusError::Timeout("publisher".to_owned())) })
    }
}
