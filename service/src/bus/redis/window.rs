//! What a member has read and not yet settled: queues by partition key, of which only the head is
//! in the consumer's hands. Plain state, no input or output.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::bus::Message;

/// First pause before a refused message comes again; doubles each time.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Which entry of which stream: what tells deliveries apart.
pub(super) type Place = (Arc<str>, String);

/// A message and the entry it came in.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) place: Place,
    pub(super) message: Message,
}

#[derive(Default)]
pub(super) struct Window {
    keys: HashMap<String, Lane>,
    /// Keys whose head may be handed out.
    ready: VecDeque<String>,
    /// Keys whose head was refused, and until when it rests.
    resting: Vec<(Instant, String)>,
    places: HashSet<Place>,
}

#[derive(Default)]
struct Lane {
    queue: VecDeque<Held>,
    in_hand: bool,
    refusals: u32,
}

impl Window {
    /// How many messages are held.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes a message in behind the others of its key, unless it is here already.
    pub(super) fn add(&mut self, held: Held) {
        if !self.places.insert(held.place.clone()) {
            return;
        }
        let key = held.message.event.partitionkey.clone();
        let lane = self.keys.entry(key.clone()).or_default();
        lane.queue.push_back(held);
        if lane.queue.len() == 1 {
            self.ready.push_back(key);
        }
    }

    /// The next message for the consumer's hands.
    pub(super) fn take(&mut self) -> Option<Held> {
        let key = self.ready.pop_front()?;
        let lane = self.keys.get_mut(&key)?;
        lane.in_hand = true;
        lane.queue.front().cloned()
    }

    /// The head of `key` is done, or rests before it comes again.
    pub(super) fn settle(&mut self, key: &str, is_done: bool, now: Instant) {
        let Some(lane) = self.keys.get_mut(key) else { return };
        lane.in_hand = false;
        if !is_done {
            let pause = RETRY_MIN.saturating_mul(1 << lane.refusals.min(10)).min(RETRY_MAX);
            lane.refusals += 1;
            self.resting.push((now + pause, key.to_owned()));
            return;
        }
        lane.refusals = 0;
        if let Some(done) = lane.queue.pop_front() {
            self.places.remove(&done.place);
        }
        if lane.queue.is_empty() {
            self.keys.remove(key);
        } else {
            self.ready.push_back(key.to_owned());
        }
    }

    /// When the next head has rested.
    pub(super) fn rested_at(&self) -> Option<Instant> {
        self.resting.iter().map(|(until, _)| *until).min()
    }

    /// Heads that have rested may be handed out again.
    pub(super) fn wake(&mut self, now: Instant) {
        let ready = &mut self.ready;
        self.resting.retain(|(until, key)| {
            let rests = *until > now;
            if !rests {
                ready.push_back(key.clone());
            }
            rests
        });
    }

    /// Forgets everything that is not in the consumer's hands: it will be read again.
    pub(super) fn forget(&mut self) {
        self.ready.clear();
        self.resting.clear();
        let places = &mut self.places;
        self.keys.retain(|_, lane| {
            let kept = usize::from(lane.in_hand);
            for gone in lane.queue.drain(kept..) {
                places.remove(&gone.place);
            }
            lane.in_hand
        });
    }
}
